// What a URL's path says about its page, word by word. Not a URL parser: any bytes give hints.
#pragma once
#include <cstdint>
#include <string_view>

namespace refine::html {

struct UrlHints {
  uint32_t hints = 0;  // PageSigns::Url
  uint8_t depth = 0, slug_hyphens = 0;
  int year = 0, month = 0, day = 0;  // of a date in the path: /2023/05/01/, /2023-05-01-, 20230501; 0 where absent
};
UrlHints read_url(std::string_view url);

}  // namespace refine::html
