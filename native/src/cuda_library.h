// The CUDA library as the addon sees it: opened by dlopen where a file is named, never linked, so that everything else works without it.
// The C ABI is kernels/cuda/library.h.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "../../kernels/cuda/library.h"
#include "refine/model_config.h"
#include "refine/model_encode.h"
#include "refine/model_weights.h"

namespace refine::node {

struct CudaLibrary {
  decltype(&refine_cuda_abi) abi = nullptr;
  decltype(&refine_cuda_probe) probe = nullptr;
  decltype(&refine_cuda_model_new) model_new = nullptr;
  decltype(&refine_cuda_model_free) model_free = nullptr;
  decltype(&refine_cuda_model_facts) model_facts = nullptr;
  decltype(&refine_cuda_model_losses) model_losses = nullptr;
  decltype(&refine_cuda_model_logits) model_logits = nullptr;
  decltype(&refine_cuda_model_encode) model_encode = nullptr;
  decltype(&refine_cuda_minhash) minhash = nullptr;
  decltype(&refine_cuda_band_keys) band_keys = nullptr;
  decltype(&refine_cuda_memory) memory = nullptr;
  decltype(&refine_cuda_trainer_new) trainer_new = nullptr;
  decltype(&refine_cuda_trainer_free) trainer_free = nullptr;
  decltype(&refine_cuda_trainer_step) trainer_step = nullptr;
  decltype(&refine_cuda_trainer_evaluate) trainer_evaluate = nullptr;
  decltype(&refine_cuda_trainer_weights) trainer_weights = nullptr;

  // ERR_REFINE_DEVICE where the file is absent, no library of ours, or of another ABI. Stays open as long as the process lives: a
  // library with a runtime of CUDA in it cannot be closed safely.
  static Status open(const std::string& path, std::shared_ptr<const CudaLibrary>* out);
};

inline refine_cuda_error fresh_error() {
  refine_cuda_error error{};
  error.size = sizeof error;
  return error;
}
// A refine_cuda_code as a Status; `refused` is the code of REFINE_CUDA_INPUT.
Status cuda_status(int code, const refine_cuda_error& error, const char* refused = "ERR_REFINE_INPUT");

// The configuration across the C ABI; its arrays are lent from `config`.
refine_cuda_config cuda_config(const ModelConfig& config);

struct CudaOptions {
  int32_t dtype = REFINE_CUDA_F32;
  int64_t batch_tokens = 0;
  uint64_t memory_limit = 0;
};

// A model on the device; its weights stay mapped for heads that are asked for later.
class CudaModel {
 public:
  static Status make(std::shared_ptr<const CudaLibrary> library, const ModelConfig& config, std::shared_ptr<const ModelWeights> weights, const CudaOptions& options,
                     std::shared_ptr<const CudaModel>* out);
  ~CudaModel();
  CudaModel(const CudaModel&) = delete;
  CudaModel& operator=(const CudaModel&) = delete;

  Status losses(const uint32_t* ids, const int32_t* offsets, size_t documents, int64_t bos, float* out) const;
  Status logits(const uint32_t* ids, size_t length, const uint32_t* positions, size_t count, float* out) const;
  Status encode(const uint32_t* ids, const int32_t* offsets, size_t documents, Pooling pooling, PoolerActivation activation, const std::vector<std::string>& roles, float* vectors,
                const std::vector<float*>& logits) const;
  refine_cuda_facts facts() const;
  uint64_t held() const;  // bytes of the device that all models of this process hold

 private:
  CudaModel() = default;
  std::shared_ptr<const CudaLibrary> library_;
  std::shared_ptr<const ModelWeights> weights_;
  refine_cuda_model* model_ = nullptr;
};

}  // namespace refine::node
