// MinHash on another extractor's text: resiliparse's main text of the shared real pages, against the Jaccard similarities of
// real.dups.tsv, which were made by brute force over it. Words are Python's \w+ in lower case (found by trial: 714 of the file's
// 736 values are equal to four places with resiliparse 1.0.9; white space as the border gives 436). The file leaves short pages out.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { fixedColumn, native, packagePath, utf8Column } from '../../native/index.js';
import { dedupeMinhash } from '../support/minhash.js';
import { runPhases } from '../support/phase-driver.js';
import { needsShared, sharedPath } from '../support/shared.js';

const paths = [sharedPath('data', 'real.warc.gz'), sharedPath('data', 'real.index.tsv'), sharedPath('data', 'real.dups.tsv')];
/** Pairs with a page of fewer shingles may be absent from the file at any similarity. */
const SHORT = 76;

test('on resiliparse’s text the pairs of real.dups.tsv are candidates but for misses the formula allows, and no absent pair is joined', {
  skip: paths.includes(null) && needsShared,
}, async (t) => {
  const { status, stdout, stderr } = spawnSync(
    process.env.REFINE_PYTHON ?? 'python3',
    [packagePath('tests', 'peers', 'resiliparse_words.py'), paths[0]!, paths[1]!],
    { encoding: 'utf8', maxBuffer: 1 << 30 },
  );
  assert.equal(status, 0, stderr.slice(-2000));
  const texts = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as string);
  assert.equal(texts.length, 2431);
  const text = utf8Column(texts);
  const shingles = await native.shingles(text, { size: 5, normalise: 'none', words: 'white-space', hash: 'xxh64' });
  const sets = texts.map((_, row) => new Set((shingles.values as BigUint64Array).subarray(shingles.offsets[row], shingles.offsets[row + 1])));
  const jaccard = (a: number, b: number) => {
    let both = 0;
    for (const shingle of sets[a]!) if (sets[b]!.has(shingle)) both++;
    return both === 0 ? 0 : both / (sets[a]!.size + sets[b]!.size - both);
  };
  const pairs = readFileSync(paths[2]!, 'utf8')
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => {
      const [given, , , , a, b] = line.split('\t');
      return { given: Number(given), a: Number(a), b: Number(b), ours: jaccard(Number(a), Number(b)) };
    });
  const listed = new Map(pairs.map(({ a, b, given }) => [`${Math.min(a, b)},${Math.max(a, b)}`, given]));
  const equal = pairs.filter(({ given, ours }) => Math.abs(given - ours) < 6e-5).length;
  t.diagnostic(`${equal} of ${pairs.length} similarities are the file's`);
  assert.ok(equal >= 0.95 * pairs.length);

  for (const [bands, rows] of [
    [14, 8],
    [450, 20],
  ] as const) {
    const family = bands === 14 ? 'affine' : 'dart';
    const { keys, rows: row } = await native.bandKeysOf(shingles, { bands, rows, family }, 0, bands);
    const keysOf = new Map<number, Set<string>>();
    row.forEach((page, entry) => {
      const key = `${keys[2 * entry]},${keys[2 * entry + 1]}`;
      keysOf.set(page, (keysOf.get(page) ?? new Set()).add(key));
    });
    const high = pairs.filter(({ given }) => given >= 0.8);
    let misses = 0;
    let allowed = 0;
    let variance = 0;
    for (const { a, b, ours } of high) {
      const miss = (1 - ours ** rows) ** bands;
      if (![...(keysOf.get(a) ?? [])].some((key) => keysOf.get(b)?.has(key))) misses++;
      allowed += miss;
      variance += miss * (1 - miss);
    }
    assert.ok(misses <= allowed + 3 * Math.sqrt(variance), `${misses} misses, the formula expects ${allowed}`);
    const date = { ...fixedColumn(new BigInt64Array(texts.length)), unit: 's' as const };
    const batch = { rows: texts.length, columns: { text, date } };
    const result = await runPhases(dedupeMinhash, { bands, rows, normalise: 'none', words: 'white-space' }, [[batch]], { partitions: 4 });
    let drops = 0;
    let short = 0;
    for (const [page, { drop, kept }] of result.verdicts) {
      if (drop === 0) continue;
      drops++;
      const [a, b] = [Number(page), Number(kept)].sort((x, y) => x - y) as [number, number];
      assert.ok(jaccard(a, b) >= 0.8, `${a} and ${b} joined at ${jaccard(a, b)}`);
      if (listed.has(`${a},${b}`)) continue;
      assert.ok(Math.min(sets[a]!.size, sets[b]!.size) < SHORT, `${a} and ${b} are joined and absent from the file`);
      short++;
    }
    t.diagnostic(
      `${bands} x ${rows}: ${misses} of ${high.length} pairs missed (formula ${allowed.toFixed(2)}), ${drops} pages dropped, ${short} for short pages`,
    );
  }
});
