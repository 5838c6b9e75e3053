// Finds and opens a tokenizer: a name the package ships, a directory, or a file: a tokenizer.json, a `.tiktoken` rank file, a
// SentencePiece `.model` or llama2.c's tok*.bin, plain or .gz,
// or BERT's vocab.txt with its tokenizer_config.json. What another file is, its bytes say, not its name (LLaMA-3's tokenizer.model holds ranks).
// The contract's sha256 is that of the file's own bytes, never of the gzip around them.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type BpeHandle, native, packagePath, RefineError } from '../../native/index.js';
import { looksLikeLlama2c, readLlama2c } from './llama2c-file.js';
import type { PatternName } from './pre-tokenizers.js';
import { readSentencePieceModel } from './sentencepiece-model.js';
import { looksLikeTiktoken, readTiktoken } from './tiktoken-file.js';
import { isObject, type Json, type JsonObject, refuser, type TokenizerFile } from './token-file.js';
import { readTokenizerJson, readTokenizerObject } from './tokenizer-json.js';
import { tokenizerJsonOfVocab } from './word-piece.js';

export const SHIPPED_TOKENIZERS = ['falcon', 'gpt2'] as const;
/** What a directory is searched for, in this order. */
const FILE_NAMES = ['tokenizer.json', 'tokenizer.json.gz', 'tokenizer.model', 'vocab.txt'] as const;
export const TOKENIZER_KINDS = `${SHIPPED_TOKENIZERS.join(', ')}, a directory with tokenizer.json, tokenizer.model or vocab.txt, or a tokenizer.json, .tiktoken, SentencePiece .model, llama2.c tok*.bin or vocab.txt file`;
/** llama2.c's, where nothing else is there. */
const BIN_NAME = /^tok(\d*|enizer)\.bin$/;
const MAX_FILE_BYTES = 256 * 1024 * 1024;
/** Tokens that published tokenizers end or begin documents with, for files that come without tokenizer_config.json. */
const END_NAMES = ['<|endoftext|>', '<|end_of_text|>', '</s>', '<eos>'];
const BEGIN_NAMES = ['<|begin_of_text|>', '<s>', '<bos>'];

export interface TokenizerContract {
  readonly format: 1;
  readonly sha256: string;
  readonly vocab_size: number;
  readonly eos_id: number | null;
  readonly bos_id: number | null;
  readonly dtype: 'uint16' | 'uint32';
}

export interface LoadedTokenizer {
  readonly handle: BpeHandle;
  readonly contract: TokenizerContract;
  readonly file: TokenizerFile;
  readonly path: string;
}

/** The files an option names: the tokenizer's first, then tokenizer_config.json where there is one. Null where absent. */
export function tokenizerFiles(tokenizer: string, baseDir: string): readonly string[] | null {
  const shipped = (SHIPPED_TOKENIZERS as readonly string[]).includes(tokenizer);
  const given = shipped ? packagePath('stages', 'tokenize', 'tokenizers', tokenizer) : resolve(baseDir, tokenizer);
  if (!existsSync(given)) return null;
  let path = given;
  if (statSync(given).isDirectory()) {
    const found =
      FILE_NAMES.find((name) => existsSync(join(given, name))) ??
      readdirSync(given)
        .sort()
        .find((name) => BIN_NAME.test(name));
    if (found === undefined) return null;
    path = join(given, found);
  }
  const config = join(dirname(path), 'tokenizer_config.json');
  return existsSync(config) ? [path, config] : [path];
}

