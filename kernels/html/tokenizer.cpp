// The tokenizer's states as code positions: see tokenizer.h. Source: HTML standard, 13.2.5.
#include "tokenizer.h"

#include <cstring>

#include "refine/utf8.h"

namespace refine::html {
namespace {

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\f'; }
bool is_letter(char c) { return static_cast<unsigned char>((c | 32) - 'a') < 26; }
bool is_digit(char c) { return static_cast<unsigned char>(c - '0') < 10; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; }
constexpr std::string_view kReplacementBytes = "\xEF\xBF\xBD";

// References 0x80..0x9F mean windows-1252; 0 where they mean themselves.
const uint16_t kC1[32] = {0x20AC, 0, 0x201A, 0x192, 0x201E, 0x2026, 0x2020, 0x2021, 0x2C6, 0x2030, 0x160, 0x2039, 0x152, 0, 0x17D, 0,
                          0, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x2DC, 0x2122, 0x161, 0x203A, 0x153, 0, 0x17E, 0x178};

void append_lower(std::string& out, const char* from, const char* to) {
  for (; from < to; ++from) {
    if (*from == 0) out.append(kReplacementBytes); else out.push_back(lower(*from));
  }
}

void append_replacing_nul(std::string& out, const char* from, const char* to) {
  while (from < to) {
    const auto nul = static_cast<const char*>(std::memchr(from, 0, size_t(to - from)));
    out.append(from, size_t((nul ? nul : to) - from));
    if (!nul) break;
    out.append(kReplacementBytes);
    from = nul + 1;
  }
}

}  // namespace

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
    const char* q = p_;
    while (q < end_ && *q != '<' && *q != '&') ++q;
    if (q > p_) sink_.characters({p_, size_t(q - p_)});
    p_ = q;
    if (q == end_ || sink_.stopped) return;
    if (*q == '&') {
      scratch_.clear();
      ++p_;
      reference(p_, false, scratch_);
      sink_.characters(scratch_);
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
    for (size_t i = 0; i < n; ++i) if ((any_case ? lower(q[i]) : q[i]) != word[i]) return false;
    return true;
  };
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
  while (q < end_ && !is_space(*q) && *q != '/' && *q != '>') ++q;
  tag_.attributes.clear();
  tag_.values.clear();
  tag_.self_closing = false;
  tag_.end = end_tag;
  scratch_.clear();
  append_lower(scratch_, name, q);
  if (q == end_) { p_ = end_; return false; }
  tag_.name = tags_.intern(scratch_);
  if (!attributes_and_close(q)) { p_ = end_; return false; }
  p_ = q;
  if (!end_tag) last_start_tag_ = tag_.name;
  sink_.tag(tag_);
  return true;
}

// From "before attribute name" to the '>'. False at the end of the input: the tag is dropped.
bool Tokenizer::attributes_and_close(const char*& p) {
  for (;;) {
    while (p < end_ && (is_space(*p))) ++p;
    if (p == end_) return false;
    if (*p == '>') { ++p; return true; }
    if (*p == '/') {
      ++p;
      if (p < end_ && *p == '>') { tag_.self_closing = true; ++p; return true; }
      continue;
    }
    const char* name = p++;  // a leading '=' belongs to the name
    while (p < end_ && !is_space(*p) && *p != '/' && *p != '>' && *p != '=') ++p;
    scratch_.clear();
    append_lower(scratch_, name, p);
    bool keep = tag_.attributes.size() < kMaxAttributes;
    uint32_t id = 0;
    if (keep) {
      id = attributes_.intern(scratch_);
      for (const auto& a : tag_.attributes) if (a.name == id) { keep = false; break; }
    }
    const size_t begin = tag_.values.size();
    while (p < end_ && is_space(*p)) ++p;
    if (p == end_) return false;
    if (*p == '=') {
      ++p;
      while (p < end_ && is_space(*p)) ++p;
      if (p == end_) return false;
      const char quote = *p == '"' || *p == '\'' ? *p : 0;
      if (quote) ++p;
      if (quote || *p != '>') {
        for (;;) {
          const char* from = p;
          if (quote) while (p < end_ && *p != quote && *p != '&') ++p;
          else while (p < end_ && !is_space(*p) && *p != '>' && *p != '&') ++p;
          append_replacing_nul(tag_.values, from, p);
          if (p == end_) return false;
          if (*p != '&') break;
          ++p;
          reference(p, true, tag_.values);
        }
        if (quote) ++p;
      }
    }
    if (keep) tag_.attributes.push_back({id, uint32_t(begin), uint32_t(tag_.values.size() - begin)});
    else tag_.values.resize(begin);
  }
}

