// Batches as apache-arrow record batches and back, without builders: buffers are lent, not copied.
// Invariant: equal columns give equal Arrow buffers (validity only where a null is, bits past the last row zero, fixed
// dictionary ids), so shards have equal bytes. Arrow columnar format 1.4; every field is nullable, so schemas agree across files.
import type { Data, DataType, Dictionary, Field, FixedSizeList, Float, List, RecordBatch, Schema, Struct, TimestampSecond, Utf8, Vector } from 'apache-arrow';
import type { Batch, BytesColumn, Column, NumericArray } from '../native/batch.js';
import { RefineError } from '../native/errors.js';
import { arrow } from './arrow.js';

/** Turns the batches of one file into record batches of one schema. */
export class BatchEncoder {
  readonly #names: readonly string[];
  readonly #kinds: readonly string[];
  readonly #dictionaries = new Map<string, { labels: readonly string[]; vector: Vector<Utf8>; type: Dictionary }>();
  readonly schema: Schema;

  /** `example` sets the schema; it may have no rows. */
  constructor(example: Batch, names: readonly string[], metadata: Readonly<Record<string, string>>) {
    this.#names = names;
    const fields = names.map((name, index) => {
      const column = example.columns[name];
      if (column === undefined)
        throw new RefineError('ERR_REFINE_INTERNAL', `a batch to write has no column "${name}" (it has: ${Object.keys(example.columns).join(', ')})`);
      return new arrow.Field(name, this.#typeOf(name, index, column), true);
    });
    this.#kinds = names.map((name) => kindOf(example.columns[name]!));
    const entries = Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1));
    this.schema = new arrow.Schema(fields, new Map(entries));
  }

  encode(batch: Batch): RecordBatch {
    const children = this.#names.map((name, index) => {
      const column = batch.columns[name];
      const kind = column === undefined ? 'absent' : kindOf(column);
      if (column === undefined || kind !== this.#kinds[index]) {
        throw new RefineError(
          'ERR_REFINE_INTERNAL',
          `column "${name}" is ${kind} in one batch and ${this.#kinds[index]} in an earlier one: a step must write the same columns for every batch`,
        );
      }
      return this.#dataOf(name, this.schema.fields[index]!.type, column, batch.rows);
    });
    return new arrow.RecordBatch(this.schema, arrow.makeData({ type: new arrow.Struct(this.schema.fields), length: batch.rows, nullCount: 0, children }));
  }

  #typeOf(name: string, index: number, column: Column): DataType {
    switch (column.kind) {
      case 'utf8':
        return new arrow.Utf8();
      case 'binary':
        return new arrow.Binary();
      case 'list':
        return new arrow.List(new arrow.Field('item', numberType(column.values), true));
      case 'list-utf8':
        return new arrow.List(new arrow.Field('item', new arrow.Utf8(), true));
      case 'list-struct': {
        const fields = Object.keys(column.fields).map((field) => new arrow.Field(field, new arrow.Utf8(), true));
        return new arrow.List(new arrow.Field('item', new arrow.Struct(fields), true));
      }
      case 'fixed': {
        if (column.unit === 's') return new arrow.TimestampSecond('UTC');
        const item = numberType(column.values);
        return column.width === 1 ? item : new arrow.FixedSizeList(column.width, new arrow.Field('item', item, true));
      }
      case 'dictionary': {
        const type = new arrow.Dictionary(new arrow.Utf8(), new arrow.Uint16(), index); // the library's default id counts per process
        this.#dictionaries.set(name, { labels: column.labels, vector: new arrow.Vector([labelData(column.labels)]), type });
        return type;
      }
    }
  }

  #dataOf(name: string, type: DataType, column: Column, rows: number): Data {
    const { nullCount, nullBitmap } = validityOfColumn(column, rows);
    const base = { type, length: rows, nullCount, ...(nullCount === 0 ? {} : { nullBitmap }) };
    // biome-ignore lint/suspicious/noExplicitAny: makeData's overloads cannot be chosen from a type held as DataType
    const make = arrow.makeData as (props: any) => Data;
    switch (column.kind) {
      case 'utf8':
      case 'binary':
        checkOffsets(name, column.offsets, rows, column.data.length);
        return make({ ...base, valueOffsets: column.offsets, data: column.data });
      case 'list': {
        checkOffsets(name, column.offsets, rows, column.values.length);
        const item = (type as List).children[0]!.type;
        return make({ ...base, valueOffsets: column.offsets, child: make({ type: item, length: column.offsets[rows]!, nullCount: 0, data: column.values }) });
      }
      case 'list-utf8':
        return make({ ...base, valueOffsets: column.offsets, child: entriesOf(name, column.values, column.offsets, rows) });
      case 'list-struct': {
        const fields = Object.entries(column.fields);
        const struct = (type as List<Struct>).children[0]!.type;
        const children = fields.map(([field, values]) => entriesOf(`${name}.${field}`, values, column.offsets, rows));
        return make({ ...base, valueOffsets: column.offsets, child: make({ type: struct, length: column.offsets[rows]!, nullCount: 0, children }) });
      }
      case 'fixed': {
        if (column.values.length !== rows * column.width)
          throw new RefineError('ERR_REFINE_INTERNAL', `column "${name}" has ${column.values.length} values, expected ${rows} rows x ${column.width}`);
        if (column.width === 1) return make({ ...base, data: column.values });
        const item = (type as FixedSizeList).children[0]!.type;
        return make({ ...base, child: make({ type: item, length: column.values.length, nullCount: 0, data: column.values }) });
      }
      case 'dictionary': {
        const known = this.#dictionaries.get(name)!;
        if (known.labels !== column.labels && (known.labels.length !== column.labels.length || known.labels.some((label, i) => label !== column.labels[i]))) {
          throw new RefineError('ERR_REFINE_INTERNAL', `dictionary column "${name}" has other labels than an earlier batch of the same file`);
        }
        return make({ ...base, data: column.indices, dictionary: known.vector });
      }
    }
  }
}

