// Random corpora for the tests of repeats: few words, so that lines and n-grams repeat; documents by (input, record), some of them
// dropped; files of keys cut anywhere. Header-only: each test program has its own.
#pragma once

#include <unistd.h>

#include <map>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "../../testing/check.h"
#include "refine/line_copies.h"

namespace refine::testing {

inline std::string file_at(const std::string& name) { return "refine-repeats-test-" + std::to_string(getpid()) + "-" + name; }

using Texts = std::vector<std::vector<std::string>>;  // by input, by record

inline Texts random_texts(std::mt19937_64& random, size_t inputs, size_t words) {
  Texts texts(inputs);
  for (auto& input : texts)
    for (size_t document = random() % 6; document > 0; --document) {
      std::string text;
      for (size_t line = random() % 8; line > 0; --line) {
        for (size_t word = 1 + random() % 4; word > 0; --word) text += std::string(1, char((random() % 2 ? 'a' : 'A') + random() % words)) + " ";
        text += "\n";
      }
      input.push_back(text);
    }
  return texts;
}

struct Corpus {
  std::vector<std::pair<uint64_t, std::string>> documents;  // by row
  std::set<uint64_t> dropped;
};

inline Corpus corpus_of(const Texts& texts, std::mt19937_64& random) {
  Corpus corpus;
  for (size_t input = 0; input < texts.size(); ++input)
    for (size_t record = 0; record < texts[input].size(); ++record) {
      const uint64_t row = uint64_t(input) << 32 | record;
      corpus.documents.emplace_back(row, texts[input][record]);
      if (random() % 7 == 0) corpus.dropped.insert(row);
    }
  return corpus;
}

inline DroppedFiles write_dropped(const Corpus& corpus) {
  std::map<uint32_t, std::string> bits;
  for (const uint64_t row : corpus.dropped) {
    auto& of = bits[uint32_t(row >> 32)];
    if (of.size() <= uint32_t(row) / 8) of.resize(uint32_t(row) / 8 + 1);
    of[uint32_t(row) / 8] = char(of[uint32_t(row) / 8] | 1 << (row % 8));
  }
  DroppedFiles files;
  for (const auto& [number, bytes] : bits) {
    files.emplace_back(number, file_at("dropped-" + std::to_string(number)));
    FILE* file = std::fopen(files.back().second.c_str(), "wb");
    std::fwrite(bytes.data(), 1, bytes.size(), file);
    std::fclose(file);
  }
  return files;
}

using Edit = std::tuple<uint64_t, uint64_t, uint64_t>;

inline std::vector<Edit> read_edits(const std::vector<std::string>& paths) {
  std::vector<Edit> edits;
  RecordMerge merge;
  CHECK(merge.open(paths, kEditShape, {}, 1 << 20).ok());
  RecordRef record;
  while (merge.next(&record)) edits.emplace_back(record.key(0), record.key(1), record.key(2));
  CHECK(merge.status().ok());
  for (const auto& path : paths) std::remove(path.c_str());
  return edits;
}

}  // namespace refine::testing
