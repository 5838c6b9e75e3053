// One pass over a shingles file; see band_keys.h. Memory: the writer's, and one document's shingles.
#include "refine/band_keys.h"

#include <deque>
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

namespace {

// Entries of a key file, document by document.
class KeyWriter {
 public:
  Status open(const std::string& out, uint32_t bands, size_t memory_bytes) {
    words_.resize(size_t(bands) * 3);
    bands_ = bands;
    return writer_.open(out, kKeyShape, memory_bytes);
  }
  Status add(const Hash128* keys, uint64_t scope, uint64_t row) {
    for (uint32_t band = 0; band < bands_; ++band) {
      const auto key = scoped_key(keys[band], scope);
      words_[3 * size_t(band)] = key.high;
      words_[3 * size_t(band) + 1] = key.low;
      words_[3 * size_t(band) + 2] = row;
    }
    if (auto status = writer_.add_many(bands_, words_.data(), nullptr); !status.ok()) return status;
    ++counts_.documents;
    counts_.entries += bands_;
    return {};
  }
  Status finish(BandKeyCounts* counts) {
    RecordFileInfo info;
    if (auto status = writer_.finish(&info); !status.ok()) return status;
    counts_.bytes = info.bytes;
    *counts = counts_;
    return {};
  }
  void abort() { writer_.abort(); }
  uint32_t bands() const { return bands_; }

 private:
  RecordWriter writer_;
  std::vector<uint64_t> words_;
  uint32_t bands_ = 0;
  BandKeyCounts counts_;
};

Status misuse(const char* what) { return Status::error("ERR_REFINE_INTERNAL", std::string("band keys: ") + what + ". Report it."); }

}  // namespace

Status band_keys(const std::string& shingles, const DroppedFiles& dropped, const SketchParams& params, uint32_t from, uint32_t to, const std::string& out, size_t memory_bytes,
                 BandKeyCounts* counts) {
  *counts = {};
  ShingleScan scan;
  if (auto status = scan.open(shingles, dropped); !status.ok()) return status;
  KeyWriter writer;
  if (auto status = writer.open(out, to - from, memory_bytes); !status.ok()) return status;
  BandHasher hasher(params);
  std::vector<Hash128> keys(to - from);
  while (scan.next()) {
    const auto& set = scan.shingles();
    hasher.keys(set.data(), set.size(), from, to, keys.data());
    if (auto status = writer.add(keys.data(), scan.scope(), scan.row()); !status.ok()) return status;
  }
  if (!scan.status().ok()) return scan.status();
  return writer.finish(counts);
}

struct BandKeyPass::State {
  struct Document {
    uint64_t row, scope;
  };
  ShingleScan scan;
  KeyWriter writer;
  std::deque<std::vector<Document>> out;  // batches whose keys are awaited
  bool waiting = false, ended = false;    // waiting: scan stands on a document that did not fit the last batch
};

BandKeyPass::BandKeyPass() : state_(std::make_unique<State>()) {}
BandKeyPass::~BandKeyPass() = default;

Status BandKeyPass::open(const std::string& shingles, const DroppedFiles& dropped, uint32_t bands, const std::string& out, size_t memory_bytes) {
  if (auto status = state_->scan.open(shingles, dropped); !status.ok()) return status;
  return state_->writer.open(out, bands, memory_bytes);
}

Status BandKeyPass::next(size_t shingles, size_t documents, ListColumn<uint64_t>* out) {
  auto& s = *state_;
  *out = {};
  std::vector<State::Document> batch;
  while (!s.ended) {
    if (!s.waiting && !s.scan.next()) {
      s.ended = true;
      break;
    }
    const auto& set = s.scan.shingles();
    s.waiting = !batch.empty() && (batch.size() >= documents || out->values.size() + set.size() > shingles);
    if (s.waiting) break;
    out->values.insert(out->values.end(), set.begin(), set.end());
    out->end_row();
    batch.push_back({s.scan.row(), s.scan.scope()});
  }
  if (!s.scan.status().ok()) return s.scan.status();
  if (!batch.empty()) s.out.push_back(std::move(batch));
  return {};
}

Status BandKeyPass::add(const uint64_t* keys, size_t count) {
  auto& s = *state_;
  if (s.out.empty()) return misuse("keys of no batch");
  const auto batch = std::move(s.out.front());
  s.out.pop_front();
  std::vector<Hash128> own(s.writer.bands());
  if (count != batch.size() * own.size() * 2) return misuse("another number of keys than the batch has documents and bands");
  for (const auto& document : batch) {
    for (auto& key : own) key.high = *keys++, key.low = *keys++;
    if (auto status = s.writer.add(own.data(), document.scope, document.row); !status.ok()) return status;
  }
  return {};
}

void BandKeyPass::abort() { state_->writer.abort(); }

Status BandKeyPass::finish(BandKeyCounts* counts) {
  *counts = {};
  if (!state_->ended || !state_->out.empty()) return misuse("finished before its last batch");
  return state_->writer.finish(counts);
}

}  // namespace refine
