// The boundary of kernels/ngram. TS: native/ngram.ts.
#include <atomic>

#include "bind.h"
#include "handle.h"
#include "refine/fixed_math.h"
#include "refine/ngram_train.h"

namespace {

using namespace refine;
using namespace refine::node;

// A reader or trainer is used by one call at a time.
template <class T>
struct OneAtATime {
  T value;
  std::atomic<bool> busy = false;
  template <class... Arguments>
  explicit OneAtATime(Arguments&&... arguments) : value(std::forward<Arguments>(arguments)...) {}
};
using Reader = OneAtATime<ngram::ArpaReader>;
using Trainer = OneAtATime<ngram::Trainer>;

}  // namespace

template <>
struct refine::node::Handle<Reader> {
  static constexpr napi_type_tag tag = {0x7265666e61727061ull, 0x5b1f0c7d39e24a86ull};
  static constexpr const char* from = "ngramReader";
};
template <>
struct refine::node::Handle<Trainer> {
  static constexpr napi_type_tag tag = {0x7265666e74726e67ull, 0x8e64d2b0915fc73aull};
  static constexpr const char* from = "ngramTrainer";
};
template <>
struct refine::node::Handle<const ngram::Model> {
  static constexpr napi_type_tag tag = {0x7265666e6d6f646cull, 0x2f9a61c4d87be053ull};
  static constexpr const char* from = "ngramModel";
};

