// The ledger: one immutable JSON object a task that is done, put after its outputs are synced and renamed; the first writer wins.
// Failures stand beside it under `<task>.failed.json`, replaced by every try and removed by success, so a failed task is tried again.
// Many objects are compacted into ledger.arrow. Invariant: a row there counts before an object (a late writer of a task that is
// compacted changes nothing) unless `<task>.forgotten` stands, and a crash anywhere in a compaction loses no entry: rows are on
// disk before forgotten-marks go, those before objects.
import { join } from 'node:path';
import { RefineError } from '../native/errors.js';
import { fileSha256 } from './identity.js';
import { COMPACTED, Compacted, type LedgerRow, writeCompacted } from './ledger-compact.js';
import { FolderStore, type LedgerStore } from './ledger-store.js';
import { statIfThere } from './read-if-there.js';
import type { LedgerEntry, Shard } from './types.js';

export type DoneEntry = Extract<LedgerEntry, { state: 'done' }>;
export type FailedEntry = Extract<LedgerEntry, { state: 'failed' }>;

/** Objects that are left as they are: below, a folder serves as well as a file. */
const COMPACT_AT = 4096;
/** Tasks asked for at once from which on listing the ledger pays. */
const MANY = 64;
const PARALLEL = 32;

interface Names {
  readonly done: ReadonlySet<string>;
  readonly failed: readonly string[];
  readonly forgotten: ReadonlySet<string>;
}

export class Ledger {
  readonly #store: LedgerStore;
  #compacted: Compacted | null = null;

  constructor(runFolder: string, store: LedgerStore = new FolderStore(join(runFolder, 'ledger'))) {
    this.#store = store;
  }

  async open(): Promise<void> {
    await this.#store.open();
  }

