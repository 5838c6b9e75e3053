// Steps with options of every kind and no work, for tests of the manifest.
import { z } from 'zod';
import { duration, size } from '../../stages/contract/units.js';
import type { AnyStep } from '../../stages/contract/stage.js';

const idle = { process: async () => ({}), close: async () => {} };
const base = { version: 1, reasons: ['bad'] } as const;

const stages: readonly AnyStep[] = [
  {
    ...base,
    kind: 'stage',
    name: 'extract',
    reads: ['html'],
    writes: ['text', 'title'],
    consumes: ['html'],
    schema: z
      .strictObject({
        mode: z.enum(['balanced', 'precise', 'all']).default('balanced').describe('How much to keep.'),
        'max-size': size().default(16 * 2 ** 20),
        timeout: duration().default(30_000),
        tables: z.boolean().default(true),
      })
      .transform((options) => ({ mode: options.mode, maxBytes: options['max-size'], timeoutMs: options.timeout, tables: options.tables })),
    open: async () => idle,
  },
  {
    ...base,
    kind: 'stage',
    name: 'langid',
    reads: ['text'],
    writes: ['lang', 'lang_prob'],
    schema: z.strictObject({ keep: z.array(z.string()).default([]), 'min-prob': z.number().min(0).max(1).default(0) }),
    check: (options) =>
      (options as { keep: string[] }).keep.flatMap((tag, index) =>
        ['en', 'de', 'no'].includes(tag) ? [] : [{ path: ['keep', index], message: `"${tag}" is no language of the model; expected en, de, no` }],
      ),
    open: async () => idle,
  },
  {
    ...base,
    kind: 'stage',
    name: 'quality',
    reads: ['text', 'lang'],
    writes: ['word_count'],
    schema: z.strictObject({
      rules: z.union([z.enum(['gopher@paper', 'c4']), z.array(z.string())]).default('gopher@paper'),
      'min-words': z.int().min(0).default(50),
    }),
    open: async () => idle,
  },
  {
    ...base,
    kind: 'barrier',
    name: 'dedupe-exact',
    reads: ['text'],
    writes: [],
    schema: z.strictObject({ keep: z.union([z.enum(['longest', 'newest', 'first']), z.strictObject({ highest: z.string() })]).default('longest') }),
    open: async () => ({ map: () => ({ add: async () => {}, finish: async () => ({}), abort: async () => {} }), close: async () => {} }),
    phases: () => [{ name: 'nothing', over: 'run', reads: [], writes: ['verdicts'], run: async () => ({ rowsIn: 0, rowsOut: 0 }) }],
  },
  {
    ...base,
    kind: 'stage',
    name: 'tokenize',
    reads: ['text'],
    writes: ['tokens', 'token_count'],
    schema: z.strictObject({ tokenizer: z.string().default('falcon') }),
    open: async () => idle,
  },
];

export const fakeSteps: ReadonlyMap<string, AnyStep> = new Map(stages.map((stage) => [stage.name, stage]));
