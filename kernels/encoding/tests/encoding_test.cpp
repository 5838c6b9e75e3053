// The decoders' corner cases that the standard writes out, and the order of decisions. The exhaustive comparison with
// the standard's tables is tests/kernels/encoding.test.ts.
#include "refine/encoding.h"

#include "../../testing/check.h"

using namespace refine;

static std::string decoded(Encoding e, std::string_view bytes, size_t* errors = nullptr) {
  std::string out;
  const size_t n = decode_to_utf8(e, bytes, out);
  if (errors) *errors = n;
  return out;
}

int main() {
  using namespace std::string_view_literals;
  size_t errors = 0;
  CHECK_EQ(decoded(Encoding::kShiftJis, "\x93\xFA\x96\x7B"), "日本");
  CHECK_EQ(decoded(Encoding::kEucJp, "\x8F\xB0\xA1"), "丂");
  CHECK_EQ(decoded(Encoding::kIso2022Jp, "\x1B$BF|K\\\x1B(B!"), "日本!");
  CHECK_EQ(decoded(Encoding::kGb18030, "\x81\x30\x81\x30\x84\x31\xA4\x37\xE3\x32\x9A\x35"), "\xC2\x80\xEF\xBF\xBD\xF4\x8F\xBF\xBF");
  CHECK_EQ(decoded(Encoding::kBig5, "\x88\x62\x87\x45"), "\xC3\x8A\xCC\x84\xF0\xA7\x89\xA7");
  CHECK_EQ(decoded(Encoding::kEucKr, "\xC7\xD1"), "한");
  // An ASCII trail is read again: the tag survives a cut character.
  CHECK_EQ(decoded(Encoding::kShiftJis, "\x93<p>", &errors), "\xEF\xBF\xBD<p>");
  CHECK_EQ(errors, 1u);
  CHECK_EQ(decoded(Encoding::kUtf8, "\xEF\xBB\xBF" "a\xF0\x9F", &errors), "a\xEF\xBF\xBD");
  CHECK_EQ(errors, 1u);
  CHECK_EQ(decoded(Encoding::kUtf16Le, "\xFF\xFE" "a\0\x3D\xD8"sv), "a\xEF\xBF\xBD");
  CHECK_EQ(decoded(Encoding::kReplacement, "anything"), "\xEF\xBF\xBD");
  CHECK_EQ(decoded(Encoding::kWindows1252, "\x80\x81"), "\xE2\x82\xAC\xC2\x81");
  CHECK_EQ(decoded(Encoding::kUtf8, ""), "");
  Encoding e;
  CHECK(encoding_from_content_type("text/html; Charset = 'Shift_JIS' ", &e) && e == Encoding::kShiftJis);
  CHECK(encoding_from_content_type("text/html;boundary=x;charset=utf8", &e) && e == Encoding::kUtf8);
  CHECK(!encoding_from_content_type("text/html; charset", &e));
  CHECK(!encoding_from_content_type("charset=utf-8", &e));
  CHECK(prescan_encoding("<meta http-equiv=content-type content='text/html; charset=koi8-r'>", 1024, &e) && e == Encoding::kKoi8R);
  CHECK(!prescan_encoding("<!-- <meta charset=koi8-r> -->", 1024, &e));
  CHECK(!prescan_encoding(std::string(1024, ' ') + "<meta charset=koi8-r>", 1024, &e));
  CHECK(prescan_encoding("<?xml version='1.0' encoding='euc-jp'?>", 1024, &e) && e == Encoding::kEucJp);
  CHECK(detect_encoding("") == Encoding::kUtf8);
  CHECK(detect_encoding("<\0p\0>\0a\0b\0c\0"sv) == Encoding::kUtf16Le);
  return refine::testing::report();
}