/** The first offsets[rows] strings of a list's values: more may stand there than the offsets use. */
function entriesOf(name: string, values: BytesColumn, offsets: Int32Array, rows: number): Data<Utf8> {
  const entries = offsets[rows] ?? 0;
  checkOffsets(name, offsets, rows, values.offsets.length - 1);
  const valueOffsets = values.offsets.subarray(0, entries + 1);
  checkOffsets(name, valueOffsets, entries, values.data.length);
  return arrow.makeData({ type: new arrow.Utf8(), length: entries, nullCount: 0, valueOffsets, data: values.data.subarray(0, valueOffsets[entries]) });
}

/** A record batch as our columns: views of its buffers, which stay alive with them. `labels` caches decoded dictionaries by field. */
export function decodeBatch(batch: RecordBatch, names: readonly string[] | undefined, labels: Map<string, readonly string[]>): Batch {
  const columns: Record<string, Column> = {};
  for (const [index, field] of batch.schema.fields.entries()) {
    if (names !== undefined && !names.includes(field.name)) continue;
    columns[field.name] = columnOf(field, batch.data.children[index]!, labels);
  }
  return { rows: batch.numRows, columns };
}

function columnOf(field: Field, data: Data, labels: Map<string, readonly string[]>): Column {
  const rows = data.length;
  const validity = data.nullCount > 0 ? { validity: bitsFrom(data.nullBitmap, data.offset, rows) } : {};
  const type = field.type as DataType;
  switch (type.typeId) {
    case arrow.Type.Utf8:
    case arrow.Type.Binary: {
      const { offsets, begin, end } = offsetsOf(data);
      return { kind: type.typeId === arrow.Type.Utf8 ? 'utf8' : 'binary', data: (data.values as Uint8Array).subarray(begin, end), offsets, ...validity };
    }
    case arrow.Type.List: {
      const { offsets, begin, end } = offsetsOf(data);
      const item = data.children[0]!;
      if (item.type.typeId === arrow.Type.Utf8) return { kind: 'list-utf8', values: stringsOf(field, item, begin, end), offsets, ...validity };
      if (item.type.typeId === arrow.Type.Struct) {
        if (item.nullCount > 0) throw nullsInside(field);
        const names = (item.type as Struct).children.map((child: Field) => child.name);
        const fields = names.map((name, index) => [name, stringsOf(field, item.children[index]!, begin, end)] as const);
        return { kind: 'list-struct', fields: Object.fromEntries(fields), offsets, ...validity };
      }
      return { kind: 'list', values: numbersOf(field, data.children[0]!).subarray(begin, end) as NumericArray, offsets, ...validity };
    }
    case arrow.Type.FixedSizeList: {
      const width = (type as FixedSizeList).listSize;
      const values = numbersOf(field, data.children[0]!);
      return { kind: 'fixed', values: values.subarray(data.offset * width, (data.offset + rows) * width) as NumericArray, width, ...validity };
    }
    case arrow.Type.Timestamp:
      if ((type as TimestampSecond).unit !== 0) break;
      return { kind: 'fixed', values: (data.values as BigInt64Array).subarray(0, rows), width: 1, unit: 's', ...validity };
    case arrow.Type.Dictionary: {
      if (!(data.values instanceof Uint16Array)) break;
      let known = labels.get(field.name);
      if (known === undefined) {
        known = Array.from(data.dictionary as unknown as Iterable<string>);
        labels.set(field.name, known);
      }
      return { kind: 'dictionary', indices: data.values.subarray(0, rows), labels: known, ...validity };
    }
    case arrow.Type.Int:
    case arrow.Type.Float:
      return { kind: 'fixed', values: numbersOf(field, data), width: 1, ...validity };
  }
  throw new RefineError('ERR_REFINE_SHARD', `column "${field.name}" has type ${type}, which refine does not read`);
}

