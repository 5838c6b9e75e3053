// Record files: write and sort, merge, star edges, components, beside what the machine copies in the same run. Each case is a process of
// its own, so its peak of resident memory is its own too; CPU time is of all threads and includes the system's (page cache, files).
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { components, EDGE_SHAPE, EVERYTHING, KEY_SHAPE, mergeRecords, RecordWriter, starEdges } from '../../native/records.js';
import type { Figure } from './main.js';
import { cpuSecondsSince } from './measure.js';

const MIB = 1024 * 1024;

interface Case {
  readonly cpu: number;
  readonly wall: number;
  readonly peak: number;
  readonly units: number;
  readonly bytes: number;
  readonly note: string;
}

/** SplitMix32 into both halves of each word: made outside of what is measured. */
function filler(seed: number): (words: Uint32Array) => void {
  let state = seed >>> 0;
  return (words) => {
    for (let i = 0; i < words.length; i++) {
      state = (state + 0x9e3779b9) >>> 0;
      let z = state;
      z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
      z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
      words[i] = z ^ (z >>> 16);
    }
  };
}

const BATCH = 100_000;

/** `n` records of random keys through `each`, a batch at a time; time in `each` is what is measured. */
async function keys(n: number, seed: number, each: (keys: BigUint64Array) => Promise<void>, shape: (words: Uint32Array) => void = () => {}, wordsOfKey = 3) {
  const fill = filler(seed);
  const all = new BigUint64Array(wordsOfKey * BATCH);
  for (let first = 0; first < n; first += BATCH) {
    const batch = all.subarray(0, wordsOfKey * Math.min(BATCH, n - first));
    const words = new Uint32Array(batch.buffer, 0, 2 * batch.length);
    fill(words);
    shape(words);
    await each(batch);
  }
}

/** A group of three equal keys on average: the key is a hash of one of n / 3 numbers. */
const groupsOf = (n: number) => (words: Uint32Array) => {
  for (let i = 0; i < words.length; i += 6) {
    const group = words[i]! % (n / 3);
    words[i] = Math.imul(group, 0x9e3779b1);
    words[i + 1] = Math.imul(group, 0x85ebca77);
    words[i + 2] = words[i + 3] = group;
    words[i + 4]! %= 40_000;
    words[i + 5]! %= 1000;
  }
};

/** Ends among 2n rows: components of all sizes, half of the rows in the largest. */
const edgesOf = (n: number) => (words: Uint32Array) => {
  for (let i = 0; i < words.length; i += 2) {
    const row = words[i]! % (2 * n);
    words[i] = Math.floor(row / 1000);
    words[i + 1] = row % 1000;
  }
};

async function write(
  path: string,
  n: number,
  memory: number,
  seed: number,
  time: <T>(work: () => Promise<T>) => Promise<T>,
): Promise<{ bytes: number; runs: number }> {
  const writer = await RecordWriter.open(path, KEY_SHAPE, memory);
  await keys(n, seed, (batch) => time(() => writer.add(batch)));
  return time(() => writer.finish());
}

type Timed = <T>(work: () => Promise<T>) => Promise<T>;
const CASES: Readonly<
  Record<string, (folder: string, n: number, memory: number, parameter: number, time: Timed) => Promise<Omit<Case, 'cpu' | 'wall' | 'peak'>>>
