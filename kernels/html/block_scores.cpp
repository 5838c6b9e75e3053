// Measures of text and the points of blocks: see block_finder.h. All weights are Readability's unless a comment says otherwise.
#include "block_finder.h"
#include "refine/utf8.h"

namespace refine::html {
namespace {
bool phrasing(uint32_t tag) {
  switch (tag) {
    case k_address: case k_article: case k_aside: case k_blockquote: case k_center: case k_dd: case k_details: case k_dialog: case k_dir: case k_div: case k_dl:
    case k_dt: case k_fieldset: case k_figcaption: case k_figure: case k_footer: case k_form: case k_h1: case k_h2: case k_h3: case k_h4: case k_h5: case k_h6:
    case k_header: case k_hgroup: case k_hr: case k_li: case k_main: case k_menu: case k_nav: case k_ol: case k_p: case k_pre: case k_section: case k_table:
    case k_tbody: case k_td: case k_tfoot: case k_th: case k_thead: case k_tr: case k_ul: case k_caption: case k_body: case k_html: case k_iframe: case k_video:
      return false;
    default: return true;
  }
}
}  // namespace

void BlockFinder::measure_texts() {
  texts_.assign(o_.order.size(), {});
  for (uint32_t at = 0; at < o_.order.size(); ++at) {
    if (node(at).type != NodeType::kText) continue;
    const uint32_t parent = tag(o_.up[at]);
    if (parent == k_script || parent == k_style || parent == k_noscript || parent == k_iframe || parent == k_textarea || parent == k_title) continue;  // never text of the page
    const auto s = tree_.text_of(o_.order[at]);
    auto p = reinterpret_cast<const uint8_t*>(s.data());
    const auto end = p + s.size();
    Sums& sum = texts_[at];
    bool space = true;  // runs of white space count once
    while (p < end) {
      if (*p <= 0x20) {
        if (!space) ++sum.text;
        space = true;
        ++p;
        continue;
      }
      const char32_t c = *p < 0x80 ? *p++ : decode_utf8(p, end);
      if (c == 0xA0) { if (!space) ++sum.text; space = true; continue; }
      space = false;
      sum.text += c >= 0x2E80 ? 2 : 1;
      if (c == ',' || c == 0x60C || c == 0xFE50 || c == 0xFE10 || c == 0x3001 || c == 0xFF0C || c == 0x2E41 || c == 0x2E34 || c == 0x2E32) ++sum.commas;
      if (c == '.' || c == '!' || c == '?' || c == 0x3002 || c == 0xFF01 || c == 0xFF1F || c == 0x61F || c == 0x6D4 || c == 0x964) ++sum.stops;
    }
  }
}

void BlockFinder::prefix_sums() {
  const size_t n = o_.order.size();
  sums_.assign(n + 1, {});
  Sums total;
  uint32_t link_end = 0, heading_end = 0;
  for (uint32_t at = 0; at < n;) {
    if (removed_[at]) {
      for (const uint32_t to = o_.ends[at]; at < to; ++at) sums_[at] = total;
      continue;
    }
    sums_[at] = total;
    const Node& x = node(at);
    if (x.type == NodeType::kText) {
      Sums t = texts_[at];
      if (at < link_end) t.links = t.text;
      if (at < heading_end) t.headings = t.text;
      total += t;
    } else if (x.type == NodeType::kElement && x.ns == Namespace::kHtml) {
      switch (x.name) {
        case k_a: {
          if (cue(at, ElementCues::kLink)) link_end = std::max(link_end, o_.ends[at]);
          break;
        }
        case k_p: ++total.paragraphs; break;
        case k_img: case k_picture: ++total.images; break;
        case k_li: ++total.items; break;
        case k_input: case k_textarea: case k_select: case k_button: ++total.inputs; break;
        case k_embed: case k_object: case k_iframe: ++total.embeds; break;
        case k_h1: case k_h2: case k_h3: case k_h4: case k_h5: case k_h6: heading_end = std::max(heading_end, o_.ends[at]); break;
        default: break;
      }
    }
    ++at;
  }
  sums_[n] = total;
}

uint32_t BlockFinder::length_of(const Selection& s) const {
  uint32_t length = 0;
  for (const uint32_t root : s.roots)
    for (uint32_t at = root; at < o_.ends[root];) {
      if (s.removed[at]) { at = o_.ends[at]; continue; }
      length += texts_[at].text;
      ++at;
    }
  return length;
}

void BlockFinder::touch(uint32_t at) {
  if (scored_[at]) return;
  scored_[at] = 1;
  double s = 0;
  switch (tag(at)) {
    case k_article: case k_main: s = 8; break;  // ours: semantic tags say what Readability guesses
    case k_div: s = 5; break;
    case k_pre: case k_td: case k_blockquote: s = 3; break;
    case k_address: case k_ol: case k_ul: case k_dl: case k_dd: case k_dt: case k_li: case k_form: s = -3; break;
    case k_h1: case k_h2: case k_h3: case k_h4: case k_h5: case k_h6: case k_th: s = -5; break;
    default: break;
  }
  scores_[at] = s + weight(at);
  candidates_.push_back(at);
}

// One paragraph of `s` whose nearest scored ancestor is `parent`.
void BlockFinder::score_paragraph(const Sums& s, uint32_t parent) {
  if (s.text < 25) return;
  const double points = 1 + s.commas + 1 + std::min<double>(s.text / 100, 3);
  uint32_t level = 0;
  for (uint32_t at = parent; level < 5 && at != 0; at = o_.up[at], ++level) {
    if (!element(at) || at == o_.up[at]) break;
    touch(at);
    scores_[at] += points / (level == 0 ? 1 : level == 1 ? 2 : level * 3);
    if (tag(at) == k_body || tag(at) == k_html) break;
  }
}

void BlockFinder::score_all() {
  const size_t n = o_.order.size();
  scores_.assign(n, 0);
  scored_.assign(n, 0);
  candidates_.clear();
  // Runs of phrasing content in a block are paragraphs; a <br><br> splits them.
  struct Block { uint32_t at, end; Sums run; bool mixed; bool last_br; };
  std::vector<Block> open;
  const auto flush = [&](Block& b) {
    const uint32_t t = tag(b.at);
    if (b.run.text >= 25) {
      const bool list = t == k_li || t == k_dd || t == k_dt || t == k_figcaption || t == k_caption || t == k_form || t == k_ul || t == k_ol || t == k_a;
      if (!list) {
        const bool own = !b.mixed && (t == k_p || t == k_pre || t == k_td || t == k_div || t == k_section || is_heading(t));
        score_paragraph(b.run, own ? o_.up[b.at] : b.at);
      }
    }
    b.run = {};
  };
  for (uint32_t at = 0; at < n;) {
    while (!open.empty() && open.back().end <= at) { flush(open.back()); open.pop_back(); }
    if (removed_[at]) { at = o_.ends[at]; continue; }
    const Node& x = node(at);
    if (x.type == NodeType::kText) {
      if (!open.empty()) { open.back().run += texts_[at]; if (texts_[at].text > 0) open.back().last_br = false; }
    } else if (x.type == NodeType::kElement && x.ns == Namespace::kHtml) {
      if (x.name == k_br) {
        if (!open.empty()) {
          if (open.back().last_br) { open.back().mixed = true; flush(open.back()); }
          open.back().last_br = true;
        }
      } else if (!phrasing(x.name)) {
        if (!open.empty()) { open.back().mixed = true; flush(open.back()); open.back().last_br = false; }
        open.push_back({at, o_.ends[at], {}, false, false});
      }
    }
    ++at;
  }
  while (!open.empty()) { flush(open.back()); open.pop_back(); }
}

}  // namespace refine::html
