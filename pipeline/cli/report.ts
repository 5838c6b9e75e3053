// `refine report RUN -o report.html`: one self-contained page that people show each other; `--card FILE` a dataset card.
import { basename } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { RefineError } from '../../native/errors.js';
import { replaceFile } from '../atomic-file.js';
import type { Comparison } from '../report/compare.js';
import type { Pair } from '../report/page-compare.js';
import type { FileKind } from '../storage/read-run.js';
import { action, count, EXIT, words } from './command.js';

interface Options {
  readonly out?: string;
  readonly card?: string;
  readonly croissant?: string;
  readonly compare?: string;
  readonly samples: number;
  readonly times: boolean;
}

/** A page shows no tokens. */
const LOOKED_AT: readonly FileKind[] = ['text', 'features', 'samples', 'index'];

export function registerReport(program: Command): void {
  program
    .command('report')
    .description('one page to look at: funnel, thresholds and what moving them would keep, what was kept, samples of what each reason dropped')
    .argument('<run>', 'a run folder, here or at s3://BUCKET/PREFIX or https://HOST/RUN')
    .option('-o, --out <file>', 'the page (HTML, self-contained)')
    .option('--compare <run2>', 'another run over the same documents, side by side: funnels, metrics, what one keeps and the other drops')
    .option('--card <file>', 'a dataset card in Markdown: sources, funnel, languages, licences, digests, how to load')
    .option('--croissant <file>', 'the same for programs: Croissant 1.0 (JSON-LD), every shard with its sha256, every column with its type')
    .option('--samples <n>', 'dropped documents shown for each reason', upTo('--samples', 100), 4)
    .option('--no-times', 'leave out wall times, so that the page is the same for the same run anywhere')
    .action(
      action(async (named: string, given: Options) => {
        const { out, card, samples, times } = given;
        if (out === undefined && card === undefined && given.croissant === undefined)
          throw new RefineError('ERR_REFINE_USAGE', 'nothing to write: give -o FILE for the page, --card or --croissant FILE for a dataset card.');
        if (given.compare !== undefined && out === undefined) throw new RefineError('ERR_REFINE_USAGE', '--compare goes with -o FILE, the page.');
        const { localCopy } = await import('../storage/read-run.js');
        const { collectRun } = await import('../report/collect.js');
        const run = await localCopy(named, given.croissant === undefined ? LOOKED_AT : [...LOOKED_AT, 'tokens'], words);
        const options = given.compare === undefined ? given : { ...given, compare: await localCopy(given.compare, LOOKED_AT, words) };
        const comparison = options.compare === undefined ? null : await compared(run, options.compare);
        const data = await collectRun(run, { samples, ...(comparison === null ? {} : { texts: textsOf(comparison, comparison.keptByFirst) }) });
        if (card !== undefined) await write(card, (await import('../report/card.js')).datasetCard(data));
        if (options.croissant !== undefined) await write(options.croissant, await (await import('../report/croissant.js')).croissant(data));
        if (out === undefined) return EXIT.done;
        let pair: Pair | null = null;
        if (comparison !== null) {
          const second = await collectRun(options.compare!, { samples: 0, texts: textsOf(comparison, comparison.keptBySecond), like: data.distributions });
          const [a, b] = [data.stats.name ?? 'first', second.stats.name ?? 'second'];
          const name = (given: string, folder: string) => (a === b ? `${given} (${basename(folder)})` : given);
          pair = { comparison, first: { name: name(a, run), data }, second: { name: name(b, options.compare!), data: second } };
        }
        const { reportPage } = await import('../report/page.js');
        await write(out, reportPage(data, { times }, pair));
        return EXIT.done;
      }),
    );
}

async function compared(first: string, second: string): Promise<Comparison> {
  const { compareRuns } = await import('../report/compare.js');
  const { readRun } = await import('../run-folder.js');
  return compareRuns(await readRun(first), await readRun(second));
}

function textsOf({ by }: Comparison, list: Comparison['keptByFirst']) {
  return { by, names: new Set(list.flatMap((one) => one.samples.map((document) => document[by] ?? ''))) };
}

async function write(path: string, text: string): Promise<void> {
  await replaceFile(path, text);
  words(`refine report: ${path}, ${Math.ceil(Buffer.byteLength(text) / 1000)} kB`);
}

function upTo(name: string, most: number) {
  const parse = count(name, 0);
  return (text: string): number => {
    const value = parse(text);
    if (value > most) throw new InvalidArgumentError(`${name} is at most ${most}: a page with more is too large for browsers and people.`);
    return value;
  };
}
