// What a `quality` tells apart on sites it never saw, by kind and language: one line a model and kind, then JSON on stdout.
//   node dist/infra/model/eval-quality.js --test FILE.jsonl [--encoder FOLDER|NAME]... [--fasttext FILE|NAME]... [--windows 1] [--max-length N] [--dtype f32] [--both]
// `--test`: what quality-data.js wrote. `--both` adds the mean of all models' log-odds, what two opinions together tell.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bytesColumn, native, utf8Column } from '../../native/index.js';
import { loadTokenizer } from '../../pipeline/tokenizers.js';
import { probabilities } from '../../stages/classify/scores.js';
import { ENCODER_DTYPES, type EncoderOptions, NativeEncoder } from '../../stages/contract/encoder.js';
import { readEncoderConfig } from '../../stages/contract/encoder-config.js';
import { resolveModel } from '../../stages/contract/weights/shipped.js';
import { type QualityAreas, qualityAreas } from './quality-areas.js';
import type { Example } from './quality-text.js';

const GOOD = 'main';
const AT_ONCE = 64;

async function encoderScores(name: string, texts: readonly string[], how: EncoderOptions): Promise<Float64Array> {
  const folder = resolveModel(name, process.cwd());
  const [head] = readEncoderConfig(folder).heads;
  const model = await NativeEncoder.open(folder, how, true);
  const out = new Float64Array(texts.length);
  for (let from = 0; from < texts.length; from += AT_ONCE) {
    const part = texts.slice(from, from + AT_ONCE);
    const inputs = await model.inputs(utf8Column(part));
    const found = probabilities(head!, (await model.logits(inputs))[0]!, inputs, part.length);
    for (let row = 0; row < part.length; row++) out[from + row] = found[row * head!.labels.length + head!.labels.indexOf(GOOD)]!;
  }
  return out;
}

async function fasttextScores(name: string, texts: readonly string[]): Promise<Float64Array> {
  const file = /\.(bin|ftz)$/.test(name) ? name : join(resolveModel(name, process.cwd(), 'fasttext'), 'model.ftz');
  const model = native.fasttextLoad(readFileSync(file));
  const lines = bytesColumn(
    'utf8',
    texts.map((text) => Buffer.from(text.replace(/\s+/g, ' '))),
  );
  const k = model.labels.length;
  const { labels, probs } = await native.fasttextPredict(model, lines, k);
  const good = model.labels.indexOf(GOOD);
  return Float64Array.from(texts, (_, row) => {
    for (let at = row * k; at < (row + 1) * k; at++) if (labels[at] === good) return probs[at]!;
    return 0;
  });
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      test: { type: 'string' },
      encoder: { type: 'string', multiple: true, default: [] },
      fasttext: { type: 'string', multiple: true, default: [] },
      windows: { type: 'string', default: '1' },
      'max-length': { type: 'string' },
      dtype: { type: 'string', default: 'f32' },
      both: { type: 'boolean', default: false },
    },
  });
  if (values.test === undefined) throw new Error('--test names the file of labelled texts that quality-data.js wrote (test.jsonl)');
  const examples = readFileSync(values.test, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Example);
  const texts = examples.map(({ text }) => text);
  const dtype = ENCODER_DTYPES.find((name) => name === values.dtype);
  if (dtype === undefined) throw new Error(`--dtype is one of ${ENCODER_DTYPES.join(', ')}`);
  const maxLength = values['max-length'] === undefined ? undefined : Number(values['max-length']);
  const how = { loadTokenizer, windows: Number(values.windows), maxLength, dtype };
  const found: [string, Float64Array][] = [];
  for (const name of values.encoder) found.push([`encoder ${name}`, await encoderScores(name, texts, how)]);
  for (const name of values.fasttext) found.push([`fastText ${name}`, await fasttextScores(name, texts)]);
  if (values.both) {
    const odds = (p: number): number => Math.log(Math.max(p, 1e-6) / Math.max(1 - p, 1e-6));
    found.push(['mean of log-odds', Float64Array.from(texts, (_, at) => found.reduce((sum, [, scores]) => sum + odds(scores[at]!), 0) / found.length)]);
  }
  const results: Record<string, QualityAreas> = {};
  for (const [name, scores] of found) {
    const areas = qualityAreas(examples, scores);
    results[name] = areas;
    for (const [kind, { auc, other }] of [['all', areas.all] as const, ...Object.entries(areas.byKind), ...Object.entries(areas.byLanguage)])
      process.stderr.write(`${name}  ${kind.padEnd(12)} ${auc.toFixed(3)}  (${other})\n`);
  }
  process.stdout.write(`${JSON.stringify(results, null, 1)}\n`);
}

await main();
