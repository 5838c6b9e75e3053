// A round's band keys with their minima on the run's GPU: this worker reads the stored shingles batch by batch, the GPU process answers
// with keys, this worker writes them. Invariant: the file is native.bandKeys' to the byte, so neither identity nor lock knows of it.
import { native, type SketchParams } from '../../../native/index.js';
import { GpuClient } from '../../contract/gpu-client.js';
import type { PhaseTask } from '../../contract/stage.js';

/** Of a batch, 8 bytes each; a document with more stands alone. Two batches are under way: one on the GPU, the next being read. */
const BATCH_SHINGLES = 1 << 21;
/** Bytes of a batch's keys, 16 each. */
const BATCH_KEY_BYTES = 1 << 24;

/** Where a sketch has a kernel: the others' hashes are drawn one by one (dart) or wrap as datatrove's do. */
export const onGpu = (sketch: SketchParams): boolean => sketch.family === 'affine';

/** `batch`: tests cut smaller ones. */
export async function bandKeysOnGpu(
  address: string,
  shingles: string,
  sketch: SketchParams,
  from: number,
  to: number,
  task: Pick<PhaseTask, 'dropped' | 'path' | 'memoryBytes'>,
  signal: AbortSignal,
  batch: { readonly shingles: number; readonly documents: number } = {
    shingles: BATCH_SHINGLES,
    documents: Math.max(1, Math.floor(BATCH_KEY_BYTES / (16 * Math.max(1, to - from)))),
  },
): Promise<{ documents: number; entries: number }> {
  const client = GpuClient.at(address);
  const pass = await native.bandPassOpen(shingles, task.dropped(), to - from, task.path('keys'), task.memoryBytes);
  try {
    let ahead: Promise<BigUint64Array> | undefined;
    for (;;) {
      signal.throwIfAborted();
      const next = await native.bandPassNext(pass, batch.shingles, batch.documents);
      if (ahead !== undefined) await native.bandPassAdd(pass, await ahead);
      if (next.offsets.length === 1) return await native.bandPassFinish(pass);
      ahead = client.ask<BigUint64Array>({ op: 'band-keys', shingles: next, sketch: { bands: sketch.bands, rows: sketch.rows }, from, to });
      ahead.catch(() => undefined); // awaited one turn later
    }
  } catch (error) {
    await native.bandPassAbort(pass); // now: the task's next try writes the same path
    throw error;
  }
}
