// Models through the CUDA library, whose kernels run in the emulator: every architecture of the goldens against HuggingFace transformers
// and against the CPU, packing, memory and a device that is lost.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type EncodeOptions, type ModelHandle, type ModelOptions, native, packageRoot } from '../../native/index.js';
import { readModelFolder } from '../../stages/contract/weights/read-model-folder.js';
import { emulatedLibrary, needsEmulator } from '../support/cuda-emulator.js';
import { goldenFolder, goldenIds, isEncoder, type ModelGolden, modelGoldens, relativeError } from '../support/model-goldens.js';

const library = emulatedLibrary();
const skip = library === null ? needsEmulator : false;
const place = mkdtempSync(join(tmpdir(), 'refine-cuda-model-'));
after(() => rmSync(place, { recursive: true, force: true }));

const goldens = modelGoldens();
const golden = (name: string): ModelGolden => goldens.find((one) => one.name === name)!;
const planOf = async (one: ModelGolden) => readModelFolder(goldenFolder(one, join(place, `${one.name}-${Math.random()}`)));
const onGpu = (options: Omit<ModelOptions, 'cuda'> & { batchTokens?: number; memoryLimit?: number } = {}): ModelOptions => {
  const { batchTokens = 256, memoryLimit, ...rest } = options;
  return { ...rest, cuda: { library: library!, batchTokens, ...(memoryLimit === undefined ? {} : { memoryLimit }) } };
};
const lossesOf = async (model: ModelHandle, ids: Uint32Array): Promise<Float32Array> =>
  (await native.modelLosses(model, ids, Int32Array.of(0, ids.length))).subarray(1);
const sum = (values: Float32Array): number => values.reduce((total, value) => total + value, 0);

// By default the tokens of one tile and one more; all the goldens' lengths behind REFINE_FULL (the emulator runs every thread).
const lengths = process.env.REFINE_FULL === '1' ? [1, 17, 63, 1024] : [1, 17, 63];

for (const one of goldens.filter((each) => !isEncoder(each)))
  test(`${one.name} in fp32 gives transformers' losses and logits to 1e-4`, { skip }, async () => {
    const model = native.modelLoad(await planOf(one), onGpu());
    for (const { length, losses, logits } of one.cases.filter((each) => lengths.includes(each.length))) {
      const ids = goldenIds(one, length);
      const off = relativeError(await lossesOf(model, ids), losses!);
      assert.ok(off <= 1e-4, `T ${length}: losses ${off}`);
      const rows = await native.modelLogits(
        model,
        ids,
        Uint32Array.from(logits!, ([position]) => position),
      );
      const found = logits!.map(([, id], at) => rows[at * one.config.vocab_size + id]!);
      const offLogits = relativeError(
        found,
        logits!.map(([, , value]) => value),
      );
      assert.ok(offLogits <= 1e-4, `T ${length}: logits ${offLogits}`);
    }
  });

// A kind of every block layout, position and norm; the kernels below are the same for the others.
const KINDS = ['falcon-7b', 'falcon-40b', 'falcon-rw-8', 'gpt-neox', 'gpt2', 'llama', 'llama-wide-heads', 'olmo', 'olmo2', 'qwen2'];
for (const name of process.env.REFINE_FULL === '1' ? KINDS : ['falcon-7b', 'falcon-rw-8', 'olmo2', 'llama-wide-heads'])
  test(`${name} in bf16 and int8 on both families of kernels: losses near fp32's, the sum within .5 % in bf16`, { skip }, async () => {
    const plan = await planOf(golden(name));
    const ids = goldenIds(golden(name), 63);
    const exact = await lossesOf(native.modelLoad(plan), ids);
    for (const path of ['hopper', 'ampere'])
      for (const [dtype, most] of [
        ['bf16', 0.02],
        ['int8', 0.05],
      ] as const) {
        process.env.REFINE_CUDA_PATH = path;
        const found = await lossesOf(native.modelLoad(plan, onGpu({ dtype })), ids);
        delete process.env.REFINE_CUDA_PATH;
        const off = relativeError(found, [...exact]);
        assert.ok(off <= most, `${path} ${dtype}: ${off}`);
        if (dtype === 'bf16') assert.ok(Math.abs(sum(found) / sum(exact) - 1) <= 0.005, `${path}: ${sum(found)} and ${sum(exact)}`);
      }
  });

