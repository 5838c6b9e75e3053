// The emulator's threads, barriers, shuffles and host run time against plain definitions, and the errors that it must see.
#include "simt_support.h"

using namespace refine::cuda;
using namespace refine::cuda::testing;

namespace {

__global__ void coordinates(uint32_t* out) {
  const uint32_t block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
  const uint32_t thread = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
  out[block * (blockDim.x * blockDim.y * blockDim.z) + thread] = block * 1000 + thread;
}

// Each thread reads its right neighbour's value; `fenced` leaves the barrier out where it is false.
__global__ void neighbour(const int* in, int* out, bool fenced) {
  __shared__ int values[128];
  values[threadIdx.x] = in[threadIdx.x];
  if (fenced) __syncthreads();
  out[threadIdx.x] = values[(threadIdx.x + 1) % 128];
}
__global__ void sum_of_warp(const float* in, float* out) {
  float value = in[threadIdx.x];
  for (int step = 16; step > 0; step /= 2) value += __shfl_xor_sync(kAllLanes, value, step);
  out[threadIdx.x] = value;
}
__global__ void shuffles(int* out) {
  const int lane = int(threadIdx.x);
  out[lane] = __shfl_sync(kAllLanes, lane * 3, 5);
  out[32 + lane] = __shfl_up_sync(kAllLanes, lane, 3u);
  out[64 + lane] = __shfl_down_sync(kAllLanes, lane, 3u);
  out[96 + lane] = __shfl_down_sync(kAllLanes, lane, 2u, 8);
  out[128 + lane] = __shfl_sync(kAllLanes, lane, 9, 8);
  out[160 + lane] = int(__ballot_sync(kAllLanes, lane % 3 == 0));
  out[192 + lane] = int(__reduce_add_sync(kAllLanes, unsigned(lane)));
  out[224 + lane] = lane < 16 ? int(__ballot_sync(0xffffu, lane % 2)) : int(__ballot_sync(0xffff0000u, 1));
  out[256 + lane] = __any_sync(kAllLanes, lane == 7) * 2 + __all_sync(kAllLanes, lane < 31);
  const long long wide = __shfl_xor_sync(kAllLanes, (long long)(lane) << 40, 1);
  out[288 + lane] = int(wide >> 40);
}
__global__ void counts(int* out) {
  out[threadIdx.x] = __syncthreads_count(threadIdx.x % 3 == 0);
  out[64 + threadIdx.x] = __syncthreads_or(threadIdx.x == 5) * 2 + __syncthreads_and(threadIdx.x < 63);
}
// Two groups of 64 threads pass a value by barriers 1 (full) and 2 (empty).
__global__ void producer_consumer(int* out) {
  __shared__ int cell[64];
  for (int round = 0; round < 5; ++round) {
    if (threadIdx.x < 64) {
      if (round > 0) named_barrier_sync(2, 128);
      cell[threadIdx.x] = 100 * round + int(threadIdx.x);
      named_barrier_arrive(1, 128);
    } else {
      named_barrier_sync(1, 128);
      out[round * 64 + int(threadIdx.x) - 64] = cell[threadIdx.x - 64];
      if (round < 4) named_barrier_arrive(2, 128);
    }
  }
}
__global__ void half_a_warp_leaves() {
  if (threadIdx.x % 32 < 16) return;
  __syncthreads();
}
__global__ void a_warp_leaves(int* out) {
  if (threadIdx.x >= 32) return;
  __syncthreads();
  out[threadIdx.x] = 7;
}
__global__ void apart() {
  if (threadIdx.x == 3) __syncthreads();
  else named_barrier_sync(4, 64);
}
__global__ void lane_gone() {
  if (threadIdx.x == 9) return;
  __shfl_sync(kAllLanes, 1, 0);
}
__global__ void not_in_mask() { __shfl_sync(0x7fffffffu, 1, 0); }
__global__ void reads_outside() {
  if (threadIdx.x < 16) __shfl_sync(0xffffu, 1, 20);
}
__global__ void different() {
  if (threadIdx.x < 16) __ballot_sync(kAllLanes, 1);
  else __shfl_sync(kAllLanes, 1, 0);
}
__global__ void waits_wrongly() {
  __shared__ uint64_t bar;
  if (threadIdx.x == 0) mbarrier_init(&bar, 1);
  __syncthreads();
  if (threadIdx.x == 0) mbarrier_arrive(&bar);
  mbarrier_wait(&bar, 0);
  mbarrier_wait(&bar, 1);  // nobody ends the second phase
}
__global__ void reads_fresh(float* out) {
  __shared__ float unwritten[32];
  out[threadIdx.x] = dynamic_shared<float>()[threadIdx.x] + unwritten[threadIdx.x];
  unwritten[threadIdx.x] = 1;
  dynamic_shared<float>()[threadIdx.x] = 1;
}
__global__ void deep(float* out, int depth) {
  float kept[512];
  for (int i = 0; i < 512; ++i) kept[i] = float(i + depth);
  __syncwarp();
  float sum = 0;
  for (const float value : kept) sum += value;
  out[threadIdx.x] = sum;
}
__global__ void nothing(const int*) {}

}  // namespace

