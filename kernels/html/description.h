// The page's own description: og:description, else <meta name=description>. At most 2,000 bytes.
#pragma once
#include <string>

#include "tree.h"

namespace refine::html {

std::string meta_description(const Tree& tree);

}  // namespace refine::html
