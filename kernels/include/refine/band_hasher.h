// Band keys of a shingle set: documents whose keys are equal in a band are a candidate pair. A family of hash functions gives
// K = bands x rows minima; a band's key is MurmurHash3 x64 128 of its `rows` minima (little-endian uint64) seeded with the
// band's number. A pair of Jaccard similarity s agrees in each minimum with probability s, independently, so it becomes a
// candidate with probability 1 - (1 - s^rows)^bands.
// Only the bands asked for are computed, and a band's key does not depend on which others are: rounds change no bit.
// Invariant: keys depend on the set of shingles and the parameters alone; no instruction set, order or repetition changes one.
#pragma once
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "refine/hash.h"
#include "refine/minhash.h"

namespace refine {

class DartBoard;

enum class SketchFamily : uint8_t {
  kAffine,       // x -> (a x + b) mod 2^61-1, exact (minhash.h)
  kDart,         // one random process for a group of bands (kernels/hash/dart_minima.h): the same law, about K (ln K + 2) draws a document
  kDatatrove,    // x -> ((a x + b) mod 2^64) mod 2^61-1, a and b from numpy's RandomState(1): its signatures, bit for bit
  kDatatrove32,  // the same, low 32 bits of each hash: datatrove's precision=32
};
// affine dart datatrove datatrove-32; false for another name.
bool sketch_family_of(std::string_view name, SketchFamily& family);
// The family where none is named: affine to 1,024 hashes, dart above (infra/decisions/0013-sketch-families.md).
constexpr SketchFamily default_sketch_family(uint32_t bands, uint32_t rows) { return bands * rows > 1024 ? SketchFamily::kDart : SketchFamily::kAffine; }

struct SketchParams {
  uint32_t bands = 14, rows = 8;
  SketchFamily family = SketchFamily::kAffine;
  uint32_t hashes() const { return bands * rows; }  // at most kMaxHashes
};

// Keeps its buffers from call to call: one for each thread.
class BandHasher {
 public:
  explicit BandHasher(const SketchParams& params, Isa isa = best_isa());
  ~BandHasher();
  // The minima of the bands from .. to-1, (to - from) x rows; false, and nothing written, where n is 0.
  bool minima(const uint64_t* shingles, size_t n, uint32_t from, uint32_t to, uint64_t* out);
  // Their keys, to - from of them.
  bool keys(const uint64_t* shingles, size_t n, uint32_t from, uint32_t to, Hash128* out);
  // A round that starts and ends at multiples of this many bands wastes no work.
  uint32_t group_bands() const;
  const SketchParams& params() const { return params_; }

 private:
  SketchParams params_;
  Isa isa_;
  std::vector<uint64_t> a_, b_;  // of every hash, padded by 16
  std::vector<uint64_t> reduced_, lowest_, band_;
  std::unique_ptr<DartBoard> board_;
};

// The key of a band from its minima: rows little-endian uint64, seeded with the band's number.
Hash128 band_key(const uint64_t* minima, uint32_t rows, uint32_t band);

}  // namespace refine
