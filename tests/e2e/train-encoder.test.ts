// `refine train-classifier --encoder` as a user meets it: labelled texts to a folder that the weight reader opens.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { madeDocuments } from '../../infra/bench/generated-text.js';
import { native } from '../../native/index.js';
import { readModelFolder } from '../../stages/contract/weights/read-model-folder.js';
import { refine } from '../support/cli.js';

let folder: string;
const at = (name: string): string => join(folder, name);
const small = [
  '--channels',
  '32',
  '--layers',
  '1',
  '--heads',
  '2',
  '--max-length',
  '48',
  '--batch',
  '16',
  '--epochs',
  '12',
  '--rate',
  '0.003',
  '--held-out',
  '0.2',
];
const train = (out: string, ...more: string[]) => refine(['train-classifier', '--encoder', at('both.jsonl'), '-o', at(out), ...small, ...more]);

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'refine-encoder-'));
  const texts = [...madeDocuments('latin', 1, 60_000)].map((text) => text.replaceAll('\n', ' ').slice(0, 300));
  const lines = texts.flatMap((text, i) => [
    { text, label: 'good' },
    { text: `${text.slice(0, 40)} buy now cheap offer${i % 9} click ${text.slice(40, 100)}`, label: 'bad' },
  ]);
  writeFileSync(at('both.jsonl'), lines.map((line) => JSON.stringify(line)).join('\n'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

const filesOf = (name: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(at(name))
      .sort()
      .map((file) => [file, readFileSync(join(at(name), file), 'base64')]),
  );

test('an encoder learns to tell texts apart, whatever the number of threads, and its folder opens with a head and a template', async () => {
  const one = await train('one');
  assert.equal(one.code, 0, one.stderr);
  assert.match(one.stdout, /accuracy [\d.]+ \(always the most frequent label: [\d.]+\)\nlabel +examples +precision +recall +F1 +AUC\n/);
  const two = await train('two', '--threads', '2', '--json');
  assert.equal(two.code, 0, two.stderr);
  const card = JSON.parse(two.stdout);
  assert.ok(
    card.scores.labels.every(({ auc }: { auc: number }) => auc > 0.9),
    JSON.stringify(card.scores),
  );
  assert.deepEqual(card.labels, ['bad', 'good']);
  assert.deepEqual(filesOf('two'), filesOf('one'));
  const plan = await readModelFolder(at('one'));
  assert.equal(plan.config.layout, 'post-norm');
  assert.deepEqual(plan.heads?.[0]?.labels, ['bad', 'good']);
  const { post_processor: template } = JSON.parse(readFileSync(join(at('one'), 'tokenizer.json'), 'utf8'));
  assert.deepEqual(template.special_tokens['<|endoftext|>'].ids, [0]);
});

test('int8 storage keeps matrices as 127ths of a row with their scales, a third of the bytes, and reads back as it was measured', async () => {
  const made = await train('int8', '--storage', 'int8', '--positive', 'bad', '--json');
  assert.equal(made.code, 0, made.stderr);
  assert.deepEqual(JSON.parse(made.stdout).labels, ['good', 'bad']);
  assert.equal((await train('near', '--positive', 'bad')).code, 0);
  const bytes = (name: string): number => readFileSync(join(at(name), 'model.safetensors')).length;
  assert.ok(bytes('int8') < 0.6 * bytes('near'), `${bytes('int8')} of ${bytes('near')}`);
  const weights = native.weightsOpen(await readModelFolder(at('int8')));
  const exact = native.weightsOpen(await readModelFolder(at('near')));
  const embed = native.weightsRead(weights, 'embed')!.values;
  const near = native.weightsRead(exact, 'embed')!.values;
  const most = near.reduce((max, x) => Math.max(max, Math.abs(x)), 0);
  embed.forEach((value, i) => {
    assert.ok(Math.abs(value - near[i]!) <= most / 127 + most / 128);
  });
});

test('mistakes are named: two kinds, one label, several labels a text, heads that do not fit, a file as folder', async () => {
  const wrong = async (code: number, words: RegExp, ...args: string[]): Promise<void> => {
    const done = await refine(['train-classifier', ...args]);
    assert.equal(done.code, code, done.stderr);
    assert.match(done.stderr, words);
  };
  writeFileSync(at('one.jsonl'), '{"text": "a b c", "label": "x"}\n{"text": "d e f", "label": "x"}');
  writeFileSync(at('several.jsonl'), '{"text": "a b c", "label": ["x", "y"]}\n{"text": "d e f", "label": "x"}');
  await wrong(2, /Say --fasttext or --encoder/, '--fasttext', '--encoder', at('both.jsonl'), '-o', at('no'));
  await wrong(2, /--heads 3 does not divide --channels 128/, '--encoder', at('both.jsonl'), '-o', at('no'), '--heads', '3');
  await wrong(2, /an encoder is a folder/, '--encoder', at('both.jsonl'), '-o', at('no.bin'));
  await wrong(2, /no text has the label "god" \(they have: bad, good\)/, '--encoder', at('both.jsonl'), '-o', at('no'), '--positive', 'god');
  await wrong(1, /have 1 label; a classifier tells 2/, '--encoder', at('one.jsonl'), '-o', at('no'), '--held-out', '0');
  await wrong(1, /has 2 labels \(x, y\)/, '--encoder', at('several.jsonl'), '-o', at('no'), '--held-out', '0');
  assert.equal(existsSync(at('no')), false);
});
