// JSON files of a model folder as untrusted input: size before bytes, UTF-8, an object, and every value by its kind and range.
// Invariant: a reader never gives a number outside the bounds it was asked with; null counts as absent, as in Python's None.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { RefineError } from '../../../native/index.js';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Throws ERR_REFINE_WEIGHTS at `place`. */
export function refuse(place: string, message: string, cause?: unknown): never {
  throw new RefineError('ERR_REFINE_WEIGHTS', message, cause === undefined ? { place } : { place, cause });
}

/** A value in a message: whole where short, else its start. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value ?? null) ?? 'null';
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}

/** Opens a file, hands its descriptor and size to `body`, and closes it. ERR_REFINE_ASSET where it cannot be read. */
export function withFile<T>(path: string, body: (file: number, size: number) => T): T {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (cause) {
    throw new RefineError('ERR_REFINE_ASSET', `cannot be read: ${(cause as Error).message}`, { place: path, cause });
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) throw new RefineError('ERR_REFINE_ASSET', 'is no plain file', { place: path });
    return body(file, stat.size);
  } finally {
    closeSync(file);
  }
}

/** `length` bytes at `at`; ERR_REFINE_WEIGHTS where the file ends before. */
export function readAt(file: number, at: number, length: number, place: string): Uint8Array {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const read = readSync(file, bytes, done, length - done, at + done);
    if (read === 0) refuse(place, `ends at byte ${at + done}; expected ${length} bytes at ${at}. It is truncated: fetch it again`);
    done += read;
  }
  return bytes;
}

export function parseObject(bytes: Uint8Array, place: string, what: string): JsonObject {
  let json: Json;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Json;
  } catch (cause) {
    return refuse(place, `${what} is not JSON: ${(cause as Error).message.slice(0, 200)}`, cause);
  }
  if (!isObject(json)) return refuse(place, `${what} is ${shown(json)}; expected a JSON object`);
  return json;
}

export function readJsonFile(path: string, maxBytes: number, what: string): JsonObject {
  return withFile(path, (file, size) => {
    if (size > maxBytes) refuse(path, `${what} has ${size} bytes; expected at most ${maxBytes}`);
    return parseObject(readAt(file, 0, size, path), path, what);
  });
}

/** Reads a config's fields. Several names are synonyms: the first that is there counts. */
export class Fields {
  constructor(
    readonly json: JsonObject,
    readonly place: string,
  ) {}

  get(...names: readonly string[]): Json | undefined {
    for (const name of names) {
      const value = Object.hasOwn(this.json, name) ? this.json[name] : undefined;
      if (value !== undefined && value !== null) return value;
    }
    return undefined;
  }

  whole(names: string | readonly string[], least: number, most: number, otherwise?: number): number {
    const list = typeof names === 'string' ? [names] : names;
    const value = this.get(...list);
    if (value === undefined && otherwise !== undefined) return otherwise;
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least || value > most)
      return refuse(this.place, `${list[0]} is ${shown(value)}; expected a whole number from ${least} to ${most}`);
    return value;
  }

  /** A finite number above `above`, or equal to `otherwise`. */
  real(names: string | readonly string[], above: number, otherwise?: number): number {
    const list = typeof names === 'string' ? [names] : names;
    const value = this.get(...list);
    if (value === undefined && otherwise !== undefined) return otherwise;
    if (typeof value !== 'number' || !Number.isFinite(value) || value <= above || value > 1e30)
      return refuse(this.place, `${list[0]} is ${shown(value)}; expected a number above ${above}`);
    return value;
  }

  flag(name: string, otherwise: boolean): boolean {
    const value = this.get(name);
    if (value === undefined) return otherwise;
    if (typeof value !== 'boolean') return refuse(this.place, `${name} is ${shown(value)}; expected true or false`);
    return value;
  }

  text(names: string | readonly string[], otherwise?: string): string {
    const list = typeof names === 'string' ? [names] : names;
    const value = this.get(...list);
    if (value === undefined && otherwise !== undefined) return otherwise;
    if (typeof value !== 'string') return refuse(this.place, `${list[0]} is ${shown(value)}; expected a string`);
    return value;
  }

  reals(name: string, length: number): number[] {
    const value = this.get(name);
    if (!Array.isArray(value) || value.length !== length || !value.every((one) => typeof one === 'number' && Number.isFinite(one) && one > 0))
      return refuse(this.place, `${name} is ${shown(value)}; expected ${length} numbers above 0`);
    return value as number[];
  }

  object(name: string): Fields | undefined {
    const value = this.get(name);
    if (value === undefined) return undefined;
    if (!isObject(value)) return refuse(this.place, `${name} is ${shown(value)}; expected an object`);
    return new Fields(value, `${this.place} ${name}`);
  }

  /** A token id; the first of a list. Null where absent or negative, as older configs say "none". */
  tokenId(name: string): number | null {
    const value = this.get(name);
    const id = Array.isArray(value) ? value[0] : value;
    if (id === undefined || id === null || (typeof id === 'number' && id < 0)) return null;
    if (typeof id !== 'number' || !Number.isSafeInteger(id) || id > 2 ** 31) return refuse(this.place, `${name} is ${shown(value)}; expected a token id`);
    return id;
  }
}
