// Values of metadata made plain: white space collapsed, controls dropped, character references undone, within a length.
// Invariant: results are valid UTF-8 without line breaks; what they cost is counted, so nested elements that each ask for
// their text cannot make a page's work more than linear.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "tree.h"

namespace refine::html {

constexpr size_t kMaxValue = 1000;  // bytes of a title or URL; authors and names have lower limits of their own

std::string plain_value(std::string_view text, size_t limit = kMaxValue);
// Character references undone, twice where text was escaped twice, and inline tags left out: for JSON-LD and attributes.
std::string unescaped(std::string_view text);
std::string lower_ascii(std::string_view text, size_t limit = 64);
bool is_blank(std::string_view text);
// Lower case without punctuation, white space or case, to compare names and titles by.
std::string folded(std::string_view text, size_t limit = kMaxValue);

// The text of elements, script and style aside, with a space where a block or <br> parts it.
class InnerText {
 public:
  explicit InnerText(const Tree& tree) : tree_(tree) {}
  std::string of(uint32_t root, size_t limit);

 private:
  const Tree& tree_;
  uint32_t left_ = 100'000;  // nodes that may be looked at for one page
};

// A value and the trust in its source: the first of the highest trust stays.
struct Fact {
  std::string value;
  int trust = 0;
  bool offer(int of, std::string_view text, size_t limit = kMaxValue);
};

}  // namespace refine::html
