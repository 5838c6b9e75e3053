// What the steps of training share: counts, then contexts by order, then n-grams with their parts of a probability.
#pragma once
#include <atomic>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "record_sorter.h"
#include "refine/ngram_train.h"

namespace refine::ngram {

constexpr uint32_t kBegin = 1, kEnd = 2;  // ids of <s> and </s> in training
constexpr size_t kMaxWordBytes = 1024;  // longer ones are no words, and ARPA's lines end
constexpr uint64_t kPruned = uint64_t(1) << 63;

struct Trainer::Parts {
  explicit Parts(TrainOptions options);

  Status emit(int n, const uint32_t* reversed, uint64_t adjusted, uint64_t plain);
  Status adjust_counts();
  Status find_discounts();
  Status uninterpolated(int n);
  Status close_context(int n, const uint32_t* context);
  Status write_arpa(const std::string& path, const std::string& comment);

  TrainOptions options;
  std::atomic<bool> cancelled = false;
  Words words;
  Vocabulary vocabulary;
  RecordSorter counts;
  std::vector<uint64_t> unigrams;                           // adjusted counts by id
  std::unique_ptr<RecordSorter> contexts[kMaxOrder + 1];    // (context, last word first; word) and count
  std::unique_ptr<RecordSorter> grams[kMaxOrder + 1];       // (last word first) and discounted share, weight of the shorter one
  std::unique_ptr<RecordFile> backoffs[kMaxOrder + 1];      // (context, last word first) and its back-off weight
  std::vector<std::pair<uint32_t, uint64_t>> followers;     // of the context at hand: word, count
  Trained trained;
};

}  // namespace refine::ngram
