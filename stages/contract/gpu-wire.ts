// What a worker and the run's GPU process say to each other over a local socket: messages of a length and V8's structured clone, one
// answer to each request, in any order. Both ends are this package in one run, so the form is free to change.
// Invariant: a message is whole or never seen; one that claims more than MOST_BYTES ends the connection.
import { deserialize, serialize } from 'node:v8';
import type { EncodeOptions, ListColumn, ModelOptions, SketchParams, WeightsPlan } from '../../native/index.js';

export type GpuWork =
  | { readonly op: 'open'; readonly plan: WeightsPlan; readonly dtype: NonNullable<ModelOptions['dtype']> }
  | { readonly op: 'losses'; readonly model: number; readonly ids: Uint32Array; readonly offsets: Int32Array }
  | { readonly op: 'encode'; readonly model: number; readonly ids: Uint32Array; readonly offsets: Int32Array; readonly encode: EncodeOptions }
  | {
      readonly op: 'band-keys';
      readonly shingles: ListColumn;
      readonly sketch: Pick<SketchParams, 'bands' | 'rows'>;
      readonly from: number;
      readonly to: number;
    };

export interface GpuRequest {
  readonly id: number;
  readonly work: GpuWork;
}

export type GpuAnswer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: { readonly code: string | undefined; readonly message: string; readonly place: string | undefined } };

const HEAD = 4;
const MOST_BYTES = 2 ** 31 - 1;

export function frame(message: GpuRequest | GpuAnswer): Buffer[] {
  const body = serialize(message);
  const head = Buffer.alloc(HEAD);
  head.writeUInt32LE(body.length);
  return [head, body];
}

/** Puts chunks of a stream together to messages. */
export class Frames<Message> {
  #chunks: Buffer[] = [];
  #held = 0;

  *push(chunk: Buffer): Generator<Message> {
    this.#chunks.push(chunk);
    this.#held += chunk.length;
    while (this.#held >= HEAD) {
      if (this.#chunks[0]!.length < HEAD) this.#chunks = [Buffer.concat(this.#chunks)];
      const length = this.#chunks[0]!.readUInt32LE();
      if (length > MOST_BYTES) throw new RangeError(`a message of ${length} bytes`);
      if (this.#held < HEAD + length) return;
      const whole = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
      this.#chunks = whole.length > HEAD + length ? [whole.subarray(HEAD + length)] : [];
      this.#held -= HEAD + length;
      yield deserialize(whole.subarray(HEAD, HEAD + length)) as Message;
    }
  }
}
