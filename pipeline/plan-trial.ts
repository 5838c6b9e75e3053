// The sample's run: the manifest's own steps, barriers and sink over the cut ranges, by a real worker process in a temporary
// folder, and what its ledger says of each kind of task. Invariant: what is measured is what a run does, so a plan misses nothing
// that a run does; nothing of it stays behind.
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mergeRecords } from '../native/records.js';
import { RefineError } from '../native/errors.js';
import type { DoneEntry } from './ledger.js';
import { VERDICT_AT } from './gather.js';
import { sampled } from './plan-inputs.js';
import type { CutSample } from './plan-sample.js';
import { readRun } from './run-folder.js';
import { runManifest } from './runner.js';
import type { RunOptions } from './runner.js';
import type { Manifest, StepCounts } from './types.js';

/** Documents dropped for one that lies in the same piece of the sample, and for one of another piece: only the second share grows with the run. */
export interface Duplicates {
  readonly near: number;
  readonly far: number;
}

export interface SampleRun {
  readonly cut: CutSample;
  /** Of the manifest in force, in plan order. */
  readonly entries: readonly DoneEntry[];
  /** By barrier that drops. */
  readonly duplicates: ReadonlyMap<string, Duplicates>;
  /** In manifest order. */
  readonly steps: readonly StepCounts[];
  /** Processor time of the sample's own parent while its tasks ran. */
  readonly parentCpuMs: number;
}

export async function runSample(
  manifest: Manifest,
  cut: CutSample,
  folder: string,
  signal: AbortSignal,
  modules?: RunOptions['modules'],
): Promise<SampleRun | null> {
  const out = join(folder, 'run');
  sampled.inputs = cut.inputs;
  const before = process.cpuUsage();
  try {
    const summary = await runManifest(manifest, {
      out,
      workers: 1,
      device: 'cpu',
      allowFailed: cut.inputs.length - 1,
      signal,
      modules: {
        steps: modules?.steps ?? new URL('./registry.js', import.meta.url).href,
        inputs: new URL('./plan-inputs.js', import.meta.url).href,
      },
    });
    const used = process.cpuUsage(before);
    const run = await readRun(out);
    const entries = run.entries.filter((entry): entry is DoneEntry => entry.state === 'done');
    return {
      cut,
      entries,
      duplicates: await duplicatesIn(out, entries),
      steps: summary.steps,
      parentCpuMs: (used.user + used.system) / 1000,
    };
  } catch (error) {
    // No input could be read: the run's to report by name.
    if (error instanceof RefineError && error.code === 'ERR_REFINE_TASKS_FAILED') return null;
    throw error;
  }
}

/** Whose documents the dropped ones resemble, from the verdicts that the last phase of each barrier keeps. */
async function duplicatesIn(folder: string, entries: readonly DoneEntry[]): Promise<Map<string, Duplicates>> {
  const found = new Map<string, { near: number; far: number }>();
  const files = new Map<string, string[]>();
  for (const { step, phase, outputs } of entries) {
    if (step === undefined || phase !== 'gather') continue;
    files.set(step, [...(files.get(step) ?? []), ...outputs.filter(({ path }) => path.endsWith('.verdicts')).map(({ path }) => join(folder, path))]);
  }
  for (const [step, paths] of files) {
    const of = { near: 0, far: 0 };
    found.set(step, of);
    for await (const { keys, values, rows } of mergeRecords(paths, { lo: 0n, hi: 1n << 64n }, 16 << 20)) {
      const view = new DataView(values.buffer, values.byteOffset, values.byteLength);
      for (let i = 0; i < rows; i++) {
        if (view.getUint16(24 * i + VERDICT_AT.drop, true) === 0) continue;
        const kept = view.getBigUint64(24 * i + VERDICT_AT.kept, true);
        // A document of another run (bit 63) is there whatever the size of this one.
        if (kept >> 63n === 1n || kept >> 32n === keys[i]! >> 32n) of.near++;
        else of.far++;
      }
    }
  }
  return found;
}

/** Removes the sample's files; silent: what a plan says does not depend on it. */
export async function removeSample(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true }).catch(() => undefined);
}

/** What the sample's folder is, for whoever finds one that a killed plan left. */
export async function nameFolder(folder: string): Promise<void> {
  await writeFile(join(folder, 'README'), 'A sample that `refine plan` ran; it can be deleted at any time.\n');
}
