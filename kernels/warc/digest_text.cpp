// How digests are spelled in WARC headers: `sha1:` and base32 as a rule, hex (wget, md5) and base64 (RFC 3230) in the wild.
#include "refine/digest.h"

namespace refine {

std::string hex(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    out += "0123456789abcdef"[uint8_t(c) >> 4];
    out += "0123456789abcdef"[uint8_t(c) & 15];
  }
  return out;
}

std::string base32(std::string_view bytes) {
  std::string out;
  uint32_t held = 0;
  int bits = 0;
  for (const char c : bytes) {
    held = held << 8 | uint8_t(c);
    for (bits += 8; bits >= 5; bits -= 5) out += "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[(held >> (bits - 5)) & 31];
  }
  if (bits > 0) out += "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[(held << (5 - bits)) & 31];
  return out;
}

namespace {

int hex_value(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; }
int base32_value(char c) { return c >= 'A' && c <= 'Z' ? c - 'A' : c >= 'a' && c <= 'z' ? c - 'a' : c >= '2' && c <= '7' ? c - '2' + 26 : -1; }
int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

bool decode(std::string_view text, int (*value)(char), int width, size_t size, std::string* raw) {
  raw->clear();
  uint32_t held = 0;
  int bits = 0;
  for (const char c : text) {
    const int v = value(c);
    if (v < 0) return false;
    held = held << width | uint32_t(v);
    bits += width;
    if (bits >= 8) {
      bits -= 8;
      raw->push_back(char(held >> bits));
    }
  }
  return raw->size() == size;
}

}  // namespace

DigestParse parse_digest(std::string_view value, DigestKind* kind, std::string* raw) {
  const size_t colon = value.find_first_of(":=");
  if (colon == std::string_view::npos) return DigestParse::kMalformed;
  std::string name;
  for (const char c : value.substr(0, colon))
    if (c != '-' && c != ' ') name += char(c >= 'A' && c <= 'Z' ? c + 32 : c);
  if (name == "sha1") *kind = DigestKind::kSha1;
  else if (name == "sha256") *kind = DigestKind::kSha256;
  else if (name == "md5") *kind = DigestKind::kMd5;
  else return DigestParse::kUnknownAlgorithm;
  std::string_view text = value.substr(colon + 1);
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == '=' || text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  const size_t size = digest_size(*kind);
  if (text.size() == size * 2) return decode(text, hex_value, 4, size, raw) ? DigestParse::kOk : DigestParse::kMalformed;
  if (text.size() == (size * 8 + 4) / 5) return decode(text, base32_value, 5, size, raw) ? DigestParse::kOk : DigestParse::kMalformed;
  if (text.size() == (size * 8 + 5) / 6) return decode(text, base64_value, 6, size, raw) ? DigestParse::kOk : DigestParse::kMalformed;
  return DigestParse::kMalformed;
}

}  // namespace refine
