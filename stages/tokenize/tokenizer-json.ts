// A HuggingFace tokenizer.json as the native tokenizer wants it: token bytes, merges as ids, added tokens, and the
// pre-tokenizer as a program of known steps. Invariant: a part of the file that would change ids is either carried over
// exactly or refused by name; `truncation`, `padding` and `post_processor` shape model inputs, not documents, and are not read.
// Source: HuggingFace tokenizers (serialised form of 0.13 to 0.21), models/bpe, pre_tokenizers, added_vocabulary.
import { type BpeDefinition, type BytesColumn, bytesColumn, RefineError } from '../../native/index.js';

/** Twin of SplitStep in kernels/include/refine/bpe.h. */
export const PRE_TOKENIZER_STEPS = {
  punctuationContiguous: 1,
  punctuationIsolated: 2,
  digitsContiguous: 3,
  digitsIndividual: 4,
  prefixSpace: 5,
  gpt2Words: 6,
  byteDigitsContiguous: 16,
  byteDigitsIndividual: 17,
  digitTriples: 18,
} as const;

const ADDED_FLAGS = { special: 1, single_word: 2, lstrip: 4, rstrip: 8, normalized: 16 } as const;
const GPT2_PATTERN = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
/** Larger ids would make the id-indexed arrays absurd; the largest published vocabulary has about 262,000. */
const MAX_VOCAB = 1 << 22;
const NO_TOKEN = 0xffffffff;

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type JsonObject = { readonly [key: string]: Json };

export interface TokenizerFile {
  readonly definition: BpeDefinition;
  readonly vocabSize: number;
  /** The id of an added or model token by its exact content. */
  idOf(content: string): number | undefined;
  /** Added tokens marked special, in id order: where eos and bos are looked for. */
  readonly specials: readonly { readonly id: number; readonly content: string }[];
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** GPT-2's byte alphabet: printable bytes stand for themselves, the others for U+0100 and up, in byte order. */
function byteAlphabet(): Map<string, number> {
  const alphabet = new Map<string, number>();
  let next = 256;
  for (let byte = 0; byte < 256; byte++) {
    const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte !== 0xad);
    alphabet.set(String.fromCodePoint(printable ? byte : next++), byte);
  }
  return alphabet;
}
const BYTE_OF = byteAlphabet();
const encoder = new TextEncoder();

/** The bytes a token spells in the byte alphabet; null where it holds another character. */
function spelledBytes(token: string): Uint8Array | null {
  const bytes = new Uint8Array(token.length);
  for (let i = 0; i < token.length; i++) {
    const byte = BYTE_OF.get(token[i]!);
    if (byte === undefined) return null;
    bytes[i] = byte;
  }
  return bytes;
}

