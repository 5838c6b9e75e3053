// `refine sample`: strata, weights that make estimates unbiased, and the way back into train-classifier. Expectations: counted from
// the documents themselves.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { kappaOf, scoresOf } from '../../pipeline/classifier-scores.js';
import { readRun } from '../../pipeline/run-folder.js';
import { placesOf, sampleRun } from '../../pipeline/sample.js';
import { refine } from '../support/cli.js';
import { madeRun } from '../support/readiness-runs.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-sample-'));
after(() => rmSync(folder, { recursive: true, force: true }));
let run = '';
const signal = new AbortController().signal;
before(async () => {
  run = await madeRun(folder, { seed: 9, shards: 4, documents: 80, keepText: true });
});

interface Line {
  readonly id: string;
  readonly lang: string;
  readonly weight: number;
  readonly stratum: string;
  readonly token_count: number;
}
const draw = async (columns: string[], n: number, seed = 1n) => {
  const { lines, strata, documents } = await sampleRun(await readRun(run), { columns, n, seed }, signal);
  return { lines: lines as unknown as Line[], strata, documents };
};

test('strata share the places alike, small ones give all they have, and weights sum to the documents', async () => {
  const { lines, strata, documents } = await draw(['lang'], 120);
  assert.equal(documents, 320);
  assert.equal(lines.length, 120);
  assert.deepEqual(
    strata.map(({ name }) => name),
    ['lang=de', 'lang=en', 'lang=es'],
  );
  assert.deepEqual(
    strata.map(({ drawn }) => drawn),
    [40, 40, 40],
  );
  for (const { name, documents: all, drawn } of strata) {
    const own = lines.filter(({ stratum }) => stratum === name);
    assert.equal(own.length, drawn);
    for (const { weight } of own) assert.equal(weight, all / drawn);
  }
  const total = lines.reduce((sum, { weight }) => sum + weight, 0);
  assert.ok(Math.abs(total - documents) < 1e-9, String(total));
  assert.deepEqual(
    [
      ...placesOf(
        new Map([
          ['a', 3],
          ['b', 1000],
          ['c', 10],
        ]),
        50,
      ),
    ].sort(),
    [
      ['a', 3],
      ['b', 37],
      ['c', 10],
    ],
  );
});

test('numbers are cut at fifths, and the weighted mean over seeds is that of all documents', async () => {
  const { strata } = await draw(['token_count'], 50);
  assert.equal(strata.length, 5);
  for (const { documents } of strata) assert.ok(Math.abs(documents - 64) <= 6, JSON.stringify(strata));
  const whole = await draw([], 320);
  const mean = whole.lines.reduce((sum, { token_count }) => sum + token_count, 0) / 320;
  let estimate = 0;
  for (let seed = 1n; seed <= 40n; seed++) {
    const { lines } = await draw(['lang'], 60, seed);
    estimate += lines.reduce((sum, { token_count, weight }) => sum + token_count * weight, 0) / 320 / 40;
  }
  assert.ok(Math.abs(estimate - mean) < 0.06 * mean, `${estimate} of ${mean}`); // the deviation of 40 draws of 60 is 2 %
});

test('one seed is one sample, another is another; a column that is not there is named', async () => {
  const ids = async (seed: bigint) => (await draw(['lang'], 30, seed)).lines.map(({ id }) => id).join();
  assert.equal(await ids(1n), await ids(1n));
  assert.notEqual(await ids(1n), await ids(2n));
  await assert.rejects(draw(['score_quality'], 30), /no column "score_quality"/);
});

test('labels written into the sample come back as a classifier with its agreement', async () => {
  const out = join(folder, 'label.jsonl');
  const made = await refine(['sample', run, '--stratify', 'lang', '-n', '200', '-o', out]);
  assert.equal(made.code, 0, made.stderr);
  assert.match(made.stderr, /200 of 320 documents/);
  const lines = readFileSync(out, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line & { label: string });
  assert.ok(lines.every(({ label }) => label === ''));
  writeFileSync(out, lines.map((line) => `${JSON.stringify({ ...line, label: line.lang === 'en' ? 'english' : 'other' })}\n`).join(''));
  const trained = await refine([
    'train-classifier',
    '--fasttext',
    out,
    '-o',
    join(folder, 'm.bin'),
    '--buckets',
    '1000',
    '--dim',
    '8',
    '--epochs',
    '20',
    '--held-out',
    '0.3',
    '--score-field',
    'token_count',
  ]);
  assert.equal(trained.code, 0, trained.stderr);
  assert.match(trained.stdout, /is \\ guess +\S+ +\S+/);
  assert.match(trained.stdout, /Cohen's kappa\): 0\.\d{3}|Cohen's kappa\): 1\.000/);
  assert.match(trained.stdout, /the earlier score on \d+ of them: AUC /);
});

test("Cohen's kappa is 1 for agreement, 0 for chance, and .4 in his own form of example", () => {
  assert.equal(
    kappaOf([
      [5, 0],
      [0, 7],
    ]),
    1,
  );
  assert.equal(
    kappaOf([
      [25, 25],
      [25, 25],
    ]),
    0,
  );
  // 100 cases, 70 agree, both sides half and half: (.7 - .5) / (1 - .5)
  assert.ok(
    Math.abs(
      kappaOf([
        [35, 15],
        [15, 35],
      ])! - 0.4,
    ) < 1e-12,
  );
  assert.equal(kappaOf([[9]]), null);
  const scores = scoresOf(['a', 'b'], [['a'], ['b'], ['b']], Float32Array.from([0.9, 0.1, 0.6, 0.4, 0.2, 0.8]), [3, undefined, 1]);
  assert.deepEqual(scores.confusion, [
    [1, 0],
    [1, 1],
  ]);
  assert.deepEqual(scores.earlier, { examples: 2, auc: { a: 1, b: 0 } });
});
