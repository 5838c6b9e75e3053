// Substring room: the tasks of dedupe-substring. Twin signatures stand in native/substring.ts.
#include "bpe_handle.h"
#include "handle.h"
#include "phase_args.h"
#include "refine/substring_cut.h"
#include "refine/substring_run.h"

namespace refine::node {

namespace {
// The writer and what it needs to outlive it; a map's calls come one after another.
struct SubstringMap {
  TokenizerHandle tokenizer;
  substring::MapWriter writer;
};
}  // namespace

template <>
struct Handle<SubstringMap> {
  static constexpr napi_type_tag tag = {0x7265666e73756273ull, 0x4f1c0d8a97e2b365ull};
  static constexpr const char* from = "substringMap";
};

namespace {

substring::Params read_params(const Napi::Value& value) {
  const auto object = value.As<Napi::Object>();
  substring::Params params;
  params.span = object.Get("span").ToNumber().Uint32Value();
  params.bytes = object.Get("bytes").ToBoolean();
  params.keep_first = object.Get("keepFirst").ToBoolean();
  return params;
}
substring::Work read_work(const Napi::Value& value) {
  const auto object = value.As<Napi::Object>();
  return {size_t(object.Get("memoryBytes").ToNumber().DoubleValue()), object.Get("scratch").ToString().Utf8Value()};
}
std::string text_of(const Napi::Object& object, const char* name) { return object.Get(name).ToString().Utf8Value(); }
RecordRange read_partition(const Napi::Value& value) {
  const auto object = value.As<Napi::Object>();
  return partition_range(object.Get("number").ToNumber().Uint32Value(), object.Get("count").ToNumber().Uint32Value());
}
struct Numbers {
  std::vector<std::pair<const char*, uint64_t>> named;
};
PromiseWorker* numbers_worker(Napi::Env env, std::function<Status(Numbers&)> work) {
  auto numbers = std::make_shared<Numbers>();
  return new PromiseWorker(
      env, [numbers, work = std::move(work)] { return work(*numbers); },
      [numbers](Napi::Env inner) -> Napi::Value {
        auto object = Napi::Object::New(inner);
        for (const auto& [name, value] : numbers->named) object.Set(name, double(value));
        return object;
      });
}

// TS: substringMap(params, tokenizer: BpeHandle | null, paths, memoryBytes): SubstringMapHandle
Napi::Value Map(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  auto map = std::make_shared<SubstringMap>();
  if (!info[1].IsNull()) map->tokenizer = handle_of<const bpe::Tokenizer>(info[1], "substringMap");
  const auto paths = info[2].As<Napi::Object>();
  throw_status(env, map->writer.open(read_params(info[0]), map->tokenizer.get(), {text_of(paths, "stretches"), text_of(paths, "symbols"), text_of(paths, "repeated")},
                                     size_t(info[3].ToNumber().DoubleValue())));
  return to_handle<SubstringMap>(env, std::move(map));
}

// TS: substringMapAdd(map, texts: BytesColumn, rows: BigUint64Array): Promise<void>
Napi::Value MapAdd(const Napi::CallbackInfo& info) {
  const auto map = handle_of<SubstringMap>(info[0], "substringMapAdd");
  const auto texts = bytes_view(info[1], "substringMapAdd texts");
  const auto rows = typed_array<uint64_t>(info[2], "substringMapAdd rows");
  if (rows.size != texts.rows) throw Napi::RangeError::New(info.Env(), "substringMapAdd: rows needs one entry a text");
  auto* worker = new PromiseWorker(info.Env(), [=] { return map->writer.add(texts, rows.data); }, nullptr);
  const auto column = info[1].As<Napi::Object>();
  worker->lend({info[0], column, column.Get("data"), column.Get("offsets"), column.Get("validity"), info[2]});
  return worker->queue();
}

// TS: substringMapFinish(map): Promise<SubstringMapCounts>
Napi::Value MapFinish(const Napi::CallbackInfo& info) {
  const auto map = handle_of<SubstringMap>(info[0], "substringMapFinish");
  return numbers_worker(info.Env(), [=](Numbers& numbers) {
           substring::MapCounts counts;
           const Status status = map->writer.finish(&counts);
           numbers.named = {{"bytes", counts.bytes},         {"symbols", counts.symbols},     {"stretches", counts.stretches},
                            {"unspelled", counts.unspelled}, {"too_large", counts.too_large}};
           return status;
         })->queue();
}

// TS: substringMapAbort(map): void
Napi::Value MapAbort(const Napi::CallbackInfo& info) {
  handle_of<SubstringMap>(info[0], "substringMapAbort")->writer.abort();
  return info.Env().Undefined();
}

// TS: substringMatch(params, stretches: string[], partition, dropped, {repeated, wanted}, work): Promise<SubstringMatchCounts>
Napi::Value Match(const Napi::CallbackInfo& info) {
  const auto out = info[4].As<Napi::Object>();
  return numbers_worker(info.Env(), [params = read_params(info[0]), paths = paths_of(info[1], "substring files"), range = read_partition(info[2]), files = dropped_of(info[3], "substring"),
                                     repeated = text_of(out, "repeated"), wanted = text_of(out, "wanted"), work = read_work(info[5])](Numbers& numbers) {
           substring::MatchCounts counts;
           const Status status = substring::match(params, paths, range, files, repeated, wanted, work, &counts);
           numbers.named = {{"stretches", counts.stretches}, {"again", counts.again}, {"wanted", counts.wanted}};
           return status;
         })->queue();
}

// TS: substringContents(params, input: number, symbols: string, wanted: string[], out: string, work): Promise<{stretches}>
Napi::Value Contents(const Napi::CallbackInfo& info) {
  return numbers_worker(info.Env(), [params = read_params(info[0]), input = info[1].ToNumber().Uint32Value(), symbols = info[2].ToString().Utf8Value(), wanted = paths_of(info[3], "substring files"),
                                     out = info[4].ToString().Utf8Value(), work = read_work(info[5])](Numbers& numbers) {
           uint64_t written = 0;
           const Status status = substring::contents(params, input, symbols, wanted, out, work, &written);
           numbers.named = {{"stretches", written}};
           return status;
         })->queue();
}

// TS: substringCompare(params, contents: string[], partition, repeated: string, work): Promise<SubstringCompareCounts>
Napi::Value Compare(const Napi::CallbackInfo& info) {
  return numbers_worker(info.Env(), [params = read_params(info[0]), paths = paths_of(info[1], "substring files"), range = read_partition(info[2]), repeated = info[3].ToString().Utf8Value(),
                                     work = read_work(info[4])](Numbers& numbers) {
           substring::CompareCounts counts;
           const Status status = substring::compare(params, paths, range, repeated, work, &counts);
           numbers.named = {{"stretches", counts.stretches}, {"groups", counts.groups}, {"largeGroups", counts.large_groups}, {"largestGroup", counts.largest_group}};
           return status;
         })->queue();
}

// TS: substringEdits(params, input: number, symbols: string, repeated: string[], dropped, out: string, work): Promise<SubstringEditCounts>
Napi::Value Edits(const Napi::CallbackInfo& info) {
  return numbers_worker(info.Env(), [params = read_params(info[0]), input = info[1].ToNumber().Uint32Value(), symbols = info[2].ToString().Utf8Value(), repeated = paths_of(info[3], "substring files"),
                                     files = dropped_of(info[4], "substring"), out = info[5].ToString().Utf8Value(), work = read_work(info[6])](Numbers& numbers) {
           substring::EditCounts counts;
           const Status status = substring::edits(params, input, symbols, repeated, files, out, work, &counts);
           numbers.named = {{"documents", counts.documents}, {"spans", counts.spans}, {"symbols", counts.symbols}, {"bytes", counts.bytes}};
           return status;
         })->queue();
}

// TS: substringCut(texts: BytesColumn, edits, options): Promise<{text?: BytesColumn, spans?: ListColumn, drops: Uint16Array}>
Napi::Value Cut(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  const auto texts = bytes_view(info[0], "substringCut texts");
  const auto edits = info[1].As<Napi::Object>();
  const auto start = typed_array<uint32_t>(edits.Get("start"), "substringCut start"), end = typed_array<uint32_t>(edits.Get("end"), "substringCut end");
  size_t rows = 0;
  const int32_t* offsets = checked_offsets(edits.Get("offsets"), start.size, &rows, "substringCut edits");
  if (rows != texts.rows || start.size != end.size) throw Napi::RangeError::New(env, "substringCut: edits need one row a text, and an end for each start");
  const auto given = info[2].As<Napi::Object>();
  substring::CutOptions options;
  options.action = substring::Action(given.Get("action").ToNumber().Uint32Value());
  options.snap = substring::Snap(given.Get("snap").ToNumber().Uint32Value());
  options.least_left = given.Get("leastLeft").ToNumber().Uint32Value();
  options.most_repeated = given.Get("mostRepeated").ToNumber().DoubleValue();
  if (options.action > substring::Action::kDrop || options.snap > substring::Snap::kSentence) throw Napi::RangeError::New(env, "substringCut: action and snap are 0, 1 or 2");
  auto result = std::make_shared<substring::CutColumns>();
  auto* worker = new PromiseWorker(
      env, [=] { return substring::cut_texts(texts, offsets, start.data, end.data, options, result.get()); },
      [result, options](Napi::Env inner) -> Napi::Value {
        auto object = Napi::Object::New(inner);
        if (options.action == substring::Action::kCut) object.Set("text", to_column(inner, result->text, "utf8"));
        if (options.action == substring::Action::kMask) object.Set("spans", to_column(inner, result->spans));
        object.Set("drops", to_typed_array(inner, result->drops));
        return object;
      });
  const auto column = info[0].As<Napi::Object>();
  worker->lend({column, column.Get("data"), column.Get("offsets"), column.Get("validity"), edits.Get("offsets"), edits.Get("start"), edits.Get("end")});
  return worker->queue();
}

}  // namespace

REFINE_BIND(substring) {
  exports.Set("substringMap", Napi::Function::New(env, Map));
  exports.Set("substringMapAdd", Napi::Function::New(env, MapAdd));
  exports.Set("substringMapFinish", Napi::Function::New(env, MapFinish));
  exports.Set("substringMapAbort", Napi::Function::New(env, MapAbort));
  exports.Set("substringMatch", Napi::Function::New(env, Match));
  exports.Set("substringContents", Napi::Function::New(env, Contents));
  exports.Set("substringCompare", Napi::Function::New(env, Compare));
  exports.Set("substringEdits", Napi::Function::New(env, Edits));
  exports.Set("substringCut", Napi::Function::New(env, Cut));
}

}  // namespace refine::node
