// The reference forward's steps against closed formulas, and the whole against itself read in pieces.
#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "../../testing/check.h"
#include "../reference.h"
#include "random_model.h"
#include "refine/fixed_math.h"
#include "refine/model_reference.h"

using namespace refine;
using refine::testing::random_config;
using refine::testing::random_ids;
using refine::testing::random_weights;

namespace {

bool near(double a, double b, double tolerance) { return std::fabs(a - b) <= tolerance; }

void functions_agree_with_libm() {
  double sine = 0, cosine = 0, tanh = 0, erf = 0, far = 0;
  for (int i = -40000; i <= 40000; ++i) {
    const double x = i * 0.00037;
    const SinCos turn = fixed_sin_cos(x * 10);
    sine = std::max(sine, std::fabs(turn.sin - std::sin(x * 10)));
    cosine = std::max(cosine, std::fabs(turn.cos - std::cos(x * 10)));
    tanh = std::max(tanh, std::fabs(fixed_tanh(x) - std::tanh(x)) / std::max(std::fabs(std::tanh(x)), 1e-300));
    erf = std::max(erf, std::fabs(fixed_erf(x) - std::erf(x)));
    far = std::max(far, std::fabs(fixed_sin_cos(x * 9e6).sin - std::sin(x * 9e6)));
  }
  CHECK(sine < 1e-15);
  CHECK(cosine < 1e-15);
  CHECK(tanh < 1e-12);
  CHECK(erf < 4e-15);
  CHECK(far < 1e-15);
  CHECK_EQ(fixed_sin_cos(0).sin, 0.0);
  CHECK_EQ(fixed_sin_cos(0).cos, 1.0);
  CHECK(std::isnan(fixed_sin_cos(1e300).sin));
  CHECK(std::isnan(fixed_sin_cos(std::numeric_limits<double>::quiet_NaN()).cos));
}

void norms_of_simple_rows() {
  const std::vector<float> constant(7, 3.0f), weight(7, 2.0f), bias(7, 0.5f);
  std::vector<float> y(7);
  reference::norm(Norm::kRms, 0, constant.data(), 1, 7, weight.data(), nullptr, y.data());
  for (const float value : y) CHECK_EQ(value, 2.0f);  // a constant row has root mean square = its value
  reference::norm(Norm::kLayer, 1e-5f, constant.data(), 1, 7, weight.data(), bias.data(), y.data());
  for (const float value : y) CHECK_EQ(value, 0.5f);  // and no deviation
  std::mt19937_64 random(1);
  std::normal_distribution<float> normal(5, 3);
  std::vector<float> x(1001), unit(1001);
  for (float& value : x) value = normal(random);
  reference::norm(Norm::kLayer, 0, x.data(), 1, 1001, nullptr, nullptr, unit.data());
  double mean = 0, square = 0;
  for (const float value : unit) mean += value, square += double(value) * value;
  CHECK(near(mean / 1001, 0, 1e-7));
  CHECK(near(square / 1001, 1, 1e-6));
}

void a_turn_keeps_lengths_and_sees_only_distances() {
  std::mt19937_64 random(2);
  std::normal_distribution<float> normal;
  ModelConfig c = random_config(3);
  c.position = Position::kRotary;
  c.heads = c.kv_heads = 1;
  c.head_dim = 10;
  c.rotary_dim = 6;  // 4 numbers stay
  c.rotary_frequency = {1.0f, 0.1f, 0.01f};
  std::vector<float> q(10), k(10);
  for (size_t i = 0; i < 10; ++i) q[i] = normal(random), k[i] = normal(random);
  const auto turned = [&](std::vector<float> x, int64_t position) {
    reference::rotate(c, position, 1, x.data());
    return x;
  };
  for (const int64_t position : {0, 1, 17, 1000}) {
    const auto at = turned(q, position);
    CHECK(near(reference::dot(at.data(), at.data(), 10), reference::dot(q.data(), q.data(), 10), 1e-5));
    for (size_t i = 6; i < 10; ++i) CHECK_EQ(at[i], q[i]);
    // q at p + 5 and k at p have the product that q at 5 and k at 0 have
    const auto far = turned(q, position + 5), key = turned(k, position), five = turned(q, 5);
    CHECK(near(reference::dot(far.data(), key.data(), 10), reference::dot(five.data(), k.data(), 10), 3e-4));
  }
  CHECK(turned(q, 0) == q);
  const std::vector<float> x = {1, 0, 0, 0, 0, 0, 0, 0, 0, 0};  // number 0 turns towards number 3
  CHECK(near(turned(x, 2)[0], std::cos(2.0), 1e-7));
  CHECK(near(turned(x, 2)[3], std::sin(2.0), 1e-7));
}

void equal_keys_give_the_mean_of_the_values() {
  ModelConfig c = random_config(4);
  c.position = Position::kNone;
  c.heads = 6;
  c.kv_heads = 2;
  c.head_dim = 3;
  c.attention_scale = 1;
  const int64_t length = 5;
  std::vector<float> queries(18, 0.7f), keys(size_t(length) * 6, 1.3f), values(size_t(length) * 6), out(18);
  for (size_t i = 0; i < values.size(); ++i) values[i] = float(i * i % 11);
  reference::attend(c, queries.data(), keys.data(), values.data(), length, out.data());
  for (int64_t h = 0; h < 6; ++h)
    for (int64_t d = 0; d < 3; ++d) {
      double mean = 0;
      for (int64_t s = 0; s < length; ++s) mean += double(values[size_t((s * 2 + h / 3) * 3 + d)]) / double(length);
      CHECK(near(out[size_t(h * 3 + d)], mean, 1e-6));  // heads 0..2 read the first group, 3..5 the second
    }
}

void alibi_is_a_geometric_fall() {
  ModelConfig c = random_config(5);
  c.position = Position::kAlibi;
  c.heads = c.kv_heads = 1;
  c.head_dim = 1;
  c.attention_scale = 1;
  c.alibi_slope = {float(std::log(2.0))};  // each key further back weighs half
  c.alibi_scale = 1;
  c.alibi_bfloat16 = false;
  const std::vector<float> query = {0}, keys(4, 0.0f), values = {0, 0, 0, 1};
  float out = 0;
  reference::attend(c, query.data(), keys.data(), values.data(), 4, &out);
  CHECK(near(out, 8.0 / 15, 1e-6));
  c.alibi_scale = 0.5f;
  c.alibi_bfloat16 = true;
  c.alibi_slope = {0.25f};
  CHECK_EQ(alibi_bias(c, 0, 3), 0.375f);
  CHECK_EQ(alibi_bias(c, 0, 257), 32.0f);  // bfloat16 has 8 bits: 257 is 256
  CHECK_EQ(round_bfloat16(1.00390625f), 1.0f);        // halfway: to even
  CHECK_EQ(round_bfloat16(1.01171875f), 1.015625f);   // halfway: to even, upwards
}

void activations_at_known_points() {
  CHECK_EQ(reference::activate(Activation::kGelu, 0), 0.0);
  CHECK(near(reference::activate(Activation::kGelu, 1), 0.8413447460685429, 1e-15));  // Phi(1)
  CHECK(near(reference::activate(Activation::kGeluTanh, 1), 0.8411919906082768, 1e-13));
  CHECK(near(reference::activate(Activation::kSilu, 1), 0.7310585786300049, 1e-15));
  CHECK_EQ(reference::activate(Activation::kSilu, -1e6), 0.0);
  CHECK_EQ(reference::activate(Activation::kRelu, -2), 0.0);
  CHECK_EQ(reference::activate(Activation::kRelu, 2), 2.0);
}

void pieces_through_a_cache_give_the_bits_of_the_whole() {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    ModelConfig c = random_config(seed);
    c.causal = true;
    const MemoryWeights weights = random_weights(c, seed);
    ReferenceModel model;
    const Status bound = ReferenceModel::bind(c, weights.lookup(), &model);
    CHECK_EQ(bound.message, std::string());
    const std::vector<uint32_t> ids = random_ids(c, 13, seed);
    const size_t channels = size_t(c.channels);
    std::vector<float> whole(13 * channels), pieces(13 * channels);
    CHECK(model.hidden(ids.data(), 13, nullptr, nullptr, whole.data()).ok());
    KeyValueCache cache;
    int64_t at = 0;
    for (const int64_t piece : {1, 4, 0, 1, 7}) {
      CHECK(model.hidden(ids.data() + at, piece, nullptr, &cache, pieces.data() + size_t(at) * channels).ok());
      at += piece;
    }
    CHECK(whole == pieces);
    CHECK_EQ(cache.length, int64_t(13));
    // What follows does not reach back: another last token changes the last row alone.
    std::vector<uint32_t> other = ids;
    other[12] = (other[12] + 1) % uint32_t(c.vocab);
    CHECK(model.hidden(other.data(), 13, nullptr, nullptr, pieces.data()).ok());
    CHECK(std::equal(whole.begin(), whole.end() - long(channels), pieces.begin()));
    if (channels > 2) CHECK(!std::equal(whole.end() - long(channels), whole.end(), pieces.end() - long(channels)));  // LayerNorm of fewer is a constant
  }
}

