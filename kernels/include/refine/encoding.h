// Character encodings of the web: labels, decoders to UTF-8, and the decision which one a page is in.
// Source: the Encoding Standard (labels, indexes, decoders) and the HTML standard (prescan).
// Every function is pure, linear in its input and total: any bytes decode, errors become U+FFFD.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace refine {

enum class Encoding : uint8_t {  // the standard's order; infra/tables/encoding.mjs writes the same
  kUtf8, kIbm866, kIso8859_2, kIso8859_3, kIso8859_4, kIso8859_5, kIso8859_6, kIso8859_7, kIso8859_8, kIso8859_8I,
  kIso8859_10, kIso8859_13, kIso8859_14, kIso8859_15, kIso8859_16, kKoi8R, kKoi8U, kMacintosh, kWindows874,
  kWindows1250, kWindows1251, kWindows1252, kWindows1253, kWindows1254, kWindows1255, kWindows1256, kWindows1257, kWindows1258,
  kXMacCyrillic, kGbk, kGb18030, kBig5, kEucJp, kIso2022Jp, kShiftJis, kEucKr, kReplacement, kUtf16Be, kUtf16Le, kXUserDefined, kCount
};

// The standard's name in lower case, such as "windows-1252".
std::string_view encoding_name(Encoding encoding);
// "get an encoding": white space around the label and its case do not matter. False where no encoding has that label.
bool encoding_from_label(std::string_view label, Encoding* out);

// Appends the bytes as UTF-8 and returns how many errors became U+FFFD. A byte order mark of this encoding is skipped.
// At most three bytes come out for each that goes in.
size_t decode_to_utf8(Encoding encoding, std::string_view bytes, std::string& out);
// The same without a copy where there is nothing to change: a view of `bytes` (less its byte order mark) where they are
// UTF-8 and valid, else of `storage`, which is overwritten.
std::string_view decode_view(Encoding encoding, std::string_view bytes, std::string& storage, size_t* errors);

// UTF-8, UTF-16BE or UTF-16LE by byte order mark.
bool encoding_from_bom(std::string_view bytes, Encoding* out);
// The HTML standard's prescan of the first `limit` bytes (its 1024), then its "get an XML encoding".
bool prescan_encoding(std::string_view bytes, size_t limit, Encoding* out);
// The charset parameter of a Content-Type header's value.
bool encoding_from_content_type(std::string_view content_type, Encoding* out);
// By content alone: valid UTF-8, else byte structure and letter statistics. Always answers.
Encoding detect_encoding(std::string_view bytes);

enum class CharsetSource : uint8_t { kBom, kHeader, kMeta, kContent };
struct Charset {
  Encoding encoding = Encoding::kUtf8;
  CharsetSource source = CharsetSource::kContent;
};
// BOM, header, meta, content, in that order, where a declaration that the bytes contradict gives way:
//   * UTF-8 is declared, but more of the non-ASCII sequences are ill-formed than well-formed: the next source is asked;
//   * another encoding is declared, but the bytes are UTF-8 (at most one ill-formed part in fifty) with two continuation
//     bytes or more, sixteen sequences where the declared decoder is a multi-byte one and reads them without an error:
//     UTF-8. Legacy text is hardly ever valid UTF-8, while stale declarations are common;
//   * a multi-byte encoding is declared, but more than one in five of its characters is an error: the next source is asked;
//   * a legacy encoding is declared, but content says another one, whose text costs less than two thirds and at
//     least 250 bits less (language_score.cpp): the other one.
Charset decide_charset(std::string_view bytes, std::string_view content_type);

// Takes back UTF-8 that was read as windows-1252 and encoded again, as often as that was done (three times at most), where
// the whole text agrees; returns how many sequences it took back, 0 where `text` (valid UTF-8) stays as it is. The charset
// of such a page stays utf-8: that is what its bytes, and then its characters, were.
size_t undo_double_utf8(std::string& text);

// All of it: decides, decodes, takes back what was encoded twice. `out` is overwritten.
struct DecodedPage {
  Charset charset;
  size_t errors = 0;  // parts that became U+FFFD
  size_t undone = 0;  // sequences of undo_double_utf8
};
DecodedPage decode_page(std::string_view bytes, std::string_view content_type, std::string& out);

}  // namespace refine
