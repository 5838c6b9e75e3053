// Losses of texts under a decoder: its own tokenizer, windows of its context (loss-windows.ts), nats summed in token order.
// Invariant: a text's numbers depend on the text, the weights, dtype and instruction set alone, never on its batch.
import { type BpeHandle, type BytesColumn, isValid, native, RefineError } from '../../native/index.js';
import { lossWindows, packWindows, type RowWindow } from './loss-windows.js';

/** What `loadTokenizer` of stages/tokenize gives; a stage imports no other, so pipeline/registry.ts hands it in. */
export interface ScorerTokenizer {
  readonly handle: BpeHandle;
  readonly contract: { readonly sha256: string; readonly vocab_size: number; readonly eos_id: number | null; readonly bos_id: number | null };
  /** `definition.tokens`: row = token id, the bytes it decodes to. */
  readonly file: { readonly definition: { readonly tokens: BytesColumn } };
}
export type LoadTokenizer = (tokenizer: string, baseDir: string) => ScorerTokenizer;

/** Nats of each token under its predecessors in its document; a document's first is NaN. A token's loss depends on its document alone. */
export interface LossModel {
  losses(ids: Uint32Array, offsets: Int32Array): Promise<Float32Array>;
  /** Tokens of one call; CALL_TOKENS where absent. */
  readonly callTokens?: number;
}

export interface ScorerFacts {
  /** As the model's card states them (BCP 47); null where it states none. */
  readonly languages: readonly string[] | null;
  readonly context: number;
  /** The token that stands before a document. */
  readonly start: number;
  readonly vocab: number;
  /** Tokens of a text that are scored, from its beginning. */
  readonly maxTokens: number;
}

/** By row of the texts; a null or empty text has no token. */
export interface TextScores {
  /** Sum over the scored tokens, NaN where the model gave no number. */
  readonly nats: Float64Array;
  /** Scored tokens. */
  readonly tokens: Uint32Array;
  /** UTF-8 bytes of the text, or of its scored tokens where maxTokens cut it. */
  readonly bytes: Float64Array;
  /** Rows whose loss is no finite number. */
  readonly nan: number;
}

/** Token i of row r is ids[offsets[r] + i], its loss nats[offsets[r] + i]. */
export interface TokenLosses {
  readonly ids: Uint32Array;
  readonly offsets: Int32Array;
  readonly nats: Float32Array;
}

/** Tokens of one native call: bounds its memory, and how long an abort waits. */
export const CALL_TOKENS = 4096;
/** Text that is tokenized at a time. */
const SLICE_BYTES = 4 << 20;

export class Scorer {
  readonly name: string;
  readonly languages: readonly string[] | null;
  readonly contract: ScorerTokenizer['contract'];
  readonly context: number;
  readonly #tokenizer: ScorerTokenizer;
  readonly #start: number;
  readonly #vocab: number;
  readonly #maxTokens: number;
  readonly #sizes: Uint32Array;
  #model: LossModel | null;

  constructor(name: string, tokenizer: ScorerTokenizer, model: LossModel, facts: ScorerFacts) {
    this.name = name;
    this.languages = facts.languages;
    this.contract = tokenizer.contract;
    this.context = facts.context;
    this.#tokenizer = tokenizer;
    this.#start = facts.start;
    this.#vocab = facts.vocab;
    this.#maxTokens = facts.maxTokens;
    const { offsets } = tokenizer.file.definition.tokens;
    this.#sizes = Uint32Array.from({ length: offsets.length - 1 }, (_, id) => offsets[id + 1]! - offsets[id]!);
    this.#model = model;
  }

  /** Bytes of each token of the vocabulary, as it decodes. */
  get tokenBytes(): BytesColumn {
    return this.#tokenizer.file.definition.tokens;
  }

  async score(text: BytesColumn, signal?: AbortSignal): Promise<TextScores> {
    const rows = text.offsets.length - 1;
    const nats = new Float64Array(rows);
    const tokens = new Uint32Array(rows);
    const bytes = new Float64Array(rows);
    let nan = 0;
    for (const [from, to] of slices(text)) {
      const { ids, offsets, cut } = await this.#encode(text, from, to);
      const losses = await this.#losses(ids, offsets, signal);
      for (let row = from; row < to; row++) {
        const [begin, end] = [offsets[row - from]!, offsets[row - from + 1]!];
        let sum = 0;
        let covered = 0;
        for (let at = begin; at < end; at++) {
          sum += losses[at]!;
          covered += this.#sizes[ids[at]!] ?? 0;
        }
        nats[row] = sum;
        tokens[row] = end - begin;
        bytes[row] = cut[row - from] === 1 ? covered : isValid(text, row) ? text.offsets[row + 1]! - text.offsets[row]! : 0;
        if (!Number.isFinite(sum)) nan++;
      }
    }
    return { nats, tokens, bytes, nan };
  }

