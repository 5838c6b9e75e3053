// See plain_value.h.
#include "plain_value.h"

#include "refine/unicode.h"
#include "refine/utf8.h"
#include "tokenizer.h"

namespace refine::html {
namespace {

bool is_dropped(char32_t c) { return c < 0x20 || c == 0x7F || (c >= 0x80 && c < 0xA0) || c == 0xAD || c == 0x200B || c == 0x2060 || c == 0xFEFF; }

std::string without_references(std::string_view s) {
  std::string out;
  const char* p = s.data();
  const char* const end = p + s.size();
  while (p < end) {
    if (*p != '&') { out.push_back(*p++); continue; }
    if (p + 2 < end && p[1] == '#') {
      const bool hex = p[2] == 'x' || p[2] == 'X';
      const char* q = p + (hex ? 3 : 2);
      uint32_t value = 0;
      int digits = 0;
      for (; q < end && digits < 8; ++q, ++digits) {
        const char c = *q;
        const int digit = c >= '0' && c <= '9' ? c - '0' : hex && c >= 'a' && c <= 'f' ? c - 'a' + 10 : hex && c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
        if (digit < 0) break;
        value = value * (hex ? 16 : 10) + uint32_t(digit);
      }
      if (digits > 0) {
        append_utf8(out, value == 0 ? kReplacement : char32_t(value));
        p = q < end && *q == ';' ? q + 1 : q;
        continue;
      }
    }
    std::string_view value;
    const size_t n = match_entity(p + 1, end, &value);
    if (n > 0 && p[n] == ';') {
      out += value;
      p += 1 + n;
    } else {
      out.push_back(*p++);
    }
  }
  return out;
}

// Leaves out <b>, </i>, <br/> and the like: headlines in JSON-LD carry them.
std::string without_tags(std::string_view s) {
  std::string out;
  for (size_t i = 0; i < s.size();) {
    if (s[i] == '<') {
      size_t n = i + 1;
      if (n < s.size() && s[n] == '/') ++n;
      const size_t name = n;
      while (n < s.size() && n - name < 8 && ((s[n] | 0x20) >= 'a') && ((s[n] | 0x20) <= 'z')) ++n;
      const std::string tag = lower_ascii(s.substr(name, n - name));
      bool known = false;
      for (const char* one : {"b", "i", "em", "strong", "span", "br", "p", "a", "sup", "sub", "u", "div", "small", "font"}) known |= tag == one;
      if (known && n < s.size() && (s[n] == '>' || s[n] == ' ' || s[n] == '/')) {
        const size_t close = s.substr(n, 300).find('>');  // looked for nearby only: a page may hold many '<'
        if (close != std::string_view::npos) {
          if (tag == "br" || tag == "p" || tag == "div") out.push_back(' ');
          i = n + close + 1;
          continue;
        }
      }
    }
    out.push_back(s[i++]);
  }
  return out;
}

}  // namespace

std::string plain_value(std::string_view text, size_t limit) {
  std::string out;
  bool space = false;
  auto p = reinterpret_cast<const uint8_t*>(text.data());
  const auto end = p + text.size();
  while (p < end && out.size() < limit) {
    const char32_t c = decode_utf8(p, end);
    if (is_white_space(c)) { space = true; continue; }
    if (is_dropped(c)) continue;
    if (space && !out.empty()) out.push_back(' ');
    space = false;
    append_utf8(out, c);
  }
  return out;
}

std::string unescaped(std::string_view text) {
  std::string out(text);
  for (int pass = 0; pass < 2 && out.find('&') != std::string::npos; ++pass) out = without_references(out);
  return out.find('<') == std::string::npos ? out : without_tags(out);
}

std::string lower_ascii(std::string_view text, size_t limit) {
  std::string out(text.substr(0, limit));
  for (char& c : out) if (c >= 'A' && c <= 'Z') c = char(c + 32);
  return out;
}

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n\f\v") == std::string_view::npos; }

std::string folded(std::string_view text, size_t limit) {
  std::string out;
  auto p = reinterpret_cast<const uint8_t*>(text.data());
  const auto end = p + text.size();
  while (p < end && out.size() < limit) {
    const char32_t c = decode_utf8(p, end);
    if (!is_letter(c) && !is_number(c) && !is_mark(c)) continue;
    char32_t lower[3];
    const int n = to_lower(c, lower);
    for (int i = 0; i < n; ++i) append_utf8(out, lower[i]);
  }
  return out;
}

std::string InnerText::of(uint32_t root, size_t limit) {
  std::string out;
  for (uint32_t node = root; node != kNone && out.size() < limit && left_ > 0;) {
    --left_;
    const Node& n = tree_.nodes[node];
    bool skip = false;
    if (n.type == NodeType::kText) {
      out += tree_.text_of(node).substr(0, limit - out.size());
    } else if (n.type == NodeType::kElement && n.ns == Namespace::kHtml) {
      switch (n.name) {
        case k_script: case k_style: case k_noscript: case k_template: skip = true; break;
        case k_br: case k_p: case k_div: case k_li: case k_h1: case k_h2: case k_h3: case k_td: case k_section: case k_header: case k_time: out.push_back(' '); break;
        default: break;
      }
    } else if (n.type != NodeType::kDocument) {
      skip = true;
    }
    if (skip && node == root) break;
    node = tree_.next_in_order(node, root, skip);
  }
  return to_valid_utf8(out);
}

bool Fact::offer(int of, std::string_view text, size_t limit) {
  if (of <= trust) return false;
  std::string plain = plain_value(text, limit + 4);
  if (plain.empty() || plain.size() > limit) return false;
  value = std::move(plain);
  trust = of;
  return true;
}

}  // namespace refine::html
