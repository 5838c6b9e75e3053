// A reading (encoding, language) costs as many bits as its language needs for the text that the bytes would be:
//   single-byte  each pair of neighbours in the text around bytes from 0x80 on, by the language's own letter pairs; what
//                no table knows (punctuation, foreign letters, another script, controls) by the constants below, and
//                upper case where it is odd
//   multi-byte   each character by its frequency in the language, else by the part of the index it stands in
// The cheapest reading wins. ASCII text costs nothing in all others, so readings of the same bytes compare. Integers only; the tables are made by infra/tables/charset-model.mjs.
#include "language_score.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "refine/unicode.h"
#include "refine/utf8.h"

namespace refine {
namespace {

enum class Letters : uint8_t { kLatin, kCyrillic, kGreek, kHebrew, kArabic, kThai };
struct LanguageModel { const char* name; const char* hints; Letters script; uint8_t own; const char16_t* letters; const char* pairs; };
struct Frequent { uint16_t c; uint8_t cost; };
#include "language_model.inc"

// Classes of a reading's bytes. Those below kSpecial stand in the pair table: 0 a gap, then ASCII letters, then the
// language's own letters.
enum : uint8_t { kGap = 0, kSpecial = 200, kJoiner = kSpecial, kQuote, kSymbol, kLoan, kForeign, kOtherScript, kJunk };
constexpr int kSpecialCost[] = {22, 24, 40, 34, 48, 60, 88};  // quarter bits
constexpr int kAnyLetter = 18;          // what an ASCII letter costs anywhere: 4.5 bits
constexpr int kUpperInWord = 36, kUpperFirst = 7, kAfterUpper = 3;
constexpr int kScriptChange = 48;       // two scripts in one word
constexpr int kWordChange = 20;         // a word in Latin letters beside one in the language's own script
constexpr int kInsideWord = 28;         // a quote or symbol between two letters
constexpr int kAtWord = 12;             // a symbol that follows a letter
constexpr int kForeignPair = 12;        // two letters in a row that the language does not have
constexpr int kLooseJoiner = 12;        // an apostrophe or dash that begins a word
constexpr int kKnownLanguage = 48;      // what <html lang> is worth: 12 bits
constexpr int64_t kMostAscii = 70;      // what ASCII text can say against a language: 17 bits
constexpr size_t kMostHigh = 4096;      // bytes from 0x80 on that are looked at
constexpr size_t kContext = 24;         // bytes of ASCII text that are looked at on either side of such a byte
constexpr int64_t kHopeless = 400;      // a reading so far behind the best after a chunk is left out
constexpr size_t kChunk = 512;

enum : uint8_t { kNoCase, kLower, kUpper };

struct Candidate {
  Encoding encoding;
  const LanguageModel* model;
  int prior;
  int width;  // of the pair table
  std::array<uint8_t, 256> klass, letter_case;
  std::vector<int8_t> costs;
};

// Encodings with the languages that were written in them, and what the encoding costs before any byte is seen: minus the
// logarithm of its share among legacy pages, in quarter bits, by rough order of magnitude.
struct Family { Encoding encoding; int prior; const char* languages; };
const Family kFamilies[] = {
  {Encoding::kWindows1252, 0, " en fr de es pt it nl sv fi da nn is ca gl ga sq "},
  {Encoding::kIso8859_15, 32, " fr de es pt it nl sv fi da nn is ca gl ga et "},
  {Encoding::kMacintosh, 36, " en fr de es pt it nl sv da nn ca gl "},
  {Encoding::kWindows1250, 20, " pl cs sk hu ro hr sl sq "},
  {Encoding::kIso8859_2, 22, " pl cs sk hu ro hr sl "},
  {Encoding::kIso8859_16, 44, " ro "},
  {Encoding::kIso8859_3, 52, " mt eo "},
  {Encoding::kIso8859_4, 44, " lt lv et "},
  {Encoding::kIso8859_13, 40, " lt lv et "},
  {Encoding::kIso8859_14, 56, " cy "},
  {Encoding::kWindows1254, 20, " tr az "},
  {Encoding::kWindows1257, 26, " lt lv et "},
  {Encoding::kWindows1258, 32, " vi "},
  {Encoding::kWindows1251, 10, " ru uk be bg mk sr "},
  {Encoding::kKoi8R, 34, " ru bg "},
  {Encoding::kKoi8U, 38, " uk "},
  {Encoding::kIso8859_5, 36, " ru uk be bg mk sr "},
  {Encoding::kIbm866, 36, " ru uk be bg "},
  {Encoding::kXMacCyrillic, 44, " ru uk be bg mk sr "},
  {Encoding::kWindows1253, 24, " el "},
  {Encoding::kIso8859_7, 26, " el "},
  {Encoding::kWindows1255, 24, " he "},
  {Encoding::kWindows1256, 24, " ar fa "},
  {Encoding::kIso8859_6, 40, " ar "},
  {Encoding::kWindows874, 24, " th "},
};

bool in_script(char32_t c, Letters script) {
  switch (script) {
    case Letters::kLatin: return refine::script(c) == Script::kLatin;
    case Letters::kCyrillic: return refine::script(c) == Script::kCyrillic;
    case Letters::kGreek: return refine::script(c) == Script::kGreek;
    case Letters::kHebrew: return refine::script(c) == Script::kHebrew;
    case Letters::kArabic: return refine::script(c) == Script::kArabic;
    default: return refine::script(c) == Script::kThai;
  }
}

uint8_t class_of(char32_t c, const LanguageModel& model, uint8_t* letter_case) {
  const bool latin = model.script == Letters::kLatin;
  *letter_case = category(c) == Category::kLu ? kUpper : category(c) == Category::kLl ? kLower : kNoCase;
  char32_t low = category(c) == Category::kLu ? char32_t(int32_t(c) + record_of(c).lower_delta) : c;
  if (low == 0x219) low = 0x15F;  // Romanian's comma below and cedilla are one letter
  if (low == 0x21B) low = 0x163;
  if (low < 0x80) return low >= 'a' && low <= 'z' ? (latin ? uint8_t(low - 'a' + 1) : 1) : uint8_t(kGap);
  for (uint8_t i = 0; i < model.own; ++i) if (char32_t(model.letters[i]) == low) return uint8_t((latin ? 27 : 2) + i);
  if (low < 0xA0) return kJunk;
  if (is_letter(low) || is_mark(low)) {
    if (low == 0xAA || low == 0xBA || low == 0xB5) return kSymbol;
    if (!in_script(low, model.script)) return kOtherScript;
    return latin && std::u32string_view(U"éèêëáàâäóòôöúùûüíìîïñçãõåøæß").find(low) != std::u32string_view::npos ? kLoan : kForeign;
  }
  if (std::u32string_view(U"\u00A0\u00AD’–—·־׳״\u200C").find(c) != std::u32string_view::npos) return kJoiner;
  if (std::u32string_view(U"«»‘“”„‚…•°©®§¿¡™€،؛؟").find(c) != std::u32string_view::npos) return kQuote;
  if ((c >= 0x2500 && c < 0x25A0) || c == 0xA4) return kJunk;  // box drawing, the currency sign
  return kSymbol;
}

uint8_t level(char c) { return uint8_t(c >= 'a' ? c - 'a' + 26 : c >= 'A' ? c - 'A' : c == '+' ? 62 : c == '/' ? 63 : c - '0' + 52); }

std::vector<Candidate> make_candidates() {
  std::vector<Candidate> out;
  for (const Family& family : kFamilies) {
    for (const LanguageModel& model : kLanguages) {
      if (std::string_view(family.languages).find(" " + std::string(model.name) + " ") == std::string_view::npos) continue;
      Candidate c{family.encoding, &model, family.prior, (model.script == Letters::kLatin ? 27 : 2) + model.own, {}, {}, {}};
      for (int byte = 0; byte < 256; ++byte) {
        const char raw = char(byte);
        std::string text;
        if (decode_to_utf8(family.encoding, {&raw, 1}, text) > 0) { c.klass[size_t(byte)] = kJunk; continue; }
        auto p = reinterpret_cast<const uint8_t*>(text.data());
        c.klass[size_t(byte)] = class_of(decode_utf8(p, p + text.size()), model, &c.letter_case[size_t(byte)]);
      }
      c.costs.resize(size_t(c.width) * size_t(c.width));
      const int ascii = c.width - model.own;
      for (int a = 0; a < c.width; ++a) for (int b = 0; b < c.width; ++b) {
        int cost = level(model.pairs[a * c.width + b]);
        if (a < ascii && b < ascii) cost = model.script == Letters::kLatin ? cost - level(kPairsOfAnyLatin[a * 27 + b]) : 0;
        else if (b > 0 && b < ascii) cost -= model.script == Letters::kLatin ? kAnyLetter : 0;
        if (model.script != Letters::kLatin && a > 0 && b > 0 && (a == 1) != (b == 1)) cost += kScriptChange;
        c.costs[size_t(a * c.width + b)] = int8_t(cost);
      }
      out.push_back(std::move(c));
    }
  }
  return out;
}

bool is_ascii_letter(char c) { return uint8_t(c) < 0x80 && (c | 32) >= 'a' && (c | 32) <= 'z'; }

struct Reading {
  const Candidate* candidate;
  int64_t cost, ascii = 0;
  uint8_t last = kGap, before = kGap, last_case = kNoCase, last_script = 0;
  bool last_high = false;
  // ASCII text tells languages in Latin script apart, half as loud as it seems; to the best of them it costs nothing.
  int64_t total(int64_t least_ascii) const { return candidate->model->script == Letters::kLatin ? cost + std::min<int64_t>((ascii - least_ascii) / 2, kMostAscii) : cost; }
};

// A letter that a language's own table or kLoan, kForeign, kOtherScript has.
bool is_word(uint8_t k) { return k != kGap && (k < kSpecial || (k >= kLoan && k <= kOtherScript)); }

void read_on(Reading& reading, std::string_view bytes) {
  const Candidate& c = *reading.candidate;
  int64_t cost = 0, ascii = 0;
  const uint8_t ascii_classes = uint8_t(c.width - c.model->own);
  const bool latin = c.model->script == Letters::kLatin;
  uint8_t last = reading.last, before = reading.before, last_case = reading.last_case, last_script = reading.last_script;
  bool last_high = reading.last_high;
  for (const char raw : bytes) {
    const uint8_t byte = uint8_t(raw), now = c.klass[byte], now_case = c.letter_case[byte];
    if (now >= kSpecial) {
      cost += kSpecialCost[now - kSpecial];
      if (now == kSymbol && is_word(last)) cost += kAtWord;
      if ((now == kLoan || now == kForeign) && (last == kLoan || last == kForeign)) cost += kForeignPair;
      if (now == kOtherScript && last != kGap && last < kSpecial) cost += kScriptChange;
    } else {
      const uint8_t from = last < kSpecial ? last : uint8_t(kGap);
      (from < ascii_classes && now < ascii_classes ? ascii : cost) += c.costs[size_t(from) * size_t(c.width) + now];
      if (last == kOtherScript && now != kGap) cost += kScriptChange;
      if (!latin && now != kGap) {
        const uint8_t script = now == 1 ? 1 : 2;
        if (last == kGap && last_script + script == 3) cost += kWordChange;
        last_script = script;
      }
    }
    if (last == kJoiner && before == kGap && is_word(now)) cost += kLooseJoiner;
    if ((last == kQuote || last == kSymbol || last == kJunk) && is_word(before) && is_word(now)) cost += kInsideWord;
    const bool high = byte >= 0x80 || last_high;
    if (now_case == kUpper && high) cost += last_case == kLower ? kUpperInWord : last_case == kUpper ? kAfterUpper : kUpperFirst;
    else if (now_case == kLower && last_case == kUpper && high) cost += kAfterUpper;
    before = last;
    last = now;
    last_case = now_case;
    last_high = byte >= 0x80;
  }
  reading.cost += cost;
  reading.ascii += ascii;
  reading.last = last;
  reading.before = before;
  reading.last_case = last_case;
  reading.last_script = last_script;
  reading.last_high = last_high;
}

// The bytes from 0x80 on with the ASCII text around them (no markup: what ends it is any byte that prose hardly has).
std::string text_of(std::string_view bytes) {
  const auto prose = [](char c) { return is_ascii_letter(c) || c == ' ' || c == ',' || c == '.' || c == '\'' || c == '-'; };
  std::string out;
  size_t done = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (uint8_t(bytes[i]) < 0x80) continue;
    size_t from = i, to = i, ascii = 0;
    while (from > done && i - from < kContext && prose(bytes[from - 1])) --from;
    while (to < bytes.size() && (uint8_t(bytes[to]) >= 0x80 || (prose(bytes[to]) && ascii < kContext))) ascii = uint8_t(bytes[to++]) >= 0x80 ? 0 : ascii + 1;
    if (from != done || out.empty()) out.push_back(' ');
    out.append(bytes.substr(from, to - from));
    done = to;
    i = to - 1;
  }
  out.push_back(' ');
  return out;
}

// Costs of two-byte units by (lead, trail); kBroken where the encoding has no character.
constexpr uint8_t kBroken = 255;
struct UnitCosts { Encoding encoding; const char* hints; int prior; std::vector<uint8_t> cost; };

// What a character costs that the language's list does not have, by the part of the index it stands in.
uint8_t unlisted(Encoding encoding, uint8_t lead, uint8_t trail, char32_t c) {
  const bool gr = lead >= 0xA1 && trail >= 0xA1, han = script(c) == Script::kHan, hangul = script(c) == Script::kHangul;
  const bool kana = script(c) == Script::kHiragana || script(c) == Script::kKatakana;
  switch (encoding) {
    case Encoding::kGbk: return !gr || !han ? (kana ? 72 : gr && !han && lead <= 0xA3 ? 56 : 92) : lead <= 0xD7 ? 53 : 70;
    case Encoding::kBig5: return han ? (lead >= 0xA4 && lead <= 0xC6 ? 53 : lead >= 0xC9 && lead <= 0xF9 ? 70 : 92) : lead <= 0xA3 ? 56 : 88;
    case Encoding::kEucKr: return hangul ? (gr ? 48 : 72) : han ? 76 : kana ? 84 : gr && lead <= 0xA3 ? 56 : 84;
    default: {
      if (kana) return 38;
      if (c >= 0xFF61 && c <= 0xFF9F) return 48;
      if (!han) return 60;
      const bool first = encoding == Encoding::kEucJp ? lead >= 0xB0 && lead <= 0xCF : (lead >= 0x88 && lead <= 0x98);
      return first ? 53 : 70;
    }
  }
}

template <size_t N>
UnitCosts make_units(Encoding encoding, const char* hints, int prior, const Frequent (&list)[N]) {
  UnitCosts out{encoding, hints, prior, std::vector<uint8_t>(65536, kBroken)};
  std::string text;
  for (unsigned lead = 0x80; lead < 256; ++lead) {
    for (unsigned trail = 0x40; trail < 256; ++trail) {
      const char raw[2] = {char(lead), char(trail)};
      text.clear();
      if (decode_to_utf8(encoding, {raw, 2}, text) > 0) continue;
      auto p = reinterpret_cast<const uint8_t*>(text.data());
      const auto end = p + text.size();
      const char32_t c = decode_utf8(p, end);
      if (p != end) continue;  // two characters: a byte that stands alone and another
      const auto found = std::lower_bound(std::begin(list), std::end(list), c, [](const Frequent& f, char32_t v) { return f.c < v; });
      const bool private_use = c >= 0xE000 && c < 0xF900;
      out.cost[lead << 8 | trail] = private_use ? 120 : found != std::end(list) && found->c == c ? found->cost : unlisted(encoding, uint8_t(lead), uint8_t(trail), c);
    }
  }
  return out;
}

const std::array<UnitCosts, 5>& units() {
  static const std::array<UnitCosts, 5> all = {
    make_units(Encoding::kGbk, " zh ", 12, kFrequent_zhHans), make_units(Encoding::kBig5, " zh ", 20, kFrequent_zhHant),
    make_units(Encoding::kEucJp, " ja ", 18, kFrequent_ja), make_units(Encoding::kShiftJis, " ja ", 14, kFrequent_ja),
    make_units(Encoding::kEucKr, " ko ", 16, kFrequent_ko)};
  return all;
}

constexpr int kAloneUnit = 32;  // one character between ASCII: these languages write in rows
constexpr int kBrokenCost = 100, kHalfKana = 44, kLongUnit = 90;

int64_t cost_of_units(const UnitCosts& units, std::string_view s) {
  int64_t cost = units.prior;
  const size_t n = s.size();
  for (size_t i = 0; i < n;) {
    const uint8_t lead = uint8_t(s[i]);
    if (lead < 0x80) { ++i; continue; }
    const auto alone = [&](size_t next) { return next < n && uint8_t(s[next]) < 0x80 && (i == 0 || uint8_t(s[i - 1]) < 0x80); };
    if (units.encoding == Encoding::kShiftJis && lead >= 0xA1 && lead <= 0xDF) {
      cost += kHalfKana + (alone(i + 1) ? kAloneUnit : 0);
      ++i;
      continue;
    }
    if (i + 1 >= n) { cost += kHalfKana; break; }  // the window's end may cut a character
    const uint8_t trail = uint8_t(s[i + 1]);
    if (units.encoding == Encoding::kEucJp && lead == 0x8F && i + 2 < n && trail >= 0xA1 && uint8_t(s[i + 2]) >= 0xA1) { cost += kLongUnit; i += 3; continue; }
    if (units.encoding == Encoding::kGbk && trail >= 0x30 && trail <= 0x39 && i + 3 < n && uint8_t(s[i + 2]) >= 0x81 && s[i + 3] >= 0x30 && s[i + 3] <= 0x39) {
      cost += kLongUnit;
      i += 4;
      continue;
    }
    const uint8_t found = units.cost[size_t(lead) << 8 | trail];
    cost += found == kBroken ? kBrokenCost : found;
    const size_t next = i + (found == kBroken ? 1 : 2);
    if (alone(next)) cost += kAloneUnit;
    i = next;
  }
  return cost;
}

}  // namespace