function nullsInside(field: Field): RefineError {
  return new RefineError('ERR_REFINE_SHARD', `column "${field.name}" has nulls inside lists, which refine does not read`);
}

/** Strings begin .. end of a list's values. */
function stringsOf(field: Field, data: Data, begin: number, end: number): BytesColumn {
  if (data.type.typeId !== arrow.Type.Utf8)
    throw new RefineError('ERR_REFINE_SHARD', `column "${field.name}" has type ${field.type}, which refine does not read`);
  if (data.nullCount > 0) throw nullsInside(field);
  if (end === begin) return { kind: 'utf8', data: new Uint8Array(0), offsets: new Int32Array(1) };
  const offsets = (data.valueOffsets as Int32Array).subarray(begin, end + 1);
  const from = offsets[0]!;
  return {
    kind: 'utf8',
    data: (data.values as Uint8Array).subarray(from, offsets[end - begin]),
    offsets: from === 0 ? offsets : offsets.map((offset) => offset - from),
  };
}

function numbersOf(field: Field, data: Data): NumericArray {
  const values = data.values as NumericArray;
  const known = [Uint8Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array, BigUint64Array, BigInt64Array];
  if (data.nullCount > 0 && field.type.typeId !== arrow.Type.Int && field.type.typeId !== arrow.Type.Float) throw nullsInside(field);
  if (data.type.typeId === arrow.Type.Float && (data.type as Float).precision === 0)
    throw new RefineError('ERR_REFINE_SHARD', `column "${field.name}" holds 16-bit floats, which refine does not read`);
  if (!known.some((kind) => values instanceof kind))
    throw new RefineError('ERR_REFINE_SHARD', `column "${field.name}" has type ${field.type}, which refine does not read`);
  return values.subarray(0, data.length) as NumericArray; // buffers are padded to 8 bytes on disk
}

