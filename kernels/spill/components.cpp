// The algorithm and why it is right: components.h.
#include "refine/components.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <numeric>

#include "pair_files.h"
#include "record_format.h"
#include "row_index.h"

namespace refine {
namespace {

using namespace spill;

constexpr uint64_t kNone = std::numeric_limits<uint64_t>::max();  // no low row: a low row has a larger one above it
constexpr size_t kBatch = 1024, kNear = 8;
constexpr size_t kRowBytes = 21;  // row 8, parent 4, low row or name 8, sample 1/4

std::atomic<uint64_t> runs{0};

// The sets of one bucket's rows, by place; a set's root is its smallest row.
class Sets {
 public:
  void reset(size_t rows) {
    parent_.resize(rows);
    std::iota(parent_.begin(), parent_.end(), 0u);
  }
  uint32_t root(uint32_t i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }
  void prefetch(uint32_t i) const { __builtin_prefetch(parent_.data() + i, 1); }
  void hang(uint32_t larger, uint32_t smaller) { parent_[larger] = smaller; }
  // A parent is never larger than its child: one ascending pass makes every parent a root.
  void flatten() {
    for (uint32_t i = 0; i < parent_.size(); ++i) parent_[i] = parent_[parent_[i]];
  }
  std::vector<uint32_t>& parents() { return parent_; }

 private:
  std::vector<uint32_t> parent_;
};

class Contraction {
 public:
  Contraction(const std::vector<std::string>& edge_files, const std::string& folder, size_t memory, ComponentCounts* counts)
      : sources_(edge_files), prefix_(folder + "/components-" + std::to_string(getpid()) + "-" + std::to_string(runs++) + "-"), memory_(std::max(memory, 4 * kLeastMemory)), counts_(counts) {}
  ~Contraction() {
    for (const auto& path : temporary_) unlink(path.c_str());
  }

  Status run(const std::string& out) {
    *counts_ = {};
    for (const auto& path : sources_) {
      RecordFileInfo info;
      if (auto status = record_file_info(path, &info); !status.ok()) return status;
      (info.shape == kComponentShape ? component_files_ : edge_files_).push_back(path);
    }
    if (auto status = collect_rows(); !status.ok()) return status;
    if (auto status = down(); !status.ok()) return status;
    SortedRecordWriter writer;
    if (auto status = writer.open(out, kComponentShape); !status.ok()) return status;
    if (auto status = up(writer); !status.ok()) return status;
    return writer.finish();
  }

 private:
  std::string temporary(const std::string& name) { return temporary_.emplace_back(prefix_ + name + ".part"); }

  // Every edge of the sources, smaller end first, loops left out.
  template <class Visit>
  Status each_edge(Visit visit) {
    for (const auto& shape : {kEdgeShape, kComponentShape}) {
      RecordScan scan;
      if (auto status = scan.open(shape == kEdgeShape ? edge_files_ : component_files_, shape); !status.ok()) return status;
      for (RecordRef edge; scan.next(&edge);) {
        const uint64_t x = edge.key(0), y = edge.key(1);  // a component's value lies where an edge has its second word
        if (auto status = visit(std::min(x, y), std::max(x, y)); !status.ok()) return status;
      }
      if (!scan.status().ok()) return scan.status();
    }
    return {};
  }

