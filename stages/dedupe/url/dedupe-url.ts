// Keeps the first document of each URL. The key is the URL's WHATWG serialisation without fragment, or C4's form of it; a
// URL that does not parse stands for itself, and a document without URL is kept. Parsing: kernels/text/whatwg_url.cpp.
import { z } from 'zod';
import { type Batch, column, native, stringAt, utf8Column } from '../../../native/index.js';
import { withPhases } from '../../contract/keyed.js';
import type { Barrier } from '../../contract/stage.js';
import { ratherFirst, resolveClusters, starEdges } from '../duplicates.js';

const schema = z.strictObject({
  keep: z.enum(['first']).default('first').describe('the document with the smallest (path, offset) stays'),
  normalise: z
    .enum(['whatwg', 'c4'])
    .default('whatwg')
    .describe("what counts as one URL: its WHATWG serialisation without fragment, or C4's form (no scheme, no www., no ?utm_/ref/feed query, no / at the end)"),
});
export type DedupeUrlOptions = z.infer<typeof schema>;

export const dedupeUrl: Barrier<DedupeUrlOptions> = withPhases<DedupeUrlOptions>({
  name: 'dedupe-url',
  version: 2, // 2: keys by our own parser, no longer by Node's
  reads: ['url'],
  writes: [],
  reasons: ['duplicate-url'],
  schema,
  payloadBytes: 0,

  async openMap(options) {
    return {
      async map(batch: Batch) {
        const url = column(batch, 'url', 'utf8');
        if (options.normalise === 'whatwg') return native.urlKeys(url);
        const rows: number[] = [];
        const texts: string[] = [];
        for (let row = 0; row < batch.rows; row++) {
          const written = stringAt(url, row);
          if (written === null || written === '') continue;
          rows.push(row);
          texts.push(c4Key(written));
        }
        return { keys: await native.contentHash(utf8Column(texts), 'none'), rows: Uint32Array.from(rows) };
      },
      async close() {},
    };
  },

  reduce: (_options, group) => starEdges(group, 0),
  resolve: (_options, edges) => resolveClusters(edges, 0, ratherFirst),
});

/** normalize_url of C4 (tensorflow_datasets, text/c4_utils.py). */
export function c4Key(written: string): string {
  const stripped = written.replaceAll(/https?:\/\/(www\.)?/g, '').replaceAll(/\?(utm_|ref|feed).*/g, '');
  let end = stripped.length;
  while (stripped[end - 1] === '/') end--;
  return stripped.slice(0, end);
}
