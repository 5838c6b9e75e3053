// `refine try STEP[,STEP...] [FILE...]`: steps on the files at hand, one JSON object a document, in input order. Writes nothing.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { RefineError } from '../../native/errors.js';
import { action, interruptible } from './command.js';

export function registerTry(program: Command): void {
  program
    .command('try')
    .description('runs steps on WARC, WET, HTML, text or JSONL input; prints one JSON object a document')
    .argument('<steps>', 'a step, or several joined by ",", such as extract,langid')
    .argument('[files...]', 'inputs; none or "-" is standard input')
    .option('--with <json>', 'options of the one step, or {"step": {options}, ...}')
    .option('--show <file>', 'also write a page that shows what extract kept of each document and why')
    .action(
      action(async (names: string, files: string[], options: { with?: string; show?: string }) => {
        if (files.length === 0 && process.stdin.isTTY) {
          throw new RefineError('ERR_REFINE_USAGE', 'no FILE is named and standard input is a terminal. Name files, or pipe one in.', { place: 'try' });
        }
        const { signal, done } = interruptible();
        const folder = await mkdtemp(join(tmpdir(), 'refine-try-'));
        try {
          const { tryFiles } = await import('./try-files.js');
          return await tryFiles(names, files.length === 0 ? ['-'] : files, options, folder, signal);
        } finally {
          await rm(folder, { recursive: true, force: true });
          done();
        }
      }),
    );
}
