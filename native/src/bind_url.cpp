// URL filter: a handle that owns the lists; and columns of URLs by the WHATWG standard. Twin signatures stand in
// native/binding.ts (UrlBinding).
#include "bind.h"
#include "refine/hash.h"
#include "refine/url.h"
#include "refine/whatwg_url.h"

namespace refine::node {

using Handle = std::shared_ptr<UrlFilter>;

static const napi_type_tag kUrlFilterTag = {0x7265666e2d75726cull, 0x66696c7465723031ull};

static Handle handle_of(const Napi::Value& value, const char* what) {
  if (!value.IsExternal() || !value.As<Napi::External<Handle>>().CheckTypeTag(&kUrlFilterTag))
    throw Napi::TypeError::New(value.Env(), std::string(what) + ": handle must come from urlFilterNew");
  return *value.As<Napi::External<Handle>>().Data();
}

static std::string_view bytes_of(const Napi::Value& value, const char* what) {
  const auto bytes = typed_array<uint8_t>(value, what);
  return {reinterpret_cast<const char*>(bytes.data), bytes.size};
}

static void lend_column(PromiseWorker* worker, const Napi::Value& value) {
  const auto column = value.As<Napi::Object>();
  worker->lend({value, column.Get("data"), column.Get("offsets"), column.Get("validity")});
}

// TS: urlFilterNew(publicSuffixList: Uint8Array): UrlFilterHandle
static Napi::Value UrlFilterNew(const Napi::CallbackInfo& info) {
  auto filter = std::make_shared<UrlFilter>();
  filter->suffixes.parse(bytes_of(info[0], "urlFilterNew publicSuffixList"));
  auto external = Napi::External<Handle>::New(info.Env(), new Handle(filter), [](Napi::Env, Handle* handle) { delete handle; });
  external.TypeTag(&kUrlFilterTag);
  return external;
}

// TS: urlFilterAdd(filter, list: 'block' | 'exclude' | 'strict' | 'hard' | 'soft', lines: Uint8Array): {entries, ignored, bytes}
static Napi::Value UrlFilterAdd(const Napi::CallbackInfo& info) {
  auto filter = handle_of(info[0], "urlFilterAdd");
  const auto name = info[1].ToString().Utf8Value();
  using List = UrlFilter::List;
  const List list = name == "block" ? List::kBlock : name == "exclude" ? List::kExclude : name == "strict" ? List::kStrict : name == "hard" ? List::kHard : List::kSoft;
  if (list == List::kSoft && name != "soft") throw Napi::TypeError::New(info.Env(), "urlFilterAdd: no list \"" + name + "\"");
  filter->add(list, bytes_of(info[2], "urlFilterAdd lines"));
  auto object = Napi::Object::New(info.Env());
  object.Set("entries", double(filter->entries()));
  object.Set("ignored", double(filter->ignored()));
  object.Set("bytes", double(filter->bytes()));
  return object;
}

// TS: urlFilterJudge(filter, url: BytesColumn, softWords: number): Promise<Uint16Array>   UrlVerdict a row; null rows keep
static Napi::Value UrlFilterJudge(const Napi::CallbackInfo& info) {
  auto filter = handle_of(info[0], "urlFilterJudge");
  const auto url = bytes_view(info[1], "urlFilterJudge url");
  const uint32_t soft_words = info[2].ToNumber().Uint32Value();
  auto verdicts = std::make_shared<std::vector<uint16_t>>(url.rows);
  auto* worker = new PromiseWorker(
      info.Env(),
      [=]() -> Status {
        for (size_t row = 0; row < url.rows; ++row)
          if (url.valid(row)) (*verdicts)[row] = uint16_t(filter->judge(url[row], soft_words));
        return {};
      },
      [=](Napi::Env env) -> Napi::Value { return to_typed_array(env, *verdicts); });
  lend_column(worker, info[1]);
  return worker->queue();
}

// TS: registrableDomain(filter, url: string): string | null
static Napi::Value RegistrableDomain(const Napi::CallbackInfo& info) {
  const auto host = split_url(info[1].ToString().Utf8Value()).host;
  const auto domain = handle_of(info[0], "registrableDomain")->suffixes.registrable(host);
  return domain.empty() ? info.Env().Null() : Napi::Value(Napi::String::New(info.Env(), std::string(domain)));
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
        for (size_t row = 0; row < base.rows; ++row) {
          text.clear();
          if (href.valid(row) && UrlResolver(base.valid(row) ? base[row] : std::string_view()).append_resolved(href[row], text)) result->append(text);
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
  exports.Set("urlFilterNew", Napi::Function::New(env, UrlFilterNew));
  exports.Set("urlFilterAdd", Napi::Function::New(env, UrlFilterAdd));
  exports.Set("urlFilterJudge", Napi::Function::New(env, UrlFilterJudge));
  exports.Set("registrableDomain", Napi::Function::New(env, RegistrableDomain));
}

}  // namespace refine::node
