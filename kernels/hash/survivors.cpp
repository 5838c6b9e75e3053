// Passes over a cluster's documents. See survivors.h for what is decided, set_block.h for how few are compared.
#include "refine/survivors.h"

#include <algorithm>
#include <vector>

#include "document_spool.h"
#include "refine/xxh3.h"
#include "set_block.h"
#include "token_order.h"

namespace refine {
namespace {

constexpr uint32_t kGroupFrom = 16;  // kPair: components of so many documents get postings of their own
constexpr uint32_t kAlone = UINT32_MAX;

// A document that goes, or (kPair) any one with company; sorted, they stand group by group.
struct Pending {
  uint32_t group;  // number of the representative in its pass; kPair: the component's first ordinal
  uint16_t similarity;
  uint64_t host, row;
  bool operator<(const Pending& other) const {
    if (group != other.group) return group < other.group;
    return host != other.host ? host < other.host : row < other.row;
  }
};

struct Representative {
  uint64_t row, host, cluster;
  uint32_t size;
};

ClusterVerdict stays(const Representative& one) { return {one.row, one.row, one.cluster, one.host, one.size, 0, false}; }

}  // namespace

uint16_t similarity_code(double jaccard) { return uint16_t(1 + uint32_t(jaccard * 65534)); }

struct SurvivorFinder::State {
  SurvivorParams params;
  JaccardThreshold threshold;
  SurvivorCounts counts;

  // The cluster as it comes: in memory, then all of it in a file.
  std::vector<ClusterDocument> documents;  // `shingles` is set when they are read: `held` moves while it grows
  std::vector<uint64_t> held;
  std::unique_ptr<DocumentSpool> spool;
  uint64_t count = 0, tokens = 0;
  size_t next_document = 0, next_token = 0;
  uint64_t spools = 0;

  TokenOrder order;
  SetBlock block;
  std::vector<uint64_t> ordered;
  uint32_t ends[kTokenClasses] = {};
  std::vector<Pending> pending;
  std::vector<Representative> representatives;

  bool indexed() const { return count > params.few; }
  uint32_t classes() const { return indexed() ? kTokenClasses : 1; }

  std::unique_ptr<DocumentSpool> new_spool() { return std::make_unique<DocumentSpool>(params.folder + "/cluster-" + std::to_string(spools++) + ".part"); }

  Status keep(const ClusterDocument& document) {
    ++count;
    tokens += document.size;
    if (spool) return spool->add(document);
    const size_t bytes = (held.size() + document.size) * sizeof(uint64_t) + (documents.size() + 1) * sizeof(ClusterDocument);
    if (bytes <= params.memory_bytes / 4 || documents.empty()) {
      documents.push_back(document);
      held.insert(held.end(), document.shingles, document.shingles + document.size);
      return {};
    }
    spool = new_spool();
    start_reading();
    ClusterDocument one;
    for (bool more = true;;) {
      if (auto status = read(&one, &more); !status.ok()) return status;
      if (!more) break;
      if (auto status = spool->add(one); !status.ok()) return status;
    }
    documents = {};
    held = {};
    return spool->add(document);
  }

  void start_reading() { next_document = next_token = 0; }
  Status read(ClusterDocument* one, bool* more) {  // from memory
    *more = next_document < documents.size();
    if (!*more) return {};
    *one = documents[next_document++];
    one->shingles = held.data() + next_token;
    next_token += one->size;
    return {};
  }

  // Calls visit for every document of `from` (nullptr: those in memory), in order.
  template <class Visit>
  Status each(DocumentSpool* from, Visit&& visit) {
    if (!from) start_reading();
    else if (auto status = from->rewind(); !status.ok()) return status;
    ClusterDocument one;
    for (bool more = true;;) {
      if (auto status = from ? from->next(&one, &more) : read(&one, &more); !status.ok()) return status;
      if (!more) return {};
      if (auto status = visit(one); !status.ok()) return status;
    }
  }

