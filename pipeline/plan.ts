// What a manifest would do, without doing it: its inputs and which of them are done, the tasks of each level, and what a run of a
// sample says of time, memory, disk, transfer and money. Writes nothing but the sample's files, in a temporary folder that it removes.
import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { FetchGate, Input } from '../stages/contract/source.js';
import type { StageEnv } from '../stages/contract/stage.js';
import { isRemote } from '../stages/fetch/input-identity.js';
import { type AskedDevice, type CudaState, plannedDevice } from './device.js';
import { stepIdentity } from './identity.js';
import { listInputs, localGate } from './inputs.js';
import { Ledger } from './ledger.js';
import { machineFactor } from './plan-costs.js';
import { cpuOf, measureSample } from './plan-measure.js';
import { estimateRun, type RunEstimate } from './plan-model.js';
import { cutSample } from './plan-sample.js';
import { nameFolder, removeSample, runSample, type SampleRun } from './plan-trial.js';
import { defaultWorkers, WORKER_BYTES } from './platform.js';
import { type Cost, costOf, type Prices, type Transfer } from './prices.js';
import { readLock, readPlan } from './run-folder.js';
import { differenceFromLock } from './run-lock.js';
import { segmentsOf } from './segments.js';
import { SAMPLE_BYTES } from './plan-sample-bytes.js';
import { TaskGraph } from './task-graph.js';
import type { Manifest } from './types.js';

export type { LevelEstimate, RunEstimate } from './plan-model.js';
export { SAMPLE_BYTES } from './plan-sample-bytes.js';

export interface Sample {
  readonly bytesRead: number;
  readonly files: number;
  readonly ranges: number;
  /** Ranges that had to begin at a file's head: one gzip stream over all, formats that are read from the front. */
  readonly heads: number;
  readonly whole: boolean;
  readonly documents: number;
  readonly kept: number;
  readonly cpuMs: number;
  /** By step, of the documents that reached it. */
  readonly steps: readonly { readonly step: string; readonly in: number; readonly out: number; readonly wallMs: number }[];
  readonly textBytes: number;
  readonly tokens: number;
}

export interface PlannedRun {
  readonly folder: string;
  readonly inputs: readonly { readonly path: string; readonly bytes: number | null; readonly state: 'done' | 'failed' | 'to do' }[];
  readonly bytes: number | null;
  /** Where an index selects documents: the bytes of the whole files, and the documents asked for. */
  readonly selected?: { readonly wholeBytes: number | null; readonly documents: number };
  readonly phases: readonly { readonly name: string; readonly tasks: number }[];
  readonly finished: boolean;
  /** The first key in which the folder's lock differs from this manifest; null where none does or there is no folder. */
  readonly differs: string | null;
  readonly sample: Sample | null;
  readonly estimate: RunEstimate | null;
  readonly transfer: Transfer;
  /** Hours of one GPU: 0 where no step would compute there, null where one would: the sample runs on the CPU and tells nothing of it. */
  readonly gpuHours: number | null;
  readonly cost: Cost | null;
}

export interface PlanOptions {
  /** Worker processes over all machines; each is reckoned a core. */
  readonly workers?: number;
  readonly sampleBytes?: number;
  readonly device?: AskedDevice;
  /** Tests: what a GPU's library says. */
  readonly cuda?: CudaState;
  readonly prices?: Prices;
  /** Whether remote inputs are charged as leaving their provider. */
  readonly egress?: boolean;
}

