// Keeps the first document of each URL. The key is the URL's WHATWG serialisation without fragment, or C4's form of it; a
// URL that does not parse stands for itself, and a document without URL is kept. Parsing: kernels/text/whatwg_url.cpp.
import { z } from 'zod';
import { type Batch, column, native, stringAt, utf8Column } from '../../../native/index.js';
import type { Barrier } from '../../contract/barrier.js';
import { type DocumentKeys, equalKeysIndexing, equalKeysPhases, equalKeysRun } from '../equal-keys.js';
import { againstFiles, againstIds, againstOptions, againstProblems, againstReasons, scopeReads, withoutAgainst } from '../index-against.js';

const NAME = 'dedupe-url';

const schema = z.strictObject({
  keep: z.enum(['first']).default('first').describe('the document with the smallest (path, offset) stays'),
  normalise: z
    .enum(['whatwg', 'c4'])
    .default('whatwg')
    .describe("what counts as one URL: its WHATWG serialisation without fragment, or C4's form (no scheme, no www., no ?utm_/ref/feed query, no / at the end)"),
  ...againstOptions,
});
export type DedupeUrlOptions = z.infer<typeof schema>;

const space = ({ normalise }: DedupeUrlOptions) => ({ form: 1, normalise });

export const dedupeUrl: Barrier<DedupeUrlOptions> = {
  kind: 'barrier',
  name: NAME,
  version: 3, // 2: keys by our own parser, no longer by Node's; 3: map and phases, scopes, an index of earlier runs
  reads: ['url'],
  writes: [],
  reasons: ['duplicate-url'],
  alsoReads: scopeReads,
  alsoReasons: againstReasons,
  schema: schema.describe('Of documents with the same URL, keeps one.'),

  check: (options, env) => againstProblems(NAME, options, space(options), env),
  open: async ({ scope, normalise }) => equalKeysRun(scope, (batch) => urlKeys(batch, normalise)),
  phases: (options, _totals, { partitions }) => equalKeysPhases(NAME, options, partitions, space),
  outside: againstFiles,
  inner: withoutAgainst,
  outsideIds: againstIds,
  indexing: equalKeysIndexing(NAME, ['normalise'], space),
};

async function urlKeys(batch: Batch, normalise: DedupeUrlOptions['normalise']): Promise<DocumentKeys> {
  const url = column(batch, 'url', 'utf8');
  if (normalise === 'whatwg') return native.urlKeys(url);
  const rows: number[] = [];
  const texts: string[] = [];
  for (let row = 0; row < batch.rows; row++) {
    const written = stringAt(url, row);
    if (written === null || written === '') continue;
    rows.push(row);
    texts.push(c4Key(written));
  }
  return { keys: await native.contentHash(utf8Column(texts), 'none'), rows: Uint32Array.from(rows) };
}

/** normalize_url of C4 (tensorflow_datasets, text/c4_utils.py). */
export function c4Key(written: string): string {
  const stripped = written.replaceAll(/https?:\/\/(www\.)?/g, '').replaceAll(/\?(utm_|ref|feed).*/g, '');
  let end = stripped.length;
  while (stripped[end - 1] === '/') end--;
  return stripped.slice(0, end);
}
