import assert from 'node:assert/strict';
import { test } from 'node:test';
import { documentAt, packagePath, utf8Column } from '../../native/index.js';
import { langid } from '../../stages/langid/langid.js';

const env = { seed: 1n, baseDir: packagePath(), device: 'cpu' as const };
const texts = ['The quick brown fox jumps over the lazy dog near the river bank.', '', 'Der schnelle braune Fuchs springt über den faulen Hund.', 'ok', null];

async function run(raw: object, values: readonly (string | null)[] = texts) {
  const batch = { rows: values.length, columns: { text: utf8Column(values) } };
  const stage = await langid.open(langid.schema.parse(raw), env);
  const result = await stage.process(batch, new AbortController().signal);
  await stage.close();
  const labelled = { rows: batch.rows, columns: result.columns! };
  return { drops: Array.from(result.drops!), rows: values.map((_, row) => documentAt(labelled, row)), columns: result.columns! };
}

test('langid bare labels every document, keeps all, and gives null for text without words', async () => {
  const { drops, rows, columns } = await run({});
  assert.deepEqual(drops, [0, 0, 0, 0, 0]);
  assert.deepEqual(
    rows.map((row) => row.lang),
    ['en', null, 'de', rows[3]!.lang, null],
  );
  assert.equal(rows[1]!.lang_prob, null);
  for (const row of rows) if (row.lang !== null) assert.ok((row.lang_prob as number) > 0 && (row.lang_prob as number) <= 1);
  const lang = columns.lang!;
  assert.ok(lang.kind === 'dictionary');
  assert.equal(lang.labels.length, 176);
  assert.deepEqual(
    [...lang.labels].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
    lang.labels,
  );
});

test('langid with keep drops other languages and empty text as wrong-language, and doubtful ones as unsure-language', async () => {
  const wrong = langid.reasons.indexOf('wrong-language') + 1;
  const unsure = langid.reasons.indexOf('unsure-language') + 1;
  assert.deepEqual((await run({ keep: ['en'] })).drops.slice(0, 3), [0, wrong, wrong]);
  assert.deepEqual((await run({ keep: ['en', 'de'] })).drops.slice(0, 3), [0, wrong, 0]);
  assert.deepEqual((await run({ keep: ['en'], 'min-prob': 0.999 })).drops.slice(0, 3), [unsure, wrong, wrong]);
  assert.deepEqual((await run({ 'min-prob': 0.999 })).drops.slice(0, 2), [unsure, unsure]);
});

test('a probability that fastText gives above 1 is written as 1', async () => {
  const { rows } = await run({}, ['这是一个用来测试语言识别的中文句子，内容并不重要。'.repeat(3)]);
  assert.equal(rows[0]!.lang, 'zh');
  assert.ok((rows[0]!.lang_prob as number) <= 1);
});

test('an unknown tag is a problem at its place, with the tag that was probably meant', () => {
  const problems = (raw: object) => langid.check!(langid.schema.parse(raw), env);
  assert.deepEqual(problems({ keep: ['en', 'zh', 'pt'] }), []);
  const cases = { eng: 'en', English: 'en', 'en-US': 'en', EN: 'en', deu: 'de', German: 'de', 'zh-Hans': 'zh' };
  for (const [written, meant] of Object.entries(cases)) {
    const [problem] = problems({ keep: ['fr', written] });
    assert.deepEqual(problem?.path, ['keep', 1]);
    assert.match(problem!.message, new RegExp(`no language "${written}".*Did you mean "${meant}"`));
  }
  assert.match(problems({ keep: ['klingon'] })[0]!.message, /176 labels/);
});

test('a model that is absent or no model is a problem of the option `model`', () => {
  for (const [model, message] of [
    ['nowhere.ftz', /no such file/],
    ['package.json', /magic number/],
  ] as const) {
    const problems = langid.check!(langid.schema.parse({ model }), env);
    assert.deepEqual(problems[0]?.path, ['model']);
    assert.match(problems[0]!.message, message);
  }
});

test('another fastText model can be named, relative to the manifest', async () => {
  const { columns } = await run({ model: 'tests/fixtures/fasttext/tree.bin' }, ['abc']);
  assert.deepEqual((columns.lang as { labels: readonly string[] }).labels, ['a', 'b', 'c', 'd', 'e', 'f', 'g']);
});
