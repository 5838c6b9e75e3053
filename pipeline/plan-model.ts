// From what a sample's run took to what the run will take: level by level as the runner goes through them, each with its tasks,
// processor time, wall time on so many workers, what it writes and what then lies on disk.
// Invariant: levels, tasks and rounds are those that runner.ts and barrier-plan.ts will make for the documents expected.
import type { Input } from '../stages/contract/source.js';
import { phaseLimits, PHASE_MEMORY_BYTES, planBarrier } from './barrier-plan.js';
import {
  LEDGER_ENTRY_BYTES,
  PARENT_BYTES,
  PARENT_MS,
  PARENT_TASK_BYTES,
  PARENT_TASK_MS,
  phaseGroup,
  phaseNsPerByte,
  WORKER_BASE_BYTES,
  WORKER_START_MS,
} from './plan-costs.js';
import { type Measured, type PhaseCosts, roleBytes } from './plan-measure.js';
import { makespan } from './plan-schedule.js';
import { exactly, ratio, type Spread, sum, times, widened } from './plan-spread.js';
import type { BarrierStep, Segment } from './segments.js';
import type { Manifest } from './types.js';

export interface LevelEstimate {
  readonly name: string;
  readonly tasks: number;
  readonly cpuSeconds: Spread;
  readonly seconds: Spread;
  readonly writtenBytes: Spread;
  /** What lies in the run folder when the level ends, before what nobody reads any more is removed. */
  readonly diskBytes: Spread;
}

export interface RunEstimate {
  readonly workers: number;
  readonly documents: Spread;
  readonly kept: Spread;
  readonly tokens: Spread;
  readonly levels: readonly LevelEstimate[];
  /** Of tasks, as the ledger counts it; and of processes beside them. */
  readonly cpuSeconds: Spread;
  readonly overheadCpuSeconds: number;
  readonly seconds: Spread;
  /** Processor seconds of the longest task of any level: no number of workers makes the run shorter. */
  readonly longestTaskSeconds: number;
  readonly workerBytes: Spread;
  readonly parentBytes: number;
  readonly memoryBytes: Spread;
  readonly disk: {
    /** Without scratch/, which `refine clean` removes. */
    readonly finalBytes: Spread;
    readonly scratchBytes: Spread;
    readonly peakBytes: Spread;
    readonly peakAt: string;
    readonly objects: number;
  };
}

export interface ModelSettings {
  readonly workers: number;
  /** Of the inputs still to be read; barriers see all. */
  readonly leftBytes: readonly number[];
  readonly workerBytes: number;
  readonly machine: number;
}

/** Null where an input's size is unknown. */
export function estimateRun(manifest: Manifest, inputs: readonly Input[], measured: Measured, settings: ModelSettings): RunEstimate | null {
  const sizes = inputs.map(({ bytes }) => bytes);
  if (sizes.includes(null)) return null;
  const total = sizes.reduce<number>((a, b) => a + b!, 0);
  return new Model(manifest, inputs.length, total, measured, settings).run();
}

class Model {
  readonly #manifest: Manifest;
  readonly #inputs: number;
  readonly #total: number;
  readonly #measured: Measured;
  readonly #settings: ModelSettings;
  readonly #levels: LevelEstimate[] = [];
  /** Files that lie in the run folder, by what wrote them. */
  readonly #lying = new Map<string, Spread>();
  #tasks = 0;
  #objects = 0;
  #longestMs = 0;
  #phaseBytes = 0;

  constructor(manifest: Manifest, inputs: number, total: number, measured: Measured, settings: ModelSettings) {
    this.#manifest = manifest;
    this.#inputs = inputs;
    this.#total = total;
    this.#measured = measured;
    this.#settings = settings;
  }

