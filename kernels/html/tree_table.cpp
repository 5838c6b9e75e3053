// Tables: in table, caption, column group, table body, row, cell, with foster parenting. HTML standard, 13.2.6.4.9 to .15.
#include "scan.h"
#include "tree_builder.h"

namespace refine::html {
// Text in a table is collected, then inserted in place where it is white space, else foster-parented before the table.
void TreeBuilder::table_text(std::string_view text) {
  if (mode_ != Mode::kInTableText) {
    const Node& n = tree_.nodes[current()];
    const bool table = n.ns == Namespace::kHtml && (n.name == k_table || n.name == k_tbody || n.name == k_template || n.name == k_tfoot || n.name == k_thead || n.name == k_tr);
    if (!table) {
      foster_ = true;
      body_text(text);
      foster_ = false;
      return;
    }
    table_view_ = {};
    table_text_.clear();
    table_text_other_ = false;
    original_mode_ = mode_;
    mode_ = Mode::kInTableText;
  }
  if (text[0] == 0) return;
  table_text_other_ = table_text_other_ || skip_spaces(text) < text.size();
  if (table_view_.empty() && table_text_.empty() && in_source(text)) {
    table_view_ = text;
    return;
  }
  table_text_.append(table_view_);
  table_view_ = {};
  table_text_.append(text);
  reads_ += text.size();
}

void TreeBuilder::flush_table_text() {
  mode_ = original_mode_;
  const std::string_view text = table_view_.empty() ? std::string_view(table_text_) : table_view_;
  if (!table_text_other_) return insert_text(text);
  foster_ = true;
  body_text(text);
  foster_ = false;
}

bool TreeBuilder::is_hidden_input(const TagToken& t) {
  const auto type = t.find(kAttr_type);
  const auto value = type ? t.value(*type) : std::string_view();
  return value.size() == 6 && std::equal(value.begin(), value.end(), "hidden", [](char a, char b) { return lower_ascii(a) == b; });
}

void TreeBuilder::in_table_anything_else(TagToken& t) {
  foster_ = true;
  in_body(t);
  foster_ = false;
}

void TreeBuilder::in_table(TagToken& t) {
  if (t.end) {
    switch (t.name) {
      case k_table:
        if (!in_scope(k_table, Scope::kTable)) return;
        pop_until_tag(k_table);
        reset_insertion_mode();
        return;
      case k_body: case k_caption: case k_col: case k_colgroup: case k_html: case k_tbody: case k_td: case k_tfoot: case k_th: case k_thead: case k_tr: return;
      case k_template: return in_head(t);
      default: return in_table_anything_else(t);
    }
  }
  switch (t.name) {
    case k_caption:
      clear_stack_to_table();
      insert_marker();
      insert_element(t);
      mode_ = Mode::kInCaption;
      return;
    case k_colgroup:
      clear_stack_to_table();
      insert_element(t);
      mode_ = Mode::kInColumnGroup;
      return;
    case k_col:
      clear_stack_to_table();
      insert_element(k_colgroup);
      mode_ = Mode::kInColumnGroup;
      return reprocess(t);
    case k_tbody: case k_tfoot: case k_thead:
      clear_stack_to_table();
      insert_element(t);
      mode_ = Mode::kInTableBody;
      return;
    case k_td: case k_th: case k_tr:
      clear_stack_to_table();
      insert_element(k_tbody);
      mode_ = Mode::kInTableBody;
      return reprocess(t);
    case k_table:
      if (!in_scope(k_table, Scope::kTable)) return;
      pop_until_tag(k_table);
      reset_insertion_mode();
      return reprocess(t);
    case k_style: case k_script: case k_template: return in_head(t);
    case k_input:
      if (!is_hidden_input(t)) return in_table_anything_else(t);
      insert_element(t);
      pop();
      return;
    case k_form:
      if (open(k_template) || form_ != kNone) return;
      form_ = insert_element(t);
      pop();
      return;
    default: return in_table_anything_else(t);
  }
}

void TreeBuilder::in_caption(TagToken& t) {
  const auto close = [&] {
    if (!in_scope(k_caption, Scope::kTable)) return false;
    generate_implied_end_tags();
    pop_until_tag(k_caption);
    clear_to_marker();
    mode_ = Mode::kInTable;
    return true;
  };
  if (t.end) {
    if (t.name == k_caption) { close(); return; }
    if (t.name == k_table) { if (close()) reprocess(t); return; }
    switch (t.name) {
      case k_body: case k_col: case k_colgroup: case k_html: case k_tbody: case k_td: case k_tfoot: case k_th: case k_thead: case k_tr: return;
      default: return in_body(t);
    }
  }
  switch (t.name) {
    case k_caption: case k_col: case k_colgroup: case k_tbody: case k_td: case k_tfoot: case k_th: case k_thead: case k_tr:
      if (close()) reprocess(t);
      return;
    default: in_body(t);
  }
}

void TreeBuilder::in_column_group(TagToken& t) {
  if (!t.end) {
    if (t.name == k_html) return in_body(t);
    if (t.name == k_col) { insert_element(t); pop(); return; }
    if (t.name == k_template) return in_head(t);
  } else {
    if (t.name == k_colgroup) {
      if (!current_is(k_colgroup)) return;
      pop();
      mode_ = Mode::kInTable;
      return;
    }
    if (t.name == k_col) return;
    if (t.name == k_template) return in_head(t);
  }
  if (!current_is(k_colgroup)) return;
  pop();
  mode_ = Mode::kInTable;
  reprocess(t);
}

void TreeBuilder::in_table_body(TagToken& t) {
  const auto leave = [&] {
    if (!in_scope(k_tbody, Scope::kTable) && !in_scope(k_thead, Scope::kTable) && !in_scope(k_tfoot, Scope::kTable)) return;
    clear_stack_to_table_body();
    pop();
    mode_ = Mode::kInTable;
    reprocess(t);
  };
  if (!t.end) {
    switch (t.name) {
      case k_tr:
        clear_stack_to_table_body();
        insert_element(t);
        mode_ = Mode::kInRow;
        return;
      case k_th: case k_td:
        clear_stack_to_table_body();
        insert_element(k_tr);
        mode_ = Mode::kInRow;
        return reprocess(t);
      case k_caption: case k_col: case k_colgroup: case k_tbody: case k_tfoot: case k_thead: return leave();
      default: return in_table(t);
    }
  }
  switch (t.name) {
    case k_tbody: case k_tfoot: case k_thead:
      if (!in_scope(t.name, Scope::kTable)) return;
      clear_stack_to_table_body();
      pop();
      mode_ = Mode::kInTable;
      return;
    case k_table: return leave();
    case k_body: case k_caption: case k_col: case k_colgroup: case k_html: case k_td: case k_th: case k_tr: return;
    default: in_table(t);
  }
}

void TreeBuilder::in_row(TagToken& t) {
  const auto close_row = [&] {
    if (!in_scope(k_tr, Scope::kTable)) return false;
    clear_stack_to_row();
    pop();
    mode_ = Mode::kInTableBody;
    return true;
  };
  if (!t.end) {
    switch (t.name) {
      case k_th: case k_td:
        clear_stack_to_row();
        insert_element(t);
        mode_ = Mode::kInCell;
        insert_marker();
        return;
      case k_caption: case k_col: case k_colgroup: case k_tbody: case k_tfoot: case k_thead: case k_tr:
        if (close_row()) reprocess(t);
        return;
      default: return in_table(t);
    }
  }
  switch (t.name) {
    case k_tr: close_row(); return;
    case k_table: if (close_row()) reprocess(t); return;
    case k_tbody: case k_tfoot: case k_thead:
      if (in_scope(t.name, Scope::kTable) && close_row()) reprocess(t);
      return;
    case k_body: case k_caption: case k_col: case k_colgroup: case k_html: case k_td: case k_th: return;
    default: in_table(t);
  }
}

void TreeBuilder::in_cell(TagToken& t) {
  if (!t.end) {
    switch (t.name) {
      case k_caption: case k_col: case k_colgroup: case k_tbody: case k_td: case k_tfoot: case k_th: case k_thead: case k_tr:
        if (!in_scope(k_td, Scope::kTable) && !in_scope(k_th, Scope::kTable)) return;
        close_cell();
        return reprocess(t);
      default: return in_body(t);
    }
  }
  switch (t.name) {
    case k_td: case k_th:
      if (!in_scope(t.name, Scope::kTable)) return;
      generate_implied_end_tags();
      pop_until_tag(t.name);
      clear_to_marker();
      mode_ = Mode::kInRow;
      return;
    case k_body: case k_caption: case k_col: case k_colgroup: case k_html: return;
    case k_table: case k_tbody: case k_tfoot: case k_thead: case k_tr:
      if (!in_scope(t.name, Scope::kTable)) return;
      close_cell();
      return reprocess(t);
    default: in_body(t);
  }
}

}  // namespace refine::html
