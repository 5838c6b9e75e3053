// Falcon: 7B (multi-query, one norm, parallel), 40B and 180B (grouped keys and values, two norms), and Falcon-RW (sequential,
// a key and value a head, ALiBi). A head over the mean of the positions (tensors `classifier`) is refine's own. Source: transformers, configuration_falcon.py and modeling_falcon.py.
import { alibiSlopes, bfloat16 } from './alibi.js';
import { readHead } from './bert.js';
import { activation, contextOf, hiddenOf, kvHeads, sizes } from './config-json.js';
import { type Fields, refuse } from './json-file.js';
import { fused, linear, normOf } from './layers.js';
import { type Architecture, PLAIN } from './plan.js';
import { readRope } from './rope.js';

export function readFalcon(config: Fields, has: (tensor: string) => boolean): Architecture {
  const size = sizes(config, {
    vocab: 65024,
    channels: [['hidden_size', 'n_embed', 'n_embd'], 4544],
    layers: [['num_hidden_layers', 'n_layer'], 32],
    heads: [['num_attention_heads', 'n_head'], 71],
  });
  const { channels: C, heads: H, headDim: D } = size;
  if (D * H !== C) refuse(config.place, `head_dim is ${D} with ${H} heads of ${C} channels; expected channels = heads x head_dim`);
  const grouped = config.flag('new_decoder_architecture', false);
  const multiQuery = config.flag('multi_query', true);
  const parallel = config.flag('parallel_attn', true);
  if (grouped && !parallel)
    refuse(config.place, 'has new_decoder_architecture and parallel_attn false; expected parallel_attn true, as all published models have');
  const G = grouped ? kvHeads(config, ['num_kv_heads', 'n_head_kv'], H, H) : multiQuery ? 1 : H;
  const norms = config.whole('num_ln_in_parallel_attn', 1, 2, grouped ? 2 : 1);
  if (norms === 2 && !grouped)
    refuse(config.place, 'has num_ln_in_parallel_attn 2 without new_decoder_architecture; transformers computes no such model either');
  const alibi = config.flag('alibi', false);
  const bias = config.flag('bias', false);
  const F = hiddenOf(config, ['ffn_hidden_size'], 4 * C);
  const context = contextOf(config, ['max_position_embeddings'], 2048);
  const rope = alibi ? undefined : readRope(config, { headDim: D, context });
  const scale = 1 / Math.sqrt(D);
  const head = readHead(config, has);
  return {
    prefixes: ['transformer.', ''],
    probe: 'word_embeddings.weight',
    heads: head === undefined ? [] : [head],
    config: {
      ...PLAIN,
      ...size,
      kvHeads: G,
      hidden: F,
      context: rope?.context ?? context,
      layout: parallel ? 'parallel' : 'sequential',
      twoNorms: norms === 2 || !parallel,
      normEps: config.real(['layer_norm_epsilon', 'layer_norm_eps'], 0, 1e-5),
      activation: activation(config, 'activation', 'gelu'),
      attentionScale: scale,
      ...(rope === undefined
        ? { position: 'alibi', alibiSlope: alibiSlopes(H).map(bfloat16), alibiScale: scale, alibiBfloat16: true }
        : { position: 'rotary', rotaryDim: rope.rotaryDim, rotaryFrequency: rope.frequency, rotaryFactor: rope.factor }),
    },
    *roles() {
      const { vocab: V, layers } = size;
      yield { role: 'embed', tensor: 'word_embeddings.weight', shape: [V, C] };
      for (let layer = 0; layer < layers; layer++) {
        const at = `layers.${layer}`;
        const h = `h.${layer}`;
        const [first, second] = norms === 2 ? ['ln_attn', 'ln_mlp'] : ['input_layernorm', parallel ? undefined : 'post_attention_layernorm'];
        yield* normOf(`${at}.norm1`, `${h}.${first}`, C);
        if (second !== undefined) yield* normOf(`${at}.norm2`, `${h}.${second}`, C);
        yield* fused(at, `${h}.self_attention.query_key_value`, { C, H, G, D, bias });
        yield* linear(`${at}.o`, `${h}.self_attention.dense`, C, C, bias);
        yield* linear(`${at}.up`, `${h}.mlp.dense_h_to_4h`, F, C, bias);
        yield* linear(`${at}.down`, `${h}.mlp.dense_4h_to_h`, C, F, bias);
      }
      yield* normOf('final_norm', 'ln_f', C);
      if (head !== undefined) yield* linear('classifier', '/classifier', head.labels.length, C, true);
      else if (!config.flag('tie_word_embeddings', true)) yield { role: 'head', tensor: '/lm_head.weight', shape: [V, C] };
    },
  };
}
