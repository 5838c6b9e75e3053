// Exact Jaccard within clusters: which documents stay. Over a list column here; over record files for the dedupe steps.
#include "bind.h"
#include "refine/cluster_files.h"
#include "refine/utf8.h"

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
          if (auto status = finder.add(rows.data[i], hosts.data[i], shingle_set_name(shingles.begin(i), shingles.length(i)), shingles.begin(i), shingles.length(i)); !status.ok()) return status;
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

std::string text_of(const Napi::Value& value, const char* what) {
  if (!value.IsString()) throw Napi::TypeError::New(value.Env(), std::string(what) + " must be a string");
  return value.As<Napi::String>().Utf8Value();
}

std::vector<std::string> texts_of(const Napi::Value& value, const char* what) {
  if (!value.IsArray()) throw Napi::TypeError::New(value.Env(), std::string(what) + " must be an array of strings");
  const auto array = value.As<Napi::Array>();
  std::vector<std::string> out;
  for (uint32_t i = 0; i < array.Length(); ++i) out.push_back(text_of(array.Get(i), what));
  return out;
}

RecordRange range_of(const Napi::Value& first, const Napi::Value& last, const char* what) {
  bool whole = true;
  RecordRange range;
  if (!first.IsBigInt() || !last.IsBigInt()) throw Napi::TypeError::New(first.Env(), std::string(what) + " must be bigints");
  range.first = first.As<Napi::BigInt>().Uint64Value(&whole);
  range.last = last.As<Napi::BigInt>().Uint64Value(&whole);
  return range;
}

double count_of(const Napi::Value& value, double most, const char* what) {
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : -1;
  if (!(number >= 0 && number <= most)) throw Napi::RangeError::New(value.Env(), std::string(what) + " must lie in 0 .. " + std::to_string(most));
  return number;
}

// TS: codePoints(text: BytesColumn): Promise<Uint32Array>
Napi::Value CodePoints(const Napi::CallbackInfo& info) {
  const auto text = bytes_view(info[0], "codePoints text");
  auto lengths = std::make_shared<std::vector<uint32_t>>(text.rows);
  auto* worker = new PromiseWorker(
      info.Env(),
      [=] {
        for (size_t row = 0; row < text.rows; ++row)
          if (text.valid(row)) (*lengths)[row] = uint32_t(count_code_points(text[row]));
        return Status{};
      },
      [=](Napi::Env env) { return to_typed_array(env, *lengths); });
  auto column = info[0].As<Napi::Object>();
  worker->lend({column.Get("data"), column.Get("offsets"), column.Get("validity")});
  return worker->queue();
}

// TS: clusterMembers(shingles, components, firstRow, lastRow, withShingles, out, memoryBytes): Promise<{documents, members, bytes}>
Napi::Value ClusterMembers(const Napi::CallbackInfo& info) {
  const auto shingles = text_of(info[0], "clusterMembers shingles");
  const auto components = texts_of(info[1], "clusterMembers components");
  const auto range = range_of(info[2], info[3], "clusterMembers rows");
  const bool with_shingles = info[4].ToBoolean();
  const auto out = text_of(info[5], "clusterMembers out");
  const auto memory = size_t(count_of(info[6], 1e15, "clusterMembers memoryBytes"));
  auto counts = std::make_shared<MemberCounts>();
  auto* worker = new PromiseWorker(
      info.Env(), [=] { return cluster_members(shingles, components, range, with_shingles, out, memory, counts.get()); },
      [=](Napi::Env env) -> Napi::Value {
        auto result = Napi::Object::New(env);
        result.Set("documents", Napi::Number::New(env, double(counts->documents)));
        result.Set("members", Napi::Number::New(env, double(counts->members)));
        result.Set("bytes", Napi::Number::New(env, double(counts->bytes)));
        return result;
      });
  return worker->queue();
}

// TS: sumHosts(files, least, out, folder, memoryBytes): Promise<number>     hosts written
Napi::Value SumHosts(const Napi::CallbackInfo& info) {
  const auto files = texts_of(info[0], "sumHosts files");
  const auto least = uint64_t(count_of(info[1], 1e15, "sumHosts least"));
  const auto out = text_of(info[2], "sumHosts out"), folder = text_of(info[3], "sumHosts folder");
  const auto memory = size_t(count_of(info[4], 1e15, "sumHosts memoryBytes"));
  auto hosts = std::make_shared<uint64_t>(0);
  auto* worker = new PromiseWorker(
      info.Env(), [=] { return sum_hosts(files, least, out, folder, memory, hosts.get()); },
      [=](Napi::Env env) -> Napi::Value { return Napi::Number::New(env, double(*hosts)); });
  return worker->queue();
}

// TS: clusterVerdicts(members, first, last, params, alarm, hosts, out): Promise<SurvivorFileCounts>
Napi::Value ClusterVerdictsOf(const Napi::CallbackInfo& info) {
  const auto members = texts_of(info[0], "clusterVerdicts members");
  const auto range = range_of(info[1], info[2], "clusterVerdicts range");
  const auto params = read_survivor_params(info[3], "clusterVerdicts");
  if (!info[4].IsObject()) throw Napi::TypeError::New(info.Env(), "clusterVerdicts alarm must be an object");
  const auto watch = info[4].As<Napi::Object>();
  ClusterAlarm alarm;
  alarm.run_share = count_of(watch.Get("runShare"), 1, "clusterVerdicts runShare");
  alarm.host_share = count_of(watch.Get("hostShare"), 1, "clusterVerdicts hostShare");
  alarm.least = uint64_t(count_of(watch.Get("least"), 1e15, "clusterVerdicts least"));
  alarm.documents = uint64_t(count_of(watch.Get("documents"), 1e15, "clusterVerdicts documents"));
  const auto hosts = texts_of(info[5], "clusterVerdicts hosts");
  const auto out = text_of(info[6], "clusterVerdicts out");
  auto counts = std::make_shared<SurvivorFileCounts>();
  auto* worker = new PromiseWorker(
      info.Env(), [=] { return cluster_verdicts(members, range, params, alarm, hosts, out, counts.get()); },
      [=](Napi::Env env) -> Napi::Value {
        auto result = Napi::Object::New(env);
        const std::pair<const char*, uint64_t> numbers[] = {
            {"components", counts->found.clusters}, {"documents", counts->found.documents},   {"largestComponent", counts->found.largest}, {"candidates", counts->found.candidates},
            {"passes", counts->found.passes},       {"spilled", counts->found.spilled_bytes}, {"kept", counts->kept},                      {"dropped", counts->dropped},
            {"outside", counts->outside},           {"alarms", counts->alarms},               {"largest", counts->largest},                {"hostDocuments", counts->host_documents},
            {"hostShareMillionths", counts->host_share_millionths}};
        for (const auto& [name, value] : numbers) result.Set(name, Napi::Number::New(env, double(value)));
        return result;
      });
  return worker->queue();
}

}  // namespace

REFINE_BIND(survivors) {
  exports.Set("clusterSurvivors", Napi::Function::New(env, ClusterSurvivors));
  exports.Set("codePoints", Napi::Function::New(env, CodePoints));
  exports.Set("clusterMembers", Napi::Function::New(env, ClusterMembers));
  exports.Set("sumHosts", Napi::Function::New(env, SumHosts));
  exports.Set("clusterVerdicts", Napi::Function::New(env, ClusterVerdictsOf));
}
}  // namespace refine::node
