// The band keys of all documents of a shingles file, for the bands of one round.
//   in:  records [row]; value: order u64, scope u64, anything more; tail: sorted distinct uint64 shingles, little-endian
//   out: kKeyShape records (key high, key low, row), a band's key for every band of the round and every row not dropped
// A scope other than 0 is mixed into the keys, so documents of different scopes never meet: what one scope gives is what it would
// give alone.
#pragma once
#include <memory>
#include <string>

#include "refine/band_hasher.h"
#include "refine/components.h"
#include "refine/records.h"
#include "refine/views.h"

namespace refine {

constexpr size_t kShingleScopeAt = 8;  // of a shingle record's value

// SplitMix64's finalizer, and a key moved into a scope.
Hash128 scoped_key(Hash128 key, uint64_t scope);

// record_file_info of a shingles file; ERR_REFINE_SPILL_FORMAT where its records are others.
Status shingles_file_info(const std::string& path, RecordFileInfo* info);

struct BandKeyCounts {
  uint64_t documents = 0;  // with keys
  uint64_t entries = 0;    // documents x bands
  uint64_t bytes = 0;      // of the file written
};

Status band_keys(const std::string& shingles, const DroppedFiles& dropped, const SketchParams& params, uint32_t from, uint32_t to, const std::string& out, size_t memory_bytes,
                 BandKeyCounts* counts);

// The same pass with the keys made elsewhere (a GPU): documents are handed out in batches, their keys taken in the same order.
// Invariant: given the keys that BandHasher makes, the file is band_keys' to the byte, however batches are cut.
class BandKeyPass {
 public:
  BandKeyPass();
  ~BandKeyPass();  // an unfinished file is removed
  Status open(const std::string& shingles, const DroppedFiles& dropped, uint32_t bands, const std::string& out, size_t memory_bytes);
  // The next documents: at least one, then as many as keep the batch within `shingles` (at most 2^30) and `documents`; none at the end.
  Status next(size_t shingles, size_t documents, ListColumn<uint64_t>* out);
  // Keys of the oldest batch that is out, (documents, bands, 2), high then low half; ERR_REFINE_INTERNAL where their number is another.
  Status add(const uint64_t* keys, size_t count);
  // ERR_REFINE_INTERNAL where a batch is still out or documents are left.
  Status finish(BandKeyCounts* counts);
  void abort();  // removes the file

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace refine
