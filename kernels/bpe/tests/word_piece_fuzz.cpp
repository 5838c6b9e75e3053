// Any vocabulary and text: WordPiece's ids are those of its definition (longest token first, by brute force), BERT's normaliser in
// one pass equals its steps one after another, and the double array knows its strings and no others.
#include <cstdlib>
#include <map>
#include <string>

#include "../bert_normalise.h"
#include "../normalise.h"
#include "../word_piece.h"
#include "refine/unicode.h"
#include "refine/utf8.h"

using namespace refine;
using namespace refine::bpe;

namespace {

void expect(bool condition) {
  if (!condition) std::abort();
}

std::vector<uint32_t> greedy(const std::map<std::string, uint32_t>& vocab, std::string_view word, size_t most, uint32_t unk) {
  if (count_code_points(word) > most) return {unk};
  std::vector<uint32_t> ids;
  for (size_t start = 0; start < word.size();) {
    size_t length = word.size() - start;
    auto found = vocab.end();
    for (; length > 0; --length) {
      found = vocab.find((start ? "#" : "") + std::string(word.substr(start, length)));
      if (found != vocab.end()) break;
    }
    if (length == 0) return {unk};
    ids.push_back(found->second);
    start += length;
  }
  return ids;
}

// The steps over the whole text, each by itself.
std::string in_steps(std::string text, uint8_t flags) {
  const ClassTable& table = bert_class_table();
  const auto each = [&](auto change) {
    std::string out;
    const auto end = reinterpret_cast<const uint8_t*>(text.data()) + text.size();
    for (auto p = reinterpret_cast<const uint8_t*>(text.data()); p < end;) {
      const char32_t c = next_code_point(p);
      change(c, table[c], out);
    }
    text = out;
  };
  if (flags & kCleanText) each([](char32_t c, uint8_t kind, std::string& out) {
    if (kind & kBertSpace) out.push_back(' ');
    else if (!(kind & kBertDropped)) append_utf8(out, c);
  });
  if (flags & kHanSpaces) each([](char32_t c, uint8_t kind, std::string& out) {
    if (kind & kBertHan) out.push_back(' ');
    append_utf8(out, c);
    if (kind & kBertHan) out.push_back(' ');
  });
  if (flags & kStripAccents) {
    std::string decomposed;
    append_old_nfd(text, decomposed);
    text = decomposed;
    each([](char32_t c, uint8_t kind, std::string& out) {
      if (!(kind & kBertMark)) append_utf8(out, c);
    });
  }
  if (flags & kLowerCase) {
    std::string lower;
    append_rust_lower(text, lower);
    text = lower;
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text = to_valid_utf8({reinterpret_cast<const char*>(data), size});
  for (uint8_t flags = 0; flags < 16; ++flags) {
    std::string out;
    append_bert(text, flags, out);
    expect(out == in_steps(text, flags));
  }
  // the first half, cut at spaces, is a vocabulary; the rest are words
  const size_t half = text.size() / 2;
  std::map<std::string, uint32_t> vocab;
  BytesColumn pieces;
  pieces.append("<unk>");
  vocab.emplace("<unk>", 0);
  size_t start = 0;
  for (size_t i = 0; i <= half && i <= text.size(); ++i) {
    if (i < half && text[i] != ' ') continue;
    const std::string token = to_valid_utf8(std::string_view(text).substr(start, i - start));
    start = i + 1;
    if (token.empty() || !vocab.emplace(token, uint32_t(pieces.rows())).second) continue;
    pieces.append(token);
  }
  Definition definition;
  definition.pieces = {reinterpret_cast<const uint8_t*>(pieces.data.data()), pieces.offsets.data(), nullptr, pieces.rows()};
  definition.unk_id = 0;
  definition.word_piece_prefix = "#";
  definition.word_piece_characters = 20;
  const WordPiece model(definition);
  for (size_t at = half; at < text.size();) {
    size_t stop = std::min(text.find(' ', at), text.size());
    const std::string word = to_valid_utf8(std::string_view(text).substr(at, stop - at));
    at = stop + 1;
    if (word.empty()) continue;
    std::vector<uint32_t> ids;
    const auto p = reinterpret_cast<const uint8_t*>(word.data());
    model.encode(p, p + word.size(), ids);
    expect(ids == greedy(vocab, word, 20, 0));
  }
  return 0;
}
