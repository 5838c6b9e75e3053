// `refine run` with its model steps on a GPU that is emulated: the whole way from the manifest through worker, GPU process, library and
// kernels and back, against the same run on the CPU.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { column } from '../../native/batch.js';
import { readArrow } from '../../pipeline/store.js';
import { DEVICE_BAND } from '../../stages/perplexity/perplexity.js';
import { refine } from '../support/cli.js';
import { emulatedLibrary, needsEmulator } from '../support/cuda-emulator.js';
import { smallDecoder } from '../support/small-decoder.js';

const library = emulatedLibrary();
const skip = library === null ? needsEmulator : false;
const folder = mkdtempSync(join(tmpdir(), 'refine-cuda-e2e-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const env = { REFINE_CUDA_LIBRARY: library ?? '' };
smallDecoder(join(folder, 'tiny'));

const WORDS = 'river stone cloud lamp tree bread glass wind'.split(' ');
const text = (seed: number): string => Array.from({ length: 2 + (seed % 5) }, (_, at) => WORDS[(seed * 7 + at * 3) % WORDS.length]).join(' ');
for (const input of ['a', 'b'])
  writeFileSync(
    join(folder, `${input}.jsonl`),
    Array.from({ length: 8 }, (_, at) => `${JSON.stringify({ id: `${input}${at}`, text: text(at + (input === 'a' ? 0 : 50)) })}\n`).join(''),
  );
const manifest = join(folder, 'm.yaml');
const write = (dtype: string): void =>
  writeFileSync(manifest, `name: easy\nsource: { jsonl: ["a.jsonl", "b.jsonl"] }\nsteps:\n  - perplexity: { model: tiny, dtype: ${dtype} }\n`);

async function bitsOf(out: string): Promise<number[]> {
  const found: number[] = [];
  for (const shard of ['000000', '000001'])
    for await (const batch of readArrow(join(out, 'text', `${shard}.arrow`))) {
      const bits = column(batch, 'bits_per_byte', 'fixed').values as Float32Array;
      found.push(...bits.subarray(0, batch.rows));
    }
  return found;
}
const lockOf = (out: string) => JSON.parse(readFileSync(join(out, 'manifest.lock.json'), 'utf8')) as { device: string; isa: string };

test('perplexity on the GPU scores as the CPU does within the stated band, and the lock records the device', { skip }, async () => {
  for (const dtype of process.env.REFINE_FULL === '1' ? (['f32', 'bf16'] as const) : (['bf16'] as const)) {
    write(dtype);
    const gpu = await refine(['run', manifest, '--out', join(folder, `gpu-${dtype}`), '--workers', '2', '--device', 'cuda'], { env });
    assert.equal(gpu.code, 0, gpu.stderr);
    const cpu = await refine(['run', manifest, '--out', join(folder, `cpu-${dtype}`), '--workers', '1', '--device', 'cpu'], { env });
    assert.equal(cpu.code, 0, cpu.stderr);
    assert.deepEqual(lockOf(join(folder, `gpu-${dtype}`)), { ...lockOf(join(folder, `gpu-${dtype}`)), device: 'cuda', isa: 'cuda-hopper' });
    const [found, wanted] = [await bitsOf(join(folder, `gpu-${dtype}`)), await bitsOf(join(folder, `cpu-${dtype}`))];
    assert.equal(found.length, 16);
    for (const [at, bits] of found.entries()) assert.ok(Math.abs(bits / wanted[at]! - 1) <= DEVICE_BAND[dtype], `${dtype} ${at}: ${bits} and ${wanted[at]}`);
  }
});

test('auto takes the GPU and says so; the run goes on with it, and is refused on the CPU', { skip }, async () => {
  write('f32');
  const out = join(folder, 'auto');
  const run = await refine(['run', manifest, '--out', out, '--workers', '1'], { env });
  assert.equal(run.code, 0, run.stderr);
  assert.match(run.stderr, /perplexity runs on the GPU \(emulator, cuda-hopper\)\./);
  const again = await refine(['run', manifest, '--out', out], { env });
  assert.equal(again.code, 0, again.stderr);
  const other = await refine(['run', manifest, '--out', out, '--device', 'cpu'], { env });
  assert.equal(other.code, 1);
  assert.match(other.stderr, /ran on cuda there and would run on cpu now/);
});

test('a device that is lost costs tries and then its tasks, each by name', { skip }, async () => {
  write('f32');
  const out = join(folder, 'lost');
  const run = await refine(['run', manifest, '--out', out, '--workers', '1', '--device', 'cuda'], { env: { ...env, REFINE_SIMT_LOSE_AFTER: '3' } });
  assert.equal(run.code, 1);
  assert.match(run.stderr, /ERR_REFINE_DEVICE_LOST/);
  assert.match(run.stderr, /in each of 3 tries/);
  const well = await refine(['run', manifest, '--out', out, '--workers', '1'], { env }); // the same folder goes on
  assert.equal(well.code, 0, well.stderr);
});
