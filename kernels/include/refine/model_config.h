// One description of a transformer for every room that runs or trains one: the reference (model_reference.h), the fast
// forward, the trainer, encoders. stages/contract/weights fills it from a HuggingFace config.json.
// Axis letters, used on every buffer: B documents, T positions, C channels, H heads of queries, G heads of keys and values
// (H / G queries share one), D numbers a head, F hidden numbers of the MLP, V vocabulary.
// Invariant: check_config(config) is ok before any kernel sees a config; sizes fit int32 and products fit int64.
#pragma once
#include <bit>
#include <cstdint>
#include <string>
#include <vector>

#include "refine/views.h"

namespace refine {

enum class Norm : uint8_t { kLayer, kRms };
enum class Activation : uint8_t { kGelu /* erf */, kGeluTanh, kSilu, kRelu };
enum class Position : uint8_t { kRotary, kAlibi, kLearned, kNone };
enum class BlockLayout : uint8_t {
  kSequential,  // x += attn(norm1 x); x += mlp(norm2 x)                         GPT-2, LLaMA, OLMo, Falcon-RW
  kParallel,    // x += attn(norm1 x) + mlp(norm2 x); norm2 = norm1 without two_norms   Falcon, GPT-NeoX
  kPostNorm,    // x = norm1(x + attn x); x = norm2(x + mlp x)                   BERT
  kNormAfter,   // x += norm1(attn x); x += norm2(mlp x)                         OLMo-2
};

struct ModelConfig {
  int32_t vocab = 0, channels = 0, layers = 0, heads = 0, kv_heads = 0, head_dim = 0, hidden = 0, context = 0;  // V C L H G D F T
  BlockLayout layout = BlockLayout::kSequential;
  bool two_norms = true;  // read by kParallel alone; the other layouts have two
  Norm norm = Norm::kLayer;
  float norm_eps = 1e-5f;
  bool norm_affine = true;  // OLMo-1: false, its LayerNorm has no parameters
  Activation activation = Activation::kGelu;
  bool gated = false;  // down(act(gate x) * up x) instead of down(act(up x))
  Position position = Position::kRotary;
  int32_t rotary_dim = 0;               // the first rotary_dim of D turn, halves paired as HuggingFace does: (i, i + rotary_dim / 2)
  std::vector<float> rotary_frequency;  // rotary_dim / 2 radians a position, after rope scaling
  float rotary_factor = 1;              // multiplies cos and sin (yarn, longrope)
  std::vector<float> alibi_slope;       // H; see alibi_bias
  float alibi_scale = 1;                // Falcon scales its biases with the scores: 1 / sqrt(D)
  bool alibi_bfloat16 = false;          // Falcon: position and product rounded to bfloat16, as it was trained
  float attention_scale = 0;            // of q . k; 1 / sqrt(D) unless the config says otherwise
  float clip_qkv = 0;                   // q, k, v clamped to +- this; 0: not (OLMo-1)
  bool qk_norm = false;                 // OLMo-2: RMSNorm over all H * D numbers of q, all G * D of k, before they turn
  // DeBERTa-v2's disentangled attention: relative_span S rows of `relative` to each side of 0; 0: none. relative_bucket[d] is the
  // row that a distance of d tokens takes (context entries, below S); queries meet keys' places and keys queries' where said.
  int32_t relative_span = 0;
  std::vector<int32_t> relative_bucket;
  bool content_to_position = false, position_to_content = false;
  bool causal = true;
  int32_t position_offset = 0;  // row of `positions` that the first position takes: RoBERTa and OPT 2
  int32_t segments = 0;         // rows of `segments`: BERT 2
  bool embedding_norm = false;  // a norm over the sum of embeddings: BERT, BLOOM
  bool final_norm = true;       // a norm before the head; BERT's blocks end with theirs
};

// Sizes positive and below the stated bounds, tables of the right length, numbers finite.
Status check_config(const ModelConfig& config);

// The nearest bfloat16 (ties to even) as a float; finite input.
inline float round_bfloat16(float x) {
  const auto bits = std::bit_cast<uint32_t>(x);
  return std::bit_cast<float>((bits + 0x7FFFu + ((bits >> 16) & 1u)) & 0xFFFF0000u);
}

// What ALiBi adds to a scaled score of head h for the key at `position` of its document. Falcon rounds to bfloat16 twice,
// so that keys of one far neighbourhood share a bias (build_alibi_tensor in HuggingFace's modeling_falcon.py).
// The query's position cancels in the softmax and is left out.
inline float alibi_bias(const ModelConfig& config, int32_t h, int64_t position) {
  const float slope = config.alibi_slope[size_t(h)];
  if (!config.alibi_bfloat16) return config.alibi_scale * (slope * float(position));
  return config.alibi_scale * round_bfloat16(slope * round_bfloat16(float(position)));
}

}  // namespace refine
