// Estimates an n-gram model from text: interpolated modified Kneser-Ney (Chen & Goodman 1998, section 3 and equation 26) as
// KenLM's lmplz takes it (Heafield et al. 2013): adjusted counts, discounts D1, D2, D3+ an order, unigrams interpolated with
// the uniform distribution over the words, <unk> and </s>; written as ARPA text.
// Invariant: counts are exact, and the file is a pure function of the texts in their order and of the options: not of memory,
// spills or threads. Memory: `max_bytes` for sorting, and the vocabulary. Words of more than 1,024 bytes are left out.
#pragma once
#include <memory>
#include <string>

#include "refine/ngram.h"

namespace refine::ngram {

struct TrainOptions {
  int order = 5;                       // 2 .. kMaxOrder
  TextOptions text;
  size_t max_bytes = size_t(1) << 30;  // of records being sorted
  std::string scratch;                 // a folder for spills; files are named refine-ngram-*
  // N-grams of order n that stand at most prune[n] times are left out; [2 .. order], never falling.
  uint64_t prune[kMaxOrder + 1] = {};
  // Where a small or odd corpus has no discounts: these, as lmplz --discount_fallback. Off: an error.
  bool fallback = false;
};

struct TrainedOrder {
  uint64_t counts[5] = {};    // [k]: n-grams of adjusted count k, 1 to 4
  uint64_t grams = 0;         // before pruning
  uint64_t written = 0;
  double discounts[4] = {};   // [k]: D1, D2, D3+
  bool fallback = false;
};

struct Trained {
  TrainedOrder orders[kMaxOrder + 1];
  uint64_t words = 0, sentences = 0;  // tokens seen, without <s> and </s>
  uint32_t vocabulary = 0;            // <unk>, <s> and </s> included
  uint64_t spilled_bytes = 0;
};

class Trainer {
 public:
  explicit Trainer(TrainOptions options);
  ~Trainer();
  Status add(BytesView texts);  // null rows are skipped
  // Writes the model; `comment` stands after `# refine ngram ` in its first line. Call once.
  Status write(const std::string& path, const std::string& comment, Trained* out);

  // From any thread: the call at work ends within a sort of what is in memory, with ERR_REFINE_INTERRUPTED; so do later ones.
  void cancel();

  struct Parts;  // of the kernel alone

 private:
  std::unique_ptr<Parts> parts_;
};

}  // namespace refine::ngram
