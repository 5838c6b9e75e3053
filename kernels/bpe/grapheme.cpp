// See grapheme.h.
#include "grapheme.h"

#include "char_class.h"

namespace refine::bpe {

namespace {

#include "grapheme_tables.inc"

enum GraphemeClass : uint8_t { kOther, kCr, kLf, kControl, kExtend, kZwj, kRegional, kPrepend, kSpacing, kL, kV, kT, kLv, kLvt };
constexpr uint8_t kClass = 15, kPicture = 16, kConjunct = 96, kLinker = 32, kConsonant = 64;

uint8_t entry_of(char32_t code) { return kGraphemeStage2[kGraphemeStage1[code / 128] * 128 + code % 128]; }

bool is_end_of_line(uint8_t kind) { return kind == kCr || kind == kLf || kind == kControl; }

// GB6 to GB8.
bool is_syllable(uint8_t left, uint8_t right) {
  switch (left) {
    case kL: return right == kL || right == kV || right == kLv || right == kLvt;
    case kLv: case kV: return right == kV || right == kT;
    case kLvt: case kT: return right == kT;
    default: return false;
  }
}

}  // namespace

const uint8_t* grapheme_end(const uint8_t* p, const uint8_t* end) {
  uint8_t entry = entry_of(next_code_point(p)), left = entry & kClass;
  // What the cluster so far ends in: a picture and marks behind it, the same with a joiner; a consonant with marks, with a linker among them.
  bool picture = entry & kPicture, joined = false, consonant = (entry & kConjunct) == kConsonant, linked = false;
  int regional = left == kRegional;
  while (p < end) {
    const uint8_t* next = p;
    entry = entry_of(next_code_point(next));
    const uint8_t right = entry & kClass, conjunct = entry & kConjunct;
    if (left == kCr && right == kLf) return next;                            // GB3
    if (is_end_of_line(left) || is_end_of_line(right)) return p;             // GB4, GB5
    const bool mark = right == kExtend || right == kZwj;                     // GB9
    const bool together = mark || is_syllable(left, right) || right == kSpacing || left == kPrepend ||  // GB9a, GB9b
                          (consonant && linked && conjunct == kConsonant) ||  // GB9c
                          (joined && (entry & kPicture)) ||                   // GB11
                          (right == kRegional && regional % 2 == 1);          // GB12, GB13
    if (!together) return p;
    linked = conjunct == kConsonant ? false : linked || conjunct == kLinker;
    consonant = conjunct == kConsonant || (consonant && conjunct != 0);
    joined = picture && right == kZwj;
    picture = (entry & kPicture) || (picture && right == kExtend);
    regional = right == kRegional ? regional + 1 : 0;
    left = right;
    p = next;
  }
  return p;
}

}  // namespace refine::bpe
