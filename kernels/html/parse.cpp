// parse_html: tokenizer and tree builder joined. See tree.h.
#include <cstring>

#include "tree_builder.h"

namespace refine::html {

void Tree::clear(std::string_view input) {
  tag_names.clear(input);
  attribute_names.clear(input);
  nodes.clear();
  attributes.clear();
  doctypes.clear();
  changed.clear();
  source = input;
  quirks = false;
  visits = reads = 0;
}

size_t Tree::bytes() const {
  return nodes.capacity() * sizeof(Node) + attributes.capacity() * sizeof(NodeAttribute) + doctypes.capacity() * sizeof(Doctype) + changed.capacity() + tag_names.bytes() +
         attribute_names.bytes();
}

ParseResult parse_html(std::string_view input, const ParseOptions& options, Tree& tree) {
  if (input.size() > kMaxInput) return ParseResult::kTooLarge;
  tree.clear(input);
  TreeBuilder builder(tree, options);
  Tokenizer tokenizer(input, tree.tag_names, tree.attribute_names, builder);
  builder.attach(tokenizer);
  if (!options.fragment.empty()) builder.start_fragment();
  tokenizer.run();
  tree.visits = builder.visits();
  tree.reads = builder.reads() + tokenizer.reads();
  return builder.result();
}

void normalise_newlines(std::string& text) {
  char* write = static_cast<char*>(std::memchr(text.data(), '\r', text.size()));
  if (!write) return;
  const char* read = write;
  const char* end = text.data() + text.size();
  while (read < end) {
    const auto next = static_cast<const char*>(std::memchr(read, '\r', size_t(end - read)));
    const size_t n = size_t((next ? next : end) - read);
    std::memmove(write, read, n);
    write += n;
    if (!next) break;
    *write++ = '\n';
    read = next + 1;
    if (read < end && *read == '\n') ++read;
  }
  text.resize(size_t(write - text.data()));
}

}  // namespace refine::html
