// What every reader of a tokenizer file gives: the native definition, and names by id. Bounds that hold for all of them.
import { type BpeDefinition, type BytesColumn, bytesColumn, RefineError } from '../../native/index.js';

/** Larger ids would make the id-indexed arrays absurd; the largest published vocabulary has about 262,000. */
export const MAX_VOCAB = 1 << 22;
export const NO_TOKEN = 0xffffffff;

export interface TokenizerFile {
  readonly definition: BpeDefinition;
  readonly vocabSize: number;
  /** The id of an added or model token by its exact content. */
  idOf(content: string): number | undefined;
  /** Added tokens marked special, in id order: where eos and bos are looked for. */
  readonly specials: readonly { readonly id: number; readonly content: string }[];
  /** Tokens that the file itself names as end and beginning of a text. */
  readonly eos?: string;
  readonly bos?: string;
  /** What stands before and behind a text as a model's input: `[CLS] A [SEP]`. */
  readonly template?: { readonly before: readonly number[]; readonly after: readonly number[] };
}

export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly flags: number;
}
export const ADDED_FLAGS = { special: 1, single_word: 2, lstrip: 4, rstrip: 8, normalized: 16 } as const;

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };
export type Refuse = (message: string) => never;

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Throws ERR_REFINE_ASSET at `place`. */
export function refuser(place: string): Refuse {
  return (message) => {
    throw new RefineError('ERR_REFINE_ASSET', message, { place });
  };
}

const encoder = new TextEncoder();
export const utf8 = (text: string): Uint8Array => encoder.encode(text);

/** A JSON value in a message: whole where short, else its start. */
export function shown(value: Json | undefined): string {
  const text = JSON.stringify(value ?? null);
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}

/** The fields of a definition that all formats fill alike. */
export function addedFields(added: readonly AddedToken[]): { added: BytesColumn; addedIds: Uint32Array; addedFlags: Uint8Array } {
  return {
    added: bytesColumn(
      'utf8',
      added.map((token) => utf8(token.content)),
    ),
    addedIds: Uint32Array.from(added, (token) => token.id),
    addedFlags: Uint8Array.from(added, (token) => token.flags),
  };
}

export function specialsOf(added: readonly AddedToken[]): { id: number; content: string }[] {
  return added.filter((token) => token.flags & ADDED_FLAGS.special).sort((a, b) => a.id - b.id);
}

/** `<0x0A>` of byte-fallback vocabularies as its byte, or -1. */
export function byteOfToken(token: string): number {
  return /^<0x[0-9A-F]{2}>$/.test(token) ? Number.parseInt(token.slice(3, 5), 16) : -1;
}

/** Bytes that occur in UTF-8: all but C0, C1 and F5 to FF. */
export const isUtf8Byte = (byte: number): boolean => byte < 0xc0 || (byte > 0xc1 && byte < 0xf5);
