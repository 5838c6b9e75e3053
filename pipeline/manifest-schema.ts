// What a manifest may hold, but for the options of steps, which their stages define: the one set of definitions that parses
// manifests and makes the published JSON Schema (manifests/schema.json; a test compares). DESIGN section 6.
import { z } from 'zod';
import { INSTRUCTION_SETS } from '../stages/contract/instruction-sets.js';
import type { IndexFilter } from '../stages/contract/source.js';
import type { AnyStep } from '../stages/contract/stage.js';
import { size } from '../stages/contract/units.js';
import { executorSchema } from './executors/settings-schema.js';

export type Registry = ReadonlyMap<string, AnyStep>;

/** Keys of a manifest; a step may bear none of these names, so that `--set` has one meaning. */
export const MANIFEST_KEYS = ['name', 'seed', 'source', 'steps', 'sink', 'spill', 'isa', 'executor'] as const;

export const nameSchema = z
  .string()
  .max(100)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'a word of letters, digits, ".", "_" and "-" (it names the run folder)')
  .describe('Names the run; the run folder is runs/<name> unless --out says otherwise.');

/** Any 64-bit number; larger than 2^53 arrives as bigint. */
export const seedSchema = z
  .union([z.int().min(0), z.bigint().min(0n).max(0xffff_ffff_ffff_ffffn)])
  .transform((seed) => BigInt(seed))
  .describe('The only source of chance in a run: selection of files, samples, order of loading. 0 to 2^64-1; default 0.');

const onePath = z.string().min(1);
const paths = z
  .union([onePath, z.array(onePath).min(1)])
  .transform((value) => (typeof value === 'string' ? [value] : value))
  .describe("Paths (from the manifest's folder), globs and http(s) URLs.");

const words = (what: string) =>
  z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
    .transform((value) => [...new Set(typeof value === 'string' ? [value] : value)].sort())
    .describe(what);
const status = z.int().min(100).max(999);

const filterShape = {
  languages: words('Languages as the index has them (ISO 639-3, such as deu): any of the three it may name for a page.').optional(),
  'main-language': z.boolean().optional().describe('Only the language that the index names first counts.'),
  hosts: words('Hosts, such as de.wikipedia.org.').optional(),
  domains: words('Hosts with all that lies below them, such as wikipedia.org.').optional(),
  tlds: words('Last parts of host names, such as de.').optional(),
  status: z
    .union([status, z.array(status), z.literal('any')])
    .transform((value) => (value === 'any' ? [] : typeof value === 'number' ? [value] : [...new Set(value)].sort((a, b) => a - b)))
    .default([200])
    .describe('HTTP status; any for all. Other documents than those with 200 are no documents to refine.'),
  mime: words('Media types as detected, such as text/html.').optional(),
};

interface WrittenFilter {
  readonly 'main-language'?: boolean | undefined;
  readonly from?: 'columnar' | 'cdx' | undefined;
  readonly files?: string[] | undefined;
  readonly languages?: string[] | undefined;
  readonly hosts?: string[] | undefined;
  readonly domains?: string[] | undefined;
  readonly tlds?: string[] | undefined;
  readonly status: number[];
  readonly mime?: string[] | undefined;
}

