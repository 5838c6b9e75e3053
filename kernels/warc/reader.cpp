// The reader's outside: feeds bytes to the stream and the parser, examines each record, and collects columns or records.
#include <algorithm>
#include <map>

#include "byte_stream.h"
#include "record.h"
#include "record_parser.h"
#include "refine/digest.h"
#include "refine/utf8.h"
#include "refine/warc.h"

namespace refine {

const char* note_name(Note note) {
  static constexpr const char* kNames[] = {"truncated",        "block-digest-mismatch", "payload-digest-mismatch", "unknown-digest",  "bad-chunking",
                                           "chunking-truncated", "not-encoded",           "encoding-truncated",      "unknown-encoding", "unknown-version",
                                           "no-content-length", "bad-content-length",    "shared-member",           "bad-header-line", "bad-date",
                                           "no-id",             "segmented",             "bytes-after-record",      "no-end-of-record"};
  static_assert(sizeof kNames / sizeof *kNames == size_t(Note::kCount));
  return kNames[size_t(note)];
}

void DocumentColumns::clear() {
  for (BytesColumn* column : {&id, &url, &payload_digest, &content_type, &x_robots_tag, &html, &text}) {
    column->data.clear();
    column->offsets.assign(1, 0);
    column->valid.clear();
  }
  for (auto* values : {&date, &warc_offset, &warc_length}) values->clear();
  for (auto* bits : {&date_valid, &warc_length_valid, &http_status_valid}) bits->clear();
  http_status.clear();
  pending.clear();
}

// The values of a field that may stand more than once, one a line; bounded, as they are few and short where they mean something.
static std::string all_values(const Fields& fields, std::string_view name) {
  constexpr size_t kMost = 2000;
  std::string out;
  for (const auto& field : fields.list) {
    if (!equals_nocase(field.name, name) || field.value.empty() || out.size() + field.value.size() > kMost) continue;
    if (!out.empty()) out.push_back('\n');
    out += field.value;
  }
  return out;
}

// X-Robots-Tag, and the W3C's TDM reservation header as one more directive of it.
static std::string robots_headers(const Fields& fields) {
  std::string out = all_values(fields, "x-robots-tag");
  const std::string reserved = all_values(fields, "tdm-reservation");
  if (reserved == "1") out += out.empty() ? "tdm-reservation" : "\ntdm-reservation";
  return out;
}

struct WarcReader::Impl {
  WarcOptions options;
  ByteStream stream;
  RecordParser parser;
  Hasher sha{DigestKind::kSha256};
  Scratch scratch;
  DocumentColumns documents;
  std::vector<RecordInfo> records;
  std::vector<DamageEntry> damage;
  uint64_t records_bytes = 0, record_count = 0, document_count = 0, bytes_read = 0;
  std::map<std::string, uint64_t> skips, damage_counts, notes;
  std::map<std::string, PayloadCount> payloads;
  bool stream_ended = false, done = false;
  Status failure;
  std::string opening;  // the file's first bytes, to name what was found instead of records

  explicit Impl(WarcOptions given)
      : options(std::move(given)),
        parser(stream, options.max_payload_bytes + (1 << 20),
               {[this](Record& record) { take_record(record); },
                [this](const char* code, uint64_t offset, uint64_t length) {
                  ++damage_counts[code];
                  if (options.records) damage.push_back({code, offset, length});
                }}) {}

  bool full() const {
    if (options.records) return records.size() >= options.max_batch_rows || damage.size() >= 65536 || records_bytes >= options.max_batch_bytes;
    return documents.rows() >= options.max_batch_rows || documents.bytes() >= options.max_batch_bytes;
  }

  void take_record(Record& record) {
    examine(options, &record, &scratch);
    if (record.damage) {
      ++damage_counts[record.damage];
    } else {
      ++record_count;
      if (record.skip) {
        ++skips[record.skip];
        count_payload(record);
      } else {
        ++document_count;
      }
    }
    for (unsigned i = 0; i < unsigned(Note::kCount); ++i)
      if (record.notes >> i & 1) ++notes[note_name(Note(i))];
    if (options.records) add_info(record);
    else if (!record.damage && !record.skip) add_document(record);
  }

