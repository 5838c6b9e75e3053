// Writes a model folder anew with its weights in another type, as HuggingFace transformers loads it (f32, bf16), or as refine
// ships it (int8 rows with factors, which transformers does not read). One tensor at a time is in memory.
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { native, RefineError, type WeightsPlan } from '../../../native/index.js';
import type { ModelPlan } from './plan.js';
import { readModelFolder } from './read-model-folder.js';
import { type Checkpoint, readCheckpoint } from './safetensors.js';
import { type StoredDtype, storeTensor } from './store-tensor.js';
import { writeSafetensors } from './write-safetensors.js';

/** What goes along, where it is there. */
const BESIDE =
  /^(tokenizer(_config)?\.json|tokenizer\.json\.gz|special_tokens_map\.json|added_tokens\.json|tokenizer\.model|vocab\.(txt|json)|merges\.txt|spm\.model|tok\w*\.bin|generation_config\.json|modules\.json|sentence_bert_config\.json|README\.md|LICENSE(\.\w+)?|NOTICE)$/;
const TORCH_TYPE: Readonly<Record<StoredDtype, string>> = { f32: 'float32', bf16: 'bfloat16', int8: 'float32' };

export interface Exported {
  readonly folder: string;
  readonly files: readonly string[];
  readonly bytes: number;
  readonly parameters: number;
  /** Tensors that no role takes and that were left behind. */
  readonly left: readonly string[];
}

export async function exportModel(from: string, to: string, dtype: StoredDtype, maxShard?: number): Promise<Exported> {
  if (existsSync(to) && readdirSync(to).length > 0)
    throw new RefineError('ERR_REFINE_USAGE', 'is not empty; an export makes a folder of its own', { place: to });
  const plan = await readModelFolder(from, { memory: Number.POSITIVE_INFINITY });
  const checkpoint = readCheckpoint(from);
  mkdirSync(to, { recursive: true });
  const weights = writeSafetensors(to, [...tensorsOf(plan, checkpoint, dtype)], maxShard);
  const config = JSON.parse(readFileSync(join(from, 'config.json'), 'utf8')) as Record<string, unknown>;
  const { torch_dtype: _, refine_int8: __, ...rest } = config;
  const note = dtype === 'int8' ? { refine_int8: '<tensor>.scale: float32 factors of output rows' } : {};
  writeFileSync(join(to, 'config.json'), `${JSON.stringify({ ...rest, dtype: TORCH_TYPE[dtype], ...note }, null, 2)}\n`);
  const beside = [...readdirSync(from).filter((name) => BESIDE.test(name)), join('1_Pooling', 'config.json')].filter((name) => existsSync(join(from, name)));
  for (const name of beside) {
    mkdirSync(dirname(join(to, name)), { recursive: true });
    copyFileSync(join(from, name), join(to, name));
  }
  const index = weights.length > 1 ? ['model.safetensors.index.json'] : [];
  const files = [...weights, ...index, 'config.json', ...beside].sort();
  return { folder: to, files, bytes: files.reduce((sum, name) => sum + statSync(join(to, name)).size, 0), parameters: plan.parameters, left: plan.unused };
}

/** The stored tensors under their own names; the order is the files'. */
function* tensorsOf(plan: ModelPlan, checkpoint: Checkpoint, dtype: StoredDtype) {
  const used = new Map(plan.sources.map((source, at) => [`${source.file}:${source.begin}:${source.bytes}`, at] as const));
  const scales = new Set(plan.sources.map((source) => source.scales).filter((at) => at !== undefined));
  for (const { name, file, begin, bytes, shape } of checkpoint.tensors.values()) {
    const source = used.get(`${file}:${begin}:${bytes}`);
    if (source === undefined || scales.has(source)) continue;
    const role = plan.tensors.find((tensor) => tensor.source === source)!;
    const matrix = role.shape.length === 2 && !['positions', 'segments'].includes(role.role);
    const axis = role.transpose ? 1 : 0;
    yield* storeTensor({ name, shape, matrix, axis, values: () => numbersOf(plan, source, shape, axis) }, dtype);
  }
}

/** A whole source as float32, in its stored order. */
function numbersOf(plan: ModelPlan, source: number, shape: readonly number[], axis: 0 | 1): Float32Array {
  const [rows, columns] = shape as readonly [number, number?];
  const whole = (transpose: boolean, count: number, wide?: number): WeightsPlan => ({
    ...plan,
    tensors: [{ role: 'whole', source, rows: Uint32Array.of(0, count), transpose, shape: wide === undefined ? [count] : [count, wide] }],
  });
  if (axis === 0) return native.weightsRead(native.weightsOpen(whole(false, rows, columns)), 'whole')!.values;
  // Factors of int8 belong to output rows, so it is read by those and turned back.
  const turned = native.weightsRead(native.weightsOpen(whole(true, columns!, rows)), 'whole')!.values;
  const values = new Float32Array(turned.length);
  for (let row = 0; row < rows; row++) for (let column = 0; column < columns!; column++) values[row * columns! + column] = turned[column * rows + row]!;
  return values;
}
