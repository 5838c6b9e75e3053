// Tokens to insertion modes: see tree_builder.h. HTML standard, 13.2.6 and what every mode does with text.
#include "quirks.h"
#include "scan.h"
#include "tree_builder.h"

namespace refine::html {

bool TreeBuilder::in_foreign_content() const { return !stack_.empty() && tree_.nodes[adjusted_current()].ns != Namespace::kHtml; }

void TreeBuilder::start_fragment() {
  TagToken t;
  t.name = tree_.tag_names.intern(options_.fragment);
  fragment_context_ = create_element(t, options_.fragment_namespace);
  insert_html(create_element(k_html));
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
             (n.ns == Namespace::kMathml && n.name == k_annotation_xml && t.name == k_svg) || n.html_point;
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
    if (n.ns != Namespace::kHtml && !is_mathml_text_point(n) && !n.html_point) {
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
    case Mode::kAfterBody: insert_comment(text, stack_[0].node); break;
    default: insert_comment(text);
  }
}

void TreeBuilder::doctype(const DoctypeToken& d) {
  ignore_next_newline_ = false;
  if (mode_ == Mode::kInTableText) flush_table_text();
  if (mode_ != Mode::kInitial) return;
  const uint32_t node = new_node(NodeType::kDoctype);
  tree_.nodes[node].name = uint16_t(tree_.doctypes.size());
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
        text.remove_prefix(skip_spaces(text));
        if (text.empty()) return;
        tree_.quirks = true;
        mode = mode_ = Mode::kBeforeHtml;
        break;
      case Mode::kBeforeHtml:
        text.remove_prefix(skip_spaces(text));
        if (text.empty()) return;
        insert_html(create_element(k_html));
        mode = mode_ = Mode::kBeforeHead;
        break;
      case Mode::kBeforeHead:
        text.remove_prefix(skip_spaces(text));
        if (text.empty()) return;
        head_ = insert_element(k_head);
        mode = mode_ = Mode::kInHead;
        break;
      case Mode::kInHead: case Mode::kInHeadNoscript: case Mode::kAfterHead: {
        const size_t n = skip_spaces(text);
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
        const size_t n = skip_spaces(text);
        insert_text(text.substr(0, n));
        text.remove_prefix(n);
        if (text.empty()) return;
        if (!current_is(k_colgroup)) {
          while (!text.empty() && !is_html_space(text[0])) ++reads_, text.remove_prefix(1);
          break;
        }
        pop();
        mode = mode_ = Mode::kInTable;
        break;
      }
      case Mode::kAfterBody: case Mode::kAfterAfterBody: {
        const size_t n = skip_spaces(text);
        body_text(text.substr(0, n));
        text.remove_prefix(n);
        if (text.empty()) return;
        mode = mode_ = Mode::kInBody;
        break;
      }
      case Mode::kInFrameset: case Mode::kAfterFrameset: case Mode::kAfterAfterFrameset: {
        std::string spaces;
        for (const char c : text) if (is_html_space(c)) spaces.push_back(c);
        reads_ += text.size();
        if (mode == Mode::kAfterAfterFrameset) body_text(spaces); else insert_text(spaces);
        return;
      }
      default: body_text(text); return;  // in body, caption, cell, template
    }
  }
}

// "In body" characters: NUL is dropped.
void TreeBuilder::body_text(std::string_view text) {
  if (text.empty() || text[0] == 0) return;
  reconstruct_formatting();
  insert_text(text);
  if (frameset_ok_ && skip_spaces(text) < text.size()) frameset_ok_ = false;
}

void TreeBuilder::foreign_text(std::string_view text) {
  if (text[0] == 0) return insert_text("\xEF\xBF\xBD");
  insert_text(text);
  if (frameset_ok_ && skip_spaces(text) < text.size()) frameset_ok_ = false;
}

size_t TreeBuilder::skip_spaces(std::string_view text) {
  const size_t n = space_run(text);
  reads_ += n + 1;
  return n;
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
      case Mode::kBeforeHtml: insert_html(create_element(k_html)); [[fallthrough]];
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

}  // namespace refine::html
