// Published hashes of our own writing, equal on every machine: MurmurHash3 x64 128 (Appleby) names contents and bands,
// XXH64 (Collet) names shingles. Neither resists an attacker who wants a collision; both are for finding duplicates.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace refine {

struct Hash128 {
  uint64_t high = 0, low = 0;  // MurmurHash3's first output word is `high`: its bits decide partitions
  bool operator==(const Hash128&) const = default;
};

Hash128 murmur3_128(std::string_view bytes, uint32_t seed = 0);
uint64_t xxh64(std::string_view bytes, uint64_t seed = 0);
uint32_t xxh32(std::string_view bytes, uint32_t seed = 0);

enum class Normalise { kNone, kDefault };

// The content hash of dedupe-exact: of the text in the given normal form. A text of which normalisation leaves nothing
// (punctuation alone) is hashed as it is, under another seed, so that "!!!" and "???" stay different documents.
// `buffer` is reused between calls.
Hash128 content_hash(std::string_view text, Normalise normalise, std::string& buffer);

}  // namespace refine
