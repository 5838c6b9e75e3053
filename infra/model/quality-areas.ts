// How well a score tells main text from each kind of the rest: areas under the ROC curve on the examples of quality-data.ts, each kind
// and language against main text of the same languages, so that telling languages apart earns nothing.
import type { Example } from './quality-text.js';
import { areaUnderCurve } from './roc.js';

export interface KindArea {
  readonly auc: number;
  readonly main: number;
  readonly other: number;
}

export interface QualityAreas {
  readonly all: KindArea;
  readonly byKind: Readonly<Record<string, KindArea>>;
  readonly byLanguage: Readonly<Record<string, KindArea>>;
}

/** Fewer texts of a language say nothing. */
const LEAST = 30;
export const rounded = (value: number): number => Math.round(value * 1000) / 1000;

/** `scores`: of main, one an example. */
export function qualityAreas(test: readonly Example[], scores: ArrayLike<number>): QualityAreas {
  const pick = (wanted: (row: Example) => boolean): number[] => test.flatMap((row, at) => (wanted(row) ? [scores[at]!] : []));
  const area = (wanted: (row: Example) => boolean): KindArea => {
    const langs = new Set(test.filter((row) => row.label === 'other' && wanted(row)).map(({ lang }) => lang));
    const good = pick((row) => row.label === 'main' && langs.has(row.lang));
    const bad = pick((row) => row.label === 'other' && wanted(row));
    return { auc: rounded(areaUnderCurve(good, bad)), main: good.length, other: bad.length };
  };
  const kinds = [...new Set(test.filter(({ label }) => label === 'other').map(({ kind }) => kind))].sort();
  const langs = [...new Set(test.map(({ lang }) => lang))].sort();
  return {
    all: area(() => true),
    byKind: Object.fromEntries(kinds.map((kind) => [kind, area((row) => row.kind === kind)])),
    byLanguage: Object.fromEntries(langs.map((lang) => [lang, area((row) => row.lang === lang)] as const).filter(([, { main }]) => main >= LEAST)),
  };
}
