// A sample's ledger as costs: what a segment's map takes to begin and a byte, what each role of file weighs, what a phase takes a
// task and a byte. Invariant: every figure is of tasks that ran; what the sample is too small to show comes from plan-costs.ts and
// says so in the range.
import { type BarrierPlan, phaseLimits, planBarrier } from './barrier-plan.js';
import { FROM_FEATURES, FROM_MAP } from './phase-lists.js';
import { LOAD_MS, MAP_TASK_MS, phaseGroup, phaseNsPerByte } from './plan-costs.js';
import type { SampleInput } from './plan-sample.js';
import { ratio, type Spread } from './plan-spread.js';
import type { SampleRun } from './plan-trial.js';
import type { DoneEntry } from './ledger.js';
import { type BarrierStep, type Segment, segmentsOf } from './segments.js';
import type { Manifest } from './types.js';

export interface MapCosts {
  /** Milliseconds to open the segment's steps in a worker; a task beside its bytes; a byte of what it reads. */
  readonly loadMs: number;
  readonly taskMs: number;
  readonly msPerByte: Spread;
  /** What the sample's tasks read. */
  readonly bytesRead: number;
  /** Bytes written by role, in the sample: `arrow`, `features.arrow`, `dedupe-minhash.shingles`, `text/`, ... */
  readonly written: ReadonlyMap<string, number>;
  /** Bytes of samples of dropped documents, no part of `written`: they grow with inputs, not with bytes. */
  readonly sampled: number;
  readonly tasks: number;
  readonly peakBytes: number;
}

export interface PhaseCosts {
  readonly taskMs: number;
  readonly nsPerByte: Spread;
  /** Bytes written by role over the phase's tasks (rounds of one phase together). */
  readonly written: ReadonlyMap<string, number>;
  readonly peakBytes: number;
}

export interface Measured {
  readonly segments: readonly Segment[];
  readonly maps: readonly MapCosts[];
  /** By `step/phase group`. */
  readonly phases: ReadonlyMap<string, PhaseCosts>;
  readonly ranksMs: number;
  readonly finalizeMs: number;
  readonly finalizeBytes: number;
  /** By barrier: what its maps counted over the sample. */
  readonly totals: ReadonlyMap<string, Readonly<Record<string, number>>>;
  readonly sample: SampleRun;
}

function pathRole(path: string): string {
  const map = /^scratch\/map-\d+\/[0-9a-f]{20}\.(.+)$/.exec(path);
  if (map !== null) return map[1]!;
  const phase = /^scratch\/[^/]+\/[^/]+\/[0-9a-f]{20}\.(.+)$/.exec(path);
  if (phase !== null) return phase[1]!.replace(/-\d{6}$/, '');
  const folder = /^([^/]+\/)/.exec(path);
  return folder === null ? path : folder[1]!;
}

const SAMPLES = /^scratch\/map-\d+\/.*\.samples-/;

function addOutputs(into: Map<string, number>, entry: DoneEntry): void {
  for (const { path, bytes } of entry.outputs) {
    if (SAMPLES.test(path)) continue;
    const role = pathRole(path);
    into.set(role, (into.get(role) ?? 0) + bytes);
  }
}

export function measureSample(manifest: Manifest, sample: SampleRun, machine: number): Measured {
  const segments = segmentsOf(manifest.steps);
  const { entries, cut } = sample;
  const maps = segments.map(({ index }) => mapCosts(index, entries, cut.inputs, cut.warm, cut.whole));
  const phases = new Map<string, PhaseCosts>();
  const smallest = floorMs(entries);
  const totals = new Map<string, Record<string, number>>();
  for (const segment of segments) {
    for (const step of segment.barriers) {
      const of: Record<string, number> = { inputs: 0, documents: 0 };
      for (const entry of entries) {
        if (entry.kind !== 'map' || entry.segment !== segment.index) continue;
        of.documents! += entry.rowsOut;
        for (const [name, value] of Object.entries(entry.totals?.[step.name] ?? {}))
          if (name !== 'inputs' && name !== 'documents') of[name] = (of[name] ?? 0) + value;
      }
      of.inputs = cut.inputs.length;
      totals.set(step.name, of);
      const plan = planBarrier(step, of, phaseLimits(of, manifest.spillBytes), cut.inputs.length);
      for (const [group, costs] of phaseCosts(segment, step, plan, entries, maps, machine, smallest)) phases.set(group, costs);
    }
  }
  const cpu = (kind: DoneEntry['kind']): number => entries.filter((entry) => entry.kind === kind).reduce((ms, entry) => ms + cpuOf(entry), 0);
  const finalize = new Map<string, number>();
  for (const entry of entries) if (entry.kind === 'finalize') addOutputs(finalize, entry);
  return {
    segments,
    maps,
    phases,
    ranksMs: cpu('rank'),
    finalizeMs: cpu('finalize'),
    finalizeBytes: [...finalize.values()].reduce((a, b) => a + b, 0),
    totals,
    sample,
  };
}

