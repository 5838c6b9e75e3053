// Tags in foreign content, SVG and MathML: see tree_builder.h. HTML standard, 13.2.6.5.
#include "tree_builder.h"

namespace refine::html {

void TreeBuilder::foreign_tag(TagToken& t) {
  if (!t.end) {
    bool breaks_out = false;
    switch (t.name) {
      case k_b: case k_big: case k_blockquote: case k_body: case k_br: case k_center: case k_code: case k_dd: case k_div: case k_dl: case k_dt: case k_em:
      case k_embed: case k_h1: case k_h2: case k_h3: case k_h4: case k_h5: case k_h6: case k_head: case k_hr: case k_i: case k_img: case k_li: case k_listing:
      case k_menu: case k_meta: case k_nobr: case k_ol: case k_p: case k_pre: case k_ruby: case k_s: case k_small: case k_span: case k_strong: case k_strike:
      case k_sub: case k_sup: case k_table: case k_tt: case k_u: case k_ul: case k_var: breaks_out = true; break;
      case k_font: breaks_out = t.find(kAttr_color) || t.find(kAttr_face) || t.find(kAttr_size); break;
      default: break;
    }
    if (!breaks_out) {
      insert_element(t, tree_.nodes[adjusted_current()].ns);
      if (t.self_closing) pop();
      return;
    }
  }
  if (!t.end || t.name == k_br || t.name == k_p) {
    while (stack_.size() > 1 && tree_.nodes[current()].ns != Namespace::kHtml && !is_mathml_text_point(tree_.nodes[current()]) && !tree_.nodes[current()].html_point) pop();
    return process_tag(t, mode_);
  }
  for (size_t i = stack_.size(); i-- > 0;) {
    step();
    if (i == 0) return;
    if (tree_.nodes[stack_[i].node].name == t.name) {
      pop_until_node(stack_[i].node);
      return;
    }
    if (tree_.nodes[stack_[i - 1].node].ns == Namespace::kHtml) return process_tag(t, mode_);
  }
}

}  // namespace refine::html
