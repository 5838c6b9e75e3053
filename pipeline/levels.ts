// A run's tasks made done, level by level: what the ledger has is reused, what is missing is run, what a missing task reads and
// is gone is made again first. Invariant: an entry counts without its scratch files while nobody needs them, so files that every
// reader is done with (`consume`) are removed for good, and a resume neither misses nor remakes them.
import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { RefineError } from '../native/errors.js';
import { diskError, replaceFile } from './atomic-file.js';
import { brokenStep, brokenStepError } from './broken-steps.js';
import type { Executor, PoolEvents } from './executors/executor.js';
import { type FailedInputs, messageOf, recordFailure, tasksFailed } from './failed-inputs.js';
import { type DoneEntry, type Ledger, missingOutput } from './ledger.js';
import { removeUnnamed } from './leftovers.js';
import { type Ahead, NOTHING_AHEAD } from './levels-ahead.js';
import type { Progress } from './progress-events.js';
import type { RunPlan } from './run-folder.js';
import type { Segment } from './segments.js';
import type { RunStorage } from './storage/run-storage.js';
import { mergeNeeds, type Node } from './task-nodes.js';
import { type MapSpec, scratchPath, type TaskSpec } from './tasks.js';
import type { Shard } from './types.js';

/** Which of a level's outputs must be there: none, what stands under final names, or those that other tasks read. */
export type Check = 'none' | 'final' | ReadonlyMap<Node, ReadonlySet<string>>;

export interface LevelsSettings {
  readonly allowFailed: number;
  /** Of the run. */
  readonly inputs: number;
  /** Whether final files that earlier runs wrote are compared by digest; else by size. */
  readonly hashed: boolean;
  /** Loose ledger objects that are compacted; the ledger's own measure where absent. */
  readonly compactAt?: number;
  /** Of a run in an object store: where final files are. */
  readonly storage?: RunStorage;
  /** What the steps want once before their maps run. */
  prepare(): Promise<void>;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

export class Levels {
  readonly #folder: string;
  readonly #ledger: Ledger;
  readonly #failed: FailedInputs;
  readonly #settings: LevelsSettings;
  readonly #entries = new Map<string, DoneEntry>();
  readonly #plan = new Set<string>();
  readonly #reading = new Map<string, number>();
  /** Maps that are done but for files of these barriers, which their documents give again. */
  readonly #again = new Map<Node, readonly string[]>();
  /** Paths whose last reader is done. */
  readonly #consumed = new Set<string>();
  /** Tasks in the plan as it was last written. */
  #planned = 0;
  #prepared: Promise<void> | undefined;
  reused = 0;
  ran = 0;
  /** Levels begun, and how many there will be as far as is known (levels-ahead.ts). */
  #level = 0;
  expected = 0;
  /** What levels behind one with this number will take, for the display. */
  ahead: (level: number) => Ahead = () => NOTHING_AHEAD;

  constructor(folder: string, ledger: Ledger, failed: FailedInputs, settings: LevelsSettings) {
    this.#folder = folder;
    this.#ledger = ledger;
    this.#failed = failed;
    this.#settings = settings;
  }

  /** What the executor tells while it runs. */
  get events(): PoolEvents {
    const { progress } = this.#settings;
    return {
      progress: (documents, bytes) => progress({ type: 'work', documents, bytes }),
      done: (spec, entry) => {
        this.#entries.set(spec.task, entry);
        const read = this.#reading.get(spec.task);
        if (read !== undefined) progress({ type: 'work', documents: 0, bytes: read });
        progress({ type: 'task', label: spec.label, state: 'done', task: spec.task, kind: spec.kind, entry });
      },
      failed: (failure) => {
        const { spec, code, place } = failure;
        const message = `${code} ${messageOf(failure).split('\n')[0]}`;
        progress({
          type: 'task',
          label: spec.label,
          state: 'failed',
          message,
          task: spec.task,
          kind: spec.kind,
          code,
          ...(place === undefined ? {} : { place }),
        });
      },
      retry: (spec, reason) => progress({ type: 'task', label: spec.label, state: 'retried', message: reason, task: spec.task, kind: spec.kind }),
      started: (spec, on) => progress({ type: 'begin', task: spec.task, label: spec.label, kind: spec.kind, ...on }),
      resident: (worker, bytes) => progress({ type: 'resident', worker, bytes }),
    };
  }

  entry(node: Node): DoneEntry {
    return this.#entries.get(node.spec.task)!;
  }

  /** Before another way through the levels, with fewer inputs. */
  forgetPlan(): void {
    this.#plan.clear();
    this.#planned = 0;
    this.#level = 0;
    this.#consumed.clear();
  }

