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
/** Row r's strings are the rows offsets[r] .. offsets[r+1] of `values`, none of which is null. A list without entries is no null. */
export type ListUtf8Column = { readonly kind: 'list-utf8'; readonly values: BytesColumn; readonly offsets: Int32Array } & Nullable;
/** Row r's entries are the rows offsets[r] .. offsets[r+1] of every field: utf8 columns of equal rows without nulls, in the order of the schema. */
export type ListStructColumn = {
  readonly kind: 'list-struct';
  readonly fields: Readonly<Record<string, BytesColumn>>;
  readonly offsets: Int32Array;
} & Nullable;
export type Column = BytesColumn | FixedColumn | ListColumn | ListUtf8Column | ListStructColumn | DictionaryColumn;

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
    case 'list-utf8':
    case 'list-struct':
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

/** One cell as a JavaScript value: string, Uint8Array (binary), number, bigint, array (of numbers, strings or objects of strings), or null. */
export function valueAt(column: Column, row: number): unknown {
  if (!isValid(column, row)) return null;
  switch (column.kind) {
    case 'utf8':
      return utf8Decoder.decode(bytesAt(column, row));
    case 'binary':
      return bytesAt(column, row).slice();
    case 'list':
      return Array.from(column.values.subarray(column.offsets[row]!, column.offsets[row + 1]!) as ArrayLike<number | bigint>);
    case 'list-utf8':
      return entriesOf(column, row).map((at) => utf8Decoder.decode(bytesAt(column.values, at)));
    case 'list-struct': {
      const fields = Object.entries(column.fields);
      return entriesOf(column, row).map((at) => Object.fromEntries(fields.map(([name, field]) => [name, utf8Decoder.decode(bytesAt(field, at))])));
    }
    case 'fixed':
      return column.width === 1
        ? column.values[row]
        : Array.from(column.values.subarray(row * column.width, (row + 1) * column.width) as ArrayLike<number | bigint>);
    case 'dictionary':
      return column.labels[column.indices[row]!];
  }
}

function entriesOf(column: { readonly offsets: Int32Array }, row: number): number[] {
  const from = column.offsets[row]!;
  return Array.from({ length: column.offsets[row + 1]! - from }, (_, i) => from + i);
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

/** Builds a list-utf8 column; null and undefined become nulls. For tests and small columns. */
export function listUtf8Column(values: readonly (readonly string[] | null | undefined)[]): ListUtf8Column {
  return { kind: 'list-utf8', values: utf8Column(values.flatMap((list) => list ?? [])), ...listParts(values) };
}

/** Builds a list-struct column whose entries have `names` as fields; null and undefined become nulls. For tests and small columns. */
export function listStructColumn(
  names: readonly string[],
  values: readonly (readonly Readonly<Record<string, string>>[] | null | undefined)[],
): ListStructColumn {
  const entries = values.flatMap((list) => list ?? []);
  const fields = Object.fromEntries(names.map((name) => [name, utf8Column(entries.map((entry) => entry[name] ?? ''))]));
  return { kind: 'list-struct', fields, ...listParts(values) };
}

function listParts(values: readonly (readonly unknown[] | null | undefined)[]): { offsets: Int32Array; validity?: Uint8Array } {
  const offsets = new Int32Array(values.length + 1);
  values.forEach((list, row) => {
    offsets[row + 1] = offsets[row]! + (list?.length ?? 0);
  });
  const present = values.map((list) => list !== null && list !== undefined);
  return present.every(Boolean) ? { offsets } : { offsets, validity: validityOf(present) };
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

/** The members of Column that can be of a kind in K. */
export type ColumnOfKind<K extends Column['kind']> = Column extends infer C
  ? C extends { readonly kind: infer Kind }
    ? [K & Kind] extends [never]
      ? never
      : C
    : never
  : never;

/** The named column, checked for presence and kind: a stage that declared `reads` correctly never sees the error. */
export function column<K extends Column['kind']>(batch: Batch, name: string, ...kinds: K[]): ColumnOfKind<K> {
  const found = batch.columns[name];
  if (found === undefined) throw new TypeError(`batch has no column "${name}" (it has: ${Object.keys(batch.columns).join(', ')})`);
  if (!kinds.includes(found.kind as K)) throw new TypeError(`column "${name}" is ${found.kind}, expected ${kinds.join(' or ')}`);
  return found as ColumnOfKind<K>;
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
    case 'list-utf8':
      return {
        kind: 'list-utf8',
        values: takeColumn(source.values, takenEntries(source, keep)) as BytesColumn,
        offsets: takeOffsets(source.offsets, keep),
        ...validity,
      };
    case 'list-struct': {
      const entries = takenEntries(source, keep);
      const fields = Object.entries(source.fields).map(([name, field]) => [name, takeColumn(field, entries) as BytesColumn] as const);
      return { kind: 'list-struct', fields: Object.fromEntries(fields), offsets: takeOffsets(source.offsets, keep), ...validity };
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

/** The entries of the kept rows' lists, in order. */
function takenEntries(source: { readonly offsets: Int32Array }, keep: Uint32Array | readonly number[]): Uint32Array {
  const out = new Uint32Array(takeOffsets(source.offsets, keep).at(-1)!);
  let at = 0;
  for (let i = 0; i < keep.length; i++) for (let entry = source.offsets[keep[i]!]!; entry < source.offsets[keep[i]! + 1]!; entry++) out[at++] = entry;
  return out;
}

function emptyLike(values: NumericArray, length: number): NumericArray {
  return new (values.constructor as new (length: number) => NumericArray)(length);
}
