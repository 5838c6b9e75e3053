// URL filter: a handle that owns the lists. Twin signatures stand in native/binding.ts (UrlBinding).
#include "bind.h"
#include "refine/url.h"

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
  const auto column = info[1].As<Napi::Object>();
  worker->lend({info[1], column.Get("data"), column.Get("offsets"), column.Get("validity")});
  return worker->queue();
}

// TS: registrableDomain(filter, url: string): string | null
static Napi::Value RegistrableDomain(const Napi::CallbackInfo& info) {
  const auto host = split_url(info[1].ToString().Utf8Value()).host;
  const auto domain = handle_of(info[0], "registrableDomain")->suffixes.registrable(host);
  return domain.empty() ? info.Env().Null() : Napi::Value(Napi::String::New(info.Env(), std::string(domain)));
}

REFINE_BIND(url) {
  exports.Set("urlFilterNew", Napi::Function::New(env, UrlFilterNew));
  exports.Set("urlFilterAdd", Napi::Function::New(env, UrlFilterAdd));
  exports.Set("urlFilterJudge", Napi::Function::New(env, UrlFilterJudge));
  exports.Set("registrableDomain", Napi::Function::New(env, RegistrableDomain));
}

}  // namespace refine::node