  async tokens(text: BytesColumn, signal?: AbortSignal): Promise<TokenLosses> {
    const { ids, offsets } = await this.#encode(text, 0, text.offsets.length - 1);
    return { ids, offsets, nats: await this.#losses(ids, offsets, signal) };
  }

  /** The model's memory goes with its last reference. */
  close(): void {
    this.#model = null;
  }

  async #encode(text: BytesColumn, from: number, to: number): Promise<{ ids: Uint32Array; offsets: Int32Array; cut: Uint8Array }> {
    const { tokens } = await native.bpeEncode(this.#tokenizer.handle, rowsOfText(text, from, to), { parseSpecial: false, eos: null, bos: null });
    const values = tokens.values as Uint16Array | Uint32Array;
    const rows = to - from;
    const offsets = new Int32Array(rows + 1);
    const cut = new Uint8Array(rows);
    for (let row = 0; row < rows; row++) {
      const length = tokens.offsets[row + 1]! - tokens.offsets[row]!;
      if (length > this.#maxTokens) cut[row] = 1;
      offsets[row + 1] = offsets[row]! + Math.min(length, this.#maxTokens);
    }
    const ids = new Uint32Array(offsets[rows]!);
    for (let row = 0; row < rows; row++)
      ids.set(values.subarray(tokens.offsets[row]!, tokens.offsets[row]! + offsets[row + 1]! - offsets[row]!), offsets[row]!);
    for (const id of ids)
      if (id >= this.#vocab)
        throw new RefineError(
          'ERR_REFINE_ASSET',
          `its tokenizer gives id ${id}, its weights have ${this.#vocab} rows. Use the tokenizer the model was trained with`,
          {
            place: this.name,
          },
        );
    return { ids, offsets, cut };
  }

  /** The loss of each token of documents without their start token. */
  async #losses(ids: Uint32Array, offsets: Int32Array, signal: AbortSignal | undefined): Promise<Float32Array> {
    const losses = new Float32Array(ids.length);
    const windows: RowWindow[] = [];
    for (let row = 0; row + 1 < offsets.length; row++)
      for (const window of lossWindows(offsets[row + 1]! - offsets[row]! + 1, this.context)) windows.push({ row, ...window });
    for (const group of packWindows(windows, this.#model?.callTokens ?? CALL_TOKENS)) {
      signal?.throwIfAborted();
      if (this.#model === null) throw new TypeError('the scorer is closed');
      const ends = new Int32Array(group.length + 1);
      group.forEach(({ begin, end }, at) => {
        ends[at + 1] = ends[at]! + end - begin;
      });
      const packed = new Uint32Array(ends[group.length]!);
      group.forEach(({ row, begin, end }, at) => {
        const base = offsets[row]! - 1; // position p of the document with its start token is ids[base + p]
        if (begin === 0) packed[ends[at]!] = this.#start;
        packed.set(ids.subarray(base + Math.max(begin, 1), base + end), ends[at]! + (begin === 0 ? 1 : 0));
      });
      const found = await this.#model.losses(packed, ends);
      group.forEach(({ row, begin, end, from }, at) => {
        losses.set(found.subarray(ends[at]! + from - begin, ends[at]! + end - begin), offsets[row]! - 1 + from);
      });
    }
    return losses;
  }
}

function* slices(text: BytesColumn): Generator<readonly [number, number]> {
  const rows = text.offsets.length - 1;
  for (let from = 0; from < rows; ) {
    let to = from + 1;
    while (to < rows && text.offsets[to + 1]! - text.offsets[from]! <= SLICE_BYTES) to++;
    yield [from, to];
    from = to;
  }
}

function rowsOfText(text: BytesColumn, from: number, to: number): BytesColumn {
  const base = text.offsets[from]!;
  const offsets = Int32Array.from({ length: to - from + 1 }, (_, at) => text.offsets[from + at]! - base);
  const validity = new Uint8Array((to - from + 7) >> 3);
  for (let row = from; row < to; row++) if (isValid(text, row)) validity[(row - from) >> 3]! |= 1 << ((row - from) & 7);
  return { kind: text.kind, data: text.data.subarray(base, text.offsets[to]!), offsets, validity };
}
