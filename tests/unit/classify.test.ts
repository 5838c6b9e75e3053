// The step `classify` on a tiny BERT (tests/fixtures/model/tiny-onnx, made by infra/model/onnx_model.py): the probabilities of
// transformers on both runtimes, whatever the batches; options, labels, languages, windows, refusals by name.
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type Batch, isValid, packagePath, utf8Column, valueAt } from '../../native/index.js';
import { classifyWith } from '../../stages/classify/classify.js';
import type { StageEnv, StageRun } from '../../stages/contract/stage.js';
import { loadTokenizer } from '../../stages/tokenize/load-tokenizer.js';

const fixture = packagePath('tests', 'fixtures', 'model', 'tiny-onnx');
const golden = JSON.parse(readFileSync(join(fixture, 'golden.json'), 'utf8')) as {
  labels: string[];
  cases: { text: string; probabilities: number[]; logits: number[] }[];
};
const step = classifyWith(loadTokenizer);
const env: StageEnv = { seed: 1n, baseDir: '/', device: 'cpu' };
const signal = new AbortController().signal;
const made: string[] = [];
const opened = new Map<string, Promise<StageRun>>();
after(async () => {
  for (const run of opened.values()) await (await run.catch(() => null))?.close();
  for (const folder of made) rmSync(folder, { recursive: true });
});

const options = (given: object) => step.schema.parse({ model: fixture, languages: 'all', ...given });
const batchOf = (texts: readonly (string | null)[], lang?: readonly (string | null)[]): Batch => ({
  rows: texts.length,
  columns: { text: utf8Column(texts), ...(lang === undefined ? {} : { lang: utf8Column(lang) }) },
});

async function run(given: object, batch: Batch) {
  const key = JSON.stringify(given);
  if (!opened.has(key)) opened.set(key, step.open(options(given), env));
  const { columns, drops, notes } = await (await opened.get(key)!).process(batch, signal);
  const read = (name: string) => Array.from({ length: batch.rows }, (_, row) => (isValid(columns![name]!, row) ? valueAt(columns![name]!, row) : null));
  return { read, names: Object.keys(columns!), drops: [...(drops ?? [])], notes };
}

/** The fixture with another config, less some files. */
function changed(config: object, without: readonly string[] = []): string {
  const folder = mkdtempSync(join(tmpdir(), 'refine-classify-'));
  made.push(folder);
  cpSync(fixture, folder, { recursive: true });
  for (const name of without) rmSync(join(folder, name));
  const file = join(folder, 'config.json');
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), ...config }));
  return folder;
}

const hasOnnx = (() => {
  try {
    createRequire(import.meta.url).resolve('onnxruntime-node');
    return true;
  } catch {
    return false;
  }
})();
const needsOnnx = 'needs onnxruntime-node (npm install --no-save onnxruntime-node@1.17.0)';
const RUNTIMES = [
  { runtime: 'refine', within: 1e-5, skip: false },
  { runtime: 'onnx', within: 1e-3, skip: !hasOnnx && needsOnnx },
] as const;

