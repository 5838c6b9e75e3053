// The race detector: what is ordered passes in every order of the threads, what is not is found in each. Compiled with
// -fsanitize=thread's instrumentation over simt/watch.
#include "simt_support.h"

using namespace refine::cuda;
using namespace refine::cuda::testing;

namespace {

enum class Order { kBlock, kWarp, kNamed, kNone };
__global__ void reverse(const int* in, int* out, Order order, uint32_t within) {
  __shared__ int fixed[128];
  auto* dynamic = dynamic_shared<int>();
  const uint32_t i = threadIdx.x, other = i / within * within + (within - 1 - i % within);
  fixed[i] = in[i];
  if (order == Order::kBlock) __syncthreads();
  if (order == Order::kWarp) __syncwarp();
  if (order == Order::kNamed) named_barrier_sync(3, 128);
  dynamic[i] = fixed[other];
  if (order == Order::kBlock) __syncthreads();
  if (order == Order::kWarp) __syncwarp();
  if (order == Order::kNamed) named_barrier_sync(3, 128);
  out[i] = dynamic[other];
}
// The tile is written again in each round; without the second barrier some thread still reads it.
__global__ void rounds(int* out, bool second) {
  auto* tile = dynamic_shared<int>();
  int sum = 0;
  for (int round = 0; round < 3; ++round) {
    tile[threadIdx.x] = round;
    __syncthreads();
    for (int i = 0; i < 64; ++i) sum += tile[i];
    if (second) __syncthreads();
  }
  out[threadIdx.x] = sum;
}
__global__ void halves(uint16_t* out) {  // neighbours in one word, each its own half
  auto* tile = dynamic_shared<uint16_t>();
  auto* bytes = reinterpret_cast<uint8_t*>(tile + 64);
  tile[threadIdx.x] = uint16_t(threadIdx.x);
  bytes[threadIdx.x] = uint8_t(threadIdx.x);
  __syncthreads();
  out[threadIdx.x] = uint16_t(tile[63 - threadIdx.x] + bytes[threadIdx.x ^ 1]);
}
__global__ void same_place(int* out, bool same_block) {
  if (same_block || threadIdx.x == 0) out[same_block ? blockIdx.x : 0] = 1;
}
// A product of 64 x 64 x 16 whose operand somebody else fences, or the writer too late.
enum class Fence { kWriter, kOther, kAfter };
__global__ void __launch_bounds__(128, 1) product(float* out, Fence fence) {
  auto* tile = dynamic_shared<uint32_t>();
  for (uint32_t i = threadIdx.x; i < 2048; i += 128) tile[i] = 0x3f803f80;
  if (fence == Fence::kWriter || (fence == Fence::kOther && threadIdx.x == 127)) fence_proxy_async();
  __syncthreads();
  if (fence == Fence::kAfter) fence_proxy_async();
  float d[32];
  wgmma_fence(d);
  const uint64_t descriptor = wgmma_descriptor(tile, 1, 1024);
  wgmma_bf16<64>(d, descriptor, descriptor, false);
  wgmma_commit();
  wgmma_wait<0>(d);
  out[threadIdx.x] = d[5];
}
__global__ void box(const __grid_constant__ TensorMap map, uint16_t* out, bool waits, bool empties) {
  __shared__ uint64_t full, empty;
  auto* tile = dynamic_shared<uint16_t>();
  if (threadIdx.x == 0) {
    mbarrier_init(&full, 1);
    mbarrier_init(&empty, 64);
    fence_barrier_init();
  }
  __syncthreads();
  for (int round = 0; round < 2; ++round) {
    if (threadIdx.x == 0) {
      if (empties) mbarrier_wait(&empty, uint32_t(round + 1) & 1);
      mbarrier_expect(&full, 1024);
      tma_load_2d(tile, &map, &full, 0, 8 * round);
    }
    if (threadIdx.x == 0 || (waits && threadIdx.x < 64)) mbarrier_wait(&full, uint32_t(round) & 1);
    if (threadIdx.x < 64) {
      out[64 * round + int(threadIdx.x)] = tile[threadIdx.x];
      mbarrier_arrive(&empty);
    }
  }
}

}  // namespace

int main() {
  std::vector<int> numbers(128);
  for (int i = 0; i < 128; ++i) numbers[size_t(i)] = i;
  Array<int> in(numbers), out(128);
  Array<uint16_t> small(128);
  Array<float> floats(128);
  Array<uint16_t> tensor(std::vector<uint16_t>(16 * 64, 3));
  TensorMap map;
  make_tensor_map_2d(&map, tensor.data, TensorElement::kBf16, 16, 64, 128, 8, 64);
  const auto passes = [](const std::function<void()>& body) { CHECK_EQ(simt::error_of(body), ""); };
  for (const uint64_t seed : {0, 1, 2, 3}) {
    simt::set_seed(seed);
    passes([&] { launch(reverse, 1, 128, 512, nullptr, in.data, out.data, Order::kBlock, 128u); });
    passes([&] { launch(reverse, 1, 128, 512, nullptr, in.data, out.data, Order::kNamed, 128u); });
    passes([&] { launch(reverse, 1, 128, 512, nullptr, in.data, out.data, Order::kWarp, 32u); });
    FINDS("race: thread", launch(reverse, 1, 128, 512, nullptr, in.data, out.data, Order::kWarp, 64u));
    FINDS("and nothing orders the two", launch(reverse, 1, 128, 512, nullptr, in.data, out.data, Order::kNone, 32u));
    passes([&] { launch(rounds, 1, 64, 256, nullptr, out.data, true); });
    FINDS("of dynamic shared memory, which thread", launch(rounds, 1, 64, 256, nullptr, out.data, false));
    passes([&] { launch(halves, 1, 64, 256, nullptr, small.data); });
    passes([&] { launch(product, 1, 128, 8192, nullptr, floats.data, Fence::kWriter); });
    CHECK(floats.host()[7] == 16.f);
    FINDS("fence_proxy_async", launch(product, 1, 128, 8192, nullptr, floats.data, Fence::kOther));
    FINDS("fence_proxy_async before the barrier", launch(product, 1, 128, 8192, nullptr, floats.data, Fence::kAfter));
    passes([&] { launch(box, 1, 96, 1024, nullptr, map, small.data, true, true); });
    FINDS("race: thread", launch(box, 1, 96, 1024, nullptr, map, small.data, true, false));
    FINDS("simt: box", launch(box, 1, 96, 1024, nullptr, map, small.data, false, true));
  }
  simt::set_seed(0);
  FINDS("which thread 0 of another block wrote in the same launch", launch(same_place, 2, 32, 0, nullptr, out.data, false));
  FINDS("which thread 0 of this block wrote", launch(same_place, 2, 32, 0, nullptr, out.data, true));
  return refine::testing::report();
}
