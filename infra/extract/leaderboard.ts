// LEADERBOARD.md: a line for every kept change, appended by cross-validate.js --note. Lines are never edited: what did not
// help is worth knowing too.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { packagePath, packageRoot } from '../../native/index.js';
import { FIGURES, type ReportRow, ROWS } from './report.js';

export const leaderboardFile = packagePath('infra', 'extract', 'LEADERBOARD.md');

const head = [
  '# Leaderboard of main-content extraction',
  '',
  'Cross-validated scores on the development pages, one line a kept change, newest last: `node dist/infra/extract/cross-validate.js --note "..."`',
  "appends one. Every page is scored by a model that saw neither its site nor its text. In brackets: length of the texts beside resiliparse's.",
  `Figures: ${ROWS.map((row) => `${row} ${FIGURES[row]}`).join(', ')}.`,
  '',
  `| date | commit | change | ${ROWS.join(' | ')} | log loss |`,
  `| --- | --- | --- | ${ROWS.map(() => '---').join(' | ')} | --- |`,
  '',
].join('\n');

export function leaderboardLine(date: string, commit: string, note: string, rows: readonly ReportRow[], loss: number | null): string {
  const cells = ROWS.map((name) => {
    const row = rows.find((candidate) => candidate.row === name)!;
    return `${row.figure.toFixed(4)}${row.lengthRatio === undefined ? '' : ` (${row.lengthRatio.toFixed(2)})`}`;
  });
  return `| ${date} | ${commit} | ${note.replaceAll('|', '/').replaceAll('\n', ' ')} | ${cells.join(' | ')} | ${loss === null ? '' : loss.toFixed(4)} |\n`;
}

/** The commit the tree stands on; a `+` says that it has changes of its own. */
export function commitName(): string {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: packageRoot, encoding: 'utf8' }).trim();
  return `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain', '--untracked-files=no') === '' ? '' : '+'}`;
}

export function appendToLeaderboard(line: string): void {
  writeFileSync(leaderboardFile, (existsSync(leaderboardFile) ? readFileSync(leaderboardFile, 'utf8') : head) + line);
}
