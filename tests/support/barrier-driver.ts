// The smallest engine that runs a barrier: map -> sort by (key, row) -> reduce each group -> resolve, all in memory.
// `partitions` splits the keys as the real engine does, by their high half; results must not depend on it.
import type { Batch } from '../../native/index.js';
import type { Edges, KeyedBarrier, Verdicts } from '../../stages/contract/keyed.js';
import type { StageEnv } from '../../stages/contract/stage.js';

const env: StageEnv = { seed: 1n, baseDir: '.', device: 'cpu' };

export interface DriverResult extends Verdicts {
  readonly pairs: readonly (readonly [bigint, bigint])[];
}

/** `inputs[i]` are the batches of input number i; a global row is (i << 32 | row within the input). */
export async function runBarrier<Options>(
  barrier: KeyedBarrier<Options>,
  raw: object,
  inputs: readonly (readonly Batch[])[],
  partitions = 1,
): Promise<DriverResult> {
  const options = barrier.schema.parse(raw);
  const width = barrier.payloadBytes;
  const entries: { high: bigint; low: bigint; row: bigint; payload: Uint8Array }[] = [];
  const map = await barrier.openMap(options, env);
  for (const [number, batches] of inputs.entries()) {
    let base = 0;
    for (const batch of batches) {
      const keyed = await map.map(batch, new AbortController().signal);
      if (keyed.keys.length !== 2 * keyed.rows.length) throw new Error('keys and rows differ in length');
      keyed.rows.forEach((row, entry) => {
        entries.push({
          high: keyed.keys[2 * entry]!,
          low: keyed.keys[2 * entry + 1]!,
          row: (BigInt(number) << 32n) | BigInt(base + row),
          payload: keyed.payload?.slice(entry * width, (entry + 1) * width) ?? new Uint8Array(),
        });
      });
      base += batch.rows;
    }
  }
  await map.close();

  const compare = (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0);
  const partitionOf = (high: bigint) => Number((high * BigInt(partitions)) >> 64n);
  entries.sort((a, b) => compare(a.high, b.high) || compare(a.low, b.low) || compare(a.row, b.row));
  const perPartition: Edges[][] = Array.from({ length: partitions }, () => []);
  for (let from = 0; from < entries.length; ) {
    let to = from + 1;
    while (to < entries.length && entries[to]!.high === entries[from]!.high && entries[to]!.low === entries[from]!.low) to++;
    const group = entries.slice(from, to);
    if (group.length > 1) {
      const payload = new Uint8Array(group.length * width);
      for (const [i, entry] of group.entries()) payload.set(entry.payload, i * width);
      const edges = barrier.reduce(options, { rows: BigUint64Array.from(group, (entry) => entry.row), payload });
      if (edges !== null) perPartition[partitionOf(entries[from]!.high)]!.push(edges);
    }
    from = to;
  }
  const pairs: [bigint, bigint][] = [];
  async function* all(): AsyncGenerator<Edges> {
    for (const edges of perPartition.flat()) {
      edges.left.forEach((left, i) => {
        pairs.push([left, edges.right[i]!]);
      });
      yield edges;
    }
  }
  return { ...(await barrier.resolve(options, all())), pairs };
}

/** Rows dropped, as `row -> the row kept in its stead`, for small expectations. */
export function dropped(verdicts: Verdicts): Record<string, string> {
  const out: Record<string, string> = {};
  verdicts.rows.forEach((row, i) => {
    if (verdicts.drops[i] !== 0) out[String(row)] = String(verdicts.kept[i]);
  });
  return out;
}