const HEADED: EncodeOptions = { pooling: 'pooler', activation: 'tanh', heads: ['classifier'] };
for (const one of goldens.filter((each) => isEncoder(each) && each.config.model_type !== 'deberta-v2'))
  test(`${one.name}: vectors and scores are those of transformers to 1e-4, every pooling is the CPU's`, { skip }, async () => {
    const plan = await planOf(one);
    const model = native.modelLoad(plan, onGpu());
    for (const { length, pooled, scores } of one.cases.filter((each) => lengths.includes(each.length))) {
      const { vectors, logits } = await native.modelEncode(model, goldenIds(one, length), Int32Array.of(0, length), HEADED);
      if (pooled !== undefined) assert.ok(relativeError(vectors, pooled) <= 1e-4, `T ${length}`);
      if (scores !== undefined) assert.ok(relativeError(logits[0]!, scores) <= 1e-4, `T ${length}`);
    }
    const cpu = native.modelLoad(plan);
    const ids = goldenIds(one, 63);
    const offsets = Int32Array.of(0, 5, 5, 40, 63); // one without ids
    for (const pooling of ['cls', 'mean', 'max', 'pooler'] as const) {
      const how: EncodeOptions = { ...HEADED, pooling };
      const [found, wanted] = [await native.modelEncode(model, ids, offsets, how), await native.modelEncode(cpu, ids, offsets, how)];
      assert.ok(relativeError(found.vectors, [...wanted.vectors]) <= 1e-4, pooling);
      const labels = wanted.logits[0]!.length / 4;
      assert.ok(Number.isNaN(found.logits[0]![labels]!), 'no ids, no score');
      const scored = (logits: Float32Array) => [...logits].filter((_, at) => Math.floor(at / labels) !== 1);
      assert.ok(relativeError(scored(found.logits[0]!), scored(wanted.logits[0]!)) <= 1e-4, pooling);
    }
  });

test("a document's losses are the same bytes alone, packed, in halved batches and in any order", { skip }, async () => {
  for (const dtype of ['f32', 'bf16', 'int8'] as const) {
    const plan = await planOf(golden('llama'));
    const ids = goldenIds(golden('llama'), 1024).subarray(0, 330);
    const ends = [0, 7, 7, 72, 73, 200, 330];
    const packed = native.modelLoad(plan, onGpu({ dtype, batchTokens: 512 }));
    const found = await native.modelLosses(packed, ids, Int32Array.from(ends));
    const small = await native.modelLosses(native.modelLoad(plan, onGpu({ dtype, batchTokens: 256 })), ids, Int32Array.from(ends));
    assert.deepEqual(small, found, dtype);
    for (let at = 0; at + 1 < ends.length; at++) {
      const alone = await native.modelLosses(packed, ids.slice(ends[at]!, ends[at + 1]!), Int32Array.of(0, ends[at + 1]! - ends[at]!));
      assert.deepEqual(alone, found.slice(ends[at]!, ends[at + 1]!), `${dtype} document ${at}`);
    }
    const bos = await native.modelLosses(packed, ids.slice(0, 72), Int32Array.of(0, 7, 72), 3);
    const begun = await native.modelLosses(packed, Uint32Array.of(3, ...ids.slice(7, 72)), Int32Array.of(0, 66));
    assert.deepEqual(bos.slice(7), begun.slice(1), 'a token before every document');
  }
});

test('a model that does not fit is refused with its plan; one whose batch does not fit runs in halves and says so', { skip }, async () => {
  const plan = await planOf(golden('gpt2'));
  assert.throws(() => native.modelLoad(plan, onGpu({ memoryLimit: 50_000 })), {
    code: 'ERR_REFINE_MEMORY',
    message: /the weights take 0\.\d MiB.*the limit is/,
  });
  const whole = native.modelLoad(plan, onGpu({ batchTokens: 4096 }));
  const { weightBytes, arenaBytes, heldBytes, halvings } = native.modelFacts(whole)!;
  assert.equal(halvings, 0);
  const ids = goldenIds(golden('gpt2'), 63);
  const tight = native.modelLoad(plan, onGpu({ batchTokens: 4096, memoryLimit: heldBytes + weightBytes + Math.floor(arenaBytes / 2) }));
  const facts = native.modelFacts(tight)!;
  assert.ok(facts.halvings >= 1 && facts.batchTokens === 4096 / 2 ** facts.halvings, JSON.stringify(facts));
  assert.deepEqual(await lossesOf(tight, ids), await lossesOf(whole, ids));
});

