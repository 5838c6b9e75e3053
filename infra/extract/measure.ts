// How near a page's text is to its gold: the formulas of ../shared/tools/score-extraction.mjs, page by page, so that pages can
// be grouped and resampled. A test holds the sums against the tool itself.
import { type Gold, isPrefix } from './pages.js';

const WORD_BY_CHARACTER = '[\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}]';
const WORD = new RegExp(`${WORD_BY_CHARACTER}|[\\p{L}\\p{N}\\p{M}]+?(?=${WORD_BY_CHARACTER}|[^\\p{L}\\p{N}\\p{M}]|$)`, 'gu');

export const wordsOf = (text: string): string[] => text.normalize('NFC').toLowerCase().match(WORD) ?? [];
export const squash = (text: string): string => text.normalize('NFC').replace(/\s+/gu, ' ').trim();

/** Runs of `n` words (all words, where there are fewer), with how often each occurs. */
export function shingles(words: readonly string[], n = 4): Map<string, number> {
  const bag = new Map<string, number>();
  const size = Math.min(n, words.length);
  for (let i = 0; size > 0 && i + size <= words.length; i++) {
    const key = words.slice(i, i + size).join(' ');
    bag.set(key, (bag.get(key) ?? 0) + 1);
  }
  return bag;
}

const total = (bag: Map<string, number>): number => {
  let sum = 0;
  for (const count of bag.values()) sum += count;
  return sum;
};

/** A page counts in one of three ways: by its whole text, by recall of a prefix, or by snippets found. */
export interface PageScore {
  readonly text?: { readonly precision: number; readonly recall: number; readonly f1: number };
  readonly prefix?: { readonly recall: number };
  readonly snippets?: { readonly tp: number; readonly fn: number; readonly fp: number; readonly tn: number };
}

export function scorePage(gold: Gold, text: string): PageScore {
  if (gold.text) {
    const wanted = shingles(wordsOf(gold.text));
    const found = shingles(wordsOf(text));
    let common = 0;
    for (const [key, count] of found) common += Math.min(count, wanted.get(key) ?? 0);
    const wantedSize = total(wanted);
    const foundSize = total(found);
    const precision = foundSize > 0 ? common / foundSize : wantedSize > 0 ? 0 : 1;
    const recall = wantedSize > 0 ? common / wantedSize : 1;
    if (isPrefix(gold)) return { prefix: { recall } };
    const f1 = precision + recall > 0 ? (2 * precision * recall) / (precision + recall) : 0;
    return { text: { precision, recall, f1 }, ...snippetScore(gold, text) };
  }
  return snippetScore(gold, text);
}

function snippetScore(gold: Gold, text: string): PageScore {
  if (!gold.with && !gold.without) return {};
  const squashed = squash(text);
  const found = (list: readonly string[] | undefined) => (list ?? []).filter((snippet) => squashed.includes(squash(snippet))).length;
  const tp = found(gold.with);
  const fp = found(gold.without);
  return { snippets: { tp, fn: (gold.with ?? []).length - tp, fp, tn: (gold.without ?? []).length - fp } };
}

/** Sums that scores of many pages are made of: they add up, so any set of pages has its score without its texts. */
export const SUMS = ['pages', 'precision', 'recall', 'f1', 'prefixPages', 'prefixRecall', 'tp', 'fn', 'fp', 'tn'] as const;
export type Sums = Record<(typeof SUMS)[number], number>;

export const noSums = (): Sums => ({ pages: 0, precision: 0, recall: 0, f1: 0, prefixPages: 0, prefixRecall: 0, tp: 0, fn: 0, fp: 0, tn: 0 });

export function addScore(sums: Sums, score: PageScore): void {
  if (score.text) {
    sums.pages++;
    sums.precision += score.text.precision;
    sums.recall += score.text.recall;
    sums.f1 += score.text.f1;
  }
  if (score.prefix) {
    sums.prefixPages++;
    sums.prefixRecall += score.prefix.recall;
  }
  if (score.snippets) for (const key of ['tp', 'fn', 'fp', 'tn'] as const) sums[key] += score.snippets[key];
}

export interface Scores {
  readonly text?: { readonly pages: number; readonly precision: number; readonly recall: number; readonly f1: number };
  readonly prefix?: { readonly pages: number; readonly recall: number };
  readonly snippets?: { readonly precision: number; readonly recall: number; readonly f1: number; readonly accuracy: number };
}

export function scoresOf(s: Sums): Scores {
  const precision = s.tp / (s.tp + s.fp || 1);
  const recall = s.tp / (s.tp + s.fn || 1);
  const all = s.tp + s.fn + s.fp + s.tn;
  return {
    ...(s.pages > 0 ? { text: { pages: s.pages, precision: s.precision / s.pages, recall: s.recall / s.pages, f1: s.f1 / s.pages } } : {}),
    ...(s.prefixPages > 0 ? { prefix: { pages: s.prefixPages, recall: s.prefixRecall / s.prefixPages } } : {}),
    ...(all > 0 ? { snippets: { precision, recall, f1: (2 * precision * recall) / (precision + recall || 1), accuracy: (s.tp + s.tn) / all } } : {}),
  };
}

/** The one figure a corpus is judged by: F1 of text or of snippets, recall of prefixes and of snippets without a counterpart. */
export function headline(corpus: string, s: Sums): number {
  const scores = scoresOf(s);
  if (corpus === 'recipes') return scores.snippets?.recall ?? 0;
  return scores.text?.f1 ?? scores.prefix?.recall ?? scores.snippets?.f1 ?? 0;
}
