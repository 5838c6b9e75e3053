// The made pages (made-pages/) as pages to learn from: kinds of pages that the real ones hardly show. Their labels are a reader's
// (reading.ts), their groups the templates: a template never stands in two folds.
import { templates } from './made-pages/catalogue.js';
import { makePages } from './made-pages/make.js';
import { FOLDS, type Place } from './folds.js';
import type { Page } from './pages.js';
import type { ReadPage, Run } from './reading.js';

export interface Made {
  readonly pages: readonly Page[];
  readonly readings: ReadonlyMap<string, ReadPage>;
  readonly places: ReadonlyMap<string, Place>;
}

export function madePages(): Made {
  const pages: Page[] = [];
  const readings = new Map<string, ReadPage>();
  const places = new Map<string, Place>();
  const sites = new Map<string, number>();
  for (const { id, type, site, url, html, runs } of makePages(templates)) {
    const sha1 = `made:${id}`;
    if (!sites.has(site)) sites.set(site, sites.size % FOLDS);
    pages.push({ corpus: 'made', id, sha1, url, gold: { id, url, sha1 }, file: '', html: Buffer.from(html) });
    readings.set(sha1, {
      type: `made ${type}`,
      runs: runs.flatMap(({ begin, end, label }) => (label === '-' ? [] : [{ letter: label, begin, end } satisfies Run])),
    });
    places.set(sha1, { group: site, fold: sites.get(site)! });
  }
  return { pages, readings, places };
}
