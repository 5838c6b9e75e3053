// Events as a run of two levels tells them, with hostile names, for what listens to a run.
import type { DoneEntry } from '../../pipeline/ledger.js';
import type { ProgressEvent } from '../../pipeline/progress-events.js';

export function mapEntry(task: string, counts: { readonly in: number; readonly out: number; readonly drops: Readonly<Record<string, number>> }): DoneEntry {
  return {
    format: 1,
    state: 'done',
    task,
    kind: 'map',
    label: `map ${task}`,
    segment: 0,
    number: 0,
    outputs: [
      { path: 'features/000000.arrow', rows: counts.in, bytes: 100, sha256: '' },
      { path: 'tokens/000000.arrow', rows: counts.out, bytes: 50, sha256: '', tokens: 7 },
    ],
    rowsIn: counts.in,
    rowsOut: counts.out,
    steps: [{ step: 'langid', in: counts.in, out: counts.out, drops: counts.drops, wallMs: 1 }],
    source: { records: counts.in + 2, documents: counts.in, skips: { revisit: 2 }, damage: { 'bad-"length"': 1 }, notes: {}, bytesRead: 10, sha256: null },
    wallMs: 2000,
    cpuMs: 1500,
    peakBytes: 5,
  };
}

export const HOSTILE = 'ru"n\\ of\nhell';

export function someEvents(): ProgressEvent[] {
  const on = (worker: number, pid: number) => ({ worker, pid, host: 'node-1', attempt: 1 });
  return [
    { type: 'start', folder: 'runs/x', inputs: 3, bytes: 3000, workers: 2, name: HOSTILE },
    { type: 'phase', name: 'map 1/2', unit: 'files', tasks: 4, done: 1, bytes: 3000, level: 1, levels: 5 },
    { type: 'begin', task: 'a', label: 'map 000000 a.warc.gz', kind: 'map', ...on(0, 11) },
    { type: 'begin', task: 'b', label: 'map 000001 b.warc.gz', kind: 'map', ...on(1, 12) },
    { type: 'resident', worker: 0, bytes: 1000 },
    { type: 'resident', worker: 1, bytes: 2000 },
    { type: 'work', documents: 10, bytes: 900 },
    { type: 'task', task: 'a', label: 'map 000000 a.warc.gz', kind: 'map', state: 'retried', message: 'its worker ended with signal SIGKILL' },
    { type: 'resident', worker: 0, bytes: 0 },
    { type: 'begin', task: 'a', label: 'map 000000 a.warc.gz', kind: 'map', ...on(0, 13), attempt: 2 },
    {
      type: 'task',
      task: 'a',
      label: 'map 000000 a.warc.gz',
      kind: 'map',
      state: 'done',
      entry: mapEntry('a', { in: 10, out: 6, drops: { 'langid/wrong-language': 3, 'langid/x\\y"z': 1 } }),
    },
    {
      type: 'task',
      task: 'b',
      label: 'map 000001 b.warc.gz',
      kind: 'map',
      state: 'failed',
      code: 'ERR_REFINE_FETCH',
      place: 'https://user:secret@host/b.warc.gz?X-Amz-Signature=topsecret',
      message: 'ERR_REFINE_FETCH https://user:secret@host/b.warc.gz?X-Amz-Signature=topsecret: gave up',
    },
    { type: 'warning', message: 'langid dropped all' },
  ];
}
