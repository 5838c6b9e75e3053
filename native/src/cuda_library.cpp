// See cuda_library.h.
#include "cuda_library.h"

#include <dlfcn.h>

#include <map>
#include <mutex>

namespace refine::node {

namespace {

int role_shape(void* user, const char* role, int64_t* rows, int64_t* columns) {
  const auto& weights = *static_cast<const ModelWeights*>(user);
  if (!weights.has(role)) return 0;
  const auto shape = weights.shape(role);
  *rows = int64_t(shape.rows);
  *columns = int64_t(shape.columns);
  return 1;
}

void role_read(void* user, const char* role, float* out) { static_cast<const ModelWeights*>(user)->read(role, out); }

}  // namespace

Status CudaLibrary::open(const std::string& path, std::shared_ptr<const CudaLibrary>* out) {
  static std::mutex lock;
  static std::map<std::string, std::shared_ptr<const CudaLibrary>> opened;
  const std::lock_guard<std::mutex> guard(lock);
  if (const auto found = opened.find(path); found != opened.end()) {
    *out = found->second;
    return {};
  }
  void* const handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return Status::error("ERR_REFINE_DEVICE", std::string("the library of CUDA kernels does not load: ") + dlerror() + ". Build it on a machine with nvcc: npm run build:cuda");
  auto library = std::make_shared<CudaLibrary>();
  const char* missing = nullptr;
  const auto find = [&](auto& function, const char* name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(handle, name));
    if (function == nullptr && missing == nullptr) missing = name;
  };
  find(library->abi, "refine_cuda_abi");
  if (missing == nullptr && library->abi() != REFINE_CUDA_ABI) {
    const uint32_t found = library->abi();
    dlclose(handle);
    return Status::error("ERR_REFINE_DEVICE", path + " has ABI " + std::to_string(found) + ", this addon speaks " + std::to_string(REFINE_CUDA_ABI) + ". Build both from one checkout: npm run build, npm run build:cuda");
  }
  find(library->probe, "refine_cuda_probe");
  find(library->model_new, "refine_cuda_model_new");
  find(library->model_free, "refine_cuda_model_free");
  find(library->model_facts, "refine_cuda_model_facts");
  find(library->model_losses, "refine_cuda_model_losses");
  find(library->model_logits, "refine_cuda_model_logits");
  find(library->model_encode, "refine_cuda_model_encode");
  find(library->minhash, "refine_cuda_minhash");
  find(library->band_keys, "refine_cuda_band_keys");
  find(library->memory, "refine_cuda_memory");
  find(library->trainer_new, "refine_cuda_trainer_new");
  find(library->trainer_free, "refine_cuda_trainer_free");
  find(library->trainer_step, "refine_cuda_trainer_step");
  find(library->trainer_evaluate, "refine_cuda_trainer_evaluate");
  find(library->trainer_weights, "refine_cuda_trainer_weights");
  if (missing != nullptr) {
    const Status status = Status::error("ERR_REFINE_DEVICE", path + " has no function " + missing + ", so it is no library of CUDA kernels of this checkout. Build it: npm run build:cuda");
    dlclose(handle);
    return status;
  }
  opened[path] = library;
  *out = std::move(library);
  return {};
}

Status cuda_status(int code, const refine_cuda_error& error, const char* refused) {
  switch (code) {
    case REFINE_CUDA_DONE: return {};
    case REFINE_CUDA_INPUT: return Status::error(refused, error.message);
    case REFINE_CUDA_MEMORY: return Status::error("ERR_REFINE_MEMORY", std::string("the GPU has no room: ") + error.message + ". Free it, take a smaller dtype, or run with --device cpu");
    case REFINE_CUDA_LOST: return Status::error("ERR_REFINE_DEVICE_LOST", std::string("the GPU was lost, ") + error.message + ". See dmesg and nvidia-smi; the same command goes on where it stopped");
    case REFINE_CUDA_UNSUPPORTED: return Status::error("ERR_REFINE_DEVICE", std::string("the GPU's kernels do not run this model: ") + error.message);
    default: return Status::error("ERR_REFINE_DEVICE", std::string("the GPU failed, ") + error.message);
  }
}

