// Sample, centres, members and survivors over record files; see semantic.h.
#include "refine/semantic.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "../fasttext/lanes.h"
#include "../repeats/mersenne61.h"
#include "refine/dropped_rows.h"
#include "refine/paragraph_copies.h"  // kVerdictShape

namespace refine {
namespace {

// Vectors of one length, checked.
class Dimension {
 public:
  Status read(const RecordRef& record, uint64_t row, std::vector<float>& vector) {
    const size_t dim = record.tail_bytes / sizeof(float);
    if (dim_ == 0) dim_ = dim;
    if (dim == 0 || dim != dim_ || record.tail_bytes % sizeof(float) != 0)
      return Status::error("ERR_REFINE_INPUT", "the embedding of document " + std::to_string(uint32_t(row)) + " of input " + std::to_string(row >> 32) + " has " +
                                                   std::to_string(dim) + " numbers, others have " + std::to_string(dim_) + ". One model must have made them all.");
    vector.resize(dim);
    std::memcpy(vector.data(), record.tail, record.tail_bytes);
    return {};
  }
  size_t size() const { return dim_; }

 private:
  size_t dim_ = 0;
};

std::string_view bytes_of(const float* vector, size_t dim) { return {reinterpret_cast<const char*>(vector), dim * sizeof(float)}; }

// Ascends with the float; NaN cannot be, vectors have length 1.
uint32_t ordered_bits(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  return bits >> 31 ? ~bits : bits | 0x80000000u;
}

}  // namespace

Status semantic_sample(const std::vector<std::string>& vectors, const DroppedFiles& dropped, unsigned bits, uint64_t seed, const std::string& out, SemanticCounts* counts) {
  DroppedRows gone;
  if (auto status = gone.open(dropped); !status.ok()) return status;
  RecordScan scan;
  if (auto status = scan.open(vectors, kVectorShape); !status.ok()) return status;
  RecordWriter sample;
  if (auto status = sample.open(out, kSampleShape, size_t(64) << 20); !status.ok()) return status;
  RecordRef record;
  while (scan.next(&record)) {
    const uint64_t row = record.key(0);
    if (gone.has(row)) continue;
    ++counts->vectors;
    const uint64_t draw = mix64(mix64(seed + 0x9E3779B97F4A7C15ull) ^ row);
    if (bits > 0 && (draw >> (64 - bits)) != 0) continue;
    ++counts->written;
    const uint64_t key[2] = {draw, row};
    if (auto status = sample.add(key, nullptr, {reinterpret_cast<const char*>(record.tail), record.tail_bytes}); !status.ok()) return status;
  }
  if (!scan.status().ok()) return scan.status();
  return sample.finish();
}

Status semantic_centres(const std::vector<std::string>& samples, uint32_t clusters, uint32_t iterations, uint64_t seed, const std::string& out, const std::string& scratch,
                        size_t memory_bytes, SemanticCounts* counts) {
  RecordMerge merge;
  if (auto status = merge.open(samples, kSampleShape, {}, memory_bytes / 8, scratch); !status.ok()) return status;
  Dimension dimension;
  std::vector<float> points, vector, centres;
  RecordRef record;
  while (merge.next(&record)) {
    if (auto status = dimension.read(record, record.key(1), vector); !status.ok()) return status;
    points.insert(points.end(), vector.begin(), vector.end());
    ++counts->vectors;
  }
  if (!merge.status().ok()) return merge.status();
  counts->iterations = spherical_k_means(points, dimension.size(), clusters, iterations, seed, centres);
  SortedRecordWriter writer;
  if (auto status = writer.open(out, kCentreShape); !status.ok()) return status;
  for (uint64_t cluster = 0; cluster * dimension.size() < centres.size(); ++cluster) {
    ++counts->clusters;
    if (auto status = writer.add(&cluster, nullptr, bytes_of(centres.data() + cluster * dimension.size(), dimension.size())); !status.ok()) return status;
  }
  return writer.finish();
}

Status semantic_members(const std::vector<std::string>& vectors, const std::vector<std::string>& centre_files, const DroppedFiles& dropped, SemanticKeep keep,
                        const std::string& out, size_t memory_bytes, SemanticCounts* counts) {
  DroppedRows gone;
  if (auto status = gone.open(dropped); !status.ok()) return status;
  Dimension dimension;
  std::vector<float> centres, vector;
  RecordRef record;
  RecordMerge merge;  // by cluster
  if (auto status = merge.open(centre_files, kCentreShape, {}, kLeastMemory); !status.ok()) return status;
  while (merge.next(&record)) {
    if (auto status = dimension.read(record, record.key(0), vector); !status.ok()) return status;
    centres.insert(centres.end(), vector.begin(), vector.end());
  }
  if (!merge.status().ok()) return merge.status();
  counts->clusters = dimension.size() == 0 ? 0 : centres.size() / dimension.size();

  RecordScan scan;
  if (auto status = scan.open(vectors, kVectorShape); !status.ok()) return status;
  RecordWriter members;
  if (auto status = members.open(out, kMemberShape, memory_bytes / 2); !status.ok()) return status;
  std::vector<float> cosines(counts->clusters);
  while (scan.next(&record)) {
    const uint64_t row = record.key(0);
    if (gone.has(row)) continue;
    if (auto status = dimension.read(record, row, vector); !status.ok()) return status;
    if (cosines.empty()) return Status::error("ERR_REFINE_INTERNAL", "there are embeddings and no centre of a cluster");
    ++counts->vectors;
    fasttext::best_lanes().dots(centres.data(), cosines.size(), int32_t(dimension.size()), vector.data(), cosines.data());
    const auto best = std::max_element(cosines.begin(), cosines.end());
    const auto cluster = uint64_t(best - cosines.begin());
    const uint64_t order = keep == SemanticKeep::kFirst ? 0 : keep == SemanticKeep::kHard ? ordered_bits(*best) : ~ordered_bits(*best);
    const uint64_t key[4] = {mix64(cluster), cluster, order & UINT32_MAX, row};
    if (auto status = members.add(key, nullptr, bytes_of(vector.data(), vector.size())); !status.ok()) return status;
  }
  if (!scan.status().ok()) return scan.status();
  counts->written = counts->vectors;
  return members.finish();
}

// Members of a cluster come as who stays first; each is compared with those kept so far. Where the kept ones pass memory, members
// that none of them drops wait in a file, in order, and a further pass compares them among themselves: the kept of a pass all come
// before everyone who waits, so the answer is that of unbounded memory.
Status semantic_survivors(const std::vector<std::string>& members, const RecordRange& range, float min_similarity, const std::string& out, const std::string& scratch,
                          size_t memory_bytes, SemanticCounts* counts) {
  RecordMerge merge;
  if (auto status = merge.open(members, kMemberShape, range, memory_bytes / 4, scratch); !status.ok()) return status;
  RecordWriter verdicts;
  if (auto status = verdicts.open(out, kVerdictShape, memory_bytes / 4); !status.ok()) return status;

  Dimension dimension;
  std::vector<float> kept, vector, cosines;
  std::vector<uint64_t> kept_rows;
  size_t capacity = 0;
  SortedRecordWriter waiting;
  bool any_waiting = false;
  uint64_t pass = 0;
  const auto waiting_path = [&](uint64_t number) { return scratch + "/waiting-" + std::to_string(number % 2); };

  constexpr size_t kBlock = 256;  // kept vectors compared between looks at the answer
  const auto decide = [&](const RecordRef& record) -> Status {
    const uint64_t row = record.key(3);
    if (auto status = dimension.read(record, row, vector); !status.ok()) return status;
    const size_t dim = dimension.size();
    if (capacity == 0) capacity = std::max<size_t>(1, memory_bytes / 4 / (dim * sizeof(float) + 8));
    for (size_t from = 0; from < kept_rows.size(); from += kBlock) {
      const size_t n = std::min(kBlock, kept_rows.size() - from);
      cosines.resize(kBlock);
      fasttext::best_lanes().dots(kept.data() + from * dim, n, int32_t(dim), vector.data(), cosines.data());
      counts->comparisons += n;
      for (size_t i = 0; i < n; ++i) {
        if (!(cosines[i] >= min_similarity)) continue;
        uint8_t value[24] = {};
        const uint64_t keeper = kept_rows[from + i];
        const auto similarity = uint16_t(1 + uint32_t(std::clamp(double(cosines[i]), 0.0, 1.0) * 65534));
        const uint32_t one = 1;
        std::memcpy(value, &keeper, 8);
        std::memcpy(value + 8, &keeper, 8);
        std::memcpy(value + 16, &one, 4);
        value[20] = 1;
        std::memcpy(value + 22, &similarity, 2);
        ++counts->written;
        return verdicts.add(&row, value);
      }
    }
    if (kept_rows.size() < capacity) {
      kept.insert(kept.end(), vector.begin(), vector.end());
      kept_rows.push_back(row);
      return {};
    }
    if (!any_waiting) {
      any_waiting = true;
      if (auto status = waiting.open(waiting_path(pass), kMemberShape); !status.ok()) return status;
    }
    return waiting.add(record);
  };
  // What waits of the cluster at hand, pass by pass.
  const auto end_cluster = [&]() -> Status {
    while (any_waiting) {
      if (auto status = waiting.finish(); !status.ok()) return status;
      const auto path = waiting_path(pass++);
      ++counts->passes;
      any_waiting = false;
      kept.clear();
      kept_rows.clear();
      RecordMerge again;
      if (auto status = again.open({path}, kMemberShape, {}, kLeastMemory, scratch); !status.ok()) return status;
      RecordRef record;
      while (again.next(&record))
        if (auto status = decide(record); !status.ok()) return status;
      if (!again.status().ok()) return again.status();
      std::remove(path.c_str());
    }
    kept.clear();
    kept_rows.clear();
    return {};
  };

  uint64_t cluster = 0, size = 0;
  RecordRef record;
  while (merge.next(&record)) {
    if (size > 0 && record.key(1) != cluster) {
      if (auto status = end_cluster(); !status.ok()) return status;
      size = 0;
    }
    cluster = record.key(1);
    counts->clusters += size == 0;
    counts->largest_cluster = std::max(counts->largest_cluster, ++size);
    ++counts->vectors;
    if (auto status = decide(record); !status.ok()) return status;
  }
  if (!merge.status().ok()) return merge.status();
  if (auto status = end_cluster(); !status.ok()) return status;
  return verdicts.finish();
}

}  // namespace refine
