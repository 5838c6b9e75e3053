// Split-block Bloom filter; see bloom.h. Salts and block choice are Parquet's (BloomFilter.md). Batches hide the cache miss that
// every key is: the blocks of 32 keys are asked for before the first of them is touched.
#include "refine/bloom.h"

#include <cstring>
#include <new>

#include "refine/fixed_math.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace refine {
namespace {
constexpr uint32_t kSalt[8] = {0x47b6137bu, 0x44974d91u, 0x8824ad5bu, 0xa2b7289du, 0x705495c7u, 0x2df1424bu, 0x9efc4947u, 0x5c6bfb31u};
constexpr size_t kAhead = 32;  // keys whose blocks are fetched together: about what a core keeps in flight, twice
uint32_t bit(uint64_t hash, int word) { return uint32_t(1) << ((uint32_t(hash) * kSalt[word]) >> 27); }

enum class Act { kAdd, kHas };

// The blocks of up to kAhead hashes, asked for.
inline __attribute__((always_inline)) size_t fetch_blocks(uint32_t* words, size_t blocks, const uint64_t* hashes, size_t left, uint32_t** block) {
  const size_t n = left < kAhead ? left : kAhead;
  for (size_t i = 0; i < n; ++i) {
    block[i] = words + size_t((static_cast<unsigned __int128>(hashes[i] >> 32) * blocks) >> 32) * 8;
    __builtin_prefetch(block[i], 1);
  }
  return n;
}

template <Act act>
void run_scalar(uint32_t* words, size_t blocks, const uint64_t* hashes, size_t count, uint8_t* out) {
  uint32_t* block[kAhead];
  for (size_t from = 0, n = 0; from < count; from += n) {
    n = fetch_blocks(words, blocks, hashes + from, count - from, block);
    for (size_t i = 0; i < n; ++i) {
      const uint64_t hash = hashes[from + i];
      if constexpr (act == Act::kAdd) {
        for (int word = 0; word < 8; ++word) block[i][word] |= bit(hash, word);
      } else {
        uint32_t missing = 0;
        for (int word = 0; word < 8; ++word) missing |= bit(hash, word) & ~block[i][word];
        out[from + i] = missing == 0;
      }
    }
  }
}

#if defined(__x86_64__)
template <Act act>
__attribute__((target("avx2"))) void run_avx2(uint32_t* words, size_t blocks, const uint64_t* hashes, size_t count, uint8_t* out) {
  const __m256i salt = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kSalt)), one = _mm256_set1_epi32(1);
  uint32_t* block[kAhead];
  for (size_t from = 0, n = 0; from < count; from += n) {
    n = fetch_blocks(words, blocks, hashes + from, count - from, block);
    for (size_t i = 0; i < n; ++i) {
      const __m256i mixed = _mm256_mullo_epi32(_mm256_set1_epi32(int32_t(uint32_t(hashes[from + i]))), salt);
      const __m256i bits = _mm256_sllv_epi32(one, _mm256_srli_epi32(mixed, 27));
      auto* at = reinterpret_cast<__m256i*>(block[i]);
      const __m256i held = _mm256_load_si256(at);
      if constexpr (act == Act::kAdd) _mm256_store_si256(at, _mm256_or_si256(held, bits));
      else out[from + i] = uint8_t(_mm256_testc_si256(held, bits));  // bits & ~held == 0
    }
  }
}
#endif

template <Act act>
void run(Isa isa, uint32_t* words, size_t blocks, const uint64_t* hashes, size_t count, uint8_t* out) {
#if defined(__x86_64__)
  if (isa != Isa::kScalar) return run_avx2<act>(words, blocks, hashes, count, out);
#endif
  (void)isa;
  run_scalar<act>(words, blocks, hashes, count, out);
}
}  // namespace

