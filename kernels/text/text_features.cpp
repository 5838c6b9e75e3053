// Repetition and quality features; see text_features.h.
// N-grams are numbered level by level: an n-gram is the pair of the (n-1)-grams at its place and the next, so its number
// is exact and costs one look-up. It can occur twice only if both halves do, so in ordinary text few places are left
// after the bigrams.
#include "refine/text_features.h"

#include <unordered_map>

#include "intern.h"
#include "refine/unicode.h"
#include "refine/utf8.h"
#include "words.h"

namespace refine {

namespace {
constexpr uint32_t kUnique = UINT32_MAX;  // an n-gram known to occur once
constexpr int kMaxGram = 10;

float ratio(uint64_t part, uint64_t whole) { return whole == 0 ? 0.0f : float(double(part) / double(whole)); }

bool has_letter(std::string_view word) {
  auto p = reinterpret_cast<const uint8_t*>(word.data());
  const auto end = p + word.size();
  while (p < end) {
    if (*p < 0x80) {
      if (uint8_t((*p | 0x20) - 'a') < 26) return true;
      ++p;
    } else if (is_letter(decode_utf8(p, end))) {
      return true;
    }
  }
  return false;
}
}  // namespace

struct TextFeatures::Scratch {
  StringIds strings;
  PairIds pairs;
  std::vector<uint32_t> ids;         // id of the n-gram that starts at each word, or kUnique
  std::vector<uint32_t> characters;  // of each word, then as prefix sums
  std::vector<uint32_t> counts, longest;  // by id: occurrences; characters of an n-gram with that id
  std::unordered_map<std::string, uint32_t> stop_words;
  std::vector<uint64_t> stop_word_seen;  // document number a stop word was last seen in
  uint64_t document = 0;
  size_t longest_stop_word = 0;
  std::string lower;

