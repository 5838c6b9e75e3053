// The shipped steps and one more, for runs over planted documents: `text-bytes` notes each text's length in features/, so that
// what an editing step took away is known without keeping the texts.
import { z } from 'zod';
import { column, fixedColumn } from '../../native/batch.js';
import { loadSteps as loadShipped } from '../../pipeline/registry.js';
import type { AnyStep, Stage } from '../../stages/contract/stage.js';

const textBytes: Stage<Record<never, never>> = {
  kind: 'stage',
  name: 'text-bytes',
  version: 1,
  reads: ['text'],
  writes: ['text_bytes'],
  reasons: [],
  rules: true,
  schema: z.strictObject({}),
  async open() {
    return {
      async process(batch) {
        const { offsets } = column(batch, 'text', 'utf8');
        return { columns: { text_bytes: fixedColumn(Uint32Array.from({ length: batch.rows }, (_, row) => offsets[row + 1]! - offsets[row]!)) } };
      },
      async close() {},
    };
  },
};

export const steps: ReadonlyMap<string, AnyStep> = new Map<string, AnyStep>([...(await loadShipped()), ['text-bytes', textBytes as AnyStep]]);
/** As a worker asks for them. */
export const loadSteps = async (): Promise<ReadonlyMap<string, AnyStep>> => steps;
