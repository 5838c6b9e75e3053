// Verdicts on URLs; see url_filter.h.
#include "refine/url_filter.h"

#include <algorithm>

#include "refine/unicode.h"
#include "refine/utf8.h"
#include "words.h"

namespace refine {

namespace {

size_t pair_of(char a, char b) { return size_t(uint8_t(a)) << 8 | uint8_t(b); }

// What glues the parts of a word that someone hides: RefinedWeb's example is `foobann.edsub-wo.rdbar.com`.
bool is_glue(char c) { return c == '-' || c == '.' || c == '_' || c == '+' || c == ' '; }

bool is_word_byte(char c) { return uint8_t(c - 'a') < 26 || uint8_t(c - '0') < 10 || uint8_t(c - 'A') < 26; }

template <class Visit>
void for_each_url_word(std::string_view text, Visit visit) {
  auto p = reinterpret_cast<const uint8_t*>(text.data());
  const auto begin = p, end = p + text.size();
  const uint8_t* word = nullptr;
  while (p < end) {
    const auto at = p;
    bool inside;
    if (*p < 0x80) inside = is_word_byte(char(*p++));
    else inside = category_in(decode_utf8(p, end), kLetterBits | kNumberBits | kMarkBits);
    if (inside && !word) word = at;
    if (!inside && word) {
      visit(text.substr(size_t(word - begin), size_t(at - word)));
      word = nullptr;
    }
  }
  if (word) visit(text.substr(size_t(word - begin)));
}

}  // namespace

void UrlFilter::use(Lists option, std::shared_ptr<const UrlSet> set) { (option == Lists::kBlock ? block_ : exclude_).push_back(std::move(set)); }

void UrlFilter::add_words(Words kind, std::string_view lines) {
  for_each_line(lines, [&](std::string_view raw) {
    const auto line = trim_end(trim_start(raw));
    if (line.empty() || line.starts_with('#')) return;
    std::string word;
    append_lower(line, word);
    if (kind == Words::kHard) {
      hard_.insert(std::move(word));
    } else if (kind == Words::kSoft) {
      soft_.insert(std::move(word));
    } else if (word.size() >= 2) {
      strict_.resize(256);
      strict_pairs_.resize(65536 / 64);
      const size_t pair = pair_of(word[0], word[1]);
      strict_pairs_[pair / 64] |= uint64_t(1) << (pair % 64);
      strict_glued_ |= std::any_of(word.begin(), word.end(), is_glue);
      strict_[uint8_t(word[0])].push_back(std::move(word));
      ++strict_count_;
    }
  });
}

bool UrlFilter::has_strict_word(std::string_view text) const {
  for (size_t i = 0; i + 2 <= text.size(); ++i) {
    const size_t pair = pair_of(text[i], text[i + 1]);
    if (!((strict_pairs_[pair / 64] >> (pair % 64)) & 1)) continue;
    for (const auto& word : strict_[uint8_t(text[i])])
      if (text.substr(i, word.size()) == word) return true;
  }
  return false;
}

struct UrlFilter::Scratch {
  std::string whole, joined;
  std::vector<const std::string*> soft;
};

UrlVerdict UrlFilter::listed(const Sets& sets, const UrlParts& url, UrlSet::Probe* probes) const {
  auto verdict = UrlVerdict::kKeep;
  for (size_t i = 0; i < sets.size() && verdict == UrlVerdict::kKeep; ++i)
    if (sets[i]->has_host(probes[i])) verdict = UrlVerdict::kBlockedHost;
  for (size_t i = 0; i < sets.size() && verdict == UrlVerdict::kKeep; ++i)
    if (sets[i]->has_url(url.host, url.path)) verdict = UrlVerdict::kBlockedUrl;
  if (verdict == UrlVerdict::kKeep) return verdict;
  for (const auto& set : sets)
    if (set->has_exceptions() && (set->has_host(url.host, true) || set->has_url(url.host, url.path, true))) return UrlVerdict::kKeep;
  return verdict;
}

UrlVerdict UrlFilter::judge_words(const UrlParts& url, uint32_t soft_words, Scratch& scratch) const {
  if (strict_count_ == 0 && hard_.empty() && soft_.empty()) return UrlVerdict::kKeep;
  auto& whole = scratch.whole;
  whole.assign(url.host);
  whole += url.path;
  if (strict_count_ > 0) {
    auto& joined = scratch.joined;
    joined.clear();
    for (char c : whole)
      if (!is_glue(c)) joined.push_back(c);
    // What stands in the whole without glue stands in the joined text too.
    if (has_strict_word(joined) || (strict_glued_ && joined.size() < whole.size() && has_strict_word(whole))) return UrlVerdict::kStrictWord;
  }
  if (hard_.empty() && (soft_.empty() || soft_words == 0)) return UrlVerdict::kKeep;
  bool hard = false;
  auto& soft = scratch.soft;  // those found, each once
  soft.clear();
  for_each_url_word(whole, [&](std::string_view word) {
    hard = hard || hard_.find(word) != hard_.end();
    if (soft.size() >= soft_words) return;
    const auto found = soft_.find(word);
    if (found != soft_.end() && std::find(soft.begin(), soft.end(), &*found) == soft.end()) soft.push_back(&*found);
  });
  if (hard) return UrlVerdict::kHardWord;
  return soft_words > 0 && soft.size() >= soft_words ? UrlVerdict::kSoftWords : UrlVerdict::kKeep;
}

void UrlFilter::judge(const BytesView& urls, uint32_t soft_words, uint16_t* verdicts) const {
  constexpr size_t kTogether = 16;
  UrlParts parts[kTogether];
  Scratch scratch;
  const size_t sets = block_.size() + exclude_.size();
  std::vector<UrlSet::Probe> probes(kTogether * sets);
  for (size_t from = 0; from < urls.rows; from += kTogether) {
    const size_t count = std::min(kTogether, urls.rows - from);
    const auto each = [&](auto visit) {
      for (size_t i = 0; i < count; ++i)
        for (size_t k = 0; k < sets; ++k) visit(k < block_.size() ? *block_[k] : *exclude_[k - block_.size()], parts[i], probes[i * sets + k]);
    };
    for (size_t i = 0; i < count; ++i) split_url(urls.valid(from + i) ? urls[from + i] : std::string_view(), parts[i]);
    each([](const UrlSet& set, const UrlParts& url, UrlSet::Probe& probe) { set.begin(url.host, probe); });
    each([](const UrlSet& set, const UrlParts&, UrlSet::Probe& probe) { set.fetch(probe); });
    for (size_t i = 0; i < count; ++i) {
      auto verdict = listed(block_, parts[i], probes.data() + i * sets);
      if (verdict == UrlVerdict::kKeep) verdict = judge_words(parts[i], soft_words, scratch);
      if (verdict == UrlVerdict::kKeep && listed(exclude_, parts[i], probes.data() + i * sets + block_.size()) != UrlVerdict::kKeep) verdict = UrlVerdict::kCuratedSource;
      verdicts[from + i] = uint16_t(verdict);
    }
  }
}

UrlVerdict UrlFilter::judge(std::string_view url, uint32_t soft_words) const {
  const int32_t offsets[] = {0, int32_t(url.size())};
  BytesView row;
  row.data = reinterpret_cast<const uint8_t*>(url.data());
  row.offsets = offsets;
  row.rows = 1;
  uint16_t verdict;
  judge(row, soft_words, &verdict);
  return UrlVerdict(verdict);
}

}  // namespace refine