  // All rows that edges name, ascending, into one file; cuts them into buckets.
  Status collect_rows() {
    constexpr RecordShape shape{1, 0, false};
    const std::string ends = temporary("ends");
    RecordFileInfo info;
    {
      RecordWriter writer;
      if (auto status = writer.open(ends, shape, memory_, true); !status.ok()) return status;
      uint64_t before = kNone;
      auto status = each_edge([&](uint64_t low, uint64_t high) {
        ++counts_->edges;
        if (low != before)
          if (auto added = writer.add(&low, nullptr); !added.ok()) return added;
        before = low;
        return writer.add(&high, nullptr);
      });
      if (!status.ok()) return status;
      if (status = writer.finish(&info); !status.ok()) return status;
      counts_->spilled += info.bytes;
    }
    rows_path_ = ends;
    rows_ = info.records;
    if (info.runs > 1) {
      rows_path_ = temporary("rows");
      RecordMerge merge;
      if (auto status = merge.open({ends}, shape, {}, memory_, prefix_folder(), true); !status.ok()) return status;
      SortedRecordWriter writer;
      if (auto status = writer.open(rows_path_, shape); !status.ok()) return status;
      for (RecordRef row; merge.next(&row);)
        if (auto status = writer.add(row); !status.ok()) return status;
      if (!merge.status().ok()) return merge.status();
      if (auto status = writer.finish(&info); !status.ok()) return status;
      rows_ = info.records;
      counts_->spilled += info.bytes + merge.spilled();
      unlink(ends.c_str());
    }
    counts_->rows = rows_;
    // A quarter is for buffers: of pairs on their way to buckets, of files being read and written.
    const uint64_t most = std::min<uint64_t>(memory_ / 4 * 3 / kRowBytes, std::numeric_limits<uint32_t>::max() - 1);
    const uint64_t buckets = std::max<uint64_t>(1, (rows_ + most - 1) / most);
    per_bucket_ = std::max<uint64_t>(1, (rows_ + buckets - 1) / buckets);
    counts_->buckets = buckets;
    starts_.clear();
    if (buckets == 1) {
      starts_.push_back(0);
      return {};
    }
    RecordScan scan;
    if (auto status = scan.open({rows_path_}, shape); !status.ok()) return status;
    uint64_t place = 0;
    for (RecordRef row; scan.next(&row); ++place)
      if (place % per_bucket_ == 0) starts_.push_back(row.key(0));
    starts_[0] = 0;
    return scan.status();
  }
  std::string prefix_folder() const { return prefix_.substr(0, prefix_.rfind('/')); }

  size_t bucket_of(uint64_t row) const { return size_t(std::upper_bound(starts_.begin(), starts_.end(), row) - starts_.begin()) - 1; }

  Status load_bucket(size_t bucket) {
    const RecordRange range{starts_[bucket], bucket + 1 < starts_.size() ? starts_[bucket + 1] - 1 : std::numeric_limits<uint64_t>::max()};
    RecordMerge slice;
    if (auto status = slice.open({rows_path_}, {1, 0, false}, range, kLeastMemory); !status.ok()) return status;
    near_ = 0;
    bucket_rows_.clear();
    bucket_rows_.reserve(per_bucket_);
    for (RecordRef row; slice.next(&row);) bucket_rows_.push_back(row.key(0));
    index_.build(bucket_rows_.data(), bucket_rows_.size());
    return slice.status();
  }

  void send(uint64_t x, uint64_t y) {
    if (x == y) return;
    const uint64_t low = std::min(x, y), high = std::max(x, y);
    ++counts_->sent;
    edges_->add(bucket_of(high), {low, high});
  }

