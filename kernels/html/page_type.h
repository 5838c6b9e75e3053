// One guess of what a page is, from its signs.
#pragma once
#include "page_signs.h"

namespace refine::html {
PageType guess_page_type(const PageSigns& signs);
}
