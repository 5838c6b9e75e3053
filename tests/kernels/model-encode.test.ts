// Encoders against HuggingFace transformers (goldens of tiny random models, infra/model/goldens.py): BERT, RoBERTa, DeBERTa-v2,
// pooled vectors and heads; and that a text's numbers do not depend on its neighbours.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type EncodeOptions, type ModelOptions, native } from '../../native/index.js';
import { bucketOf } from '../../stages/contract/weights/deberta.js';
import { randomTensor } from '../../stages/contract/weights/random-weights.js';
import { readModelFolder } from '../../stages/contract/weights/read-model-folder.js';
import { writeSafetensors } from '../../stages/contract/weights/write-safetensors.js';
import { goldenFolder, goldenIds, isEncoder, type ModelGolden, modelGoldens, relativeError } from '../support/model-goldens.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-encode-'));
after(() => rmSync(folder, { recursive: true }));
const encoders = modelGoldens().filter(isEncoder);
const RUNTIMES: readonly ModelOptions[] = [{ runtime: 'reference' }, { runtime: 'fast', dtype: 'f32' }];

async function open(golden: ModelGolden, options: ModelOptions) {
  const plan = await readModelFolder(goldenFolder(golden, join(folder, `${golden.name}-${Math.random()}`)));
  return { plan, model: native.modelLoad(plan, options) };
}
const NEAR = { bf16: 0.1, int8: 0.3 };
const POOLER: EncodeOptions = { pooling: 'pooler', activation: 'tanh', heads: ['classifier'] };
const optionsOf = (golden: ModelGolden): EncodeOptions => ({ ...POOLER, activation: golden.config.model_type === 'deberta-v2' ? 'gelu' : 'tanh' });
const offsetsOf = (lengths: readonly number[]): Int32Array => Int32Array.from([0, ...lengths.map((_, i) => lengths.slice(0, i + 1).reduce((a, b) => a + b))]);

test('there are goldens of BERT, RoBERTa and DeBERTa', () => {
  for (const type of ['bert', 'roberta', 'deberta-v2'])
    assert.ok(
      encoders.some(({ config }) => config.model_type === type),
      type,
    );
});

for (const golden of encoders)
  test(`${golden.name}: vectors and scores are those of transformers to 1e-4`, async () => {
    for (const options of RUNTIMES) {
      const { model, plan } = await open(golden, options);
      assert.equal(plan.heads.length, 1);
      for (const { length, pooled, scores } of golden.cases) {
        const { vectors, logits } = await native.modelEncode(model, goldenIds(golden, length), offsetsOf([length]), optionsOf(golden));
        assert.ok(relativeError(vectors, pooled!) < 1e-4, `${length} ids, pooled: ${relativeError(vectors, pooled!)}`);
        assert.ok(relativeError(logits[0]!, scores!) < 1e-4, `${length} ids, scores: ${relativeError(logits[0]!, scores!)}`);
      }
    }
  });

for (const golden of encoders)
  test(`${golden.name}: a document's numbers are the same bits alone, among others, and in any order`, async () => {
    for (const options of RUNTIMES) {
      const { model } = await open(golden, options);
      const lengths = [17, 1, 63, 0, 17, 5];
      const parts = lengths.map((length) => goldenIds(golden, length));
      const ids = (list: readonly Uint32Array[]) => Uint32Array.from(list.flatMap((part) => [...part]));
      for (const pooling of ['cls', 'mean', 'max', 'pooler'] as const) {
        const how = { ...optionsOf(golden), pooling };
        const together = await native.modelEncode(model, ids(parts), offsetsOf(lengths), how);
        const turned = await native.modelEncode(model, ids([...parts].reverse()), offsetsOf([...lengths].reverse()), how);
        const channels = together.vectors.length / lengths.length;
        const labels = together.logits[0]!.length / lengths.length;
        for (const [i, length] of lengths.entries()) {
          const alone = await native.modelEncode(model, parts[i]!, offsetsOf([length]), how);
          const other = lengths.length - 1 - i;
          assert.deepEqual(together.vectors.slice(i * channels, (i + 1) * channels), alone.vectors);
          assert.deepEqual(turned.vectors.slice(other * channels, (other + 1) * channels), alone.vectors);
          assert.deepEqual(together.logits[0]!.slice(i * labels, (i + 1) * labels), alone.logits[0]);
        }
        assert.ok(together.logits[0]!.slice(3 * labels, 4 * labels).every(Number.isNaN), 'no ids, no score');
      }
    }
  });

