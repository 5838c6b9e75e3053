// A document as one line of JSON, as `refine try` and `refine inspect` print it. float32 values are written with the fewest
// digits that read back as the same float32 (0.98, not 0.9800000190734863), 64-bit integers with all their digits.
import { type Batch, type Column, isValid, valueAt } from '../native/batch.js';

/** JSON of one cell; null where JSON cannot hold it (bytes, NaN, infinities). */
function cellJson(column: Column, row: number): string {
  if (!isValid(column, row) || column.kind === 'binary') return 'null';
  const single = (column.kind === 'fixed' || column.kind === 'list') && column.values instanceof Float32Array;
  return valueJson(valueAt(column, row), single);
}

function valueJson(value: unknown, single: boolean): string {
  if (Array.isArray(value)) return `[${value.map((item) => valueJson(item, single)).join(',')}]`;
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return !Number.isFinite(value) ? 'null' : String(single ? shortestFloat32(value) : value);
  return JSON.stringify(value) ?? 'null';
}

export function shortestFloat32(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return Number(value.toPrecision(9));
}

/** `extra` comes after id and url; then the named columns, those that the batch has. */
export function documentJson(batch: Batch, row: number, names: readonly string[], extra: Readonly<Record<string, unknown>>): string {
  const parts: string[] = [];
  const add = (name: string, json: string): number => parts.push(`${JSON.stringify(name)}:${json}`);
  const cell = (name: string): void => {
    const column = batch.columns[name];
    if (column !== undefined && column.kind !== 'binary') add(name, cellJson(column, row));
  };
  cell('id');
  cell('url');
  for (const [name, value] of Object.entries(extra)) add(name, valueJson(value, false));
  for (const name of names) if (name !== 'id' && name !== 'url' && !(name in extra)) cell(name);
  return `{${parts.join(',')}}`;
}
