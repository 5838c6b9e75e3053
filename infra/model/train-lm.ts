// Trains a decoder of recipes.json on our own kernels and writes a HuggingFace folder (FalconForCausalLM, bfloat16).
//   node dist/infra/model/train-lm.js RECIPE --ids DIR --tokenizer DIR --work DIR [--threads 1] [--stop-after STEPS]
// DIR/train.bin and held-out.bin: uint16, little-endian, id 0 before each document (infra/model/encode.ts). `--work` gets
// checkpoint.bin (every 200 steps), curve.tsv and, at the end, model/. A killed run goes on from its checkpoint and writes the same bytes.
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { native, RefineError, type TrainerHandle, type TrainerOptions } from '../../native/index.js';
import { falconConfig } from '../../native/model-shapes.js';
import { type IdDocuments, WindowBatches, windowsOf } from '../../native/train-windows.js';
import { writeFalcon } from './write-falcon.js';

interface Recipe {
  readonly vocab: number;
  readonly channels: number;
  readonly layers: number;
  readonly heads: number;
  readonly context: number;
  readonly seed: number;
  readonly learning_rate: number;
  readonly final_share: number;
  readonly warmup: number;
  readonly weight_decay: number;
  readonly betas: readonly [number, number];
  readonly clip: number;
  readonly batch_tokens: number;
  readonly slices: number;
  readonly steps: number;
}

const CHECKPOINT_STEPS = 200;
const HELD_OUT_IDS = 1 << 16; // of the curve; the last line takes all
const MEAN_STEPS = 20;

function documents(path: string): IdDocuments {
  const bytes = readFileSync(path);
  const ids = new Uint16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  const offsets: number[] = [];
  for (let i = 0; i < ids.length; i++) if (ids[i] === 0) offsets.push(i);
  if (offsets[0] !== 0) throw new RefineError('ERR_REFINE_INPUT', 'does not begin with id 0, which stands before each document', { place: path });
  return { ids, offsets: Int32Array.from([...offsets, ids.length]) };
}

async function heldOutLoss(trainer: TrainerHandle, { ids, offsets }: IdDocuments, context: number, limit: number): Promise<number> {
  const windows = windowsOf({ ids, offsets }, context);
  let nats = 0;
  let targets = 0;
  for (let i = 0; i < windows.length && windows[i]! < limit; i += 2) {
    const part = Uint32Array.from(ids.subarray(windows[i]!, windows[i + 1]!));
    const losses = await native.trainerEvaluate(trainer, part, Int32Array.of(0, part.length));
    for (let k = 1; k < losses.length; k++) nats += losses[k]!;
    targets += losses.length - 1;
  }
  return nats / targets;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      ids: { type: 'string' },
      tokenizer: { type: 'string' },
      work: { type: 'string' },
      threads: { type: 'string' },
      recipes: { type: 'string' },
      'stop-after': { type: 'string' },
    },
  });
  const name = positionals[0];
  if (name === undefined || values.ids === undefined || values.work === undefined || values.tokenizer === undefined)
    throw new RefineError('ERR_REFINE_USAGE', 'wants RECIPE --ids DIR --tokenizer DIR --work DIR', { place: 'train-lm' });
  const recipes = JSON.parse(readFileSync(values.recipes ?? join('infra', 'model', 'recipes.json'), 'utf8')) as Record<string, Recipe>;
  const recipe = recipes[name];
  if (recipe === undefined) throw new RefineError('ERR_REFINE_USAGE', `knows no recipe '${name}' (${Object.keys(recipes).join(', ')})`, { place: 'train-lm' });
  mkdirSync(values.work, { recursive: true });
  const options: TrainerOptions = {
    goal: 'next-token',
    labels: 0,
    linearBias: false,
    tiedHead: true,
    rate: recipe.learning_rate,
    finalShare: recipe.final_share,
    warmup: recipe.warmup,
    total: recipe.steps,
    decay: recipe.weight_decay,
    betas: recipe.betas,
    epsilon: 1e-8,
    clip: recipe.clip,
    slices: recipe.slices,
    threads: Number(values.threads ?? 1),
    seed: recipe.seed,
  };
  const trainer = native.trainerNew(falconConfig(recipe), options);
  const train = documents(join(values.ids, 'train.bin'));
  const heldOut = documents(join(values.ids, 'held-out.bin'));
  const batches = new WindowBatches(train, recipe.context, recipe.batch_tokens, recipe.seed);
  const checkpoint = join(values.work, 'checkpoint.bin');
  let curve = 'step\ttokens\tloss\tgradient\trate\theld_out\n'; // loss: mean of the last MEAN_STEPS; nats a token
  if (existsSync(checkpoint)) {
    const file = readFileSync(checkpoint);
    const length = file.readUInt32LE(0);
    const head = JSON.parse(file.toString('utf8', 4, 4 + length)) as { recipe: Recipe; windows: number; curve: string };
    if (JSON.stringify(head.recipe) !== JSON.stringify(recipe))
      throw new RefineError('ERR_REFINE_INPUT', 'belongs to another recipe. Remove it to begin anew', { place: checkpoint });
    native.trainerRestore(trainer, file.subarray(4 + length));
    batches.skip(head.windows);
    curve = head.curve;
  }
  const last = Math.min(recipe.steps, values['stop-after'] === undefined ? recipe.steps : Number(values['stop-after']));
  const began = process.hrtime.bigint();
  let learnt = 0;
  let recent: number[] = [];
  for (let step = native.trainerSteps(trainer) + 1; step <= last; step++) {
    const { ids, offsets } = batches.next();
    const done = await native.trainerStep(trainer, ids, offsets, null);
    if (!done.updated) throw new RefineError('ERR_REFINE_INTERNAL', `loss or gradient is no finite number at step ${step}`);
    learnt += done.targets;
    recent.push(done.loss);
    if (step % MEAN_STEPS !== 0 && step !== last) continue;
    const mean = recent.reduce((a, b) => a + b, 0) / recent.length;
    recent = [];
    const whole = step === recipe.steps;
    const held =
      step % CHECKPOINT_STEPS === 0 || whole ? (await heldOutLoss(trainer, heldOut, recipe.context, whole ? heldOut.ids.length : HELD_OUT_IDS)).toFixed(4) : '';
    curve += `${step}\t${step * recipe.batch_tokens}\t${mean.toFixed(4)}\t${done.gradNorm.toFixed(3)}\t${done.rate.toExponential(3)}\t${held}\n`;
    const seconds = Number(process.hrtime.bigint() - began) / 1e9;
    process.stderr.write(`step ${step}/${recipe.steps} loss ${mean.toFixed(3)} held-out ${held || '-'} ${Math.round(learnt / seconds)} tokens/s\n`);
    if (step % CHECKPOINT_STEPS !== 0 && step !== last) continue;
    writeFileSync(join(values.work, 'curve.tsv'), curve);
    const head = Buffer.from(JSON.stringify({ recipe, windows: batches.taken, curve }));
    const length = Buffer.alloc(4);
    length.writeUInt32LE(head.length);
    writeFileSync(`${checkpoint}.part`, Buffer.concat([length, head, native.trainerState(trainer)]));
    renameSync(`${checkpoint}.part`, checkpoint);
  }
  const folder = join(values.work, 'model');
  mkdirSync(folder, { recursive: true });
  writeFalcon(folder, recipe, native.trainerWeights(trainer));
  for (const file of ['tokenizer.json', 'tokenizer_config.json'])
    if (existsSync(join(values.tokenizer, file))) copyFileSync(join(values.tokenizer, file), join(folder, file));
}

await main();
