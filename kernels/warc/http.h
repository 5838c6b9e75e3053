// HTTP/1.x responses as archives hold them: the head, the transfer coding, and the content codings to undo.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "header_fields.h"

namespace refine {

struct HttpHead {
  bool present = false;  // the block starts with a status line (or a request line)
  int status = 0;        // 0: none
  std::string_view start_line;
  Fields fields;
  size_t length = 0;  // bytes of the head, its blank line included

  void clear() {
    present = false;
    status = 0;
    start_line = {};
    fields.clear();
    length = 0;
  }
};

void parse_http_head(std::string_view block, bool request, HttpHead* head);

enum class Chunking {
  kOk,
  kTruncated,  // ended inside; what was there is kept
  kNone,       // the first chunk's head is none: the body was never chunked
  kBroken,     // breaks later: what was read, and the rest as it is
};
Chunking decode_chunked(std::string_view body, size_t limit, std::string* out);  // stops once past limit

// Content codings in the order they were applied, lower case, without `identity`.
std::vector<std::string> content_codings(const Fields& fields);

// The MIME sniffing standard's HTML signatures (section 7.1) after white space.
bool sniffs_as_html(std::string_view body);

// `text/html` of `Text/HTML; charset=x`.
std::string media_type(std::string_view content_type);

}  // namespace refine
