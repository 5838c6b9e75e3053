// datatrove's signature files, `bucket_{band:03d}/{rank:05d}.minhash.sig`: its stage 1's output, its stage 2's input.
//   record: `rows` hashes (uint64 each, uint32 in 32-bit precision), then the document's index in its rank (uint32); all
//   little-endian, no header, records ascending by hashes, then index. 8 rows of 64 bits: 68 bytes.
// The index is the low 32 bits of a row, the record row within the input.
// Invariant: written from equal documents, a file equals datatrove's byte for byte. Source: datatrove 0.10 pipeline/dedup/minhash.py.
#pragma once
#include <string>

#include "refine/band_keys.h"

namespace refine {

// One band's file from a shingles file (band_keys.h says which), whose rows must be of one input. `out` + ".sort" holds the
// sort's spill and is removed. The family says the width: datatrove-32 writes 32-bit hashes, any other one 64-bit ones.
Status write_signature_file(const std::string& shingles, const DroppedFiles& dropped, const SketchParams& params, uint32_t band, const std::string& out, size_t memory_bytes,
                            uint64_t* records);

struct SignatureCounts {
  uint64_t records = 0;
  uint64_t documents = 0;  // the largest index and one; 0 without records
};

// The keys of one band's file, as band_keys would have given them: (high, low, first_row + index). A file that ends within a
// record or whose records fall is ERR_REFINE_SIGNATURES.
Status read_signature_file(const std::string& path, const SketchParams& params, uint32_t band, uint64_t first_row, const std::string& out, size_t memory_bytes, SignatureCounts* counts);

}  // namespace refine
