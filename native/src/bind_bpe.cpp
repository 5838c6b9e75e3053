// The boundary of kernels/bpe: a tokenizer is an opaque handle that lives as long as JavaScript holds it.
// TS: BpeBinding in native/binding.ts.
#include "bind.h"
#include "bpe_handle.h"

#include <algorithm>

namespace {

using namespace refine;
using namespace refine::node;

Napi::Value BpeOpen(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  if (!info[0].IsObject()) throw Napi::TypeError::New(env, "bpeOpen: the definition must be an object");
  const auto source = info[0].As<Napi::Object>();
  bpe::Definition definition;
  definition.tokens = bytes_view(source.Get("tokens"), "bpeOpen tokens");
  const auto in_model = typed_array<uint8_t>(source.Get("inModel"), "bpeOpen inModel");
  const auto byte_ids = typed_array<uint32_t>(source.Get("byteIds"), "bpeOpen byteIds");
  const auto merges = typed_array<uint32_t>(source.Get("merges"), "bpeOpen merges");
  const auto program = typed_array<uint8_t>(source.Get("program"), "bpeOpen program");
  const auto added = bytes_view(source.Get("added"), "bpeOpen added");
  const auto added_ids = typed_array<uint32_t>(source.Get("addedIds"), "bpeOpen addedIds");
  const auto added_flags = typed_array<uint8_t>(source.Get("addedFlags"), "bpeOpen addedFlags");
  if (in_model.size != definition.tokens.rows || byte_ids.size != 256 || merges.size % 3 != 0 || added_ids.size != added.rows || added_flags.size != added.rows)
    throw Napi::RangeError::New(env, "bpeOpen: inModel needs one entry a token, byteIds 256, merges 3 a merge, addedIds and addedFlags one an added token");
  definition.in_model = in_model.data;
  definition.byte_ids = byte_ids.data;
  definition.merges = merges.data;
  definition.merge_count = merges.size / 3;
  for (size_t i = 0; i < program.size; ++i) definition.program.push_back(bpe::SplitStep(program.data[i]));
  for (size_t i = 0; i < added.rows; ++i) {
    const uint8_t flags = added_flags.data[i];
    definition.added.push_back({std::string(added[i]), added_ids.data[i], (flags & 1) != 0, (flags & 2) != 0, (flags & 4) != 0, (flags & 8) != 0, (flags & 16) != 0});
  }
  definition.ignore_merges = source.Get("ignoreMerges").ToBoolean();
  if (const auto ranks = source.Get("mergeRanks"); !ranks.IsUndefined()) {
    const auto values = typed_array<uint32_t>(ranks, "bpeOpen mergeRanks");
    if (values.size != definition.merge_count) throw Napi::RangeError::New(env, "bpeOpen: mergeRanks needs one rank a merge");
    definition.merge_ranks = values.data;
  }
  const auto bytes_of = [](const Napi::Value& value, const char* what) {
    const auto bytes = typed_array<uint8_t>(value, what);
    return std::string(reinterpret_cast<const char*>(bytes.data), bytes.size);
  };
  const auto steps = source.Get("normaliser").As<Napi::Array>();
  for (uint32_t i = 0; i < steps.Length(); ++i) {
    const auto step = steps.Get(i).As<Napi::Object>();
    definition.normaliser.push_back({bpe::NormalStep::Kind(step.Get("kind").ToNumber().Uint32Value()), uint8_t(step.Get("flags").ToNumber().Uint32Value()),
                                     bytes_of(step.Get("from"), "bpeOpen normaliser"), bytes_of(step.Get("to"), "bpeOpen normaliser")});
  }
  if (const auto metaspace = source.Get("metaspace"); metaspace.IsObject()) {
    definition.metaspace.scheme = bpe::Metaspace::Scheme(metaspace.As<Napi::Object>().Get("scheme").ToNumber().Uint32Value() & 3);
    definition.metaspace.replacement = bytes_of(metaspace.As<Napi::Object>().Get("replacement"), "bpeOpen metaspace");
  }
  if (const auto characters = source.Get("characters"); characters.IsObject()) {
    definition.characters = true;
    definition.pieces = bytes_view(characters.As<Napi::Object>().Get("pieces"), "bpeOpen pieces");
    definition.unk_id = characters.As<Napi::Object>().Get("unkId").ToNumber().Uint32Value();
    definition.fuse_unk = characters.As<Napi::Object>().Get("fuseUnk").ToBoolean();
    definition.decode_start = bpe::DecodeStart(characters.As<Napi::Object>().Get("decodeStart").ToNumber().Uint32Value() & 3);
  }
  if (const auto words = source.Get("wordPiece"); words.IsObject()) {
    const auto object = words.As<Napi::Object>();
    definition.word_piece = true;
    definition.pieces = bytes_view(object.Get("pieces"), "bpeOpen pieces");
    definition.unk_id = object.Get("unkId").ToNumber().Uint32Value();
    definition.word_piece_prefix = bytes_of(object.Get("prefix"), "bpeOpen wordPiece prefix");
    definition.word_piece_characters = object.Get("maxCharacters").ToNumber().Uint32Value();
    definition.decode_start = bpe::DecodeStart::kLessOneSpace;
  }
  if (const auto unigram = source.Get("unigram"); unigram.IsObject()) {
    const auto object = unigram.As<Napi::Object>();
    const auto scores = typed_array<double>(object.Get("scores"), "bpeOpen unigram scores");
    if (scores.size != definition.tokens.rows) throw Napi::RangeError::New(env, "bpeOpen: unigram scores need one a token");
    definition.scores = scores.data;
    definition.pieces = bytes_view(object.Get("pieces"), "bpeOpen pieces");
    definition.unk_id = object.Get("unkId").ToNumber().Uint32Value();
    definition.decode_start = bpe::DecodeStart(object.Get("decodeStart").ToNumber().Uint32Value() & 3);
  }
  std::unique_ptr<bpe::Tokenizer> tokenizer;
  if (const Status status = bpe::Tokenizer::make(definition, tokenizer); !status.ok()) {
    auto error = Napi::Error::New(env, status.message);
    error.Value().Set("code", status.code);
    throw error;
  }
  return to_handle<const bpe::Tokenizer>(env, std::move(tokenizer));
}

template <class T>
Napi::Value encode_into(const Napi::CallbackInfo& info, const TokenizerHandle& tokenizer, BytesView texts, bpe::Special special, int64_t bos, int64_t eos, size_t most) {
  struct Result {
    ListColumn<T> tokens;
    std::vector<uint32_t> counts;
  };
  auto result = std::make_shared<Result>();
  auto* worker = new PromiseWorker(
      info.Env(),
      [=] {
        std::vector<uint32_t> ids;
        // so that it rarely moves: few texts have a token for less than two bytes, and pages that stay unused cost nothing
        result->tokens.values.reserve(size_t(texts.offsets[texts.rows]) / 2 + 2 * texts.rows);
        for (size_t row = 0; row < texts.rows; ++row) {
          ids.clear();
          if (bos >= 0) ids.push_back(uint32_t(bos));
          const size_t room = most - std::min(most, ids.size() + (eos >= 0));
          if (texts.valid(row) && room > 0) tokenizer->encode(texts[row], special, ids, room);
          ids.resize(std::min(ids.size(), most - (eos >= 0)));
          if (eos >= 0) ids.push_back(uint32_t(eos));
          if (result->tokens.values.size() + ids.size() > size_t(INT32_MAX))
            return Status::error("ERR_REFINE_MEMORY", "bpeEncode: a batch has more than 2^31 tokens; use smaller batches");
          result->tokens.values.insert(result->tokens.values.end(), ids.begin(), ids.end());
          result->tokens.end_row();
          result->counts.push_back(uint32_t(ids.size()));
        }
        return Status{};
      },
      [result](Napi::Env env) -> Napi::Value {
        auto object = Napi::Object::New(env);
        object.Set("tokens", to_column(env, result->tokens));
        object.Set("counts", to_typed_array(env, result->counts));
        return object;
      });
  worker->lend({info[0], info[1].As<Napi::Object>().Get("data"), info[1].As<Napi::Object>().Get("offsets"), info[1].As<Napi::Object>().Get("validity")});
  return worker->queue();
}

Napi::Value BpeEncode(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  const auto tokenizer = handle_of<const bpe::Tokenizer>(info[0], "bpeEncode");
  const auto texts = bytes_view(info[1], "bpeEncode texts");
  if (!info[2].IsObject()) throw Napi::TypeError::New(env, "bpeEncode: options must be an object");
  const auto options = info[2].As<Napi::Object>();
  const auto special = options.Get("parseSpecial").ToBoolean() ? bpe::Special::kParse : bpe::Special::kText;
  const auto id_of = [&](const char* name) -> int64_t {
    const auto value = options.Get(name);
    if (value.IsNull() || value.IsUndefined()) return -1;
    const auto id = value.IsNumber() ? value.As<Napi::Number>().Int64Value() : -1;
    if (id < 0 || size_t(id) >= tokenizer->vocab_size()) throw Napi::RangeError::New(env, std::string("bpeEncode: ") + name + " must be null or an id of the vocabulary");
    return id;
  };
  const int64_t bos = id_of("bos"), eos = id_of("eos");
  size_t most = SIZE_MAX;
  if (const auto limit = options.Get("maxTokens"); limit.IsNumber()) {
    const int64_t value = limit.As<Napi::Number>().Int64Value();
    if (value < int64_t(bos >= 0) + int64_t(eos >= 0)) throw Napi::RangeError::New(env, "bpeEncode: maxTokens leaves no room for bos and eos");
    most = size_t(value);
  }
  if (tokenizer->vocab_size() <= 65536) return encode_into<uint16_t>(info, tokenizer, texts, special, bos, eos, most);
  return encode_into<uint32_t>(info, tokenizer, texts, special, bos, eos, most);
}

Napi::Value BpeDecode(const Napi::CallbackInfo& info) {
  const auto tokenizer = handle_of<const bpe::Tokenizer>(info[0], "bpeDecode");
  const auto ids = typed_array<uint32_t>(info[1], "bpeDecode ids");
  return Napi::String::New(info.Env(), tokenizer->decode(ids.data, ids.size));
}

Napi::Value BpeTableBytes(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), double(handle_of<const bpe::Tokenizer>(info[0], "bpeTableBytes")->table_bytes()));
}

}  // namespace

REFINE_BIND(bpe) {
  exports.Set("bpeOpen", Napi::Function::New(env, BpeOpen));
  exports.Set("bpeEncode", Napi::Function::New(env, BpeEncode));
  exports.Set("bpeDecode", Napi::Function::New(env, BpeDecode));
  exports.Set("bpeTableBytes", Napi::Function::New(env, BpeTableBytes));
}
