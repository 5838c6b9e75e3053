// Exact Jaccard within clusters: which documents stay. Over a list column here; over record files for the dedupe steps.
#include "bind.h"
#include "refine/survivors.h"

namespace refine::node {
namespace {

SurvivorParams read_survivor_params(const Napi::Value& value, const char* what) {
  if (!value.IsObject()) throw Napi::TypeError::New(value.Env(), std::string(what) + " params must be an object");
  const auto object = value.As<Napi::Object>();
  SurvivorParams params;
  const auto verify = object.Get("verify");
  const auto name = verify.IsString() ? verify.As<Napi::String>().Utf8Value() : "";
  if (name == "none") params.verify = Verify::kNone;
  else if (name == "pair") params.verify = Verify::kPair;
  else if (name != "survivor") throw Napi::TypeError::New(value.Env(), std::string(what) + " verify must be 'none', 'pair' or 'survivor'");
  const auto number = [&](const char* key, double low, double high) {
    const auto entry = object.Get(key);
    const double found = entry.IsNumber() ? entry.As<Napi::Number>().DoubleValue() : -1;
    if (!(found >= low && found <= high)) throw Napi::RangeError::New(value.Env(), std::string(what) + " " + key + " must lie in " + std::to_string(low) + " .. " + std::to_string(high));
    return found;
  };
  params.min_jaccard = number("minJaccard", 1e-6, 1);
  params.memory_bytes = size_t(number("memoryBytes", 0, 1e15));
  if (!object.Get("few").IsUndefined()) params.few = size_t(number("few", 0, 1e9));
  if (!object.Get("folder").IsString()) throw Napi::TypeError::New(value.Env(), std::string(what) + " folder must be a string");
  params.folder = object.Get("folder").As<Napi::String>().Utf8Value();
  return params;
}

// TS: clusterSurvivors(rows: BigUint64Array, hosts: BigUint64Array, shingles: ListColumn, params): Promise<ClusterVerdicts>
Napi::Value ClusterSurvivors(const Napi::CallbackInfo& info) {
  const auto rows = typed_array<uint64_t>(info[0], "clusterSurvivors rows"), hosts = typed_array<uint64_t>(info[1], "clusterSurvivors hosts");
  const auto shingles = list_view<uint64_t>(info[2], "clusterSurvivors shingles");
  const auto params = read_survivor_params(info[3], "clusterSurvivors");
  if (rows.size != shingles.rows || hosts.size != shingles.rows)
    throw Napi::RangeError::New(info.Env(), "clusterSurvivors: " + std::to_string(shingles.rows) + " shingle sets need as many rows and hosts");
  struct Found {
    std::vector<uint64_t> rows, kept, clusters;
    std::vector<uint32_t> sizes;
    std::vector<uint16_t> similarity;
    std::vector<uint8_t> dropped;
    SurvivorCounts counts;
  };
  auto found = std::make_shared<Found>();
  auto* worker = new PromiseWorker(
      info.Env(),
      [=] {
        SurvivorFinder finder(params);
        for (size_t i = 0; i < rows.size; ++i)
          if (auto status = finder.add(rows.data[i], hosts.data[i], shingles.begin(i), shingles.length(i)); !status.ok()) return status;
        auto status = finder.finish([&](const ClusterVerdict& one) {
          found->rows.push_back(one.row);
          found->kept.push_back(one.kept);
          found->clusters.push_back(one.cluster);
          found->sizes.push_back(one.cluster_size);
          found->similarity.push_back(one.similarity);
          found->dropped.push_back(one.dropped);
          return Status{};
        });
        found->counts = finder.counts();
        return status;
      },
      [=](Napi::Env env) -> Napi::Value {
        auto result = Napi::Object::New(env);
        result.Set("rows", to_typed_array(env, found->rows));
        result.Set("kept", to_typed_array(env, found->kept));
        result.Set("clusters", to_typed_array(env, found->clusters));
        result.Set("clusterSize", to_typed_array(env, found->sizes));
        result.Set("similarity", to_typed_array(env, found->similarity));
        result.Set("dropped", to_typed_array(env, found->dropped));
        result.Set("candidates", Napi::Number::New(env, double(found->counts.candidates)));
        result.Set("passes", Napi::Number::New(env, double(found->counts.passes)));
        return result;
      });
  auto column = info[2].As<Napi::Object>();
  worker->lend({info[0], info[1], column.Get("values"), column.Get("offsets")});
  return worker->queue();
}

}  // namespace

REFINE_BIND(survivors) { exports.Set("clusterSurvivors", Napi::Function::New(env, ClusterSurvivors)); }
}  // namespace refine::node
