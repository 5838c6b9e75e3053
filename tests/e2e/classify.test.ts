// The step `classify` as a user runs it: an encoder of one's own, thresholds by number and by quantile of the run, --set, what-if,
// the report, and a decoder with a head that `train-classifier --base` made.
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { documentAt, packagePath } from '../../native/index.js';
import { readArrow } from '../../pipeline/store.js';
import { refine } from '../support/cli.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-classify-e2e-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);

const WORDS = ['page', 'data', 'login', 'science', 'a'];
before(() => {
  cpSync(packagePath('tests', 'fixtures', 'model', 'tiny-onnx'), at('tiny'), { recursive: true });
  for (const input of [0, 1]) {
    const lines = Array.from({ length: 30 }, (_, i) => {
      const n = i + 30 * input;
      const text = Array.from({ length: 2 + (n % 7) }, (__, k) => WORDS[(n * 3 + k * (1 + (n % 4))) % WORDS.length]).join(' ');
      return JSON.stringify({ id: `d${n}`, text: `${text} ${n}` });
    });
    writeFileSync(at(`${input}.jsonl`), lines.join('\n'));
  }
  writeFileSync(
    at('m.yaml'),
    `name: m
source: { jsonl: [0.jsonl, 1.jsonl] }
steps:
  - classify: { model: tiny, label: spam, score: spam, languages: all, max-score: { quantile: 0.8 } }
sink: { text: { keep: true }, features: all }
`,
  );
});

async function run(out: string, ...more: string[]): Promise<string> {
  const done = await refine(['run', 'm.yaml', '--out', out, ...more], { cwd: folder });
  assert.equal(done.code, 0, done.stderr);
  return done.stderr;
}
interface Row {
  readonly id: string;
  readonly reason: string | null;
  readonly score: number;
}
async function rowsOf(out: string): Promise<Row[]> {
  const rows: Row[] = [];
  for (const file of readdirSync(join(at(out), 'features')).sort())
    for await (const batch of readArrow(join(at(out), 'features', file)))
      for (let row = 0; row < batch.rows; row++) {
        const { id, reason, score_spam: score } = documentAt(batch, row) as Record<string, unknown>;
        rows.push({ id: id as string, reason: (reason ?? null) as string | null, score: score as number });
      }
  return rows;
}
const textBytes = (out: string): string[] =>
  readdirSync(join(at(out), 'text'))
    .sort()
    .map((name) => readFileSync(join(at(out), 'text', name)).toString('base64'));

test('a quantile drops the highest scores of the whole run, the same from any number of workers', async () => {
  assert.match(await run('one', '--workers', '1'), /classify +60 -> +48 +high-score 12/);
  await run('two', '--workers', '2');
  assert.deepEqual(textBytes('two'), textBytes('one'));
  const rows = await rowsOf('one');
  assert.equal(rows.length, 60);
  const gone = rows.filter(({ reason }) => reason === 'high-score').map(({ score }) => score);
  const kept = rows.filter(({ reason }) => reason === null).map(({ score }) => score);
  assert.deepEqual([gone.length, kept.length], [12, 48]);
  assert.ok(Math.min(...gone) >= Math.max(...kept));
});

test('a number in place of the quantile by --set, and the lock names every file that decides', async () => {
  const scores = (await rowsOf('one')).map(({ score }) => score).sort((a, b) => a - b);
  const middle = (scores[29]! + scores[30]!) / 2;
  assert.match(await run('set', '--set', `classify.max-score=${middle}`), /classify +60 -> +30 +high-score 30/);
  const lock = JSON.parse(readFileSync(join(at('set'), 'manifest.lock.json'), 'utf8')) as { steps: { assets: { name: string }[] }[] };
  assert.deepEqual(
    lock.steps[0]!.assets.map(({ name }) => name),
    ['config.json', 'golden.json', 'model.onnx', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'].map((name) => `tiny/${name}`),
  );
});

test('what-if moves the threshold without scoring anew, to the count that a run gives, and the report has the step', async () => {
  const asked = await refine(['stats', at('one'), '--json', '--what-if', 'classify.max-score={quantile: 0.5}']);
  assert.equal((JSON.parse(asked.stdout) as { what_if: { out: number } }).what_if.out, 30, asked.stderr);
  assert.match(await run('half', '--set', 'classify.max-score={quantile: 0.5}'), /classify +60 -> +30 /);
  const report = await refine(['report', at('one'), '-o', at('one.html')]);
  assert.equal(report.code, 0, report.stderr);
  assert.match(readFileSync(at('one.html'), 'utf8'), /classify\/high-score/);
});

test('a decoder that training went on from classifies in a run, by windows, as it was measured', async () => {
  const texts = Array.from({ length: 120 }, (_, i) =>
    i % 2 === 0
      ? { text: `the river and the old house by the water ${i} `.repeat(4), label: 'main' }
      : { text: `buy now | click | login ${i} | cart | `.repeat(4), label: 'other' },
  );
  writeFileSync(at('labelled.jsonl'), texts.map((one) => JSON.stringify(one)).join('\n'));
  const base = packagePath('stages', 'perplexity', 'models', 'reference-small');
  const more = ['--base', base, '--noise', '0', '--max-length', '24', '--windows', '3', '--batch', '8', '--epochs', '1', '--rate', '0.002'];
  const made = await refine(['train-classifier', '--encoder', at('labelled.jsonl'), '-o', at('own'), '--positive', 'main', '--json', ...more]);
  assert.equal(made.code, 0, made.stderr);
  const card = JSON.parse(made.stdout) as { channels: number; layers: number; scores: { labels: { auc: number }[] } };
  assert.deepEqual([card.channels, card.layers], [128, 6]);
  assert.ok(card.scores.labels[0]!.auc > 0.95, made.stdout);
  writeFileSync(
    at('own.yaml'),
    'name: own\nsource: { jsonl: [labelled.jsonl] }\nsteps:\n  - classify: { model: own, windows: 3, max-length: 24, languages: all, min-score: 0.5 }\nsink: { features: all }\n',
  );
  const ran = await refine(['run', 'own.yaml', '--out', 'own-run'], { cwd: folder });
  assert.equal(ran.code, 0, ran.stderr);
  const dropped = /low-score (\d+)/.exec(ran.stderr);
  assert.ok(dropped !== null && Math.abs(Number(dropped[1]) - 60) <= 6, ran.stderr);
  const wrong = await refine(['train-classifier', '--encoder', at('labelled.jsonl'), '-o', at('no'), '--base', base]);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /set --noise 0/);
});
