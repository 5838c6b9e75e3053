// Drops documents by URL alone: hosts and URLs on block lists, RefinedWeb's word score (Penedo et al. 2023, appendix G.1),
// and curated sources that a corpus mixes in from elsewhere. Matching: kernels/text/url_filter.cpp. A document without a
// URL is kept. Lists that are absent count as empty and are named by `warnings`.
import { readFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import { column, native, packagePath } from '../../native/index.js';
import type { OptionProblem, Stage, StageEnv } from '../contract/stage.js';
import { lineChunks, listFiles, locate } from './lists.js';

/** The Public Suffix List as published (MPL-2.0, see NOTICE). */
const PUBLIC_SUFFIX_LIST = packagePath('stages', 'url', 'public-suffix-list.dat.gz');

const paths = z.union([
  z
    .string()
    .min(1)
    .transform((path) => [path]),
  z.array(z.string().min(1)),
]);
const schema = z.strictObject({
  lists: paths.default([]).describe('Block lists: files or folders (UT1 layout), plain or gzip; one host, host/path or hosts-file line each.'),
  scores: z
    .union([z.string().min(1), z.null(), z.literal('off')])
    .default('off')
    .describe(
      "Word lists for RefinedWeb's URL score: `refinedweb` (the folder lists/refinedweb beside the manifest), a folder with *strict.txt, *hard.txt and *soft.txt, or off.",
    ),
  'soft-words': z.int().min(1).max(1000).default(2).describe('That many soft words drop a URL.'),
  exclude: paths.default([]).describe('Curated sources to leave out: lists of hosts and URLs, as files or folders.'),
});
export type UrlOptions = z.output<typeof schema>;

/** As seen from where the command was typed, in full where that lies elsewhere. */
function shown(path: string): string {
  const below = relative('', path);
  return `"${below === '' || below.startsWith('..') ? path : below}"`;
}

function nextMove(option: string | number | undefined): string {
  if (option === 'scores') return 'Put text files of words there, a word a line';
  return `Put a file or folder there, ${option === 'lists' ? 'such as the unpacked UT1 blacklists, ' : ''}with a host or URL a line`;
}

const WORD_LISTS = ['strict', 'hard', 'soft'] as const;
type ListKind = 'block' | 'exclude' | (typeof WORD_LISTS)[number];

interface NamedList {
  readonly kind: ListKind;
  readonly option: readonly (string | number)[];
  readonly path: string; // as written
  readonly files: readonly string[] | null;
}

/** Every list that the options name, found or not. */
function namedLists(options: UrlOptions, env: StageEnv): readonly NamedList[] {
  const addresses = (option: 'lists' | 'exclude', kind: ListKind): NamedList[] =>
    options[option].map((path, index) => ({ kind, option: [option, index], path, files: listFiles(locate(path, env.baseDir)) }));
  return [...addresses('lists', 'block'), ...wordLists(options, env), ...addresses('exclude', 'exclude')];
}

function wordLists(options: UrlOptions, env: StageEnv): readonly NamedList[] {
  if (options.scores === null || options.scores === 'off') return [];
  const folder = options.scores === 'refinedweb' ? join('lists', 'refinedweb') : options.scores;
  const files = listFiles(locate(folder, env.baseDir)) ?? [];
  return WORD_LISTS.map((kind) => {
    const found = files.filter((file) => new RegExp(`${kind}\\.txt(?:\\.gz)?$`).test(basename(file)));
    return { kind, option: ['scores'], path: join(folder, `${kind}.txt`), files: found.length > 0 ? found : null };
  });
}

export const url: Stage<UrlOptions> = {
  kind: 'stage',
  name: 'url',
  version: 1,
  reads: ['url'],
  writes: [],
  reasons: ['blocked-host', 'blocked-url', 'strict-word', 'hard-word', 'soft-words', 'curated-source'], // UrlVerdict's order
  schema: schema as unknown as z.ZodType<UrlOptions>,
  assets: (options, env) => [PUBLIC_SUFFIX_LIST, ...namedLists(options, env).flatMap(({ files }) => files ?? [])],
  warnings(options, env): readonly OptionProblem[] {
    const absent = namedLists(options, env).filter(({ files }) => files === null || files.length === 0);
    const places = [...new Map(absent.map(({ option }) => [option.join('.'), option])).values()];
    return places.map((option) => {
      const paths = absent.filter((list) => list.option.join('.') === option.join('.')).map(({ path }) => shown(locate(path, env.baseDir)));
      const [are, they] = paths.length === 1 ? ['is', 'it drops'] : ['are', 'they drop'];
      return { path: option, message: `${paths.join(', ')} ${are} not there, so ${they} nothing. ${nextMove(option[0])}, or take the option out.` };
    });
  },

  async open(options, env) {
    const filter = native.urlFilterNew(gunzipSync(readFileSync(PUBLIC_SUFFIX_LIST)));
    for (const { kind, files } of namedLists(options, env)) {
      for (const file of files ?? []) for await (const lines of lineChunks(file)) native.urlFilterAdd(filter, kind, lines);
    }
    return {
      async process(batch) {
        return { drops: await native.urlFilterJudge(filter, column(batch, 'url', 'utf8'), options['soft-words']) };
      },
      async close() {},
    };
  },
};
