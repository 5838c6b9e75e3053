// See dates.h.
#include "dates.h"

#include <algorithm>
#include <vector>

#include "months.h"
#include "plain_value.h"
#include "refine/unicode.h"
#include "refine/utf8.h"

namespace refine::html {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

int days_in(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return kDays[month - 1] + (month == 2 && leap);
}
bool exists(int year, int month, int day) {
  if (year < 1600 || year > 2099) return false;
  if (month == 0) return day == 0;
  return month <= 12 && month > 0 && day >= 0 && day <= days_in(year, month);
}
FoundDate made(int year, int month, int day, size_t begin, size_t end) {
  FoundDate out;
  if (!exists(year, month, day)) return out;
  out.year = year;
  out.month = month;
  out.day = day;
  out.begin = begin;
  out.end = end;
  return out;
}

// A run of digits, a run of letters, or one other character.
struct Token {
  enum Kind : uint8_t { kNumber, kWord, kMark } kind;
  int value = -1;       // of a number below a billion
  uint8_t digits = 0;
  char mark = 0;        // an ASCII mark; 0 for another
  bool spaced = false;  // white space before it
  int month = -1;       // of a word; -1: not looked up
  size_t begin, end;
};

bool is_cjk(char32_t c) { return c == 0x5E74 || c == 0x6708 || c == 0x65E5 || c == 0xB144 || c == 0xC6D4 || c == 0xC77C; }  // year, month, day

std::vector<Token> tokens_of(std::string_view text) {
  std::vector<Token> out;
  const auto* const base = reinterpret_cast<const uint8_t*>(text.data());
  const auto* p = base;
  const auto* const end = base + text.size();
  bool spaced = true;
  while (p < end && out.size() < 400) {
    const auto* const from = p;
    const char32_t c = decode_utf8(p, end);
    if (is_white_space(c)) { spaced = true; continue; }
    Token token{};
    token.begin = size_t(from - base);
    token.spaced = spaced;
    spaced = false;
    if (c < 0x80 && is_digit(char(c))) {
      int64_t value = int64_t(c - '0');
      int digits = 1;
      while (p < end && is_digit(char(*p))) {
        if (digits < 10) value = value * 10 + (*p - '0');
        ++digits;
        ++p;
      }
      token.kind = Token::kNumber;
      token.digits = uint8_t(std::min(digits, 255));
      token.value = digits <= 9 ? int(value) : -1;
    } else if ((is_letter(c) || is_mark(c)) && !is_cjk(c)) {
      while (p < end) {
        const auto* const at = p;
        const char32_t next = decode_utf8(p, end);
        if ((!is_letter(next) && !is_mark(next)) || is_cjk(next)) { p = at; break; }
      }
      token.kind = Token::kWord;
    } else {
      token.kind = Token::kMark;
      token.mark = c < 0x80 ? char(c) : c == 0x2013 || c == 0x2010 || c == 0x2011 ? '-' : c == 0x5E74 || c == 0xB144 ? 'Y' : c == 0x6708 || c == 0xC6D4 ? 'M' : c == 0x65E5 || c == 0xC77C ? 'D' : 0;
    }
    token.end = size_t(p - base);
    out.push_back(token);
  }
  // a month has its day or year close by; other words need not be looked up
  for (size_t i = 0; i < out.size(); ++i) {
    if (out[i].kind != Token::kNumber) continue;
    for (size_t n = i >= 3 ? i - 3 : 0; n < out.size() && n <= i + 4; ++n)
      if (out[n].kind == Token::kWord && out[n].month < 0) out[n].month = out[n].end - out[n].begin <= 40 ? (month_of(text.substr(out[n].begin, out[n].end - out[n].begin))) : 0;
  }
  return out;
}

class DateFinder {
 public:
  DateFinder(std::string_view text, DateOrder order) : text_(text), tokens_(tokens_of(text)), order_(order) {}

  FoundDate first() {
    FoundDate month_only;
    for (size_t i = 0; i < tokens_.size(); ++i) {
      FoundDate found;
      if (tokens_[i].kind == Token::kNumber) found = from_number(i);
      else if (tokens_[i].month > 0) found = from_month(i);
      if (found && found.day > 0) return found;
      if (found && !month_only) month_only = found;
    }
    return month_only;
  }

