// Which encoding undeclared bytes are in. Structure first (UTF-8, ISO-2022-JP, UTF-16), then a score for each candidate:
//   multi-byte:  share of pairs that fall into the encoding's common characters, less five for each broken pair
//   single-byte: letters of words (decoded, by script), common ones up, symbols inside words and mixed scripts down
// A pure function of at most the first MiB from the first non-ASCII byte on; integers only. A language scores by its own
// letters, so this is a judgement, and a declared charset always comes before it.
#include <algorithm>
#include <cstring>
#include <vector>

#include "refine/encoding.h"
#include "refine/utf8.h"

namespace refine {
namespace {

constexpr size_t kWindow = 256 * 1024;

struct PairScore { int64_t pairs = 0, good = 0, broken = 0; int64_t total() const { return pairs == 0 ? -1 : (good * 100 - broken * 500) / pairs; } };

// Calls see(lead, trail) for each pair that `fits`, and counts the rest as broken. `single` bytes stand alone.
template <class Single, class Fits, class See>
PairScore pairs_of(std::string_view s, Single single, Fits fits, See see) {
  PairScore score;
  for (size_t i = 0; i < s.size(); ++i) {
    const uint8_t lead = uint8_t(s[i]);
    if (lead < 0x80) continue;
    if (const int g = single(lead); g >= 0) { ++score.pairs; score.good += g; continue; }
    ++score.pairs;
    const uint8_t trail = i + 1 < s.size() ? uint8_t(s[i + 1]) : 0;
    if (!fits(lead, trail)) { if (i + 1 < s.size()) ++score.broken; continue; }
    score.good += see(lead, trail);
    ++i;
  }
  return score;
}

struct Candidate { Encoding encoding; int64_t score; };

bool gr(uint8_t b) { return b >= 0xA1 && b <= 0xFE; }

Candidate best_multi_byte(std::string_view s) {
  const auto none = [](uint8_t) { return -1; };
  int64_t kana = 0, low_hanzi = 0, high_hanzi = 0;
  const auto euc = pairs_of(s, none, [](uint8_t l, uint8_t t) { return gr(l) && gr(t); }, [&](uint8_t l, uint8_t) {
    if (l == 0xA4 || l == 0xA5) ++kana;
    else if (l >= 0xB0 && l <= 0xC8) ++low_hanzi;
    else if (l >= 0xC9 && l <= 0xD7) ++high_hanzi;
    return l >= 0xB0 && l <= 0xD7 ? 1 : l >= 0xA1 && l <= 0xA5 ? 1 : 0;
  });
  const auto gbk = pairs_of(s, none, [](uint8_t l, uint8_t t) { return l >= 0x81 && l != 0xFF && t >= 0x40 && t != 0x7F && t != 0xFF; }, [](uint8_t l, uint8_t t) {
    return t >= 0xA1 && ((l >= 0xB0 && l <= 0xD7) || (l >= 0xA1 && l <= 0xA3)) ? 1 : 0;
  });
  const auto big5 = pairs_of(s, none, [](uint8_t l, uint8_t t) { return l >= 0x81 && l != 0xFF && ((t >= 0x40 && t <= 0x7E) || gr(t)); }, [](uint8_t l, uint8_t) {
    return (l >= 0xA4 && l <= 0xC6) || l == 0xA1 ? 1 : 0;
  });
  const auto sjis = pairs_of(s, [](uint8_t l) { return l >= 0xA1 && l <= 0xDF ? 0 : -1; },
    [](uint8_t l, uint8_t t) { return ((l >= 0x81 && l <= 0x9F) || (l >= 0xE0 && l <= 0xFC)) && t >= 0x40 && t != 0x7F && t <= 0xFC; },
    [](uint8_t l, uint8_t t) { return (l == 0x82 && t >= 0x9F && t <= 0xF1) || (l == 0x83 && t <= 0x96) || l == 0x81 || (l >= 0x88 && l <= 0x97) ? 1 : 0; });
  Candidate best{Encoding::kWindows1252, 0};
  const auto offer = [&](Encoding e, int64_t score) { if (score > best.score) best = {e, score}; };
  const int64_t pure = euc.total();
  if (euc.pairs > 0 && pure > 0) {
    // The three EUC encodings share one byte range. Kana make Japanese; hangul fill only leads B0..C8.
    if (kana * 4 > euc.pairs) offer(Encoding::kEucJp, pure + 3);
    else if (low_hanzi > 0 && high_hanzi * 20 < low_hanzi) offer(Encoding::kEucKr, pure + 3);
    else offer(Encoding::kGbk, pure + 1);
  }
  offer(Encoding::kGbk, gbk.total());
  offer(Encoding::kBig5, big5.total());
  offer(Encoding::kShiftJis, sjis.total());
  return best;
}

enum class Script : uint8_t { kNone, kLatin, kCyrillic, kGreek, kHebrew, kArabic, kThai };

Script script_of(char32_t c) {
  if ((c | 32) >= 'a' && (c | 32) <= 'z' && c < 0x80) return Script::kLatin;
  if ((c >= 0xC0 && c <= 0x24F && c != 0xD7 && c != 0xF7) || c == 0xAA || c == 0xBA) return Script::kLatin;
  if (c >= 0x386 && c <= 0x3CE && c != 0x387) return Script::kGreek;
  if (c >= 0x401 && c <= 0x491) return Script::kCyrillic;
  if (c >= 0x5B0 && c <= 0x5EA) return Script::kHebrew;
  if (c >= 0x621 && c <= 0x6D2) return Script::kArabic;
  if (c >= 0xE01 && c <= 0xE4E) return Script::kThai;
  return Script::kNone;
}

bool is_upper(char32_t c) {
  if (c >= 0xC0 && c <= 0xDE) return c != 0xD7;
  if (c >= 0x410 && c <= 0x42F) return true;
  if (c >= 0x401 && c <= 0x40F) return true;
  if (c >= 0x391 && c <= 0x3AB) return true;
  if (c >= 'A' && c <= 'Z') return true;
  if (c >= 0x100 && c <= 0x137) return (c & 1) == 0;
  if (c >= 0x139 && c <= 0x148) return (c & 1) == 1;
  if (c >= 0x14A && c <= 0x177) return (c & 1) == 0;
  return c == 0x178 || c == 0x179 || c == 0x17B || c == 0x17D;
}

struct Language { Encoding encoding; const char* hint; const char32_t* common; };
// Letters outside ASCII by how often the encoding's languages use them; hint: values of <html lang>.
const Language kLanguages[] = {
  {Encoding::kWindows1252, " en ", U"’“”–—‘…é£"},
  {Encoding::kWindows1252, " fr ", U"éèàêç’âôîûùïëœ«»ÉÀÈÊÇÔ"},
  {Encoding::kWindows1252, " de ", U"üäößÄÖÜ„“é"},
  {Encoding::kWindows1252, " es gl ", U"óíáéñúüÁÉÍÓÚÑ¿¡«»ºª"},
  {Encoding::kWindows1252, " pt ", U"ãáçéíóêõâàúôÁÉÍÓÚÂÀªº"},
  {Encoding::kWindows1252, " it ", U"àèéùòìÈÀ’"},
  {Encoding::kWindows1252, " nl af ", U"ëéïèöü"},
  {Encoding::kWindows1252, " sv fi ", U"äöåÄÖÅé"},
  {Encoding::kWindows1252, " da no nb nn ", U"åøæÅØÆéòôâ"},
  {Encoding::kWindows1252, " is fo ", U"áðíþóæéúöýÁÞÍÓÖÆ"},
  {Encoding::kWindows1252, " ca ", U"óàéèíçúïòü·ÀÉÈ"},
  {Encoding::kWindows1250, " pl ", U"łęążśćóńźŁŻŚĆŹ"},
  {Encoding::kWindows1250, " cs sk ", U"íáéřěšýžčůúťňďóäľôĺŕŠŽČŘÁÚÍÝ"},
  {Encoding::kWindows1250, " hu ", U"áéöőóüíúűÁÉÖŐÜÍÚ"},
  {Encoding::kWindows1250, " ro ", U"ăşţîâĂŞŢÎÂ"},
  {Encoding::kWindows1250, " hr sl bs sr ", U"čšžćđČŠŽĆĐ"},
  {Encoding::kWindows1250, " sq ", U"ëçËÇ"},
  {Encoding::kIso8859_2, " pl ", U"łęążśćóńźŁŻŚĆŹ"},
  {Encoding::kIso8859_2, " cs sk ", U"íáéřěšýžčůúťňďóäľôĺŕŠŽČŘÁÚÍÝ"},
  {Encoding::kIso8859_2, " hu ", U"áéöőóüíúűÁÉÖŐÜÍÚ"},
  {Encoding::kIso8859_2, " ro ", U"ăşţîâĂŞŢÎÂ"},
  {Encoding::kIso8859_2, " hr sl ", U"čšžćđČŠŽĆĐ"},
  {Encoding::kWindows1254, " tr az ", U"ığşçüöİŞÇÜÖâîĞ"},
  {Encoding::kWindows1257, " lt ", U"šėųąįžūčęŠŽČĄĖĮ"},
  {Encoding::kWindows1257, " lv ", U"āīēšņļūžģķčĀĪĒŠŅĻŪŽĢĶČ"},
  {Encoding::kWindows1257, " et ", U"äõüöšžÕÄÜÖ"},
  {Encoding::kWindows1258, " vi ", U"đưôáàơêăâéèíóúýùìòĐƯÔ"},
  {Encoding::kWindows1251, " ru be ", U"оеаинтсрвлкмдпуяыьгзбчйхжшюцщ"},
  {Encoding::kWindows1251, " uk ", U"оаинтвіреслкдмупязьгбйчхїжшюцщєґ"},
  {Encoding::kWindows1251, " bg sr mk ", U"аиоетнрсвлкдпмъзягубчжщцйхшюјљњћџђ"},
  {Encoding::kKoi8R, " ru ", U"оеаинтсрвлкмдпуяыьгзбчйхжшюцщ"},
  {Encoding::kKoi8U, " uk ", U"оаинтвіреслкдмупязьгбйчхїжшюцщєґ"},
  {Encoding::kIso8859_5, " ru ", U"оеаинтсрвлкмдпуяыьгзбчйхжшюцщ"},
  {Encoding::kIbm866, " ru ", U"оеаинтсрвлкмдпуяыьгзбчйхжшюцщ"},
  {Encoding::kWindows1253, " el ", U"αοιετσνηυρπκμλςωίόάέήύώγδθβχφ"},
  {Encoding::kIso8859_7, " el ", U"αοιετσνηυρπκμλςωίόάέήύώγδθβχφ"},
  {Encoding::kWindows1255, " he iw yi ", U"יוהלאמרתבשנדפםעקחסטגכצזןךףץ"},
  {Encoding::kWindows1256, " ar fa ur ", U"اليمونرتبعدسفكهحقجأةشصطخضذزثغىئءظپچگکی،؟"},
  {Encoding::kWindows874, " th ", U"านรกอ่เง้มลยวัดทสต็ปคะีหิแชพขำบไจโืถุ์ึผูซใญณธศภฟษ"},
};
// Punctuation of every language: a little evidence, as no letter stands there in the other encodings.
constexpr char32_t kPunctuation[] = U"’“”–—‘…„«»°€§№©®™•´";

std::string html_lang(std::string_view bytes) {
  const auto head = bytes.substr(0, 4096);
  size_t at = head.find("<html");
  if (at == std::string_view::npos) at = head.find("<HTML");
  if (at == std::string_view::npos) return {};
  const auto tag = head.substr(at, head.find('>', at) - at);
  at = tag.find("lang=");
  if (at == std::string_view::npos) return {};
  at += 5;
  if (at < tag.size() && (tag[at] == '"' || tag[at] == '\'')) ++at;
  std::string lang = " ";
  while (at < tag.size() && ((tag[at] | 32) >= 'a' && (tag[at] | 32) <= 'z')) lang.push_back(char(tag[at++] | 32));
  return lang.size() > 1 ? lang + " " : std::string();
}

// Text that matters: the non-ASCII bytes with their words; long ASCII runs are skipped but for one space.
std::string words_around(std::string_view bytes) {
  std::string out;
  for (size_t i = 0; i < bytes.size() && out.size() < kWindow; ++i) {
    if (uint8_t(bytes[i]) < 0x80) continue;
    size_t from = i, to = i;
    while (from > 0 && i - from < 4 && uint8_t(bytes[from - 1]) < 0x80 && ((bytes[from - 1] | 32) >= 'a' && (bytes[from - 1] | 32) <= 'z')) --from;
    while (to < bytes.size() && to - i < 64 && (uint8_t(bytes[to]) >= 0x80 || ((bytes[to] | 32) >= 'a' && (bytes[to] | 32) <= 'z'))) ++to;
    out.append(bytes.substr(from, to - from));
    out.push_back(' ');
    i = to - 1 > i ? to - 1 : i;
  }
  return out;
}

int64_t score_single(const Language& language, std::string_view words, std::string_view lang) {
  std::string text;
  const size_t errors = decode_to_utf8(language.encoding, words, text);
  int64_t score = -int64_t(errors) * 40;
  auto p = reinterpret_cast<const uint8_t*>(text.data());
  const auto end = p + text.size();
  char32_t before = ' ';
  const size_t common_size = std::char_traits<char32_t>::length(language.common);
  while (p < end) {
    const char32_t c = decode_utf8(p, end);
    const Script script = script_of(c), last = script_of(before);
    if (c >= 0x80) {
      const auto found = std::find(language.common, language.common + common_size, c);
      const size_t rank = size_t(found - language.common);
      if (rank < common_size) score += rank < 10 ? 10 : rank < 24 ? 9 : 7;
      else if (std::u32string_view(kPunctuation).find(c) != std::u32string_view::npos) score += 2;
      else if (script != Script::kNone) score -= 4;  // a letter this language does not use
      else score -= c < 0xA0 ? 30 : 8;
      if (script == Script::kLatin && last == Script::kLatin && before >= 0x80) score -= 5;  // Latin words have their accents apart
      if (script != Script::kNone && last != Script::kNone && last != script) score -= 12;   // two scripts in one word
      if (script != Script::kNone && last == script && is_upper(c) && !is_upper(before)) score -= 12;  // an upper case letter inside a word
      if (script == Script::kNone && last != Script::kNone && rank == common_size) score -= 3;
    } else if (script == Script::kLatin && last != Script::kNone && last != Script::kLatin) {
      score -= 12;
    } else if (script == Script::kLatin && before >= 0x80 && last == Script::kNone && c != ' ') {
      score -= 4;
    }
    before = c;
  }
  if (!lang.empty() && std::string_view(language.hint).find(lang) != std::string_view::npos) score += score / 4 + 20;
  return score;
}

}  // namespace

Encoding detect_encoding(std::string_view bytes) {
  size_t high = 0, escapes = 0, even_nul = 0, odd_nul = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    const uint8_t b = uint8_t(bytes[i]);
    high += b >= 0x80;
    if (b == 0x1B && i + 2 < bytes.size() && ((bytes[i + 1] == '$' && (bytes[i + 2] == 'B' || bytes[i + 2] == '@')) || (bytes[i + 1] == '(' && bytes[i + 2] == 'J'))) ++escapes;
    if (b == 0) ++(i & 1 ? odd_nul : even_nul);
  }
  // Markup in UTF-16 is mostly ASCII, so every other byte is NUL.
  if (odd_nul * 5 > bytes.size() && even_nul * 50 < bytes.size()) return Encoding::kUtf16Le;
  if (even_nul * 5 > bytes.size() && odd_nul * 50 < bytes.size()) return Encoding::kUtf16Be;
  if (high == 0) return escapes > 0 ? Encoding::kIso2022Jp : Encoding::kUtf8;
  if (is_valid_utf8(bytes)) return Encoding::kUtf8;
  const std::string lang = html_lang(bytes);
  const std::string words = words_around(bytes);
  // Pairs are read in place: the trail of a pair may be an ASCII byte.
  size_t first = 0;
  while (uint8_t(bytes[first]) < 0x80) ++first;
  const auto window = bytes.substr(first, 4 * kWindow);
  const Candidate multi = best_multi_byte(window);
  // In running text of a multi-byte encoding high bytes come in long rows; in Latin text they stand alone.
  size_t lonely = 0, rows = 0;
  for (size_t i = 0, last = 0; i < window.size(); ++i) {
    if (uint8_t(window[i]) < 0x80) continue;
    ++rows;
    const bool left = rows > 1 && i - last <= 2;
    const bool right = (i + 1 < window.size() && uint8_t(window[i + 1]) >= 0x80) || (i + 2 < window.size() && uint8_t(window[i + 2]) >= 0x80);
    lonely += !left && !right;
    last = i;
  }
  // A mostly UTF-8 text with a few broken sequences is UTF-8.
  {
    size_t good = 0, bad = 0;
    auto p = reinterpret_cast<const uint8_t*>(words.data());
    const auto end = p + words.size();
    while (p < end) {
      if (*p < 0x80) { ++p; continue; }
      if (decode_utf8(p, end) == kReplacement) ++bad; else ++good;
    }
    if (good >= 3 && bad * 5 < good) return Encoding::kUtf8;
  }
  Candidate best{Encoding::kWindows1252, INT64_MIN};
  for (const Language& language : kLanguages) {
    int64_t score = score_single(language, words, lang);
    if (language.encoding == Encoding::kWindows1252 && score > 0) score += score / 32 + 2;  // ties go to the most frequent
    if (score > best.score) best = {language.encoding, score};
  }
  const int64_t single_mean = rows > 0 ? best.score / int64_t(rows) : 0;
  // Multi-byte wins on a clean fit; Cyrillic, Greek, Arabic and Thai also form long rows but then score well as single bytes.
  if (multi.score >= 60 && lonely * 4 < rows && (single_mean < 7 || multi.score >= 97)) {
    if (single_mean >= 7 && multi.encoding == Encoding::kGbk) return best.encoding;
    return multi.encoding;
  }
  return best.encoding;
}

