// The ceiling of memory: a copy by a kernel of our own, 16 bytes a thread and four of them in flight, on more than a gigabyte.
#include "workload.h"

namespace refine::cuda::timings {
namespace {

struct alignas(16) Piece {
  uint32_t words[4];
};

__global__ void __launch_bounds__(256) copy_kernel(const Piece* __restrict__ in, Piece* __restrict__ out, int64_t count) {
  const int64_t start = int64_t(blockIdx.x) * 1024 + threadIdx.x;
  Piece pieces[4];
#pragma unroll
  for (int i = 0; i < 4; ++i)
    if (start + i * 256 < count) pieces[i] = in[start + i * 256];
#pragma unroll
  for (int i = 0; i < 4; ++i)
    if (start + i * 256 < count) out[start + i * 256] = pieces[i];
}

void time_copy(Suite& suite, const Line& line) {
  const int64_t count = line["bytes"] / 16;
  const auto in = filled<uint32_t>(suite, count * 4);
  const auto out = suite.output<uint32_t>(size_t(count * 4));
  const uint32_t blocks = uint32_t((count + 1023) / 1024);
  suite.time(line.id, 32.0 * double(count), 0, [&](int) {
    return launch(copy_kernel, dim3(blocks), dim3(256), 0, suite.context().stream, reinterpret_cast<const Piece*>(in.data()), reinterpret_cast<Piece*>(out.data()), count);
  });
  suite.equal("the copy", suite.download(out), suite.download(in));
}

}  // namespace
}  // namespace refine::cuda::timings

int main(int argc, char** argv) { return refine::cuda::timings::run_workloads(argc, argv, {{"copy", refine::cuda::timings::time_copy}}); }
