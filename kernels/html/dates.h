// Dates as pages write them, made ISO 8601 as precise as they are: `2023-05-01`, `2023-05`, `2023`. Times and zones are left
// out: the day is the one the page shows. Month names in some thirty languages; no clock, no locale.
// Invariant: a result is a day that exists, from 1600 to 2099; work is linear in the text, which callers bound.
#pragma once
#include <string>
#include <string_view>

namespace refine::html {

// Which number comes first in 03/04/2023; unknown: the date is read only where one of them is above 12.
enum class DateOrder : uint8_t { kUnknown, kDayFirst, kMonthFirst };

struct FoundDate {
  int year = 0, month = 0, day = 0;  // 0: not said
  size_t begin = 0, end = 0;         // the bytes it was read from
  explicit operator bool() const { return year > 0; }
  std::string iso() const;
};

// The date that a machine-readable value holds from its beginning on: ISO 8601 in its forms, RFC 5322, seconds or
// milliseconds since 1970, or what find_date reads. Empty where there is none.
std::string date_of_value(std::string_view value, DateOrder order);
// The first date in running text that has a year and a month.
FoundDate find_date(std::string_view text, DateOrder order);
// By language tag and host: en-US and Philippine pages write the month first, other declared languages the day.
DateOrder date_order(std::string_view lang, std::string_view url);

}  // namespace refine::html
