// Encoders: documents a second of CPU time at 112 tokens, refine's kernels beside onnxruntime-node in the same run, one thread each.
//   REFINE_ENCODER   a folder of an encoder (all-MiniLM-L6-v2: 22 M parameters); else random weights of that size
//   REFINE_ONNX      ONNX files of the same model, separated by ':' (fp32; int8 by quantize_dynamic)
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { native } from '../../native/index.js';
import { readModelFolder } from '../../stages/contract/weights/read-model-folder.js';
import type { Figure } from './main.js';
import { cpuSecondsSince } from './measure.js';
import { linear, type NamedShape, norm, writeRandomEncoder } from './random-encoder.js';

const TOKENS = 112;
const DOCUMENTS = 64;
const ROUNDS = 3;
const MINILM = { vocab_size: 30522, hidden_size: 384, num_hidden_layers: 6, num_attention_heads: 12, intermediate_size: 1536, max_position_embeddings: 512 };

function minilm(folder: string): string {
  const { vocab_size: V, hidden_size: C, num_hidden_layers: layers, intermediate_size: F, max_position_embeddings: T } = MINILM;
  const shapes: NamedShape[] = [
    ['embeddings.word_embeddings.weight', [V, C]],
    ['embeddings.position_embeddings.weight', [T, C]],
    ['embeddings.token_type_embeddings.weight', [2, C]],
    ...norm('embeddings.LayerNorm', C),
  ];
  for (let layer = 0; layer < layers; layer++) {
    const at = `encoder.layer.${layer}`;
    for (const name of ['query', 'key', 'value']) shapes.push(...linear(`${at}.attention.self.${name}`, C, C));
    shapes.push(...linear(`${at}.attention.output.dense`, C, C), ...norm(`${at}.attention.output.LayerNorm`, C));
    shapes.push(...linear(`${at}.intermediate.dense`, F, C), ...linear(`${at}.output.dense`, C, F), ...norm(`${at}.output.LayerNorm`, C));
  }
  return writeRandomEncoder(folder, { model_type: 'bert', ...MINILM }, shapes);
}

/** The best of some rounds: other processes only take away. */
async function perSecond(round: () => Promise<unknown>): Promise<number> {
  await round();
  let best = 0;
  for (let i = 0; i < ROUNDS; i++) {
    const start = process.cpuUsage();
    await round();
    best = Math.max(best, DOCUMENTS / cpuSecondsSince(start));
  }
  return Math.round(10 * best) / 10;
}

interface Onnx {
  readonly InferenceSession: {
    create(path: string, options: object): Promise<{ readonly inputNames: readonly string[]; run(feeds: object): Promise<unknown> }>;
  };
  readonly Tensor: new (type: string, data: BigInt64Array, dims: readonly number[]) => object;
}

async function onnxFigures(ids: Uint32Array): Promise<Figure[]> {
  const files = (process.env.REFINE_ONNX ?? '').split(delimiter).filter(Boolean);
  if (files.length === 0) return [];
  const name: string = 'onnxruntime-node';
  const { default: ort } = (await import(name)) as { default: Onnx };
  const figures: Figure[] = [];
  for (const file of files) {
    const session = await ort.InferenceSession.create(file, { executionProviders: ['cpu'], intraOpNumThreads: 1, interOpNumThreads: 1 });
    for (const batch of [1, 8]) {
      const value = await perSecond(async () => {
        for (let from = 0; from < DOCUMENTS; from += batch) {
          const size = batch * TOKENS;
          const values: Readonly<Record<string, BigInt64Array>> = {
            input_ids: BigInt64Array.from({ length: size }, (_, i) => BigInt(ids[from * TOKENS + i]!)),
            attention_mask: new BigInt64Array(size).fill(1n),
            token_type_ids: new BigInt64Array(size),
          };
          await session.run(Object.fromEntries(session.inputNames.map((input) => [input, new ort.Tensor('int64', values[input]!, [batch, TOKENS])])));
        }
      });
      figures.push({ bench: 'encode', what: `onnxruntime-node, ${basename(file)}, batch ${batch}`, unit: 'documents/CPU-s', value });
    }
  }
  return figures;
}

export async function figures(): Promise<Figure[]> {
  const made = process.env.REFINE_ENCODER === undefined ? mkdtempSync(join(tmpdir(), 'refine-encode-')) : null;
  try {
    const plan = await readModelFolder(process.env.REFINE_ENCODER ?? minilm(made!));
    const ids = Uint32Array.from({ length: DOCUMENTS * TOKENS }, (_, i) => 1000 + ((i * 7919) % (plan.config.vocab - 1000)));
    const offsets = Int32Array.from({ length: DOCUMENTS + 1 }, (_, i) => i * TOKENS);
    const found: Figure[] = [];
    for (const dtype of ['f32', 'bf16', 'int8'] as const) {
      const model = native.modelLoad(plan, { dtype });
      const value = await perSecond(() => native.modelEncode(model, ids, offsets, { pooling: 'mean', activation: 'tanh', heads: [] }));
      found.push({
        bench: 'encode',
        what: `refine, ${dtype}, ${native.modelIsas()[0]}`,
        unit: 'documents/CPU-s',
        value,
        note: `${TOKENS} tokens, ${plan.parameters} parameters`,
      });
    }
    return [...found, ...(await onnxFigures(ids))];
  } finally {
    if (made !== null) rmSync(made, { recursive: true });
  }
}