namespace {
struct Utf8Count { size_t good = 0, bad = 0; };
Utf8Count count_utf8(std::string_view bytes) {
  Utf8Count count;
  auto p = reinterpret_cast<const uint8_t*>(bytes.data());
  const auto end = p + bytes.size();
  while (p < end) {
    if (end - p >= 8) {
      uint64_t word;
      std::memcpy(&word, p, 8);
      if (!(word & 0x8080808080808080ull)) { p += 8; continue; }
    }
    if (*p < 0x80) { ++p; continue; }
    const auto start = p;
    if (decode_utf8(p, end) != kReplacement || (p - start == 3 && start[1] == 0xBF && start[2] == 0xBD)) ++count.good; else ++count.bad;
  }
  return count;
}
bool is_multi_byte(Encoding e) { return e >= Encoding::kGbk && e <= Encoding::kEucKr; }
}  // namespace

Charset decide_charset(std::string_view bytes, std::string_view content_type) {
  Encoding found;
  if (encoding_from_bom(bytes, &found)) return {found, CharsetSource::kBom};
  Utf8Count utf8;
  bool counted = false;
  const auto count = [&]() -> const Utf8Count& {
    if (!counted) utf8 = count_utf8(bytes), counted = true;
    return utf8;
  };
  // True where the bytes do not contradict `e`; may turn it into UTF-8.
  const auto accept = [&](Encoding& e) {
    if (e == Encoding::kUtf8) return count().bad * 5 <= count().good;
    if (e == Encoding::kUtf16Le || e == Encoding::kUtf16Be) return e == detect_encoding(bytes);
    if (e == Encoding::kReplacement || e == Encoding::kIso2022Jp) return count().bad + count().good == 0;
    size_t errors = 0, characters = 1;
    if (is_multi_byte(e)) {
      std::string text;
      errors = decode_to_utf8(e, bytes.substr(0, kWindow), text);
      for (unsigned char c : text) characters += c >= 0xC0;
    }
    if (count().bad == 0 && count().good >= (is_multi_byte(e) && errors == 0 ? 16u : 3u)) e = Encoding::kUtf8;
    else if (errors * 5 > characters) return false;
    return true;
  };
  if (encoding_from_content_type(content_type, &found) && accept(found)) return {found, CharsetSource::kHeader};
  if (prescan_encoding(bytes, 1024, &found) && accept(found)) return {found, CharsetSource::kMeta};
  if (count().good >= 1 && count().bad == 0) return {Encoding::kUtf8, CharsetSource::kContent};
  // Browsers change the encoding when a <meta> comes late; the standard's prescan alone stops at 1,024 bytes.
  if (prescan_encoding(bytes, 65536, &found) && accept(found)) return {found, CharsetSource::kMeta};
  return {detect_encoding(bytes), CharsetSource::kContent};
}

}  // namespace refine
