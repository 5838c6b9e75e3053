// The URL parser, by the states of the WHATWG URL Standard, section 4.4; see whatwg_url.h. The serialisation is written as
// the parts are found, since they come in its order; a path's list of segments is the text from path_start.
#include "refine/whatwg_url.h"

#include <algorithm>

#include "refine/utf8.h"
#include "url_host.h"

namespace refine {

namespace {

constexpr size_t kNone = std::string_view::npos;

bool is_alpha(char c) { return uint8_t((c | 0x20) - 'a') < 26; }
bool is_digit(char c) { return uint8_t(c - '0') < 10; }
char lower(char c) { return uint8_t(c - 'A') < 26 ? char(c | 0x20) : c; }

struct Scheme {
  std::string_view name;
  int port;  // -1: none
};
constexpr Scheme kSpecial[] = {{"http", 80}, {"https", 443}, {"file", -1}, {"ftp", 21}, {"ws", 80}, {"wss", 443}};

const Scheme* special_scheme(std::string_view name) {
  for (const auto& scheme : kSpecial)
    if (scheme.name == name) return &scheme;
  return nullptr;
}

bool is_single_dot(std::string_view segment) { return segment == "." || segment == "%2e" || segment == "%2E"; }
bool is_double_dot(std::string_view segment) {
  if (segment.size() > 6 || segment.size() < 2) return false;
  const bool leading = segment.front() == '.';
  return is_single_dot(segment.substr(0, leading ? 1 : std::min<size_t>(3, segment.size()))) && is_single_dot(segment.substr(leading ? 1 : std::min<size_t>(3, segment.size())));
}
bool is_drive_letter(std::string_view text) { return text.size() == 2 && is_alpha(text[0]) && (text[1] == ':' || text[1] == '|'); }
bool starts_with_drive_letter(std::string_view text) {
  return text.size() >= 2 && is_drive_letter(text.substr(0, 2)) && (text.size() == 2 || text.find_first_of("/\\?#", 2) == 2);
}

class Parser {
 public:
  Parser(std::string_view input, const WhatwgUrl* base, WhatwgUrl& url) : in_(input), base_(base), url_(url), href_(url.href) {}
  bool parse();

 private:
  char here() const { return at_ < in_.size() ? in_[at_] : '\0'; }  // only compared with characters other than NUL
  bool is_slash(char c) const { return c == '/' || (c == '\\' && special_); }
  std::string_view rest() const { return in_.substr(at_); }
  size_t end_of(std::string_view stops) const { return std::min(in_.find_first_of(stops, at_), in_.size()); }

  void use_scheme(std::string_view name);
  bool relative();
  bool file();
  bool file_host();
  bool authority();
  bool port(std::string_view digits);
  void no_host() { url_.has_host = false, url_.host_start = url_.host_end = size(), begin_path(); }
  void empty_host();
  void base_authority();
  void begin_path() { url_.path_start = size(); }
  void path_start();
  void path();
  void shorten_path();
  bool opaque_path();
  bool finish(bool keeps_base_query = false);
  uint32_t size() const { return uint32_t(href_.size()); }

