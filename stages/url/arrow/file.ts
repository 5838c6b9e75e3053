// An Arrow IPC file as its footer has it: which columns, and where each batch's bytes lie. Everything is held against the file's size
// before it is used, and a file that has bytes which its footer does not name is refused: rows would be lost without a word.
// Source: Arrow columnar format 1.5, "IPC File Format"; field numbers are those of Schema.fbs, Message.fbs and File.fbs.
import { Damaged } from '../../contract/parquet/bytes.js';
import { FlatTable } from './flatbuffer.js';

const MAX_FOOTER_BYTES = 64 << 20;
const MAX_MESSAGE_BYTES = 64 << 20;
const MAX_FIELDS = 1 << 16;
const MAX_DEPTH = 64;
const MAX_NAME_CHARACTERS = 16 << 20;
/** Between blocks: the widest alignment that writers use. */
const MAX_PADDING_BYTES = 64;
/** The magic and its padding begin a file; the footer's length and the magic end it. */
export const HEAD_BYTES = 8;
export const ARROW_END_BYTES = 10;

/** Type of Schema.fbs, in its order; what is not here has another layout than any that is known. */
const TYPES = [
  'none',
  'null',
  'int',
  'float',
  'binary',
  'utf8',
  'bool',
  'decimal',
  'date',
  'time',
  'timestamp',
  'interval',
  'list',
  'struct',
  'union',
  'fixed-size-binary',
  'fixed-size-list',
  'map',
  'duration',
  'large-binary',
  'large-utf8',
  'large-list',
  'run-end-encoded',
  'binary-view',
  'utf8-view',
  'list-view',
  'large-list-view',
] as const;
type Type = (typeof TYPES)[number];

/** Buffers of a type in a record batch, without those of its children. */
function buffersOf(type: Type, of: FlatTable | null, version: number): number {
  switch (type) {
    case 'null':
    case 'run-end-encoded':
      return 0;
    case 'struct':
    case 'fixed-size-list':
      return 1;
    case 'union': // a sparse one has types, a dense one offsets too; version 4 gave both a validity
      return (of?.int16(0) === 1 ? 2 : 1) + (version < 4 ? 1 : 0);
    case 'binary':
    case 'utf8':
    case 'large-binary':
    case 'large-utf8':
    case 'list-view':
    case 'large-list-view':
      return 3;
    default: // views too, whose further buffers are counted a batch
      return 2;
  }
}

export type Numbers = { readonly kind: 'int'; readonly bytes: 1 | 2 | 4 | 8; readonly signed: boolean } | { readonly kind: 'float'; readonly bytes: 4 | 8 };
/** `offsets`: bytes of one; a view has none. */
export type Texts = { readonly kind: 'text'; readonly offsets: 4 | 8 } | { readonly kind: 'view' };

export interface ArrowColumn {
  readonly name: string;
  /** Null: neither numbers nor text. */
  readonly values: Numbers | Texts | null;
  /** Where values are indices: of which dictionary, and as what. `values` is what that holds. */
  readonly dictionary: { readonly id: number; readonly indices: Numbers } | null;
  /** Its first node, buffer (views of columns before it not counted) and view in a record batch. */
  readonly node: number;
  readonly buffer: number;
  readonly view: number;
}

/** A message with its body: [at, at + head + body). */
export interface Block {
  readonly at: number;
  readonly head: number;
  readonly body: number;
}

export interface ArrowInfo {
  readonly columns: readonly ArrowColumn[];
  readonly dictionaries: readonly Block[];
  readonly batches: readonly Block[];
  /** Where the blocks end: the first byte of the footer. */
  readonly end: number;
}

/** Bytes of the footer before the last `ARROW_END_BYTES`, which `end` is, in a file of `bytes`. */
export function arrowFooterBytes(end: Uint8Array, bytes: number): number {
  const whole = end.length === ARROW_END_BYTES && Buffer.from(end).toString('latin1', 4) === 'ARROW1';
  if (!whole) throw new Damaged('the file is cut short: it does not end as an Arrow file');
  const length = new DataView(end.buffer, end.byteOffset, end.length).getInt32(0, true);
  if (length <= 0 || length > bytes - HEAD_BYTES - ARROW_END_BYTES || length > MAX_FOOTER_BYTES)
    throw new Damaged(`a footer of ${length} bytes in a file of ${bytes}`);
  return length;
}

