// The normalizer of a tokenizer.json as native steps. Invariant: what is not known here is refused by name.
// Source: HuggingFace tokenizers 0.22, normalizers/*.rs.
import type { BpeNormalStep } from '../../native/index.js';
import { isObject, type Json, type Refuse, shown, utf8 } from './token-file.js';

/** Twin of NormalStep::Kind in kernels/include/refine/bpe.h. */
export const NORMAL_STEPS = { nfc: 1, prepend: 2, replace: 3, sentencePiece: 4, bert: 5, lowercase: 6 } as const;
/** Twin of BertFlag there. */
const BERT_FLAGS = { cleanText: 1, hanSpaces: 2, stripAccents: 4, lowerCase: 8 } as const;
const MAX_STEPS = 64;
const NOTHING = new Uint8Array(0);

export interface Normalizer {
  readonly steps: readonly BpeNormalStep[];
  /** No space is left in any text. */
  readonly noSpaces: boolean;
}

export function readNormalizer(root: Json, refuse: Refuse): Normalizer {
  const steps: BpeNormalStep[] = [];
  let noSpaces = false;
  const add = (node: Json, depth: number): void => {
    if (node === null) return;
    if (!isObject(node)) refuse('normalizer must be an object or null');
    if (depth > 8 || steps.length > MAX_STEPS) refuse(`normalizer has more than ${MAX_STEPS} parts, or Sequences eight deep`);
    switch (node.type) {
      case 'Sequence':
        if (!Array.isArray(node.normalizers)) refuse('normalizer Sequence has no "normalizers" list');
        for (const part of node.normalizers as readonly Json[]) add(part, depth + 1);
        return;
      case 'NFC':
        steps.push({ kind: NORMAL_STEPS.nfc, flags: 0, from: NOTHING, to: NOTHING });
        return;
      case 'Prepend': {
        if (typeof node.prepend !== 'string') refuse('normalizer Prepend has no "prepend" string');
        if (node.prepend !== '') steps.push({ kind: NORMAL_STEPS.prepend, flags: 0, from: NOTHING, to: utf8(node.prepend) });
        noSpaces = noSpaces && !node.prepend.includes(' ');
        return;
      }
      case 'Replace': {
        const from = isObject(node.pattern) ? node.pattern.String : undefined;
        const to = node.content;
        if (typeof from !== 'string' || from === '' || typeof to !== 'string')
          refuse(`normalizer Replace has pattern ${shown(node.pattern)}, content ${shown(to)}; known: a String that is not empty, by a string`);
        steps.push({ kind: NORMAL_STEPS.replace, flags: 0, from: utf8(from), to: utf8(to) });
        noSpaces = (noSpaces || from === ' ') && !to.includes(' ');
        return;
      }
      case 'BertNormalizer': {
        const lowercase = node.lowercase !== false;
        const strip = typeof node.strip_accents === 'boolean' ? node.strip_accents : lowercase;
        const flags =
          (node.clean_text !== false ? BERT_FLAGS.cleanText : 0) |
          (node.handle_chinese_chars !== false ? BERT_FLAGS.hanSpaces : 0) |
          (strip ? BERT_FLAGS.stripAccents : 0) |
          (lowercase ? BERT_FLAGS.lowerCase : 0);
        steps.push({ kind: NORMAL_STEPS.bert, flags, from: NOTHING, to: NOTHING });
        noSpaces = false;
        return;
      }
      case 'Lowercase':
        steps.push({ kind: NORMAL_STEPS.lowercase, flags: 0, from: NOTHING, to: NOTHING });
        return;
      default:
        refuse(
          `normalizer ${shown(node.type)} is not known; known: BertNormalizer, Lowercase, NFC, Prepend, Replace of a string, Sequence, null. Choose a tokenizer without it`,
        );
    }
  };
  add(root, 0);
  return { steps, noSpaces };
}
