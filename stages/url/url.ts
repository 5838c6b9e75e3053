// Drops documents by URL alone: hosts and URLs on block lists, RefinedWeb's word score (Penedo et al. 2023, appendix G.1),
// and curated sources that a corpus mixes in from elsewhere. Forms of lines: kernels/text/url_rules.cpp; verdicts:
// url_filter.cpp. A document without a URL is kept. Lists that are absent count as empty and are named by `warnings`.
import { basename, join, relative } from 'node:path';
import { z } from 'zod';
import { type BytesColumn, column, native } from '../../native/index.js';
import type { OptionProblem, Stage, StageEnv } from '../contract/stage.js';
import { byHostAssets, byHostColumns, byHostOptions, checkByHost, openByHost, prepareByHost } from './by-host.js';
import { honoured, honourOptions } from './honour.js';
import { lineChunks, listFiles, locate } from './lists.js';
import { fetchable } from './lists-catalogue.js';
import { ignoredInWords, ignoredLines, openSets, PUBLIC_SUFFIX_LIST, prepareSets, publicSuffixes } from './sets.js';

const paths = z.union([
  z
    .string()
    .min(1)
    .transform((path) => [path]),
  z.array(z.string().min(1)),
]);
const schema = z.strictObject({
  lists: paths
    .default([])
    .describe(
      "Block lists: files or folders (UT1 layout), plain, gzip or compiled by `refine url compile`. A line is a host (with all under it), `=host` (it alone), host/path, a line of a hosts file, dnsmasq's address=/host/, or Adblock's ||host^ and @@||host^, an exception that wins. Text of a megabyte and more is compiled once a run, into its scratch folder; nothing is written beside the lists.",
    ),
  scores: z
    .union([z.string().min(1), z.null(), z.literal('off')])
    .default('off')
    .describe(
      "Word lists for RefinedWeb's URL score: `refinedweb` (the folder lists/refinedweb beside the manifest), a folder with *strict.txt, *hard.txt and *soft.txt, or off.",
    ),
  'soft-words': z.int().min(1).max(1000).default(2).describe('That many different soft words drop a URL.'),
  exclude: paths.default([]).describe('Curated sources to leave out: files or folders as in `lists`; `=github.com` leaves user.github.com in.'),
  ...byHostOptions,
  ...honourOptions,
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

const ADDRESS_LISTS = ['lists', 'exclude'] as const;
const WORD_LISTS = ['strict', 'hard', 'soft'] as const;

interface NamedList<Kind = (typeof ADDRESS_LISTS)[number] | (typeof WORD_LISTS)[number]> {
  readonly kind: Kind;
  readonly option: readonly (string | number)[];
  readonly path: string; // as written
  readonly files: readonly string[] | null;
}

/** Every list that the options name, found or not. */
function namedLists(options: UrlOptions, env: StageEnv): readonly NamedList[] {
  const addresses = (option: 'lists' | 'exclude'): NamedList[] =>
    options[option].map((path, index) => ({ kind: option, option: [option, index], path, files: listFiles(locate(path, env.baseDir)) }));
  return [...addresses('lists'), ...wordLists(options, env), ...addresses('exclude')];
}

function filesOf(option: 'lists' | 'exclude', options: UrlOptions, env: StageEnv): readonly string[] {
  return options[option].flatMap((path) => listFiles(locate(path, env.baseDir)) ?? []);
}

function wordLists(options: UrlOptions, env: StageEnv): readonly NamedList<(typeof WORD_LISTS)[number]>[] {
  if (options.scores === null || options.scores === 'off') return [];
  const folder = options.scores === 'refinedweb' ? join('lists', 'refinedweb') : options.scores;
  const files = listFiles(locate(folder, env.baseDir)) ?? [];
  return WORD_LISTS.map((kind) => {
    const found = files.filter((file) => new RegExp(`${kind}\\.txt(?:\\.gz)?$`).test(basename(file)));
    return { kind, option: ['scores'], path: join(folder, `${kind}.txt`), files: found.length > 0 ? found : null };
  });
}

/** The command that would bring what is absent, where somebody publishes it for the folder lists/ beside the manifest. */
function fetchCommand(option: NamedList['option'], absent: readonly NamedList[], env: StageEnv): string {
  const folder = join(env.baseDir, 'lists');
  const names = absent.filter((list) => list.option.join('.') === option.join('.')).map(({ path }) => fetchable(relative(folder, locate(path, env.baseDir))));
  if (names.length === 0 || names.includes(null)) return '';
  const out = relative('', folder);
  return ` Run: refine fetch lists ${option[0] === 'scores' ? 'refinedweb' : [...new Set(names)].join(' ')} --out ${out.startsWith('..') ? folder : out}`;
}

function absentLists(lists: readonly NamedList[], env: StageEnv): OptionProblem[] {
  const absent = lists.filter(({ files }) => files === null || files.length === 0);
  const places = [...new Map(absent.map(({ option }) => [option.join('.'), option])).values()];
  return places.map((option) => {
    const paths = absent.filter((list) => list.option.join('.') === option.join('.')).map(({ path }) => shown(locate(path, env.baseDir)));
    const [are, they] = paths.length === 1 ? ['is', 'it drops'] : ['are', 'they drop'];
    return {
      path: option,
      message: `${paths.join(', ')} ${are} not there, so ${they} nothing. ${nextMove(option[0])}, or take the option out.${fetchCommand(option, absent, env)}`,
    };
  });
}

function ignoredRules(lists: readonly NamedList[]): OptionProblem[] {
  return lists
    .filter(({ kind }) => kind === 'lists' || kind === 'exclude')
    .flatMap(({ option, files }) => {
      const words = ignoredInWords(ignoredLines(files ?? []));
      return words === '' ? [] : [{ path: option, message: `lines that give no entry: ${words}.` }];
    });
}

export const url: Stage<UrlOptions> = {
  kind: 'stage',
  name: 'url',
  version: 2, // 2: exceptions and Adblock's rules; a soft word counts once; dots glue hidden words; `=host`
  reads: ['url'],
  alsoReads: ({ honour }) => (honour.length === 0 ? [] : ['robots']),
  writes: [],
  alsoWrites: byHostColumns,
  rules: true, // joined numbers go to features/
  reasons: ['blocked-host', 'blocked-url', 'strict-word', 'hard-word', 'soft-words', 'curated-source', 'robots'], // UrlVerdict's order, then ours
  alsoReasons: ({ honour }) => [...new Set(honour)],
  schema: schema.describe(
    'Drops documents by host, path and words of their URL, by robots.txt and by directives of the page; joins tables by host.',
  ) as unknown as z.ZodType<UrlOptions>,
  check: checkByHost,
  assets: (options, env) => [PUBLIC_SUFFIX_LIST, ...namedLists(options, env).flatMap(({ files }) => files ?? []), ...byHostAssets(options, env)],
  warnings(options, env): readonly OptionProblem[] {
    const lists = namedLists(options, env);
    return [...absentLists(lists, env), ...ignoredRules(lists)];
  },

  async prepare(options, env) {
    if (env.scratch === undefined) return;
    for (const option of ADDRESS_LISTS) await prepareSets(filesOf(option, options, env), env.scratch);
    await prepareByHost(options, env);
  },

  async open(options, env) {
    const filter = native.urlFilterNew(publicSuffixes());
    for (const option of ADDRESS_LISTS) {
      for (const set of await openSets(filesOf(option, options, env), env.scratch)) native.urlFilterUse(filter, option, set);
    }
    for (const { kind, files } of wordLists(options, env)) {
      for (const file of files ?? []) for await (const lines of lineChunks(file)) native.urlFilterWords(filter, kind, lines);
    }
    const byHost = await openByHost(options, env);
    const honour = [...new Set(options.honour)];
    return {
      async process(batch) {
        const urls = column(batch, 'url', 'utf8') as BytesColumn;
        const drops = await native.urlFilterJudge(filter, urls, options['soft-words']);
        await byHost.dropDisallowed(urls, drops, url.reasons.length);
        if (honour.length > 0) {
          for (const [row, code] of honoured(batch, honour, options.agents).entries()) if (code > 0 && drops[row] === 0) drops[row] = url.reasons.length + code;
        }
        const columns = await byHost.columns(urls);
        return columns === undefined ? { drops } : { columns, drops };
      },
      async close() {},
    };
  },
};
