// Five folds of whole groups (groups.ts), so that every page is judged by a model that saw neither its site nor its text. The
// assignment is committed (folds.tsv: sha1, group, fold), so that scores of different days compare.
//   node dist/infra/extract/make-folds.js     writes it anew
import { readFileSync } from 'node:fs';
import { packagePath } from '../../native/index.js';
import type { Page } from './pages.js';

export const FOLDS = 5;

export interface Place {
  readonly group: string;
  readonly fold: number;
}

/**
 * The fold of each item. Largest groups first (ties by name), each to the fold with the fewest items of the group's main kind,
 * then the fewest items: every fold gets its share of every corpus.
 */
export function assignFolds(groups: readonly string[], kinds: readonly string[], folds = FOLDS): number[] {
  const members = new Map<string, Map<string, number>>();
  groups.forEach((group, item) => {
    let counts = members.get(group);
    if (counts === undefined) members.set(group, (counts = new Map()));
    counts.set(kinds[item]!, (counts.get(kinds[item]!) ?? 0) + 1);
  });
  const size = (counts: Map<string, number>) => [...counts.values()].reduce((a, b) => a + b, 0);
  const order = [...members].sort(([nameA, a], [nameB, b]) => size(b) - size(a) || (nameA < nameB ? -1 : 1));
  const filled = Array.from({ length: folds }, () => new Map<string, number>());
  const foldOf = new Map<string, number>();
  for (const [group, counts] of order) {
    const main = [...counts].sort(([kindA, a], [kindB, b]) => b - a || (kindA < kindB ? -1 : 1))[0]![0];
    let best = 0;
    for (let fold = 1; fold < folds; fold++) {
      const less = (filled[fold]!.get(main) ?? 0) - (filled[best]!.get(main) ?? 0) || size(filled[fold]!) - size(filled[best]!);
      if (less < 0) best = fold;
    }
    foldOf.set(group, best);
    for (const [kind, count] of counts) filled[best]!.set(kind, (filled[best]!.get(kind) ?? 0) + count);
  }
  return groups.map((group) => foldOf.get(group)!);
}

export const foldsFile = packagePath('infra', 'extract', 'folds.tsv');

/** The committed place of each page, by sha1. */
export function readFolds(): Map<string, Place> {
  const places = new Map<string, Place>();
  for (const line of readFileSync(foldsFile, 'utf8').split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const [sha1, group, fold] = line.split('\t');
    places.set(sha1!, { group: group!, fold: Number(fold) });
  }
  return places;
}

export function placeOf(places: ReadonlyMap<string, Place>, page: Page): Place {
  const place = page.corpus === 'golden' ? { group: page.sha1, fold: page.id.length % FOLDS } : places.get(page.sha1);
  if (place === undefined)
    throw new Error(`${page.corpus}/${page.id} (sha1 ${page.sha1}) is not in infra/extract/folds.tsv: run node dist/infra/extract/make-folds.js`);
  return place;
}