/** Offsets from 0, and the range of values they cover. Other writers may start elsewhere. */
function offsetsOf(data: Data): { offsets: Int32Array; begin: number; end: number } {
  if (data.length === 0) return { offsets: new Int32Array(1), begin: 0, end: 0 };
  const offsets = (data.valueOffsets as Int32Array).subarray(0, data.length + 1);
  const begin = offsets[0]!;
  return { offsets: begin === 0 ? offsets : offsets.map((offset) => offset - begin), begin, end: offsets[data.length]! };
}

function bitsFrom(bits: Uint8Array, offset: number, rows: number): Uint8Array {
  if (offset === 0) return bits.subarray(0, (rows + 7) >> 3);
  const out = new Uint8Array((rows + 7) >> 3);
  for (let row = 0; row < rows; row++) if ((bits[(offset + row) >> 3]! >> ((offset + row) & 7)) & 1) out[row >> 3]! |= 1 << (row & 7);
  return out;
}

function validityOfColumn(column: Column, rows: number): { nullCount: number; nullBitmap?: Uint8Array } {
  if (column.validity === undefined || rows === 0) return { nullCount: 0 };
  const bytes = (rows + 7) >> 3;
  if (column.validity.length < bytes)
    throw new RefineError('ERR_REFINE_INTERNAL', `a validity bitmap has ${column.validity.length} bytes, ${rows} rows need ${bytes}`);
  const bits = column.validity.slice(0, bytes);
  if (rows % 8 !== 0) bits[bytes - 1]! &= (1 << (rows % 8)) - 1;
  let present = 0;
  for (let byte of bits) for (; byte !== 0; byte &= byte - 1) present++;
  return present === rows ? { nullCount: 0 } : { nullCount: rows - present, nullBitmap: bits };
}

function checkOffsets(name: string, offsets: Int32Array, rows: number, values: number): void {
  if (offsets.length !== rows + 1 || offsets[0] !== 0 || offsets[rows]! > values) {
    throw new RefineError(
      'ERR_REFINE_INTERNAL',
      `column "${name}" has ${offsets.length} offsets from ${offsets[0]} to ${offsets[offsets.length - 1]}, expected ${rows + 1} from 0 to at most ${values}`,
    );
  }
}

function kindOf(column: Column): string {
  switch (column.kind) {
    case 'list':
      return `list<${column.values.constructor.name}>`;
    case 'fixed':
      return `fixed<${column.values.constructor.name}>[${column.width}]${column.unit ?? ''}`;
    case 'list-struct':
      return `list-struct<${Object.keys(column.fields).join()}>`;
    default:
      return column.kind;
  }
}

function numberType(values: NumericArray): DataType {
  if (values instanceof Uint8Array) return new arrow.Uint8();
  if (values instanceof Uint16Array) return new arrow.Uint16();
  if (values instanceof Int32Array) return new arrow.Int32();
  if (values instanceof Uint32Array) return new arrow.Uint32();
  if (values instanceof Float32Array) return new arrow.Float32();
  if (values instanceof Float64Array) return new arrow.Float64();
  if (values instanceof BigInt64Array) return new arrow.Int64();
  return new arrow.Uint64();
}

function labelData(labels: readonly string[]): Data<Utf8> {
  const encoded = labels.map((label) => new TextEncoder().encode(label));
  const valueOffsets = new Int32Array(labels.length + 1);
  encoded.forEach((bytes, i) => {
    valueOffsets[i + 1] = valueOffsets[i]! + bytes.length;
  });
  const data = new Uint8Array(valueOffsets[labels.length]!);
  encoded.forEach((bytes, i) => {
    data.set(bytes, valueOffsets[i]!);
  });
  return arrow.makeData({ type: new arrow.Utf8(), length: labels.length, nullCount: 0, valueOffsets, data });
}