for (const { runtime, within, skip } of RUNTIMES) {
  test(`${runtime}: each label's probability is that of transformers, best label and its probability by default`, { skip }, async () => {
    const texts = golden.cases.map(({ text }) => text);
    for (const [at, label] of golden.labels.entries()) {
      const { read, names } = await run({ runtime, label }, batchOf(texts));
      assert.deepEqual(names, ['score_classify']);
      for (const [row, score] of read('score_classify').entries())
        assert.ok(Math.abs((score as number) - golden.cases[row]!.probabilities[at]!) < within, `${label}, row ${row}: ${score}`);
    }
    const { read } = await run({ runtime, score: 'page' }, batchOf(texts));
    for (const [row, { probabilities }] of golden.cases.entries()) {
      const top = Math.max(...probabilities);
      assert.ok(Math.abs((read('score_page')[row] as number) - top) < within);
      assert.equal(read('label_page')[row], golden.labels[probabilities.indexOf(top)]);
    }
  });

  test(`${runtime}: a document's score is the same bits alone and in any batch; nothing is no score`, { skip }, async () => {
    const texts = [...golden.cases.map(({ text }) => text), '', null, ...golden.cases.map(({ text }) => text).reverse()];
    const together = (await run({ runtime, label: 'prose' }, batchOf(texts))).read('score_classify');
    for (const [row, text] of texts.entries()) assert.equal((await run({ runtime, label: 'prose' }, batchOf([text]))).read('score_classify')[0], together[row]);
    assert.deepEqual(together.slice(6, 8), [null, null]);
  });

  test(`${runtime}: windows are inputs of their own, weighted by their tokens`, { skip }, async () => {
    // 8 tokens of text an input of 10; "a" is one token
    const words = Array.from({ length: 20 }, (_, i) => ['page', 'data', 'login', 'science', 'a'][i % 5]!);
    const parts = [words.slice(0, 8), words.slice(8, 16), words.slice(16)].map((part) => part.join(' '));
    const given = { runtime, label: 'spam', 'max-length': 10 };
    const alone = (await run(given, batchOf(parts))).read('score_classify') as number[];
    const [first, two, all] = [1, 2, 64].map((windows) => ({ ...given, windows }));
    const score = async (how: object) => (await run(how, batchOf([words.join(' ')]))).read('score_classify')[0] as number;
    assert.equal(await score(first!), alone[0]);
    assert.ok(Math.abs((await score(two!)) - (alone[0]! + alone[1]!) / 2) < 1e-7);
    assert.ok(Math.abs((await score(all!)) - (8 * alone[0]! + 8 * alone[1]! + 4 * alone[2]!) / 20) < 1e-7);
  });
}

test('bounds drop by reason, labels by keep; a document without a score stays', async () => {
  const texts = [...golden.cases.map(({ text }) => text), ''];
  const scores = (await run({ label: 'prose' }, batchOf(texts))).read('score_classify') as (number | null)[];
  const [min, max] = [0.215, 0.24];
  const { drops, notes } = await run({ label: 'prose', 'min-score': min, 'max-score': max }, batchOf(texts));
  assert.deepEqual(
    drops,
    scores.map((score) => (score === null ? 0 : score < min ? 1 : score > max ? 2 : 0)),
  );
  assert.ok(drops.includes(1) && drops.includes(2) && drops.includes(0));
  assert.deepEqual(notes, { unscored: 1 });
  const { read } = await run({}, batchOf(texts));
  const kept = await run({ keep: ['spam'] }, batchOf(texts));
  assert.deepEqual(
    kept.drops,
    read('label_classify').map((label) => (label === null || label === 'spam' ? 0 : 3)),
  );
});

test('only languages of the card, or of the option, are scored', async () => {
  const folder = changed({});
  writeFileSync(join(folder, 'README.md'), '---\nlanguage: [en]\n---\n');
  const batch = batchOf(['page', 'page', 'page', 'page'], ['en', 'de', null, 'en-GB']);
  const scored = async (languages: unknown) =>
    (await run({ model: folder, languages, label: 'spam' }, batch)).read('score_classify').map((score) => score !== null);
  assert.deepEqual(await scored('model'), [true, false, false, true]);
  assert.deepEqual(await scored('all'), [true, true, true, true]);
  assert.deepEqual(await scored(['de']), [false, true, false, false]);
});

test('a regression gives its number, two labels the second one, several heads a column each', async () => {
  const texts = golden.cases.map(({ text }) => text);
  const folder = changed({ problem_type: 'multi_label_classification' });
  const { read } = await run({ model: folder, label: 'spam' }, batchOf(texts));
  for (const [row, { logits }] of golden.cases.entries()) assert.ok(Math.abs((read('score_classify')[row] as number) - 1 / (1 + Math.exp(-logits[2]!))) < 1e-5);
  const problems = step.check!(
    options({ model: changed({ classifier_heads: { topic: { num_labels: 4 }, quality: { num_labels: 1 } } }), 'min-score': 1 }),
    env,
  );
  assert.match(problems[0]!.message, /the heads topic, quality; name the one that decides/);
});

