// Passes over a cluster's documents. See survivors.h for what is decided, set_block.h for how few are compared.
#include "refine/survivors.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <vector>

#include "document_spool.h"
#include "refine/records.h"
#include "set_block.h"
#include "token_order.h"

namespace refine {
namespace {

constexpr uint32_t kGroupFrom = 16;  // kPair: components of so many documents get postings of their own
constexpr uint32_t kAlone = UINT32_MAX;

constexpr RecordShape kPendingShape{3, 2, false};

// Documents that go, until their group's size is known: sorted by (group, host, row), in memory or beyond `max_bytes` on disk.
class PendingList {
 public:
  struct Entry {
    uint32_t group;  // number of the representative, in its pass
    uint16_t similarity;
    uint64_t host, row;
    bool operator<(const Entry& other) const {
      if (group != other.group) return group < other.group;
      return host != other.host ? host < other.host : row < other.row;
    }
  };

  void place(const std::string& path, size_t max_bytes) {
    path_ = path;
    max_entries_ = std::max<size_t>(max_bytes / sizeof(Entry), 64);
  }
  Status add(const Entry& entry) {
    held_.push_back(entry);
    return held_.size() < max_entries_ ? Status{} : write();
  }
  // Calls visit for each, in order, and forgets them.
  template <class Visit>
  Status each(Visit&& visit) {
    if (!writer_) {
      std::sort(held_.begin(), held_.end());
      for (const Entry& entry : held_)
        if (auto status = visit(entry); !status.ok()) return status;
      held_.clear();
      return {};
    }
    auto status = write();
    if (status.ok()) status = writer_->finish();
    RecordMerge merge;
    if (status.ok()) status = merge.open({path_}, kPendingShape, {}, max_entries_ * sizeof(Entry));
    RecordRef record;
    while (status.ok() && merge.next(&record)) {
      Entry entry{uint32_t(record.key(0)), 0, record.key(1), record.key(2)};
      std::memcpy(&entry.similarity, record.value(kPendingShape), 2);
      status = visit(entry);
    }
    if (status.ok()) status = merge.status();
    merge.close();
    writer_.reset();
    std::remove(path_.c_str());
    return status;
  }

 private:
  Status write() {
    if (!writer_) {
      writer_ = std::make_unique<RecordWriter>();
      if (auto status = writer_->open(path_, kPendingShape, max_entries_ * sizeof(Entry)); !status.ok()) return status;
    }
    for (const Entry& entry : held_) {
      const uint64_t key[3] = {entry.group, entry.host, entry.row};
      if (auto status = writer_->add(key, &entry.similarity); !status.ok()) return status;
    }
    held_.clear();
    return {};
  }

  std::string path_;
  size_t max_entries_ = 64;
  std::vector<Entry> held_;
  std::unique_ptr<RecordWriter> writer_;
};

struct Representative {
  uint64_t row, host, name;
  uint32_t size;
};

ClusterVerdict stays(const Representative& one) { return {one.row, one.row, one.name, one.host, one.size, 0, false}; }

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
  uint64_t spools = 0;

  TokenOrder order;
  SetBlock block;
  std::vector<uint64_t> ordered;
  uint32_t ends[kTokenClasses] = {};
  PendingList pending;
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
    if (auto status = each(nullptr, [&](const ClusterDocument& one) { return spool->add(one); }); !status.ok()) return status;
    documents = {};
    held = {};
    return spool->add(document);
  }

