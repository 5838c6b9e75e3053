// The band keys of all documents of a shingles file, for the bands of one round.
//   in:  records [row]; value: order u64, scope u64, anything more; tail: sorted distinct uint64 shingles, little-endian
//   out: kKeyShape records (key high, key low, row), a band's key for every band of the round and every row not dropped
// A scope other than 0 is mixed into the keys, so documents of different scopes never meet: what one scope gives is what it would
// give alone.
#pragma once
#include <string>

#include "refine/band_hasher.h"
#include "refine/components.h"
#include "refine/records.h"

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

}  // namespace refine
