// BERT and its kin as encoders: MiniLM is BERT with fewer channels, RoBERTa (XLM-R, CamemBERT) counts positions from the padding
// id + 1 and keeps its pooler inside the classification head, where it computes the same. Source: transformers,
// modeling_bert.py and modeling_roberta.py. Heads of masked language models are not read.
import { activation, contextOf, hiddenOf, refuseFlag, sizes } from './config-json.js';
import { Fields, isObject, refuse, shown } from './json-file.js';
import { linear, normOf } from './layers.js';
import { type Architecture, type ModelHead, type NamedRole, PLAIN } from './plan.js';

const ROBERTA_TYPES = ['roberta', 'xlm-roberta', 'camembert'];
export const BERT_TYPES = ['bert', ...ROBERTA_TYPES];

export function readBert(config: Fields, modelType: string, has: (tensor: string) => boolean): Architecture {
  const roberta = ROBERTA_TYPES.includes(modelType);
  const size = sizes(config, {
    vocab: roberta ? 50265 : 30522,
    channels: [['hidden_size'], 768],
    layers: [['num_hidden_layers'], 12],
    heads: [['num_attention_heads'], 12],
  });
  const { vocab: V, channels: C, layers, heads: H, headDim: D } = size;
  if (D * H !== C) refuse(config.place, `has ${H} heads of ${D} and ${C} channels; expected channels = heads x head_dim`);
  refuseFlag(config, 'is_decoder', false);
  refuseFlag(config, 'add_cross_attention', false);
  const kind = config.text('position_embedding_type', 'absolute');
  if (kind !== 'absolute') refuse(config.place, `position_embedding_type is ${shown(kind)}; expected "absolute"`);
  const F = hiddenOf(config, ['intermediate_size'], 3072);
  const T = contextOf(config, ['max_position_embeddings'], 512);
  const offset = roberta ? config.whole('pad_token_id', 0, 1000, 1) + 1 : 0;
  if (offset >= T) refuse(config.place, `max_position_embeddings is ${T}; expected more than pad_token_id + 1, where positions begin`);
  const S = config.whole('type_vocab_size', 0, 1000, roberta ? 1 : 2);
  const head = readHead(config, has);
  const several = readHeads(config);
  const inside = head !== undefined && has('classifier.out_proj.weight');
  return {
    prefixes: [roberta ? 'roberta.' : 'bert.', ''],
    probe: 'embeddings.word_embeddings.weight',
    heads: several.length > 0 ? several : head === undefined ? [] : [head],
    config: {
      ...PLAIN,
      ...size,
      kvHeads: H,
      hidden: F,
      context: T - offset,
      layout: 'post-norm',
      normEps: config.real('layer_norm_eps', 0, 1e-12),
      activation: activation(config, 'hidden_act', 'gelu'),
      position: 'learned',
      attentionScale: 1 / Math.sqrt(D),
      causal: false,
      positionOffset: offset,
      segments: S,
      embeddingNorm: true,
      finalNorm: false,
    },
    *roles() {
      yield { role: 'embed', tensor: 'embeddings.word_embeddings.weight', shape: [V, C] };
      yield { role: 'positions', tensor: 'embeddings.position_embeddings.weight', shape: [T, C] };
      if (S > 0) yield { role: 'segments', tensor: 'embeddings.token_type_embeddings.weight', shape: [S, C] };
      yield* normOf('embed_norm', 'embeddings.LayerNorm', C);
      for (let layer = 0; layer < layers; layer++) yield* block(`layers.${layer}`, `encoder.layer.${layer}`, C, F);
      const dense = inside ? '/classifier.dense' : 'pooler.dense';
      yield* optional(linear('pooler', dense, C, C, true));
      for (const { name, labels } of several) yield* linear(`heads.${name}`, `/heads.${name}`, labels.length, C, true);
      if (head === undefined) return;
      yield* linear('classifier', inside ? '/classifier.out_proj' : '/classifier', head.labels.length, C, true);
    },
  };
}

export function* block(at: string, layer: string, C: number, F: number): Iterable<NamedRole> {
  for (const [role, name] of [
    ['q', 'query'],
    ['k', 'key'],
    ['v', 'value'],
  ])
    yield* linear(`${at}.${role}`, `${layer}.attention.self.${name}`, C, C, true);
  yield* linear(`${at}.o`, `${layer}.attention.output.dense`, C, C, true);
  yield* normOf(`${at}.norm1`, `${layer}.attention.output.LayerNorm`, C);
  yield* linear(`${at}.up`, `${layer}.intermediate.dense`, F, C, true);
  yield* linear(`${at}.down`, `${layer}.output.dense`, C, F, true);
  yield* normOf(`${at}.norm2`, `${layer}.output.LayerNorm`, C);
}

export function* optional(roles: Iterable<NamedRole>): Iterable<NamedRole> {
  for (const role of roles) yield { ...role, optional: true };
}

/** `classifier_heads` {NAME: {id2label or num_labels, problem_type}} of config.json: tensors `heads.NAME.weight` and `.bias` (refine's own). */
export function readHeads(config: Fields): readonly ModelHead[] {
  const given = config.get('classifier_heads');
  if (!isObject(given)) return [];
  return Object.entries(given).map(([name, head]) => {
    const fields = new Fields(isObject(head) ? head : {}, config.place);
    return { ...readHead(fields, () => true)!, name };
  });
}

/** The classification or regression head of a ...ForSequenceClassification folder; labels by id2label. */
export function readHead(config: Fields, has: (tensor: string) => boolean): ModelHead | undefined {
  if (!has('classifier.weight') && !has('classifier.out_proj.weight')) return undefined;
  const named = config.get('id2label');
  const given = isObject(named) ? Object.entries(named) : [];
  const count = config.whole('num_labels', 1, 100_000, given.length === 0 ? 2 : given.length);
  const labels = Array.from({ length: count }, (_, id) => {
    const label = given.find(([key]) => key === String(id))?.[1] ?? `LABEL_${id}`;
    return typeof label === 'string' ? label : refuse(config.place, `id2label ${id} is ${shown(label)}; expected a string`);
  });
  const problem = config.text('problem_type', count === 1 ? 'regression' : 'single_label_classification');
  const kinds: Readonly<Record<string, ModelHead['kind']>> = {
    regression: 'regression',
    single_label_classification: 'classification',
    multi_label_classification: 'multi-label',
  };
  const kind = Object.hasOwn(kinds, problem) ? kinds[problem] : undefined;
  return { name: 'classifier', kind: kind ?? refuse(config.place, `problem_type is ${shown(problem)}; known: ${Object.keys(kinds).join(', ')}`), labels };
}
