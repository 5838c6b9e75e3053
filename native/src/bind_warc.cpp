// WARC reading, digests and decoders at the Node boundary. A reader works on one call at a time.
#include <atomic>

#include "bind.h"
#include "refine/content_coding.h"
#include "refine/digest.h"
#include "refine/warc.h"

namespace refine::node {
namespace {

Napi::Value bytes_value(Napi::Env env, std::string_view bytes) { return to_typed_array(env, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()); }

template <class T>
Napi::Object fixed_column(Napi::Env env, const std::vector<T>& values, const std::vector<uint8_t>* valid, bool seconds = false) {
  auto object = Napi::Object::New(env);
  object.Set("kind", "fixed");
  object.Set("values", to_typed_array(env, values));
  object.Set("width", 1);
  if (seconds) object.Set("unit", "s");
  bool all = true;
  if (valid)
    for (const uint8_t bit : *valid) all = all && bit;
  if (!all) {
    std::vector<uint8_t> bits((values.size() + 7) / 8);
    for (size_t row = 0; row < values.size(); ++row) bits[row >> 3] |= uint8_t(((*valid)[row] != 0) << (row & 7));
    object.Set("validity", to_typed_array(env, bits));
  }
  return object;
}

Napi::Array string_array(Napi::Env env, const std::vector<std::string>& values) {
  auto array = Napi::Array::New(env, values.size());
  for (size_t i = 0; i < values.size(); ++i) array.Set(uint32_t(i), values[i]);
  return array;
}

Napi::Array pair_array(Napi::Env env, const std::vector<std::pair<std::string, std::string>>& pairs) {
  auto array = Napi::Array::New(env, pairs.size());
  for (size_t i = 0; i < pairs.size(); ++i) {
    auto pair = Napi::Array::New(env, 2);
    pair.Set(0u, pairs[i].first);
    pair.Set(1u, pairs[i].second);
    array.Set(uint32_t(i), pair);
  }
  return array;
}

const char* digest_status(DigestStatus status) {
  static constexpr const char* kNames[] = {"absent", "ok", "mismatch", "unknown-algorithm", "unchecked"};
  return kNames[size_t(status)];
}

Napi::Object record_object(Napi::Env env, const RecordInfo& record) {
  auto object = Napi::Object::New(env);
  const auto text_or_null = [&](const char* name, const char* value) { object.Set(name, value ? Napi::Value(Napi::String::New(env, value)) : env.Null()); };
  object.Set("format", record.arc ? "arc" : "warc");
  object.Set("version", record.version);
  object.Set("type", record.has_type ? Napi::Value(Napi::String::New(env, record.type)) : env.Null());
  object.Set("id", record.id);
  object.Set("url", record.url.empty() ? env.Null() : Napi::Value(Napi::String::New(env, record.url)));
  object.Set("headers", pair_array(env, record.headers));
  object.Set("httpStatus", record.http_status ? Napi::Value(Napi::Number::New(env, record.http_status)) : env.Null());
  object.Set("httpHeaders", record.http ? Napi::Value(pair_array(env, record.http_headers)) : env.Null());
  object.Set("contentType", record.content_type);
  object.Set("offset", double(record.offset));
  object.Set("length", record.length < 0 ? env.Null() : Napi::Value(Napi::Number::New(env, double(record.length))));
  object.Set("streamOffset", double(record.stream_offset));
  object.Set("streamLength", double(record.stream_length));
  object.Set("blockLength", double(record.block_length));
  object.Set("blockDigest", digest_status(record.block_digest));
  object.Set("payloadDigest", digest_status(record.payload_digest));
  auto notes = Napi::Array::New(env, record.notes.size());
  for (size_t i = 0; i < record.notes.size(); ++i) notes.Set(uint32_t(i), record.notes[i]);
  object.Set("notes", notes);
  text_or_null("damage", record.damage);
  text_or_null("skip", record.skip);
  object.Set("payload", record.has_payload ? bytes_value(env, record.payload) : env.Null());
  object.Set("pending", string_array(env, record.pending));
  return object;
}

// TS: new WarcReader(options: WarcReaderOptions)
class WarcReaderObject final : public Napi::ObjectWrap<WarcReaderObject> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "WarcReader",
                       {InstanceMethod<&WarcReaderObject::push>("push"), InstanceMethod<&WarcReaderObject::finish>("finish"),
                        InstanceMethod<&WarcReaderObject::full>("full"), InstanceMethod<&WarcReaderObject::done>("done"),
                        InstanceMethod<&WarcReaderObject::rows>("rows"), InstanceMethod<&WarcReaderObject::take_documents>("takeDocuments"),
                        InstanceMethod<&WarcReaderObject::take_records>("takeRecords"), InstanceMethod<&WarcReaderObject::take_damage>("takeDamage"),
                        InstanceMethod<&WarcReaderObject::counts>("counts")});
  }

  explicit WarcReaderObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<WarcReaderObject>(info) {
    if (!info[0].IsObject()) throw Napi::TypeError::New(info.Env(), "WarcReader: options must be an object");
    const auto given = info[0].As<Napi::Object>();
    WarcOptions options;
    const auto number = [&](const char* name, uint64_t* to, double most) {
      const Napi::Value value = given.Get(name);
      if (value.IsUndefined()) return;
      if (!value.IsNumber()) throw Napi::TypeError::New(info.Env(), std::string("WarcReader: ") + name + " must be a number");
      const double n = value.As<Napi::Number>().DoubleValue();
      if (!(n >= 1 && n <= most)) throw Napi::RangeError::New(info.Env(), std::string("WarcReader: ") + name + " is out of range");
      *to = uint64_t(n);
    };
    const auto flag = [&](const char* name, bool* to) {
      const Napi::Value value = given.Get(name);
      if (!value.IsUndefined()) *to = value.ToBoolean();
    };
    number("maxPayloadBytes", &options.max_payload_bytes, double(1 << 30));  // a column's offsets are int32
    number("maxBatchRows", &options.max_batch_rows, 8192);
    number("maxBatchBytes", &options.max_batch_bytes, double(1 << 29));
    flag("wet", &options.wet);
    flag("verifyDigests", &options.verify_digests);
    flag("records", &options.records);
    flag("payloads", &options.payloads);
    const Napi::Value base_name = given.Get("baseName");
    if (base_name.IsString()) options.base_name = base_name.As<Napi::String>().Utf8Value();
    reader_ = std::make_unique<WarcReader>(std::move(options));
  }

 private:
  void claim(Napi::Env env) {
    if (busy_) throw Napi::Error::New(env, "WarcReader: a call is still at work");
  }

  // C:  Status WarcReader::push(data, size, &consumed)
  // TS: push(chunk: Uint8Array, from: number): Promise<number>
  Napi::Value push(const Napi::CallbackInfo& info) {
    claim(info.Env());
    const auto chunk = typed_array<uint8_t>(info[0], "WarcReader.push chunk");
    const double from = info[1].IsNumber() ? info[1].As<Napi::Number>().DoubleValue() : 0;
    if (!(from >= 0 && from <= double(chunk.size))) throw Napi::RangeError::New(info.Env(), "WarcReader.push: from is outside the chunk");
    auto consumed = std::make_shared<size_t>(0);
    return run(
        info, [this, chunk, from, consumed] { return reader_->push(chunk.data + size_t(from), chunk.size - size_t(from), consumed.get()); },
        [consumed](Napi::Env env) -> Napi::Value { return Napi::Number::New(env, double(*consumed)); });
  }

  Napi::Value finish(const Napi::CallbackInfo& info) {
    claim(info.Env());
    return run(info, [this] { return reader_->finish(); }, [](Napi::Env env) { return env.Undefined(); });
  }

  Napi::Value run(const Napi::CallbackInfo& info, PromiseWorker::Work work, PromiseWorker::Resolve resolve) {
    busy_ = true;
    auto* worker = new PromiseWorker(
        info.Env(),
        [this, work = std::move(work)] {
          struct Release {
            std::atomic<bool>& busy;
            ~Release() { busy = false; }
          } release{busy_};
          return work();
        },
        std::move(resolve));
    worker->lend({info.This(), info[0]});
    return worker->queue();
  }

  Napi::Value full(const Napi::CallbackInfo& info) {
    claim(info.Env());
    return Napi::Boolean::New(info.Env(), reader_->full());
  }
  Napi::Value done(const Napi::CallbackInfo& info) {
    claim(info.Env());
    return Napi::Boolean::New(info.Env(), reader_->done());
  }
  Napi::Value rows(const Napi::CallbackInfo& info) {
    claim(info.Env());
    return Napi::Number::New(info.Env(), double(reader_->documents().rows()));
  }

  Napi::Value take_documents(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    claim(env);
    DocumentColumns& from = reader_->documents();
    auto columns = Napi::Object::New(env);
    columns.Set("id", to_column(env, from.id, "utf8"));
    columns.Set("url", to_column(env, from.url, "utf8"));
    columns.Set("date", fixed_column(env, from.date, &from.date_valid, true));
    columns.Set("warc_offset", fixed_column(env, from.warc_offset, nullptr));
    columns.Set("warc_length", fixed_column(env, from.warc_length, &from.warc_length_valid));
    columns.Set("payload_digest", to_column(env, from.payload_digest, "utf8"));
    columns.Set("http_status", fixed_column(env, from.http_status, &from.http_status_valid));
    columns.Set("content_type", to_column(env, from.content_type, "utf8"));
    columns.Set("x_robots_tag", to_column(env, from.x_robots_tag, "utf8"));
    columns.Set("html", to_column(env, from.html, "binary"));
    columns.Set("text", to_column(env, from.text, "utf8"));
    auto pending = Napi::Array::New(env, from.pending.size());
    for (size_t i = 0; i < from.pending.size(); ++i) {
      auto entry = Napi::Object::New(env);
      entry.Set("row", from.pending[i].row);
      entry.Set("codings", string_array(env, from.pending[i].codings));
      entry.Set("sniff", from.pending[i].sniff);
      pending.Set(uint32_t(i), entry);
    }
    auto result = Napi::Object::New(env);
    result.Set("rows", double(from.rows()));
    result.Set("columns", columns);
    result.Set("pending", pending);
    from.clear();
    return result;
  }

  Napi::Value take_records(const Napi::CallbackInfo& info) {
    claim(info.Env());
    auto& records = reader_->records();
    auto array = Napi::Array::New(info.Env(), records.size());
    for (size_t i = 0; i < records.size(); ++i) {
      Napi::HandleScope scope(info.Env());
      array.Set(uint32_t(i), record_object(info.Env(), records[i]));
    }
    records.clear();
    return array;
  }

  Napi::Value take_damage(const Napi::CallbackInfo& info) {
    claim(info.Env());
    auto& damage = reader_->damage();
    auto array = Napi::Array::New(info.Env(), damage.size());
    for (size_t i = 0; i < damage.size(); ++i) {
      auto entry = Napi::Object::New(info.Env());
      entry.Set("code", damage[i].code);
      entry.Set("offset", double(damage[i].offset));
      entry.Set("length", double(damage[i].length));
      array.Set(uint32_t(i), entry);
    }
    damage.clear();
    return array;
  }

  Napi::Value counts(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    claim(env);
    auto object = Napi::Object::New(env);
    object.Set("records", double(reader_->record_count()));
    object.Set("documents", double(reader_->document_count()));
    object.Set("bytesRead", double(reader_->bytes_read()));
    object.Set("sha256", reader_->done() ? Napi::Value(Napi::String::New(env, reader_->sha256())) : env.Null());
    for (const char* kind : {"skips", "damage", "notes"}) {
      auto counts = Napi::Object::New(env);
      for (const NamedCount& entry : reader_->counts(kind)) counts.Set(entry.name, double(entry.count));
      object.Set(kind, counts);
    }
    const auto payloads = reader_->payloads();
    if (!payloads.empty()) {
      auto types = Napi::Object::New(env);
      for (const PayloadCount& entry : payloads) {
        auto count = Napi::Object::New(env);
        count.Set("records", double(entry.records));
        count.Set("bytes", double(entry.bytes));
        count.Set("truncated", double(entry.truncated));
        types.Set(entry.type, count);
      }
      object.Set("payloads", types);
    }
    return object;
  }

  std::unique_ptr<WarcReader> reader_;
  std::atomic<bool> busy_{false};
};

