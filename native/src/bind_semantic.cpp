// Semantic near-duplicates. Twin signatures stand in native/semantic.ts (SemanticBinding).
#include "phase_args.h"
#include "refine/semantic.h"

namespace refine::node {
namespace {

template <class Work>
Napi::Value run(const Napi::CallbackInfo& info, Work work) {
  auto counts = std::make_shared<SemanticCounts>();
  auto* worker = new PromiseWorker(
      info.Env(), [=] { return work(counts.get()); },
      [=](Napi::Env env) -> Napi::Value {
        return numbers(env, {{"vectors", counts->vectors}, {"written", counts->written}, {"clusters", counts->clusters}, {"iterations", counts->iterations},
                             {"largestCluster", counts->largest_cluster}, {"comparisons", counts->comparisons}, {"passes", counts->passes}});
      });
  return worker->queue();
}

// TS: semanticSample(task): Promise<SemanticCounts>
Napi::Value SemanticSample(const Napi::CallbackInfo& info) {
  const char* what = "semanticSample";
  const auto given = object_of(info[0], what);
  const auto task = task_of(given, what);
  const auto bits = unsigned(number_at(given, "bits", 0, 63, what));
  const auto seed = word_at(given, "seed", what);
  return run(info, [=](SemanticCounts* counts) { return semantic_sample(task.files, task.dropped, bits, seed, task.out, counts); });
}

// TS: semanticCentres(task): Promise<SemanticCounts>
Napi::Value SemanticCentres(const Napi::CallbackInfo& info) {
  const char* what = "semanticCentres";
  const auto given = object_of(info[0], what);
  const auto task = task_of(given, what);
  const auto clusters = uint32_t(number_at(given, "clusters", 1, 1e6, what)), iterations = uint32_t(number_at(given, "iterations", 0, 1e4, what));
  const auto seed = word_at(given, "seed", what);
  return run(info, [=](SemanticCounts* counts) { return semantic_centres(task.files, clusters, iterations, seed, task.out, task.scratch, task.memory_bytes, counts); });
}

// TS: semanticMembers(task): Promise<SemanticCounts>
Napi::Value SemanticMembers(const Napi::CallbackInfo& info) {
  const char* what = "semanticMembers";
  const auto given = object_of(info[0], what);
  const auto task = task_of(given, what);
  const auto centres = paths_at(given, "centres", what);
  const auto name = text_at(given, "keep", what);
  if (name != "hard" && name != "easy" && name != "first") throw Napi::RangeError::New(info.Env(), "semanticMembers keep must be 'hard', 'easy' or 'first'");
  const auto keep = name == "hard" ? SemanticKeep::kHard : name == "easy" ? SemanticKeep::kEasy : SemanticKeep::kFirst;
  return run(info, [=](SemanticCounts* counts) { return semantic_members(task.files, centres, task.dropped, keep, task.out, task.memory_bytes, counts); });
}

// TS: semanticSurvivors(task): Promise<SemanticCounts>
Napi::Value SemanticSurvivors(const Napi::CallbackInfo& info) {
  const char* what = "semanticSurvivors";
  const auto given = object_of(info[0], what);
  const auto task = task_of(given, what);
  const auto least = float(number_at(given, "minSimilarity", -1, 1, what));
  return run(info, [=](SemanticCounts* counts) { return semantic_survivors(task.files, task.range, least, task.out, task.scratch, task.memory_bytes, counts); });
}

}  // namespace

REFINE_BIND(semantic) {
  const std::pair<const char*, Napi::Value (*)(const Napi::CallbackInfo&)> functions[] = {
      {"semanticSample", SemanticSample}, {"semanticCentres", SemanticCentres}, {"semanticMembers", SemanticMembers}, {"semanticSurvivors", SemanticSurvivors}};
  for (const auto& [name, function] : functions) exports.Set(name, Napi::Function::New(env, function));
}

}  // namespace refine::node
