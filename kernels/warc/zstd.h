// Zstandard frames (RFC 8878), block by block, with dictionaries. For .warc.zst and for Content-Encoding: zstd.
// Invariant: reads only whole blocks inside the input and writes at most kMaxBlock bytes a block; a frame's matches stay
// inside its own output, its dictionary and its window.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "refine/inflate.h"
#include "zstd_entropy.h"

namespace refine::zstd {

constexpr size_t kMaxBlock = 128 * 1024;
constexpr size_t kMaxHeader = 18;
constexpr uint64_t kMaxWindow = uint64_t(1) << 27;  // what the zstd tool accepts without --long

struct Entropy {
  HuffmanTable literals;
  FseTable literal_lengths, offsets, match_lengths;
  uint32_t repeats[3] = {1, 4, 8};
};

struct Dictionary {
  uint32_t id = 0;  // 0: raw content
  std::string content;
  Entropy entropy;
  bool parse(std::string_view bytes);
};

class XxHash64 {
 public:
  XxHash64() { reset(); }
  void reset();
  void update(const uint8_t* data, size_t size);
  uint64_t finish() const;

 private:
  uint64_t lanes_[4];
  uint8_t block_[32];
  uint64_t total_;
};

class FrameDecoder {
 public:
  FrameDecoder();
  void set_dictionary(std::shared_ptr<const Dictionary> dictionary) { dictionary_ = std::move(dictionary); }

  enum class Begin { kOk, kNeedInput, kBad, kWindowTooLarge, kOtherDictionary };
  // Reads a frame header; `length` is its size.
  Begin begin(const uint8_t* data, size_t size, size_t* length);
  uint64_t window() const { return window_; }

  enum class Block { kProgress, kNeedInput, kEnd, kError };
  // Decodes one block, or the checksum behind the last. `out` has room for kMaxBlock bytes, and `held` bytes of this
  // frame's output, the window at least where there is as much, stand before it.
  Block block(const uint8_t*& in, const uint8_t* in_end, uint8_t*& out, uint64_t held);

 private:
  bool compressed(const uint8_t* data, size_t size, uint8_t*& out, uint64_t held);
  size_t literals(const uint8_t* data, size_t size);  // bytes used, 0 when wrong
  bool sequences(const uint8_t* data, size_t size, uint8_t*& out, uint64_t held);

  std::shared_ptr<const Dictionary> dictionary_;
  Entropy entropy_;
  XxHash64 hash_;
  uint64_t window_ = 0, content_size_ = 0, produced_ = 0;
  bool has_content_size_ = false, has_checksum_ = false, last_seen_ = false;
  std::string padded_;  // the block between kPad zeros
  std::string literals_;
};

DecodeResult decode(std::string_view in, size_t limit, std::string& out, std::shared_ptr<const Dictionary> dictionary = nullptr);

// The length of a skippable frame with its header; 0 when more bytes are needed, -1 when it is none. `kind`: 0..15.
ptrdiff_t skippable_length(const uint8_t* data, size_t size, unsigned* kind);
bool is_frame(const uint8_t* data, size_t size);

}  // namespace refine::zstd
