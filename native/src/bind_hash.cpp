// Hashes, MinHash keys, duplicate clusters and Bloom filters. Batches go through PromiseWorker; the small ones answer at once.
#include "bind.h"
#include "refine/bloom.h"
#include "refine/clusters.h"
#include "refine/hash.h"
#include "refine/minhash.h"
#include "refine/utf8.h"

namespace refine::node {
namespace {

Normalise read_normalise(const Napi::Value& value, const char* what) {
  const auto name = value.IsString() ? value.As<Napi::String>().Utf8Value() : "";
  if (name == "none") return Normalise::kNone;
  if (name == "default") return Normalise::kDefault;
  throw Napi::TypeError::New(value.Env(), std::string(what) + " normalise must be 'default' or 'none'");
}

uint32_t read_count(const Napi::Object& object, const char* key, uint32_t limit, const char* what) {
  auto value = object.Get(key);
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : 0;
  if (!(number >= 1 && number <= limit) || number != double(uint32_t(number)))
    throw Napi::RangeError::New(object.Env(), std::string(what) + " " + key + " must be a whole number in 1.." + std::to_string(limit));
  return uint32_t(number);
}

MinhashParams read_params(const Napi::Value& value, const char* what) {
  if (!value.IsObject()) throw Napi::TypeError::New(value.Env(), std::string(what) + " params must be an object");
  auto object = value.As<Napi::Object>();
  MinhashParams params;
  params.bands = read_count(object, "bands", kMaxHashes, what);
  params.rows = read_count(object, "rows", kMaxHashes, what);
  params.words = read_count(object, "words", 1000, what);
  params.normalise = read_normalise(object.Get("normalise"), what);
  if (uint64_t(params.bands) * params.rows > kMaxHashes) throw Napi::RangeError::New(value.Env(), std::string(what) + ": bands x rows exceeds " + std::to_string(kMaxHashes));
  return params;
}

constexpr const char* kIsaNames[] = {"scalar", "avx2", "avx512", "neon"};
Isa read_isa(const Napi::Value& value, const char* what) {
  if (value.IsUndefined()) return best_isa();
  const auto name = value.IsString() ? value.As<Napi::String>().Utf8Value() : "";
  for (int i = 0; i < 4; ++i)
    if (name == kIsaNames[i] && has_isa(Isa(i))) return Isa(i);
  throw Napi::RangeError::New(value.Env(), std::string(what) + ": this machine has no instruction set '" + name + "'");
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

// TS: shingleHashes(text: BytesColumn, params: MinhashParams): Promise<ListColumn>     XXH64 of each run of `words` words
Napi::Value ShingleHashes(const Napi::CallbackInfo& info) {
  const auto text = bytes_view(info[0], "shingleHashes text");
  const auto params = read_params(info[1], "shingleHashes");
  auto column = std::make_shared<ListColumn<uint64_t>>();
  auto* worker = new PromiseWorker(
      info.Env(),
      [=] {
        std::string buffer;
        std::vector<uint64_t> hashes;
        for (size_t row = 0; row < text.rows; ++row) {
          if (text.valid(row)) {
            shingle_hashes(text[row], params, buffer, hashes);
            column->values.insert(column->values.end(), hashes.begin(), hashes.end());
            if (column->values.size() > INT32_MAX) return Status::error("ERR_REFINE_MEMORY", "shingleHashes: more than 2^31 shingles in one batch; use smaller batches");
          }
          column->end_row();
        }
        return Status{};
      },
      [=](Napi::Env env) -> Napi::Value { return to_column(env, *column); });
  lend_column(worker, info[0]);
  return worker->queue();
}

// TS: minhashSign(shingles: ListColumn, params: MinhashParams, isa?): Promise<BigUint64Array>     (rows, bands x rows); all ones where a row has no shingle
Napi::Value MinhashSign(const Napi::CallbackInfo& info) {
  const auto shingles = list_view<uint64_t>(info[0], "minhashSign shingles");
  const auto params = read_params(info[1], "minhashSign");
  const auto isa = read_isa(info[2], "minhashSign");
  auto signatures = std::make_shared<std::vector<uint64_t>>(shingles.rows * params.hashes());
  auto* worker = new PromiseWorker(
      info.Env(),
      [=] {
        Minhasher hasher(params, isa);
        std::vector<uint64_t> row_shingles;
        for (size_t row = 0; row < shingles.rows; ++row) {
          row_shingles.assign(shingles.begin(row), shingles.begin(row) + shingles.length(row));
          hasher.minima(row_shingles, signatures->data() + row * params.hashes());
        }
        return Status{};
      },
      [=](Napi::Env env) { return to_typed_array(env, *signatures); });
  auto column = info[0].As<Napi::Object>();
  worker->lend({column.Get("values"), column.Get("offsets")});
  return worker->queue();
}

// TS: minhashKeys(text: BytesColumn, params: MinhashParams, isa?): Promise<{keys: BigUint64Array; rows: Uint32Array; codePoints: Uint32Array}>
Napi::Value MinhashKeys(const Napi::CallbackInfo& info) {
  const auto text = bytes_view(info[0], "minhashKeys text");
  const auto params = read_params(info[1], "minhashKeys");
  const auto isa = read_isa(info[2], "minhashKeys");
  auto keys = std::make_shared<std::vector<uint64_t>>();
  auto rows = std::make_shared<std::vector<uint32_t>>();
  auto code_points = std::make_shared<std::vector<uint32_t>>(text.rows);
  auto* worker = new PromiseWorker(
      info.Env(),
      [=] {
        Minhasher hasher(params, isa);
        std::vector<uint64_t> signature(params.hashes());
        std::vector<Hash128> bands(params.bands);
        for (size_t row = 0; row < text.rows; ++row) {
          if (!text.valid(row) || !hasher.sign(text[row], signature.data())) continue;
          (*code_points)[row] = uint32_t(count_code_points(text[row]));
          hasher.band_keys(signature.data(), bands.data());
          for (const auto& band : bands) {
            keys->push_back(band.high);
            keys->push_back(band.low);
            rows->push_back(uint32_t(row));
          }
        }
        return Status{};
      },
      [=](Napi::Env env) -> Napi::Value {
        auto result = Napi::Object::New(env);
        result.Set("keys", to_typed_array(env, *keys));
        result.Set("rows", to_typed_array(env, *rows));
        result.Set("codePoints", to_typed_array(env, *code_points));
        return result;
      });
  lend_column(worker, info[0]);
  return worker->queue();
}

// TS: clusterEdges(left: BigUint64Array, right: BigUint64Array): Promise<{rows: BigUint64Array; first: Uint32Array; clusters: Uint32Array}>
Napi::Value ClusterEdges(const Napi::CallbackInfo& info) {
  const auto left = typed_array<uint64_t>(info[0], "clusterEdges left"), right = typed_array<uint64_t>(info[1], "clusterEdges right");
  if (left.size != right.size) throw Napi::RangeError::New(info.Env(), "clusterEdges: left has " + std::to_string(left.size) + " ends, right " + std::to_string(right.size));
  if (left.size >= (uint64_t(1) << 31)) throw Napi::RangeError::New(info.Env(), "clusterEdges: more than 2^31 - 1 edges");
  auto clusters = std::make_shared<Clusters>();
  auto* worker = new PromiseWorker(
      info.Env(),
      [=] {
        *clusters = cluster_edges(left.data, right.data, left.size);
        return Status{};
      },
      [=](Napi::Env env) -> Napi::Value {
        auto result = Napi::Object::New(env);
        result.Set("rows", to_typed_array(env, clusters->rows));
        result.Set("first", to_typed_array(env, clusters->first));
        result.Set("clusters", to_typed_array(env, clusters->clusters));
        return result;
      });
  worker->lend({info[0], info[1]});
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
      {"contentHash", ContentHash}, {"shingleHashes", ShingleHashes}, {"minhashSign", MinhashSign}, {"minhashKeys", MinhashKeys}, {"clusterEdges", ClusterEdges},
      {"bloomCreate", BloomCreate}, {"bloomAdd", BloomAdd},           {"bloomHas", BloomHas},       {"hashIsas", HashIsas}};
  for (const auto& [name, function] : functions) exports.Set(name, Napi::Function::New(env, function));
}
}  // namespace refine::node
