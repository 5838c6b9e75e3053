// The run folder as others read it: lock file, the ledger entries that count, the final shards. DESIGN section 6.
// `ledger/plan.json` names the tasks of the manifest in force, because identities alone do not say which entries are current.
import { join } from 'node:path';
import { RefineError } from '../native/errors.js';
import type { StepIdentity } from './identity.js';
import { Ledger } from './ledger.js';
import { readIfThere } from './read-if-there.js';
import { refuseHalfRemoved } from './remove/exclusions.js';
import type { LedgerEntry, Shard } from './types.js';

export interface LockedInput {
  readonly path: string;
  readonly format: string;
  readonly bytes: number | null;
  readonly identity: string;
}

/** manifest.lock.json: what was resolved when the run began. */
export interface RunLock {
  readonly format: 1;
  readonly refine: string;
  readonly resolved: Readonly<Record<string, unknown>>;
  readonly steps: readonly Omit<StepIdentity, 'options'>[];
  readonly device: 'cpu' | 'cuda';
  /** The instruction set of the run's neural steps; absent where it has none. */
  readonly isa?: string;
  readonly arch: string;
  /** How often --update changed the plan of this folder. */
  readonly updates: number;
  readonly inputs: readonly LockedInput[];
  /** sha256 of removals/exclusions.json; absent where nothing was ever removed. */
  readonly removals?: string;
}

export interface RunPlan {
  readonly format: 1;
  /** Tasks known so far, in order: maps of segment 0, its barriers, maps of segment 1, ... */
  readonly tasks: readonly string[];
  /** Tasks that failed for good; the inputs they belong to have no part in `tasks`. */
  readonly failed: readonly string[];
  /** True once the final shards are whole. */
  readonly finished: boolean;
}

export interface RunState {
  readonly folder: string;
  readonly lock: RunLock;
  readonly finished: boolean;
  /** Done entries of the manifest in force in plan order, then failed ones (inputs the run went, or would go, on without). */
  readonly entries: readonly LedgerEntry[];
  /** Final shards in loader order, paths relative to the run folder. Empty until `finished` where a barrier stands before them. */
  readonly tokens: readonly Shard[];
  readonly text: readonly Shard[];
  readonly features: readonly Shard[];
  readonly samples: readonly Shard[];
  readonly index: Shard | null;
}

export async function readRun(folder: string, { removing = false } = {}): Promise<RunState> {
  if (!removing) await refuseHalfRemoved(folder);
  const lock = await readLock(folder);
  if (lock === null) {
    throw new RefineError(
      'ERR_REFINE_LEDGER',
      'is no run folder: it has no manifest.lock.json. Name the folder that `refine run` wrote (its --out, by default runs/<manifest name>).',
      { place: folder },
    );
  }
  const plan = await readPlan(folder);
  const ledger = new Ledger(folder);
  const entries: LedgerEntry[] = [];
  const done = await ledger.doneOf(plan?.tasks ?? []);
  const gone: string[] = [];
  for (const task of plan?.tasks ?? []) {
    const entry = done.get(task);
    if (entry === undefined) gone.push(task);
    else entries.push(entry);
  }
  // Of a run that goes on some are not there yet; of one that was finished, what was in them would be left out without a word.
  if (plan?.finished === true && !removing && gone.length > 0) throw entriesGone(folder, gone, plan.tasks.length);
  for (const task of plan?.failed ?? []) {
    const entry = await ledger.failed(task);
    if (entry !== null) entries.push(entry);
  }
  const shards = entries.flatMap((entry) => (entry.state === 'done' ? entry.outputs : []));
  const below = (prefix: string): Shard[] => shards.filter((shard) => shard.path.startsWith(prefix));
  return {
    folder,
    lock,
    finished: plan?.finished ?? false,
    entries,
    tokens: below('tokens/'),
    text: below('text/'),
    features: below('features/'),
    samples: below('samples/'),
    index: shards.find((shard) => shard.path === 'index.arrow') ?? null,
  };
}

function entriesGone(folder: string, gone: readonly string[], all: number): RefineError {
  return new RefineError(
    'ERR_REFINE_LEDGER',
    `lacks ${gone.length} of the ${all} entries of this finished run (${gone[0]}${gone.length > 1 ? ', ...' : ''}), expected each of them, in ledger.arrow or as a file. Give the same refine run again, which makes them anew; of a copy, copy ledger/ whole; of a run in a store whose listing may be late, ask again`,
    { place: join(folder, 'ledger') },
  );
}

export async function readLock(folder: string): Promise<RunLock | null> {
  return (await readFormat1(join(folder, 'manifest.lock.json'))) as RunLock | null;
}

export async function readPlan(folder: string): Promise<RunPlan | null> {
  return (await readFormat1(join(folder, 'ledger', 'plan.json'))) as RunPlan | null;
}

async function readFormat1(path: string): Promise<unknown> {
  const text = await readIfThere(path);
  if (text === null) return null;
  let value: { format?: unknown };
  try {
    value = JSON.parse(text) as { format?: unknown };
  } catch (cause) {
    throw new RefineError(
      'ERR_REFINE_LEDGER',
      `is not JSON (${(cause as Error).message}): it was changed after it was written. Restore it, or run into another --out.`,
      { place: path, cause },
    );
  }
  if (value.format !== 1) {
    throw new RefineError(
      'ERR_REFINE_LEDGER',
      `has format ${JSON.stringify(value.format)}, this refine reads format 1. Use the refine that wrote it, or another --out.`,
      { place: path },
    );
  }
  return value;
}
