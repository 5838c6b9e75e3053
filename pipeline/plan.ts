// What a run would do: its inputs and tasks, what is done already, and an estimate from a sample that is really processed, in
// this process, up to SAMPLE_DOCUMENTS documents or SAMPLE_BYTES of one input. Writes nothing anywhere.
// The estimate says what a rate measured here gives; the network and the barriers' own time are not in it.
import { existsSync } from 'node:fs';
import { RefineError } from '../native/errors.js';
import type { FetchGate, Input } from '../stages/contract/source.js';
import type { StageEnv } from '../stages/contract/stage.js';
import { localGate } from '../stages/fetch/gate.js';
import { listInputs } from '../stages/fetch/list-inputs.js';
import { openInput } from '../stages/fetch/open-input.js';
import { phaseLimits, planBarrier } from './barrier-plan.js';
import { stepIdentity } from './identity.js';
import { Ledger } from './ledger.js';
import { defaultWorkers, WORKER_BYTES } from './platform.js';
import { readPlan } from './run-folder.js';
import { differenceFromLock } from './run-lock.js';
import { type BarrierStep, segmentsOf } from './segments.js';
import { readArrow } from './store.js';
import { TaskGraph } from './task-graph.js';
import { type Rows, Trial } from './trial.js';
import type { Manifest } from './types.js';

const SAMPLE_DOCUMENTS = 1000;
const SAMPLE_BYTES = 16 * 1024 * 1024;

export interface Sample {
  readonly input: string;
  readonly bytesRead: number;
  readonly documents: number;
  readonly kept: number;
  readonly cpuMs: number;
  /** By step, of the documents that reached it. */
  readonly steps: readonly { readonly step: string; readonly in: number; readonly out: number; readonly cpuMs: number }[];
  readonly textBytes: number;
  readonly tokens: number;
}

export interface RunEstimate {
  readonly workers: number;
  /** null where an input's size is unknown. */
  readonly seconds: number | null;
  readonly memoryBytes: number;
  readonly diskBytes: number | null;
}

export interface PlannedRun {
  readonly folder: string;
  readonly inputs: readonly { readonly path: string; readonly bytes: number | null; readonly state: 'done' | 'failed' | 'to do' }[];
  readonly bytes: number | null;
  readonly phases: readonly { readonly name: string; readonly tasks: number }[];
  readonly finished: boolean;
  /** The first key in which the folder's lock differs from this manifest; null where none does or there is no folder. */
  readonly differs: string | null;
  readonly sample: Sample | null;
  readonly estimate: RunEstimate | null;
}

export async function planRun(manifest: Manifest, folder: string, workers: number | undefined, signal: AbortSignal): Promise<PlannedRun> {
  const env: StageEnv = { seed: manifest.seed, baseDir: manifest.baseDir, device: 'cpu' };
  const gate = localGate();
  const inputs = await listInputs(manifest.source, { baseDir: manifest.baseDir, seed: manifest.seed, gate, signal });
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
  const count = workers ?? defaultWorkers();
  const sample = finished ? null : await sampleOf(manifest, env, left.length > 0 ? left : inputs, gate, signal);
  const documents = documentsOf(sample, inputs);
  return {
    folder,
    inputs: inputs.map(({ path, bytes }, index) => ({ path, bytes, state: states[index]! })),
    bytes: total(inputs),
    phases: segments.flatMap((segment) => [
      {
        name:
          segments.length === 1
            ? 'map'
            : `map ${segment.index + 1}/${segments.length}: ${segment.stages.map((step) => step.name).join(', ') || 'apply verdicts'}`,
        tasks: inputs.length,
      },
      ...segment.barriers.map((step) => ({ name: step.name, tasks: barrierTasks(step, inputs.length, documents, manifest.spillBytes) })),
      ...(segment.ranked === null ? [] : [{ name: `${segment.ranked.step.name} ranks`, tasks: segment.ranked.requests.length }]),
    ]),
    finished,
    differs: difference === null ? null : difference.key,
    sample,
    estimate: sample === null ? null : estimate(sample, left, inputs, count, manifest, segments.length),
  };
}

/** Documents of the whole run at the sample's rate; 0 where nothing is known. */
function documentsOf(sample: Sample | null, inputs: readonly Input[]): number {
  const bytes = total(inputs);
  return sample === null || bytes === null || sample.bytesRead === 0 ? 0 : Math.round((sample.kept / sample.bytesRead) * bytes);
}

