// Which document types mean quirks mode (HTML standard, 13.2.6.4.1). Quirks change one rule here: a table inside a p.
#pragma once
#include "tokenizer.h"

namespace refine::html {

inline bool means_quirks(const DoctypeToken& d) {
  const auto lower = [](std::string_view s) {
    std::string out(s);
    for (char& c : out) if (c >= 'A' && c <= 'Z') c = char(c + 32);
    return out;
  };
  if (d.force_quirks || d.name != "html") return true;
  const std::string id = lower(d.public_id), system = lower(d.system_id);
  if (id == "-//w3o//dtd w3 html strict 3.0//en//" || id == "-/w3c/dtd html 4.0 transitional/en" || id == "html") return true;
  if (system == "http://www.ibm.com/data/dtd/v11/ibmxhtml1-transitional.dtd") return true;
  static const char* const kPrefixes[] = {
    "+//silmaril//dtd html pro v0r11 19970101//", "-//as//dtd html 3.0 aswedit + extensions//", "-//advasoft ltd//dtd html 3.0 aswedit + extensions//",
    "-//ietf//dtd html", "-//metrius//dtd metrius presentational//", "-//microsoft//dtd internet explorer", "-//netscape comm. corp.//dtd",
    "-//o'reilly and associates//dtd html", "-//softquad software//dtd hotmetal pro", "-//softquad//dtd hotmetal pro", "-//spyglass//dtd html 2.0 extended//",
    "-//sq//dtd html 2.0 hotmetal + extensions//", "-//sun microsystems corp.//dtd hotjava", "-//w3c//dtd html 3 1995-03-24//", "-//w3c//dtd html 3.2",
    "-//w3c//dtd html 4.0 frameset//", "-//w3c//dtd html 4.0 transitional//", "-//w3c//dtd html experimental", "-//w3c//dtd w3 html 3.0//",
    "-//w3o//dtd w3 html 3.0//", "-//webtechs//dtd mozilla html"};
  for (const char* prefix : kPrefixes) if (id.starts_with(prefix)) return true;
  if (!d.has_system && (id.starts_with("-//w3c//dtd html 4.01 frameset//") || id.starts_with("-//w3c//dtd html 4.01 transitional//"))) return true;
  return false;
}

}  // namespace refine::html
