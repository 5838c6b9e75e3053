// The pre-tokenizer of a tokenizer.json as a program of native steps, each with a scanner written for its exact pattern.
// Invariant: a pattern or type that is not in the lists here is refused by name; nothing is approximated.
// Source: HuggingFace tokenizers 0.22, pre_tokenizers/*.rs; patterns as published with the models named beside them.
import { isObject, type Json, type JsonObject, type Refuse, shown, utf8 } from './token-file.js';

/** Twin of SplitStep in kernels/include/refine/bpe.h. */
export const PRE_TOKENIZER_STEPS = {
  punctuationContiguous: 1,
  punctuationIsolated: 2,
  digitsContiguous: 3,
  digitsIndividual: 4,
  prefixSpace: 5,
  gpt2Words: 6,
  cl100k: 7,
  qwen2: 8,
  qwen35: 9,
  o200k: 10,
  tekken: 11,
  deepSeek: 12,
  metaspace: 13,
  bertWords: 14,
  whiteSpaceSplit: 15,
  byteDigitsContiguous: 16,
  byteDigitsIndividual: 17,
  digitTriples: 18,
  prefixMetaspace: 19,
} as const;
const STEPS = PRE_TOKENIZER_STEPS;

const CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const SPACES = '\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';
const UPPER = '[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]';
const LOWER = '[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]';
const BEFORE = '[^\\r\\n\\p{L}\\p{N}]?';

/** Patterns by the names that `tokenize.pattern` takes too, for `.tiktoken` files, which hold none. */
export const PATTERNS = {
  /** GPT-2, GPT-NeoX, r50k, p50k. */
  gpt2: { step: STEPS.gpt2Words, regex: "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+" },
  /** GPT-4, LLaMA-3, OLMo 2, GLM-4. */
  cl100k: { step: STEPS.cl100k, regex: `${CONTRACTIONS}|${BEFORE}\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|${SPACES}` },
  /** Qwen 1 to 3. */
  qwen2: { step: STEPS.qwen2, regex: `${CONTRACTIONS}|${BEFORE}\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|${SPACES}` },
  /** Qwen 3.5: marks count among the letters. */
  qwen35: { step: STEPS.qwen35, regex: `${CONTRACTIONS}|${BEFORE}[\\p{L}\\p{M}]+|\\p{N}| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|${SPACES}` },
  /** GPT-4o, gpt-oss, LLaMA-4. */
  o200k: {
    step: STEPS.o200k,
    regex: `${BEFORE}${UPPER}*${LOWER}+${CONTRACTIONS}?|${BEFORE}${UPPER}+${LOWER}*${CONTRACTIONS}?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|${SPACES}`,
  },
  /** Mistral Nemo and later. */
  tekken: {
    step: STEPS.tekken,
    regex: `${BEFORE}${UPPER}*${LOWER}+|${BEFORE}${UPPER}+${LOWER}*|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|${SPACES}`,
  },
} as const;
export type PatternName = keyof typeof PATTERNS;
export const PATTERN_NAMES = Object.keys(PATTERNS) as PatternName[];

/** DeepSeek-V3 and R1: three Splits, one after another. */
const DEEPSEEK = [
  '\\p{N}{1,3}',
  '[一-龥぀-ゟ゠-ヿ]+',
  '[!"#$%&\'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+',
];
const MAX_NODES = 64;
const METASPACE_SCHEMES: Readonly<Record<string, number>> = { never: 1, always: 2, first: 3 };

export interface PreTokenizer {
  readonly program: readonly number[];
  /** Whether tokens are spelled in GPT-2's byte alphabet. */
  readonly byteLevel: boolean;
  /** White space is no piece: of WordPiece's. */
  readonly leavesOutSpaces: boolean;
  readonly metaspace?: { readonly scheme: number; readonly replacement: Uint8Array };
}

