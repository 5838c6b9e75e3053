// Batches: rows travelling together as columns in Arrow layout. Mirrored by kernels/include/refine/views.h.
// Invariant: every column of a batch has `rows` rows; offsets start at 0 and never fall. Text stays UTF-8 bytes;
// documentAt makes a readable copy of one row for inspection, errors and tests, never for work.

export type NumericArray = Uint8Array | Uint16Array | Int32Array | Uint32Array | Float32Array | Float64Array | BigUint64Array | BigInt64Array;

/** Bit `row` (least significant first, as in Arrow) is 1 where the value is present; absent: every value is. */
type Nullable = { readonly validity?: Uint8Array };

export type BytesColumn = { readonly kind: 'utf8' | 'binary'; readonly data: Uint8Array; readonly offsets: Int32Array } & Nullable;
/** (rows, width) row-major; width 1 but for fixed-size lists. `unit` marks an int64 column of seconds since 1970 (UTC). */
export type FixedColumn = { readonly kind: 'fixed'; readonly values: NumericArray; readonly width: number; readonly unit?: 's' } & Nullable;
export type ListColumn = { readonly kind: 'list'; readonly values: NumericArray; readonly offsets: Int32Array } & Nullable;
/** Row r's value is labels[indices[r]]; labels are sorted by bytes and equal in every batch of one run. */
export type DictionaryColumn = { readonly kind: 'dictionary'; readonly indices: Uint16Array; readonly labels: readonly string[] } & Nullable;
export type Column = BytesColumn | FixedColumn | ListColumn | DictionaryColumn;

/** Sources cut at 256 rows or 16 MiB of data, and pass that only for one large row; shards at 1,024 rows or 8 MiB. */
export interface Batch {
  readonly rows: number;
  readonly columns: Readonly<Record<string, Column>>;
}

export type Document = Readonly<Record<string, unknown>>;

export function isValid(column: Column, row: number): boolean {
  return column.validity === undefined || ((column.validity[row >> 3]! >> (row & 7)) & 1) === 1;
}

export function rowsOf(column: Column): number {
  switch (column.kind) {
    case 'utf8':
    case 'binary':
    case 'list':
      return column.offsets.length - 1;
    case 'fixed':
      return column.values.length / column.width;
    case 'dictionary':
      return column.indices.length;
  }
}

/** The bytes of one row of a utf8 or binary column: a view, not a copy. */
export function bytesAt(column: BytesColumn, row: number): Uint8Array {
  return column.data.subarray(column.offsets[row]!, column.offsets[row + 1]!);
}

const utf8Decoder = new TextDecoder('utf-8', { ignoreBOM: true }); // a U+FEFF that starts a row is text
const utf8Encoder = new TextEncoder();

export function stringAt(column: BytesColumn, row: number): string | null {
  return isValid(column, row) ? utf8Decoder.decode(bytesAt(column, row)) : null;
}

/** One cell as a JavaScript value: string, Uint8Array (binary), number, bigint, array, or null. */
export function valueAt(column: Column, row: number): unknown {
  if (!isValid(column, row)) return null;
  switch (column.kind) {
    case 'utf8':
      return utf8Decoder.decode(bytesAt(column, row));
    case 'binary':
      return bytesAt(column, row).slice();
    case 'list':
      return Array.from(column.values.subarray(column.offsets[row]!, column.offsets[row + 1]!) as ArrayLike<number | bigint>);
    case 'fixed':
      return column.width === 1
        ? column.values[row]
        : Array.from(column.values.subarray(row * column.width, (row + 1) * column.width) as ArrayLike<number | bigint>);
    case 'dictionary':
      return column.labels[column.indices[row]!];
  }
}

export function documentAt(batch: Batch, row: number): Document {
  if (!Number.isInteger(row) || row < 0 || row >= batch.rows) throw new RangeError(`documentAt: row ${row} is outside 0..${batch.rows - 1}`);
  return Object.fromEntries(Object.entries(batch.columns).map(([name, column]) => [name, valueAt(column, row)]));
}

/** Builds a utf8 column from strings; null and undefined become nulls. For sources, tests and small columns. */
export function utf8Column(values: readonly (string | null | undefined)[]): BytesColumn {
  return bytesColumn(
    'utf8',
    values.map((value) => (value === null || value === undefined ? null : utf8Encoder.encode(value))),
  );
}

