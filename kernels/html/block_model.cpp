// See block_model.h.
#include "block_model.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace refine::html {
namespace {

constexpr uint32_t kMagic = 0x314D4252;  // "RBM1"
constexpr uint32_t kHeader = 7;          // words of a stage before its roots
// Log odds after an eighth of the trees below which a block is given up: seven in ten are (menus and the like), and of 46,189
// blocks of the development pages 6 of those would have come back over the threshold of balanced, 17 over that of recall.
constexpr float kGivenUp = -2.6f;
constexpr uint32_t kFullDepth = 7;      // a full tree of seven levels is a kilobyte and a half
constexpr uint32_t kMost = 32767;        // nodes, leaves or trees: children are 16 bits

const uint32_t kShipped[] = {
#include "block_model.inc"
};

int16_t child_of(uint32_t word) { return static_cast<int16_t>(static_cast<uint16_t>(word)); }

}  // namespace

const BlockModel& BlockModel::shipped() {
  static const BlockModel model{std::span<const uint32_t>(kShipped)};
  return model;
}

BlockModel::BlockModel(std::span<const uint32_t> words) {
  problem_ = read(words);
  if (!problem_.empty()) roots_.clear();
}

std::string BlockModel::read(std::span<const uint32_t> words) {
  if (words.size() < 2 + kHeader || words[0] != kMagic) return "these bytes are no block model";
  if (words[1] != 1) return "the model has " + std::to_string(words[1]) + " stages; this build reads one";
  const auto stage = words.subspan(2);
  features_ = stage[0];
  names_hash_ = uint64_t(stage[2]) << 32 | stage[1];
  bias_ = std::bit_cast<float>(stage[3]);
  const size_t trees = stage[4], nodes = stage[5], leaves = stage[6];
  if (trees > kMost || nodes > kMost || leaves > kMost || features_ > kMost) return "the model is larger than its format allows";
  if (stage.size() != kHeader + trees + 3 * nodes + leaves) return "the model is cut or has bytes left over";
  const auto body = stage.subspan(kHeader + trees);
  nodes_.reserve(nodes);
  for (size_t i = 0; i < nodes; ++i) {
    const Node node{uint16_t(body[3 * i] & 0xFFFF), child_of(body[3 * i] >> 16), child_of(body[3 * i + 1]), std::bit_cast<float>(body[3 * i + 2])};
    if (node.feature >= features_) return "the model asks for a feature that it does not have";
    // A child comes after its parent, so every walk ends.
    for (const int16_t child : {node.left, node.right})
      if (child >= 0 ? size_t(child) <= i || size_t(child) >= nodes : size_t(~child) >= leaves) return "a node of the model leads nowhere";
    nodes_.push_back(node);
  }
  for (size_t i = 0; i < trees; ++i) {
    if (stage[kHeader + i] >= nodes) return "a tree of the model has no root";
    roots_.push_back(int16_t(stage[kHeader + i]));
  }
  for (size_t i = 0; i < leaves; ++i) leaves_.push_back(std::bit_cast<float>(body[3 * nodes + i]));
  fill();
  return {};
}

// Fills the trees up where none is deeper than kFullDepth. A leaf above the last level becomes nodes that lead left to it.
void BlockModel::fill() {
  std::vector<uint32_t> below(nodes_.size(), 1);  // levels from a node to its deepest leaf; children stand after parents
  for (size_t i = nodes_.size(); i-- > 0;)
    for (const int16_t child : {nodes_[i].left, nodes_[i].right}) if (child >= 0) below[i] = std::max(below[i], below[size_t(child)] + 1);
  uint32_t depth = 1;
  for (const int16_t root : roots_) depth = std::max(depth, below[size_t(root)]);
  if (depth > kFullDepth) return;
  depth_ = depth;
  const size_t inner = (size_t(1) << depth) - 1;
  std::vector<int16_t> at(2 * inner + 1);
  for (const int16_t root : roots_) {
    at[0] = root;
    for (size_t i = 0; i < inner; ++i) {
      const bool leaf = at[i] < 0;
      full_features_.push_back(leaf ? uint16_t(0) : nodes_[size_t(at[i])].feature);
      full_cuts_.push_back(leaf ? std::numeric_limits<float>::infinity() : nodes_[size_t(at[i])].cut);
      at[2 * i + 1] = leaf ? at[i] : nodes_[size_t(at[i])].left;
      at[2 * i + 2] = leaf ? at[i] : nodes_[size_t(at[i])].right;
    }
    for (size_t i = inner; i < at.size(); ++i) full_leaves_.push_back(leaves_[size_t(~at[i])]);
  }
}

