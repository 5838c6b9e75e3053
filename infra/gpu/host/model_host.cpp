// A whole model through the C ABI of librefine_cuda.so, opened with dlopen as the addon does: a shard of token ids from disk to losses (or
// vectors) on disk, several times, with wall times, the library's own GPU time by events, and whether every run gave the same bytes.
//   model_host --library SO --model TXT [--weights BIN] --shard IDS --out FILE --id NAME [--json FILE] [--dtype f32|bf16|int8] [--bos N]
//              [--runs 3] [--encode 1] [--batch-tokens N] [--seed N]
// Exit code: 0; 1 where a call failed or two runs differ; 77 where the library finds no device. Plain C++: no CUDA toolkit needed.
#include <dlfcn.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "../../../kernels/cuda/library.h"
#include "model_files.h"

namespace {

using refine::cuda::host::Model;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

template <class Fn>
Fn* symbol(void* library, const char* name) {
  void* found = dlsym(library, name);
  if (!found) throw std::runtime_error(std::string("the library has no ") + name);
  return reinterpret_cast<Fn*>(found);
}

// The library may or may not measure its own kernels.
template <class Facts>
double gpu_seconds(const Facts& facts) {
  if constexpr (requires { facts.gpu_seconds; }) return facts.gpu_seconds;
  return NAN;
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", value);
  return std::isfinite(value) ? text : "null";
}

refine_cuda_config config_of(const Model& model) {
  refine_cuda_config config{};
  config.size = sizeof config;
  const auto whole = [&](const char* name, int otherwise = 0) { return int32_t(model.field(name, otherwise)); };
  config.vocab = whole("vocab"), config.channels = whole("channels"), config.layers = whole("layers"), config.heads = whole("heads");
  config.kv_heads = whole("kv_heads"), config.head_dim = whole("head_dim"), config.hidden = whole("hidden"), config.context = whole("context");
  config.layout = whole("layout"), config.two_norms = whole("two_norms"), config.norm = whole("norm"), config.norm_affine = whole("norm_affine", 1);
  config.activation = whole("activation"), config.gated = whole("gated"), config.position = whole("position");
  config.norm_eps = float(model.field("norm_eps", 1e-5));
  config.rotary_dim = int32_t(model.rotary.size() * 2), config.rotary_frequency = model.rotary.data(), config.rotary_factor = 1;
  config.alibi_scale = 1;
  config.attention_scale = float(model.field("attention_scale", 1.0 / std::sqrt(double(config.head_dim))));
  config.causal = whole("causal", 1), config.position_offset = whole("position_offset"), config.segments = whole("segments");
  config.embedding_norm = whole("embedding_norm"), config.final_norm = whole("final_norm", 1);
  return config;
}

int shape_of(void* user, const char* role, int64_t* rows, int64_t* columns) {
  const auto& roles = static_cast<const Model*>(user)->roles;
  const auto found = roles.find(role);
  if (found == roles.end()) return 0;
  *rows = found->second.rows, *columns = found->second.columns;
  return 1;
}

void read_role(void* user, const char* role, float* out) { static_cast<const Model*>(user)->read(role, out); }

int run(std::map<std::string, std::string> options) {
  const auto option = [&](const char* name, const char* otherwise = "") { return options.count(name) ? options[name] : std::string(otherwise); };
  void* library = dlopen(option("library").c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) throw std::runtime_error(dlerror());
  if (symbol<decltype(refine_cuda_abi)>(library, "refine_cuda_abi")() != REFINE_CUDA_ABI) throw std::runtime_error("the library has another ABI");
  refine_cuda_device device{};
  device.size = sizeof device;
  if (symbol<decltype(refine_cuda_probe)>(library, "refine_cuda_probe")(&device) != REFINE_CUDA_OK) {
    std::printf("no device: reason %d, %s\n", device.reason, device.detail);
    return 77;
  }
  auto model = refine::cuda::host::read_model(option("model"), option("weights"));
  model.seed = std::strtoull(option("seed", "1").c_str(), nullptr, 10);
  const auto config = config_of(model);
  refine_cuda_error error{};
  error.size = sizeof error;
  const auto must = [&](int code, const char* what) {
    if (code != REFINE_CUDA_DONE) throw std::runtime_error(std::string(what) + ": code " + std::to_string(code) + ", " + error.message);
  };
  refine_cuda_weights weights{};
  weights.size = sizeof weights, weights.user = &model, weights.shape = shape_of, weights.read = read_role;
  refine_cuda_options settings{};
  settings.size = sizeof settings;
  const std::string dtype = option("dtype", "bf16");
  settings.dtype = dtype == "f32" ? REFINE_CUDA_F32 : dtype == "int8" ? REFINE_CUDA_INT8 : REFINE_CUDA_BF16;
  settings.batch_tokens = std::strtoll(option("batch-tokens", "0").c_str(), nullptr, 10);
  refine_cuda_model* handle = nullptr;
  const auto loading = Clock::now();
  must(symbol<decltype(refine_cuda_model_new)>(library, "refine_cuda_model_new")(&config, &weights, &settings, &handle, &error), "model_new");
  const double load_seconds = seconds_since(loading);

  const bool encode = option("encode") == "1";
  const int runs = std::max(1, std::atoi(option("runs", "3").c_str()));
  const int64_t bos = std::strtoll(option("bos", "-1").c_str(), nullptr, 10);
  const auto losses_of = symbol<decltype(refine_cuda_model_losses)>(library, "refine_cuda_model_losses");
  const auto encode_of = symbol<decltype(refine_cuda_model_encode)>(library, "refine_cuda_model_encode");
  const auto facts_of = symbol<decltype(refine_cuda_model_facts)>(library, "refine_cuda_model_facts");
  std::vector<float> first;
  std::string call_list, whole_list, gpu_list;
  size_t tokens = 0, documents = 0, different = 0;
  refine_cuda_facts facts{};
  for (int turn = 0; turn <= runs; ++turn) {  // the first one warms up
    facts.size = sizeof facts;
    facts_of(handle, &facts);
    const double gpu_before = gpu_seconds(facts);
    const auto start = Clock::now();
    const auto shard = refine::cuda::host::read_shard(option("shard"));
    documents = shard.offsets.size() - 1, tokens = shard.ids.size();
    std::vector<float> out(encode ? documents * size_t(config.channels) : tokens);
    const auto call = Clock::now();
    if (encode) {
      refine_cuda_encode request{};
      request.size = sizeof request, request.pooling = REFINE_CUDA_MEAN, request.vectors = out.data();
      must(encode_of(handle, shard.ids.data(), shard.offsets.data(), documents, &request, &error), "model_encode");
    } else {
      must(losses_of(handle, shard.ids.data(), shard.offsets.data(), documents, bos, out.data(), &error), "model_losses");
    }
    const double call_seconds = seconds_since(call);
    std::FILE* file = std::fopen(option("out").c_str(), "wb");
    if (!file || std::fwrite(out.data(), 4, out.size(), file) != out.size()) throw std::runtime_error("cannot write " + option("out"));
    std::fclose(file);
    const double whole_seconds = seconds_since(start);
    facts_of(handle, &facts);
    if (turn == 0) {
      first = out;
      continue;
    }
    different += std::memcmp(first.data(), out.data(), out.size() * 4) != 0;
    call_list += (turn > 1 ? "," : "") + number(call_seconds), whole_list += (turn > 1 ? "," : "") + number(whole_seconds);
    gpu_list += (turn > 1 ? "," : "") + number(gpu_seconds(facts) - gpu_before);
  }
  symbol<decltype(refine_cuda_model_free)>(library, "refine_cuda_model_free")(handle);
  const std::string line = "{\"kind\":\"model\",\"name\":\"" + option("id") + "\",\"device\":\"" + device.name + "\",\"dtype\":\"" + dtype + "\",\"documents\":" + std::to_string(documents) +
                           ",\"tokens\":" + std::to_string(tokens) + ",\"load_seconds\":" + number(load_seconds) + ",\"call_seconds\":[" + call_list + "],\"whole_seconds\":[" + whole_list +
                           "],\"gpu_seconds\":[" + gpu_list + "],\"weight_bytes\":" + std::to_string(facts.weight_bytes) + ",\"arena_bytes\":" + std::to_string(facts.arena_bytes) +
                           ",\"batch_tokens\":" + std::to_string(facts.batch_tokens) + ",\"halvings\":" + std::to_string(facts.halvings) + ",\"graphs\":" + std::to_string(facts.graphs) + ",\"replays\":" + std::to_string(facts.replays) +
                           ",\"launches\":" + std::to_string(facts.launches) + ",\"runs_that_differ\":" + std::to_string(different) + "}";
  std::printf("%s\n", line.c_str());
  if (!option("json").empty())
    if (std::FILE* file = std::fopen(option("json").c_str(), "a")) std::fprintf(file, "%s\n", line.c_str()), std::fclose(file);
  return different ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::map<std::string, std::string> options;
  for (int i = 1; i + 1 < argc; i += 2) options[argv[i] + 2] = argv[i + 1];
  try {
    return run(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "FAILED %s: %s\n", options["id"].c_str(), error.what());
    return 1;
  }
}
