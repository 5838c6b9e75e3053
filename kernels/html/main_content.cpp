// See main_content.h.
#include "main_content.h"

#include <algorithm>

#include "block_features.h"
#include "block_model.h"

namespace refine::html {
namespace {

// Log odds above which a block is kept. Balanced is the best of both on the development pages under cross-validation
// (infra/extract/LEADERBOARD.md); precision and recall are odds of 2.3 : 1 and 1 : 3.5.
float threshold(ExtractMode mode) { return mode == ExtractMode::kPrecision ? 0.85f : mode == ExtractMode::kRecall ? -1.25f : -0.1f; }
// Where no block passes, those nearly as likely as the likeliest are the page's text, if that one is not hopeless.
constexpr float kTakenOver = 4.0f;  // odds of a block past kMostJudged that the paragraph scores chose
constexpr float kHopeless = -3.2f, kNearly = 0.9f;

// The cells of a data table stand or fall together: a row without its numbers is no row.
void agree_in_tables(const Outline& o, const BlockFinder& finder, MainContent& found) {
  const size_t n = found.blocks.size();
  for (size_t i = 0; i < n;) {
    const uint32_t table = finder.data_table_around(found.blocks[i].home);
    if (table == 0) { ++i; continue; }
    size_t to = i;
    double sum = 0;
    while (to < n && found.blocks[to].first < o.ends[table]) sum += double(found.odds[to++]);
    const auto mean = float(sum / double(to - i));
    for (; i < to; ++i) found.odds[i] = mean;
  }
}

void choose(MainContent& found, ExtractMode mode) {
  const size_t n = found.blocks.size();
  found.kept.assign(n, 0);
  float most = -1e9f;
  bool any = false;
  for (size_t i = 0; i < n; ++i) {
    most = std::max(most, found.odds[i]);
    found.kept[i] = found.odds[i] > threshold(mode);
    any |= found.kept[i];
  }
  found.sure = any;
  if (any || most < kHopeless || mode == ExtractMode::kPrecision) return;
  for (size_t i = 0; i < n; ++i) found.kept[i] = found.odds[i] >= most - kNearly;
}

// Removed: what is invisible, the text of blocks that are not kept, and images that do not stand between kept blocks.
Selection selection_of(const Outline& o, const MainContent& found) {
  Selection s;
  s.removed = found.invisible;
  s.roots = {0};
  for (uint32_t at = 0; at < o.order.size(); ++at) if (o.tree.is(o.order[at], k_body)) { s.roots = {at}; break; }
  size_t block = 0;  // the first that does not end before `at`
  for (uint32_t at = s.roots[0]; at < o.order.size(); ++at) {
    if (s.removed[at]) { at = o.ends[at] - 1; continue; }
    while (block < found.blocks.size() && found.blocks[block].last < at) ++block;
    const bool inside = block < found.blocks.size() && found.blocks[block].first <= at;
    const Node& n = o.tree.nodes[o.order[at]];
    if (n.type == NodeType::kText) {
      if (inside && !found.kept[block]) s.removed[at] = 1;
    } else if (n.type == NodeType::kElement && n.ns == Namespace::kHtml && (n.name == k_img || n.name == k_picture || n.name == k_br)) {
      const bool before = block > 0 && found.kept[block - 1], after = block < found.blocks.size() && found.kept[block];
      if (inside ? !found.kept[block] : !(before && after)) s.removed[at] = 1;
    }
  }
  return s;
}

}  // namespace

MainContent find_main_content(const Outline& outline, const PageFacts& facts, const ExtractOptions& options) {
  MainContent found;
  BlockFinder finder(outline, facts.title);
  const Selection scored = finder.find();
  found.invisible = finder.invisible();
  found.blocks = cut_into_blocks(outline, found.invisible);
  auto [features, scored_blocks] = block_features({outline, finder, scored, found.blocks, facts.title, facts.description, facts.signs, facts.json_ld});
  found.features = std::move(features);
  const size_t judged = std::min(found.blocks.size(), kMostJudged);
  if (options.model.empty()) BlockModel::shipped().predict(found.features, judged, found.odds);
  else BlockModel(options.model).predict(found.features, judged, found.odds);
  // Past the limit the paragraph scores decide: their choice is one walk over the page, whatever its length.
  for (size_t i = judged; i < found.blocks.size(); ++i) found.odds.push_back(scored_blocks[i] ? kTakenOver : -kTakenOver);
  agree_in_tables(outline, finder, found);
  choose(found, options.mode);
  found.selection = selection_of(outline, found);
  return found;
}

}  // namespace refine::html
