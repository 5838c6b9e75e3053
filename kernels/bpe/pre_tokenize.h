// Pre-tokenizers of tokenizer.json as scanners by hand: each cuts [p, end) into pieces that cover it and hands them on in order.
// Source: HuggingFace tokenizers, pre_tokenizers/{byte_level,digits,punctuation,split}.rs; GPT-2's pattern is
//   's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
// Oracle: @anush008/tokenizers on random Unicode, tests/kernels/bpe.test.ts.
#pragma once
#include "char_class.h"

namespace refine::bpe {

constexpr uint8_t kWordKinds = kLetter | kNumber | kSpace;

// Moves past characters whose kind (letter, number, space or none of them) is `kind`.
inline const uint8_t* skip_kind(const ClassTable& table, const uint8_t* p, const uint8_t* end, uint8_t kind) {
  while (p < end) {
    if (*p < 0x80) {
      if ((table.ascii[*p] & kWordKinds) != kind) return p;
      ++p;
    } else {
      const uint8_t* next = p;
      if ((table[next_code_point(next)] & kWordKinds) != kind) return p;
      p = next;
    }
  }
  return p;
}

inline uint8_t kind_at(const ClassTable& table, const uint8_t* p) {
  return (*p < 0x80 ? table.ascii[*p] : table[next_code_point(p)]) & kWordKinds;
}

// The length of the contraction at the apostrophe p, or 0.
inline int contraction(const uint8_t* p, const uint8_t* end) {
  if (end - p < 2) return 0;
  switch (p[1]) {
    case 's': case 't': case 'm': case 'd': return 2;
    case 'r': case 'v': return end - p > 2 && p[2] == 'e' ? 3 : 0;
    case 'l': return end - p > 2 && p[2] == 'l' ? 3 : 0;
    default: return 0;
  }
}

template <class Sink>
void split_gpt2_words(const ClassTable& table, const uint8_t* p, const uint8_t* end, Sink&& sink) {
  while (p < end) {
    const uint8_t* const start = p;
    if (*p == '\'') {
      if (const int length = contraction(p, end)) {
        p += length;
        sink(start, p);
        continue;
      }
    }
    if (*p == ' ' && p + 1 < end && kind_at(table, p + 1) != kSpace) ++p;  // ` ?` before anything but space
    const uint8_t kind = kind_at(table, p);
    if (kind != kSpace) {
      p = skip_kind(table, p, end, kind);
      sink(start, p);
      continue;
    }
    // White space: all of it at the end of the text, else all but the last character, which stands alone where it is
    // the only one (or joins the next piece, if a plain space).
    const uint8_t* last = p;
    while (p < end && kind_at(table, p) == kSpace) {
      last = p;
      next_code_point(p);
    }
    if (p < end && last > start) p = last;
    sink(start, p);
  }
}

// Cuts between characters with and without `flag`; with `isolated` also around each one that has it.
template <class Sink>
void split_by_class(const ClassTable& table, uint8_t flag, bool isolated, const uint8_t* p, const uint8_t* end, Sink&& sink) {
  const uint8_t* start = p;
  bool before = false;
  while (p < end) {
    const uint8_t* const here = p;
    const bool member = (table[next_code_point(p)] & flag) != 0;
    if (here > start && (member != before || (member && isolated))) {
      sink(start, here);
      start = here;
    }
    before = member;
  }
  if (start < end) sink(start, end);
}

// ByteLevel writes byte b >= 0xA1 (less 0xAD) as the character U+00b, and six of those are numeric: the superscripts
// 2, 3, 1 and the fractions. So a step after ByteLevel cuts inside UTF-8 sequences that hold such a byte.
inline bool is_byte_digit(uint8_t b) {
  return uint8_t(b - '0') < 10 || b == 0xB2 || b == 0xB3 || b == 0xB9 || uint8_t(b - 0xBC) < 3;
}

template <class Sink>
void split_byte_digits(bool isolated, const uint8_t* p, const uint8_t* end, Sink&& sink) {
  const uint8_t* start = p;
  bool before = false;
  for (; p < end; ++p) {
    const bool member = is_byte_digit(*p);
    if (p > start && (member != before || (member && isolated))) {
      sink(start, p);
      start = p;
    }
    before = member;
  }
  if (start < end) sink(start, end);
}

template <class Sink>
void split_digit_triples(const uint8_t* p, const uint8_t* end, Sink&& sink) {
  const uint8_t* start = p;
  int digits = 0;
  while (p < end) {
    digits = uint8_t(*p++ - '0') < 10 ? digits + 1 : 0;
    if (digits == 3) {
      if (p - 3 > start) sink(start, p - 3);
      sink(p - 3, p);
      start = p;
      digits = 0;
    }
  }
  if (start < end) sink(start, end);
}

}  // namespace refine::bpe
