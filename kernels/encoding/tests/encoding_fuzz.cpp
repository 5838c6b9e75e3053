// Any bytes in any encoding: decoding ends in valid UTF-8, and the decision is a pure function.
#include <cstdlib>

#include "refine/encoding.h"
#include "refine/utf8.h"

using namespace refine;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (int e = 0; e < int(Encoding::kCount); ++e) {
    std::string out;
    const size_t errors = decode_to_utf8(Encoding(e), bytes, out);
    if (!is_valid_utf8(out) || errors > size + 1 || out.size() > size * 5 + 8) std::abort();
  }
  const auto head = bytes.substr(0, size / 2);
  const Charset a = decide_charset(bytes, head), b = decide_charset(std::string(bytes), std::string(head));
  if (a.encoding != b.encoding || a.source != b.source) std::abort();
  Encoding found;
  prescan_encoding(bytes, 1024, &found);
  encoding_from_label(head, &found);
  return 0;
}