void losses_are_log_probabilities() {
  const ModelConfig c = random_config(9);
  const MemoryWeights weights = random_weights(c, 9);
  ReferenceModel model;
  CHECK(ReferenceModel::bind(c, weights.lookup(), &model).ok());
  // p(next) over all possible next ids sums to 1
  double total = 0;
  std::vector<uint32_t> ids = random_ids(c, 3, 9);
  std::vector<float> losses(3);
  for (uint32_t next = 0; next < uint32_t(c.vocab); ++next) {
    ids[2] = next;
    CHECK(model.losses(ids.data(), 3, losses.data()).ok());
    total += std::exp(-double(losses[2]));
  }
  CHECK(near(total, 1, 1e-5));
  CHECK(std::isnan(losses[0]));
  CHECK(model.losses(ids.data(), 0, nullptr).ok());
  CHECK(model.losses(ids.data(), 1, losses.data()).ok());
  ids[1] = uint32_t(c.vocab);
  CHECK_EQ(model.losses(ids.data(), 3, losses.data()).code, std::string("ERR_REFINE_INPUT"));
  ids[1] = 0;
  ids[2] = uint32_t(c.vocab);
  CHECK_EQ(model.losses(ids.data(), 3, losses.data()).code, std::string("ERR_REFINE_INPUT"));
}

