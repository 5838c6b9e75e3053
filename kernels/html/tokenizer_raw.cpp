// Raw text, scripts, CDATA, comments and document types: see tokenizer.h. Source: HTML standard, 13.2.5.
#include <cstring>

#include "scan.h"
#include "tokenizer.h"

namespace refine::html {

void Tokenizer::emit_raw(const char* from, const char* to) {
  reads_ += size_t(to - from);
  while (from < to) {
    const auto nul = static_cast<const char*>(std::memchr(from, 0, size_t(to - from)));
    const char* stop = nul ? nul : to;
    if (stop > from) sink_.characters({from, size_t(stop - from)});
    if (!nul) break;
    sink_.characters("\xEF\xBF\xBD");
    from = nul + 1;
  }
}

// At "</": is this the end of the element that opened the raw text?
bool Tokenizer::appropriate_end_tag(const char* p) {
  const auto name = tags_.name(last_start_tag_);
  if (name.empty() || size_t(end_ - p) < name.size() + 3) return false;
  for (size_t i = 0; i < name.size(); ++i, ++reads_) if (lower_ascii(p[2 + i]) != name[i]) return false;
  return is_in(p[2 + name.size()], kEndsTagName);
}

void Tokenizer::raw(bool references) {
  const char* from = p_;
  for (const char* q = p_;;) {
    const char* start = q;
    q = find_any(q, end_, '<', references ? '&' : '<', '<');
    reads_ += size_t(q - start) + 1;
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
    for (int i = 0; i < 6; ++i, ++reads_) if (lower_ascii(q[i]) != "script"[i]) return false;
    return is_in(q[6], kEndsTagName);
  };
  for (const char* q = p_; q < end_;) {
    const char* start = q;
    q = find_any(q, end_, '<', mode == kPlain ? '<' : '-', '<');
    reads_ += size_t(q - start) + 1;
    if (q == end_) break;
    if (*q == '-') {
      const char* r = q;
      while (r < end_ && *r == '-') ++r;
      reads_ += size_t(r - q);
      if (r - q >= 2 && r < end_ && *r == '>') { mode = kPlain; ++r; }
      q = r;
      continue;
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
  auto text = rest.substr(0, close);
  reads_ += 2 * text.size() + 3;
  p_ = close == std::string_view::npos ? end_ : p_ + close + 3;
  state_ = TokenizerState::kData;
  while (!text.empty() && !sink_.stopped) {
    const size_t nul = text.find('\0');
    if (nul > 0) sink_.characters(text.substr(0, nul));
    if (nul == std::string_view::npos) break;
    sink_.characters(text.substr(nul, 1));
    text.remove_prefix(nul + 1);
  }
}

void Tokenizer::emit_comment(const char* from, const char* to) {
  reads_ += 2 * size_t(to - from) + 1;
  if (from == to || std::memchr(from, 0, size_t(to - from)) == nullptr) return sink_.comment({from, size_t(to - from)});
  scratch_.clear();
  append_replacing_nul(scratch_, from, to);
  sink_.comment(scratch_);
}

void Tokenizer::bogus_comment(const char* from) {
  const auto close = static_cast<const char*>(std::memchr(from, '>', size_t(end_ - from)));
  p_ = close ? close + 1 : end_;
  emit_comment(from, close ? close : end_);
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
  emit_comment(from, to);
}

void Tokenizer::doctype() {
  DoctypeToken token;
  const char* start = p_;
  const auto skip = [&] { while (p_ < end_ && is_html_space(*p_)) ++p_; };
  const auto finish = [&] {  // bogus: up to '>'
    const auto close = p_ < end_ ? static_cast<const char*>(std::memchr(p_, '>', size_t(end_ - p_))) : nullptr;
    p_ = close ? close + 1 : end_;
    reads_ += 3 * size_t(p_ - start);
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
  while (p_ < end_ && !is_html_space(*p_) && *p_ != '>') ++p_;
  append_lower(token.name, from, p_);
  token.has_name = true;
  if (p_ == end_) return quirks();
  skip();
  if (p_ == end_) return quirks();
  if (*p_ == '>') return finish();
  const auto keyword = [&](const char* word) {
    if (end_ - p_ < 6) return false;
    for (int i = 0; i < 6; ++i) if (lower_ascii(p_[i]) != word[i]) return false;
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