/** Tasks of a barrier's phases for so many documents; what its maps will count is not known yet. */
function barrierTasks(step: BarrierStep, inputs: number, documents: number, spillBytes: number): number {
  const totals = { inputs, documents };
  const { phases } = planBarrier(step, totals, phaseLimits(totals, spillBytes), inputs);
  return phases.reduce((sum, { over, count }) => sum + (over === 'inputs' ? inputs : over === 'run' ? 1 : count!), 0);
}

function total(inputs: readonly Input[]): number | null {
  return inputs.reduce<number | null>((sum, input) => (sum === null || input.bytes === null ? null : sum + input.bytes), 0);
}

function estimate(sample: Sample, left: readonly Input[], inputs: readonly Input[], workers: number, manifest: Manifest, segments: number): RunEstimate {
  const [leftBytes, allBytes] = [total(left), total(inputs)];
  const perByte = sample.bytesRead === 0 ? 0 : 1 / sample.bytesRead;
  const busy = Math.max(1, Math.min(workers, left.length));
  const written = (manifest.sink.text.keep ? sample.textBytes : 0) + 2 * sample.tokens;
  // Between two segments the text lies in scratch/ too, until the run is done.
  const copies = written + (segments - 1) * sample.textBytes;
  return {
    workers: busy,
    seconds: leftBytes === null ? null : (sample.cpuMs * perByte * leftBytes) / 1000 / busy,
    memoryBytes: busy * WORKER_BYTES,
    diskBytes: allBytes === null ? null : Math.ceil(copies * perByte * allBytes),
  };
}

const SAMPLE_TRIES = 3;

/** A sample of an input of middle size that has not been done; local ones first, since reading them costs nobody anything. */
async function sampleOf(manifest: Manifest, env: StageEnv, inputs: readonly Input[], gate: FetchGate, signal: AbortSignal): Promise<Sample | null> {
  const local = inputs.filter((input) => existsSync(input.location));
  const sorted = [...(local.length > 0 ? local : inputs)].sort((a, b) => (a.bytes ?? 0) - (b.bytes ?? 0) || (a.path < b.path ? -1 : 1));
  const middle = sorted.length >> 1;
  for (const input of [...sorted.slice(middle), ...sorted.slice(0, middle).reverse()].slice(0, SAMPLE_TRIES)) {
    try {
      return await sampleInput(manifest, env, input, gate, signal);
    } catch (error) {
      // An input that cannot be read is the run's to report; another one serves as well.
      if (!(error instanceof RefineError) || !UNREADABLE.includes(error.code)) throw error;
    }
  }
  return null;
}

const UNREADABLE: readonly string[] = ['ERR_REFINE_INPUT', 'ERR_REFINE_INPUT_CHANGED', 'ERR_REFINE_FETCH', 'ERR_REFINE_SHARD'];

async function sampleInput(manifest: Manifest, env: StageEnv, input: Input, gate: FetchGate, outer: AbortSignal): Promise<Sample> {
  const stages = manifest.steps.filter((step) => step.stage.kind === 'stage');
  const trial = await Trial.open(stages, env);
  const stop = new AbortController();
  const signal = AbortSignal.any([outer, stop.signal]);
  const reader = openInput(input, { gate, readShard: readArrow });
  let documents = 0;
  async function* rows(): AsyncGenerator<Rows> {
    for await (const batch of reader.batches(signal)) {
      yield { input: 0, rows: Uint32Array.from({ length: batch.rows }, (_, at) => documents + at), batch };
      documents += batch.rows;
      if (documents >= SAMPLE_DOCUMENTS || reader.counts().bytesRead >= SAMPLE_BYTES) return;
    }
  }
  try {
    const before = process.cpuUsage();
    let kept = 0;
    let textBytes = 0;
    let tokens = 0;
    for await (const { reason, batch, at } of trial.documents(rows(), () => true, signal)) {
      if (reason !== null) continue;
      kept++;
      const text = batch.columns.text;
      if (text?.kind === 'utf8') textBytes += text.offsets[at + 1]! - text.offsets[at]!;
      const count = batch.columns.token_count;
      if (count?.kind === 'fixed') tokens += Number(count.values[at]!);
    }
    const used = process.cpuUsage(before);
    return {
      input: input.path,
      bytesRead: reader.counts().bytesRead,
      documents,
      kept,
      cpuMs: Math.round((used.user + used.system) / 1000),
      steps: [...trial.counts].map(([step, { in: rowsIn, out, cpuMs }]) => ({ step, in: rowsIn, out, cpuMs: Math.round(cpuMs) })),
      textBytes,
      tokens,
    };
  } finally {
    stop.abort();
    await trial.close();
  }
}
