// Timing of MinHash signatures with the shingles on the card, and of the C ABI's call, which copies them there and the minima back.
#include "../../../kernels/cuda/minhash.h"
#include "workload.h"

namespace refine::cuda::timings {
namespace {

void time_minhash(Suite& suite, const Line& line) {
  const int64_t documents = line["documents"], each = line["shingles"], hashes = line["hashes"];
  auto a_host = suite.random.words(size_t(hashes)), b_host = suite.random.words(size_t(hashes));
  for (auto& value : a_host) value >>= 4;
  for (auto& value : b_host) value >>= 4;
  std::vector<int64_t> offsets;
  for (int64_t d = 0; d <= documents; ++d) offsets.push_back(d * each);
  const auto a = suite.upload(a_host), b = suite.upload(b_host);
  const auto shingles = suite.upload(suite.random.words(size_t(documents * each)));
  const auto device_offsets = suite.upload(offsets);
  const auto out = suite.output<uint64_t>(size_t(documents * hashes));
  suite.time(line.id, 8.0 * double(documents * each + documents * hashes), double(documents) * double(each) * double(hashes),
             [&](int) { return minhash(suite.context(), shingles.data(), device_offsets.data(), a.data(), b.data(), out.data(), documents, uint32_t(hashes)); });
}

}  // namespace
}  // namespace refine::cuda::timings

int main(int argc, char** argv) { return refine::cuda::timings::run_workloads(argc, argv, {{"minhash", refine::cuda::timings::time_minhash}}); }
