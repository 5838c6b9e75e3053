// parse_html: tokenizer and tree builder joined. See tree.h.
#include <cstring>

#include "refine/salted_hash.h"
#include "tree_builder.h"

namespace refine::html {

ParseResult parse_html(std::string_view input, const ParseOptions& options, Tree& tree) {
  const uint64_t salt = hash_bytes(input, 0);
  tree.tag_names.salt(salt);
  tree.attribute_names.salt(salt);
  TreeBuilder builder(tree, options, input.size());
  Tokenizer tokenizer(input, tree.tag_names, tree.attribute_names, builder);
  builder.attach(tokenizer);
  if (!options.fragment.empty()) builder.start_fragment();
  tokenizer.run();
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