  template <class ForEach>
  void duplicates(std::string_view text, uint64_t salt, ForEach for_each, uint64_t text_points, float* fraction, float* character_fraction) {
    strings.reset(salt, 64);
    uint64_t pieces = 0, copies = 0, copied_points = 0;
    for_each(text, [&](std::string_view piece) {
      if (is_blank(piece)) return;
      ++pieces;
      const size_t known = strings.size();
      if (strings.id_of(piece) < known) {
        ++copies;
        copied_points += count_code_points(piece);
      }
    });
    *fraction = ratio(copies, pieces);
    *character_fraction = ratio(copied_points, text_points);
  }
};

TextFeatures::TextFeatures() : scratch_(new Scratch) {}
TextFeatures::~TextFeatures() = default;

RepetitionFeatures TextFeatures::repetition(std::string_view text) {
  auto& s = *scratch_;
  RepetitionFeatures f;
  const uint64_t salt = hash_bytes(text, 0);
  const uint64_t text_points = count_code_points(text);
  s.duplicates(text, salt, [](auto t, auto visit) { for_each_line(t, visit); }, text_points, &f.duplicate_line_fraction, &f.duplicate_line_character_fraction);
  s.duplicates(text, salt, [](auto t, auto visit) { for_each_paragraph(t, visit); }, text_points, &f.duplicate_paragraph_fraction, &f.duplicate_paragraph_character_fraction);

  s.ids.clear();
  s.characters.assign(1, 0);  // prefix sums: characters of words [i, j) = characters[j] - characters[i]
  s.strings.reset(salt, text.size() / 8);
  for_each_word(text, [&](std::string_view word, uint32_t points) {
    s.ids.push_back(s.strings.id_of(word));
    s.characters.push_back(s.characters.back() + points);
  });
  const size_t words = s.ids.size();
  const uint64_t total = s.characters.back();
  s.counts.assign(s.strings.size(), 0);
  for (uint32_t id : s.ids) ++s.counts[id];
  for (auto& id : s.ids) if (s.counts[id] < 2) id = kUnique;
  // A repeated word keeps its id; from here `ids[i]` is the id of the (n-1)-gram at i.
  for (int n = 2; n <= kMaxGram && words >= size_t(n); ++n) {
    const size_t places = words - size_t(n) + 1;
    size_t candidates = 0;
    for (size_t i = 0; i < places; ++i) candidates += s.ids[i] != kUnique && s.ids[i + 1] != kUnique;
    s.pairs.reset(salt + uint64_t(n), candidates);
    s.counts.clear();
    s.longest.clear();
    for (size_t i = 0; i < places; ++i) {
      if (s.ids[i] == kUnique || s.ids[i + 1] == kUnique) {
        s.ids[i] = kUnique;
        continue;
      }
      const uint32_t id = s.pairs.id_of(s.ids[i], s.ids[i + 1]);
      if (id == s.counts.size()) {
        s.counts.push_back(0);
        s.longest.push_back(s.characters[i + size_t(n)] - s.characters[i]);
      }
      ++s.counts[id];
      s.ids[i] = id;
    }
    s.ids.resize(places);
    if (n <= 4) {
      uint32_t count = 1, characters = 0;
      for (size_t id = 0; id < s.counts.size(); ++id) {
        if (s.counts[id] < 2) continue;
        if (s.counts[id] > count || (s.counts[id] == count && s.longest[id] > characters)) {
          count = s.counts[id];
          characters = s.longest[id];
        }
      }
      f.top_gram_fraction[n - 2] = count < 2 ? 0.0f : ratio(uint64_t(characters) * count, total);
    }
    uint64_t covered = 0;
    size_t from = 0;  // words before it are counted
    for (size_t i = 0; i < places; ++i) {
      if (s.ids[i] == kUnique) continue;
      if (s.counts[s.ids[i]] < 2) {
        s.ids[i] = kUnique;
        continue;
      }
      const size_t start = std::max(i, from);
      from = i + size_t(n);
      covered += s.characters[from] - s.characters[start];
    }
    if (n >= 5) f.duplicate_gram_fraction[n - 5] = ratio(covered, total);
  }
  return f;
}

void TextFeatures::set_stop_words(const std::vector<std::string>& words) {
  auto& s = *scratch_;
  s.stop_words.clear();
  s.longest_stop_word = 0;
  for (const auto& word : words) {
    std::string lower;
    append_lower(word, lower);
    s.stop_words.emplace(lower, uint32_t(s.stop_words.size()));
    s.longest_stop_word = std::max(s.longest_stop_word, lower.size());
  }
  s.stop_word_seen.assign(s.stop_words.size(), 0);
  s.document = 0;
}

QualityFeatures TextFeatures::quality(std::string_view text) {
  auto& s = *scratch_;
  QualityFeatures f;
  ++s.document;
  uint64_t words = 0, characters = 0, alphabetic = 0;
  for_each_word(text, [&](std::string_view word, uint32_t points) {
    ++words;
    characters += points;
    alphabetic += has_letter(word);
    // Lower case never lengthens ASCII, and shortens others to a third at most (U+212A is k): longer words cannot match.
    if (word.size() > s.longest_stop_word && (word.size() > 3 * s.longest_stop_word || points == word.size())) return;
    s.lower.clear();
    append_lower(word, s.lower);
    const auto found = s.stop_words.find(s.lower);
    if (found == s.stop_words.end() || s.stop_word_seen[found->second] == s.document) return;
    s.stop_word_seen[found->second] = s.document;
    ++f.stop_word_count;
  });
  uint64_t hashes = 0, ellipses = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '#') ++hashes;
    else if (text[i] == '.') {
      if (text.substr(i, 3) == "...") { ++ellipses; i += 2; }
    } else if (text[i] == '\xE2') {
      if (text.substr(i, 3) == "\xE2\x80\xA6") { ++ellipses; i += 2; }
    }
  }
  uint64_t lines = 0, bullets = 0, trailing = 0;
  for_each_line(text, [&](std::string_view line) {
    line = trim_start(line);
    if (line.empty()) return;
    ++lines;
    bullets += line[0] == '-' || line.starts_with("\xE2\x80\xA2");
    line = trim_end(line);
    trailing += line.ends_with("...") || line.ends_with("\xE2\x80\xA6");
  });
  f.word_count = uint32_t(words);
  f.mean_word_length = ratio(characters, words);
  f.hash_word_ratio = ratio(hashes, words);
  f.ellipsis_word_ratio = ratio(ellipses, words);
  f.bullet_line_fraction = ratio(bullets, lines);
  f.ellipsis_line_fraction = ratio(trailing, lines);
  f.alphabetic_word_fraction = ratio(alphabetic, words);
  return f;
}

}  // namespace refine
