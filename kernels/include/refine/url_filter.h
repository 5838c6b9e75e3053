// What step `url` decides by: compiled lists with their exceptions, RefinedWeb's word score, curated sources.
// Source of the score: Penedo et al. 2023 (RefinedWeb) appendix G.1; where its text leaves a choice, as datatrove and DCLM
// both do it: case is ignored, the whole URL counts, a soft word counts once however often it stands there.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "refine/url.h"
#include "refine/url_set.h"

namespace refine {

enum class UrlVerdict : uint8_t { kKeep, kBlockedHost, kBlockedUrl, kStrictWord, kHardWord, kSoftWords, kCuratedSource };

class UrlFilter {
 public:
  enum class Lists { kBlock, kExclude };
  enum class Words { kStrict, kHard, kSoft };
  PublicSuffixes suffixes;

  // An exception in one list of an option wins over the entries of all its lists.
  void use(Lists option, std::shared_ptr<const UrlSet> set);
  void add_words(Words kind, std::string_view lines);  // a word a line, `#` begins a comment; one of a single byte is ignored

  UrlVerdict judge(std::string_view url, uint32_t soft_words) const;  // soft_words: that many drop; 0: never
  void judge(const BytesView& urls, uint32_t soft_words, uint16_t* verdicts) const;  // a UrlVerdict a row; null rows keep

 private:
  using Sets = std::vector<std::shared_ptr<const UrlSet>>;
  struct Hash {  // found by a view, without a copy
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return hash_bytes(text, 0); }
  };
  using WordSet = std::unordered_set<std::string, Hash, std::equal_to<>>;
  struct Scratch;  // reused between URLs
  UrlVerdict listed(const Sets& sets, const UrlParts& url, UrlSet::Probe* probes) const;  // a probe a set, begun
  bool has_strict_word(std::string_view text) const;
  UrlVerdict judge_words(const UrlParts& url, uint32_t soft_words, Scratch& scratch) const;

  Sets block_, exclude_;
  WordSet hard_, soft_;
  std::vector<std::vector<std::string>> strict_;  // by their first byte
  std::vector<uint64_t> strict_pairs_;            // a bit for the first two bytes of each
  size_t strict_count_ = 0;
  bool strict_glued_ = false;  // one of them holds a character that joining leaves out
};

}  // namespace refine
