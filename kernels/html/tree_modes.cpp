// The insertion modes outside body and tables: see tree_builder.h. HTML standard, 13.2.6.4.
#include "tree_builder.h"

namespace refine::html {

void TreeBuilder::before_html(TagToken& t) {
  if (t.end && !one_of(t.name, {k_head, k_body, k_html, k_br})) return;
  const bool html = !t.end && t.name == k_html;
  const uint32_t node = html ? create_element(t, Namespace::kHtml) : create_element(k_html);
  insert_html(node);
  mode_ = Mode::kBeforeHead;
  if (!html) reprocess(t);
}

void TreeBuilder::before_head(TagToken& t) {
  if (!t.end && t.name == k_html) return in_body(t);
  if (!t.end && t.name == k_head) {
    head_ = insert_element(t);
    mode_ = Mode::kInHead;
    return;
  }
  if (t.end && !one_of(t.name, {k_head, k_body, k_html, k_br})) return;
  head_ = insert_element(k_head);
  mode_ = Mode::kInHead;
  reprocess(t);
}

void TreeBuilder::in_head(TagToken& t) {
  if (!t.end) {
    switch (t.name) {
      case k_html: return in_body(t);
      case k_base: case k_basefont: case k_bgsound: case k_link: case k_meta: insert_element(t); pop(); return;
      case k_title: return raw_text(t, TokenizerState::kRcdata);
      case k_noscript:
        if (options_.scripting) return raw_text(t, TokenizerState::kRawtext);
        insert_element(t);
        mode_ = Mode::kInHeadNoscript;
        return;
      case k_noframes: case k_style: return raw_text(t, TokenizerState::kRawtext);
      case k_script: return raw_text(t, TokenizerState::kScriptData);
      case k_template:
        insert_element(t);
        insert_marker();
        frameset_ok_ = false;
        mode_ = Mode::kInTemplate;
        template_modes_.push_back(Mode::kInTemplate);
        return;
      case k_head: return;
      default: break;
    }
  } else {
    if (t.name == k_head) { pop(); mode_ = Mode::kAfterHead; return; }
    if (t.name == k_template) {
      if (!open(k_template)) return;
      generate_all_implied_end_tags();
      pop_until_tag(k_template);
      clear_to_marker();
      if (!template_modes_.empty()) template_modes_.pop_back();
      reset_insertion_mode();
      return;
    }
    if (!one_of(t.name, {k_body, k_html, k_br})) return;
  }
  pop();
  mode_ = Mode::kAfterHead;
  reprocess(t);
}

void TreeBuilder::in_head_noscript(TagToken& t) {
  if (!t.end) {
    if (t.name == k_html) return in_body(t);
    if (one_of(t.name, {k_basefont, k_bgsound, k_link, k_meta, k_noframes, k_style})) return in_head(t);
    if (t.name == k_head || t.name == k_noscript) return;
  } else {
    if (t.name == k_noscript) { pop(); mode_ = Mode::kInHead; return; }
    if (t.name != k_br) return;
  }
  pop();
  mode_ = Mode::kInHead;
  reprocess(t);
}

void TreeBuilder::after_head(TagToken& t) {
  if (!t.end) {
    if (t.name == k_html) return in_body(t);
    if (t.name == k_body) { insert_element(t); frameset_ok_ = false; mode_ = Mode::kInBody; return; }
    if (t.name == k_frameset) { insert_element(t); mode_ = Mode::kInFrameset; return; }
    if (one_of(t.name, {k_base, k_basefont, k_bgsound, k_link, k_meta, k_noframes, k_script, k_style, k_template, k_title})) {
      push(head_);
      in_head(t);
      remove_from_stack(head_);
      return;
    }
    if (t.name == k_head) return;
  } else {
    if (t.name == k_template) return in_head(t);
    if (!one_of(t.name, {k_body, k_html, k_br})) return;
  }
  insert_element(k_body);
  mode_ = Mode::kInBody;
  reprocess(t);
}

void TreeBuilder::in_text(TagToken&) {  // only the end tag that the tokenizer found appropriate arrives here
  pop();
  mode_ = original_mode_;
}

void TreeBuilder::in_template(TagToken& t) {
  if (t.end) {
    if (t.name == k_template) in_head(t);
    return;
  }
  Mode next = Mode::kInBody;
  switch (t.name) {
    case k_base: case k_basefont: case k_bgsound: case k_link: case k_meta: case k_noframes: case k_script: case k_style: case k_template: case k_title:
      return in_head(t);
    case k_caption: case k_colgroup: case k_tbody: case k_tfoot: case k_thead: next = Mode::kInTable; break;
    case k_col: next = Mode::kInColumnGroup; break;
    case k_tr: next = Mode::kInTableBody; break;
    case k_td: case k_th: next = Mode::kInRow; break;
    default: break;
  }
  if (!template_modes_.empty()) template_modes_.back() = next;
  mode_ = next;
  reprocess(t);
}

void TreeBuilder::after_body(TagToken& t) {
  if (!t.end && t.name == k_html) return in_body(t);
  if (mode_ == Mode::kAfterBody && t.end && t.name == k_html) {
    if (fragment_context_ == kNone) mode_ = Mode::kAfterAfterBody;
    return;
  }
  mode_ = Mode::kInBody;
  reprocess(t);
}

void TreeBuilder::in_frameset(TagToken& t) {
  if (!t.end) {
    if (t.name == k_html) return in_body(t);
    if (t.name == k_frameset) insert_element(t);
    else if (t.name == k_frame) { insert_element(t); pop(); }
    else if (t.name == k_noframes) in_head(t);
  } else if (t.name == k_frameset) {
    if (stack_.size() == 1) return;
    pop();
    if (fragment_context_ == kNone && !current_is(k_frameset)) mode_ = Mode::kAfterFrameset;
  }
}

void TreeBuilder::after_frameset(TagToken& t) {
  if (!t.end && t.name == k_html) return in_body(t);
  if (!t.end && t.name == k_noframes) return in_head(t);
  if (mode_ == Mode::kAfterFrameset && t.end && t.name == k_html) mode_ = Mode::kAfterAfterFrameset;
}

void TreeBuilder::raw_text(TagToken& t, TokenizerState state) {
  insert_element(t);
  tokenizer_->set_state(state);
  original_mode_ = mode_;
  mode_ = Mode::kText;
}

}  // namespace refine::html
