// Normalisation as the tokenizers library's older Unicode has it, by a normaliser of Unicode 16: characters that the older one does not
// know neither move nor combine there, so the text between them is normalised part by part and they are copied.
#pragma once
#include <string>
#include <string_view>

#include "char_class.h"

namespace refine::bpe {

// normalise(std::string_view, std::string& out) appends the normal form of valid UTF-8.
template <class Normalise>
void around_inert(std::string_view text, std::string& out, Normalise normalise) {
  const auto begin = reinterpret_cast<const uint8_t*>(text.data()), end = begin + text.size();
  const ClassTable& table = class_table();
  const uint8_t* start = begin;
  const auto flush = [&](const uint8_t* to) { normalise(std::string_view{reinterpret_cast<const char*>(start), size_t(to - start)}, out); };
  for (const uint8_t* p = begin; p < end;) {
    const uint8_t* const here = p;
    if (!(table[next_code_point(p)] & kInert)) continue;
    flush(here);
    out.append(reinterpret_cast<const char*>(here), size_t(p - here));
    start = p;
  }
  flush(end);
}

}  // namespace refine::bpe
