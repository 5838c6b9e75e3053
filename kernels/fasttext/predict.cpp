// fastText's predict: text to words, character n-grams and word n-grams, their rows' mean, then the output layer.
// Reference: fastText 0.9.2 dictionary.cc, model.cc, loss.cc. Oracles: npm fasttext.wasm.js, Debian's fasttext.
#include <algorithm>
#include <bit>
#include <cstring>

#include "subwords.h"
#include "refine/fasttext.h"
#include "refine/fixed_math.h"

namespace refine {
namespace {
bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\v' || c == '\f' || c == '\0'; }
// fastText's std_log: the 1e-5 inside keeps log(0) finite, and lets a probability read a little above 1.
float log_probability(float p) { return float(fixed_log(double(p) + 1e-5)); }

// Keeps the k best of what it is offered, best first; among equals the later wins, as fastText's heap has it.
struct Best {
  FasttextModel::Prediction* out;
  int k, size = 0;
  bool rejects(float score) const { return size == k && score < out[k - 1].prob; }
  void offer(int32_t label, float score) {
    int at = size < k ? size++ : k - 1;
    for (; at > 0 && !(score < out[at - 1].prob); --at) out[at] = out[at - 1];
    out[at] = {label, score};
  }
};
}  // namespace

void FasttextModel::Matrix::decode_row(int64_t row, float* into) const {
  const float norm = norm_codes.empty() ? 1.0f : norm_centroids[norm_codes[size_t(row)]];
  const uint8_t* code = codes.data() + row * subquantizers;
  for (int32_t part = 0; part < subquantizers; ++part) {
    const bool last = part == subquantizers - 1;
    const float* centroid = centroids.data() + int64_t(part) * 256 * sub_width + int64_t(code[part]) * (last ? last_width : sub_width);
    for (int32_t j = 0; j < (last ? last_width : sub_width); ++j) into[part * sub_width + j] = norm * centroid[j];
  }
}

void FasttextModel::Matrix::add_row(int64_t row, float* into) const {
  float decoded[8192];
  const float* values = decoded;
  if (dense.empty()) decode_row(row, decoded);
  else values = dense.data() + row * cols;
  if (cols == 16) {  // lid.176: a constant trip count lets the compiler keep the sum in registers
    for (int32_t j = 0; j < 16; ++j) into[j] += values[j];
    return;
  }
  for (int32_t j = 0; j < cols; ++j) into[j] += values[j];
}

float FasttextModel::Matrix::dot_row(int64_t row, const float* vector) const {
  float decoded[8192];
  const float* values = decoded;
  if (dense.empty()) decode_row(row, decoded);
  else values = dense.data() + row * cols;
  float lanes[16] = {};  // 16 fixed lanes, folded in halves: any vector width gives these bits
  int32_t j = 0;
  for (; j + 16 <= cols; j += 16)
    for (int32_t lane = 0; lane < 16; ++lane) lanes[lane] += values[j + lane] * vector[j + lane];
  for (; j < cols; ++j) lanes[j & 15] += values[j] * vector[j];
  for (int32_t half = 8; half > 0; half /= 2)
    for (int32_t lane = 0; lane < half; ++lane) lanes[lane] += lanes[lane + half];
  return lanes[0];
}

int32_t FasttextModel::find_word(std::string_view token, uint32_t hash) const {
  const size_t mask = table_.size() - 1;
  for (size_t slot = hash & mask; table_[slot] >= 0; slot = (slot + 1) & mask) {
    const auto i = size_t(table_[slot]);
    const size_t length = word_offsets_[i + 1] - word_offsets_[i];
    if (length == token.size() && std::memcmp(word_bytes_.data() + word_offsets_[i], token.data(), length) == 0) return int32_t(i);
  }
  return -1;
}

// The input row of a hash bucket, -1 where pruning left none.
inline int64_t FasttextModel::bucket_row(uint32_t bucket) const {
  if (!is_pruned_) return word_count_ + bucket;
  if (kept_bits_.empty()) return -1;
  const uint64_t word = kept_bits_[bucket >> 6], bit = uint64_t(1) << (bucket & 63);
  if (!(word & bit)) return -1;
  return pruned_rows_[kept_ranks_[bucket >> 6] + uint32_t(std::popcount(word & (bit - 1)))];
}

int64_t FasttextModel::add_subwords(std::string_view token, float* sum) const {
  const uint64_t inverse = bucket_inverse_;
  const size_t size = token.size() + 2;
  auto at = [&](size_t i) { return i == 0 ? uint8_t('<') : i == size - 1 ? uint8_t('>') : uint8_t(token[i - 1]); };
  int64_t rows = 0;
  for (size_t i = 0; i < size; ++i) {
    if ((at(i) & 0xC0) == 0x80) continue;
    uint32_t hash = kFnvBasis;
    size_t j = i;
    for (int32_t n = 1; j < size && n <= max_ngram_; ++n) {
      do hash = fnv_step(hash, at(j++));
      while (j < size && (at(j) & 0xC0) == 0x80);
      if (n < min_ngram_ || (n == 1 && (i == 0 || j == size))) continue;
      const auto bucket = buckets_ == 1 ? 0u : uint32_t((static_cast<unsigned __int128>(inverse * hash) * buckets_) >> 64);
      const int64_t row = bucket_row(bucket);
      if (row < 0) continue;
      input_.add_row(row, sum);
      ++rows;
    }
  }
  return rows;
}

int64_t FasttextModel::add_word_ngrams(const std::vector<int32_t>& hashes, float* sum) const {
  int64_t rows = 0;
  for (size_t i = 0; i < hashes.size(); ++i) {
    auto hash = uint64_t(int64_t(hashes[i]));  // fastText keeps word hashes as int32 and widens them with their sign
    for (size_t j = i + 1; j < hashes.size() && j < i + size_t(word_ngrams_); ++j) {
      hash = hash * 116049371u + uint64_t(int64_t(hashes[j]));
      const int64_t row = bucket_row(uint32_t(hash % buckets_));
      if (row < 0) continue;
      input_.add_row(row, sum);
      ++rows;
    }
  }
  return rows;
}

bool FasttextModel::predict(std::string_view text, int k, Scratch& scratch, Prediction* out) const {
  std::fill(out, out + k, Prediction{});
  const auto dim = size_t(dim_);
  scratch.hidden.assign(dim, 0.0f);
  scratch.word.resize(dim);
  scratch.word_hashes.clear();
  float* hidden = scratch.hidden.data();
  int64_t rows = 0;
  bool any = false;

  auto add_token = [&](std::string_view token) {
    const uint32_t hash = fnv_hash(token);
    const int32_t id = find_word(token, hash);
    if (id >= word_count_ || (id < 0 && token.starts_with("__label__"))) return;  // labels in a text say nothing
    scratch.word_hashes.push_back(int32_t(hash));
    if (id >= 0 && word_sums_.empty() && max_ngram_ <= 0) {
      input_.add_row(id, hidden);
      ++rows;
      return;
    }
    const float* sum = scratch.word.data();
    if (id >= 0 && !word_sums_.empty()) {
      sum = word_sums_.data() + size_t(id) * dim;
      rows += word_rows_[size_t(id)];
    } else {
      std::fill(scratch.word.begin(), scratch.word.end(), 0.0f);
      if (id >= 0) {
        input_.add_row(id, scratch.word.data());
        ++rows;
      }
      if (token != kEndOfLine) {
        const int64_t grams = add_subwords(token, scratch.word.data());
        if (id < 0 && grams == 0) return;
        rows += grams;
      }
    }
    for (size_t j = 0; j < dim; ++j) hidden[j] += sum[j];
  };

  const char* p = text.data();
  const char* const end = p + text.size();
  bool closed = false;
  while (p < end && !closed) {
    while (p < end && is_space(*p)) ++p;
    const char* start = p;
    while (p < end && !is_space(*p)) ++p;
    if (p == start) break;
    any = true;
    const std::string_view token(start, size_t(p - start));
    closed = token == kEndOfLine;  // fastText stops reading a line at this token, even when the text spells it
    add_token(token);
  }
  if (!any) return false;
  if (!closed) add_token(kEndOfLine);
  if (word_ngrams_ > 1) {
    // One sum for all word n-grams, so that the order of additions is the words', then these.
    std::fill(scratch.word.begin(), scratch.word.end(), 0.0f);
    rows += add_word_ngrams(scratch.word_hashes, scratch.word.data());
    for (size_t j = 0; j < dim; ++j) hidden[j] += scratch.word[j];
  }
  if (rows == 0) return true;  // words, but none the model knows: fastText predicts nothing
  const auto scale = float(1.0 / double(rows));
  for (size_t j = 0; j < dim; ++j) hidden[j] *= scale;
  if (loss_ == 1) predict_tree(k, hidden, scratch, out);
  else predict_flat(k, hidden, scratch, out);
  for (int i = 0; i < k; ++i)
    if (out[i].label >= 0) out[i].prob = float(fixed_exp(double(out[i].prob)));
  return true;
}

// Depth first, left before right; a branch that cannot reach the k best is left out. Explicit stack: hostile counts
// can make the tree as deep as it has labels.
void FasttextModel::predict_tree(int k, const float* hidden, Scratch& scratch, Prediction* out) const {
  const float floor = log_probability(0.0f);  // fastText prunes below log(threshold + 1e-5), threshold 0
  const auto leaves = int32_t(labels_.size());
  Best best{out, k};
  auto& stack = scratch.stack;
  stack.assign(1, {int32_t(tree_.size()) - 1, 0.0f});
  while (!stack.empty()) {
    const auto [node, score] = stack.back();
    stack.pop_back();
    if (score < floor || best.rejects(score)) continue;
    if (node < leaves) {
      best.offer(node, score);
      continue;
    }
    const float x = output_.dot_row(node - leaves, hidden);
    const auto right = float(1.0 / (1.0 + fixed_exp(-double(x))));
    stack.push_back({tree_[size_t(node)].right, score + log_probability(right)});
    stack.push_back({tree_[size_t(node)].left, score + log_probability(float(1.0 - double(right)))});
  }
}

void FasttextModel::predict_flat(int k, const float* hidden, Scratch& scratch, Prediction* out) const {
  const size_t count = labels_.size();
  auto& output = scratch.output;
  output.resize(count);
  for (size_t i = 0; i < count; ++i) output[i] = output_.dot_row(int64_t(i), hidden);
  if (loss_ == 3) {  // softmax
    const float highest = *std::max_element(output.begin(), output.end());
    float total = 0;
    for (float& value : output) {
      value = float(fixed_exp(double(value - highest)));
      total += value;
    }
    for (float& value : output) value /= total;
  } else {  // negative sampling, one versus all: fastText's sigmoid table of 512 steps over -8..8
    for (float& value : output) {
      if (!(value >= -8.0f)) value = 0.0f;
      else if (value > 8.0f) value = 1.0f;
      else {
        const auto step = int64_t((value + 8.0f) * 512.0f / 8.0f / 2.0f);
        const float x = float(step * 2 * 8) / 512.0f - 8.0f;
        value = float(1.0 / (1.0 + fixed_exp(-double(x))));
      }
    }
  }
  Best best{out, k};
  for (size_t i = 0; i < count; ++i) {
    const float score = log_probability(output[i]);
    if (!best.rejects(score)) best.offer(int32_t(i), score);
  }
}

}  // namespace refine
