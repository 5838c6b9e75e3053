// Columns of URLs by the WHATWG standard. Twin signatures stand in native/binding.ts (UrlBinding).
#include <optional>

#include "bind.h"
#include "refine/hash.h"
#include "refine/whatwg_url.h"

namespace refine::node {

static void lend_column(PromiseWorker* worker, const Napi::Value& value) {
  const auto column = value.As<Napi::Object>();
  worker->lend({value, column.Get("data"), column.Get("offsets"), column.Get("validity")});
}

// TS: canonicalUrls(url: BytesColumn, fragment: 'keep' | 'drop'): Promise<BytesColumn>   null where a row is null or does not parse
static Napi::Value CanonicalUrls(const Napi::CallbackInfo& info) {
  const auto url = bytes_view(info[0], "canonicalUrls url");
  const auto name = info[1].ToString().Utf8Value();
  if (name != "keep" && name != "drop") throw Napi::TypeError::New(info.Env(), "canonicalUrls fragment must be 'keep' or 'drop'");
  const auto fragment = name == "keep" ? Fragment::kKeep : Fragment::kDrop;
  auto result = std::make_shared<BytesColumn>();
  auto* worker = new PromiseWorker(
      info.Env(),
      [=]() -> Status {
        std::string text;
        for (size_t row = 0; row < url.rows; ++row) {
          text.clear();
          if (url.valid(row) && append_canonical_url(url[row], fragment, text)) result->append(text);
          else result->append_null();
        }
        return {};
      },
      [=](Napi::Env env) -> Napi::Value { return to_column(env, *result, "utf8"); });
  lend_column(worker, info[0]);
  return worker->queue();
}

// TS: resolveUrls(base: BytesColumn, href: BytesColumn): Promise<BytesColumn>   a row's href against its base; null where there is no URL
static Napi::Value ResolveUrls(const Napi::CallbackInfo& info) {
  const auto base = bytes_view(info[0], "resolveUrls base"), href = bytes_view(info[1], "resolveUrls href");
  if (base.rows != href.rows) throw Napi::RangeError::New(info.Env(), "resolveUrls: base and href differ in rows");
  auto result = std::make_shared<BytesColumn>();
  auto* worker = new PromiseWorker(
      info.Env(),
      [=]() -> Status {
        std::string text;
        std::optional<UrlResolver> resolver;
        for (size_t row = 0; row < base.rows; ++row) {
          const auto base_at = [&](size_t at) { return base.valid(at) ? base[at] : std::string_view(); };
          if (row == 0 || base_at(row) != base_at(row - 1)) resolver.emplace(base_at(row));  // a page's links stand together
          text.clear();
          if (href.valid(row) && resolver->append_resolved(href[row], text)) result->append(text);
          else result->append_null();
        }
        return {};
      },
      [=](Napi::Env env) -> Napi::Value { return to_column(env, *result, "utf8"); });
  lend_column(worker, info[0]);
  lend_column(worker, info[1]);
  return worker->queue();
}

// TS: urlKeys(url: BytesColumn): Promise<{keys: BigUint64Array; rows: Uint32Array}>   keys (entries, 2): high, low
static Napi::Value UrlKeys(const Napi::CallbackInfo& info) {
  struct Result {
    std::vector<uint64_t> keys;
    std::vector<uint32_t> rows;
  };
  const auto url = bytes_view(info[0], "urlKeys url");
  auto result = std::make_shared<Result>();
  auto* worker = new PromiseWorker(
      info.Env(),
      [=]() -> Status {
        std::string text, buffer;
        for (size_t row = 0; row < url.rows; ++row) {
          if (!url.valid(row) || url[row].empty()) continue;
          text.clear();
          if (!append_canonical_url(url[row], Fragment::kDrop, text)) text = url[row];
          const auto hash = content_hash(text, Normalise::kNone, buffer);
          result->keys.insert(result->keys.end(), {hash.high, hash.low});
          result->rows.push_back(uint32_t(row));
        }
        return {};
      },
      [=](Napi::Env env) -> Napi::Value {
        auto object = Napi::Object::New(env);
        object.Set("keys", to_typed_array(env, result->keys));
        object.Set("rows", to_typed_array(env, result->rows));
        return object;
      });
  lend_column(worker, info[0]);
  return worker->queue();
}

REFINE_BIND(url) {
  exports.Set("canonicalUrls", Napi::Function::New(env, CanonicalUrls));
  exports.Set("resolveUrls", Napi::Function::New(env, ResolveUrls));
  exports.Set("urlKeys", Napi::Function::New(env, UrlKeys));
}

}  // namespace refine::node
