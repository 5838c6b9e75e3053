// Data, tags and character references: see tokenizer.h. Source: HTML standard, 13.2.5.
#include "tokenizer.h"

#include <cstring>

#include "refine/utf8.h"
#include "scan.h"

namespace refine::html {
namespace {

bool is_letter(char c) { return static_cast<unsigned char>((c | 32) - 'a') < 26; }
bool is_digit(char c) { return static_cast<unsigned char>(c - '0') < 10; }

// References 0x80..0x9F mean windows-1252; 0 where they mean themselves.
const uint16_t kC1[32] = {0x20AC, 0, 0x201A, 0x192, 0x201E, 0x2026, 0x2020, 0x2021, 0x2C6, 0x2030, 0x160, 0x2039, 0x152, 0, 0x17D, 0,
                          0, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x2DC, 0x2122, 0x161, 0x203A, 0x153, 0, 0x17E, 0x178};

}  // namespace

void append_lower(std::string& out, const char* from, const char* to) {
  for (; from < to; ++from) {
    if (*from == 0) out.append("\xEF\xBF\xBD"); else out.push_back(lower_ascii(*from));
  }
}

void append_replacing_nul(std::string& out, const char* from, const char* to) {
  while (from < to) {
    const auto nul = static_cast<const char*>(std::memchr(from, 0, size_t(to - from)));
    out.append(from, size_t((nul ? nul : to) - from));
    if (!nul) break;
    out.append("\xEF\xBF\xBD");
    from = nul + 1;
  }
}

void Tokenizer::run() {
  while (p_ < end_ && !sink_.stopped) {
    switch (state_) {
      case TokenizerState::kData: data(); break;
      case TokenizerState::kRcdata: raw(true); break;
      case TokenizerState::kRawtext: raw(false); break;
      case TokenizerState::kScriptData: script(); break;
      case TokenizerState::kPlaintext: emit_raw(p_, end_); p_ = end_; break;
      case TokenizerState::kCdata: cdata(); break;
    }
  }
  if (!sink_.stopped) sink_.eof();
}

void Tokenizer::data() {
  while (p_ < end_) {
    const char* q = find_any(p_, end_, '<', '&', '\0');
    reads_ += size_t(q - p_) + 1;
    if (q > p_) sink_.characters({p_, size_t(q - p_)});
    p_ = q;
    if (q == end_ || sink_.stopped) return;
    if (*q == '&') {
      scratch_.clear();
      ++p_;
      reference(p_, false, scratch_);
      sink_.characters(scratch_);
    } else if (*q == 0) {
      ++p_;
      sink_.characters({q, 1});
    } else if (!tag_open()) {
      return;
    }
    if (state_ != TokenizerState::kData || sink_.stopped) return;
  }
}

// At '<'. False at the end of the input.
bool Tokenizer::tag_open() {
  const char* q = p_ + 1;
  if (q == end_) { sink_.characters({p_, 1}); p_ = end_; return false; }
  if (is_letter(*q)) return read_tag(q, false);
  if (*q == '/') {
    ++q;
    if (q == end_) { sink_.characters({p_, 2}); p_ = end_; return false; }
    if (is_letter(*q)) return read_tag(q, true);
    if (*q == '>') { p_ = q + 1; return true; }
    bogus_comment(q);
    return true;
  }
  if (*q == '?') { bogus_comment(q); return true; }
  if (*q != '!') { sink_.characters({p_, 1}); ++p_; return true; }
  ++q;
  if (end_ - q >= 2 && q[0] == '-' && q[1] == '-') {
    p_ = q + 2;
    comment();
    return true;
  }
  const auto matches = [&](const char* word, size_t n, bool any_case) {
    if (size_t(end_ - q) < n) return false;
    for (size_t i = 0; i < n; ++i) if ((any_case ? lower_ascii(q[i]) : q[i]) != word[i]) return false;
    return true;
  };
  reads_ += 16;
  if (matches("doctype", 7, true)) {
    p_ = q + 7;
    doctype();
  } else if (matches("[CDATA[", 7, false) && sink_.in_foreign_content()) {
    p_ = q + 7;
    state_ = TokenizerState::kCdata;
  } else {
    bogus_comment(q);
  }
  return true;
}

bool Tokenizer::read_tag(const char* q, bool end_tag) {
  const char* name = q;
  while (q < end_ && !is_in(*q, kEndsTagName)) ++q;
  reads_ += 2 * size_t(q - name);
  if (q == end_) { p_ = end_; return false; }
  tag_.attributes.clear();
  tag_.values.clear();
  tag_.self_closing = false;
  tag_.end = end_tag;
  tag_.name = tags_.intern({name, size_t(q - name)});
  ++tag_number_;
  if (*q == '>') ++q;
  else if (!attributes_and_close(q)) { p_ = end_; return false; }
  p_ = q;
  if (!end_tag) last_start_tag_ = tag_.name;
  sink_.tag(tag_);
  return true;
}

// The first of its name in this tag.
bool Tokenizer::is_new(uint32_t attribute) {
  if (attribute >= last_tag_with_.size()) last_tag_with_.resize(size_t(attribute) * 2 + 64, 0);
  if (last_tag_with_[attribute] == tag_number_) return false;
  last_tag_with_[attribute] = tag_number_;
  return true;
}

// From "before attribute name" to the '>'. False at the end of the input: the tag is dropped.
bool Tokenizer::attributes_and_close(const char*& p) {
  for (;;) {
    while (p < end_ && is_html_space(*p)) ++p, ++reads_;
    if (p == end_) return false;
    if (*p == '>') { ++p; return true; }
    if (*p == '/') {
      ++p;
      ++reads_;
      if (p < end_ && *p == '>') { tag_.self_closing = true; ++p; return true; }
      continue;
    }
    const char* name = p++;  // a leading '=' belongs to the name
    while (p < end_ && !is_in(*p, kEndsAttributeName)) ++p;
    reads_ += 2 * size_t(p - name);
    TokenAttribute attribute{0, uint32_t(tag_.input.size() + tag_.values.size()), 0};
    const bool wanted = !tag_.end && tag_.attributes.size() < kMaxElementAttributes;
    if (wanted) attribute.name = attributes_.intern({name, size_t(p - name)});
    const size_t values = tag_.values.size();
    while (p < end_ && is_html_space(*p)) ++p, ++reads_;
    if (p == end_) return false;
    if (*p == '=') {
      ++p;
      while (p < end_ && is_html_space(*p)) ++p, ++reads_;
      if (p == end_) return false;
      if (*p != '>' && !attribute_value(p, attribute)) return false;
    }
    if (wanted && is_new(attribute.name)) tag_.attributes.push_back(attribute);
    else tag_.values.resize(values);
  }
}

// At the first byte of a value or its quote. False at the end of the input.
bool Tokenizer::attribute_value(const char*& p, TokenAttribute& attribute) {
  const char quote = *p == '"' || *p == '\'' ? *p : 0;
  if (quote) ++p;
  const auto find_stop = [&](const char* from) {  // '&', NUL or the byte behind the value
    if (quote) return find_any(from, end_, quote, '&', '\0');
    while (from < end_ && !is_in(*from, kEndsValue)) ++from;
    return from;
  };
  const char* from = p;
  p = find_stop(p);
  reads_ += size_t(p - from) + 2;
  if (p == end_) return false;
  if (*p != '&' && *p != 0) {
    attribute.begin = uint32_t(from - input_);
    attribute.size = uint32_t(p - from);
  } else {
    const size_t begin = tag_.values.size();
    for (;;) {
      tag_.values.append(from, size_t(p - from));
      if (p == end_) return false;
      if (*p == 0) { tag_.values += "\xEF\xBF\xBD"; ++p; }
      else if (*p == '&') { ++p; reference(p, true, tag_.values); }
      else break;
      from = p;
      p = find_stop(p);
      reads_ += 2 * size_t(p - from) + 1;
    }
    attribute.size = uint32_t(tag_.values.size() - begin);
  }
  if (quote) ++p;
  return true;
}

// p is after '&'. Appends what it stands for: the character, or "&" itself and what was consumed.
void Tokenizer::reference(const char*& p, bool in_attribute, std::string& out) {
  if (p < end_ && *p == '#') {
    const char* q = p + 1;
    const bool hex = q < end_ && (*q | 32) == 'x';
    if (hex) ++q;
    const char* digits = q;
    uint32_t value = 0;
    for (; q < end_; ++q) {
      uint32_t digit;
      if (is_digit(*q)) digit = uint32_t(*q - '0');
      else if (hex && static_cast<unsigned char>((*q | 32) - 'a') < 6) digit = uint32_t((*q | 32) - 'a' + 10);
      else break;
      if (value <= 0x10FFFF) value = value * (hex ? 16 : 10) + digit;
    }
    reads_ += size_t(q - p) + 1;
    if (q == digits) {
      out.push_back('&');
      out.append(p, size_t(q - p));
      p = q;
      return;
    }
    if (q < end_ && *q == ';') ++q;
    p = q;
    if (value == 0) value = kReplacement;
    if (value >= 0x80 && value <= 0x9F && kC1[value - 0x80]) value = kC1[value - 0x80];
    append_utf8(out, value);
    return;
  }
  std::string_view value;
  const size_t length = match_entity(p, end_, &value, &reads_);
  if (length > 0 && (p[length - 1] == ';' || !in_attribute || p + length >= end_ || !(p[length] == '=' || is_letter(p[length]) || is_digit(p[length])))) {
    out.append(value);
    p += length;
    return;
  }
  out.push_back('&');
}

}  // namespace refine::html
