// `refine explain CODE`: what an error code means, what mostly causes it, what to do. Without a code: all of them, a line each.
import type { Command } from 'commander';
import { errorCatalogue, findError } from '../../native/error-catalogue.js';
import { RefineError } from '../../native/errors.js';
import { nearest } from '../../stages/contract/suggest.js';
import { action, data, EXIT } from './command.js';

const codes = Object.keys(errorCatalogue);

export function registerExplain(program: Command): void {
  program
    .command('explain')
    .description('what an error code means, what mostly causes it, what to do next')
    .argument('[code...]', 'codes, or whole lines with one, such as ERR_REFINE_SHARD or just shard (default: lists all codes)')
    .action(
      action(async (written: readonly string[]) => {
        if (written.length === 0) {
          const width = Math.max(...codes.map((code) => code.length));
          for (const [code, { meaning }] of Object.entries(errorCatalogue)) await data(`${code.padEnd(width)}  ${meaning}\n`);
          return EXIT.done;
        }
        for (const code of codesIn(written)) await data(explained(code));
        return EXIT.done;
      }),
    );
}

/** The codes in what was typed or pasted: a word each, or the codes that stand in a longer text. */
function codesIn(written: readonly string[]): string[] {
  const text = written.join(' ');
  const pasted = [...new Set(text.match(/ERR_REFINE_[A-Z_]+/g) ?? [])];
  return pasted.length > 0 ? pasted : text.split(/\s+/).filter((word) => word !== '');
}

function explained(written: string): string {
  const found = findError(written);
  if (found === undefined) {
    const bare = (word: string): string => word.toUpperCase().replace(/^ERR_REFINE_/, ''); // what all codes share says nothing of likeness
    const near = nearest(bare(written), codes.map(bare));
    const meant = near === null ? null : `ERR_REFINE_${near}`;
    throw new RefineError(
      'ERR_REFINE_USAGE',
      `"${written}" is no error code of refine.${meant === null ? '' : ` Did you mean ${meant}?`} All codes stand in infra/docs/errors.md. Run: npx refine explain`,
    );
  }
  const { code, entry } = found;
  return `${code}\n  ${entry.meaning}\n  cause: ${entry.cause}\n  next:  ${entry.next}\n`;
}