export function cpuOf(entry: DoneEntry): number {
  return entry.cpuMs ?? entry.wallMs;
}

function mapCosts(segment: number, entries: readonly DoneEntry[], inputs: readonly SampleInput[], warm: boolean, whole: boolean): MapCosts {
  const tasks = entries.filter((entry) => entry.kind === 'map' && entry.segment === segment).sort((a, b) => a.number - b.number);
  const previous = new Map(entries.filter((entry) => entry.kind === 'map' && entry.segment === segment - 1).map((entry) => [entry.number, entry]));
  const read = (entry: DoneEntry): number => {
    if (segment === 0) return inputs[entry.number]!.head ?? inputs[entry.number]!.bytes ?? entry.source?.bytesRead ?? 0;
    return previous.get(entry.number)!.outputs.find(({ path }) => pathRole(path) === 'arrow')?.bytes ?? 0;
  };
  const written = new Map<string, number>();
  for (const entry of tasks) addOutputs(written, entry);
  const peakBytes = Math.max(0, ...tasks.map((entry) => entry.peakBytes ?? 0));
  const first = tasks[0];
  const rest = warm ? tasks.slice(1) : tasks;
  const bytesRead = rest.reduce((sum, entry) => sum + read(entry), 0);
  const cost = costLine(
    rest.map((entry) => ({ ms: cpuOf(entry), bytes: read(entry) })),
    whole,
  );
  const opening = warm && first?.number === 0 ? Math.max(0, cpuOf(first) - cost.taskMs) : 0;
  // Without an empty input before it, the first task opened the steps.
  const loadMs = warm || rest.length > 1 ? opening + cost.firstMs : Math.min(LOAD_MS, cpuOf(rest[0]!) / 2);
  const msPerByte = warm || rest.length > 1 ? cost.msPerByte : ratio([Math.max(0, cpuOf(rest[0]!) - loadMs)], [read(rest[0]!)], whole);
  return { loadMs, taskMs: cost.taskMs, msPerByte, bytesRead, written, sampled: sampledBytes(rest), tasks: rest.length, peakBytes };
}

/**
 * Tasks' times as a line over their bytes: what a task costs whatever it reads, and a byte. What the first one took beyond it is
 * a fresh worker's (code that is compiled, tables that are filled). Of a whole run the sums must hold, so the line goes through them.
 */
function costLine(tasks: readonly { readonly ms: number; readonly bytes: number }[], whole: boolean): { taskMs: number; firstMs: number; msPerByte: Spread } {
  const later = tasks.length > 3 ? tasks.slice(1) : tasks;
  const n = later.length;
  const meanBytes = later.reduce((sum, { bytes }) => sum + bytes, 0) / Math.max(1, n);
  const meanMs = later.reduce((sum, { ms }) => sum + ms, 0) / Math.max(1, n);
  const spread = later.reduce((sum, { bytes }) => sum + (bytes - meanBytes) ** 2, 0);
  const slope = spread === 0 ? 0 : later.reduce((sum, { ms, bytes }) => sum + (ms - meanMs) * (bytes - meanBytes), 0) / spread;
  const most = Math.min(MAX_TASK_MS, meanMs / 2);
  const taskMs = n < 3 || slope <= 0 ? Math.min(MAP_TASK_MS, most) : Math.max(Math.min(MAP_TASK_MS, most), Math.min(most, meanMs - slope * meanBytes));
  const msPerByte = ratio(
    later.map(({ ms }) => Math.max(0, ms - taskMs)),
    later.map(({ bytes }) => bytes),
    whole,
  );
  const first = tasks[0];
  const firstMs = later === tasks || first === undefined ? 0 : Math.max(0, first.ms - taskMs - first.bytes * msPerByte.likely);
  return { taskMs, firstMs, msPerByte };
}

