// Scoring and cleaning: see main_text.h. All weights are Readability's unless a comment says otherwise.
#include "main_text.h"

#include <algorithm>
#include <cmath>

#include "cues.h"
#include "refine/utf8.h"

namespace refine::html {
namespace {

bool is_heading(uint32_t tag) { return tag >= k_h1 && tag <= k_h6; }

// Text measures of a subtree, as prefix sums over positions. Lengths in units: a code point, two where it is CJK or Hangul,
// whose words are that much shorter.
struct Sums {
  uint32_t text = 0, links = 0, commas = 0;
  uint32_t paragraphs = 0, images = 0, items = 0, inputs = 0, embeds = 0, headings = 0, stops = 0;
  Sums operator-(const Sums& o) const {
    return {text - o.text, links - o.links, commas - o.commas, paragraphs - o.paragraphs, images - o.images, items - o.items, inputs - o.inputs, embeds - o.embeds,
            headings - o.headings, stops - o.stops};
  }
  void operator+=(const Sums& o) {
    text += o.text; links += o.links; commas += o.commas; paragraphs += o.paragraphs; images += o.images; items += o.items; inputs += o.inputs;
    embeds += o.embeds; headings += o.headings; stops += o.stops;
  }
  double link_density() const { return text ? double(links) / text : 0; }
};

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

class Finder {
 public:
  Finder(const Outline& outline, ExtractMode mode, std::string_view title) : o_(outline), tree_(outline.tree), mode_(mode), title_(title) { measure_texts(); }

  Selection find() {
    drop_invisible();
    show_hidden_page();
    const std::vector<uint8_t> visible = removed_;
    Selection best;
    uint32_t best_length = 0;
    // Readability's flags: each retry is less strict; the first result that is long enough wins, else the longest.
    for (int attempt = 0; attempt < 4; ++attempt) {
      removed_ = visible;
      visible_ = &visible;
      strip_unlikely_ = attempt < 1;
      weigh_names_ = attempt < 2;
      clean_ = attempt < 3 && mode_ != ExtractMode::kRecall;
      if (strip_unlikely_) drop_unlikely();
      Selection found = once();
      const uint32_t length = length_of(found);
      if (length > best_length || attempt == 0) {
        best_length = length;
        best = std::move(found);
      }
      if (best_length >= (mode_ == ExtractMode::kPrecision ? kEnough / 2 : kEnough)) break;
    }
    if (best_length < kEnough) {
      // The scores found nothing much: the whole body without what is plainly furniture, where that is far more.
      removed_ = visible;
      weigh_names_ = strip_unlikely_ = clean_ = true;
      drop_unlikely();
      prefix_sums();
      Selection whole{{body()}, removed_};
      clean(whole.roots[0], whole.removed);
      const uint32_t length = length_of(whole);
      if (length > 2 * best_length) best = std::move(whole);
    }
    return best;
  }

 private:
  static constexpr uint32_t kTooShort = 200, kEnough = 500;  // units of text

  uint32_t body() const {
    for (uint32_t at = 0; at < o_.order.size(); ++at) if (tag(at) == k_body) return at;
    return 0;
  }
  const Node& node(uint32_t at) const { return tree_.nodes[o_.order[at]]; }
  bool element(uint32_t at) const { return node(at).type == NodeType::kElement; }
  uint32_t tag(uint32_t at) const { return element(at) && node(at).ns == Namespace::kHtml ? node(at).name : 0; }
  std::string_view attribute(uint32_t at, uint32_t name) const { return tree_.attribute(o_.order[at], name); }

