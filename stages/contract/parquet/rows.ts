// Rows as nested values, of the columns that hold text: lists are arrays, structs and maps are objects, JSON is what it says. Row groups
// are read a page of each column at a time. Dremel's levels are put together as Parquet's Nested Encoding has it.
// Files are hostile: values, text and pages are bounded before they are made, and columns that disagree about a row are damage.
import type { Ranges } from '../ranges.js';
import { Damaged } from './bytes.js';
import { ChunkCursor, type Entries, MAX_PAGE_MEMORY, PageMemory } from './chunk-cursor.js';
import { type ParquetInfo, parquetError, readFooter } from './footer.js';
import type { ParquetColumn, ParquetNode } from './schema.js';
import type { Value } from './values.js';

/** The WARC reader's cap on a payload. */
const MAX_ROW_TEXT_BYTES = 16 << 20;
/** One dictionary entry can be the text of any number of rows. */
const MAX_TEXT_BYTES = 2 ** 31;
/** Rows decoded at once, and their values in all columns. */
const SLICE_ROWS = 64;
const MAX_SLICE_VALUES = 1 << 22;
/**
 * A file in which a value takes less than a sixty-fourth of a byte holds the same again and again, or nothing. Where `what` is rows,
 * one column may be nulls throughout if the others, read or not, take up room.
 */
export function refuseEmptyValues(values: number, bytes: number, place: string, what: 'values' | 'rows' = 'values'): void {
  if (values > Math.max(1 << 22, 64 * bytes)) throw parquetError(place, `announces ${values} ${what} in a file of ${bytes} bytes`);
}

/** One object a row, in the file's order, with the roots that `wanted` names and whatever of them holds text. */
export async function* readTextRows(
  ranges: Ranges,
  place: string,
  wanted: (root: string) => boolean,
  signal: AbortSignal,
): AsyncGenerator<Readonly<Record<string, unknown>>> {
  const info = await readFooter(ranges, place, signal);
  const roots = info.roots.flatMap((root) => (wanted(root.name) ? textOf(root) : []));
  const columns = roots.flatMap(columnsIn);
  refuseEmptyValues(countValues(info, columns), ranges.bytes, place);
  const reader = new RowReader(place, roots);
  for (const group of info.groups) {
    if (group.rows === 0) continue;
    const memory = new PageMemory(MAX_PAGE_MEMORY);
    const cursors = columns.map((column) => new ChunkCursor(ranges, place, column, group, memory));
    for (let at = 0; at < group.rows; at += SLICE_ROWS) {
      const rows = Math.min(SLICE_ROWS, group.rows - at);
      let left = MAX_SLICE_VALUES;
      const slice = new Map<ParquetColumn, Entries>();
      for (const [index, cursor] of cursors.entries()) {
        const entries = await cursor.takeEntries(rows, left, signal);
        left -= entries.values.length;
        slice.set(columns[index]!, entries);
      }
      yield* reader.rows(slice, rows, group.start + at);
    }
  }
}

/** Rows too, for they are made where no column holds text. */
function countValues(info: ParquetInfo, columns: readonly ParquetColumn[]): number {
  let values = info.rows;
  for (const group of info.groups) if (group.rows > 0) for (const column of columns) values += group.chunk(column).values;
  return values;
}

/** What of a node holds text, or nothing. A map's keys name its values and are no text of their own. */
function textOf(node: ParquetNode): ParquetNode[] {
  if (node.column !== null) return node.column.holds === 'text' || node.column.holds === 'json' ? [node] : [];
  if (node.kind === 'map') {
    const [key, value] = node.children[0]!.children;
    const texts = textOf(value!);
    return key!.column === null || texts.length === 0 ? [] : [{ ...node, children: [{ ...node.children[0]!, children: [key!, ...texts] }] }];
  }
  const children = node.children.flatMap(textOf);
  return children.length === 0 ? [] : [{ ...node, children }];
}

const columnsIn = (node: ParquetNode): readonly ParquetColumn[] => (node.column === null ? node.children.flatMap(columnsIn) : [node.column]);

const decoder = new TextDecoder('utf-8');

/** Puts rows together. A node's first column says how often it repeats and whether it is there; the others must agree. */
class RowReader {
  #entries: ReadonlyMap<ParquetColumn, Entries> = new Map();
  readonly #at = new Map<ParquetColumn, number>();
  readonly #columns = new Map<ParquetNode, readonly ParquetColumn[]>();
  #row = 0;
  #rowText = 0;
  #text = 0;