/** No map task costs more than this before its first byte. */
const MAX_TASK_MS = 250;

/** Bytes of sampled documents, which have a bound by reason and input. */
function sampledBytes(tasks: readonly DoneEntry[]): number {
  return tasks.reduce((sum, { outputs }) => sum + outputs.reduce((of, { path, bytes }) => of + (SAMPLES.test(path) ? bytes : 0), 0), 0);
}

/** What a task of a phase takes that has nothing to do: the lower quartile of all. */
function floorMs(entries: readonly DoneEntry[]): number {
  const sorted = entries
    .filter(({ kind }) => kind === 'phase')
    .map(cpuOf)
    .sort((a, b) => a - b);
  return sorted[sorted.length >> 2] ?? 5;
}

/** Enough bytes through a phase to tell its rate from its tasks' own cost. */
const TELLING_BYTES = 4 << 20;

function phaseCosts(
  segment: Segment,
  step: BarrierStep,
  plan: BarrierPlan,
  entries: readonly DoneEntry[],
  maps: readonly MapCosts[],
  machine: number,
  smallest: number,
): Map<string, PhaseCosts> {
  const of = entries.filter((entry) => entry.kind === 'phase' && entry.segment === segment.index && entry.step === step.name);
  const groups = new Map<string, { ms: number; tasks: number; written: Map<string, number>; peakBytes: number }>();
  for (const entry of of) {
    const group = phaseGroup(entry.phase!);
    let sums = groups.get(group);
    if (sums === undefined) groups.set(group, (sums = { ms: 0, tasks: 0, written: new Map(), peakBytes: 0 }));
    sums.ms += cpuOf(entry);
    sums.tasks++;
    sums.peakBytes = Math.max(sums.peakBytes, entry.peakBytes ?? 0);
    addOutputs(sums.written, entry);
  }
  const costs = new Map<string, PhaseCosts>();
  for (const [group, { ms, tasks, written, peakBytes }] of groups) {
    const bytes = [...written.values()].reduce((a, b) => a + b, 0) + readsOf(step, plan, group, maps[segment.index]!, maps[0]!, groups);
    const committed = phaseNsPerByte(group) * machine;
    const measured = ((ms - tasks * smallest) * 1e6) / Math.max(1, bytes);
    const telling = bytes >= TELLING_BYTES && measured > 0;
    const likely = telling ? Math.min(20 * committed, measured) : committed;
    costs.set(`${step.name}/${group}`, {
      taskMs: Math.max(Math.min(smallest, ms / tasks), (ms - (bytes * likely) / 1e6) / tasks),
      nsPerByte: telling ? { low: likely * 0.8, likely, high: likely * 1.25 } : { low: likely / 2, likely, high: likely * 2 },
      written,
      peakBytes,
    });
  }
  return costs;
}

/** Bytes that a phase's tasks read in the sample: every role they name, once. */
function readsOf(
  step: BarrierStep,
  plan: BarrierPlan,
  group: string,
  map: MapCosts,
  first: MapCosts,
  groups: ReadonlyMap<string, { readonly written: ReadonlyMap<string, number> }>,
): number {
  const seen = new Map(
    plan.phases.filter(({ name }) => phaseGroup(name) === group).flatMap(({ reads }) => reads.map((read) => [`${phaseGroup(read.from)}/${read.role}`, read])),
  );
  return [...seen.values()].reduce((sum, { from, role }) => sum + roleBytes(step.name, from, role, map, first, (phase) => groups.get(phase)?.written), 0);
}

export function roleBytes(
  step: string,
  from: string,
  role: string,
  map: MapCosts,
  first: MapCosts,
  phase: (group: string) => ReadonlyMap<string, number> | undefined,
): number {
  if (from === FROM_MAP) return map.written.get(`${step}.${role}`) ?? 0;
  if (from === FROM_FEATURES) return first.written.get('features.arrow') ?? 0;
  return phase(phaseGroup(from))?.get(role) ?? 0;
}
