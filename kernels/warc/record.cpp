#include "record.h"

#include <utility>

#include "refine/digest.h"
#include "refine/inflate.h"
#include "zstd.h"

namespace refine {
namespace {

bool contains_nocase(std::string_view text, std::string_view lower) { return to_lower(text).find(lower) != std::string::npos; }

int64_t days_from_civil(int64_t year, unsigned month, unsigned day) {  // Howard Hinnant's formula
  year -= month <= 2;
  const int64_t era = (year >= 0 ? year : year - 399) / 400;
  const unsigned yoe = unsigned(year - era * 400), doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return era * 146097 + int64_t(yoe * 365 + yoe / 4 - yoe / 100 + doy) - 719468;
}

void check_digests(Record* record, Scratch* scratch) {
  const std::string_view* block_value = record->fields.find("warc-block-digest");
  const std::string_view* payload_value = record->fields.find("warc-payload-digest");
  if (record->type == "revisit" || record->type == "continuation" || record->fields.find("warc-segment-number")) payload_value = nullptr;  // of another record, or of all segments
  if (record->damage || !record->block_whole) {
    if (block_value) record->block_digest = DigestStatus::kUnchecked;
    if (payload_value) record->payload_digest = DigestStatus::kUnchecked;
    return;
  }
  DigestKind kinds[2] = {};
  std::string wanted[2], found[2];
  bool check[2] = {};
  const std::string_view* values[2] = {block_value, payload_value};
  DigestStatus* const status[2] = {&record->block_digest, &record->payload_digest};
  for (int i = 0; i < 2; ++i) {
    if (!values[i]) continue;
    check[i] = parse_digest(*values[i], &kinds[i], &wanted[i]) == DigestParse::kOk;
    if (!check[i]) {
      *status[i] = DigestStatus::kUnknownAlgorithm;
      record->note(Note::kUnknownDigest);
    }
  }
  const std::string_view texts[2] = {record->block, record->body};
  if (check[0] && check[1] && kinds[0] == DigestKind::kSha1 && kinds[1] == DigestKind::kSha1) {
    sha1_pair(texts[0], texts[1], &found[0], &found[1]);
  } else {
    for (int i = 0; i < 2; ++i) {
      if (!check[i]) continue;
      Hasher hasher(kinds[i]);
      hasher.update(texts[i]);
      found[i] = hasher.finish();
    }
  }
  if (check[0]) *status[0] = found[0] == wanted[0] ? DigestStatus::kOk : DigestStatus::kMismatch;
  if (check[1]) {
    bool right = found[1] == wanted[1];
    const std::string_view* coding = record->http.present ? record->http.fields.find("transfer-encoding") : nullptr;
    if (!right && coding && contains_nocase(*coding, "chunked")) {  // some writers digest the body without its transfer coding
      decode_chunked(record->body, SIZE_MAX / 2, &scratch->a);
      Hasher hasher(kinds[1]);
      hasher.update(scratch->a);
      right = hasher.finish() == wanted[1];
    }
    *status[1] = right ? DigestStatus::kOk : DigestStatus::kMismatch;
  }
  if (*status[0] == DigestStatus::kMismatch) record->note(Note::kBlockDigestMismatch);
  if (*status[1] == DigestStatus::kMismatch) record->note(Note::kPayloadDigestMismatch);
}

// Undoes transfer and content codings; nullptr, or the code of a skip.
const char* decode_payload(const WarcOptions& options, Record* record, Scratch* scratch) {
  const uint64_t limit = options.max_payload_bytes;
  std::string_view current = record->body;
  if (record->http.present) {
    const Fields& head = record->http.fields;
    std::string *to = &scratch->a, *other = &scratch->b;
    const auto take = [&] {
      current = *to;
      std::swap(to, other);
    };
    const std::string_view* transfer = head.find("transfer-encoding");
    if (transfer && contains_nocase(*transfer, "chunked")) {
      switch (decode_chunked(current, limit, to)) {
        case Chunking::kNone:
          record->note(Note::kBadChunking);
          break;
        case Chunking::kBroken:
          record->note(Note::kBadChunking);
          take();
          break;
        case Chunking::kTruncated:
          record->note(Note::kChunkingTruncated);
          take();
          break;
        case Chunking::kOk:
          take();
          break;
      }
      if (current.size() > limit) return "too-large";
    }
    // CommonCrawl keeps the codings it undid under X-Crawler names: the body is stored decoded.
    std::vector<std::string> codings;
    if (!head.find("x-crawler-content-encoding")) codings = content_codings(head);
    if (codings.size() > 16) return "bad-encoding";
    while (!codings.empty()) {
      const std::string coding = codings.back();
      if (coding == "br") {
        record->pending.assign(codings.rbegin(), codings.rend());
        break;
      }
      codings.pop_back();
      if (current.empty()) continue;
      DecodeResult result;
      if (coding == "gzip" || coding == "x-gzip") {
        if (current.size() < 2 || current.substr(0, 2) != "\x1f\x8b") {
          record->note(Note::kNotEncoded);
          continue;
        }
        result = decode_gzip(current, limit, *to);
      } else if (coding == "deflate") {
        result = decode_deflate(current, limit, *to);
        if (result == DecodeResult::kBad && sniffs_as_html(current)) {
          record->note(Note::kNotEncoded);
          continue;
        }
      } else if (coding == "zstd") {
        if (!zstd::is_frame(reinterpret_cast<const uint8_t*>(current.data()), current.size())) {
          record->note(Note::kNotEncoded);
          continue;
        }
        result = zstd::decode(current, limit, *to);
      } else if (coding == "compress" || coding == "x-compress") {
        return "bad-encoding";
      } else {
        record->note(Note::kUnknownEncoding);  // browsers show such a body as it is: mostly `utf-8` in the wrong header
        continue;
      }
      if (result == DecodeResult::kBad) return "bad-encoding";
      if (result == DecodeResult::kTooLarge) return "too-large";
      if (result == DecodeResult::kTruncated) record->note(Note::kEncodingTruncated);
      take();
    }
  }
  if (current.size() > limit) return "too-large";
  record->payload = current;
  return nullptr;
}

const char* skip_of_type(const WarcOptions& options, const Record& record) {
  if (record.arc) return record.type == "arc_header" ? "arc-header" : nullptr;
  const std::string& type = record.type;
  if (type == "response" || type == "resource") return nullptr;
  if (type == "conversion") return options.wet ? nullptr : "not-html";
  for (const char* known : {"warcinfo", "request", "metadata", "revisit", "continuation"})
    if (type == known) return known;
  return "unknown-type";
}

bool has_http_scheme(std::string_view url) { return starts_nocase(url, "http:") || starts_nocase(url, "https:"); }

// Whether the payload becomes html or text, by its declared type; the code of a skip where neither.
const char* settle_type(Record* record) {
  const std::string type = media_type(record->content_type);
  if (type.find('/') == std::string::npos) {
    record->sniff = true;
    if (!record->pending.empty()) return nullptr;  // sniffed once decoded
    return sniffs_as_html(record->payload) ? nullptr : "not-html";
  }
  if (type == "text/html" || type == "application/xhtml+xml") return nullptr;
  if (type == "text/plain") {
    record->as_text = true;
    return nullptr;
  }
  return "not-html";
}

}  // namespace

void Record::clear() {
  Fields kept_fields = std::move(fields), kept_http = std::move(http.fields);
  *this = Record();
  kept_fields.clear();
  kept_http.clear();
  fields = std::move(kept_fields);
  http.fields = std::move(kept_http);
}

bool parse_date(std::string_view text, int64_t* seconds) {
  text = trim(text);
  int64_t parts[6] = {1970, 1, 1, 0, 0, 0};
  static constexpr unsigned kWidths[6] = {4, 2, 2, 2, 2, 2};
  static constexpr char kBefore[6] = {0, '-', '-', 'T', ':', ':'};
  size_t at = 0;
  int count = 0;
  for (; count < 6 && at < text.size(); ++count) {
    if (count > 0 && (text[at] == kBefore[count] || (count == 3 && text[at] == ' '))) ++at;
    else if (count > 0 && !(text[at] >= '0' && text[at] <= '9')) break;
    if (at + kWidths[count] > text.size() || !parse_decimal(text.substr(at, kWidths[count]), &parts[count])) return false;
    at += kWidths[count];
  }
  if (count == 0 || parts[1] < 1 || parts[1] > 12 || parts[2] < 1 || parts[2] > 31 || parts[3] > 24 || parts[4] > 59 || parts[5] > 60) return false;
  int64_t shift = 0;
  if (count == 6) {
    if (at < text.size() && (text[at] == '.' || text[at] == ',' || (text[at] >= '0' && text[at] <= '9'))) {  // a fraction, or ARC dates with milliseconds
      ++at;
      while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    }
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) {
      int64_t hours = 0, minutes = 0;
      std::string digits;
      for (const char c : text.substr(at + 1))
        if (c != ':') digits += c;
      if (digits.size() != 4 || !parse_decimal(std::string_view(digits).substr(0, 2), &hours) || !parse_decimal(std::string_view(digits).substr(2), &minutes)) return false;
      shift = (hours * 60 + minutes) * 60 * (text[at] == '+' ? -1 : 1);
    } else if (at < text.size() && text[at] != 'Z' && text[at] != 'z') {
      return false;
    }
  }
  *seconds = days_from_civil(parts[0], unsigned(parts[1]), unsigned(parts[2])) * 86400 + parts[3] * 3600 + parts[4] * 60 + parts[5] + shift;
  return true;
}

