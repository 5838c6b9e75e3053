// `refine init`: a commented manifest from four questions, or from flags. What it writes is read back by the parser before it stands.
import { dirname, relative, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { RefineError } from '../../native/errors.js';
import { packagePath } from '../../native/package-root.js';
import { createFileOnce, replaceFile } from '../atomic-file.js';
import { type InitAnswers, type InitSource, RECIPES, type Recipe } from '../init/recipes.js';
import type { ManifestErrors } from '../manifest.js';
import { pasteable } from '../pasteable.js';
import { action, count, EXIT, words } from './command.js';

const SOURCES = ['sample', 'commoncrawl', 'warc', 'jsonl'] as const;
const CRAWL = 'CC-MAIN-2023-50';

interface Options {
  readonly source?: (typeof SOURCES)[number];
  readonly paths?: readonly string[];
  readonly crawl?: string;
  readonly files?: number;
  readonly languages?: readonly string[];
  readonly recipe?: Recipe;
  readonly tokenizer?: string;
  readonly name?: string;
  readonly out?: string;
  readonly force?: boolean;
  readonly yes?: boolean;
}

export function registerInit(program: Command): void {
  program
    .command('init')
    .description('writes a commented manifest from four questions, or from flags; every option stands in it with its default')
    .addOption(new Option('--source <kind>', 'where documents come from (default: sample, the small crawl that comes with refine)').choices(SOURCES))
    .option('--paths <files...>', 'for warc and jsonl: paths, globs or URLs')
    .option('--crawl <name>', `for commoncrawl: which (default: ${CRAWL})`)
    .option('--files <n>', 'for commoncrawl: so many WARC files of it, about 1 GB each (default: 8)', count('--files', 1))
    .option('--languages <list>', 'languages to keep, such as en or en,de,fr; all keeps every one (default: en; ccnet: all)', languages)
    .addOption(new Option('--recipe <name>', 'whose steps (default: refinedweb)').choices(RECIPES))
    .option('--tokenizer <name>', 'falcon, gpt2, or a file or folder such as tokenizer.json (default: falcon)')
    .option('--name <word>', 'the name of the run (default: that of the recipe)')
    .option('-o, --out <file>', 'the manifest (default: <name>.yaml here)')
    .option('--force', 'writes over a file that is there')
    .option('-y, --yes', 'asks nothing: what no flag says has its default')
    .action(
      action(async (options: Options) => {
        const answers = options.yes === true ? answered(options) : await asked(options);
        const path = options.out ?? `${answers.name}.yaml`;
        const { manifestText } = await import('../init/manifest-text.js');
        const manifests = await import('../manifest.js');
        const { loadSteps } = await import('../registry.js');
        const text = manifestText(answers, placesFrom(dirname(resolve(path))), await loadSteps());
        await manifests.parseManifest(text, { path }).catch((error: unknown) => {
          throw error instanceof manifests.ManifestErrors ? noManifest(error) : error;
        });
        if (options.force === true) await replaceFile(path, text);
        else if (!(await createFileOnce(path, text)))
          throw new RefineError('ERR_REFINE_USAGE', 'is there already, and what stands in it is not written over. Name another file with -o, or add --force', {
            place: path,
          });
        words(
          `${path}: ${answers.recipe}, ${answers.languages.length === 0 ? 'every language' : answers.languages.join(' ')}, tokenizer ${answers.tokenizer}.`,
        );
        words('next:');
        if (answers.source.kind !== 'sample' && /lists\//.test(text))
          words(`  npx refine fetch lists --manifest ${pasteable(path)}    (block lists, by their own licences; optional)`);
        if (answers.source.kind === 'commoncrawl') words(`  npx refine plan ${pasteable(path)}`);
        words(`  npx refine run ${pasteable(path)}`);
        return EXIT.done;
      }),
    );
}

/** Flags and answers that make no manifest: its lines are nowhere to be looked at. */
function noManifest({ problems }: ManifestErrors): RefineError {
  const said = problems.map(({ message }) => `\n  ${message}`).join('');
  return new RefineError('ERR_REFINE_USAGE', `these answers make no manifest, so none was written:${said}\nGive others (refine init --help)`);
}

function languages(text: string): string[] {
  const list = text.split(/[\s,]+/).filter((word) => word !== '');
  if (list.length === 0 || list.some((word) => !/^[a-z]{2,3}(_[A-Z][a-z]{3})?$/.test(word) && word !== 'all'))
    throw new InvalidArgumentError('languages are codes such as en or deu, joined by ",", or all.');
  return list.includes('all') ? [] : [...new Set(list)];
}

/** What flags say, and for the rest the defaults. */
function answered(options: Options): InitAnswers {
  const recipe = options.recipe ?? 'refinedweb';
  return {
    name: options.name ?? recipe,
    source: sourceOf(options.source ?? (options.paths === undefined ? 'sample' : 'warc'), options),
    languages: options.languages ?? (recipe === 'ccnet' ? [] : ['en']),
    recipe,
    tokenizer: options.tokenizer ?? 'falcon',
  };
}

function sourceOf(kind: (typeof SOURCES)[number], options: Options): InitSource {
  if (kind === 'sample') return { kind };
  if (kind === 'commoncrawl') return { kind, crawl: options.crawl ?? CRAWL, files: options.files ?? 8 };
  return { kind, paths: options.paths ?? [kind === 'warc' ? 'data/*.warc.gz' : 'data/*.jsonl'] };
}

/** The four questions, each left out where a flag answers it. */
async function asked(options: Options): Promise<InitAnswers> {
  if (!process.stdin.isTTY) {
    throw new RefineError(
      'ERR_REFINE_USAGE',
      'there is no terminal to ask on. Add --yes for the defaults, and flags for what is to differ (refine init --help)',
    );
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await answersFrom(options, (question) => terminal.question(question), words);
  } finally {
    terminal.close();
  }
}

/** Asks until an answer fits; an empty one is the default. */
export async function answersFrom(options: Options, ask: (question: string) => Promise<string>, say: (line: string) => void): Promise<InitAnswers> {
  const until = async <T>(question: string, otherwise: string, read: (text: string) => T): Promise<T> => {
    for (;;) {
      const text = (await ask(`${question} [${otherwise}] `)).trim();
      try {
        return read(text === '' ? otherwise : text);
      } catch (error) {
        say(`  ${(error as Error).message}`);
      }
    }
  };
  const oneOf =
    <T extends string>(known: readonly T[]) =>
    (text: string): T => {
      const found = known.find((word) => word === text.toLowerCase()) ?? known.filter((word) => word.startsWith(text.toLowerCase()));
      if (typeof found === 'string') return found;
      if (found.length === 1) return found[0]!;
      throw new Error(`one of ${known.join(', ')}, please.`);
    };
  let given = options;
  if (given.source === undefined && given.paths === undefined)
    given = { ...given, source: await until('1. Where do documents come from? (sample, commoncrawl, warc, jsonl)', 'sample', oneOf(SOURCES)) };
  if ((given.source === 'warc' || given.source === 'jsonl') && given.paths === undefined) {
    const glob = given.source === 'warc' ? 'data/*.warc.gz' : 'data/*.jsonl';
    given = { ...given, paths: await until('   Which files? Paths, globs or URLs, separated by spaces', glob, (text) => text.split(/\s+/)) };
  }
  if (given.recipe === undefined) given = { ...given, recipe: await until(`2. Whose steps? (${RECIPES.join(', ')})`, 'refinedweb', oneOf(RECIPES)) };
  if (given.languages === undefined)
    given = { ...given, languages: await until('3. Which languages? (codes such as en,de; or all)', given.recipe === 'ccnet' ? 'all' : 'en', languages) };
  if (given.tokenizer === undefined)
    given = { ...given, tokenizer: await until('4. Which tokenizer? (falcon, gpt2, or the path of a tokenizer.json)', 'falcon', (text) => text) };
  if (given.source === 'commoncrawl' && given.files === undefined)
    given = { ...given, files: await until('   How many WARC files of the crawl? (about 1 GB each)', '8', count('that', 1)) };
  return answered(given);
}

/** The package's own files, as written from the folder of the manifest. */
function placesFrom(folder: string): { sample: string; schema: string; blocked: readonly string[]; curated: string } {
  const from = (...parts: string[]): string => {
    const path = relative(folder, packagePath(...parts)).replaceAll('\\', '/');
    return path.startsWith('.') ? path : `./${path}`;
  };
  return {
    sample: from('manifests', 'sample', '*.warc.gz').replace(/^\.\//, ''),
    schema: from('manifests', 'schema.json'),
    blocked: ['lists/ut1'],
    curated: from('manifests', 'lists', 'curated.txt').replace(/^\.\//, ''),
  };
}
