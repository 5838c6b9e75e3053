// BERT's normaliser: control characters away and white space as spaces, spaces around Han characters, accents away, lower case.
// Invariant: linear, and the result of the four steps one after another over the whole text, though it is made in one pass:
// only marks move in canonical decomposition, and a run of characters that decompose or move is kept together.
// Source: HuggingFace tokenizers, normalizers/bert.rs; what it does to each character: bert_class.generated.cpp.
#pragma once
#include <string>
#include <string_view>

#include "char_class.h"
#include "refine/bpe.h"

namespace refine::bpe {

enum BertClass : uint8_t { kBertDropped = 1, kBertSpace = 2, kBertMark = 4, kBertLower = 8, kBertDecomposes = 16, kBertHan = 32 };

extern const ClassRange kBertRanges[];
extern const size_t kBertRangeCount;
// Lower cases that refine/unicode.h's version lacks, rising.
struct LateLower {
  char32_t from, to;
};
extern const LateLower kLateLower[];
extern const size_t kLateLowerCount;
const ClassTable& bert_class_table();

// Appends the normal form of valid UTF-8; flags: BertFlag.
void append_bert(std::string_view text, uint8_t flags, std::string& out);
// Canonical decomposition as the older Unicode of the library has it; its NFC is append_old_nfc.
void append_old_nfd(std::string_view text, std::string& out);
// Each character's lower case without context, as the library's Rust has it.
void append_rust_lower(std::string_view text, std::string& out);

}  // namespace refine::bpe