test('poolings are what their names say', async () => {
  const { model } = await open(encoders[0]!, { runtime: 'reference' });
  const ids = goldenIds(encoders[0]!, 17);
  const vector = async (part: Uint32Array, pooling: EncodeOptions['pooling']) =>
    (await native.modelEncode(model, part, Int32Array.of(0, part.length), { ...POOLER, heads: [], pooling })).vectors;
  const [cls, mean, max] = [await vector(ids, 'cls'), await vector(ids, 'mean'), await vector(ids, 'max')];
  assert.ok(cls.every((value, c) => value <= max[c]!) && mean.every((value, c) => value <= max[c]!));
  const one = ids.slice(0, 1);
  assert.deepEqual(await vector(one, 'cls'), await vector(one, 'mean'));
  assert.deepEqual(await vector(one, 'cls'), await vector(one, 'max'));
});

test('a head that is not there, an id outside and a text too long are refused', async () => {
  const { model, plan } = await open(encoders.find(({ name }) => name === 'bert')!, {});
  assert.throws(
    () => native.modelEncode(model, Uint32Array.of(1), Int32Array.of(0, 1), { ...POOLER, heads: ['heads.none'] }),
    /no weight "heads\.none\.weight"/,
  );
  await assert.rejects(native.modelEncode(model, Uint32Array.of(plan.config.vocab), Int32Array.of(0, 1), POOLER), { code: 'ERR_REFINE_INPUT' });
  const long = new Uint32Array(plan.config.context + 1).fill(9);
  await assert.rejects(native.modelEncode(model, long, Int32Array.of(0, long.length), POOLER), { code: 'ERR_REFINE_INPUT' });
});

test('DeBERTa with projections of places of its own that equal those of contents gives the numbers of shared ones', async () => {
  const golden = encoders.find(({ name }) => name === 'deberta-v2')!;
  const source = (name: string): string => name.replace(/pos_(key|query)_proj/, '$1_proj');
  const own = golden.tensors.flatMap(([name, shape]) =>
    /attention\.self\.(key|query)_proj/.test(name) ? [[name.replace(/(key|query)_proj/, 'pos_$1_proj'), shape] as const] : [],
  );
  assert.equal(own.length, 8, 'two layers, two projections, weight and bias');
  const place = join(folder, 'own-places');
  mkdirSync(place);
  writeFileSync(join(place, 'config.json'), JSON.stringify({ ...golden.config, share_att_key: false }));
  const tensors = [...golden.tensors, ...own].map(([name, shape]) => {
    const bytes = () => new Uint8Array(randomTensor(golden.seed, source(name), shape).buffer);
    return { name, dtype: 'F32' as const, shape, bytes };
  });
  writeSafetensors(place, tensors, 2 ** 24);
  const plan = await readModelFolder(place);
  for (const options of RUNTIMES) {
    const { length, pooled } = golden.cases.at(-2)!;
    const { vectors } = await native.modelEncode(native.modelLoad(plan, options), goldenIds(golden, length), offsetsOf([length]), optionsOf(golden));
    assert.ok(relativeError(vectors, pooled!) < 1e-4, `${relativeError(vectors, pooled!)}`);
  }
});

test('DeBERTa in bf16 and int8 stays near the reference', async () => {
  const golden = encoders.find(({ name }) => name === 'deberta-v2')!;
  for (const dtype of ['bf16', 'int8'] as const) {
    const { model } = await open(golden, { dtype });
    for (const { length, pooled } of golden.cases) {
      const { vectors } = await native.modelEncode(model, goldenIds(golden, length), offsetsOf([length]), optionsOf(golden));
      assert.ok(relativeError(vectors, pooled!) < NEAR[dtype], `${dtype}, ${length} ids: ${relativeError(vectors, pooled!)}`);
    }
  }
});

// make_log_bucket_position of transformers 5.23 on torch 2.14 for 256 buckets and 512 positions, at chosen distances
test('DeBERTa places distances as transformers does', () => {
  const known: readonly [number, number][] = [
    [0, 0],
    [1, 1],
    [127, 127],
    [128, 128],
    [129, 129],
    [130, 130],
    [200, 169],
    [300, 207],
    [400, 233],
    [510, 255],
    [511, 255],
  ];
  for (const [distance, bucket] of known) assert.equal(bucketOf(distance, 256, 512), bucket, String(distance));
});
