// Model folders as plans. Which tensors there are, and under which names, comes from transformers (tests/fixtures/model/goldens);
// which rows are whose, from the modeling files' views.
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { native } from '../../native/index.js';
import { alibiSlopes, bfloat16 } from '../../stages/contract/weights/alibi.js';
import { randomTensor } from '../../stages/contract/weights/random-weights.js';
import { MODEL_TYPES, readModelFolder } from '../../stages/contract/weights/read-model-folder.js';
import { temporaryFolder } from '../support/model-folder.js';
import { goldenFolder, modelGoldens } from '../support/model-goldens.js';

const root = temporaryFolder('model-folder');
after(() => rmSync(root, { recursive: true }));
const goldens = modelGoldens();
const goldenOf = (name: string) => goldens.find((golden) => golden.name === name)!;

for (const golden of goldens.filter(({ config }) => MODEL_TYPES.includes(config.model_type)))
  test(`every tensor of ${golden.name} as transformers saves it finds its role, sharded or not`, async () => {
    for (const most of [undefined, 20_000]) {
      const folder = goldenFolder(golden, join(root, `${golden.name}-${most ?? 'whole'}`), most);
      const plan = await readModelFolder(folder);
      assert.deepEqual(plan.unused, []);
      assert.equal(plan.files.length > 1, most !== undefined);
      const handle = native.weightsOpen(plan);
      for (const { role, shape } of plan.tensors) {
        const read = native.weightsRead(handle, role)!;
        assert.deepEqual([read.rows, read.columns], shape.length === 1 ? [1, shape[0]] : shape, role);
        assert.ok(
          read.values.every((value) => value !== 0 && Math.abs(value) <= 1.25),
          role,
        );
      }
      const numbers = golden.tensors.reduce((sum, [, shape]) => sum + shape.reduce((product, dimension) => product * dimension, 1), 0);
      assert.equal(plan.parameters, numbers);
    }
  });

/** (rows, columns) of a tensor of the golden, as [row][column]. */
function rowsOf(name: string, shape: readonly number[]): number[][] {
  const values = randomTensor(1, name, shape);
  const columns = shape[1] ?? 1;
  return Array.from({ length: shape[0]! }, (_, row) => [...values.subarray(row * columns, (row + 1) * columns)]);
}

async function role(name: string, wanted: string): Promise<number[][]> {
  const plan = await readModelFolder(goldenFolder(goldenOf(name), join(root, `${name}-${wanted}`)));
  const { rows, columns, values } = native.weightsRead(native.weightsOpen(plan), wanted)!;
  return Array.from({ length: rows }, (_, row) => [...values.subarray(row * columns, (row + 1) * columns)]);
}

test('q, k and v of a fused tensor are the rows that the modeling files view them as', async () => {
  const pick = (rows: number[][], wanted: readonly number[]) => wanted.map((row) => rows[row]!);
  const range = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i);
  const name = 'transformer.h.1.self_attention.query_key_value.weight';
  // 40B: view(G = 2, H / G + 2 = 5, D = 8): three queries, a key, a value a group
  const grouped = rowsOf(name, [80, 48]);
  assert.deepEqual(await role('falcon-40b', 'layers.1.q.weight'), pick(grouped, [...range(0, 24), ...range(40, 24)]));
  assert.deepEqual(await role('falcon-40b', 'layers.1.k.weight'), pick(grouped, [...range(24, 8), ...range(64, 8)]));
  assert.deepEqual(await role('falcon-40b', 'layers.1.v.weight'), pick(grouped, [...range(32, 8), ...range(72, 8)]));
  // 7B: view(H + 2 = 8, D = 8): the key and the value are the last two
  const single = rowsOf(name, [64, 48]);
  assert.deepEqual(await role('falcon-7b', 'layers.1.k.weight'), pick(single, range(48, 8)));
  // RW: view(H = 6, 3, D = 8), and its bias the same way
  const bias = rowsOf('transformer.h.0.self_attention.query_key_value.bias', [144]).flat();
  const wanted = range(0, 6).flatMap((head) => range(head * 24 + 8, 8));
  assert.deepEqual(
    (await role('falcon-rw', 'layers.0.k.bias')).flat(),
    wanted.map((row) => bias[row]!),
  );
});

test("GPT-2's Conv1D weights are stored as (in, out) and come out as (out, in), split after that", async () => {
  const stored = rowsOf('transformer.h.1.attn.c_attn.weight', [48, 144]);
  const transposed = Array.from({ length: 144 }, (_, out) => stored.map((row) => row[out]!));
  assert.deepEqual(await role('gpt2', 'layers.1.v.weight'), transposed.slice(96));
});

test('a config in the form of before transformers 5 gives the same plan', async () => {
  for (const name of ['llama-yarn', 'llama-llama3', 'llama-linear', 'falcon-sequential']) {
    const golden = goldenOf(name);
    const { rope_parameters: held, ...rest } = golden.config as unknown as { rope_parameters: Record<string, unknown> };
    const { rope_theta: theta, rope_type: kind, ...scaling } = held;
    const old = { ...rest, rope_theta: theta, rope_scaling: kind === 'default' ? null : { type: kind, ...scaling } };
    const now = await readModelFolder(goldenFolder(golden, join(root, `${name}-now`)));
    const before = await readModelFolder(goldenFolder({ ...golden, config: old as never }, join(root, `${name}-before`)));
    assert.deepEqual(before.config, now.config);
  }
});

