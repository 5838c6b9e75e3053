// See structured_text.h.
#include "structured_text.h"

#include <algorithm>

#include "refine/utf8.h"
#include "shingles.h"
#include "writers.h"

namespace refine::html {
namespace {

constexpr double kShown = 0.5;       // a list of which this share stands in the text is shown
constexpr size_t kShortBody = 400;   // bytes: a body below says no more than a description does

enum class Kind { kParagraph, kBullet, kNumber };

double share_shown(const std::vector<std::string>& lines, const ShingleSet& shown) {
  double sum = 0, weight = 0;
  for (const auto& line : lines) {
    sum += shown.share(line) * double(line.size());
    weight += double(line.size());
  }
  return weight > 0 ? sum / weight : 1;
}

void append_line(TextFormat format, Kind kind, size_t number, const std::string& line, std::string& text) {
  const std::string marker = kind == Kind::kBullet ? "- " : kind == Kind::kNumber ? std::to_string(number) + ". " : "";
  if (format == TextFormat::kBlocks) {
    text += R"({"type":")";
    text += kind == Kind::kParagraph ? "paragraph" : "item";
    text += R"(","text":)";
    append_json(text, line);
    if (kind != Kind::kParagraph) text += R"(,"level":1)";
    if (kind == Kind::kNumber) text += ",\"number\":" + std::to_string(number);
    text += '}';
  } else if (format == TextFormat::kMarkdown) {
    text += marker;
    append_markdown(text, line, {}, {}, InlinePlace::kParagraph, "");
  } else {
    text += marker + line;
  }
}

void add_list(const std::vector<std::string>& lines, Kind kind, TextFormat format, const ShingleSet& shown, std::string& text) {
  if (lines.empty() || share_shown(lines, shown) >= kShown) return;
  size_t number = 0;
  for (const auto& line : lines) {
    ++number;
    if (shown.share(line) > kShown) continue;
    const bool apart = format == TextFormat::kMarkdown && (kind == Kind::kParagraph || number == 1);
    if (!text.empty()) text += apart ? "\n\n" : "\n";
    append_line(format, kind, number, line, text);
  }
}

}  // namespace

void add_structured_text(const JsonLd& json_ld, TextFormat format, std::string& text) {
  if (json_ld.body.empty() && json_ld.ingredients.empty() && json_ld.steps.empty() && json_ld.answers.empty()) return;
  ShingleSet shown;
  shown.add(text);
  shown.seal();
  size_t body = 0;
  for (const auto& line : json_ld.body) body += line.size();
  if (body >= kShortBody && body > text.size()) add_list(json_ld.body, Kind::kParagraph, format, shown, text);
  add_list(json_ld.ingredients, Kind::kBullet, format, shown, text);
  add_list(json_ld.steps, Kind::kNumber, format, shown, text);
  add_list(json_ld.answers, Kind::kParagraph, format, shown, text);
}

}  // namespace refine::html
