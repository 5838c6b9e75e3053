// Labels made by reading pages, where no gold says anything: labels/blocks/*.tsv, a line a page,
//   sha1 <tab> page type <tab> runs, by commas: M (main text), C (readers' comments) or ? (neither clearly), begin-end
// Offsets count the page's visible code points without white space, so that labels outlive the way a page is cut into
// blocks; what no run names is boilerplate. Runs ascend and do not overlap.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packagePath } from '../../native/index.js';
import type { Labels } from './labels.js';

export type Letter = 'M' | 'C' | '?' | 'B';

export interface Run {
  readonly letter: Exclude<Letter, 'B'>;
  readonly begin: number;
  readonly end: number;
}

export interface ReadPage {
  readonly type: string;
  readonly runs: readonly Run[];
}

export function parseRuns(text: string): Run[] {
  const runs: Run[] = [];
  for (const part of text === '' ? [] : text.split(',')) {
    const found = /^([MC?])(\d+)-(\d+)$/.exec(part);
    const run = found && { letter: found[1] as Run['letter'], begin: Number(found[2]), end: Number(found[3]) };
    if (!run || run.end <= run.begin || run.begin < (runs.at(-1)?.end ?? 0)) throw new Error(`"${part}" is no run, or does not follow the one before`);
    runs.push(run);
  }
  return runs;
}

export const formatRuns = (runs: readonly Run[]): string => runs.map(({ letter, begin, end }) => `${letter}${begin}-${end}`).join(',');

/** All pages that were read, by sha1; a later file (by name) corrects an earlier one. */
export function readPageLabels(folder = packagePath('infra', 'extract', 'labels', 'blocks')): Map<string, ReadPage> {
  const pages = new Map<string, ReadPage>();
  if (!existsSync(folder)) return pages;
  for (const name of readdirSync(folder).sort()) {
    if (!name.endsWith('.tsv')) continue;
    readFileSync(join(folder, name), 'utf8')
      .split('\n')
      .forEach((line, at) => {
        if (line === '' || line.startsWith('#')) return;
        const [sha1, type, runs] = line.split('\t');
        try {
          pages.set(sha1!, { type: type!, runs: parseRuns(runs ?? '') });
        } catch (cause) {
          throw new Error(`labels/blocks/${name}:${at + 1}: ${(cause as Error).message}`, { cause });
        }
      });
  }
  return pages;
}

const PURE = 0.9; // share of a block's code points that must have one letter
const COMMENT = 0.3; // weight of a comment: no main text here, but near to it

/** The letter of each block; '?' where a block has parts of several. */
export function lettersOf(runs: readonly Run[], begins: ArrayLike<number>, sizes: ArrayLike<number>): Letter[] {
  let first = 0;
  return Array.from({ length: begins.length }, (_, block) => {
    const begin = begins[block]!;
    const end = begin + sizes[block]!;
    while (first < runs.length && runs[first]!.end <= begin) first++;
    const counts = { M: 0, C: 0, '?': 0, B: sizes[block]! };
    for (let at = first; at < runs.length && runs[at]!.begin < end; at++) {
      const common = Math.min(end, runs[at]!.end) - Math.max(begin, runs[at]!.begin);
      counts[runs[at]!.letter] += common;
      counts.B -= common;
    }
    for (const letter of ['M', 'C', 'B'] as const) if (counts[letter] >= PURE * sizes[block]!) return letter;
    return '?';
  });
}

/** Gold's labels where gold says something, counting `contested` where the reader says the contrary; else the reader's. */
export function addReading(gold: Labels, letters: readonly Letter[], contested = 1): Labels {
  const label = gold.label.slice();
  const weight = gold.weight.slice();
  letters.forEach((letter, block) => {
    if (letter === '?') return;
    if (weight[block]! > 0) {
      if ((letter === 'M') !== (label[block] === 1)) weight[block]! *= contested;
      return;
    }
    label[block] = letter === 'M' ? 1 : 0;
    weight[block] = letter === 'C' ? COMMENT : 1;
  });
  return { label, weight };
}

/** Runs from letters of blocks; neighbours with one letter join across what lies between them. */
export function runsOf(letters: readonly Letter[], begins: ArrayLike<number>, sizes: ArrayLike<number>): Run[] {
  const runs: { letter: Run['letter']; begin: number; end: number }[] = [];
  let before: Letter = 'B';
  letters.forEach((letter, block) => {
    const end = begins[block]! + sizes[block]!;
    if (letter !== 'B') {
      if (letter === before) runs.at(-1)!.end = end;
      else runs.push({ letter, begin: begins[block]!, end });
    }
    before = letter;
  });
  return runs;
}