  // One batch of edges whose larger ends lie in the bucket at hand.
  Status take(const Pair* edges, size_t count) {
    const uint64_t first = starts_[bucket_];
    for (; count > 0; edges += std::min(count, kBatch), count -= std::min(count, kBatch)) {
      const size_t size = std::min(count, kBatch);
      size_t inner = 0, far = 0;
      for (size_t i = 0; i < size; ++i) asked_[i] = edges[i].second;
      // Smaller ends mostly ascend, as the sources are sorted by them: look a few rows on before asking the index.
      for (size_t i = 0; i < size; ++i) {
        const uint64_t low = edges[i].first;
        if (low < first) continue;
        if (bucket_rows_[near_] < low)
          for (size_t step = 0; step < kNear && near_ + 1 < bucket_rows_.size() && bucket_rows_[near_] < low; ++step) ++near_;
        if (bucket_rows_[near_] == low) {
          found_[kBatch + inner++] = uint32_t(near_);
        } else {
          asked_[kBatch + far] = low;
          far_[far++] = uint32_t(kBatch + inner++);
        }
      }
      if (!index_.find(asked_, found_, size) || !index_.find(asked_ + kBatch, found_far_, far)) return damaged(rows_path_, "it lacks a row that an edge names");
      for (size_t i = 0; i < far; ++i) near_ = found_[far_[i]] = found_far_[i];
      for (size_t i = 0; i < size; ++i) sets_.prefetch(found_[i]);
      for (size_t i = 0; i < inner; ++i) sets_.prefetch(found_[kBatch + i]);
      inner = 0;
      for (size_t i = 0; i < size; ++i) {
        uint32_t x = sets_.root(found_[i]);
        if (edges[i].first >= first) {
          uint32_t y = sets_.root(found_[kBatch + inner++]);
          if (x == y) continue;
          if (x > y) std::swap(x, y);
          sets_.hang(y, x);
          if (lows_.empty() || lows_[y] == kNone) continue;
          if (lows_[x] != kNone) send(lows_[x], lows_[y]);
          lows_[x] = std::min(lows_[x], lows_[y]);
        } else {
          if (lows_[x] != kNone) send(lows_[x], edges[i].first);
          lows_[x] = std::min(lows_[x], edges[i].first);
        }
      }
    }
    return {};
  }

  Status down() {
    const size_t buckets = starts_.size();
    if (buckets == 1) {
      if (auto status = load_bucket(0); !status.ok()) return status;
      sets_.reset(bucket_rows_.size());
      lows_.clear();
      std::vector<Pair> batch;
      auto status = each_edge([&](uint64_t low, uint64_t high) -> Status {
        batch.push_back({low, high});
        if (batch.size() < kBatch) return {};
        auto taken = take(batch.data(), batch.size());
        batch.clear();
        return taken;
      });
      if (status.ok()) status = take(batch.data(), batch.size());
      sets_.flatten();
      return status;
    }
    edges_ = std::make_unique<PairFiles>(prefix_ + "edges-", buckets, memory_ / 8);
    asks_ = std::make_unique<PairFiles>(prefix_ + "asks-", buckets, memory_ / 16);
    auto status = each_edge([&](uint64_t low, uint64_t high) {
      edges_->add(bucket_of(high), {low, high});
      return edges_->status();
    });
    if (!status.ok()) return status;
    for (size_t bucket = buckets; bucket-- > 0;) {
      bucket_ = bucket;
      if (status = load_bucket(bucket); !status.ok()) return status;
      sets_.reset(bucket_rows_.size());
      lows_.assign(bucket_rows_.size(), kNone);
      Status taken;
      status = edges_->drain(bucket, [&](const Pair* edges, size_t count) {
        if (taken.ok()) taken = take(edges, count);
      });
      if (!status.ok() || !taken.ok()) return taken.ok() ? status : taken;
      sets_.flatten();
      const auto& parents = sets_.parents();
      for (uint32_t i = 0; i < parents.size(); ++i)
        if (parents[i] == i && lows_[i] != kNone) asks_->add(bucket_of(lows_[i]), {lows_[i], uint64_t(bucket) << 32 | i});
      if (!asks_->status().ok()) return asks_->status();
      if (status = save_sets(bucket); !status.ok()) return status;
    }
    counts_->spilled += edges_->written() + asks_->written();
    edges_.reset();
    return {};
  }

  Status save_sets(size_t bucket) {
    const auto& parents = sets_.parents();
    OutputFile file;
    if (auto status = file.open(temporary("sets-" + std::to_string(bucket))); !status.ok()) return status;
    const uint64_t check = check_of(parents.data(), parents.size() * 4);
    if (auto status = file.write(&check, 8); !status.ok()) return status;
    if (auto status = file.write(parents.data(), parents.size() * 4); !status.ok()) return status;
    counts_->spilled += file.written();
    return file.close();
  }

