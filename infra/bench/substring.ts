// dedupe-substring's tasks over a planted corpus of 1 KB documents (planted.ts, mix `spans`), in one process: CPU time of map and phases, bytes
// written, bytes found. Documents are made as they are read, and that time is taken off.
//   REFINE_BENCH_DOCUMENTS=100000,1000000 (the default is 100,000)
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BytesColumn } from '../../native/index.js';
import { driveSubstring } from '../../tests/support/substring-driver.js';
import type { Figure } from './main.js';
import { cpuSecondsSince } from './measure.js';
import { Planted } from './planted.js';
import { plantedTexts } from './planted-text.js';

const PER_INPUT = 100_000;
const PER_BATCH = 256;
const MEMORY = 2 ** 30;

export async function figures(): Promise<readonly Figure[]> {
  const out: Figure[] = [];
  const counts = (process.env.REFINE_BENCH_DOCUMENTS ?? '100000').split(',').map(Number);
  for (const documents of counts)
    for (const options of [
      { unit: 'tokens', keep: 'first' },
      { unit: 'bytes', keep: 'first' },
    ])
      out.push(...(await figuresOf(documents, options)));
  return out;
}

async function figuresOf(documents: number, options: { unit: string; keep: string }): Promise<Figure[]> {
  const planted = new Planted(documents, 'spans');
  const folder = mkdtempSync(join(tmpdir(), 'refine-bench-substring-'));
  let making = 0;
  let bytes = 0;
  function* texts(from: number, to: number): Iterable<BytesColumn> {
    for (let at = from; at < to; at += PER_BATCH) {
      const start = process.cpuUsage();
      const column = plantedTexts(planted, at, Math.min(at + PER_BATCH, to));
      making += cpuSecondsSince(start);
      bytes += column.data.length;
      yield column;
    }
  }
  const inputs = Array.from({ length: Math.ceil(documents / PER_INPUT) }, (_, i) => texts(i * PER_INPUT, Math.min((i + 1) * PER_INPUT, documents)));
  try {
    const phases: [string, number][] = [];
    let start = process.cpuUsage();
    const begin = start;
    const { notes } = await driveSubstring(folder, inputs, options, {
      memoryBytes: MEMORY,
      partitions: Math.max(1, Math.ceil((documents * 1024) / 2 ** 28)),
      onPhase: (name) => {
        phases.push([name, cpuSecondsSince(start)]);
        start = process.cpuUsage();
      },
    });
    const cpu = cpuSecondsSince(begin) - making;
    phases[0]![1] -= making;
    const written = readdirSync(folder, { withFileTypes: true }).reduce(
      (sum, entry) => sum + (entry.isFile() ? statSync(join(folder, entry.name)).size : 0),
      0,
    );
    const on = `${documents} planted documents of 1 KB, ${options.unit}, keep ${options.keep}`;
    const spent = phases.map(([name, seconds]) => `${name} ${seconds.toFixed(2)} s`).join(', ');
    return [
      { bench: 'substring', what: 'map and phases', unit: 'MB/s', value: bytes / 1e6 / cpu, note: `${on}; CPU: ${spent}` },
      { bench: 'substring', what: 'written', unit: 'bytes a byte of text', value: written / bytes, note: on },
      { bench: 'substring', what: 'repeated', unit: 'bytes', value: notes.repeated_bytes ?? 0, note: on },
      { bench: 'substring', what: 'peak memory', unit: 'MiB', value: process.resourceUsage().maxRSS / 1024, note: `${on}; of the process so far` },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
