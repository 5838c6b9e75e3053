// See precompiled.h.
#include "precompiled.h"

#include "char_class.h"
#include "grapheme.h"

namespace refine::bpe {

namespace {
constexpr size_t kSmallCluster = 6;  // bytes from which on HuggingFace goes character by character

size_t character_bytes(char first) {
  const auto byte = uint8_t(first);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}
}  // namespace

Status PrecompiledNormaliser::make(std::string_view map, PrecompiledNormaliser& out) {
  if (const Status status = CharsMap::make(map, out.map_); !status.ok()) return status;
  for (char c = 0x20; c < 0x7F; ++c) out.ascii_stays_[size_t(c)] = !out.map_.shortest({&c, 1});
  return {};
}

void PrecompiledNormaliser::append(std::string_view text, std::string& out) const {
  const auto byte = [&](size_t at) { return at < text.size() ? uint8_t(text[at]) : uint8_t(0); };
  for (size_t at = 0; at < text.size();) {
    // A printable ASCII character before another one is a cluster of its own.
    size_t stop = at;
    while (byte(stop) >= 0x20 && byte(stop) < 0x7F && ascii_stays_[byte(stop)] && byte(stop + 1) < 0x80) ++stop;
    out.append(text, at, stop - at);
    at = stop;
    if (at == text.size()) return;
    const auto begin = reinterpret_cast<const uint8_t*>(text.data()) + at, end = reinterpret_cast<const uint8_t*>(text.data()) + text.size();
    const auto length = size_t(grapheme_end(begin, end) - begin);
    if (length < kSmallCluster) {
      append_small(text.substr(at, length), out);
      at += length;
      continue;
    }
    for (const size_t cluster = at + length; at < cluster; at += character_bytes(text[at])) append_small(text.substr(at, character_bytes(text[at])), out);
  }
}

void PrecompiledNormaliser::append_small(std::string_view cluster, std::string& out) const {
  if (const auto match = map_.shortest(cluster.substr(0, cluster.find('\0')))) {
    out.append(match->to);
    return;
  }
  if (cluster.size() == character_bytes(cluster[0])) {
    out.append(cluster);
    return;
  }
  for (size_t at = 0; at < cluster.size(); at += character_bytes(cluster[at])) append_small(cluster.substr(at, character_bytes(cluster[at])), out);
}

}  // namespace refine::bpe
