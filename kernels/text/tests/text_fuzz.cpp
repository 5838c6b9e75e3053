// Any bytes through every function of the room: no read outside, linear work, and the invariants that hold for all text.
#include <cstdlib>

#include "refine/normalize.h"
#include "refine/text_features.h"
#include "refine/unicode.h"
#include "refine/url_filter.h"
#include "refine/utf8.h"

using namespace refine;

static void expect(bool held) {
  if (!held) std::abort();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  static TextFeatures features;
  features.set_stop_words({"the", "\xC3\xBC" "ber"});
  for (const std::string& text : {std::string(bytes), to_valid_utf8(bytes)}) {
    const auto f = features.repetition(text);
    for (float value : {f.duplicate_line_fraction, f.duplicate_paragraph_fraction, f.duplicate_line_character_fraction, f.duplicate_paragraph_character_fraction}) expect(value >= 0 && value <= 1);
    float last = 1;
    for (float value : f.duplicate_gram_fraction) {  // a repeated n-gram holds a repeated (n-1)-gram at each of its places
      expect(value >= 0 && value <= last);
      last = value;
    }
    const auto q = features.quality(text);
    expect(q.alphabetic_word_fraction <= 1 && q.bullet_line_fraction <= 1 && q.stop_word_count <= 2);

    LineRules rules;
    rules.counters = {"likes"};
    rules.at_start = {"sign-in"};
    rules.at_end = {"more..."};
    rules.anywhere = {"cart"};
    std::string corrected;
    const auto counts = correct_lines(text, rules, corrected);
    expect(counts.words == q.word_count && counts.removed_words <= counts.words && corrected.size() <= text.size());
    expect(features.quality(corrected).word_count == counts.words - counts.removed_words);

    std::string nfd, nfc, again, normal, twice;
    append_nfd(text, nfd);
    append_nfc(text, nfc);
    append_nfc(nfd, again);
    expect(nfc == again);
    normalize_default(text, normal);
    normalize_default(normal, twice);
    expect(normal == twice && is_valid_utf8(normal));

    static const UrlFilter filter = [] {
      UrlFilter made;
      made.suffixes.parse("com\n*.ck\n!www.ck");
      made.add_words(UrlFilter::Words::kStrict, "abc\n");
      made.add_words(UrlFilter::Words::kHard, "vile\n");
      made.add_words(UrlFilter::Words::kSoft, "rude\n");
      return made;
    }();
    filter.judge(text, 2);
    const auto host = split_url(text).host;
    expect(normalize_host(host) == host || host.find('%') != std::string::npos || host.find("xn--") != std::string::npos);
    filter.suffixes.registrable(host);
  }
  UrlFilter listed;
  listed.suffixes.parse(bytes.substr(0, size / 2));
  listed.add_words(UrlFilter::Words::kStrict, bytes);
  listed.judge(bytes, 1);
  return 0;
}
