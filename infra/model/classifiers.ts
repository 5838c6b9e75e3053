// The fastText models that ship: `node dist/infra/model/classifiers.js quality|topic|format|adult --data DIR` trains one with `refine train-classifier` from
// what the *-data.js wrote, measures it on sites it did not see, and writes stages/fasttext/models/NAME/{model.ftz,scores.json}.
// quality: one split by site (fold 4), the area under the ROC curve of each kind of negative against main text of the same languages.
// topic, format, adult: every fold in turn left out and measured by a model of the others; the model that ships learns from all.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bytesColumn, type FasttextModel, native, packagePath } from '../../native/index.js';
import { randomFrom } from '../extract/random.js';
import { qualityAreas, rounded } from './quality-areas.js';
import { areaUnderCurve } from './roc.js';
import { type Example, shuffled, withoutRareWords } from './quality-text.js';

interface Row extends Example {
  readonly fold?: number;
}

/** Rows that only many sites' words and hashes of character runs fill: no string of a single page stands in a model. */
const RARE = { quality: { sites: 5, count: 20 }, topic: { sites: 5, count: 20 }, format: { sites: 5, count: 20 }, adult: { sites: 5, count: 20 } } as const;
type Name = keyof typeof RARE;
const OPTIONS: Readonly<Record<Name, readonly string[]>> = {
  quality: [
    '--dim',
    '16',
    '--epochs',
    '25',
    '--rate',
    '0.3',
    '--word-ngrams',
    '2',
    '--min-ngram',
    '2',
    '--max-ngram',
    '4',
    '--buckets',
    '100000',
    '--cutoff',
    '40000',
  ],
  topic: ['--dim', '16', '--epochs', '25', '--rate', '0.3', '--min-ngram', '3', '--max-ngram', '5', '--buckets', '50000', '--cutoff', '30000'],
  format: ['--dim', '16', '--epochs', '25', '--rate', '0.3', '--min-ngram', '3', '--max-ngram', '5', '--buckets', '50000', '--cutoff', '30000'],
  adult: ['--dim', '16', '--epochs', '25', '--rate', '0.3', '--min-ngram', '3', '--max-ngram', '5', '--buckets', '50000', '--cutoff', '30000'],
};

/** What has the words of main text in another order: a bag of words and pairs cannot tell it, and learning from it costs what it can tell. */
const BLIND = /^(?:words-|shuffled)/;

const readRows = (file: string): Row[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Row);

function train(name: Name, rows: readonly Row[], out: string, scratch: string): FasttextModel {
  const { sites, count } = RARE[name];
  const file = join(scratch, 'train.jsonl');
  const learnt = shuffled(withoutRareWords(rows, sites, count), randomFrom(7));
  writeFileSync(file, learnt.map(({ text, label }) => `${JSON.stringify({ text: text.replace(/\s+/g, ' '), label })}\n`).join(''));
  const cli = packagePath('dist', 'pipeline', 'cli', 'main.js');
  execFileSync(process.execPath, [cli, 'train-classifier', '--fasttext', file, '-o', out, '--held-out', '0', '--min-count', String(count), ...OPTIONS[name]], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return native.fasttextLoad(readFileSync(out));
}

/** Each row's probability of each label; 0 where fastText leaves one out. */
async function probabilities(model: FasttextModel, rows: readonly Row[]): Promise<Float64Array[]> {
  const k = model.labels.length;
  const column = bytesColumn(
    'utf8',
    rows.map(({ text }) => Buffer.from(text.replace(/\s+/g, ' '))),
  );
  const { labels, probs } = await native.fasttextPredict(model, column, k);
  return rows.map((_, row) => {
    const out = new Float64Array(k);
    for (let at = row * k; at < (row + 1) * k; at++) if (labels[at]! >= 0) out[labels[at]!] = probs[at]!;
    return out;
  });
}

async function quality(data: string, folder: string, scratch: string): Promise<unknown> {
  const model = train(
    'quality',
    readRows(join(data, 'train.jsonl')).filter(({ kind }) => !BLIND.test(kind)),
    join(folder, 'model.ftz'),
    scratch,
  );
  const test = readRows(join(data, 'test.jsonl'));
  const main = model.labels.indexOf('main');
  const scores = (await probabilities(model, test)).map((row) => row[main]!);
  return qualityAreas(test, scores);
}

async function folded(name: Exclude<Name, 'quality'>, data: string, folder: string, scratch: string): Promise<unknown> {
  const rows = readRows(join(data, `${name}.jsonl`));
  const labels = [...new Set(rows.map(({ label }) => label))].sort();
  const answers: { readonly row: Row; readonly best: string; readonly probability: Readonly<Record<string, number>> }[] = [];
  for (const fold of [...new Set(rows.map((row) => row.fold!))].sort()) {
    const model = train(
      name,
      rows.filter((row) => row.fold !== fold),
      join(scratch, 'fold.ftz'),
      scratch,
    );
    const unseen = rows.filter((row) => row.fold === fold);
    for (const [at, found] of (await probabilities(model, unseen)).entries()) {
      const probability = Object.fromEntries(model.labels.map((label, index) => [label, found[index]!]));
      answers.push({ row: unseen[at]!, best: model.labels[found.indexOf(Math.max(...found))]!, probability });
    }
  }
  train(name, rows, join(folder, 'model.ftz'), scratch);
  const table = (kind: string): unknown => {
    const of = answers.filter(({ row }) => kind === 'all' || row.kind === kind);
    const each = labels
      .filter((label) => of.some(({ row }) => row.label === label))
      .map((label) => {
        const right = of.filter(({ row, best }) => row.label === label && best === label).length;
        const said = of.filter(({ best }) => best === label).length;
        const there = of.filter(({ row }) => row.label === label);
        const auc = areaUnderCurve(
          there.map(({ probability }) => probability[label] ?? 0),
          of.filter(({ row }) => row.label !== label).map(({ probability }) => probability[label] ?? 0),
        );
        return [
          label,
          {
            texts: there.length,
            precision: said === 0 ? null : rounded(right / said),
            recall: rounded(right / there.length),
            auc: Number.isNaN(auc) ? null : rounded(auc),
          },
        ];
      });
    return { texts: of.length, accuracy: rounded(of.filter(({ row, best }) => row.label === best).length / of.length), labels: Object.fromEntries(each) };
  };
  return Object.fromEntries(['all', ...[...new Set(rows.map(({ kind }) => kind))].sort()].map((kind) => [kind, table(kind)]));
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options: { data: { type: 'string' } }, allowPositionals: true });
  const name = positionals[0] as Name;
  if (values.data === undefined || !(name in RARE)) throw new Error('quality|topic|format|adult --data DIR');
  const folder = packagePath('stages', 'fasttext', 'models', name);
  const scratch = mkdtempSync(join(tmpdir(), 'refine-classifier-'));
  mkdirSync(folder, { recursive: true });
  try {
    const scores = name === 'quality' ? await quality(values.data, folder, scratch) : await folded(name, values.data, folder, scratch);
    rmSync(join(folder, 'model.json'), { force: true }); // the command's own card, which names paths
    writeFileSync(join(folder, 'scores.json'), `${JSON.stringify(scores, null, 2)}\n`);
    process.stdout.write(`${JSON.stringify(scores, null, 1)}\n`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

await main();
