// A model as JavaScript holds it: config, weights and the runtime that was asked for, one of the three. bind_model_run.cpp's modelLoad makes it.
#pragma once
#include "cuda_library.h"
#include "handle.h"
#include "refine/model_fast.h"
#include "refine/model_reference.h"
#include "refine/model_weights.h"

namespace refine::node {

struct Model {
  ModelConfig config;
  std::shared_ptr<const ModelWeights> weights;
  std::shared_ptr<const CudaModel> cuda;  // nullptr: the CPU runs
  std::shared_ptr<const FastModel> fast;  // nullptr: the reference runs
  ReferenceModel reference;               // bound where both are nullptr
};

template <>
struct Handle<const Model> {
  static constexpr napi_type_tag tag = {0x7265'6669'6e65'0062, 0x6d6f'6465'6c72'756e};
  static constexpr const char* from = "modelLoad";
};
using ModelHandle = std::shared_ptr<const Model>;

}  // namespace refine::node
