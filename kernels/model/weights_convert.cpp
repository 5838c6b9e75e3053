// Stored numbers as float32. bfloat16 is the upper half of a float32; float16 is IEEE 754 binary16, subnormals included.
#include <cmath>
#include <cstring>

#include "refine/model_weights.h"

namespace refine {
namespace {
template <class T>
T load(const char* data, size_t at) {
  T value;
  std::memcpy(&value, data + at * sizeof(T), sizeof(T));
  return value;
}
float float_of_bits(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}
}  // namespace

float f32_of_bf16(uint16_t bits) { return float_of_bits(uint32_t(bits) << 16); }

float f32_of_f16(uint16_t bits) {
  const uint32_t sign = uint32_t(bits & 0x8000u) << 16, exponent = (bits >> 10) & 0x1fu, fraction = bits & 0x3ffu;
  if (exponent == 31) return float_of_bits(sign | 0x7f800000u | fraction << 13);
  if (exponent != 0) return float_of_bits(sign | (exponent + 112) << 23 | fraction << 13);
  const float magnitude = float(fraction) * 0x1p-24f;  // subnormal or zero: exact in float32
  return sign ? -magnitude : magnitude;
}

uint16_t bf16_of_f32(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  if ((bits & 0x7fffffffu) > 0x7f800000u) return uint16_t(bits >> 16 | 0x40u);
  return uint16_t((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

void to_f32(WeightType type, const char* data, size_t count, float* out) {
  switch (type) {
    case WeightType::kF32:
      if (count) std::memcpy(out, data, count * sizeof(float));
      return;
    case WeightType::kBf16:
      for (size_t i = 0; i < count; ++i) out[i] = f32_of_bf16(load<uint16_t>(data, i));
      return;
    case WeightType::kF16:
      for (size_t i = 0; i < count; ++i) out[i] = f32_of_f16(load<uint16_t>(data, i));
      return;
    case WeightType::kF64:
      for (size_t i = 0; i < count; ++i) out[i] = float(load<double>(data, i));
      return;
    case WeightType::kI8:
      for (size_t i = 0; i < count; ++i) out[i] = float(load<int8_t>(data, i));
      return;
  }
}

}  // namespace refine
