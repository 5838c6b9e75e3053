// How the cross-validated models do on pages that were read: F1 by page type, a block counting by its code points. These pages
// are what forums, listings and shops are represented by, of which the corpora with gold have few.
import { native } from '../../native/index.js';
import type { Dataset } from './dataset.js';
import { modelBytes } from './model-file.js';
import { pageOptions, readPage } from './pages.js';
import { lettersOf, type ReadPage } from './reading.js';

/** A line a page type: pages, and the mean of their F1; pages without any main text are left out. */
export function readingScores(dataset: Dataset, models: readonly Uint32Array[], readings: ReadonlyMap<string, ReadPage>): string[] {
  const bytes = models.map(modelBytes);
  const byType = new Map<string, { pages: number; f1: number }>();
  for (const { page, fold } of dataset.pages) {
    const reading = readings.get(page.sha1);
    if (reading === undefined) continue;
    const { kept, charBegin, chars } = native.inspectBlocks(readPage(page), '', page.url ?? '', { ...pageOptions, model: bytes[fold]! });
    const letters = lettersOf(reading.runs, charBegin, chars);
    const sums = { both: 0, kept: 0, wanted: 0 };
    letters.forEach((letter, block) => {
      if (letter === '?') return;
      const size = chars[block]!;
      if (letter === 'M') sums.wanted += size;
      if (kept[block]! > 0) sums.kept += size;
      if (letter === 'M' && kept[block]! > 0) sums.both += size;
    });
    if (sums.wanted === 0) continue;
    for (const type of [reading.type, 'all']) {
      const sum = byType.get(type) ?? { pages: 0, f1: 0 };
      byType.set(type, { pages: sum.pages + 1, f1: sum.f1 + (2 * sums.both) / (sums.kept + sums.wanted) });
    }
  }
  return [...byType].sort(([a], [b]) => (a < b ? -1 : 1)).map(([type, { pages, f1 }]) => `read: ${type.padEnd(14)} ${(f1 / pages).toFixed(4)}  ${pages} pages`);
}
