// See formulas.h. The linear form is written by a walk with a stack of what stands between an element's children.
#include "formulas.h"

#include <vector>

#include "inline_text.h"

namespace refine::html {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r'; }

std::string_view attribute_named(const Tree& tree, uint32_t node, std::string_view name) {
  const Node& n = tree.nodes[node];
  for (uint32_t i = 0; i < n.size && i < 64; ++i) {
    const NodeAttribute& a = tree.attributes[n.begin + i];
    if (tree.attribute_names.name(a.name) == name) return tree.span(a.begin, a.size);
  }
  return {};
}

std::string lower(std::string_view s) {
  std::string out(s.substr(0, 64));
  for (char& c : out) if (c >= 'A' && c <= 'Z') c = char(c + 32);
  return out;
}

std::string text_below(const Tree& tree, uint32_t root) {
  std::string out;
  for (uint32_t node = tree.nodes[root].first; node != kNone; node = tree.next_in_order(node, root))
    if (tree.nodes[node].type == NodeType::kText) out += tree.text_of(node);
  return out;
}

bool wraps(std::string_view s, std::string_view open, std::string_view close) {
  return s.size() >= open.size() + close.size() && s.substr(0, open.size()) == open && s.substr(s.size() - close.size()) == close;
}

// What an element's children are joined with. `parts` are written in order before child 0, 1, 2, ... and at the end.
struct Shape { const char* parts[4]; uint32_t arity; bool tight; };  // tight: children of more than one token get brackets
constexpr Shape kRow{{"", "", "", ""}, 0, false};

Shape shape_of(std::string_view name) {
  if (name == "mfrac") return {{"", "/", "", ""}, 2, true};
  if (name == "msup" || name == "mover") return {{"", "^", "", ""}, 2, true};
  if (name == "msub" || name == "munder") return {{"", "_", "", ""}, 2, true};
  if (name == "msubsup" || name == "munderover") return {{"", "_", "^", ""}, 3, true};
  if (name == "msqrt") return {{"sqrt(", "", "", ")"}, 1, false};
  if (name == "mroot") return {{"root(", ", ", "", ")"}, 2, false};
  if (name == "mfenced") return {{"(", ", ", ", ", ")"}, 0, false};
  if (name == "mtable") return {{"[", "; ", "; ", "]"}, 0, false};
  if (name == "mtr" || name == "mlabeledtr") return {{"", ", ", ", ", ""}, 0, false};
  return kRow;
}

// One token, perhaps in rows of one: written without brackets below a fraction bar or in an exponent.
bool is_token(const Tree& tree, uint32_t node) {
  for (int depth = 0; depth < 8; ++depth) {
    const std::string_view name = tree.tag_names.name(tree.nodes[node].name);
    if (name == "mi" || name == "mn" || name == "mtext" || name == "ms" || name == "mo") return true;
    if (name == "msqrt" || name == "mroot" || name == "mfenced" || name == "mtable") return true;
    if (name != "mrow" && name != "mstyle" && name != "mpadded") return false;
    uint32_t only = kNone;
    int children = 0;
    for (uint32_t c = tree.nodes[node].first; c != kNone && children < 2; c = tree.nodes[c].next)
      if (tree.nodes[c].type == NodeType::kElement) { only = c; ++children; }
    if (children != 1) return children == 0;
    node = only;
  }
  return false;
}

bool spaced(std::string_view op) {
  for (const std::string_view known : {"=", "<", ">", "+", "-", "\u2212", "\u00b1", "\u00d7", "\u22c5", "\u2264", "\u2265", "\u2260", "\u2248", "\u2261", "\u2192", "\u21d2", "\u21d4", "\u2208", "\u223c", ":=", "\u2282", "\u2286", "\u222a", "\u2229", "\u2227", "\u2228"})
    if (op == known) return true;
  return false;
}

class Linear {
 public:
  explicit Linear(const Tree& tree) : tree_(tree) {}
  std::string write(uint32_t math) {
    uint32_t node = math;
    bool down = true;
    push(math);
    while (!stack_.empty()) {
      const uint32_t next = down ? tree_.nodes[node].first : tree_.nodes[node].next;
      if (next == kNone) {
        node = stack_.back().node;
        pop();
        down = false;
        continue;
      }
      node = next;
      down = enter(node);
    }
    InlineText folded;
    folded.put(out_);
    return std::move(folded.text);
  }

 private:
  struct Open { uint32_t node; Shape shape; uint32_t children /* so far */; bool bracket; };