// p is after '&'. Appends what it stands for: the character, or "&" itself and what was consumed.
bool Tokenizer::reference(const char*& p, bool in_attribute, std::string& out) {
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
    if (q == digits) {
      out.push_back('&');
      out.append(p, size_t(q - p));
      p = q;
      return false;
    }
    if (q < end_ && *q == ';') ++q;
    p = q;
    if (value == 0) value = kReplacement;
    if (value >= 0x80 && value <= 0x9F && kC1[value - 0x80]) value = kC1[value - 0x80];
    append_utf8(out, value);
    return true;
  }
  std::string_view value;
  const size_t length = match_entity(p, end_, &value);
  if (length > 0 && (p[length - 1] == ';' || !in_attribute || p + length >= end_ || !(p[length] == '=' || is_letter(p[length]) || is_digit(p[length])))) {
    out.append(value);
    p += length;
    return true;
  }
  out.push_back('&');
  return false;
}

void Tokenizer::emit_raw(const char* from, const char* to) {
  while (from < to) {
    const auto nul = static_cast<const char*>(std::memchr(from, 0, size_t(to - from)));
    const char* stop = nul ? nul : to;
    if (stop > from) sink_.characters({from, size_t(stop - from)});
    if (!nul) break;
    sink_.characters(kReplacementBytes);
    from = nul + 1;
  }
}

// At "</": is this the end of the element that opened the raw text?
bool Tokenizer::appropriate_end_tag(const char* p) const {
  const auto name = tags_.name(last_start_tag_);
  if (name.empty() || size_t(end_ - p) < name.size() + 3) return false;
  for (size_t i = 0; i < name.size(); ++i) if (lower(p[2 + i]) != name[i]) return false;
  const char c = p[2 + name.size()];
  return is_space(c) || c == '/' || c == '>';
}

void Tokenizer::raw(bool references) {
  const char* from = p_;
  for (const char* q = p_;;) {
    while (q < end_ && *q != '<' && !(references && *q == '&')) ++q;
    if (q == end_) { emit_raw(from, q); p_ = end_; return; }
    if (*q == '&') {
      emit_raw(from, q);
      scratch_.clear();
      ++q;
      reference(q, false, scratch_);
      sink_.characters(scratch_);
      from = q;
    } else if (q + 1 < end_ && q[1] == '/' && appropriate_end_tag(q)) {
      emit_raw(from, q);
      p_ = q;
      state_ = TokenizerState::kData;
      read_tag(q + 2, true);
      return;
    } else {
      ++q;
    }
  }
}

void Tokenizer::script() {
  enum { kPlain, kEscaped, kDouble } mode = kPlain;
  const char* from = p_;
  const auto script_name = [&](const char* q) {  // "script" and a byte that ends a tag's name
    if (end_ - q < 7) return false;
    for (int i = 0; i < 6; ++i) if (lower(q[i]) != "script"[i]) return false;
    return is_space(q[6]) || q[6] == '/' || q[6] == '>';
  };
  for (const char* q = p_; q < end_;) {
    if (mode == kPlain) {
      q = static_cast<const char*>(std::memchr(q, '<', size_t(end_ - q)));
      if (!q) break;
    } else {
      while (q < end_ && *q != '<' && *q != '-') ++q;
      if (q == end_) break;
      if (*q == '-') {
        const char* r = q;
        while (r < end_ && *r == '-') ++r;
        if (r - q >= 2 && r < end_ && *r == '>') { mode = kPlain; ++r; }
        q = r;
        continue;
      }
    }
    if (mode == kDouble) {
      if (end_ - q >= 2 && q[1] == '/' && script_name(q + 2)) { mode = kEscaped; q += 9; }
      else ++q;
      continue;
    }
    if (q + 1 < end_ && q[1] == '/') {
      if (appropriate_end_tag(q)) {
        emit_raw(from, q);
        state_ = TokenizerState::kData;
        read_tag(q + 2, true);
        return;
      }
      q += 2;
    } else if (mode == kPlain && end_ - q >= 4 && q[1] == '!' && q[2] == '-' && q[3] == '-') {
      mode = kEscaped;
      q += 2;  // its dashes count: "<!-->" ends the escape at once
    } else if (mode == kEscaped && script_name(q + 1)) {
      mode = kDouble;
      q += 8;
    } else {
      ++q;
    }
  }
  emit_raw(from, end_);
  p_ = end_;
}

