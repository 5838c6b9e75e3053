// Keeps one document of each cluster of near duplicates: MinHash signatures of word n-grams, LSH bands (documents that
// agree in a whole band are a candidate pair), clusters by union-find over the pairs. A pair of Jaccard similarity s
// becomes a candidate with probability 1 - (1 - s^rows)^bands. Source: Broder 1997; the geometry of FineWeb (Penedo et
// al. 2024) and RefinedWeb (Penedo et al. 2023). A document with fewer words than a shingle has no signature and is kept.
import { z } from 'zod';
import { type Batch, column, type FixedColumn, isValid, type MinhashParams, native } from '../../../native/index.js';
import { withPhases } from '../../contract/keyed.js';
import type { Barrier } from '../../contract/stage.js';
import { type Rather, ratherFirst, resolveClusters, starEdges } from '../duplicates.js';

const PRESETS = {
  fineweb: { bands: 14, rows: 8, shingle: 'words-5' }, // 112 hashes; a pair at Jaccard .8 is found with P = .924
  refinedweb: { bands: 450, rows: 20, shingle: 'words-5' }, // 9,000 hashes (appendix G.3.1); P(.8) = .995
} as const;

/** The native loop's limit on bands x rows. */
const MAX_HASHES = 65_536;

const schema = z.strictObject({
  preset: z
    .enum(['fineweb', 'refinedweb'])
    .default('fineweb')
    .describe('the geometry: fineweb is 14 bands x 8 rows of word 5-grams, refinedweb 450 x 20; bands, rows and shingle override it'),
  bands: z.int().min(1).max(MAX_HASHES).optional().describe("bands of the signature; default: the preset's"),
  rows: z.int().min(1).max(MAX_HASHES).optional().describe("hashes a band; default: the preset's"),
  shingle: z
    .string()
    .regex(/^words-([1-9]|[1-9][0-9])$/, 'words-N with N from 1 to 99, such as words-5')
    .optional()
    .describe("what is hashed: words-N for every N consecutive words; default: the preset's"),
  normalise: z
    .enum(['default', 'none'])
    .default('default')
    .describe('words are those of the text in lower case, without marks, punctuation as a space (default), or of the text as it is (none)'),
  keep: z
    .enum(['longest', 'newest', 'first'])
    .default('longest')
    .describe('which document of a cluster stays: most code points, latest date, or smallest (path, offset); ties go to the smallest (path, offset)'),
  verify: z.enum(['none']).default('none').describe('whether candidate pairs are checked by exact Jaccard similarity; for now they are not'),
});
export type DedupeMinhashOptions = z.infer<typeof schema>;

export function geometryOf(options: DedupeMinhashOptions): MinhashParams {
  const preset = PRESETS[options.preset];
  const shingle = options.shingle ?? preset.shingle;
  return {
    bands: options.bands ?? preset.bands,
    rows: options.rows ?? preset.rows,
    words: Number(shingle.slice('words-'.length)),
    normalise: options.normalise,
  };
}

/** Payload of an entry: code points (uint32), then the date in seconds (int64; the smallest value where there is none). */
const PAYLOAD_BYTES = 12;
const DATE_AT = 4;
const NO_DATE = -(2n ** 63n);

const RATHER: Readonly<Record<DedupeMinhashOptions['keep'], Rather>> = {
  first: ratherFirst,
  longest: (payload, a, b) => payload.getUint32(a, true) > payload.getUint32(b, true),
  newest: (payload, a, b) => payload.getBigInt64(a + DATE_AT, true) > payload.getBigInt64(b + DATE_AT, true),
};

export const dedupeMinhash: Barrier<DedupeMinhashOptions> = withPhases<DedupeMinhashOptions>({
  name: 'dedupe-minhash',
  version: 1,
  reads: ['text', 'date'],
  writes: ['cluster', 'cluster_size'],
  reasons: ['near-duplicate'],
  schema,
  payloadBytes: PAYLOAD_BYTES,

  check(options) {
    const { bands, rows } = geometryOf(options);
    if (bands * rows <= MAX_HASHES) return [];
    const path = [options.bands === undefined ? 'rows' : 'bands'];
    return [{ path, message: `${bands} bands x ${rows} rows are ${bands * rows} hashes; at most ${MAX_HASHES} are possible. Lower one of them.` }];
  },

  async openMap(options) {
    const params = geometryOf(options);
    return {
      async map(batch: Batch) {
        const { keys, rows, codePoints } = await native.minhashKeys(column(batch, 'text', 'utf8'), params);
        const date = batch.columns.date as FixedColumn | undefined;
        const payload = new Uint8Array(rows.length * PAYLOAD_BYTES);
        const view = new DataView(payload.buffer);
        rows.forEach((row, entry) => {
          view.setUint32(entry * PAYLOAD_BYTES, codePoints[row]!, true);
          const known = date !== undefined && isValid(date, row);
          view.setBigInt64(entry * PAYLOAD_BYTES + DATE_AT, known ? (date.values[row] as bigint) : NO_DATE, true);
        });
        return { keys, rows, payload };
      },
      async close() {},
    };
  },

  reduce: (_options, group) => starEdges(group, PAYLOAD_BYTES),
  resolve: (options, edges) => resolveClusters(edges, PAYLOAD_BYTES, RATHER[options.keep]),
});
