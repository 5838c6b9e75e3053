// The fast forward on one core, CPU time: losses of documents by Falcon-block decoders (`reference`, `reference-small`), vectors
// of documents by MiniLM-size encoders; random weights, whose values do not change the work. Each beside the core's peak for
// the same dtype and instruction set, measured in the same process just before.
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ModelConfig, native, type WeightsPlan } from '../../native/index.js';
import { bertConfig, falconConfig } from '../../native/model-shapes.js';
import { randomIds, randomTensor } from '../../stages/contract/weights/random-weights.js';
import type { Figure } from './main.js';
import { measure } from './measure.js';

const REPEATS = 7;
const CASES = [
  { name: 'reference', config: falconConfig({ vocab: 16_384, channels: 384, layers: 8, heads: 6, context: 1024 }), length: 500, documents: 4 },
  { name: 'reference-small', config: falconConfig({ vocab: 4096, channels: 128, layers: 6, heads: 2, context: 1024 }), length: 500, documents: 12 },
  { name: 'MiniLM-L6-size encoder', config: bertConfig({ vocab: 30_522, channels: 384, layers: 6, heads: 12, context: 512 }), length: 112, documents: 18 },
  { name: 'MiniLM-L12-size encoder', config: bertConfig({ vocab: 30_522, channels: 384, layers: 12, heads: 12, context: 512 }), length: 112, documents: 18 },
] as const;
const DTYPES = ['f32', 'bf16', 'int8'] as const;

/** Roles and shapes a config asks for: kernels/model/reference_bind.cpp's model_roles, without the optional ones of a Falcon block. */
function rolesOf(c: ModelConfig): (readonly [string, number, number])[] {
  const encoder = !c.causal;
  const queries = c.heads * c.headDim;
  const keys = c.kvHeads * c.headDim;
  const out: [string, number, number][] = [['embed', c.vocab, c.channels]];
  const norm = (name: string): void => void out.push([`${name}.weight`, 1, c.channels], [`${name}.bias`, 1, c.channels]);
  const linear = (name: string, rows: number, columns: number): void => {
    out.push([`${name}.weight`, rows, columns]);
    if (encoder) out.push([`${name}.bias`, 1, rows]);
  };
  if (c.position === 'learned') out.push(['positions', c.context + c.positionOffset, c.channels]);
  if (c.segments > 0) out.push(['segments', c.segments, c.channels]);
  if (c.embeddingNorm) norm('embed_norm');
  for (let n = 0; n < c.layers; n++) {
    norm(`layers.${n}.norm1`);
    if (c.layout !== 'parallel' || c.twoNorms) norm(`layers.${n}.norm2`);
    linear(`layers.${n}.q`, queries, c.channels);
    linear(`layers.${n}.k`, keys, c.channels);
    linear(`layers.${n}.v`, keys, c.channels);
    linear(`layers.${n}.o`, c.channels, queries);
    linear(`layers.${n}.up`, c.hidden, c.channels);
    linear(`layers.${n}.down`, c.channels, c.hidden);
  }
  if (c.finalNorm) norm('final_norm');
  return out;
}

/** One file of float32 back to back, and the plan that reads it. */
function randomPlan(config: ModelConfig, file: string): WeightsPlan {
  const roles = rolesOf(config);
  const handle = openSync(file, 'w');
  let begin = 0;
  const sources = roles.map(([role, rows, columns]) => {
    const values = randomTensor(1, role, rows === 1 ? [columns] : [rows, columns]);
    const scale = rows === 1 ? 1 : 6 / Math.sqrt(columns);
    if (rows > 1) for (let i = 0; i < values.length; i++) values[i]! *= scale;
    writeSync(handle, new Uint8Array(values.buffer));
    const source = { file: 0, begin, bytes: values.byteLength, dtype: 'F32' as const, shape: rows === 1 ? [columns] : [rows, columns] };
    begin += values.byteLength;
    return source;
  });
  closeSync(handle);
  const tensors = roles.map(([role, rows, columns], source) => {
    const whole = rows === 1 ? columns : rows;
    return {
      role,
      source,
      rows: Uint32Array.of(0, whole),
      transpose: false,
      shape: rows === 1 ? ([columns] as [number]) : ([rows, columns] as [number, number]),
    };
  });
  return { config, files: [file], sources, tensors };
}

/** Multiplies and adds of one document: linear layers, attention over the keys a position sees, the vocabulary where there is one. */
function operations(c: ModelConfig, length: number): number {
  const rows = c.causal ? length - 1 : length; // the last token predicts nothing
  const queries = c.heads * c.headDim;
  const keys = c.kvHeads * c.headDim;
  const linear = c.channels * (2 * queries + 2 * keys + 2 * c.hidden);
  const pairs = c.causal ? (rows * (rows + 1)) / 2 : rows * rows;
  return 2 * (c.layers * (rows * linear + 2 * queries * pairs) + (c.causal ? rows * c.channels * c.vocab : 0));
}

export async function figures(): Promise<readonly Figure[]> {
  const out: Figure[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'refine-bench-model-'));
  try {
    for (const { name, config, length, documents } of CASES) {
      const plan = randomPlan(config, join(folder, 'weights'));
      const ids = randomIds(1, 'ids', length * documents, 0, config.vocab);
      const offsets = Int32Array.from({ length: documents + 1 }, (_, i) => i * length);
      for (const dtype of DTYPES) {
        // Sets between the best and the plainest are of interest where a dtype has a target, and what tiles are worth beside vectors.
        const isas = native
          .modelIsas()
          .filter((isa, at, all) => at === 0 || (at === 1 && all[0] === 'amx' && dtype !== 'f32') || (isa === 'avx2' && dtype !== 'bf16'));
        for (const isa of isas) {
          const model = native.modelLoad(plan, { dtype, isa });
          const run = config.causal
            ? () => native.modelLosses(model, ids, offsets)
            : () => native.modelEncode(model, ids, offsets, { pooling: 'mean', activation: 'tanh', heads: [] });
          await run();
          const peak = native.modelPeak(dtype, isa);
          const { cpuSeconds, spread } = await measure(REPEATS, run);
          const perSecond = documents / cpuSeconds;
          const rate = perSecond * operations(config, length);
          const share =
            peak === 0
              ? 'no instruction of this dtype to compare with'
              : `${((100 * rate) / peak).toFixed(0)} % of this core's ${(peak / 1e9).toFixed(0)} GFLOP/s`;
          const note = `documents of ${length} tokens, ${(operations(config, length) / 1e9).toFixed(1)} GFLOP each; ${(rate / 1e9).toFixed(0)} GFLOP/s, ${share}`;
          out.push({ bench: 'model', what: `${name}, ${dtype}, ${isa}`, unit: 'documents/s', value: perSecond, spread, note });
        }
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return out;
}