refine_cuda_config cuda_config(const ModelConfig& config) {
  refine_cuda_config c{};
  c.size = sizeof c;
  c.vocab = config.vocab;
  c.channels = config.channels;
  c.layers = config.layers;
  c.heads = config.heads;
  c.kv_heads = config.kv_heads;
  c.head_dim = config.head_dim;
  c.hidden = config.hidden;
  c.context = config.context;
  c.layout = int32_t(config.layout);
  c.two_norms = config.two_norms;
  c.norm = int32_t(config.norm);
  c.norm_affine = config.norm_affine;
  c.activation = int32_t(config.activation);
  c.gated = config.gated;
  c.position = int32_t(config.position);
  c.norm_eps = config.norm_eps;
  c.rotary_dim = config.rotary_dim;
  c.rotary_frequency = config.rotary_frequency.data();
  c.rotary_factor = config.rotary_factor;
  c.alibi_slope = config.alibi_slope.data();
  c.alibi_scale = config.alibi_scale;
  c.alibi_bfloat16 = config.alibi_bfloat16;
  c.attention_scale = config.attention_scale;
  c.clip_qkv = config.clip_qkv;
  c.qk_norm = config.qk_norm;
  c.relative_span = config.relative_span;
  c.causal = config.causal;
  c.position_offset = config.position_offset;
  c.segments = config.segments;
  c.embedding_norm = config.embedding_norm;
  c.final_norm = config.final_norm;
  return c;
}

Status CudaModel::make(std::shared_ptr<const CudaLibrary> library, const ModelConfig& config, std::shared_ptr<const ModelWeights> weights, const CudaOptions& options,
                       std::shared_ptr<const CudaModel>* out) {
  const refine_cuda_config c = cuda_config(config);
  const refine_cuda_weights roles{sizeof(refine_cuda_weights), const_cast<ModelWeights*>(weights.get()), role_shape, role_read};
  const refine_cuda_options asked{sizeof(refine_cuda_options), options.dtype, options.batch_tokens, options.memory_limit};
  auto error = fresh_error();
  std::shared_ptr<CudaModel> model(new CudaModel());
  model->weights_ = std::move(weights);
  const int code = library->model_new(&c, &roles, &asked, &model->model_, &error);
  model->library_ = std::move(library);
  if (const Status status = cuda_status(code, error, "ERR_REFINE_WEIGHTS"); !status.ok()) return status;
  *out = std::move(model);
  return {};
}

CudaModel::~CudaModel() {
  if (model_ != nullptr) library_->model_free(model_);
}

Status CudaModel::losses(const uint32_t* ids, const int32_t* offsets, size_t documents, int64_t bos, float* out) const {
  auto error = fresh_error();
  const int code = library_->model_losses(model_, ids, offsets, documents, bos, out, &error);
  return cuda_status(code, error);
}

Status CudaModel::logits(const uint32_t* ids, size_t length, const uint32_t* positions, size_t count, float* out) const {
  auto error = fresh_error();
  const int code = library_->model_logits(model_, ids, length, positions, count, out, &error);
  return cuda_status(code, error);
}

Status CudaModel::encode(const uint32_t* ids, const int32_t* offsets, size_t documents, Pooling pooling, PoolerActivation activation, const std::vector<std::string>& roles,
                         float* vectors, const std::vector<float*>& logits) const {
  std::vector<const char*> names;
  for (const std::string& role : roles) names.push_back(role.c_str());
  refine_cuda_encode request{};
  request.size = sizeof request;
  request.pooling = int32_t(pooling);
  request.pooler_activation = int32_t(activation);
  request.heads = int32_t(roles.size());
  request.roles = names.data();
  request.vectors = vectors;
  request.logits = logits.data();
  auto error = fresh_error();
  const int code = library_->model_encode(model_, ids, offsets, documents, &request, &error);
  return cuda_status(code, error);
}

refine_cuda_facts CudaModel::facts() const {
  refine_cuda_facts facts{};
  facts.size = sizeof facts;
  library_->model_facts(model_, &facts);
  return facts;
}

uint64_t CudaModel::held() const {
  auto error = fresh_error();
  uint64_t total = 0, free = 0, held = 0;
  library_->memory(&total, &free, &held, &error);
  return held;
}

}  // namespace refine::node
