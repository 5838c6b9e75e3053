// A cluster on a simulated clock: nodes with cores, a queue, elements that take time, nodes that fail, jobs that are preempted, tasks
// that kill whatever runs them, and stragglers. It is an Engine and the outside world of the real ClusterExecutor, which decides everything.
// Invariant: a discrete-event simulation whose only chance is a hash of (seed, what happens), so equal settings give equal histories.
import assert from 'node:assert/strict';
import type { ClusterOutside } from '../../pipeline/executors/cluster-world.js';
import type { ArrayJob, Element, ElementStates, Engine } from '../../pipeline/executors/engine.js';
import type { DoneEntry, FailedEntry } from '../../pipeline/ledger.js';
import type { LevelNote } from '../../pipeline/executors/level-folder.js';
import type { MapSpec, TaskSpec } from '../../pipeline/tasks.js';

export interface World {
  readonly seed: number;
  readonly nodes: number;
  readonly coresPerNode: number;
  /** Of a task, milliseconds, on average; the distribution is exponential beside a fixed half. */
  readonly taskMs: number;
  /** Of tasks: those that kill their element whenever they run; those that take twenty times as long. */
  readonly poison: number;
  readonly stragglers: number;
  /** Mean time between failures of a node, and of preemptions anywhere; Infinity for none. A failed node is back after `repairMs`. */
  readonly nodeFailureMs: number;
  readonly preemptionMs: number;
  readonly repairMs: number;
  /** What it takes to list the ledger, milliseconds; 0 where absent. */
  readonly listingMs?: number;
}

