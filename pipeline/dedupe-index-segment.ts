// The kept documents of a finished run as a segment of an index: the dedupe steps' own maps write the keys, from the run's text/
// shards (infra/decisions/0011). Invariant: what a key is stands in one place, the step.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type Batch, column } from '../native/batch.js';
import { RefineError } from '../native/errors.js';
import { RecordWriter } from '../native/records.js';
import type { Barrier, BarrierMap, TaskFiles } from '../stages/contract/barrier.js';
import type { StageEnv } from '../stages/contract/stage.js';
import { makeFolder } from './atomic-file.js';
import { type AddOptions, addSegment, keepFiles, type NamedSegment } from './dedupe-index.js';
import type { IndexedStep, IndexRun } from './dedupe-index-run.js';
import { type Catalogue, firstRow, IDS_SHAPE, type IndexSegment } from './index-files.js';
import { readArrow } from './store.js';

/** What the keys of these steps are, by stage. */
export function keysOf(steps: readonly IndexedStep[], env: StageEnv): Catalogue['keys'] {
  return Object.fromEntries(steps.map(({ barrier, options }) => [barrier.name, barrier.indexing!.space(options, env)]));
}

/** The run's segment, or null where its documents are in the index already. */
export async function addRun(index: string, run: IndexRun, steps: readonly IndexedStep[], env: StageEnv, options: AddOptions): Promise<IndexSegment | null> {
  const content = createHash('sha256')
    .update(run.shards.map((shard) => `${shard.sha256}\n`).join(''))
    .digest('hex');
  return addSegment(
    index,
    { name: options.name ?? run.name, content },
    keysOf(steps, env),
    (part, named, { shingles }) => writeSegment(part, named, run, steps, env, shingles, options),
    options.replaces,
  );
}

async function writeSegment(
  part: string,
  named: NamedSegment,
  run: IndexRun,
  steps: readonly IndexedStep[],
  env: StageEnv,
  shingles: boolean,
  { memoryBytes, signal, progress }: AddOptions,
): Promise<IndexSegment> {
  const to = (role: string): string => join(part, `${role}.sorted`);
  const memory = Math.floor(memoryBytes / (steps.length + 1));
  const maps: { readonly step: IndexedStep; readonly map: BarrierMap; readonly from: (role: string) => string; readonly close: () => Promise<void> }[] = [];
  const ids = await RecordWriter.open(to('ids'), IDS_SHAPE, Math.min(memory, 64 * 1024 * 1024));
  let documents = 0;
  let roles: string[] = ['ids'];
  try {
    for (const step of steps) {
      const opened = await step.barrier.open(step.options, env);
      const from = (role: string): string => join(part, `${step.barrier.name}.${role}.map`);
      const map = opened.map(filesBelow(part, step.barrier, memory));
      maps.push({ step, map, from, close: () => opened.close() });
    }
    const base = firstRow(named);
    for (const shard of run.shards) {
      for await (const batch of readArrow(join(run.folder, shard.path), run.columns)) {
        signal.throwIfAborted();
        if (batch.rows === 0) continue;
        if (documents + batch.rows > 2 ** 32)
          throw new RefineError('ERR_REFINE_INPUT', 'has more than 2^32 kept documents: index it in parts.', { place: run.folder });
        const rows = BigUint64Array.from({ length: batch.rows }, (_, row) => base + BigInt(documents + row));
        await addIds(ids, batch, rows);
        for (const { map } of maps) await map.add(batch, rows, signal);
        documents += batch.rows;
        progress?.(documents);
      }
    }
    await ids.finish();
    for (const { step, map, from } of maps) {
      await map.finish();
      signal.throwIfAborted();
      roles = [...roles, ...(await step.barrier.indexing!.build(step.options, from, to, { shingles, memoryBytes }))];
    }
  } catch (error) {
    await ids.abort().catch(() => undefined);
    for (const { map } of maps) await map.abort().catch(() => undefined);
    throw error;
  } finally {
    for (const { close } of maps) await close();
  }
  return { ...named, documents, files: await keepFiles(part, roles, to, memoryBytes, signal) };
}

function filesBelow(part: string, barrier: Barrier<unknown>, memoryBytes: number): TaskFiles {
  const temporary = join(part, `${barrier.name}.folder`);
  return {
    path: (role) => join(part, `${barrier.name}.${role}.map`),
    async folder() {
      await makeFolder(temporary);
      return temporary;
    },
    memoryBytes,
  };
}

async function addIds(writer: RecordWriter, batch: Batch, rows: BigUint64Array): Promise<void> {
  const { data, offsets } = column(batch, 'id', 'utf8'); // a null takes no bytes
  await writer.add(rows, new Uint8Array(), { bytes: data, offsets });
}
