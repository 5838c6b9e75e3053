// Host parsing and percent-encode sets; see url_host.h.
#include "url_host.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "idna.h"
#include "refine/utf8.h"

namespace refine {

namespace {

constexpr bool holds(std::string_view set, unsigned char c) {
  for (char member : set)
    if (static_cast<unsigned char>(member) == c) return true;
  return false;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  const char lower = char(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Bit 0: a forbidden host code point; bit 1: a forbidden domain code point.
constexpr auto kForbidden = [] {
  std::array<uint8_t, 128> table{};
  for (unsigned c = 0; c < 128; ++c) {
    const bool host = c == 0 || holds("\t\n\r #/:<>?@[\\]^|", static_cast<unsigned char>(c));
    table[c] = uint8_t(host | ((host || c <= 0x1F || c == '%' || c == 0x7F) << 1));
  }
  return table;
}();

bool has_forbidden(std::string_view text, unsigned bit) {
  for (char c : text)
    if (uint8_t(c) < 128 && ((kForbidden[uint8_t(c)] >> bit) & 1)) return true;
  return false;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
      out.push_back(char(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2])));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

// A part of an IPv4 address: decimal, 0 octal, 0x hexadecimal. -1: no number; values from 2^32 are all 2^32.
int64_t ipv4_number(std::string_view text) {
  if (text.empty()) return -1;
  int base = 10;
  if (text.size() >= 2 && text[0] == '0') {
    base = (text[1] | 0x20) == 'x' ? 16 : 8;
    text.remove_prefix(base == 16 ? 2 : 1);
  }
  int64_t value = 0;
  for (char c : text) {
    const int digit = hex_digit(c);
    if (digit < 0 || digit >= base) return -1;
    value = std::min<int64_t>(value * base + digit, int64_t(1) << 32);
  }
  return value;
}

bool ends_in_a_number(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  const auto last = host.substr(host.rfind('.') + 1);  // npos + 1 is 0
  if (last.empty()) return false;
  bool digits = true;
  for (char c : last) digits &= is_digit(c);
  return digits || ipv4_number(last) >= 0;
}

bool append_ipv4(std::string_view host, std::string& out) {
  if (host.ends_with('.')) host.remove_suffix(1);
  int64_t parts[4];
  int count = 0;
  for (size_t from = 0; from <= host.size(); ++count) {
    if (count == 4) return false;
    const size_t dot = std::min(host.find('.', from), host.size());
    parts[count] = ipv4_number(host.substr(from, dot - from));
    if (parts[count] < 0) return false;
    from = dot + 1;
  }
  uint64_t address = 0;
  for (int i = 0; i < count - 1; ++i) {
    if (parts[i] > 255) return false;
    address |= uint64_t(parts[i]) << (24 - 8 * i);
  }
  if (parts[count - 1] >= int64_t(1) << (8 * (5 - count))) return false;
  address += uint64_t(parts[count - 1]);
  for (int shift = 24; shift >= 0; shift -= 8) {
    out += std::to_string((address >> shift) & 255);
    if (shift > 0) out.push_back('.');
  }
  return true;
}

bool parse_ipv6(std::string_view text, uint16_t address[8]) {
  int piece = 0, compress = -1;
  size_t at = 0;
  const auto here = [&](size_t i) { return i < text.size() ? text[i] : '\0'; };
  if (here(0) == ':') {
    if (here(1) != ':') return false;
    at = 2;
    compress = ++piece;
  }
  while (at < text.size()) {
    if (piece == 8) return false;
    if (text[at] == ':') {
      if (compress >= 0) return false;
      ++at;
      compress = ++piece;
      continue;
    }
    unsigned value = 0;
    int length = 0;
    for (; length < 4 && at < text.size() && hex_digit(text[at]) >= 0; ++at, ++length) value = value * 16 + unsigned(hex_digit(text[at]));
    if (here(at) == '.') {  // the last two pieces as an IPv4 address
      if (length == 0 || piece > 6) return false;
      at -= size_t(length);
      int seen = 0;
      while (at < text.size()) {
        if (seen > 0) {
          if (text[at] != '.' || seen == 4) return false;
          ++at;
        }
        if (at == text.size() || !is_digit(text[at])) return false;
        int number = -1;
        for (; at < text.size() && is_digit(text[at]); ++at) {
          if (number == 0) return false;
          number = (number < 0 ? 0 : number * 10) + (text[at] - '0');
          if (number > 255) return false;
        }
        address[piece] = uint16_t(address[piece] * 256 + number);
        if (++seen == 2 || seen == 4) ++piece;
      }
      if (seen != 4) return false;
      break;
    }
    if (at < text.size()) {
      if (text[at] != ':' || ++at == text.size()) return false;
    }
    address[piece++] = uint16_t(value);
  }
  if (compress < 0) return piece == 8;
  for (int swaps = piece - compress, to = 7; to != 0 && swaps > 0; --to, --swaps) std::swap(address[compress + swaps - 1], address[to]);
  return true;
}

void append_ipv6(const uint16_t address[8], std::string& out) {
  int longest = -1, length = 1;  // the first longest run of zeros, of two at least
  for (int i = 0; i < 8;) {
    int end = i;
    while (end < 8 && address[end] == 0) ++end;
    if (end - i > length) {
      longest = i;
      length = end - i;
    }
    i = end + 1;
  }
  out.push_back('[');
  for (int i = 0; i < 8; ++i) {
    if (i == longest) {
      out += i == 0 ? "::" : ":";
      i += length - 1;
      continue;
    }
    constexpr char kHex[] = "0123456789abcdef";
    bool leading = true;
    for (int shift = 12; shift >= 0; shift -= 4) {
      const int digit = (address[i] >> shift) & 15;
      if (digit == 0 && leading && shift > 0) continue;
      leading = false;
      out.push_back(kHex[digit]);
    }
    if (i < 7) out.push_back(':');
  }
  out.push_back(']');
}

constexpr auto make_percent_sets() {
  std::array<unsigned char, 256> table{};
  for (unsigned c = 0; c < 256; ++c) {
    const auto byte = static_cast<unsigned char>(c);
    const bool c0 = c <= 0x1F || c > 0x7E;
    const bool fragment = c0 || holds(" \"<>`", byte);
    const bool query = c0 || holds(" \"#<>", byte);
    const bool path = query || holds("?^`{}", byte);
    const bool userinfo = path || holds("/:;=@[\\]|", byte);
    table[c] = static_cast<unsigned char>(c0 << kC0Set | fragment << kFragmentSet | query << kQuerySet | (query || c == '\'') << kSpecialQuerySet | path << kPathSet | userinfo << kUserinfoSet);
  }
  return table;
}

}  // namespace

constinit const std::array<unsigned char, 256> kPercentSets = make_percent_sets();

void append_percent_encoded(char c, std::string& out) {
  constexpr char kHex[] = "0123456789ABCDEF";
  out.push_back('%');
  out.push_back(kHex[uint8_t(c) >> 4]);
  out.push_back(kHex[uint8_t(c) & 15]);
}

void append_percent_encoded(std::string_view text, PercentSet set, std::string& out) {
  size_t from = 0;  // what needs no change is copied in one piece
  for (size_t i = 0; i < text.size(); ++i) {
    if (!in_percent_set(text[i], set)) continue;
    out.append(text, from, i - from);
    append_percent_encoded(text[i], out);
    from = i + 1;
  }
  out.append(text, from);
}

bool append_host(std::string_view input, bool special, std::string& out) {
  if (input.starts_with('[')) {
    if (!input.ends_with(']')) return false;
    uint16_t address[8] = {};
    if (!parse_ipv6(input.substr(1, input.size() - 2), address)) return false;
    append_ipv6(address, out);
    return true;
  }
  if (!special) {
    if (has_forbidden(input, 0)) return false;
    append_percent_encoded(input, kC0Set, out);
    return true;
  }
  std::string decoded, ascii;
  if (input.find('%') != std::string_view::npos) {
    decoded = percent_decoded(input);
    if (!is_valid_utf8(decoded)) decoded = to_valid_utf8(decoded);
    input = decoded;
  }
  if (!domain_to_ascii(input, ascii) || ascii.empty() || has_forbidden(ascii, 1)) return false;
  if (ends_in_a_number(ascii)) return append_ipv4(ascii, out);
  out += ascii;
  return true;
}

}  // namespace refine