> = {
  write: async (folder, n, memory, _, time) => {
    const { bytes, runs } = await write(join(folder, 'records'), n, memory, 1, time);
    return { units: n, bytes, note: `${runs} runs` };
  },
  merge: async (folder, n, memory, files, time) => {
    const paths: string[] = [];
    for (let f = 0; f < files; f++) {
      paths.push(join(folder, `records-${f}`));
      await write(paths[f]!, Math.floor(n / files), 16 * MIB, f + 1, (work) => work());
    }
    const rows = await time(async () => {
      let sum = 0;
      for await (const batch of mergeRecords(paths, EVERYTHING, memory)) sum += batch.rows;
      return sum;
    });
    return { units: rows, bytes: rows * 24, note: 'into arrays of JavaScript' };
  },
  stars: async (folder, n, memory, _, time) => {
    const writer = await RecordWriter.open(join(folder, 'records'), KEY_SHAPE, 16 * MIB);
    await keys(n, 1, (batch) => writer.add(batch), groupsOf(n));
    await writer.finish();
    const counts = await time(() => starEdges([join(folder, 'records')], EVERYTHING, [], join(folder, 'edges'), memory));
    return { units: n, bytes: n * 24, note: `${counts.edges} edges of ${counts.groups} groups` };
  },
  components: async (folder, n, memory, _, time) => {
    const writer = await RecordWriter.open(join(folder, 'edges'), EDGE_SHAPE, 16 * MIB);
    await keys(n, 1, (batch) => writer.add(batch), edgesOf(n), 2);
    await writer.finish();
    const counts = await time(() => components([join(folder, 'edges')], join(folder, 'components'), folder, memory));
    return {
      units: n,
      bytes: n * 16,
      note: `${counts.rows} rows, ${counts.buckets} buckets, ${counts.sent} edges sent, ${Math.round(counts.spilled / MIB)} MiB spilled`,
    };
  },
  memory: async (_folder, n, _memory, _parameter, time) => {
    const from = Buffer.alloc(n, 1);
    const to = Buffer.alloc(n, 2);
    await time(async () => from.copy(to));
    return { units: n, bytes: n, note: 'one copy, read and write' };
  },
  disk: async (folder, n, _memory, _parameter, time) => {
    const piece = Buffer.alloc(MIB, 1);
    const file = openSync(join(folder, 'bytes'), 'w');
    await time(async () => {
      for (let i = 0; i < n; i += MIB) writeSync(file, piece);
    });
    closeSync(file);
    return { units: n, bytes: n, note: 'into the page cache' };
  },
};

/** In the child: one case, its figures as JSON. */
async function child([name, folder, n, memory, parameter]: readonly string[]): Promise<void> {
  let [cpu, wall] = [0, 0];
  const time: Timed = async (work) => {
    const [start, used] = [performance.now(), process.cpuUsage()];
    const result = await work();
    cpu += cpuSecondsSince(used);
    wall += (performance.now() - start) / 1000;
    return result;
  };
  const result = await CASES[name!]!(folder!, Number(n), Number(memory), Number(parameter), time);
  console.log(JSON.stringify({ ...result, cpu, wall, peak: process.resourceUsage().maxRSS * 1024 }));
}

function run(name: string, n: number, memory: number, parameter = 0): Case {
  const best: Case[] = [];
  for (let repeat = 0; repeat < 3; repeat++) {
    const folder = mkdtempSync(join(process.env.REFINE_BENCH_FOLDER ?? tmpdir(), 'refine-spill-'));
    try {
      const done = spawnSync(process.execPath, [fileURLToPath(import.meta.url), '--case', name, folder, String(n), String(memory), String(parameter)], {
        encoding: 'utf8',
      });
      if (done.status !== 0) throw new Error(done.stderr);
      best.push(JSON.parse(done.stdout) as Case);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
  return best.sort((x, y) => x.cpu - y.cpu)[0]!;
}

export async function figures(): Promise<Figure[]> {
  const figures: Figure[] = [];
  const add = (what: string, unit: string, done: Case) =>
    figures.push({
      bench: 'spill',
      what,
      unit,
      value: done.units / done.cpu,
      note: `${(done.bytes / done.cpu / 1e9).toFixed(2)} GB/s; ${done.note}; ${done.wall.toFixed(2)} s of wall time, peak ${Math.round(done.peak / MIB)} MiB resident; best of 3`,
    });
  const folder = process.env.REFINE_BENCH_FOLDER ?? tmpdir();
  add('memory copy', 'bytes/s', run('memory', 512 * MIB, 0));
  add(`file write (file system type 0x${statfsSync(folder).type.toString(16)})`, 'bytes/s', run('disk', 512 * MIB, 0));
  const n = Number(process.env.REFINE_BENCH_RECORDS ?? 10_000_000);
  for (const memory of [64, 1024]) add(`write and sort ${n} records of 24 bytes, ${memory} MiB`, 'records/s', run('write', n, memory * MIB));
  for (const files of [2, 64, 1000]) add(`merge ${n} records of ${files} files, 256 MiB`, 'records/s', run('merge', n, 256 * MIB, files));
  add(`star edges of ${n} keys, 256 MiB`, 'records/s', run('stars', n, 256 * MIB));
  for (const edges of [n / 10, n])
    for (const memory of [64, 1024]) add(`components of ${edges} edges, ${memory} MiB`, 'edges/s', run('components', edges, memory * MIB));
  return figures;
}

if (process.argv[2] === '--case') await child(process.argv.slice(3));