export async function planRun(manifest: Manifest, folder: string, options: PlanOptions, signal: AbortSignal): Promise<PlannedRun> {
  const env: StageEnv = { seed: manifest.seed, baseDir: manifest.baseDir, device: 'cpu' };
  const gate = localGate();
  const kept = resolve(folder, 'selection');
  const inputs = await listInputs(manifest.source, {
    baseDir: manifest.baseDir,
    seed: manifest.seed,
    gate,
    signal,
    ...(existsSync(kept) ? { selectionDir: kept } : {}), // a selection is made in a temporary folder where the run has none yet
  });
  signal.throwIfAborted(); // an input that was being looked at stands without its size
  const identities = [];
  for (const step of manifest.steps) identities.push(await stepIdentity(step, env));
  const segments = segmentsOf(manifest.steps);
  const graph = new TaskGraph(manifest, segments, identities, inputs);
  const difference = await differenceFromLock(folder, manifest, identities);
  const ledger = new Ledger(folder);
  const states: PlannedRun['inputs'][number]['state'][] = [];
  const maps = graph.firstMaps(inputs.map((input, number) => ({ number, input }))).map(({ spec }) => spec.task);
  const done = await ledger.doneOf(maps);
  for (const task of maps) {
    states.push(done.has(task) ? 'done' : (await ledger.failed(task)) !== null ? 'failed' : 'to do');
  }
  const finished = difference === null && ((await readPlan(folder))?.finished ?? false) && states.every((state) => state === 'done');
  const left = inputs.filter((_, index) => states[index] !== 'done');
  const workers = options.workers ?? defaultWorkers();
  const measured = finished || inputs.length === 0 ? null : await sampled(manifest, inputs, gate, options, signal);
  signal.throwIfAborted();
  const estimate =
    measured === null
      ? null
      : estimateRun(manifest, inputs, measureSample(manifest, measured, measured.machine), {
          workers,
          leftBytes: left.map(({ bytes }) => bytes ?? 0),
          workerBytes: WORKER_BYTES,
          machine: measured.machine,
        });
  const transfer = transferOf(left, estimate, options.egress ?? false);
  const device = plannedDevice({
    asked: options.device ?? 'auto',
    steps: manifest.steps,
    pinned: manifest.isa,
    held: difference === null ? await readLock(folder) : null,
    ...(options.cuda === undefined ? {} : { cuda: options.cuda }),
  });
  const gpuHours = device === 'cuda' ? null : 0;
  return {
    folder,
    inputs: inputs.map(({ path, bytes }, index) => ({ path, bytes, state: states[index]! })),
    bytes: total(inputs),
    ...selectedOf(inputs),
    phases: estimate === null ? [{ name: segments.length === 1 ? 'map' : `map 1/${segments.length}`, tasks: inputs.length }] : estimate.levels,
    finished,
    differs: difference === null ? null : difference.key,
    sample: measured === null ? null : told(measured),
    estimate,
    transfer,
    gpuHours,
    cost: estimate === null || options.prices === undefined ? null : costOf(estimate, transfer, gpuHours, options.prices),
  };
}

function selectedOf(inputs: readonly Input[]): Pick<PlannedRun, 'selected'> {
  if (!inputs.some(({ members }) => members !== undefined)) return {};
  const wholes = inputs.map(({ wholeBytes, bytes }) => wholeBytes ?? bytes);
  const wholeBytes = wholes.includes(null) ? null : wholes.reduce<number>((sum, bytes) => sum + bytes!, 0);
  return { selected: { wholeBytes, documents: inputs.reduce((sum, { members }) => sum + (members?.count ?? 0), 0) } };
}

type MeasuredSample = SampleRun & { readonly machine: number };

async function sampled(
  manifest: Manifest,
  inputs: readonly Input[],
  gate: FetchGate,
  options: PlanOptions,
  signal: AbortSignal,
): Promise<MeasuredSample | null> {
  const folder = await mkdtemp(join(tmpdir(), 'refine-plan-'));
  try {
    await nameFolder(folder);
    const cut = await cutSample(inputs, { seed: manifest.seed, bytes: options.sampleBytes ?? SAMPLE_BYTES, folder, gate, signal });
    if (cut === null) return null;
    const machine = machineFactor();
    const run = await runSample(manifest, cut, folder, signal);
    return run === null ? null : { ...run, machine };
  } finally {
    await removeSample(folder);
  }
}

function told({ cut, entries, steps }: SampleRun): Sample {
  const maps = entries.filter((entry) => entry.kind === 'map');
  const last = Math.max(0, ...maps.map(({ segment }) => segment));
  const final = maps.filter(({ segment }) => segment === last);
  const shards = final.flatMap(({ outputs }) => outputs);
  return {
    bytesRead: cut.bytes,
    files: cut.files,
    ranges: cut.ranges,
    heads: cut.heads,
    whole: cut.whole,
    documents: maps.filter(({ segment }) => segment === 0).reduce((sum, { rowsIn }) => sum + rowsIn, 0),
    kept: final.reduce((sum, { rowsOut }) => sum + rowsOut, 0),
    cpuMs: Math.round(entries.reduce((sum, entry) => sum + cpuOf(entry), 0)),
    steps: steps.map(({ step, in: rowsIn, out, wallMs }) => ({ step, in: rowsIn, out, wallMs: Math.round(wallMs) })),
    textBytes: shards.filter(({ path }) => path.startsWith('text/')).reduce((sum, { bytes }) => sum + bytes, 0),
    tokens: shards.reduce((sum, { tokens }) => sum + (tokens ?? 0), 0),
  };
}

/** One request a remote input (and one that looked at it when it was listed); retries come on top. */
function transferOf(left: readonly Input[], estimate: RunEstimate | null, egress: boolean): Transfer {
  const remote = left.filter(({ location }) => isRemote(location) || location.startsWith('s3:'));
  const ingressBytes = remote.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0);
  const puts = remote.some(({ location }) => location.startsWith('s3:')) ? (estimate?.disk.objects ?? 0) : 0;
  return { ingressBytes, egressBytes: egress ? ingressBytes : 0, gets: 2 * remote.length, puts };
}

function total(inputs: readonly Input[]): number | null {
  return inputs.reduce<number | null>((sum, input) => (sum === null || input.bytes === null ? null : sum + input.bytes), 0);
}
