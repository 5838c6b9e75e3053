// The last segment's outputs: text/NNNNNN.arrow, tokens/NNNNNN.arrow (split above the cap), both again as holdout-NNNNNN.arrow
// for documents kept out of training, and features/NNNNNN.arrow.
// Invariant: text and token shards of one name hold the same documents in the same order; features one row for every
// document of the source. DESIGN section 6.
import { type Batch, type Column, column, fixedColumn, isValid, type NumericArray, takeColumn, takeRows, utf8Column, valueAt } from '../native/batch.js';
import { RefineError } from '../native/errors.js';
import { BASE_COLUMNS, freeName } from './feature-columns.js';
import { HoldoutRule } from './holdout.js';
import type { BatchOutcomes, DropCodes } from './outcomes.js';
import { type FeatureColumn, featureValues, overlaid, scatter, withFeatureValues, withoutColumns } from './outcomes.js';
import type { ArrowOutput, TaskOutputs } from './outputs.js';
import { shardName } from './tasks.js';
import type { Sink } from './types.js';

const NOT_IN_TEXT = ['html', 'tokens', 'content_type', 'x_robots_tag', 'lang_label'];
/** Before the number of a shard that is never loaded for training. */
export const HOLDOUT_PREFIX = 'holdout-';
const TOKEN_COLUMNS = ['id', 'url', 'tokens', 'token_count'];

export class FinalShards {
  readonly #train: DocumentShards;
  readonly #heldOut: { readonly rule: HoldoutRule; readonly shards: DocumentShards } | null;

  constructor(outputs: TaskOutputs, number: number, sink: Sink, metadata: Readonly<Record<string, string>>) {
    this.#train = new DocumentShards(outputs, shardName(number), sink, metadata);
    this.#heldOut =
      sink.holdout === undefined
        ? null
        : { rule: new HoldoutRule(sink.holdout), shards: new DocumentShards(outputs, `${HOLDOUT_PREFIX}${shardName(number)}`, sink, metadata) };
  }

  async add(batch: Batch): Promise<void> {
    const held = this.#heldOut?.rule.rows(batch);
    if (held === undefined || held.length === 0) return await this.#train.add(batch);
    const out = new Set(held);
    await this.#heldOut!.shards.add(takeRows(batch, held));
    await this.#train.add(
      takeRows(
        batch,
        Uint32Array.from({ length: batch.rows }, (_, row) => row).filter((row) => !out.has(row)),
      ),
    );
  }
}

/** text/<name>.arrow and tokens/<name>.arrow, tokens/<name>-1.arrow, ... */
class DocumentShards {
  readonly #outputs: TaskOutputs;
  readonly #name: string;
  readonly #sink: Sink;
  readonly #metadata: Readonly<Record<string, string>>;
  #text: ArrowOutput | undefined;
  #tokens: ArrowOutput | undefined;
  #tokensHeld = 0;
  #split = 0;

  constructor(outputs: TaskOutputs, name: string, sink: Sink, metadata: Readonly<Record<string, string>>) {
    this.#outputs = outputs;
    this.#name = name;
    this.#sink = sink;
    this.#metadata = metadata;
  }

  async add(batch: Batch): Promise<void> {
    if (this.#sink.text.keep) {
      const hidden = Object.keys(batch.columns).filter((name) => name.startsWith('_') || NOT_IN_TEXT.includes(name));
      this.#text ??= await this.#outputs.arrow(`text/${this.#name}.arrow`, { metadata: this.#metadata });
      await this.#text.add(withoutColumns(batch, hidden));
    }
    if (batch.columns.tokens !== undefined) await this.#addTokens(batch);
  }

  async #addTokens(batch: Batch): Promise<void> {
    const counts = column(batch, 'token_count', 'fixed').values;
    const cap = this.#sink.tokens.perShard;
    let from = 0;
    let pending = 0;
    for (let row = 0; row < batch.rows; row++) {
      const tokens = Number(counts[row]!);
      if (this.#tokensHeld + pending > 0 && this.#tokensHeld + pending + tokens > cap) {
        await this.#writeTokens(batch, from, row, pending);
        from = row;
        pending = 0;
        this.#tokens = undefined;
        this.#tokensHeld = 0;
        this.#split++;
      }
      pending += tokens;
    }
    await this.#writeTokens(batch, from, batch.rows, pending);
  }

  async #writeTokens(batch: Batch, from: number, to: number, tokens: number): Promise<void> {
    if (this.#tokens === undefined) {
      const total = { tokens: 0 };
      const suffix = this.#split === 0 ? '' : `-${this.#split}`;
      const output = await this.#outputs.arrow(`tokens/${this.#name}${suffix}.arrow`, { columns: TOKEN_COLUMNS, metadata: this.#metadata }, () => total.tokens);
      this.#tokens = Object.assign(output, { total });
    }
    this.#tokensHeld += tokens;
    (this.#tokens as ArrowOutput & { total: { tokens: number } }).total.tokens += tokens;
    const columns = Object.fromEntries(TOKEN_COLUMNS.map((name) => [name, need(batch, name)]));
    const whole: Batch = { rows: batch.rows, columns };
    await this.#tokens.add(
      from === 0 && to === batch.rows
        ? whole
        : takeRows(
            whole,
            Uint32Array.from({ length: to - from }, (_, i) => from + i),
          ),
    );
  }
}

function need(batch: Batch, name: string): Column {
  const found = batch.columns[name];
  if (found === undefined) throw new RefineError('ERR_REFINE_INTERNAL', `documents have no column "${name}", which token shards hold`);
  return found;
}

