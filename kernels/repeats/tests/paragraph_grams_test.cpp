// Paragraphs of n-grams that earlier documents hold, against brute force over random corpora, exactly and by a Bloom filter, for any cut
// into files, partitions and memory; rolled n-gram hashes against their definition.
#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "../../testing/check.h"
#include "../mersenne61.h"
#include "corpus.h"
#include "refine/bloom.h"
#include "refine/hash.h"
#include "refine/paragraph_copies.h"
#include "refine/paragraph_grams.h"

using namespace refine;
using namespace refine::testing;

namespace {

void rolled_hashes_are_those_of_the_definition() {
  std::mt19937_64 random(5);
  const uint64_t base = 0x9E3779B97F4A7C15ull % kPrime61;
  for (const uint32_t most : {1u, 2u, 13u})
    for (const uint32_t least : {1u, most}) {
      std::string text;
      for (int word = 0; word < 60; ++word) text += std::string(word % 17 == 16 ? "\n" : " ") + std::string(1, char('a' + random() % 5)) + (random() % 4 ? "" : ",");
      std::vector<Paragraph> paragraphs;
      std::vector<uint64_t> hashes, expected;
      ParagraphGrams({least, most, false}).grams(text, paragraphs, hashes);
      std::vector<uint32_t> shares;
      for (size_t at = 0; at <= text.size();) {
        const size_t end = std::min(text.find('\n', at), text.size());
        std::vector<uint64_t> tokens;
        for (size_t i = at; i < end; ++i)
          if (text[i] != ' ') tokens.push_back(xxh64(std::string_view(text).substr(i, 1)) % kPrime61);
        const size_t before = expected.size();
        const auto gram = [&](size_t from, size_t count) {
          unsigned __int128 sum = 0;
          for (size_t i = 0; i < count; ++i) sum = (sum * base + tokens[from + i]) % kPrime61;
          expected.push_back(mix64(uint64_t(sum)));
        };
        for (size_t i = 0; i + most <= tokens.size(); ++i) gram(i, most);
        if (tokens.size() < most && tokens.size() >= least) gram(0, tokens.size());
        if (expected.size() > before) shares.push_back(uint32_t(expected.size() - before));
        at = end + 1;
      }
      CHECK(hashes == expected);
      CHECK_EQ(paragraphs.size(), shares.size());
      for (size_t i = 0; i < shares.size(); ++i) CHECK_EQ(paragraphs[i].grams, shares[i]);
    }
  std::vector<Paragraph> paragraphs;
  std::vector<uint64_t> plain, folded;
  ParagraphGrams({1, 2, true}).grams("Été, 2 x", paragraphs, folded);
  ParagraphGrams({1, 2, false}).grams("ete 2 x", paragraphs, plain);
  CHECK(plain == folded);
}

struct BruteParagraphs {
  std::vector<Edit> edits;
  std::vector<uint64_t> dropped;
};

BruteParagraphs brute_paragraphs(const Corpus& corpus, const GramParams& params, const ParagraphThresholds& thresholds) {
  struct Known {
    uint64_t row;
    size_t paragraph;
  };
  std::map<std::vector<std::string>, Known> owner;
  BruteParagraphs result;
  for (const auto& document : corpus.documents) {
    const auto& row = document.first;
    const auto& text = document.second;
    if (corpus.dropped.count(row)) continue;
    std::vector<Edit> edits;
    uint64_t grams = 0, held = 0;
    size_t number = 0;
    for (size_t at = 0, end; at < text.size(); at = end + 1, ++number) {
      end = text.find('\n', at);
      std::vector<std::string> words;
      for (size_t i = at; i < end; i += 2) words.push_back(text.substr(i, 1));
      uint64_t own = 0, copied = 0;
      const auto gram = [&](size_t from, size_t count) {
        const std::vector<std::string> key(words.begin() + long(from), words.begin() + long(from + count));
        const auto [found, fresh] = owner.try_emplace(key, Known{row, number});
        ++own;
        copied += !fresh && (found->second.row != row || found->second.paragraph != number);
      };
      for (size_t i = 0; i + params.most <= words.size(); ++i) gram(i, params.most);
      if (words.size() < params.most && words.size() >= params.least) gram(0, words.size());
      if (own > 0 && double(copied) / double(own) > thresholds.paragraph) edits.emplace_back(row, at, end);
      grams += own;
      held += copied;
    }
    if (grams > 0 && double(held) / double(grams) > thresholds.document) result.dropped.push_back(row);
    else result.edits.insert(result.edits.end(), edits.begin(), edits.end());
  }
  return result;
}

struct GramFiles {
  std::vector<std::string> exact, lists, paragraphs;
  uint64_t grams = 0;
};

GramFiles write_grams(const Corpus& corpus, const GramParams& params, std::mt19937_64& random) {
  GramFiles files;
  std::map<uint32_t, std::vector<std::pair<uint64_t, std::string>>> inputs;
  for (const auto& [row, text] : corpus.documents) inputs[uint32_t(row >> 32)].emplace_back(row, text);
  ParagraphGrams scanner(params);
  std::vector<Paragraph> paragraphs;
  std::vector<uint64_t> hashes;
  for (auto& [input, documents] : inputs) {
    std::shuffle(documents.begin(), documents.end(), random);
    const auto name = std::to_string(input);
    files.exact.push_back(file_at("exact-" + name));
    files.lists.push_back(file_at("lists-" + name));
    files.paragraphs.push_back(file_at("paragraphs-" + name));
    RecordWriter exact, lists, of_paragraphs;
    CHECK(exact.open(files.exact.back(), kGramShape, 1 << 20).ok());
    CHECK(lists.open(files.lists.back(), kGramListShape, 1 << 20).ok());
    CHECK(of_paragraphs.open(files.paragraphs.back(), kParagraphShape, 1 << 20).ok());
    for (const auto& [row, text] : documents) {
      scanner.grams(text, paragraphs, hashes);
      files.grams += hashes.size();
      std::map<uint64_t, std::string> tails;
      size_t at = 0;
      for (uint32_t number = 0; number < paragraphs.size(); ++number) {
        const uint64_t paragraph_key[2] = {row, number};
        const uint32_t fields[3] = {paragraphs[number].start, paragraphs[number].end, paragraphs[number].grams};
        CHECK(of_paragraphs.add(paragraph_key, fields).ok());
        for (uint32_t i = 0; i < paragraphs[number].grams; ++i, ++at) {
          const uint64_t key[2] = {hashes[at], row};
          const uint8_t value[4] = {uint8_t(number >> 24), uint8_t(number >> 16), uint8_t(number >> 8), uint8_t(number)};
          CHECK(exact.add(key, value).ok());
          auto& tail = tails[hashes[at] >> 56 << 56];
          tail.append(reinterpret_cast<const char*>(&number), 4);
          tail.append(reinterpret_cast<const char*>(&hashes[at]), 8);
        }
      }
      for (const auto& [byte, tail] : tails) {
        const uint64_t key[2] = {byte, row};
        CHECK(lists.add(key, nullptr, tail).ok());
      }
    }
    CHECK(exact.finish().ok() && lists.finish().ok() && of_paragraphs.finish().ok());
  }
  return files;
}

void remove_all(const std::vector<std::string>& paths) {
  for (const auto& path : paths) std::remove(path.c_str());
}

BruteParagraphs cut_all(const GramFiles& files, const std::vector<std::string>& held, uint64_t inputs, uint64_t partitions, const ParagraphThresholds& thresholds) {
  std::vector<std::string> edits, verdicts;
  for (uint64_t p = 0; p < partitions; ++p) {
    edits.push_back(file_at("edits-" + std::to_string(p)));
    verdicts.push_back(file_at("verdicts-" + std::to_string(p)));
    const uint64_t from = p * inputs / partitions, to = (p + 1) * inputs / partitions;
    const RecordRange rows = from == to ? RecordRange{1, 0} : RecordRange{from << 32, (to << 32) - 1};
    ParagraphCounts counts;
    CHECK(cut_paragraphs(files.paragraphs, held, rows, thresholds, edits.back(), verdicts.back(), "", 1 << 21, &counts).ok());
  }
  BruteParagraphs result;
  RecordMerge merge;
  CHECK(merge.open(verdicts, kVerdictShape, {}, 1 << 20).ok());
  RecordRef record;
  while (merge.next(&record)) {
    result.dropped.push_back(record.key(0));
    CHECK(record.value(kVerdictShape)[20] == 1 && record.value(kVerdictShape)[16] == 1);
  }
  CHECK(merge.status().ok());
  remove_all(verdicts);
  result.edits = read_edits(edits);
  return result;
}

void copies_of_paragraphs_are_those_of_brute_force() {
  std::mt19937_64 random(2);
  size_t cuts = 0, drops = 0, bloom_equal = 0, rounds = 150;
  for (size_t round = 0; round < rounds; ++round) {
    const size_t inputs = 1 + random() % 5;
    const auto corpus = corpus_of(random_texts(random, inputs, 2 + random() % 2), random);
    const auto dropped = write_dropped(corpus);
    const uint32_t most = 1 + uint32_t(random() % 3);
    const GramParams params{1 + uint32_t(random() % most), most, false};
    const ParagraphThresholds thresholds{double(random() % 5) / 4, 0.5 + double(random() % 5) / 10};
    const auto files = write_grams(corpus, params, random);
    const auto expected = brute_paragraphs(corpus, params, thresholds);

    std::vector<std::string> held;
    const uint64_t partitions = 1 + random() % 4;
    for (uint64_t p = 0; p < partitions; ++p) {
      held.push_back(file_at("held-" + std::to_string(p)));
      HeldCounts counts;
      CHECK(held_grams(files.exact, partition_range(p, partitions), dropped, held.back(), "", 1 << 21, &counts).ok());
    }
    const auto exact = cut_all(files, held, inputs, 1 + random() % 4, thresholds);
    CHECK(exact.edits == expected.edits);
    CHECK(exact.dropped == expected.dropped);
    remove_all(held);
    cuts += exact.edits.size();
    drops += exact.dropped.size();

    // Filters: the same whatever the partitions and the memory, and at this rate nearly always what is exact.
    std::vector<BruteParagraphs> answers;
    for (const uint64_t count : {uint64_t(1), uint64_t(4), uint64_t(256)}) {
      if (round % 10 != 0) break;
      held.clear();
      for (uint64_t p = 0; p < count; ++p) {
        held.push_back(file_at("held-" + std::to_string(p)));
        HeldCounts counts;
        CHECK(held_grams_bloom(files.lists, partition_range(p, count), dropped, files.grams, 1e-6, held.back(), "", 1 << 21, &counts).ok());
        CHECK_EQ(counts.asked, 256 / count * 16384);
      }
      answers.push_back(cut_all(files, held, inputs, 1, thresholds));
      remove_all(held);
    }
    if (answers.empty()) answers.resize(3, expected);
    CHECK(answers[0].edits == answers[1].edits && answers[0].edits == answers[2].edits);
    CHECK(answers[0].dropped == answers[1].dropped && answers[0].dropped == answers[2].dropped);
    bloom_equal += answers[0].edits == expected.edits && answers[0].dropped == expected.dropped;
    remove_all(files.exact);
    remove_all(files.lists);
    remove_all(files.paragraphs);
    for (const auto& [_, path] : dropped) std::remove(path.c_str());
  }
  CHECK(cuts > 300);
  CHECK(drops > 100);
  CHECK(bloom_equal >= rounds - 1);
}

}  // namespace

int main() {
  rolled_hashes_are_those_of_the_definition();
  copies_of_paragraphs_are_those_of_brute_force();
  return refine::testing::report();
}
