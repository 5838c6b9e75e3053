// Bootstring with punycode's parameters; see punycode.h.
#include "punycode.h"

#include <cstdint>

namespace refine {

namespace {

constexpr uint32_t kBase = 36, kTMin = 1, kTMax = 26, kSkew = 38, kDamp = 700, kFirstBias = 72, kFirst = 128;
constexpr uint64_t kMostDelta = 0x7FFFFFFF;  // overflow, section 6.4

uint32_t adapted(uint32_t delta, uint32_t size, bool first) {
  delta /= first ? kDamp : 2;
  delta += delta / size;
  uint32_t k = 0;
  for (; delta > (kBase - kTMin) * kTMax / 2; k += kBase) delta /= kBase - kTMin;
  return k + kBase * delta / (delta + kSkew);
}

uint32_t threshold(uint32_t k, uint32_t bias) { return k <= bias ? kTMin : k >= bias + kTMax ? kTMax : k - bias; }

char digit(uint32_t value) { return char(value < 26 ? 'a' + value : '0' + (value - 26)); }

}  // namespace

bool decode_punycode(std::string_view text, std::u32string& out) {
  std::u32string points;
  const size_t dash = text.rfind('-');
  size_t at = 0;
  if (dash != std::string_view::npos && dash > 0) {  // a leading dash ends no basic code points
    for (char c : text.substr(0, dash)) {
      if (uint8_t(c) >= 0x80) return false;
      points.push_back(uint8_t(c));
    }
    at = dash + 1;
  }
  uint32_t n = kFirst, i = 0, bias = kFirstBias;
  for (bool first = true; at < text.size(); first = false) {
    const uint32_t before = i;
    uint64_t weight = 1;
    for (uint32_t k = kBase;; k += kBase) {
      if (at == text.size()) return false;
      const char c = text[at++];
      uint32_t value;
      if (c >= 'a' && c <= 'z') value = uint32_t(c - 'a');
      else if (c >= '0' && c <= '9') value = uint32_t(c - '0') + 26;
      else return false;
      const uint64_t next = i + value * weight;
      if (next > kMostDelta) return false;
      i = uint32_t(next);
      const uint32_t t = threshold(k, bias);
      if (value < t) break;
      weight *= kBase - t;
      if (weight > kMostDelta) return false;
    }
    const uint32_t size = uint32_t(points.size()) + 1;
    bias = adapted(i - before, size, first);
    n += i / size;
    i %= size;
    if (n > 0x10FFFF || (n >= 0xD800 && n <= 0xDFFF)) return false;
    points.insert(points.begin() + i, char32_t(n));
    ++i;
  }
  out += points;
  return true;
}

bool encode_punycode(std::u32string_view label, std::string& out) {
  uint32_t basic = 0;
  for (char32_t c : label)
    if (c < 0x80) {
      out.push_back(char(c));
      ++basic;
    }
  if (basic > 0) out.push_back('-');
  uint32_t bias = kFirstBias, done = basic;
  uint64_t delta = 0;
  for (char32_t n = kFirst; done < label.size(); ++n) {
    char32_t next = 0x110000;
    for (char32_t c : label)
      if (c >= n && c < next) next = c;
    delta += uint64_t(next - n) * (done + 1);
    if (delta > kMostDelta - label.size()) return false;
    n = next;
    for (char32_t c : label) {
      if (c < n) ++delta;
      if (c != n) continue;
      uint64_t q = delta;
      for (uint32_t k = kBase;; k += kBase) {
        const uint32_t t = threshold(k, bias);
        if (q < t) break;
        out.push_back(digit(uint32_t(t + (q - t) % (kBase - t))));
        q = (q - t) / (kBase - t);
      }
      out.push_back(digit(uint32_t(q)));
      bias = adapted(uint32_t(delta), done + 1, done == basic);
      delta = 0;
      ++done;
    }
    ++delta;
  }
  return true;
}

}  // namespace refine
