// Batches joined end to end, so that shards hold few record batches though filters leave many small ones.
// Invariant: what comes out depends on the sequence of batches alone.
import { type Batch, type BytesColumn, type Column, isValid, type NumericArray } from '../native/batch.js';
import { RefineError } from '../native/errors.js';

const TARGET_ROWS = 1024;
const TARGET_BYTES = 8 * 1024 * 1024;

export function concatBatches(batches: readonly Batch[]): Batch {
  if (batches.length === 1) return batches[0]!;
  const rows = batches.reduce((sum, batch) => sum + batch.rows, 0);
  const columns: Record<string, Column> = {};
  for (const name of Object.keys(batches[0]!.columns)) {
    const parts = batches.map((batch) => {
      const part = batch.columns[name];
      if (part === undefined)
        throw new RefineError('ERR_REFINE_INTERNAL', `column "${name}" is missing in a later batch: a step must write the same columns for every batch`);
      return part;
    });
    columns[name] = concatColumns(name, parts, batches, rows);
  }
  return { rows, columns };
}

/** Batches of which some lack columns of others: null there. Columns in the order they come first. */
export function concatUneven(batches: readonly Batch[]): Batch {
  const models: Record<string, Column> = Object.assign({}, ...[...batches].reverse().map((batch) => batch.columns));
  const names = [...new Set(batches.flatMap((batch) => Object.keys(batch.columns)))];
  return concatBatches(
    batches.map(({ rows, columns }) => ({ rows, columns: Object.fromEntries(names.map((name) => [name, columns[name] ?? nullColumn(models[name]!, rows)])) })),
  );
}

function nullColumn(model: Column, rows: number): Column {
  const validity = new Uint8Array((rows + 7) >> 3);
  const offsets = new Int32Array(rows + 1);
  const none = (column: BytesColumn): BytesColumn => ({ kind: column.kind, data: new Uint8Array(), offsets: new Int32Array(1) });
  const zeros = (values: NumericArray, length: number): NumericArray => new (values.constructor as new (length: number) => NumericArray)(length);
  switch (model.kind) {
    case 'utf8':
    case 'binary':
      return { kind: model.kind, data: new Uint8Array(), offsets, validity };
    case 'fixed':
      return {
        kind: 'fixed',
        values: zeros(model.values, rows * model.width),
        width: model.width,
        ...(model.unit === undefined ? {} : { unit: model.unit }),
        validity,
      };
    case 'dictionary':
      return { kind: 'dictionary', indices: new Uint16Array(rows), labels: model.labels, validity };
    case 'list':
      return { kind: 'list', values: zeros(model.values, 0), offsets, validity };
    case 'list-utf8':
      return { kind: 'list-utf8', values: none(model.values), offsets, validity };
    case 'list-struct':
      return { kind: 'list-struct', fields: Object.fromEntries(Object.entries(model.fields).map(([name, field]) => [name, none(field)])), offsets, validity };
  }
}

function concatColumns(name: string, parts: readonly Column[], batches: readonly Batch[], rows: number): Column {
  const first = parts[0]!;
  const validity = concatValidity(parts, batches, rows);
  switch (first.kind) {
    case 'utf8':
    case 'binary': {
      const same = parts.filter((part) => part.kind === first.kind) as (typeof first)[];
      if (same.length !== parts.length) break;
      return { ...concatBytes(first.kind, same), ...validity };
    }
    case 'list': {
      const same = parts.filter((part) => part.kind === 'list' && part.values.constructor === first.values.constructor) as (typeof first)[];
      if (same.length !== parts.length) break;
      const offsets = concatOffsets(same, rows);
      return {
        kind: 'list',
        values: concatNumbers(same.map((part) => part.values.subarray(0, part.offsets[part.offsets.length - 1]) as NumericArray)),
        offsets,
        ...validity,
      };
    }
    case 'list-utf8': {
      const same = parts.filter((part) => part.kind === 'list-utf8') as (typeof first)[];
      if (same.length !== parts.length) break;
      return { kind: 'list-utf8', values: concatEntries(same.map((part) => [part.values, entriesIn(part)])), offsets: concatOffsets(same, rows), ...validity };
    }
    case 'list-struct': {
      const names = Object.keys(first.fields);
      const same = parts.filter((part) => part.kind === 'list-struct' && Object.keys(part.fields).join() === names.join()) as (typeof first)[];
      if (same.length !== parts.length) break;
      const fields = names.map((field) => [field, concatEntries(same.map((part) => [part.fields[field]!, entriesIn(part)]))] as const);
      return { kind: 'list-struct', fields: Object.fromEntries(fields), offsets: concatOffsets(same, rows), ...validity };
    }
    case 'fixed': {
      const same = parts.filter(
        (part) => part.kind === 'fixed' && part.width === first.width && part.values.constructor === first.values.constructor,
      ) as (typeof first)[];
      if (same.length !== parts.length) break;
      return {
        kind: 'fixed',
        values: concatNumbers(same.map((part) => part.values)),
        width: first.width,
        ...(first.unit === undefined ? {} : { unit: first.unit }),
        ...validity,
      };
    }
    case 'dictionary': {
      const same = parts.filter((part) => part.kind === 'dictionary' && part.labels.length === first.labels.length) as (typeof first)[];
      if (same.length !== parts.length) break;
      return { kind: 'dictionary', indices: concatNumbers(same.map((part) => part.indices)) as Uint16Array, labels: first.labels, ...validity };
    }
  }
  throw new RefineError('ERR_REFINE_INTERNAL', `column "${name}" changes its type between batches: a step must write the same columns for every batch`);
}

