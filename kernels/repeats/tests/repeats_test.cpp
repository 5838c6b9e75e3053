// Copies of lines and n-grams against brute force over random corpora, for any cut into files, partitions and memory; the forms of
// lines against what their sources say; the cut of a text; rolled n-gram hashes against their definition.
#include <unistd.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "../../testing/check.h"
#include "../mersenne61.h"
#include "refine/bloom.h"
#include "refine/cut_lines.h"
#include "refine/line_copies.h"
#include "refine/line_keys.h"
#include "refine/paragraph_copies.h"
#include "refine/paragraph_grams.h"

using namespace refine;

namespace {

std::string file_at(const std::string& name) { return "refine-repeats-test-" + std::to_string(getpid()) + "-" + name; }

std::string form_of(LineForm form, std::string_view line) {
  std::string scratch, out;
  append_line_form(form, line, scratch, out);
  return out;
}

void forms_are_those_of_their_sources() {
  CHECK_EQ(form_of(LineForm::kC4, "  Terms of USE, 2023. \t"), std::string("terms of use, 2023."));
  CHECK_EQ(form_of(LineForm::kCcnet, "  Café: ÉTÉ 1984, “naïve” – x² "), std::string("cafe ete 0000 naive  x²"));
  CHECK_EQ(form_of(LineForm::kCcnetCode, "  Café: ÉTÉ 1984, “naïve” – x² "), std::string("café: été 0000, naïve  x²"));
  CHECK_EQ(form_of(LineForm::kCcnet, "٣ ３ İ ﬁ"), std::string("0 0 i ﬁ"));  // any decimal digit; İ is i and a mark
}

void lines_without_words_have_no_key() {
  LineKeyer keyer(LineForm::kC4, 1);
  std::vector<LineKey> keys;
  keyer.keys("One\n\n---\n  \n* * *\n}\nTwo words\nOne ", keys);
  CHECK_EQ(keys.size(), size_t(3));
  CHECK_EQ(keys[0].start, 0u);
  CHECK_EQ(keys[0].end, 3u);
  CHECK(keys[0].key == keys[2].key);
  CHECK(!(keys[0].key == keys[1].key));
  CHECK_EQ(keys[2].end - keys[2].start, 4u);  // its own bytes, the space too
  LineKeyer longer(LineForm::kC4, 3);
  longer.keys("one two\none two three\n東京都", keys);  // a Han character is a word of UAX #29
  CHECK_EQ(keys.size(), size_t(2));
  keyer.keys("", keys);
  CHECK(keys.empty());
}

void a_cut_leaves_the_other_lines() {
  const auto cut = [](std::string_view text, std::vector<std::pair<uint32_t, uint32_t>> spans) {
    std::vector<uint32_t> start, end;
    for (const auto& [a, b] : spans) {
      start.push_back(a);
      end.push_back(b);
    }
    std::string out = "before";
    const auto found = cut_lines(text, start.data(), end.data(), spans.size(), true, out);
    if (found.ok) CHECK_EQ(size_t(found.left), out.size() - 6);
    return found.ok ? out.substr(6) : std::string("refused");
  };
  CHECK_EQ(cut("a\nbb\nc", {}), std::string("a\nbb\nc"));
  CHECK_EQ(cut("a\nbb\nc", {{0, 1}}), std::string("bb\nc"));
  CHECK_EQ(cut("a\nbb\nc", {{2, 4}}), std::string("a\nc"));
  CHECK_EQ(cut("a\nbb\nc", {{5, 6}}), std::string("a\nbb"));
  CHECK_EQ(cut("a\nbb\nc", {{0, 1}, {2, 4}, {5, 6}}), std::string(""));
  CHECK_EQ(cut("a\n\nbb\n\nc", {{0, 1}, {7, 8}}), std::string("bb"));  // no blank line is left at an end
  CHECK_EQ(cut("a\n\nbb\n\nc", {{3, 5}}), std::string("a\n\n\nc"));
  CHECK_EQ(cut("a\nbb\nc", {{0, 2}}), std::string("refused"));
  CHECK_EQ(cut("a\nbb\nc", {{3, 4}}), std::string("refused"));
  CHECK_EQ(cut("a\nbb\nc", {{2, 9}}), std::string("refused"));
  CHECK_EQ(cut("a\nbb\nc", {{2, 4}, {0, 1}}), std::string("refused"));
  std::string out;
  const uint32_t from = 0, to = 4;
  const auto found = cut_lines("éé\nOne. Two! three", &from, &to, 1, true, out);
  CHECK(found.ok && found.lines == 1 && found.cut_characters == 2 && found.characters == 18 && found.left == 15 && found.sentences == 3);
}

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

// ---- brute force -----------------------------------------------------------------------------------------------------

using Texts = std::vector<std::vector<std::string>>;  // by input, by record

Texts random_texts(std::mt19937_64& random, size_t inputs, size_t words) {
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

Corpus corpus_of(const Texts& texts, std::mt19937_64& random) {
  Corpus corpus;
  for (size_t input = 0; input < texts.size(); ++input)
    for (size_t record = 0; record < texts[input].size(); ++record) {
      const uint64_t row = uint64_t(input) << 32 | record;
      corpus.documents.emplace_back(row, texts[input][record]);
      if (random() % 7 == 0) corpus.dropped.insert(row);
    }
  return corpus;
}

DroppedFiles write_dropped(const Corpus& corpus) {
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

std::vector<Edit> read_edits(const std::vector<std::string>& paths) {
  std::vector<Edit> edits;
  RecordMerge merge;
  CHECK(merge.open(paths, kEditShape, {}, 1 << 20).ok());
  RecordRef record;
  while (merge.next(&record)) edits.emplace_back(record.key(0), record.key(1), record.key(2));
  CHECK(merge.status().ok());
  for (const auto& path : paths) std::remove(path.c_str());
  return edits;
}

std::string lower(std::string_view line) {
  std::string out;
  for (const char c : line) out += char(c >= 'A' && c <= 'Z' ? c + 32 : c);
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

std::vector<Edit> brute_line_copies(const Corpus& corpus, uint64_t most) {
  std::map<std::string, std::set<uint64_t>> holders;
  for (const auto& [row, text] : corpus.documents)
    for (size_t at = 0, end; at < text.size() && !corpus.dropped.count(row); at = end + 1) {
      end = text.find('\n', at);
      if (const auto line = lower(text.substr(at, end - at)); !line.empty()) holders[line].insert(row);
    }
  std::vector<Edit> edits;
  for (const auto& [row, text] : corpus.documents) {
    if (corpus.dropped.count(row)) continue;
    std::set<std::string> mine;
    for (size_t at = 0, end; at < text.size(); at = end + 1) {
      end = text.find('\n', at);
      const auto line = lower(text.substr(at, end - at));
      if (line.empty()) continue;
      const auto& rows = holders[line];
      const auto rank = uint64_t(std::distance(rows.begin(), rows.find(row)));
      const bool stays = mine.insert(line).second && (most == 0 ? rows.size() == 1 : rank < most);
      if (!stays) edits.emplace_back(row, at, end);
    }
  }
  std::sort(edits.begin(), edits.end());
  return edits;
}

void copies_of_lines_are_those_of_brute_force() {
  std::mt19937_64 random(1);
  size_t cuts = 0;
  for (int round = 0; round < 150; ++round) {
    const auto corpus = corpus_of(random_texts(random, 1 + random() % 5, 2 + random() % 3), random);
    const auto dropped = write_dropped(corpus);
    const bool wide = random() % 2;
    LineKeyer keyer(LineForm::kC4, 1);
    std::vector<LineKey> lines;
    std::map<uint32_t, std::vector<std::vector<uint64_t>>> records;
    for (const auto& [row, text] : corpus.documents) {
      keyer.keys(text, lines);
      for (const auto& line : lines) {
        std::vector<uint64_t> key{line.key.high, row, uint64_t(line.start) << 32 | line.end};
        if (wide) key.insert(key.begin() + 1, line.key.low);
        records[uint32_t(row >> 32)].push_back(key);
      }
    }
    std::vector<std::string> files;
    for (auto& [input, of] : records) {
      std::shuffle(of.begin(), of.end(), random);
      files.push_back(file_at("lines-" + std::to_string(input)));
      RecordWriter writer;
      CHECK(writer.open(files.back(), line_shape(wide), 1 << 20).ok());
      for (const auto& key : of) CHECK(writer.add(key.data(), nullptr).ok());
      CHECK(writer.finish().ok());
    }
    std::shuffle(files.begin(), files.end(), random);
    for (const uint64_t most : {uint64_t(1), uint64_t(0), uint64_t(2)}) {
      const uint64_t partitions = 1 + random() % 4;
      std::vector<std::string> outs;
      LineCopyCounts counts;
      for (uint64_t p = 0; p < partitions; ++p) {
        outs.push_back(file_at("edits-" + std::to_string(p)));
        CHECK(line_copies(files, wide, partition_range(p, partitions), dropped, most, outs.back(), "", 1 << 21, &counts).ok());
      }
      const auto edits = read_edits(outs);
      CHECK(edits == brute_line_copies(corpus, most));
      CHECK_EQ(counts.copies, uint64_t(edits.size()));
      cuts += edits.size();
    }
    for (const auto& path : files) std::remove(path.c_str());
    for (const auto& [_, path] : dropped) std::remove(path.c_str());
  }
  CHECK(cuts > 1000);
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
  forms_are_those_of_their_sources();
  lines_without_words_have_no_key();
  a_cut_leaves_the_other_lines();
  rolled_hashes_are_those_of_the_definition();
  copies_of_lines_are_those_of_brute_force();
  copies_of_paragraphs_are_those_of_brute_force();
  return refine::testing::report();
}
