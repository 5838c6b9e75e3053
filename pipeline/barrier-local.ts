// A barrier over documents that are all at hand, in this process: its map and its own phases, in a temporary folder. What
// `refine try` and the steps' unit tests run; the same plan and the same files as in a run, but no ledger, and the answer in memory.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Batch } from '../native/batch.js';
import { mergeRecords } from '../native/records.js';
import { type BarrierRun, type Edits, type NumberedFile, reasonsOf, type StageEnv } from '../stages/contract/stage.js';
import { PHASE_MEMORY_BYTES, phaseLimits, planBarrier } from './barrier-plan.js';
import { addNotes } from './barrier-notes.js';
import { VERDICT_AT } from './gather.js';
import { FROM_MAP } from './phase-lists.js';
import { Task } from './phase-task.js';
import { type BarrierStep, stepMistake } from './segments.js';
import { ScratchFiles } from './task-files.js';

/** Row i of `batch` is document `rows[i]` of input `input`; inputs and rows ascend. */
export interface HeldRows {
  readonly input: number;
  readonly rows: Uint32Array;
  readonly batch: Batch;
}

export interface Verdict {
  readonly kept: bigint;
  readonly cluster: bigint;
  readonly clusterSize: number;
  /** 0: stays. */
  readonly drop: number;
  readonly similarity: number | null;
}

export interface LocalDecision {
  /** By global row, ascending; rows without one stay. */
  readonly verdicts: ReadonlyMap<bigint, Verdict>;
  /** By global row; null where the step edits nothing. */
  readonly edits: ReadonlyMap<bigint, readonly (readonly [start: number, end: number])[]> | null;
  readonly notes: Readonly<Record<string, number>>;
}

export interface LocalSettings {
  readonly spillBytes?: number;
  readonly partitions?: number;
  /** Rows that earlier barriers dropped: files of bits, absolute paths. */
  readonly dropped?: readonly NumberedFile[];
}

const SPILL_BYTES = 20 * 1024 ** 3;
const MAP_MEMORY_BYTES = 128 * 1024 * 1024;