test('a call whose results find no room halves the batch, counts it, and gives the same bytes', { skip }, async () => {
  const plan = await planOf(golden('gpt2'));
  const ids = goldenIds(golden('gpt2'), 1024).subarray(0, 500);
  const offsets = Int32Array.from([0, 100, 200, 300, 400, 500]);
  const roomy = native.modelLoad(plan, onGpu({ batchTokens: 512 }));
  const { weightBytes, arenaBytes } = native.modelFacts(roomy)!;
  const wanted = await native.modelLosses(roomy, ids, offsets);
  // Weights and activations fit to the byte: the 4 bytes a token of the results do not.
  const tight = native.modelLoad(plan, onGpu({ batchTokens: 512, memoryLimit: native.modelFacts(roomy)!.heldBytes + weightBytes + arenaBytes + 512 }));
  assert.equal(native.modelFacts(tight)!.halvings, 0);
  assert.deepEqual(await native.modelLosses(tight, ids, offsets), wanted);
  const { halvings, batchTokens } = native.modelFacts(tight)!;
  assert.deepEqual([halvings, batchTokens], [1, 256]);
  assert.deepEqual(await native.modelLosses(tight, ids, offsets), wanted);
  assert.equal(native.modelFacts(tight)!.halvings, 1, 'and stays so');
});

test('models side by side, called at once, give the bytes that each gives alone', { skip }, async () => {
  const names = ['gpt2', 'llama'] as const;
  const ids = names.map((name) => goldenIds(golden(name), 63));
  const models = await Promise.all(names.map(async (name) => native.modelLoad(await planOf(golden(name)), onGpu({ dtype: 'bf16' }))));
  const alone = [await lossesOf(models[0]!, ids[0]!), await lossesOf(models[1]!, ids[1]!)];
  const together = await Promise.all([0, 1, 0, 1, 0, 1].map((at) => lossesOf(models[at]!, ids[at]!)));
  for (const [call, found] of together.entries()) assert.deepEqual(found, alone[call % 2], `call ${call}`);
});

/** Loads a model whose forwards are never replayed. */
async function launched(plan: Awaited<ReturnType<typeof planOf>>, options: Parameters<typeof onGpu>[0]): Promise<ModelHandle> {
  process.env.REFINE_CUDA_GRAPHS = '0';
  const model = native.modelLoad(plan, onGpu(options));
  delete process.env.REFINE_CUDA_GRAPHS;
  return model;
}

test('a small batch is launched, then captured, then replayed with the same bytes; another shape has a graph of its own', { skip }, async () => {
  const plan = await planOf(golden('llama'));
  const ids = goldenIds(golden('llama'), 1024);
  for (const dtype of ['bf16', 'int8'] as const) {
    const plain = await launched(plan, { dtype });
    const model = native.modelLoad(plan, onGpu({ dtype }));
    const same = async (from: number, ends: number[], graphs: number, replays: number) => {
      const own = ids.slice(from, from + ends.at(-1)!);
      const offsets = Int32Array.from([0, ...ends]);
      assert.deepEqual(await native.modelLosses(model, own, offsets), await native.modelLosses(plain, own, offsets), `${dtype} ${ends}`);
      const facts = native.modelFacts(model)!;
      assert.deepEqual([facts.graphs, facts.replays], [graphs, replays], `${dtype} ${ends}`);
    };
    await same(0, [7, 60], 0, 0);
    await same(9, [7, 60], 1, 1);
    await same(70, [61, 100], 1, 2); // other documents of the same class
    await same(3, [100], 1, 3);
    await same(0, [100, 200], 1, 3); // 198 rows: of 256
    await same(50, [1, 199], 2, 4);
    await same(0, [7, 60], 2, 5);
    await same(0, [300], 0, 5); // longer than a batch: a new arena, so no graph holds
    await same(9, [7, 60], 0, 5);
    await same(0, [7, 60], 1, 6);
    // Embedding; a layer's two norms, turning, attention, four products, and in int8 the quantising before each.
    assert.equal(
      native.modelFacts(model)!.launches,
      1 + (dtype === 'int8' ? 12 : 8) * Number(golden('llama').config.num_hidden_layers),
      'kernels of a forward',
    );
    assert.deepEqual([native.modelFacts(plain)!.graphs, native.modelFacts(plain)!.replays], [0, 0]);
  }
});

test("an encoder's replayed batches have the vectors and scores of launched ones, documents without ids among them", { skip }, async () => {
  const one = goldens.find((each) => isEncoder(each) && each.config.model_type !== 'deberta-v2')!;
  const plan = await planOf(one);
  const ids = goldenIds(one, 63);
  const plain = await launched(plan, { dtype: 'bf16' });
  const model = native.modelLoad(plan, onGpu({ dtype: 'bf16' }));
  for (const ends of [[5, 5, 40, 63], [63], [1, 2, 3, 4], [5, 5, 40, 63]]) {
    const offsets = Int32Array.from([0, ...ends]);
    const own = ids.slice(0, ends.at(-1)!);
    assert.deepEqual(await native.modelEncode(model, own, offsets, HEADED), await native.modelEncode(plain, own, offsets, HEADED), `${ends}`);
  }
  assert.ok(native.modelFacts(model)!.replays >= 1);
});