/** `noSpaces`: the normaliser leaves no space in the text, so that a Split at spaces does nothing (Gemma). */
export function readPreTokenizer(root: Json, noSpaces: boolean, refuse: Refuse): PreTokenizer {
  const nodes: JsonObject[] = [];
  flatten(root, nodes, refuse);
  const program: number[] = [];
  let byteLevel = false;
  let metaspace: PreTokenizer['metaspace'];
  let leavesOutSpaces = false;
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[i]!;
    switch (node.type) {
      case 'ByteLevel':
        if (byteLevel) refuse('pre_tokenizer has ByteLevel twice; known: once');
        byteLevel = true;
        if (node.add_prefix_space === true) program.push(STEPS.prefixSpace);
        if (node.use_regex !== false) program.push(STEPS.gpt2Words);
        break;
      case 'Digits': {
        const individual = node.individual_digits === true;
        if (byteLevel) program.push(individual ? STEPS.byteDigitsIndividual : STEPS.byteDigitsContiguous);
        else program.push(individual ? STEPS.digitsIndividual : STEPS.digitsContiguous);
        break;
      }
      case 'Punctuation': {
        const behavior = node.behavior ?? 'Isolated';
        if (byteLevel) refuse('pre_tokenizer Punctuation after ByteLevel is not known; known: before it');
        if (behavior === 'Contiguous') program.push(STEPS.punctuationContiguous);
        else if (behavior === 'Isolated') program.push(STEPS.punctuationIsolated);
        else refuse(`pre_tokenizer Punctuation has behavior ${shown(behavior)}; known: Contiguous, Isolated`);
        break;
      }
      case 'Split': {
        if (isDeepSeek(nodes, i) && !byteLevel) {
          program.push(STEPS.deepSeek);
          i += DEEPSEEK.length - 1;
        } else {
          const step = splitStep(node, byteLevel, noSpaces, refuse);
          if (step !== null) program.push(step);
        }
        break;
      }
      case 'Metaspace':
        if (i === 1 && nodes[0]!.type === 'WhitespaceSplit') {
          // each word by itself: no spaces are left in it to be replaced
          if (readMetaspace(node, refuse).scheme !== METASPACE_SCHEMES.always)
            refuse(`pre_tokenizer Metaspace behind WhitespaceSplit has prepend_scheme ${shown(node.prepend_scheme)}; known: always`);
          program.push(STEPS.prefixMetaspace);
        } else if (i > 0) {
          refuse('pre_tokenizer Metaspace is not the first; known: alone, first in a Sequence, or right behind WhitespaceSplit');
        } else {
          metaspace = readMetaspace(node, refuse);
        }
        if (node.split !== false) program.push(STEPS.metaspace);
        break;
      case 'BertPreTokenizer':
      case 'WhitespaceSplit':
        leavesOutSpaces = true;
        program.push(node.type === 'BertPreTokenizer' ? STEPS.bertWords : STEPS.whiteSpaceSplit);
        break;
      default:
        refuse(
          `pre_tokenizer ${shown(node.type)} is not known; known: BertPreTokenizer, ByteLevel, Digits, Metaspace, Punctuation, Sequence, Split, WhitespaceSplit. Choose a tokenizer without it`,
        );
    }
  }
  if (byteLevel && metaspace !== undefined) refuse('pre_tokenizer has both ByteLevel and Metaspace; known: one of them');
  return { program, byteLevel, leavesOutSpaces, ...(metaspace === undefined ? {} : { metaspace }) };
}

/** Sequences inside sequences as one list. */
function flatten(node: Json, out: JsonObject[], refuse: Refuse, depth = 0): void {
  if (node === null) return;
  if (!isObject(node)) refuse('pre_tokenizer must be an object or null');
  if (depth > 8 || out.length > MAX_NODES) refuse(`pre_tokenizer has more than ${MAX_NODES} parts, or Sequences eight deep`);
  if (node.type !== 'Sequence') {
    out.push(node);
    return;
  }
  if (!Array.isArray(node.pretokenizers)) refuse('pre_tokenizer Sequence has no "pretokenizers" list');
  for (const part of node.pretokenizers as readonly Json[]) flatten(part, out, refuse, depth + 1);
}

const regexOf = (node: JsonObject): Json | undefined => (isObject(node.pattern) ? node.pattern.Regex : undefined);
const isIsolated = (node: JsonObject): boolean => node.behavior === 'Isolated' && node.invert !== true;

function isDeepSeek(nodes: readonly JsonObject[], at: number): boolean {
  return DEEPSEEK.every((regex, i) => {
    const node = nodes[at + i];
    return node?.type === 'Split' && isIsolated(node) && regexOf(node) === regex;
  });
}

/** Null where the split does nothing. */
function splitStep(node: JsonObject, byteLevel: boolean, noSpaces: boolean, refuse: Refuse): number | null {
  const regex = regexOf(node);
  if (noSpaces && isObject(node.pattern) && node.pattern.String === ' ' && node.invert !== true) return null;
  if (isIsolated(node) && (regex === '[0-9][0-9][0-9]' || regex === '[0-9]{3}')) return STEPS.digitTriples;
  const known = Object.values(PATTERNS).find((pattern) => pattern.regex === regex);
  if (known === undefined) {
    return refuse(
      `pre_tokenizer Split pattern ${JSON.stringify(node.pattern ?? null)} is not known; known: [0-9][0-9][0-9], DeepSeek-V3's three, and those of ${PATTERN_NAMES.join(', ')}. Choose a tokenizer with one of these`,
    );
  }
  // Those patterns leave no character out, so to keep what they match is to cut around it.
  if (!isIsolated(node) && !(node.behavior === 'Removed' && node.invert === true))
    refuse(`pre_tokenizer Split has behavior ${shown(node.behavior)}, invert ${shown(node.invert)}; known: Isolated, or Removed and inverted`);
  if (byteLevel) refuse(`pre_tokenizer Split pattern ${JSON.stringify(regex)} stands after ByteLevel; known: before it`);
  return known.step;
}

function readMetaspace(node: JsonObject, refuse: Refuse): NonNullable<PreTokenizer['metaspace']> {
  const scheme = METASPACE_SCHEMES[String(node.prepend_scheme ?? (node.add_prefix_space === false ? 'never' : 'always'))];
  const contradicts = node.add_prefix_space === false && scheme !== METASPACE_SCHEMES.never;
  if (scheme === undefined || contradicts)
    return refuse(
      `pre_tokenizer Metaspace has prepend_scheme ${shown(node.prepend_scheme)}, add_prefix_space ${shown(node.add_prefix_space)}; known: first, always, never, and add_prefix_space false only with never`,
    );
  if (node.replacement !== '▁') return refuse(`pre_tokenizer Metaspace has replacement ${shown(node.replacement)}; known: "▁"`);
  return { scheme, replacement: utf8('▁') };
}