test('mistakes are said before a run', () => {
  const says = (given: object, message: RegExp) =>
    assert.match(
      step.check!(options(given), env)
        .map((problem) => problem.message)
        .join('\n'),
      message,
    );
  says({ label: 'none' }, /no label "none"\. It has 3: boilerplate, prose, spam/);
  says({ keep: ['prose', 'x'] }, /no label "x"/);
  says({ keep: ['prose'], label: 'prose' }, /best label of more than two/);
  says({ 'min-score': 0.9, 'max-score': 0.1 }, /below min-score/);
  says({ head: 'x' }, /has one head/);
  says({ 'max-length': 65 }, /reads 64 tokens at most/);
  says({ model: '/nowhere' }, /no such model/);
  assert.deepEqual(step.alsoWrites!(options({ model: '/nowhere' }), env), []);
  says({ model: changed({}, ['model.onnx']), runtime: 'onnx' }, /no model\.onnx/);
  says({ model: changed({}, ['model.safetensors']), runtime: 'refine' }, /no safetensors/);
  assert.deepEqual(step.check!(options({ 'min-score': { quantile: 0.5 } }), env), []);
});

test('a tokenizer that refine does not read goes to @xenova/transformers, truncated alike', { skip: !hasOnnx && needsOnnx }, async () => {
  const folder = changed({}, ['model.safetensors']);
  const file = JSON.parse(readFileSync(join(fixture, 'tokenizer.json'), 'utf8')) as Record<string, unknown> & { model: { vocab: Record<string, number> } };
  // the same ids as pieces of a Unigram model: three words with a space before them; NFKC is what refine does not read
  const words = ['page', 'data', 'login'];
  const vocab = Object.entries(file.model.vocab)
    .sort((a, b) => a[1] - b[1])
    .map(([token]) => (words.includes(token) ? [`▁${token}`, -1] : [token, -20]));
  const metaspace = { type: 'Metaspace', replacement: '▁', add_prefix_space: true };
  const model = { type: 'Unigram', unk_id: file.model.vocab['[UNK]'], vocab };
  writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify({ ...file, normalizer: { type: 'NFKC' }, pre_tokenizer: metaspace, decoder: metaspace, model }));
  for (const [text, most] of [
    ['page data login', null],
    ['page data login page data', 5],
  ] as const) {
    const how = { runtime: 'onnx', label: 'spam', 'max-length': most };
    const [theirs, ours] = [await run({ ...how, model: folder }, batchOf([text, ''])), await run(how, batchOf([text, '']))];
    assert.equal(theirs.read('score_classify')[0], ours.read('score_classify')[0]);
    assert.equal(theirs.read('score_classify')[1], null);
  }
});

test('an ONNX file that does not fit is refused by name', { skip: !hasOnnx && needsOnnx }, async () => {
  const refused = (folder: string, message: RegExp) => assert.rejects(run({ model: folder, runtime: 'onnx' }, batchOf(['page'])), message);
  await refused(changed({ id2label: { 0: 'a', 1: 'b' } }), /"logits" is float32 \[1, 3\], config\.json names 2 labels/);
  await refused(changed({ classifier_heads: { topic: { num_labels: 3 }, other: { num_labels: 3 } } }), /has the outputs logits, not topic, other/);
  const damaged = changed({});
  writeFileSync(join(damaged, 'model.onnx'), readFileSync(join(fixture, 'model.onnx')).subarray(0, 90_000));
  await refused(damaged, /is no ONNX model that onnxruntime loads/);
  const unread = changed({}, ['tokenizer.json', 'model.safetensors']);
  await refused(unread, /no tokenizer there/);
});
