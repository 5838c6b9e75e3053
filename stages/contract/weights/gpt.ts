// GPT-NeoX (Pythia: parallel, partly rotary) and GPT-2 (learned positions, Conv1D weights stored as (in, out)).
// Source: transformers, modeling_gpt_neox.py and modeling_gpt2.py.
import { activation, contextOf, hiddenOf, refuseFlag, sizes } from './config-json.js';
import { type Fields, refuse } from './json-file.js';
import { fused, linear, normOf } from './layers.js';
import { type Architecture, type NamedRole, PLAIN } from './plan.js';
import { readRope } from './rope.js';

export function readGptNeox(config: Fields): Architecture {
  const size = sizes(config, {
    vocab: 50432,
    channels: [['hidden_size'], 6144],
    layers: [['num_hidden_layers'], 44],
    heads: [['num_attention_heads'], 64],
  });
  const { vocab: V, channels: C, layers, heads: H, headDim: D } = size;
  if (D * H !== C) refuse(config.place, `has ${H} heads of ${D} and ${C} channels; expected channels = heads x head_dim`);
  const F = hiddenOf(config, ['intermediate_size'], 24576);
  const bias = config.flag('attention_bias', true);
  const parallel = config.flag('use_parallel_residual', true);
  const context = contextOf(config, ['max_position_embeddings'], 2048);
  const rope = readRope(config, { headDim: D, context, thetaName: 'rotary_emb_base', shareName: 'rotary_pct', share: 0.25 });
  return {
    prefixes: ['gpt_neox.', ''],
    probe: 'embed_in.weight',
    config: {
      ...PLAIN,
      ...size,
      kvHeads: H,
      hidden: F,
      context: rope.context,
      layout: parallel ? 'parallel' : 'sequential',
      normEps: config.real('layer_norm_eps', 0, 1e-5),
      activation: activation(config, 'hidden_act', 'gelu'),
      position: 'rotary',
      rotaryDim: rope.rotaryDim,
      rotaryFrequency: rope.frequency,
      rotaryFactor: rope.factor,
      attentionScale: 1 / Math.sqrt(D),
    },
    *roles() {
      yield { role: 'embed', tensor: 'embed_in.weight', shape: [V, C] };
      for (let layer = 0; layer < layers; layer++) {
        const at = `layers.${layer}`;
        yield* normOf(`${at}.norm1`, `${at}.input_layernorm`, C);
        yield* normOf(`${at}.norm2`, `${at}.post_attention_layernorm`, C);
        yield* fused(at, `${at}.attention.query_key_value`, { C, H, G: H, D, bias });
        yield* linear(`${at}.o`, `${at}.attention.dense`, C, C, bias);
        yield* linear(`${at}.up`, `${at}.mlp.dense_h_to_4h`, F, C, true);
        yield* linear(`${at}.down`, `${at}.mlp.dense_4h_to_h`, C, F, true);
      }
      yield* normOf('final_norm', 'final_layer_norm', C);
      if (!config.flag('tie_word_embeddings', false)) yield { role: 'head', tensor: '/embed_out.weight', shape: [V, C] };
    },
  };
}

export function readGpt2(config: Fields): Architecture {
  const size = sizes(config, {
    vocab: 50257,
    channels: [['n_embd', 'hidden_size'], 768],
    layers: [['n_layer', 'num_hidden_layers'], 12],
    heads: [['n_head', 'num_attention_heads'], 12],
  });
  const { vocab: V, channels: C, layers, heads: H, headDim: D } = size;
  if (D * H !== C) refuse(config.place, `has ${H} heads of ${D} and ${C} channels; expected channels = heads x head_dim`);
  refuseFlag(config, 'scale_attn_by_inverse_layer_idx', false);
  refuseFlag(config, 'add_cross_attention', false);
  const F = hiddenOf(config, ['n_inner', 'intermediate_size'], 4 * C);
  const T = contextOf(config, ['n_positions', 'max_position_embeddings'], 1024);
  return {
    prefixes: ['transformer.', ''],
    probe: 'wte.weight',
    config: {
      ...PLAIN,
      ...size,
      kvHeads: H,
      hidden: F,
      context: T,
      normEps: config.real('layer_norm_epsilon', 0, 1e-5),
      activation: activation(config, 'activation_function', 'gelu_new'),
      position: 'learned',
      attentionScale: config.flag('scale_attn_weights', true) ? 1 / Math.sqrt(D) : 1,
    },
    *roles() {
      yield { role: 'embed', tensor: 'wte.weight', shape: [V, C] };
      yield { role: 'positions', tensor: 'wpe.weight', shape: [T, C] };
      for (let layer = 0; layer < layers; layer++) {
        const at = `layers.${layer}`;
        const h = `h.${layer}`;
        yield* normOf(`${at}.norm1`, `${h}.ln_1`, C);
        yield* normOf(`${at}.norm2`, `${h}.ln_2`, C);
        for (const [part, name] of ['q', 'k', 'v'].entries()) yield* conv1d(`${at}.${name}`, `${h}.attn.c_attn`, C, C, [part * C, C], 3 * C);
        yield* conv1d(`${at}.o`, `${h}.attn.c_proj`, C, C);
        yield* conv1d(`${at}.up`, `${h}.mlp.c_fc`, F, C);
        yield* conv1d(`${at}.down`, `${h}.mlp.c_proj`, C, F);
      }
      yield* normOf('final_norm', 'ln_f', C);
      if (!config.flag('tie_word_embeddings', true)) yield { role: 'head', tensor: '/lm_head.weight', shape: [V, C] };
    },
  };
}

function* conv1d(role: string, tensor: string, out: number, into: number, rows?: readonly number[], of?: number): Iterable<NamedRole> {
  const part = rows === undefined || of === undefined ? {} : { rows, of };
  yield { role: `${role}.weight`, tensor: `${tensor}.weight`, shape: [out, into], transpose: true, ...part };
  yield { role: `${role}.bias`, tensor: `${tensor}.bias`, shape: [out], ...part };
}
