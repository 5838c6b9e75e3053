// Frames of any shape, with the first bytes as dictionary, must neither crash nor pass the limit.
#include <cstdlib>
#include <memory>
#include <string>

#include "../zstd.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  std::string out;
  refine::zstd::decode(input, 1 << 20, out);
  if (out.size() > (1 << 20)) std::abort();
  const std::string framed = std::string("\x28\xb5\x2f\xfd", 4) + std::string(input);  // past the magic at once
  refine::zstd::decode(framed, 1 << 20, out);
  if (size > 64) {
    auto dictionary = std::make_shared<refine::zstd::Dictionary>();
    if (dictionary->parse(std::string("\x37\xa4\x30\xec", 4) + std::string(input.substr(0, size / 2))) || dictionary->parse(input.substr(0, 32)))
      refine::zstd::decode(input.substr(size / 2), 1 << 20, out, dictionary);
  }
  return 0;
}