void examine(const WarcOptions& options, Record* record, Scratch* scratch) {
  const auto value = [&](std::string_view name) {
    const std::string_view* found = record->fields.find(name);
    return found ? *found : std::string_view();
  };
  if (record->arc) {
    record->has_type = true;
    record->type = starts_nocase(record->arc_line.url, "filedesc://") ? "arc_header" : "response";
    record->url = record->arc_line.url;
    record->date_valid = parse_date(record->arc_line.date, &record->date);
  } else {
    const std::string_view* type = record->fields.find("warc-type");
    record->has_type = type != nullptr;
    record->type = type ? to_lower(*type) : std::string();
    record->url = value("warc-target-uri");
    if (record->url.size() >= 2 && record->url.front() == '<' && record->url.back() == '>') record->url = record->url.substr(1, record->url.size() - 2);  // wget 1.14 to 1.19
    record->id = value("warc-record-id");
    if (!record->id.empty() && record->id.front() == '<') record->id.remove_prefix(1);
    if (!record->id.empty() && record->id.back() == '>') record->id.remove_suffix(1);
    record->payload_digest_value = value("warc-payload-digest");
    record->date_valid = parse_date(value("warc-date"), &record->date);
    if (record->id.empty()) record->note(Note::kNoId);
    if (record->fields.find("warc-truncated")) record->note(Note::kTruncated);
    if (record->fields.find("warc-segment-number")) record->note(Note::kSegmented);
    if (record->version != "1.0" && record->version != "1.1" && record->version != "0.17" && record->version != "0.18") record->note(Note::kUnknownVersion);
  }
  if (!record->date_valid) record->note(Note::kBadDate);
  if (record->fields.bad_lines) record->note(Note::kBadHeaderLine);

  const bool request = record->type == "request";
  const std::string_view record_type = record->arc ? record->arc_line.content_type : value("content-type");
  const bool carries_http = (record->type == "response" || record->type == "revisit" || request) && !record->block.empty() &&
                            (record->url.empty() ? starts_nocase(record_type, "application/http") || starts_nocase(record->block, "http/") : has_http_scheme(record->url));
  if (carries_http) parse_http_head(record->block, request, &record->http);
  record->body = record->block.substr(record->http.present ? record->http.length : 0);
  if (options.verify_digests) check_digests(record, scratch);
  else {
    if (record->fields.find("warc-block-digest")) record->block_digest = DigestStatus::kUnchecked;
    if (record->fields.find("warc-payload-digest")) record->payload_digest = DigestStatus::kUnchecked;
  }

  record->skip = skip_of_type(options, *record);
  if (record->http.present) {
    const std::string_view* type = record->http.fields.find("content-type");
    record->content_type = type ? *type : std::string_view();
  } else {
    record->content_type = record_type;
  }
  if (!record->skip && !record->damage && record->type == "response" && !record->http.present)
    record->skip = carries_http || has_http_scheme(record->url) ? "bad-http" : "not-html";  // dns:, metadata:, ftp: and the like
  if (!record->skip && record->http.present && record->http.status != 200) record->skip = record->http.status == 0 ? "bad-http" : "http-status";
  if (record->damage || (record->skip && !(options.records && options.payloads))) return;

  const char* skip = record->block_whole ? nullptr : "too-large";
  if (!skip && !record->skip) {  // most other types need no decoding to be known
    const std::string type = media_type(record->content_type);
    if (record->type == "conversion") record->as_text = true;
    else if (type.find('/') != std::string::npos) skip = settle_type(record);
    if (skip && !(options.records && options.payloads)) {
      record->skip = skip;
      return;
    }
  }
  const bool whole = record->block_whole;
  const char* bad = whole ? decode_payload(options, record, scratch) : "too-large";
  if (!skip) skip = bad;
  if (!skip && !record->skip && !record->as_text) skip = settle_type(record);
  if (!record->skip) record->skip = skip;
}

}  // namespace refine
