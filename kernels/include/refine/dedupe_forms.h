// Normal forms that texts are compared in, by the name of the recipe that uses them. All take any bytes (invalid UTF-8 counts
// as U+FFFD) and are linear. Sources: DESIGN section 6 (default); datatrove 0.10 utils/text.py simplify_text; RedPajama-Data
// 855a8e0 utilities/text/normalization.py; cc_net 1341eec text_normalizer.py normalize_for_dedup; C4 (tensorflow-datasets
// c4_utils.py) compares lines stripped and in lower case.
#pragma once
#include <string>
#include <string_view>

namespace refine {

enum class DedupeForm : uint8_t {
  kNone,       // the text as it is
  kDefault,    // lower case, no marks (NFD without Mn), punctuation a space, white space folded (normalize.h)
  kDatatrove,  // lower case, numbers "0", its punctuation a space, white space folded, NFD without Mn
  kRedpajama,  // ASCII punctuation removed, lower case, white space folded, NFD
  kCcnet,      // each line: stripped, lower case, digits "0", its punctuation and control characters removed; lines stay lines
  kC4,         // each line stripped and in lower case; lines stay lines
};

// The form named as in manifests: none default datatrove redpajama ccnet c4. False for another name.
bool dedupe_form_of(std::string_view name, DedupeForm& form);

void append_dedupe_form(DedupeForm form, std::string_view text, std::string& out);

}  // namespace refine
