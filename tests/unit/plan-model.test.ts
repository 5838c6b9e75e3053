// What a plan makes of a sample's ledger: entries planted by known rates, so every expectation is a closed formula.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DoneEntry } from '../../pipeline/ledger.js';
import { LEDGER_ENTRY_BYTES, LOAD_MS, PARENT_BYTES, PARENT_TASK_BYTES, WORKER_BASE_BYTES, WORKER_START_MS } from '../../pipeline/plan-costs.js';
import { measureSample } from '../../pipeline/plan-measure.js';
import { estimateRun, type RunEstimate } from '../../pipeline/plan-model.js';
import type { Duplicates, SampleRun } from '../../pipeline/plan-trial.js';
import type { Manifest } from '../../pipeline/types.js';
import type { Input } from '../../stages/contract/source.js';
import { manifestOf, type StepText } from '../support/runner-world.js';

const MIB = 1 << 20;
/** Planted: of opening the steps, of a fresh worker's first input, of each task, of a byte read. */
const OPEN_MS = 500;
const FRESH_MS = 300;
const TASK_MS = 40;
const MS_PER_BYTE = 2e-4;
const PEAK = 200 * MIB;
/** Bytes a document, of which one in two stays; of what is written, shares of the bytes read. */
const DOCUMENT = 1000;
const SIZES = [1, 2, 3, 4, 5].map((n) => n * MIB);
const READ = SIZES.reduce((a, b) => a + b, 0);

const input = (bytes: number, number: number): Input => ({ path: `in-${number}`, location: `/in-${number}`, format: 'jsonl', bytes, identity: String(number) });
const shard = (path: string, bytes: number, tokens?: number) => ({ path, rows: 0, bytes, sha256: '', ...(tokens === undefined ? {} : { tokens }) });
const hex = (number: number): string => String(number).padStart(20, '0');

function mapEntry(segment: number, number: number, cpuMs: number, rowsIn: number, outputs: DoneEntry['outputs'], peakBytes = PEAK): DoneEntry {
  const base = { format: 1, task: `${segment}${hex(number)}`, kind: 'map', label: '', segment, number } as const;
  return { ...base, state: 'done', outputs, rowsIn, rowsOut: rowsIn / 2, steps: [], wallMs: 9e9, cpuMs, peakBytes };
}

/** Number 0 is the empty input that shows what opening costs; the first real one pays for a fresh worker too. */
function planted(outputsOf: (number: number, bytes: number) => DoneEntry['outputs'], segment = 0, rest: readonly DoneEntry[] = []): DoneEntry[] {
  const maps = SIZES.map((bytes, i) => {
    const ms = TASK_MS + bytes * MS_PER_BYTE + (i === 0 ? FRESH_MS : 0);
    return mapEntry(segment, i + 1, ms, (2 * Math.round(bytes / DOCUMENT)) / 2, outputsOf(i + 1, bytes));
  });
  return [mapEntry(segment, 0, OPEN_MS + TASK_MS, 0, outputsOf(0, 0)), ...maps, ...rest];
}

function sampleOf(entries: readonly DoneEntry[], duplicates: ReadonlyMap<string, Duplicates> = new Map()): SampleRun {
  const inputs = [0, ...SIZES].map(input);
  const cut = { inputs, warm: true, bytes: READ, files: 50, ranges: 12, heads: 0, whole: false, apart: 0.8 };
  return { cut, entries, duplicates, steps: [], parentCpuMs: 0 };
}

const FINALIZE: DoneEntry = {
  ...{ format: 1, task: 'f', kind: 'finalize', label: '', segment: 0, number: 0, state: 'done' },
  ...{ outputs: [shard('index.arrow', 6000)], rowsIn: 0, rowsOut: 0, steps: [], wallMs: 9e9, cpuMs: 60, peakBytes: MIB },
} as DoneEntry;

function estimate(steps: readonly StepText[], sample: SampleRun, sizes: readonly number[], workers = 2): RunEstimate {
  const manifest: Manifest = manifestOf('/', ['x'], steps);
  const settings = { workers, leftBytes: sizes, workerBytes: 1024 * MIB, machine: 1 };
  return estimateRun(manifest, sizes.map(input), measureSample(manifest, sample, 1), settings)!;
}
const near = (found: number, expected: number, what: string, within = 1e-9): void =>
  assert.ok(Math.abs(found / expected - 1) < within, `${what}: found ${found}, expected ${expected}`);

const oneSegment = planted((number, bytes) => [shard(`text/${number}.arrow`, bytes / 4), shard(`tokens/${number}.arrow`, bytes / 8, bytes / 100)], 0, [
  FINALIZE,
]);
const RUN = new Array<number>(10).fill(30 * MIB);
const TOTAL = 300 * MIB;

