// A forest of decision trees over block features, from 32-bit words in the layout of infra/extract/model-file.ts: the array
// compiled in (block_model.inc, written by infra/extract/train.ts) or one that training and its tests hand over.
// Invariant: a valid model's walks stay inside its arrays, which the constructor proves; sums run in tree order in float.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace refine::html {

class BlockModel {
 public:
  // An empty problem() says that it can be used. The words are not copied.
  explicit BlockModel(std::span<const uint32_t> words);
  static const BlockModel& shipped();
  const std::string& problem() const { return problem_; }
  uint64_t names_hash() const { return names_hash_; }  // FNV-1a of the feature names it was trained on, a line feed after each

  // `features` is (rows, features) row-major; log odds of each row. A row whose odds are hopeless after an eighth of the
  // trees keeps those: the others are not asked. A model with a problem gives zeros.
  void predict(std::span<const float> features, size_t rows, std::vector<float>& odds) const;
  // What each feature moves the odds of one row: along each tree's walk, the change of the mean of the leaves below (Saabas 2014).
  std::vector<float> contributions(std::span<const float> row) const;

 private:
  struct Node { uint16_t feature; int16_t left, right; float cut; };
  std::string read(std::span<const uint32_t> words);
  void walk(std::span<const float> features, std::span<const uint32_t> rows, size_t from, size_t to, std::vector<float>& odds) const;
  float leaf_of(size_t tree, const float* values) const;
  std::string problem_;
  uint32_t features_ = 0;
  uint64_t names_hash_ = 0;
  float bias_ = 0;
  std::vector<int16_t> roots_;
  std::vector<Node> nodes_;
  std::vector<float> leaves_;
  // The same trees filled up to one depth, so that a walk is a fixed number of steps without branches: of tree t, node i stands
  // at t * (2^depth - 1) + i, its children at 2 i + 1 and 2 i + 2, leaf k at t * 2^depth + k. Depth 0: deeper than kFullDepth.
  uint32_t depth_ = 0;
  std::vector<uint16_t> full_features_;
  std::vector<float> full_cuts_, full_leaves_;
  void fill();
};

uint64_t hash_of_names(const std::vector<std::string>& names);

}  // namespace refine::html
