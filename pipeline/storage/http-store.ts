// A run folder served by a web server: reading only, over the fetch room's retries and ranges.
import { RefineError } from '../../native/errors.js';
import { localGate } from '../../stages/fetch/gate.js';
import { probeUrl, readUrl } from '../../stages/fetch/http.js';
import type { HttpEnv } from '../../stages/fetch/http-request.js';
import { type GetOptions, MissingObject, type ObjectInfo, type ObjectStore } from './object-store.js';

export class HttpStore implements ObjectStore {
  readonly name: string;
  readonly #base: URL;
  readonly #env: HttpEnv;

  constructor(address: string, signal: AbortSignal = new AbortController().signal) {
    if (!URL.canParse(address))
      throw new RefineError('ERR_REFINE_USAGE', 'is not a URL. Expected https://HOST/RUN', { place: address.replace(/[?#].*$/s, '') });
    this.#base = new URL(address);
    if (this.#base.username !== '' || this.#base.password !== '')
      throw new RefineError('ERR_REFINE_USAGE', 'carries a user name or password, which would stand in logs. Use a signed query instead', {
        place: this.#base.host,
      });
    this.#base.hash = '';
    this.#base.pathname = this.#base.pathname.replace(/\/*$/, '/');
    this.name = `${this.#base.origin}${this.#base.pathname.slice(0, -1)}`;
    this.#env = { gate: localGate({ minIntervalMs: 0 }), signal };
  }

  async *get(key: string, { from, length, expected }: GetOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
    if (from !== undefined || length !== undefined)
      throw new RefineError('ERR_REFINE_INTERNAL', 'an HTTP store reads whole files. Report it.', { place: this.name });
    let missing = false;
    const refusal = (status: number): string | null => {
      missing = status === 404 || status === 410;
      return missing ? 'Check the address of the run' : null;
    };
    try {
      yield* readUrl(this.#url(key), expected ?? null, { ...this.#env, refusal });
    } catch (error) {
      if (missing) throw new MissingObject(`${this.name}/${key}`);
      throw error;
    }
  }

  async head(key: string): Promise<ObjectInfo | null> {
    let missing = false;
    const refusal = (status: number): string | null => {
      missing = status === 404 || status === 410;
      return missing ? 'Check the address of the run' : null;
    };
    try {
      const { bytes, tag } = await probeUrl(this.#url(key), { ...this.#env, refusal });
      return { key, bytes: bytes ?? (await this.#count(key)), tag, sha256: null };
    } catch (error) {
      if (missing || error instanceof MissingObject) return null;
      throw error;
    }
  }

  /** Of a server that sends bodies without their length and serves no ranges, only the body tells. */
  async #count(key: string): Promise<number> {
    let bytes = 0;
    for await (const part of this.get(key)) bytes += part.length;
    return bytes;
  }

  put(): Promise<never> {
    return Promise.reject(this.#readOnly());
  }

  putFile(): Promise<never> {
    return Promise.reject(this.#readOnly());
  }

  // biome-ignore lint/correctness/useYield: a web server lists nothing
  async *list(): AsyncGenerator<ObjectInfo, void, undefined> {
    throw this.#readOnly();
  }

  delete(): Promise<never> {
    return Promise.reject(this.#readOnly());
  }

  conditional(): Promise<boolean> {
    return Promise.resolve(false);
  }

  #url(key: string): string {
    const url = new URL(key.split('/').map(encodeURIComponent).join('/'), this.#base);
    url.search = this.#base.search; // a signed query of the run is every file's
    return url.href;
  }

  #readOnly(): RefineError {
    return new RefineError('ERR_REFINE_USAGE', 'is read only: a web server takes no files. Use a folder or s3://BUCKET/PREFIX', { place: this.name });
  }
}
