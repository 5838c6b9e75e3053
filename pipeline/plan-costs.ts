// What a plan knows without the sample: costs that a small sample is too small to show. Estimates, not a calibration: rounded from
// single runs and from infra/docs/dedupe-scale.jsonl (whose entries lack what phases read), scaled to this machine by a short probe.
import { createHash } from 'node:crypto';

/** A map task beside its bytes: opening the input, files, the ledger entry. Milliseconds of processor time, as all below. */
export const MAP_TASK_MS = 8;
/** Opening the steps of a segment in a fresh worker, where the sample could not show it. */
export const LOAD_MS = 300;
/** Starting a worker process until it takes a task. */
export const WORKER_START_MS = 450;
/** The parent, a task: its identity, messages, the ledger entry read; and once a run. */
export const PARENT_TASK_MS = 1.8;
export const PARENT_MS = 1000;
/** Resident bytes: the parent, and a task that it holds; a worker before its first document. */
export const PARENT_BYTES = 95 * 1024 * 1024;
export const PARENT_TASK_BYTES = 3000;
export const WORKER_BASE_BYTES = 150 * 1024 * 1024;
/** A ledger entry on disk: a block of the file system. */
export const LEDGER_ENTRY_BYTES = 4096;

/** Nanoseconds a byte that a phase reads or writes, by its name less its round; all phases are merges and sorts of record files. */
const PHASE_NS: Readonly<Record<string, number>> = { bands: 6, pairs: 4, members: 1.5, survivors: 3, components: 6, match: 3, contents: 2, compare: 2 };
const USUAL_PHASE_NS = 4;

export function phaseNsPerByte(phase: string): number {
  return PHASE_NS[phaseGroup(phase)] ?? USUAL_PHASE_NS;
}

/** `bands-03` is a round of `bands`. */
export function phaseGroup(phase: string): string {
  return phase.replace(/-\d+$/, '');
}

/** The probe on the machine that the constants were measured on. */
const REFERENCE_PROBE_MS = 19;

/** How much slower this machine is than the one the constants come from: the best of a few short probes, hashing and sorting. */
export function machineFactor(): number {
  let best = Number.POSITIVE_INFINITY;
  const block = new Uint8Array(8 << 20);
  for (let round = 0; round < 5; round++) {
    const before = process.cpuUsage();
    createHash('sha256').update(block).digest();
    const numbers = new Uint32Array(1 << 18);
    let x = 1;
    for (let i = 0; i < numbers.length; i++) numbers[i] = x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
    numbers.sort();
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / 1000);
  }
  return Math.min(5, Math.max(0.2, best / REFERENCE_PROBE_MS));
}
