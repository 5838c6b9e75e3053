// What every function of the C ABI does around its work: exceptions stay inside, an outcome becomes a code and its sentence.
#pragma once
#include <algorithm>
#include <cstring>
#include <exception>
#include <new>
#include <string>

#include "device_memory.h"
#include "library.h"

namespace refine::cuda {

template <size_t N>
void put_text(char (&out)[N], const std::string& text) {
  const size_t count = std::min(text.size(), N - 1);
  std::memcpy(out, text.data(), count);
  out[count] = 0;
}

inline int answer(const Outcome& outcome, refine_cuda_error* error) {
  if (error != nullptr && error->size >= sizeof *error) {
    error->code = outcome.code;
    error->cuda = outcome.cuda;
    put_text(error->message, outcome.message);
  }
  return outcome.code;
}

// Work that may throw std::bad_alloc, and nothing else that matters.
template <class Work>
int guarded(refine_cuda_error* error, const Work& work) {
  try {
    return answer(work(), error);
  } catch (const std::bad_alloc&) {
    return answer(Outcome::refuse(REFINE_CUDA_MEMORY, "the host ran out of memory"), error);
  } catch (const std::exception& thrown) {
    return answer(Outcome::refuse(REFINE_CUDA_FAILED, thrown.what()), error);
  }
}

inline Outcome misfit(const char* what) { return Outcome::refuse(REFINE_CUDA_INPUT, std::string(what) + " has another size: the caller was built against another library.h"); }

// As the addon checks them; a caller's mistake must not read past an array.
inline Outcome check_offsets(const int32_t* offsets, size_t documents) {
  if (offsets[0] != 0) return Outcome::refuse(REFINE_CUDA_INPUT, "offsets must start at 0");
  for (size_t d = 0; d < documents; ++d)
    if (offsets[d + 1] < offsets[d]) return Outcome::refuse(REFINE_CUDA_INPUT, "offsets fall at document " + std::to_string(d));
  return {};
}

}  // namespace refine::cuda