LanguageScore best_language(std::string_view bytes, std::string_view lang, Encoding declared) {
  static const std::vector<Candidate> candidates = make_candidates();
  size_t size = 0, high = 0;
  while (size < bytes.size() && high < kMostHigh) high += uint8_t(bytes[size++]) >= 0x80;
  size = std::min(bytes.size(), size + 1);
  const auto window = bytes.substr(0, size);
  const auto known = [&](const char* hints) { return !lang.empty() && std::string_view(hints).find(" " + std::string(lang) + " ") != std::string_view::npos; };

  LanguageScore best{Encoding::kWindows1252, "", INT64_MAX, INT64_MAX};
  const auto offer = [&](Encoding encoding, const char* language, int64_t cost) {
    if (encoding == declared) best.declared = std::min(best.declared, cost);
    if (cost >= best.cost) return;
    best.encoding = encoding;
    best.language = language;
    best.cost = cost;
  };
  for (const UnitCosts& u : units()) {
    offer(u.encoding, u.hints, cost_of_units(u, window) - (known(u.hints) ? kKnownLanguage : 0));
  }
  const std::string text = text_of(window);
  std::vector<Reading> readings;
  for (const Candidate& c : candidates) readings.push_back({&c, c.prior - (known(c.model->hints) ? kKnownLanguage : 0)});
  int64_t least_ascii = 0;
  for (size_t at = 0; at < text.size(); at += kChunk) {
    int64_t least = INT64_MAX;
    least_ascii = INT64_MAX;
    for (Reading& r : readings) {
      read_on(r, std::string_view(text).substr(at, kChunk));
      if (r.candidate->model->script == Letters::kLatin) least_ascii = std::min(least_ascii, r.ascii);
    }
    for (const Reading& r : readings) least = std::min(least, r.total(least_ascii));
    std::erase_if(readings, [&](const Reading& r) { return r.candidate->encoding != declared && r.total(least_ascii) > least + kHopeless; });
  }
  for (const Reading& r : readings) offer(r.candidate->encoding, r.candidate->model->name, r.total(least_ascii));
  return best;
}

}  // namespace refine
