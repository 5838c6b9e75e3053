// Normalisers of tokenizer.json and of SentencePiece's .model as steps over whole strings, and Metaspace's spaces.
// Invariant: linear in the text. Source: HuggingFace tokenizers, normalizers/{unicode,prepend,replace}.rs and
// pre_tokenizers/metaspace.rs; SentencePiece, normalizer.cc.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "precompiled.h"
#include "refine/bpe.h"
#include "sentencepiece_normalise.h"

namespace refine::bpe {

class Normaliser {
 public:
  // Refuses unknown steps and damaged maps. `kept`: contents that a SentencePiece step leaves as they are.
  static Status make(const std::vector<NormalStep>& steps, const std::vector<std::string>& kept, Normaliser& out);
  // The normal form of valid UTF-8: the text itself where nothing changes, else in one of the two buffers.
  std::string_view apply(std::string_view text, std::string& buffer, std::string& other) const;
  bool empty() const { return steps_.empty(); }

 private:
  std::vector<NormalStep> steps_;
  std::vector<SentencePieceNormaliser> pieces_;  // of the steps kSentencePiece, in order
  std::vector<PrecompiledNormaliser> maps_;      // of the steps kPrecompiled
};

// NFC as HuggingFace's older Unicode has it (char_class.h, kInert).
void append_old_nfc(std::string_view text, std::string& out);
void append_replaced(std::string_view text, std::string_view from, std::string_view to, std::string& out);
std::string_view with_metaspace(const Metaspace& metaspace, std::string_view text, bool at_start, std::string& buffer);

}  // namespace refine::bpe
