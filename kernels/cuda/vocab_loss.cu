// The fused vocabulary projection and loss; see vocab_loss.h. The products are gemm_hopper.h's and gemm_ampere.h's with another sink: a
// lane keeps, of each of its rows, the highest logit and the sum of exponentials of the columns it has seen, over all tiles of a part of
// the vocabulary; a row's four lanes are put together at the part's end, the parts by a second kernel. Sums in fp32, in one order.
// Cost beside the products: T V exponentials, 16 a cycle and multiprocessor: 1,024 cycles for 128 x 128 logits, against 3,072 of products
// at C = 384 (the narrow tiles' two blocks overlap the two) and 36,352 at C = 4,544.
#include "vocab_loss.h"

#include "gemm_f32.h"
#include "gemm_hopper.h"

namespace refine::cuda {
namespace {

constexpr int kPart = 2048;          // columns of the vocabulary whose state is carried in registers
constexpr int kMostAcross = 2;       // warps of a block side by side (Ampere), each with parts of its own
constexpr float kNone = -__builtin_huge_valf();
int64_t parts_of(int64_t v) { return ceil_div(v, kPart); }

// What a part of the vocabulary leaves: (parts, T) each, and the target's logit (T), which one lane of one part writes.
struct Parts {
  float *highest, *total, *picked;
};
Parts parts_in(void* workspace, int64_t t, int64_t v) {
  float* at = static_cast<float*>(workspace);
  const int64_t count = parts_of(v) * kMostAcross * t;
  return {at, at + count, at + 2 * count};
}

// (highest, total) of two sets of logits put together; an empty set is (-infinity, 0).
REFINE_DEVICE void join(float& highest, float& total, float other, float other_total) {
  const float top = fmaxf(highest, other), from = top == kNone ? 0.0f : top * kLog2E;
  total = total * exp2_fast(fmaf(highest, kLog2E, -from)) + other_total * exp2_fast(fmaf(other, kLog2E, -from));
  highest = top;
}

template <bool kScaled>
struct LossSink {
  Parts parts;
  const int32_t* targets;
  const float *bias, *row_scale, *column_scale;
  int64_t t;
  int32_t v;

  static constexpr bool gated = false;
  template <int kFragments>
  struct State {
    float highest[kFragments][2], total[kFragments][2];
  };
  template <int kFragments>
  REFINE_DEVICE void begin(State<kFragments>& state) const {
#pragma unroll
    for (int i = 0; i < kFragments; ++i) state.highest[i][0] = state.highest[i][1] = kNone, state.total[i][0] = state.total[i][1] = 0;
  }

  template <int kFragments, int kCount, class Sum>
  REFINE_DEVICE void tile(State<kFragments>& state, int fragment, Sum (&sums)[kCount], int64_t row0, int64_t column0) const {
    const int lane = int(threadIdx.x) % 32;
    const int32_t column = int32_t(column0) + lane % 4 * 2;  // of sums[0]
    const bool plain = !kScaled && !bias && column0 + kCount * 2 <= v;  // kCount / 4 blocks of 8
    if (!plain) {  // in place: the logit's bits where the sum was. Column by column, so that a column's scale is needed only once
      [[maybe_unused]] float scales[2] = {1, 1};
      if constexpr (kScaled) {
        const int64_t row = row0 + lane / 4;
        scales[0] = row < t ? row_scale[row] : 0.0f;
        scales[1] = row + 8 < t ? row_scale[row + 8] : 0.0f;
      }
#pragma unroll
      for (int i = 0; i < kCount / 2; ++i) {
        const int32_t at = column + 8 * (i / 2) + i % 2, held = at < v ? at : v - 1;
        [[maybe_unused]] float by = 1;
        if constexpr (kScaled) by = column_scale[held];
        const float added = bias ? bias[held] : 0.0f;
#pragma unroll
        for (int half = 0; half < 2; ++half) {
          Sum& sum = sums[i / 2 * 4 + 2 * half + i % 2];
          float x = float(sum);
          if constexpr (kScaled) x = x * scales[half] * by;
          x = at < v ? x + added : kNone;
          if constexpr (std::is_same_v<Sum, float>) sum = x;
          else sum = Sum(bits_of(x));
        }
      }
    }
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int64_t row = row0 + lane / 4 + 8 * half;
      const auto logit = [&](int i) {  // i-th of this half
        const Sum& sum = sums[i / 2 * 4 + 2 * half + i % 2];
        if constexpr (std::is_same_v<Sum, float>) return sum;
        else return float_of(uint32_t(sum));
      };
      const int32_t target = row < t ? targets[row] - column : -1;  // whose columns from here are 8b, 8b + 1
      if (target >= 0 && target < kCount * 2 && target % 8 < 2) {
        float picked = 0;
#pragma unroll
        for (int i = 0; i < kCount / 2; ++i) picked = target == 8 * (i / 2) + i % 2 ? logit(i) : picked;
        parts.picked[row] = picked;  // never of a column past V: such a target is nobody's, see finish
      }
      float top = state.highest[fragment][half];
#pragma unroll
      for (int i = 0; i < kCount / 2; ++i) top = fmaxf(top, logit(i));
      const float from = top == kNone ? 0.0f : top * kLog2E;
      float total = state.total[fragment][half] * exp2_fast(fmaf(state.highest[fragment][half], kLog2E, -from));
      float sum[4] = {0, 0, 0, 0};  // four chains
#pragma unroll
      for (int i = 0; i < kCount / 2; ++i) sum[i % 4] += exp2_fast(fmaf(logit(i), kLog2E, -from));
      state.total[fragment][half] = total + ((sum[0] + sum[1]) + (sum[2] + sum[3]));
      state.highest[fragment][half] = top;
    }
  }

