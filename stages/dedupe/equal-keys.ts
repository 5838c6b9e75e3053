// The barrier of steps where documents with equal 128-bit keys are duplicates and the first one stays: dedupe-exact, dedupe-url.
// Map: a key a document. One phase: keys of all inputs (and of an index of earlier runs) merged by ranges of the first half.
// Invariant: of equal keys the smallest row of the index stays, else the smallest row; both are functions of documents alone.
import { rename } from 'node:fs/promises';
import type { Batch } from '../../native/index.js';
import { mergeRecords, partitionStart, RecordWriter, starEdges } from '../../native/records.js';
import { type BarrierMap, type BarrierRun, type Indexing, type Phase, type PhaseTask, type TaskFiles, VERDICT_SHAPE } from '../contract/barrier.js';
import type { StageEnv } from '../contract/stage.js';
import { type AgainstOptions, openAgainst, readingIndex } from './index-against.js';
import { type KeySpace, OUTSIDE } from './index-catalogue.js';
import { type Scope, Scopes } from './index-scope.js';

/** Entry i: 128 bits (high, low) of row `rows[i]`, rows ascending, at most one a row. */
export interface DocumentKeys {
  readonly keys: BigUint64Array;
  readonly rows: Uint32Array;
}

/** Keys sorted by (high, low, global row). */
const KEYS_SHAPE = { keyWords: 3, valueBytes: 0, tail: false } as const;
const NO_VALUES = new Uint8Array();

export function equalKeysRun(scope: Scope, keysOf: (batch: Batch) => Promise<DocumentKeys>): BarrierRun {
  return {
    map: (files) => new KeysMap(files, scope, keysOf),
    async close() {},
  };
}

class KeysMap implements BarrierMap {
  readonly #files: TaskFiles;
  readonly #scopes: Scopes;
  readonly #keysOf: (batch: Batch) => Promise<DocumentKeys>;
  #writer: RecordWriter | undefined;
  #entries = 0;

  constructor(files: TaskFiles, scope: Scope, keysOf: (batch: Batch) => Promise<DocumentKeys>) {
    this.#files = files;
    this.#scopes = new Scopes(scope);
    this.#keysOf = keysOf;
  }

  async add(batch: Batch, globalRows: BigUint64Array): Promise<void> {
    const writer = await this.#open();
    const { keys, rows } = await this.#keysOf(batch);
    await this.#scopes.mix(batch, keys, rows);
    const records = new BigUint64Array(3 * rows.length);
    for (let entry = 0; entry < rows.length; entry++) {
      records[3 * entry] = keys[2 * entry]!;
      records[3 * entry + 1] = keys[2 * entry + 1]!;
      records[3 * entry + 2] = globalRows[rows[entry]!]!;
    }
    await writer.add(records, NO_VALUES);
    this.#entries += rows.length;
  }

  async finish(): Promise<Readonly<Record<string, number>>> {
    await (await this.#open()).finish();
    return { keys: this.#entries };
  }

  async abort(): Promise<void> {
    await this.#writer?.abort();
  }

  async #open(): Promise<RecordWriter> {
    return (this.#writer ??= await RecordWriter.open(this.#files.path('keys'), KEYS_SHAPE, this.#files.memoryBytes));
  }
}

/** `space` is what the step's keys are (`Indexing.space`); drop code 1 is the step's own reason, 2 `in-index`. */
export function equalKeysPhases<Options extends AgainstOptions>(
  stage: string,
  options: Options,
  partitions: number,
  space: (options: Options, env: StageEnv) => KeySpace,
): readonly Phase<Options>[] {
  return [
    {
      name: 'groups',
      over: 'partitions',
      count: partitions,
      reads: [{ from: 'map', role: 'keys', match: 'all' }],
      writes: ['verdicts'],
      ...(options.against === undefined ? {} : { outside: true as const }),
      async run(given, task, signal) {
        const index = openAgainst(stage, given, space(given, task.env), task.env, (role) => role === stage);
        const edges = `${await task.folder()}/edges`;
        const paths = task.files('map', 'keys').map(({ path }) => path);
        const range = { lo: partitionStart(task.number, task.count), hi: partitionStart(task.number + 1, task.count) };
        const found = await readingIndex(index, () => starEdges(paths, range, task.dropped(), edges, task.memoryBytes, index?.files(stage)));
        const dropped = await writeVerdicts(edges, task, signal);
        return { rowsIn: found.entries, rowsOut: dropped, notes: { groups: found.groups, max_group: found.largestGroup } };
      },
    },
  ];
}

/** Of each edge (the one that stays, another one) the other is dropped; rows of the index are nobody's to drop. */
async function writeVerdicts(edges: string, task: PhaseTask, signal: AbortSignal): Promise<number> {
  const half = Math.floor(task.memoryBytes / 2);
  const writer = await RecordWriter.open(task.path('verdicts'), VERDICT_SHAPE, half);
  let dropped = 0;
  try {
    for await (const { keys } of mergeRecords([edges], { lo: 0n, hi: 1n << 64n }, half)) {
      signal.throwIfAborted();
      const rows: bigint[] = [];
      const values = new DataView(new ArrayBuffer((keys.length / 2) * VERDICT_SHAPE.valueBytes));
      for (let at = 0; at < keys.length; at += 2) {
        const [kept, row] = [keys[at]!, keys[at + 1]!];
        if (row >= OUTSIDE) continue;
        const value = rows.length * VERDICT_SHAPE.valueBytes;
        values.setBigUint64(value, kept, true);
        values.setBigUint64(value + 8, kept, true);
        values.setUint16(value + 20, kept >= OUTSIDE ? 2 : 1, true);
        rows.push(row);
      }
      dropped += rows.length;
      await writer.add(BigUint64Array.from(rows), new Uint8Array(values.buffer, 0, rows.length * VERDICT_SHAPE.valueBytes));
    }
    await writer.finish();
  } catch (error) {
    await writer.abort();
    throw error;
  }
  return dropped;
}

/** An index keeps the keys as the map wrote them, under the step's name. */
export function equalKeysIndexing<Options>(stage: string, options: readonly string[], space: (options: Options) => KeySpace): Indexing<Options> {
  return {
    options,
    space,
    async build(_options, from, to) {
      await rename(from('keys'), to(stage));
      return [stage];
    },
  };
}
