// The C ABI over models and kernels; see library.h. Nothing here computes.
#include "library.h"

#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

#include "context.h"
#include "device_memory.h"
#include "minhash.h"
#include "model.h"

namespace refine::cuda {

Path path_of(int major, int minor) {
  const char* const asked = std::getenv("REFINE_CUDA_PATH");
  if (asked != nullptr && std::strcmp(asked, "ampere") == 0) return Path::kAmpere;
  return major == 9 && minor == 0 ? Path::kHopper : Path::kAmpere;
}

namespace {

template <size_t N>
void put_text(char (&out)[N], const std::string& text) {
  const size_t count = std::min(text.size(), N - 1);
  std::memcpy(out, text.data(), count);
  out[count] = 0;
}

int answer(const Outcome& outcome, refine_cuda_error* error) {
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

Outcome misfit(const char* what) { return Outcome::refuse(REFINE_CUDA_INPUT, std::string(what) + " has another size: the caller was built against another library.h"); }

ModelConfig config_of(const refine_cuda_config& from) {
  ModelConfig c;
  c.vocab = from.vocab;
  c.channels = from.channels;
  c.layers = from.layers;
  c.heads = from.heads;
  c.kv_heads = from.kv_heads;
  c.head_dim = from.head_dim;
  c.hidden = from.hidden;
  c.context = from.context;
  c.layout = BlockLayout(from.layout);
  c.two_norms = from.two_norms != 0;
  c.norm = Norm(from.norm);
  c.norm_eps = from.norm_eps;
  c.norm_affine = from.norm_affine != 0;
  c.activation = Activation(from.activation);
  c.gated = from.gated != 0;
  c.position = Position(from.position);
  c.rotary_dim = from.rotary_dim;
  if (c.position == Position::kRotary) c.rotary_frequency.assign(from.rotary_frequency, from.rotary_frequency + from.rotary_dim / 2);
  c.rotary_factor = from.rotary_factor;
  if (c.position == Position::kAlibi) c.alibi_slope.assign(from.alibi_slope, from.alibi_slope + from.heads);
  c.alibi_scale = from.alibi_scale;
  c.alibi_bfloat16 = from.alibi_bfloat16 != 0;
  c.attention_scale = from.attention_scale;
  c.clip_qkv = from.clip_qkv;
  c.qk_norm = from.qk_norm != 0;
  c.relative_span = from.relative_span;
  c.causal = from.causal != 0;
  c.position_offset = from.position_offset;
  c.segments = from.segments;
  c.embedding_norm = from.embedding_norm != 0;
  c.final_norm = from.final_norm != 0;
  return c;
}

// As the addon checks them; a caller's mistake must not read past an array.
Outcome check_offsets(const int32_t* offsets, size_t documents) {
  if (offsets[0] != 0) return Outcome::refuse(REFINE_CUDA_INPUT, "offsets must start at 0");
  for (size_t d = 0; d < documents; ++d)
    if (offsets[d + 1] < offsets[d]) return Outcome::refuse(REFINE_CUDA_INPUT, "offsets fall at document " + std::to_string(d));
  return {};
}

// Rows of one launch: the grid's limit, and shingles that stay well below the card's memory.
constexpr size_t kSketchRows = size_t(1) << 16;
constexpr int64_t kSketchShingles = int64_t(1) << 26;

Outcome sketch(const uint64_t* shingles, const int64_t* offsets, size_t rows, const uint64_t* a, const uint64_t* b, uint32_t hashes, uint64_t* out) {
  if (auto lost = lost_device(); !lost.ok()) return lost;
  if (rows == 0 || hashes == 0) return {};
  for (size_t r = 0; r < rows; ++r)
    if (offsets[r + 1] < offsets[r] || offsets[0] < 0) return Outcome::refuse(REFINE_CUDA_INPUT, "offsets fall at row " + std::to_string(r));
  Context context;
  DeviceBlock family, values, ends, minima;
  const auto room = [](DeviceBlock& block, size_t bytes) { return block.bytes() >= bytes ? cudaSuccess : block.allocate(bytes, 0); };
  cudaError_t error = family.allocate(size_t(hashes) * 16, 0);
  auto* const device_a = reinterpret_cast<uint64_t*>(family.data());
  if (error == cudaSuccess) error = cudaMemcpy(device_a, a, size_t(hashes) * 8, cudaMemcpyHostToDevice);
  if (error == cudaSuccess) error = cudaMemcpy(device_a + hashes, b, size_t(hashes) * 8, cudaMemcpyHostToDevice);
  for (size_t from = 0; from < rows && error == cudaSuccess;) {
    size_t to = from + 1;
    while (to < rows && to - from < kSketchRows && offsets[to + 1] - offsets[from] <= kSketchShingles) ++to;
    std::vector<int64_t> own(offsets + from, offsets + to + 1);
    for (int64_t& end : own) end -= offsets[from];
    const size_t count = size_t(own.back()), some = to - from;
    error = room(values, count * 8);
    if (error == cudaSuccess) error = room(ends, own.size() * 8);
    if (error == cudaSuccess) error = room(minima, some * hashes * 8);
    if (error == cudaSuccess && count > 0) error = cudaMemcpy(values.data(), shingles + offsets[from], count * 8, cudaMemcpyHostToDevice);
    if (error == cudaSuccess) error = cudaMemcpy(ends.data(), own.data(), own.size() * 8, cudaMemcpyHostToDevice);
    if (error == cudaSuccess)
      error = minhash(context, reinterpret_cast<const uint64_t*>(values.data()), reinterpret_cast<const int64_t*>(ends.data()), device_a, device_a + hashes,
                      reinterpret_cast<uint64_t*>(minima.data()), int64_t(some), int64_t(hashes));
    if (error == cudaSuccess) error = cudaMemcpy(out + from * hashes, minima.data(), some * hashes * 8, cudaMemcpyDeviceToHost);
    from = to;
  }
  return outcome_of(error, "MinHash signatures");
}

}  // namespace
}  // namespace refine::cuda

struct refine_cuda_model {
  std::unique_ptr<refine::cuda::Model> own;
};

using namespace refine::cuda;

extern "C" {

uint32_t refine_cuda_abi(void) { return REFINE_CUDA_ABI; }

int refine_cuda_probe(refine_cuda_device* out) {
  if (out == nullptr || out->size != sizeof *out) return REFINE_CUDA_NO_DEVICE;
  *out = {};
  out->size = sizeof *out;
  int count = 0, device = 0;
  (void)cudaDriverGetVersion(&out->driver);
  (void)cudaRuntimeGetVersion(&out->runtime);
  const auto reason = [out](int which, cudaError_t error, const std::string& detail) {
    out->reason = which;
    out->error = int(error);
    put_text(out->detail, detail);
    cudaGetLastError();
    return which;
  };
  cudaError_t error = cudaGetDeviceCount(&count);
  if (error == cudaErrorInsufficientDriver) {
    if (out->driver == 0) return reason(REFINE_CUDA_NO_DRIVER, error, "no driver answers");
    return reason(REFINE_CUDA_TOO_OLD, error,
                  "the driver knows CUDA " + std::to_string(out->driver / 1000) + "." + std::to_string(out->driver % 1000 / 10) + ", the kernels were built with " +
                      std::to_string(out->runtime / 1000) + "." + std::to_string(out->runtime % 1000 / 10));
  }
  if (error == cudaErrorNoDevice || (error == cudaSuccess && count == 0)) return reason(REFINE_CUDA_NO_DEVICE, error, "the driver names no device");
  if (error != cudaSuccess) return reason(REFINE_CUDA_NO_DEVICE, error, std::string(cudaGetErrorName(error)) + ": " + cudaGetErrorString(error));
  cudaDeviceProp properties{};
  error = cudaGetDevice(&device);
  if (error == cudaSuccess) error = cudaGetDeviceProperties(&properties, device);
  if (error != cudaSuccess) return reason(REFINE_CUDA_NO_DEVICE, error, std::string(cudaGetErrorName(error)) + ": " + cudaGetErrorString(error));
  out->major = properties.major;
  out->minor = properties.minor;
  out->multiprocessors = properties.multiProcessorCount;
  out->memory = properties.totalGlobalMem;
  put_text(out->name, properties.name);
  if (properties.major < 8)
    return reason(REFINE_CUDA_TOO_OLD, cudaSuccess, std::string(properties.name) + " has compute capability " + std::to_string(properties.major) + "." + std::to_string(properties.minor));
  out->hopper = path_of(properties.major, properties.minor) == Path::kHopper;
  return REFINE_CUDA_OK;
}

int refine_cuda_model_new(const refine_cuda_config* config, const refine_cuda_weights* weights, const refine_cuda_options* options, refine_cuda_model** out, refine_cuda_error* error) {
  return guarded(error, [&]() -> Outcome {
    *out = nullptr;
    if (config->size != sizeof *config) return misfit("the config");
    if (weights->size != sizeof *weights) return misfit("the weights");
    if (options->size != sizeof *options) return misfit("the options");
    auto model = std::make_unique<refine_cuda_model>();
    const Outcome outcome = Model::make(config_of(*config), *weights, *options, &model->own);
    if (outcome.ok()) *out = model.release();
    return outcome;
  });
}

void refine_cuda_model_free(refine_cuda_model* model) { delete model; }

int refine_cuda_model_facts(const refine_cuda_model* model, refine_cuda_facts* out) {
  if (out->size != sizeof *out) return REFINE_CUDA_INPUT;
  *out = model->own->facts();
  return REFINE_CUDA_DONE;
}

int refine_cuda_model_losses(refine_cuda_model* model, const uint32_t* ids, const int32_t* offsets, size_t documents, int64_t bos, float* out, refine_cuda_error* error) {
  return guarded(error, [&] {
    const Outcome checked = check_offsets(offsets, documents);
    return checked.ok() ? model->own->losses(ids, offsets, documents, bos, out) : checked;
  });
}

int refine_cuda_model_logits(refine_cuda_model* model, const uint32_t* ids, size_t length, const uint32_t* positions, size_t count, float* out, refine_cuda_error* error) {
  return guarded(error, [&] { return model->own->logits(ids, length, positions, count, out); });
}

int refine_cuda_model_encode(refine_cuda_model* model, const uint32_t* ids, const int32_t* offsets, size_t documents, const refine_cuda_encode* request, refine_cuda_error* error) {
  return guarded(error, [&]() -> Outcome {
    if (request->size != sizeof *request) return misfit("the request");
    const Outcome checked = check_offsets(offsets, documents);
    return checked.ok() ? model->own->encode(ids, offsets, documents, *request) : checked;
  });
}

int refine_cuda_minhash(const uint64_t* shingles, const int64_t* offsets, size_t rows, const uint64_t* a, const uint64_t* b, uint32_t hashes, uint64_t* out, refine_cuda_error* error) {
  return guarded(error, [&] { return sketch(shingles, offsets, rows, a, b, hashes, out); });
}

int refine_cuda_memory(uint64_t* total, uint64_t* free, uint64_t* held, refine_cuda_error* error) {
  return guarded(error, [&] {
    size_t now_free = 0, all = 0;
    const Outcome outcome = outcome_of(cudaMemGetInfo(&now_free, &all), "asking for memory");
    *total = all;
    *free = now_free;
    *held = held_bytes();
    return outcome;
  });
}

}  // extern "C"
