// Damaged model folders: whatever a folder holds, reading it gives a plan whose every weight can be read, or one error with a
// stable code. REFINE_MODEL_MUTANTS=N reads N mutants from REFINE_MODEL_FIRST on (infra/docs/fuzzing.md counts them).
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { native, RefineError } from '../../native/index.js';
import { readModelFolder } from '../../stages/contract/weights/read-model-folder.js';
import { temporaryFolder } from '../support/model-folder.js';
import { modelGoldens } from '../support/model-goldens.js';
import { mutantFolder } from '../support/mutant-models.js';

const root = temporaryFolder('mutants');
after(() => rmSync(root, { recursive: true }));
const count = Number(process.env.REFINE_MODEL_MUTANTS ?? (process.env.REFINE_FULL === '1' ? 5000 : 400));
const first = Number(process.env.REFINE_MODEL_FIRST ?? 0);
const CODES = ['ERR_REFINE_WEIGHTS', 'ERR_REFINE_ASSET'];

test(`${count} damaged folders give a plan that reads whole, or an error with a code`, async () => {
  const goldens = modelGoldens();
  const seen = { plans: 0, refused: 0 };
  for (let number = first; number < first + count; number++) {
    const golden = goldens[number % goldens.length]!;
    const folder = mutantFolder(golden, number, join(root, 'mutant'));
    const place = `mutant ${number} of ${golden.name}`;
    try {
      const plan = await readModelFolder(folder, { memory: 2 ** 28 });
      assert.ok(plan.bytes.f32 <= 2 ** 28, place);
      const weights = native.weightsOpen(plan);
      for (const { role, shape } of plan.tensors) {
        const read = native.weightsRead(weights, role)!;
        assert.equal(read.values.length, shape[0] * (shape[1] ?? 1), place);
      }
      native.modelLoad(plan, { runtime: 'reference' }); // binds every role the forward needs, or says which it lacks
      seen.plans++;
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      assert.ok(code !== undefined && CODES.includes(code), `${place}: ${String(error)} ${(error as Error).stack}`);
      assert.ok(error instanceof RefineError || message.length > 0, place);
      assert.ok(message.length < 1200, `${place}: a message of ${message.length} characters`);
      seen.refused++;
    }
  }
  assert.ok(seen.plans > count / 50 && seen.refused > count / 4, `${seen.plans} plans and ${seen.refused} refusals: the mutants say little`);
});
