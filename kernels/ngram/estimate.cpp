// From adjusted counts to probabilities: for a context h with followers w of count c,
//   weight(h) = (D1 n1 + D2 n2 + D3 n3+ + what was pruned) / sum c,   p(w | h) = (c - D(c)) / sum c + weight(h) p(w | h less its first word),
// unigrams against 1 / (words, <unk> and </s>). The weight is also h's back-off. Sums of counts are whole numbers, so no
// order of additions can show. Numbers are float32 in the file, in their shortest spelling.
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "refine/fixed_math.h"
#include "train_parts.h"

namespace refine::ngram {
namespace {

constexpr double kLn10 = 2.302585092994045684;

float log10_of(double p) { return float(fixed_log(p) / kLn10); }

double discount(const TrainedOrder& order, uint64_t count) { return order.discounts[std::min<uint64_t>(count, 3)]; }

Status disk_error(const std::string& path) {
  return Status::error("ERR_REFINE_DISK", "cannot write " + path + ": " + std::strerror(errno) + ". Free space, or name another place");
}

// A text file that is written in order and copied into another at the end.
struct Section {
  std::string path;
  std::FILE* file = nullptr;
  std::string held;
  ~Section() {
    if (file) std::fclose(file);
    std::remove(path.c_str());
  }
  bool flush() {
    if (!file && !(file = std::fopen(path.c_str(), "w+b"))) return false;
    const bool good = std::fwrite(held.data(), 1, held.size(), file) == held.size();
    held.clear();
    return good;
  }
};

void append_float(std::string& out, float value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value == 0 ? 0.0f : value).ptr;
  out.append(text, end);
}

}  // namespace

// The context's followers, of which all are known now.
Status Trainer::Parts::close_context(int n, const uint32_t* context) {
  const TrainedOrder& order = trained.orders[n];
  uint64_t sum = 0, pruned = 0, kinds[4] = {};
  for (const auto& [word, count] : followers) {
    const uint64_t whole = count & ~kPruned;
    sum += whole;
    if (count & kPruned) pruned += whole;
    else ++kinds[std::min<uint64_t>(whole, 3)];
  }
  double weight = double(pruned);
  for (int k = 1; k <= 3; ++k) weight += order.discounts[k] * double(kinds[k]);
  weight /= double(sum);
  uint32_t record[kMaxOrder + 4];
  std::memcpy(record, context, size_t(n - 1) * 4);
  std::memcpy(record + n - 1, &weight, 8);
  if (Status status = backoffs[n - 1]->add(record); !status.ok()) return status;
  std::memcpy(record + 1, context, size_t(n - 1) * 4);
  for (const auto& [word, count] : followers) {
    if (count & kPruned) continue;
    const double share = (double(count) - discount(order, count)) / double(sum);
    record[0] = word;
    std::memcpy(record + n, &share, 8);
    std::memcpy(record + n + 2, &weight, 8);
    if (Status status = grams[n]->add(record); !status.ok()) return status;
    ++trained.orders[n].written;
  }
  followers.clear();
  return {};
}

Status Trainer::Parts::uninterpolated(int n) {
  const size_t share = options.max_bytes / 2 / size_t(options.order - 1);
  const std::string number = std::to_string(n);
  grams[n] = std::make_unique<RecordSorter>(RecordShape{n + 4, n, false}, share, options.scratch + "/refine-ngram-grams-" + number, &cancelled);
  backoffs[n - 1] = std::make_unique<RecordFile>(n + 1, share / 4, options.scratch + "/refine-ngram-backoffs-" + number);
  if (Status status = contexts[n]->finish(); !status.ok()) return status;
  uint32_t context[kMaxOrder];
  for (;;) {
    const uint32_t* record;
    if (Status status = contexts[n]->next(&record); !status.ok()) return status;
    if (!followers.empty() && (!record || std::memcmp(context, record, size_t(n - 1) * 4) != 0))
      if (Status status = close_context(n, context); !status.ok()) return status;
    if (!record) break;
    std::memcpy(context, record, size_t(n - 1) * 4);
    uint64_t count;
    std::memcpy(&count, record + n, 8);
    followers.emplace_back(record[n - 1], count);
  }
  trained.spilled_bytes += contexts[n]->spilled_bytes();
  contexts[n].reset();
  return backoffs[n - 1]->rewind();
}

// All orders side by side in suffix order: a shorter n-gram stands right before the longer ones that end in it.
struct Joiner {
  Trainer::Parts& parts;
  Section sections[kMaxOrder + 1];
  const uint32_t* heads[kMaxOrder + 1] = {};
  const uint32_t* backoff_heads[kMaxOrder + 1] = {};

  Status next(int n) { return parts.grams[n]->next(&heads[n]); }