  // Writes what a child needs before it; true where its own children follow.
  bool enter(uint32_t node) {
    const Node& n = tree_.nodes[node];
    if (n.type != NodeType::kElement) return false;
    const std::string_view name = tree_.tag_names.name(n.name);
    if (name == "annotation" || name == "annotation-xml" || name == "maction" || name == "mphantom" || name == "mspace" || name == "none" || name == "mprescripts") {
      if (name == "mspace") out_ += ' ';
      return false;
    }
    Open& parent = stack_.back();
    const Shape& shape = parent.shape;
    if (parent.children > 0) out_ += shape.arity == 0 ? shape.parts[1] : parent.children < shape.arity ? shape.parts[parent.children] : "";
    ++parent.children;
    const bool bracket = shape.tight && !is_token(tree_, node);
    if (name == "mi" || name == "mn" || name == "mo" || name == "mtext" || name == "ms") {
      std::string token = text_below(tree_, node);
      InlineText clean;
      clean.put(token);
      if (name == "mo" && !shape.tight && spaced(clean.text)) {
        const bool prefix = out_.empty() || out_.back() == '(' || out_.back() == ' ' || out_.back() == '[';
        if (!prefix) out_ += ' ';
        out_ += clean.text;
        if (!prefix) out_ += ' ';
      } else if (name == "mtext") {
        out_ += ' ';
        out_ += clean.text;
        out_ += ' ';
      } else {
        // Two words or numbers side by side would read as one.
        if (after_fraction_ && name != "mo") out_ += ' ';
        if (clean.text.size() > 1 && name != "mo" && !out_.empty() && ((out_.back() >= 'a' && out_.back() <= 'z') || (out_.back() >= '0' && out_.back() <= '9'))) out_ += ' ';
        out_ += clean.text;
      }
      after_fraction_ = false;
      return false;
    }
    if (bracket) out_ += '(';
    push(node, bracket);
    return true;
  }
  void push(uint32_t node, bool bracket = false) {
    Shape shape = shape_of(tree_.tag_names.name(tree_.nodes[node].name));
    if (shape.tight && shape.parts[1][0] == '/') {
      const auto line = attribute_named(tree_, node, "linethickness");
      if (!line.empty() && line[0] == '0') shape.parts[1] = " choose ";
    }
    out_ += shape.parts[0];
    stack_.push_back({node, shape, 0, bracket});
  }
  void pop() {
    out_ += stack_.back().shape.parts[3];
    after_fraction_ = stack_.back().shape.parts[1][0] == '/' && !stack_.back().bracket;
    if (stack_.back().bracket) out_ += ')';
    stack_.pop_back();
  }
  const Tree& tree_;
  std::vector<Open> stack_;
  std::string out_;
  bool after_fraction_ = false;  // a letter right behind would join its denominator
};

}  // namespace

std::string fold_tex(std::string_view tex) {
  std::string out;
  bool space = false;
  for (const char c : tex) {
    if (is_space(c)) { space = true; continue; }
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) continue;
    if (space && !out.empty()) out.push_back(' ');
    space = false;
    out.push_back(c);
  }
  std::string_view s = out;
  const auto trim = [&] {
    while (!s.empty() && s.front() == ' ') s.remove_prefix(1);
    while (!s.empty() && s.back() == ' ') s.remove_suffix(1);
  };
  for (bool again = true; again;) {
    again = false;
    for (const auto& [open, close] : std::initializer_list<std::pair<std::string_view, std::string_view>>{{"$$", "$$"}, {"\\[", "\\]"}, {"\\(", "\\)"}, {"$", "$"}, {"{\\displaystyle ", "}"}, {"{\\textstyle ", "}"}, {"\\displaystyle ", ""}, {"\\textstyle ", ""}}) {
      if (!wraps(s, open, close) || s.size() == open.size() + close.size()) continue;
      s.remove_prefix(open.size());
      s.remove_suffix(close.size());
      trim();
      again = true;
    }
  }
  return std::string(s);
}

Formula formula_of_math(const Tree& tree, uint32_t math) {
  Formula out;
  out.display = lower(attribute_named(tree, math, "display")) == "block" || lower(attribute_named(tree, math, "mode")) == "display";
  for (uint32_t node = tree.nodes[math].first; node != kNone; node = tree.next_in_order(node, math)) {
    const Node& n = tree.nodes[node];
    if (n.type != NodeType::kElement || tree.tag_names.name(n.name) != "annotation") continue;
    const std::string encoding = lower(attribute_named(tree, node, "encoding"));
    if (encoding.find("tex") == std::string::npos || encoding.find("text") != std::string::npos) continue;
    out.source = fold_tex(text_below(tree, node));
    out.tex = true;
    if (!out.source.empty()) return out;
  }
  const std::string_view alt = attribute_named(tree, math, "alttext");
  out.source = fold_tex(alt);
  out.tex = !out.source.empty();
  if (!out.tex) out.source = Linear(tree).write(math);
  return out;
}

Formula formula_of_alt(std::string_view alt) {
  Formula out;
  std::string_view s = alt;
  while (!s.empty() && is_space(s.front())) s.remove_prefix(1);
  while (!s.empty() && is_space(s.back())) s.remove_suffix(1);
  out.display = wraps(s, "\\[", "\\]") || wraps(s, "$$", "$$");
  out.source = fold_tex(s);
  out.tex = !out.source.empty();
  return out;
}

bool is_tex_script(const Tree& tree, uint32_t script, bool* display) {
  const std::string type = lower(tree.attribute(script, kAttr_type));
  if (type.substr(0, 8) != "math/tex") return false;
  *display = type.find("display") != std::string::npos;
  return true;
}

}  // namespace refine::html
