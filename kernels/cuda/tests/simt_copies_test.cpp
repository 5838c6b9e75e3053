// Asynchronous copies and Hopper's barriers in the emulator: the data arrives where the PTX ISA puts it and not before its wait, and what
// a kernel forgets is an error or poison.
#include "simt_support.h"

using namespace refine::cuda;
using namespace refine::cuda::testing;

namespace {

constexpr int kRows = 8;

__global__ void copies(const float* in, float* out, int valid, bool waits) {
  auto* tile = dynamic_shared<float>();
  cp_async_16(tile + 4 * threadIdx.x, in + 4 * threadIdx.x, valid);
  cp_async_commit();
  cp_async_16(tile + 128 + 4 * threadIdx.x, in + 128 + 4 * threadIdx.x);
  cp_async_commit();
  if (waits) cp_async_wait<1>();
  for (int i = 0; i < 4; ++i) out[4 * threadIdx.x + uint32_t(i)] = tile[4 * threadIdx.x + uint32_t(i)];
  for (int i = 0; i < 4; ++i) out[128 + 4 * threadIdx.x + uint32_t(i)] = tile[128 + 4 * threadIdx.x + uint32_t(i)];
  cp_async_wait<0>();
  __syncthreads();
  for (int i = 0; i < 4; ++i) out[256 + 4 * threadIdx.x + uint32_t(i)] = tile[128 + (4 * (threadIdx.x + 1) + uint32_t(i)) % 128];
}
__global__ void misplaced(const float* in, int shift) { cp_async_16(dynamic_shared<float>(), in + shift); }
__global__ void past_end(const float* in) { cp_async_16(dynamic_shared<float>(), in + 16, 8); }

// A pipeline of two stages over `tiles` boxes: a warp's first thread loads, 128 threads read, two rounds of barriers full and empty.
enum class Fault { kNone, kNoWait, kShortExpect, kLongExpect, kNoEmpty, kNeverInitialised, kWrittenOver };
__global__ void pipeline(const __grid_constant__ TensorMap map, uint16_t* out, int tiles, Fault fault) {
  auto* stages = dynamic_shared<unsigned char>();
  constexpr uint32_t kBytes = 64 * 128;
  __shared__ uint64_t full[2], empty[2];
  if (threadIdx.x == 0 && fault != Fault::kNeverInitialised) {
    for (int i = 0; i < 2; ++i) {
      mbarrier_init(&full[i], 1);
      mbarrier_init(&empty[i], 128);
    }
    fence_barrier_init();
  }
  __syncthreads();
  if (threadIdx.x >= 128) {
    if (threadIdx.x == 128)
      for (int tile = 0; tile < tiles; ++tile) {
        const int stage = tile % 2;
        if (fault != Fault::kNoEmpty) mbarrier_wait(&empty[stage], uint32_t(tile / 2 + 1) & 1);
        mbarrier_expect(&full[stage], fault == Fault::kShortExpect ? kBytes - 16 : fault == Fault::kLongExpect ? kBytes + 16 : kBytes);
        tma_load_2d(stages + kBytes * uint32_t(stage), &map, &full[stage], -8, 64 * tile - 3);
      }
    return;
  }
  for (int tile = 0; tile < tiles; ++tile) {
    const int stage = tile % 2;
    if (fault == Fault::kWrittenOver && tile == 1 && threadIdx.x == 0) full[stage] = 1;
    if (fault != Fault::kNoWait) mbarrier_wait(&full[stage], uint32_t(tile / 2) & 1);
    const auto* box = reinterpret_cast<const uint16_t*>(stages + kBytes * uint32_t(stage));
    for (uint32_t i = threadIdx.x; i < 4096; i += 128) {
      const uint32_t row = i / 64, chunk = i % 64 / 8;  // 16-byte chunk c of row r lies at c ^ (r % 8)
      out[uint32_t(tile) * 4096 + i] = box[row * 64 + (chunk ^ row % 8) * 8 + i % 8];
    }
    mbarrier_arrive(&empty[stage]);
  }
}

__global__ void stores(const __grid_constant__ TensorMap map, bool fenced, bool waits) {
  auto* box = dynamic_shared<uint16_t>();
  for (uint32_t i = threadIdx.x; i < 64 * kRows; i += 32) {
    const uint32_t row = i / 64, chunk = i % 64 / 8;
    box[row * 64 + (chunk ^ row % 8) * 8 + i % 8] = uint16_t(i);
  }
  if (fenced) fence_proxy_async();
  __syncthreads();
  if (threadIdx.x == 0) {
    tma_store_2d(&map, box, 8, 2);
    tma_store_commit();
    if (waits) tma_store_wait<0>();
  }
}
__global__ void unaligned_box(const __grid_constant__ TensorMap map) {
  __shared__ uint64_t bar;
  mbarrier_init(&bar, 1);
  tma_load_2d(dynamic_shared<char>() + 128, &map, &bar, 0, 0);
}
__global__ void leaves_copy(const __grid_constant__ TensorMap map) {
  __shared__ uint64_t bar;
  mbarrier_init(&bar, 1);
  mbarrier_expect(&bar, 8192);
  tma_load_2d(dynamic_shared<char>(), &map, &bar, 0, 0);
}

}  // namespace