/** Footer: version 0, schema 1, dictionaries 2, recordBatches 3. Schema: endianness 0, fields 1. */
export function parseArrowFooter(footer: Uint8Array, bytes: number): ArrowInfo {
  const root = FlatTable.root(footer);
  const version = root.int16(0);
  if (version !== 3 && version !== 4) throw new Damaged(`an Arrow file of metadata version ${version + 1}, expected 4 or 5`);
  const schema = root.table(1);
  if (schema === null) throw new Damaged('a footer without a schema');
  if (schema.int16(0) !== 0) throw new Damaged('an Arrow file of big-endian numbers, expected little-endian ones');
  const dictionaries = blocksOf(root, 2);
  const batches = blocksOf(root, 3);
  const end = bytes - ARROW_END_BYTES - footer.length;
  checkCover([...dictionaries, ...batches], end);
  return { columns: columnsOf(schema, version), dictionaries, batches, end };
}

const blocksOf = (root: FlatTable, field: number): Block[] => root.blocks(field).map(({ offset, head, body }) => ({ at: offset, head, body }));

/** Blocks stand one behind the other from the schema's message to `end`: else the same bytes could be any number of rows, or rows be left out. */
function checkCover(blocks: readonly Block[], end: number): void {
  let at: number | null = null; // the schema's message stands before the first: how long it is, the reader of it says
  for (const { at: from, head, body } of [...blocks].sort((a, b) => a.at - b.at)) {
    if (!(head > 0 && head <= MAX_MESSAGE_BYTES && from >= (at ?? HEAD_BYTES) && from + head + body <= end))
      throw new Damaged(`a block of ${head} + ${body} bytes at byte ${from}, past its neighbour or the end`);
    if (at !== null) checkGap(at, from);
    at = from + head + body;
  }
  if (at !== null) checkGap(at, end);
}

/** `from`: where a message or the body of one ends; `to`: where the next begins, or the footer. */
export function checkGap(from: number, to: number): void {
  if (to - from > MAX_PADDING_BYTES) throw new Damaged(`${to - from} bytes from byte ${from} on that its footer does not name`);
}

/** Field: name 0, type_type 2, type 3, dictionary 4, children 5. DictionaryEncoding: id 0, indexType 1. */
function columnsOf(schema: FlatTable, version: number): ArrowColumn[] {
  const next = { node: 0, buffer: 0, view: 0 };
  let fields = 0;
  let characters = 0;
  const pass = (field: FlatTable, depth: number): void => {
    if (++fields > MAX_FIELDS || depth > MAX_DEPTH) throw new Damaged(`more than ${MAX_FIELDS} fields, or ${MAX_DEPTH} in each other`);
    next.node++;
    if (field.table(4) !== null) {
      next.buffer += 2; // indices; the values stand in dictionary batches
      return;
    }
    const type = typeOf(field);
    next.buffer += buffersOf(type, field.table(3), version);
    if (type === 'utf8-view' || type === 'binary-view') next.view++;
    for (const child of field.tables(5, MAX_FIELDS)) pass(child, depth + 1);
  };
  return schema.tables(1, MAX_FIELDS).map((field) => {
    const name = field.text(0);
    if ((characters += name.length) > MAX_NAME_CHARACTERS) throw new Damaged('names of megabytes');
    const from = { ...next };
    pass(field, 1);
    const encoding = field.table(4);
    const dictionary = encoding === null ? null : { id: encoding.int64(0), indices: indicesOf(encoding.table(1)) };
    return { name, values: valuesOf(field), dictionary, ...from };
  });
}

function typeOf(field: FlatTable): Type {
  const number = field.int8(2);
  const type = TYPES[number];
  if (type === undefined || type === 'none') throw new Damaged(`a column of the unknown type ${number}`);
  return type;
}

/** Int: bitWidth 0, is_signed 1. FloatingPoint: precision 0 (half, single, double). */
function valuesOf(field: FlatTable): ArrowColumn['values'] {
  const of = field.table(3);
  switch (typeOf(field)) {
    case 'utf8':
      return { kind: 'text', offsets: 4 };
    case 'large-utf8':
      return { kind: 'text', offsets: 8 };
    case 'utf8-view':
      return { kind: 'view' };
    case 'int':
      return intOf(of);
    case 'float': {
      const precision = of?.int16(0) ?? 0;
      return precision === 1 || precision === 2 ? { kind: 'float', bytes: precision === 1 ? 4 : 8 } : null;
    }
    default:
      return null;
  }
}

function intOf(of: FlatTable | null): Numbers {
  const bits = of?.int32(0) ?? 0;
  if (bits !== 8 && bits !== 16 && bits !== 32 && bits !== 64) throw new Damaged(`whole numbers of ${bits} bits`);
  return { kind: 'int', bytes: (bits / 8) as 1 | 2 | 4 | 8, signed: of!.int8(1) !== 0 };
}

const indicesOf = (type: FlatTable | null): Numbers => (type === null ? { kind: 'int', bytes: 4, signed: true } : intOf(type));