  Status load_sets(size_t bucket) {
    auto& parents = sets_.parents();
    parents.resize(bucket_rows_.size());
    InputFiles files(1);
    const size_t file = files.add(prefix_ + "sets-" + std::to_string(bucket) + ".part");
    uint64_t check;
    if (auto status = files.read(file, 0, &check, 8); !status.ok()) return status;
    if (auto status = files.read(file, 8, parents.data(), parents.size() * 4); !status.ok()) return status;
    if (check != check_of(parents.data(), parents.size() * 4)) return damaged(files.path(file), "its check does not hold");
    files.remove(file);
    return {};
  }

  Status up(SortedRecordWriter& writer) {
    const size_t buckets = starts_.size();
    std::unique_ptr<PairFiles> answers;
    if (buckets > 1) answers = std::make_unique<PairFiles>(prefix_ + "names-", buckets, memory_ / 8);
    for (size_t bucket = 0; bucket < buckets; ++bucket) {
      if (buckets > 1) {
        if (auto status = load_bucket(bucket); !status.ok()) return status;
        if (auto status = load_sets(bucket); !status.ok()) return status;
      }
      const auto& parents = sets_.parents();
      lows_ = bucket_rows_;  // names: of roots, their own rows where nobody sends another
      uint64_t roots = 0;
      for (uint32_t i = 0; i < parents.size(); ++i) roots += parents[i] == i;
      counts_->components += roots;
      if (buckets > 1) {
        auto status = answers->drain(bucket, [&](const Pair* named, size_t count) {
          for (size_t i = 0; i < count; ++i) lows_[named[i].first] = named[i].second;
          counts_->components -= count;
        });
        if (!status.ok()) return status;
        Status asked;
        status = asks_->drain(bucket, [&](const Pair* asks, size_t count) {
          for (; count > 0 && asked.ok(); asks += std::min(count, kBatch), count -= std::min(count, kBatch)) {
            const size_t size = std::min(count, kBatch);
            for (size_t i = 0; i < size; ++i) asked_[i] = asks[i].first;
            if (!index_.find(asked_, found_, size)) asked = damaged(rows_path_, "it lacks a row that an edge names");
            else
              for (size_t i = 0; i < size; ++i) answers->add(asks[i].second >> 32, {asks[i].second & 0xffffffff, lows_[parents[found_[i]]]});
          }
        });
        if (!status.ok() || !asked.ok() || !answers->status().ok()) return !asked.ok() ? asked : !status.ok() ? status : answers->status();
      }
      for (size_t i = 0; i < parents.size(); ++i) {
        __builtin_prefetch(&lows_[parents[std::min(i + 32, parents.size() - 1)]]);
        if (auto status = writer.add(&bucket_rows_[i], &lows_[parents[i]]); !status.ok()) return status;
      }
    }
    if (answers) counts_->spilled += answers->written();
    return {};
  }

  const std::vector<std::string>& sources_;
  std::vector<std::string> edge_files_, component_files_;
  const std::string prefix_;
  const size_t memory_;
  ComponentCounts* counts_;
  std::vector<std::string> temporary_;
  std::string rows_path_;
  uint64_t rows_ = 0, per_bucket_ = 1;
  std::vector<uint64_t> starts_;  // the first row of each bucket; 0 for the lowest
  size_t bucket_ = 0;
  std::vector<uint64_t> bucket_rows_, lows_;
  Sets sets_;
  RowIndex index_;
  std::unique_ptr<PairFiles> edges_, asks_;
  size_t near_ = 0;  // where the last smaller end stood
  uint64_t asked_[2 * kBatch];
  uint32_t found_[2 * kBatch], far_[kBatch], found_far_[kBatch];
};

}  // namespace

Status components(const std::vector<std::string>& edge_files, const std::string& out, const std::string& folder, size_t memory_bytes, ComponentCounts* counts) {
  return std::make_unique<Contraction>(edge_files, folder, memory_bytes, counts)->run(out);
}

}  // namespace refine
