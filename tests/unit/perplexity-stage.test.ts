// The step `perplexity`: what its options may say, which documents get a score, what bounds, bands and quantiles drop.
// Numbers of real weights: stories260K of the shared data, whose perplexities reference/models.md states.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type Batch, isValid, utf8Column, valueAt } from '../../native/index.js';
import { loadStep } from '../../pipeline/registry.js';
import { loadTokenizer } from '../../pipeline/tokenizers.js';
import { type Outcome, type Rows, Trial } from '../../pipeline/trial.js';
import { cardLanguages, openScorer } from '../../stages/contract/model-score.js';
import type { Stage } from '../../stages/contract/stage.js';
import type { PerplexityOptions } from '../../stages/perplexity/perplexity.js';
import { needsShared, sharedPath } from '../support/shared.js';
import { tinyDecoder } from '../support/tiny-decoder.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-perplexity-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const env = { seed: 0n, baseDir: folder, device: 'cpu' } as const;
const perplexity = (await loadStep('perplexity')) as Stage<PerplexityOptions>;
tinyDecoder(join(folder, 'tiny'), { languages: ['en', 'fr'] });
tinyDecoder(join(folder, 'plain'), { context: 24 });

const problems = (raw: object): string[] =>
  perplexity.check!(perplexity.schema.parse({ model: 'tiny', ...raw }), env).map(({ path, message }) => `${path.join('.')}: ${message}`);

const TEXTS = [
  'the river runs to the sea',
  'Salt, bread and a lamp in the night.',
  '',
  'zq xv kw qj',
  'Le café est près de la mer.',
  'Wer nur den lieben Gott',
  'x',
  'a b c d e f g h',
];
const LANGS = ['en', 'en', null, 'en', 'fr', 'de', 'en', 'en-GB'];

async function outcomes(raw: object, langs: readonly (string | null)[] | null = LANGS, texts: readonly string[] = TEXTS): Promise<Outcome[]> {
  const options = perplexity.schema.parse({ model: 'tiny', ...raw });
  assert.deepEqual(problems(raw), []);
  const trial = await Trial.open([{ name: 'perplexity', stage: perplexity, options }], env);
  const cut = Math.min(3, texts.length);
  async function* rows(): AsyncGenerator<Rows> {
    for (const [from, to] of [
      [0, cut],
      [cut, texts.length],
    ] as const) {
      const lang = langs === null ? {} : { lang: utf8Column(langs.slice(from, to)) };
      const batch: Batch = { rows: to - from, columns: { text: utf8Column(texts.slice(from, to)), ...lang } };
      yield { input: 0, rows: Uint32Array.from({ length: to - from }, (_, i) => from + i), batch };
    }
  }
  const all: Outcome[] = [];
  for await (const outcome of trial.documents(rows(), () => true, new AbortController().signal)) all.push(outcome);
  await trial.close();
  return all.sort((a, b) => a.row - b.row);
}
const of = (outcome: Outcome, name: string): number | null => valueAt(outcome.batch.columns[name]!, outcome.at) as number | null;
const reasons = (all: readonly Outcome[]): (string | null)[] => all.map(({ reason }) => reason);

test('mistakes are named: no such model, a band the wrong way round, an empty quantile band', () => {
  assert.match(problems({ model: 'absent' })[0]!, /^model: no such model\. Expected .*a folder with config\.json/);
  assert.match(problems({ keep: { 'bits-per-byte': { band: [2, 1] } } })[0]!, /^keep\.bits-per-byte: its least value 2 is above its greatest 1/);
  assert.match(problems({ keep: { loss: { band: { quantile: [0.9, 0.1] } } } })[0]!, /^keep\.loss: quantile 0\.9 is above 0\.1/);
  assert.throws(() => perplexity.schema.parse({ keep: { 'bits-per-byte': { maximum: 2 } } }));
  assert.throws(() => perplexity.schema.parse({ keep: { 'bits-per-byte': { max: -1 } } }));
});

test('bare, it scores and keeps everything; loss and bits per byte agree with the tokens and bytes', async () => {
  const all = await outcomes({ languages: 'all' });
  assert.deepEqual(
    reasons(all),
    TEXTS.map(() => null),
  );
  const scorer = await openScorer('tiny', folder, { loadTokenizer });
  const { nats, tokens } = await scorer.score(utf8Column(TEXTS));
  for (const [row, text] of TEXTS.entries()) {
    const scored = isValid(all[row]!.batch.columns.loss!, all[row]!.at);
    assert.equal(scored, text !== '');
    if (!scored) continue;
    assert.equal(of(all[row]!, 'loss'), Math.fround(nats[row]! / tokens[row]!));
    assert.equal(of(all[row]!, 'bits_per_byte'), Math.fround(nats[row]! / Math.LN2 / Buffer.byteLength(text)));
  }
});