export function readTokenizerJson(text: string, place: string): TokenizerFile {
  const refuse = (message: string): never => {
    throw new RefineError('ERR_REFINE_ASSET', message, { place });
  };
  let file: Json;
  try {
    file = JSON.parse(text) as Json;
  } catch (cause) {
    throw new RefineError('ERR_REFINE_ASSET', `is not JSON: ${(cause as Error).message}. Expected a HuggingFace tokenizer.json`, { place, cause });
  }
  const model = isObject(file) ? file.model : undefined;
  if (!isObject(file) || !isObject(model)) return refuse('has no "model" object. Expected a HuggingFace tokenizer.json');

  const kind = model.type ?? (model.merges === undefined ? 'unknown' : 'BPE');
  if (kind !== 'BPE') refuse(`model.type is ${JSON.stringify(kind)}; only byte-level "BPE" is read. Choose a tokenizer of the GPT-2, Falcon or GPT-NeoX kind`);
  if (typeof model.dropout === 'number' && model.dropout > 0) refuse(`model.dropout is ${model.dropout}: ids would be random. Set it to null`);
  for (const key of ['continuing_subword_prefix', 'end_of_word_suffix']) {
    if (model[key]) refuse(`model.${key} is ${JSON.stringify(model[key])}; byte-level BPE has none. Choose another tokenizer`);
  }
  const vocab = model.vocab;
  const merges = model.merges;
  if (!isObject(vocab) || !Array.isArray(merges)) return refuse('model.vocab must be an object and model.merges a list');

  const addedTokens = readAddedTokens(file.added_tokens, refuse);
  const idOf = new Map<string, number>();
  let vocabSize = 0;
  const count = (id: Json, token: string): number => {
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id >= MAX_VOCAB)
      return refuse(`token ${JSON.stringify(token)} has id ${JSON.stringify(id)}; expected an integer from 0 to ${MAX_VOCAB - 1}`);
    vocabSize = Math.max(vocabSize, id + 1);
    return id;
  };
  for (const [token, id] of Object.entries(vocab)) idOf.set(token, count(id, token));
  for (const token of addedTokens) count(token.id, token.content);

  const bytes: (Uint8Array | null)[] = new Array(vocabSize).fill(null);
  const inModel = new Uint8Array(vocabSize);
  const byteIds = new Uint32Array(256).fill(NO_TOKEN);
  for (const [token, id] of idOf) {
    const spelled = spelledBytes(token);
    bytes[id] = spelled ?? encoder.encode(token);
    if (spelled === null) continue;
    inModel[id] = 1;
    if (spelled.length === 1) byteIds[spelled[0]!] = id;
  }
  // Falcon's vocabulary lacks 15 bytes that UTF-8 uses (14 controls and 0xF2); without unk_token they are dropped.
  if (byteIds.includes(NO_TOKEN) && (model.unk_token || model.byte_fallback)) {
    refuse(
      `model.vocab has no token for byte ${byteIds.indexOf(NO_TOKEN)} and model.unk_token or byte_fallback is set; known: neither. Choose a byte-level tokenizer`,
    );
  }
  if (byteIds.every((id) => id === NO_TOKEN)) refuse('model.vocab spells no byte, so it is not a byte-level vocabulary');
  for (const token of addedTokens) {
    bytes[token.id] = spelledBytes(token.content) ?? encoder.encode(token.content);
    if (!idOf.has(token.content)) idOf.set(token.content, token.id);
  }

  return {
    definition: {
      tokens: bytesColumn('binary', bytes),
      inModel,
      byteIds,
      merges: mergeIds(merges, idOf, refuse),
      program: Uint8Array.from(preTokenizerProgram(file.pre_tokenizer ?? null, refuse)),
      added: addedContents(addedTokens.map((token) => token.content)),
      addedIds: Uint32Array.from(addedTokens, (token) => token.id),
      addedFlags: Uint8Array.from(addedTokens, (token) => token.flags),
      nfc: readNormalizer(file.normalizer ?? null, refuse),
      ignoreMerges: model.ignore_merges === true,
    },
    vocabSize,
    idOf: (content) => idOf.get(content),
    specials: addedTokens.filter((token) => token.flags & ADDED_FLAGS.special).sort((a, b) => a.id - b.id),
  };
}

type Refuse = (message: string) => never;

function addedContents(contents: readonly string[]): BytesColumn {
  return bytesColumn(
    'utf8',
    contents.map((content) => encoder.encode(content)),
  );
}

function readAddedTokens(list: Json | undefined, refuse: Refuse): { id: number; content: string; flags: number }[] {
  if (list === undefined || list === null) return [];
  if (!Array.isArray(list)) return refuse('added_tokens must be a list');
  return (list as readonly Json[]).map((token, i) => {
    if (!isObject(token) || typeof token.content !== 'string' || typeof token.id !== 'number') return refuse(`added_tokens[${i}] needs "id" and "content"`);
    let flags = 0;
    for (const [name, bit] of Object.entries(ADDED_FLAGS)) if (token[name] === true) flags |= bit;
    return { id: token.id, content: token.content, flags };
  });
}

function mergeIds(merges: readonly Json[], idOf: ReadonlyMap<string, number>, refuse: Refuse): Uint32Array {
  const out = new Uint32Array(merges.length * 3);
  merges.forEach((merge, rank) => {
    const pair = typeof merge === 'string' ? merge.split(' ') : merge;
    if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== 'string' || typeof pair[1] !== 'string')
      refuse(`model.merges[${rank}] is ${JSON.stringify(merge)}; expected two tokens`);
    const [left, right] = pair as [string, string];
    for (const [i, token] of [left, right, left + right].entries()) {
      const id = idOf.get(token);
      if (id === undefined) refuse(`model.merges[${rank}] needs the token ${JSON.stringify(token)}, which model.vocab lacks`);
      out[rank * 3 + i] = id as number;
    }
  });
  return out;
}