float BlockModel::leaf_of(size_t tree, const float* values) const {
  int16_t at = roots_[tree];
  do {
    const Node& node = nodes_[size_t(at)];
    at = values[node.feature] > node.cut ? node.right : node.left;  // NaN goes left
  } while (at >= 0);
  return leaves_[size_t(~at)];
}

// Sixteen rows walk all trees of [from, to): their features stay in the first cache, and their steps do not wait for each other.
void BlockModel::walk(std::span<const float> features, std::span<const uint32_t> rows, size_t from, size_t to, std::vector<float>& odds) const {
  constexpr size_t kRows = 16;
  const size_t inner = (size_t(1) << depth_) - 1;
  for (size_t first = 0; first < rows.size(); first += kRows) {
    const size_t count = std::min(kRows, rows.size() - first);
    const float* values[kRows];
    float sums[kRows];
    for (size_t k = 0; k < kRows; ++k) {
      const uint32_t row = rows[first + std::min(k, count - 1)];
      values[k] = features.data() + size_t(row) * features_;
      sums[k] = odds[row];
    }
    for (size_t tree = from; tree < to; ++tree) {
      if (depth_ == 0) {
        for (size_t k = 0; k < count; ++k) sums[k] += leaf_of(tree, values[k]);
        continue;
      }
      const uint16_t* feature = full_features_.data() + tree * inner;
      const float* cut = full_cuts_.data() + tree * inner;
      uint32_t at[kRows] = {};
      for (uint32_t level = 0; level < depth_; ++level)
        for (size_t k = 0; k < kRows; ++k) at[k] = 2 * at[k] + 1 + (values[k][feature[at[k]]] > cut[at[k]]);
      const float* leaf = full_leaves_.data() + tree * (inner + 1);
      for (size_t k = 0; k < kRows; ++k) sums[k] += leaf[at[k] - inner];
    }
    for (size_t k = 0; k < count; ++k) odds[rows[first + k]] = sums[k];
  }
}

void BlockModel::predict(std::span<const float> features, size_t rows, std::vector<float>& odds) const {
  odds.assign(rows, bias_);
  std::vector<uint32_t> open(rows);
  for (uint32_t row = 0; row < rows; ++row) open[row] = row;
  const size_t early = (roots_.size() + 7) / 8;
  walk(features, open, 0, early, odds);
  std::erase_if(open, [&](uint32_t row) { return odds[row] < kGivenUp; });
  walk(features, open, early, roots_.size(), odds);
}

std::vector<float> BlockModel::contributions(std::span<const float> row) const {
  std::vector<float> moved(features_, 0.0f);
  std::vector<double> mean(nodes_.size(), 0);  // of the leaves below, each leaf alike: the counts of training are not kept
  std::vector<uint32_t> below(nodes_.size(), 0);
  for (size_t i = nodes_.size(); i-- > 0;) {
    double sum = 0;
    for (const int16_t child : {nodes_[i].left, nodes_[i].right}) {
      below[i] += child >= 0 ? below[size_t(child)] : 1;
      sum += child >= 0 ? mean[size_t(child)] * below[size_t(child)] : double(leaves_[size_t(~child)]);
    }
    mean[i] = sum / below[i];
  }
  for (const int16_t root : roots_) {
    for (int16_t at = root; at >= 0;) {
      const Node& node = nodes_[size_t(at)];
      const int16_t next = row[node.feature] > node.cut ? node.right : node.left;
      moved[node.feature] += float((next >= 0 ? mean[size_t(next)] : double(leaves_[size_t(~next)])) - mean[size_t(at)]);
      at = next;
    }
  }
  return moved;
}

uint64_t hash_of_names(const std::vector<std::string>& names) {
  uint64_t hash = 0xCBF29CE484222325ull;
  const auto add = [&](unsigned char byte) { hash = (hash ^ byte) * 0x100000001B3ull; };
  for (const auto& name : names) {
    for (const char c : name) add(static_cast<unsigned char>(c));
    add('\n');
  }
  return hash;
}

}  // namespace refine::html