export function loadTokenizer(tokenizer: string, baseDir: string, names: { eos?: string; bos?: string; pattern?: PatternName } = {}): LoadedTokenizer {
  const files = tokenizerFiles(tokenizer, baseDir);
  if (files === null) {
    throw new RefineError('ERR_REFINE_ASSET', `no tokenizer there. Expected one of ${TOKENIZER_KINDS}`, { place: tokenizer });
  }
  const [path, config] = files as [string, string | undefined];
  const bytes = readBytes(path, tokenizer);
  const configured: Config = config === undefined ? { json: {}, special: new Map() } : readConfig(config, tokenizer);
  const file =
    basename(path) === 'vocab.txt' ? readVocab(bytes, configured.json, tokenizer) : readTokenizer(bytes, tokenizer, names.pattern, configured.special);
  const specialNames = new Set(file.specials.map((token) => token.content));
  const pick = (asked: string | undefined, fromConfig: string | undefined, known: readonly string[], option: string): number | null => {
    if (asked !== undefined) {
      const id = file.idOf(asked);
      if (id === undefined)
        throw new RefineError('ERR_REFINE_ASSET', `has no token ${JSON.stringify(asked)}, which the option "${option}" names`, { place: tokenizer });
      return id;
    }
    const name = fromConfig ?? known.find((candidate) => specialNames.has(candidate));
    return name === undefined ? null : (file.idOf(name) ?? null);
  };
  return {
    handle: native.bpeOpen(file.definition),
    file,
    path,
    contract: {
      format: 1,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      vocab_size: file.vocabSize,
      eos_id: pick(names.eos, configured.eos ?? file.eos, END_NAMES, 'eos'),
      bos_id: pick(names.bos, configured.bos ?? file.bos, BEGIN_NAMES, 'bos'),
      dtype: file.vocabSize <= 65536 ? 'uint16' : 'uint32',
    },
  };
}

function readVocab(bytes: Uint8Array, config: JsonObject, place: string): TokenizerFile {
  const refuse = refuser(place);
  const file = tokenizerJsonOfVocab(new TextDecoder().decode(bytes), config, refuse);
  return readTokenizerObject(file, file.model as JsonObject, refuse);
}

/** By the first bytes: a JSON object, rank lines, or a protocol buffer whose first field is a piece. */
function readTokenizer(bytes: Uint8Array, place: string, pattern: PatternName | undefined, special: ReadonlyMap<string, number>): TokenizerFile {
  if (looksLikeLlama2c(bytes)) return readLlama2c(bytes, place);
  if (looksLikeTiktoken(bytes)) return readTiktoken(bytes, place, pattern, special);
  if (pattern !== undefined)
    throw new RefineError('ERR_REFINE_ASSET', 'holds its own pre-tokenizer, so the option "pattern" must stay unset; it is for .tiktoken files', { place });
  const isJson = bytes.find((byte) => byte > 0x20) === 0x7b || bytes[0] !== 0x0a; // else a protocol buffer's field 1 with a length
  return isJson ? readTokenizerJson(new TextDecoder().decode(bytes), place) : readSentencePieceModel(bytes, place);
}

function readBytes(path: string, place: string): Uint8Array {
  const { size } = statSync(path);
  if (size > MAX_FILE_BYTES) throw new RefineError('ERR_REFINE_ASSET', `is ${size} bytes; a tokenizer file has at most ${MAX_FILE_BYTES}`, { place });
  const bytes = readFileSync(path);
  if (!(bytes[0] === 0x1f && bytes[1] === 0x8b)) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_FILE_BYTES });
  } catch (cause) {
    throw new RefineError('ERR_REFINE_ASSET', `is a damaged gzip file: ${(cause as Error).message}`, { place, cause });
  }
}

interface Config {
  readonly json: JsonObject;
  readonly eos?: string;
  readonly bos?: string;
  /** Ids of special tokens by content, for rank files. */
  readonly special: ReadonlyMap<string, number>;
}

/** eos_token, bos_token (strings, or added tokens with `content`) and added_tokens_decoder of a tokenizer_config.json. */
function readConfig(path: string, place: string): Config {
  let config: Json;
  try {
    config = JSON.parse(readFileSync(path, 'utf8')) as Json;
  } catch (cause) {
    throw new RefineError('ERR_REFINE_ASSET', `its tokenizer_config.json is not JSON: ${(cause as Error).message}`, { place, cause });
  }
  const special = new Map<string, number>();
  if (!isObject(config)) return { json: {}, special };
  const contentOf = (value: Json | undefined): string | undefined =>
    typeof value === 'string' ? value : isObject(value) && typeof value.content === 'string' ? value.content : undefined;
  const eos = contentOf(config.eos_token);
  const bos = contentOf(config.bos_token);
  const decoder = isObject(config.added_tokens_decoder) ? config.added_tokens_decoder : {};
  for (const [id, token] of Object.entries(decoder)) {
    const content = contentOf(token);
    if (content !== undefined && content !== '' && /^[0-9]{1,9}$/.test(id)) special.set(content, Number(id));
  }
  return { json: config, special, ...(eos === undefined ? {} : { eos }), ...(bos === undefined ? {} : { bos }) };
}
