// dedupe-substring: spans of N or more tokens (or bytes) whose exact content stands elsewhere in the run are cut out, listed, or a
// reason to drop the document (RefinedWeb, section 3.3 and G.3.2; Lee et al. 2021). What a repeat is: kernels/include/refine/substring.h.
// Overlaps: with `keep: first` each window of N symbols stays where it stands first by (path, offset), and a position goes that any later
// window covers; with `none` every position of a repeated window goes. So no order of work decides anything.
import { z } from 'zod';
import { CUT_ACTIONS, CUT_SNAPS, column, native, type SubstringParams, type SubstringWork } from '../../../native/index.js';
import type { Barrier, Phase, PhaseTask } from '../../contract/barrier.js';
import type { StageEnv } from '../../contract/stage.js';
import type { Tokenizers } from '../tokenizers.js';

/** Tokens of 50 are RefinedWeb's and Lee et al.'s; 200 bytes are about as much English text. */
const MIN_TOKENS = 50;
const MIN_BYTES = 200;

const schema = z.strictObject({
  unit: z.enum(['tokens', 'bytes']).default('tokens').describe('What a span is measured in.'),
  tokenizer: z.string().min(1).default('falcon').describe('unit tokens: a tokenizer as in the step tokenize; its added tokens count as plain text.'),
  'min-tokens': z.int().min(4).max(65_536).default(MIN_TOKENS).describe('unit tokens: a shorter repeat is none.'),
  'min-bytes': z.int().min(4).max(65_536).default(MIN_BYTES).describe('unit bytes: a shorter repeat is none.'),
  keep: z
    .enum(['first', 'none'])
    .default('first')
    .describe("first: a span's first occurrence by (path, offset) stays. none: all its occurrences go, as in google-research/deduplicate-text-datasets."),
  action: z
    .enum(CUT_ACTIONS)
    .default('cut')
    .describe(
      'cut: the text goes on without its spans. mask: it goes on whole, with column repeated_spans (start, end, ... in bytes). drop: the document goes.',
    ),
  snap: z
    .enum(CUT_SNAPS)
    .default('none')
    .describe('line, sentence: only lines or sentences (UAX #29) that lie in a span whole. Spans end on characters in any case.'),
  'repeated-share': z
    .number()
    .min(0)
    .max(1)
    .default(0.2)
    .describe("action drop: a document of which more than that share of characters is repeated goes (RefinedWeb's DropPartial: 0.2, DropAny: 0)."),
});
export type SubstringOptions = z.infer<typeof schema>;

/** RefinedWeb: what is left of a document that lost something. */
const LEAST_LEFT = 50;

const paramsOf = (options: SubstringOptions): SubstringParams => ({
  span: options.unit === 'bytes' ? options['min-bytes'] : options['min-tokens'],
  bytes: options.unit === 'bytes',
  keepFirst: options.keep === 'first',
});

const workOf = async (task: PhaseTask): Promise<SubstringWork> => ({ memoryBytes: task.memoryBytes, scratch: await task.folder() });

const pathsOf = (task: PhaseTask, from: string, role: string): string[] => task.files(from, role).map(({ path }) => path);