test('a ledger planted by rates gives them back: opening, a fresh worker, a task, a byte', () => {
  const measured = measureSample(manifestOf('/', ['x'], ['words', 'bytes']), sampleOf(oneSegment), 1);
  const [costs] = measured.maps;
  near(costs!.taskMs, TASK_MS, 'a task', 1e-6);
  near(costs!.msPerByte.likely, MS_PER_BYTE, 'a byte', 1e-6);
  near(costs!.loadMs, OPEN_MS + FRESH_MS, 'opening', 1e-6);
  assert.deepEqual([costs!.bytesRead, costs!.tasks, costs!.peakBytes], [READ, 5, PEAK]);
  assert.deepEqual(
    [...costs!.written],
    [
      ['text/', READ / 4],
      ['tokens/', READ / 8],
    ],
  );
});

test('time and processor time of a run are those of its tasks at the planted rates on so many workers', () => {
  const run = estimate(['words', 'bytes'], sampleOf(oneSegment), RUN);
  const finalizeMs = (60 * 10) / 6; // it reads what every input left; the sample had six
  const mapMs = TOTAL * MS_PER_BYTE + 10 * TASK_MS + 2 * (OPEN_MS + FRESH_MS);
  near(run.cpuSeconds.likely, (mapMs + finalizeMs) / 1000, 'processor seconds', 1e-6);
  const each = TASK_MS + 30 * MIB * MS_PER_BYTE;
  const wall = OPEN_MS + FRESH_MS + WORKER_START_MS + 5 * each; // five each on two workers
  near(run.levels[0]!.seconds.likely, wall / 1000, 'seconds of the maps', 1e-6);
  near(run.longestTaskSeconds, each / 1000, 'the longest task', 1e-6);
  assert.deepEqual(
    [run.levels.map(({ name }) => name), run.levels.map(({ tasks }) => tasks)],
    [
      ['map', 'index and samples'],
      [10, 1],
    ],
  );
  const alone = estimate(['words', 'bytes'], sampleOf(oneSegment), RUN, 1);
  near(alone.levels[0]!.seconds.likely, (OPEN_MS + FRESH_MS + WORKER_START_MS + 10 * each) / 1000, 'one worker', 1e-6);
});

test('documents, tokens and final files grow with bytes; memory by a twentieth a doubling, up to the cap; the parent by tasks', () => {
  const run = estimate(['words', 'bytes'], sampleOf(oneSegment), RUN);
  const documents = SIZES.reduce((sum, bytes) => sum + Math.round(bytes / DOCUMENT), 0);
  near(run.documents.likely, (documents * TOTAL) / READ, 'documents', 1e-6);
  near(run.kept.likely, ((documents / 2) * TOTAL) / READ, 'kept', 1e-6);
  near(run.tokens.likely, TOTAL / 100, 'tokens', 1e-6);
  near(run.disk.finalBytes.likely, TOTAL / 4 + TOTAL / 8 + 6000 + 11 * LEDGER_ENTRY_BYTES, 'final bytes', 1e-6);
  near(run.workerBytes.likely, PEAK * (1 + Math.log2(TOTAL / READ) / 20), 'a worker', 1e-6);
  assert.equal(run.parentBytes, PARENT_BYTES + 11 * PARENT_TASK_BYTES);
  near(run.memoryBytes.likely, 2 * run.workerBytes.likely + run.parentBytes, 'memory', 1e-6);
  const hoard = sampleOf(oneSegment.map((entry) => ({ ...entry, peakBytes: 1000 * MIB })));
  assert.equal(estimate(['words', 'bytes'], hoard, RUN).workerBytes.likely, 1024 * MIB, 'a worker is ended above its cap');
});

test('the range of processor time holds what tasks differ by: none for equal rates but the machine and the model, more for unlike ones', () => {
  const even = estimate(['words', 'bytes'], sampleOf(oneSegment), RUN).cpuSeconds;
  near(even.high / even.likely, 1.1, 'a tenth', 1e-6);
  const unlike = oneSegment.map((entry) => (entry.kind === 'map' && entry.number % 2 === 1 ? { ...entry, cpuMs: entry.cpuMs! * 3 } : entry));
  const wide = estimate(['words', 'bytes'], sampleOf(unlike), RUN).cpuSeconds;
  assert.ok(wide.high / wide.likely > 1.3 && wide.low / wide.likely < 0.75, JSON.stringify(wide));
});

test('a sample of one task that opened the steps itself takes the usual cost of opening out of it', () => {
  const [entry] = planted(() => [shard('text/1.arrow', 10)]).slice(1);
  const sample = sampleOf([{ ...entry!, number: 0, cpuMs: 2000 }]);
  const cut = { ...sample.cut, warm: false, inputs: [input(MIB, 0)], bytes: MIB };
  const [costs] = measureSample(manifestOf('/', ['x'], ['words', 'bytes']), { ...sample, cut }, 1).maps;
  assert.equal(costs!.loadMs, LOAD_MS);
  near(costs!.msPerByte.likely, (2000 - LOAD_MS) / MIB, 'a byte', 1e-6);
});