  Status count_tokens() {
    if (!indexed()) return {};
    order.start(tokens, params.memory_bytes);
    return each(spool.get(), [&](const ClusterDocument& one) {
      order.count(one.shingles, one.size);
      return Status{};
    });
  }

  OrderedSet ordered_set(const ClusterDocument& one) {
    if (!indexed()) {
      ends[0] = one.size;
      return {one.shingles, ends, one.size};
    }
    order.order(one.shingles, one.size, ordered, ends);
    return {ordered.data(), ends, one.size};
  }

  // Runs passes until every document is decided: decide(document, set) says true where it is, else the document waits for the next pass.
  template <class Decide, class End>
  Status passes(Decide&& decide, End&& end) {
    std::unique_ptr<DocumentSpool> from = std::move(spool);
    for (;;) {
      ++counts.passes;
      block.start(threshold, classes(), indexed());
      std::unique_ptr<DocumentSpool> later;
      auto status = each(from.get(), [&](const ClusterDocument& one) {
        if (decide(one, ordered_set(one), later != nullptr)) return Status{};
        if (!later) later = new_spool();
        return later->add(one);
      });
      if (!status.ok()) return status;
      counts.candidates += block.met;
      block.met = 0;
      if (status = end(); !status.ok()) return status;
      if (from) counts.spilled_bytes += from->bytes();
      if (!later) return {};
      from = std::move(later);
    }
  }

  bool has_room(const OrderedSet& set) const {
    const size_t most = params.memory_bytes / 2, held_else = representatives.size() * sizeof(Representative);
    return block.fits(set, most > held_else ? most - held_else : 0);
  }

  Status emit(const Sink& sink) {  // the pass's groups
    std::sort(pending.begin(), pending.end());
    for (size_t at = 0; at < pending.size();) {
      const uint32_t group = pending[at].group;
      const Representative& kept = representatives[group];
      if (!(kept.row & kOutsideRow))
        if (auto status = sink(stays(kept)); !status.ok()) return status;
      for (; at < pending.size() && pending[at].group == group; ++at) {
        const Pending& one = pending[at];
        if (auto status = sink({one.row, kept.row, kept.cluster, one.host, kept.size, one.similarity, true}); !status.ok()) return status;
      }
    }
    counts.representatives += representatives.size();
    pending.clear();
    representatives.clear();
    return {};
  }

  Status none(const Sink& sink) {
    ++counts.passes;
    auto status = each(spool.get(), [&](const ClusterDocument& one) {
      if (representatives.empty()) representatives.push_back({one.row, one.host, one.cluster, 1});
      else {
        ++representatives[0].size;
        if (!(one.row & kOutsideRow)) pending.push_back({0, 0, one.host, one.row});
      }
      return Status{};
    });
    return status.ok() ? emit(sink) : status;
  }

  Status survivor(const Sink& sink) {
    if (auto status = count_tokens(); !status.ok()) return status;
    return passes(
        [&](const ClusterDocument& one, const OrderedSet& set, bool full) {
          const bool outside = one.row & kOutsideRow;
          size_t overlap = 0;
          const uint32_t first = outside ? SetBlock::kNone : block.first_similar(set, &overlap);
          if (first != SetBlock::kNone) {
            ++representatives[first].size;
            pending.push_back({first, similarity_code(JaccardThreshold::of(overlap, set.size, block[first].size)), one.host, one.row});
            return true;
          }
          if (full || !has_room(set)) return false;
          block.add(set);
          representatives.push_back({one.row, one.host, one.cluster, 1});
          return true;
        },
        [&] { return emit(sink); });
  }