/** A scratch batch of features: base columns (first segment) or `_row` (later ones), codes, kept ids, numeric columns. */
export function featurePart(arrived: Batch, outcomes: BatchOutcomes, first: boolean): Batch {
  const base = first ? BASE_COLUMNS.filter((name) => arrived.columns[name] !== undefined) : ['_row'];
  // Copied: columns that were read from a shard are views of the batch's whole body, and parts live until the task ends. Without it
  // a worker held every text of its input.
  const every = Uint32Array.from({ length: arrived.rows }, (_, row) => row);
  const columns: Record<string, Column> = {
    ...takeRows({ rows: arrived.rows, columns: Object.fromEntries(base.map((name) => [name, arrived.columns[name]!])) }, every).columns,
  };
  columns._code = fixedColumn(outcomes.codes);
  if (outcomes.keptIds !== null) columns._kept_id = utf8Column(outcomes.keptIds);
  return { rows: arrived.rows, columns: { ...columns, ...outcomes.features } };
}

/** Reads the parts of later segments alongside the first one's rows. */
class PartCursor {
  readonly #batches: AsyncIterator<Batch> | Iterator<Batch>;
  #batch: Batch | null = null;
  #rows: Uint32Array = new Uint32Array();
  #at = 0;
  /** A part batch that set the columns; kept so that every merged batch has them. */
  example: Batch | null = null;

  constructor(batches: AsyncIterable<Batch> | Iterable<Batch>) {
    this.#batches = Symbol.asyncIterator in batches ? batches[Symbol.asyncIterator]() : batches[Symbol.iterator]();
  }

  async prime(): Promise<void> {
    if (this.#batch === null) await this.#next();
  }

  /** The pieces of part batches whose record rows lie below `end`, with their range. */
  async *below(end: number): AsyncGenerator<{ batch: Batch; from: number; to: number; rows: Uint32Array }> {
    while (this.#batch !== null) {
      const from = this.#at;
      let to = from;
      while (to < this.#batch.rows && this.#rows[to]! < end) to++;
      if (to > from) yield { batch: this.#batch, from, to, rows: this.#rows };
      this.#at = to;
      if (to < this.#batch.rows) return;
      await this.#next();
    }
  }

  async #next(): Promise<void> {
    const { value, done } = await this.#batches.next();
    this.#batch = done === true ? null : (value as Batch);
    this.#at = 0;
    if (this.#batch === null) return;
    this.example ??= this.#batch;
    this.#rows = column(this.#batch, '_row', 'fixed').values as Uint32Array;
  }
}

/** features/NNNNNN.arrow from the parts of all segments: a row for every document, later segments overlaying earlier ones. */
export async function* mergeFeatures(
  base: AsyncIterable<Batch> | Iterable<Batch>,
  later: readonly (AsyncIterable<Batch> | Iterable<Batch>)[],
  codes: DropCodes,
  crashes = false,
): AsyncGenerator<Batch> {
  const cursors = later.map((part) => new PartCursor(part));
  for (const cursor of cursors) await cursor.prime();
  let first = 0;
  for await (const batch of base) {
    const rows = batch.rows;
    const dropCodes = (column(batch, '_code', 'fixed').values as Uint16Array).slice();
    const keptIds = new Array<string | null>(rows).fill(null);
    const features: Record<string, Column> = {};
    for (const [name, feature] of Object.entries(batch.columns)) if (name !== '_code' && !BASE_COLUMNS.includes(name)) features[name] = feature;
    for (const cursor of cursors) {
      const names = Object.keys(cursor.example?.columns ?? {}).filter((name) => !name.startsWith('_'));
      const pieces: { batch: Batch; from: number; to: number; positions: Uint32Array }[] = [];
      for await (const { batch: part, from, to, rows: rowIds } of cursor.below(first + rows)) {
        const positions = rowIds.slice(from, to).map((row) => row - first);
        const partCodes = column(part, '_code', 'fixed').values;
        const partIds = part.columns._kept_id;
        for (let i = from; i < to; i++) {
          const code = Number(partCodes[i]!);
          if (code === 0) continue;
          dropCodes[positions[i - from]!] = code;
          if (partIds !== undefined && isValid(partIds, i)) keptIds[positions[i - from]!] = valueAt(partIds, i) as string;
        }
        pieces.push({ batch: part, from, to, positions });
      }
      for (const name of names) features[freeName(new Set(Object.keys(features)), name)] = overlay(name, pieces, cursor.example!, rows);
    }
    const base4 = Object.fromEntries(BASE_COLUMNS.filter((name) => batch.columns[name] !== undefined).map((name) => [name, batch.columns[name]!]));
    yield { rows, columns: { ...base4, ...codes.columns(dropCodes, crashes), kept_id: utf8Column(keptIds), ...features } };
    first += rows;
  }
}

function overlay(name: string, pieces: readonly { batch: Batch; from: number; to: number; positions: Uint32Array }[], example: Batch, rows: number): Column {
  const model = column(example, name, 'fixed', 'dictionary');
  const none = withFeatureValues(model, featureValues(model).subarray(0, 0) as NumericArray, new Uint8Array());
  let result = scatter(none, new Uint32Array(), rows);
  for (const { batch, from, to, positions } of pieces) {
    const source = takeColumn(
      column(batch, name, 'fixed', 'dictionary'),
      Uint32Array.from({ length: to - from }, (_, i) => from + i),
    ) as FeatureColumn;
    result = overlaid(result, scatter(source, positions, rows), positions);
  }
  return result;
}
