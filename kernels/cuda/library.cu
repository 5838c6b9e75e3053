// The C ABI over models and the device; see library.h (minhash_calls.cu has that of signatures). Nothing here computes.
#include "library.h"

#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

#include "calls.h"
#include "config_of.h"
#include "context.h"
#include "device_memory.h"
#include "model.h"

namespace refine::cuda {

Path path_of(int major, int minor) {
  const char* const asked = std::getenv("REFINE_CUDA_PATH");
  if (asked != nullptr && std::strcmp(asked, "ampere") == 0) return Path::kAmpere;
  return major == 9 && minor == 0 ? Path::kHopper : Path::kAmpere;
}

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