  // Calls visit for every document of `from` (nullptr: those in memory), in order.
  template <class Visit>
  Status each(DocumentSpool* from, Visit&& visit) {
    if (from) return from->each(visit);
    const uint64_t* shingles = held.data();
    for (ClusterDocument one : documents) {
      one.shingles = shingles;
      shingles += one.size;
      if (auto status = visit(one); !status.ok()) return status;
    }
    return {};
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

  // Runs passes until every document is decided: decide(document, set, full, &decided); what is not decided waits for the next pass.
  template <class Decide, class End>
  Status passes(Decide&& decide, End&& end) {
    std::unique_ptr<DocumentSpool> from = std::move(spool);
    for (;;) {
      ++counts.passes;
      block.start(threshold, classes(), indexed());
      std::unique_ptr<DocumentSpool> later;
      auto status = each(from.get(), [&](const ClusterDocument& one) {
        bool decided = false;
        if (auto done = decide(one, ordered_set(one), later != nullptr, &decided); !done.ok() || decided) return done;
        if (!later) later = new_spool();
        return later->add(one);
      });
      if (status.ok() && later) status = later->finish();
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
    uint32_t group = kAlone;
    auto status = pending.each([&](const PendingList::Entry& one) {
      const Representative& kept = representatives[one.group];
      if (one.group != group) {
        group = one.group;
        if (!(kept.row & kOutsideRow))
          if (auto told = sink(stays(kept)); !told.ok()) return told;
      }
      return sink({one.row, kept.row, kept.name, one.host, kept.size, one.similarity, true});
    });
    counts.representatives += representatives.size();
    representatives.clear();
    return status;
  }

  Status none(const Sink& sink) {
    ++counts.passes;
    auto status = each(spool.get(), [&](const ClusterDocument& one) {
      if (representatives.empty()) {
        representatives.push_back({one.row, one.host, one.name, 1});
        return Status{};
      }
      ++representatives[0].size;
      return one.row & kOutsideRow ? Status{} : pending.add({0, 0, one.host, one.row});
    });
    return status.ok() ? emit(sink) : status;
  }

  Status survivor(const Sink& sink) {
    if (auto status = count_tokens(); !status.ok()) return status;
    return passes(
        [&](const ClusterDocument& one, const OrderedSet& set, bool full, bool* decided) {
          const bool outside = one.row & kOutsideRow;
          size_t overlap = 0;
          const uint32_t first = outside ? SetBlock::kNone : block.first_similar(set, &overlap);
          if (first != SetBlock::kNone) {
            ++representatives[first].size;
            *decided = true;
            return pending.add({first, similarity_code(JaccardThreshold::of(overlap, set.size, block[first].size)), one.host, one.row});
          }
          if (full || !has_room(set)) return Status{};
          block.add(set);
          representatives.push_back({one.row, one.host, one.name, 1});
          *decided = true;
          return Status{};
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
        [&](const ClusterDocument& one, const OrderedSet& set, bool full, bool* decided) {
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
          if (full || !has_room(set)) return Status{};
          const uint32_t first = root(own);
          block.add(set, sizes[first] >= kGroupFrom ? first : SetBlock::kLoose);
          ordinals.push_back(own);
          *decided = true;
          return Status{};
        },
        [&] {
          ordinals.clear();
          return Status{};
        });
    if (!status.ok()) return status;
    return pair_verdicts(sink, root);
  }

  std::vector<ClusterDocument> known;  // kPair: row, host, name by ordinal

  template <class Root>
  Status pair_verdicts(const Sink& sink, Root&& root) {
    std::vector<uint32_t> numbers(known.size(), kAlone);
    for (uint32_t i = 0; i < known.size(); ++i) {
      const uint32_t first = root(i);
      if (first == i) {
        numbers[i] = uint32_t(representatives.size());
        representatives.push_back({known[i].row, known[i].host, known[i].name, 1});
      } else {
        Representative& kept = representatives[numbers[first]];
        ++kept.size;
        if (known[i].row & kOutsideRow) continue;
        if (auto status = pending.add({numbers[first], 0, known[i].host, known[i].row}); !status.ok()) return status;
      }
    }
    known.clear();
    return emit(sink);
  }
};

SurvivorFinder::SurvivorFinder(const SurvivorParams& params) : state_(std::make_unique<State>()) {
  state_->params = params;
  state_->threshold.min = params.min_jaccard;
  state_->pending.place(params.folder + "/pending.part", params.memory_bytes / 8);
}
SurvivorFinder::~SurvivorFinder() = default;

const SurvivorCounts& SurvivorFinder::counts() const { return state_->counts; }

Status SurvivorFinder::add(uint64_t row, uint64_t host, uint64_t name, const uint64_t* shingles, size_t count) {
  State& s = *state_;
  if (s.params.verify == Verify::kNone) count = 0;
  else if (count == 0) return Status::error("ERR_REFINE_INTERNAL", "a cluster's document has no shingles");
  if (count > UINT32_MAX / 2 || s.count >= UINT32_MAX - 1)
    return Status::error("ERR_REFINE_INTERNAL", "a cluster's document has " + std::to_string(count) + " shingles, at place " + std::to_string(s.count) + " of the cluster");
  ClusterDocument document;
  document.row = row;
  document.host = host;
  document.name = name;
  document.ordinal = uint32_t(s.count);
  document.size = uint32_t(count);
  document.shingles = shingles;
  if (s.params.verify == Verify::kPair) s.known.push_back(document);
  return s.keep(document);
}

Status SurvivorFinder::finish(const Sink& sink) {
  State& s = *state_;
  ++s.counts.clusters;
  s.counts.documents += s.count;
  s.counts.largest = std::max(s.counts.largest, s.count);
  Status status;
  if (s.spool) status = s.spool->finish();
  if (s.count > 1 && status.ok()) {
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