function filterOf({ 'main-language': mainLanguage, ...rest }: WrittenFilter): IndexFilter {
  const given = Object.entries({ ...rest, ...(mainLanguage === true ? { mainLanguage } : {}) }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as unknown as IndexFilter;
}

const documents = z.int().min(1).optional().describe('At most so many documents over all files, chosen by the seed.');

/** Which documents of CommonCrawl's files are fetched at all. */
const documentSelection = {
  documents,
  index: z
    .strictObject({
      from: z
        .enum(['columnar', 'cdx'])
        .optional()
        .describe('Which index of the crawl is asked: the Parquet table (default), or the CDX files, where hosts and domains are found by cluster.idx alone.'),
      files: paths.optional().describe("Index files of one's own instead of the crawl's (Parquet, CDXJ or CDX)."),
      ...filterShape,
    })
    .transform(filterOf)
    .optional()
    .describe('Only documents that the crawl’s index has so are fetched, by ranges.'),
};

const ownIndex = {
  index: paths
    .optional()
    .describe('Index files of these files (CDXJ, CDX or Parquet, as cdxj-indexer, warcio or CommonCrawl write them): only what they list is read.'),
  select: z
    .strictObject({ documents, index: z.strictObject(filterShape).transform(filterOf).optional().describe('What an index line must say.') })
    .transform(({ documents: most, index }) => ({ ...(most === undefined ? {} : { documents: most }), ...(index === undefined ? {} : { index }) }))
    .optional()
    .describe('Which documents of the index; without it all with status 200.'),
};

const commoncrawl = z
  .strictObject({
    crawls: z
      .array(z.string().regex(/^CC-MAIN-\d{4}(-\d{2,4})?(-\w+)?$/, 'the name of a crawl, such as CC-MAIN-2023-06'))
      .min(1)
      .describe('Crawls by name, as listed at https://commoncrawl.org/get-started.'),
    select: z
      .strictObject({
        files: z.int().min(1).optional().describe('So many WARC files over all crawls.'),
        fraction: z.number().gt(0).max(1).optional().describe('This share of all WARC files.'),
        ...documentSelection,
      })
      .refine(({ files, fraction }) => files === undefined || fraction === undefined, 'one of files and fraction, not both')
      .transform(({ files, fraction, documents, index }) => ({
        ...(files === undefined ? { fraction: fraction ?? 1 } : { files }),
        ...(documents === undefined ? {} : { documents }),
        ...(index === undefined ? {} : { index }),
      }))
      .prefault({})
      .describe('Which of the WARC files, chosen by the seed, and which documents of them.'),
    base: z
      .string()
      .regex(/^((?:https?|s3):\/\/.|file:|(?![a-z][a-z0-9+.-]*:\/\/).)/i, 'an http(s) or s3 address, or a folder that crawl-data/ hangs below')
      .default('https://data.commoncrawl.org')
      .describe('The root that crawl-data/... hangs below: CommonCrawl or a mirror.'),
  })
  .describe('WARC files of CommonCrawl.');

/** Exactly one of these stands under `source`. */
export const sourceSchemas = {
  commoncrawl: z.strictObject({ commoncrawl }),
  warc: z.strictObject({ warc: paths, ...ownIndex }),
  wet: z.strictObject({ wet: paths, ...ownIndex }),
  parquet: z.strictObject({
    parquet: paths,
    'text-field': z.string().min(1).default('text').describe('The column that holds the text; meta.text is a field of a struct.'),
    'id-field': z.string().min(1).optional().describe('The column of ids; default id, and <file>:<row> where there is none.'),
    'url-field': z.string().min(1).optional().describe('The column of URLs; default url, if there is one.'),
    'date-field': z.string().min(1).optional().describe('The column of times, as RFC 3339 or a Parquet type of time; default date, if there is one.'),
  }),
  jsonl: z.strictObject({
    jsonl: paths,
    'text-field': z.string().min(1).default('text').describe('The key that holds the text.'),
    lineage: z
      .enum(['line', 'fields'])
      .default('line')
      .describe(
        "A document's place: its line in the file, or, with fields, the record that its keys warc_path and warc_offset name, as in the manifest.jsonl of refine export --payloads.",
      ),
  }),
  run: z.strictObject({ run: z.string().min(1).describe('The folder of a finished run: its kept documents are the source.') }),
} as const;
export type SourceKind = keyof typeof sourceSchemas;
export const SOURCE_KINDS = Object.keys(sourceSchemas) as readonly SourceKind[];

export const sinkSchema = z
  .strictObject({
    tokens: z
      .strictObject({
        'per-shard': z
          .int()
          .min(1)
          .default(100_000_000)
          .describe('A cap: a token shard goes with each text shard and is split only above this count of tokens.'),
      })
      .prefault({})
      .describe('tokens/: shards of token ids, written where a step makes them.'),
    text: z
      .strictObject({ keep: z.boolean().default(true).describe('Whether text/ keeps the documents beside the tokens.') })
      .prefault({})
      .describe('text/: shards of the kept documents.'),
    holdout: z
      .strictObject({
        fraction: z.number().gt(0).max(0.5).describe('Share of the values of `by` that are held out, 0 to 0.5: by host, of the hosts, not of the documents.'),
        by: z
          .enum(['host', 'url', 'id'])
          .default('host')
          .describe('What is hashed: all documents of a host stand on one side, and on the same side in every run with this fraction.'),
      })
      .optional()
      .describe('Documents kept apart in tokens/holdout-NNNNNN.arrow and text/holdout-NNNNNN.arrow, which are never loaded for training.'),
    features: z
      .enum(['reached', 'all'])
      .default('reached')
      .describe(
        'What features/ tells of a document: what the steps that it reached measured, or, with all, what every rule step measures of every document that reached the first one, kept or dropped. With all, what-if tells looser thresholds exactly, for the price of measuring dropped documents too.',
      ),
    'samples-per-reason': z.int().min(0).max(100_000).default(20).describe('Dropped documents kept to look at, for each reason.'),
  })
  .describe('What the run writes.');

/** Bytes of a barrier's temporary files. */
export const spillSchema = size()
  .prefault('20GiB')
  .describe('Disk for the temporary files of one barrier, such as 20GiB: what does not fit at once is done in rounds. Results do not depend on it.');

/** Pins what neural steps may round by. */
export const isaSchema = z
  .enum(INSTRUCTION_SETS)
  .optional()
  .describe(
    'The instruction set that model steps (perplexity, classify) use, so that a run may be resumed on machines of several kinds: their scores differ in the last bits by it. Absent: the best of the machine that begins the run.',
  );

/** `as:` of a step used twice. */
export const asSchema = z
  .string()
  .max(64)
  .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, 'a name in lower case with "-", such as quality-strict')
  .describe('Another name for the step, where a stage is used twice.');

