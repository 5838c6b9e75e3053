// What dedupe-minhash may be told, and the parameters that its presets and overrides come to.
// Sources: Penedo et al. 2024 (FineWeb: 14 bands of 8, word 5-grams), Penedo et al. 2023, appendix G.3.1 (RefinedWeb: 450 x 20), datatrove's defaults.
import { z } from 'zod';
import { native, type ShingleParams, type SketchParams } from '../../../native/index.js';
import { againstOptions } from '../index-against.js';

const FORMS = ['default', 'none', 'datatrove', 'redpajama', 'ccnet', 'c4'] as const;
const WORDS = ['white-space', 'uax29', 'script-aware', 'spacy-en'] as const;
const HASHES = ['xxh64', 'xxh32', 'sha1-64', 'sha1-32'] as const;
const FAMILIES = ['affine', 'dart', 'datatrove', 'datatrove-32'] as const;

interface Preset {
  readonly bands: number;
  readonly rows: number;
  readonly shingle: string;
  readonly normalise: (typeof FORMS)[number];
  readonly words: (typeof WORDS)[number];
  readonly verify: 'none' | 'survivor';
  readonly family?: (typeof FAMILIES)[number];
}

const OURS = { shingle: 'words-5', normalise: 'default', words: 'white-space', verify: 'survivor' } as const;
const PRESETS: Readonly<Record<'fineweb' | 'refinedweb' | 'datatrove', Preset>> = {
  fineweb: { ...OURS, bands: 14, rows: 8 }, // 112 hashes; a pair at Jaccard .8 is found with P = .924
  refinedweb: { ...OURS, bands: 450, rows: 20 }, // 9,000 hashes; P(.8) = .995
  datatrove: { bands: 14, rows: 8, shingle: 'words-5', normalise: 'datatrove', words: 'spacy-en', verify: 'none', family: 'datatrove' },
};

/** The native loop's limit on bands x rows. */
export const MAX_HASHES = 65_536;
/** From so many hashes on one random process for many bands is faster than a function each, by the same law. */
const AFFINE_HASHES = 1024;

const share = (value: number) => z.number().gt(0).max(1).default(value);

export const minhashSchema = z.strictObject({
  preset: z
    .enum(['fineweb', 'refinedweb', 'datatrove'])
    .default('fineweb')
    .describe(
      'the geometry: fineweb is 14 bands x 8 rows of word 5-grams, refinedweb 450 x 20; datatrove is 14 x 8 with the signatures, words, normal form and lack of verification of datatrove. Other options override it',
    ),
  bands: z.int().min(1).max(MAX_HASHES).optional().describe("bands of the signature; default: the preset's"),
  rows: z.int().min(1).max(MAX_HASHES).optional().describe("hashes a band; default: the preset's"),
  shingle: z
    .string()
    .regex(/^(words|tokens)-([1-9]|[1-9][0-9])$/, 'words-N or tokens-N with N from 1 to 99, such as words-5')
    .optional()
    .describe("what is hashed: words-N for every N consecutive words, tokens-N for every N token ids; default: the preset's"),
  tokenizer: z.string().min(1).default('falcon').describe('for shingles of tokens: a tokenizer as in the step tokenize; its added tokens count as plain text'),
  normalise: z
    .enum(FORMS)
    .optional()
    .describe(
      "the form of the text before it is cut into words: lower case without marks, punctuation as a space (default), as it is (none), or as another tool does it; not for shingles of tokens; default: the preset's",
    ),
  words: z
    .enum(WORDS)
    .optional()
    .describe(
      "where words end: at white space, by UAX #29, the same with Chinese, Japanese, Thai and the like cut finer (script-aware), or as spaCy's English tokenizer does; default: the preset's",
    ),
  hash: z
    .enum(HASHES)
    .default('xxh64')
    .describe('the hash of a shingle; those of 32 bits are for comparison with other tools: from some 10,000 shingles on they collide'),
  family: z
    .enum(FAMILIES)
    .optional()
    .describe(
      'the hash functions: affine and dart follow the same law (dart is faster from some 1,000 hashes on and the default there); datatrove and datatrove-32 make its signatures bit for bit',
    ),
  keep: z
    .union([
      z.enum(['longest', 'newest', 'first']),
      z.strictObject({ highest: z.string().min(1).describe('a numeric column of an earlier step: the document with its highest value stays') }),
      z.strictObject({ lowest: z.string().min(1).describe('a numeric column of an earlier step: the document with its lowest value stays') }),
    ])
    .default('longest')
    .describe(
      'which document of a cluster stays: most code points, latest date, smallest (path, offset), or the highest or lowest value of a numeric column ({ highest: score_fasttext }; documents without a value last); ties go to the smallest (path, offset)',
    ),
  verify: z
    .enum(['survivor', 'pair', 'none'])
    .optional()
    .describe(
      'what must hold before a document goes. survivor: exact Jaccard similarity of at least min-jaccard to the document that is kept in its stead, else it stays as a representative of its own. pair: each candidate pair is checked, and whole chains of such pairs are one cluster. none: candidates go unchecked, as in most tools; default: survivor, and none for preset datatrove',
    ),
  'min-jaccard': z
    .number()
    .min(0.01)
    .max(1)
    .default(0.8)
    .describe('the Jaccard similarity of shingle sets from which documents count as near duplicates (verify: survivor and pair)'),
  ...againstOptions,
  'alarm-share': z
    .strictObject({
      run: share(0.01).describe("of the run's documents"),
      host: share(0.5).describe('of the documents of one host that has at least 100'),
    })
    .prefault({})
    .describe(
      'a cluster of at least 100 documents that takes more than this share is told in the summary: it is rather a template or an error page than copies of a document',
    ),
});
export type DedupeMinhashOptions = z.infer<typeof minhashSchema>;

export interface MinhashPlan {
  readonly unit: 'words' | 'tokens';
  readonly shingles: ShingleParams;
  readonly sketch: SketchParams;
  readonly verify: 'none' | 'pair' | 'survivor';
}

export function planOf(options: DedupeMinhashOptions): MinhashPlan {
  const preset = PRESETS[options.preset];
  const [unit, size] = (options.shingle ?? preset.shingle).split('-') as ['words' | 'tokens', string];
  const bands = options.bands ?? preset.bands;
  const rows = options.rows ?? preset.rows;
  return {
    unit,
    shingles: { size: Number(size), normalise: options.normalise ?? preset.normalise, words: options.words ?? preset.words, hash: options.hash },
    sketch: { bands, rows, family: options.family ?? preset.family ?? (bands * rows <= AFFINE_HASHES ? 'affine' : 'dart') },
    verify: options.verify ?? preset.verify,
  };
}

/** The column that `keep` ranks by, where it is one of the manifest's. */
export function keepColumn(options: DedupeMinhashOptions): string | null {
  const { keep } = options;
  if (typeof keep === 'string') return null;
  return 'highest' in keep ? keep.highest : keep.lowest;
}

/**
 * Bands a round: so many that a round's keys (24 bytes an entry) and the pairs they may give (16) fit beside the stored shingles
 * under `spillBytes`; at least one, and whole groups of bands that are made together where one fits.
 */
export function bandsPerRound(sketch: SketchParams, signed: number, shingles: number, spillBytes: number): number {
  const room = Math.max(0, spillBytes - 8 * shingles - 40 * signed);
  const fit = Math.max(1, Math.min(sketch.bands, Math.floor(room / (40 * Math.max(1, signed)))));
  const group = native.sketchGroupBands(sketch);
  return fit === sketch.bands || fit < group ? fit : fit - (fit % group);
}
