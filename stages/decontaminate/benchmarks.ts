// Benchmark files as items of texts: JSON lines (plain or gzip) and Parquet, whose strings are taken by field or all of them, and plain
// text, where a paragraph is an item. An item's texts are joined, so that n-grams over the seam of question and answer count too.
import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { native, type OverlapCounts, type OverlapIndexHandle, RefineError, utf8Column } from '../../native/index.js';
import { readTextRows } from '../contract/parquet/rows.js';
import { openFileRanges } from '../contract/ranges.js';

/** Of a file that is read whole, unpacked: below what one string holds. */
const MAX_TEXT_BYTES = 500 << 20;

export interface Benchmark {
  readonly name: string;
  /** An absolute path. */
  readonly path: string;
  /** Dotted names of the fields whose strings are an item's texts; empty: every string of the row. */
  readonly fields: readonly string[];
}

export const BENCHMARK_FORMATS = ['.jsonl', '.jsonl.gz', '.json', '.parquet', '.txt', '.txt.gz'] as const;
export const isBenchmarkFile = (path: string): boolean => BENCHMARK_FORMATS.some((ending) => path.endsWith(ending));

/** `mmlu` of data/mmlu.test.jsonl.gz is what the caller shortens further. */
export function baseName(path: string): string {
  const name = basename(path);
  const ending = BENCHMARK_FORMATS.filter((format) => name.endsWith(format)).sort((a, b) => b.length - a.length)[0];
  return ending === undefined ? name : name.slice(0, -ending.length);
}

export async function openIndex(
  benchmarks: readonly Benchmark[],
  options: { readonly n: number; readonly leastWords: number; readonly mostItems: number },
): Promise<{ index: OverlapIndexHandle; counts: OverlapCounts }> {
  const index = native.overlapIndexNew(options.n, options.leastWords, options.mostItems);
  for (const [number, benchmark] of benchmarks.entries()) {
    let items: number[] = [];
    let parts: number[] = [];
    let texts: string[] = [];
    let held = 0;
    const flush = () => {
      native.overlapIndexAdd(index, number, Uint32Array.from(items), Uint8Array.from(parts), utf8Column(texts));
      [items, parts, texts, held] = [[], [], [], 0];
    };
    const add = (item: number, text: string, part: boolean) => {
      items.push(item);
      parts.push(part ? 1 : 0);
      texts.push(text);
      held += text.length;
      if (held > 8e6) flush();
    };
    for await (const { item, strings } of itemsOf(benchmark)) {
      add(item, strings.join('\n'), false);
      if (strings.length > 1) for (const text of strings) add(item, text, true);
    }
    flush();
  }
  return { index, counts: native.overlapIndexFinish(index) };
}

/** Items with the row's number from 1 and its texts; rows without any are passed over. */
export async function* itemsOf(benchmark: Benchmark): AsyncIterable<{ item: number; strings: readonly string[] }> {
  let item = 0;
  try {
    for await (const row of rowsOf(benchmark)) {
      item++;
      const strings = typeof row === 'string' ? [row] : textsOf(row, benchmark.fields);
      if (strings.length > 0) yield { item, strings };
    }
  } catch (cause) {
    if (cause instanceof RefineError) throw cause;
    throw new RefineError(
      'ERR_REFINE_ASSET',
      `cannot be read as a benchmark, row ${item + 1}: ${(cause as Error).message}. Write it again, as JSON lines, Parquet or plain text`,
      {
        place: basename(benchmark.path),
        cause,
      },
    );
  }
  if (item === 0) throw new RefineError('ERR_REFINE_ASSET', 'holds no items: it is empty. Take it out of `benchmarks`', { place: basename(benchmark.path) });
}

async function* rowsOf({ path, fields }: Benchmark): AsyncIterable<unknown> {
  if (path.endsWith('.parquet')) {
    const columns = new Set(fields.map((field) => field.split('.')[0]!));
    const ranges = await openFileRanges(path, basename(path));
    try {
      yield* readTextRows(ranges, basename(path), (name) => fields.length === 0 || columns.has(name), new AbortController().signal);
    } finally {
      await ranges.close();
    }
    return;
  }
  const text = textOf(path);
  if (path.replace(/\.gz$/, '').endsWith('.txt')) {
    yield* text.split(/\r?\n[ \t]*(?:\r?\n[ \t]*)+/).filter((paragraph) => paragraph.trim() !== '');
    return;
  }
  if (path.endsWith('.json')) {
    const rows: unknown = JSON.parse(text);
    yield* Array.isArray(rows) ? rows : [rows];
    return;
  }
  for (let from = 0; from < text.length; ) {
    const newline = text.indexOf('\n', from);
    const end = newline === -1 ? text.length : newline;
    const line = text.slice(from, end).trim();
    from = end + 1;
    if (line !== '') yield JSON.parse(line);
  }
}

function textOf(path: string): string {
  const { size } = statSync(path);
  if (size > MAX_TEXT_BYTES) throw tooLarge(path);
  const bytes = readFileSync(path);
  if (!path.endsWith('.gz')) return bytes.toString('utf8');
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_TEXT_BYTES }).toString('utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(path);
    throw cause;
  }
}

function tooLarge(path: string): RefineError {
  return new RefineError('ERR_REFINE_ASSET', `holds more than ${MAX_TEXT_BYTES >> 20} MiB of text. Split it, or write it as Parquet`, {
    place: basename(path),
  });
}

/** The strings of a row, in order; arrays and objects are gone through. A field that is absent gives none. */
export function textsOf(row: unknown, fields: readonly string[]): readonly string[] {
  const strings: string[] = [];
  const collect = (value: unknown, depth: number): void => {
    if (typeof value === 'string') {
      if (value.trim() !== '') strings.push(value);
    } else if (typeof value === 'object' && value !== null && depth < 20 && !ArrayBuffer.isView(value)) {
      for (const entry of Object.values(value)) collect(entry, depth + 1);
    }
  };
  if (fields.length === 0) collect(row, 0);
  for (const field of fields) {
    let value: unknown = row;
    for (const name of field.split('.')) value = (value as Record<string, unknown> | null | undefined)?.[name];
    collect(value, 0);
  }
  return strings;
}
