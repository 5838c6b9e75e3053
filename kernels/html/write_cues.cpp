// See write_cues.h. Names as Pygments, Rouge, highlight.js, SyntaxHighlighter, Prism, Crayon, GitHub, Doxygen, Sphinx,
// mdBook, rustdoc, MediaWiki, WordPress, KaTeX and MathJax write them.
#include "write_cues.h"

#include <algorithm>
#include <initializer_list>

namespace refine::html {
namespace {

constexpr size_t kClassBytes = 1024;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r'; }

struct Word { std::string_view name; uint16_t cue; };
constexpr Word kWords[] = {
    {"katex", WriteCues::kKatex},
    {"mwe-math-element", WriteCues::kWikiMath},
    {"MathJax", WriteCues::kMathJax}, {"MathJax_Display", WriteCues::kMathJax}, {"MathJax_Preview", WriteCues::kMathJax},
    {"MathJax_SVG", WriteCues::kMathJax}, {"MathJax_SVG_Display", WriteCues::kMathJax}, {"MathJax_CHTML", WriteCues::kMathJax},
    {"MJXc-display", WriteCues::kMathJax}, {"mjx-chtml", WriteCues::kMathJax},
    {"katex-display", WriteCues::kMathDisplay}, {"mwe-math-element-block", WriteCues::kMathDisplay}, {"formulaDsp", WriteCues::kMathDisplay | WriteCues::kTexImage},
    {"headerlink", WriteCues::kPermalink}, {"header-anchor", WriteCues::kPermalink}, {"heading-anchor", WriteCues::kPermalink}, {"hash-link", WriteCues::kPermalink},
    {"permalink", WriteCues::kPermalink}, {"anchor-link", WriteCues::kPermalink}, {"anchorjs-link", WriteCues::kPermalink}, {"headeranchor-link", WriteCues::kPermalink},
    {"heading-link", WriteCues::kPermalink}, {"direct-link", WriteCues::kPermalink}, {"self-link", WriteCues::kPermalink}, {"toclink-anchor", WriteCues::kPermalink},
    {"lineno", WriteCues::kGutter}, {"linenos", WriteCues::kGutter}, {"linenumber", WriteCues::kGutter}, {"linenumbers", WriteCues::kGutter}, {"line-number", WriteCues::kGutter},
    {"line-numbers", WriteCues::kGutter}, {"line-numbers-rows", WriteCues::kGutter}, {"lineNumber", WriteCues::kGutter}, {"lineNumbers", WriteCues::kGutter}, {"line_number", WriteCues::kGutter},
    {"line_numbers", WriteCues::kGutter}, {"lnum", WriteCues::kGutter}, {"ln", WriteCues::kGutter}, {"gutter", WriteCues::kGutter}, {"gl", WriteCues::kGutter}, {"rouge-gutter", WriteCues::kGutter},
    {"crayon-nums", WriteCues::kGutter}, {"crayon-num", WriteCues::kGutter}, {"blob-num", WriteCues::kGutter}, {"hljs-ln-numbers", WriteCues::kGutter}, {"LineNr", WriteCues::kGutter},
    {"linenodiv", WriteCues::kGutter}, {"code-line-number", WriteCues::kGutter}, {"react-syntax-highlighter-line-number", WriteCues::kGutter}, {"src-line-numbers", WriteCues::kGutter},
    {"fragment", WriteCues::kListing}, {"syntaxhighlighter", WriteCues::kListing}, {"crayon-pre", WriteCues::kListing}, {"CodeMirror-code", WriteCues::kListing}, {"ace_text-layer", WriteCues::kListing},
    {"view-lines", WriteCues::kListing}, {"cm-content", WriteCues::kListing},
    {"blob-code", WriteCues::kCodeCell}, {"hljs-ln-code", WriteCues::kCodeCell}, {"hljs-ln-line", WriteCues::kCodeCell}, {"code-line", WriteCues::kCodeCell}, {"line-content", WriteCues::kCodeCell},
    {"latex", WriteCues::kTexImage}, {"tex", WriteCues::kTexImage}, {"formulaInl", WriteCues::kTexImage}, {"mwe-math-fallback-image-inline", WriteCues::kTexImage},
    {"mwe-math-fallback-image-display", WriteCues::kTexImage | WriteCues::kMathDisplay}, {"math", WriteCues::kTexImage}, {"ql-img-inline-formula", WriteCues::kTexImage},
    {"ql-img-displayed-equation", WriteCues::kTexImage | WriteCues::kMathDisplay}, {"quicklatex-auto-format", WriteCues::kTexImage},
    {"mw-editsection", WriteCues::kEditLink},
};

// Words by their first letter: most classes begin with another.
struct Starts {
  uint8_t begin[128], end[128];
  Word sorted[sizeof(kWords) / sizeof(kWords[0])];
  Starts() : begin(), end() {
    std::copy(std::begin(kWords), std::end(kWords), sorted);
    std::stable_sort(std::begin(sorted), std::end(sorted), [](const Word& a, const Word& b) { return a.name[0] < b.name[0]; });
    for (size_t i = 0; i < std::size(sorted); ++i) {
      const auto c = size_t(sorted[i].name[0]);
      if (begin[c] == end[c]) begin[c] = uint8_t(i);
      end[c] = uint8_t(i + 1);
    }
  }
};

std::string_view language_name(std::string_view word) {
  if (word.empty() || word.size() > 24) return {};
  for (char c : word) if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '#' || c == '-' || c == '_' || c == '.')) return {};
  for (const std::string_view none : {"none", "default", "text", "plaintext", "plain", "nohighlight", "txt", "undefined", "null", "auto", "source"}) if (word == none) return {};
  return word;
}

