// Reads WARC and ARC files as a stream of bytes cut anywhere, and hands out records, or documents as columns.
// Invariants: any chunking of the input gives the same results; every byte of the file belongs to a record or to a
// damage entry; memory stays below a payload limit and a batch, whatever the file says about itself.
// WARC/0.17, 0.18, 1.0, 1.1 (ISO 28500); ARC v1 (Internet Archive 1996); RFC 9112 for HTTP heads.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "refine/views.h"

namespace refine {

enum class Note : uint8_t {
  kTruncated,             // the record says WARC-Truncated
  kBlockDigestMismatch,
  kPayloadDigestMismatch,
  kUnknownDigest,         // a digest by an algorithm we do not know, or no digest at all
  kBadChunking,           // said to be chunked but is not, or breaks: kept as it stands
  kChunkingTruncated,
  kNotEncoded,            // the body does not have the Content-Encoding it names: kept as it stands
  kEncodingTruncated,
  kUnknownEncoding,
  kUnknownVersion,        // neither WARC/0.17, 0.18, 1.0 nor 1.1
  kNoContentLength,       // the block reaches to the end of its member, or of a plain file
  kBadContentLength,      // not a number: the block is empty
  kSharedMember,          // several records in one compressed member: the range is the member's start, no length
  kBadHeaderLine,
  kBadDate,
  kNoId,
  kSegmented,             // WARC-Segment-Number: the block is a part only
  kBytesAfterRecord,      // more than blank lines follow in its member or before the next record
  kNoEndOfRecord,         // no blank lines before the next record
  kCount,
};
const char* note_name(Note note);

enum class DigestStatus : uint8_t { kAbsent, kOk, kMismatch, kUnknownAlgorithm, kUnchecked };

struct WarcOptions {
  bool wet = false;                            // conversion records are documents
  bool verify_digests = true;
  uint64_t max_payload_bytes = 16 << 20;       // of the decoded payload
  uint64_t max_batch_rows = 256;
  uint64_t max_batch_bytes = 16 << 20;
  std::string base_name;                       // names records without an id: `<base name>:<offset>`
  bool records = false;                        // hand out records instead of documents
  bool payloads = false;                       // with their decoded payloads
};

struct RecordInfo {
  bool arc = false, has_type = false;
  std::string version, type, id, url;
  std::vector<std::pair<std::string, std::string>> headers, http_headers;
  bool http = false;
  int http_status = 0;  // 0: none
  uint64_t offset = 0;
  int64_t length = -1;  // of the member that holds the record alone; -1: it shares one
  uint64_t stream_offset = 0, stream_length = 0, block_length = 0;
  DigestStatus block_digest = DigestStatus::kAbsent, payload_digest = DigestStatus::kAbsent;
  std::vector<const char*> notes;
  const char* damage = nullptr;  // the record is cut or its member damaged
  const char* skip = nullptr;    // why it is no document; nullptr: it is one (or damaged)
  bool has_payload = false;
  std::string payload;
  std::vector<std::string> pending;  // content codings left to undo, the next one first (br)
  std::string content_type;
};

struct DamageEntry {
  const char* code;
  uint64_t offset, length;  // of the file
};

// A document whose payload still has content codings that the core does not know.
struct PendingPayload {
  uint32_t row;
  std::vector<std::string> codings;  // the next one first
  bool sniff;                        // no type was declared
};

struct DocumentColumns {
  BytesColumn id, url, payload_digest, content_type, x_robots_tag, html, text;
  std::vector<int64_t> date, warc_offset, warc_length;
  std::vector<uint8_t> date_valid, warc_length_valid, http_status_valid;
  std::vector<uint16_t> http_status;
  std::vector<PendingPayload> pending;
  size_t rows() const { return warc_offset.size(); }
  size_t bytes() const { return id.data.size() + url.data.size() + html.data.size() + text.data.size() + content_type.data.size(); }
  void clear();
};

// Payloads that are no documents of ours, by media type.
struct PayloadCount {
  std::string type;  // lower case; `unknown` where none is declared, `other` past kMaxPayloadTypes
  uint64_t records = 0;
  uint64_t bytes = 0;      // as stored, before content codings are undone
  uint64_t truncated = 0;  // records with WARC-Truncated
};
inline constexpr size_t kMaxPayloadTypes = 1000;

struct NamedCount {
  std::string name;
  uint64_t count;
};

class WarcReader {
 public:
  explicit WarcReader(WarcOptions options);
  ~WarcReader();
  // Takes bytes from `data` until all are consumed or the batch is full; `consumed` says how many. Call again with the
  // rest after taking the batch. A failed status is final.
  Status push(const uint8_t* data, size_t size, size_t* consumed);
  // No more bytes: works off what is held until done() or the batch is full.
  Status finish();
  bool full() const;
  bool done() const;

  DocumentColumns& documents();          // the rows collected so far; the caller clears them
  std::vector<RecordInfo>& records();
  std::vector<DamageEntry>& damage();    // entries collected so far (records mode only)
  std::vector<NamedCount> counts(const char* kind) const;  // "skips", "damage", "notes": sorted by name
  std::vector<PayloadCount> payloads() const;  // sorted by type
  uint64_t record_count() const;
  uint64_t document_count() const;
  uint64_t bytes_read() const;
  std::string sha256();                  // hex, of all bytes pushed; once done

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The MIME sniffing standard's verdict on a payload without a declared type.
bool sniffs_as_html(std::string_view body);

}  // namespace refine
