// Finds and opens a tokenizer: a name the package ships, a directory, or a tokenizer.json (plain or .gz).
// The contract's sha256 is that of the tokenizer.json's own bytes, never of the gzip around them.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type BpeHandle, native, packagePath, RefineError } from '../../native/index.js';
import { readTokenizerJson, type TokenizerFile } from './tokenizer-json.js';

export const SHIPPED_TOKENIZERS = ['falcon', 'gpt2'] as const;
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

/** The files an option names: tokenizer.json first, then tokenizer_config.json where there is one. Null where absent. */
export function tokenizerFiles(tokenizer: string, baseDir: string): readonly string[] | null {
  const shipped = (SHIPPED_TOKENIZERS as readonly string[]).includes(tokenizer);
  const given = shipped ? packagePath('stages', 'tokenize', 'tokenizers', tokenizer) : resolve(baseDir, tokenizer);
  if (!existsSync(given)) return null;
  let path = given;
  if (statSync(given).isDirectory()) {
    const found = ['tokenizer.json', 'tokenizer.json.gz'].map((name) => join(given, name)).find((name) => existsSync(name));
    if (found === undefined) return null;
    path = found;
  }
  const config = join(dirname(path), 'tokenizer_config.json');
  return existsSync(config) ? [path, config] : [path];
}

export function loadTokenizer(tokenizer: string, baseDir: string, names: { eos?: string; bos?: string } = {}): LoadedTokenizer {
  const files = tokenizerFiles(tokenizer, baseDir);
  if (files === null) {
    throw new RefineError(
      'ERR_REFINE_ASSET',
      `no tokenizer there. Expected one of ${SHIPPED_TOKENIZERS.join(', ')}, a directory with tokenizer.json, or a tokenizer.json`,
      { place: tokenizer },
    );
  }
  const [path, config] = files as [string, string | undefined];
  const bytes = readBytes(path, tokenizer);
  const file = readTokenizerJson(new TextDecoder().decode(bytes), tokenizer);
  const configured = config === undefined ? {} : readConfig(config, tokenizer);
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
      eos_id: pick(names.eos, configured.eos, END_NAMES, 'eos'),
      bos_id: pick(names.bos, configured.bos, BEGIN_NAMES, 'bos'),
      dtype: file.vocabSize <= 65536 ? 'uint16' : 'uint32',
    },
  };
}

function readBytes(path: string, place: string): Uint8Array {
  const { size } = statSync(path);
  if (size > MAX_FILE_BYTES) throw new RefineError('ERR_REFINE_ASSET', `is ${size} bytes; a tokenizer.json has at most ${MAX_FILE_BYTES}`, { place });
  const bytes = readFileSync(path);
  if (!(bytes[0] === 0x1f && bytes[1] === 0x8b)) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_FILE_BYTES });
  } catch (cause) {
    throw new RefineError('ERR_REFINE_ASSET', `is a damaged gzip file: ${(cause as Error).message}`, { place, cause });
  }
}

/** eos_token and bos_token of a tokenizer_config.json: strings, or added tokens with `content`. */
function readConfig(path: string, place: string): { eos?: string; bos?: string } {
  let config: Record<string, unknown>;
  try {
    config = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  } catch (cause) {
    throw new RefineError('ERR_REFINE_ASSET', `its tokenizer_config.json is not JSON: ${(cause as Error).message}`, { place, cause });
  }
  const nameOf = (value: unknown): string | undefined =>
    typeof value === 'string'
      ? value
      : typeof value === 'object' && value !== null && 'content' in value && typeof value.content === 'string'
        ? value.content
        : undefined;
  const eos = nameOf(config?.eos_token);
  const bos = nameOf(config?.bos_token);
  return { ...(eos === undefined ? {} : { eos }), ...(bos === undefined ? {} : { bos }) };
}
