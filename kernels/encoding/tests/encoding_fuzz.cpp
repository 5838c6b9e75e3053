// Any bytes under any Content-Type (the input's first line): every decoder's output is valid UTF-8 of at most three bytes
// for each that went in, the view equals the copy, the decision is a pure function that never fails, taking back twice
// encoded text keeps it valid and no longer.
#include <cstdlib>

#include "refine/encoding.h"
#include "refine/utf8.h"

using namespace refine;

#define MUST(condition) do { if (!(condition)) std::abort(); } while (0)

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t line = input.substr(0, 256).find('\n');
  const auto type = line == std::string_view::npos ? std::string_view() : input.substr(0, line);
  const auto bytes = line == std::string_view::npos ? input : input.substr(line + 1);

  std::string out, storage;
  for (int e = 0; e < int(Encoding::kCount); ++e) {
    out.clear();
    const size_t errors = decode_to_utf8(Encoding(e), bytes, out);
    MUST(is_valid_utf8(out) && errors <= bytes.size() && out.size() <= 3 * bytes.size());
    size_t again = 0;
    MUST(decode_view(Encoding(e), bytes, storage, &again) == out && again == errors);
  }
  const Charset once = decide_charset(bytes, type), twice = decide_charset(std::string(bytes), std::string(type));
  MUST(once.encoding == twice.encoding && once.source == twice.source);
  MUST(detect_encoding(bytes) < Encoding::kCount);
  const DecodedPage page = decode_page(bytes, type, out);
  MUST(page.charset.encoding == once.encoding && is_valid_utf8(out) && out.size() <= 3 * bytes.size());
  Encoding found;
  prescan_encoding(bytes, 1024, &found);
  encoding_from_label(type, &found);
  return 0;
}
