// DeBERTa-v2 and v3 as encoders: BERT's block with disentangled attention (relative places beside contents) and, as a rule, no learned
// absolute positions. Source: transformers, modeling_deberta_v2.py. NVIDIA Curator's classifiers are such models with one linear
// layer `fc` on the first row in place of pooler and classifier.
import { activation, contextOf, hiddenOf, refuseFlag, sizes } from './config-json.js';
import { optional, readHead } from './bert.js';
import { type Fields, refuse, shown } from './json-file.js';
import { linear, normOf } from './layers.js';
import { type Architecture, type ModelHead, type NamedRole, PLAIN } from './plan.js';

export const DEBERTA_TYPES = ['deberta-v2'];
/** Of published models 512; the table of places has an entry each. */
const MAX_CONTEXT = 65_536;

export function readDeberta(config: Fields, has: (tensor: string) => boolean): Architecture {
  const size = sizes(config, { vocab: 128100, channels: [['hidden_size'], 1536], layers: [['num_hidden_layers'], 24], heads: [['num_attention_heads'], 24] });
  const { vocab: V, channels: C, layers, heads: H, headDim: D } = size;
  if (D * H !== C) refuse(config.place, `has ${H} heads of ${D} and ${C} channels; expected channels = heads x head_dim`);
  refuseFlag(config, 'relative_attention', true);
  for (const [key, wanted] of [
    ['conv_kernel_size', 0],
    ['embedding_size', C],
  ] as const)
    if ((config.get(key) ?? wanted) !== wanted) refuse(config.place, `${key} is ${shown(config.get(key))}; expected ${wanted}`);
  const F = hiddenOf(config, ['intermediate_size'], 6144);
  const T = contextOf(config, ['max_position_embeddings'], 512);
  if (T > MAX_CONTEXT) refuse(config.place, `max_position_embeddings is ${T}; expected at most ${MAX_CONTEXT}`);
  const S = config.whole('type_vocab_size', 0, 1000, 0);
  const buckets = config.whole('position_buckets', -1, 65536, -1);
  const given = config.whole('max_relative_positions', -1, 1 << 27, -1);
  const most = given < 1 ? T : given;
  const span = buckets > 0 ? buckets : most;
  const learned = config.get('position_biased_input') !== false;
  const types = placeTypes(config);
  const shared = config.get('share_att_key') === true; // absent: false, as transformers reads it
  const normed = String(config.get('norm_rel_ebd') ?? 'none').includes('layer_norm');
  const fc = has('fc.weight');
  const head = fc ? readHead(config, (tensor) => tensor === 'classifier.weight') : readHead(config, has);
  return {
    prefixes: ['deberta.', 'model.', ''],
    probe: 'embeddings.word_embeddings.weight',
    heads: head === undefined ? [] : [head satisfies ModelHead],
    config: {
      ...PLAIN,
      ...size,
      kvHeads: H,
      hidden: F,
      context: T,
      layout: 'post-norm',
      normEps: config.real('layer_norm_eps', 0, 1e-7),
      activation: activation(config, 'hidden_act', 'gelu'),
      position: learned ? 'learned' : 'none',
      attentionScale: 1 / Math.sqrt(D * (1 + types.length)),
      relativeSpan: span,
      relativeBucket: Int32Array.from({ length: T }, (_, distance) => Math.min(span, bucketOf(distance, buckets, most))),
      contentToPosition: types.includes('c2p'),
      positionToContent: types.includes('p2c'),
      causal: false,
      segments: S,
      embeddingNorm: true,
      finalNorm: false,
    },
    *roles() {
      yield { role: 'embed', tensor: 'embeddings.word_embeddings.weight', shape: [V, C] };
      if (learned) yield { role: 'positions', tensor: 'embeddings.position_embeddings.weight', shape: [T, C] };
      if (S > 0) yield { role: 'segments', tensor: 'embeddings.token_type_embeddings.weight', shape: [S, C] };
      yield* normOf('embed_norm', 'embeddings.LayerNorm', C);
      yield { role: 'relative', tensor: 'encoder.rel_embeddings.weight', shape: [2 * span, C] };
      if (normed) yield* normOf('relative_norm', 'encoder.LayerNorm', C);
      for (let layer = 0; layer < layers; layer++) {
        yield* block(`layers.${layer}`, `encoder.layer.${layer}`, C, F);
        if (!shared) yield* ownPlaces(`layers.${layer}`, `encoder.layer.${layer}.attention.self`, types, C);
      }
      if (!fc) yield* optional(linear('pooler', '/pooler.dense', C, C, true));
      if (head !== undefined) yield* linear('classifier', fc ? '/fc' : '/classifier', head.labels.length, C, true);
    },
  };
}

function* block(at: string, layer: string, C: number, F: number): Iterable<NamedRole> {
  for (const [role, name] of [
    ['q', 'query_proj'],
    ['k', 'key_proj'],
    ['v', 'value_proj'],
  ])
    yield* linear(`${at}.${role}`, `${layer}.attention.self.${name}`, C, C, true);
  yield* linear(`${at}.o`, `${layer}.attention.output.dense`, C, C, true);
  yield* normOf(`${at}.norm1`, `${layer}.attention.output.LayerNorm`, C);
  yield* linear(`${at}.up`, `${layer}.intermediate.dense`, F, C, true);
  yield* linear(`${at}.down`, `${layer}.output.dense`, C, F, true);
  yield* normOf(`${at}.norm2`, `${layer}.output.LayerNorm`, C);
}

/** Projections of places beside the contents': only what `pos_att_type` uses is there. */
function* ownPlaces(at: string, attention: string, types: readonly string[], C: number): Iterable<NamedRole> {
  if (types.includes('c2p')) yield* linear(`${at}.place_k`, `${attention}.pos_key_proj`, C, C, true);
  if (types.includes('p2c')) yield* linear(`${at}.place_q`, `${attention}.pos_query_proj`, C, C, true);
}

/** `pos_att_type`: a list, or its names joined by "|". */
function placeTypes(config: Fields): readonly string[] {
  const value = config.get('pos_att_type') ?? [];
  const types = typeof value === 'string' ? value.split('|').filter(Boolean) : value;
  if (!Array.isArray(types) || types.some((type) => type !== 'c2p' && type !== 'p2c') || new Set(types).size !== types.length)
    return refuse(config.place, `pos_att_type is ${shown(value)}; known: c2p, p2c`);
  return types as string[];
}

/** make_log_bucket_position, in float32 as torch computes it: distances up to half the buckets exactly, then logarithmically. */
export function bucketOf(distance: number, buckets: number, most: number): number {
  const middle = Math.trunc(buckets / 2);
  if (buckets <= 0 || distance <= middle) return distance;
  const { fround } = Math;
  const steps = fround(fround(fround(Math.log(fround(distance / middle))) / fround(Math.log(fround((most - 1) / middle)))) * (middle - 1));
  return Math.ceil(steps) + middle;
}
