// The seam between pre-tokenizers and the encoder: a scanner cuts text into pieces, a buffer of ends at a time.
// Invariant: the ends depend on the bytes from p on and on nothing before them (but for the rest of a character that p lies
// in), so a scan may stop behind any piece and go on from there in the next call.
//
// To add a pre-tokenizer:
//   1. a value of SplitStep in refine/bpe.h, with its twin in PRE_TOKENIZER_STEPS of stages/tokenize/tokenizer-json.ts, and
//      the pattern that stands for it in preTokenizerProgram() there;
//   2. a file scan_NAME.cpp with `size_t scan_NAME(const uint8_t* p, const uint8_t* end, const uint8_t** ends)`; where the
//      end of one piece can be told from its start, `return scan_one_by_one(p, end, ends, one_piece)` does it;
//   3. its declaration below and its line in scanner_of(), scanners.cpp;
//      A fast one is a formula over masks of classes, 64 bytes at a time: see scan_windows.h and scan_gpt2.cpp;
//   4. cases by hand in tests/bpe_test.cpp, a program in tests/bpe_fuzz.cpp, and HuggingFace's ids in tests/kernels/.
#pragma once
#include <cstddef>
#include <cstdint>

#include "refine/bpe.h"

namespace refine::bpe {

constexpr size_t kScanEnds = 256;  // the most ends one call may write

// Cuts [p, end), valid UTF-8 with p < end and p where a piece starts. Writes at least one end and at most kScanEnds,
// rising; the last is `end`, or a place to go on from: a character boundary, but for scanners of bytes (SplitStep from 16
// on, and what holds them, scan_falcon), which are given and may cut at any byte.
using Scanner = size_t (*)(const uint8_t* p, const uint8_t* end, const uint8_t** ends);

// `one_piece(p, end)` gives the end of the piece that starts at p.
template <class OnePiece>
size_t scan_one_by_one(const uint8_t* p, const uint8_t* end, const uint8_t** ends, OnePiece&& one_piece) {
  size_t count = 0;
  do ends[count++] = p = one_piece(p, end);
  while (p < end && count < kScanEnds);
  return count;
}

// The scanner of one step; null for kPrefixSpace (which adds text) and for numbers that name no step.
Scanner scanner_of(SplitStep step);
// The scanners of a program; steps that one scanner does together become one.
std::vector<Scanner> scanners_of(const std::vector<SplitStep>& program);

size_t scan_punctuation_contiguous(const uint8_t* p, const uint8_t* end, const uint8_t** ends);
size_t scan_punctuation_isolated(const uint8_t* p, const uint8_t* end, const uint8_t** ends);
size_t scan_digits_contiguous(const uint8_t* p, const uint8_t* end, const uint8_t** ends);
size_t scan_digits_individual(const uint8_t* p, const uint8_t* end, const uint8_t** ends);
size_t scan_gpt2(const uint8_t* p, const uint8_t* end, const uint8_t** ends);
size_t scan_falcon(const uint8_t* p, const uint8_t* end, const uint8_t** ends);
size_t scan_byte_digits_contiguous(const uint8_t* p, const uint8_t* end, const uint8_t** ends);
size_t scan_byte_digits_individual(const uint8_t* p, const uint8_t* end, const uint8_t** ends);
size_t scan_cl100k(const uint8_t* p, const uint8_t* end, const uint8_t** ends);
size_t scan_qwen2(const uint8_t* p, const uint8_t* end, const uint8_t** ends);
size_t scan_qwen35(const uint8_t* p, const uint8_t* end, const uint8_t** ends);
size_t scan_o200k(const uint8_t* p, const uint8_t* end, const uint8_t** ends);
size_t scan_tekken(const uint8_t* p, const uint8_t* end, const uint8_t** ends);
size_t scan_deepseek(const uint8_t* p, const uint8_t* end, const uint8_t** ends);
size_t scan_metaspace(const uint8_t* p, const uint8_t* end, const uint8_t** ends);
size_t scan_bert_words(const uint8_t* p, const uint8_t* end, const uint8_t** ends);
size_t scan_white_space(const uint8_t* p, const uint8_t* end, const uint8_t** ends);
size_t scan_digit_triples(const uint8_t* p, const uint8_t* end, const uint8_t** ends);

}  // namespace refine::bpe
