// What `--what-if STEP.OPTION=VALUE` asks of a run, read from its lock file: every step with the options it ran with and, where
// asked, those it would run with. Only options that move decisions can be asked; anything else needs another run.
import { RefineError } from '../native/errors.js';
import { type AnyStep, type Decision, reasonsOf, type StageEnv } from '../stages/contract/stage.js';
import { didYouMean } from '../stages/contract/suggest.js';
import { featureColumns } from './feature-columns.js';
import { parseAt, sentence } from './manifest-check.js';
import { parseYamlValue, type Problem, type Tree, withValue } from './manifest-source-map.js';
import { loadSteps } from './registry.js';
import type { RunState } from './run-folder.js';
import { ranksOf, segmentsOf } from './segments.js';
import { CRASH_REASONS, type Step } from './types.js';

export interface AskedStep {
  readonly name: string;
  readonly kind: 'stage' | 'barrier';
  /** A step that decides by numbers: its columns are in features/. */
  readonly rules: boolean;
  /** null: nobody here can say how the step decides. */
  readonly decision: Decision<unknown> | null;
  readonly options: unknown;
  /** Where asked. */
  readonly changed: unknown;
  /** Of the run, by drop code; and with the options asked for. */
  readonly reasons: readonly string[];
  readonly reasonsNow: readonly string[];
  /** Columns of its decision, to their label in features/. */
  readonly labels: ReadonlyMap<string, string>;
  /** Orders over the run that it wants with the options asked for. */
  readonly ranks: ReturnType<typeof ranksOf>;
}

interface LockedStep {
  readonly name: string;
  readonly stage: string;
  readonly version: number;
  readonly options?: unknown;
}

export async function askedSteps(run: Pick<RunState, 'lock' | 'folder'>, asks: readonly string[]): Promise<AskedStep[]> {
  const env: StageEnv = { seed: BigInt(String(run.lock.resolved.seed ?? 0)), baseDir: run.folder, device: run.lock.device };
  const locked = (run.lock.resolved.steps ?? []) as readonly LockedStep[];
  const registry = await loadSteps(locked.map(({ stage }) => stage));
  const steps = locked.map((step): Step & { readonly known: boolean } => {
    const stage = registry.get(step.stage);
    return { name: step.name, stage: stage ?? unknownStage(step), options: step.options ?? {}, known: stage !== undefined && stage.version === step.version };
  });
  const plan = featureColumns(segmentsOf(steps), env);
  const changed = changedOptions(steps, asks, env);
  return steps.map((step) => {
    const { name, stage, options, known } = step;
    const decision = known && stage.kind === 'stage' ? ((stage.decision as Decision<unknown> | undefined) ?? null) : null;
    const features = plan.get(name);
    // After a step's own reasons those by which documents never entered it: no option changes them.
    const reasons = [...(stage.name === 'unknown' ? ['?'] : reasonsOf(stage, options)), ...CRASH_REASONS];
    return {
      name,
      kind: stage.kind === 'stage' ? 'stage' : 'barrier',
      rules: features !== undefined,
      decision,
      options,
      changed: changed.get(name),
      reasons,
      reasonsNow: changed.has(name) ? [...reasonsOf(stage, changed.get(name)), ...CRASH_REASONS] : reasons,
      labels: features?.labels ?? new Map(),
      ranks: ranksOf(changed.has(name) ? { ...step, options: changed.get(name) } : step),
    };
  });
}

/** A step whose stage this refine does not have: it may do anything. */
function unknownStage(step: LockedStep): AnyStep {
  return { kind: 'stage', name: 'unknown', version: step.version, reads: [], writes: [], reasons: ['?'] } as unknown as AnyStep;
}

/** The options of every step that is asked about, with what is asked in their place. */
function changedOptions(steps: readonly (Step & { readonly known: boolean })[], asks: readonly string[], env: StageEnv): Map<string, unknown> {
  const trees = new Map<string, Tree>();
  const named = new Map<string, Set<string>>();
  for (const ask of asks) {
    const place = `--what-if ${ask}`;
    const refuse = (message: string): RefineError => new RefineError('ERR_REFINE_USAGE', message, { place });
    const equals = ask.indexOf('=');
    if (equals <= 0) throw refuse('has no "="; expected step.option=value, such as --what-if repetition.duplicate-line-fraction=0.25.');
    const path = ask.slice(0, equals);
    const askable = steps.filter(({ stage, known }) => known && stage.kind === 'stage' && stage.decision !== undefined);
    const names = askable.map(({ name }) => name);
    const name = steps
      .map((step) => step.name)
      .filter((one) => path === one || path.startsWith(`${one}.`))
      .sort((a, b) => b.length - a.length)[0];
    if (name === undefined) {
      const first = path.split('.')[0]!;
      throw refuse(
        `names "${first}", which is no step of this run; expected ${names.join(', ') || 'nothing: no step of it can be asked'}.${didYouMean(first, names)}`,
      );
    }
    const step = steps.find((one) => one.name === name)!;
    if (!askable.includes(step as (typeof askable)[number]))
      throw refuse(
        step.known
          ? `step "${name}" does not decide by numbers that features/ holds; expected ${names.join(', ') || 'nothing: no step of this run can be asked'}. Change the manifest and run again.`
          : `step "${name}" was run by another version of its code than this refine has. Run again, or ask the refine that made the run.`,
      );
    const decision = step.stage.kind === 'stage' ? (step.stage.decision as Decision<unknown>) : null;
    const [option, ...rest] = path.slice(name.length + 1).split('.');
    if (option === undefined || option === '')
      throw refuse(`names a whole step; expected step.option=value, such as --what-if ${name}.${decision!.options[0]}=...`);
    if (!decision!.options.includes(option)) {
      const known = Object.keys((step.options ?? {}) as object).includes(option);
      const found = known
        ? `${name}.${option} changes more than decisions: what the step writes would be another`
        : `${name} has no option "${option}" that moves decisions`;
      throw refuse(
        `${found}; expected one of ${shortList(decision!.options)}.${known ? ' Change the manifest and run again.' : didYouMean(option, decision!.options)}`,
      );
    }
    const before = trees.get(name) ?? parseYamlValue(JSON.stringify(decision!.written?.(step.options) ?? step.options), place);
    trees.set(name, withValue(before, [option, ...rest], valueIn(ask.slice(equals + 1), place)));
    named.set(name, (named.get(name) ?? new Set()).add(option));
  }
  const changed = new Map<string, unknown>();
  const problems: Problem[] = [];
  for (const [name, tree] of trees) {
    const { stage } = steps.find((one) => one.name === name)!;
    const options = parseAt(stage.schema, tree, name, problems);
    if (options === undefined) continue;
    for (const { path, message } of stage.check?.(options, env) ?? []) {
      if (!named.get(name)!.has(String(path[0]))) continue; // the rest was right when it ran
      problems.push({ place: { name: `--what-if ${name}` }, message: `${[name, ...path].join('.')}: ${sentence(message)}` });
    }
    changed.set(name, options);
  }
  if (problems.length > 0) throw new RefineError('ERR_REFINE_USAGE', problems.map(({ message }) => message).join('\n'), { place: '--what-if' });
  return changed;
}

/** YAML where it is such, else the text as it stands: an expression may begin with a quote. */
function valueIn(text: string, place: string): Tree {
  try {
    return parseYamlValue(text, place);
  } catch {
    return { kind: 'scalar', place: { name: place }, value: text, source: text };
  }
}

function shortList(words: readonly string[]): string {
  return words.length <= 12 ? words.join(', ') : `${words.slice(0, 12).join(', ')} and ${words.length - 12} more`;
}
