// "In body": see tree_builder.h. HTML standard, 13.2.6.4.7.
#include "tree_builder.h"

namespace refine::html {
void TreeBuilder::in_body(TagToken& t) {
  if (t.end) in_body_end(t); else in_body_start(t);
}

void TreeBuilder::in_body_start(TagToken& t) {
  switch (t.name) {
    case k_html:
      if (!open(k_template)) add_missing_attributes(stack_[0].node, t);
      return;
    case k_base: case k_basefont: case k_bgsound: case k_link: case k_meta: case k_noframes: case k_script: case k_style: case k_template: case k_title:
      return in_head(t);
    case k_body:
      if (stack_.size() < 2 || !tree_.is(stack_[1].node, k_body) || open(k_template)) return;
      frameset_ok_ = false;
      add_missing_attributes(stack_[1].node, t);
      return;
    case k_frameset:
      if (stack_.size() < 2 || !tree_.is(stack_[1].node, k_body) || !frameset_ok_) return;
      detach(stack_[1].node);
      while (stack_.size() > 1) pop();
      insert_element(t);
      mode_ = Mode::kInFrameset;
      return;
    case k_address: case k_article: case k_aside: case k_blockquote: case k_center: case k_details: case k_dialog: case k_dir: case k_div: case k_dl:
    case k_fieldset: case k_figcaption: case k_figure: case k_footer: case k_header: case k_hgroup: case k_main: case k_menu: case k_nav: case k_ol:
    case k_p: case k_search: case k_section: case k_summary: case k_ul:
      close_p_in_button_scope();
      insert_element(t);
      return;
    case k_h1: case k_h2: case k_h3: case k_h4: case k_h5: case k_h6: {
      close_p_in_button_scope();
      if (is_heading(tree_.nodes[current()])) pop();
      insert_element(t);
      return;
    }
    case k_pre: case k_listing:
      close_p_in_button_scope();
      insert_element(t);
      ignore_next_newline_ = true;
      frameset_ok_ = false;
      return;
    case k_form:
      if (form_ != kNone && !open(k_template)) return;
      close_p_in_button_scope();
      { const uint32_t node = insert_element(t); if (!open(k_template)) form_ = node; }
      return;
    case k_li: case k_dd: case k_dt: {
      frameset_ok_ = false;
      const uint32_t at = t.name == k_li ? last(k_li) : std::max(last(k_dd), last(k_dt));
      if (at >= limit(Scope::kItemEnd)) {
        const uint32_t name = tree_.nodes[stack_[at - 1].node].name;
        generate_implied_end_tags(name);
        pop_until_tag(name);
      }
      close_p_in_button_scope();
      insert_element(t);
      return;
    }
    case k_plaintext:
      close_p_in_button_scope();
      insert_element(t);
      tokenizer_->set_state(TokenizerState::kPlaintext);
      return;
    case k_button:
      if (in_scope(k_button)) {
        generate_implied_end_tags();
        pop_until_tag(k_button);
      }
      reconstruct_formatting();
      insert_element(t);
      frameset_ok_ = false;
      return;
    case k_a:
      if (const uint32_t old = formatting_after_marker(k_a); old != kNone) {
        adoption_agency(k_a);
        remove_formatting(old);
        remove_from_stack(old);
      }
      reconstruct_formatting();
      push_formatting(insert_element(t));
      return;
    case k_b: case k_big: case k_code: case k_em: case k_font: case k_i: case k_s: case k_small: case k_strike: case k_strong: case k_tt: case k_u:
      reconstruct_formatting();
      push_formatting(insert_element(t));
      return;
    case k_nobr:
      reconstruct_formatting();
      if (in_scope(k_nobr)) {
        adoption_agency(k_nobr);
        reconstruct_formatting();
      }
      push_formatting(insert_element(t));
      return;
    case k_applet: case k_marquee: case k_object:
      reconstruct_formatting();
      insert_element(t);
      insert_marker();
      frameset_ok_ = false;
      return;
    case k_table:
      if (!tree_.quirks && in_scope(k_p, Scope::kButton)) close_p();
      insert_element(t);
      frameset_ok_ = false;
      mode_ = Mode::kInTable;
      return;
    case k_image: t.name = k_img; [[fallthrough]];  // the standard: "Don't ask."
    case k_area: case k_br: case k_embed: case k_img: case k_keygen: case k_wbr:
      reconstruct_formatting();
      insert_element(t);
      pop();
      frameset_ok_ = false;
      return;
    case k_input: {
      if (in_fragment_of(k_select)) return;
      if (in_scope(k_select)) pop_until_tag(k_select);
      reconstruct_formatting();
      const bool hidden = is_hidden_input(t);
      insert_element(t);
      pop();
      if (!hidden) frameset_ok_ = false;
      return;
    }
    case k_param: case k_source: case k_track: insert_element(t); pop(); return;
    case k_hr:
      close_p_in_button_scope();
      if (in_scope(k_select)) generate_implied_end_tags();
      insert_element(t);
      pop();
      frameset_ok_ = false;
      return;
    case k_textarea:
      insert_element(t);
      ignore_next_newline_ = true;
      tokenizer_->set_state(TokenizerState::kRcdata);
      original_mode_ = mode_;
      frameset_ok_ = false;
      mode_ = Mode::kText;
      return;
    case k_xmp:
      close_p_in_button_scope();
      reconstruct_formatting();
      frameset_ok_ = false;
      return raw_text(t, TokenizerState::kRawtext);
    case k_iframe: frameset_ok_ = false; return raw_text(t, TokenizerState::kRawtext);
    case k_noembed: return raw_text(t, TokenizerState::kRawtext);
    case k_noscript:
      if (options_.scripting) return raw_text(t, TokenizerState::kRawtext);
      break;
    case k_select:
      if (in_fragment_of(k_select)) return;
      if (in_scope(k_select)) return pop_until_tag(k_select);
      reconstruct_formatting();
      select_opened(insert_element(t));
      frameset_ok_ = false;
      return;
    case k_option: case k_optgroup:
      if (in_scope(k_select)) generate_implied_end_tags(t.name == k_option ? uint32_t(k_optgroup) : 0u);
      else if (current_is(k_option)) pop();
      reconstruct_formatting();
      { const uint32_t node = insert_element(t); if (t.name == k_option) option_opened(node); }
      return;
    case k_selectedcontent:
      reconstruct_formatting();
      selectedcontent_opened(insert_element(t));
      return;
    case k_rb: case k_rtc:
      if (in_scope(k_ruby)) generate_implied_end_tags();
      insert_element(t);
      return;
    case k_rp: case k_rt:
      if (in_scope(k_ruby)) generate_implied_end_tags(k_rtc);
      insert_element(t);
      return;
    case k_math: case k_svg:
      reconstruct_formatting();
      insert_element(t, t.name == k_math ? Namespace::kMathml : Namespace::kSvg);
      if (t.self_closing) pop();
      return;
    case k_caption: case k_col: case k_colgroup: case k_frame: case k_head: case k_tbody: case k_td: case k_tfoot: case k_th: case k_thead: case k_tr: return;
    default: break;
  }
  reconstruct_formatting();
  insert_element(t);
}

void TreeBuilder::in_body_end(TagToken& t) {
  switch (t.name) {
    case k_template: return in_head(t);
    case k_body: case k_html:
      if (!in_scope(k_body)) return;
      mode_ = Mode::kAfterBody;
      if (t.name == k_html) reprocess(t);
      return;
    case k_address: case k_article: case k_aside: case k_blockquote: case k_button: case k_center: case k_details: case k_dialog: case k_dir: case k_div:
    case k_dl: case k_fieldset: case k_figcaption: case k_figure: case k_footer: case k_header: case k_hgroup: case k_listing: case k_main: case k_menu:
    case k_nav: case k_ol: case k_pre: case k_search: case k_section: case k_select: case k_summary: case k_ul:
      if (!in_scope(t.name)) return;
      generate_implied_end_tags();
      pop_until_tag(t.name);
      return;
    case k_form:
      if (!open(k_template)) {
        const uint32_t node = form_;
        form_ = kNone;
        if (node == kNone || !node_in_scope(node)) return;
        generate_implied_end_tags();
        remove_from_stack(node);
      } else {
        if (!in_scope(k_form)) return;
        generate_implied_end_tags();
        pop_until_tag(k_form);
      }
      return;
    case k_p:
      if (!in_scope(k_p, Scope::kButton)) insert_element(k_p);
      close_p();
      return;
    case k_li:
      if (!in_scope(k_li, Scope::kListItem)) return;
      generate_implied_end_tags(k_li);
      pop_until_tag(k_li);
      return;
    case k_dd: case k_dt:
      if (!in_scope(t.name)) return;
      generate_implied_end_tags(t.name);
      pop_until_tag(t.name);
      return;
    case k_h1: case k_h2: case k_h3: case k_h4: case k_h5: case k_h6:
      if (!heading_in_scope()) return;
      generate_implied_end_tags();
      for (bool found = false; !found && !stack_.empty();) {
        found = is_heading(tree_.nodes[current()]);
        pop();
      }
      return;
    case k_a: case k_b: case k_big: case k_code: case k_em: case k_font: case k_i: case k_nobr: case k_s: case k_small: case k_strike: case k_strong:
    case k_tt: case k_u:
      if (!adoption_agency(t.name)) any_other_end_tag(t.name);
      return;
    case k_applet: case k_marquee: case k_object:
      if (!in_scope(t.name)) return;
      generate_implied_end_tags();
      pop_until_tag(t.name);
      clear_to_marker();
      return;
    case k_br:
      reconstruct_formatting();
      insert_element(k_br);
      pop();
      frameset_ok_ = false;
      return;
    default: any_other_end_tag(t.name);
  }
}

}  // namespace refine::html
