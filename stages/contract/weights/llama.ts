// LLaMA and what is built like it: Mistral, Qwen2, OLMo (LayerNorm without parameters, clipped q, k, v) and OLMo-2 (norms
// after attention and MLP, over all of q and of k). Source: transformers, modeling_{llama,mistral,qwen2,olmo,olmo2}.py.
import { activation, contextOf, hiddenOf, kvHeads, sizes } from './config-json.js';
import { type Fields, refuse } from './json-file.js';
import { linear, normOf } from './layers.js';
import { type Architecture, type ModelConfig, PLAIN } from './plan.js';
import { readRope } from './rope.js';

interface Family {
  readonly vocab: number;
  readonly hidden: number;
  readonly context: number;
  readonly kvHeads?: number;
  readonly eps: number;
  readonly config?: Partial<ModelConfig>;
  readonly qkvBias?: boolean;
}

const FAMILIES: Readonly<Record<string, Family>> = {
  llama: { vocab: 32000, hidden: 11008, context: 2048, eps: 1e-6 },
  mistral: { vocab: 32000, hidden: 14336, context: 131072, kvHeads: 8, eps: 1e-6 },
  qwen2: { vocab: 151936, hidden: 22016, context: 32768, eps: 1e-6, qkvBias: true },
  olmo: { vocab: 50304, hidden: 11008, context: 2048, eps: 1e-5, config: { norm: 'layer', normAffine: false } },
  olmo2: { vocab: 50304, hidden: 11008, context: 2048, eps: 1e-5, config: { layout: 'norm-after', qkNorm: true } },
};
export const LLAMA_TYPES = Object.keys(FAMILIES);

export function readLlama(config: Fields, modelType: string): Architecture {
  const family = FAMILIES[modelType]!;
  const size = sizes(config, {
    vocab: family.vocab,
    channels: [['hidden_size'], 4096],
    layers: [['num_hidden_layers'], 32],
    heads: [['num_attention_heads'], 32],
  });
  const { vocab: V, channels: C, layers, heads: H, headDim: D } = size;
  const G = kvHeads(config, ['num_key_value_heads'], H, family.kvHeads ?? H);
  const F = hiddenOf(config, ['intermediate_size'], family.hidden);
  const rope = readRope(config, { headDim: D, context: contextOf(config, ['max_position_embeddings'], family.context) });
  const biased = modelType === 'llama' || modelType.startsWith('olmo') ? config.flag('attention_bias', false) : false;
  const mlpBias = modelType === 'llama' ? config.flag('mlp_bias', false) : false;
  const norms = modelType === 'olmo2' ? ['post_attention_layernorm', 'post_feedforward_layernorm'] : ['input_layernorm', 'post_attention_layernorm'];
  const affine = modelType !== 'olmo';
  return {
    prefixes: ['model.', ''],
    probe: 'embed_tokens.weight',
    config: {
      ...PLAIN,
      ...size,
      kvHeads: G,
      hidden: F,
      context: Math.min(rope.context, slidingWindow(config, modelType)),
      norm: 'rms',
      normEps: modelType === 'olmo' ? 1e-5 : config.real('rms_norm_eps', 0, family.eps),
      activation: activation(config, 'hidden_act', 'silu'),
      gated: true,
      position: 'rotary',
      rotaryDim: rope.rotaryDim,
      rotaryFrequency: rope.frequency,
      rotaryFactor: rope.factor,
      attentionScale: 1 / Math.sqrt(D),
      clipQkv: modelType === 'olmo' ? config.real('clip_qkv', 0, 0) : 0,
      ...family.config,
    },
    *roles() {
      yield { role: 'embed', tensor: 'embed_tokens.weight', shape: [V, C] };
      for (let layer = 0; layer < layers; layer++) {
        const at = `layers.${layer}`;
        if (affine) {
          yield* normOf(`${at}.norm1`, `${at}.${norms[0]}`, C, false);
          yield* normOf(`${at}.norm2`, `${at}.${norms[1]}`, C, false);
        }
        const qkvBias = biased || family.qkvBias === true;
        yield* linear(`${at}.q`, `${at}.self_attn.q_proj`, H * D, C, qkvBias);
        yield* linear(`${at}.k`, `${at}.self_attn.k_proj`, G * D, C, qkvBias);
        yield* linear(`${at}.v`, `${at}.self_attn.v_proj`, G * D, C, qkvBias);
        yield* linear(`${at}.o`, `${at}.self_attn.o_proj`, C, H * D, biased);
        if (modelType === 'olmo2') {
          yield* normOf(`${at}.q_norm`, `${at}.self_attn.q_norm`, H * D, false);
          yield* normOf(`${at}.k_norm`, `${at}.self_attn.k_norm`, G * D, false);
        }
        yield* linear(`${at}.gate`, `${at}.mlp.gate_proj`, F, C, mlpBias);
        yield* linear(`${at}.up`, `${at}.mlp.up_proj`, F, C, mlpBias);
        yield* linear(`${at}.down`, `${at}.mlp.down_proj`, C, F, mlpBias);
      }
      if (affine) yield* normOf('final_norm', 'norm', C, false);
      if (!config.flag('tie_word_embeddings', false)) yield { role: 'head', tensor: '/lm_head.weight', shape: [V, C] };
    },
  };
}

/** Within the window every earlier token is seen, so a text that fits it is computed exactly; longer ones need windows. */
function slidingWindow(config: Fields, modelType: string): number {
  const none = Number.POSITIVE_INFINITY;
  if (modelType === 'qwen2' && !config.flag('use_sliding_window', false)) return none;
  if (modelType !== 'qwen2' && modelType !== 'mistral') return none;
  const absent = modelType === 'mistral' && !Object.hasOwn(config.json, 'sliding_window') ? 4096 : 0; // the class's default; null means none
  const window = config.whole('sliding_window', 1, 2 ** 27, absent);
  if (window < 0) refuse(config.place, 'sliding_window is negative');
  return window === 0 ? none : window;
}