double BloomFilter::expected_rate(uint64_t keys, size_t blocks) {
  const double mean = double(keys) / double(blocks);
  double poisson = fixed_exp(-mean), absent = 1.0, rate = 0.0, seen = 0.0;
  if (poisson == 0.0) return 1.0;  // a mean above 708 fills every block
  for (int k = 0; k < 4096 && seen < 1.0 - 1e-15; ++k) {
    const double set = 1.0 - absent, set2 = set * set, set4 = set2 * set2;
    rate += poisson * set4 * set4;
    seen += poisson;
    poisson *= mean / double(k + 1);
    absent *= 31.0 / 32.0;
  }
  return rate;
}

size_t BloomFilter::blocks_for(uint64_t keys, double rate) {
  size_t high = 1;
  while (high < kMaxBlocks && expected_rate(keys, high) > rate) high *= 2;
  size_t low = high / 2;  // too few, or 0
  while (high - low > 1) {
    const size_t middle = low + (high - low) / 2;
    (expected_rate(keys, middle) > rate ? low : high) = middle;
  }
  return high;
}

// mmap: the pages are zero without being written, so a filter costs the memory that its keys touch.
std::unique_ptr<uint32_t[], BloomFilter::Free> BloomFilter::allocate(size_t bytes) {
#if defined(__linux__)
  constexpr size_t kHuge = size_t(1) << 21;
  const size_t held = (bytes + kHuge - 1) & ~(kHuge - 1);
  if (bytes >= kHuge) {
    auto* begin = static_cast<char*>(mmap(nullptr, held + kHuge, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (begin == MAP_FAILED) throw std::bad_alloc();
    auto* aligned = reinterpret_cast<char*>((reinterpret_cast<uintptr_t>(begin) + kHuge - 1) & ~uintptr_t(kHuge - 1));
    if (aligned > begin) munmap(begin, size_t(aligned - begin));
    if (const size_t rest = size_t(begin + held + kHuge - (aligned + held)); rest > 0) munmap(aligned + held, rest);
    madvise(aligned, held, MADV_HUGEPAGE);
    return {reinterpret_cast<uint32_t*>(aligned), Free{held}};
  }
#endif
  void* memory = ::operator new(bytes, std::align_val_t(64));
  std::memset(memory, 0, bytes);
  return {static_cast<uint32_t*>(memory), Free{0}};
}

void BloomFilter::Free::operator()(uint32_t* words) const {
#if defined(__linux__)
  if (bytes > 0) {
    munmap(words, bytes);
    return;
  }
#endif
  ::operator delete(words, std::align_val_t(64));
}

BloomFilter::BloomFilter(size_t blocks) : blocks_(blocks), words_(allocate(blocks * 32)) {}

void BloomFilter::add(uint64_t hash) { run_scalar<Act::kAdd>(words_.get(), blocks_, &hash, 1, nullptr); }

bool BloomFilter::has(uint64_t hash) const {
  uint8_t found = 0;
  run_scalar<Act::kHas>(words_.get(), blocks_, &hash, 1, &found);
  return found != 0;
}

void BloomFilter::add_all(const uint64_t* hashes, size_t count, Isa isa) { run<Act::kAdd>(isa, words_.get(), blocks_, hashes, count, nullptr); }

void BloomFilter::has_all(const uint64_t* hashes, size_t count, uint8_t* out, Isa isa) const {
  run<Act::kHas>(isa, words_.get(), blocks_, hashes, count, out);
}

Status BloomFilter::merge(const BloomFilter& other) {
  if (other.blocks_ != blocks_)
    return Status::error("ERR_REFINE_BLOOM_SIZE", "Bloom filters of " + std::to_string(blocks_) + " and " + std::to_string(other.blocks_) +
                                                      " blocks have no union; make both for the same count of keys and rate");
  for (size_t i = 0; i < blocks_ * 8; ++i) words_[i] |= other.words_[i];
  return {};
}

double BloomFilter::fill() const {
  uint64_t set = 0;
  for (size_t i = 0; i < blocks_ * 8; ++i) set += uint64_t(__builtin_popcount(words_[i]));
  return double(set) / double(blocks_ * 256);
}

}  // namespace refine