  run(): RunEstimate {
    const { segments, sample, finalizeMs, finalizeBytes } = this.#measured;
    const { cut } = sample;
    const documents = this.#documents();
    let scale = this.#scale();
    const kept: Spread[] = [];
    for (const segment of segments) {
      this.#map(segment, scale);
      const before = scale;
      for (const step of segment.barriers) {
        this.#barrier(segment, step, before);
        scale = times(scale, this.#keptShare(step, before.likely));
      }
      if (segment.ranked !== null) this.#ranks(segment, scale);
      kept.push(scale);
    }
    const last = kept.at(-1)!;
    const steps = cut.whole ? 1 : this.#inputs / Math.max(1, cut.inputs.length); // it reads the samples of every input
    this.#level('index and samples', 1, exactly(finalizeMs * steps), [finalizeMs * steps], exactly(finalizeBytes), 'final');
    const cpuSeconds = widened(sum(...this.#levels.map((level) => level.cpuSeconds)), cut.whole ? 0.15 : 0.1);
    const out = sample.entries.filter((entry) => entry.kind === 'map' && entry.segment === segments.length - 1);
    const outputs = out.flatMap((entry) => entry.outputs);
    const parent = (PARENT_MS + PARENT_TASK_MS * this.#tasks) * this.#settings.machine;
    const workerBytes = this.#workerBytes();
    const parentBytes = PARENT_BYTES + PARENT_TASK_BYTES * this.#tasks;
    const busy = Math.max(1, Math.min(this.#settings.workers, this.#inputs));
    const peak = this.#levels.reduce((a, b) => (b.diskBytes.likely > a.diskBytes.likely ? b : a));
    const lies = (of: (name: string) => boolean): Spread => sum(...[...this.#lying].filter(([name]) => of(name)).map(([, bytes]) => bytes));
    const ledger = exactly(LEDGER_ENTRY_BYTES * this.#tasks);
    return {
      workers: busy,
      documents,
      kept: times(
        last,
        out.reduce((rows, entry) => rows + entry.rowsOut, 0),
      ),
      tokens: times(
        last,
        outputs.reduce((tokens, shard) => tokens + (shard.tokens ?? 0), 0),
      ),
      levels: this.#levels,
      cpuSeconds,
      overheadCpuSeconds: (parent + WORKER_START_MS * this.#settings.machine * busy) / 1000,
      seconds: widened(sum(exactly(parent / 1000), ...this.#levels.map((level) => level.seconds)), cut.whole ? 0.15 : 0.1),
      longestTaskSeconds: this.#longestMs / 1000,
      workerBytes,
      parentBytes,
      memoryBytes: sum(times(workerBytes, busy), exactly(parentBytes)),
      disk: {
        finalBytes: widened(
          sum(
            lies((name) => !name.startsWith('scratch')),
            ledger,
          ),
          0.05,
        ),
        scratchBytes: lies((name) => name.startsWith('scratch')),
        peakBytes: widened(sum(peak.diskBytes, ledger), 0.05),
        peakAt: peak.name,
        objects: this.#objects + this.#tasks,
      },
    };
  }

  /** The run's bytes over the sample's: exact, but documents and what they become vary from piece to piece. */
  #scale(): Spread {
    const { cut, entries } = this.#measured.sample;
    if (cut.whole) return exactly(1);
    const first = entries.filter((entry) => entry.kind === 'map' && entry.segment === 0 && (!cut.warm || entry.number > 0));
    const bytes = first.map((entry) => cut.inputs[entry.number]!.head ?? cut.inputs[entry.number]!.bytes ?? 0);
    const survivors = ratio(
      first.map((entry) => entry.rowsOut),
      bytes,
      false,
    );
    const share = survivors.likely === 0 ? exactly(1) : times(survivors, 1 / survivors.likely);
    const read = bytes.reduce((a, b) => a + b, 0);
    return times(share, this.#total / Math.max(1, read));
  }

  #documents(): Spread {
    const { cut, entries } = this.#measured.sample;
    const first = entries.filter((entry) => entry.kind === 'map' && entry.segment === 0 && (!cut.warm || entry.number > 0));
    const bytes = first.map((entry) => cut.inputs[entry.number]!.head ?? cut.inputs[entry.number]!.bytes ?? 0);
    const rows = first.map((entry) => entry.rowsIn);
    return times(ratio(rows, bytes, cut.whole), cut.whole ? bytes.reduce((a, b) => a + b, 0) : this.#total);
  }

  /** One map a input. What it reads in the first segment is known to the byte. */
  #map(segment: Segment, scale: Spread): void {
    const { segments, maps } = this.#measured;
    const { workers, leftBytes } = this.#settings;
    const costs = maps[segment.index]!;
    const name = segments.length === 1 ? 'map' : `map ${segment.index + 1}/${segments.length}`;
    const own = segment.index === 0;
    const sizes = own ? leftBytes : new Array<number>(this.#inputs).fill((scale.likely * costs.bytesRead) / this.#inputs);
    const busy = Math.max(1, Math.min(workers, sizes.length));
    const read = own ? exactly(leftBytes.reduce((a, b) => a + b, 0)) : times(scale, costs.bytesRead);
    const fixed = sizes.length * costs.taskMs + (sizes.length === 0 ? 0 : busy * costs.loadMs);
    const cpuMs = sum(times(read, costs.msPerByte), exactly(fixed));
    const each = sizes.map((bytes) => costs.taskMs + bytes * costs.msPerByte.likely);
    const start = costs.loadMs + (own ? WORKER_START_MS * this.#settings.machine : 0);
    const written = sum(
      ...[...costs.written].map(([role, bytes]) => this.#lay(`${inFinal(role) ? 'final' : `scratch map-${segment.index}`} ${role}`, times(scale, bytes))),
    );
    // Each input keeps so many documents a reason: what the sample's files hold, more where inputs are larger, up to all that the
    // whole run keeps of them, which is what the index holds of samples of several files.
    const { cut } = this.#measured.sample;
    const eachFile = costs.sampled / Math.max(1, costs.tasks);
    const larger = this.#total / Math.max(1, this.#inputs) / Math.max(1, cut.bytes / Math.max(1, costs.tasks));
    const samples = cut.whole ? costs.sampled : this.#inputs * Math.min(eachFile * larger, Math.max(eachFile, this.#measured.finalizeBytes));
    this.#lay(`scratch map-${segment.index} samples`, exactly(samples));
    this.#objects += sizes.length * (costs.written.size + 1);
    this.#level(name, sizes.length, cpuMs, each, written, null, start);
  }

  #barrier(segment: Segment, step: BarrierStep, scale: Spread): void {
    const { totals, maps, phases } = this.#measured;
    const counted = totals.get(step.name)!;
    const expected: Record<string, number> = {};
    for (const [name, value] of Object.entries(counted)) expected[name] = name === 'inputs' ? this.#inputs : Math.round(value * scale.likely);
    const plan = planBarrier(step, expected, phaseLimits(expected, this.#manifest.spillBytes), this.#inputs);
    const rounds = new Map<string, number>();
    for (const { name } of plan.phases) rounds.set(phaseGroup(name), (rounds.get(phaseGroup(name)) ?? 0) + 1);
    const written = (group: string): ReadonlyMap<string, number> | undefined => phases.get(`${step.name}/${group}`)?.written;
    for (const [index, phase] of plan.phases.entries()) {
      const group = phaseGroup(phase.name);
      const costs = phases.get(`${step.name}/${group}`) ?? usual(group, this.#settings.machine);
      const tasks = phase.over === 'inputs' ? this.#inputs : phase.over === 'run' ? 1 : phase.count!;
      const share = 1 / rounds.get(group)!;
      const reads = phase.reads.map(({ from, role }) => {
        const bytes = roleBytes(step.name, from, role, maps[segment.index]!, maps[0]!, written);
        const of = from === 'map' || from === 'features' ? 1 : 1 / (rounds.get(phaseGroup(from)) ?? 1);
        return times(scale, bytes * of);
      });
      const out = [...costs.written].map(([role, bytes]) => this.#lay(`scratch ${step.name} ${phase.name} ${role}`, times(scale, bytes * share)));
      const moved = sum(...reads, ...out);
      this.#phaseBytes = Math.max(this.#phaseBytes, moved.likely / tasks);
      const cpuMs = sum(times(times(moved, costs.nsPerByte), 1e-6), exactly(tasks * costs.taskMs));
      this.#objects += tasks * costs.written.size;
      const name = `${step.name} ${index + 1}/${plan.phases.length} ${phase.name}`;
      this.#level(name, tasks, cpuMs, tasks > 1e6 ? null : new Array<number>(tasks).fill(cpuMs.likely / tasks), sum(...out), null);
      for (const [key, at] of plan.lastReader) {
        if (at !== index) continue;
        const [from, role] = key.split('/') as [string, string];
        this.#lying.delete(from === 'map' ? `scratch map-${segment.index} ${step.name}.${role}` : `scratch ${step.name} ${from} ${role}`);
      }
    }
  }

  #ranks(segment: Segment, scale: Spread): void {
    const { requests, step } = segment.ranked!;
    const cpuMs = times(scale, this.#measured.ranksMs);
    this.#level(`${step.name} ranks`, requests.length, cpuMs, new Array<number>(requests.length).fill(cpuMs.likely / requests.length), exactly(0), null);
  }

  /**
   * Of a barrier's documents, how many stay in the run for one that stays in the sample. Copies that lie near each other the sample
   * shows; those that lie apart it meets more rarely than the run: with twice the documents a document has twice the chance of a
   * copy. From half a sample to the whole the share that stays falls by (1 - far) / (1 - far / 2); so on with each doubling.
   */
  #keptShare(step: BarrierStep, scale: number): Spread {
    const { totals, sample } = this.#measured;
    const { duplicates, cut } = sample;
    const found = duplicates.get(step.name);
    const documents = totals.get(step.name)?.documents ?? 0;
    if (cut.whole || found === undefined || found.far === 0 || scale <= 1) return exactly(1);
    // Ranges that were joined to one file hide copies of one another.
    const hidden = Math.min(found.near, found.far / Math.max(0.2, cut.apart) - found.far);
    const far = Math.min(0.9, (found.far + hidden) / Math.max(1, documents - found.near + hidden));
    const slope = Math.log2((1 - far) / (1 - far / 2));
    return { low: scale ** (1.5 * slope), likely: scale ** slope, high: 1 };
  }

  #lay(name: string, bytes: Spread): Spread {
    this.#lying.set(name, bytes);
    return bytes;
  }

  #level(name: string, tasks: number, cpuMs: Spread, each: readonly number[] | null, written: Spread, lay: 'final' | null, startMs = 0): void {
    if (lay !== null) this.#lay(lay, written);
    const { workers } = this.#settings;
    const longest = each === null ? cpuMs.likely / tasks : each.reduce((a, b) => Math.max(a, b), 0);
    const wall = each === null ? cpuMs.likely / workers : makespan(each, workers, startMs);
    const share = cpuMs.likely === 0 ? exactly(0) : times(cpuMs, wall / cpuMs.likely);
    this.#longestMs = Math.max(this.#longestMs, longest);
    this.#tasks += tasks;
    this.#levels.push({
      name,
      tasks,
      cpuSeconds: times(cpuMs, 1e-3),
      seconds: times(share, 1e-3),
      writtenBytes: written,
      diskBytes: sum(...this.#lying.values()),
    });
  }

  /** A map's memory does not grow with the run; a phase's does, up to what it may hold. */
  #workerBytes(): Spread {
    const { maps, phases } = this.#measured;
    const { workerBytes } = this.#settings;
    const seen = Math.max(...maps.map(({ peakBytes }) => peakBytes), ...[...phases.values()].map(({ peakBytes }) => peakBytes));
    const phase = WORKER_BASE_BYTES + Math.min(PHASE_MEMORY_BYTES, this.#phaseBytes);
    // A twentieth for each doubling of what is read: fitted to three runs, tried on two others (infra/docs/planning.md).
    const doublings = Math.max(0, Math.log2(this.#total / Math.max(1, this.#measured.sample.cut.bytes)));
    const likely = Math.min(workerBytes, Math.max(seen * (1 + doublings / 20), phase));
    return { low: Math.min(seen, likely), likely, high: Math.min(workerBytes, Math.max(1.3 * likely, phases.size === 0 ? 0 : phase)) };
  }
}

function inFinal(role: string): boolean {
  return role.endsWith('/') || role === 'index.arrow';
}

/** A phase that the sample had no task of. */
function usual(group: string, machine: number): PhaseCosts {
  const likely = phaseNsPerByte(group) * machine;
  return { taskMs: 8, nsPerByte: { low: likely / 2, likely, high: likely * 2 }, written: new Map(), peakBytes: 0 };
}