export function dedupeSubstringWith(tokenizers: Tokenizers): Barrier<SubstringOptions> {
  const usesTokens = (options: SubstringOptions) => options.unit === 'tokens';
  return {
    kind: 'barrier',
    name: 'dedupe-substring',
    version: 1,
    reads: ['text'],
    writes: [],
    alsoWrites: ({ action }) => (action === 'cut' ? ['text'] : action === 'mask' ? ['repeated_spans'] : []),
    reasons: ['too-short', 'repeated-share'],
    schema: schema.describe('Takes out spans of so many tokens or bytes that stand elsewhere in the run, found exactly.'),

    check(options, env) {
      const problems = [];
      if (usesTokens(options) && tokenizers.files(options.tokenizer, env.baseDir) === null)
        problems.push({ path: ['tokenizer'], message: `no tokenizer at "${options.tokenizer}". Expected one of ${tokenizers.kinds}, or "unit: bytes"` });
      if (usesTokens(options) && options['min-bytes'] !== MIN_BYTES)
        problems.push({ path: ['min-bytes'], message: 'is for "unit: bytes"; this step counts tokens. Write min-tokens, or unit: bytes' });
      if (!usesTokens(options) && options['min-tokens'] !== MIN_TOKENS)
        problems.push({ path: ['min-tokens'], message: 'is for "unit: tokens"; this step counts bytes. Write min-bytes, or unit: tokens' });
      return problems;
    },
    assets: (options, env) => (usesTokens(options) ? (tokenizers.files(options.tokenizer, env.baseDir) ?? []) : []),

    async open(options, env: StageEnv) {
      const tokenizer = usesTokens(options) ? tokenizers.open(options.tokenizer, env.baseDir) : null;
      return {
        map(files) {
          const paths = { stretches: files.path('stretches'), symbols: files.path('symbols'), repeated: files.path('repeated') };
          const map = native.substringMap(paramsOf(options), tokenizer, paths, files.memoryBytes);
          return {
            async add(batch, rows) {
              await native.substringMapAdd(map, column(batch, 'text', 'utf8'), rows);
            },
            finish: () => native.substringMapFinish(map),
            async abort() {
              native.substringMapAbort(map);
            },
          };
        },
        async close() {}, // the handle goes with its last reference
      };
    },

    phases(options, totals, limits): readonly Phase<SubstringOptions>[] {
      const params = paramsOf(options);
      const count = limits.partitions;
      return [
        {
          name: 'match',
          over: 'partitions',
          count,
          reads: [{ from: 'map', role: 'stretches', match: 'all' }],
          writes: ['repeated', 'wanted'],
          async run(_, task) {
            const out = { repeated: task.path('repeated'), wanted: task.path('wanted') };
            const found = await native.substringMatch(params, pathsOf(task, 'map', 'stretches'), task, task.dropped(), out, await workOf(task));
            const left = task.number === 0 ? { bytes: totals.bytes ?? 0, unspelled: totals.unspelled ?? 0, too_large: totals.too_large ?? 0 } : {}; // once a run
            return {
              rowsIn: found.stretches,
              rowsOut: found.again + found.wanted,
              notes: { stretches: found.stretches, stretches_again: found.again, ...left },
            };
          },
        },
        {
          name: 'contents',
          over: 'inputs',
          reads: [
            { from: 'map', role: 'symbols', match: 'own' },
            { from: 'match', role: 'wanted', match: 'all' },
          ],
          writes: ['contents'],
          async run(_, task) {
            const [symbols] = pathsOf(task, 'map', 'symbols') as [string];
            const wanted = pathsOf(task, 'match', 'wanted');
            const { stretches } = await native.substringContents(params, task.number, symbols, wanted, task.path('contents'), await workOf(task));
            return { rowsIn: stretches, rowsOut: stretches };
          },
        },
        {
          name: 'compare',
          over: 'partitions',
          count,
          reads: [{ from: 'contents', role: 'contents', match: 'all' }],
          writes: ['repeated'],
          async run(_, task) {
            const found = await native.substringCompare(params, pathsOf(task, 'contents', 'contents'), task, task.path('repeated'), await workOf(task));
            const notes = { stretches_compared: found.stretches, anchor_groups: found.groups, max_anchor_group: found.largestGroup };
            return { rowsIn: found.stretches, rowsOut: found.stretches, notes };
          },
        },
        {
          name: 'edits',
          over: 'inputs',
          reads: [
            { from: 'map', role: 'symbols', match: 'own' },
            { from: 'map', role: 'repeated', match: 'own' },
            { from: 'match', role: 'repeated', match: 'all' },
            { from: 'compare', role: 'repeated', match: 'all' },
          ],
          writes: ['edits'],
          async run(_, task) {
            const [symbols] = pathsOf(task, 'map', 'symbols') as [string];
            const repeated = ['map', 'match', 'compare'].flatMap((from) => pathsOf(task, from, 'repeated'));
            const found = await native.substringEdits(params, task.number, symbols, repeated, task.dropped(), task.path('edits'), await workOf(task));
            const notes = { repeated_documents: found.documents, repeated_spans: found.spans, repeated_symbols: found.symbols, repeated_bytes: found.bytes };
            return { rowsIn: found.spans, rowsOut: found.spans, notes };
          },
        },
      ];
    },

    async apply(options, batch, edits) {
      const cut = await native.substringCut(column(batch, 'text', 'utf8'), edits, {
        action: CUT_ACTIONS.indexOf(options.action),
        snap: CUT_SNAPS.indexOf(options.snap),
        leastLeft: LEAST_LEFT,
        mostRepeated: options['repeated-share'],
      });
      return { columns: { ...(cut.text && { text: cut.text }), ...(cut.spans && { repeated_spans: cut.spans }) }, drops: cut.drops };
    },

    notices(options, notes) {
      const said: string[] = [];
      const { bytes = 0, repeated_bytes: repeated = 0, repeated_spans: spans = 0, repeated_documents: documents = 0 } = notes;
      if (bytes > 0)
        said.push(`${repeated} of ${bytes} bytes were repeats (${((100 * repeated) / bytes).toFixed(1)} %), in ${spans} spans of ${documents} documents`);
      if ((notes.unspelled ?? 0) > 0)
        said.push(
          `${notes.unspelled} documents took no part: the tokens of "${options.tokenizer}" do not spell their text byte for byte (it normalises, or knows not every character). With "unit: bytes" they do.`,
        );
      if ((notes.too_large ?? 0) > 0) said.push(`${notes.too_large} documents took no part: each is above 64 MiB.`);
      return said;
    },
  };
}
