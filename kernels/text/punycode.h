// Punycode, RFC 3492 sections 6.2 and 6.3: one label without its `xn--`, lower case.
// Both directions work quadratically in the label, as the format does: callers bound its length.
#pragma once
#include <string>
#include <string_view>

namespace refine {

// False for what is no punycode. A decoded surrogate is refused. Appends.
bool decode_punycode(std::string_view label, std::u32string& out);
// Appends. The label holds scalar values; false where its differences overflow.
bool encode_punycode(std::u32string_view label, std::string& out);

}  // namespace refine
