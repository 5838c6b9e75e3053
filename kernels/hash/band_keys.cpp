// One pass over a shingles file; see band_keys.h. Memory: the writer's, and one document's shingles.
#include "refine/band_keys.h"

#include <vector>

#include "refine/shingle_scan.h"

namespace refine {
namespace {

uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return z ^ (z >> 31);
}

}  // namespace

Hash128 scoped_key(Hash128 key, uint64_t scope) {
  if (scope == 0) return key;
  const uint64_t once = mix(scope);
  return {key.high ^ once, key.low ^ mix(once)};
}

Status shingles_file_info(const std::string& path, RecordFileInfo* info) {
  if (auto status = record_file_info(path, info); !status.ok()) return status;
  const auto& shape = info->shape;
  if (shape.key_words == 1 && shape.value_bytes >= kShingleScopeAt + 8 && shape.tail) return {};
  return Status::error("ERR_REFINE_SPILL_FORMAT", path + ": holds records of " + std::to_string(shape.key_words) + " key words and " + std::to_string(shape.value_bytes) +
                                                      " value bytes; shingle records have 1, at least 16 and a tail. Remove the file and run again.");
}

Status band_keys(const std::string& shingles, const DroppedFiles& dropped, const SketchParams& params, uint32_t from, uint32_t to, const std::string& out, size_t memory_bytes,
                 BandKeyCounts* counts) {
  *counts = {};
  ShingleScan scan;
  if (auto status = scan.open(shingles, dropped); !status.ok()) return status;
  RecordWriter writer;
  if (auto status = writer.open(out, kKeyShape, memory_bytes); !status.ok()) return status;
  BandHasher hasher(params);
  const uint32_t width = to - from;
  std::vector<uint64_t> words(size_t(width) * 3);
  std::vector<Hash128> keys(width);
  while (scan.next()) {
    const auto& set = scan.shingles();
    hasher.keys(set.data(), set.size(), from, to, keys.data());
    for (uint32_t band = 0; band < width; ++band) {
      const auto key = scoped_key(keys[band], scan.scope());
      words[3 * size_t(band)] = key.high;
      words[3 * size_t(band) + 1] = key.low;
      words[3 * size_t(band) + 2] = scan.row();
    }
    if (auto status = writer.add_many(width, words.data(), nullptr); !status.ok()) return status;
    ++counts->documents;
    counts->entries += width;
  }
  if (!scan.status().ok()) return scan.status();
  RecordFileInfo info;
  if (auto status = writer.finish(&info); !status.ok()) return status;
  counts->bytes = info.bytes;
  return {};
}

}  // namespace refine