  // PDFs, images, feeds and the like, and pages that are too large or do not unpack.
  void count_payload(const Record& record) {
    if (record.type != "response" && record.type != "resource") return;
    const std::string_view skip = record.skip;
    if (skip != "not-html" && skip != "too-large" && skip != "bad-encoding") return;
    std::string type = media_type(record.content_type);
    if (type.find('/') == std::string::npos) type = "unknown";
    for (char& c : type)
      if (c <= ' ' || c > '~') c = '?';
    if (type.size() > 100) type.resize(100);
    if (payloads.size() >= kMaxPayloadTypes && !payloads.count(type)) type = "other";
    PayloadCount& count = payloads[type];
    count.type = type;
    ++count.records;
    count.bytes += record.block_length - std::min<uint64_t>(record.block_length, record.http.present ? record.http.length : 0);
    if (record.notes >> unsigned(Note::kTruncated) & 1) ++count.truncated;
  }

  std::string fallback_id(const Record& record) const { return options.base_name + ":" + std::to_string(record.offset); }

  void add_document(const Record& record) {
    DocumentColumns& c = documents;
    const auto text = [](BytesColumn& column, std::string_view value) {
      if (value.empty()) column.append_null();
      else column.append(to_valid_utf8(value));
    };
    c.id.append(record.id.empty() ? fallback_id(record) : to_valid_utf8(record.id));
    text(c.url, record.url);
    text(c.payload_digest, record.payload_digest_value);
    text(c.content_type, record.content_type);
    text(c.x_robots_tag, robots_headers(record.http.fields));
    c.date.push_back(record.date_valid ? record.date : 0);
    c.date_valid.push_back(record.date_valid);
    c.warc_offset.push_back(int64_t(record.offset));
    c.warc_length.push_back(std::max<int64_t>(record.length, 0));
    c.warc_length_valid.push_back(record.length >= 0);
    c.http_status.push_back(uint16_t(record.http.status));
    c.http_status_valid.push_back(record.http.present);
    if (!record.pending.empty()) c.pending.push_back({uint32_t(c.rows() - 1), record.pending, record.sniff});
    if (record.as_text) {
      c.html.append_null();
      if (!record.pending.empty()) c.text.append(record.payload);
      else c.text.append(to_valid_utf8(record.payload));
    } else {
      c.html.append(record.payload);
      c.text.append_null();
    }
  }

  void add_info(const Record& record) {
    RecordInfo info;
    const auto copy = [](const Fields& fields, std::vector<std::pair<std::string, std::string>>* to) {
      for (const Field& field : fields.list) to->emplace_back(to_valid_utf8(field.name), to_valid_utf8(field.value));
    };
    info.arc = record.arc;
    info.has_type = record.has_type;
    info.version = to_valid_utf8(record.version);
    const std::string_view* type = record.fields.find("warc-type");
    info.type = to_valid_utf8(record.arc ? std::string_view(record.type) : type ? *type : std::string_view());
    info.id = record.id.empty() ? fallback_id(record) : to_valid_utf8(record.id);
    info.url = to_valid_utf8(record.url);
    info.content_type = to_valid_utf8(record.content_type);
    if (record.arc) {
      const ArcLine& line = record.arc_line;
      info.headers = {{"URL", to_valid_utf8(line.url)}, {"IP-address", to_valid_utf8(line.ip)}, {"Archive-date", to_valid_utf8(line.date)},
                      {"Content-type", to_valid_utf8(line.content_type)}, {"Archive-length", std::to_string(line.length)}};
    } else {
      copy(record.fields, &info.headers);
    }
    info.http = record.http.present;
    info.http_status = record.http.status;
    if (info.http) copy(record.http.fields, &info.http_headers);
    info.offset = record.offset;
    info.length = record.length;
    info.stream_offset = record.stream_offset;
    info.stream_length = record.stream_length;
    info.block_length = record.block_length;
    info.block_digest = record.block_digest;
    info.payload_digest = record.payload_digest;
    for (unsigned i = 0; i < unsigned(Note::kCount); ++i)
      if (record.notes >> i & 1) info.notes.push_back(note_name(Note(i)));
    info.damage = record.damage;
    info.skip = record.skip;
    if (options.payloads && record.block_whole && !record.damage) {
      info.has_payload = true;
      info.payload = record.payload;
      info.pending = record.pending;
    }
    records_bytes += 1024 + info.payload.size();
    records.push_back(std::move(info));
  }