test('what a GPU cannot run or was asked wrongly is refused by name', { skip }, async () => {
  const deberta = goldens.find(({ config }) => config.model_type === 'deberta-v2')!;
  const plan = await planOf(deberta);
  assert.throws(() => native.modelLoad(plan, onGpu()), { code: 'ERR_REFINE_DEVICE', message: /disentangled attention/ });
  const model = native.modelLoad(await planOf(golden('gpt2')), onGpu());
  await assert.rejects(native.modelLosses(model, Uint32Array.of(1, 100_000), Int32Array.of(0, 2)), {
    code: 'ERR_REFINE_INPUT',
    message: /token 100000 at position 1/,
  });
  assert.throws(() => native.modelGenerate(model, { temperature: 0, topK: 0, topP: 1, seed: 0n }), /load it for the CPU/);
});

test('the emulated device answers the probe, and MinHash on it gives the CPU its bytes', { skip }, async () => {
  const probe = native.cudaProbe(library!);
  assert.equal(probe.reason, 'ok');
  assert.equal(probe.name, 'emulator');
  const text = ['the river runs over stone and under the bridge', '', 'salt wind from the sea'];
  const bytes = new TextEncoder().encode(text.join(''));
  const offsets = Int32Array.from([0, ...text.map((_, at) => new TextEncoder().encode(text.slice(0, at + 1).join('')).length)]);
  const shingles = await native.shingles({ kind: 'utf8', data: bytes, offsets }, { size: 3, normalise: 'none', words: 'white-space', hash: 'xxh64' });
  const found = await native.cudaMinhash(library!, shingles, 130);
  const wanted = await native.sketchMinima(shingles, { bands: 13, rows: 10, family: 'affine' }, 0, 13);
  assert.deepEqual([...found], [...wanted]);
});

/** Losses of three tokens, `calls` times in a process of its own, with this in the environment: a line each. */
function inAProcess(calls: number, env: Record<string, string>): string[] {
  const folder = goldenFolder(golden('gpt2'), join(place, `process-${Math.random()}`));
  const script = `
    const { native } = await import(${JSON.stringify(join(packageRoot, 'dist', 'native', 'index.js'))});
    const { readModelFolder } = await import(${JSON.stringify(join(packageRoot, 'dist', 'stages', 'contract', 'weights', 'read-model-folder.js'))});
    const model = native.modelLoad(await readModelFolder(${JSON.stringify(folder)}), { cuda: { library: ${JSON.stringify(library)}, batchTokens: 256 } });
    for (let call = 0; call < ${calls}; call++)
      await native.modelLosses(model, Uint32Array.of(1, 2, 3), Int32Array.of(0, 3)).then((losses) => console.log('fine', losses.join(' '), native.modelFacts(model).graphs, native.modelFacts(model).launches), (error) => console.log(error.code, error.message));
  `;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', env: { ...process.env, ...env } });
  const lines = stdout.trim().split('\n');
  assert.equal(lines.length, calls, stderr);
  return lines;
}

test('a device that is lost ends every later call of its process with the same named error: launching, capturing or replaying', { skip }, async () => {
  const good = inAProcess(3, {});
  for (const line of good) assert.match(line, /^fine NaN \S+ \S+ /);
  const launches = Number(good[2]!.split(' ').at(-1));
  assert.ok(launches > 10, 'kernels of a forward');
  for (const [at, fine] of [
    [5, 0],
    [launches + 10, 1], // in the capture of the second call
    [2 * launches + 10, 1], // in that graph's first run
  ] as const) {
    const lines = inAProcess(3, { REFINE_SIMT_LOSE_AFTER: String(at) });
    for (const line of lines.slice(0, fine)) assert.match(line, /^fine /, `launch ${at}`);
    for (const line of lines.slice(fine)) assert.match(line, /^ERR_REFINE_DEVICE_LOST the GPU was lost, .*719/, `launch ${at}`);
  }
});

test('a graph that finds no memory is done without: the same losses, launched', { skip }, async () => {
  const wanted = inAProcess(3, {}).map((line) => line.split(' ').slice(0, 4));
  const found = inAProcess(3, { REFINE_SIMT_GRAPH_BYTES: String(2 ** 34) });
  assert.deepEqual(
    found.map((line) => line.split(' ').slice(0, 4)),
    wanted,
  );
  for (const line of found) assert.match(line, / 0 0$/);
});
