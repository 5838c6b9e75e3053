// Any vocabulary and text: Unigram's ids are those of its definition worked out plainly, place by place over the whole piece; clusters
// cover a text; any map and any text are normalised without a read outside either.
#include <cstdlib>
#include <limits>
#include <map>
#include <string>

#include "../grapheme.h"
#include "../precompiled.h"
#include "../unigram.h"
#include "refine/utf8.h"

using namespace refine;
using namespace refine::bpe;

namespace {

void expect(bool condition) {
  if (!condition) std::abort();
}

struct Entry {
  uint32_t id;
  double score;
};

size_t character(std::string_view text, size_t at) {
  size_t length = 1;
  while (at + length < text.size() && (uint8_t(text[at + length]) & 0xC0) == 0x80) ++length;
  return length;
}

// No cuts, no trie: every token is looked for at every place.
std::vector<uint32_t> plainly(const std::map<std::string, Entry>& vocab, double unknown, uint32_t unk, const std::array<uint32_t, 256>& bytes, std::string_view text) {
  struct Node {
    double score = 0;
    size_t from = SIZE_MAX;
    uint32_t id = 0;
  };
  std::vector<Node> best(text.size() + 1);
  for (size_t at = 0; at < text.size(); at += character(text, at)) {
    bool alone = false;
    const auto offer = [&](size_t length, double score, uint32_t id) {
      Node& node = best[at + length];
      if (node.from == SIZE_MAX || best[at].score + score > node.score) node = {best[at].score + score, at, id};
    };
    for (size_t length = 1; at + length <= text.size(); ++length)
      if (const auto found = vocab.find(std::string(text.substr(at, length))); found != vocab.end()) {
        offer(length, found->second.score, found->second.id);
        alone |= length == character(text, at);
      }
    if (!alone) offer(character(text, at), unknown, unk);
  }
  std::vector<std::pair<size_t, size_t>> parts;  // last first; unknown ones side by side joined
  bool joins = false;
  for (size_t at = text.size(); at > 0; at = best[at].from) {
    const bool is_unknown = best[at].id == unk;
    if (is_unknown && joins) parts.back().first = best[at].from;
    else parts.emplace_back(best[at].from, at);
    joins = is_unknown;
  }
  std::vector<uint32_t> ids;
  for (size_t i = parts.size(); i-- > 0;) {
    const std::string part(text.substr(parts[i].first, parts[i].second - parts[i].first));
    bool all = true;
    for (const char c : part) all &= bytes[uint8_t(c)] != UINT32_MAX;
    if (const auto found = vocab.find(part); found != vocab.end()) ids.push_back(found->second.id);
    else if (!all) ids.push_back(unk);
    else for (const char c : part) ids.push_back(bytes[uint8_t(c)]);
  }
  return ids;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 3) return 0;
  const size_t tokens = 1 + data[0] % 24;
  const bool fallback = data[1] & 1;
  size_t at = 2;
  std::string spelled;
  std::vector<int32_t> offsets{0};
  std::vector<double> scores;
  std::map<std::string, Entry> vocab;
  double least = std::numeric_limits<double>::infinity();
  for (size_t id = 0; id < tokens; ++id) {
    const size_t length = at < size ? data[at++] % 5 : 0;
    std::string token = to_valid_utf8({reinterpret_cast<const char*>(data) + at, std::min(length, size - at)});
    at = std::min(size, at + length);
    scores.push_back(-double(id * 7 % 4) - (data[1] >> 4) / 8.0);
    least = std::min(least, scores.back());
    if (!token.empty()) vocab[token] = {uint32_t(id), scores.back()};
    spelled += token;
    offsets.push_back(int32_t(spelled.size()));
  }
  std::array<uint32_t, 256> bytes;
  for (size_t b = 0; b < 256; ++b) bytes[b] = fallback && b != 0x7F ? uint32_t(tokens + b) : UINT32_MAX;
  Definition definition;
  definition.pieces = {reinterpret_cast<const uint8_t*>(spelled.data()), offsets.data(), nullptr, tokens};
  definition.scores = scores.data();
  definition.byte_ids = bytes.data();
  definition.unk_id = uint32_t(data[1] % tokens);
  const Unigram unigram(definition);
  const std::string text = to_valid_utf8({reinterpret_cast<const char*>(data) + at, size - at});
  const auto begin = reinterpret_cast<const uint8_t*>(text.data()), end = begin + text.size();
  std::vector<uint32_t> ids;
  if (!text.empty()) unigram.encode(begin, end, ids);
  expect(ids.size() <= text.size());
  expect(ids == plainly(vocab, least - 10, definition.unk_id, bytes, text));

  for (const uint8_t* p = begin; p < end;) {
    const uint8_t* const stop = grapheme_end(p, end);
    expect(stop > p && stop <= end);
    p = stop;
  }
  PrecompiledNormaliser normaliser;
  std::string out;
  if (PrecompiledNormaliser::make({reinterpret_cast<const char*>(data), size}, normaliser).ok()) normaliser.append(text, out);
  return 0;
}
