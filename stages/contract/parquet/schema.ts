// The schema of a Parquet file: a tree of groups with columns for leaves. What a value means is decided here, once: which columns hold
// text, numbers or times, and which groups are lists and maps. Field numbers are those of parquet.thrift; LogicalTypes.md has the rules.
// The schema is written as a list in depth-first order; a hostile one may announce children it does not have.
import { Damaged } from './bytes.js';
import { numberIn, type Struct, structIn, textIn } from './thrift.js';
import type { PhysicalType } from './values.js';

const MAX_DEPTH = 64;
/** Of all columns' paths together. */
const MAX_NAME_CHARACTERS = 16 << 20;

const TYPES: readonly PhysicalType[] = ['BOOLEAN', 'INT32', 'INT64', 'INT96', 'FLOAT', 'DOUBLE', 'BYTE_ARRAY', 'FIXED_LEN_BYTE_ARRAY'];
const REPETITIONS = ['required', 'optional', 'repeated'] as const;

export type TimeUnit = 'days' | 'milliseconds' | 'microseconds' | 'nanoseconds';

export interface ParquetColumn {
  /** `metadata.url` of a struct. */
  readonly name: string;
  readonly type: PhysicalType;
  /** Of FIXED_LEN_BYTE_ARRAY. */
  readonly length: number;
  /** Definition level of a value that is there. */
  readonly present: number;
  /** Repetition level of a value that goes on with the innermost list; 0 where the column is flat. */
  readonly repeats: number;
  /** What INT32, INT64 or INT96 count; null where they are no time. */
  readonly time: TimeUnit | null;
  /** Null: decimals, times, bytes of other kinds. */
  readonly holds: 'text' | 'json' | 'number' | null;
  /** Numbers without a sign, which are stored as if they had one. */
  readonly unsigned: boolean;
  /** Its place among the leaves of a row group. */
  readonly leaf: number;
}

export interface ParquetNode {
  readonly name: string;
  readonly repetition: (typeof REPETITIONS)[number];
  /** Definition level of a value that is there, and of one more element of a list. */
  readonly present: number;
  /** Repetition level of the innermost list that it is in or is. */
  readonly repeats: number;
  /** `list` and `map`: a group around a repeated child, whose elements, or keys and values, are what it holds. */
  readonly kind: 'leaf' | 'group' | 'list' | 'map';
  /** Of a leaf. */
  readonly column: ParquetColumn | null;
  readonly children: readonly ParquetNode[];
}

export interface ParquetSchema {
  readonly roots: readonly ParquetNode[];
  /** Flat columns by name; null where the name is a list or a struct. */
  readonly columns: ReadonlyMap<string, ParquetColumn | null>;
  readonly leaves: number;
}

/** SchemaElement: type 1, type_length 2, repetition_type 3, name 4, num_children 5, converted_type 6, logicalType 10. */
export function schemaOf(elements: readonly Struct[]): ParquetSchema {
  const columns = new Map<string, ParquetColumn | null>();
  let next = 1;
  let leaves = 0;
  let characters = 0;
  const visit = (above: string, present: number, repeats: number, depth: number): ParquetNode => {
    const element = elements[next++];
    if (element === undefined || depth > MAX_DEPTH) throw new Damaged('more columns than it describes');
    const name = textIn(element, 4) ?? '';
    const path = `${above}${name}`;
    if ((characters += path.length) > MAX_NAME_CHARACTERS) throw new Damaged('names of megabytes');
    const repetition = REPETITIONS[numberIn(element, 3) ?? 1] ?? 'optional';
    const level = present + (repetition === 'required' ? 0 : 1);
    const within = repeats + (repetition === 'repeated' ? 1 : 0);
    const node = { name, repetition, present: level, repeats: within };
    const number = numberIn(element, 1);
    if (number === null) {
      columns.set(path, null);
      const children: ParquetNode[] = [];
      for (let left = numberIn(element, 5) ?? 0; left > 0; left--) children.push(visit(`${path}.`, level, within, depth + 1));
      return { ...node, kind: groupKind(element, children), column: null, children };
    }
    const type = TYPES[number];
    if (type === undefined) throw new Damaged(`a column of the unknown type ${number}`);
    const meaning = { time: timeOf(element, type), holds: holdsOf(element, type), unsigned: isUnsigned(element) };
    const column = { name: path, type, length: numberIn(element, 2) ?? 0, present: level, repeats: within, ...meaning, leaf: leaves++ };
    columns.set(path, within > 0 ? null : column);
    return { ...node, kind: 'leaf', column, children: [] };
  };
  const roots: ParquetNode[] = [];
  for (let left = numberIn(elements[0] ?? [], 5) ?? 0; left > 0; left--) roots.push(visit('', 0, 0, 1));
  if (next !== Math.max(1, elements.length)) throw new Damaged('elements that belong to no column');
  return { roots, columns, leaves };
}