export type JsonSchema = { readonly [key: string]: unknown };

const asWritten = new WeakMap<z.ZodType, JsonSchema>();

/** The JSON Schema of what is written (before defaults and transforms); {} where a custom stage's zod cannot be described. */
export function writtenSchema(schema: z.ZodType): JsonSchema {
  let found = asWritten.get(schema);
  if (found === undefined) {
    try {
      const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Record<string, unknown>;
      found = rest;
    } catch {
      found = {};
    }
    asWritten.set(schema, found);
  }
  return found;
}

/** The whole manifest's JSON Schema, for editors. */
export function manifestJsonSchema(registry: Registry): JsonSchema {
  const names = [...registry.keys()].sort();
  const oneStep = (name: string, { description, ...options }: JsonSchema) => {
    const properties = { ...(options.properties as JsonSchema | undefined), as: writtenSchema(asSchema) };
    return {
      type: 'object',
      properties: { [name]: { ...(description === undefined ? {} : { description }), anyOf: [{ ...options, properties }, { type: 'null' }] } },
      required: [name],
      additionalProperties: false,
    };
  };
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'refine manifest',
    type: 'object',
    properties: {
      name: writtenSchema(nameSchema),
      seed: { type: 'integer', minimum: 0, description: seedSchema.description, default: 0 },
      source: { description: 'Where documents come from: exactly one kind.', oneOf: SOURCE_KINDS.map((kind) => writtenSchema(sourceSchemas[kind])) },
      steps: {
        type: 'array',
        minItems: 1,
        description: 'Steps in order: a name, or one key (the name) with its options.',
        items: {
          anyOf: [
            { type: 'string', enum: names },
            { type: 'string', pattern: '^\\.{0,2}/', description: 'A module that exports a Stage.' },
            ...names.map((name) => oneStep(name, writtenSchema(registry.get(name)!.schema))),
            {
              type: 'object',
              patternProperties: { '^\\.{0,2}/': { type: ['object', 'null'] } },
              minProperties: 1,
              maxProperties: 1,
              additionalProperties: false,
            },
          ],
        },
      },
      sink: writtenSchema(sinkSchema),
      spill: writtenSchema(spillSchema),
      isa: writtenSchema(isaSchema),
      executor: writtenSchema(executorSchema),
    },
    required: ['name', 'source', 'steps'],
    additionalProperties: false,
  };
}
