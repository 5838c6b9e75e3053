// Copies of lines against brute force over random corpora, for any cut into files, partitions and memory; the forms of lines against
// what their sources say; the cut of a text.
#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "../../testing/check.h"
#include "corpus.h"
#include "refine/cut_lines.h"
#include "refine/line_copies.h"
#include "refine/line_keys.h"

using namespace refine;
using namespace refine::testing;

namespace {

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

}  // namespace

int main() {
  forms_are_those_of_their_sources();
  lines_without_words_have_no_key();
  a_cut_leaves_the_other_lines();
  copies_of_lines_are_those_of_brute_force();
  return refine::testing::report();
}
