// Text of a selection: each block, table row and <br> line is one line; white space collapses but in <pre>.
#include <cstring>

#include "main_text.h"
#include "refine/utf8.h"

namespace refine::html {

Outline::Outline(const Tree& t) : tree(t), place(t.nodes.size(), 0) {
  order.reserve(t.nodes.size());
  for (uint32_t node = 0; node != kNone; node = t.next_in_order(node, 0)) {
    place[node] = uint32_t(order.size());
    order.push_back(node);
  }
  ends.assign(order.size(), 0);
  up.assign(order.size(), 0);
  for (uint32_t at = uint32_t(order.size()); at-- > 0;) {
    const Node& n = t.nodes[order[at]];
    ends[at] = n.last == kNone ? at + 1 : ends[place[n.last]];
    up[at] = n.parent == kNone ? 0 : place[n.parent];
  }
}

namespace {

bool is_block(const Node& n) {
  if (n.ns != Namespace::kHtml) return false;
  switch (n.name) {
    case k_address: case k_article: case k_aside: case k_blockquote: case k_body: case k_caption: case k_center: case k_dd: case k_details: case k_dialog:
    case k_dir: case k_div: case k_dl: case k_dt: case k_fieldset: case k_figcaption: case k_figure: case k_footer: case k_form: case k_h1: case k_h2:
    case k_h3: case k_h4: case k_h5: case k_h6: case k_header: case k_hgroup: case k_hr: case k_html: case k_legend: case k_li: case k_listing: case k_main:
    case k_menu: case k_nav: case k_ol: case k_p: case k_pre: case k_section: case k_summary: case k_table: case k_tbody: case k_tfoot: case k_thead:
    case k_tr: case k_ul: case k_xmp: case k_option: case k_optgroup: case k_search: case k_plaintext: case k_iframe: case k_video: case k_audio:
      return true;
    default: return false;
  }
}

class Writer {
 public:
  std::string take() {
    break_line();
    while (!out_.empty() && (out_.back() == '\n' || out_.back() == ' ')) out_.pop_back();
    const size_t first = out_.find_first_not_of(" \n\t");
    return first == std::string::npos ? std::string() : first == 0 ? std::move(out_) : out_.substr(first);
  }
  void break_line() {
    trim_line();
    if (!out_.empty() && out_.back() != '\n') out_.push_back('\n');
    space_ = false;
  }
  void end_pre() {  // empty lines stand inside <pre>, never after it
    while (out_.size() >= 2 && out_.back() == '\n' && out_[out_.size() - 2] == '\n') out_.pop_back();
  }
  void cell() {
    if (!out_.empty() && out_.back() != '\n') { trim_line(); if (!out_.empty() && out_.back() != '\n') out_.push_back('\t'); }
    space_ = false;
  }
  void text(std::string_view s) {
    const char* p = s.data();
    const char* end = p + s.size();
    while (p < end) {
      const char* q = p;
      while (q < end && static_cast<unsigned char>(*q) > 0x20 && static_cast<unsigned char>(*q) != 0xC2 && static_cast<unsigned char>(*q) != 0x7F && static_cast<unsigned char>(*q) != 0xE1 &&
             static_cast<unsigned char>(*q) != 0xE2 && static_cast<unsigned char>(*q) != 0xE3 && static_cast<unsigned char>(*q) != 0xEF) ++q;
      if (q > p) {
        put_space();
        out_.append(p, size_t(q - p));
        p = q;
        continue;
      }
      const unsigned char c = static_cast<unsigned char>(*p);
      if (c <= 0x20) {
        if (c == ' ' || (c >= 0x09 && c <= 0x0D)) space_ = true;  // other controls vanish
        ++p;
      } else if (c == 0x7F) {
        ++p;
      } else {
        const char* start = p;
        auto u = reinterpret_cast<const uint8_t*>(p);
        const char32_t code = decode_utf8(u, reinterpret_cast<const uint8_t*>(end));
        p = reinterpret_cast<const char*>(u);
        if (code == 0x85 || code == 0xA0 || code == 0x1680 || code == 0x2028 || code == 0x2029 || (code >= 0x2000 && code <= 0x200A) || code == 0x202F || code == 0x205F || code == 0x3000) space_ = true;
        else if ((code >= 0x80 && code < 0xA0) || code == 0xFEFF || code == 0xAD || code == 0x200B || code == 0x2060) continue;  // invisible
        else { put_space(); out_.append(start, size_t(p - start)); }
      }
    }
  }
  void preformatted(std::string_view s) {
    for (char c : s) {
      if (c == '\n') { trim_line(); out_.push_back('\n'); }
      else if (c == '\t' || static_cast<unsigned char>(c) >= 0x20) out_.push_back(c);
    }
    space_ = false;
  }

 private:
  void put_space() {
    if (space_ && !out_.empty() && out_.back() != '\n' && out_.back() != '\t') out_.push_back(' ');
    space_ = false;
  }
  void trim_line() {
    while (!out_.empty() && (out_.back() == ' ' || out_.back() == '\t')) out_.pop_back();
  }
  std::string out_;
  bool space_ = false;
};

}  // namespace

std::string write_text(const Outline& o, const Selection& selection) {
  Writer writer;
  const Tree& tree = o.tree;
  struct Open { uint32_t end; bool block, pre; };
  std::vector<Open> open;
  int pre = 0;
  const auto close_until = [&](uint32_t at) {
    while (!open.empty() && open.back().end <= at) {
      if (open.back().block) writer.break_line();
      if (open.back().pre) writer.end_pre();
      pre -= open.back().pre;
      open.pop_back();
    }
  };
  for (const uint32_t root : selection.roots) {
    writer.break_line();
    for (uint32_t at = root; at < o.ends[root];) {
      close_until(at);
      const Node& n = tree.nodes[o.order[at]];
      if (selection.removed[at]) {
        if (n.type == NodeType::kElement && is_block(n)) writer.break_line();
        at = o.ends[at];
        continue;
      }
      if (n.type == NodeType::kText) {
        if (pre > 0) writer.preformatted(tree.text_of(o.order[at]));
        else writer.text(tree.text_of(o.order[at]));
      } else if (n.type == NodeType::kElement) {
        if (n.ns == Namespace::kHtml && n.name == k_br) {
          if (pre > 0) writer.preformatted("\n"); else writer.break_line();
        } else if (n.ns == Namespace::kHtml && (n.name == k_td || n.name == k_th)) {
          writer.cell();
        } else {
          const bool block = is_block(n);
          if (block) writer.break_line();
          const bool is_pre = n.ns == Namespace::kHtml && (n.name == k_pre || n.name == k_listing || n.name == k_xmp || n.name == k_plaintext);
          if (block) open.push_back({o.ends[at], block, is_pre});
          pre += is_pre;
        }
      }
      ++at;
    }
    close_until(o.ends[root]);
  }
  return writer.take();
}

}  // namespace refine::html
