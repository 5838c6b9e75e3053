// fastText supervised models (.ftz, .bin): our own reader, and `predict` with fastText's labels and its probabilities
// to 1e-4. Source of format and rules: fastText 0.9.2 (Bojanowski et al. 2017; Joulin et al. 2016, quantisation).
// Invariant: after load() every index that prediction can form lies inside the matrices, whatever the file said.
// Floats: a text's vector is the sum over its words of each word's sum over its rows, dimension by dimension, so the
// bits depend on neither lanes nor instruction set.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "refine/views.h"

namespace refine {

class FasttextModel {
 public:
  static Status load(std::string_view file, std::shared_ptr<const FasttextModel>* out);

  // One label of one text: `label` indexes labels(), -1 where fastText gives none; prob as fastText says, up to 1.00001.
  struct Prediction {
    int32_t label = -1;
    float prob = 0;
  };
  // The k best labels, best first, of one text as fastText's predict sees a line: newlines act as spaces, the end-of-line
  // token closes it. out has k slots. Returns false, and no label, where the text holds no word at all.
  struct Scratch {
    std::vector<float> hidden, word;
    std::vector<int32_t> word_hashes;
    std::vector<std::pair<int32_t, float>> stack;
    std::vector<float> output;
  };
  bool predict(std::string_view text, int k, Scratch& scratch, Prediction* out) const;

  const std::vector<std::string>& labels() const { return labels_; }  // without __label__, in the model's order
  int32_t dim() const { return dim_; }
  // Bytes held by the loaded model.
  size_t bytes() const;

 private:
  // A matrix as stored: dense floats, or product-quantised codes (decoded at load where that fits in kMaxDecodedFloats).
  struct Matrix {
    int64_t rows = 0;
    int32_t cols = 0;
    std::vector<float> dense;
    std::vector<uint8_t> codes, norm_codes;
    std::vector<float> centroids, norm_centroids;
    int32_t subquantizers = 0, sub_width = 0, last_width = 0;
    void add_row(int64_t row, float* into) const;
    float dot_row(int64_t row, const float* vector) const;
    void decode_row(int64_t row, float* into) const;
  };
  struct Node {
    int32_t left = -1, right = -1;
  };
  class Reader;

  bool read_args(Reader& in);
  bool read_dictionary(Reader& in);
  bool read_matrix(Reader& in, bool quantized, const char* what, Matrix* out);
  bool check_rows(Reader& in);
  bool build_tree(Reader& in);
  void sum_word_vectors();
  void order_pruned_buckets();

  int32_t find_word(std::string_view token, uint32_t hash) const;
  int64_t bucket_row(uint32_t bucket) const;
  // Adds the rows of a token's character n-grams (with < and > around it) to `sum`; returns how many.
  int64_t add_subwords(std::string_view token, float* sum) const;
  int64_t add_word_ngrams(const std::vector<int32_t>& hashes, float* sum) const;
  void predict_tree(int k, const float* hidden, Scratch& scratch, Prediction* out) const;
  void predict_flat(int k, const float* hidden, Scratch& scratch, Prediction* out) const;

  int32_t dim_ = 0, loss_ = 0, min_ngram_ = 0, max_ngram_ = 0, word_ngrams_ = 0, version_ = 0;
  uint32_t buckets_ = 0;
  uint64_t bucket_inverse_ = 0;  // 2^64 / buckets_ rounded up: n mod buckets_ without a division (Lemire, Kaser, Kurz 2019)
  int64_t word_count_ = 0;
  std::string word_bytes_;                // dictionary entries back to back, words then labels
  std::vector<uint32_t> word_offsets_;    // entries + 1
  std::vector<int32_t> table_;            // open addressing by FNV hash, -1 empty; a power of two
  std::vector<std::string> labels_;
  std::vector<int64_t> label_counts_;
  std::vector<std::pair<int32_t, int32_t>> pruned_;  // bucket -> row above word_count_, only while loading
  bool is_pruned_ = false;
  // Pruned buckets: bit b of kept_bits_ says bucket b has a row; its rank among the set bits indexes pruned_rows_.
  std::vector<uint64_t> kept_bits_;
  std::vector<uint32_t> kept_ranks_;      // set bits before each 64-bit word
  std::vector<uint32_t> pruned_rows_;
  Matrix input_, output_;
  std::vector<Node> tree_;                // hierarchical softmax: leaves 0..labels-1, root last
  std::vector<float> word_sums_;          // (words, dim): each dictionary word's rows summed in order
  std::vector<int32_t> word_rows_;        // how many rows that is
};

}  // namespace refine