  // ---- measures ----
  void measure_texts() {
    texts_.assign(o_.order.size(), {});
    for (uint32_t at = 0; at < o_.order.size(); ++at) {
      if (node(at).type != NodeType::kText) continue;
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

  void prefix_sums() {
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
            const auto href = attribute(at, kAttr_href);
            // A link inside the page weighs less; an anchor without href is none.
            if (!href.empty() && href[0] != '#') link_end = std::max(link_end, o_.ends[at]);
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
  Sums sum(uint32_t at) const { return sums_[o_.ends[at]] - sums_[at]; }

  void remove(uint32_t at) { removed_[at] = 1; }
  // How far the text of a small block is looked for: nested blocks would else be read again at every level.
  uint32_t reach(uint32_t at) const { return std::min(o_.ends[at], at + 256); }

  uint32_t length_of(const Selection& s) const {
    uint32_t length = 0;
    for (const uint32_t root : s.roots)
      for (uint32_t at = root; at < o_.ends[root];) {
        if (s.removed[at]) { at = o_.ends[at]; continue; }
        length += texts_[at].text;
        ++at;
      }
    return length;
  }

  // ---- what no reader sees ----
  void drop_invisible() {
    removed_.assign(o_.order.size(), 0);
    for (uint32_t at = 0; at < o_.order.size(); ++at) {
      const Node& x = node(at);
      if (x.type == NodeType::kComment || x.type == NodeType::kContent || x.type == NodeType::kDoctype) { remove(at); continue; }
      if (x.type != NodeType::kElement) continue;
      if (x.ns == Namespace::kSvg) { remove(at); continue; }
      if (x.ns != Namespace::kHtml) continue;
      switch (x.name) {
        case k_head: case k_script: case k_style: case k_template: case k_iframe: case k_object: case k_embed: case k_applet: case k_canvas:
        case k_audio: case k_video: case k_select: case k_textarea: case k_option: case k_datalist: case k_button: case k_noframes: case k_noembed: case k_map: case k_dialog:
        case k_progress: case k_meter: case k_rp: remove(at); continue;
        case k_noscript:  // as raw text, or a short remark about scripts
          if (x.first == kNone || tree_.nodes[x.first].type != NodeType::kElement || o_.ends[at] - at < 8) { remove(at); continue; }
          break;
        default: break;
      }
      if (is_hidden(at)) {
        any_hidden_ = true;
        if (!show_hidden_ && !(shown_above_ > 0 && sum(at).text > shown_above_)) { remove(at); continue; }
      }
      if (is_line_numbers(at)) remove(at);
    }
  }

  bool is_hidden(uint32_t at) const {
    const auto style = attribute(at, kAttr_style);
    if (!style.empty() && hides(style)) return true;
    if (tree_.has_attribute(o_.order[at], kAttr_hidden)) return true;
    return attribute(at, kAttr_aria_hidden) == "true" && attribute(at, kAttr_class_).find("fallback-image") == std::string_view::npos;
  }

  // A page that shows nothing is shown by its script: where hardly any text is visible, a hidden element that holds most of
  // the text is the page itself. Smaller hidden elements inside it stay hidden.
  void show_hidden_page() {
    if (!any_hidden_) return;
    uint32_t seen = 0;
    for (uint32_t at = 0; at < o_.order.size() && seen < kTooShort; at = removed_[at] ? o_.ends[at] : at + 1) if (!removed_[at]) seen += texts_[at].text;
    if (seen >= kTooShort) return;
    show_hidden_ = true;
    drop_invisible();
    prefix_sums();
    shown_above_ = std::max(sums_.back().text / 2, kTooShort);
    show_hidden_ = false;
    drop_invisible();
  }

  // The column of line numbers beside a code listing (Octopress, Pygments, Rouge, SyntaxHighlighter): named so, and digits only.
  bool is_line_numbers(uint32_t at) {
    const auto names = attribute(at, kAttr_class_);
    if (names.size() < 6) return false;
    const uint32_t t = tag(at);
    if (names.find("lineno") == std::string_view::npos && names.find("line-number") == std::string_view::npos && names.find("linenumber") == std::string_view::npos &&
        !((t == k_td || t == k_th) && names.find("gutter") != std::string_view::npos)) return false;
    if (next_word_.empty()) {  // at or after each position, the next text that is more than digits
      next_word_.assign(o_.order.size() + 1, uint32_t(o_.order.size()));
      for (uint32_t i = uint32_t(o_.order.size()); i-- > 0;) {
        next_word_[i] = next_word_[i + 1];
        if (node(i).type == NodeType::kText && tree_.text_of(o_.order[i]).find_first_not_of("0123456789 \t\r\n\f") != std::string_view::npos) next_word_[i] = i;
      }
    }
    return next_word_[at] >= o_.ends[at];
  }

  static bool hides(std::string_view style) {
    std::string flat;
    for (char c : style.substr(0, 512)) if (c != ' ') flat.push_back(c >= 'A' && c <= 'Z' ? char(c + 32) : c);
    return flat.find("display:none") != std::string::npos || flat.find("visibility:hidden") != std::string::npos;
  }

  void drop_unlikely() {
    std::string names;
    uint32_t keep_end = 0;  // inside tables and code nothing is unlikely
    for (uint32_t at = 0; at < o_.order.size();) {
      if (removed_[at]) { at = o_.ends[at]; continue; }
      const uint32_t t = tag(at);
      if (t == 0 || t == k_body || t == k_html || t == k_a || t == k_main) { ++at; continue; }
      if (t == k_table || t == k_code || t == k_pre) keep_end = std::max(keep_end, o_.ends[at]);
      const auto role = attribute(at, kAttr_role);
      bool drop = role == "menu" || role == "menubar" || role == "complementary" || role == "navigation" || role == "alert" || role == "alertdialog" || role == "dialog" || role == "search" || role == "contentinfo";
      if (t == k_nav) drop = true;
      lower_names(attribute(at, kAttr_class_), attribute(at, kAttr_id), names);
      if (!drop && names.size() > 2) {
        drop = at >= keep_end && names_unlikely(names) && !names_maybe_content(names);
        drop = drop || names_always_furniture(names);
        if (!drop && is_byline(at, names)) drop = true;
      }
      if (drop) { remove(at); at = o_.ends[at]; } else ++at;
    }
  }

  bool is_byline(uint32_t at, std::string_view names) const {
    if (attribute(at, kAttr_rel) != "author" && attribute(at, kAttr_itemprop).find("author") == std::string_view::npos &&
        names.find("byline") == std::string_view::npos && names.find("author") == std::string_view::npos && names.find("dateline") == std::string_view::npos &&
        names.find("writtenby") == std::string_view::npos) return false;
    uint32_t length = 0;
    for (uint32_t i = at; i < reach(at) && length < 100; ++i) length += texts_[i].text;
    if (reach(at) < o_.ends[at]) return false;
    return length > 0 && length < 100;
  }

  // ---- scores ----
  int weight(uint32_t at) const {
    if (!weigh_names_) return 0;
    std::string names;
    lower_names(attribute(at, kAttr_class_), {}, names);
    int w = names.size() > 2 ? name_weight(names) : 0;
    lower_names(attribute(at, kAttr_id), {}, names);
    return w + (names.size() > 2 ? name_weight(names) : 0);
  }

  void touch(uint32_t at) {
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
  void score_paragraph(const Sums& s, uint32_t parent) {
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

  void score_all() {
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

  Selection once() {
    prefix_sums();
    score_all();
    // Final scores fall with link density.
    for (const uint32_t at : candidates_) scores_[at] *= 1 - sum(at).link_density();
    std::vector<uint32_t> top;
    for (const uint32_t at : candidates_) {
      size_t i = 0;
      while (i < top.size() && !(scores_[at] > scores_[top[i]] || (scores_[at] == scores_[top[i]] && at < top[i]))) ++i;
      if (i < 5) { top.insert(top.begin() + std::ptrdiff_t(i), at); if (top.size() > 5) top.pop_back(); }
    }
    Selection s;
    if (top.empty() || tag(top[0]) == k_body || tag(top[0]) == k_html) {
      s.roots = {body()};
    } else {
      s.roots = {better_root(top)};
      join_siblings(s.roots);
    }
    s.removed = removed_;
    if (s.roots.size() == 1 && s.roots[0] == 0) return s;
    for (const uint32_t root : s.roots) clean(root, s.removed);
    add_lead(s);
    return s;
  }

  // Ours: the standfirst stands between the headline and the body, often in a <header> that was set aside. Taken back are
  // paragraphs there, and blocks named for a lead, that are prose and no links.
  void add_lead(Selection& s) {
    const uint32_t root = s.roots[0];
    uint32_t headline = 0;
    for (uint32_t at = root; at-- > 0 && root - at < 400;) if (tag(at) == k_h1) { headline = at; break; }
    if (headline == 0) return;
    std::vector<uint32_t> found;
    std::string names;
    const auto& visible = *visible_;
    for (uint32_t at = o_.ends[headline]; at < root;) {
      const uint32_t t = tag(at);
      if (visible[at] || t == k_nav || t == k_aside || t == k_footer || t == k_ul || t == k_ol || t == k_figure || t == k_form || t == k_table) { at = o_.ends[at]; continue; }
      bool lead = t == k_p;
      if (t == k_div || t == k_h2 || t == k_h3 || t == k_section || t == k_span || t == k_strong) {
        lower_names(attribute(at, kAttr_class_), attribute(at, kAttr_id), names);
        lead = names.size() > 2 && names_lead(names);
      }
      if (lead && o_.ends[at] <= root) {
        Sums sum;
        bool blocks = false;
        for (uint32_t i = at; i < o_.ends[at]; ++i) {
          sum += texts_[i];
          blocks = blocks || tag(i) == k_a || tag(i) == k_li || tag(i) == k_img || tag(i) == k_time;
        }
        if (!blocks && sum.text >= 50 && sum.text <= 1500 && sum.stops > 0) {
          found.push_back(at);
          at = o_.ends[at];
          continue;
        }
      }
      ++at;
    }
    if (found.empty() || found.size() > 4) return;
    for (const uint32_t at : found)
      for (uint32_t i = at; i < o_.ends[at]; ++i) s.removed[i] = visible[i];
    s.roots.insert(s.roots.begin(), found.begin(), found.end());
  }

  uint32_t better_root(const std::vector<uint32_t>& top) {
    uint32_t at = top[0];
    // Three or more good candidates below one ancestor: that ancestor.
    std::vector<uint32_t> near;
    for (size_t i = 1; i < top.size(); ++i) if (scores_[top[i]] >= scores_[top[0]] * 0.75) near.push_back(top[i]);
    if (near.size() >= 3) {
      for (uint32_t up = o_.up[at]; up != 0 && tag(up) != k_body; up = o_.up[up]) {
        size_t inside = 0;
        for (const uint32_t other : near) inside += other > up && other < o_.ends[up];
        if (inside >= 3) { at = up; break; }
      }
    }
    if (!scored_[at]) touch(at);
    // A parent whose score rises has more of the text.
    double last = scores_[at];
    const double threshold = last / 3;
    for (uint32_t up = o_.up[at]; up != 0 && tag(up) != k_body && tag(up) != k_html; up = o_.up[up]) {
      if (!scored_[up]) continue;
      if (scores_[up] < threshold) break;
      if (scores_[up] > last) { at = up; break; }
      last = scores_[up];
    }
    // An only child stands for its parent, whose siblings may then join.
    for (uint32_t up = o_.up[at]; up != 0 && tag(up) != k_body && tag(up) != k_html; up = o_.up[up]) {
      uint32_t children = 0;
      for (uint32_t c = node(up).first; c != kNone; c = tree_.nodes[c].next) children += tree_.nodes[c].type == NodeType::kElement && !removed_[o_.place[c]];
      if (children != 1) break;
      at = up;
    }
    if (!scored_[at]) touch(at);
    return at;
  }

  void join_siblings(std::vector<uint32_t>& roots) {
    const uint32_t top = roots[0];
    const double score = scores_[top];
    const double threshold = std::max(10.0, score * 0.2);
    const auto top_class = attribute(top, kAttr_class_);
    std::vector<uint32_t> all;
    const uint32_t parent = o_.up[top];
    for (uint32_t c = node(parent).first; c != kNone; c = tree_.nodes[c].next) {
      const uint32_t at = o_.place[c];
      if (at == top) { all.push_back(at); continue; }
      if (removed_[at] || !element(at)) continue;
      const double bonus = !top_class.empty() && attribute(at, kAttr_class_) == top_class ? score * 0.2 : 0;
      bool join = scored_[at] && scores_[at] + bonus >= threshold;
      if (!join && tag(at) == k_p) {
        const Sums s = sum(at);
        join = (s.text > 80 && s.link_density() < 0.25) || (s.text > 0 && s.text <= 80 && s.links == 0 && s.stops > 0);
      }
      if (join) all.push_back(at);
    }
    roots = all;
  }

  // ---- cleaning ----
  bool is_data_table(uint32_t at) const {
    if (attribute(at, kAttr_role) == "presentation") return false;
    uint32_t rows = 0, columns = 0, in_row = 0;
    for (uint32_t i = at + 1; i < o_.ends[at]; ++i) {
      const uint32_t t = tag(i);
      if (t == k_table) return false;  // nested: layout
      if (t == k_caption || t == k_th || t == k_thead || t == k_tfoot || t == k_col || t == k_colgroup) return true;
      if (t == k_tr) { ++rows; in_row = 0; }
      if (t == k_td) columns = std::max(columns, ++in_row);
    }
    if (rows <= 1 || columns <= 1) return false;
    return rows >= 10 || columns > 4 || rows * columns > 10;
  }

  void clean(uint32_t root, std::vector<uint8_t>& removed) {
    std::string names;
    uint32_t table_end = 0, code_end = 0, figure_end = 0;
    for (uint32_t at = root; at < o_.ends[root];) {
      if (removed[at]) { at = o_.ends[at]; continue; }
      const uint32_t t = tag(at);
      bool drop = false;
      if (t == k_footer || t == k_aside || t == k_input || t == k_link || t == k_nav) drop = at != root;
      else if (t == k_figure) figure_end = std::max(figure_end, o_.ends[at]);
      else if (t == k_code || t == k_pre) code_end = std::max(code_end, o_.ends[at]);
      else if (t == k_table && is_data_table(at)) table_end = std::max(table_end, o_.ends[at]);
      else if (t == k_figcaption && mode_ != ExtractMode::kRecall) drop = true;
      if (!drop && at != root && t != 0 && (t == k_p || t == k_div || t == k_span || t == k_strong || t == k_a || is_heading(t) || t == k_li)) drop = points_elsewhere(at);
      if (!drop && mode_ == ExtractMode::kPrecision && at != root && at >= code_end && at >= table_end && (t == k_p || t == k_div || t == k_li)) {
        const Sums s = sum(at);  // precision: a short block without a sentence is a label, not prose
        drop = s.text <= 80 && s.stops == 0 && s.commas == 0 && s.headings == 0;
      }
      if (t == k_h1 || t == k_h2) drop = drop || repeats_title(at) || (t == k_h2 && weight(at) < 0);
      if (t != 0 && !drop && at != root && sum(at).text < 500) {
        lower_names(attribute(at, kAttr_class_), attribute(at, kAttr_id), names);
        drop = shares(names);
      }
      if (!drop && clean_ && at != root && (t == k_form || t == k_fieldset || t == k_table || t == k_ul || t == k_ol || t == k_dl || t == k_div || t == k_section || t == k_header) &&
          at >= code_end && !(at < table_end))
        drop = is_furniture(at, t, at < figure_end);
      if (drop) { removed[at] = 1; at = o_.ends[at]; } else ++at;
    }
  }

  bool points_elsewhere(uint32_t at) const {
    if (sum(at).text > 70 || sum(at).text == 0) return false;
    std::string text;
    for (uint32_t i = at; i < reach(at) && text.size() < 200; ++i) if (node(i).type == NodeType::kText && !removed_[i]) text += tree_.text_of(o_.order[i]);
    const size_t first = text.find_first_not_of(" \n\t\r\f");
    if (first == std::string::npos) return false;
    text.erase(0, first);
    for (char& c : text) if (c >= 'A' && c <= 'Z') c = char(c + 32);
    return is_pointer_line(text);
  }

  static bool shares(std::string_view s) {  // Readability's (\b|_)(share|sharedaddy)(\b|_)
    for (size_t i = s.find("share"); i != std::string_view::npos; i = s.find("share", i + 1)) {
      const bool left = i == 0 || !((s[i - 1] >= 'a' && s[i - 1] <= 'z') || (s[i - 1] >= '0' && s[i - 1] <= '9'));
      size_t to = i + 5;
      if (s.substr(to).starts_with("daddy")) to += 5;
      const bool right = to >= s.size() || !((s[to] >= 'a' && s[to] <= 'z') || (s[to] >= '0' && s[to] <= '9'));
      if (left && right) return true;
    }
    return false;
  }

  bool repeats_title(uint32_t at) const {
    if (title_.empty()) return false;
    std::string text;
    for (uint32_t i = at; i < reach(at) && text.size() < 1024; ++i) if (node(i).type == NodeType::kText) text += tree_.text_of(o_.order[i]);
    const auto squash = [](std::string_view s) {
      std::string out;
      for (char c : s) if (static_cast<unsigned char>(c) > 0x20) out.push_back(c >= 'A' && c <= 'Z' ? char(c + 32) : c);
      return out;
    };
    const std::string a = squash(text), b = squash(title_);
    return a.size() >= 4 && (a == b || (tag(at) == k_h1 && b.starts_with(a)) || (a.size() * 4 >= b.size() * 3 && b.find(a) != std::string::npos));
  }

  bool is_furniture(uint32_t at, uint32_t t, bool in_figure) const {
    const Sums s = sum(at);
    const int w = weight(at);
    if (w < 0) return true;
    if (s.commas >= 10) return false;
    const bool list = t == k_ul || t == k_ol;
    const double density = s.link_density();
    const double extra = mode_ == ExtractMode::kPrecision ? -0.05 : 0;
    const double heading_density = s.text ? double(s.headings) / s.text : 0;
    const int items = int(s.items) - 100;
    bool drop = false;
    if (!in_figure && s.images > 1 && double(s.paragraphs) / s.images < 0.5 && s.text < 200) drop = true;
    if (!list && items > int(s.paragraphs)) drop = true;
    if (s.inputs > s.paragraphs / 3) drop = drop || s.inputs > 0;
    if (!list && !in_figure && heading_density < 0.9 && s.text < 25 && (s.images == 0 || s.images > 2) && density > 0) drop = true;
    if (!list && w < 25 && density > 0.2 + extra) drop = true;
    if (w >= 25 && density > 0.5 + extra) drop = true;
    if (list && density > 0.5 + extra) drop = true;  // ours: a list of links is a menu or related pages
    return drop;
  }

  const Outline& o_;
  const Tree& tree_;
  ExtractMode mode_;
  std::string_view title_;
  bool strip_unlikely_ = true, weigh_names_ = true, clean_ = true;
  std::vector<Sums> texts_, sums_;
  std::vector<uint8_t> removed_, scored_;
  std::vector<uint32_t> next_word_;
  bool any_hidden_ = false, show_hidden_ = false;
  uint32_t shown_above_ = 0;  // a hidden element with more text than this counts as shown; 0: none does
  const std::vector<uint8_t>* visible_ = nullptr;
  std::vector<double> scores_;
  std::vector<uint32_t> candidates_;
};

}  // namespace

Selection select_main_text(const Outline& outline, ExtractMode mode, std::string_view title) { return Finder(outline, mode, title).find(); }

}  // namespace refine::html