  // The back-off of the n-gram `reversed` as a context; 1 where it is none.
  Status backoff(int n, const uint32_t* reversed, double* weight) {
    *weight = 1;
    while (backoff_heads[n]) {
      int i = 0;
      while (i < n && backoff_heads[n][i] == reversed[i]) ++i;
      if (i < n && backoff_heads[n][i] > reversed[i]) return {};
      if (i == n) std::memcpy(weight, backoff_heads[n] + n, 8);
      if (Status status = parts.backoffs[n]->next(&backoff_heads[n]); !status.ok()) return status;
      if (i == n) return {};  // else a context that was pruned itself
    }
    return {};
  }

  Status write(int n, const uint32_t* reversed, double p) {
    double weight = 1;
    if (n < parts.options.order)
      if (Status status = backoff(n, reversed, &weight); !status.ok()) return status;
    Section& section = sections[n];
    append_float(section.held, std::min(0.0f, log10_of(p)));
    for (int i = n; i-- > 0;) {
      section.held.push_back(i == n - 1 ? '\t' : ' ');
      section.held.append(parts.vocabulary[reversed[i]]);
    }
    if (n < parts.options.order) {
      section.held.push_back('\t');
      append_float(section.held, log10_of(weight));
    }
    section.held.push_back('\n');
    if (section.held.size() > (1 << 18) && !section.flush()) return disk_error(section.path);
    return {};
  }

  // The n-gram and every longer one that ends in it.
  Status visit(int n, const uint32_t* reversed, double p) {
    if (Status status = write(n, reversed, p); !status.ok()) return status;
    if (n == parts.options.order || n == kMaxOrder) return {};  // order <= kMaxOrder, which the compiler does not know
    const int m = n + 1;
    while (heads[m] && std::memcmp(heads[m], reversed, size_t(n) * 4) == 0) {
      uint32_t longer[kMaxOrder];
      double share, weight;
      std::memcpy(longer, heads[m], size_t(m) * 4);
      std::memcpy(&share, heads[m] + m, 8);
      std::memcpy(&weight, heads[m] + m + 2, 8);
      if (Status status = next(m); !status.ok()) return status;
      if (Status status = visit(m, longer, share + weight * p); !status.ok()) return status;
    }
    return {};
  }
};

Status Trainer::Parts::write_arpa(const std::string& path, const std::string& comment) {
  Joiner joiner{*this, {}, {}, {}};
  const int order = options.order;
  for (int n = 1; n <= order; ++n) joiner.sections[n].path = options.scratch + "/refine-ngram-section-" + std::to_string(n);
  for (int n = 2; n <= order; ++n) {
    if (Status status = grams[n]->finish(); !status.ok()) return status;
    if (Status status = joiner.next(n); !status.ok()) return status;
    if (Status status = backoffs[n - 1]->next(&joiner.backoff_heads[n - 1]); !status.ok()) return status;
  }
  const TrainedOrder& first = trained.orders[1];
  uint64_t sum = 0, kinds[4] = {};
  for (const uint64_t count : unigrams) {
    sum += count;
    ++kinds[std::min<uint64_t>(count, 3)];
  }
  double weight = 0;
  for (int k = 1; k <= 3; ++k) weight += first.discounts[k] * double(kinds[k]);
  weight /= double(sum);
  const double uniform = weight / double(vocabulary.size() - 1);  // <s> is never guessed
  for (uint32_t id = 0; id < vocabulary.size(); ++id) {
    const uint64_t count = unigrams[id];
    const double p = id == kBegin ? 1.0 : count == 0 ? uniform : (double(count) - discount(first, count)) / double(sum) + uniform;
    if (Status status = joiner.visit(1, &id, p); !status.ok()) return status;
  }
  trained.orders[1].written = vocabulary.size();
  for (int n = 2; n <= order; ++n) {
    if (joiner.heads[n]) return Status::error("ERR_REFINE_INTERNAL", "an n-gram of order " + std::to_string(n) + " has no shorter end");
    trained.spilled_bytes += grams[n]->spilled_bytes() + backoffs[n - 1]->spilled_bytes();
  }

  std::FILE* out = std::fopen(path.c_str(), "wb");
  if (!out) return disk_error(path);
  std::string head = "# refine ngram " + comment + "\n\\data\\\n";
  for (int n = 1; n <= order; ++n) head += "ngram " + std::to_string(n) + "=" + std::to_string(trained.orders[n].written) + "\n";
  bool good = std::fwrite(head.data(), 1, head.size(), out) == head.size();
  std::vector<char> chunk(1 << 18);
  for (int n = 1; n <= order && good; ++n) {
    Section& section = joiner.sections[n];
    good = section.flush() && std::fflush(section.file) == 0 && std::fprintf(out, "\n\\%d-grams:\n", n) > 0;
    if (good) std::rewind(section.file);
    for (size_t got; good && (got = std::fread(chunk.data(), 1, chunk.size(), section.file)) > 0;) good = std::fwrite(chunk.data(), 1, got, out) == got;
    good = good && !std::ferror(section.file);
  }
  good = good && std::fputs("\n\\end\\\n", out) >= 0;
  good = std::fclose(out) == 0 && good;
  return good ? Status{} : disk_error(path);
}

}  // namespace refine::ngram
