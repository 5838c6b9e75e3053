// What a run offers an index: its kept documents' shards, and the dedupe steps whose keys are made of them. Invariant: keys are
// made of the text that the next run's step will see, so a run whose text was changed after the step is refused unless it is meant.
import { join } from 'node:path';
import { RefineError } from '../native/errors.js';
import type { Barrier } from '../stages/contract/barrier.js';
import { type AnyStep, readsOf, type StageEnv, writesOf } from '../stages/contract/stage.js';
import { KEEPS, type Keep } from './dedupe-index-keeps.js';
import { loadStep } from './registry.js';
import type { RunState } from './run-folder.js';
import { ArrowFile } from './store.js';
import type { Shard } from './types.js';

// biome-ignore lint/suspicious/noExplicitAny: steps of every option type
type IndexedBarrier = Barrier<any>;

export interface IndexedStep {
  readonly barrier: IndexedBarrier;
  readonly options: unknown;
}

export interface IndexRun {
  readonly folder: string;
  readonly name: string;
  /** Kept documents, in the run's order. */
  readonly shards: readonly Shard[];
  /** Of the shards: what the steps' maps read, and the ids. */
  readonly columns: readonly string[];
}

interface LockedStep {
  readonly name: string;
  readonly stage: string;
  readonly options: Readonly<Record<string, unknown>>;
}

function lockedSteps(run: RunState): readonly LockedStep[] {
  return (run.lock.resolved.steps ?? []) as LockedStep[];
}

async function indexable(stage: string): Promise<IndexedBarrier | null> {
  const step = await loadStep(stage);
  return step?.kind === 'barrier' && step.indexing !== undefined ? step : null;
}

/** What to keep where nobody says: keys of the run's own dedupe steps, and shingle sets where it has dedupe-minhash. */
export function defaultKeeps(run: RunState): readonly Keep[] {
  const stages = new Set(lockedSteps(run).map((step) => step.stage));
  const keeps = KEEPS.filter((keep) => stages.has(keep === 'shingles' ? 'dedupe-minhash' : `dedupe-${keep}`));
  if (keeps.length > 0) return keeps;
  throw new RefineError('ERR_REFINE_USAGE', 'has no dedupe step to say which keys the index should hold. Say it: --keep url,exact,minhash,shingles', {
    place: run.folder,
  });
}

/** The steps of an index that keeps these, with the options that the run gave them, or with `given` ones. */
export async function stepsToKeep(run: RunState, keeps: readonly Keep[], given: Readonly<Record<string, unknown>>): Promise<IndexedStep[]> {
  if (keeps.includes('shingles') && !keeps.includes('minhash'))
    throw new RefineError('ERR_REFINE_USAGE', '--keep shingles goes with minhash, whose candidates are verified by them. Write --keep minhash,shingles');
  const stages = KEEPS.filter((keep) => keep !== 'shingles' && keeps.includes(keep)).map((keep) => `dedupe-${keep}`);
  for (const name of Object.keys(given))
    if (!stages.includes(name))
      throw new RefineError('ERR_REFINE_USAGE', `has options of "${name}", which is not kept; kept are ${stages.join(', ')}.`, { place: '--with' });
  const kept: IndexedStep[] = [];
  for (const stage of stages) {
    const barrier = (await indexable(stage))!;
    const own = lockedSteps(run).find((step) => step.stage === stage)?.options ?? {};
    kept.push({ barrier, options: keyOptions(barrier, { ...own, ...((given[stage] ?? {}) as object) }) });
  }
  return kept;
}

/** dedupe-minhash as datatrove's signatures are made, where `given` does not say otherwise. */
export async function signaturesStep(given: Readonly<Record<string, unknown>>): Promise<IndexedStep> {
  const barrier = (await indexable('dedupe-minhash'))!;
  return { barrier, options: keyOptions(barrier, { preset: 'datatrove', ...((given[barrier.name] ?? {}) as object) }) };
}

/** Options of a step that decide keys, all others at their defaults. */
function keyOptions(barrier: IndexedBarrier, options: Readonly<Record<string, unknown>>): unknown {
  const deciding = barrier.indexing!.options.filter((name) => options[name] !== undefined);
  const parsed = barrier.schema.safeParse(Object.fromEntries(deciding.map((name) => [name, options[name]])));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new RefineError('ERR_REFINE_USAGE', `${[barrier.name, ...issue.path].join('.')}: ${issue.message}.`, { place: '--with' });
}

