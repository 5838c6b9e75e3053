// Fills a double array from sorted strings; see byte_trie.h. Source: Aoe 1989, "An efficient digital search algorithm by using a
// double-array structure".
#include "byte_trie.h"

#include <algorithm>

namespace refine::bpe {

ByteTrie::ByteTrie(std::vector<std::pair<std::string_view, uint32_t>> entries) {
  std::erase_if(entries, [](const auto& entry) { return entry.first.empty(); });
  std::stable_sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  entries.erase(std::unique(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.first == b.first; }), entries.end());
  slots_.resize(512);
  values_.resize(512, kNone);
  std::vector<uint8_t> taken(512);
  taken[kRoot] = 1;  // without an owner, so that no step leads to it

  struct Work {
    uint32_t node;
    size_t first, last, depth;
  };
  std::vector<Work> work;
  if (!entries.empty()) work.push_back({kRoot, 0, entries.size(), 0});
  size_t first_free = 1;  // no free slot below
  std::vector<std::pair<uint8_t, size_t>> children;  // byte, first entry
  while (!work.empty()) {
    auto [node, first, last, depth] = work.back();
    work.pop_back();
    if (entries[first].first.size() == depth) values_[node] = entries[first++].second;
    if (first == last) continue;
    children.clear();
    for (size_t i = first; i < last; ++i) {
      const auto byte = uint8_t(entries[i].first[depth]);
      if (children.empty() || children.back().first != byte) children.emplace_back(byte, i);
    }
    while (taken[first_free]) {
      if (++first_free + 512 > taken.size()) taken.resize(taken.size() * 2), slots_.resize(taken.size()), values_.resize(taken.size(), kNone);
    }
    // The lowest base at which all children find free slots. A search that is long gives up on the dense part before it.
    size_t at = first_free, tries = 0;
    uint32_t base = 0;
    for (;; ++at, ++tries) {
      while (at + 512 > taken.size()) taken.resize(taken.size() * 2), slots_.resize(taken.size()), values_.resize(taken.size(), kNone);
      if (taken[at] || at < children[0].first) continue;
      base = uint32_t(at - children[0].first);
      if (std::none_of(children.begin(), children.end(), [&](const auto& child) { return taken[base + child.first]; })) break;
      if (tries > 4096) first_free = std::max(first_free, at);
    }
    slots_[node].base = base;
    for (size_t i = 0; i < children.size(); ++i) {
      const uint32_t child = base + children[i].first;
      taken[child] = 1;
      slots_[child].owner = node;
      work.push_back({child, children[i].second, i + 1 < children.size() ? children[i + 1].second : last, depth + 1});
    }
  }
  // A node without children keeps base 0: its step lands below 256, in slots whose owner is another node.
}

}  // namespace refine::bpe
