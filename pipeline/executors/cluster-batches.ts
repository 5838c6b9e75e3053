// How tasks that wait are cut into an array: like with like, as many elements as engine and settings take now. Pure: no engine is asked.
// Invariant: a batch's tasks are in the order they wait in, and `chunk` consecutive ones are an element.
import type { TaskSpec } from '../tasks.js';
import type { ClusterSettings, StepsOf } from './cluster-world.js';
import type { Resources } from './engine.js';
import type { Tried } from './level-folder.js';

/** Elements of a level where nothing says how many tasks one has: enough for any cluster's schedulers, few enough for their lists. */
const ELEMENTS_WANTED = 1000;

export interface Waiting {
  readonly spec: TaskSpec;
  readonly tried: Tried;
}

export interface Batch {
  readonly tasks: readonly Waiting[];
  /** Tasks of an element. */
  readonly chunk: number;
  readonly elements: number;
  /** Worker processes of an element. */
  readonly workers: number;
  readonly resources: Resources;
}

/** The first tasks that wait and are like each other, in at most `room` (1 or more) elements. `waiting` is not empty. */
export function nextBatch(waiting: readonly Waiting[], room: number, settings: ClusterSettings, stepsOf: StepsOf): Batch {
  const care = careOf(waiting[0]!.tried);
  const like = waiting.filter(({ tried }) => careOf(tried) === care);
  const resources = settings.resources(stepsOf(like[0]!.spec).steps);
  const workers = settings.workers(resources);
  const wanted = tasksPerElement(settings.tasksPerElement, workers, like.length);
  const chunk = care === 'alone' ? 1 : care === 'at-once' ? Math.min(wanted, workers) : wanted;
  const tasks = like.slice(0, room * chunk);
  return { tasks, chunk, elements: Math.ceil(tasks.length / chunk), workers, resources };
}

/** Of a level of so many tasks. */
export function tasksPerElement(given: number | undefined, workers: number, tasks: number): number {
  return given ?? Math.max(workers, Math.ceil(tasks / ELEMENTS_WANTED));
}

/** How careful the next job is with a task: among others, with as many as begin at once, or alone. */
function careOf({ died, late }: Tried): 'any' | 'at-once' | 'alone' {
  return died > 0 ? 'alone' : late > 0 ? 'at-once' : 'any';
}

type Named =
  | { readonly kind: 'map'; readonly segment: number }
  | { readonly kind: 'phase'; readonly step: string; readonly phase: string }
  | { readonly kind: 'rank'; readonly step: string }
  | { readonly kind: 'finalize' };

/** A level's name for people, and as part of a folder's name. */
export function nameOf(spec: Named): { readonly of: string; readonly slug: string } {
  const of =
    spec.kind === 'map'
      ? `map of segment ${spec.segment + 1}`
      : spec.kind === 'phase'
        ? `${spec.step} ${spec.phase}`
        : spec.kind === 'rank'
          ? `ranks of ${spec.step}`
          : 'index and samples';
  const slug = spec.kind === 'map' ? `map-${spec.segment}` : of;
  return {
    of,
    slug: slug
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .slice(0, 40)
      .replace(/-$/, ''),
  };
}