// A barrier between two segments. Its map writes `keys`, an eighth of what it reads; documents for the next segment are a half.
const BARRIER: readonly StepText[] = ['words', 'same-url', 'bytes'];
const DOCUMENTS = SIZES.reduce((sum, bytes) => sum + Math.round(bytes / DOCUMENT) / 2, 0);
function phaseEntry(phase: string, number: number, cpuMs: number, outputs: DoneEntry['outputs']): DoneEntry {
  const base = { format: 1, task: `${phase}${number}`, kind: 'phase', label: '', segment: 0, number, step: 'same-url', phase } as const;
  return { ...base, state: 'done', outputs, rowsIn: 0, rowsOut: 0, steps: [], wallMs: 9e9, cpuMs, peakBytes: MIB };
}
function withBarrier(far: number): SampleRun {
  const first = planted((number, bytes) => [
    shard(`scratch/map-0/${hex(number)}.arrow`, bytes / 2),
    shard(`scratch/map-0/${hex(number)}.same-url.keys`, bytes / 8),
  ]);
  for (const entry of first) Object.assign(entry, { totals: { 'same-url': { keys: entry.rowsOut } } });
  const second = [0, ...SIZES].map((bytes, number) =>
    mapEntry(1, number, TASK_MS + (bytes / 2) * MS_PER_BYTE + (number === 0 ? OPEN_MS : number === 1 ? FRESH_MS : 0), Math.round(bytes / DOCUMENT) / 2, [
      shard(`text/${number}.arrow`, bytes / 4),
    ]),
  );
  const fresh = [0, ...SIZES].map((bytes, number) =>
    phaseEntry('fresh', number, 1 + bytes / 1e6, [shard(`scratch/same-url/fresh/${hex(number)}.keys`, bytes / 8)]),
  );
  return sampleOf([...first, ...fresh, ...second, { ...FINALIZE, segment: 1 }], new Map([['same-url', { near: 0, far }]]));
}

test('the levels are those of a run, the phases of a barrier among them, and what is consumed does not lie on disk at the end', () => {
  const run = estimate(BARRIER, withBarrier(0), RUN);
  assert.deepEqual(
    run.levels.map(({ name }) => name.replace(/\d+\/\d+ (?=[a-z])/, '')),
    [
      'map 1/2',
      'same-url fresh',
      'same-url groups',
      'same-url clusters',
      'same-url decide',
      'same-url kept-ids',
      'same-url gather',
      'map 2/2',
      'index and samples',
    ],
  );
  near(run.levels[0]!.diskBytes.likely, TOTAL / 2 + TOTAL / 8, 'after the maps: documents and keys', 1e-6);
  near(run.levels[1]!.diskBytes.likely, TOTAL / 2 + TOTAL / 8 + TOTAL / 8, "keys twice until the map's are removed", 1e-6);
  near(run.levels[2]!.diskBytes.likely, TOTAL / 2 + TOTAL / 8, "the map's are gone", 1e-6);
  near(run.disk.finalBytes.likely, TOTAL / 4 + 6000 + LEDGER_ENTRY_BYTES * run.levels.reduce((sum, { tasks }) => sum + tasks, 0), 'final', 1e-6);
  assert.ok(run.disk.peakBytes.likely > 2.9 * run.disk.finalBytes.likely);
  near(run.kept.likely, ((DOCUMENTS / 2) * TOTAL) / READ, 'kept: no duplicates, so in proportion', 1e-6);
});

test('duplicates of other files leave fewer documents with each doubling of the sample, by the slope from half of it to the whole', () => {
  const far = Math.round(DOCUMENTS / 10);
  const hidden = far / 0.8 - far; // of ranges joined to one file, but no more than were seen near: none
  assert.ok(hidden > 0);
  const share = far / DOCUMENTS;
  const doublings = Math.log2(TOTAL / READ);
  const none = estimate(BARRIER, withBarrier(0), RUN).kept.likely;
  near(estimate(BARRIER, withBarrier(far), RUN).kept.likely / none, ((1 - share) / (1 - share / 2)) ** doublings, 'kept', 1e-6);
});

test("a phase's memory is what its largest task moves, within what a phase may hold", () => {
  const small = estimate(BARRIER, withBarrier(0), RUN);
  near(small.workerBytes.likely, PEAK * (1 + Math.log2(TOTAL / READ) / 20), 'of small phases the maps decide', 1e-6);
  const large = estimate(BARRIER, withBarrier(0), new Array<number>(10).fill(12_000 * MIB));
  const moved = (12_000 * MIB) / 8 + (12_000 * MIB) / 8; // of one input: keys read, keys written
  const phase = WORKER_BASE_BYTES + Math.min(512 * MIB, moved);
  assert.ok(large.workerBytes.likely >= phase, `${large.workerBytes.likely / MIB} MiB`);
});