 private:
  const Token* at(size_t i) const { return i < tokens_.size() ? &tokens_[i] : nullptr; }
  bool mark(size_t i, char c) const { return i < tokens_.size() && tokens_[i].kind == Token::kMark && tokens_[i].mark == c; }
  bool number(size_t i, int least, int most) const { return i < tokens_.size() && tokens_[i].kind == Token::kNumber && tokens_[i].value >= least && tokens_[i].value <= most; }
  bool is_year(size_t i) const { return number(i, 1600, 2099) && tokens_[i].digits == 4; }
  bool is_day(size_t i) const { return number(i, 1, 31) && tokens_[i].digits <= 2; }
  bool word(size_t i, std::initializer_list<std::string_view> words) const {
    if (i >= tokens_.size() || tokens_[i].kind != Token::kWord) return false;
    const std::string lower = lower_ascii(text_.substr(tokens_[i].begin, tokens_[i].end - tokens_[i].begin), 16);
    return std::find(words.begin(), words.end(), lower) != words.end();
  }
  FoundDate made_to(int year, int month, int day, size_t first, size_t last) const { return made(year, month, day, tokens_[first].begin, tokens_[last].end); }

  FoundDate from_number(size_t i) const {
    // 2023-05-01, 2023/5/1, 2023.05.01, 2023. 5. 1.
    if (is_year(i)) {
      for (char sep : {'-', '/', '.'})
        if (mark(i + 1, sep) && number(i + 2, 1, 12) && mark(i + 3, sep) && is_day(i + 4)) return made_to(tokens_[i].value, tokens_[i + 2].value, tokens_[i + 4].value, i, i + 4);
      if (mark(i + 1, 'Y') && number(i + 2, 1, 12) && mark(i + 3, 'M')) {
        const bool day = is_day(i + 4) && mark(i + 5, 'D');
        return made_to(tokens_[i].value, tokens_[i + 2].value, day ? tokens_[i + 4].value : 0, i, day ? i + 5 : i + 3);
      }
      // 2023. május 1., 2023 m. gegužės 1 d., 2023 May 1
      size_t n = i + 1;
      if (mark(n, '.') || mark(n, ',')) ++n;
      if (word(n, {"m", "gada", "de", "ko"})) { ++n; if (mark(n, '.')) ++n; }
      if (at(n) && tokens_[n].month > 0 && is_day(n + 1) && !is_year(n + 2)) return made_to(tokens_[i].value, tokens_[n].month, tokens_[n + 1].value, i, n + 1);
      return {};
    }
    if (tokens_[i].digits > 2 || tokens_[i].value < 1) return {};
    if (i > 0 && !tokens_[i].spaced && tokens_[i - 1].kind == Token::kMark && (tokens_[i - 1].mark == '.' || tokens_[i - 1].mark == '/' || tokens_[i - 1].mark == '-' || tokens_[i - 1].mark == ':') && i > 1 && tokens_[i - 2].kind == Token::kNumber) return {};
    for (char sep : {'.', '/', '-'}) {
      if (!mark(i + 1, sep) || !number(i + 2, 1, 31) || tokens_[i + 2].digits > 2) continue;
      if (!mark(i + 3, sep)) continue;
      int year = 0;
      if (is_year(i + 4)) year = tokens_[i + 4].value;
      else if (sep != '-' && tokens_[i].digits == 2 && tokens_[i + 2].digits == 2 && number(i + 4, 0, 99) && tokens_[i + 4].digits == 2 && !tokens_[i + 4].spaced && !mark(i + 5, sep)) year = tokens_[i + 4].value < 50 ? 2000 + tokens_[i + 4].value : tokens_[i + 4].value >= 90 ? 1900 + tokens_[i + 4].value : 0;
      if (year == 0 || (mark(i + 5, sep) && number(i + 6, 0, 999'999'999) && !tokens_[i + 6].spaced)) continue;  // a version's number
      const int a = tokens_[i].value, b = tokens_[i + 2].value;
      DateOrder order = sep == '.' ? DateOrder::kDayFirst : order_;
      if (a > 12) order = DateOrder::kDayFirst;
      else if (b > 12) order = DateOrder::kMonthFirst;
      else if (a == b) order = DateOrder::kDayFirst;
      if (order == DateOrder::kUnknown) return {};
      return order == DateOrder::kDayFirst ? made_to(year, b, a, i, i + 4) : made_to(year, a, b, i, i + 4);
    }
    // 1 May 2023, 1. Mai 2023, 1er mai 2023, 1st of May, 2023, 1 de mayo de 2023, ngày 1 tháng 5 năm 2023
    size_t n = i + 1;
    if (mark(n, '.') || mark(n, '/') || mark(n, '-')) ++n;
    if (word(n, {"st", "nd", "rd", "th", "er", "ste", "de", "e", "o", "a"}) && !tokens_[n].spaced) ++n;
    if (at(n) && tokens_[n].kind == Token::kMark && tokens_[n].mark == 0 && !tokens_[n].spaced) ++n;  // an ordinal's sign
    if (word(n, {"de", "of", "di", "d", "den"})) ++n;
    if (mark(n, '\'')) ++n;
    if (at(n) && tokens_[n].kind == Token::kWord && tokens_[n].month == 13 && number(n + 1, 1, 12)) {
      size_t year = n + 2;
      if (mark(year, ',') || mark(year, '/') || (at(year) && tokens_[year].kind == Token::kWord)) ++year;
      if (is_year(year)) return made_to(tokens_[year].value, tokens_[n + 1].value, tokens_[i].value, i, year);
      return {};
    }
    if (!at(n) || tokens_[n].month < 1 || tokens_[n].month > 12) return {};
    const int month = tokens_[n].month;
    const size_t year = year_after(n + 1);
    return year > 0 ? made_to(tokens_[year].value, month, tokens_[i].value, i, year) : FoundDate();
  }

