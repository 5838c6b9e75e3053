// `refine search RUN "exact string"`: how often a string stands in the kept texts, in which documents, at which WARC offsets.
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { RefineError } from '../../native/errors.js';
import type { SearchMatch } from '../search.js';
import { action, count, data, EXIT, interruptible, words } from './command.js';

interface Options {
  readonly file?: string;
  readonly limit: number;
  readonly index?: boolean;
  readonly json?: boolean;
}

const MAX_STRINGS_BYTES = 256 * 1024 * 1024;

export function registerSearch(program: Command): void {
  program
    .command('search')
    .description('exact strings in the kept texts: how often, in which documents, at which WARC offsets (takedown, memorisation, contamination)')
    .argument('<run>', 'the folder of a finished run, here or at s3://BUCKET/PREFIX or https://HOST/RUN')
    .argument('[strings...]', 'strings to look for, byte for byte')
    .option('--file <path>', 'more strings: one a line, or a JSON string a line where the file ends in .jsonl')
    .option('--limit <n>', 'documents listed for each string', count('--limit', 0), 20)
    .option('--index', 'first make search/, about a third of the texts’ size: strings of 32 bytes or more are then found without reading every text')
    .option('--json', 'print one JSON object')
    .action(
      action(async (named: string, given: readonly string[], { file, limit, index, json }: Options) => {
        const strings = [...given, ...(file === undefined ? [] : stringsOf(file))];
        if (strings.length === 0 && index !== true) throw new RefineError('ERR_REFINE_USAGE', 'there is no string to look for. Give one, or --file.');
        if (strings.includes('')) throw new RefineError('ERR_REFINE_USAGE', 'an empty string stands everywhere. Give one of a byte or more.');
        const { localCopy } = await import('../storage/read-run.js');
        const { readRun } = await import('../run-folder.js');
        const { indexRun, searchRun } = await import('../search.js');
        const run = await readRun(await localCopy(named, ['text'], words));
        const { signal, done } = interruptible();
        try {
          if (index === true) {
            const { built, bytes, textBytes } = await indexRun(run, signal);
            words(
              `refine search: ${built} of ${run.text.length} index files made; all of them ${megabytes(bytes)} beside ${megabytes(textBytes)} of text shards`,
            );
          }
          if (strings.length === 0) return EXIT.done;
          const answer = await searchRun(run, strings, { limit, signal });
          for (const warning of answer.warnings) words(`warning: ${warning}; its shard was read whole`);
          if (json === true) {
            await data(`${JSON.stringify(answer, null, 2)}\n`);
            return EXIT.done;
          }
          for (const found of answer.strings) {
            await data(`${JSON.stringify(found.string)}: ${times(found.count)} in ${found.documents} of ${answer.documents} documents\n`);
            for (const match of found.matches) await data(`  ${lineOf(match)}\n`);
            if (found.documents > found.matches.length) await data(`  and ${found.documents - found.matches.length} documents more (--limit)\n`);
          }
          return EXIT.done;
        } finally {
          done();
        }
      }),
    );
}

/** Lines without their ends; empty ones are left out. */
function stringsOf(path: string): string[] {
  let text: string;
  try {
    const bytes = readFileSync(path);
    if (bytes.length > MAX_STRINGS_BYTES)
      throw new RefineError('ERR_REFINE_INPUT', `is ${bytes.length} bytes; a list has at most ${MAX_STRINGS_BYTES}. Cut it in parts.`, { place: path });
    text = bytes.toString('utf8');
  } catch (cause) {
    if (cause instanceof RefineError) throw cause;
    throw new RefineError('ERR_REFINE_INPUT', `cannot be read: ${(cause as Error).message}`, { place: path, cause });
  }
  const lines = text.split(/\r?\n/);
  if (!path.endsWith('.jsonl')) return lines.filter((line) => line !== '');
  return lines.flatMap((line, index) => {
    if (line.trim() === '') return [];
    const refuse = (): never => {
      throw new RefineError('ERR_REFINE_INPUT', `line ${index + 1} is no JSON string. Write each line as "the string"`, { place: path });
    };
    try {
      const value: unknown = JSON.parse(line);
      return typeof value === 'string' ? [value] : refuse();
    } catch {
      return refuse();
    }
  });
}

function lineOf(match: SearchMatch): string {
  const place = match.warc_path === null ? '' : `  ${match.warc_path}${match.warc_offset === null ? '' : ` offset ${match.warc_offset}`}`;
  return `${times(match.count)}  ${match.id ?? ''}${match.url === null ? '' : `  ${match.url}`}${place}`;
}

const times = (n: number): string => (n === 1 ? 'once' : `${n} times`);
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
