// Shingles of texts and tokens, and the minima and band keys of sketches made of them.
#include "bind.h"
#include "isa.h"
#include "phase_args.h"
#include "refine/band_hasher.h"
#include "refine/band_keys.h"
#include "refine/shingles.h"
#include "refine/signature_files.h"

namespace refine::node {
namespace {

template <class T, size_t N>
T read_name(const Napi::Object& object, const char* key, const char* const (&names)[N], const char* what) {
  const auto value = object.Get(key);
  const auto name = value.IsString() ? value.As<Napi::String>().Utf8Value() : "";
  std::string known;
  for (size_t i = 0; i < N; ++i) {
    if (name == names[i]) return T(i);
    known += (i ? ", " : "") + std::string(names[i]);
  }
  throw Napi::TypeError::New(object.Env(), std::string(what) + " " + key + " is '" + name + "', must be one of: " + known);
}

uint32_t read_whole(const Napi::Value& value, uint32_t low, uint32_t high, const std::string& what) {
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : -1;
  if (!(number >= low && number <= high) || number != double(uint32_t(number)))
    throw Napi::RangeError::New(value.Env(), what + " must be a whole number in " + std::to_string(low) + ".." + std::to_string(high));
  return uint32_t(number);
}

Napi::Object read_object(const Napi::Value& value, const char* what) {
  if (!value.IsObject()) throw Napi::TypeError::New(value.Env(), std::string(what) + " params must be an object");
  return value.As<Napi::Object>();
}

constexpr const char* kForms[] = {"none", "default", "datatrove", "redpajama", "ccnet", "c4"};
constexpr const char* kWords[] = {"white-space", "uax29", "script-aware", "spacy-en"};
constexpr const char* kHashes[] = {"xxh64", "xxh32", "sha1-64", "sha1-32"};
constexpr const char* kFamilies[] = {"affine", "dart", "datatrove", "datatrove-32"};

ShingleParams read_shingle_params(const Napi::Value& value, const char* what) {
  const auto object = read_object(value, what);
  ShingleParams params;
  params.size = read_whole(object.Get("size"), 1, kMaxShingle, std::string(what) + " size");
  params.form = read_name<DedupeForm>(object, "normalise", kForms, what);
  params.words = read_name<WordMethod>(object, "words", kWords, what);
  params.hash = read_name<ShingleHash>(object, "hash", kHashes, what);
  return params;
}

SketchParams read_sketch_params(const Napi::Value& value, const char* what) {
  const auto object = read_object(value, what);
  SketchParams params;
  params.bands = read_whole(object.Get("bands"), 1, kMaxHashes, std::string(what) + " bands");
  params.rows = read_whole(object.Get("rows"), 1, kMaxHashes, std::string(what) + " rows");
  params.family = read_name<SketchFamily>(object, "family", kFamilies, what);
  if (uint64_t(params.bands) * params.rows > kMaxHashes) throw Napi::RangeError::New(value.Env(), std::string(what) + ": bands x rows exceeds " + std::to_string(kMaxHashes));
  return params;
}

// TS: dedupeForm(text: BytesColumn, form: DedupeForm): Promise<BytesColumn>     nulls stay null
Napi::Value DedupeFormOf(const Napi::CallbackInfo& info) {
  const auto text = bytes_view(info[0], "dedupeForm text");
  auto named = Napi::Object::New(info.Env());
  named.Set("form", info[1]);
  const auto form = read_name<DedupeForm>(named, "form", kForms, "dedupeForm");
  auto out = std::make_shared<BytesColumn>();
  auto* worker = new PromiseWorker(
      info.Env(),
      [=] {
        std::string buffer;
        for (size_t row = 0; row < text.rows; ++row) {
          if (!text.valid(row)) {
            out->append_null();
            continue;
          }
          buffer.clear();
          append_dedupe_form(form, text[row], buffer);
          out->append(buffer);
        }
        return Status{};
      },
      [=](Napi::Env env) -> Napi::Value { return to_column(env, *out, "utf8"); });
  auto column = info[0].As<Napi::Object>();
  worker->lend({column.Get("data"), column.Get("offsets"), column.Get("validity")});
  return worker->queue();
}

// TS: shingles(from: BytesColumn | ListColumn, params: ShingleParams, repeats?: boolean): Promise<ListColumn>
// Of texts, or of lists of uint16 or uint32 token ids. Ascending and each once; as they stand in the row where `repeats`.
Napi::Value Shingles(const Napi::CallbackInfo& info) {
  const auto params = read_shingle_params(info[1], "shingles");
  const bool repeats = info[2].IsBoolean() && info[2].As<Napi::Boolean>().Value();
  auto from = read_object(info[0], "shingles column");
  const auto kind = from.Get("kind").ToString().Utf8Value();
  std::function<void(Shingler&, size_t, std::vector<uint64_t>&)> row_shingles;
  size_t rows = 0;
  if (kind == "list") {
    const auto values = from.Get("values");
    const auto type = values.IsTypedArray() ? values.As<Napi::TypedArray>().TypedArrayType() : napi_uint8_array;
    if (type == napi_uint16_array) {
      const auto ids = list_view<uint16_t>(from, "shingles tokens");
      rows = ids.rows;
      row_shingles = [=](Shingler& shingler, size_t row, std::vector<uint64_t>& out) { shingler.tokens(ids.begin(row), ids.length(row), out); };
    } else {
      const auto ids = list_view<uint32_t>(from, "shingles tokens");
      rows = ids.rows;
      row_shingles = [=](Shingler& shingler, size_t row, std::vector<uint64_t>& out) { shingler.tokens(ids.begin(row), ids.length(row), out); };
    }
  } else {
    const auto text = bytes_view(from, "shingles text");
    rows = text.rows;
    row_shingles = [=](Shingler& shingler, size_t row, std::vector<uint64_t>& out) {
      if (text.valid(row)) shingler.text(text[row], out);
      else out.clear();
    };
  }
  auto column = std::make_shared<ListColumn<uint64_t>>();
  auto* worker = new PromiseWorker(
      info.Env(),
      [=] {
        Shingler shingler(params);
        std::vector<uint64_t> hashes, scratch;
        for (size_t row = 0; row < rows; ++row) {
          row_shingles(shingler, row, hashes);
          if (!repeats) sort_distinct(hashes, scratch);
          column->values.insert(column->values.end(), hashes.begin(), hashes.end());
          column->end_row();
        }
        return Status{};
      },
      [=](Napi::Env env) -> Napi::Value { return to_column(env, *column); });
  worker->lend({from.Get("data"), from.Get("values"), from.Get("offsets"), from.Get("validity")});
  return worker->queue();
}

// TS: shinglesOfWords(words: BytesColumn, offsets: Int32Array, params: ShingleParams): Promise<ListColumn>
// Row r's words are words[offsets[r]] .. words[offsets[r+1] - 1]; hashes in order, repeats included. Normal form and word method are the caller's.
Napi::Value ShinglesOfWords(const Napi::CallbackInfo& info) {
  const auto words = bytes_view(info[0], "shinglesOfWords words");
  size_t rows = 0;
  const int32_t* offsets = checked_offsets(info[1], words.rows, &rows, "shinglesOfWords");
  const auto params = read_shingle_params(info[2], "shinglesOfWords");
  auto column = std::make_shared<ListColumn<uint64_t>>();
  auto* worker = new PromiseWorker(
      info.Env(),
      [=] {
        Shingler shingler(params);
        std::vector<uint64_t> hashes;
        std::vector<int32_t> ends;
        for (size_t row = 0; row < rows; ++row) {
          const int32_t first = offsets[row], last = offsets[row + 1], start = words.offsets[first];
          ends.clear();
          for (int32_t word = first; word < last; ++word) ends.push_back(words.offsets[word + 1] - start);
          shingler.words({reinterpret_cast<const char*>(words.data) + start, size_t(words.offsets[last] - start)}, ends.data(), ends.size(), hashes);
          column->values.insert(column->values.end(), hashes.begin(), hashes.end());
          column->end_row();
        }
        return Status{};
      },
      [=](Napi::Env env) -> Napi::Value { return to_column(env, *column); });
  auto column_of_words = info[0].As<Napi::Object>();
  worker->lend({column_of_words.Get("data"), column_of_words.Get("offsets"), info[1]});
  return worker->queue();
}

struct BandRange {
  uint32_t from, to;
};
BandRange read_bands(const Napi::CallbackInfo& info, const SketchParams& params, const char* what) {
  const uint32_t from = read_whole(info[2], 0, params.bands, std::string(what) + " bandFrom");
  return {from, read_whole(info[3], from, params.bands, std::string(what) + " bandTo")};
}

// TS: sketchMinima(shingles: ListColumn, params: SketchParams, bandFrom, bandTo, isa?): Promise<BigUint64Array>
// (rows, (bandTo - bandFrom) x params.rows); all ones where a row has no shingle.
Napi::Value SketchMinima(const Napi::CallbackInfo& info) {
  const auto shingles = list_view<uint64_t>(info[0], "sketchMinima shingles");
  const auto params = read_sketch_params(info[1], "sketchMinima");
  const auto bands = read_bands(info, params, "sketchMinima");
  const auto isa = read_isa(info[4], "sketchMinima");
  const size_t width = size_t(bands.to - bands.from) * params.rows;
  auto minima = std::make_shared<std::vector<uint64_t>>(shingles.rows * width, UINT64_MAX);
  auto* worker = new PromiseWorker(
      info.Env(),
      [=] {
        BandHasher hasher(params, isa);
        for (size_t row = 0; row < shingles.rows; ++row) hasher.minima(shingles.begin(row), shingles.length(row), bands.from, bands.to, minima->data() + row * width);
        return Status{};
      },
      [=](Napi::Env env) { return to_typed_array(env, *minima); });
  auto column = info[0].As<Napi::Object>();
  worker->lend({column.Get("values"), column.Get("offsets")});
  return worker->queue();
}

// TS: bandKeysOf(shingles: ListColumn, params: SketchParams, bandFrom, bandTo, isa?): Promise<{keys: BigUint64Array; rows: Uint32Array}>
// An entry a band of every row that has a shingle, rows ascending: high and low half of the key.
Napi::Value BandKeysOf(const Napi::CallbackInfo& info) {
  const auto shingles = list_view<uint64_t>(info[0], "bandKeysOf shingles");
  const auto params = read_sketch_params(info[1], "bandKeysOf");
  const auto bands = read_bands(info, params, "bandKeysOf");
  const auto isa = read_isa(info[4], "bandKeysOf");
  auto keys = std::make_shared<std::vector<uint64_t>>();
  auto rows = std::make_shared<std::vector<uint32_t>>();
  auto* worker = new PromiseWorker(
      info.Env(),
      [=] {
        BandHasher hasher(params, isa);
        std::vector<Hash128> row_keys(bands.to - bands.from);
        for (size_t row = 0; row < shingles.rows; ++row) {
          if (!hasher.keys(shingles.begin(row), shingles.length(row), bands.from, bands.to, row_keys.data())) continue;
          for (const auto& key : row_keys) {
            keys->push_back(key.high);
            keys->push_back(key.low);
            rows->push_back(uint32_t(row));
          }
        }
        return Status{};
      },
      [=](Napi::Env env) -> Napi::Value {
        auto result = Napi::Object::New(env);
        result.Set("keys", to_typed_array(env, *keys));
        result.Set("rows", to_typed_array(env, *rows));
        return result;
      });
  auto column = info[0].As<Napi::Object>();
  worker->lend({column.Get("values"), column.Get("offsets")});
  return worker->queue();
}
std::string read_text(const Napi::Value& value, const char* what) {
  if (!value.IsString()) throw Napi::TypeError::New(value.Env(), std::string(what) + " must be a string");
  return value.As<Napi::String>().Utf8Value();
}

size_t read_memory(const Napi::Value& value, const char* what) {
  const double memory = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : -1;
  if (!(memory >= 0 && memory <= 1e15)) throw Napi::RangeError::New(value.Env(), std::string(what) + ": memoryBytes must be a number of bytes");
  return size_t(memory);
}

Napi::Value count_of(Napi::Env env, std::function<Status(uint64_t*)> work) {
  auto count = std::make_shared<uint64_t>(0);
  return (new PromiseWorker(env, [=] { return work(count.get()); }, [=](Napi::Env result_env) { return Napi::Number::New(result_env, double(*count)); }))->queue();
}

// TS: writeSignatureFile(shinglesFile: string, dropped: {number, path}[], params: SketchParams, band: number, out: string, memoryBytes: number): Promise<number>
Napi::Value WriteSignatureFile(const Napi::CallbackInfo& info) {
  const auto shingles = read_text(info[0], "writeSignatureFile shinglesFile"), out = read_text(info[4], "writeSignatureFile out");
  const auto dropped = dropped_of(info[1], "writeSignatureFile");
  const auto params = read_sketch_params(info[2], "writeSignatureFile");
  const uint32_t band = read_whole(info[3], 0, params.bands - 1, "writeSignatureFile band");
  const size_t memory = read_memory(info[5], "writeSignatureFile");
  return count_of(info.Env(), [=](uint64_t* records) { return write_signature_file(shingles, dropped, params, band, out, memory, records); });
}

// TS: readSignatureFile(path: string, params: SketchParams, band: number, firstRow: bigint, out: string, memoryBytes: number): Promise<SignatureCounts>
Napi::Value ReadSignatureFile(const Napi::CallbackInfo& info) {
  const auto path = read_text(info[0], "readSignatureFile path"), out = read_text(info[4], "readSignatureFile out");
  const auto params = read_sketch_params(info[1], "readSignatureFile");
  const uint32_t band = read_whole(info[2], 0, params.bands - 1, "readSignatureFile band");
  bool lossless = false;
  const uint64_t first_row = info[3].IsBigInt() ? info[3].As<Napi::BigInt>().Uint64Value(&lossless) : 0;
  if (!lossless) throw Napi::RangeError::New(info.Env(), "readSignatureFile firstRow must be a bigint of 64 bits");
  const size_t memory = read_memory(info[5], "readSignatureFile");
  auto counts = std::make_shared<SignatureCounts>();
  auto* worker = new PromiseWorker(
      info.Env(), [=] { return read_signature_file(path, params, band, first_row, out, memory, counts.get()); },
      [=](Napi::Env result_env) {
        auto result = Napi::Object::New(result_env);
        result.Set("records", double(counts->records));
        result.Set("documents", double(counts->documents));
        return result;
      });
  return worker->queue();
}

// TS: bandKeys(shinglesFile: string, dropped: {number, path}[], params: SketchParams, bandFrom, bandTo, out: string, memoryBytes: number): Promise<BandKeyCounts>
Napi::Value BandKeys(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  const auto shingles = read_text(info[0], "bandKeys shinglesFile");
  const auto dropped = dropped_of(info[1], "bandKeys");
  const auto params = read_sketch_params(info[2], "bandKeys");
  const uint32_t from = read_whole(info[3], 0, params.bands, "bandKeys bandFrom"), to = read_whole(info[4], from, params.bands, "bandKeys bandTo");
  const auto out = read_text(info[5], "bandKeys out");
  const size_t memory = read_memory(info[6], "bandKeys");
  auto counts = std::make_shared<BandKeyCounts>();
  auto* worker = new PromiseWorker(
      env, [=] { return band_keys(shingles, dropped, params, from, to, out, memory, counts.get()); },
      [=](Napi::Env result_env) {
        auto result = Napi::Object::New(result_env);
        result.Set("documents", double(counts->documents));
        result.Set("entries", double(counts->entries));
        result.Set("bytes", double(counts->bytes));
        return result;
      });
  return worker->queue();
}

// TS: multiplyProducts(isa: HashIsa, rounds: number): number
Napi::Value MultiplyProducts(const Napi::CallbackInfo& info) {
  uint64_t checksum = 0;
  const auto products = multiply_products(read_isa(info[0], "multiplyProducts"), read_whole(info[1], 0, 1u << 30, "multiplyProducts rounds"), &checksum);
  return Napi::Number::New(info.Env(), double(products));
}

// TS: sketchGroupBands(params: SketchParams): number     a round of a multiple of so many bands wastes no work
Napi::Value SketchGroupBands(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), BandHasher(read_sketch_params(info[0], "sketchGroupBands")).group_bands());
}
}  // namespace

REFINE_BIND(sketch) {
  const std::pair<const char*, Napi::Value (*)(const Napi::CallbackInfo&)> functions[] = {
      {"dedupeForm", DedupeFormOf}, {"shingles", Shingles}, {"shinglesOfWords", ShinglesOfWords}, {"sketchMinima", SketchMinima}, {"bandKeysOf", BandKeysOf}, {"bandKeys", BandKeys}, {"sketchGroupBands", SketchGroupBands},
      {"writeSignatureFile", WriteSignatureFile}, {"readSignatureFile", ReadSignatureFile}, {"multiplyProducts", MultiplyProducts}};
  for (const auto& [name, function] : functions) exports.Set(name, Napi::Function::New(env, function));
}
}  // namespace refine::node