void an_encoder_reads_both_ways_and_whole() {
  ModelConfig c = random_config(12);
  c.channels = 24;
  c.causal = false;
  c.norm_affine = true;
  c.layout = BlockLayout::kPostNorm;
  c.final_norm = false;
  c.position = Position::kLearned;
  c.position_offset = 2;
  c.segments = 2;
  c.embedding_norm = true;
  const MemoryWeights weights = random_weights(c, 12);
  ReferenceModel model;
  CHECK_EQ(ReferenceModel::bind(c, weights.lookup(), &model).message, std::string());
  const std::vector<uint32_t> ids = random_ids(c, 6, 12), segments = {0, 0, 0, 1, 1, 1};
  const size_t channels = size_t(c.channels);
  std::vector<float> a(6 * channels), b(6 * channels);
  std::vector<uint32_t> other = ids;
  other[5] = (other[5] + 1) % uint32_t(c.vocab);
  CHECK(model.hidden(ids.data(), 6, segments.data(), nullptr, a.data()).ok());
  CHECK(model.hidden(other.data(), 6, segments.data(), nullptr, b.data()).ok());
  CHECK(!std::equal(a.begin(), a.begin() + long(channels), b.begin()));  // the last token reaches the first position
  CHECK(model.hidden(ids.data(), 6, nullptr, nullptr, b.data()).ok());
  CHECK(a != b);
  const std::vector<uint32_t> wrong = {0, 0, 0, 2, 1, 1};
  CHECK_EQ(model.hidden(ids.data(), 6, wrong.data(), nullptr, b.data()).code, std::string("ERR_REFINE_INPUT"));
  KeyValueCache cache;
  CHECK(model.hidden(ids.data(), 3, nullptr, &cache, b.data()).ok());
  CHECK_EQ(model.hidden(ids.data() + 3, 3, nullptr, &cache, b.data()).code, std::string("ERR_REFINE_INPUT"));
}

void bad_configs_and_weights_are_named() {
  const ModelConfig good = random_config(20);
  MemoryWeights weights = random_weights(good, 20);
  ReferenceModel model;
  const auto refused = [&](const ModelConfig& c, const std::string& words) {
    const Status status = ReferenceModel::bind(c, weights.lookup(), &model);
    CHECK_EQ(status.code, std::string("ERR_REFINE_WEIGHTS"));
    if (status.message.find(words) == std::string::npos) CHECK_EQ(status.message, words);
  };
  ModelConfig c = good;
  c.vocab = 0;
  refused(c, "vocabulary is 0");
  c = good;
  c.kv_heads = c.heads + 1;
  refused(c, "number of heads");
  c = good;
  c.norm_eps = std::numeric_limits<float>::quiet_NaN();
  refused(c, "norm epsilon");
  c = good;
  c.attention_scale = 0;
  refused(c, "scale of attention");
  c = good;
  c.position = Position::kRotary;
  c.rotary_dim = 2;
  c.rotary_frequency = {};
  refused(c, "rotary frequencies is 0 long");
  c = good;
  c.position = Position::kAlibi;
  c.alibi_slope.assign(size_t(c.heads) + 1, 1.0f);
  refused(c, "ALiBi slopes");
  c = good;
  c.hidden += 1;
  refused(c, "its config asks for");
  weights.entries.erase("embed");
  refused(good, "no weight \"embed\"");
}

}  // namespace

int main() {
  functions_agree_with_libm();
  norms_of_simple_rows();
  a_turn_keeps_lengths_and_sees_only_distances();
  equal_keys_give_the_mean_of_the_values();
  alibi_is_a_geometric_fall();
  activations_at_known_points();
  pieces_through_a_cache_give_the_bits_of_the_whole();
  losses_are_log_probabilities();
  an_encoder_reads_both_ways_and_whole();
  bad_configs_and_weights_are_named();
  return refine::testing::report();
}