  /** Makes all nodes done; false where a map failed and may (its input is left out from now on). Throws where the run cannot go on. */
  async complete(name: string, nodes: readonly Node[], check: Check, executor: Executor): Promise<boolean> {
    const again = typeof check !== 'string';
    let missing = await this.#missing(nodes, check);
    for (const node of nodes) this.#plan.add(node.spec.task);
    if (!again) {
      // Written anew for every level of maps, and for phases as it grows: with rounds of bands there are a hundred levels of them.
      if (nodes.some(({ spec }) => spec.kind === 'map') || this.#plan.size > 1.1 * this.#planned) await this.writePlan(false);
      this.reused += nodes.length - missing.length;
      this.#level++;
    }
    if (missing.length === 0) return true;
    const needs = mergeNeeds(missing.filter((node) => !this.#again.has(node)));
    if (needs.size > 0 && !(await this.complete(`${name}: again`, [...needs.keys()], needs, executor))) return false;
    if (again) missing = missing.filter((node) => !this.#entries.has(node.spec.task)); // made on the way down
    const { signal, progress } = this.#settings;
    signal.throwIfAborted();
    if (missing.some(({ spec }) => spec.kind === 'map')) await (this.#prepared ??= this.#settings.prepare());
    for (const lists of new Set(missing.map((node) => node.lists))) await lists?.write(this.#folder);
    this.#reading.clear();
    for (const { spec, readBytes } of missing) if (readBytes !== undefined) this.#reading.set(spec.task, readBytes);
    progress({
      type: 'phase',
      name,
      ...phaseOf(nodes, missing),
      level: this.#level,
      levels: Math.max(this.#level, this.expected),
      ahead: this.ahead(this.#level),
    });
    const failures = await executor.run(
      missing.map((node) => this.#specOf(node)),
      signal,
    );
    for (const node of missing) this.#again.delete(node);
    this.ran += missing.length - failures.length;
    for (const failure of failures) {
      await recordFailure(this.#ledger, failure, messageOf(failure)).catch((error) => {
        if (failure.code !== 'ERR_REFINE_DISK') throw error; // a full disk cannot hold the note that it is full
      });
    }
    const disk = failures.find((failure) => failure.code === 'ERR_REFINE_DISK');
    if (disk !== undefined) throw new RefineError('ERR_REFINE_DISK', disk.message, disk.place === undefined ? {} : { place: disk.place });
    signal.throwIfAborted();
    await this.#ledger.compact(this.#settings.compactAt);
    if (failures.length === 0) {
      if (!again && needs.size > 0) await this.#removeConsumed([...needs.keys()]);
      return true;
    }
    const lines = failures.map((failure) => `${failure.code} ${failure.spec.label}  ${messageOf(failure)}`);
    if (failures.some(({ spec }) => spec.kind !== 'map')) throw tasksFailed(this.#folder, lines, null);
    for (const failure of failures) if (failure.spec.kind === 'map') this.#failed.add({ ...failure, spec: failure.spec, message: messageOf(failure) });
    await this.checkAllowed();
    return false;
  }

  /**
   * Fails the inputs of a step that let no document of a segment's maps through; false where there was one, and its inputs may fail.
   * Asked of tasks that an earlier run made done too: their entries are forgotten, so that a mended machine tries them again.
   */
  async noneBroken(segment: Segment, nodes: readonly Node[]): Promise<boolean> {
    const broken = brokenStep(
      segment,
      nodes.map((node) => this.entry(node)),
    );
    if (broken === null) return true;
    const blamed = nodes.filter((node) => this.entry(node).crashed?.some(({ step }) => step === broken.step));
    const { code, message } = brokenStepError(broken, blamed.length);
    for (const { spec } of blamed) {
      this.#entries.delete(spec.task);
      await this.#ledger.forget(spec.task);
      const failure = { spec: spec as MapSpec, code, message, place: undefined };
      await recordFailure(this.#ledger, failure, message);
      this.events.failed(failure);
      this.#failed.add(failure);
    }
    await this.checkAllowed();
    return false;
  }

  /** Removes files that no task of the run reads any more; their ledger entries stay. */
  async consume(paths: readonly string[]): Promise<void> {
    for (const path of paths) {
      this.#consumed.add(path);
      await this.#unlink(path);
    }
  }

  async checkAllowed(): Promise<void> {
    const error = this.#failed.tooMany(this.#settings.allowFailed, this.#settings.inputs);
    if (error === null) return;
    await this.writePlan(false);
    throw error;
  }

  async writePlan(finished: boolean): Promise<void> {
    const failed = new Set(this.#failed.tasks());
    const plan: RunPlan = { format: 1, tasks: [...this.#plan].filter((task) => !failed.has(task)), failed: [...failed], finished };
    this.#planned = this.#plan.size;
    await replaceFile(join(this.#folder, 'ledger', 'plan.json'), `${JSON.stringify(plan)}\n`);
    await this.#settings.storage?.publishFiles(['ledger/plan.json']);
  }

  /** Forgets what no task of the plan names: ledger entries, final files, scratch. */
  async prune(): Promise<void> {
    await this.#ledger.prune(new Set([...this.#plan, ...this.#failed.tasks()]));
    const named = new Set([...this.#plan].flatMap((task) => this.#entries.get(task)?.outputs.map((shard) => shard.path) ?? []));
    for (const path of this.#consumed) named.delete(path);
    await removeUnnamed(this.#folder, named);
    await this.#settings.storage?.prune(named);
  }

  #specOf(node: Node): TaskSpec {
    const again = this.#again.get(node);
    return again === undefined || node.spec.kind !== 'map' ? node.spec : { ...node.spec, again };
  }

  /** The barriers whose files are all that a map task lacks of `outputs`; null where it lacks more, or cannot make them. */
  async #onlyBarriers({ again, spec }: Node, entry: DoneEntry, outputs: readonly Shard[], full: boolean): Promise<readonly string[] | null> {
    if (again === undefined) return null;
    const barriers = new Set<string>();
    for (const shard of outputs) {
      if ((await missingOutput(this.#folder, [shard], full)) === null) continue;
      const [, barrier] = [...again].find(([begin]) => shard.path.startsWith(begin)) ?? [];
      if (barrier === undefined) return null;
      barriers.add(barrier);
    }
    const documents = entry.outputs.filter(({ path }) => path === scratchPath(spec.segment, spec.task, 'arrow'));
    return (await missingOutput(this.#folder, documents, full)) === null ? [...barriers] : null;
  }

  async #missing(nodes: readonly Node[], check: Check): Promise<Node[]> {
    const missing: Node[] = [];
    const found = await this.#ledger.doneOf(nodes.map(({ spec }) => spec.task).filter((task) => !this.#entries.has(task)));
    const needed = (node: Node, path: string): boolean =>
      check === 'none' ? false : check === 'final' ? !path.startsWith('scratch/') : check.get(node)!.has(path);
    const { storage, hashed } = this.#settings;
    let elsewhere: ReadonlySet<string> | undefined;
    if (storage !== undefined && check !== 'none') {
      const wanted = nodes.flatMap((node) => {
        const entry = check === 'final' && this.#entries.has(node.spec.task) ? undefined : (this.#entries.get(node.spec.task) ?? found.get(node.spec.task));
        return entry?.outputs.filter(({ path }) => needed(node, path)) ?? [];
      });
      if (check === 'final') elsewhere = await storage.missing(wanted, hashed);
      else await storage.bring(wanted);
    }
    for (const node of nodes) {
      const { task } = node.spec;
      const entry = this.#entries.get(task) ?? found.get(task);
      if (entry === undefined) {
        missing.push(node);
        continue;
      }
      const full = hashed && !this.#entries.has(task);
      const outputs = entry.outputs.filter((shard) => needed(node, shard.path));
      const whole = elsewhere === undefined ? (await missingOutput(this.#folder, outputs, full)) === null : !outputs.some(({ path }) => elsewhere.has(path));
      if (whole) {
        this.#entries.set(task, entry);
        continue;
      }
      this.#entries.delete(task);
      const barriers = await this.#onlyBarriers(node, entry, outputs, full);
      if (barriers === null) {
        this.#again.delete(node);
        await this.#ledger.forget(task);
      } else this.#again.set(node, barriers);
      missing.push(node);
    }
    return missing;
  }

  /** Files made again only so that others could be. */
  async #removeConsumed(nodes: readonly Node[]): Promise<void> {
    const seen = new Set<Node>();
    const waiting = [...nodes];
    for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
      if (seen.has(node)) continue;
      seen.add(node);
      for (const { path } of this.#entries.get(node.spec.task)?.outputs ?? []) if (this.#consumed.has(path)) await this.#unlink(path);
      waiting.push(...node.needs.map((need) => need.node));
    }
  }

  async #unlink(path: string): Promise<void> {
    await unlink(join(this.#folder, path)).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'ENOENT') throw diskError(cause, join(this.#folder, path), 'remove a file that was read to the end');
    });
  }
}

function phaseOf(nodes: readonly Node[], missing: readonly Node[]): { unit: 'files' | 'tasks'; tasks: number; done: number; bytes: number | null } {
  const reads = missing.map(({ spec, readBytes }) => readBytes ?? (spec.kind === 'map' && spec.previous === null ? spec.input.bytes : null));
  const bytes = reads.includes(null) ? null : reads.reduce<number>((sum, size) => sum + size!, 0);
  return { unit: nodes.every((node) => node.spec.kind === 'map') ? 'files' : 'tasks', tasks: nodes.length, done: nodes.length - missing.length, bytes };
}
