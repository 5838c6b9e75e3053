// The fast forward against the reference on random configs of every layout; a document's bytes whatever it is packed with.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "../../testing/check.h"
#include "random_model.h"
#include "refine/model_fast.h"

using namespace refine;
using refine::testing::random_config;
using refine::testing::random_ids;
using refine::testing::random_weights;

namespace {

constexpr uint64_t share(uint64_t seeds) { return testing::kSanitized ? seeds / 4 : seeds; }

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) { return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0; }

// The largest difference, relative to the largest number of the row's kind.
double worst(const std::vector<float>& found, const std::vector<float>& expected) {
  double difference = 0, scale = 1e-3;
  for (size_t i = 0; i < found.size(); ++i) {
    if (std::isnan(expected[i]) != std::isnan(found[i])) return 1e9;
    if (std::isnan(expected[i])) continue;
    difference = std::max(difference, std::fabs(double(found[i]) - double(expected[i])));
    scale = std::max(scale, std::fabs(double(expected[i])));
  }
  return difference / scale;
}

struct Case {
  ModelConfig config;
  MemoryWeights weights;
  ReferenceModel reference;
};

Case random_case(uint64_t seed) {
  Case made;
  made.config = random_config(seed);
  made.weights = random_weights(made.config, seed);
  CHECK(ReferenceModel::bind(made.config, made.weights.lookup(), &made.reference).ok());
  return made;
}

std::shared_ptr<FastModel> fast_of(const Case& from, GemmKind kind, GemmIsa isa) {
  std::shared_ptr<FastModel> model;
  CHECK(FastModel::bind(from.config, from.weights.lookup(), {kind, isa}, &model).ok());
  return model;
}

std::vector<float> losses_of(const FastModel& model, const std::vector<uint32_t>& ids, const std::vector<int32_t>& offsets, int64_t bos = -1) {
  std::vector<float> out(ids.size(), -1);
  CHECK(model.token_losses(ids.data(), offsets.data(), offsets.size() - 1, bos, out.data()).ok());
  return out;
}

void equals_the_reference(GemmIsa isa, uint64_t seeds) {
  double of_losses = 0, of_hidden = 0;
  for (uint64_t seed = 0; seed < seeds; ++seed) {
    const Case model = random_case(seed);
    const auto fast = fast_of(model, GemmKind::kF32, isa);
    const int32_t length = int32_t(1 + seed * 7 % 37);
    const auto ids = random_ids(model.config, size_t(length), seed);
    std::vector<float> expected(size_t(length) * size_t(model.config.channels)), found(expected.size());
    CHECK(model.reference.hidden(ids.data(), length, nullptr, nullptr, expected.data()).ok());
    const std::vector<int32_t> offsets{0, length};
    CHECK(fast->hidden(ids.data(), nullptr, offsets.data(), 1, found.data()).ok());
    const double difference = worst(found, expected);
    of_hidden = std::max(of_hidden, difference);
    if (difference > 1e-4) std::fprintf(stderr, "%s: config %d differs by %g\n", gemm_isa_name(isa), int(seed), difference);
    if (!model.config.causal) continue;
    std::vector<float> losses(static_cast<size_t>(length));
    CHECK(model.reference.losses(ids.data(), length, losses.data()).ok());
    of_losses = std::max(of_losses, worst(losses_of(*fast, ids, offsets), losses));
  }
  std::printf("%s: hidden within %.2g, losses within %.2g of the reference\n", gemm_isa_name(isa), of_hidden, of_losses);
  CHECK(of_hidden < 1e-4);
  CHECK(of_losses < 1e-4);
}

void packing_changes_no_byte(GemmIsa isa, GemmKind kind) {
  for (uint64_t seed = 100; seed < 100 + share(12); ++seed) {
    Case model = random_case(seed);
    model.config.context = 4096;  // learned positions are not among these lengths' weights
    if (model.config.position == Position::kLearned) continue;
    const auto fast = fast_of(model, kind, isa);
    std::vector<int32_t> offsets{0};
    for (const int32_t length : {0, 1, 2, 17, 0, 513, 33, 1, 540, 5}) offsets.push_back(offsets.back() + length);
    const auto ids = random_ids(model.config, size_t(offsets.back()), seed);
    const size_t channels = size_t(model.config.channels);
    std::vector<float> hidden(ids.size() * channels), alone(hidden.size());
    CHECK(fast->hidden(ids.data(), nullptr, offsets.data(), offsets.size() - 1, hidden.data()).ok());
    const auto losses = losses_of(*fast, ids, offsets);
    std::vector<float> one_by_one(ids.size());
    for (size_t d = 0; d + 1 < offsets.size(); ++d) {
      const std::vector<uint32_t> own(ids.begin() + offsets[d], ids.begin() + offsets[d + 1]);
      const std::vector<int32_t> whole{0, int32_t(own.size())};
      const auto part = losses_of(*fast, own, whole);
      std::copy(part.begin(), part.end(), one_by_one.begin() + offsets[d]);
      CHECK(fast->hidden(own.data(), nullptr, whole.data(), 1, alone.data() + size_t(offsets[d]) * channels).ok());
      // The same document after a first id is the document with that id as bos.
      if (own.size() < 2) continue;
      const std::vector<uint32_t> rest(own.begin() + 1, own.end());
      const auto begun = losses_of(*fast, rest, {0, int32_t(rest.size())}, own[0]);
      CHECK(std::memcmp(begun.data(), part.data() + 1, begun.size() * sizeof(float)) == 0);
    }
    CHECK(same_bits(hidden, alone));
    CHECK(same_bits(losses, one_by_one));
  }
}

