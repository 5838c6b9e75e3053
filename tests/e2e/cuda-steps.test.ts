// classify, dedupe-semantic and `refine check` with their models on an emulated GPU, against the same on the CPU: values within the stated
// band, and every decision the same but those of a value within the band of its bound, which are counted.
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { documentAt, packagePath } from '../../native/index.js';
import type { CheckResult } from '../../pipeline/check/check.js';
import { readArrow } from '../../pipeline/store.js';
import { DEVICE_BAND } from '../../stages/perplexity/perplexity.js';
import { refine } from '../support/cli.js';
import { emulatedLibrary, needsEmulator } from '../support/cuda-emulator.js';
import { madeRun } from '../support/readiness-runs.js';
import { smallDecoder } from '../support/small-decoder.js';

const library = emulatedLibrary();
const skip = library === null ? needsEmulator : false;
const folder = mkdtempSync(join(tmpdir(), 'refine-cuda-steps-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const env = { REFINE_CUDA_LIBRARY: library ?? '' };
/** fp32 on both: probabilities and cosines, absolute. */
const BAND = 1e-4;

cpSync(packagePath('tests', 'fixtures', 'model', 'tiny-onnx'), join(folder, 'tiny'), { recursive: true });
const WORDS = ['page', 'data', 'login', 'science', 'a', 'web', 'model', 'river'];
const DOCUMENTS = 20;
for (const input of [0, 1])
  writeFileSync(
    join(folder, `${input}.jsonl`),
    Array.from({ length: DOCUMENTS }, (_, i) => {
      const n = i + (i % 4 === 0 ? 0 : DOCUMENTS * input); // every fourth text stands in both files
      const text = Array.from({ length: 2 + (n % 9) }, (__, k) => WORDS[(n * 5 + k * (1 + (n % 7))) % WORDS.length]).join(' ');
      return `${JSON.stringify({ id: `${input}-${i}`, text })}\n`;
    }).join(''),
  );

type Row = Readonly<Record<string, unknown>>;
async function featuresOf(out: string): Promise<Row[]> {
  const rows: Row[] = [];
  for (const file of readdirSync(join(folder, out, 'features')).sort())
    for await (const batch of readArrow(join(folder, out, 'features', file))) for (let row = 0; row < batch.rows; row++) rows.push(documentAt(batch, row));
  return rows;
}

/** The rows of a run of one step on the CPU and on the GPU. */
async function both(name: string, step: string): Promise<[cpu: Row[], gpu: Row[]]> {
  writeFileSync(
    join(folder, `${name}.yaml`),
    `name: m\nsource: { jsonl: [0.jsonl, 1.jsonl] }\nsteps:\n  - ${step}\nsink: { text: { keep: true }, features: all }\n`,
  );
  for (const device of ['cpu', 'cuda']) {
    const done = await refine(['run', `${name}.yaml`, '--out', `${name}-${device}`, '--workers', '1', '--device', device], { cwd: folder, env });
    assert.equal(done.code, 0, done.stderr);
  }
  return [await featuresOf(`${name}-cpu`), await featuresOf(`${name}-cuda`)];
}

/** How many rows were decided otherwise; one whose value lies further than BAND from the bound is a failure. */
function decidedOtherwise(cpu: readonly Row[], gpu: readonly Row[], column: string, bound: number): number {
  assert.deepEqual(
    gpu.map(({ id }) => id),
    cpu.map(({ id }) => id),
  );
  let otherwise = 0;
  for (const [at, wanted] of cpu.entries()) {
    if ((wanted.reason ?? null) === (gpu[at]!.reason ?? null)) continue;
    otherwise++;
    const value = (wanted[column] ?? gpu[at]![column]) as number;
    assert.ok(Math.abs(value - bound) <= BAND, `${String(wanted.id)}: ${value} is decided otherwise, the bound is ${bound}`);
  }
  return otherwise;
}

test('classify on the GPU gives scores within 1e-4 and the same decisions', { skip }, async () => {
  const probe = await both('scores', 'classify: { model: tiny, label: spam, score: spam, languages: all }');
  const [scores] = probe.map((rows) => rows.map((row) => row.score_spam as number)) as [number[], number[]];
  const sorted = [...scores].sort((a, b) => a - b);
  assert.ok(sorted.at(-1)! - sorted[0]! > 10 * BAND, 'scores differ, so a decision says something');
  for (const [at, row] of probe[1].entries())
    assert.ok(Math.abs((row.score_spam as number) - scores[at]!) <= BAND, `${at}: ${String(row.score_spam)} and ${scores[at]}`);
  const bound = sorted[Math.floor(sorted.length / 2)]! + BAND / 10;
  const [cpu, gpu] = await both('classify', `classify: { model: tiny, label: spam, score: spam, languages: all, max-score: ${bound} }`);
  const gone = cpu.filter(({ reason }) => reason !== null && reason !== undefined).length;
  assert.ok(gone > 0 && gone < cpu.length, `${gone} of ${cpu.length}`);
  assert.ok(decidedOtherwise(cpu, gpu, 'score_spam', bound) <= scores.filter((score) => Math.abs(score - bound) <= BAND).length);
});

test('dedupe-semantic with vectors from the GPU drops the same documents, with cosines within 1e-4', { skip }, async () => {
  const bound = 0.999;
  const [cpu, gpu] = await both('semantic', `dedupe-semantic: { model: tiny, keep: first, clusters: 1, min-similarity: ${bound} }`);
  const gone = cpu.filter(({ reason }) => reason === 'semantic-duplicate');
  assert.ok(gone.length >= DOCUMENTS / 4 && gone.length < cpu.length, `${gone.length} of ${cpu.length}`);
  assert.equal(decidedOtherwise(cpu, gpu, 'similarity', bound), 0);
  for (const [at, { similarity }] of cpu.entries())
    if (typeof similarity === 'number') assert.ok(Math.abs((gpu[at]!.similarity as number) - similarity) <= BAND, `${at}: ${similarity}`);
});

test('check --device cuda scores the run in bf16 as the CPU does in fp32, within the band, and finds the same', { skip }, async () => {
  const run = await madeRun(join(folder, 'made'), { seed: 1, shards: 2, documents: 12 });
  const model = smallDecoder(join(folder, 'small'));
  const checked = async (device: string): Promise<CheckResult> => {
    const { code, stdout, stderr } = await refine(['check', run, '--model', model, '--device', device, '--json'], { env });
    assert.ok(code === 0 || code === 1, stderr);
    return JSON.parse(stdout) as CheckResult;
  };
  const [cpu, gpu] = [await checked('cpu'), await checked('cuda')];
  assert.ok(cpu.loss !== null && gpu.loss !== null);
  assert.deepEqual([gpu.loss.documents, gpu.loss.tokens], [cpu.loss.documents, cpu.loss.tokens]);
  assert.ok(Math.abs(gpu.loss.bitsPerByte / cpu.loss.bitsPerByte - 1) <= DEVICE_BAND.bf16, `${gpu.loss.bitsPerByte} and ${cpu.loss.bitsPerByte}`);
  assert.deepEqual(
    gpu.findings.map(({ check, shard }) => [check, shard]),
    cpu.findings.map(({ check, shard }) => [check, shard]),
  );
  const lost = await refine(['check', run, '--model', model, '--device', 'cuda'], { env: { ...env, REFINE_SIMT_LOSE_AFTER: '3' } });
  assert.equal(lost.code, 1);
  assert.match(lost.stderr, /ERR_REFINE_DEVICE_LOST/, 'it was the GPU that computed');
});

const slow = process.env.REFINE_FULL !== '1' && 'a step of the proxy takes the emulator some 20 s of processor time: with REFINE_FULL=1';
test('check --train-steps --device cuda learns in bf16 what the CPU learns in fp32, and says where', { skip: skip || slow }, async () => {
  const run = await madeRun(join(folder, 'learnt'), { seed: 1, shards: 1, documents: 4 });
  const learnt = async (device: string): Promise<NonNullable<CheckResult['proxy']>> => {
    const { code, stdout, stderr } = await refine(['check', run, '--train-steps', '1', '--device', device, '--json'], { env });
    assert.ok(code === 0 || code === 1, stderr);
    const { proxy } = JSON.parse(stdout) as CheckResult;
    assert.ok(proxy);
    return proxy;
  };
  const [cpu, gpu] = [await learnt('cpu'), await learnt('cuda')];
  assert.deepEqual([cpu.device, gpu.device], [undefined, { kind: 'cuda', dtype: 'bf16' }]);
  const [wanted, found] = [cpu.runs[0]!, gpu.runs[0]!];
  assert.deepEqual([found.documents, found.tokens, found.verdict], [wanted.documents, wanted.tokens, wanted.verdict]);
  assert.ok(Math.abs(found.bitsPerByte.own! / wanted.bitsPerByte.own! - 1) <= 0.01, `${found.bitsPerByte.own} and ${wanted.bitsPerByte.own}`);
});
