// What the phases of a run's barriers and the batches of its stages noted, summed over tasks, and what the steps say of it to people.
import type { AnyStep } from '../stages/contract/stage.js';
import { loadSteps } from './registry.js';
import type { RunLock } from './run-folder.js';
import type { LedgerEntry } from './types.js';

export type Notes = Readonly<Record<string, number>>;

/** Adds notes up; the largest stays where a name begins with `max_`. */
export function addNotes(into: Record<string, number>, notes: Notes): void {
  for (const [name, value] of Object.entries(notes)) {
    const before = into[name];
    into[name] = before === undefined ? value : name.startsWith('max_') ? Math.max(before, value) : before + value;
  }
}

/** By step, in the order of the ledger's entries. */
export function barrierNotes(entries: readonly LedgerEntry[]): Record<string, Notes> {
  const sums: Record<string, Record<string, number>> = {};
  for (const entry of entries) {
    if (entry.state !== 'done') continue;
    if (entry.kind === 'phase' && entry.notes !== undefined) addNotes((sums[entry.step!] ??= {}), entry.notes);
    for (const { step, notes } of entry.steps) if (notes !== undefined) addNotes((sums[step] ??= {}), notes);
  }
  return sums;
}

/** `step: sentence`, in the order of the steps. */
export function barrierNotices(
  notes: Readonly<Record<string, Notes>>,
  steps: readonly { readonly name: string; readonly stage: AnyStep | undefined; readonly options: unknown }[],
): string[] {
  return steps.flatMap(({ name, stage, options }) =>
    stage?.notices === undefined || notes[name] === undefined ? [] : stage.notices(options, notes[name]).map((sentence) => `${name}: ${sentence}`),
  );
}

/** The same from a lock file; a step that this refine does not have, or has in another version, says nothing. */
export async function lockedNotices(notes: Readonly<Record<string, Notes>>, lock: Pick<RunLock, 'resolved'>): Promise<string[]> {
  const steps = (lock.resolved.steps ?? []) as readonly { name: string; stage: string; version: number; options?: unknown }[];
  const registry = await loadSteps(steps.map(({ stage }) => stage));
  return barrierNotices(
    notes,
    steps.map(({ name, stage, version, options }) => {
      const known = registry.get(stage);
      return { name, stage: known?.version === version ? known : undefined, options: options ?? {} };
    }),
  );
}

/** A sentence for each step and reason by which documents were left out because no worker survives them. */
export function crashNotices(folder: string, entries: readonly LedgerEntry[]): string[] {
  const pages = new Map<string, { count: number; id: string | null; how: string }>();
  for (const entry of entries) {
    if (entry.state !== 'done') continue;
    for (const { step, reason, id, how } of entry.crashed ?? []) {
      const held = pages.get(`${step}/${reason}`);
      if (held === undefined) pages.set(`${step}/${reason}`, { count: 1, id, how });
      else held.count++;
    }
  }
  return [...pages].map(([reason, { count, id, how }]) => {
    const [what, like] = count === 1 ? ['1 document ended its worker', ''] : [`${count} documents ended their worker`, ', such as'];
    return `${what} and ${count === 1 ? 'was' : 'were'} dropped as ${reason}${like}: ${id ?? 'without an id'} (${how}). See them: npx refine inspect ${folder} --reason ${reason} --sample ${Math.min(count, 20)}`;
  });
}
