// What the ledger says of the tasks of open arrays. An element that ended is asked for task by task, at once; what running elements have
// done so far is for displays, and is found by listing the ledger, whose cost grows with the whole run (a million names: seconds on a
// local disk, more on NFS).
// Invariant: listing takes at most LISTING_SHARE of the time; how an array ends never waits for a listing.
import type { DoneEntry, FailedEntry } from '../ledger.js';
import type { TaskSpec } from '../tasks.js';
import type { ClusterArray } from './cluster-array.js';
import type { ClusterOutside } from './cluster-world.js';
import { notedAgain } from './level-folder.js';

const LISTING_SHARE = 0.02;
const PARALLEL = 32;

export interface Ended {
  readonly array: ClusterArray;
  readonly spec: TaskSpec;
  /** state 'done' or 'failed'. */
  readonly entry: DoneEntry | FailedEntry;
}

export class LedgerWatch {
  readonly #ledger: ClusterOutside['ledger'];
  readonly #now: () => number;
  readonly #runFolder: string;
  #nextListing = Number.NEGATIVE_INFINITY;

  constructor(runFolder: string, { ledger, now }: Pick<ClusterOutside, 'ledger' | 'now'>) {
    this.#runFolder = runFolder;
    this.#ledger = ledger;
    this.#now = now;
  }

  /** Open tasks that have an entry by now; none before another listing is due, unless `now`. */
  async listed(arrays: readonly ClusterArray[], when: 'due' | 'now' = 'due'): Promise<Ended[]> {
    const open = arrays.filter(({ tasks }) => tasks.size > 0);
    const begun = this.#now();
    if (open.length === 0 || (when === 'due' && begun < this.#nextListing)) return [];
    const entries = await this.#ledger.tasks();
    this.#nextListing = this.#now() + (this.#now() - begun) / LISTING_SHARE;
    const ended: Ended[] = [];
    for (const array of open) {
      const found = [...array.tasks.values()].filter(({ task }) => entries.has(task));
      ended.push(...(await this.#entriesOf(array, found)));
    }
    return ended;
  }

  /** Open tasks of an element that have an entry by now. */
  async of(array: ClusterArray, index: number): Promise<Ended[]> {
    const specs = array.unfinishedOf(index).map(({ spec }) => spec);
    return await this.#entriesOf(array, specs);
  }

  async #entriesOf(array: ClusterArray, specs: readonly TaskSpec[]): Promise<Ended[]> {
    if (specs.length === 0) return [];
    // A task that is done but for files that were made again has an entry from before: its note says that it is done again.
    const again = array.makesAgain ? await notedAgain(this.#runFolder, array.level) : null;
    const entries = new Array<DoneEntry | FailedEntry | null>(specs.length).fill(null);
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < specs.length) {
        const at = next++;
        const spec = specs[at]!;
        const { task } = spec;
        const isOld = spec.kind === 'map' && spec.again !== undefined && again?.has(task) !== true;
        entries[at] = (isOld ? null : await this.#ledger.done(task)) ?? (await this.#ledger.failed(task));
      }
    };
    await Promise.all(Array.from({ length: Math.min(PARALLEL, specs.length) }, lane));
    return specs.flatMap((spec, at) => (entries[at] === null ? [] : [{ array, spec, entry: entries[at]! }])); // in their order, whatever came first
  }
}