  std::string_view in_;
  size_t at_ = 0;
  const WhatwgUrl* base_;
  WhatwgUrl& url_;
  std::string& href_;
  const Scheme* scheme_ = nullptr;
  bool special_ = false, file_ = false;
};

bool Parser::parse() {  // scheme start, scheme, no scheme
  href_.clear();
  url_.opaque_path = false;
  if (is_alpha(here())) {
    size_t end = 1;
    while (end < in_.size() && (is_alpha(in_[end]) || is_digit(in_[end]) || in_[end] == '+' || in_[end] == '-' || in_[end] == '.')) ++end;
    if (end < in_.size() && in_[end] == ':') {
      for (char c : in_.substr(0, end)) href_.push_back(lower(c));
      at_ = end + 1;
      const std::string name = href_;
      use_scheme(name);
      if (file_) return file();
      if (special_) {
        if (base_ && base_->scheme() == name && !rest().starts_with("//")) return relative();
        return authority();
      }
      if (rest().starts_with("//")) {
        at_ += 2;
        return authority();
      }
      if (here() == '/') {
        ++at_;
        no_host();
        path();
        return finish();
      }
      return opaque_path();
    }
  }
  if (!base_ || (base_->opaque_path && here() != '#')) return false;
  use_scheme(base_->scheme());
  if (base_->opaque_path) {
    url_ = *base_;
    href_.resize(url_.fragment_start);
    return finish(true);
  }
  return file_ ? file() : relative();
}

void Parser::use_scheme(std::string_view name) {
  scheme_ = special_scheme(name);
  special_ = scheme_ != nullptr;
  file_ = special_ && name == "file";
  href_.assign(name);
  href_.push_back(':');
  url_.scheme_end = size();
}

// Scheme, user, host and port of the base.
void Parser::base_authority() {
  href_.assign(base_->href, 0, base_->has_host ? base_->path_start : base_->scheme_end);
  url_.has_host = base_->has_host;
  url_.host_start = base_->has_host ? base_->host_start : size();
  url_.host_end = base_->has_host ? base_->host_end : size();
  begin_path();
}

bool Parser::relative() {  // relative, relative slash
  if (is_slash(here())) {
    ++at_;
    if (special_ && is_slash(here())) return authority();
    if (here() == '/') {
      ++at_;
      return authority();
    }
    base_authority();
    path();
    return finish();
  }
  base_authority();
  href_ += base_->path();
  if (at_ == in_.size() || here() == '#') return finish(true);
  if (here() == '?') return finish();
  shorten_path();
  path();
  return finish();
}

void Parser::empty_host() {
  href_ += "//";
  url_.has_host = true;
  url_.host_start = url_.host_end = size();
  begin_path();
}

bool Parser::file() {  // file, file slash
  const bool file_base = base_ && base_->scheme() == "file";
  if (is_slash(here())) {
    ++at_;
    if (is_slash(here())) {
      ++at_;
      return file_host();
    }
    if (!file_base) {
      empty_host();
    } else {
      base_authority();
      const auto first = base_->path().substr(0, base_->path().find('/', 1));
      if (!starts_with_drive_letter(rest()) && first.size() == 3 && is_drive_letter(first.substr(1)) && first[2] == ':') href_ += first;
    }
    path();
    return finish();
  }
  if (!file_base) {
    empty_host();
    path();
    return finish();
  }
  base_authority();
  if (at_ == in_.size() || here() == '#' || here() == '?') {
    href_ += base_->path();
    return finish(here() != '?');
  }
  if (!starts_with_drive_letter(rest())) {
    href_ += base_->path();
    shorten_path();
  }
  path();
  return finish();
}

bool Parser::file_host() {
  const size_t end = end_of("/\\?#");
  const auto host = in_.substr(at_, end - at_);
  empty_host();
  if (is_drive_letter(host)) {  // file://C:/ : no host, a path
    path();
    return finish();
  }
  if (!host.empty()) {
    if (!append_host(host, true, href_)) return false;
    if (std::string_view(href_).substr(url_.host_start) == "localhost") href_.resize(url_.host_start);
    url_.host_end = size();
    begin_path();
  }
  at_ = end;
  path_start();
  return finish();
}

bool Parser::authority() {  // special authority (ignore) slashes, authority, host, port
  if (special_)
    while (is_slash(here())) ++at_;
  const size_t end = end_of(special_ ? "/\\?#" : "/?#");
  auto host = in_.substr(at_, end - at_);
  at_ = end;
  href_ += "//";
  url_.has_host = true;
  const size_t credentials = host.rfind('@');
  if (credentials != kNone) {
    const auto user = host.substr(0, std::min(host.find(':'), credentials));
    const auto password = host.substr(std::min(user.size() + 1, credentials), credentials - std::min(user.size() + 1, credentials));
    append_percent_encoded(user, kUserinfoSet, href_);
    if (!password.empty()) {
      href_.push_back(':');
      append_percent_encoded(password, kUserinfoSet, href_);
    }
    if (!user.empty() || !password.empty()) href_.push_back('@');
    host.remove_prefix(credentials + 1);
    if (host.empty()) return false;
  }
  size_t colon = kNone;
  bool bracketed = false;
  for (size_t i = 0; i < host.size() && colon == kNone; ++i) {
    if (host[i] == '[') bracketed = true;
    else if (host[i] == ']') bracketed = false;
    else if (host[i] == ':' && !bracketed) colon = i;
  }
  const auto name = host.substr(0, colon);
  if (name.empty() && (special_ || colon != kNone)) return false;
  url_.host_start = size();
  if (!append_host(name, special_, href_)) return false;
  url_.host_end = size();
  if (colon != kNone && !port(host.substr(colon + 1))) return false;
  begin_path();
  path_start();
  return finish();
}

bool Parser::port(std::string_view digits) {
  uint32_t number = 0;
  for (char c : digits) {
    if (!is_digit(c)) return false;
    number = std::min<uint32_t>(number * 10 + uint32_t(c - '0'), 65536);
  }
  if (number > 65535) return false;
  if (digits.empty() || (scheme_ && int(number) == scheme_->port)) return true;
  href_.push_back(':');
  href_ += std::to_string(number);
  return true;
}

void Parser::path_start() {
  if (special_ ? is_slash(here()) : here() == '/') ++at_;
  else if (!special_ && (at_ == in_.size() || here() == '?' || here() == '#')) return;
  path();
}

void Parser::path() {
  for (;;) {
    const size_t end = end_of(special_ ? "/\\?#" : "/?#");
    const auto segment = in_.substr(at_, end - at_);
    const bool slash = end < in_.size() && is_slash(in_[end]);
    if (is_double_dot(segment)) {
      shorten_path();
      if (!slash) href_.push_back('/');
    } else if (is_single_dot(segment)) {
      if (!slash) href_.push_back('/');
    } else {
      const bool first = size() == url_.path_start;
      href_.push_back('/');
      if (file_ && first && is_drive_letter(segment)) {
        href_.push_back(segment[0]);
        href_.push_back(':');
      } else {
        append_percent_encoded(segment, kPathSet, href_);
      }
    }
    at_ = end;
    if (!slash) return;
    ++at_;
  }
}

void Parser::shorten_path() {
  const auto path = std::string_view(href_).substr(url_.path_start);
  if (path.empty() || (file_ && path.size() == 3 && is_drive_letter(path.substr(1)) && path[2] == ':')) return;
  href_.resize(url_.path_start + path.rfind('/'));
}

bool Parser::opaque_path() {
  no_host();
  url_.opaque_path = true;
  const size_t end = end_of("?#");
  for (; at_ < end; ++at_) {
    if (in_[at_] == ' ' && at_ + 1 == end && end < in_.size()) append_percent_encoded(' ', href_);
    else if (in_percent_set(in_[at_], kC0Set)) append_percent_encoded(in_[at_], href_);
    else href_.push_back(in_[at_]);
  }
  return finish();
}

bool Parser::finish(bool keeps_base_query) {  // query, fragment
  if (!(keeps_base_query && url_.opaque_path)) {
    if (!url_.has_host && !url_.opaque_path && std::string_view(href_).substr(url_.path_start).starts_with("//")) {
      href_.insert(url_.path_start, "/.");  // or the path would read as a host
      url_.path_start += 2;
    }
    url_.query_start = size();
    if (keeps_base_query) href_ += base_->query();
  }
  if (here() == '?') {
    const size_t end = end_of("#");
    href_.push_back('?');
    append_percent_encoded(in_.substr(at_ + 1, end - at_ - 1), special_ ? kSpecialQuerySet : kQuerySet, href_);
    at_ = end;
  }
  url_.fragment_start = size();
  if (here() == '#') {
    href_.push_back('#');
    append_percent_encoded(in_.substr(at_ + 1), kFragmentSet, href_);
  }
  return true;
}

bool parse_with(std::string_view input, const WhatwgUrl* base, WhatwgUrl& url) {
  if (input.size() > kMaxUrlBytes) return false;
  while (!input.empty() && uint8_t(input.front()) <= 0x20) input.remove_prefix(1);
  while (!input.empty() && uint8_t(input.back()) <= 0x20) input.remove_suffix(1);
  std::string clean;
  bool ascii = true, breaks = false;
  for (char c : input) {
    ascii &= uint8_t(c) < 0x80;
    breaks |= c == '\t' || c == '\n' || c == '\r';
  }
  if (!ascii && !is_valid_utf8(input)) {
    clean = to_valid_utf8(input);
    input = clean;
  }
  if (breaks) {
    std::string joined;
    for (char c : input)
      if (c != '\t' && c != '\n' && c != '\r') joined.push_back(c);
    clean = std::move(joined);
    input = clean;
  }
  return Parser(input, base, url).parse();
}

}  // namespace

bool parse_url(std::string_view input, WhatwgUrl& url) { return parse_with(input, nullptr, url); }
bool parse_url(std::string_view input, const WhatwgUrl& base, WhatwgUrl& url) { return parse_with(input, &base, url); }

bool UrlResolver::append_resolved(std::string_view href, std::string& out) {
  if (!parse_with(href, valid_ ? &base_ : nullptr, scratch_)) return false;
  out += scratch_.href;
  return true;
}

}  // namespace refine