  async done(task: string): Promise<DoneEntry | null> {
    for (;;) {
      const compacted = await this.#current();
      if (compacted !== null && (await compacted.has(task)) && (await this.#store.version(`${task}.forgotten`)) === null)
        return this.#parse((await compacted.text(task))!, COMPACTED) as DoneEntry;
      const entry = await this.#read(`${task}.json`);
      // Not there, or compacted and removed since we looked.
      if (entry !== null || (await this.#current()) === compacted) return entry as DoneEntry | null;
    }
  }

  /** Those of the tasks that are done; for many one pass over the ledger. */
  async doneOf(tasks: readonly string[]): Promise<Map<string, DoneEntry>> {
    const entries = new Map<string, DoneEntry>();
    const put = (task: string, entry: DoneEntry | null): void => void (entry !== null && entries.set(task, entry));
    if (tasks.length < MANY) {
      for (const task of tasks) put(task, await this.done(task));
      return entries;
    }
    const wanted = new Set(tasks);
    const names = await this.#names(); // before the file: what is compacted meanwhile is in either
    const rows = (await this.#current())?.rows((task) => wanted.has(task) && !names.forgotten.has(task));
    for await (const { task, text } of rows ?? []) put(task, this.#parse(text, COMPACTED) as DoneEntry);
    const loose = tasks.filter((task) => names.done.has(task) && !entries.has(task));
    await inParallel(loose, async (task) => put(task, ((await this.#read(`${task}.json`)) as DoneEntry | null) ?? (await this.done(task))));
    return entries;
  }

  async failed(task: string): Promise<FailedEntry | null> {
    return (await this.#read(`${task}.failed.json`)) as FailedEntry | null;
  }

  async put(entry: LedgerEntry): Promise<void> {
    const text = `${JSON.stringify(entry)}\n`;
    if (entry.state === 'failed') {
      await this.#store.replace(`${entry.task}.failed.json`, text);
      return;
    }
    await this.#store.putOnce(`${entry.task}.json`, text);
    await this.#store.remove(`${entry.task}.failed.json`);
  }

  /** In place of the task's entry, if it has one: only `refine remove` changes what was done. */
  async replace(entry: DoneEntry): Promise<void> {
    await this.#store.replace(`${entry.task}.json`, `${JSON.stringify(entry)}\n`);
    if ((await this.#store.version(COMPACTED)) !== null) await this.#store.replace(`${entry.task}.forgotten`, ''); // else its row would count
  }

  /** After `replace`: no row of what an entry said before stays in ledger.arrow. */
  async settle(): Promise<void> {
    if ((await this.#current()) !== null) await this.#compact(null);
  }

  /** Forgets a task whose outputs are gone, so that it is done again. */
  async forget(task: string): Promise<void> {
    if ((await this.#store.version(COMPACTED)) !== null) await this.#store.replace(`${task}.forgotten`, '');
    await this.#store.remove(`${task}.json`);
  }

  /** Before another try elsewhere: a failure that stands afterwards is that try's. */
  async forgetFailure(task: string): Promise<void> {
    await this.#store.remove(`${task}.failed.json`);
  }

  /** Ids of all tasks with an entry, failed ones too. */
  async tasks(): Promise<Set<string>> {
    const { done, failed, forgotten } = await this.#names();
    const rows = (await (await this.#current())?.tasks()) ?? [];
    return new Set([...rows.filter((task) => !forgotten.has(task)), ...done, ...failed]);
  }

  /** Ids of the tasks that are done, and of those that failed and are not. */
  async states(): Promise<{ readonly done: ReadonlySet<string>; readonly failed: readonly string[] }> {
    const { done, failed, forgotten } = await this.#names();
    const rows = (await (await this.#current())?.tasks()) ?? [];
    const all = new Set([...rows.filter((task) => !forgotten.has(task)), ...done]);
    return { done: all, failed: failed.filter((task) => !all.has(task)) };
  }

  /** By the run's parent alone, while no task runs: others only add. */
  async prune(keep: ReadonlySet<string>): Promise<void> {
    const { done, failed, forgotten } = await this.#names();
    const unwanted = (task: string): boolean => !keep.has(task);
    await inParallel([...done].filter(unwanted), (task) => this.#store.remove(`${task}.json`));
    await inParallel(failed.filter(unwanted), (task) => this.#store.remove(`${task}.failed.json`));
    const rows = (await (await this.#current())?.tasks()) ?? [];
    if (rows.some((task) => unwanted(task) && !forgotten.has(task))) await this.#compact(keep);
  }

  /** Brings loose objects into ledger.arrow where there are many, by the run's parent alone while no task runs. True where it did. */
  async compact(at = COMPACT_AT): Promise<boolean> {
    const loose = (await this.#names()).done.size;
    if (loose < at) return false;
    // Half of what is compacted already, at least: so all compactions together write each entry three times at most, on average.
    if (loose < ((await (await this.#current())?.count()) ?? 0) / 2) return false;
    await this.#compact(null);
    return true;
  }

  async #compact(keep: ReadonlySet<string> | null): Promise<void> {
    const { done, forgotten } = await this.#names();
    const old = await this.#current();
    const bad = new Set<string>();
    const rows = this.#merged(old, [...done].sort(), forgotten, keep, bad);
    await this.#store.replaceWhole(COMPACTED, async (path) => void (await writeCompacted(path, rows)));
    await inParallel([...forgotten], (task) => this.#store.remove(`${task}.forgotten`));
    await this.#store.settle();
    await inParallel(
      [...done].filter((task) => !bad.has(task)),
      (task) => this.#store.remove(`${task}.json`),
    );
  }

  /** Rows that count, and objects that have none, by task. Objects that cannot be read stay as they are, for whoever asks for them: `bad`. */
  async *#merged(
    old: Compacted | null,
    loose: readonly string[],
    forgotten: ReadonlySet<string>,
    keep: ReadonlySet<string> | null,
    bad: Set<string>,
  ): AsyncGenerator<LedgerRow> {
    const kept = (task: string): boolean => keep === null || keep.has(task);
    let [at, block] = [0, [] as (LedgerRow | null)[]];
    const objects = async (): Promise<void> => {
      if (at % 512 === 0) block = await Promise.all(loose.slice(at, at + 512).map((task) => this.#row(task, bad)));
    };
    for await (const row of old?.rows((task) => kept(task) && !forgotten.has(task)) ?? []) {
      for (; at < loose.length && loose[at]! <= row.task; at++) {
        await objects();
        const object = block[at % 512];
        if (object != null && object.task !== row.task && kept(object.task)) yield object;
      }
      yield row;
    }
    for (; at < loose.length; at++) {
      await objects();
      const object = block[at % 512];
      if (object != null && kept(object.task)) yield object;
    }
  }

  async #row(task: string, bad: Set<string>): Promise<LedgerRow | null> {
    const name = `${task}.json`;
    const text = await this.#store.read(name);
    try {
      if (text !== null) return { task, label: this.#parse(text, name).label, text: text.trimEnd() };
    } catch {
      bad.add(task);
    }
    return null;
  }

  async #names(): Promise<Names> {
    const done = new Set<string>();
    const failed: string[] = [];
    const forgotten = new Set<string>();
    for (const name of await this.#store.list()) {
      const [, task, kind] = /^([0-9a-f]{64})\.(json|failed\.json|forgotten)$/.exec(name) ?? [];
      if (task === undefined) continue;
      if (kind === 'json') done.add(task);
      else if (kind === 'failed.json') failed.push(task);
      else forgotten.add(task);
    }
    return { done, failed, forgotten };
  }

  async #current(): Promise<Compacted | null> {
    return (this.#compacted = await Compacted.current(this.#store, this.#compacted));
  }

  async #read(name: string): Promise<LedgerEntry | null> {
    const text = await this.#store.read(name);
    return text === null ? null : this.#parse(text, name);
  }

  #parse(text: string, name: string): LedgerEntry {
    const place = this.#store.place(name);
    let entry: LedgerEntry;
    try {
      entry = JSON.parse(text) as LedgerEntry;
    } catch (cause) {
      throw new RefineError(
        'ERR_REFINE_LEDGER',
        `is not JSON (${(cause as Error).message}): it was changed after it was written. Delete it and run the same command again.`,
        { place, cause },
      );
    }
    if (entry.format !== 1) {
      throw new RefineError(
        'ERR_REFINE_LEDGER',
        `has format ${JSON.stringify(entry.format)}, this refine reads format 1. Use the refine that made the run, or another --out.`,
        { place },
      );
    }
    return entry;
  }
}

async function inParallel<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length) await work(items[next++]!);
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL, items.length) }, lane));
}

/** The first output that is not on disk as the entry says; null where all are. `full` compares sha256, else size only. */
export async function missingOutput(runFolder: string, outputs: readonly Shard[], full: boolean): Promise<Shard | null> {
  for (const shard of outputs) {
    const path = join(runFolder, shard.path);
    const found = await statIfThere(path);
    if (found === null || !found.isFile() || found.size !== shard.bytes) return shard;
    if (full && (await fileSha256(path)) !== shard.sha256) return shard;
  }
  return null;
}
