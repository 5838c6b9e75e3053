// Keeps the first document of each text: equal means equal 128-bit content hash of the normalised text. A document
// without text is kept; a text that normalisation empties (punctuation alone) is compared as it is.
import { z } from 'zod';
import { type Batch, column, isValid, native } from '../../../native/index.js';
import { withPhases } from '../../contract/keyed.js';
import type { Barrier } from '../../contract/stage.js';
import { ratherFirst, resolveClusters, starEdges } from '../duplicates.js';

const schema = z.strictObject({
  keep: z.enum(['first']).default('first').describe('the document with the smallest (path, offset) stays'),
  normalise: z
    .enum(['default', 'none'])
    .default('default')
    .describe('texts are compared in lower case, without marks, punctuation as a space and white space folded (default), or byte for byte (none)'),
});
export type DedupeExactOptions = z.infer<typeof schema>;

export const dedupeExact: Barrier<DedupeExactOptions> = withPhases<DedupeExactOptions>({
  name: 'dedupe-exact',
  version: 1,
  reads: ['text'],
  writes: [],
  reasons: ['duplicate-text'],
  schema,
  payloadBytes: 0,

  async openMap(options) {
    return {
      async map(batch: Batch) {
        const text = column(batch, 'text', 'utf8');
        const hashes = await native.contentHash(text, options.normalise);
        const rows = Uint32Array.from({ length: batch.rows }, (_, row) => row).filter((row) => isValid(text, row));
        if (rows.length === batch.rows) return { keys: hashes, rows };
        const keys = new BigUint64Array(rows.length * 2);
        rows.forEach((row, entry) => {
          keys.set(hashes.subarray(2 * row, 2 * row + 2), 2 * entry);
        });
        return { keys, rows };
      },
      async close() {},
    };
  },

  reduce: (_options, group) => starEdges(group, 0),
  resolve: (_options, edges) => resolveClusters(edges, 0, ratherFirst),
});
