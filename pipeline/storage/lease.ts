// One parent a run in a store, on whatever machine: lease/000001.json, 000002.json, ... of which the highest counts. Its holder
// beats by writing it again; who finds it without a beat for a while takes the next number, which a conditional put gives to one. None is
// removed: a listing may be late by any number of them, and from the last one it shows, or from 1, the others are found by name.
// Invariant: no two clocks are compared: a taker watches the object with its own. A holder that was taken over finds out at its next beat.
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { RefineError } from '../../native/errors.js';
import { type Clock, systemClock, wait } from '../../stages/fetch/clock.js';
import { isAlive, processStart } from '../platform.js';
import { type ObjectStore, readObject } from './object-store.js';

export interface LeaseTimes {
  readonly beatMs: number;
  /** Without a beat for so long a holder counts as gone. */
  readonly patienceMs: number;
  /** Where the store has no conditional put: how long a rival's put may be under way. */
  readonly settleMs: number;
}

export const LEASE_TIMES: LeaseTimes = { beatMs: 20_000, patienceMs: 75_000, settleMs: 3000 };

interface Holder {
  readonly format: 1;
  readonly owner: string;
  readonly host: string;
  readonly pid: number;
  readonly start: string | null;
  readonly beat: number;
  readonly released?: true;
}

export interface LeaseOptions {
  readonly times?: Partial<LeaseTimes>;
  readonly clock?: Clock;
  readonly signal: AbortSignal;
  /** Told when another's lease is watched, for that takes a minute. */
  readonly notice?: (sentence: string) => void;
}

const MAX_LEASE_BYTES = 4096;
const keyOf = (number: number): string => `lease/${String(number).padStart(6, '0')}.json`;

export class Lease {
  readonly #store: ObjectStore;
  readonly #number: number;
  readonly #clock: Clock;
  readonly #times: LeaseTimes;
  #me: Holder;
  #cancel: (() => void) | undefined;
  #beating: Promise<void> = Promise.resolve();
  #ended = false;

  private constructor(store: ObjectStore, number: number, me: Holder, clock: Clock, times: LeaseTimes) {
    this.#store = store;
    this.#number = number;
    this.#me = me;
    this.#clock = clock;
    this.#times = times;
  }

  static async acquire(store: ObjectStore, options: LeaseOptions): Promise<Lease> {
    const clock = options.clock ?? systemClock;
    const times = { ...LEASE_TIMES, ...options.times };
    const me: Holder = { format: 1, owner: randomUUID(), host: hostname(), pid: process.pid, start: processStart(process.pid), beat: 0 };
    let highest = await highestOf(store);
    while ((await store.head(keyOf(highest + 1))) !== null) highest++; // a listing may be late
    for (;;) {
      if (highest > 0) await untilFree(store, highest, clock, times, options);
      const number = highest + 1;
      const text = Buffer.from(JSON.stringify(me));
      if ((await store.put(keyOf(number), text, { ifNoneMatch: true })) === 'written') {
        const sure = await store.conditional();
        if (!sure) await wait(clock, times.settleMs, options.signal);
        if (sure || (await readObject(store, keyOf(number), MAX_LEASE_BYTES))?.equals(text) === true) {
          return new Lease(store, number, me, clock, times);
        }
      }
      highest = number; // another was faster, or a listing was late
    }
  }

