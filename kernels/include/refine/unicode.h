// Properties, case and normal forms of code points, from the tables of one Unicode version (kUnicodeVersion), never from
// the machine's ICU. Tables: kernels/text/unicode_tables.inc, made by infra/unicode/generate.mjs; two-stage, 128 a block.
// Every function takes any char32_t; above U+10FFFF answers as an unassigned code point does.
// Sources: Unicode 16.0 chapters 3.11 (normalisation), 3.13 (case), UAX #44.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace refine {

extern const char kUnicodeVersion[];

enum class Category : uint8_t {  // General_Category; order as in the generator
  kCn, kCc, kCf, kCo, kCs, kLl, kLm, kLo, kLt, kLu, kMc, kMe, kMn, kNd, kNl, kNo,
  kPc, kPd, kPe, kPf, kPi, kPo, kPs, kSc, kSk, kSm, kSo, kZl, kZp, kZs,
};

enum class Script : uint8_t {  // Script (not Script_Extensions); scripts without a name here are kOther
  kUnknown, kCommon, kInherited, kLatin, kGreek, kCyrillic, kArmenian, kGeorgian, kHebrew, kArabic, kSyriac, kThaana,
  kDevanagari, kBengali, kGurmukhi, kGujarati, kOriya, kTamil, kTelugu, kKannada, kMalayalam, kSinhala, kThai, kLao,
  kTibetan, kMyanmar, kKhmer, kEthiopic, kMongolian, kHan, kHiragana, kKatakana, kBopomofo, kHangul, kYi, kTaiLe,
  kNewTaiLue, kTaiTham, kTaiViet, kJavanese, kBalinese, kOther,
};

struct CodePointRecord {
  int32_t lower_delta;      // simple lower-case mapping less the code point
  uint8_t category;         // Category
  uint8_t combining_class;  // Canonical_Combining_Class
  uint8_t script;           // Script
  uint8_t flags;            // kWhiteSpace...
};
enum CodePointFlag : uint8_t {
  kWhiteSpace = 1, kAlphabetic = 2, kCased = 4, kCaseIgnorable = 8,
  kNfcNo = 16, kNfcMaybe = 32,  // NFC_Quick_Check
  kDecomposes = 64,             // has a canonical decomposition (Hangul syllables included)
};
extern const CodePointRecord kRecords[];
extern const uint16_t kRecordStage1[], kRecordStage2[];

inline const CodePointRecord& record_of(char32_t c) {
  if (c > 0x10FFFF) c = 0x10FFFF;  // a noncharacter: unassigned
  return kRecords[kRecordStage2[kRecordStage1[c >> 7] * 128u + (c & 127)]];
}

inline Category category(char32_t c) { return Category(record_of(c).category); }
inline Script script(char32_t c) { return Script(record_of(c).script); }
inline uint8_t combining_class(char32_t c) { return record_of(c).combining_class; }

constexpr uint32_t category_bit(Category c) { return 1u << unsigned(c); }
constexpr uint32_t kLetterBits = category_bit(Category::kLl) | category_bit(Category::kLm) | category_bit(Category::kLo) | category_bit(Category::kLt) | category_bit(Category::kLu);
constexpr uint32_t kMarkBits = category_bit(Category::kMc) | category_bit(Category::kMe) | category_bit(Category::kMn);
constexpr uint32_t kNumberBits = category_bit(Category::kNd) | category_bit(Category::kNl) | category_bit(Category::kNo);
constexpr uint32_t kPunctuationBits = category_bit(Category::kPc) | category_bit(Category::kPd) | category_bit(Category::kPe) | category_bit(Category::kPf) | category_bit(Category::kPi) | category_bit(Category::kPo) | category_bit(Category::kPs);
constexpr uint32_t kSymbolBits = category_bit(Category::kSc) | category_bit(Category::kSk) | category_bit(Category::kSm) | category_bit(Category::kSo);
inline bool category_in(char32_t c, uint32_t bits) { return (bits >> unsigned(record_of(c).category)) & 1; }

inline bool is_letter(char32_t c) { return category_in(c, kLetterBits); }            // \p{L}
inline bool is_mark(char32_t c) { return category_in(c, kMarkBits); }                // \p{M}
inline bool is_number(char32_t c) { return category_in(c, kNumberBits); }            // \p{N}
inline bool is_punctuation(char32_t c) { return category_in(c, kPunctuationBits); }  // \p{P}
inline bool is_symbol(char32_t c) { return category_in(c, kSymbolBits); }            // \p{S}
inline bool is_white_space(char32_t c) { return record_of(c).flags & kWhiteSpace; }  // White_Space: the ASCII six, U+0085, U+00A0, Z*
inline bool is_alphabetic(char32_t c) { return record_of(c).flags & kAlphabetic; }   // Alphabetic: letters, Nl, many vowel signs
inline bool is_upper(char32_t c) { return category(c) == Category::kLu; }
inline bool is_lower(char32_t c) { return category(c) == Category::kLl; }

// Full lower-case mapping without context (SpecialCasing's unconditional part): 1 code point, or 2 for U+0130.
int to_lower(char32_t c, char32_t out[3]);
// Lower-cases a string as Python's str.lower and JavaScript's toLowerCase do: to_lower, and capital sigma by its context
// (Final_Sigma). Invalid UTF-8 becomes U+FFFD here and below. Linear.
void append_lower(std::string_view utf8, std::string& out);

// Canonical normal forms. Linear: runs of combining marks are ordered by counting.
void append_nfd(std::string_view utf8, std::string& out);
void append_nfc(std::string_view utf8, std::string& out);  // text that is NFC by quick check is copied
bool is_nfc_quick(std::string_view utf8);                  // true: surely NFC; false: perhaps not

// The full canonical decomposition of one code point (1 to 4 code points; itself where it has none).
int decompose(char32_t c, char32_t out[4]);
// The primary composite of a pair, or 0.
char32_t compose(char32_t first, char32_t second);
// Orders a run of code points that all have combining_class != 0, stably, in linear time.
void order_marks(char32_t* run, size_t size);

}  // namespace refine