  Status no_records() {
    std::string found;
    const auto begins = [&](std::string_view magic) { return opening.compare(0, magic.size(), magic) == 0; };
    using namespace std::string_view_literals;
    if (opening.empty()) found = "an empty file";
    else if (begins("\x89PNG")) found = "a PNG image";
    else if (begins("\xff\xd8\xff")) found = "a JPEG image";
    else if (begins("GIF8")) found = "a GIF image";
    else if (begins("%PDF")) found = "a PDF";
    else if (begins("\x7f" "ELF")) found = "an ELF binary";
    else if (begins("ARROW1")) found = "an Arrow file";
    else if (begins("<?xml")) found = "XML (an error page in place of the file?)";
    else if (sniffs_as_html(opening)) found = "HTML (an error page in place of the file?)";
    else if (begins("\x1f\x8b")) found = "gzip that holds no record";
    else if (begins("\x28\xb5\x2f\xfd"sv)) found = "zstd that holds no record";
    else if (opening.find_first_not_of('\0') == std::string::npos) found = "zeros";
    else found = "bytes that begin " + hex(std::string_view(opening).substr(0, 8));
    return Status::error("ERR_REFINE_INPUT", "no WARC or ARC record in the first 64 KiB: found " + found + ", expected `WARC/1.x` or an ARC line, plain, gzip or zstd. Check where the file came from");
  }

  // Works until the batch is full or more input is needed.
  Status work() {
    while (!done && !full()) {
      switch (parser.advance(stream_ended)) {
        case RecordParser::Outcome::kProgress:
          break;
        case RecordParser::Outcome::kEnd:
          done = true;
          break;
        case RecordParser::Outcome::kNoRecords:
          return failure = no_records();
        case RecordParser::Outcome::kNeedMore:
          if (stream_ended) return failure = Status::error("ERR_REFINE_INTERNAL", "the WARC parser waits for bytes behind the file's end");
          switch (stream.fill()) {
            case ByteStream::Fill::kProgress:
              break;
            case ByteStream::Fill::kNeedInput:
              return {};
            case ByteStream::Fill::kEnd:
              stream_ended = true;
              break;
            case ByteStream::Fill::kRefused:
              return failure = stream.refusal();
          }
          break;
      }
    }
    return {};
  }
};

WarcReader::WarcReader(WarcOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
WarcReader::~WarcReader() = default;

Status WarcReader::push(const uint8_t* data, size_t size, size_t* consumed) {
  constexpr size_t kSlice = 256 * 1024, kWaiting = 512 * 1024;
  *consumed = 0;
  Impl& impl = *impl_;
  if (!impl.failure.ok()) return impl.failure;
  while (*consumed < size && !impl.full()) {
    if (impl.stream.input_waiting() < kWaiting) {
      const size_t slice = std::min(size - *consumed, kSlice);
      if (impl.opening.size() < 512) impl.opening.append(reinterpret_cast<const char*>(data) + *consumed, std::min(slice, 512 - impl.opening.size()));
      impl.stream.feed(data + *consumed, slice);
      impl.sha.update(data + *consumed, slice);
      impl.bytes_read += slice;
      *consumed += slice;
    }
    Status status = impl.work();
    if (!status.ok()) return status;
  }
  return {};
}

Status WarcReader::finish() {
  if (!impl_->failure.ok()) return impl_->failure;
  impl_->stream.finish();
  return impl_->work();
}

bool WarcReader::full() const { return impl_->full(); }
bool WarcReader::done() const { return impl_->done; }
DocumentColumns& WarcReader::documents() { return impl_->documents; }
std::vector<RecordInfo>& WarcReader::records() {
  impl_->records_bytes = 0;
  return impl_->records;
}
std::vector<DamageEntry>& WarcReader::damage() { return impl_->damage; }
std::vector<NamedCount> WarcReader::counts(const char* kind) const {
  const std::string_view name = kind;
  const auto& map = name == "skips" ? impl_->skips : name == "damage" ? impl_->damage_counts : impl_->notes;
  std::vector<NamedCount> list;
  for (const auto& [key, count] : map) list.push_back({key, count});
  return list;
}
std::vector<PayloadCount> WarcReader::payloads() const {
  std::vector<PayloadCount> list;
  for (const auto& [type, count] : impl_->payloads) list.push_back(count);
  return list;
}
uint64_t WarcReader::record_count() const { return impl_->record_count; }
uint64_t WarcReader::document_count() const { return impl_->document_count; }
uint64_t WarcReader::bytes_read() const { return impl_->bytes_read; }
std::string WarcReader::sha256() {
  Hasher copy = impl_->sha;
  return hex(copy.finish());
}

}  // namespace refine