void Tokenizer::cdata() {
  const std::string_view rest(p_, size_t(end_ - p_));
  const size_t close = rest.find("]]>");
  const auto text = rest.substr(0, close);
  if (!text.empty()) sink_.characters(text);
  p_ = close == std::string_view::npos ? end_ : p_ + close + 3;
  state_ = TokenizerState::kData;
}

void Tokenizer::bogus_comment(const char* from) {
  const auto close = static_cast<const char*>(std::memchr(from, '>', size_t(end_ - from)));
  const char* to = close ? close : end_;
  scratch_.clear();
  append_replacing_nul(scratch_, from, to);
  p_ = close ? close + 1 : end_;
  sink_.comment(scratch_);
}

void Tokenizer::comment() {
  const char* from = p_;
  const char* to = nullptr;
  if (p_ < end_ && *p_ == '>') { to = from; p_ += 1; }
  else if (end_ - p_ >= 2 && p_[0] == '-' && p_[1] == '>') { to = from; p_ += 2; }
  else {
    for (const char* q = p_; (q = static_cast<const char*>(std::memchr(q, '-', size_t(end_ - q)))) != nullptr;) {
      if (end_ - q >= 3 && q[1] == '-' && q[2] == '>') { to = q; p_ = q + 3; break; }
      if (end_ - q >= 4 && q[1] == '-' && q[2] == '!' && q[3] == '>') { to = q; p_ = q + 4; break; }
      if (++q >= end_) break;
    }
  }
  if (!to) {  // the end of the input: what may have been the start of the end is no part of the comment
    const std::string_view rest(from, size_t(end_ - from));
    to = end_ - (rest.ends_with("--!") ? 3 : rest.ends_with("--") ? 2 : rest.ends_with("-") ? 1 : 0);
    p_ = end_;
  }
  scratch_.clear();
  append_replacing_nul(scratch_, from, to);
  sink_.comment(scratch_);
}

void Tokenizer::doctype() {
  DoctypeToken token;
  const auto skip = [&] { while (p_ < end_ && is_space(*p_)) ++p_; };
  const auto finish = [&] {  // bogus: up to '>'
    const auto close = p_ < end_ ? static_cast<const char*>(std::memchr(p_, '>', size_t(end_ - p_))) : nullptr;
    p_ = close ? close + 1 : end_;
    sink_.doctype(token);
  };
  const auto quirks = [&] { token.force_quirks = true; finish(); };
  const auto quoted = [&](std::string& out, bool& has) {  // at a quote; false where '>' or the end came first
    const char quote = *p_++;
    const char* from = p_;
    has = true;
    while (p_ < end_ && *p_ != quote && *p_ != '>') ++p_;
    append_replacing_nul(out, from, p_);
    if (p_ == end_ || *p_ == '>') return false;
    ++p_;
    return true;
  };
  skip();
  if (p_ == end_ || *p_ == '>') return quirks();
  const char* from = p_;
  while (p_ < end_ && !is_space(*p_) && *p_ != '>') ++p_;
  append_lower(token.name, from, p_);
  token.has_name = true;
  if (p_ == end_) return quirks();
  skip();
  if (p_ == end_) return quirks();
  if (*p_ == '>') return finish();
  const auto keyword = [&](const char* word) {
    if (end_ - p_ < 6) return false;
    for (int i = 0; i < 6; ++i) if (lower(p_[i]) != word[i]) return false;
    p_ += 6;
    return true;
  };
  if (keyword("public")) {
    skip();
    if (p_ == end_ || (*p_ != '"' && *p_ != '\'')) return quirks();
    if (!quoted(token.public_id, token.has_public)) return quirks();
    skip();
    if (p_ == end_) return quirks();
    if (*p_ == '>') return finish();
  } else if (keyword("system")) {
    skip();
  } else {
    return quirks();
  }
  if (p_ == end_ || (*p_ != '"' && *p_ != '\'')) return quirks();
  if (!quoted(token.system_id, token.has_system)) return quirks();
  skip();
  if (p_ == end_) return quirks();
  finish();  // anything but '>' is an error without quirks
}

}  // namespace refine::html
