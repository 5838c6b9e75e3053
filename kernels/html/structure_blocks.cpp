// Blocks, cells, listings and atoms of the walk: see structure_walk.h.
#include <algorithm>

#include "structure_walk.h"

namespace refine::html {
namespace {

std::string_view trimmed(std::string_view s) {
  while (!s.empty() && uint8_t(s.front()) <= ' ') s.remove_prefix(1);
  while (!s.empty() && uint8_t(s.back()) <= ' ') s.remove_suffix(1);
  return s;
}

bool begins_without_case(std::string_view s, std::string_view lower) {
  if (s.size() < lower.size()) return false;
  for (size_t i = 0; i < lower.size(); ++i) if ((s[i] | 0x20) != lower[i]) return false;
  return true;
}

// A paragraph that a script would draw as one formula: \[...\] or $$...$$ with more between than further marks.
bool is_tex(std::string_view s) {
  if (s.size() < 5) return false;
  const auto open = s.substr(0, 2), close = s.substr(s.size() - 2);
  const bool marked = (open == "\\[" && close == "\\]" && s.find("\\]") == s.size() - 2) || (open == "$$" && close == "$$" && s.find("$$", 2) == s.size() - 2);
  return marked && !fold_tex(s).empty();
}

constexpr size_t kMaxAddress = 8192;   // bytes of a link as written

}  // namespace

void StructureWalk::boundary() {
  if (pre_ > 0) {
    if (!line_.text.empty() && line_.text.back() != '\n') line_.text.push_back('\n');
  } else if (flat()) {
    line_.space();
  } else {
    flush();
  }
}

void StructureWalk::flush() {
  if (links_ > 0 && line_.is_open(MarkKind::kLink) && line_.begin_of(MarkKind::kLink) < line_.text.size()) {
    if (!link_text_.empty()) link_text_ += ' ';
    link_text_.append(line_.text, line_.begin_of(MarkKind::kLink));
  }
  line_.finish();
  if (!line_.empty() || !line_.marks.empty()) {
    const bool image_last = !line_.marks.empty() && line_.marks.back().kind == MarkKind::kImage;
    const size_t least = image_last ? line_.marks.back().begin : 0;  // a space before it stays
    while (line_.text.size() > least && (line_.text.back() == '\n' || line_.text.back() == ' ')) line_.text.pop_back();
    const bool only = line_.marks.size() == 1 && line_.marks[0].begin == 0 && line_.marks[0].end == line_.text.size();
    const bool formula = kind_ == BlockKind::kParagraph && ((only && (line_.marks[0].kind == MarkKind::kDisplayFormula || line_.marks[0].kind == MarkKind::kReadable)) || (line_.marks.empty() && is_tex(line_.text)));
    write(formula ? BlockKind::kFormula : kind_, std::move(line_.text), std::move(line_.marks));
  }
  line_.clear();
}

void StructureWalk::write(BlockKind kind, std::string&& text, std::vector<Mark>&& marks) {
  block_.kind = kind;
  block_.level = kind == BlockKind::kHeading ? level_ : 0;
  block_.lang = kind == BlockKind::kCode ? lang_ : std::string_view();
  block_.text.swap(text);
  block_.marks.swap(marks);
  if (block_.text.empty() && block_.marks.empty()) return;
  sink_.block(containers_, block_);
  for (Container& c : containers_) c.marked = true;
}

void StructureWalk::text(uint32_t at) {
  std::string_view s = tree_.text_of(at);
  if (pre_ == 0) { line_.put(s); return; }
  if (pre_line_ended_) {  // the newline between two lines that are elements
    const size_t first = s.find_first_not_of(" \t");
    if (first == std::string_view::npos) return;
    if (s[first] == '\n') s.remove_prefix(first + 1);
  }
  pre_line_ended_ = false;
  if (padded_ && !s.empty() && s.front() == ' ') s.remove_prefix(1);
  padded_ = false;
  line_.put_preformatted(s);
}

void StructureWalk::line_break() {
  if (pre_ > 0) line_.text.push_back('\n');
  else if (flat()) line_.space();
  else if (!line_.empty() && line_.text.back() == '\n') flush();  // two of them part paragraphs
  else line_.line_break();
}

void StructureWalk::open_pre(uint32_t at, bool table) {
  flush();
  lang_ = code_language(tree_, at, false);
  if (lang_.empty() && !table) {
    uint32_t child = tree_.nodes[at].first;
    for (int steps = 0; child != kNone && steps < 8 && !tree_.is(child, k_code); ++steps) child = tree_.is(child, k_pre) ? tree_.nodes[child].first : tree_.nodes[child].next;
    if (child != kNone && tree_.is(child, k_code)) lang_ = code_language(tree_, child, false);
  }
  uint32_t box = tree_.nodes[at].parent;
  for (int up = 0; lang_.empty() && up < 3 && box != kNone; ++up, box = tree_.nodes[box].parent) lang_ = code_language(tree_, box, true);
  push(at, What::kPre, uint32_t(kind_));
  pre_ = 1;
  pre_line_ended_ = false;
  kind_ = BlockKind::kCode;
}

void StructureWalk::close_pre() {
  pre_ = 0;
  listing_ = padded_ = false;
  std::string& text = line_.text;
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ' || text.back() == '\t')) text.pop_back();
  // Empty lines before the code; its first line's indentation stays.
  size_t begin = 0;
  for (size_t i = 0; i < text.size() && (text[i] == ' ' || text[i] == '\t' || text[i] == '\n'); ++i) if (text[i] == '\n') begin = i + 1;
  text.erase(0, begin);
  line_.finish();
  line_.marks.clear();
  if (!text.empty()) write(BlockKind::kCode, std::move(line_.text), std::move(line_.marks));
  line_.clear();
}

void StructureWalk::open_cell(uint32_t at, bool header) {
  flush();
  Cell cell;
  cell.header = header;
  const Node& n = tree_.nodes[at];
  for (uint32_t i = 0; i < n.size && i < 32; ++i) {
    const NodeAttribute& a = tree_.attributes[n.begin + i];
    if (a.name < kFirstUnknownAttribute) continue;
    const std::string_view name = tree_.attribute_names.name(a.name);
    const bool columns = name == "colspan";
    if (!columns && name != "rowspan") continue;
    uint32_t value = 0;
    for (const char c : trimmed(tree_.span(a.begin, a.size))) { if (c < '0' || c > '9' || value > 100'000) break; value = value * 10 + uint32_t(c - '0'); }
    (columns ? cell.columns : cell.rows) = uint16_t(std::clamp(value, 1u, columns ? 1000u : 65534u));
  }
  cell.text_end = uint32_t(table_.text.size());
  cell.marks_end = uint32_t(table_.marks.size());
  push_slowly(table_.cells, std::move(cell));
  in_cell_ = true;
  cell_ = at;
}

bool StructureWalk::part_table() {
  const Node& cell = tree_.nodes[cell_];
  const auto alone = [&](uint32_t other) { return other == kNone || (tree_.nodes[other].type == NodeType::kText && tree_.nodes[other].next == kNone) || (tree_.nodes[other].type == NodeType::kText && tree_.nodes[other].prev == kNone); };
  if (!in_cell_ || heading_ > 0 || !line_.empty() || !alone(cell.next) || !alone(cell.prev)) return false;
  table_.cells.pop_back();
  if (!table_.rows.empty()) {
    sink_.table(containers_, table_);
    for (Container& c : containers_) c.marked = true;
  }
  table_ = Table();
  in_cell_ = false;
  parted_ = true;
  return true;
}

void StructureWalk::close_cell() {
  if (parted_) {
    flush();
    parted_ = false;
    return;
  }
  line_.finish();
  Cell& cell = table_.cells.back();
  table_.text += line_.text;
  table_.marks.insert(table_.marks.end(), line_.marks.begin(), line_.marks.end());
  cell.text_end = uint32_t(table_.text.size());
  cell.marks_end = uint32_t(table_.marks.size());
  line_.clear();
  in_cell_ = false;
}

void StructureWalk::close_row() {
  const uint32_t begin = table_.rows.empty() ? 0 : table_.rows.back();
  bool text = false, headers = true;
  for (size_t i = begin; i < table_.cells.size(); ++i) {
    text = text || !table_.is_empty(i);
    headers = headers && (table_.cells[i].header || table_.text_of(i).empty());
  }
  if (!text) { table_.cells.resize(begin); return; }
  if (table_.rows.empty()) table_.header_row = headers;
  table_.rows.push_back(uint32_t(table_.cells.size()));
}

void StructureWalk::close_table() {
  flush();
  in_table_ = in_cell_ = false;
  if (!table_.rows.empty()) {
    sink_.table(containers_, table_);
    for (Container& c : containers_) c.marked = true;
  }
  table_ = Table();
}

void StructureWalk::put_formula(const Formula& formula, bool display) {
  if (formula.source.empty()) return;
  if (pre_ > 0) { line_.put_preformatted(formula.source); return; }
  const bool own = display && !flat();
  if (!formula.tex) {
    if (own) flush();
    line_.put_whole(formula.source, MarkKind::kReadable);
    if (own) flush();
    return;
  }
  const bool words = line_.is_open(MarkKind::kCode);
  if (own) flush();
  const std::string_view fence = display ? "$$" : "$";
  std::string text;
  if (!words) text += fence;
  text += formula.source;
  if (!words) text += fence;
  line_.put_whole(text, display ? MarkKind::kDisplayFormula : MarkKind::kFormula);
  if (own) flush();
}

// KaTeX, MediaWiki and MathJax show a formula by boxes, images or hidden MathML around one source.
bool StructureWalk::atom(uint32_t at, uint16_t cues) {
  const uint32_t parent = tree_.nodes[at].parent;
  const bool display = (cues & WriteCues::kMathDisplay) || (parent != kNone && cues_.has(parent, WriteCues::kMathDisplay));
  if (cues & WriteCues::kMathJax) {
    uint32_t next = tree_.nodes[at].next;
    for (int steps = 0; next != kNone && steps < 4; ++steps, next = tree_.nodes[next].next) {
      bool in_script = false;
      if (!tree_.is(next, k_script) || !is_tex_script(tree_, next, &in_script)) continue;
      // Written there; or here, by the last of the boxes, where the selection took scripts out but kept what they drew.
      if (removed_[next] && steps == 0 && tree_.nodes[next].first != kNone) {
        Formula formula;
        formula.source = fold_tex(tree_.text_of(tree_.nodes[next].first));
        formula.tex = true;
        put_formula(formula, in_script);
      }
      return true;
    }
  }
  for (math_ = std::max(math_, at); math_ < o_.size(); ++math_, ++o_.steps) {
    const Node& n = tree_.nodes[math_];
    if (n.type == NodeType::kElement && n.ns == Namespace::kMathml && n.name == k_math) break;
  }
  if (contains(at, math_) && math_ != no_formula_) {
    const Formula formula = formula_of_math(tree_, math_);
    if (formula.source.empty()) { no_formula_ = math_; return false; }
    put_formula(formula, display || formula.display);
    return true;
  }
  if (cues & WriteCues::kWikiMath) {
    for (uint32_t i = at + 1; i < o_.ends[at] && i < at + 64; ++i) {
      if (!tree_.is(i, k_img)) continue;
      const Formula formula = formula_of_alt(tree_.attribute(i, kAttr_alt));
      put_formula(formula, display || cues_.has(i, WriteCues::kMathDisplay));
      return !formula.source.empty();
    }
  }
  return false;
}

void StructureWalk::image(uint32_t at) {
  const auto alt = trimmed(tree_.attribute(at, kAttr_alt));
  if (alt.empty()) return;
  const bool tex_image = cues_.has(at, WriteCues::kTexImage);
  const bool tex_alt = alt.size() > 2 && ((alt.front() == '$' && alt.back() == '$') || alt.substr(0, 2) == "\\(" || alt.substr(0, 2) == "\\[" || alt.substr(0, 14) == "{\\displaystyle");
  if (tex_image || tex_alt) {
    if (alt.size() > target_bytes_) return;
    target_bytes_ -= alt.size();
    const Formula formula = formula_of_alt(alt);
    put_formula(formula, formula.display || cues_.has(at, WriteCues::kMathDisplay));
    return;
  }
  if (!options_.images || pre_ > 0 || alt.size() > target_bytes_) return;
  target_bytes_ -= alt.size();
  InlineText clean;
  clean.put(alt);
  if (clean.empty()) return;
  std::string src;
  address(tree_.attribute(at, kAttr_src), src);
  push_slowly(kept_.images, {std::move(src), std::move(clean.text)});
  if (options_.marks) line_.put_mark_only(MarkKind::kImage, uint32_t(kept_.images.size() - 1));
}

bool StructureWalk::address(std::string_view written, std::string& out) {
  const auto href = trimmed(written);
  if (href.empty() || href.size() > kMaxAddress || begins_without_case(href, "javascript:") || begins_without_case(href, "data:")) return false;
  if (options_.resolver == nullptr || !options_.resolver->append_resolved(href, out)) out.assign(href);
  if (out.size() > target_bytes_) { out.clear(); return false; }
  target_bytes_ -= out.size();
  return true;
}

void StructureWalk::open_link(uint32_t at) {
  if (links_++ > 0) { line_.open(MarkKind::kLink); return; }
  link_text_.clear();
  std::string url;
  address(tree_.attribute(at, kAttr_href), url);
  push_slowly(kept_.links, {std::move(url), {}});
  line_.open(MarkKind::kLink, uint32_t(kept_.links.size() - 1));
}

void StructureWalk::close_link() {
  if (--links_ == 0) {
    const uint32_t begin = line_.begin_of(MarkKind::kLink);
    if (begin < line_.text.size()) {
      if (!link_text_.empty()) link_text_ += ' ';
      link_text_.append(line_.text, begin);
    }
    kept_.links.back().text = std::move(link_text_);
    link_text_.clear();
  }
  line_.close(MarkKind::kLink);
}

void walk_structure(const Outline& outline, const Selection& selection, const WalkOptions& options, Sink& sink, Kept& kept) {
  StructureWalk(outline, selection, options, sink, kept).walk(selection.roots);
  // Sinks counted them by their place; now only those that lead somewhere and say where.
  kept.links.erase(std::remove_if(kept.links.begin(), kept.links.end(), [](const Target& t) { return t.url.empty() || t.text.empty(); }), kept.links.end());
}

}  // namespace refine::html
