// What opens a record: a `WARC/x.y` line, or an ARC v1 URL-record line.
#pragma once
#include <cstdint>
#include <string_view>

namespace refine {

// `WARC/` and a digit at the start of a line, in either case.
bool is_warc_start(std::string_view line);

struct ArcLine {
  std::string_view url, ip, date, content_type;
  int64_t length = 0;
  bool length_valid = false;
};
// `URL IP-address Archive-date Content-type Archive-length` (version 1), or the ten fields of version 2. The date, at
// least 8 digits behind an address, is found from the right, so URLs and types may hold spaces.
bool parse_arc_line(std::string_view line, ArcLine* arc);

// Whether the first bytes of a decoded member may open a record; lenient, for choosing where to resume after damage.
bool may_open_record(std::string_view prefix);

}  // namespace refine