test('slopes of ALiBi are those of the paper for 8 heads, and rounded to bfloat16 for Falcon', async () => {
  assert.deepEqual(
    alibiSlopes(8),
    [1, 2, 3, 4, 5, 6, 7, 8].map((power) => 2 ** -power),
  ); // Press et al. 2022, section 3
  assert.equal(bfloat16(1 + 2 ** -8), 1); // halfway: to even
  assert.equal(bfloat16(1 + 3 * 2 ** -8), 1 + 2 ** -6);
  const plan = await readModelFolder(goldenFolder(goldenOf('falcon-rw'), join(root, 'rw')));
  assert.deepEqual(plan.config.alibiSlope, alibiSlopes(6).map(bfloat16));
  assert.equal(plan.config.alibiScale, 1 / Math.sqrt(8));
});

test('a config that asks for 1 TB answers with its memory plan and the limit, before any tensor is read', async () => {
  const folder = temporaryFolder('huge');
  const huge = { model_type: 'llama', vocab_size: 128256, hidden_size: 16384, intermediate_size: 53248, num_hidden_layers: 80, num_attention_heads: 128 };
  writeFileSync(join(folder, 'config.json'), JSON.stringify(huge));
  await assert.rejects(readModelFolder(folder, { memory: 2 ** 30 }), (error: Error & { code: string }) => {
    assert.equal(error.code, 'ERR_REFINE_WEIGHTS');
    assert.match(error.message, /asks for 299,\S+ parameters: 1\.1 TiB as f32, \d+ GiB as bf16, \d+ GiB as int8, .*The limit is 1\.0 GiB/);
    return true;
  });
  rmSync(folder, { recursive: true });
});

const refused: readonly (readonly [string, object, RegExp])[] = [
  ['an unknown model_type', { model_type: 'mamba' }, /model_type is "mamba"; known: falcon, llama/],
  ['no model_type', { model_type: null, architectures: null }, /model_type is ""; known/],
  ['a negative size', { hidden_size: -4 }, /hidden_size is -4; expected a whole number from 1/],
  ['a size past the bounds', { num_hidden_layers: 1e9 }, /num_hidden_layers is 1000000000; expected a whole number from 0 to 4096/],
  ['a size that is a string', { vocab_size: '509' }, /vocab_size is "509"/],
  ['channels that heads do not divide', { num_attention_heads: 7, head_dim: null }, /expected a multiple of the heads/],
  ['key heads that do not divide', { num_key_value_heads: 4 }, /expected a divisor of the 6 heads/],
  ['an unknown activation', { hidden_act: 'constructor' }, /hidden_act is "constructor"; known: gelu/],
  ['an unknown rope type', { rope_parameters: { rope_type: 'mystery' } }, /rope type is "mystery"; known: default/],
  ['a rope of no numbers', { rope_parameters: { rope_type: 'linear', factor: 0 } }, /factor is 0; expected a number above 0/],
  ['sizes that are not the tensors', { intermediate_size: 99 }, /has the shape \[100,48\]; config.json asks for \[99,48\]/],
];
for (const [what, change, words] of refused)
  test(`refuses ${what}, with what was found and expected`, async () => {
    const golden = goldenOf('llama');
    const folder = goldenFolder({ ...golden, config: { ...golden.config, ...change } as never }, join(root, `refused-${what}`));
    await assert.rejects(readModelFolder(folder), (error: Error & { code: string }) => error.code === 'ERR_REFINE_WEIGHTS' && words.test(error.message));
  });

test('a tied model needs no head, an untied one without it is refused by name', async () => {
  const golden = goldenOf('llama');
  const tensors = golden.tensors.filter(([name]) => name !== 'lm_head.weight');
  const untied = goldenFolder({ ...golden, tensors }, join(root, 'untied'));
  await assert.rejects(readModelFolder(untied), /has no tensor "lm_head.weight", which head is/);
  const tied = goldenFolder({ ...golden, tensors, config: { ...golden.config, tie_word_embeddings: true } }, join(root, 'tied'));
  assert.ok(!(await readModelFolder(tied)).tensors.some((tensor) => tensor.role === 'head'));
});

test('heads of encoders carry kind and labels; a regression head is told by its one label', async () => {
  const plan = await readModelFolder(goldenFolder(goldenOf('bert'), join(root, 'heads-bert')));
  assert.deepEqual(plan.heads, [{ name: 'classifier', kind: 'classification', labels: ['main', 'boilerplate', 'spam'] }]);
  const one = await readModelFolder(goldenFolder(goldenOf('bert-regression'), join(root, 'heads-one')));
  assert.equal(one.heads[0]!.kind, 'regression');
  const roberta = await readModelFolder(goldenFolder(goldenOf('roberta'), join(root, 'heads-roberta')));
  assert.deepEqual([roberta.config.positionOffset, roberta.config.context], [2, 1024]);
});