  // The year behind a month or a day: over a full stop, a comma, a dash, `de`, `del`.
  size_t year_after(size_t n) const {
    for (int skipped = 0; skipped < 3 && at(n); ++skipped, ++n) {
      if (is_year(n)) return n;
      if (mark(n, '.') || mark(n, ',') || mark(n, '-') || mark(n, '/') || mark(n, '\'') || word(n, {"de", "del", "of", "th", "st", "nd", "rd"})) continue;
      break;
    }
    return at(n) && is_year(n) ? n : 0;
  }

  // May 1, 2023; Mai 2023
  FoundDate from_month(size_t i) const {
    const int month = tokens_[i].month;
    if (month > 12) return {};
    size_t n = i + 1;
    if (mark(n, '.')) ++n;
    if (mark(n, '-') || mark(n, '/')) ++n;
    if (word(n, {"the"})) ++n;
    if (is_day(n)) {
      const size_t year = year_after(n + 1);
      if (year > 0) return made_to(tokens_[year].value, month, tokens_[n].value, i, year);
      return {};
    }
    // Short names are words too (`set`, `sie`, `out`): a year alone does not make them a month.
    if (tokens_[i].end - tokens_[i].begin < 4 && !word(i, {"may", "mai", "maj", "mei", "jun", "jul", "jan", "oct", "nov", "dec"})) return {};
    const size_t year = year_after(n);
    return year > 0 ? made_to(tokens_[year].value, month, 0, i, year) : FoundDate();
  }

  const std::string_view text_;
  const std::vector<Token> tokens_;
  const DateOrder order_;
};

int digits_at(std::string_view s, size_t at, size_t count) {
  if (at + count > s.size()) return -1;
  int value = 0;
  for (size_t i = at; i < at + count; ++i) {
    if (!is_digit(s[i])) return -1;
    value = value * 10 + (s[i] - '0');
  }
  return value;
}

// Days since 1970 as a date (Hinnant's civil_from_days).
FoundDate from_epoch(int64_t seconds) {
  const int64_t z = seconds / 86400 + 719468;
  const int64_t era = z / 146097;
  const unsigned doe = unsigned(z - era * 146097);
  const unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const unsigned mp = (5 * doy + 2) / 153;
  const int day = int(doy - (153 * mp + 2) / 5 + 1), month = int(mp < 10 ? mp + 3 : mp - 9);
  return made(int(int64_t(yoe) + era * 400) + (month <= 2), month, day, 0, 0);
}

void put(std::string& out, int value, int width) {
  std::string digits = std::to_string(value);
  out.append(size_t(std::max(0, width - int(digits.size()))), '0');
  out += digits;
}

}  // namespace

