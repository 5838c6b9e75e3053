// Which pages may not stand on both sides of a fold: pages of one site, and pages that share half their text.
// Invariant: the groups are a function of the pages alone: union-find over sorted keys, named by their lowest sha1.
import { gunzipSync } from 'node:zlib';
import { readFileSync } from 'node:fs';
import { bytesColumn, native, packagePath, stringAt, utf8Column } from '../../native/index.js';
import { type Page, pageOptions, readPage } from './pages.js';

const SHINGLE_WORDS = 5;
const NEAR = 0.5; // Jaccard of 5-word shingles from which two pages count as one
const SITES_OF_A_NAME = 3; // a declared site name that more domains share ("Blog") joins nothing
const COMMON = 200; // a shingle on more pages than this is furniture, and says nothing of two pages

class Sets {
  private readonly parent: number[];
  constructor(n: number) {
    this.parent = Array.from({ length: n }, (_, i) => i);
  }
  find(i: number): number {
    let root = i;
    while (this.parent[root] !== root) root = this.parent[root]!;
    while (this.parent[i] !== root) [this.parent[i], i] = [root, this.parent[i]!];
    return root;
  }
  join(a: number, b: number): void {
    const x = this.find(a);
    const y = this.find(b);
    this.parent[Math.max(x, y)] = Math.min(x, y);
  }
}

/** Items with a key in common, or linked by a pair, directly or through others, get one group: the index of its first item. */
export function groupsOf(keys: readonly (readonly string[])[], pairs: Iterable<readonly [number, number]>): number[] {
  const sets = new Sets(keys.length);
  const seen = new Map<string, number>();
  keys.forEach((own, item) => {
    for (const key of own) {
      const first = seen.get(key);
      if (first === undefined) seen.set(key, item);
      else sets.join(first, item);
    }
  });
  for (const [a, b] of pairs) sets.join(a, b);
  return keys.map((_, item) => sets.find(item));
}

/** Pairs of sets with a Jaccard of at least `least`, by counting what they share. */
export function* nearPairs(sets: readonly (readonly bigint[])[], least: number): Generator<[number, number]> {
  const holders = new Map<bigint, number[]>();
  sets.forEach((set, item) => {
    for (const value of set) {
      const list = holders.get(value);
      if (list === undefined) holders.set(value, [item]);
      else list.push(item);
    }
  });
  const shared = new Map<number, number>();
  for (const list of holders.values()) {
    if (list.length < 2 || list.length > COMMON) continue;
    for (let i = 0; i < list.length; i++)
      for (let j = i + 1; j < list.length; j++) shared.set(list[i]! * sets.length + list[j]!, (shared.get(list[i]! * sets.length + list[j]!) ?? 0) + 1);
  }
  for (const [pair, common] of shared) {
    const a = Math.floor(pair / sets.length);
    const b = pair % sets.length;
    if (common >= least * (sets[a]!.length + sets[b]!.length - common)) yield [a, b];
  }
}

const rank = (label: string): string => (label.startsWith('site:') ? `0${label}` : `1${label}`);

/** A group name (a site's domain where there is one) for each page. */
export async function groupPages(pages: readonly Page[]): Promise<string[]> {
  const filter = native.urlFilterNew(gunzipSync(readFileSync(packagePath('stages', 'url', 'public-suffix-list.dat.gz'))));
  const domainOf = (url: string | null): string | null => (url === null || url === '' ? null : native.registrableDomain(filter, url));
  const none = bytesColumn('utf8', [null]);
  const texts: string[] = [];
  const names: string[] = [];
  const keys: string[][] = [];
  for (const page of pages) {
    const found = await native.extractPages(
      { url: none, html: bytesColumn('binary', [readPage(page)]), text: none, contentType: none, xRobotsTag: none },
      { ...pageOptions, mode: 'recall' },
    );
    texts.push(stringAt(found.text, 0) ?? '');
    const own = domainOf(page.url) ?? domainOf(stringAt(found.canonicalUrl, 0));
    keys.push([`sha1:${page.sha1}`, ...(own !== null ? [`site:${own}`] : [])]);
    names.push(stringAt(found.siteName, 0)?.trim().toLowerCase() ?? '');
  }
  const sitesOf = new Map<string, Set<string>>();
  keys.forEach(([, site], item) => {
    if (site !== undefined && names[item] !== '') sitesOf.set(names[item]!, (sitesOf.get(names[item]!) ?? new Set()).add(site));
  });
  names.forEach((name, item) => {
    if (name !== '' && (sitesOf.get(name)?.size ?? 0) <= SITES_OF_A_NAME) keys[item]!.push(`name:${name}`);
  });
  const hashes = await native.shingles(utf8Column(texts), { size: SHINGLE_WORDS, normalise: 'default', words: 'white-space', hash: 'xxh64' });
  const values = hashes.values as BigUint64Array;
  const sets = texts.map((_, row) => [...values.subarray(hashes.offsets[row]!, hashes.offsets[row + 1]!)]);
  const groups = groupsOf(keys, nearPairs(sets, NEAR));
  const labels = new Map<number, string>();
  groups.forEach((group, item) => {
    const label = keys[item]!.find((key) => key.startsWith('site:')) ?? keys[item]![0]!;
    const known = labels.get(group);
    if (known === undefined || rank(label) < rank(known)) labels.set(group, label);
  });
  return groups.map((group) => labels.get(group)!);
}