  template <int kFragments>
  REFINE_DEVICE void end(State<kFragments>& state, int fragment, int64_t row0, int32_t part) const {
    const int lane = int(threadIdx.x) % 32;
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      float highest = state.highest[fragment][half], total = state.total[fragment][half];
#pragma unroll
      for (int step = 1; step <= 2; step *= 2) {
        const float other = __shfl_xor_sync(kAllLanes, highest, step), other_total = __shfl_xor_sync(kAllLanes, total, step);
        join(highest, total, other, other_total);
      }
      const int64_t row = row0 + lane / 4 + 8 * half;
      if (lane % 4 == 0 && row < t) {
        parts.highest[part * t + row] = highest;
        parts.total[part * t + row] = total;
      }
    }
  }
};

// fp32: 64 x 64 logits at a time, see gemm_f32.h; 16 threads hold a row's columns.
__global__ void __launch_bounds__(kPlainThreads) vocab_loss_f32_kernel(const float* x, const float* head, const float* bias, const int32_t* targets, Parts parts, int64_t t, int64_t c, int64_t v) {
  const int64_t row0 = int64_t(blockIdx.x) * kPlainTile + threadIdx.x / 16 * 4;
  float highest[4], total[4];
#pragma unroll
  for (int i = 0; i < 4; ++i) highest[i] = kNone, total[i] = 0;
  for (int64_t start = int64_t(blockIdx.y) * kPart, end = start + kPart < v ? start + kPart : v; start < end; start += kPlainTile) {
    float sums[4][4];
    plain_tile(x, head, t, v, c, int64_t(blockIdx.x) * kPlainTile, start, sums);
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      float logit[4], top = highest[i];
#pragma unroll
      for (int j = 0; j < 4; ++j) {
        const int64_t column = start + threadIdx.x % 16 * 4 + j;
        logit[j] = column < v ? sums[i][j] + (bias ? bias[column] : 0.0f) : kNone;
        if (row0 + i < t && column < v && column == targets[row0 + i]) parts.picked[row0 + i] = logit[j];
        top = fmaxf(top, logit[j]);
      }
      const float from = top == kNone ? 0.0f : top;
      total[i] *= expf(highest[i] - from);
#pragma unroll
      for (int j = 0; j < 4; ++j) total[i] += expf(logit[j] - from);
      highest[i] = top;
    }
  }
#pragma unroll
  for (int i = 0; i < 4; ++i) {
#pragma unroll
    for (int step = 1; step < 16; step *= 2) {
      const float other = __shfl_xor_sync(kAllLanes, highest[i], step), other_total = __shfl_xor_sync(kAllLanes, total[i], step);
      const float top = fmaxf(highest[i], other), from = top == kNone ? 0.0f : top;
      total[i] = total[i] * expf(highest[i] - from) + other_total * expf(other - from);
      highest[i] = top;
    }
    if (threadIdx.x % 16 == 0 && row0 + i < t) {
      parts.highest[blockIdx.y * t + row0 + i] = highest[i];
      parts.total[blockIdx.y * t + row0 + i] = total[i];
    }
  }
}

constexpr int kFinishThreads = 128;
__global__ void __launch_bounds__(kFinishThreads) finish_kernel(Parts parts, const int32_t* targets, float* losses, float* log_sum, int64_t t, int64_t v, int64_t count) {
  const int64_t row = int64_t(blockIdx.x) * kFinishThreads + threadIdx.x;
  if (row >= t) return;
  float highest = kNone, total = 0;
  for (int64_t part = 0; part < count; ++part) highest = fmaxf(highest, parts.highest[part * t + row]);
  for (int64_t part = 0; part < count; ++part) {
    const float own = parts.highest[part * t + row];
    if (own != kNone) total += parts.total[part * t + row] * expf(own - highest);
    else total += parts.total[part * t + row];  // 0, or NaN where no logit of the part is a number
  }
  const float sum = highest + logf(total);
  const int32_t target = targets[row];
  if (losses) losses[row] = target < 0 ? 0.0f : target < v ? sum - parts.picked[row] : float_of(0x7fc00000u);
  if (log_sum) log_sum[row] = sum;
}

