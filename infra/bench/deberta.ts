// DeBERTa-v3 encoders, documents a second of CPU time: small (6 layers) and base (12), 112 and 512 tokens, refine's fast forward in
// each dtype, the small one beside the readable reference, one thread. Random weights, whose values do not change the work; a vocabulary of 1,024,
// which an encoder only looks up. Operations: linear layers and, for each query and key of a head, the three products of a score and
// the one with the value; what belongs to places alone is made once a model and counts nothing. The share is of the peak measured
// around the same rounds.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ModelOptions, native } from '../../native/index.js';
import { readModelFolder } from '../../stages/contract/weights/read-model-folder.js';
import type { Figure } from './main.js';
import { cpuSecondsSince } from './measure.js';
import { linear, type NamedShape, norm, writeRandomEncoder } from './random-encoder.js';

const LENGTHS = [112, 512];
const SHAPES = { small: 6, base: 12 };
const V3 = {
  model_type: 'deberta-v2',
  vocab_size: 1024,
  hidden_size: 768,
  num_attention_heads: 12,
  intermediate_size: 3072,
  max_position_embeddings: 512,
  relative_attention: true,
  position_buckets: 256,
  max_relative_positions: -1,
  pos_att_type: ['p2c', 'c2p'],
  share_att_key: true,
  norm_rel_ebd: 'layer_norm',
  position_biased_input: false,
  type_vocab_size: 0,
};
/** Seconds of CPU that a figure takes at least; the reference takes one document. */
const SECONDS = 1;
const ROUNDS = 3;

function made(folder: string, layers: number): string {
  const { vocab_size: V, hidden_size: C, intermediate_size: F, position_buckets: S } = V3;
  const shapes: NamedShape[] = [['embeddings.word_embeddings.weight', [V, C]], ...norm('embeddings.LayerNorm', C)];
  shapes.push(['encoder.rel_embeddings.weight', [2 * S, C]], ...norm('encoder.LayerNorm', C));
  for (let layer = 0; layer < layers; layer++) {
    const at = `encoder.layer.${layer}`;
    for (const name of ['query_proj', 'key_proj', 'value_proj']) shapes.push(...linear(`${at}.attention.self.${name}`, C, C));
    shapes.push(...linear(`${at}.attention.output.dense`, C, C), ...norm(`${at}.attention.output.LayerNorm`, C));
    shapes.push(...linear(`${at}.intermediate.dense`, F, C), ...linear(`${at}.output.dense`, C, F), ...norm(`${at}.output.LayerNorm`, C));
  }
  return writeRandomEncoder(folder, { ...V3, num_hidden_layers: layers }, shapes);
}

/** Multiplies and adds of one document. */
function operations(layers: number, tokens: number): number {
  const { hidden_size: C, intermediate_size: F } = V3;
  return 2 * layers * tokens * (4 * C * C + 2 * C * F + 4 * tokens * C);
}

export async function figures(): Promise<Figure[]> {
  const found: Figure[] = [];
  for (const [size, layers] of Object.entries(SHAPES)) {
    const folder = mkdtempSync(join(tmpdir(), 'refine-deberta-'));
    try {
      const plan = await readModelFolder(made(folder, layers));
      const reference = size === 'small' ? [{ runtime: 'reference' } as const] : []; // half a minute a text of 512 tokens
      for (const options of [{ dtype: 'f32' }, { dtype: 'bf16' }, { dtype: 'int8' }, ...reference] as const)
        for (const tokens of LENGTHS) found.push(await figure(size, native.modelLoad(plan, options), options, layers, tokens));
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
  return found;
}

async function figure(size: string, model: ReturnType<typeof native.modelLoad>, options: ModelOptions, layers: number, tokens: number): Promise<Figure> {
  const reference = options.runtime === 'reference';
  const work = operations(layers, tokens);
  const dtype = options.dtype ?? 'f32';
  const encode = async (documents: number): Promise<number> => {
    const ids = Uint32Array.from({ length: documents * tokens }, (_, i) => 4 + ((i * 7919) % (V3.vocab_size - 4)));
    const offsets = Int32Array.from({ length: documents + 1 }, (_, i) => i * tokens);
    const start = process.cpuUsage();
    await native.modelEncode(model, ids, offsets, { pooling: 'mean', activation: 'tanh', heads: [] });
    return documents / cpuSecondsSince(start);
  };
  if (reference) return { bench: 'deberta', what: `v3-${size}, ${tokens} tokens, reference`, unit: 'documents/CPU-s', value: round(await encode(1)) };
  const documents = Math.max(2, Math.ceil(SECONDS * (await encode(2))));
  let best = 0;
  let peak = native.modelPeak(dtype);
  for (let i = 0; i < ROUNDS; i++) {
    best = Math.max(best, await encode(documents)); // other processes only take away
    peak = Math.max(peak, native.modelPeak(dtype));
  }
  const share = peak === 0 ? '' : `, ${Math.round((100 * best * work) / peak)} % of this core's ${Math.round(peak / 1e9)} G operations/s`;
  return {
    bench: 'deberta',
    what: `v3-${size}, ${tokens} tokens, ${dtype}, ${native.modelIsas()[0]}`,
    unit: 'documents/CPU-s',
    value: round(best),
    note: `${(work / 1e9).toFixed(1)} G operations a document${share}`,
  };
}

const round = (value: number): number => Number(value.toPrecision(3));
