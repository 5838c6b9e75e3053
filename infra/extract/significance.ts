// Is one extractor better than another on these pages, or on pages of such sites? A paired bootstrap (Efron 1979) over sites:
// pages of one site share a template, so sites are drawn, not pages.
import { addScore, noSums, type PageScore, type Sums, SUMS } from './measure.js';
import { randomFrom } from './random.js';

export interface PairedPage {
  readonly group: string;
  readonly ours: PageScore;
  readonly theirs: PageScore;
}

export interface Difference {
  readonly difference: number;
  /** 95 % of the resamples lie between. */
  readonly low: number;
  readonly high: number;
  readonly groups: number;
}

/** `figure(ours) - figure(theirs)` of all pages, and its interval. The figure is one of a set of pages, made from its sums. */
export function pairedDifference(pages: readonly PairedPage[], figure: (sums: Sums) => number, resamples = 10_000, seed = 1): Difference {
  const byGroup = new Map<string, { ours: Sums; theirs: Sums }>();
  for (const page of pages) {
    let sums = byGroup.get(page.group);
    if (sums === undefined) byGroup.set(page.group, (sums = { ours: noSums(), theirs: noSums() }));
    addScore(sums.ours, page.ours);
    addScore(sums.theirs, page.theirs);
  }
  const groups = [...byGroup].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, sums]) => sums);
  const width = 2 * SUMS.length;
  const table = new Float64Array(groups.length * width);
  groups.forEach(({ ours, theirs }, g) => {
    SUMS.forEach((key, k) => {
      table[g * width + k] = ours[key];
      table[g * width + SUMS.length + k] = theirs[key];
    });
  });
  const figureOf = (sums: Float64Array): number => {
    const part = (from: number) => Object.fromEntries(SUMS.map((key, k) => [key, sums[from + k]!])) as Sums;
    return figure(part(0)) - figure(part(SUMS.length));
  };
  const random = randomFrom(seed);
  const sums = new Float64Array(width);
  const differences = new Float64Array(resamples);
  for (let i = 0; i < resamples; i++) {
    sums.fill(0);
    for (let n = 0; n < groups.length; n++) {
      const from = random(groups.length) * width;
      for (let k = 0; k < width; k++) sums[k] = sums[k]! + table[from + k]!;
    }
    differences[i] = figureOf(sums);
  }
  differences.sort();
  sums.fill(0);
  for (let at = 0; at < table.length; at++) sums[at % width] = sums[at % width]! + table[at]!;
  return {
    difference: figureOf(sums),
    low: differences[Math.floor(0.025 * (resamples - 1))] ?? 0,
    high: differences[Math.ceil(0.975 * (resamples - 1))] ?? 0,
    groups: groups.length,
  };
}
