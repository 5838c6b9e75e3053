// Keeps the first document of each text: equal means equal 128-bit content hash of the normalised text. A document
// without text is kept; a text that normalisation empties (punctuation alone) is compared as it is.
import { z } from 'zod';
import { type Batch, column, isValid, native } from '../../../native/index.js';
import type { Barrier } from '../../contract/barrier.js';
import { type DocumentKeys, equalKeysIndexing, equalKeysPhases, equalKeysRun } from '../equal-keys.js';
import { againstFiles, againstIds, againstOptions, againstProblems, againstReasons, scopeReads, withoutAgainst } from '../index-against.js';

const NAME = 'dedupe-exact';

const schema = z.strictObject({
  keep: z.enum(['first']).default('first').describe('the document with the smallest (path, offset) stays'),
  normalise: z
    .enum(['default', 'none'])
    .default('default')
    .describe('texts are compared in lower case, without marks, punctuation as a space and white space folded (default), or byte for byte (none)'),
  ...againstOptions,
});
export type DedupeExactOptions = z.infer<typeof schema>;

const space = ({ normalise }: DedupeExactOptions) => ({ form: 1, normalise });

export const dedupeExact: Barrier<DedupeExactOptions> = {
  kind: 'barrier',
  name: NAME,
  version: 2, // 2: map and phases, scopes, an index of earlier runs
  reads: ['text'],
  writes: [],
  reasons: ['duplicate-text'],
  alsoReads: scopeReads,
  alsoReasons: againstReasons,
  schema: schema.describe('Of documents with the same text, keeps one.'),

  check: (options, env) => againstProblems(NAME, options, space(options), env),
  open: async ({ scope, normalise }) => equalKeysRun(scope, (batch) => textKeys(batch, normalise)),
  phases: (options, _totals, { partitions }) => equalKeysPhases(NAME, options, partitions, space),
  outside: againstFiles,
  inner: withoutAgainst,
  outsideIds: againstIds,
  indexing: equalKeysIndexing(NAME, ['normalise'], space),
};

async function textKeys(batch: Batch, normalise: DedupeExactOptions['normalise']): Promise<DocumentKeys> {
  const text = column(batch, 'text', 'utf8');
  const hashes = await native.contentHash(text, normalise);
  const rows = Uint32Array.from({ length: batch.rows }, (_, row) => row).filter((row) => isValid(text, row));
  if (rows.length === batch.rows) return { keys: hashes, rows };
  const keys = new BigUint64Array(rows.length * 2);
  rows.forEach((row, entry) => {
    keys.set(hashes.subarray(2 * row, 2 * row + 2), 2 * entry);
  });
  return { keys, rows };
}