test('documents in languages that the card does not state have no score and stay; without a column `lang` all are scored', async () => {
  const scored = (all: readonly Outcome[]): boolean[] => all.map((one) => isValid(one.batch.columns.bits_per_byte!, one.at));
  const strict = await outcomes({ keep: { 'bits-per-byte': { max: 0.001 } } });
  assert.deepEqual(scored(strict), [true, true, false, true, true, false, true, true]);
  assert.deepEqual(
    reasons(strict),
    strict.map((_, row) => (scored(strict)[row]! ? 'bits-per-byte' : null)).map((reason) => reason && `perplexity/${reason}`),
  );
  assert.deepEqual(
    scored(await outcomes({}, null)),
    TEXTS.map((text) => text !== ''),
  );
  assert.deepEqual(scored(await outcomes({ languages: ['de'] })), [false, false, false, false, false, true, false, false]);
  assert.deepEqual(
    scored(await outcomes({ model: 'plain' })),
    TEXTS.map((text) => text !== ''),
    'a card that states none limits none',
  );
});

test('a number, a band and bounds by language drop what lies beyond, each with its reason', async () => {
  const free = await outcomes({});
  const bits = free.map((one) => (isValid(one.batch.columns.bits_per_byte!, one.at) ? of(one, 'bits_per_byte') : null));
  const known = bits.filter((value) => value !== null).sort((a, b) => a - b);
  const [low, high] = [(known[0]! + known[1]!) / 2, (known.at(-1)! + known.at(-2)!) / 2];
  const expected = bits.map((value) =>
    value === null ? null : value > high ? 'perplexity/bits-per-byte' : value < low ? 'perplexity/bits-per-byte-low' : null,
  );
  assert.deepEqual(reasons(await outcomes({ keep: { 'bits-per-byte': { band: [low, high] } } })), expected);
  assert.deepEqual(reasons(await outcomes({ keep: { 'bits-per-byte': { min: low, max: high } } })), expected);
  const byLang = reasons(await outcomes({ keep: { 'bits-per-byte': { max: { 'by-lang': { fr: 0.01 }, otherwise: high } } } }));
  assert.deepEqual(
    byLang,
    bits.map((value, row) => (value !== null && (LANGS[row] === 'fr' || value > high) ? 'perplexity/bits-per-byte' : null)),
  );
  const loss = free.map((one) => of(one, 'loss') ?? 0);
  const most = [...loss].sort((a, b) => b - a)[2]!;
  assert.deepEqual(reasons(await outcomes({ keep: { loss: { max: most } } })).filter((reason) => reason === 'perplexity/loss').length, 2);
});

test('quantiles of the run drop exact counts, whatever the batches, and unscored documents stay', async () => {
  const free = await outcomes({});
  const order = free
    .filter((one) => isValid(one.batch.columns.bits_per_byte!, one.at))
    .sort((a, b) => of(a, 'bits_per_byte')! - of(b, 'bits_per_byte')! || a.row - b.row)
    .map(({ row }) => row);
  assert.equal(order.length, 6);
  const dropped = (all: readonly Outcome[], reason: string): number[] => all.filter((one) => one.reason === `perplexity/${reason}`).map(({ row }) => row);
  const half = await outcomes({ keep: { 'bits-per-byte': { quantile: 0.5 } } });
  assert.deepEqual(
    dropped(half, 'bits-per-byte'),
    order.slice(3).sort((a, b) => a - b),
  );
  const band = await outcomes({ keep: { 'bits-per-byte': { band: { quantile: [0.3, 0.7] } } } });
  assert.deepEqual(
    dropped(band, 'bits-per-byte'),
    order.slice(5).sort((a, b) => a - b),
  ); // ranks 0, 1/6 ... 5/6
  assert.deepEqual(
    dropped(band, 'bits-per-byte-low'),
    order.slice(0, 2).sort((a, b) => a - b),
  );
});

test('what is close to a bound is counted, as is what has no score', async () => {
  const options = perplexity.schema.parse({ model: 'tiny' });
  const [first] = await outcomes({});
  const bits = of(first!, 'bits_per_byte')!;
  const run = await perplexity.open({ ...options, keep: { 'bits-per-byte': { max: bits * (1 + 1e-5) } } }, env);
  const { notes } = await run.process({ rows: TEXTS.length, columns: { text: utf8Column(TEXTS), lang: utf8Column(LANGS) } }, new AbortController().signal);
  assert.deepEqual(notes, { unscored: 2, near: 1 });
  assert.deepEqual(perplexity.notices!(options, notes!), [
    "2 documents were kept unscored: their language is none of the model's, or they have no token.",
    '1 decisions lie within 0.02 % of a bound: another device or instruction set may decide them otherwise.',
  ]);
  await run.close();
});

