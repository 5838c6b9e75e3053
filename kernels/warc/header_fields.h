// Named fields of WARC and HTTP heads. Lenient: bare LF, folded lines, spaces before the colon, lines without one.
// Invariant: a field's views point into the text parsed or into `folded`; both must outlive the fields.
#pragma once
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace refine {

struct Field {
  std::string_view name, value;
};

struct Fields {
  std::vector<Field> list;
  std::deque<std::string> folded;
  bool bad_lines = false;  // a line without a colon was met and ignored

  void clear() {
    list.clear();
    folded.clear();
    bad_lines = false;
  }
  // The first field of that name, without case; nullptr where there is none. `name` is in lower case.
  const std::string_view* find(std::string_view name) const;
};

// Parses lines up to a blank one or the end; returns the bytes used, the blank line included.
size_t parse_fields(std::string_view text, Fields* fields);

// The offset behind the blank line that ends a head, or npos; `from` is where an earlier search of the same text ended.
size_t find_head_end(std::string_view text, size_t from);

bool equals_nocase(std::string_view text, std::string_view lower);
bool starts_nocase(std::string_view text, std::string_view lower);
std::string_view trim(std::string_view text);
std::string to_lower(std::string_view text);
// Decimal digits alone, at most 18 of them.
bool parse_decimal(std::string_view text, int64_t* value);

}  // namespace refine
