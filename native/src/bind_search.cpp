// Substring room: strings in texts, and the index of a shard. Twin signatures stand in native/search.ts.
#include <algorithm>

#include "handle.h"
#include "refine/text_search.h"

namespace refine::node {

template <>
struct Handle<const StringSearch> {
  static constexpr napi_type_tag tag = {0x7265666e73747273ull, 0x91c4e75b2a60fd38ull};
  static constexpr const char* from = "searchStrings";
};
template <>
struct Handle<SearchIndexWriter> {
  static constexpr napi_type_tag tag = {0x7265666e73696478ull, 0x5d83b0a6f41c97e2ull};
  static constexpr const char* from = "searchIndexer";
};

namespace {

// TS: searchStrings(strings: BytesColumn): StringSearchHandle
Napi::Value Strings(const Napi::CallbackInfo& info) {
  const auto view = bytes_view(info[0], "searchStrings strings");
  std::vector<std::string> strings;
  for (size_t row = 0; row < view.rows; ++row) strings.emplace_back(view[row]);
  return to_handle<const StringSearch>(info.Env(), std::make_shared<const StringSearch>(std::move(strings)));
}

// TS: searchTexts(strings, texts: BytesColumn): Promise<StringMatches>
Napi::Value Texts(const Napi::CallbackInfo& info) {
  const auto search = handle_of<const StringSearch>(info[0], "searchTexts");
  const auto texts = bytes_view(info[1], "searchTexts texts");
  auto found = std::make_shared<std::vector<StringMatch>>();
  auto* worker = new PromiseWorker(
      info.Env(),
      [=]() -> Status {
        search->find(texts, *found);
        return {};
      },
      [found](Napi::Env env) -> Napi::Value {
        std::vector<uint32_t> rows, strings, counts;
        for (const auto& match : *found) {
          rows.push_back(match.row);
          strings.push_back(match.string);
          counts.push_back(match.count);
        }
        auto object = Napi::Object::New(env);
        object.Set("rows", to_typed_array(env, rows));
        object.Set("strings", to_typed_array(env, strings));
        object.Set("counts", to_typed_array(env, counts));
        return object;
      });
  const auto column = info[1].As<Napi::Object>();
  worker->lend({info[0], column, column.Get("data"), column.Get("offsets"), column.Get("validity")});
  return worker->queue();
}

// TS: searchIndexer(): SearchIndexerHandle
Napi::Value Indexer(const Napi::CallbackInfo& info) { return to_handle<SearchIndexWriter>(info.Env(), std::make_shared<SearchIndexWriter>()); }

// TS: searchIndexerAdd(indexer, texts: BytesColumn): Promise<void>
Napi::Value IndexerAdd(const Napi::CallbackInfo& info) {
  const auto writer = handle_of<SearchIndexWriter>(info[0], "searchIndexerAdd");
  const auto texts = bytes_view(info[1], "searchIndexerAdd texts");
  auto* worker = new PromiseWorker(
      info.Env(),
      [=]() -> Status {
        writer->add(texts);
        return {};
      },
      nullptr);
  const auto column = info[1].As<Napi::Object>();
  worker->lend({info[0], column, column.Get("data"), column.Get("offsets"), column.Get("validity")});
  return worker->queue();
}

// TS: searchIndexerWrite(indexer, path: string, of: string): Promise<void>
Napi::Value IndexerWrite(const Napi::CallbackInfo& info) {
  const auto writer = handle_of<SearchIndexWriter>(info[0], "searchIndexerWrite");
  return (new PromiseWorker(info.Env(), [=, path = info[1].ToString().Utf8Value(), of = info[2].ToString().Utf8Value()] { return writer->write(path, of); }, nullptr))->queue();
}

// TS: searchIndexBatches(path: string, of: string, strings): Promise<{batches: Uint32Array, firstRows: Uint32Array}>
Napi::Value IndexBatches(const Napi::CallbackInfo& info) {
  const auto search = handle_of<const StringSearch>(info[2], "searchIndexBatches");
  struct Found {
    std::vector<uint32_t> batches, first_rows;
  };
  auto found = std::make_shared<Found>();
  auto* worker = new PromiseWorker(
      info.Env(),
      [=, path = info[0].ToString().Utf8Value(), of = info[1].ToString().Utf8Value()]() -> Status {
        SearchIndex index;
        if (Status status = index.open(path, of); !status.ok()) return status;
        const auto& starts = index.batches();
        std::vector<uint8_t> wanted(starts.size(), 0);
        std::vector<uint32_t> rows;
        for (const std::string& string : search->strings()) {
          if (string.size() < kSearchLeast) return Status::error("ERR_REFINE_INTERNAL", "searchIndexBatches: a string of " + std::to_string(string.size()) + " bytes; the index knows none below " + std::to_string(kSearchLeast));
          rows.clear();
          if (Status status = index.rows_of(string, rows); !status.ok()) return status;
          for (const uint32_t row : rows) {
            const auto after = std::upper_bound(starts.begin(), starts.end(), row);
            if (after != starts.begin()) wanted[size_t(after - starts.begin()) - 1] = 1;
          }
        }
        for (uint32_t batch = 0; batch < wanted.size(); ++batch) {
          if (!wanted[batch]) continue;
          found->batches.push_back(batch);
          found->first_rows.push_back(starts[batch]);
        }
        return {};
      },
      [found](Napi::Env env) -> Napi::Value {
        auto object = Napi::Object::New(env);
        object.Set("batches", to_typed_array(env, found->batches));
        object.Set("firstRows", to_typed_array(env, found->first_rows));
        return object;
      });
  worker->lend({info[2]});
  return worker->queue();
}

}  // namespace

REFINE_BIND(search) {
  exports.Set("searchStrings", Napi::Function::New(env, Strings));
  exports.Set("searchTexts", Napi::Function::New(env, Texts));
  exports.Set("searchIndexer", Napi::Function::New(env, Indexer));
  exports.Set("searchIndexerAdd", Napi::Function::New(env, IndexerAdd));
  exports.Set("searchIndexerWrite", Napi::Function::New(env, IndexerWrite));
  exports.Set("searchIndexBatches", Napi::Function::New(env, IndexBatches));
}

}  // namespace refine::node
