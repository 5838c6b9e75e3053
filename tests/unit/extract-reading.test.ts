// Labels made by reading pages: the file's form, and how they fall on blocks however a page is cut.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFolds } from '../../infra/extract/folds.js';
import { addReading, formatRuns, lettersOf, parseRuns, readPageLabels, runsOf } from '../../infra/extract/reading.js';

test('runs are written and read back, and a run that overlaps or ends before it begins is refused', () => {
  const text = 'M0-12,?12-20,C31-40';
  assert.equal(formatRuns(parseRuns(text)), text);
  assert.deepEqual(parseRuns(''), []);
  for (const bad of ['M5-5', 'M9-4', 'M0-5,C4-9', 'B0-5', 'M0', 'M0-5,']) assert.throws(() => parseRuns(bad), /is no run/, bad);
});

test('blocks have the letter of nine tenths of their code points, else none', () => {
  const runs = parseRuns('M10-30,C30-40');
  assert.equal(lettersOf(runs, [0, 10, 20, 30, 40], [10, 10, 10, 10, 5]).join(''), 'BMMCB');
  assert.equal(lettersOf(runs, [0, 9, 28, 5, 0], [9, 21, 12, 10, 50]).join(''), 'BM???');
});

test('letters become runs and the same letters again, also where blocks have gaps between them', () => {
  const letters = ['B', 'M', 'M', 'B', 'C', '?', '?', 'M'] as const;
  const begins = [0, 5, 12, 20, 24, 30, 31, 40];
  const sizes = [5, 6, 8, 4, 5, 1, 6, 2];
  const runs = runsOf(letters, begins, sizes);
  assert.equal(formatRuns(runs), 'M5-20,C24-29,?30-37,M40-42');
  assert.deepEqual(lettersOf(runs, begins, sizes), [...letters]);
});

test('a reader fills in what the gold leaves open, and never overrules it', () => {
  const gold = { label: Uint8Array.of(1, 0, 0, 0, 0), weight: Float64Array.of(1, 1, 0, 0, 0) };
  const { label, weight } = addReading(gold, ['B', 'M', 'M', 'C', '?']);
  assert.deepEqual([...label], [1, 0, 1, 0, 0]);
  assert.deepEqual([...weight], [1, 1, 1, 0.3, 0]);
});

test('every page of the committed labels has its place in a fold', () => {
  const places = readFolds();
  for (const [sha1, { type, runs }] of readPageLabels()) {
    assert.ok(places.has(sha1), sha1);
    assert.match(type, /^[a-z]+$/);
    assert.ok(Array.isArray(runs));
  }
});