void pieces_change_no_byte(GemmIsa isa) {
  for (uint64_t seed = 200; seed < 200 + share(30); ++seed) {
    const Case model = random_case(seed);
    const auto fast = fast_of(model, GemmKind::kF32, isa);
    const auto ids = random_ids(model.config, 35, seed);
    std::vector<float> whole(size_t(model.config.vocab)), pieces(whole.size());
    KeyValueCache once, often;
    CHECK(fast->append(&once, ids.data(), 35, whole.data()).ok());
    int64_t read = 0;
    for (const int64_t length : {1, 3, 16, 1, 14}) {
      CHECK(fast->append(&often, ids.data() + read, length, pieces.data()).ok());
      read += length;
    }
    CHECK(same_bits(whole, pieces));
    std::vector<float> hidden(35 * size_t(model.config.channels)), expected(whole.size());
    CHECK(model.reference.hidden(ids.data(), 35, nullptr, nullptr, hidden.data()).ok());
    model.reference.logits(hidden.data() + 34 * size_t(model.config.channels), expected.data());
    CHECK(worst(whole, expected) < 1e-4);
  }
}

void encoders_see_the_whole_document(GemmIsa isa) {
  for (uint64_t seed = 300; seed < 300 + share(30); ++seed) {
    Case model = random_case(seed);
    model.config.causal = false;
    model.config.segments = 2;
    model.weights = random_weights(model.config, seed);
    CHECK(ReferenceModel::bind(model.config, model.weights.lookup(), &model.reference).ok());
    const auto fast = fast_of(model, GemmKind::kF32, isa);
    const auto ids = random_ids(model.config, 37, seed);
    std::vector<uint32_t> segments(37);
    for (size_t i = 0; i < 37; ++i) segments[i] = i > 20;
    std::vector<float> expected(37 * size_t(model.config.channels)), found(expected.size());
    CHECK(model.reference.hidden(ids.data(), 37, segments.data(), nullptr, expected.data()).ok());
    const int32_t offsets[] = {0, 37};
    CHECK(fast->hidden(ids.data(), segments.data(), offsets, 1, found.data()).ok());
    CHECK(worst(found, expected) < 1e-4);
    float loss = 0;
    CHECK(!fast->token_losses(ids.data(), offsets, 1, -1, &loss).ok());
  }
}

void hostile_calls_are_refused() {
  const Case model = random_case(7);
  const auto fast = fast_of(model, GemmKind::kF32, best_gemm_isa());
  std::vector<float> out(3 * size_t(model.config.channels));
  const uint32_t outside[] = {0, uint32_t(model.config.vocab), 0};
  const int32_t offsets[] = {0, 3};
  CHECK_EQ(fast->token_losses(outside, offsets, 1, -1, out.data()).code, std::string("ERR_REFINE_INPUT"));
  CHECK_EQ(fast->hidden(outside, nullptr, offsets, 1, out.data()).code, std::string("ERR_REFINE_INPUT"));
  auto broken = random_case(8);
  broken.weights.entries.erase("layers.0.o.weight");
  std::shared_ptr<FastModel> none;
  CHECK_EQ(FastModel::bind(broken.config, broken.weights.lookup(), {}, &none).code, std::string("ERR_REFINE_WEIGHTS"));
}

}  // namespace

int main() {
  for (const auto isa : gemm_isas()) {
    equals_the_reference(isa, share(150));
    packing_changes_no_byte(isa, GemmKind::kF32);
    packing_changes_no_byte(isa, GemmKind::kBf16);
    packing_changes_no_byte(isa, GemmKind::kInt8);
    pieces_change_no_byte(isa);
    encoders_see_the_whole_document(isa);
  }
  hostile_calls_are_refused();
  return testing::report();
}