test('a long text is read in windows and bounded by max-tokens; its lines sum to the whole', async () => {
  const text = Array.from({ length: 60 }, (_, at) => `line ${at} of the river, ${'stone '.repeat(at % 7)}end`).join('\n');
  const [whole] = await outcomes({ model: 'plain', lines: true, 'max-tokens': 'all' }, null, [text]);
  const lines = valueAt(whole!.batch.columns.line_bits_per_byte!, whole!.at) as number[];
  assert.equal(lines.length, 60);
  const sizes = text.split('\n').map((line, at) => Buffer.byteLength(line) + (at < 59 ? 1 : 0));
  const sum = lines.reduce((total, bits, at) => total + bits * sizes[at]!, 0);
  assert.ok(Math.abs(sum / Buffer.byteLength(text) - of(whole!, 'bits_per_byte')!) < 1e-4);
  const [cut] = await outcomes({ model: 'plain', lines: true, 'max-tokens': 40 }, null, [text]);
  assert.ok((valueAt(cut!.batch.columns.line_bits_per_byte!, cut!.at) as number[]).length < 12);
  assert.notEqual(of(cut!, 'bits_per_byte'), of(whole!, 'bits_per_byte'));
});

test('the readable forward and every dtype of the fast one agree on a text within the band that is stated', async () => {
  const text = utf8Column([TEXTS[0]!, 'stone and salt '.repeat(40)]);
  const of = async (how: object) => (await (await openScorer('plain', folder, { loadTokenizer, ...how })).score(text)).nats;
  const reference = await of({ runtime: 'reference' });
  const fast = await of({});
  for (const [row, value] of reference.entries()) assert.ok(Math.abs(fast[row]! - value) < 2e-4 * value, `${fast[row]} and ${value}`);
});

test('a folder without a tokenizer, an encoder, and weights that are no numbers are refused by what they are', async () => {
  const bare = tinyDecoder(join(folder, 'bare'));
  rmSync(join(bare, 'tokenizer.json.gz'));
  await assert.rejects(openScorer('bare', folder, { loadTokenizer }), { code: 'ERR_REFINE_ASSET', message: /has no tokenizer beside its weights/ });
  const run = await perplexity.open(perplexity.schema.parse({ model: 'plain' }), env);
  const signal = AbortSignal.abort(new Error('stop'));
  await assert.rejects(run.process({ rows: 1, columns: { text: utf8Column(['a river']) } }, signal), /stop/);
  await run.close();
});

test('languages of a card in every form of front matter', () => {
  const card = join(folder, 'card');
  mkdirSync(card, { recursive: true });
  const read = (text: string) => {
    writeFileSync(join(card, 'README.md'), text);
    return cardLanguages(card);
  };
  assert.deepEqual(read('---\nlanguage: en\n---\n'), ['en']);
  assert.deepEqual(read('---\nlicense: mit\nlanguage: [fr, en]\ntags: [x]\n---\n'), ['en', 'fr']);
  assert.deepEqual(read('---\nlanguage:\n  - en\n  - pt-BR\nlicense: mit\n---\n'), ['en', 'pt-BR']);
  assert.equal(read('---\nlicense: mit\n---\nlanguage: en\n'), null);
  assert.equal(read('# no front matter\nlanguage: en\n'), null);
  assert.equal(read('---\nlanguage:\n- multilingual\n---\n'), null);
  assert.equal(cardLanguages(folder), null);
});

test('stories260K finds a story easy, prose of offices hard and noise hardest, as its table says', {
  skip: sharedPath('data', 'models', 'stories260K') === null && needsShared,
}, async () => {
  const scorer = await openScorer(sharedPath('data', 'models', 'stories260K')!, '.', { loadTokenizer });
  const texts = [
    'Once upon a time, there was a little girl named Lily. She loved to play outside in the park. One day, she saw a big, red ball.',
    'The quarterly earnings report exceeded analyst expectations due to strong demand in cloud services.',
    'xq zvk wjpq gfh bdlk mntr qqx jzz vwk plmz',
  ];
  const { nats, tokens } = await scorer.score(utf8Column(texts));
  const each = texts.map((_, row) => Math.exp(nats[row]! / tokens[row]!));
  assert.ok(each[0]! < 2 && each[1]! > 10 && each[2]! > 100 * each[0]!, each.join());
});
