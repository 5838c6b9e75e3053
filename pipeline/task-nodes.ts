// A task and the files it reads, as the parent holds them while a run goes on.
import type { DoneEntry } from './ledger.js';
import type { ListFile } from './phase-lists.js';
import type { TaskSpec } from './tasks.js';
import type { Shard } from './types.js';

export interface Node {
  readonly spec: TaskSpec;
  /** Files of other tasks that this one reads. */
  readonly needs: readonly Need[];
  /** What of `needs` all tasks of a level share: looked at once. */
  readonly sharedNeeds?: readonly Need[];
  /** The phase's file lists, to be written before the task runs. */
  readonly lists?: ListFile;
  /** Maps: the barriers whose files can be made again from the task's documents, by the path that each file begins with. */
  readonly again?: ReadonlyMap<string, string>;
  /** Bytes to be read, for progress. */
  readonly readBytes?: number;
}

/** Some of a task's output files; paths below the run folder. */
export interface Need {
  readonly node: Node;
  readonly paths: ReadonlySet<string>;
  readonly bytes: number;
}

export function needOf(node: Node, shards: readonly Shard[]): Need {
  return { node, paths: new Set(shards.map(({ path }) => path)), bytes: shards.reduce((sum, { bytes }) => sum + bytes, 0) };
}

export function withFile(need: Need | undefined, node: Node, shard: Shard): Need {
  if (need === undefined) return needOf(node, [shard]);
  (need.paths as Set<string>).add(shard.path);
  return { ...need, bytes: need.bytes + shard.bytes };
}

/** What several tasks need, by task. */
export function mergeNeeds(nodes: readonly Node[]): Map<Node, Set<string>> {
  const merged = new Map<Node, Set<string>>();
  const seen = new Set<readonly Need[]>();
  const take = (needs: readonly Need[]): void => {
    for (const { node, paths } of needs) {
      const held = merged.get(node);
      if (held === undefined) merged.set(node, new Set(paths));
      else for (const path of paths) held.add(path);
    }
  };
  for (const node of nodes) {
    const { sharedNeeds } = node;
    if (sharedNeeds !== undefined && !seen.has(sharedNeeds)) {
      seen.add(sharedNeeds);
      take(sharedNeeds);
    }
    take(sharedNeeds === undefined ? node.needs : node.needs.slice(sharedNeeds.length));
  }
  return merged;
}

export function output(entry: DoneEntry, path: string): Shard {
  const found = entry.outputs.find((shard) => shard.path === path);
  if (found === undefined) throw new TypeError(`ledger entry ${entry.task} names no ${path}`);
  return found;
}
