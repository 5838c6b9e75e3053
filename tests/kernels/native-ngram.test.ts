// N-gram models against slow references in TypeScript: estimates against the formulas, sums of one, perplexities against the
// ARPA's definition, CCNet's normaliser against JavaScript's own case and normal forms.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { bytesColumn, native, type NgramModelHandle, type NgramText, type NgramTrained, stringAt, utf8Column } from '../../native/index.js';
import { ccnetNormal, estimate, historyOf, lastWord, log10Of, readArpa } from '../support/kneser-ney.js';
import { randomFrom } from '../support/random.js';
import { randomText } from '../support/random-text.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-ngram-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const PLAIN: NgramText = { words: 'white-space', normalise: 'none', unit: 'line' };

/** Sentences over few words, so that every small count occurs; the same for the same seed. */
function sentencesOf(many: number, seed: number): string[][] {
  let state = seed;
  const next = (n: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  return Array.from({ length: many }, () => {
    let before = 0;
    return Array.from({ length: 1 + next(9) }, () => `w${(before = Math.floor(30 / (1 + next(30))) + (next(3) === 0 ? before % 5 : 0))}`);
  });
}
const textOf = (sentences: readonly (readonly string[])[]): string => sentences.map((words) => `${words.join(' ')}\n`).join('');

let files = 0;
async function train(text: string, options: { order?: number; maxBytes?: number; prune?: number[]; fallback?: boolean; how?: NgramText } = {}) {
  const scratch = join(folder, `scratch-${files}`);
  mkdirSync(scratch);
  const { order = 3, maxBytes = 1 << 26, prune = [], fallback = false, how = PLAIN } = options;
  const trainer = native.ngramTrainer({ order, text: how, maxBytes, scratch, prune, fallback });
  await native.ngramAdd(trainer, utf8Column([text, null]));
  const path = join(folder, `model-${files++}.arpa`);
  const trained: NgramTrained = await native.ngramWrite(trainer, path, JSON.stringify(how));
  return { trained, arpa: readFileSync(path, 'utf8') };
}

async function load(arpa: string): Promise<NgramModelHandle> {
  const bytes = Buffer.from(arpa, 'utf8');
  const reader = native.ngramReader(bytes.length);
  for (let at = 0; at < bytes.length; at += 1000) await native.ngramRead(reader, bytes.subarray(at, at + 1000));
  return native.ngramModel(reader);
}

test('a cancelled trainer ends the call at work and every later one, and writes nothing', async () => {
  const scratch = join(folder, 'cancelled');
  mkdirSync(scratch);
  const interrupted = { code: 'ERR_REFINE_INTERRUPTED' };
  const trainer = native.ngramTrainer({ order: 3, text: PLAIN, maxBytes: 1 << 26, scratch, prune: [], fallback: true });
  const text = utf8Column([textOf(sentencesOf(30_000, 3))]); // far more work than this thread's way from one call to the next
  await native.ngramAdd(trainer, text);
  const path = join(scratch, 'model.arpa');
  const writing = native.ngramWrite(trainer, path, '{}');
  native.ngramCancel(trainer);
  await assert.rejects(writing, interrupted);
  await assert.rejects(native.ngramAdd(trainer, text), interrupted);
  assert.equal(existsSync(path), false);
});

test('estimates are those of the formulas, and every context sums to one', async () => {
  for (const order of [2, 3, 5]) {
    const sentences = sentencesOf(600, order);
    const fallback = order === 5; // of so few words the highest orders give none
    const { arpa, trained } = await train(textOf(sentences), { order, fallback });
    const used = trained.orders.map(({ discounts }) => discounts);
    const expected = estimate(sentences, order);
    trained.orders.forEach((one, at) => {
      if (!one.fallback) assert.ok(one.discounts.every((value, k) => Math.abs(value - expected.discounts[at + 1]![k]!) < 1e-12));
      else assert.deepEqual(one.discounts, [0.5, 1, 1.5]);
    });
    const model = readArpa(arpa);
    if (!fallback) {
      for (const [gram, prob] of expected.prob) assert.ok(Math.abs(model.grams.get(gram)!.prob - Math.min(0, Math.log10(prob))) < 1e-6, gram);
      for (const [context, weight] of expected.weights)
        if (context !== '') assert.ok(Math.abs(model.grams.get(context)!.backoff - Math.log10(weight)) < 1e-6, context);
      assert.equal(model.grams.size, expected.prob.size);
      // the reference itself: p(w | h) over all words is one
      const p = (gram: string): number => {
        const listed = expected.prob.get(gram);
        if (listed !== undefined) return listed;
        const context = historyOf(gram);
        return (expected.weights.get(context) ?? 1) * p(gram.slice(gram.indexOf(' ') + 1));
      };
      for (const context of expected.weights.keys()) {
        const sum = [...expected.words, '<unk>'].reduce((total, word) => total + p(context === '' ? word : `${context} ${word}`), 0);
        assert.ok(Math.abs(sum - 1) < 1e-9, `${context} sums to ${sum}`);
      }
    }
    assert.equal(used.length, order);
    assert.equal(trained.words, sentences.flat().length);
    assert.equal(trained.sentences, sentences.length);
  }
});

test('the file does not show the memory that there was', async () => {
  const text = textOf(sentencesOf(3000, 8));
  const whole = await train(text, { order: 4, fallback: true });
  const spilled = await train(text, { order: 4, fallback: true, maxBytes: 40_000 });
  assert.equal(whole.trained.spilledBytes, 0);
  assert.ok(spilled.trained.spilledBytes > 40_000);
  assert.equal(spilled.arpa, whole.arpa);
});

test('n-grams that stand seldom are left out where asked, and what is left sums to one', async () => {
  const sentences = sentencesOf(600, 21);
  const { arpa, trained } = await train(textOf(sentences), { prune: [0, 0, 1] });
  assert.ok(trained.orders[2]!.written < trained.orders[2]!.grams);
  assert.equal(trained.orders[1]!.written, trained.orders[1]!.grams);
  const model = readArpa(arpa);
  const words = [...model.grams.keys()].filter((gram) => !gram.includes(' ') && gram !== '<s>');
  const p = (gram: string): number => {
    const listed = model.grams.get(gram);
    if (listed !== undefined) return 10 ** listed.prob;
    return 10 ** (model.grams.get(historyOf(gram))?.backoff ?? 0) * p(gram.slice(gram.indexOf(' ') + 1));
  };
  for (const context of [...model.grams.keys()].filter((gram) => gram.split(' ').length === 2 && lastWord(gram) !== '</s>').slice(0, 60)) {
    const sum = words.reduce((total, word) => total + p(`${context} ${word}`), 0);
    assert.ok(Math.abs(sum - 1) < 1e-5, `${context} sums to ${sum}`);
  }
});

test("a document's perplexity is 10^(-log10 p / words) by the ARPA's definition, </s> counted once a unit", async () => {
  const { arpa } = await train(textOf(sentencesOf(600, 4)), { order: 3 });
  const reference = readArpa(arpa);
  const model = await load(arpa);
  assert.deepEqual(native.ngramFacts(model).grams.length, 3);
  const documents = [...sentencesOf(40, 99), ['unseen'], ['w1', 'never', 'w2'], ['<s>', 'w1', '</s>', '<unk>']].map((words) => words.join(' '));
  const long = sentencesOf(80, 123).flat();
  documents.push(...[46, 47, 48, 49, 95, 96, 97, 300].map((words) => long.slice(0, words).join(' ')));
  documents.push(documents.slice(0, 10).join('\n'), '\n\nw1 w2\n\n', 'w1\u00a0w2');
  const { log10, words, perplexity } = await native.ngramScore(model, utf8Column([...documents, '', ' \n', null]), PLAIN);
  documents.forEach((text, row) => {
    const units = text.split('\n').map((line) => line.split(/\s+/).filter((word) => word !== ''));
    const full = units.filter((unit) => unit.length > 0);
    const expected = full.reduce((sum, unit) => sum + log10Of(reference, unit), 0);
    const count = full.reduce((sum, unit) => sum + unit.length + 1, 0);
    assert.ok(Math.abs(log10[row]! - expected) < 1e-12 * count, `${text}: ${log10[row]} instead of ${expected}`);
    assert.equal(words[row], count);
    assert.ok(Math.abs(perplexity[row]! / 10 ** (-expected / count) - 1) < 1e-6);
  });
  assert.deepEqual([...words.slice(documents.length)], [0, 0, 0]);
  const whole = await native.ngramScore(model, utf8Column(['w1 w2\nw3']), { ...PLAIN, unit: 'document' });
  assert.ok(Math.abs(whole.log10[0]! - log10Of(reference, ['w1', 'w2', 'w3'])) < 1e-9);
});

test("CCNet's normaliser is its Python's: case, accents, digits, its punctuation, control characters", async () => {
  const texts = [
    '«Ⅷ １２ — ÉTÉ…» ',
    'ΌΣΟΣ İstanbul ǅ',
    '\u001f\u0085 a\tb \u007fc\u0080',
    '1234٠१',
    ...Array.from({ length: 400 }, (_, seed) => randomText(randomFrom(seed))),
  ].map((text) => Buffer.from(text, 'utf8').toString('utf8'));
  const normal = await native.ngramNormalise(utf8Column([...texts, null]));
  for (const [row, text] of texts.entries()) assert.equal(stringAt(normal, row), ccnetNormal(text), JSON.stringify(text));
  assert.equal(stringAt(normal, texts.length), null);
  const invalid = await native.ngramNormalise(bytesColumn('utf8', [Uint8Array.of(0x41, 0xff, 0xc3)]));
  assert.equal(stringAt(invalid, 0), 'a\ufffd\ufffd');
});

test('a handle is used by one call at a time, and files that are no models are refused by line', async () => {
  const reader = native.ngramReader(1 << 20);
  const first = native.ngramRead(reader, Buffer.from('\\data\\\n'));
  assert.throws(() => native.ngramRead(reader, Buffer.from('ngram 1=1\n')), /two calls at once/);
  await first;
  await assert.rejects(native.ngramRead(reader, Buffer.from('ngram 1=x\n')), /line 2: its count is no whole number/);
  assert.throws(() => native.ngramReader(-1), RangeError);
  assert.throws(() => native.ngramTrainer({ order: 7, text: PLAIN, maxBytes: 1, scratch: '', prune: [], fallback: false }), RangeError);
});