std::string FoundDate::iso() const {
  std::string out;
  if (year == 0) return out;
  put(out, year, 4);
  if (month == 0) return out;
  out.push_back('-');
  put(out, month, 2);
  if (day == 0) return out;
  out.push_back('-');
  put(out, day, 2);
  return out;
}

FoundDate find_date(std::string_view text, DateOrder order) {
  if (text.find_first_of("0123456789") == std::string_view::npos) return {};
  return DateFinder(text, order).first();
}

std::string date_of_value(std::string_view value, DateOrder order) {
  const std::string s = plain_value(value, 200);
  size_t digits = 0;
  while (digits < s.size() && is_digit(s[digits])) ++digits;
  if (digits == s.size() && (digits == 10 || digits == 13)) {
    int64_t number = 0;
    for (size_t i = 0; i < 10; ++i) number = number * 10 + (s[i] - '0');
    return number >= 631'152'000 ? from_epoch(number).iso() : std::string();  // from 1990 on
  }
  const int year = digits_at(s, 0, 4);
  if (year >= 1600 && digits == 4) {
    if (s.size() == 4) return made(year, 0, 0, 0, 4).iso();
    const char mark = s[4];
    if (mark == '-' || mark == '/' || mark == '.') {
      size_t n = 5;
      int parts[2] = {0, 0};
      for (int i = 0; i < 2; ++i) {
        size_t end = n;
        while (end < s.size() && is_digit(s[end]) && end - n < 3) ++end;
        if (end == n || end - n > 2) break;
        parts[i] = digits_at(s, n, end - n);
        n = end;
        if (i == 0) {
          if (n >= s.size() || (s[n] != mark && s[n] != '-' && s[n] != '.')) break;
          ++n;
        }
      }
      if (parts[0] > 0) {
        // a month without a day, where nothing else follows
        if (parts[1] > 0) return made(year, parts[0], parts[1], 0, n).iso();
        if (n >= s.size()) return made(year, parts[0], 0, 0, n).iso();
      }
    }
  }
  if (year >= 1600 && (digits == 8 || digits == 14 || digits == 12)) {  // 20230501, 20230501T100000Z, 20230501100000
    const FoundDate compact = made(year, digits_at(s, 4, 2), digits_at(s, 6, 2), 0, 8);
    if (compact && compact.day > 0) return compact.iso();
  }
  return find_date(s, order).iso();
}

DateOrder date_order(std::string_view lang, std::string_view url) {
  const std::string tag = lower_ascii(lang, 16);
  if (tag == "en-us" || tag == "en_us" || tag == "fil" || tag == "en-ph") return DateOrder::kMonthFirst;
  const size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) {
    std::string_view host = url.substr(scheme + 3, 255);
    host = host.substr(0, host.find_first_of("/:?#"));
    const size_t dot = host.rfind('.');
    const std::string top = lower_ascii(dot == std::string_view::npos ? std::string_view() : host.substr(dot + 1), 8);
    if (top == "us" || top == "gov" || top == "mil" || top == "edu") return DateOrder::kMonthFirst;
    if (top.size() == 2 && top != "co" && top != "tv" && top != "io" && top != "me" && top != "ai" && top != "fm" && top != "ly" && top != "cc" && top != "ca" && top != "ph") return DateOrder::kDayFirst;
  }
  if (tag.rfind("en", 0) == 0) return tag.size() > 3 ? DateOrder::kDayFirst : DateOrder::kUnknown;
  return tag.size() >= 2 ? DateOrder::kDayFirst : DateOrder::kUnknown;
}

}  // namespace refine::html