// Names that stand bare in a class: `<pre class="python">`, `<code class="hljs bash">`.
bool is_language(std::string_view word) {
  static constexpr std::string_view kNames[] = {
      "apache", "asm", "awk", "bash", "basic", "batch", "c", "c#", "c++", "clojure", "cmake", "coffeescript", "cpp", "cs", "csharp", "css", "d", "dart", "diff", "dockerfile", "elixir", "elm", "erlang",
      "fortran", "fsharp", "go", "golang", "graphql", "groovy", "haskell", "html", "http", "ini", "java", "javascript", "js", "json", "jsx", "julia", "kotlin", "latex", "less", "lisp", "lua", "makefile",
      "markdown", "matlab", "nginx", "nim", "objc", "objectivec", "ocaml", "pascal", "perl", "php", "powershell", "prolog", "proto", "protobuf", "puppet", "py", "python", "python3", "r", "rb", "ruby", "rust",
      "sass", "scala", "scheme", "scss", "sh", "shell", "sql", "swift", "tcl", "toml", "ts", "tsx", "typescript", "vb", "vim", "xml", "yaml", "yml", "zig"};
  return std::binary_search(std::begin(kNames), std::end(kNames), word);
}

}  // namespace

bool next_class(std::string_view& rest, std::string_view& word) {
  size_t begin = 0;
  while (begin < rest.size() && is_space(rest[begin])) ++begin;
  size_t end = begin;
  while (end < rest.size() && !is_space(rest[end])) ++end;
  word = rest.substr(begin, end - begin);
  rest.remove_prefix(end);
  return !word.empty();
}

uint16_t WriteCues::read(uint32_t node) const {
  static const Starts kStarts;
  uint16_t found = 0;
  std::string_view rest = tree_.attribute(node, kAttr_class_).substr(0, kClassBytes), word;
  while (next_class(rest, word)) {
    const auto c = uint8_t(word[0]);
    if (c >= 128) continue;
    for (size_t i = kStarts.begin[c]; i < kStarts.end[c]; ++i) if (kStarts.sorted[i].name == word) found |= kStarts.sorted[i].cue;
  }
  return found;
}

std::string_view code_language(const Tree& tree, uint32_t node, bool box) {
  std::string_view rest = tree.attribute(node, kAttr_class_).substr(0, kClassBytes), word, bare, before;
  while (next_class(rest, word)) {
    for (const std::string_view prefix : {"language-", "highlight-source-", "highlight-text-", "highlight-", "brush:", "lang-"}) {
      if (box && prefix == "lang-") continue;  // of the page
      if (word.size() < prefix.size() || word.substr(0, prefix.size()) != prefix) continue;
      std::string_view name = word.substr(prefix.size());
      if (prefix == "brush:" && name.empty() && !next_class(rest, name)) return {};
      while (!name.empty() && (name.back() == ';' || name.back() == ',')) name.remove_suffix(1);
      return language_name(name);
    }
    if (before == "sourceCode" || before == "hljs" || before == "src") bare = language_name(word);
    if (bare.empty() && !box && is_language(word)) bare = word;
    before = word;
  }
  return bare;
}

}  // namespace refine::html
