// The insertion modes outside body and tables, and the dispatch of tokens: see tree_builder.h. HTML standard, 13.2.6.4.
#include <algorithm>

#include "quirks.h"
#include "tree_builder.h"

namespace refine::html {
namespace {
bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\f' || c == '\r'; }
bool one_of(uint32_t tag, std::initializer_list<uint32_t> tags) { return std::find(tags.begin(), tags.end(), tag) != tags.end(); }
// The longest prefix of only white space, or of none.
size_t run_of(std::string_view text, bool space) {
  size_t n = 0;
  while (n < text.size() && is_space(text[n]) == space) ++n;
  return n;
}
}  // namespace

bool TreeBuilder::in_foreign_content() const { return !stack_.empty() && tree_.nodes[adjusted_current()].ns != Namespace::kHtml; }

void TreeBuilder::start_fragment() {
  TagToken t;
  std::string name(options_.fragment);
  for (char& c : name) if (c >= 'A' && c <= 'Z') c = char(c + 32);
  t.name = tree_.tag_names.intern(name);
  fragment_context_ = create_element(t, options_.fragment_namespace);
  const uint32_t html = create_element(k_html);
  insert_at(html, {0, kNone});
  push(html);
  if (options_.fragment_namespace == Namespace::kHtml) {
    if (t.name == k_template) template_modes_.push_back(Mode::kInTemplate);
    if (one_of(t.name, {k_title, k_textarea})) tokenizer_->set_state(TokenizerState::kRcdata);
    else if (one_of(t.name, {k_style, k_xmp, k_iframe, k_noembed, k_noframes}) || (t.name == k_noscript && options_.scripting)) tokenizer_->set_state(TokenizerState::kRawtext);
    else if (t.name == k_script) tokenizer_->set_state(TokenizerState::kScriptData);
    else if (t.name == k_plaintext) tokenizer_->set_state(TokenizerState::kPlaintext);
    if (t.name == k_form) form_ = fragment_context_;
  }
  reset_insertion_mode();
}

// ---- dispatch -------------------------------------------------------------------------------------------------------

void TreeBuilder::tag(TagToken& t) {
  ignore_next_newline_ = false;
  if (mode_ == Mode::kInTableText) flush_table_text();
  if (stopped) return;
  bool html = stack_.empty();
  if (!html) {
    const uint32_t at = adjusted_current();
    const Node& n = tree_.nodes[at];
    html = n.ns == Namespace::kHtml;
    if (!html && !t.end) {
      html = (is_mathml_text_point(n) && t.name != k_mglyph && t.name != k_malignmark) ||
             (n.ns == Namespace::kMathml && n.name == k_annotation_xml && t.name == k_svg) || is_html_point(tree_, at);
    }
  }
  if (html) process_tag(t, mode_);
  else foreign_tag(t);
}

void TreeBuilder::characters(std::string_view text) {
  if (ignore_next_newline_) {
    ignore_next_newline_ = false;
    if (!text.empty() && text[0] == '\n') text.remove_prefix(1);
  }
  if (text.empty()) return;
  if (!stack_.empty()) {
    const uint32_t at = adjusted_current();
    const Node& n = tree_.nodes[at];
    if (n.ns != Namespace::kHtml && !is_mathml_text_point(n) && !is_html_point(tree_, at)) {
      foreign_text(text);
      return;
    }
  }
  process_text(text, mode_);
}

void TreeBuilder::comment(std::string_view text) {
  ignore_next_newline_ = false;
  if (mode_ == Mode::kInTableText) flush_table_text();
  if (in_foreign_content()) return insert_comment(text);  // also after </body>, which leaves what is open open
  switch (mode_) {
    case Mode::kInitial: case Mode::kBeforeHtml: case Mode::kAfterAfterBody: case Mode::kAfterAfterFrameset: insert_comment(text, 0); break;
    case Mode::kAfterBody: insert_comment(text, stack_[0]); break;
    default: insert_comment(text);
  }
}

void TreeBuilder::doctype(const DoctypeToken& d) {
  ignore_next_newline_ = false;
  if (mode_ == Mode::kInTableText) flush_table_text();
  if (mode_ != Mode::kInitial) return;
  const uint32_t node = new_node(NodeType::kDoctype);
  tree_.nodes[node].name = uint32_t(tree_.doctypes.size());
  tree_.doctypes.push_back({d.name, d.public_id, d.system_id, d.has_public || d.has_system});
  insert_at(node, {0, kNone});
  tree_.quirks = means_quirks(d);
  mode_ = Mode::kBeforeHtml;
}

void TreeBuilder::process_tag(TagToken& t, Mode mode) {
  if (stopped) return;
  switch (mode) {
    case Mode::kInitial: tree_.quirks = true; mode_ = Mode::kBeforeHtml; [[fallthrough]];
    case Mode::kBeforeHtml: before_html(t); break;
    case Mode::kBeforeHead: before_head(t); break;
    case Mode::kInHead: in_head(t); break;
    case Mode::kInHeadNoscript: in_head_noscript(t); break;
    case Mode::kAfterHead: after_head(t); break;
    case Mode::kInBody: in_body(t); break;
    case Mode::kText: in_text(t); break;
    case Mode::kInTable: case Mode::kInTableText: in_table(t); break;
    case Mode::kInCaption: in_caption(t); break;
    case Mode::kInColumnGroup: in_column_group(t); break;
    case Mode::kInTableBody: in_table_body(t); break;
    case Mode::kInRow: in_row(t); break;
    case Mode::kInCell: in_cell(t); break;
    case Mode::kInTemplate: in_template(t); break;
    case Mode::kAfterBody: case Mode::kAfterAfterBody: after_body(t); break;
    case Mode::kInFrameset: in_frameset(t); break;
    case Mode::kAfterFrameset: case Mode::kAfterAfterFrameset: after_frameset(t); break;
  }
}

void TreeBuilder::process_text(std::string_view text, Mode mode) {
  while (!text.empty() && !stopped) {
    switch (mode) {
      case Mode::kInitial:
        text.remove_prefix(run_of(text, true));
        if (text.empty()) return;
        tree_.quirks = true;
        mode = mode_ = Mode::kBeforeHtml;
        break;
      case Mode::kBeforeHtml:
        text.remove_prefix(run_of(text, true));
        if (text.empty()) return;
        { const uint32_t html = create_element(k_html); insert_at(html, {0, kNone}); push(html); }
        mode = mode_ = Mode::kBeforeHead;
        break;
      case Mode::kBeforeHead:
        text.remove_prefix(run_of(text, true));
        if (text.empty()) return;
        head_ = insert_element(k_head);
        mode = mode_ = Mode::kInHead;
        break;
      case Mode::kInHead: case Mode::kInHeadNoscript: case Mode::kAfterHead: {
        const size_t n = run_of(text, true);
        insert_text(text.substr(0, n));
        text.remove_prefix(n);
        if (text.empty()) return;
        if (mode == Mode::kAfterHead) { insert_element(k_body); mode = mode_ = Mode::kInBody; }
        else { pop(); mode = mode_ = mode == Mode::kInHead ? Mode::kAfterHead : Mode::kInHead; }
        break;
      }
      case Mode::kText: insert_text(text); return;
      case Mode::kInTable: case Mode::kInTableBody: case Mode::kInRow: case Mode::kInTableText: table_text(text); return;
      case Mode::kInColumnGroup: {
        const size_t n = run_of(text, true);
        insert_text(text.substr(0, n));
        text.remove_prefix(n);
        if (text.empty()) return;
        if (!current_is(k_colgroup)) { text.remove_prefix(run_of(text, false)); break; }
        pop();
        mode = mode_ = Mode::kInTable;
        break;
      }
      case Mode::kAfterBody: case Mode::kAfterAfterBody: {
        const size_t n = run_of(text, true);
        body_text(text.substr(0, n));
        text.remove_prefix(n);
        if (text.empty()) return;
        mode = mode_ = Mode::kInBody;
        break;
      }
      case Mode::kInFrameset: case Mode::kAfterFrameset: case Mode::kAfterAfterFrameset: {
        std::string spaces;
        for (char c : text) if (is_space(c)) spaces.push_back(c);
        if (mode == Mode::kAfterAfterFrameset) body_text(spaces); else insert_text(spaces);
        return;
      }
      default: body_text(text); return;  // in body, caption, cell, template
    }
  }
}

// "In body" characters: NUL is dropped.
void TreeBuilder::body_text(std::string_view text) {
  while (!text.empty() && !stopped) {
    const size_t nul = text.find('\0');
    const auto part = text.substr(0, nul);
    if (!part.empty()) {
      reconstruct_formatting();
      insert_text(part);
      if (frameset_ok_ && run_of(part, true) < part.size()) frameset_ok_ = false;
    }
    if (nul == std::string_view::npos) return;
    text.remove_prefix(nul + 1);
  }
}

void TreeBuilder::foreign_text(std::string_view text) {
  while (!text.empty() && !stopped) {
    const size_t nul = text.find('\0');
    const auto part = text.substr(0, nul);
    insert_text(part);
    if (run_of(part, true) < part.size()) frameset_ok_ = false;
    if (nul == std::string_view::npos) return;
    insert_text("\xEF\xBF\xBD");
    text.remove_prefix(nul + 1);
  }
}

void TreeBuilder::eof() {
  if (mode_ == Mode::kInTableText) flush_table_text();
  process_eof(mode_);
  while (!selects_.empty() && !stack_.empty() && !stopped) pop();  // "stop parsing" pops what is open: options are cloned then
}

void TreeBuilder::process_eof(Mode mode) {
  for (bool again = true; again && !stopped;) {
    again = false;
    switch (mode) {
      case Mode::kInitial: tree_.quirks = true; [[fallthrough]];
      case Mode::kBeforeHtml: { const uint32_t html = create_element(k_html); insert_at(html, {0, kNone}); push(html); } [[fallthrough]];
      case Mode::kBeforeHead: head_ = insert_element(k_head); pop(); insert_element(k_body); return;
      case Mode::kInHeadNoscript: pop(); [[fallthrough]];
      case Mode::kInHead: pop(); [[fallthrough]];
      case Mode::kAfterHead: insert_element(k_body); return;
      case Mode::kText: pop(); mode = mode_ = original_mode_; again = true; break;
      default:
        if (template_modes_.empty() || !open(k_template)) return;
        pop_until_tag(k_template);
        clear_to_marker();
        template_modes_.pop_back();
        reset_insertion_mode();
        mode = mode_;
        again = true;
    }
  }
}

// ---- head -----------------------------------------------------------------------------------------------------------

void TreeBuilder::before_html(TagToken& t) {
  if (t.end && !one_of(t.name, {k_head, k_body, k_html, k_br})) return;
  const bool html = !t.end && t.name == k_html;
  const uint32_t node = html ? create_element(t, Namespace::kHtml) : create_element(k_html);
  insert_at(node, {0, kNone});
  push(node);
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

// ---- template, after body, framesets ------------------------------------------------------------------------

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

}  // namespace refine::html
