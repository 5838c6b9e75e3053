// How well bytes read as text of a language in an encoding, for undeclared pages. See language_score.cpp.
#pragma once
#include <cstdint>
#include <string_view>

#include "refine/encoding.h"

namespace refine {

struct LanguageScore {
  Encoding encoding = Encoding::kWindows1252;
  const char* language = "";
  int64_t cost = 0;      // quarter bits; less is better
  int64_t declared = 0;  // the cheapest reading in the declared encoding, where there is one
};

// The best reading among all single-byte and multi-byte encodings. `bytes` begin a few bytes before the first that is no
// ASCII; `lang` is the primary subtag of the page's language in lower case, or empty; `declared` is a legacy encoding, or kUtf8 for none.
LanguageScore best_language(std::string_view bytes, std::string_view lang, Encoding declared = Encoding::kUtf8);

}  // namespace refine
