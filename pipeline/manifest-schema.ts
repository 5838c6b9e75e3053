// What a manifest may hold, but for the options of steps, which their stages define: the one set of definitions that parses
// manifests and makes the published JSON Schema (manifests/schema.json; a test compares). DESIGN section 6.
import { z } from 'zod';
import { INSTRUCTION_SETS } from '../stages/contract/instruction-sets.js';
import type { AnyStep } from '../stages/contract/stage.js';
import { size } from '../stages/contract/units.js';

export type Registry = ReadonlyMap<string, AnyStep>;

/** Keys of a manifest; a step may bear none of these names, so that `--set` has one meaning. */
export const MANIFEST_KEYS = ['name', 'seed', 'source', 'steps', 'sink', 'spill', 'isa'] as const;

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

const commoncrawl = z
  .strictObject({
    crawls: z
      .array(z.string().regex(/^CC-MAIN-\d{4}(-\d{2,4})?(-\w+)?$/, 'the name of a crawl, such as CC-MAIN-2023-06'))
      .min(1)
      .describe('Crawls by name, as listed at https://commoncrawl.org/get-started.'),
    select: z
      .union([
        z.strictObject({ files: z.int().min(1).describe('So many WARC files over all crawls.') }),
        z.strictObject({ fraction: z.number().gt(0).max(1).describe('This share of all WARC files.') }),
      ])
      .default({ fraction: 1 })
      .describe('Which of the WARC files: chosen by the seed.'),
    base: z
      .string()
      .regex(/^(https?:\/\/.|file:|(?![a-z][a-z0-9+.-]*:\/\/).)/i, 'an http(s) address or a folder that crawl-data/ hangs below')
      .default('https://data.commoncrawl.org')
      .describe('The root that crawl-data/... hangs below: CommonCrawl or a mirror.'),
  })
  .describe('WARC files of CommonCrawl.');

/** Exactly one of these stands under `source`. */
export const sourceSchemas = {
  commoncrawl: z.strictObject({ commoncrawl }),
  warc: z.strictObject({ warc: paths }),
  wet: z.strictObject({ wet: paths }),
  jsonl: z.strictObject({ jsonl: paths, 'text-field': z.string().min(1).default('text').describe('The key that holds the text.') }),
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
      .prefault({}),
    text: z.strictObject({ keep: z.boolean().default(true).describe('Whether text/ keeps the documents beside the tokens.') }).prefault({}),
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
  const oneStep = (name: string, options: JsonSchema) => {
    const properties = { ...(options.properties as JsonSchema | undefined), as: writtenSchema(asSchema) };
    return {
      type: 'object',
      properties: { [name]: { anyOf: [{ ...options, properties }, { type: 'null' }] } },
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
    },
    required: ['name', 'source', 'steps'],
    additionalProperties: false,
  };
}
