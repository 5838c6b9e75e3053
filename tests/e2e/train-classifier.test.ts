// `refine train-classifier` and the step `fasttext` as a user meets them: from labelled texts to scored and dropped documents.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { madeDocuments } from '../../infra/bench/generated-text.js';
import { refine, startRefine } from '../support/cli.js';

let folder: string;
let clean: string;
const at = (name: string): string => join(folder, name);
const options = ['--dim', '10', '--epochs', '60', '--rate', '0.5', '--held-out', '0.2'];
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'refine-classifier-'));
  const good = [...madeDocuments('latin', 1, 60_000)].map((text) => text.replaceAll('\n', ' '));
  clean = good[0]!;
  const bad = good.map((text, i) => `${text.slice(0, 200)} buy now cheap offer${i % 9} click`);
  writeFileSync(at('good.txt'), good.join('\n'));
  writeFileSync(at('bad.jsonl'), bad.map((text) => JSON.stringify({ text })).join('\n'));
  const lines = [...good.map((text) => ({ body: text, class: 'good' })), ...bad.map((text) => ({ body: text, class: ['bad'] }))].map((line) =>
    JSON.stringify(line),
  );
  writeFileSync(
    at('both.jsonl.gz'),
    gzipSync(
      [...lines, '{"body": "no label"}', '{"class": "good"}', '{"body": " \\t", "class": "good"}', '{"body": "x", "class": "a b"}', '{broken', ''].join('\n'),
    ),
  );
  writeFileSync(at('both.txt'), [...good.map((text) => `__label__good ${text}`), ...bad.map((text) => `__label__bad ${text}`)].join('\n'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

test('LABEL=PATH, JSON lines and fastText lines of the same examples give one model; the card tells its scores and what was left out', async () => {
  const named = await refine(['train-classifier', '--fasttext', `good=${at('good.txt')}`, `bad=${at('bad.jsonl')}`, '-o', at('a.bin'), ...options]);
  assert.equal(named.code, 0, named.stderr);
  const json = await refine([
    'train-classifier',
    '--fasttext',
    at('both.jsonl.gz'),
    '--text-field',
    'body',
    '--label-field',
    'class',
    '-o',
    at('b.bin'),
    '--json',
    ...options,
  ]);
  assert.equal(json.code, 0, json.stderr);
  const lines = await refine(['train-classifier', '--fasttext', at('both.txt'), '-o', at('c.bin'), ...options]);
  assert.equal(lines.code, 0, lines.stderr);
  assert.deepEqual(readFileSync(at('b.bin')), readFileSync(at('a.bin')));
  assert.deepEqual(readFileSync(at('c.bin')), readFileSync(at('a.bin')));
  assert.match(named.stdout, /accuracy [\d.]+ \(always the most frequent label: [\d.]+\)\nlabel +examples +precision +recall +F1 +AUC\n/);
  const card = JSON.parse(readFileSync(at('b.json'), 'utf8'));
  assert.deepEqual(card, JSON.parse(json.stdout));
  assert.deepEqual(card.skipped, { 'bad-json': 1, 'no-text': 2, 'no-label': 1, 'bad-label': 1 });
  assert.equal(card.bytes, readFileSync(at('b.bin')).length);
  assert.ok(card.scores.examples > 5 && card.scores.labels.every(({ auc }: { auc: number }) => auc > 0.95), JSON.stringify(card.scores));
});

test('an .ftz is quantised, and the step scores, labels and drops with it', async () => {
  const made = await refine(['train-classifier', '--fasttext', at('both.txt'), '-o', at('small.ftz'), ...options]);
  assert.equal(made.code, 0, made.stderr);
  assert.match(made.stdout, /, before quantisation [\d.]+\n/);
  writeFileSync(
    at('page.jsonl'),
    [clean, 'buy now cheap offer3 click buy now cheap', '\u4e00'].map((text, id) => JSON.stringify({ id: `${id}`, text })).join('\n'),
  );
  const tryWith = async (step: object) => {
    const done = await refine(['try', 'fasttext', '--with', JSON.stringify({ model: at('small.ftz'), ...step }), at('page.jsonl')]);
    assert.equal(done.code, 0, done.stderr);
    return done.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  };
  const labelled = await tryWith({ keep: ['good'] });
  assert.equal(labelled[1].label_fasttext, 'bad');
  assert.equal(labelled[1].reason, 'fasttext/wrong-label');
  const scored = await tryWith({ label: 'bad', score: 'spam', 'max-score': 0.5 });
  assert.equal(scored[1].reason, 'fasttext/high-score');
  assert.ok(scored[1].score_spam > 0.9 && scored[0].score_spam < 0.5 && scored[0].kept, JSON.stringify(scored));
  assert.ok(Math.abs(labelled[1].score_fasttext - scored[1].score_spam) < 1e-6);
  assert.equal('label_spam' in scored[0], false);
});

test('a bound may be a quantile of all documents: the lowest go, whatever their scores', async () => {
  const texts = [clean, `${clean} buy now`, 'buy now cheap offer3 click', 'offer1 offer2 cheap click buy now', 'buy'];
  writeFileSync(at('five.jsonl'), texts.map((text, id) => JSON.stringify({ id: `${id}`, text })).join('\n'));
  const step = (bound: object) => JSON.stringify({ model: at('a.bin'), label: 'good', ...bound });
  const scored = await refine(['try', 'fasttext', '--with', step({}), at('five.jsonl')]);
  const rows = scored.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const cut = await refine(['try', 'fasttext', '--with', step({ 'min-score': { quantile: 0.4 } }), at('five.jsonl')]);
  assert.equal(cut.code, 0, cut.stderr);
  const kept = cut.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const lowest = [...rows].sort((a, b) => a.score_fasttext - b.score_fasttext).slice(0, 2);
  for (const row of kept) assert.equal(row.reason, lowest.some(({ id }) => id === row.id) ? 'fasttext/low-score' : null, row.id);
});

test('an interrupt ends training at once and leaves no file', { skip: process.platform === 'win32' }, async () => {
  // A process that is still starting has no handler and dies of the signal itself: on a busy machine another gets more time.
  for (const waitMs of [3000, 10_000, 30_000]) {
    const { child, done } = startRefine(['train-classifier', '--fasttext', at('both.txt'), '-o', at('never.bin'), '--epochs', '10000', '--dim', '1024']);
    let exited = false;
    void done.then(() => (exited = true));
    await new Promise((resolve) => setTimeout(resolve, waitMs)); // hours of training are under way
    assert.equal(exited, false);
    child.kill('SIGINT');
    const { code, signal, stderr } = await done; // the test file's own time limit is the verdict where it hangs
    if (signal === 'SIGINT' && waitMs < 30_000) continue;
    assert.equal(code, 130, stderr);
    assert.match(stderr, /ERR_REFINE_INTERRUPTED/);
    assert.equal(existsSync(at('never.bin')), false);
    return;
  }
});

test('mistakes are named: no model, an unknown label, bounds that keep nothing, wrong usage', async () => {
  const bare = await refine(['try', 'fasttext', at('page.jsonl')]);
  assert.equal(bare.code, 2);
  assert.match(bare.stderr, /names no model.*refine train-classifier --fasttext/);
  const wrong = await refine([
    'try',
    'fasttext',
    '--with',
    JSON.stringify({ model: at('a.bin'), label: 'god', 'min-score': 0.6, 'max-score': 0.4 }),
    at('page.jsonl'),
  ]);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /0\.4 is below min-score 0\.6/);
  assert.match(wrong.stderr, /no label "god"\. It has 2: /);
  const kind = await refine(['train-classifier', at('both.txt'), '-o', at('x.bin')]);
  assert.equal(kind.code, 2);
  assert.match(kind.stderr, /Say --fasttext/);
  const unlabelled = await refine(['train-classifier', '--fasttext', at('good.txt'), '-o', at('x.bin')]);
  assert.equal(unlabelled.code, 1);
  assert.match(unlabelled.stderr, /no example is left to learn from \(left out: no-label \d+\)/);
});
