// CUDA's short vectors, with its alignments.
#pragma once

#define REFINE_VECTOR_1(name, type) \
  struct name {                     \
    type x;                         \
  };                                \
  inline name make_##name(type x) { return {x}; }
#define REFINE_VECTOR_2(name, type, bytes) \
  struct alignas(bytes) name {             \
    type x, y;                             \
  };                                       \
  inline name make_##name(type x, type y) { return {x, y}; }
#define REFINE_VECTOR_3(name, type) \
  struct name {                     \
    type x, y, z;                   \
  };                                \
  inline name make_##name(type x, type y, type z) { return {x, y, z}; }
#define REFINE_VECTOR_4(name, type, bytes) \
  struct alignas(bytes) name {             \
    type x, y, z, w;                       \
  };                                       \
  inline name make_##name(type x, type y, type z, type w) { return {x, y, z, w}; }
#define REFINE_VECTORS(name, type)                               \
  REFINE_VECTOR_1(name##1, type)                                 \
  REFINE_VECTOR_2(name##2, type, (2 * sizeof(type)))             \
  REFINE_VECTOR_3(name##3, type)                                 \
  REFINE_VECTOR_4(name##4, type, (sizeof(type) > 4 ? 16 : 4 * sizeof(type)))

REFINE_VECTORS(char, signed char)
REFINE_VECTORS(uchar, unsigned char)
REFINE_VECTORS(short, short)
REFINE_VECTORS(ushort, unsigned short)
REFINE_VECTORS(int, int)
REFINE_VECTORS(uint, unsigned)
REFINE_VECTORS(longlong, long long)
REFINE_VECTORS(ulonglong, unsigned long long)
REFINE_VECTORS(float, float)
REFINE_VECTORS(double, double)

#undef REFINE_VECTORS
#undef REFINE_VECTOR_1
#undef REFINE_VECTOR_2
#undef REFINE_VECTOR_3
#undef REFINE_VECTOR_4

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
};
