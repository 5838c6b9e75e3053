// Checks over the whole list of steps: every column that is read was written before, barriers and steps with ranks stand
// where they can, and the outputs make sense. Nothing runs and no file is read.
import { type AnyStep, readsOf, type StageEnv, writesOf } from '../stages/contract/stage.js';
import { nearest } from '../stages/contract/suggest.js';
import type { SourceKind } from './manifest-schema.js';
import type { Place, Problem } from './manifest-source-map.js';
import type { StepSource } from './registry.js';
import { ranksOf } from './segments.js';
import type { Sink, Step } from './types.js';

export interface PlacedStep extends Step {
  readonly place: Place;
}

const ALWAYS = ['id', 'url', 'host', 'warc_path', 'date', 'warc_offset', 'warc_length', 'payload_digest', 'http_status', 'content_type', 'x_robots_tag'];

/** Columns with values at the source (stages/contract/source.ts). `text` of a WARC holds only its text/plain documents: no step may count on it. */
const SOURCE_COLUMNS: Readonly<Record<SourceKind, readonly string[] | null>> = {
  commoncrawl: [...ALWAYS, 'html'],
  warc: [...ALWAYS, 'html'],
  wet: [...ALWAYS, 'text'],
  jsonl: [...ALWAYS, 'text'],
  parquet: [...ALWAYS, 'text'],
  run: null, // whatever that run's steps wrote, less what never leaves the map phase
};

/** Columns that are never written to a shard: they end at the first barrier or order over the run. */
const MAP_PHASE_ONLY = ['html', 'content_type', 'x_robots_tag'];

export async function checkFlow(
  steps: readonly PlacedStep[],
  kind: SourceKind | null,
  sink: Sink | null,
  sinkPlaces: { tokens: Place | null; text: Place | null; steps: Place },
  registry: StepSource,
  env: StageEnv,
): Promise<Problem[]> {
  const problems: Problem[] = [];
  const source = kind === null ? null : SOURCE_COLUMNS[kind];
  const open = source === null;
  const has = new Set<string>(source ?? ALWAYS);
  const gone = new Map<string, string>(kind === 'run' ? MAP_PHASE_ONLY.map((name) => [name, 'the source']) : []);
  let tokens: PlacedStep | null = null;
  for (const [index, step] of steps.entries()) {
    const { stage } = step;
    const ranks = step.options === undefined ? [] : ranksOf(step);
    if (ranks.length > 0) {
      for (const column of MAP_PHASE_ONLY) {
        if (has.delete(column)) gone.set(column, step.name);
      }
      if (tokens !== null) problems.push({ place: step.place, message: afterTokens(step, tokens) });
    }
    const ranked = ranks.flatMap(({ column, by, scored }) => [...(scored === true ? [] : [column]), ...(by === undefined || by.startsWith('_') ? [] : [by])]);
    for (const column of new Set([...readsOf(stage, step.options, env), ...ranked])) {
      if (has.has(column) || stage.writes.includes(column)) continue;
      if (gone.has(column)) {
        const by = gone.get(column)!;
        const next = by === 'the source' ? 'Take the documents from WARC files instead.' : `Put "${step.name}" before "${by}".`;
        problems.push({
          place: step.place,
          message: `step "${step.name}" reads column "${column}", which does not go past ${by === 'the source' ? 'a run folder' : `"${by}"`}. ${next}`,
        });
        continue;
      }
      if (open) continue;
      const later = steps.slice(index + 1).find((other) => writesOf(other.stage, other.options, env).includes(column));
      const maker = later === undefined ? await makerOf(column, stage, registry, env) : undefined;
      const next =
        later !== undefined
          ? `Move "${later.name}" before it.`
          : maker !== undefined
            ? `Add "${maker}" before it.`
            : (likely(column, has) ??
              (stage.reads.includes(column)
                ? `Remove the step, or add one that writes "${column}".`
                : `Add a step that writes it; a text stands in quotes: "${column}".`));
      problems.push({
        place: step.place,
        message: `step "${step.name}" reads column "${column}", which no earlier step writes (they write: ${wroteBefore(steps.slice(0, index), has)}). ${next}`,
      });
    }
    for (const column of writesOf(step.stage, step.options, env)) {
      has.add(column);
      gone.delete(column);
    }
    if (stage.kind === 'stage') {
      for (const column of stage.consumes ?? []) {
        has.delete(column);
        gone.set(column, step.name);
      }
      if (stage.writes.includes('tokens')) {
        if (tokens !== null)
          problems.push({
            place: step.place,
            message: `step "${step.name}" writes column "tokens", which "${tokens.name}" has written already. A run has one tokenizer: keep one of the two steps.`,
          });
        tokens = step;
      }
    } else {
      for (const column of MAP_PHASE_ONLY) {
        if (has.delete(column)) gone.set(column, step.name);
      }
      if (tokens !== null) {
        problems.push({ place: step.place, message: afterTokens(step, tokens) });
      }
    }
  }
  if (steps.length === 0 || sink === null) return problems;
  if (sinkPlaces.tokens !== null && tokens === null && sink.tokens.perShard > 0) {
    problems.push({
      place: sinkPlaces.tokens,
      message: 'sink.tokens is set, but no step writes tokens. Add "tokenize" at the end of the steps, or remove sink.tokens.',
    });
  }
  if (!sink.text.keep && tokens === null) {
    problems.push({
      place: sinkPlaces.text ?? sinkPlaces.steps,
      message: 'sink.text.keep is false and no step writes tokens: the run would write nothing. Add "tokenize", or keep the text.',
    });
  }
  if (sink.text.keep && tokens === null && !open && kind !== null && !has.has('text') && problems.length === 0) {
    problems.push({
      place: steps.at(-1)!.place,
      message: `no step writes column "text", so there is nothing to keep (they write: ${wroteBefore(steps, has)}). Add "extract".`,
    });
  }
  return problems;
}

function afterTokens(step: Step, tokens: Step): string {
  return `step "${step.name}" needs every document, so it cannot follow "${tokens.name}", whose tokens are the last thing a run writes. Move it before "${tokens.name}".`;
}

/** The first step that writes the column and is not this one. Only a manifest with this mistake loads every step. */
async function makerOf(column: string, stage: AnyStep, registry: StepSource, env: StageEnv): Promise<string | undefined> {
  for (const name of registry.names) {
    const other = await registry.load(name);
    if (other !== undefined && other.name !== stage.name && bareWrites(other, env).includes(column)) return name;
  }
  return undefined;
}

/** What a step writes where a manifest has nothing but its name. */
function bareWrites(stage: AnyStep, env: StageEnv): readonly string[] {
  const bare = stage.schema.safeParse({});
  return bare.success ? writesOf(stage, bare.data, env) : stage.writes;
}

function likely(column: string, has: ReadonlySet<string>): string | null {
  const meant = nearest(column, has);
  return meant === null ? null : `Did you mean "${meant}"?`;
}

function wroteBefore(steps: readonly Step[], has: ReadonlySet<string>): string {
  const names = new Set([...has].filter((name) => !ALWAYS.includes(name) || name === 'url'));
  for (const step of steps) for (const name of step.stage.writes) if (has.has(name)) names.add(name);
  return [...names].join(', ');
}