  /** Beats from now on; `lost` hears once that another took over. */
  keep(lost: (error: RefineError) => void): void {
    const next = (): void => {
      this.#cancel = this.#clock.after(this.#times.beatMs, () => {
        this.#beating = this.#beat().then(
          (ours) => {
            if (this.#ended) return;
            if (ours) return next();
            this.#ended = true;
            lost(locked(this.#store, 'another parent took this run over, for it saw no beat of this one. It goes on with what is finished here'));
          },
          () => {
            if (!this.#ended) next(); // a store out of reach: tasks fail by themselves, and the beat may come through later
          },
        );
      });
    };
    next();
  }

  async #beat(): Promise<boolean> {
    if ((await this.#store.head(keyOf(this.#number + 1))) !== null) return false;
    const held = parse(await readObject(this.#store, keyOf(this.#number), MAX_LEASE_BYTES));
    if (held?.owner !== this.#me.owner) return false;
    this.#me = { ...this.#me, beat: this.#me.beat + 1 };
    await this.#store.put(keyOf(this.#number), Buffer.from(JSON.stringify(this.#me)));
    return true;
  }

  async release(): Promise<void> {
    const lost = this.#ended;
    this.#ended = true;
    this.#cancel?.();
    await this.#beating;
    if (!lost) await this.#store.put(keyOf(this.#number), Buffer.from(JSON.stringify({ ...this.#me, released: true }))).catch(() => undefined);
  }
}

async function highestOf(store: ObjectStore): Promise<number> {
  let highest = 0;
  for await (const { key } of store.list('lease/')) {
    const number = /^lease\/(\d{6,9})\.json$/.exec(key);
    if (number !== null) highest = Math.max(highest, Number(number[1]));
  }
  return highest;
}

/** Who holds the run, and what this machine knows of the process; null where nobody does. Of one elsewhere only its progress tells. */
export async function readHolderAt(
  store: ObjectStore,
): Promise<{ readonly pid: number; readonly host: string; readonly who: 'live' | 'dead' | 'elsewhere' } | null> {
  const read = async (number: number): Promise<Holder | null> => parse(await readObject(store, keyOf(number), MAX_LEASE_BYTES));
  const listed = Math.max(1, await highestOf(store));
  let holder = await read(listed);
  for (let [number, next] = [listed + 1, await read(listed + 1)]; next !== null; next = await read(++number)) holder = next; // a listing may be late
  if (holder === null || holder.released === true) return null;
  const { pid, host } = holder;
  return { pid, host, who: host !== hostname() ? 'elsewhere' : livesHere(holder) ? 'live' : 'dead' };
}

/** Whether a process of this host that held the lease still runs. */
function livesHere({ pid, start }: Holder): boolean {
  if (!isAlive(pid)) return false;
  const now = processStart(pid);
  return now === null || start === null || now === start;
}

/** Resolves when nobody holds the lease any more; throws where its holder lives. */
async function untilFree(store: ObjectStore, number: number, clock: Clock, times: LeaseTimes, options: LeaseOptions): Promise<void> {
  const read = (): Promise<Buffer | null> => readObject(store, keyOf(number), MAX_LEASE_BYTES);
  const first = await read();
  const holder = parse(first);
  if (first === null || holder?.released === true) return;
  const who = holder === null ? 'a holder that this refine cannot read' : `process ${holder.pid} on host ${holder.host}`;
  const refuse = (): never => {
    throw locked(store, `${who} works on this run. Wait for it, stop it, or use another --out`);
  };
  if (holder?.host === hostname()) {
    const start = isAlive(holder.pid) ? processStart(holder.pid) : null;
    if (!isAlive(holder.pid) || (start !== null && holder.start !== null && start !== holder.start)) return;
    if (start !== null) refuse();
  }
  options.notice?.(`${who} held this run lately: watching for ${Math.round(times.patienceMs / 1000)} s whether it still does`);
  const until = clock.now() + times.patienceMs;
  while (clock.now() < until) {
    await wait(clock, times.beatMs / 4, options.signal);
    const now = await read();
    if (now === null || parse(now)?.released === true) return;
    if (!now.equals(first)) refuse(); // each beat writes another count
  }
}

function parse(bytes: Buffer | null): Holder | null {
  if (bytes === null) return null;
  try {
    const holder = JSON.parse(bytes.toString()) as Holder;
    return holder.format === 1 && typeof holder.owner === 'string' && Number.isInteger(holder.pid) && typeof holder.host === 'string'
      ? { ...holder, host: holder.host.replace(/[^\w.-]/g, '?').slice(0, 100) }
      : null;
  } catch {
    return null;
  }
}

function locked(store: ObjectStore, what: string): RefineError {
  return new RefineError('ERR_REFINE_RUN_LOCKED', `${what}.`, { place: store.name });
}