export function bytesColumn(kind: 'utf8' | 'binary', values: readonly (Uint8Array | null)[]): BytesColumn {
  const offsets = new Int32Array(values.length + 1);
  let nulls = 0;
  values.forEach((value, row) => {
    if (value === null) nulls++;
    offsets[row + 1] = offsets[row]! + (value?.length ?? 0);
  });
  const data = new Uint8Array(offsets[values.length]!);
  values.forEach((value, row) => {
    if (value !== null) data.set(value, offsets[row]!);
  });
  if (nulls === 0) return { kind, data, offsets };
  return { kind, data, offsets, validity: validityOf(values.map((value) => value !== null)) };
}

export function fixedColumn(values: NumericArray, validity?: Uint8Array): FixedColumn {
  return validity === undefined ? { kind: 'fixed', values, width: 1 } : { kind: 'fixed', values, width: 1, validity };
}

export function validityOf(present: readonly boolean[]): Uint8Array {
  const bits = new Uint8Array((present.length + 7) >> 3);
  present.forEach((here, row) => {
    if (here) bits[row >> 3]! |= 1 << (row & 7);
  });
  return bits;
}

/** The named column, checked for presence and kind: a stage that declared `reads` correctly never sees the error. */
export function column<K extends Column['kind']>(batch: Batch, name: string, ...kinds: K[]): Extract<Column, { kind: K }> {
  const found = batch.columns[name];
  if (found === undefined) throw new TypeError(`batch has no column "${name}" (it has: ${Object.keys(batch.columns).join(', ')})`);
  if (!kinds.includes(found.kind as K)) throw new TypeError(`column "${name}" is ${found.kind}, expected ${kinds.join(' or ')}`);
  return found as Extract<Column, { kind: K }>;
}

/** A new batch of the rows listed in `keep` (indices, ascending). Copies; the inputs stay untouched. */
export function takeRows(batch: Batch, keep: Uint32Array | readonly number[]): Batch {
  const columns: Record<string, Column> = {};
  for (const [name, source] of Object.entries(batch.columns)) columns[name] = takeColumn(source, keep);
  return { rows: keep.length, columns };
}

export function takeColumn(source: Column, keep: Uint32Array | readonly number[]): Column {
  const rows = keep.length;
  let validity: { validity?: Uint8Array } = {};
  if (source.validity !== undefined) {
    const bits = new Uint8Array((rows + 7) >> 3);
    for (let i = 0; i < rows; i++) if (isValid(source, keep[i]!)) bits[i >> 3]! |= 1 << (i & 7);
    validity = { validity: bits };
  }
  switch (source.kind) {
    case 'utf8':
    case 'binary': {
      const offsets = takeOffsets(source.offsets, keep);
      const data = new Uint8Array(offsets[rows]!);
      for (let i = 0; i < rows; i++) data.set(bytesAt(source, keep[i]!), offsets[i]!);
      return { kind: source.kind, data, offsets, ...validity };
    }
    case 'list': {
      const offsets = takeOffsets(source.offsets, keep);
      const values = emptyLike(source.values, offsets[rows]!);
      for (let i = 0; i < rows; i++) values.set(source.values.subarray(source.offsets[keep[i]!]!, source.offsets[keep[i]! + 1]!) as never, offsets[i]!);
      return { kind: 'list', values, offsets, ...validity };
    }
    case 'fixed': {
      const values = emptyLike(source.values, rows * source.width);
      for (let i = 0; i < rows; i++) {
        for (let k = 0; k < source.width; k++) values[i * source.width + k] = source.values[keep[i]! * source.width + k]!;
      }
      return { kind: 'fixed', values, width: source.width, ...(source.unit === undefined ? {} : { unit: source.unit }), ...validity };
    }
    case 'dictionary': {
      const indices = new Uint16Array(rows);
      for (let i = 0; i < rows; i++) indices[i] = source.indices[keep[i]!]!;
      return { kind: 'dictionary', indices, labels: source.labels, ...validity };
    }
  }
}

function takeOffsets(offsets: Int32Array, keep: Uint32Array | readonly number[]): Int32Array {
  const out = new Int32Array(keep.length + 1);
  for (let i = 0; i < keep.length; i++) out[i + 1] = out[i]! + offsets[keep[i]! + 1]! - offsets[keep[i]!]!;
  return out;
}

function emptyLike(values: NumericArray, length: number): NumericArray {
  return new (values.constructor as new (length: number) => NumericArray)(length);
}