/** 32 bits from numbers: the finisher of MurmurHash3 over each. */
export function chance(...numbers: readonly number[]): number {
  let hash = 0x9e3779b9;
  for (const number of numbers) {
    hash = Math.imul(hash ^ number ^ Math.floor(number / 2 ** 32), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    hash ^= hash >>> 16;
  }
  return (hash >>> 0) / 2 ** 32;
}

export function isPoison({ seed, poison }: World, number: number): boolean {
  return chance(seed, 1, number) < poison;
}

export function durationOf({ seed, taskMs, stragglers }: World, number: number): number {
  const usual = taskMs * (0.5 - 0.5 * Math.log(1 - chance(seed, 2, number)));
  return usual * (chance(seed, 3, number) < stragglers ? 20 : 1);
}

export function taskId(number: number): string {
  return number.toString(16).padStart(64, '0');
}

export function specOf(number: number): MapSpec {
  const input = { path: `crawl/${number}.warc.gz`, location: `/crawl/${number}.warc.gz`, format: 'warc', identity: `n:${number}`, bytes: 1 };
  return { kind: 'map', task: taskId(number), label: `map ${number}`, segment: 0, number, input: input as MapSpec['input'], previous: null };
}

interface Running {
  readonly array: SimulatedArray;
  readonly index: number;
  readonly node: number;
  readonly begun: number;
  /** Without an entry when it began. */
  readonly tasks: readonly TaskSpec[];
  over: boolean;
}

interface SimulatedArray {
  readonly job: string;
  readonly specs: readonly TaskSpec[];
  readonly chunk: number;
  readonly states: Map<number, Element>;
}

interface Event {
  readonly at: number;
  readonly order: number;
  readonly happen: () => void;
}

export class SimulatedCluster implements Engine {
  readonly name = 'simulated';
  readonly maxElements = 20_000;
  readonly maxQueued = Number.POSITIVE_INFINITY;
  readonly #world: World;
  readonly #heap: Event[] = [];
  readonly #free: number[] = [];
  readonly #down: boolean[];
  readonly #downSince = new Map<number, number>();
  readonly #on: Set<Running>[];
  readonly #arrays = new Map<string, SimulatedArray>();
  readonly #levels = new Map<string, { readonly note: LevelNote; readonly specs: readonly TaskSpec[] }>();
  readonly #done = new Set<string>();
  readonly #failed = new Map<string, FailedEntry>();
  readonly #both = new Set<string>();
  /** Tasks that an element works on now. */
  readonly #active = new Set<string>();
  /** By number: what elements that ended without the task had run, and how many they were. */
  readonly #interrupted = new Map<number, { ms: number; times: number }>();
  #queue: { readonly array: SimulatedArray; readonly index: number }[] = [];
  #head = 0;
  #now = 0;
  #events = 0;
  /** When the last task was done; core milliseconds that gave nothing; elements begun, and lost to the cluster. */
  lastDone = 0;
  wastedMs = 0;
  begun = 0;
  lost = 0;
  listings = 0;
  #downMs = 0;

  constructor(world: World) {
    this.#world = world;
    this.#down = new Array<boolean>(world.nodes).fill(false);
    this.#on = Array.from({ length: world.nodes }, () => new Set<Running>());
    for (let core = 0; core < world.coresPerNode; core++) for (let node = world.nodes - 1; node >= 0; node--) this.#free.push(node);
    for (let node = 0; node < world.nodes; node++) this.#failLater(node, 0);
    this.#preemptLater(0);
  }

  /** Core milliseconds of nodes that were down, until now. */
  get downMs(): number {
    return [...this.#downSince.values()].reduce((sum, since) => sum + (this.#now - since) * this.#world.coresPerNode, this.#downMs);
  }

  get now(): number {
    return this.#now;
  }

  get outside(): ClusterOutside {
    const minimal = (task: string): DoneEntry => ({ task, state: 'done', rowsIn: 0 }) as unknown as DoneEntry;
    return {
      now: () => this.#now,
      sleep: async (milliseconds) => this.#advance(this.#now + milliseconds),
      ledger: {
        tasks: async () => {
          this.listings++;
          this.#advance(this.#now + (this.#world.listingMs ?? 0));
          return this.#both;
        },
        done: async (task) => (this.#done.has(task) ? minimal(task) : null),
        failed: async (task) => this.#failed.get(task) ?? null,
        forgetFailure: async (task) => void (this.#failed.delete(task) && this.#done.has(task) === false && this.#both.delete(task)),
        put: async (entry) => {
          if (entry.state === 'failed') this.#failed.set(entry.task, entry);
          this.#both.add(entry.task);
        },
      },
      log: { add: async () => undefined, records: async () => [] },
      levels: {
        write: async (_folder, note, _context, specs) => void this.#levels.set(note.level, { note, specs }),
        remove: async (_folder, level) => void this.#levels.delete(level),
        lastWords: async () => ({ log: 'none', words: null }),
      },
    };
  }

  /**
   * No task can have been done later than this after it was first submitted, but for queues: the runs that ended without it, what a parent
   * takes to see each of them (`noticeMs`), and its last run. By the task that was interrupted longest.
   */
  longestInterruption(noticeMs: number): number {
    return [...this.#interrupted.values()].reduce((most, { ms, times }) => Math.max(most, ms + times * noticeMs), 0);
  }

  async submit(job: ArrayJob): Promise<string> {
    const { note, specs } = this.#levels.get(job.command.at(-1)!)!;
    const array: SimulatedArray = { job: `${this.#arrays.size + 1}`, specs, chunk: note.chunk, states: new Map() };
    this.#arrays.set(array.job, array);
    for (let index = 0; index < job.elements; index++) this.#enqueue(array, index);
    this.#begin();
    return array.job;
  }

  async find(): Promise<string | null> {
    return null;
  }

  async states(jobs: readonly string[]): Promise<ReadonlyMap<string, ElementStates>> {
    return new Map(jobs.map((job) => [job, this.#arrays.get(job)?.states ?? new Map<number, Element>()]));
  }

  async cancel(): Promise<void> {
    this.#queue = [];
    this.#head = 0;
  }

  #enqueue(array: SimulatedArray, index: number): void {
    array.states.set(index, WAITING);
    this.#queue.push({ array, index });
  }

  #begin(): void {
    while (this.#head < this.#queue.length) {
      let node = this.#free.pop();
      while (node !== undefined && this.#down[node]) node = this.#free.pop(); // its cores come back with it
      if (node === undefined) return;
      const { array, index } = this.#queue[this.#head++]!;
      if (this.#head === this.#queue.length) {
        this.#queue = [];
        this.#head = 0;
      }
      this.#start(array, index, node);
    }
  }

  #start(array: SimulatedArray, index: number, node: number): void {
    const running: Running = { array, index, node, begun: this.#now, tasks: this.#tasksOf({ array, index }), over: false };
    for (const { task } of running.tasks) {
      assert.ok(!this.#active.has(task), `task ${task} runs in two elements at once`);
      this.#active.add(task);
    }
    this.#on[node]!.add(running);
    array.states.set(index, RUNNING);
    this.begun++;
    let at = this.#now;
    let dies = false;
    for (const spec of running.tasks) {
      at += durationOf(this.#world, spec.number);
      if (!isPoison(this.#world, spec.number)) continue;
      dies = true;
      break;
    }
    this.#at(at, () => {
      if (running.over) return;
      this.#end(running, dies ? DIED : ENDED);
    });
  }

  /** Tasks that an element does when it begins: those without an entry. */
  #tasksOf({ array, index }: { readonly array: SimulatedArray; readonly index: number }): TaskSpec[] {
    return array.specs.slice(index * array.chunk, (index + 1) * array.chunk).filter(({ task }) => !this.#done.has(task));
  }

  #end(running: Running, how: Element | null): void {
    running.over = true;
    this.#on[running.node]!.delete(running);
    let at = running.begun;
    for (const spec of running.tasks) {
      at += durationOf(this.#world, spec.number);
      if (at > this.#now + 1e-6 || isPoison(this.#world, spec.number)) {
        this.wastedMs += this.#now - (at - durationOf(this.#world, spec.number));
        break;
      }
      this.#done.add(spec.task);
      this.#both.add(spec.task);
      this.lastDone = this.#now;
    }
    for (const { task, number } of running.tasks) {
      this.#active.delete(task);
      if (this.#done.has(task)) continue;
      const before = this.#interrupted.get(number) ?? { ms: 0, times: 0 };
      this.#interrupted.set(number, { ms: before.ms + this.#now - running.begun, times: before.times + 1 });
    }
    if (how === null) {
      this.lost++;
      this.#enqueue(running.array, running.index); // as Slurm's --requeue and the failure policy's Ignore do
    } else {
      running.array.states.set(running.index, how);
    }
    if (!this.#down[running.node]) this.#free.push(running.node);
    this.#begin();
  }

  #failLater(node: number, times: number): void {
    const { seed, nodeFailureMs, repairMs, coresPerNode } = this.#world;
    if (!Number.isFinite(nodeFailureMs)) return;
    this.#at(this.#now - Math.log(1 - chance(seed, 4, node, times)) * nodeFailureMs, () => {
      this.#down[node] = true;
      for (const running of [...this.#on[node]!]) this.#end(running, chance(seed, 5, node, times) < 0.5 ? null : TAKEN);
      this.#downSince.set(node, this.#now);
      this.#at(this.#now + repairMs, () => {
        this.#down[node] = false;
        this.#downMs += (this.#now - this.#downSince.get(node)!) * coresPerNode;
        this.#downSince.delete(node);
        for (let at = this.#free.length - 1; at >= 0; at--) if (this.#free[at] === node) this.#free.splice(at, 1);
        for (let core = 0; core < coresPerNode; core++) this.#free.push(node);
        this.#begin();
        this.#failLater(node, times + 1);
      });
    });
  }

  #preemptLater(times: number): void {
    const { seed, preemptionMs, nodes } = this.#world;
    if (!Number.isFinite(preemptionMs)) return;
    this.#at(this.#now - Math.log(1 - chance(seed, 6, times)) * preemptionMs, () => {
      const [victim] = this.#on[Math.floor(chance(seed, 7, times) * nodes)]!;
      if (victim !== undefined) this.#end(victim, chance(seed, 8, times) < 0.5 ? null : TAKEN);
      this.#preemptLater(times + 1);
    });
  }

  #advance(until: number): void {
    while (this.#heap.length > 0 && this.#heap[0]!.at <= until) {
      const event = this.#pop();
      this.#now = Math.max(this.#now, event.at);
      event.happen();
    }
    this.#now = until;
  }

  #at(at: number, happen: () => void): void {
    const heap = this.#heap;
    const event = { at, order: this.#events++, happen };
    let child = heap.push(event) - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!before(event, heap[parent]!)) break;
      heap[child] = heap[parent]!;
      child = parent;
    }
    heap[child] = event;
  }

  #pop(): Event {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop()!;
    if (heap.length > 0) {
      let parent = 0;
      for (;;) {
        let child = 2 * parent + 1;
        if (child >= heap.length) break;
        if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
        if (!before(heap[child]!, last)) break;
        heap[parent] = heap[child]!;
        parent = child;
      }
      heap[parent] = last;
    }
    return first!;
  }
}

const before = (a: Event, b: Event): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);
const WAITING: Element = { state: 'waiting' };
const RUNNING: Element = { state: 'running' };
const ENDED: Element = { state: 'done' };
const DIED: Element = { state: 'failed', reason: 'signal SIGSEGV' };
const TAKEN: Element = { state: 'taken', reason: 'NODE_FAIL' };