bool shapes(const Context& ctx, int64_t t, int64_t c, int64_t v) {
  return product_shapes(t, v, c, false) && v > 0 && ctx.workspace_bytes >= vocab_loss_workspace(t, v);
}

template <class Product, bool kScaled, class Element>
cudaError_t loss(const Context& ctx, const Element* x, const float* x_scale, const Element* head, const float* head_scale, const float* bias, const int32_t* targets, float* losses,
                 float* log_sum, int64_t t, int64_t c, int64_t v) {
  if (!shapes(ctx, t, c, v)) return cudaErrorInvalidValue;
  if (t == 0) return cudaSuccess;
  const Operand rows{reinterpret_cast<const uint8_t*>(x), t, c * int64_t(sizeof(Element))}, columns{reinterpret_cast<const uint8_t*>(head), v, c * int64_t(sizeof(Element))};
  const LossSink<kScaled> sink{parts_in(ctx.workspace, t, v), targets, bias, x_scale, head_scale, t, int32_t(v)};
  const bool aligned = copies_16<false>(rows) && copies_16<false>(columns), hopper = ctx.path == Path::kHopper && aligned && c > 0;
  cudaError_t error;
  if (hopper && rows.depth_bytes > kShallow) error = launch_hopper<Product, 256, false, false>(ctx, rows, columns, sink, kPart / 256);
  else if (hopper) error = launch_hopper<Product, 128, false, false>(ctx, rows, columns, sink, kPart / 128);
  else if (aligned) error = launch_ampere<Product, AmpereSmall, true, false, false>(ctx, rows, columns, sink, kPart / AmpereSmall::kColumns);
  else error = launch_ampere<Product, AmpereSmall, false, false, false>(ctx, rows, columns, sink, kPart / AmpereSmall::kColumns);
  if (error != cudaSuccess) return error;
  const int64_t count = parts_of(v) * (hopper ? 1 : AmpereSmall::kAcross);
  return launch(finish_kernel, dim3(uint32_t(ceil_div(t, kFinishThreads))), dim3(kFinishThreads), 0, ctx.stream, sink.parts, targets, losses, log_sum, t, v, count);
}

}  // namespace

size_t vocab_loss_workspace(int64_t t, int64_t v) { return size_t((2 * parts_of(v) * kMostAcross + 1) * t) * sizeof(float); }

cudaError_t vocab_loss(const Context& ctx, const bf16* x, const bf16* head, const float* bias, const int32_t* targets, float* losses, float* log_sum, int64_t t, int64_t c, int64_t v) {
  return loss<Bf16Product, false>(ctx, x, nullptr, head, nullptr, bias, targets, losses, log_sum, t, c, v);
}
cudaError_t vocab_loss_s8(const Context& ctx, const int8_t* x, const float* x_scale, const int8_t* head, const float* head_scale, const float* bias, const int32_t* targets,
                          float* losses, float* log_sum, int64_t t, int64_t c, int64_t v) {
  if (c > kMaxInt8Depth) return cudaErrorInvalidValue;
  return loss<Int8Product, true>(ctx, x, x_scale, head, head_scale, bias, targets, losses, log_sum, t, c, v);
}
cudaError_t vocab_loss(const Context& ctx, const float* x, const float* head, const float* bias, const int32_t* targets, float* losses, float* log_sum, int64_t t, int64_t c, int64_t v) {
  if (!shapes(ctx, t, c, v) || parts_of(v) > 65535) return cudaErrorInvalidValue;
  if (t == 0) return cudaSuccess;
  const Parts parts = parts_in(ctx.workspace, t, v);
  const dim3 grid(uint32_t(ceil_div(t, kPlainTile)), uint32_t(parts_of(v)));
  if (const cudaError_t error = launch(vocab_loss_f32_kernel, grid, dim3(kPlainThreads), 0, ctx.stream, x, head, bias, targets, parts, t, c, v); error != cudaSuccess) return error;
  return launch(finish_kernel, dim3(uint32_t(ceil_div(t, kFinishThreads))), dim3(kFinishThreads), 0, ctx.stream, parts, targets, losses, log_sum, t, v, parts_of(v));
}

}  // namespace refine::cuda