/** True where the file asks for NFC; null and an empty Sequence ask for nothing. */
function readNormalizer(normalizer: Json, refuse: Refuse): boolean {
  if (normalizer === null) return false;
  if (!isObject(normalizer)) return refuse('normalizer must be an object or null');
  if (normalizer.type === 'NFC') return true;
  if (normalizer.type === 'Sequence' && Array.isArray(normalizer.normalizers)) {
    return (normalizer.normalizers as readonly Json[]).map((part) => readNormalizer(part, refuse)).includes(true);
  }
  return refuse(`normalizer ${JSON.stringify(normalizer.type ?? null)} is not known; known: NFC, Sequence, null`);
}

/** The pre-tokenizer as steps. After ByteLevel the text is one character a byte, so later steps are the byte forms. */
export function preTokenizerProgram(root: Json, refuse: Refuse): number[] {
  const program: number[] = [];
  let byteLevel = false;
  const add = (node: Json): void => {
    if (!isObject(node)) refuse('pre_tokenizer must be an object');
    const type = node.type;
    switch (type) {
      case 'Sequence':
        if (!Array.isArray(node.pretokenizers)) refuse('pre_tokenizer Sequence has no "pretokenizers" list');
        for (const part of node.pretokenizers as readonly Json[]) add(part);
        return;
      case 'ByteLevel':
        if (byteLevel) refuse('pre_tokenizer has ByteLevel twice; known: once');
        byteLevel = true;
        if (node.add_prefix_space === true) program.push(PRE_TOKENIZER_STEPS.prefixSpace);
        if (node.use_regex !== false) program.push(PRE_TOKENIZER_STEPS.gpt2Words);
        return;
      case 'Digits': {
        const individual = node.individual_digits === true;
        if (byteLevel) program.push(individual ? PRE_TOKENIZER_STEPS.byteDigitsIndividual : PRE_TOKENIZER_STEPS.byteDigitsContiguous);
        else program.push(individual ? PRE_TOKENIZER_STEPS.digitsIndividual : PRE_TOKENIZER_STEPS.digitsContiguous);
        return;
      }
      case 'Punctuation': {
        const behavior = node.behavior ?? 'Isolated';
        if (byteLevel) refuse('pre_tokenizer Punctuation after ByteLevel is not known; known: before it');
        if (behavior === 'Contiguous') program.push(PRE_TOKENIZER_STEPS.punctuationContiguous);
        else if (behavior === 'Isolated') program.push(PRE_TOKENIZER_STEPS.punctuationIsolated);
        else refuse(`pre_tokenizer Punctuation has behavior ${JSON.stringify(behavior)}; known: Contiguous, Isolated`);
        return;
      }
      case 'Split': {
        const pattern = isObject(node.pattern) ? node.pattern.Regex : undefined;
        if (node.behavior !== 'Isolated' || node.invert === true)
          refuse(`pre_tokenizer Split has behavior ${JSON.stringify(node.behavior)}, invert ${JSON.stringify(node.invert)}; known: Isolated, not inverted`);
        if (pattern === '[0-9][0-9][0-9]' || pattern === '[0-9]{3}') program.push(PRE_TOKENIZER_STEPS.digitTriples);
        else if (pattern === GPT2_PATTERN && !byteLevel) program.push(PRE_TOKENIZER_STEPS.gpt2Words);
        else refuse(`pre_tokenizer Split pattern ${JSON.stringify(node.pattern ?? null)} is not known; known: "[0-9][0-9][0-9]" and GPT-2's own`);
        return;
      }
      default:
        refuse(`pre_tokenizer ${JSON.stringify(type ?? null)} is not known; known: ByteLevel, Sequence, Punctuation, Digits, Split`);
    }
  };
  if (root === null) return refuse('pre_tokenizer is null; expected ByteLevel, or a Sequence that holds it');
  add(root);
  if (!byteLevel) refuse('pre_tokenizer has no ByteLevel, so the vocabulary is not byte-level');
  return program;
}
