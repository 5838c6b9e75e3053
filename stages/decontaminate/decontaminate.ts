// Benchmark text in training text: documents that share n-grams of words with the benchmarks given are dropped, cut or marked. What a word
// and a match are stands in kernels/include/refine/decontaminate.h; figures in infra/docs/decontamination.md.
// The n-grams that GPT-3 ignored as frequent in training data need a count over the run; here only a benchmark's own phrasing is ignored.
import { statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { column, fixedColumn, native, utf8Column } from '../../native/index.js';
import type { OptionProblem, Stage, StageEnv } from '../contract/stage.js';
import { BENCHMARK_FORMATS, type Benchmark, baseName, isBenchmarkFile, openIndex } from './benchmarks.js';

const TOO_MANY_PIECES = 1;
const TOO_SHORT = 2;

const entry = z.strictObject({
  path: z.string().min(1).describe('A file of JSON lines (.jsonl, .jsonl.gz, .json), Parquet, or plain text (a paragraph an item).'),
  name: z.string().min(1).max(100).optional().describe("What reports call it; the file's base name where absent."),
  fields: z
    .array(z.string().min(1))
    .default([])
    .describe('Fields whose strings are the texts of an item, dotted where nested; all strings of a row where empty.'),
});
const schema = z.strictObject({
  benchmarks: z
    .array(z.union([z.string().min(1), entry]))
    .max(10_000)
    .default([])
    .describe('Benchmark files: paths, or {path, name, fields}. Without any the step finds nothing.'),
  n: z.int().min(3).max(200).default(13).describe('Words of an n-gram: one that a document shares with an item is a match (GPT-3 and PaLM: 13 and 8).'),
  'min-words': z.int().min(1).max(200).default(8).describe('Items of fewer than n words match as a whole from so many words on; shorter ones never match.'),
  'max-items': z
    .union([z.int().min(1).max(1_000_000_000), z.null(), z.literal('off')])
    .default(10)
    .describe("An n-gram of more items than that of one benchmark is the benchmark's own phrasing and ignored."),
  action: z
    .enum(['drop', 'cut', 'keep'])
    .default('drop')
    .describe('drop the document; cut the matches out with text around them, as GPT-3; or keep it and write the columns alone.'),
  window: z.int().min(0).max(1_000_000).default(200).describe('Cut: characters that go on either side of a match.'),
  'min-piece': z.int().min(0).max(1_000_000).default(200).describe('Cut: shorter pieces between matches go too.'),
  'max-pieces': z.int().min(1).max(1_000_000).default(10).describe('Cut: a document that falls into more pieces is dropped.'),
});
export type DecontaminateOptions = z.output<typeof schema>;

/** A name as a reason carries it: lower case, digits, hyphens. */
const slug = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '') || 'benchmark';

const given = (options: DecontaminateOptions) =>
  options.benchmarks.map((benchmark) => {
    const { path, name, fields } = typeof benchmark === 'string' ? { path: benchmark, name: undefined, fields: [] } : benchmark;
    return { path, name: name ?? baseName(path), fields };
  });

const located = (options: DecontaminateOptions, env: StageEnv): readonly Benchmark[] =>
  given(options).map((benchmark) => ({ ...benchmark, path: isAbsolute(benchmark.path) ? benchmark.path : join(env.baseDir, benchmark.path) }));

const isFile = (path: string) => statSync(path, { throwIfNoEntry: false })?.isFile() === true;

function check(options: DecontaminateOptions, env: StageEnv): OptionProblem[] {
  const problems: OptionProblem[] = [];
  const names = new Map<string, number>();
  for (const [index, benchmark] of located(options, env).entries()) {
    const path = ['benchmarks', index];
    const written = given(options)[index]!.path;
    if (!isFile(benchmark.path)) problems.push({ path, message: `"${written}" is not a file. Put the benchmark there, or take it out of the list` });
    else if (!isBenchmarkFile(benchmark.path)) problems.push({ path, message: `"${written}" ends in none of ${BENCHMARK_FORMATS.join(', ')}` });
    const before = names.get(slug(benchmark.name));
    if (before !== undefined)
      problems.push({ path, message: `"${benchmark.name}" is also what benchmark ${before + 1} is called in reports; give one of them another name` });
    names.set(slug(benchmark.name), index);
  }
  if (options['min-words'] > options.n) problems.push({ path: ['min-words'], message: `min-words ${options['min-words']} is above n ${options.n}` });
  return problems;
}

export const decontaminate: Stage<DecontaminateOptions> = {
  kind: 'stage',
  name: 'decontaminate',
  version: 1,
  reads: ['text'],
  writes: ['decontaminate_match', 'decontaminate_share', 'decontaminate_benchmark', 'decontaminate_item'],
  alsoWrites: (options) => (options.action === 'cut' ? ['text'] : []),
  reasons: ['too-many-pieces', 'too-short'],
  alsoReasons: (options) => given(options).map(({ name }) => `overlap-${slug(name)}`), // so that ledger and report count by benchmark
  rules: true,
  schema: schema.describe(
    'Finds the texts of benchmarks in documents by n-grams of words, and drops the document, cuts the match out or only marks it.',
  ) as unknown as z.ZodType<DecontaminateOptions>,
  check,
  warnings: (options) =>
    options.benchmarks.length > 0
      ? []
      : [{ path: ['benchmarks'], message: 'no benchmark is named, so nothing is found. Name files, as benchmarks: [gsm8k.jsonl]' }],
  assets: (options, env) => located(options, env).map(({ path }) => path),

  async open(options, env) {
    const benchmarks = located(options, env);
    const mostItems = typeof options['max-items'] === 'number' ? options['max-items'] : 0;
    const { index } = await openIndex(benchmarks, { n: options.n, leastWords: options['min-words'], mostItems });
    const cut = options.action === 'cut' ? { window: options.window, leastPiece: options['min-piece'] } : null;
    const names = benchmarks.map(({ name }) => name);
    return {
      async process(batch) {
        const text = column(batch, 'text', 'utf8');
        const found = await native.overlapFind(index, text, cut);
        const share = new Float32Array(batch.rows);
        const drops = new Uint16Array(batch.rows);
        for (let row = 0; row < batch.rows; row++) {
          const benchmark = found.benchmark[row]!;
          if (benchmark < 0) continue;
          share[row] = found.covered[row]! / found.words[row]!;
          if (options.action === 'drop') drops[row] = decontaminate.reasons.length + benchmark + 1;
          else if (cut !== null && found.pieces[row]! > options['max-pieces']) drops[row] = TOO_MANY_PIECES;
          else if (cut !== null && found.text!.offsets[row + 1] === found.text!.offsets[row]) drops[row] = TOO_SHORT;
        }
        return {
          columns: {
            ...(cut === null ? {} : { text: found.text ?? text }),
            decontaminate_match: fixedColumn(found.longest),
            decontaminate_share: fixedColumn(share),
            decontaminate_benchmark: utf8Column(Array.from(found.benchmark, (benchmark) => names[benchmark] ?? null)),
            decontaminate_item: fixedColumn(found.item),
          },
          drops,
        };
      },
      async close() {},
    };
  },
};
