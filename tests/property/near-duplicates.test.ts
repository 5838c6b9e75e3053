import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Batch, column, type ListColumn, native, type ShingleParams } from '../../native/index.js';
import { dedupeMinhash } from '../support/minhash.js';
import { extract } from '../../stages/extract/extract.js';
import { runPhases } from '../support/phase-driver.js';
import { realPages } from '../support/real-pages.js';
import { needsShared } from '../support/shared.js';

const batches = realPages();
const SHINGLES: ShingleParams = { size: 5, normalise: 'default', words: 'white-space', hash: 'xxh64' };

/** Intersection sizes of all pairs of sets by an inverted index: entry i x n + j for i < j. */
function intersections(sets: readonly BigUint64Array[]): Uint32Array {
  const n = sets.length;
  const postings = new Map<bigint, number[]>();
  sets.forEach((set, row) => {
    for (const shingle of set) {
      const rows = postings.get(shingle);
      if (rows === undefined) postings.set(shingle, [row]);
      else rows.push(row);
    }
  });
  const common = new Uint32Array(n * n);
  for (const rows of postings.values()) {
    for (let i = 0; i < rows.length; i++) for (let j = i + 1; j < rows.length; j++) common[rows[i]! * n + rows[j]!]!++;
  }
  return common;
}

test('on real pages every pair at Jaccard .8 or more is a candidate but for misses that 1-(1-s^8)^14 allows, and none below .3', {
  skip: batches === null && needsShared,
}, async () => {
  const stage = await extract.open(extract.schema.parse({}), { seed: 1n, baseDir: '.', device: 'cpu' });
  const documents: Batch[] = [];
  const sets: BigUint64Array[] = [];
  const lists: ListColumn[] = [];
  for (const batch of batches!) {
    const { columns } = await stage.process(batch, new AbortController().signal);
    const text = column({ rows: batch.rows, columns: columns! }, 'text', 'utf8');
    documents.push({ rows: batch.rows, columns: { text, date: batch.columns.date! } });
    const shingles = await native.shingles(text, SHINGLES);
    lists.push(shingles);
    for (let row = 0; row < batch.rows; row++) sets.push((shingles.values as BigUint64Array).subarray(shingles.offsets[row], shingles.offsets[row + 1]));
  }
  await stage.close();
  const n = sets.length;
  assert.equal(n, 2431);

  const common = intersections(sets);
  const jaccard = (i: number, j: number) => {
    const both = common[Math.min(i, j) * n + Math.max(i, j)]!;
    return both === 0 ? 0 : both / (sets[i]!.length + sets[j]!.length - both);
  };
  // Candidates as the barrier sees them: groups of equal band keys, all pairs of a group.
  const groups = new Map<string, number[]>();
  let base = 0;
  for (const shingles of lists) {
    const { keys, rows } = await native.bandKeysOf(shingles, { bands: 14, rows: 8, family: 'affine' }, 0, 14);
    rows.forEach((row, entry) => {
      const key = `${keys[2 * entry]},${keys[2 * entry + 1]}`;
      const members = groups.get(key);
      if (members === undefined) groups.set(key, [base + row]);
      else members.push(base + row);
    });
    base += shingles.offsets.length - 1;
  }
  const candidate = new Uint8Array(n * n);
  for (const members of groups.values()) {
    for (let i = 0; i < members.length; i++) for (let j = i + 1; j < members.length; j++) candidate[members[i]! * n + members[j]!] = 1;
  }

  let high = 0;
  let misses = 0;
  let allowed = 0;
  let variance = 0;
  let candidates = 0;
  let between = 0;
  let betweenFound = 0;
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      const s = jaccard(i, j);
      const found = candidate[i * n + j] === 1;
      if (found) {
        candidates++;
        assert.ok(s >= 0.3, `pages ${i} and ${j} are candidates at Jaccard ${s}`);
      }
      if (s >= 0.3 && s < 0.8) between++;
      if (s >= 0.3 && s < 0.8 && found) betweenFound++;
      if (s < 0.8) continue;
      high++;
      const miss = (1 - s ** 8) ** 14;
      if (s === 1) assert.ok(found, `pages ${i} and ${j} have equal shingles and are no candidates`);
      if (!found) misses++;
      allowed += miss;
      variance += miss * (1 - miss);
    }
  }
  assert.ok(high > 300, `only ${high} pairs at .8: is this real.warc.gz?`);
  assert.ok(misses <= allowed + 3 * Math.sqrt(variance), `${misses} misses among ${high} pairs, the formula expects ${allowed}`);

  const verdicts = await runPhases(dedupeMinhash, {}, [documents], { partitions: 4 });
  const drops = verdicts.drops.reduce((sum, drop) => sum + drop, 0);
  for (const [row, { drop, kept }] of verdicts.verdicts) {
    if (drop !== 0) assert.ok(jaccard(Number(row), Number(kept)) >= 0.8, `page ${row} went for page ${kept} at Jaccard ${jaccard(Number(row), Number(kept))}`);
  }
  const gone = (row: number) => (verdicts.verdicts.get(BigInt(row))?.drop ?? 0) !== 0;
  let left = 0;
  for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) if (!gone(i) && !gone(j) && jaccard(i, j) >= 0.8) left++;
  assert.ok(left <= misses, `${left} pairs at .8 or more are both kept, ${misses} are no candidates`);
  console.log(
    `${n} pages, ${high} pairs at .8 or more, ${misses} missed (formula ${allowed.toFixed(2)}), ${candidates} candidates (${betweenFound} of ${between} pairs between .3 and .8), ${drops} pages dropped`,
  );
});
