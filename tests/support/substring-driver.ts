// dedupe-substring in process, as the engine runs it: maps, phases, edits. And what it must find, by two slow references.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BytesColumn, utf8Column } from '../../native/index.js';
import { EVERYTHING, mergeRecords } from '../../native/records.js';
import type { NumberedFile, PhaseTask } from '../../stages/contract/barrier.js';
import { dedupeSubstringWith } from '../../stages/dedupe/substring/dedupe-substring.js';
import { loadTokenizer, TOKENIZER_KINDS, tokenizerFiles } from '../../stages/tokenize/load-tokenizer.js';

export const dedupeSubstring = dedupeSubstringWith({
  files: tokenizerFiles,
  open: (name, baseDir) => loadTokenizer(name, baseDir).handle,
  kinds: TOKENIZER_KINDS,
});

export interface Span {
  readonly input: number;
  readonly row: number;
  readonly start: number;
  readonly end: number;
}

export interface Found {
  readonly spans: readonly Span[];
  readonly notes: Readonly<Record<string, number>>;
}

export interface Driven {
  /** Files by "phase/role" ("map/..."), with the number of the task that wrote each. */
  readonly files: ReadonlyMap<string, readonly NumberedFile[]>;
  readonly totals: Readonly<Record<string, number>>;
  readonly notes: Readonly<Record<string, number>>;
}

interface How {
  readonly partitions?: number;
  readonly memoryBytes?: number;
  /** Rows that earlier steps dropped, by input. */
  readonly dropped?: readonly (readonly number[])[];
  /** Told after the maps and each phase. */
  readonly onPhase?: (name: string) => void;
}

/** Runs maps and phases over inputs given as columns of texts, which are not held; everything is written below `folder`. */
export async function driveSubstring(
  folder: string,
  inputs: readonly Iterable<BytesColumn>[],
  rawOptions: Record<string, unknown>,
  how: How = {},
): Promise<Driven> {
  const options = dedupeSubstring.schema.parse(rawOptions);
  const memoryBytes = how.memoryBytes ?? 64 * 2 ** 20;
  const env = { seed: 0n, baseDir: '.', device: 'cpu' } as const;
  const files = new Map<string, NumberedFile[]>();
  const signal = new AbortController().signal;
  const taskFiles = (from: string, number: number) => ({
    memoryBytes,
    path: (role: string) => {
      const path = join(folder, `${from}-${number}-${role}`);
      const key = `${from}/${role}`;
      files.set(key, [...(files.get(key) ?? []), { number, path }]);
      return path;
    },
    folder: async () => {
      const own = join(folder, `${from}-${number}-scratch`);
      mkdirSync(own, { recursive: true });
      return own;
    },
  });
  const totals: Record<string, number> = {};
  const run = await dedupeSubstring.open(options, env);
  const lengths: number[] = [];
  for (const [number, columns] of inputs.entries()) {
    const map = run.map(taskFiles('map', number));
    let documents = 0;
    for (const text of columns) {
      const rows = BigUint64Array.from({ length: text.offsets.length - 1 }, (_, i) => (BigInt(number) << 32n) | BigInt(documents + i));
      await map.add({ rows: rows.length, columns: { text } }, rows, signal);
      documents += rows.length;
    }
    lengths.push(documents);
    for (const [name, value] of Object.entries(await map.finish())) totals[name] = (totals[name] ?? 0) + value;
  }
  await run.close();
  how.onPhase?.('map');
  const dropped = (how.dropped ?? []).map((rows, number) => {
    const path = join(folder, `dropped-${number}`);
    const bits = new Uint8Array(Math.ceil(lengths[number]! / 8));
    for (const row of rows) bits[row >> 3]! |= 1 << (row & 7);
    writeFileSync(path, bits);
    return { number, path };
  });
  const notes: Record<string, number> = {};
  for (const phase of dedupeSubstring.phases(options, totals, { spillBytes: 1e9, memoryBytes, partitions: how.partitions ?? 1 })) {
    const count = phase.over === 'inputs' ? inputs.length : phase.over === 'run' ? 1 : phase.count!;
    for (let number = 0; number < count; number++) {
      const task = {
        ...taskFiles(phase.name, number),
        number,
        count,
        env,
        inputs: inputs.map((_, input) => input),
        dropped: () => (phase.over === 'inputs' ? dropped.filter((file) => file.number === number) : dropped),
        files: (from: string, role: string) => {
          const read = phase.reads.find((one) => one.from === from && one.role === role);
          if (read === undefined) throw new Error(`${phase.name} does not declare ${from}/${role}`);
          return (files.get(`${from}/${role}`) ?? []).filter((file) => read.match === 'all' || file.number === number);
        },
      } as unknown as PhaseTask;
      for (const [name, value] of Object.entries((await phase.run(options, task, signal)).notes ?? {})) notes[name] = (notes[name] ?? 0) + value;
    }
    how.onPhase?.(phase.name);
  }
  return { files, totals, notes };
}

