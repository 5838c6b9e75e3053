// Raw deflate (RFC 1951), resumable at any byte of input and output. Accepts and refuses exactly what zlib does.
// Invariant: never reads past the input's end; every whole byte that no symbol has used is given back on return.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace refine {

enum class InflateResult {
  kNeedInput,   // the bytes left hold no whole symbol: keep them and call again with more behind them
  kNeedOutput,  // no room is left
  kEnd,         // the final block ended; `in` is the first byte after it
  kError,       // not deflate
};

class Inflater {
 public:
  static constexpr size_t kWindow = 32768;  // how far back a match may reach
  Inflater() { reset(); }
  void reset();
  // Decodes from `in` to `out` and moves both. `window` is the first byte before `out` that belongs to this stream;
  // the last kWindow of them must still stand there. Bytes of [out, out_end) past the new `out` may be scribbled on.
  InflateResult run(const uint8_t*& in, const uint8_t* in_end, const uint8_t* window, uint8_t*& out, uint8_t* out_end);

 private:
  enum class State : uint8_t { kBlockHeader, kStored, kSymbols, kDone, kFailed };
  static constexpr unsigned kLitBits = 11, kDistBits = 9, kPreBits = 7;
  // Primary table plus the subtables that 286 symbols (30 distances) of at most 15 bits can need: zlib's enough.c.
  static constexpr size_t kLitTable = 2342, kDistTable = 512 + 402;

  enum class Header { kOk, kNeedInput, kError };
  Header read_block_header(const uint8_t*& in, const uint8_t* in_end);
  bool build_fixed();

  uint64_t buf_;
  unsigned bits_;  // valid low bits of buf_; below 8 between calls
  State state_;
  bool last_block_, fixed_built_;
  uint32_t stored_left_;
  uint32_t copy_length_, copy_distance_;  // a match that met the end of the output
  uint32_t lit_[kLitTable], dist_[kDistTable];
};

// ---- whole buffers, for Content-Encoding ----------------------------------------------------------------------------
enum class DecodeResult {
  kOk,
  kTruncated,  // ended before its end; what was decoded stands in `out`
  kTooLarge,   // passed `limit`
  kBad,
};
DecodeResult decode_gzip(std::string_view in, size_t limit, std::string& out);     // one or more members; bytes after the last are ignored
DecodeResult decode_deflate(std::string_view in, size_t limit, std::string& out);  // zlib's frame, or raw where that is absent

// A gzip member's header (RFC 1952). Returns its length, 0 when more bytes are needed, -1 when it is none.
ptrdiff_t gzip_header_length(const uint8_t* data, size_t size);

}  // namespace refine
