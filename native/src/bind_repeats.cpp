// Repeated lines and paragraphs. Twin signatures stand in native/repeats.ts (RepeatsBinding).
#include <array>

#include "phase_args.h"
#include "refine/cut_lines.h"
#include "refine/line_copies.h"
#include "refine/line_keys.h"
#include "refine/paragraph_copies.h"
#include "refine/paragraph_grams.h"

namespace refine::node {
namespace {

LineForm form_of(const Napi::Object& given, const char* what) {
  const auto name = text_at(given, "form", what);
  if (name == "c4") return LineForm::kC4;
  if (name == "ccnet") return LineForm::kCcnet;
  if (name == "ccnet@code") return LineForm::kCcnetCode;
  throw Napi::RangeError::New(given.Env(), std::string(what) + " form must be 'c4', 'ccnet' or 'ccnet@code'");
}

Span<uint64_t> rows_of(const Napi::Value& value, const BytesView& text, const char* what) {
  const auto rows = typed_array<uint64_t>(value, what);
  if (rows.size != text.rows) throw Napi::RangeError::New(value.Env(), std::string(what) + ": rows has " + std::to_string(rows.size) + " entries, needs " + std::to_string(text.rows));
  return rows;
}

Span<uint64_t> scopes_of(const Napi::Value& value, const BytesView& text, const char* what) {
  if (value.IsUndefined()) return {};
  const auto scopes = typed_array<uint64_t>(value, what);
  if (scopes.size != 2 * text.rows) throw Napi::RangeError::New(value.Env(), std::string(what) + ": scopes has " + std::to_string(scopes.size) + " entries, needs two a row");
  return scopes;
}

void lend_text(PromiseWorker* worker, const Napi::Value& text) {
  const auto column = text.As<Napi::Object>();
  worker->lend({text, column.Get("data"), column.Get("offsets"), column.Get("validity")});
}

// TS: lineKeys(text, rows, params, scopes?): Promise<BigUint64Array>
Napi::Value LineKeys(const Napi::CallbackInfo& info) {
  const auto text = bytes_view(info[0], "lineKeys text");
  const auto rows = rows_of(info[1], text, "lineKeys");
  const auto params = object_of(info[2], "lineKeys params");
  const auto form = form_of(params, "lineKeys");
  const auto min_words = uint32_t(number_at(params, "minWords", 1, 1e6, "lineKeys"));
  const bool wide = params.Get("wide").ToBoolean();
  const auto scopes = scopes_of(info[3], text, "lineKeys");
  auto keys = std::make_shared<std::vector<uint64_t>>();
  auto* worker = new PromiseWorker(
      info.Env(),
      [=] {
        LineKeyer keyer(form, min_words);
        std::vector<LineKey> lines;
        for (size_t row = 0; row < text.rows; ++row) {
          if (!text.valid(row)) continue;
          keyer.keys(text[row], lines);
          const uint64_t high = scopes.size ? scopes.data[2 * row] : 0, low = scopes.size ? scopes.data[2 * row + 1] : 0;
          for (const auto& line : lines) {
            keys->push_back(line.key.high ^ high);
            if (wide) keys->push_back(line.key.low ^ low);
            keys->push_back(rows.data[row]);
            keys->push_back(uint64_t(line.start) << 32 | line.end);
          }
        }
        return Status{};
      },
      [=](Napi::Env env) { return to_typed_array(env, *keys); });
  lend_text(worker, info[0]);
  worker->lend({info[1], info[3]});
  return worker->queue();
}

// TS: repeatedLines(text, rows, params): Promise<BigUint64Array>
Napi::Value RepeatedLines(const Napi::CallbackInfo& info) {
  const auto text = bytes_view(info[0], "repeatedLines text");
  const auto rows = rows_of(info[1], text, "repeatedLines");
  const auto params = object_of(info[2], "repeatedLines params");
  const auto form = form_of(params, "repeatedLines");
  const auto min_words = uint32_t(number_at(params, "minWords", 1, 1e6, "repeatedLines"));
  auto keys = std::make_shared<std::vector<uint64_t>>();
  auto* worker = new PromiseWorker(
      info.Env(),
      [=] {
        LineKeyer keyer(form, min_words);
        std::vector<LineKey> lines;
        std::vector<uint32_t> copies;
        for (size_t row = 0; row < text.rows; ++row) {
          if (!text.valid(row)) continue;
          keyer.keys(text[row], lines);
          repeated_lines(lines, copies);
          for (const uint32_t copy : copies) keys->insert(keys->end(), {rows.data[row], lines[copy].start, lines[copy].end});
        }
        return Status{};
      },
      [=](Napi::Env env) { return to_typed_array(env, *keys); });
  lend_text(worker, info[0]);
  worker->lend({info[1]});
  return worker->queue();
}

// TS: lineCopies(task): Promise<LineCopyCounts>
Napi::Value LineCopies(const Napi::CallbackInfo& info) {
  const auto given = object_of(info[0], "lineCopies");
  const auto task = task_of(given, "lineCopies");
  const bool wide = given.Get("wide").ToBoolean();
  const auto most = uint64_t(number_at(given, "maxDocuments", 0, 1e15, "lineCopies"));
  auto counts = std::make_shared<LineCopyCounts>();
  auto* worker = new PromiseWorker(
      info.Env(), [=] { return line_copies(task.files, wide, task.range, task.dropped, most, task.out, task.scratch, task.memory_bytes, counts.get()); },
      [=](Napi::Env env) -> Napi::Value {
        return numbers(env, {{"lines", counts->lines}, {"copies", counts->copies}, {"repeated", counts->repeated}, {"largest", counts->largest}});
      });
  return worker->queue();
}

// The n-grams of one document as records of lists, by the first byte of their hash.
void add_lists(uint64_t row, const std::vector<Paragraph>& paragraphs, const std::vector<uint64_t>& hashes, std::array<std::vector<uint8_t>, 256>& lists, std::vector<uint64_t>& keys,
               std::vector<uint8_t>& tails, std::vector<int32_t>& tail_offsets) {
  size_t at = 0;
  for (uint32_t number = 0; number < paragraphs.size(); ++number)
    for (uint32_t i = 0; i < paragraphs[number].grams; ++i, ++at) {
      auto& list = lists[hashes[at] >> 56];
      const size_t from = list.size();
      list.resize(from + kGramEntryBytes);
      std::memcpy(list.data() + from, &number, 4);
      std::memcpy(list.data() + from + 4, &hashes[at], 8);
    }
  for (size_t byte = 0; byte < 256; ++byte) {
    if (lists[byte].empty()) continue;
    keys.push_back(uint64_t(byte) << 56);
    keys.push_back(row);
    tails.insert(tails.end(), lists[byte].begin(), lists[byte].end());
    tail_offsets.push_back(int32_t(tails.size()));
    lists[byte].clear();
  }
}

// TS: paragraphGrams(text, rows, params, scopes?): Promise<GramRecords>
Napi::Value ParagraphGramRecords(const Napi::CallbackInfo& info) {
  const auto text = bytes_view(info[0], "paragraphGrams text");
  const auto rows = rows_of(info[1], text, "paragraphGrams");
  const auto given = object_of(info[2], "paragraphGrams params");
  GramParams params;
  params.most = uint32_t(number_at(given, "most", 1, kMaxGram, "paragraphGrams"));
  params.least = uint32_t(number_at(given, "least", 1, params.most, "paragraphGrams"));
  params.normalise = given.Get("normalise").ToBoolean();
  const bool lists = given.Get("lists").ToBoolean();
  const auto scopes = scopes_of(info[3], text, "paragraphGrams");
  struct Result {
    std::vector<uint64_t> keys, paragraph_keys;
    std::vector<uint8_t> values, tails, paragraph_values;
    std::vector<int32_t> tail_offsets{0};
    uint64_t grams = 0;
  };
  auto result = std::make_shared<Result>();
  auto* worker = new PromiseWorker(
      info.Env(),
      [=]() -> Status {
        ParagraphGrams scanner(params);
        std::vector<Paragraph> paragraphs;
        std::vector<uint64_t> hashes;
        const auto by_byte = std::make_unique<std::array<std::vector<uint8_t>, 256>>();
        for (size_t row = 0; row < text.rows; ++row) {
          if (!text.valid(row)) continue;
          scanner.grams(text[row], paragraphs, hashes);
          if (scopes.size)
            for (auto& hash : hashes) hash ^= scopes.data[2 * row];
          result->grams += hashes.size();
          size_t at = 0;
          for (uint32_t number = 0; number < paragraphs.size(); ++number) {
            const auto& paragraph = paragraphs[number];
            result->paragraph_keys.insert(result->paragraph_keys.end(), {rows.data[row], number});
            const uint32_t fields[3] = {paragraph.start, paragraph.end, paragraph.grams};
            const auto* bytes = reinterpret_cast<const uint8_t*>(fields);
            result->paragraph_values.insert(result->paragraph_values.end(), bytes, bytes + 12);
            for (uint32_t i = 0; !lists && i < paragraph.grams; ++i, ++at) {
              result->keys.insert(result->keys.end(), {hashes[at], rows.data[row]});
              result->values.insert(result->values.end(), {uint8_t(number >> 24), uint8_t(number >> 16), uint8_t(number >> 8), uint8_t(number)});
            }
          }
          if (lists) add_lists(rows.data[row], paragraphs, hashes, *by_byte, result->keys, result->tails, result->tail_offsets);
          if (result->tails.size() > kMaxColumn) return Status::error("ERR_REFINE_MEMORY", "a batch's n-grams pass 2 GiB; lower the batch size");
        }
        return {};
      },
      [=](Napi::Env env) -> Napi::Value {
        auto object = Napi::Object::New(env);
        object.Set("keys", to_typed_array(env, result->keys));
        object.Set("values", to_typed_array(env, result->values));
        object.Set("tails", to_typed_array(env, result->tails));
        object.Set("tailOffsets", to_typed_array(env, result->tail_offsets));
        object.Set("paragraphKeys", to_typed_array(env, result->paragraph_keys));
        object.Set("paragraphValues", to_typed_array(env, result->paragraph_values));
        object.Set("grams", Napi::Number::New(env, double(result->grams)));
        return object;
      });
  lend_text(worker, info[0]);
  worker->lend({info[1], info[3]});
  return worker->queue();
}

Napi::Value held_counts(Napi::Env env, const HeldCounts& counts) {
  return numbers(env, {{"grams", counts.grams}, {"held", counts.held}, {"filterBytes", counts.filter_bytes}, {"filterPasses", counts.filter_passes}, {"asked", counts.asked},
                       {"wrong", counts.wrong}, {"expectedWrong", counts.expected_wrong}});
}

// TS: heldGrams(task): Promise<HeldCounts>
Napi::Value HeldGrams(const Napi::CallbackInfo& info) {
  const auto task = task_of(object_of(info[0], "heldGrams"), "heldGrams");
  auto counts = std::make_shared<HeldCounts>();
  auto* worker = new PromiseWorker(
      info.Env(), [=] { return held_grams(task.files, task.range, task.dropped, task.out, task.scratch, task.memory_bytes, counts.get()); },
      [=](Napi::Env env) { return held_counts(env, *counts); });
  return worker->queue();
}

// TS: heldGramsBloom(task): Promise<HeldCounts>
Napi::Value HeldGramsBloom(const Napi::CallbackInfo& info) {
  const auto given = object_of(info[0], "heldGramsBloom");
  const auto task = task_of(given, "heldGramsBloom");
  const auto total = uint64_t(number_at(given, "totalGrams", 0, 1e15, "heldGramsBloom"));
  const double rate = number_at(given, "rate", 1e-9, 0.999, "heldGramsBloom");
  constexpr uint64_t kBelow = (uint64_t(1) << 56) - 1;
  if ((task.range.first & kBelow) != 0 || (task.range.last & kBelow) != kBelow || task.range.last < task.range.first)
    throw Napi::RangeError::New(info.Env(), "heldGramsBloom: first and last must be borders of the first byte");
  auto counts = std::make_shared<HeldCounts>();
  auto* worker = new PromiseWorker(
      info.Env(), [=] { return held_grams_bloom(task.files, task.range, task.dropped, total, rate, task.out, task.scratch, task.memory_bytes, counts.get()); },
      [=](Napi::Env env) { return held_counts(env, *counts); });
  return worker->queue();
}

// TS: cutParagraphs(task): Promise<{paragraphs, cut, documents, dropped}>
Napi::Value CutParagraphs(const Napi::CallbackInfo& info) {
  const char* what = "cutParagraphs";
  const auto given = object_of(info[0], what);
  const auto paragraphs = paths_at(given, "paragraphs", what), held = paths_at(given, "held", what);
  const RecordRange range{word_at(given, "first", what), word_at(given, "last", what)};
  const ParagraphThresholds thresholds{number_at(given, "paragraphThreshold", 0, 1, what), number_at(given, "documentThreshold", 0, 1, what)};
  const auto edits = text_at(given, "edits", what), verdicts = text_at(given, "verdicts", what), scratch = text_at(given, "scratch", what);
  const auto memory = size_t(number_at(given, "memoryBytes", 0, 1e15, what));
  auto counts = std::make_shared<ParagraphCounts>();
  auto* worker = new PromiseWorker(
      info.Env(), [=] { return cut_paragraphs(paragraphs, held, range, thresholds, edits, verdicts, scratch, memory, counts.get()); },
      [=](Napi::Env env) -> Napi::Value {
        return numbers(env, {{"paragraphs", counts->paragraphs}, {"cut", counts->cut}, {"documents", counts->documents}, {"dropped", counts->dropped}});
      });
  return worker->queue();
}

// TS: cutLines(text, edits, sentences): Promise<CutTexts>
Napi::Value CutLines(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  const auto text = bytes_view(info[0], "cutLines text");
  const auto edits = object_of(info[1], "cutLines edits");
  const auto start = typed_array<uint32_t>(edits.Get("start"), "cutLines start"), end = typed_array<uint32_t>(edits.Get("end"), "cutLines end");
  size_t rows = 0;
  const int32_t* offsets = checked_offsets(edits.Get("offsets"), start.size, &rows, "cutLines edits");
  if (rows != text.rows || end.size != start.size) throw Napi::RangeError::New(env, "cutLines: edits are of " + std::to_string(rows) + " rows, the text has " + std::to_string(text.rows));
  const bool sentences = info[2].ToBoolean();
  auto left = std::make_shared<BytesColumn>();
  auto cuts = std::make_shared<std::vector<CutText>>(rows);
  auto* worker = new PromiseWorker(
      env,
      [=]() -> Status {
        std::string buffer;
        for (size_t row = 0; row < rows; ++row) {
          if (!text.valid(row)) {
            left->append_null();
            continue;
          }
          buffer.clear();
          const auto from = size_t(offsets[row]);
          (*cuts)[row] = cut_lines(text[row], start.data + from, end.data + from, size_t(offsets[row + 1]) - from, sentences, buffer);
          if (!(*cuts)[row].ok)
            return Status::error("ERR_REFINE_INTERNAL", "an edit of row " + std::to_string(row) + " of a batch is no whole line of its text; the text is not the one that was mapped");
          left->append(buffer);
        }
        return {};
      },
      [=](Napi::Env in) -> Napi::Value {
        auto object = Napi::Object::New(in);
        object.Set("text", to_column(in, *left, "utf8"));
        const auto set = [&](const char* name, uint32_t CutText::*field) {
          std::vector<uint32_t> values;
          for (const auto& cut : *cuts) values.push_back(cut.*field);
          object.Set(name, to_typed_array(in, values));
        };
        set("lines", &CutText::lines);
        set("cutCharacters", &CutText::cut_characters);
        set("characters", &CutText::characters);
        set("left", &CutText::left);
        set("sentences", &CutText::sentences);
        return object;
      });
  lend_text(worker, info[0]);
  worker->lend({edits.Get("start"), edits.Get("end"), edits.Get("offsets")});
  return worker->queue();
}

}  // namespace

REFINE_BIND(repeats) {
  const std::pair<const char*, Napi::Value (*)(const Napi::CallbackInfo&)> functions[] = {
      {"lineKeys", LineKeys},   {"repeatedLines", RepeatedLines},   {"lineCopies", LineCopies},       {"paragraphGrams", ParagraphGramRecords},
      {"heldGrams", HeldGrams}, {"heldGramsBloom", HeldGramsBloom}, {"cutParagraphs", CutParagraphs}, {"cutLines", CutLines}};
  for (const auto& [name, function] : functions) exports.Set(name, Napi::Function::New(env, function));
}

}  // namespace refine::node
