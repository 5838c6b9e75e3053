// Numbers that say what a block of a page is: its text, the elements and names around it, its place, its neighbours, and
// what the paragraph scores (block_finder.h) made of it. Read by the trees of block_model.h, so only order matters:
// nothing is scaled. Invariant: a function of the tree alone; bounded work a block (kLevels ancestors).
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "block_finder.h"
#include "blocks.h"
#include "json_ld.h"
#include "page_signs.h"

namespace refine::html {

std::vector<std::string> feature_names();

struct FeatureInput {
  const Outline& outline;
  const BlockFinder& finder;       // after find()
  const Selection& scored;         // what find() chose
  const std::vector<TextBlock>& blocks;
  std::string_view title, description;  // description: of the page's <meta>
  const PageSigns& signs;
  const JsonLd& json_ld;
};

// Blocks whose features are computed; more are a list without end, or an attack: find_main_content says what becomes of them.
constexpr size_t kMostJudged = 20'000;

struct BlockFeatures {
  std::vector<float> values;    // (blocks, at most kMostJudged, feature_names().size()) row-major
  std::vector<uint8_t> chosen;  // of all blocks: what the paragraph scores chose
};
BlockFeatures block_features(const FeatureInput& input);

}  // namespace refine::html
