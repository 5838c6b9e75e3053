// One record while it stands in the reader's buffer, and what is made of it: digests checked, HTTP taken apart, payload decoded.
#pragma once
#include <string>
#include <vector>

#include "header_fields.h"
#include "http.h"
#include "record_start.h"
#include "refine/warc.h"

namespace refine {

struct Record {
  bool arc = false;
  std::string_view version;     // `1.0` of `WARC/1.0`
  Fields fields;                // WARC headers; ARC: made from its line
  ArcLine arc_line;
  uint64_t offset = 0, stream_offset = 0, stream_length = 0;
  int64_t length = -1;
  std::string_view block;       // what is held of it
  uint64_t block_length = 0;
  bool block_whole = true;      // false: larger than the limit, `block` is its beginning
  const char* damage = nullptr;
  uint32_t notes = 0;           // bits by Note

  // Filled by examine().
  bool has_type = false;
  std::string type;             // lower case, without white space around
  std::string_view url, id, content_type, payload_digest_value;
  HttpHead http;
  std::string_view body;        // the block behind the HTTP head
  DigestStatus block_digest = DigestStatus::kAbsent, payload_digest = DigestStatus::kAbsent;
  int64_t date = 0;
  bool date_valid = false;
  const char* skip = nullptr;
  bool as_text = false, sniff = false;
  std::string_view payload;
  std::vector<std::string> pending;

  void note(Note which) { notes |= 1u << unsigned(which); }
  void clear();
};

// Scratch memory that payloads are decoded into; views of a record point here until the next one.
struct Scratch {
  std::string a, b;
};

void examine(const WarcOptions& options, Record* record, Scratch* scratch);

// Seconds since 1970 of `2024-05-18T00:00:01Z` and its shorter and longer forms, or of ARC's `20240518000001`.
bool parse_date(std::string_view text, int64_t* seconds);

}  // namespace refine
