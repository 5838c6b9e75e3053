// dedupe-minhash with its signatures on an emulated GPU: the CPU's run byte for byte, the same lock, resumed on either device after a kill.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisedBytes, refine, startRefine } from '../support/cli.js';
import { emulatedLibrary, needsEmulator } from '../support/cuda-emulator.js';

const library = emulatedLibrary();
const skip = library === null ? needsEmulator : false;
const folder = mkdtempSync(join(tmpdir(), 'refine-cuda-minhash-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const GPU = { REFINE_CUDA_LIBRARY: library ?? '' };
const NO_GPU = { REFINE_CUDA_LIBRARY: join(folder, 'none.so') };

/** 60 words, of which `changed` differ from the text of the same seed. */
const text = (seed: number, changed: number): string =>
  Array.from({ length: 60 }, (_, at) => `w${at < changed ? 5000 + seed * 60 + at : (seed * 131 + at * 17) % 997}`).join(' ');
const DOCUMENTS = 24;
for (const input of [0, 1, 2])
  writeFileSync(
    join(folder, `${input}.jsonl`),
    Array.from({ length: DOCUMENTS }, (_, at) => `${JSON.stringify({ id: `${input}-${at}`, text: text(at + 10 * input, at % 3) })}\n`).join(''),
  );
const GEOMETRIES = { 'fourteen-by-8': 'preset: fineweb', '450-by-20': 'preset: refinedweb, family: affine' } as const;
type Geometry = keyof typeof GEOMETRIES;
for (const [name, options] of Object.entries(GEOMETRIES))
  writeFileSync(
    join(folder, `${name}.yaml`),
    `name: near\nsource: { jsonl: [0.jsonl, 1.jsonl, 2.jsonl] }\nsteps:\n  - dedupe-minhash: { ${options} }\nsink: { text: { keep: true } }\n`,
  );

const at = (name: string): string => join(folder, name);
const run = (geometry: Geometry, out: string, device: string, env: Readonly<Record<string, string>>, workers = '1') =>
  refine(['run', `${geometry}.yaml`, '--out', out, '--workers', workers, '--device', device], { cwd: folder, env });
const lockOf = (out: string): string => readFileSync(join(at(out), 'manifest.lock.json'), 'utf8');

for (const geometry of Object.keys(GEOMETRIES) as Geometry[])
  test(`${geometry} on the GPU writes the CPU's bytes and its lock, from any number of workers`, { skip }, async () => {
    const cpu = await run(geometry, `${geometry}-cpu`, 'cpu', GPU, '2');
    assert.equal(cpu.code, 0, cpu.stderr);
    assert.match(cpu.stderr, /dedupe-minhash +72 -> +2\d /, 'most documents have a near duplicate');
    for (const workers of ['1', '2']) {
      const out = `${geometry}-gpu${workers}`;
      const gpu = await run(geometry, out, 'cuda', GPU, workers);
      assert.equal(gpu.code, 0, gpu.stderr);
      assert.deepEqual(promisedBytes(at(out)), promisedBytes(at(`${geometry}-cpu`)));
      assert.equal(lockOf(out), lockOf(`${geometry}-cpu`));
    }
  });

test('auto takes the GPU and says so, and the CPU in silence where there is none; cuda without one is refused by its reason', { skip }, async () => {
  const gpu = await run('fourteen-by-8', 'auto-gpu', 'auto', GPU);
  assert.equal(gpu.code, 0, gpu.stderr);
  assert.match(gpu.stderr, /dedupe-minhash makes its signatures on the GPU \(emulator\): the same bytes as without\./);
  const cpu = await run('fourteen-by-8', 'auto-cpu', 'auto', NO_GPU);
  assert.equal(cpu.code, 0, cpu.stderr);
  assert.doesNotMatch(cpu.stderr, /GPU/);
  assert.deepEqual(promisedBytes(at('auto-gpu')), promisedBytes(at('auto-cpu')));
  const refused = await run('fourteen-by-8', 'refused', 'cuda', NO_GPU);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /ERR_REFINE_DEVICE.*no-library: this build has no library/s);
});

test('a lost device costs tries and then its tasks by name, not the run; the folder goes on without a GPU', { skip }, async () => {
  const lost = await run('fourteen-by-8', 'lost', 'cuda', { ...GPU, REFINE_SIMT_LOSE_AFTER: '1' });
  assert.equal(lost.code, 1);
  assert.match(lost.stderr, /ERR_REFINE_DEVICE_LOST/);
  assert.match(lost.stderr, /in each of 3 tries/);
  const well = await run('fourteen-by-8', 'lost', 'auto', NO_GPU);
  assert.equal(well.code, 0, well.stderr);
  assert.deepEqual(promisedBytes(at('lost')), promisedBytes(at('auto-cpu')));
});

test('killed while band keys are made, the run goes on with the GPU or without to the same bytes', { skip }, async () => {
  const killed = startRefine(['run', '450-by-20.yaml', '--out', 'killed', '--workers', '1', '--device', 'cuda'], { cwd: folder, env: GPU });
  const bands = join(at('killed'), 'scratch', 'dedupe-minhash');
  const begun = (): boolean => existsSync(bands) && readdirSync(bands).some((name) => name.startsWith('bands'));
  let ended = false;
  void killed.done.then(() => (ended = true));
  while (!begun() && !ended) await new Promise((resolve) => setTimeout(resolve, 5));
  killed.child.kill('SIGKILL');
  const { signal } = await killed.done;
  assert.equal(signal, 'SIGKILL', 'it was under way');
  const gone = await run('450-by-20', 'killed', 'cuda', GPU);
  assert.equal(gone.code, 0, gone.stderr);
  assert.deepEqual(promisedBytes(at('killed')), promisedBytes(at('450-by-20-cpu')));
});

test('--device cuda says where no step of the manifest uses it', { skip }, async () => {
  writeFileSync(join(folder, 'dart.yaml'), 'name: d\nsource: { jsonl: [0.jsonl] }\nsteps:\n  - dedupe-minhash: { preset: refinedweb }\n');
  const done = await refine(['run', 'dart.yaml', '--out', 'dart', '--workers', '1', '--device', 'cuda'], { cwd: folder, env: GPU });
  assert.equal(done.code, 0, done.stderr);
  assert.match(done.stderr, /No step of this manifest computes on a GPU: --device cuda changes nothing\./);
});
