// Hosts by the WHATWG URL Standard, section 3: domains, IPv4 and IPv6 addresses, opaque hosts; parsed and serialised at once.
#pragma once
#include <array>
#include <string>
#include <string_view>

namespace refine {

// Appends the host's serialisation; false where the standard says failure, `out` may then have grown.
// `special`: the scheme is one of http, https, ws, wss, ftp, file. The input is valid UTF-8.
bool append_host(std::string_view input, bool special, std::string& out);

// The table of percent-encode sets (section 1.3): bit `set` of kPercentSets[byte]; bytes from 0x80 are in every one.
enum PercentSet : unsigned { kC0Set, kFragmentSet, kQuerySet, kSpecialQuerySet, kPathSet, kUserinfoSet };
extern const std::array<unsigned char, 256> kPercentSets;
inline bool in_percent_set(char c, PercentSet set) { return (kPercentSets[static_cast<unsigned char>(c)] >> set) & 1; }
void append_percent_encoded(char c, std::string& out);
void append_percent_encoded(std::string_view text, PercentSet set, std::string& out);

}  // namespace refine