// TS: decodeContent(coding: 'gzip' | 'deflate' | 'zstd', bytes: Uint8Array, limit: number): {result, bytes}
Napi::Value DecodeContent(const Napi::CallbackInfo& info) {
  const std::string coding = info[0].ToString();
  const std::string_view bytes = bytes_of(info[1], "decodeContent bytes");
  const double limit = info[2].IsNumber() ? info[2].As<Napi::Number>().DoubleValue() : 0;
  if (!(limit >= 1 && limit <= double(1 << 30))) throw Napi::RangeError::New(info.Env(), "decodeContent: limit is out of range");
  std::string out;
  DecodeResult result;
  if (!decode_content(coding, bytes, size_t(limit), out, &result)) throw Napi::TypeError::New(info.Env(), "decodeContent: unknown coding " + coding);
  static constexpr const char* kNames[] = {"ok", "truncated", "too-large", "bad"};
  auto object = Napi::Object::New(info.Env());
  object.Set("result", kNames[size_t(result)]);
  object.Set("bytes", bytes_value(info.Env(), out));
  return object;
}

// TS: digest(kind: 'md5' | 'sha1' | 'sha256' | 'crc32', bytes: Uint8Array): string (hex)
Napi::Value Digest(const Napi::CallbackInfo& info) {
  const std::string kind = info[0].ToString();
  const std::string_view bytes = bytes_of(info[1], "digest bytes");
  if (kind == "crc32") {
    const uint32_t crc = crc32(0, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
    const char raw[4] = {char(crc >> 24), char(crc >> 16), char(crc >> 8), char(crc)};
    return Napi::String::New(info.Env(), hex(std::string_view(raw, 4)));
  }
  if (kind != "md5" && kind != "sha1" && kind != "sha256") throw Napi::TypeError::New(info.Env(), "digest: unknown kind " + kind);
  Hasher hasher(kind == "md5" ? DigestKind::kMd5 : kind == "sha1" ? DigestKind::kSha1 : DigestKind::kSha256);
  hasher.update(bytes);
  return Napi::String::New(info.Env(), hex(hasher.finish()));
}

Napi::Value SniffsAsHtml(const Napi::CallbackInfo& info) { return Napi::Boolean::New(info.Env(), sniffs_as_html(bytes_of(info[0], "sniffsAsHtml bytes"))); }

REFINE_BIND(warc) {
  exports.Set("WarcReader", WarcReaderObject::define(env));
  exports.Set("decodeContent", Napi::Function::New(env, DecodeContent));
  exports.Set("digest", Napi::Function::New(env, Digest));
  exports.Set("sniffsAsHtml", Napi::Function::New(env, SniffsAsHtml));
}

}  // namespace
}  // namespace refine::node
