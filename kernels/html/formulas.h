// A formula's source or, where it has none, its readable form. Sources, in order: <annotation encoding="application/x-tex">,
// `alttext` of <math>, the text of <script type="math/tex">, an image's `alt`; else MathML written on one line: a/b, x^2,
// x_1, sqrt(x), sum_(i=1)^n.
#pragma once
#include <string>

#include "tree.h"

namespace refine::html {

struct Formula {
  std::string source;     // white space folded, no delimiters; empty: nothing found
  bool tex = false;       // else a readable form
  bool display = false;   // on a line of its own
};

Formula formula_of_math(const Tree& tree, uint32_t math);                 // a <math> element
Formula formula_of_alt(std::string_view alt);                             // of an image that is said to show TeX
bool is_tex_script(const Tree& tree, uint32_t script, bool* display);     // <script type="math/tex; mode=display">
std::string fold_tex(std::string_view tex);                               // without {\displaystyle ...} and delimiters

}  // namespace refine::html
