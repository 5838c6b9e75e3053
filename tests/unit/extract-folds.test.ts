// Folds of infra/extract: whole groups, alike in size; and what the committed list says of the development pages.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { assignFolds, FOLDS, placeOf, readFolds } from '../../infra/extract/folds.js';
import { groupsOf, nearPairs } from '../../infra/extract/groups.js';
import { loadPages } from '../../infra/extract/pages.js';
import { randomFrom } from '../../infra/extract/random.js';
import { native, packagePath } from '../../native/index.js';
import { needsShared, sharedPath } from '../support/shared.js';

test('no group is in two folds, folds are alike in size and in every kind, and order does not matter', () => {
  const random = randomFrom(3);
  for (let round = 0; round < 30; round++) {
    const items = Array.from({ length: 500 }, () => ({ group: `g${random(150)}`, kind: `k${random(3)}` }));
    const of = (list: typeof items) =>
      assignFolds(
        list.map((item) => item.group),
        list.map((item) => item.kind),
      );
    const folds = of(items);
    const byGroup = new Map<string, number>();
    items.forEach((item, i) => {
      assert.equal(byGroup.get(item.group) ?? folds[i], folds[i]);
      byGroup.set(item.group, folds[i]!);
    });
    const sizes = Array.from({ length: FOLDS }, (_, k) => folds.filter((fold) => fold === k).length);
    assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 15, `${sizes}`);
    assert.deepEqual(of(items.slice().reverse()), folds.slice().reverse());
  }
});

test('items with a common key, or linked by pairs, are one group, however long the way', () => {
  const groups = groupsOf([['a'], ['b'], ['a', 'c'], ['d'], ['c'], ['e']], [[4, 3]]);
  assert.deepEqual(groups, [0, 1, 0, 0, 0, 5]);
});

test('near pairs are those of a Jaccard at or above the bound, as counted by brute force', () => {
  const random = randomFrom(8);
  const sets = Array.from({ length: 60 }, () => [...new Set(Array.from({ length: 1 + random(12) }, () => BigInt(random(25))))]);
  const wanted: string[] = [];
  for (let a = 0; a < sets.length; a++)
    for (let b = a + 1; b < sets.length; b++) {
      const common = sets[a]!.filter((value) => sets[b]!.includes(value)).length;
      if (common / (sets[a]!.length + sets[b]!.length - common) >= 0.4) wanted.push(`${a},${b}`);
    }
  assert.ok(wanted.length > 5);
  assert.deepEqual([...nearPairs(sets, 0.4)].map(String).sort(), wanted.sort());
});

test('the committed folds hold every development page, and one fold every site', { skip: sharedPath('data', 'pages') === null && needsShared }, () => {
  const places = readFolds();
  const filter = native.urlFilterNew(gunzipSync(readFileSync(packagePath('stages', 'url', 'public-suffix-list.dat.gz'))));
  const seen = new Map<string, number>();
  const foldOfGroup = new Map<string, number>();
  for (const page of loadPages()) {
    const { group, fold } = placeOf(places, page);
    assert.ok(fold >= 0 && fold < FOLDS);
    for (const [map, key] of [
      [foldOfGroup, group],
      [seen, page.url === null ? page.sha1 : (native.registrableDomain(filter, page.url) ?? page.sha1)],
    ] as const) {
      assert.equal(map.get(key) ?? fold, fold, `${key} is in two folds`);
      map.set(key, fold);
    }
  }
});
