// Every decoder architecture against HuggingFace transformers in float32: losses of each position and 64 seeded logits of texts of
// 1, 17, 63 and 1024 tokens, of tiny random models (infra/model/goldens.py), and losses of real weights (stories260K).
// Tolerance: 1e-4 of the larger of the golden number and the goldens' root mean square; a text of 1 token has no loss.
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type ModelHandle, native } from '../../native/index.js';
import { readModelFolder } from '../../stages/contract/weights/read-model-folder.js';
import { temporaryFolder } from '../support/model-folder.js';
import { type GoldenCase, goldenFolder, goldenIds, isEncoder, modelGoldens, relativeError, storiesGolden } from '../support/model-goldens.js';
import { needsShared, sharedPath } from '../support/shared.js';

const root = temporaryFolder('parity');
after(() => rmSync(root, { recursive: true }));
const stories = sharedPath('data', 'models', 'stories260K');
const RUNTIMES = ['reference', 'fast'] as const;

async function compare(model: ModelHandle, ids: Uint32Array, vocab: number, { losses, logits }: GoldenCase, most: number): Promise<void> {
  const found = await native.modelLosses(model, ids, Int32Array.of(0, ids.length));
  assert.ok(Number.isNaN(found[0]));
  const loss = relativeError(found.subarray(1), losses!);
  assert.ok(loss <= most, `losses of ${ids.length} tokens differ by ${loss}`);
  const scores = await native.modelLogits(
    model,
    ids,
    Uint32Array.from(logits!, ([position]) => position),
  );
  const picked = logits!.map(([, id], row) => scores[row * vocab + id]!);
  const off = relativeError(
    picked,
    logits!.map(([, , value]) => value),
  );
  assert.ok(off <= most, `logits of ${ids.length} tokens differ by ${off}`);
}

for (const golden of modelGoldens().filter((one) => !isEncoder(one)))
  test(`${golden.name} computes what transformers computes, to 1e-4 in float32`, async () => {
    const plan = await readModelFolder(goldenFolder(golden, join(root, golden.name)));
    for (const runtime of RUNTIMES) {
      const model = native.modelLoad(plan, { runtime, dtype: 'f32' });
      for (const one of golden.cases) await compare(model, goldenIds(golden, one.length), golden.config.vocab_size, one, 1e-4);
    }
  });

test('stories260K computes what transformers computes, to 1.6e-5', { skip: stories === null ? needsShared : false }, async () => {
  const plan = await readModelFolder(stories!);
  for (const runtime of RUNTIMES) {
    const model = native.modelLoad(plan, { runtime, dtype: 'f32' });
    for (const one of storiesGolden()) await compare(model, Uint32Array.from(one.ids), plan.config.vocab, one, 1.6e-5);
  }
});
