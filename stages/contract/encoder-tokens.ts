// Texts as an encoder's inputs: the first tokens of each between what the tokenizer's template puts around them, or several windows
// of equal room, one behind another. Invariant: a text's inputs depend on the text alone.
import { type BpeHandle, type BytesColumn, native, RefineError } from '../../native/index.js';

/** What `loadTokenizer` of stages/tokenize gives; a stage imports no other, so pipeline/registry.ts hands it in. */
export interface EncoderTokenizer {
  readonly handle: BpeHandle;
  readonly contract: { readonly sha256: string; readonly vocab_size: number };
  readonly file: { readonly template?: { readonly before: readonly number[]; readonly after: readonly number[] } };
}
export type LoadEncoderTokenizer = (tokenizer: string, baseDir: string) => EncoderTokenizer;

/** Input i is ids[offsets[i]] up to ids[offsets[i + 1]]; it is of row rows[i], with `weights[i]` tokens of its text. Rows rise. */
export interface EncoderInputs {
  readonly ids: Uint32Array;
  readonly offsets: Int32Array;
  readonly rows: Uint32Array;
  readonly weights: Uint32Array;
}

export class InputMaker {
  readonly #tokenizer: EncoderTokenizer;
  readonly #before: readonly number[];
  readonly #after: readonly number[];
  readonly #room: number;
  readonly #windows: number;

  /** `maxLength`: tokens of one input, the template's included; `windows`: the most inputs a text becomes. */
  constructor(tokenizer: EncoderTokenizer, maxLength: number, windows: number, place: string) {
    this.#tokenizer = tokenizer;
    this.#before = tokenizer.file.template?.before ?? [];
    this.#after = tokenizer.file.template?.after ?? [];
    this.#room = maxLength - this.#before.length - this.#after.length;
    this.#windows = windows;
    if (this.#room < 1) throw new RefineError('ERR_REFINE_ASSET', `an input of ${maxLength} tokens leaves no room for a text. Raise max-length`, { place });
  }

  /** A text without tokens, or null, is no input. */
  async inputs(text: BytesColumn): Promise<EncoderInputs> {
    const most = this.#room * this.#windows;
    const { tokens } = await native.bpeEncode(this.#tokenizer.handle, text, { parseSpecial: true, eos: null, bos: null, maxTokens: most });
    const rows: number[] = [];
    const weights: number[] = [];
    const offsets = [0];
    const around = this.#before.length + this.#after.length;
    let inputs = 0;
    const count = tokens.offsets.length - 1;
    for (let row = 0; row < count; row++) inputs += Math.ceil((tokens.offsets[row + 1]! - tokens.offsets[row]!) / this.#room);
    const ids = new Uint32Array(tokens.values.length + inputs * around);
    let end = 0;
    for (let row = 0; row < count; row++) {
      const stop = tokens.offsets[row + 1]!;
      for (let from = tokens.offsets[row]!; from < stop; from += this.#room) {
        const to = Math.min(stop, from + this.#room);
        ids.set(this.#before, end);
        ids.set(tokens.values.subarray(from, to) as Uint16Array | Uint32Array, end + this.#before.length);
        ids.set(this.#after, end + this.#before.length + to - from);
        end += around + to - from;
        offsets.push(end);
        rows.push(row);
        weights.push(to - from);
      }
    }
    return { ids, offsets: Int32Array.from(offsets), rows: Uint32Array.from(rows), weights: Uint32Array.from(weights) };
  }
}
