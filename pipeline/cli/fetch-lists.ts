// `refine fetch lists`: URL and word lists whose licences keep them out of the package, from where they are published.
import { dirname, join, relative } from 'node:path';
import type { Command } from 'commander';
import { RefineError } from '../../native/errors.js';
import { bytes } from '../stats-text.js';
import type { PublishedList } from '../url-lists.js';
import { nearest } from '../../stages/contract/suggest.js';
import { action, data, EXIT, interruptible, words } from './command.js';

interface Options {
  readonly list?: boolean;
  readonly json?: boolean;
  readonly manifest?: string;
  readonly out?: string;
  readonly from?: string;
  readonly update?: boolean;
}

export function registerFetch(program: Command): void {
  program
    .command('fetch')
    .description('what the package does not ship: `fetch lists`')
    .command('lists')
    .description('URL and word lists for the step `url`, from where they are published, with their licences')
    .argument('[names...]', 'lists or groups of them, such as ut1 or refinedweb (default: all that --list shows without a star)')
    .option('--list', 'the catalogue: what there is, under which licence and from where; fetches nothing')
    .option('--json', 'with --list: one JSON array, for programs')
    .option('--manifest <file>', 'puts the lists into lists/ beside this manifest')
    .option('-o, --out <folder>', 'puts them there (default: lists/ here)')
    .option('--from <base>', 'a mirror, URL or folder, that holds them as BASE/<host>/<path>')
    .option('--update', 'asks whether lists that are here have changed, and fetches those that have')
    .action(
      action(async (names: string[], options: Options) => {
        const { PUBLISHED_LISTS } = await import('../url-lists.js');
        const lists = names.length > 0 ? chosen(names, PUBLISHED_LISTS) : PUBLISHED_LISTS.filter(({ only }) => only === undefined || options.list === true);
        if (options.list === true) {
          await data(
            options.json === true
              ? `${JSON.stringify(lists, (key, value: unknown) => (key === 'take' ? undefined : value), 2)}\n`
              : lists.map(described).join('\n'),
          );
          return EXIT.done;
        }
        return await fetchAll(lists, options);
      }),
    );
}

function chosen(names: readonly string[], published: readonly PublishedList[]): readonly PublishedList[] {
  const known = [...new Set(published.flatMap(({ name, group }) => [group, name]))];
  const found = names.flatMap((name) => {
    const lists = published.filter((list) => list.name === name || (list.group === name && list.only === undefined));
    if (lists.length > 0) return lists;
    const meant = nearest(name, known);
    throw new RefineError(
      'ERR_REFINE_USAGE',
      `no list is named "${name}"; there are: ${known.join(', ')}.${meant === null ? '' : ` Did you mean "${meant}"?`}`,
    );
  });
  return [...new Set(found)];
}

function described({ name, about, licence, homepage, address, into, only }: PublishedList): string {
  return `${name}${only === undefined ? '' : ' *'}\n  ${about}\n  licence  ${licence}\n  home     ${homepage}\n  from     ${address}\n  to       lists/${into}\n`;
}

async function fetchAll(lists: readonly PublishedList[], options: Options): Promise<number> {
  if (options.out !== undefined && options.manifest !== undefined)
    throw new RefineError('ERR_REFINE_USAGE', '--out and --manifest both say where to: keep one of them.');
  const out = options.out ?? join(options.manifest === undefined ? '.' : dirname(options.manifest), 'lists');
  const { fetchList, LOCK_NAME } = await import('../fetch-lists.js');
  const { localGate } = await import('../inputs.js');
  const { signal, done } = interruptible();
  const gate = localGate();
  let failed = 0;
  const licences = new Map<string, string[]>();
  try {
    for (const list of lists) {
      signal.throwIfAborted();
      const result = await fetchList(list, {
        gate,
        signal,
        out,
        ...(options.from === undefined ? {} : { from: options.from }),
        ...(options.update === undefined ? {} : { update: options.update }),
      });
      if (result.state === 'failed') {
        failed++;
        words(`${list.name}: ${result.error.format()}`);
        continue;
      }
      const { files, bytes: size, modified } = result.list;
      const what = `${files.length} file${files.length === 1 ? '' : 's'}, ${bytes(files.reduce((sum, file) => sum + file.bytes, 0))}`;
      if (result.state === 'kept') words(`${list.name}: here already (${what})`);
      else words(`${list.name}: ${bytes(size)} fetched${modified === null ? '' : ` (of ${modified})`}, ${what} in ${shown(join(out, list.into))}`);
      const names = licences.get(`${list.licence}, ${list.homepage}`) ?? [];
      licences.set(`${list.licence}, ${list.homepage}`, [...names, list.name]);
    }
  } finally {
    done();
  }
  for (const [licence, names] of licences) words(`licence of ${names.join(', ')}: ${licence}`);
  if (licences.size > 0) words(`${shown(join(out, LOCK_NAME))} says what was fetched from where.`);
  if (failed > 0) words(`${failed} of ${lists.length} lists could not be fetched. Run the same command again: lists that are here are not fetched again.`);
  return failed === 0 ? EXIT.done : EXIT.failed;
}

const shown = (path: string): string => relative('', path) || '.';
