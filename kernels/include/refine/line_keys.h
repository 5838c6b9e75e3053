// Keys of a text's lines, by the definitions under which peers call two lines the same. A line is a piece between "\n".
//   kC4         stripped, lower case (tensorflow-datasets text/c4_utils.py: md5 of line.strip().lower())
//   kCcnet      the paper's: stripped, lower case, NFD without marks, digits as 0, punctuation removed (Wenzek et al. 2019, 3.2)
//   kCcnetCode  what cc_net's normalize_for_dedup does: no marks removed, and of punctuation only its list of 34 characters
// A key is MurmurHash3 x64 128 of the form, and stands where those use MD5 or SHA-1; CCNet keeps the first 64 bits of it.
// Invariant: lines of fewer than `min_words` words have no key, and a line without a letter or a number never has one.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "refine/hash.h"

namespace refine {

enum class LineForm : uint8_t { kC4, kCcnet, kCcnetCode };

struct LineKey {
  Hash128 key;
  uint32_t start = 0, end = 0;  // bytes of the line, its "\n" left out
};

class LineKeyer {
 public:
  LineKeyer(LineForm form, uint32_t min_words) : form_(form), min_words_(min_words < 1 ? 1 : min_words) {}
  // In the order of the text, in place of what `out` held. Words are those of UAX #29 that hold a letter or a number.
  void keys(std::string_view text, std::vector<LineKey>& out);

 private:
  LineForm form_;
  uint32_t min_words_;
  std::string form_text_, scratch_;
};

void append_line_form(LineForm form, std::string_view line, std::string& scratch, std::string& out);

// The places in `keys` of the second and later lines of each key, ascending.
void repeated_lines(const std::vector<LineKey>& keys, std::vector<uint32_t>& out);

}  // namespace refine