int main() {
  std::vector<float> numbers(256);
  for (int i = 0; i < 256; ++i) numbers[size_t(i)] = float(i);
  Array<float> in(numbers), out(384);
  for (uint64_t seed : {0, 5}) {
    simt::set_seed(seed);
    for (const int valid : {0, 4, 12, 16}) {
      launch(copies, 1, 32, 1024, nullptr, in.data, out.data, valid, true);
      const auto o = out.host();
      int wrong = 0;
      for (int i = 0; i < 128; ++i) {
        wrong += o[size_t(i)] != (i % 4 * 4 < valid ? float(i) : 0.f);  // what is not read becomes 0
        wrong += o[size_t(128 + i)] == o[size_t(128 + i)];             // the second group is under way: poison
        wrong += o[size_t(256 + i)] != float(128 + (i + 4) % 128);
      }
      CHECK_EQ(wrong, 0);
    }
    launch(copies, 1, 32, 1024, nullptr, in.data, out.data, 16, false);
    CHECK(out.host()[0] != out.host()[0]);  // a missing wait is seen
  }
  FINDS("is no multiple of 16", launch(misplaced, 1, 1, 1024, nullptr, in.data, 1));
  Array<float> short_one(18);
  CHECK_EQ(launch(past_end, 1, 1, 1024, nullptr, short_one.data), cudaSuccess);
  FINDS("8 bytes at", launch(misplaced, 1, 1, 1024, nullptr, in.data, 256); launch(past_end, 1, 1, 1024, nullptr, Array<float>(17).data));

  // Boxes of 64 rows x 64 bf16, shifted so that all four edges lie outside somewhere; the tensor is 150 x 50, its rows 128 bytes apart.
  std::vector<uint16_t> tensor(150 * 64);
  for (size_t i = 0; i < tensor.size(); ++i) tensor[i] = uint16_t(i + 1);
  Array<uint16_t> device(tensor), boxes(4 * 4096);
  TensorMap map;
  CHECK_EQ(make_tensor_map_2d(&map, device.data, TensorElement::kBf16, 150, 50, 128, 64, 64), cudaSuccess);
  for (uint64_t seed : {0, 1, 2, 3, 4}) {
    simt::set_seed(seed);
    CHECK_EQ(launch(pipeline, 2, 160, 2 * 8192, nullptr, map, boxes.data, 4, Fault::kNone), cudaSuccess);
    const auto o = boxes.host();
    int wrong = 0;
    for (int tile = 0; tile < 4; ++tile)
      for (int i = 0; i < 4096; ++i) {
        const int row = 64 * tile - 3 + i / 64, column = i % 64 - 8;
        const bool inside = row >= 0 && row < 150 && column >= 0 && column < 50;
        wrong += o[size_t(tile * 4096 + i)] != (inside ? tensor[size_t(row * 64 + column)] : 0);
      }
    CHECK_EQ(wrong, 0);
  }
  simt::set_seed(0);
  const auto broken = [&](Fault fault) { launch(pipeline, 1, 160, 2 * 8192, nullptr, map, boxes.data, 4, fault); };
  FINDS("deadlock: no thread can go on\n  threads 0 to 127: mbarrier at", broken(Fault::kShortExpect));
  FINDS("0 of 1 arrivals and -16 bytes missing", broken(Fault::kShortExpect));
  FINDS("0 of 1 arrivals and 16 bytes missing", broken(Fault::kLongExpect));
  FINDS("more arrivals than the 1 of this mbarrier's phase", broken(Fault::kNoEmpty));
  FINDS("mbarrier_wait of an mbarrier that nobody has initialised", broken(Fault::kNeverInitialised));
  FINDS("that was written over", broken(Fault::kWrittenOver));
  CHECK(simt::error_of([&] { broken(Fault::kNone); }).empty());
  (void)simt::error_of([&] { broken(Fault::kNoWait); });
  CHECK(boxes.host()[0] == 0xffff);  // read before the copy arrived
  FINDS("is no multiple of 1024", launch(unaligned_box, 1, 1, 16384, nullptr, map));
  FINDS("are not in dynamic shared memory", launch(leaves_copy, 1, 1, 4096, nullptr, map));
  FINDS("the block ended with 1 tensor copies under way", launch(leaves_copy, 1, 1, 8192, nullptr, map));

  Array<uint16_t> target(std::vector<uint16_t>(6 * 32, 7));
  TensorMap store;
  CHECK_EQ(make_tensor_map_2d(&store, target.data, TensorElement::kBf16, 6, 30, 64, kRows, 64), cudaSuccess);
  CHECK_EQ(launch(stores, 1, 32, 1024, nullptr, store, true, true), cudaSuccess);
  const auto stored = target.host();
  int wrong = 0;
  for (int row = 0; row < 6; ++row)
    for (int column = 0; column < 32; ++column) wrong += stored[size_t(row * 32 + column)] != (row >= 2 && column >= 8 && column < 30 ? (row - 2) * 64 + column - 8 : 7);
  CHECK_EQ(wrong, 0);
  FINDS("was written without fence_proxy_async", launch(stores, 1, 32, 1024, nullptr, store, false, true));
  FINDS("the thread ends with a tma_store_2d under way", launch(stores, 1, 32, 1024, nullptr, store, true, false));
  std::vector<uint16_t> on_host(64 * 64);
  TensorMap host_map, unmade{};
  make_tensor_map_2d(&host_map, reinterpret_cast<void*>((reinterpret_cast<uintptr_t>(on_host.data()) + 15) & ~uintptr_t(15)), TensorElement::kBf16, 32, 64, 128, 8, 64);
  FINDS("the tensor is not in device memory", launch(leaves_copy, 1, 1, 8192, nullptr, host_map));
  FINDS("was not made by make_tensor_map_2d", launch(leaves_copy, 1, 1, 8192, nullptr, unmade));
  CHECK_EQ(make_tensor_map_2d(&map, device.data + 1, TensorElement::kBf16, 8, 8, 128, 8, 64), cudaErrorInvalidValue);
  CHECK_EQ(make_tensor_map_2d(&map, device.data, TensorElement::kBf16, 8, 8, 100, 8, 64), cudaErrorInvalidValue);
  CHECK_EQ(make_tensor_map_2d(&map, device.data, TensorElement::kBf16, 8, 8, 128, 257, 64), cudaErrorInvalidValue);
  CHECK_EQ(make_tensor_map_2d(&map, device.data, TensorElement::kBf16, 8, 8, 128, 8, 72), cudaErrorInvalidValue);
  return refine::testing::report();
}
