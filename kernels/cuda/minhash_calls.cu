// The C ABI of MinHash: host arrays go to the device in parts that bound its memory, minima or band keys come back; see library.h.
// Invariant: a row's numbers depend on its shingles alone, so parts and calls may be cut anywhere. Memory of the device is kept from call to
// call (cudaMalloc waits for the card); calls wait for each other.
#include <mutex>
#include <vector>

#include "band_keys.h"
#include "calls.h"
#include "context.h"
#include "minhash.h"

namespace refine::cuda {
namespace {

constexpr size_t kRows = size_t(1) << 16;            // of a part
constexpr int64_t kShingles = int64_t(1) << 24;      // 128 MiB; a document with more stands alone
constexpr size_t kMinima = size_t(1) << 25;          // 256 MiB

struct Space {
  std::mutex turn;
  DeviceBlock family, values, ends, minima, keys;
};

// Never freed: at a process's end the runtime may be gone before it.
Space& space() {
  static Space* const own = new Space;
  return *own;
}

struct Sketch {
  const uint64_t* shingles;
  const int64_t* offsets;
  size_t rows;
  const uint64_t *a, *b;
  uint32_t bands, hashes, first;  // bands of so many hashes
  bool keys;                      // what goes back: band keys, or the minima
};

cudaError_t room(DeviceBlock& block, size_t bytes) { return block.bytes() >= bytes ? cudaSuccess : block.allocate(bytes, 0); }
uint64_t* words(const DeviceBlock& block) { return reinterpret_cast<uint64_t*>(block.data()); }

#define REFINE_GOOD(call)                                                \
  do {                                                                   \
    if (const cudaError_t tried = (call); tried != cudaSuccess) return tried; \
  } while (0)

// The rows from .. to - 1.
cudaError_t part(const Sketch& s, Space& own, size_t from, size_t to, uint64_t* out) {
  const size_t width = size_t(s.bands) * s.hashes, some = to - from;
  std::vector<int64_t> ends(s.offsets + from, s.offsets + to + 1);
  for (int64_t& end : ends) end -= s.offsets[from];
  const size_t count = size_t(ends.back());
  REFINE_GOOD(room(own.values, count * 8));
  REFINE_GOOD(room(own.ends, ends.size() * 8));
  REFINE_GOOD(room(own.minima, some * width * 8));
  if (count > 0) REFINE_GOOD(cudaMemcpy(own.values.data(), s.shingles + s.offsets[from], count * 8, cudaMemcpyHostToDevice));
  REFINE_GOOD(cudaMemcpy(own.ends.data(), ends.data(), ends.size() * 8, cudaMemcpyHostToDevice));
  const Context context;
  REFINE_GOOD(minhash(context, words(own.values), reinterpret_cast<const int64_t*>(own.ends.data()), words(own.family), words(own.family) + width, words(own.minima), int64_t(some),
                      int64_t(width)));
  if (!s.keys) return cudaMemcpy(out + from * width, own.minima.data(), some * width * 8, cudaMemcpyDeviceToHost);
  const size_t each = size_t(s.bands) * 2;
  REFINE_GOOD(room(own.keys, some * each * 8));
  REFINE_GOOD(band_keys(context, words(own.minima), words(own.keys), int64_t(some), s.bands, s.hashes, s.first));
  return cudaMemcpy(out + from * each, own.keys.data(), some * each * 8, cudaMemcpyDeviceToHost);
}

Outcome sketch(const Sketch& s, uint64_t* out) {
  if (auto lost = lost_device(); !lost.ok()) return lost;
  const size_t width = size_t(s.bands) * s.hashes;
  if (s.rows == 0 || width == 0) return {};
  if (s.offsets[0] < 0) return Outcome::refuse(REFINE_CUDA_INPUT, "offsets start below 0");
  for (size_t r = 0; r < s.rows; ++r)
    if (s.offsets[r + 1] < s.offsets[r]) return Outcome::refuse(REFINE_CUDA_INPUT, "offsets fall at row " + std::to_string(r));
  Space& own = space();
  const std::lock_guard<std::mutex> guard(own.turn);
  cudaError_t error = room(own.family, width * 16);
  if (error == cudaSuccess) error = cudaMemcpy(own.family.data(), s.a, width * 8, cudaMemcpyHostToDevice);
  if (error == cudaSuccess) error = cudaMemcpy(words(own.family) + width, s.b, width * 8, cudaMemcpyHostToDevice);
  const size_t most = std::max<size_t>(1, std::min(kRows, kMinima / width));
  for (size_t from = 0; from < s.rows && error == cudaSuccess;) {
    size_t to = from + 1;
    while (to < s.rows && to - from < most && s.offsets[to + 1] - s.offsets[from] <= kShingles) ++to;
    error = part(s, own, from, to, out);
    from = to;
  }
  return outcome_of(error, "MinHash signatures");
}

}  // namespace
}  // namespace refine::cuda

using namespace refine::cuda;

extern "C" {

int refine_cuda_minhash(const uint64_t* shingles, const int64_t* offsets, size_t rows, const uint64_t* a, const uint64_t* b, uint32_t hashes, uint64_t* out, refine_cuda_error* error) {
  return guarded(error, [&] { return sketch({shingles, offsets, rows, a, b, 1, hashes, 0, false}, out); });
}

int refine_cuda_band_keys(const uint64_t* shingles, const int64_t* offsets, size_t rows, const uint64_t* a, const uint64_t* b, uint32_t bands, uint32_t hashes, uint32_t first,
                          uint64_t* out, refine_cuda_error* error) {
  return guarded(error, [&] { return sketch({shingles, offsets, rows, a, b, bands, hashes, first, true}, out); });
}

}  // extern "C"