/** The steps of an index that is there, with the options that its keys were made with. */
export async function stepsOfIndex(
  run: RunState,
  keys: Readonly<Record<string, Readonly<Record<string, string | number>>>>,
  given: Readonly<Record<string, unknown>>,
): Promise<IndexedStep[]> {
  const steps: IndexedStep[] = [];
  for (const stage of Object.keys(keys)) {
    const barrier = await indexable(stage);
    if (barrier === null) throw new RefineError('ERR_REFINE_INDEX', `holds keys of "${stage}", which is no step of this refine. Use the refine that wrote it.`);
    const held = keys[stage]!;
    const fromIndex = Object.fromEntries(barrier.indexing!.options.filter((name) => held[name] !== undefined).map((name) => [name, held[name]]));
    const own = lockedSteps(run).find((step) => step.stage === stage)?.options ?? {};
    steps.push({ barrier, options: keyOptions(barrier, { ...own, ...fromIndex, ...((given[stage] ?? {}) as object) }) });
  }
  return steps;
}

/** The run's documents; an error says what it lacks and what to do. `finalText`: its shards' text is what the next run will see. */
export async function openIndexRun(run: RunState, steps: readonly IndexedStep[], env: StageEnv, finalText: boolean): Promise<IndexRun> {
  if (!run.finished)
    throw new RefineError('ERR_REFINE_INPUT', 'is not finished, so it is not known what it keeps. Run the same command again to go on, then index it.', {
      place: run.folder,
    });
  const { resolved } = run.lock;
  const sink = resolved.sink as { readonly text?: { readonly keep?: boolean } } | undefined;
  if (run.text.length === 0) {
    const why = sink?.text?.keep === false ? 'has no text/: its manifest says sink.text.keep: false' : 'has no text/';
    throw new RefineError('ERR_REFINE_INPUT', `${why}, of which an index is made. Run it with sink.text.keep: true (--set sink.text.keep=true --update).`, {
      place: run.folder,
    });
  }
  const wanted = [...new Set(['id', ...steps.flatMap(({ barrier, options }) => readsOf(barrier, options, env))])];
  if (!finalText) for (const { barrier } of steps) await refuseLaterText(run, barrier, env);
  const columns = await heldColumns(join(run.folder, run.text[0]!.path), wanted, steps, env, run.folder);
  return { folder: run.folder, name: String(resolved.name ?? ''), shards: run.text, columns };
}

/** Columns of the shards among those that are wanted; text and url must be there where a step reads them. */
async function heldColumns(path: string, wanted: readonly string[], steps: readonly IndexedStep[], env: StageEnv, folder: string): Promise<string[]> {
  const file = await ArrowFile.open(path);
  const held = new Set(file.columns);
  await file.close();
  for (const name of ['id', 'text', 'url']) {
    const by = name === 'id' ? 'the ids' : steps.find(({ barrier, options }) => readsOf(barrier, options, env).includes(name))?.barrier.name;
    if (by !== undefined && !held.has(name))
      throw new RefineError(
        'ERR_REFINE_INPUT',
        `has no column "${name}" in text/, which ${by} need${by === 'the ids' ? '' : 's'}. Leave that step out of --keep.`,
        {
          place: folder,
        },
      );
  }
  return wanted.filter((name) => held.has(name));
}

/** Steps after the dedupe step that wrote a column it compares. */
async function refuseLaterText(run: RunState, barrier: IndexedBarrier, env: StageEnv): Promise<void> {
  const list = lockedSteps(run);
  const last = list.findLastIndex((step) => step.stage === barrier.name);
  if (last === -1) return; // the run never compared them: its final text is all there is
  const compared = barrier.reads.filter((name) => name === 'text' || name === 'url');
  for (const later of list.slice(last + 1)) {
    const stage: AnyStep | undefined = await loadStep(later.stage);
    if (stage === undefined) continue; // a stage of the user's own says what it writes when it is loaded, which is not done here
    const parsed = stage.schema.safeParse(later.options);
    const changed = compared.find((name) => writesOf(stage, parsed.success ? parsed.data : undefined, env).includes(name));
    if (changed === undefined) continue;
    throw new RefineError(
      'ERR_REFINE_INPUT',
      `its step "${later.name}" changed ${changed} after "${list[last]!.name}", so keys of what it kept are not keys of what the next run's "${list[last]!.name}" would see. Put the dedupe step after "${later.name}" in both runs, or give --final-text if the next run does.`,
      { place: run.folder },
    );
  }
}
