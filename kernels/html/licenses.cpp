// See licenses.h.
#include "licenses.h"

#include <algorithm>

#include "plain_value.h"

namespace refine::html {
namespace {

bool is_version(std::string_view s) {
  return s.size() == 3 && s[0] >= '1' && s[0] <= '4' && s[1] == '.' && s[2] >= '0' && s[2] <= '9';
}
bool is_kind(std::string_view s) {
  for (const char* one : {"by", "by-sa", "by-nd", "by-nc", "by-nc-sa", "by-nc-nd", "by-nd-nc", "nc-sa", "nc", "nd", "sa", "zero", "mark", "publicdomain", "certification", "sampling+"}) if (s == one) return true;
  return false;
}
bool is_country(std::string_view s) {
  if (s == "igo" || s == "scotland") return true;
  return s.size() == 2 && s[0] >= 'a' && s[0] <= 'z' && s[1] >= 'a' && s[1] <= 'z';
}

// "CC BY-SA 4.0", "CC-BY-4.0", "cc0 1.0" in words.
std::string in_words(std::string_view text) {
  std::string s = lower_ascii(text, 60);
  std::replace(s.begin(), s.end(), ' ', '-');
  if (s.rfind("creative-commons-", 0) == 0) s = "cc-" + s.substr(17);
  if (s.rfind("cc0", 0) == 0) return "https://creativecommons.org/publicdomain/zero/1.0/";
  if (s.rfind("cc-", 0) != 0) return {};
  s = s.substr(3);
  size_t end = s.find_first_of("0123456789");
  if (end == std::string::npos) end = s.size();
  std::string kind = s.substr(0, end);
  while (!kind.empty() && kind.back() == '-') kind.pop_back();
  if (!is_kind(kind)) return {};
  const std::string version = s.substr(end, 3);
  return "https://creativecommons.org/licenses/" + kind + "/" + (is_version(version) ? version + "/" : "");
}

}  // namespace

std::string creative_commons(std::string_view url) {
  const std::string lower = lower_ascii(url, 300);
  const size_t host = lower.find("creativecommons.org/");
  if (host == std::string::npos || host > 16) return {};
  const std::string_view path = std::string_view(lower).substr(host + 20);
  std::string out = "https://creativecommons.org/";
  bool kind = false, version = false;
  int parts = 0;
  for (size_t at = 0; at < path.size() && parts < 4; ++parts) {
    size_t end = path.find_first_of("/?#", at);
    if (end == std::string_view::npos) end = path.size();
    const auto part = path.substr(at, end - at);
    if (parts == 0) {
      if (part != "licenses" && part != "licences" && part != "publicdomain") return {};
      out += part == "publicdomain" ? "publicdomain/" : "licenses/";
    } else if (parts == 1) {
      if (!is_kind(part)) return {};
      kind = true;
      out += std::string(part) + "/";
    } else if (parts == 2) {
      if (!is_version(part)) break;
      version = true;
      out += std::string(part) + "/";
    } else if (version && is_country(part)) {
      out += std::string(part) + "/";
    }
    if (end >= path.size() || path[end] != '/') break;
    at = end + 1;
  }
  return kind ? out : std::string();
}

void add_license(std::string_view value, UrlResolver& urls, std::vector<std::string>& out) {
  if (out.size() >= kMaxLicenses) return;
  const std::string plain = plain_value(value, 500);
  if (plain.empty()) return;
  std::string license = creative_commons(plain);
  if (license.empty()) license = in_words(plain);
  if (license.empty()) {
    const bool words = plain.find(' ') != std::string::npos || plain.find_first_of("/.#") == std::string::npos;
    if (words) license = plain.substr(0, plain.size() <= 200 ? plain.size() : 0);
    else if (!urls.append_resolved(plain, license)) return;
  }
  if (license.empty() || license.size() > kMaxValue) return;
  // a licence named with its version says more than the same without
  for (auto& one : out) {
    if (one == license || one.rfind(license, 0) == 0) return;
    if (license.rfind(one, 0) == 0) { one = std::move(license); return; }
  }
  out.push_back(std::move(license));
}

}  // namespace refine::html
