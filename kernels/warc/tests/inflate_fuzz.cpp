// Inflate in one piece and in small cuts of input and output must agree; the decoders of whole bodies must not crash.
#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "refine/content_coding.h"

using refine::Inflater;
using refine::InflateResult;

static std::pair<InflateResult, std::string> inflate_in_cuts(const uint8_t* data, size_t size, size_t in_cut, size_t out_cut) {
  Inflater inflater;
  std::string made;
  std::vector<uint8_t> exact;  // a copy of just the bytes lent, so that ASan sees a read past them
  size_t at = 0, lent = 0;
  for (;;) {
    lent = std::min(size, std::max(lent, at) + in_cut);
    exact.assign(data + at, data + lent);
    std::string window = made.substr(made.size() > Inflater::kWindow ? made.size() - Inflater::kWindow : 0);
    const size_t back = window.size();
    window.resize(back + out_cut);
    uint8_t* begin = reinterpret_cast<uint8_t*>(window.data());
    uint8_t* out = begin + back;
    const uint8_t* in = exact.data();
    const InflateResult result = inflater.run(in, exact.data() + exact.size(), begin, out, begin + window.size());
    at += size_t(in - exact.data());
    made.append(reinterpret_cast<char*>(begin) + back, size_t(out - begin) - back);
    if (result == InflateResult::kEnd || result == InflateResult::kError || made.size() > (4u << 20)) return {result, made};
    if (result == InflateResult::kNeedInput && lent == size) return {result, made};
  }
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const auto whole = inflate_in_cuts(data, size, size, 1 << 20);
  const auto cut = inflate_in_cuts(data, size, 1 + data[0] % 23, 1 + data[size - 1] % 600);
  if (whole.second.size() < (2u << 20) && (whole.first != cut.first || whole.second != cut.second)) std::abort();
  std::string out;
  refine::DecodeResult result;
  for (const char* coding : {"gzip", "deflate", "zstd"}) refine::decode_content(coding, {reinterpret_cast<const char*>(data), size}, 1 << 20, out, &result);
  return 0;
}
