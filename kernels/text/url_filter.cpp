// Block lists and URL words; see url.h.
#include "intern.h"
#include "refine/unicode.h"
#include "refine/url.h"
#include "refine/utf8.h"
#include "words.h"

namespace refine {

bool StringTable::insert(std::string_view text) {
  if ((starts_.size() + 1) * 3 > slots_.size() * 2) grow();
  const size_t mask = slots_.size() - 1;
  for (size_t slot = hash_bytes(text, 0) & mask;; slot = (slot + 1) & mask) {
    if (slots_[slot] == 0) {
      starts_.push_back(blob_.size());
      blob_.append(text);
      slots_[slot] = uint32_t(starts_.size());
      longest_ = std::max(longest_, text.size());
      return true;
    }
    if (at(slots_[slot] - 1) == text) return false;
  }
}

bool StringTable::contains(std::string_view text) const {
  if (starts_.empty() || text.size() > longest_) return false;
  const size_t mask = slots_.size() - 1;
  for (size_t slot = hash_bytes(text, 0) & mask; slots_[slot] != 0; slot = (slot + 1) & mask)
    if (at(slots_[slot] - 1) == text) return true;
  return false;
}

void StringTable::grow() {
  std::vector<uint32_t> slots(std::max<size_t>(1024, slots_.size() * 2), 0);
  const size_t mask = slots.size() - 1;
  for (uint32_t i = 0; i < starts_.size(); ++i) {
    size_t slot = hash_bytes(at(i), 0) & mask;
    while (slots[slot] != 0) slot = (slot + 1) & mask;
    slots[slot] = i + 1;
  }
  slots_.swap(slots);
}

namespace {

size_t bucket_of(char a, char b) { return size_t(uint8_t(a)) * 31 + uint8_t(b); }
constexpr size_t kBuckets = 256 * 31 + 256;

// Host and each parent down to two labels; an IP address only itself.
template <class Visit>
bool any_host_suffix(std::string_view host, Visit visit) {
  if (host.empty()) return false;
  if (visit(host)) return true;
  if (is_ip_address(host)) return false;
  int labels = 0;
  for (size_t dot = host.find('.'); dot != std::string_view::npos && labels < 127; dot = host.find('.', dot + 1), ++labels)
    if (visit(host.substr(dot + 1))) return true;
  return false;
}

// Prefixes of the path that end at a boundary, the whole of it last; those longer than any entry are not built.
bool matches_url(const StringTable& urls, const UrlParts& url) {
  if (urls.size() == 0) return false;
  std::string key;
  return any_host_suffix(url.host, [&](std::string_view host) {
    key.assign(host);
    if (key.size() >= urls.longest()) return false;
    size_t from = 0;
    const std::string_view path = std::string_view(url.path).substr(0, std::min(url.path.size(), urls.longest() - key.size() + 1));
    for (size_t i = 1; i <= path.size(); ++i) {
      const bool boundary = i == path.size() ? path.size() == url.path.size() : path[i] == '/' || path[i] == '?' || path[i] == '#' || path[i] == '&' || path[i] == ';';
      if (!boundary) continue;
      key.append(path, from, i - from);
      from = i;
      if (urls.contains(key)) return true;
    }
    return false;
  });
}

std::string_view without_comment(std::string_view line) {
  line = trim_end(trim_start(line));
  if (line.starts_with('#') || line.starts_with('!')) return {};
  for (size_t i = 1; i < line.size(); ++i)  // `host # why`: a # after white space; one inside a URL is a fragment
    if (line[i] == '#' && (line[i - 1] == ' ' || line[i - 1] == '\t')) return trim_end(line.substr(0, i));
  return line;
}

// Almost every line of a big list is a host in normal form already.
bool is_plain_host(std::string_view line) {
  if (line.empty() || line.size() > 253 || line.front() == '.' || line.back() == '.') return false;
  char last = 0;
  for (char c : line) {
    if (!(uint8_t(c - 'a') < 26 || uint8_t(c - '0') < 10 || c == '-' || c == '_' || (c == '.' && last != '.'))) return false;
    last = c;
  }
  return line.find("xn--") == std::string_view::npos;
}

bool plausible_host(std::string_view host) {
  if (host.empty() || host.size() > 253 || host.front() == '.' || host.find("..") != std::string_view::npos) return false;
  auto p = reinterpret_cast<const uint8_t*>(host.data());
  const auto end = p + host.size();
  while (p < end) {
    const char32_t c = decode_utf8(p, end);
    if (c < 0x80 ? !(uint8_t(c - 'a') < 26 || uint8_t(c - '0') < 10 || c == '.' || c == '-' || c == '_' || c == ':') : is_white_space(c) || c == kReplacement) return false;
  }
  return true;
}

}  // namespace

bool UrlFilter::add_address(std::string_view line, StringTable& hosts, StringTable& urls) {
  if (is_plain_host(line)) {
    if (!is_ip_address(line) && suffixes.is_suffix(line)) return false;
    hosts.insert(line);
    return true;
  }
  const size_t gap = line.find_first_of(" \t");
  if (gap != std::string_view::npos) {  // a hosts file: `0.0.0.0 host`
    const auto second = trim_start(line.substr(gap));
    if (!is_ip_address(line.substr(0, gap)) || second.find_first_of(" \t") != std::string_view::npos) return false;
    line = second;
  }
  if (line.starts_with("*.")) line.remove_prefix(2);
  else if (line.starts_with('.')) line.remove_prefix(1);
  auto url = split_url(line);
  if (!plausible_host(url.host)) return false;
  while (!url.path.empty() && url.path.back() == '/') url.path.pop_back();
  if (!url.path.empty()) {
    urls.insert(url.host + url.path);
    return true;
  }
  if (!is_ip_address(url.host) && suffixes.is_suffix(url.host)) return false;  // it would take everybody under it along
  hosts.insert(url.host);
  return true;
}

void UrlFilter::add(List list, std::string_view lines) {
  for_each_line(lines, [&](std::string_view raw) {
    const auto line = without_comment(raw);
    if (line.empty()) return;
    if (list == List::kBlock || list == List::kExclude) {
      const bool block = list == List::kBlock;
      if (!add_address(line, block ? block_hosts_ : exclude_hosts_, block ? block_urls_ : exclude_urls_)) ++ignored_;
      return;
    }
    std::string word;
    append_lower(line, word);
    if (list == List::kHard) {
      hard_.insert(word);
    } else if (list == List::kSoft) {
      soft_.insert(word);
    } else if (word.size() < 2) {
      ++ignored_;
    } else {
      if (strict_.empty()) strict_.resize(kBuckets);
      strict_[bucket_of(word[0], word[1])].push_back(word);
      ++strict_count_;
    }
  });
}

size_t UrlFilter::entries() const {
  return block_hosts_.size() + block_urls_.size() + exclude_hosts_.size() + exclude_urls_.size() + hard_.size() + soft_.size() + strict_count_;
}

bool UrlFilter::has_strict_word(std::string_view text) const {
  for (size_t i = 0; i + 2 <= text.size(); ++i)
    for (const auto& word : strict_[bucket_of(text[i], text[i + 1])])
      if (text.substr(i, word.size()) == word) return true;
  return false;
}

UrlVerdict UrlFilter::judge(std::string_view text, uint32_t soft_words) const {
  const auto url = split_url(text);
  if (any_host_suffix(url.host, [&](std::string_view host) { return block_hosts_.contains(host); })) return UrlVerdict::kBlockedHost;
  if (matches_url(block_urls_, url)) return UrlVerdict::kBlockedUrl;
  const std::string whole = url.host + url.path;
  if (strict_count_ > 0) {
    std::string joined;  // slugs glue their words with these; the lists' entries are glued
    for (char c : whole)
      if (c != '-' && c != '_' && c != '+' && c != ' ') joined.push_back(c);
    if (has_strict_word(whole) || has_strict_word(joined)) return UrlVerdict::kStrictWord;
  }
  if (!hard_.empty() || (!soft_.empty() && soft_words > 0)) {
    uint32_t soft = 0;
    bool hard = false;
    std::string word;
    const auto end_word = [&] {
      if (word.empty()) return;
      hard = hard || hard_.contains(word);
      soft += soft_.contains(word);
      word.clear();
    };
    auto p = reinterpret_cast<const uint8_t*>(whole.data());
    const auto end = p + whole.size();
    while (p < end) {
      const char32_t c = decode_utf8(p, end);
      if (category_in(c, kLetterBits | kNumberBits | kMarkBits)) append_utf8(word, c);
      else end_word();
    }
    end_word();
    if (hard) return UrlVerdict::kHardWord;
    if (soft_words > 0 && soft >= soft_words) return UrlVerdict::kSoftWords;
  }
  if (any_host_suffix(url.host, [&](std::string_view host) { return exclude_hosts_.contains(host); }) || matches_url(exclude_urls_, url)) return UrlVerdict::kCuratedSource;
  return UrlVerdict::kKeep;
}

}  // namespace refine