export async function decideHere(
  step: BarrierStep,
  run: BarrierRun,
  held: readonly HeldRows[],
  env: StageEnv,
  signal: AbortSignal,
  settings: LocalSettings = {},
): Promise<LocalDecision> {
  const folder = await mkdtemp(join(tmpdir(), 'refine-barrier-'));
  try {
    return await decideIn(folder, step, run, held, env, signal, settings);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function decideIn(
  folder: string,
  step: BarrierStep,
  run: BarrierRun,
  held: readonly HeldRows[],
  env: StageEnv,
  signal: AbortSignal,
  settings: LocalSettings,
): Promise<LocalDecision> {
  const written = new Map<string, NumberedFile[]>();
  const add = (from: string, role: string, file: NumberedFile): void => {
    const key = `${from}/${role}`;
    written.set(key, [...(written.get(key) ?? []), file]);
  };
  const inputs = [...new Set(held.map(({ input }) => input))];
  const totals: Record<string, number> = { inputs: inputs.length, documents: held.reduce((sum, { batch }) => sum + batch.rows, 0) };
  for (const input of inputs) {
    const files = await ScratchFiles.open(folder, (role) => `map/${input}.${role}`, MAP_MEMORY_BYTES);
    const map = run.map(files);
    for (const { rows, batch } of held.filter((one) => one.input === input)) {
      if (batch.rows > 0)
        await map.add(
          batch,
          BigUint64Array.from(rows, (row) => (BigInt(input) << 32n) | BigInt(row)),
          signal,
        );
    }
    for (const [name, value] of Object.entries(await map.finish())) totals[name] = (totals[name] ?? 0) + value;
    for (const { path } of await files.commit()) add(FROM_MAP, path.slice(`map/${input}.`.length), { number: input, path });
  }
  const plan = planBarrier(step, totals, phaseLimits(totals, settings.spillBytes ?? SPILL_BYTES, settings.partitions), (inputs.at(-1) ?? 0) + 1);
  const notes: Record<string, number> = {};
  for (const phase of plan.phases.slice(0, plan.own)) {
    const lists = {
      inputs,
      reads: phase.reads.map(({ from, role }) => ({ from, role, files: written.get(`${from}/${role}`) ?? [] })),
      dropped: settings.dropped ?? [],
    };
    const numbers = phase.over === 'inputs' ? inputs : Array.from({ length: phase.over === 'run' ? 1 : phase.count! }, (_, i) => i);
    for (const number of numbers) {
      const files = await ScratchFiles.open(folder, (role) => `${phase.name}/${number}.${role}`, PHASE_MEMORY_BYTES);
      const task = new Task(phase, number, lists, files, env, (path) => resolve(folder, path));
      const result = await phase.run(step.options, task, signal);
      addNotes(notes, result.notes ?? {});
      for (const role of phase.writes) files.path(role);
      for (const { path } of await files.commit()) add(phase.name, path.slice(`${phase.name}/${number}.`.length), { number, path });
    }
  }
  const last = plan.phases[plan.own - 1]!;
  const of = (role: string): string[] => (written.get(`${last.name}/${role}`) ?? []).map(({ path }) => join(folder, path));
  return { verdicts: await verdictsIn(step, plan.decides ? of('verdicts') : []), edits: plan.edits ? await editsIn(of('edits')) : null, notes };
}

/** The spans of a batch's texts; `rows` are global. */
export function editsOf(edits: NonNullable<LocalDecision['edits']>, rows: readonly bigint[]): Edits {
  const spans = rows.map((row) => edits.get(row) ?? []);
  const offsets = new Int32Array(rows.length + 1);
  spans.forEach((list, i) => {
    offsets[i + 1] = offsets[i]! + list.length;
  });
  const all = spans.flat();
  return { offsets, start: Uint32Array.from(all, ([start]) => start), end: Uint32Array.from(all, ([, end]) => end) };
}

const ALL = { lo: 0n, hi: 1n << 64n };
const READ_BYTES = 64 * 1024 * 1024;

async function verdictsIn(step: BarrierStep, paths: readonly string[]): Promise<Map<bigint, Verdict>> {
  const verdicts = new Map<bigint, Verdict>();
  if (paths.length === 0) return verdicts;
  const reasons = reasonsOf(step.stage, step.options).length;
  for await (const { keys, values, rows } of mergeRecords(paths, ALL, READ_BYTES)) {
    const view = new DataView(values.buffer, values.byteOffset, values.byteLength);
    for (let i = 0; i < rows; i++) {
      const at = 24 * i;
      const drop = view.getUint16(at + VERDICT_AT.drop, true);
      const similarity = view.getUint16(at + VERDICT_AT.similarity, true);
      if (drop > reasons) throw stepMistake(step, `dropped row ${keys[i]} with code ${drop}, it declares ${reasons} reasons`);
      if (verdicts.has(keys[i]!)) throw stepMistake(step, `decided twice about row ${keys[i]}`);
      verdicts.set(keys[i]!, {
        kept: view.getBigUint64(at + VERDICT_AT.kept, true),
        cluster: view.getBigUint64(at + VERDICT_AT.cluster, true),
        clusterSize: view.getUint32(at + VERDICT_AT.clusterSize, true),
        drop,
        similarity: similarity === 0 ? null : (similarity - 1) / 65534,
      });
    }
  }
  return verdicts;
}

async function editsIn(paths: readonly string[]): Promise<Map<bigint, [number, number][]>> {
  const edits = new Map<bigint, [number, number][]>();
  for await (const { keys, rows } of mergeRecords(paths, ALL, READ_BYTES)) {
    for (let i = 0; i < rows; i++) {
      const spans = edits.get(keys[3 * i]!) ?? [];
      edits.set(keys[3 * i]!, spans);
      spans.push([Number(keys[3 * i + 1]!), Number(keys[3 * i + 2]!)]);
    }
  }
  return edits;
}
