// The last task: index.arrow (a row a token shard, in loader order), holdout.arrow (the same for shards held out of training)
// and samples/<step>.arrow (the lowest hashes over all inputs).
import { join } from 'node:path';
import { type Batch, type BytesColumn, column, fixedColumn, takeRows, utf8Column } from '../native/batch.js';
import { HOLDOUT_PREFIX } from './final-shards.js';
import type { DoneEntry } from './ledger.js';
import { withoutColumns } from './outcomes.js';
import { TaskOutputs } from './outputs.js';
import { concatUneven } from './rebatch.js';
import { readExclusions } from './remove/exclusions.js';
import { ArrowFile, readArrow } from './store.js';
import { entryBase, type FinalizeSpec } from './tasks.js';

export async function runFinalizeTask(
  spec: FinalizeSpec,
  env: { readonly runFolder: string; readonly seed: bigint; readonly samplesPerReason: number },
  signal: AbortSignal,
): Promise<DoneEntry> {
  const started = performance.now();
  const outputs = new TaskOutputs(env.runFolder, await readExclusions(env.runFolder));
  try {
    const heldOut = spec.tokens.filter((shard) => shard.path.startsWith(`tokens/${HOLDOUT_PREFIX}`));
    const train = spec.tokens.filter((shard) => !heldOut.includes(shard));
    if (train.length > 0) await writeIndex('index.arrow', train, env, outputs);
    if (heldOut.length > 0) await writeIndex('holdout.arrow', heldOut, env, outputs);
    let rows = 0;
    for (const { step, paths } of spec.samples) {
      signal.throwIfAborted();
      const merged = await mergeSamples(
        paths.map((path) => join(env.runFolder, path)),
        env.samplesPerReason,
      );
      if (merged === null) continue;
      rows += merged.rows;
      const output = await outputs.arrow(`samples/${step}.arrow`, { metadata: { 'refine.seed': String(env.seed) } });
      await output.add(merged);
    }
    const shards = await outputs.commit();
    return {
      ...entryBase(spec),
      state: 'done',
      outputs: shards,
      rowsIn: spec.tokens.length,
      rowsOut: rows,
      steps: [],
      wallMs: Math.round(performance.now() - started),
    };
  } catch (error) {
    await outputs.abort();
    throw error;
  }
}

/** `refine remove` makes both files again when it has rewritten token shards. */
export async function writeIndex(
  name: string,
  shards: FinalizeSpec['tokens'],
  env: { readonly runFolder: string; readonly seed: bigint },
  outputs: TaskOutputs,
): Promise<void> {
  const first = await ArrowFile.open(join(env.runFolder, shards[0]!.path));
  const contract = first.metadata['refine.contract'];
  await first.close();
  const metadata = { 'refine.format': '1', 'refine.seed': String(env.seed), ...(contract === undefined ? {} : { 'refine.contract': contract }) };
  const output = await outputs.arrow(name, { metadata });
  const numbers = (key: 'rows' | 'tokens' | 'bytes') => fixedColumn(BigInt64Array.from(shards, (shard) => BigInt(shard[key])));
  await output.add({
    rows: shards.length,
    columns: {
      path: utf8Column(shards.map((shard) => shard.path)),
      rows: numbers('rows'),
      tokens: numbers('tokens'),
      bytes: numbers('bytes'),
      sha256: utf8Column(shards.map((shard) => shard.sha256)),
    },
  });
}

/** Parts are sorted by (reason, hash); ties between inputs end on their order. Held: at most N rows a reason and one part. */
async function mergeSamples(paths: readonly string[], limit: number): Promise<Batch | null> {
  let held: Batch | null = null;
  for (const path of paths) {
    for await (const part of readArrow(path)) {
      const joined: Batch = held === null ? part : concatUneven([held, part]);
      const codes = column(joined, '_code', 'fixed').values;
      const hashes = column(joined, '_hash', 'fixed').values;
      const order = Array.from({ length: joined.rows }, (_, row) => row).sort(
        (a, b) => Number(codes[a]!) - Number(codes[b]!) || Number(hashes[a]!) - Number(hashes[b]!) || a - b,
      );
      const taken = new Map<unknown, number>();
      const keep = order.filter((row) => {
        const n = taken.get(codes[row]) ?? 0;
        taken.set(codes[row], n + 1);
        return n < limit;
      });
      held = takeRows(joined, keep);
    }
  }
  return held === null ? null : withoutColumns(withReasonFirst(held), ['_code', '_hash']);
}

function withReasonFirst(batch: Batch): Batch {
  const reason = batch.columns.reason as BytesColumn;
  return { rows: batch.rows, columns: { id: batch.columns.id!, reason, ...batch.columns } };
}
