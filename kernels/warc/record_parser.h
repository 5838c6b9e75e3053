// Cuts the decoded stream into records: finds where one opens, how far its block reaches, and what it leaves behind.
// Invariant: `advance` either moves forward or asks for more; records and damage come in file order and tile the stream.
#pragma once
#include <functional>
#include <string>

#include "byte_stream.h"
#include "record.h"

namespace refine {

class RecordParser {
 public:
  enum class Outcome { kProgress, kNeedMore, kEnd, kNoRecords };
  struct Events {
    std::function<void(Record&)> record;  // a whole or damaged record; its views die with the call
    std::function<void(const char* code, uint64_t offset, uint64_t length)> damage;  // a range of the file without a record
  };

  RecordParser(ByteStream& stream, uint64_t max_block_bytes, Events events);
  Outcome advance(bool ended);  // ended: the stream will not grow any more. At most one record a call.

 private:
  enum class Phase { kStart, kGarbage, kHead, kBlock, kTail };
  enum class Opens { kNo, kYes, kUndecided };
  // How far the current record can reach: what is decoded, or before that a damaged member's end or a member that
  // opens the next record. `hard`: it will not move any more, and `code` says why.
  struct Limit {
    uint64_t at;
    bool hard;
    const char* code;
  };

  Outcome start(bool ended);
  Outcome garbage(bool ended);
  Outcome head(bool ended);
  Outcome block(bool ended);
  Outcome tail(bool ended);
  Outcome read_head(std::string_view head);
  Outcome cut_block(const Limit& limit);

  std::string_view view(uint64_t from, uint64_t to) const;
  const Member* member_of(uint64_t position) const;  // the one that holds the byte at `position`
  const Member* next_break(uint64_t from) const;     // the first damaged member that ends behind `from`
  bool find_limit(bool ended, Limit* limit);         // false: more bytes are needed to tell
  Opens opens_at(uint64_t at, uint64_t limit, bool hard) const;
  // A record's start in [from, to), judged by the bytes before `see`; `to` where there is none.
  uint64_t find_embedded(uint64_t from, uint64_t to, uint64_t see) const;
  void begin_record(uint64_t at);
  void close_record(uint64_t record_end, const char* damage, bool owns_member = false);
  void enter_garbage(uint64_t from, const char* code);
  void leave_garbage(uint64_t to);
  void report_members(uint64_t up_to);  // closed members that hold no record byte: empty, or nothing but damage
  void drop_to(uint64_t position);

  ByteStream& stream_;
  const uint64_t max_block_bytes_;
  const Events events_;
  Phase phase_ = Phase::kStart;
  uint64_t at_ = 0;  // kStart: where a record should open; kGarbage: the next byte to look at; kTail: the next byte behind the block

  // kGarbage
  const char* garbage_code_ = nullptr;
  uint64_t garbage_from_ = 0, garbage_offset_ = 0;
  bool line_start_ = true;

  // kHead, kBlock, kTail
  Record record_;
  uint64_t record_at_ = 0, block_at_ = 0, block_end_ = 0;
  Member first_member_;
  uint64_t searched_ = 0;         // bytes of the head known to hold no blank line
  uint64_t starts_checked_ = 0;   // members that start before this file offset open no record
  bool to_member_end_ = false;    // no Content-Length
  bool too_large_ = false;        // the block is let go as it comes; held_ keeps the head and the block's beginning
  std::string held_;
  size_t held_head_ = 0;
  uint64_t block_seen_ = 0;       // too_large_: up to where the block was let go

  bool any_record_ = false, arc_ = false;  // the file's format is that of its first record
  uint64_t members_reported_ = 0;          // file offset
};

}  // namespace refine
