// `join`: numbers by host (CommonCrawl's ranks, say) as columns of every document. Rows are read once a run, compiled and
// mapped by all workers; look-up and layout: kernels/text/host_table.cpp.
// Columns are float64: ranks of hosts pass 2^24, where float32 begins to skip integers, and page ranks have 17 digits.
import { basename } from 'node:path';
import { type BytesColumn, type FixedColumn, type HostListHandle, type HostTableHandle, native, RefineError, utf8Column } from '../../native/index.js';
import { Damaged } from '../contract/parquet/bytes.js';
import { ChunkCursor } from '../contract/parquet/chunk-cursor.js';
import { readFooter } from '../contract/parquet/footer.js';
import { refuseEmptyValues } from '../contract/parquet/rows.js';
import type { ParquetColumn } from '../contract/parquet/schema.js';
import type { Value } from '../contract/parquet/values.js';
import { openFileRanges } from '../contract/ranges.js';
import { readArrowRows } from './arrow/rows.js';
import type { Join } from './host-columns.js';
import { lineChunks } from './lists.js';
import { makeOnce, scratchFile } from './scratch.js';
import { publicSuffixes } from './sets.js';

/** Raise it when the same table gives other bytes. */
const TABLE_VERSION = 1;

export interface HostColumns {
  columnsOf(url: BytesColumn): Promise<Record<string, FixedColumn>>;
}

const compiledFile = (join: Join, scratch: string): string =>
  scratchFile(scratch, 'hosts', [join.path], [TABLE_VERSION, join.host, join.reversed, join.columns.map(({ source }) => source)]);

export async function prepareHostTable(join: Join, scratch: string): Promise<void> {
  await makeOnce(compiledFile(join, scratch), () => compileHostTable(join));
}

export async function openHostTable(join: Join, scratch: string | undefined): Promise<HostColumns> {
  let table: HostTableHandle;
  if (scratch === undefined) table = native.hostTableOpen(await compileHostTable(join));
  else {
    await prepareHostTable(join, scratch); // done by the parent, unless the stage is opened without one
    table = native.hostTableOpen(compiledFile(join, scratch));
  }
  const suffixes = join.level === 'domain' ? native.publicSuffixesNew(publicSuffixes()) : null;
  return {
    async columnsOf(url) {
      const values = await native.hostTableFind(table, url, suffixes);
      return Object.fromEntries(join.columns.map(({ name }, index) => [name, nullable(values[index]!)]));
    },
  };
}

function nullable(values: Float64Array): FixedColumn {
  const validity = new Uint8Array((values.length + 7) >> 3);
  for (let row = 0; row < values.length; row++) {
    if (Number.isNaN(values[row])) values[row] = 0;
    else validity[row >> 3]! |= 1 << (row & 7);
  }
  return { kind: 'fixed', values, width: 1, validity };
}

export async function compileHostTable(join: Join): Promise<Uint8Array> {
  const list = native.hostListNew(join.columns.length, join.reversed);
  try {
    await { parquet: addParquet, arrow: addArrow, text: addText }[join.shape.format](join, list);
    return await native.hostListCompile(list);
  } catch (cause) {
    if (cause instanceof RefineError) throw cause;
    throw new RefineError('ERR_REFINE_ASSET', `cannot be read as a table of hosts: ${(cause as Error).message}. Write it again, as Parquet, Arrow or TSV.`, {
      place: basename(join.path),
      cause,
    });
  }
}

/** Rows of Parquet decoded at once. */
const SLICE_ROWS = 16_384;
/** A longer name is of no host, and one dictionary entry can be the name of any number of rows. */
const MAX_HOST_BYTES = 1024;

async function addParquet(join: Join, list: HostListHandle): Promise<void> {
  const place = basename(join.path);
  const ranges = await openFileRanges(join.path, place);
  const { signal } = new AbortController();
  try {
    const info = await readFooter(ranges, place, signal);
    const column = (name: string): ParquetColumn => info.roots.find((root) => root.name === name)!.column!; // resolveJoin saw that it is there
    const columns = [column(join.host), ...join.columns.map(({ source }) => column(source))];
    refuseEmptyValues(info.rows * columns.length, ranges.bytes, place);
    const room = namesRoom(ranges.bytes);
    for (const group of info.groups) {
      if (group.rows === 0) continue;
      const [hosts, ...numbers] = columns.map((one) => new ChunkCursor(ranges, place, one, group)) as [ChunkCursor, ...ChunkCursor[]];
      for (let at = 0; at < group.rows; at += SLICE_ROWS) {
        const rows = Math.min(SLICE_ROWS, group.rows - at);
        const names = utf8Column((await hosts.take(rows, signal)).map(hostOf));
        room(names);
        const values: Float64Array[] = [];
        for (const [index, cursor] of numbers.entries()) values.push(doubles(await cursor.take(rows, signal), columns[index + 1]!));
        native.hostListAdd(list, names, values);
      }
    }
  } finally {
    await ranges.close();
  }
}

/** A dictionary makes a kilobyte of a byte: names that take more than this are of no file of hosts. */
function namesRoom(bytes: number): (hosts: BytesColumn) => void {
  const most = Math.max(1 << 28, 64 * bytes);
  let left = most;
  return ({ data }) => {
    if ((left -= data.length) < 0) throw new Damaged(`it makes more than ${most} bytes of names of ${bytes}`);
  };
}

const decoder = new TextDecoder('utf-8');
const hostOf = (value: Value): string | null => (value instanceof Uint8Array && value.length <= MAX_HOST_BYTES ? decoder.decode(value) : null);

function doubles(values: readonly Value[], { unsigned, type }: ParquetColumn): Float64Array {
  if (!unsigned) return numbers(values as readonly (number | bigint | null)[]);
  return numbers(values.map((value) => (value === null ? null : type === 'INT32' ? Number(value) >>> 0 : BigInt.asUintN(64, value as bigint))));
}

async function addArrow(join: Join, list: HostListHandle): Promise<void> {
  const ranges = await openFileRanges(join.path, basename(join.path));
  const wanted = { name: join.host, numbers: join.columns.map(({ source }) => source), longest: MAX_HOST_BYTES, rows: SLICE_ROWS };
  const { signal } = new AbortController();
  const room = namesRoom(ranges.bytes);
  try {
    for await (const { names, numbers } of readArrowRows(ranges, wanted, signal)) {
      const hosts = utf8Column(names);
      room(hosts);
      native.hostListAdd(list, hosts, numbers);
    }
  } finally {
    await ranges.close();
  }
}

async function addText(join: Join, list: HostListHandle): Promise<void> {
  const { columns, separator } = join.shape;
  const at = (name: string): number => columns.findIndex((column) => column.name === name);
  const fields = join.columns.map(({ source }) => at(source));
  let first = true;
  for await (const chunk of lineChunks(join.path)) {
    const lines = first ? chunk.subarray(chunk.indexOf(0x0a) + 1 || chunk.length) : chunk;
    first = false;
    native.hostListAddLines(list, lines, separator, at(join.host), fields);
  }
}

/** Numbers, bigints or nulls as doubles; NaN is null. */
function numbers(values: ArrayLike<number | bigint | null | undefined>): Float64Array {
  if (values instanceof Float64Array) return values;
  const result = new Float64Array(values.length);
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    result[row] = value === null || value === undefined ? Number.NaN : Number(value);
  }
  return result;
}