int main() {
  Array<uint32_t> placed(6 * 24);
  CHECK_EQ(launch(coordinates, dim3(3, 2, 1), dim3(4, 3, 2), 0, nullptr, placed.data), cudaSuccess);
  const auto where = placed.host();
  for (uint32_t i = 0; i < where.size(); ++i) CHECK_EQ(where[i], i / 24 * 1000 + i % 24);

  std::vector<int> numbers(128);
  for (int i = 0; i < 128; ++i) numbers[size_t(i)] = 5 * i;
  Array<int> in(numbers), out(512);
  for (uint64_t seed : {0, 1, 2, 77}) {
    simt::set_seed(seed);
    launch(neighbour, 1, 128, 0, nullptr, in.data, out.data, true);
    const auto right = out.host();
    int wrong = 0;
    for (int i = 0; i < 128; ++i) wrong += right[size_t(i)] != 5 * ((i + 1) % 128);
    CHECK_EQ(wrong, 0);
    launch(neighbour, 1, 128, 0, nullptr, in.data, out.data, false);
    const auto raced = out.host();
    int poisoned = 0;
    for (int i = 0; i < 128; ++i) poisoned += raced[size_t(i)] == -1;
    CHECK(poisoned > 30);  // a missing barrier is seen: a neighbour's value is not there yet
  }
  simt::set_seed(0);

  std::vector<float> terms(32);
  for (int i = 0; i < 32; ++i) terms[size_t(i)] = float(i);
  Array<float> floats(terms), sums(32);
  launch(sum_of_warp, 1, 32, 0, nullptr, floats.data, sums.data);
  for (const float sum : sums.host()) CHECK_EQ(sum, 496.f);

  launch(shuffles, 1, 32, 0, nullptr, out.data);
  auto o = out.host();
  for (int lane = 0; lane < 32; ++lane) {
    const auto at = [&](int row) { return o[size_t(32 * row + lane)]; };
    CHECK_EQ(at(0), 15);
    CHECK_EQ(at(1), lane < 3 ? lane : lane - 3);
    CHECK_EQ(at(2), lane > 28 ? lane : lane + 3);
    CHECK_EQ(at(3), lane % 8 > 5 ? lane : lane + 2);
    CHECK_EQ(at(4), lane / 8 * 8 + 1);
    CHECK_EQ(at(5), 0x49249249);
    CHECK_EQ(at(6), 496);
    CHECK_EQ(uint32_t(at(7)), lane < 16 ? 0xaaaau : 0xffff0000u);
    CHECK_EQ(at(8), 2);
    CHECK_EQ(at(9), lane ^ 1);
  }
  launch(counts, 1, 64, 0, nullptr, out.data);
  o = out.host();
  for (int i = 0; i < 64; ++i) {
    CHECK_EQ(o[size_t(i)], 22);
    CHECK_EQ(o[size_t(64 + i)], 2);
  }
  for (uint64_t seed : {0, 1, 2, 3}) {
    simt::set_seed(seed);
    launch(producer_consumer, 2, 128, 0, nullptr, out.data);
    o = out.host();
    int wrong = 0;
    for (int i = 0; i < 320; ++i) wrong += o[size_t(i)] != 100 * (i / 64) + i % 64;
    CHECK_EQ(wrong, 0);
  }
  simt::set_seed(0);

  FINDS("half_a_warp_leaves block (0, 0, 0)", launch(half_a_warp_leaves, 1, 64, 0, nullptr));
  FINDS("have ended, the others wait here", launch(half_a_warp_leaves, 1, 64, 0, nullptr));
  CHECK_EQ(launch(a_warp_leaves, 1, 64, 0, nullptr, out.data), cudaSuccess);
  o = out.host();
  CHECK_EQ(o[31], 7);
  FINDS("deadlock: no thread can go on\n  threads 0 to 2: named barrier 4 of 64 threads\n  threads 3 to 3: __syncthreads\n  threads 4 to 63: named barrier", launch(apart, 1, 64, 0, nullptr));
  FINDS("lane 9 ", launch(lane_gone, 1, 32, 0, nullptr));
  FINDS("lane 31 is not in it", launch(not_in_mask, 1, 32, 0, nullptr));
  FINDS("reads lane 20 outside of it", launch(reads_outside, 1, 32, 0, nullptr));
  FINDS("threads 0 to 15: __ballot_sync\n  threads 16 to 31: __shfl_sync", launch(different, 1, 32, 0, nullptr));
  FINDS("phase 1, 1 of 1 arrivals and 0 bytes missing", launch(waits_wrongly, 1, 32, 0, nullptr));

  for (int round = 0; round < 2; ++round) {  // the second launch must not see what the first left
    launch(reads_fresh, 3, 32, 128, nullptr, sums.data);
    for (const float value : sums.host()) CHECK(value != value);
  }
  launch(deep, 4, 32, 0, nullptr, sums.data, 2);
  CHECK(sums.host()[5] == 131840.f);

  // The host's side: arguments, limits, streams, graphs, memory.
  const int on_host = 0;
  FINDS("parameter 1 is no device memory", launch(nothing, 1, 1, 0, nullptr, &on_host));
  CHECK_EQ(launch(nothing, 1, 1025, 0, nullptr, nullptr), cudaErrorInvalidConfiguration);
  CHECK_EQ(launch(nothing, dim3(1, 65536), 1, 0, nullptr, nullptr), cudaErrorInvalidConfiguration);
  CHECK_EQ(launch(nothing, 1, 1, simt::kSharedLimit + 1, nullptr, nullptr), cudaErrorInvalidValue);
  CHECK_EQ(cudaGetLastError(), cudaErrorInvalidValue);
  CHECK_EQ(cudaGetLastError(), cudaSuccess);
  const uint64_t before = simt::blocks_run();
  CHECK_EQ(launch(nothing, dim3(0, 4), 32, 0, nullptr, nullptr), cudaSuccess);
  CHECK_EQ(simt::blocks_run(), before);
  CHECK_EQ(cudaMemcpy(in.data, out.data, 4, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
  CHECK_EQ(cudaMemset(in.data, 0, 128 * 4 + 1), cudaErrorInvalidValue);
  (void)cudaGetLastError();
  void* huge = nullptr;
  CHECK_EQ(cudaMalloc(&huge, size_t(1) << 50), cudaErrorMemoryAllocation);
  (void)cudaGetLastError();
  cudaStream_t stream = nullptr;
  cudaStreamCreate(&stream);
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t exec = nullptr;
  CHECK_EQ(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), cudaSuccess);
  cudaMemsetAsync(out.data, 0, 4 * 128, stream);
  launch(neighbour, 1, 128, 0, stream, in.data, out.data, true);
  CHECK_EQ(simt::blocks_run(), before);
  CHECK_EQ(cudaStreamEndCapture(stream, &graph), cudaSuccess);
  cudaGraphInstantiate(&exec, graph, 0);
  for (int i = 0; i < 3; ++i) cudaGraphLaunch(exec, stream);
  CHECK_EQ(simt::blocks_run(), before + 3);
  o = out.host();
  CHECK_EQ(o[1], 10);
  cudaGraphExecDestroy(exec);
  cudaGraphDestroy(graph);
  cudaStreamDestroy(stream);

  CHECK_EQ(to_bf16(1.00390625f).bits, 0x3f80);  // halfway: to even
  CHECK_EQ(to_bf16(1.01171875f).bits, 0x3f82);
  CHECK_EQ(to_bf16(-__builtin_nanf("")).bits, 0x7fff);
  CHECK_EQ(to_bf16(3.4e38f).bits, 0x7f80);
  CHECK_EQ(pack_bf16(1.f, -2.f), 0xc0003f80u);
  CHECK_EQ(high_bf16(0xc0003f80u), -2.f);
  return refine::testing::report();
}
