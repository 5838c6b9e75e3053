// From text to adjusted counts: n-grams of the highest order are counted exactly by sorting; read in suffix order (last word
// first), a shorter n-gram is done when the first longer one that does not end in it comes, and its adjusted count is how many
// different words stood before it. N-grams that begin with <s> keep their plain counts (nothing stands before <s>).
#include "train_parts.h"

#include <algorithm>
#include <cstring>

namespace refine::ngram {

Trainer::Trainer(TrainOptions options) : parts_(std::make_unique<Parts>(std::move(options))) {}
Trainer::~Trainer() = default;

Trainer::Parts::Parts(TrainOptions given)
    : options(std::move(given)),
      words(options.text),
      counts({options.order + 2, options.order, true}, options.max_bytes / 2, options.scratch + "/refine-ngram-counts", &cancelled) {
  vocabulary.add("<unk>");
  vocabulary.add("<s>");
  vocabulary.add("</s>");
}

void Trainer::cancel() { parts_->cancelled = true; }

Status Trainer::add(BytesView texts) {
  Parts& parts = *parts_;
  const int order = parts.options.order;
  Status status;
  for (size_t row = 0; row < texts.rows && status.ok(); ++row) {
    if (!texts.valid(row)) continue;
    parts.words.each(texts[row], [&](const std::string_view* first, size_t count) {
      uint32_t record[kMaxOrder + 2];
      std::fill_n(record, order, kBegin);
      const uint64_t one = 1;
      std::memcpy(record + order, &one, 8);
      const auto count_word = [&](uint32_t id) {
        std::memmove(record + 1, record, size_t(order - 1) * 4);
        record[0] = id;
        status = parts.counts.add(record);
      };
      bool any = false;
      for (size_t i = 0; i < count && status.ok(); ++i) {
        if (first[i].size() > kMaxWordBytes) continue;
        const uint32_t id = parts.vocabulary.add(first[i]);
        if (id <= kEnd) continue;  // the model's own words are none of a text's
        if (id >= Vocabulary::kAbsent / 2) status = Status::error("ERR_REFINE_MEMORY", "the texts have more than 2,147,483,646 different words");
        else count_word(id);
        ++parts.trained.words;
        any = true;
      }
      if (any && status.ok()) {
        count_word(kEnd);
        ++parts.trained.sentences;
      }
    });
  }
  return status;
}

Status Trainer::Parts::emit(int n, const uint32_t* reversed, uint64_t adjusted, uint64_t plain) {
  TrainedOrder& order = trained.orders[n];
  ++order.grams;
  if (adjusted < 5) ++order.counts[adjusted];
  if (n == 1) {
    if (unigrams.size() <= reversed[0]) unigrams.resize(reversed[0] + 1);
    unigrams[reversed[0]] = adjusted;
    return {};
  }
  uint32_t record[kMaxOrder + 2];
  std::memcpy(record, reversed + 1, size_t(n - 1) * 4);  // the context first: its last word leads
  record[n - 1] = reversed[0];
  if (plain <= options.prune[n]) adjusted |= kPruned;
  std::memcpy(record + n, &adjusted, 8);
  return contexts[n]->add(record);
}

Status Trainer::Parts::adjust_counts() {
  const int order = options.order;
  for (int n = 2; n <= order; ++n)
    contexts[n] = std::make_unique<RecordSorter>(RecordShape{n + 2, n, false}, options.max_bytes / 2 / size_t(order - 1), options.scratch + "/refine-ngram-contexts-" + std::to_string(n), &cancelled);
  if (Status status = counts.finish(); !status.ok()) return status;
  uint32_t previous[kMaxOrder] = {};
  uint64_t adjusted[kMaxOrder + 1] = {}, plain[kMaxOrder + 1] = {};
  int open = 0;  // lengths 1 .. open of `previous` are not done yet
  const auto close = [&](int same) {
    Status status;
    for (; open > same && status.ok(); --open) status = emit(open, previous, adjusted[open], plain[open]);
    return status;
  };
  for (;;) {
    const uint32_t* record;
    if (Status status = counts.next(&record); !status.ok()) return status;
    if (!record) break;
    uint64_t count;
    std::memcpy(&count, record + order, 8);
    int same = 0;
    while (same < open && record[same] == previous[same]) ++same;
    if (Status status = close(same); !status.ok()) return status;
    for (int n = 1; n <= same; ++n) plain[n] += count;
    if (same > 0) ++adjusted[same];
    int length = 1;  // of the longest n-gram in it: up to its first <s>
    while (length < order && record[length - 1] != kBegin) ++length;
    for (int n = same + 1; n <= std::min(length, order - 1); ++n) {
      adjusted[n] = record[n - 1] == kBegin ? count : 1;
      plain[n] = count;
    }
    open = std::min(length, order - 1);
    std::memcpy(previous, record, size_t(order) * 4);
    if (record[std::max(0, order - 2)] != kBegin)
      if (Status status = emit(order, record, count, count); !status.ok()) return status;
  }
  trained.spilled_bytes += counts.spilled_bytes();
  return close(0);
}

Status Trainer::Parts::find_discounts() {
  for (int n = 1; n <= options.order; ++n) {
    TrainedOrder& order = trained.orders[n];
    const auto of = [&](int k) { return double(order.counts[k]); };
    const double y = of(1) / (of(1) + 2 * of(2));
    bool good = order.counts[1] && order.counts[2] && order.counts[3];
    for (int k = 1; k <= 3 && good; ++k) {
      order.discounts[k] = k - (k + 1) * y * of(k + 1) / of(k);
      good = order.discounts[k] >= 0 && order.discounts[k] <= k;
    }
    if (good) continue;
    if (!options.fallback)
      return Status::error("ERR_REFINE_INPUT", "the text gives no Kneser-Ney discounts for its " + std::to_string(n) + "-grams (" + std::to_string(order.counts[1]) + ", " + std::to_string(order.counts[2]) + ", " +
                                                   std::to_string(order.counts[3]) + ", " + std::to_string(order.counts[4]) +
                                                   " of adjusted count 1, 2, 3, 4): it is small or repeats itself. Give more text without duplicates, a lower --order, or --discount-fallback");
    order.fallback = true;
    for (int k = 1; k <= 3; ++k) order.discounts[k] = 0.5 * k;
  }
  return {};
}

Status Trainer::write(const std::string& path, const std::string& comment, Trained* out) {
  Parts& parts = *parts_;
  if (parts.trained.sentences == 0) return Status::error("ERR_REFINE_INPUT", "the texts hold no word to learn from. Name more texts");
  if (Status status = parts.adjust_counts(); !status.ok()) return status;
  parts.unigrams.resize(parts.vocabulary.size());
  parts.trained.vocabulary = parts.vocabulary.size();
  if (Status status = parts.find_discounts(); !status.ok()) return status;
  for (int n = 2; n <= parts.options.order; ++n)
    if (Status status = parts.uninterpolated(n); !status.ok()) return status;
  if (Status status = parts.write_arpa(path, comment); !status.ok()) return status;
  *out = parts.trained;
  return {};
}

}  // namespace refine::ngram
