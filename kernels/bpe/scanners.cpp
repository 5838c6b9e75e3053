// Which scanner does a step, and the simple ones: cuts by class of character and by digit. See scanner.h.
// Source: HuggingFace tokenizers, pre_tokenizers/{byte_level,digits,punctuation,split}.rs.
#include "scanner.h"

#include "char_class.h"

namespace refine::bpe {

namespace {

// Pieces of characters with `flag` and of those without; where isolated, each one with it stands alone.
template <uint8_t kFlag, bool kIsolated>
size_t scan_by_class(const uint8_t* p, const uint8_t* end, const uint8_t** ends) {
  const ClassTable& table = class_table();
  return scan_one_by_one(p, end, ends, [&](const uint8_t* at, const uint8_t* stop) {
    const bool member = table[next_code_point(at)] & kFlag;
    if (member && kIsolated) return at;
    while (at < stop) {
      const uint8_t* next = at;
      if (bool(table[next_code_point(next)] & kFlag) != member) break;
      at = next;
    }
    return at;
  });
}

// ByteLevel writes byte b >= 0xA1 (less 0xAD) as the character U+00b, and six of those are numeric: the superscripts
// 2, 3, 1 and the fractions. So a step after ByteLevel cuts inside UTF-8 sequences that hold such a byte.
bool is_byte_digit(uint8_t b) { return uint8_t(b - '0') < 10 || b == 0xB2 || b == 0xB3 || b == 0xB9 || uint8_t(b - 0xBC) < 3; }

template <bool kIsolated>
size_t scan_byte_digits(const uint8_t* p, const uint8_t* end, const uint8_t** ends) {
  return scan_one_by_one(p, end, ends, [](const uint8_t* at, const uint8_t* stop) {
    const bool member = is_byte_digit(*at++);
    if (member && kIsolated) return at;
    while (at < stop && is_byte_digit(*at) == member) ++at;
    return at;
  });
}

bool is_ascii_digit(uint8_t b) { return uint8_t(b - '0') < 10; }

}  // namespace

size_t scan_punctuation_contiguous(const uint8_t* p, const uint8_t* end, const uint8_t** ends) { return scan_by_class<kPunctuation, false>(p, end, ends); }
size_t scan_punctuation_isolated(const uint8_t* p, const uint8_t* end, const uint8_t** ends) { return scan_by_class<kPunctuation, true>(p, end, ends); }
size_t scan_digits_contiguous(const uint8_t* p, const uint8_t* end, const uint8_t** ends) { return scan_by_class<kDigit, false>(p, end, ends); }
size_t scan_digits_individual(const uint8_t* p, const uint8_t* end, const uint8_t** ends) { return scan_by_class<kDigit, true>(p, end, ends); }
size_t scan_byte_digits_contiguous(const uint8_t* p, const uint8_t* end, const uint8_t** ends) { return scan_byte_digits<false>(p, end, ends); }
size_t scan_byte_digits_individual(const uint8_t* p, const uint8_t* end, const uint8_t** ends) { return scan_byte_digits<true>(p, end, ends); }

// [0-9][0-9][0-9], isolated: three digits are a piece, and what lies between such threes.
size_t scan_digit_triples(const uint8_t* p, const uint8_t* end, const uint8_t** ends) {
  return scan_one_by_one(p, end, ends, [](const uint8_t* at, const uint8_t* stop) {
    const auto triple = [&](const uint8_t* q) { return stop - q >= 3 && is_ascii_digit(q[0]) && is_ascii_digit(q[1]) && is_ascii_digit(q[2]); };
    if (triple(at)) return at + 3;
    while (at < stop && !triple(at)) ++at;
    return at;
  });
}

// White space is a piece of its own, which the encoder leaves out (is_left_out); else as scan_punctuation_isolated.
size_t scan_bert_words(const uint8_t* p, const uint8_t* end, const uint8_t** ends) {
  const ClassTable& table = class_table();
  return scan_one_by_one(p, end, ends, [&](const uint8_t* at, const uint8_t* stop) {
    const uint8_t kind = table[next_code_point(at)] & (kSpace | kPunctuation);
    if (kind == kPunctuation) return at;
    while (at < stop) {
      const uint8_t* next = at;
      if ((table[next_code_point(next)] & (kSpace | kPunctuation)) != kind) break;
      at = next;
    }
    return at;
  });
}
size_t scan_white_space(const uint8_t* p, const uint8_t* end, const uint8_t** ends) { return scan_by_class<kSpace, false>(p, end, ends); }

// Pieces start at U+2581 (E2 96 81), which stands for a space, and at the start of the text.
size_t scan_metaspace(const uint8_t* p, const uint8_t* end, const uint8_t** ends) {
  return scan_one_by_one(p, end, ends, [](const uint8_t* at, const uint8_t* stop) {
    while (++at < stop)
      if (at[0] == 0xE2 && stop - at >= 3 && at[1] == 0x96 && at[2] == 0x81) return at;
    return stop;
  });
}

Scanner scanner_of(SplitStep step) {
  switch (step) {
    case SplitStep::kPunctuationContiguous: return scan_punctuation_contiguous;
    case SplitStep::kPunctuationIsolated: return scan_punctuation_isolated;
    case SplitStep::kDigitsContiguous: return scan_digits_contiguous;
    case SplitStep::kDigitsIndividual: return scan_digits_individual;
    case SplitStep::kPrefixSpace:
    case SplitStep::kPrefixMetaspace: return nullptr;  // they change the text, and cut nothing
    case SplitStep::kGpt2Words: return scan_gpt2;
    case SplitStep::kCl100k: return scan_cl100k;
    case SplitStep::kQwen2: return scan_qwen2;
    case SplitStep::kQwen35: return scan_qwen35;
    case SplitStep::kO200k: return scan_o200k;
    case SplitStep::kTekken: return scan_tekken;
    case SplitStep::kDeepSeek: return scan_deepseek;
    case SplitStep::kMetaspace: return scan_metaspace;
    case SplitStep::kBertWords: return scan_bert_words;
    case SplitStep::kWhiteSpaceSplit: return scan_white_space;
    case SplitStep::kByteDigitsContiguous: return scan_byte_digits_contiguous;
    case SplitStep::kByteDigitsIndividual: return scan_byte_digits_individual;
    case SplitStep::kDigitTriples: return scan_digit_triples;
  }
  return nullptr;
}

std::vector<Scanner> scanners_of(const std::vector<SplitStep>& program) {
  static const std::vector<SplitStep> falcon = {SplitStep::kPunctuationContiguous, SplitStep::kGpt2Words, SplitStep::kByteDigitsContiguous, SplitStep::kDigitTriples};
  if (program == falcon) return {scan_falcon};
  std::vector<Scanner> scanners;
  for (const SplitStep step : program) scanners.push_back(scanner_of(step));
  return scanners;
}

}  // namespace refine::bpe
