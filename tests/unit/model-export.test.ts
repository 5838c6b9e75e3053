// Weights in another type. Expectations: bfloat16 by rounding to even, int8 by its formula (half a step of the row's largest / 127),
// names and shapes as they were; what was exported reads as a model again.
import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { native } from '../../native/index.js';
import { bfloat16 } from '../../stages/contract/weights/alibi.js';
import { exportModel } from '../../stages/contract/weights/export-model.js';
import { readModelFolder } from '../../stages/contract/weights/read-model-folder.js';
import { readCheckpoint } from '../../stages/contract/weights/safetensors.js';
import { storeTensor } from '../../stages/contract/weights/store-tensor.js';
import { refine } from '../support/cli.js';
import { temporaryFolder } from '../support/model-folder.js';
import { goldenFolder, modelGoldens } from '../support/model-goldens.js';

const root = temporaryFolder('model-export');
after(() => rmSync(root, { recursive: true }));
const goldenOf = (name: string) => modelGoldens().find((golden) => golden.name === name)!;

async function roles(folder: string): Promise<Map<string, { rows: number; columns: number; values: Float32Array }>> {
  const plan = await readModelFolder(folder);
  const handle = native.weightsOpen(plan);
  return new Map(plan.tensors.map(({ role }) => [role, native.weightsRead(handle, role)!] as const));
}

test('bf16 and f32 keep names and shapes; f32 keeps every number, bf16 the nearest', async () => {
  const from = goldenFolder(goldenOf('gpt2'), join(root, 'gpt2'));
  const before = await roles(from);
  for (const dtype of ['f32', 'bf16'] as const) {
    const to = join(root, `gpt2-${dtype}`);
    await exportModel(from, to, dtype);
    const stored = readCheckpoint(to);
    assert.deepEqual(
      [...stored.tensors.values()].map(({ name, shape }) => [name, shape]).sort(),
      goldenOf('gpt2')
        .tensors.map(([name, shape]) => [name, shape])
        .sort(),
    );
    const rounded = dtype === 'f32' ? (value: number) => value : bfloat16;
    for (const [role, { values }] of await roles(to)) assert.deepEqual([...values], Array.from(before.get(role)!.values, rounded), role);
    const config = JSON.parse(readFileSync(join(to, 'config.json'), 'utf8')) as Record<string, unknown>;
    assert.equal(config.dtype, dtype === 'f32' ? 'float32' : 'bfloat16');
  }
});

test('int8 is within half a step of each output row, for fused and transposed tensors too, and exporting it again changes nothing', async () => {
  for (const name of ['gpt2', 'falcon-40b', 'bert']) {
    const from = goldenFolder(goldenOf(name), join(root, `${name}-from`));
    const to = join(root, `${name}-int8`);
    const again = join(root, `${name}-again`);
    await exportModel(from, to, 'int8', 30_000);
    await exportModel(to, again, 'int8', 30_000);
    const plan = await readModelFolder(to);
    assert.deepEqual(plan.unused, []);
    for (const file of plan.files) assert.deepEqual(readFileSync(file), readFileSync(file.replace(to, again)));
    const before = await roles(from);
    for (const [role, { rows, columns, values }] of await roles(to)) {
      const exact = before.get(role)!.values;
      if (rows === 1 || role === 'positions' || role === 'segments') assert.deepEqual(values, exact, role);
      else
        for (let row = 0; row < rows; row++) {
          const range = exact.subarray(row * columns, (row + 1) * columns);
          const step = range.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / 127;
          for (let column = 0; column < columns; column++)
            assert.ok(Math.abs(values[row * columns + column]! - range[column]!) <= step * 0.5001, `${role} ${row} ${column}`);
        }
    }
  }
});

test('a row of zeros stays zero in int8, the largest magnitude exact, and NaN is refused by name', () => {
  const make = (values: Float32Array) => storeTensor({ name: 'w', shape: [2, 2], matrix: true, values: () => values }, 'int8');
  const [matrix, factors] = make(Float32Array.of(0, 0, -2, 1));
  assert.deepEqual([...new Int8Array(matrix!.bytes().buffer)], [0, 0, -127, 64]);
  assert.deepEqual([...new Float32Array(factors!.bytes().buffer)], [0, Math.fround(2 / 127)]);
  assert.throws(() => make(Float32Array.of(0, Number.NaN, 0, 0))[0]!.bytes(), { code: 'ERR_REFINE_WEIGHTS' });
});

test('an export never writes into a folder that holds something', async () => {
  writeFileSync(join(root, 'note'), '');
  await assert.rejects(exportModel(goldenFolder(goldenOf('llama'), join(root, 'llama')), root, 'f32'), { code: 'ERR_REFINE_USAGE' });
});

test('refine model show and export say what there is; a model past the limit is exit 1 with plan and limit', async () => {
  const folder = goldenFolder(goldenOf('falcon-40b'), join(root, 'cli'), 20_000);
  const shown = await refine(['model', 'show', folder]);
  assert.equal(shown.code, 0, shown.stderr);
  assert.match(shown.stdout, /falcon: 2 parallel layers, 48 channels, 6 heads of 8, 2 of keys and values, MLP 192 gelu/);
  assert.match(shown.stdout, /memory: f32 \S+ KiB, bf16 \S+ KiB, int8 \S+ KiB; a token's keys and values 256 B/);
  const exported = await refine(['model', 'export', folder, join(root, 'cli-out'), '--dtype', 'int8', '--json']);
  assert.equal(exported.code, 0, exported.stderr);
  assert.ok((JSON.parse(exported.stdout) as { files: string[] }).files.includes('config.json'));
  const huge = join(root, 'cli-huge');
  const config = { ...goldenOf('llama').config, hidden_size: 98304, intermediate_size: 262144, num_hidden_layers: 100, head_dim: null };
  goldenFolder({ ...goldenOf('llama'), config: { ...config, num_attention_heads: 96, num_key_value_heads: 96 } as never }, huge);
  const refused = await refine(['model', 'show', huge, '--memory', '2GiB']);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /^ERR_REFINE_WEIGHTS \S+config\.json {2}asks for [\d,]+ parameters: \S+ TiB as f32, .* The limit is 2\.0 GiB/);
});
