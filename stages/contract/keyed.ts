// Barriers of the former contract (keys -> groups -> edges -> verdicts) as map and phases: one phase reads all keys and keeps
// every edge in memory. For steps that have no phases of their own yet; goes away with the last of them.
import type { Batch } from '../../native/index.js';
import { mergeRecords, RecordWriter } from '../../native/records.js';
import { type Barrier, type PhaseTask, VERDICT_SHAPE } from './barrier.js';
import { droppedRows } from './dropped-rows.js';
import type { StageEnv, StepKind } from './stage.js';

/** Entry i belongs to row `rows[i]` of the batch; a row may have none (it is kept) or many. */
export interface Keyed {
  /** 128-bit keys as (high, low) pairs: 2 x entries. */
  readonly keys: BigUint64Array;
  readonly rows: Uint32Array;
  /** `payloadBytes` bytes an entry. */
  readonly payload?: Uint8Array;
}

/** A group of entries with equal keys, ascending by global row. */
export interface KeyGroup {
  readonly rows: BigUint64Array;
  readonly payload: Uint8Array; // entries x payloadBytes
}

/** Pairs of global rows, and the payload of each end. */
export interface Edges {
  readonly left: BigUint64Array;
  readonly right: BigUint64Array;
  readonly leftPayload: Uint8Array;
  readonly rightPayload: Uint8Array;
}

/** Ascending by global row; a row that is not named is kept. */
export interface Verdicts {
  readonly rows: BigUint64Array;
  readonly drops: Uint16Array;
  readonly kept: BigUint64Array;
  readonly clusterSize: Uint32Array;
}

export interface KeyedBarrier<Options> extends StepKind<Options> {
  readonly payloadBytes: number;
  openMap(options: Options, env: StageEnv): Promise<KeyedMap>;
  reduce(options: Options, group: KeyGroup): Edges | null;
  resolve(options: Options, edges: AsyncIterable<Edges>): Promise<Verdicts>;
}

export interface KeyedMap {
  map(batch: Batch, signal: AbortSignal): Promise<Keyed>;
  close(): Promise<void>;
}

export function withPhases<Options>(keyed: KeyedBarrier<Options>): Barrier<Options> {
  const { payloadBytes, openMap, reduce, resolve, ...kind } = keyed;
  const shape = { keyWords: 3, valueBytes: payloadBytes, tail: false };
  return {
    ...kind,
    kind: 'barrier',
    async open(options, env) {
      const map = await openMap(options, env);
      return {
        map(files) {
          let writer: Promise<RecordWriter> | undefined;
          const open = (): Promise<RecordWriter> => (writer ??= RecordWriter.open(files.path('keys'), shape, files.memoryBytes));
          return {
            async add(batch, rows, signal) {
              const { keys, rows: at, payload } = await map.map(batch, signal);
              const words = new BigUint64Array(3 * at.length);
              at.forEach((row, i) => {
                words.set([keys[2 * i]!, keys[2 * i + 1]!, rows[row]!], 3 * i);
              });
              await (await open()).add(words, payload ?? new Uint8Array());
            },
            async finish() {
              await (await open()).finish();
              return {};
            },
            async abort() {
              await (await open()).abort();
            },
          };
        },
        close: () => map.close(),
      };
    },
    phases: () => [
      {
        name: 'resolve',
        over: 'run',
        reads: [{ from: 'map', role: 'keys', match: 'all' }],
        writes: ['verdicts'],
        async run(options, task, signal) {
          const seen = { entries: 0 };
          const verdicts = await resolve(
            options,
            edgesOf(task, payloadBytes, seen, (group) => reduce(options, group), signal),
          );
          await writeVerdicts(task, verdicts);
          return { rowsIn: seen.entries, rowsOut: verdicts.rows.length };
        },
      },
    ],
  };
}

async function* edgesOf(
  task: PhaseTask,
  payloadBytes: number,
  seen: { entries: number },
  reduce: (group: KeyGroup) => Edges | null,
  signal: AbortSignal,
): AsyncGenerator<Edges> {
  const gone = await droppedRows(task.dropped());
  let key: readonly [bigint, bigint] | null = null;
  let rows: bigint[] = [];
  let payloads: Uint8Array[] = [];
  const take = (): Edges | null => (rows.length < 2 ? null : reduce({ rows: BigUint64Array.from(rows), payload: new Uint8Array(Buffer.concat(payloads)) }));
  const paths = task.files('map', 'keys').map(({ path }) => path);
  for await (const { keys, values, rows: count } of mergeRecords(paths, { lo: 0n, hi: 1n << 64n }, task.memoryBytes / 2)) {
    signal.throwIfAborted();
    for (let i = 0; i < count; i++) {
      const row = keys[3 * i + 2]!;
      if (gone(row)) continue;
      seen.entries++;
      if (key === null || keys[3 * i] !== key[0] || keys[3 * i + 1] !== key[1]) {
        const edges = take();
        if (edges !== null) yield edges;
        key = [keys[3 * i]!, keys[3 * i + 1]!];
        rows = [];
        payloads = [];
      }
      rows.push(row);
      payloads.push(values.slice(i * payloadBytes, (i + 1) * payloadBytes));
    }
  }
  const edges = take();
  if (edges !== null) yield edges;
}

async function writeVerdicts(task: PhaseTask, { rows, drops, kept, clusterSize }: Verdicts): Promise<void> {
  const writer = await RecordWriter.open(task.path('verdicts'), VERDICT_SHAPE, task.memoryBytes / 2);
  const values = new Uint8Array(rows.length * VERDICT_SHAPE.valueBytes);
  const view = new DataView(values.buffer);
  rows.forEach((_, i) => {
    const at = i * VERDICT_SHAPE.valueBytes;
    view.setBigUint64(at, kept[i]!, true);
    view.setBigUint64(at + 8, kept[i]!, true);
    view.setUint32(at + 16, clusterSize[i]!, true);
    view.setUint16(at + 20, drops[i]!, true);
  });
  await writer.add(rows, values);
  await writer.finish();
}