function concatBytes(kind: BytesColumn['kind'], parts: readonly Pick<BytesColumn, 'data' | 'offsets'>[]): BytesColumn {
  const rows = parts.reduce((sum, part) => sum + part.offsets.length - 1, 0);
  const offsets = concatOffsets(parts, rows);
  const data = new Uint8Array(offsets[rows]!);
  let at = 0;
  for (const part of parts) {
    const used = part.offsets[part.offsets.length - 1]!;
    data.set(part.data.subarray(0, used), at);
    at += used;
  }
  return { kind, data, offsets };
}

/** The strings of lists joined: the first `entries` of each part, as a list's offsets use them. */
function concatEntries(parts: readonly (readonly [values: BytesColumn, entries: number])[]): BytesColumn {
  return concatBytes(
    'utf8',
    parts.map(([values, entries]) => ({ data: values.data, offsets: values.offsets.subarray(0, entries + 1) })),
  );
}

function entriesIn(part: { readonly offsets: Int32Array }): number {
  return part.offsets[part.offsets.length - 1]!;
}

function concatNumbers(parts: readonly NumericArray[]): NumericArray {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const out = new (parts[0]!.constructor as new (length: number) => NumericArray)(length);
  let at = 0;
  for (const part of parts) {
    out.set(part as never, at);
    at += part.length;
  }
  return out;
}

function concatOffsets(parts: readonly { readonly offsets: Int32Array }[], rows: number): Int32Array {
  const out = new Int32Array(rows + 1);
  let row = 0;
  let base = 0;
  for (const { offsets } of parts) {
    for (let i = 1; i < offsets.length; i++) out[row + i] = base + offsets[i]!;
    row += offsets.length - 1;
    base += offsets[offsets.length - 1]!;
  }
  if (base > 0x7fff_ffff) throw new RefineError('ERR_REFINE_INTERNAL', `batches of ${base} bytes cannot be joined`);
  return out;
}

function concatValidity(parts: readonly Column[], batches: readonly Batch[], rows: number): { validity?: Uint8Array } {
  if (parts.every((part) => part.validity === undefined)) return {};
  const validity = new Uint8Array((rows + 7) >> 3);
  let at = 0;
  parts.forEach((part, i) => {
    for (let row = 0; row < batches[i]!.rows; row++, at++) if (isValid(part, row)) validity[at >> 3]! |= 1 << (at & 7);
  });
  return { validity };
}

export function batchBytes(batch: Batch): number {
  let bytes = 0;
  for (const column of Object.values(batch.columns)) {
    if (column.kind === 'dictionary') bytes += column.indices.byteLength;
    else if (column.kind === 'fixed') bytes += column.values.byteLength;
    else if (column.kind === 'list') bytes += column.values.byteLength + column.offsets.byteLength;
    else if (column.kind === 'list-utf8') bytes += column.offsets.byteLength + bytesIn(column.values);
    else if (column.kind === 'list-struct') bytes += Object.values(column.fields).reduce((sum, field) => sum + bytesIn(field), column.offsets.byteLength);
    else bytes += bytesIn(column);
  }
  return bytes;
}

function bytesIn(column: BytesColumn): number {
  return column.data.byteLength + column.offsets.byteLength;
}

/** Hands `write` batches of at least 1,024 rows or 8 MiB, the last one aside. A batch without rows is kept only if all are so. */
export class Rebatcher {
  readonly #write: (batch: Batch) => Promise<void>;
  #held: Batch[] = [];
  #rows = 0;
  #bytes = 0;
  #empty: Batch | undefined;
  #wrote = false;

  constructor(write: (batch: Batch) => Promise<void>) {
    this.#write = write;
  }

  async add(batch: Batch): Promise<void> {
    if (batch.rows === 0) {
      this.#empty ??= batch;
      return;
    }
    this.#held.push(batch);
    this.#rows += batch.rows;
    this.#bytes += batchBytes(batch);
    if (this.#rows >= TARGET_ROWS || this.#bytes >= TARGET_BYTES) await this.#flush();
  }

  async end(): Promise<void> {
    if (this.#held.length > 0) await this.#flush();
    if (!this.#wrote && this.#empty !== undefined) await this.#write(this.#empty);
  }

  async #flush(): Promise<void> {
    const joined = concatBatches(this.#held);
    this.#held = [];
    this.#rows = 0;
    this.#bytes = 0;
    this.#wrote = true;
    await this.#write(joined);
  }
}
