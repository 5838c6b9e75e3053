// The normalizer of a tokenizer.json as native steps. Invariant: what is not known here is refused by name.
// Source: HuggingFace tokenizers 0.22, normalizers/*.rs.
import type { BpeNormalStep } from '../../native/index.js';
import { isObject, type Json, type Refuse, shown, utf8 } from './token-file.js';

/** Twin of NormalStep::Kind in kernels/include/refine/bpe.h. */
export const NORMAL_STEPS = { nfc: 1, prepend: 2, replace: 3, sentencePiece: 4, bert: 5, lowercase: 6, precompiled: 7, strip: 8, spaceRuns: 9 } as const;
/** Twin of BertFlag there. */
const BERT_FLAGS = { cleanText: 1, hanSpaces: 2, stripAccents: 4, lowerCase: 8 } as const;
/** Twin of StripFlag there. */
const STRIP_FLAGS = { left: 1, right: 2 } as const;
/** SentencePiece's largest map, nmt_nfkc_cf, has 250 KB. */
const MAX_MAP_BYTES = 16 * 2 ** 20;
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
        if (isObject(node.pattern) && node.pattern.Regex === ' {2,}' && typeof to === 'string') {
          steps.push({ kind: NORMAL_STEPS.spaceRuns, flags: 0, from: NOTHING, to: utf8(to) });
          noSpaces = noSpaces && !to.includes(' ');
          return;
        }
        if (typeof from !== 'string' || from === '' || typeof to !== 'string')
          refuse(
            `normalizer Replace has pattern ${shown(node.pattern)}, content ${shown(to)}; known: a String that is not empty, or the Regex " {2,}", by a string`,
          );
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
      case 'Strip': {
        const flags = (node.strip_left !== false ? STRIP_FLAGS.left : 0) | (node.strip_right !== false ? STRIP_FLAGS.right : 0);
        if (flags !== 0) steps.push({ kind: NORMAL_STEPS.strip, flags, from: NOTHING, to: NOTHING });
        return;
      }
      case 'Precompiled': {
        const map = node.precompiled_charsmap;
        if (typeof map !== 'string' || map.length > (MAX_MAP_BYTES / 3) * 4)
          refuse('normalizer Precompiled has no "precompiled_charsmap" in base64 below 16 MiB');
        steps.push({ kind: NORMAL_STEPS.precompiled, flags: 0, from: new Uint8Array(Buffer.from(map, 'base64')), to: NOTHING });
        noSpaces = false;
        return;
      }
      default:
        refuse(
          `normalizer ${shown(node.type)} is not known; known: BertNormalizer, Lowercase, NFC, Precompiled, Prepend, Replace of a string, Sequence, Strip, null. Choose a tokenizer without it`,
        );
    }
  };
  add(root, 0);
  return { steps, noSpaces };
}
