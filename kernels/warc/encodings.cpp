// Whole-buffer decoding of Content-Encoding bodies: gzip members and deflate, each bounded by a limit on its output.
#include <cstring>
#include <memory>

#include "refine/digest.h"
#include "refine/content_coding.h"
#include "zstd.h"

namespace refine {
namespace {

const uint8_t* bytes_of(std::string_view text) { return reinterpret_cast<const uint8_t*>(text.data()); }

// Appends one deflate stream to `out`; `in` moves behind it. Room grows with what really comes out, so a small body
// never costs the limit's memory.
DecodeResult inflate_onto(Inflater& inflater, const uint8_t*& in, const uint8_t* end, size_t limit, std::string& out) {
  inflater.reset();
  const size_t start = out.size();
  size_t made = start;
  for (;;) {
    if (made >= limit + 1) break;
    size_t room = made - start < 1024 ? 1024 : made - start;  // doubles, and starts small: bodies of a thousand tiny members exist
    if (room > limit + 1 - made) room = limit + 1 - made;
    out.resize(made + room);
    uint8_t* at = reinterpret_cast<uint8_t*>(out.data()) + made;
    const InflateResult result = inflater.run(in, end, reinterpret_cast<uint8_t*>(out.data()) + start, at, reinterpret_cast<uint8_t*>(out.data()) + out.size());
    made = size_t(at - reinterpret_cast<uint8_t*>(out.data()));
    out.resize(made);
    if (made > limit) break;
    if (result == InflateResult::kEnd) return DecodeResult::kOk;
    if (result == InflateResult::kError) return DecodeResult::kBad;
    if (result == InflateResult::kNeedInput) return DecodeResult::kTruncated;
  }
  out.resize(limit);
  return DecodeResult::kTooLarge;
}

}  // namespace

ptrdiff_t gzip_header_length(const uint8_t* data, size_t size) {
  if (size >= 1 && data[0] != 0x1F) return -1;
  if (size >= 2 && data[1] != 0x8B) return -1;
  if (size >= 3 && data[2] != 8) return -1;
  if (size >= 4 && (data[3] & 0xE0)) return -1;
  if (size < 10) return 0;
  const unsigned flags = data[3];
  size_t at = 10;
  if (flags & 4) {  // FEXTRA
    if (size < at + 2) return 0;
    at += 2 + size_t(data[at] | data[at + 1] << 8);
  }
  for (const unsigned flag : {8u, 16u}) {  // FNAME, FCOMMENT: zero-terminated
    if (!(flags & flag)) continue;
    if (at >= size) return 0;
    const void* zero = std::memchr(data + at, 0, size - at);
    if (!zero) return 0;
    at = size_t(static_cast<const uint8_t*>(zero) - data) + 1;
  }
  if (flags & 2) at += 2;  // FHCRC
  return at <= size ? ptrdiff_t(at) : 0;
}

DecodeResult decode_gzip(std::string_view body, size_t limit, std::string& out) {
  out.clear();
  const auto inflater = std::make_unique<Inflater>();
  const uint8_t *in = bytes_of(body), *const end = in + body.size();
  for (bool first = true;; first = false) {
    const ptrdiff_t header = gzip_header_length(in, size_t(end - in));
    if (header <= 0) return !first ? DecodeResult::kOk : header < 0 ? DecodeResult::kBad : DecodeResult::kTruncated;
    in += header;
    const size_t start = out.size();
    const DecodeResult result = inflate_onto(*inflater, in, end, limit, out);
    if (result != DecodeResult::kOk) return result;
    if (end - in < 8) return DecodeResult::kTruncated;
    const auto word = [&](size_t i) { return uint32_t(in[i]) | uint32_t(in[i + 1]) << 8 | uint32_t(in[i + 2]) << 16 | uint32_t(in[i + 3]) << 24; };
    if (word(0) != crc32(0, bytes_of(out) + start, out.size() - start) || word(4) != uint32_t(out.size() - start)) return DecodeResult::kBad;
    in += 8;
    if (in == end) return DecodeResult::kOk;
  }
}

DecodeResult decode_deflate(std::string_view body, size_t limit, std::string& out) {
  const auto inflater = std::make_unique<Inflater>();
  const uint8_t *in = bytes_of(body), *const end = in + body.size();
  // zlib's header: method 8, window at most 32 KiB, no preset dictionary, and a multiple of 31.
  const bool framed = body.size() >= 2 && (in[0] & 15) == 8 && in[0] >> 4 <= 7 && !(in[1] & 32) && (in[0] << 8 | in[1]) % 31 == 0;
  if (framed) {
    in += 2;
    out.clear();
    const DecodeResult result = inflate_onto(*inflater, in, end, limit, out);
    if (result == DecodeResult::kOk) {
      if (end - in < 4) return DecodeResult::kTruncated;
      const uint32_t adler = uint32_t(in[0]) << 24 | uint32_t(in[1]) << 16 | uint32_t(in[2]) << 8 | in[3];
      return adler == adler32(1, bytes_of(out), out.size()) ? DecodeResult::kOk : DecodeResult::kBad;
    }
    if (result != DecodeResult::kBad) return result;
    in = bytes_of(body);  // some raw streams look framed by chance
  }
  out.clear();
  return inflate_onto(*inflater, in, end, limit, out);
}

bool decode_content(std::string_view coding, std::string_view body, size_t limit, std::string& out, DecodeResult* result) {
  if (coding == "gzip" || coding == "x-gzip") *result = decode_gzip(body, limit, out);
  else if (coding == "deflate") *result = decode_deflate(body, limit, out);
  else if (coding == "zstd") *result = zstd::decode(body, limit, out);
  else return false;
  return true;
}

}  // namespace refine
