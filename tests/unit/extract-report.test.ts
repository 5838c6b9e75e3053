// Reports of infra/extract: what counts in which row, the bootstrap's intervals, and lines of the leaderboard.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leaderboardLine } from '../../infra/extract/leaderboard.js';
import type { PageScore } from '../../infra/extract/measure.js';
import type { Corpus, Page } from '../../infra/extract/pages.js';
import { randomFrom } from '../../infra/extract/random.js';
import { measureTexts, report, ROWS } from '../../infra/extract/report.js';
import { pairedDifference } from '../../infra/extract/significance.js';

const f1 = (value: number): PageScore => ({ text: { precision: value, recall: value, f1: value } });
const meanF1 = (sums: { f1: number; pages: number }) => sums.f1 / sums.pages;

test('the interval of a mean of independent pages is that of the normal law', () => {
  const random = randomFrom(2);
  const n = 400;
  const deltas = Array.from({ length: n }, () => random(1000) / 1000 - 0.3);
  const pages = deltas.map((delta, i) => ({ group: `g${i}`, ours: f1(0.5 + delta), theirs: f1(0.5) }));
  const mean = deltas.reduce((a, b) => a + b, 0) / n;
  const sigma = Math.sqrt(deltas.reduce((sum, delta) => sum + (delta - mean) ** 2, 0) / n / n);
  const found = pairedDifference(pages, meanF1);
  assert.ok(Math.abs(found.difference - mean) < 1e-12);
  assert.ok(Math.abs(found.low - (mean - 1.96 * sigma)) < 0.15 * sigma, `${found.low} and ${mean - 1.96 * sigma}`);
  assert.ok(Math.abs(found.high - (mean + 1.96 * sigma)) < 0.15 * sigma, `${found.high} and ${mean + 1.96 * sigma}`);
  assert.deepEqual(pairedDifference(pages, meanF1), found);
});

test('pages of one site are one draw: ten equal copies of each page widen nothing', () => {
  const random = randomFrom(6);
  const pages = Array.from({ length: 60 }, (_, i) => ({ group: `g${i}`, ours: f1(random(1000) / 1000), theirs: f1(random(1000) / 1000) }));
  const copied = pages.flatMap((page) => Array.from({ length: 10 }, () => page));
  const one = pairedDifference(pages, meanF1, 2000);
  const ten = pairedDifference(copied, meanF1, 2000);
  assert.equal(ten.groups, 60);
  for (const key of ['difference', 'low', 'high'] as const) assert.ok(Math.abs(one[key] - ten[key]) < 1e-9);
});

const page = (corpus: Corpus, id: string, gold: object): Page => ({ corpus, id, sha1: id, url: null, file: '', gold: { id, url: null, sha1: id, ...gold } });

test('a row counts the pages of its corpus that have gold, and pooled those with full text', () => {
  const pages = [
    page('readability', 'a', { text: 'one two three four five' }),
    page('newspaper', 'b', { text: 'six seven eight nine' }),
    page('newspaper', 'c', { text: null }),
    page('goose3', 'd', { text: 'a b c d', gold_kind: 'prefix' }),
    page('recipes', 'e', { with: ['two eggs', 'salt'] }),
    page('trafilatura-eval', 'f', { with: ['good'], without: ['bad'] }),
  ];
  const texts = ['one two three four five', '', 'a text of a page without gold', 'a b c d e f', 'two  eggs', 'good and bad'];
  const twice = measureTexts(
    pages,
    texts.map((text) => text + text),
  );
  const rows = report(pages, measureTexts(pages, texts), twice);
  const of = (name: string) => rows.find((row) => row.row === name)!;
  assert.equal(of('readability').figure, 1);
  assert.equal(of('newspaper').figure, 0);
  assert.equal(of('pooled').figure, 0.5);
  assert.equal(of('pooled').scores.text!.pages, 2);
  assert.equal(of('goose3').figure, 1);
  assert.equal(of('recipes').figure, 0.5);
  assert.equal(of('trafilatura-eval').figure, 2 / 3);
  assert.equal(of('trafilatura-eval').scores.snippets!.accuracy, 0.5);
  assert.equal(of('readability').lengthRatio, 0.5);
});

test('a line of the leaderboard has a cell a row, and no note can break it', () => {
  const rows = report([], measureTexts([], []));
  const line = leaderboardLine('2026-11-21', 'abc1234+', 'trees | more\nof them', rows, 0.1234567);
  assert.equal(line.split('|').length, 1 + 3 + ROWS.length + 1 + 1);
  assert.match(line, /^\| 2026-11-21 \| abc1234\+ \| trees \/ more of them \| .* \| 0\.1235 \|\n$/);
});
