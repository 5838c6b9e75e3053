// UTF-8 coding; see utf8.h. Source: Encoding Standard, "UTF-8 decoder"; Unicode 15, D93b (maximal subparts).
#include "refine/utf8.h"

namespace refine {

char32_t decode_utf8(const uint8_t*& p, const uint8_t* end) {
  const uint8_t lead = *p++;
  if (lead < 0x80) return lead;
  int needed;
  uint8_t low = 0x80, high = 0xBF;  // the range of the next byte
  char32_t value;
  if (lead >= 0xC2 && lead <= 0xDF) { needed = 1; value = lead & 0x1F; }
  else if (lead >= 0xE0 && lead <= 0xEF) {
    needed = 2; value = lead & 0x0F;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    needed = 3; value = lead & 0x07;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  } else {
    return kReplacement;
  }
  for (; needed > 0; --needed) {
    if (p == end || *p < low || *p > high) return kReplacement;  // the offending byte starts the next sequence
    value = (value << 6) | (*p++ & 0x3F);
    low = 0x80;
    high = 0xBF;
  }
  return value;
}

void append_utf8(std::string& out, char32_t c) {
  if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) c = kReplacement;
  if (c < 0x80) out.push_back(char(c));
  else if (c < 0x800) { out.push_back(char(0xC0 | (c >> 6))); out.push_back(char(0x80 | (c & 0x3F))); }
  else if (c < 0x10000) { out.push_back(char(0xE0 | (c >> 12))); out.push_back(char(0x80 | ((c >> 6) & 0x3F))); out.push_back(char(0x80 | (c & 0x3F))); }
  else { out.push_back(char(0xF0 | (c >> 18))); out.push_back(char(0x80 | ((c >> 12) & 0x3F))); out.push_back(char(0x80 | ((c >> 6) & 0x3F))); out.push_back(char(0x80 | (c & 0x3F))); }
}

std::string to_valid_utf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (true) {
    const size_t valid = valid_utf8_prefix(bytes);
    out.append(bytes.substr(0, valid));
    bytes.remove_prefix(valid);
    if (bytes.empty()) break;
    auto p = reinterpret_cast<const uint8_t*>(bytes.data());
    const auto start = p;
    append_utf8(out, decode_utf8(p, p + bytes.size()));
    bytes.remove_prefix(size_t(p - start));
  }
  return out;
}

size_t count_code_points(std::string_view utf8) {
  size_t n = 0;
  for (unsigned char byte : utf8) n += (byte & 0xC0) != 0x80;
  return n;
}

}  // namespace refine
