// See description.h.
#include "description.h"

#include "plain_value.h"

namespace refine::html {

std::string meta_description(const Tree& tree) {
  std::string plain;
  for (uint32_t node = 0; node < tree.nodes.size(); ++node) {
    if (!tree.is(node, k_meta)) continue;
    const bool open_graph = lower_ascii(tree.attribute(node, kAttr_property)) == "og:description";
    if (!open_graph && !(plain.empty() && lower_ascii(tree.attribute(node, kAttr_name)) == "description")) continue;
    std::string value = plain_value(tree.attribute(node, kAttr_content), 2000);
    if (open_graph && !value.empty()) return value;
    plain = std::move(value);
  }
  return plain;
}

}  // namespace refine::html
