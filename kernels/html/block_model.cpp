// See block_model.h.
#include "block_model.h"

#include <bit>

namespace refine::html {
namespace {

constexpr uint32_t kMagic = 0x314D4252;  // "RBM1"
constexpr uint32_t kHeader = 7;          // words of a stage before its roots
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
  return {};
}

void BlockModel::predict(std::span<const float> features, size_t rows, std::vector<float>& odds) const {
  odds.assign(rows, bias_);
  // Tree by tree: a tree stays in the first cache while all rows walk it.
  // Four rows at once: their walks do not wait for each other's loads.
  const auto step = [&](const float* values, int16_t at) {
    const Node& node = nodes_[size_t(at)];
    return values[node.feature] > node.cut ? node.right : node.left;  // NaN goes left
  };
  for (const int16_t root : roots_) {
    size_t row = 0;
    for (; row + 4 <= rows; row += 4) {
      const float* values = features.data() + row * features_;
      int16_t at[4] = {root, root, root, root};
      for (bool open = true; open;) {
        open = false;
        for (size_t k = 0; k < 4; ++k) {
          if (at[k] >= 0) at[k] = step(values + k * features_, at[k]);
          open |= at[k] >= 0;
        }
      }
      for (size_t k = 0; k < 4; ++k) odds[row + k] += leaves_[size_t(~at[k])];
    }
    for (; row < rows; ++row) {
      int16_t at = root;
      do at = step(features.data() + row * features_, at); while (at >= 0);
      odds[row] += leaves_[size_t(~at)];
    }
  }
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