namespace {

// Held by a call for its time; let go with the worker, on the JavaScript thread.
template <class T>
struct Use {
  std::shared_ptr<T> held;
  explicit Use(std::shared_ptr<T> taken) : held(std::move(taken)) {}
  ~Use() { held->busy = false; }
};
template <class T>
std::shared_ptr<Use<T>> use_of(const Napi::Value& value, const char* what) {
  auto held = handle_of<T>(value, what);
  if (held->busy.exchange(true)) throw Napi::Error::New(value.Env(), std::string(what) + ": the handle is used by two calls at once");
  return std::make_shared<Use<T>>(std::move(held));
}

double number_of(const Napi::Value& value, double most, const char* what) {
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : -1;
  if (!(number >= 0) || number > most || number != double(uint64_t(number))) throw Napi::RangeError::New(value.Env(), std::string(what) + " must be a whole number in range");
  return number;
}

std::string word_of(const Napi::Value& value, const char* what) {
  if (!value.IsString()) throw Napi::TypeError::New(value.Env(), std::string(what) + " must be a string");
  return value.As<Napi::String>().Utf8Value();
}

ngram::TextOptions text_options(const Napi::Value& value, const char* what) {
  if (!value.IsObject()) throw Napi::TypeError::New(value.Env(), std::string(what) + ": expected how text becomes words");
  const auto source = value.As<Napi::Object>();
  const auto words = word_of(source.Get("words"), what), normalise = word_of(source.Get("normalise"), what), unit = word_of(source.Get("unit"), what);
  ngram::TextOptions options;
  if (words == "white-space") options.words = WordMethod::kWhiteSpace;
  else if (words == "uax29") options.words = WordMethod::kUax29;
  else if (words == "script-aware") options.words = WordMethod::kScriptAware;
  else throw Napi::RangeError::New(value.Env(), std::string(what) + ": unknown words " + words);
  options.ccnet = normalise == "ccnet";
  options.by_line = unit == "line";
  return options;
}

Napi::Value NgramReader(const Napi::CallbackInfo& info) {
  return to_handle(info.Env(), std::make_shared<Reader>(uint64_t(number_of(info[0], 9007199254740991.0, "ngramReader textBytes"))));
}

Napi::Value NgramRead(const Napi::CallbackInfo& info) {
  const auto use = use_of<Reader>(info[0], "ngramRead");
  const auto bytes = bytes_of(info[1], "ngramRead bytes");
  auto* worker = new PromiseWorker(info.Env(), [=] { return use->held->value.add(bytes); }, {});
  worker->lend({info[0], info[1]});
  return worker->queue();
}

Napi::Value NgramModel(const Napi::CallbackInfo& info) {
  const auto use = use_of<Reader>(info[0], "ngramModel");
  auto model = std::make_shared<std::shared_ptr<const ngram::Model>>();
  auto* worker = new PromiseWorker(info.Env(), [=] { return use->held->value.finish(model.get()); }, [model](Napi::Env env) { return to_handle(env, *model); });
  worker->lend({info[0]});
  return worker->queue();
}

Napi::Value NgramFacts(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  const auto model = handle_of<const ngram::Model>(info[0], "ngramFacts");
  auto object = Napi::Object::New(env);
  auto grams = Napi::Array::New(env, size_t(model->order()));
  for (int n = 1; n <= model->order(); ++n) grams[uint32_t(n - 1)] = double(model->grams(n));
  object.Set("order", model->order());
  object.Set("grams", grams);
  object.Set("bytes", double(model->bytes()));
  object.Set("comment", model->comment());
  return object;
}

Napi::Value NgramScore(const Napi::CallbackInfo& info) {
  const auto model = handle_of<const ngram::Model>(info[0], "ngramScore");
  const auto text = bytes_view(info[1], "ngramScore text");
  const auto options = text_options(info[2], "ngramScore");
  struct Scores {
    std::vector<double> log10;
    std::vector<uint32_t> words;
    std::vector<float> perplexity;
  };
  auto scores = std::make_shared<Scores>(Scores{std::vector<double>(text.rows), std::vector<uint32_t>(text.rows), std::vector<float>(text.rows)});
  auto* worker = new PromiseWorker(
      info.Env(),
      [=] {
        ngram::Words words(options);
        for (size_t row = 0; row < text.rows; ++row) {
          uint64_t count = 0;
          if (!text.valid(row) || !model->score_text(text[row], words, &scores->log10[row], &count)) continue;
          scores->words[row] = uint32_t(std::min<uint64_t>(count, UINT32_MAX));
          scores->perplexity[row] = float(fixed_exp(-scores->log10[row] / double(count) * 2.302585092994045684));
        }
        return Status{};
      },
      [scores](Napi::Env env) -> Napi::Value {
        auto object = Napi::Object::New(env);
        object.Set("log10", to_typed_array(env, scores->log10));
        object.Set("words", to_typed_array(env, scores->words));
        object.Set("perplexity", to_typed_array(env, scores->perplexity));
        return object;
      });
  const auto column = info[1].As<Napi::Object>();
  worker->lend({info[0], column.Get("data"), column.Get("offsets"), column.Get("validity")});
  return worker->queue();
}

Napi::Value NgramNormalise(const Napi::CallbackInfo& info) {
  const auto text = bytes_view(info[0], "ngramNormalise text");
  auto result = std::make_shared<BytesColumn>();
  auto* worker = new PromiseWorker(
      info.Env(),
      [=] {
        std::string normal;
        for (size_t row = 0; row < text.rows; ++row) {
          if (!text.valid(row)) {
            result->append_null();
            continue;
          }
          normal.clear();
          ngram::normalize_ccnet(text[row], normal);
          result->append(normal);
        }
        return Status{};
      },
      [result](Napi::Env env) -> Napi::Value { return to_column(env, *result, "utf8"); });
  const auto column = info[0].As<Napi::Object>();
  worker->lend({column.Get("data"), column.Get("offsets"), column.Get("validity")});
  return worker->queue();
}

Napi::Value NgramTrainer(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  if (!info[0].IsObject()) throw Napi::TypeError::New(env, "ngramTrainer: expected options");
  const auto source = info[0].As<Napi::Object>();
  ngram::TrainOptions options;
  options.order = int(number_of(source.Get("order"), ngram::kMaxOrder, "ngramTrainer order"));
  if (options.order < 2) throw Napi::RangeError::New(env, "ngramTrainer order must be at least 2");
  options.text = text_options(source.Get("text"), "ngramTrainer");
  options.max_bytes = size_t(number_of(source.Get("maxBytes"), 9007199254740991.0, "ngramTrainer maxBytes"));
  options.scratch = word_of(source.Get("scratch"), "ngramTrainer scratch");
  options.fallback = source.Get("fallback").ToBoolean();
  if (!source.Get("prune").IsArray()) throw Napi::TypeError::New(env, "ngramTrainer prune must be a list");
  const auto prune = source.Get("prune").As<Napi::Array>();
  if (prune.Length() > uint32_t(options.order)) throw Napi::RangeError::New(env, "ngramTrainer prune has more entries than orders");
  for (uint32_t i = 0; i < prune.Length(); ++i) {
    options.prune[i + 1] = uint64_t(number_of(prune.Get(i), 9007199254740991.0, "ngramTrainer prune"));
    if (options.prune[i + 1] < options.prune[i] || options.prune[1] != 0) throw Napi::RangeError::New(env, "ngramTrainer prune must begin with 0 and never fall");
  }
  for (int n = int(prune.Length()) + 1; n <= options.order; ++n) options.prune[n] = options.prune[n - 1];
  return to_handle(env, std::make_shared<Trainer>(std::move(options)));
}

Napi::Value NgramAdd(const Napi::CallbackInfo& info) {
  const auto use = use_of<Trainer>(info[0], "ngramAdd");
  const auto text = bytes_view(info[1], "ngramAdd text");
  auto* worker = new PromiseWorker(info.Env(), [=] { return use->held->value.add(text); }, {});
  const auto column = info[1].As<Napi::Object>();
  worker->lend({info[0], column.Get("data"), column.Get("offsets"), column.Get("validity")});
  return worker->queue();
}

Napi::Value NgramWrite(const Napi::CallbackInfo& info) {
  const auto use = use_of<Trainer>(info[0], "ngramWrite");
  const auto path = word_of(info[1], "ngramWrite path"), comment = word_of(info[2], "ngramWrite comment");
  if (comment.find('\n') != std::string::npos) throw Napi::RangeError::New(info.Env(), "ngramWrite comment must be one line");
  auto trained = std::make_shared<ngram::Trained>();
  auto* worker = new PromiseWorker(
      info.Env(), [=] { return use->held->value.write(path, comment, trained.get()); },
      [trained](Napi::Env env) -> Napi::Value {
        auto object = Napi::Object::New(env);
        object.Set("words", double(trained->words));
        object.Set("sentences", double(trained->sentences));
        object.Set("vocabulary", double(trained->vocabulary));
        object.Set("spilledBytes", double(trained->spilled_bytes));
        auto list = Napi::Array::New(env);
        for (int n = 1; n <= ngram::kMaxOrder && trained->orders[n].grams > 0; ++n) {
          const auto& order = trained->orders[n];
          auto one = Napi::Object::New(env);
          auto counts = Napi::Array::New(env), discounts = Napi::Array::New(env);
          for (uint32_t k = 1; k <= 4; ++k) counts[k - 1] = double(order.counts[k]);
          for (uint32_t k = 1; k <= 3; ++k) discounts[k - 1] = order.discounts[k];
          one.Set("grams", double(order.grams));
          one.Set("written", double(order.written));
          one.Set("counts", counts);
          one.Set("discounts", discounts);
          one.Set("fallback", order.fallback);
          list[uint32_t(n - 1)] = one;
        }
        object.Set("orders", list);
        return object;
      });
  worker->lend({info[0]});
  return worker->queue();
}

Napi::Value NgramCancel(const Napi::CallbackInfo& info) {
  handle_of<Trainer>(info[0], "ngramCancel")->value.cancel();
  return info.Env().Undefined();
}

}  // namespace

REFINE_BIND(ngram) {
  exports.Set("ngramReader", Napi::Function::New(env, NgramReader));
  exports.Set("ngramRead", Napi::Function::New(env, NgramRead));
  exports.Set("ngramModel", Napi::Function::New(env, NgramModel));
  exports.Set("ngramFacts", Napi::Function::New(env, NgramFacts));
  exports.Set("ngramScore", Napi::Function::New(env, NgramScore));
  exports.Set("ngramNormalise", Napi::Function::New(env, NgramNormalise));
  exports.Set("ngramTrainer", Napi::Function::New(env, NgramTrainer));
  exports.Set("ngramAdd", Napi::Function::New(env, NgramAdd));
  exports.Set("ngramCancel", Napi::Function::New(env, NgramCancel));
  exports.Set("ngramWrite", Napi::Function::New(env, NgramWrite));
}
