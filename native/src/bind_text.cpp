// Text room: normal forms and Unicode properties. Twin signatures stand in native/binding.ts (TextBinding).
#include "bind.h"
#include "refine/normalize.h"
#include "refine/text_features.h"
#include "refine/unicode.h"

namespace refine::node {

static void lend_column(PromiseWorker* worker, const Napi::Value& value) {
  const auto column = value.As<Napi::Object>();
  worker->lend({value, column.Get("data"), column.Get("offsets"), column.Get("validity")});
}

// TS: textTransform(text: BytesColumn, form: 'lower' | 'nfd' | 'nfc' | 'default'): Promise<BytesColumn>
static Napi::Value TextTransform(const Napi::CallbackInfo& info) {
  const auto text = bytes_view(info[0], "textTransform text");
  const auto form = info[1].ToString().Utf8Value();
  void (*append)(std::string_view, std::string&) = form == "lower" ? append_lower : form == "nfd" ? append_nfd : form == "nfc" ? append_nfc : form == "default" ? normalize_default : nullptr;
  if (!append) throw Napi::TypeError::New(info.Env(), "textTransform: form is \"" + form + "\", expected lower, nfd, nfc or default");
  auto result = std::make_shared<BytesColumn>();
  auto* worker = new PromiseWorker(
      info.Env(),
      [=]() -> Status {
        std::string row_text;
        for (size_t row = 0; row < text.rows; ++row) {
          if (!text.valid(row)) { result->append_null(); continue; }
          row_text.clear();
          append(text[row], row_text);
          if (result->data.size() + row_text.size() > size_t(INT32_MAX))
            return Status::error("ERR_REFINE_MEMORY", "textTransform: the batch passes 2 GiB of text; lower the batch size");
          result->append(row_text);
        }
        return {};
      },
      [=](Napi::Env env) -> Napi::Value { return to_column(env, *result, "utf8"); });
  lend_column(worker, info[0]);
  return worker->queue();
}

// TS: unicodeTables(): {version: string; category, flags, script, combiningClass: Uint8Array}   one entry a code point
static Napi::Value UnicodeTables(const Napi::CallbackInfo& info) {
  constexpr size_t kPoints = 0x110000;
  std::vector<uint8_t> categories(kPoints), flags(kPoints), scripts(kPoints), classes(kPoints);
  for (size_t c = 0; c < kPoints; ++c) {
    const auto& record = record_of(char32_t(c));
    categories[c] = record.category;
    flags[c] = record.flags;
    scripts[c] = record.script;
    classes[c] = record.combining_class;
  }
  auto object = Napi::Object::New(info.Env());
  object.Set("version", kUnicodeVersion);
  object.Set("category", to_typed_array(info.Env(), categories));
  object.Set("flags", to_typed_array(info.Env(), flags));
  object.Set("script", to_typed_array(info.Env(), scripts));
  object.Set("combiningClass", to_typed_array(info.Env(), classes));
  return object;
}

static std::vector<std::string> strings(const Napi::Value& value, const char* what) {
  if (!value.IsArray()) throw Napi::TypeError::New(value.Env(), std::string(what) + " must be an array of strings");
  const auto array = value.As<Napi::Array>();
  std::vector<std::string> out;
  for (uint32_t i = 0; i < array.Length(); ++i) out.push_back(array.Get(i).ToString().Utf8Value());
  return out;
}

using Floats = std::vector<float>;

// TS: repetitionFeatures(text: BytesColumn): Promise<Record<metric, Float32Array>>   a null row has the features of ""
static Napi::Value RepetitionFeaturesOf(const Napi::CallbackInfo& info) {
  const auto text = bytes_view(info[0], "repetitionFeatures text");
  static const char* const kNames[] = {"duplicate_line_fraction", "duplicate_line_character_fraction", "duplicate_paragraph_fraction", "duplicate_paragraph_character_fraction",
                                       "top_2_gram_fraction", "top_3_gram_fraction", "top_4_gram_fraction", "duplicate_5_gram_fraction", "duplicate_6_gram_fraction",
                                       "duplicate_7_gram_fraction", "duplicate_8_gram_fraction", "duplicate_9_gram_fraction", "duplicate_10_gram_fraction"};
  constexpr size_t kMetrics = std::size(kNames);
  auto values = std::make_shared<std::vector<Floats>>(kMetrics, Floats(text.rows));
  auto* worker = new PromiseWorker(
      info.Env(),
      [=]() -> Status {
        TextFeatures features;
        for (size_t row = 0; row < text.rows; ++row) {
          const auto f = features.repetition(text.valid(row) ? text[row] : std::string_view());
          const float all[kMetrics] = {f.duplicate_line_fraction, f.duplicate_line_character_fraction, f.duplicate_paragraph_fraction, f.duplicate_paragraph_character_fraction,
                                       f.top_gram_fraction[0], f.top_gram_fraction[1], f.top_gram_fraction[2], f.duplicate_gram_fraction[0], f.duplicate_gram_fraction[1],
                                       f.duplicate_gram_fraction[2], f.duplicate_gram_fraction[3], f.duplicate_gram_fraction[4], f.duplicate_gram_fraction[5]};
          for (size_t k = 0; k < kMetrics; ++k) (*values)[k][row] = all[k];
        }
        return {};
      },
      [=](Napi::Env env) -> Napi::Value {
        auto object = Napi::Object::New(env);
        for (size_t k = 0; k < kMetrics; ++k) object.Set(kNames[k], to_typed_array(env, (*values)[k]));
        return object;
      });
  lend_column(worker, info[0]);
  return worker->queue();
}

// TS: qualityFeatures(text: BytesColumn, stopWords: string[]): Promise<Record<metric, Float32Array | Uint32Array>>
static Napi::Value QualityFeaturesOf(const Napi::CallbackInfo& info) {
  const auto text = bytes_view(info[0], "qualityFeatures text");
  const auto stop_words = strings(info[1], "qualityFeatures stopWords");
  auto rows = std::make_shared<std::vector<QualityFeatures>>(text.rows);
  auto* worker = new PromiseWorker(
      info.Env(),
      [=]() -> Status {
        TextFeatures features;
        features.set_stop_words(stop_words);
        for (size_t row = 0; row < text.rows; ++row) (*rows)[row] = features.quality(text.valid(row) ? text[row] : std::string_view());
        return {};
      },
      [=](Napi::Env env) -> Napi::Value {
        auto object = Napi::Object::New(env);
        const auto set = [&](const char* name, auto member) {
          std::vector<std::decay_t<decltype(rows->front().*member)>> values;
          for (const auto& f : *rows) values.push_back(f.*member);
          object.Set(name, to_typed_array(env, values));
        };
        set("word_count", &QualityFeatures::word_count);
        set("mean_word_length", &QualityFeatures::mean_word_length);
        set("hash_word_ratio", &QualityFeatures::hash_word_ratio);
        set("ellipsis_word_ratio", &QualityFeatures::ellipsis_word_ratio);
        set("bullet_line_fraction", &QualityFeatures::bullet_line_fraction);
        set("ellipsis_line_fraction", &QualityFeatures::ellipsis_line_fraction);
        set("alphabetic_word_fraction", &QualityFeatures::alphabetic_word_fraction);
        set("stop_word_count", &QualityFeatures::stop_word_count);
        return object;
      });
  lend_column(worker, info[0]);
  return worker->queue();
}

// TS: correctLines(text: BytesColumn, rules: LineRules): Promise<{text: BytesColumn; words, removedWords, removedLines, editedLines: Uint32Array}>
static Napi::Value CorrectLines(const Napi::CallbackInfo& info) {
  const auto text = bytes_view(info[0], "correctLines text");
  if (!info[1].IsObject()) throw Napi::TypeError::New(info.Env(), "correctLines rules must be an object");
  const auto given = info[1].As<Napi::Object>();
  LineRules rules;
  rules.uppercase_character_fraction = given.Get("uppercaseCharacterFraction").ToNumber().FloatValue();
  rules.edit_max_words = given.Get("editMaxWords").ToNumber().Uint32Value();
  rules.counters = strings(given.Get("counters"), "correctLines counters");
  rules.at_start = strings(given.Get("atStart"), "correctLines atStart");
  rules.at_end = strings(given.Get("atEnd"), "correctLines atEnd");
  rules.anywhere = strings(given.Get("anywhere"), "correctLines anywhere");
  rules.drop_uppercase = given.Get("uppercase").ToBoolean();
  rules.drop_numeric = given.Get("numeric").ToBoolean();
  rules.drop_counter = given.Get("counter").ToBoolean();
  rules.drop_one_word = given.Get("oneWord").ToBoolean();
  auto corrected = std::make_shared<BytesColumn>();
  auto counts = std::make_shared<std::vector<LineCounts>>(text.rows);
  auto* worker = new PromiseWorker(
      info.Env(),
      [=]() -> Status {
        std::string row_text;
        for (size_t row = 0; row < text.rows; ++row) {  // the result is never longer than the batch, which is below 2 GiB
          if (!text.valid(row)) { corrected->append_null(); continue; }
          row_text.clear();
          (*counts)[row] = correct_lines(text[row], rules, row_text);
          corrected->append(row_text);
        }
        return {};
      },
      [=](Napi::Env env) -> Napi::Value {
        auto object = Napi::Object::New(env);
        object.Set("text", to_column(env, *corrected, "utf8"));
        const auto set = [&](const char* name, uint32_t LineCounts::*member) {
          std::vector<uint32_t> values;
          for (const auto& row : *counts) values.push_back(row.*member);
          object.Set(name, to_typed_array(env, values));
        };
        set("words", &LineCounts::words);
        set("removedWords", &LineCounts::removed_words);
        set("removedLines", &LineCounts::removed_lines);
        set("editedLines", &LineCounts::edited_lines);
        return object;
      });
  lend_column(worker, info[0]);
  return worker->queue();
}

REFINE_BIND(text) {
  exports.Set("repetitionFeatures", Napi::Function::New(env, RepetitionFeaturesOf));
  exports.Set("qualityFeatures", Napi::Function::New(env, QualityFeaturesOf));
  exports.Set("correctLines", Napi::Function::New(env, CorrectLines));
  exports.Set("textTransform", Napi::Function::New(env, TextTransform));
  exports.Set("unicodeTables", Napi::Function::New(env, UnicodeTables));
}

}  // namespace refine::node