// Numbers of ConvertedType (field 6) and fields of the union LogicalType (field 10) that are told apart here.
const CONVERTED = { utf8: 0, map: 1, list: 3, enum: 4, date: 6, millis: 9, micros: 10, uint8: 11, uint64: 14, int64: 18, json: 19 } as const;
const LOGICAL = { string: 1, map: 2, list: 3, enum: 4, date: 6, timestamp: 8, integer: 10, json: 12 } as const;

const logicalOf = (element: Struct): number | null => {
  const found = (structIn(element, 10) ?? []).findIndex((field) => field !== undefined);
  return found === -1 ? null : found;
};

/** A repeated child of one value is a list, one of key and value a map; other groups that say so are read as groups. */
function groupKind(element: Struct, children: readonly ParquetNode[]): ParquetNode['kind'] {
  const [inner] = children;
  if (children.length !== 1 || inner?.repetition !== 'repeated') return 'group';
  const [converted, logical] = [numberIn(element, 6), logicalOf(element)];
  if (converted === CONVERTED.list || logical === LOGICAL.list) return inner.children.length <= 1 ? 'list' : 'group';
  const isMap = converted === CONVERTED.map || logical === LOGICAL.map;
  return isMap && inner.children.length === 2 && inner.children.every(({ repetition }) => repetition !== 'repeated') ? 'map' : 'group';
}

function holdsOf(element: Struct, type: PhysicalType): ParquetColumn['holds'] {
  const [converted, logical] = [numberIn(element, 6), logicalOf(element)];
  if (type === 'BYTE_ARRAY') {
    if (converted === CONVERTED.json || logical === LOGICAL.json) return 'json';
    const named = converted === null || converted === CONVERTED.utf8 || converted === CONVERTED.enum;
    return named && (logical === null || logical === LOGICAL.string || logical === LOGICAL.enum) ? 'text' : null;
  }
  if (type === 'FLOAT' || type === 'DOUBLE') return 'number';
  if (type !== 'INT32' && type !== 'INT64') return null;
  const whole = converted === null || (converted >= CONVERTED.uint8 && converted <= CONVERTED.int64);
  return whole && (logical === null || logical === LOGICAL.integer) ? 'number' : null;
}

/** IntType: bitWidth 1, isSigned 2. */
function isUnsigned(element: Struct): boolean {
  const converted = numberIn(element, 6);
  const integer = structIn(structIn(element, 10) ?? [], LOGICAL.integer);
  return integer === null ? converted !== null && converted >= CONVERTED.uint8 && converted <= CONVERTED.uint64 : integer[2] === false;
}

/** TimestampType: unit 2 (MILLIS 1, MICROS 2, NANOS 3). */
function timeOf(element: Struct, type: PhysicalType): TimeUnit | null {
  if (type === 'INT96') return 'nanoseconds';
  const logical = structIn(element, 10) ?? [];
  const converted = numberIn(element, 6);
  if (type === 'INT32') return logical[LOGICAL.date] !== undefined || converted === CONVERTED.date ? 'days' : null;
  if (type !== 'INT64') return null;
  const timestamp = structIn(logical, LOGICAL.timestamp);
  if (timestamp === null) return converted === CONVERTED.millis ? 'milliseconds' : converted === CONVERTED.micros ? 'microseconds' : null;
  const unit = structIn(timestamp, 2) ?? [];
  return unit[1] !== undefined ? 'milliseconds' : unit[2] !== undefined ? 'microseconds' : unit[3] !== undefined ? 'nanoseconds' : null;
}
