// Labels and names of encodings: see encoding.h. Table from the Encoding Standard, section 4.2.
#include <algorithm>

#include "refine/encoding.h"

namespace refine {
#include "labels.inc"
static_assert(sizeof(kNames) / sizeof(kNames[0]) == size_t(Encoding::kCount));

std::string_view encoding_name(Encoding encoding) { return kNames[size_t(encoding)]; }

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r'; }

bool encoding_from_label(std::string_view label, Encoding* out) {
  while (!label.empty() && is_space(label.front())) label.remove_prefix(1);
  while (!label.empty() && is_space(label.back())) label.remove_suffix(1);
  if (label.empty() || label.size() > 24) return false;  // the longest label has 19 bytes
  char lower[24];
  for (size_t i = 0; i < label.size(); ++i) lower[i] = label[i] >= 'A' && label[i] <= 'Z' ? char(label[i] + 32) : label[i];
  const std::string_view wanted(lower, label.size());
  const auto end = kLabels + sizeof(kLabels) / sizeof(kLabels[0]);
  const auto found = std::lower_bound(kLabels, end, wanted, [](const Label& l, std::string_view w) { return std::string_view(l.label) < w; });
  if (found == end || wanted != found->label) return false;
  *out = Encoding(found->encoding);
  return true;
}

bool encoding_from_content_type(std::string_view value, Encoding* out) {
  // Parameters after the first ';', names without regard to case, values bare or quoted (RFC 9110, 5.6.6).
  size_t at = value.find(';');
  while (at != std::string_view::npos && ++at < value.size()) {
    while (at < value.size() && (is_space(value[at]) || value[at] == ';')) ++at;
    const size_t name = at;
    while (at < value.size() && value[at] != '=' && value[at] != ';') ++at;
    std::string key(value.substr(name, at - name));
    while (!key.empty() && is_space(key.back())) key.pop_back();
    for (char& c : key) if (c >= 'A' && c <= 'Z') c = char(c + 32);
    if (at < value.size() && value[at] == '=') {
      ++at;
      while (at < value.size() && is_space(value[at])) ++at;
      std::string_view parameter;
      if (at < value.size() && (value[at] == '"' || value[at] == '\'')) {
        const size_t close = value.find(value[at], at + 1);
        parameter = value.substr(at + 1, close == std::string_view::npos ? close : close - at - 1);
        at = value.find(';', close == std::string_view::npos ? value.size() : close);
      } else {
        const size_t end = value.find(';', at);
        parameter = value.substr(at, end == std::string_view::npos ? end : end - at);
        at = end;
      }
      if (key == "charset" && encoding_from_label(parameter, out)) return true;
    }
  }
  return false;
}

bool encoding_from_bom(std::string_view b, Encoding* out) {
  const auto at = [&](size_t i) { return uint8_t(b[i]); };
  if (b.size() >= 3 && at(0) == 0xEF && at(1) == 0xBB && at(2) == 0xBF) return *out = Encoding::kUtf8, true;
  if (b.size() >= 2 && at(0) == 0xFE && at(1) == 0xFF) return *out = Encoding::kUtf16Be, true;
  if (b.size() >= 2 && at(0) == 0xFF && at(1) == 0xFE) return *out = Encoding::kUtf16Le, true;
  return false;
}

}  // namespace refine
