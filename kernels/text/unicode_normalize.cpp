// NFD and NFC; see unicode.h. Source: Unicode 16.0, 3.11 (D108 canonical ordering, D117 composition), 3.12 (Hangul).
#include <algorithm>
#include <vector>

#include "refine/unicode.h"
#include "refine/utf8.h"
#include "unicode_internal.h"

namespace refine {

namespace {
constexpr char32_t kHangulS = 0xAC00, kHangulL = 0x1100, kHangulV = 0x1161, kHangulT = 0x11A7;
constexpr char32_t kCountL = 19, kCountV = 21, kCountT = 28, kCountS = kCountL * kCountV * kCountT;
}  // namespace

int decompose(char32_t c, char32_t out[4]) {
  if (!(record_of(c).flags & kDecomposes)) {
    out[0] = c;
    return 1;
  }
  if (c >= kHangulS && c < kHangulS + kCountS) {
    const char32_t index = c - kHangulS, tail = index % kCountT;
    out[0] = kHangulL + index / (kCountV * kCountT);
    out[1] = kHangulV + index / kCountT % kCountV;
    if (tail == 0) return 2;
    out[2] = kHangulT + tail;
    return 3;
  }
  const uint32_t* entry = kDecompositionPool + kDecompositionStage2[kDecompositionStage1[c >> 7] * 128u + (c & 127)];
  for (uint32_t i = 0; i < entry[0]; ++i) out[i] = entry[1 + i];
  return int(entry[0]);
}

char32_t compose(char32_t first, char32_t second) {
  if (first >= kHangulL && first < kHangulL + kCountL) {
    if (second >= kHangulV && second < kHangulV + kCountV) return kHangulS + ((first - kHangulL) * kCountV + (second - kHangulV)) * kCountT;
    return 0;
  }
  if (first >= kHangulS && first < kHangulS + kCountS && (first - kHangulS) % kCountT == 0 && second > kHangulT && second < kHangulT + kCountT)
    return first + (second - kHangulT);
  const auto end = kCompositions + kCompositionCount;
  const auto at = std::lower_bound(kCompositions, end, std::pair<uint32_t, uint32_t>(first, second),
                                   [](const CompositionPair& a, const std::pair<uint32_t, uint32_t>& b) { return std::pair<uint32_t, uint32_t>(a.first, a.second) < b; });
  return at != end && at->first == first && at->second == second ? char32_t(at->composed) : 0;
}

void order_marks(char32_t* run, size_t size) {
  if (size < 2) return;
  if (size <= 16) {  // almost every run: insertion sort by class, stable
    for (size_t i = 1; i < size; ++i) {
      const char32_t c = run[i];
      const uint8_t rank = combining_class(c);
      size_t at = i;
      for (; at > 0 && combining_class(run[at - 1]) > rank; --at) run[at] = run[at - 1];
      run[at] = c;
    }
    return;
  }
  size_t start[257] = {};
  for (size_t i = 0; i < size; ++i) ++start[combining_class(run[i]) + 1];
  for (int k = 0; k < 256; ++k) start[k + 1] += start[k];
  const std::vector<char32_t> from(run, run + size);
  for (char32_t c : from) run[start[combining_class(c)]++] = c;
}

namespace {

void append_all(std::string& out, const std::vector<char32_t>& points) {
  for (char32_t c : points) append_utf8(out, c);
}

void append_ascii_run(const uint8_t*& p, const uint8_t* end, std::string& out) {
  const auto start = p;
  while (p < end && *p < 0x80) ++p;
  out.append(reinterpret_cast<const char*>(start), size_t(p - start));
}

// Composes a decomposed, ordered segment in place (D117). A segment may hold several starters (Hangul jamo, Indic vowels).
void compose_segment(std::vector<char32_t>& points) {
  size_t kept = 0, starter = SIZE_MAX;
  int last_class = -1;  // class of the last character kept after the starter; -1: none, so that an adjacent starter composes too
  for (size_t i = 0; i < points.size(); ++i) {
    const char32_t c = points[i];
    const int rank = combining_class(c);
    if (starter != SIZE_MAX && last_class < rank) {
      if (const char32_t composed = compose(points[starter], c)) {
        points[starter] = composed;
        continue;
      }
    }
    points[kept] = c;
    if (rank == 0) {
      starter = kept;
      last_class = -1;
    } else {
      last_class = rank;
    }
    ++kept;
  }
  points.resize(kept);
}

void decompose_into(char32_t c, std::vector<char32_t>& points) {
  char32_t parts[4];
  const int n = decompose(c, parts);
  points.insert(points.end(), parts, parts + n);
}

void order_segment(std::vector<char32_t>& points) {
  for (size_t i = 0; i < points.size();) {
    if (combining_class(points[i]) == 0) { ++i; continue; }
    size_t last = i;
    while (last < points.size() && combining_class(points[last]) != 0) ++last;
    order_marks(points.data() + i, last - i);
    i = last;
  }
}

}  // namespace

void append_nfd(std::string_view utf8, std::string& out) {
  auto p = reinterpret_cast<const uint8_t*>(utf8.data());
  const auto end = p + utf8.size();
  std::vector<char32_t> marks;  // the pending run of characters that canonical ordering may move
  const auto flush = [&] {
    if (marks.empty()) return;
    order_marks(marks.data(), marks.size());
    append_all(out, marks);
    marks.clear();
  };
  while (p < end) {
    if (*p < 0x80) {
      flush();
      append_ascii_run(p, end, out);
      continue;
    }
    char32_t parts[4];
    const int n = decompose(decode_utf8(p, end), parts);
    for (int i = 0; i < n; ++i) {
      if (combining_class(parts[i]) != 0) {
        marks.push_back(parts[i]);
      } else {
        flush();
        append_utf8(out, parts[i]);
      }
    }
  }
  flush();
}

bool is_nfc_quick(std::string_view utf8) {
  auto p = reinterpret_cast<const uint8_t*>(utf8.data());
  const auto end = p + utf8.size();
  uint8_t last_class = 0;
  while (p < end) {
    if (*p < 0x80) { ++p; last_class = 0; continue; }
    const auto& record = record_of(decode_utf8(p, end));
    if (record.flags & (kNfcNo | kNfcMaybe)) return false;
    if (record.combining_class != 0 && record.combining_class < last_class) return false;
    last_class = record.combining_class;
  }
  return true;
}

void append_nfc(std::string_view utf8, std::string& out) {
  auto p = reinterpret_cast<const uint8_t*>(utf8.data());
  const auto end = p + utf8.size();
  if (is_nfc_quick(utf8)) {
    while (p < end) {
      append_ascii_run(p, end, out);
      if (p < end) append_utf8(out, decode_utf8(p, end));
    }
    return;
  }
  // Segments start at characters that never combine with what stands before them: starters whose NFC_QC is Yes and
  // that do not decompose into something else. Within a segment: decompose, order, compose.
  std::vector<char32_t> segment;
  const auto flush = [&] {
    if (segment.empty()) return;
    order_segment(segment);
    compose_segment(segment);
    append_all(out, segment);
    segment.clear();
  };
  while (p < end) {
    const char32_t c = *p < 0x80 ? char32_t(*p++) : decode_utf8(p, end);
    const auto& record = record_of(c);
    if (record.combining_class == 0 && !(record.flags & (kNfcNo | kNfcMaybe))) flush();
    decompose_into(c, segment);
  }
  flush();
}

}  // namespace refine