export async function findSpans(inputs: readonly (readonly string[])[], rawOptions: Record<string, unknown>, how: How = {}): Promise<Found> {
  const folder = mkdtempSync(join(tmpdir(), 'refine-substring-'));
  try {
    const columns = inputs.map((texts) => Array.from({ length: Math.ceil(texts.length / 100) }, (_, i) => utf8Column(texts.slice(i * 100, i * 100 + 100))));
    const { files, notes } = await driveSubstring(folder, columns, rawOptions, how);
    const spans: Span[] = [];
    const paths = (files.get('edits/edits') ?? []).map((file) => file.path);
    for await (const { keys } of mergeRecords(paths, EVERYTHING, how.memoryBytes ?? 64 * 2 ** 20))
      for (let i = 0; i < keys.length; i += 3)
        spans.push({ input: Number(keys[i]! >> 32n), row: Number(keys[i]! & 0xffffffffn), start: Number(keys[i + 1]), end: Number(keys[i + 2]) });
    return { spans, notes };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Symbols of documents, back to back; document d owns [offsets[d], offsets[d + 1]). */
export interface Corpus {
  readonly symbols: Uint32Array;
  readonly offsets: readonly number[];
}

export function corpusOf(documents: readonly ArrayLike<number>[]): Corpus {
  const offsets = [0];
  for (const document of documents) offsets.push(offsets.at(-1)! + document.length);
  const symbols = new Uint32Array(offsets.at(-1)!);
  for (const [i, document] of documents.entries()) symbols.set(document, offsets[i]!);
  return { symbols, offsets };
}

/** Every window by its content as a string: for small corpora. 1 where a symbol is covered. */
export function coveredByWindows({ symbols, offsets }: Corpus, span: number, keep: 'first' | 'none'): Uint8Array {
  const places = new Map<string, number[]>();
  for (let d = 0; d + 1 < offsets.length; d++)
    for (let at = offsets[d]!; at + span <= offsets[d + 1]!; at++) {
      const content = symbols.subarray(at, at + span).join();
      const before = places.get(content);
      if (before === undefined) places.set(content, [at]);
      else before.push(at);
    }
  const covered = new Uint8Array(symbols.length);
  for (const at of places.values()) {
    if (at.length === 1) continue;
    for (const start of keep === 'first' ? at.slice(1) : at) covered.fill(1, start, start + span);
  }
  return covered;
}

/**
 * google-research/deduplicate-text-datasets: the suffixes of the whole corpus in order, a separator of its own after each document, and every
 * position covered whose suffix shares `span` symbols with a neighbour's. Suffixes are ranked by doubling (Manber & Myers 1993) up to `span` symbols,
 * so that the classes of equal ranks are exactly the groups of neighbours with an LCP of `span` or more. No hashing anywhere.
 */
export function coveredBySuffixes({ symbols, offsets }: Corpus, span: number, keep: 'first' | 'none'): Uint8Array {
  const documents = offsets.length - 1;
  const n = symbols.length + documents;
  const text = new Float64Array(n); // separators lie above every 32-bit symbol
  const place = new Int32Array(n); // of a suffix's first symbol in `symbols`, -1 for separators
  for (let d = 0, to = 0; d < documents; d++) {
    for (let at = offsets[d]!; at < offsets[d + 1]!; at++, to++) {
      text[to] = symbols[at]!;
      place[to] = at;
    }
    text[to] = 2 ** 32 + d;
    place[to++] = -1;
  }
  let rank = ranksOf(text);
  const pairs = new Float64Array(n);
  const join2 = (ranks: Int32Array, step: number): Int32Array => {
    for (let i = 0; i < n; i++) pairs[i] = ranks[i]! * (n + 1) + (i + step < n ? ranks[i + step]! + 1 : 0);
    return ranksOf(pairs);
  };
  let length = 1;
  while (length * 2 <= span) {
    rank = join2(rank, length);
    length *= 2;
  }
  if (length < span) rank = join2(rank, span - length);
  const order = new Uint32Array(n);
  const counts = new Uint32Array(n + 1);
  for (let i = 0; i < n; i++) counts[rank[i]! + 1]!++;
  for (let r = 0; r < n; r++) counts[r + 1]! += counts[r]!;
  const next = counts.slice();
  for (let i = 0; i < n; i++) order[next[rank[i]!]!++] = i; // ascending by place within a class
  const covered = new Uint8Array(symbols.length);
  for (let r = 0; r < n; r++) {
    for (let i = counts[r]!; i < counts[r + 1]!; i++) {
      if (counts[r + 1]! - counts[r]! < 2 || (keep === 'first' && i === counts[r]!)) continue;
      covered.fill(1, place[order[i]!]!, place[order[i]!]! + span);
    }
  }
  return covered;
}

/** Dense ranks of values, equal ones equal. */
function ranksOf(values: Float64Array): Int32Array {
  const sorted = values.slice().sort();
  let kept = 0;
  for (let i = 0; i < sorted.length; i++) if (i === 0 || sorted[i] !== sorted[i - 1]) sorted[kept++] = sorted[i]!;
  const ranks = new Int32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    let low = 0;
    let high = kept;
    const value = values[i]!;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (sorted[middle]! <= value) low = middle;
      else high = middle;
    }
    ranks[i] = low;
  }
  return ranks;
}