  constructor(
    private readonly place: string,
    private readonly roots: readonly ParquetNode[],
  ) {}

  *rows(slice: ReadonlyMap<ParquetColumn, Entries>, rows: number, first: number): Generator<Readonly<Record<string, unknown>>> {
    this.#entries = slice;
    for (const column of slice.keys()) this.#at.set(column, 0);
    for (this.#row = first; this.#row < first + rows; this.#row++) {
      this.#rowText = 0;
      try {
        yield this.#object(this.roots);
      } catch (error) {
        if (error instanceof Damaged) throw parquetError(this.place, `is damaged in row ${this.#row + 1} (${error.message})`, error);
        throw error;
      }
    }
    for (const [column, { values }] of slice) if (this.#at.get(column) !== values.length) this.#disagree(column);
  }

  #object(nodes: readonly ParquetNode[]): Record<string, unknown> {
    const out = Object.create(null) as Record<string, unknown>; // a column may be called __proto__
    for (const node of nodes) out[node.name] = this.#value(node);
    return out;
  }

  #value(node: ParquetNode): unknown {
    const lead = this.#under(node)[0]!;
    if (this.#level(lead) < node.present && node.repetition !== 'required') {
      this.#pass(node);
      return node.repetition === 'repeated' ? [] : null;
    }
    if (node.repetition !== 'repeated') return this.#content(node);
    const out: unknown[] = [];
    do out.push(this.#content(node));
    while (this.#goesOn(lead, node.repeats));
    return out;
  }

  #content(node: ParquetNode): unknown {
    if (node.column !== null) return this.#leaf(node.column);
    const [inner] = node.children;
    if (node.kind === 'list') {
      const elements = this.#value(inner!) as unknown[];
      const only = inner!.children[0];
      return only === undefined ? elements : elements.map((element) => (element as Record<string, unknown>)[only.name]);
    }
    if (node.kind === 'map') {
      const out = Object.create(null) as Record<string, unknown>;
      const [key, value] = inner!.children;
      for (const pair of this.#value(inner!) as Record<string, unknown>[]) out[String(pair[key!.name])] = pair[value!.name];
      return out;
    }
    return this.#object(node.children);
  }

  #leaf(column: ParquetColumn): unknown {
    const value = this.#next(column);
    if (!(value instanceof Uint8Array)) return value;
    this.#rowText += value.length;
    this.#text += value.length;
    if (this.#rowText > MAX_ROW_TEXT_BYTES) throw new Damaged(`more than ${MAX_ROW_TEXT_BYTES} bytes of text in one row`);
    if (this.#text > MAX_TEXT_BYTES) throw new Damaged(`more than ${MAX_TEXT_BYTES} bytes of text up to here; several files may have more`);
    const text = decoder.decode(value);
    if (column.holds !== 'json') return text;
    try {
      return JSON.parse(text) as unknown;
    } catch (cause) {
      throw new Damaged(`column "${column.name}" is no JSON: ${(cause as Error).message}`);
    }
  }

  #next(column: ParquetColumn): Value {
    const at = this.#position(column);
    this.#at.set(column, at + 1);
    return this.#entries.get(column)!.values[at]!;
  }

  #level(column: ParquetColumn): number {
    return this.#entries.get(column)!.definitions[this.#position(column)]!;
  }

  #position(column: ParquetColumn): number {
    const at = this.#at.get(column)!;
    if (at >= this.#entries.get(column)!.values.length) this.#disagree(column);
    return at;
  }

  /** Whether the next value goes on with the list of that repetition level. */
  #goesOn(column: ParquetColumn, repeats: number): boolean {
    return this.#entries.get(column)!.repetitions[this.#at.get(column)!] === repeats;
  }

  /** What is not there has one entry in each of its columns. */
  #pass(node: ParquetNode): void {
    for (const column of this.#under(node)) this.#next(column);
  }

  #under(node: ParquetNode): readonly ParquetColumn[] {
    let columns = this.#columns.get(node);
    if (columns === undefined) this.#columns.set(node, (columns = columnsIn(node)));
    return columns;
  }

  #disagree(column: ParquetColumn): never {
    throw parquetError(this.place, `is damaged near row ${this.#row + 1} (column "${column.name}" has other lists than its neighbours)`);
  }
}
