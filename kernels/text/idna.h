// Domain to ASCII as WHATWG URL asks (section 3.3): UTS 46 revision 33, non-transitional, CheckBidi and CheckJoiners on,
// CheckHyphens, UseSTD3ASCIIRules and VerifyDnsLength off. Unicode of kUnicodeVersion; nothing asks the machine's ICU.
// Limit, counted: a domain that needs mapping or punycode and is longer than kMaxIdnaBytes, before or after, is refused, since
// punycode is quadratic in a label. A name that DNS can hold has at most 253 bytes in ASCII, and less than 1,024 in UTF-8.
#pragma once
#include <string>
#include <string_view>

namespace refine {

constexpr size_t kMaxIdnaBytes = 1024;

// Appends. False, with `out` as it was, for a domain that has no ASCII form. The domain is valid UTF-8.
bool domain_to_ascii(std::string_view domain, std::string& out);

}  // namespace refine
