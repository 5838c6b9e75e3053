// Content hashes and Bloom filters. Batches go through PromiseWorker; the small ones answer at once.
#include "bind.h"
#include "isa.h"
#include "refine/bloom.h"
#include "refine/hash.h"
#include "refine/minhash.h"

namespace refine::node {
namespace {

Normalise read_normalise(const Napi::Value& value, const char* what) {
  const auto name = value.IsString() ? value.As<Napi::String>().Utf8Value() : "";
  if (name == "none") return Normalise::kNone;
  if (name == "default") return Normalise::kDefault;
  throw Napi::TypeError::New(value.Env(), std::string(what) + " normalise must be 'default' or 'none'");
}

void lend_column(PromiseWorker* worker, const Napi::Value& value) {
  auto column = value.As<Napi::Object>();
  worker->lend({column.Get("data"), column.Get("offsets"), column.Get("validity")});
}

// TS: contentHash(text: BytesColumn, normalise): Promise<BigUint64Array>     (rows, 2): high, low; zeros for nulls
Napi::Value ContentHash(const Napi::CallbackInfo& info) {
  const auto text = bytes_view(info[0], "contentHash text");
  const auto normalise = read_normalise(info[1], "contentHash");
  auto hashes = std::make_shared<std::vector<uint64_t>>(text.rows * 2);
  auto* worker = new PromiseWorker(
      info.Env(),
      [=] {
        std::string buffer;
        for (size_t row = 0; row < text.rows; ++row) {
          if (!text.valid(row)) continue;
          const auto hash = content_hash(text[row], normalise, buffer);
          (*hashes)[2 * row] = hash.high;
          (*hashes)[2 * row + 1] = hash.low;
        }
        return Status{};
      },
      [=](Napi::Env env) { return to_typed_array(env, *hashes); });
  lend_column(worker, info[0]);
  return worker->queue();
}

constexpr napi_type_tag kBloomTag = {0x7265'6669'6e65'0002, 0x626c'6f6f'6d00'0000};
BloomFilter& read_bloom(const Napi::Value& value, const char* what) {
  if (!value.IsExternal() || !value.As<Napi::External<BloomFilter>>().CheckTypeTag(&kBloomTag)) throw Napi::TypeError::New(value.Env(), std::string(what) + ": filter must come from bloomCreate");
  return *value.As<Napi::External<BloomFilter>>().Data();
}

// TS: bloomCreate(keys: number, rate: number): {filter: object; bytes: number; expectedRate: number}
Napi::Value BloomCreate(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  const double keys = info[0].IsNumber() ? info[0].As<Napi::Number>().DoubleValue() : -1;
  const double rate = info[1].IsNumber() ? info[1].As<Napi::Number>().DoubleValue() : 0;
  if (!(keys >= 0 && keys <= 1e10)) throw Napi::RangeError::New(env, "bloomCreate keys must lie in 0..1e10");
  if (!(rate >= 1e-9 && rate < 1)) throw Napi::RangeError::New(env, "bloomCreate rate must lie in 1e-9..1");
  const size_t blocks = BloomFilter::blocks_for(uint64_t(keys), rate);
  auto* filter = new BloomFilter(blocks);
  const auto bytes = int64_t(filter->bytes());
  Napi::MemoryManagement::AdjustExternalMemory(env, bytes);
  auto handle = Napi::External<BloomFilter>::New(env, filter, [bytes](Napi::Env finalizer_env, BloomFilter* held) {
    delete held;
    Napi::MemoryManagement::AdjustExternalMemory(finalizer_env, -bytes);
  });
  handle.TypeTag(&kBloomTag);
  auto result = Napi::Object::New(env);
  result.Set("filter", handle);
  result.Set("bytes", Napi::Number::New(env, double(bytes)));
  result.Set("expectedRate", Napi::Number::New(env, BloomFilter::expected_rate(uint64_t(keys), blocks)));
  return result;
}

// TS: bloomAdd(filter: object, hashes: BigUint64Array, isa?): void
Napi::Value BloomAdd(const Napi::CallbackInfo& info) {
  auto& filter = read_bloom(info[0], "bloomAdd");
  const auto hashes = typed_array<uint64_t>(info[1], "bloomAdd hashes");
  filter.add_all(hashes.data, hashes.size, read_isa(info[2], "bloomAdd"));
  return info.Env().Undefined();
}

// TS: bloomHas(filter: object, hashes: BigUint64Array, isa?): Uint8Array     1 where the hash was (probably) added
Napi::Value BloomHas(const Napi::CallbackInfo& info) {
  const auto& filter = read_bloom(info[0], "bloomHas");
  const auto hashes = typed_array<uint64_t>(info[1], "bloomHas hashes");
  std::vector<uint8_t> found(hashes.size);
  filter.has_all(hashes.data, hashes.size, found.data(), read_isa(info[2], "bloomHas"));
  return to_typed_array(info.Env(), found);
}

// TS: hashIsas(): string[]     the instruction sets this machine has, for tests and benches
Napi::Value HashIsas(const Napi::CallbackInfo& info) {
  auto names = Napi::Array::New(info.Env());
  for (int i = 0; i < 4; ++i)
    if (has_isa(Isa(i))) names[names.Length()] = Napi::String::New(info.Env(), kIsaNames[i]);
  return names;
}
}  // namespace

REFINE_BIND(hash) {
  const std::pair<const char*, Napi::Value (*)(const Napi::CallbackInfo&)> functions[] = {
      {"contentHash", ContentHash}, {"bloomCreate", BloomCreate}, {"bloomAdd", BloomAdd}, {"bloomHas", BloomHas}, {"hashIsas", HashIsas}};
  for (const auto& [name, function] : functions) exports.Set(name, Napi::Function::New(env, function));
}
}  // namespace refine::node