  Status pair(const Sink& sink) {
    // A component may tie documents of any two passes, so what a document is known by stays for all of them: 36 bytes.
    if (count > UINT32_MAX - 1 || count * 36 > params.memory_bytes)
      return Status::error("ERR_REFINE_MEMORY", "verify: pair holds 36 bytes a document of a candidate cluster, and one has " + std::to_string(count) + " documents. Use verify: survivor, or give workers more memory");
    if (auto status = count_tokens(); !status.ok()) return status;
    std::vector<uint32_t> parent(count), sizes(count, 1), ordinals;
    for (uint32_t i = 0; i < count; ++i) parent[i] = i;
    auto root = [&](uint32_t i) {
      while (parent[i] != i) i = parent[i] = parent[parent[i]];
      return i;
    };
    auto status = passes(
        [&](const ClusterDocument& one, const OrderedSet& set, bool full) {
          const uint32_t own = one.ordinal;
          block.candidates(
              set,
              [&](uint32_t y, size_t i, size_t j, uint32_t c, size_t already) {
                ++block.met;
                const uint32_t a = root(ordinals[y]), b = root(own);
                if (a == b) return;
                const size_t need = threshold.required(set.size, block[y].size);
                if (!overlap_at_least(set, i, block[y], j, c, classes(), already, need)) return;
                parent[std::max(a, b)] = std::min(a, b);  // the smaller is the root: it comes first in keep order
                sizes[std::min(a, b)] += sizes[std::max(a, b)];
              },
              [&](uint32_t group) { return group != SetBlock::kLoose && root(group) == root(own); });
          if (full || !has_room(set)) return false;
          const uint32_t first = root(own);
          block.add(set, sizes[first] >= kGroupFrom ? first : SetBlock::kLoose);
          ordinals.push_back(own);
          return true;
        },
        [&] {
          ordinals.clear();
          return Status{};
        });
    if (!status.ok()) return status;
    return pair_verdicts(sink, root);
  }

  std::vector<ClusterDocument> known;  // kPair: row, host, cluster by ordinal

  template <class Root>
  Status pair_verdicts(const Sink& sink, Root&& root) {
    std::vector<uint32_t> numbers(known.size(), kAlone);
    for (uint32_t i = 0; i < known.size(); ++i) {
      const uint32_t first = root(i);
      if (first == i) {
        numbers[i] = uint32_t(representatives.size());
        representatives.push_back({known[i].row, known[i].host, known[i].cluster, 1});
      } else {
        Representative& kept = representatives[numbers[first]];
        ++kept.size;
        if (!(known[i].row & kOutsideRow)) pending.push_back({numbers[first], 0, known[i].host, known[i].row});
      }
    }
    known.clear();
    return emit(sink);
  }
};

SurvivorFinder::SurvivorFinder(const SurvivorParams& params) : state_(std::make_unique<State>()) {
  state_->params = params;
  state_->threshold.min = params.min_jaccard;
}
SurvivorFinder::~SurvivorFinder() = default;

const SurvivorCounts& SurvivorFinder::counts() const { return state_->counts; }

Status SurvivorFinder::add(uint64_t row, uint64_t host, const uint64_t* shingles, size_t count) {
  State& s = *state_;
  if (count == 0 || count > UINT32_MAX / 2 || s.count >= UINT32_MAX - 1)
    return Status::error("ERR_REFINE_INTERNAL", "a cluster's document has " + std::to_string(count) + " shingles, at place " + std::to_string(s.count) + " of the cluster");
  ClusterDocument document;
  document.row = row;
  document.host = host;
  document.cluster = xxh3_64({reinterpret_cast<const char*>(shingles), count * sizeof(uint64_t)});
  document.ordinal = uint32_t(s.count);
  document.size = uint32_t(count);
  document.shingles = shingles;
  if (s.params.verify == Verify::kPair) s.known.push_back(document);
  if (s.params.verify == Verify::kNone) document.size = 0;
  return s.keep(document);
}

Status SurvivorFinder::finish(const Sink& sink) {
  State& s = *state_;
  ++s.counts.clusters;
  s.counts.documents += s.count;
  s.counts.largest = std::max(s.counts.largest, s.count);
  Status status;
  if (s.count > 1) {
    if (s.params.verify == Verify::kNone) status = s.none(sink);
    else if (s.params.verify == Verify::kPair) status = s.pair(sink);
    else status = s.survivor(sink);
  }
  s.documents.clear();
  s.held.clear();
  s.known.clear();
  s.spool.reset();
  s.count = s.tokens = 0;
  return status;
}

}  // namespace refine
