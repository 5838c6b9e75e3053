#include "record_parser.h"

#include <algorithm>
#include <cstring>

namespace refine {
namespace {
constexpr uint64_t kMaxHead = 1 << 20;              // CommonCrawl's are below 8 KiB
constexpr uint64_t kMaxLine = 64 << 10;             // an ARC line, URL included
constexpr uint64_t kMaxPad = 64 << 10;              // line ends behind a record that still belong to it
constexpr uint64_t kLookahead = 8 << 10;            // how far behind a block the head of a record that starts in it is looked at
constexpr uint64_t kMaxGarbageHeld = 1 << 20;
constexpr uint64_t kFirstRecordWithin = 64 << 10;   // else the file is refused
constexpr uint64_t kHeldOfLarge = 1 << 20;          // enough for the HTTP head of a block that is not held
}  // namespace

RecordParser::RecordParser(ByteStream& stream, uint64_t max_block_bytes, Events events)
    : stream_(stream), max_block_bytes_(max_block_bytes), events_(std::move(events)) {}

RecordParser::Outcome RecordParser::advance(bool ended) {
  switch (phase_) {
    case Phase::kStart: return start(ended);
    case Phase::kGarbage: return garbage(ended);
    case Phase::kHead: return head(ended);
    case Phase::kBlock: return block(ended);
    case Phase::kTail: return tail(ended);
  }
  return Outcome::kEnd;
}

std::string_view RecordParser::view(uint64_t from, uint64_t to) const {
  return {reinterpret_cast<const char*>(stream_.data()) + (from - stream_.position()), size_t(to - from)};
}

const Member* RecordParser::member_of(uint64_t position) const {
  const Member* found = nullptr;
  for (const Member& member : stream_.members()) {
    if (member.stream_start > position) break;
    if (!member.closed || member.stream_end > position) found = &member;
  }
  return found ? found : &stream_.members().back();
}

const Member* RecordParser::next_break(uint64_t from) const {
  for (const Member& member : stream_.members())
    if (member.damage && member.stream_end > from) return &member;
  return nullptr;
}

RecordParser::Opens RecordParser::opens_at(uint64_t at, uint64_t limit, bool hard) const {
  const std::string_view text = view(at, std::min(limit, at + kMaxLine));
  if (!arc_) {
    constexpr std::string_view kMagic = "warc/";
    if (starts_nocase(text, kMagic.substr(0, std::min(text.size(), kMagic.size())))) {
      if (text.size() >= 6) return is_warc_start(text) ? Opens::kYes : Opens::kNo;
      return hard ? Opens::kNo : Opens::kUndecided;
    }
    if (any_record_) return Opens::kNo;
  }
  ArcLine line;
  const size_t lf = text.find('\n');
  if ((lf != std::string_view::npos || text.size() >= 64) && !may_open_record(text.substr(0, std::min<size_t>(lf, 64)))) return Opens::kNo;
  if (lf != std::string_view::npos) return parse_arc_line(text.substr(0, lf), &line) ? Opens::kYes : Opens::kNo;
  return hard || text.size() >= kMaxLine ? Opens::kNo : Opens::kUndecided;
}

void RecordParser::report_members(uint64_t up_to) {
  for (const Member& member : stream_.members()) {
    if (!member.closed || member.stream_end > up_to) break;
    if (member.file_start < members_reported_) continue;
    members_reported_ = member.file_end;
    if (member.damage) events_.damage(member.damage, member.file_start, member.file_end - member.file_start);
    else if (member.stream_start == member.stream_end && !member.frame_only) events_.damage("empty-member", member.file_start, member.file_end - member.file_start);
  }
}

void RecordParser::drop_to(uint64_t position) {
  if (position > stream_.position()) stream_.consume(size_t(position - stream_.position()));
  stream_.forget_members_before(position);
}

RecordParser::Outcome RecordParser::start(bool ended) {
  report_members(at_);
  drop_to(at_);
  const Member* broken = next_break(at_);
  const uint64_t limit = broken ? broken->stream_end : stream_.end();
  if (at_ == limit) {
    if (!any_record_ && (ended || stream_.file_position() > 4 * kFirstRecordWithin)) return Outcome::kNoRecords;  // nothing decodes, or nothing comes
    return ended ? Outcome::kEnd : Outcome::kNeedMore;
  }
  if (!any_record_ && member_of(at_)->file_start > kFirstRecordWithin) return Outcome::kNoRecords;
  switch (opens_at(at_, limit, ended || broken)) {
    case Opens::kUndecided:
      return Outcome::kNeedMore;
    case Opens::kYes:
      begin_record(at_);
      return Outcome::kProgress;
    case Opens::kNo:
      enter_garbage(at_, "no-record");
      return Outcome::kProgress;
  }
  return Outcome::kEnd;
}

// ---- bytes that open no record ----------------------------------------------------------------------------------------

void RecordParser::enter_garbage(uint64_t from, const char* code) {
  phase_ = Phase::kGarbage;
  garbage_code_ = code;
  garbage_from_ = from;
  garbage_offset_ = stream_.container() == Container::kPlain ? from : member_of(from)->file_start;
  at_ = from;
  line_start_ = false;  // the caller has looked at this line
}

void RecordParser::leave_garbage(uint64_t to) {
  if (to > garbage_from_) {
    if (stream_.container() == Container::kPlain) {
      events_.damage(garbage_code_, garbage_offset_, to - garbage_from_);
    } else {  // the member's range where the garbage is all it holds; else its record has the range, and the damage no length
      const Member* member = member_of(to - 1);
      const bool alone = member->closed && member->stream_start == garbage_from_ && member->stream_end == to;
      events_.damage(garbage_code_, garbage_offset_, alone ? member->file_end - member->file_start : 0);
      if (alone || member->damage) members_reported_ = std::max(members_reported_, member->file_end);
    }
  }
  phase_ = Phase::kStart;
  at_ = to;
}

RecordParser::Outcome RecordParser::garbage(bool ended) {
  if (!any_record_ && at_ > kFirstRecordWithin) return Outcome::kNoRecords;
  if (at_ > garbage_from_) {  // garbage ends with its member, whether or not the next one is there yet
    drop_to(at_ - 1);
    const Member* member = member_of(at_ - 1);
    if ((member->closed || member->damage) && member->stream_end == at_) {
      if (!member->closed) return Outcome::kNeedMore;
      leave_garbage(at_);
      return Outcome::kProgress;
    }
  }
  uint64_t limit = stream_.end();
  bool hard = ended;
  if (const Member* broken = next_break(at_)) {
    if (!broken->closed) return Outcome::kNeedMore;
    limit = broken->stream_end;
    hard = true;
  }
  for (const Member& member : stream_.members()) {
    if (member.stream_start <= at_ || member.stream_start > limit) continue;
    limit = member.stream_start;
    hard = true;
    break;
  }
  for (;;) {
    if (at_ == limit) {
      if (!hard) return Outcome::kNeedMore;
      const Member* member = at_ > garbage_from_ ? member_of(at_ - 1) : nullptr;
      if (member && !member->closed && !ended) return Outcome::kNeedMore;
      leave_garbage(at_);
      return Outcome::kProgress;
    }
    if (line_start_) {
      const Opens opens = opens_at(at_, limit, hard);
      if (opens == Opens::kUndecided) return Outcome::kNeedMore;
      if (opens == Opens::kYes) {
        leave_garbage(at_);
        return Outcome::kProgress;
      }
    }
    const std::string_view rest = view(at_, limit);
    const size_t lf = rest.find('\n');
    line_start_ = lf != std::string_view::npos;
    at_ += line_start_ ? lf + 1 : rest.size();
    if (!any_record_ && at_ > kFirstRecordWithin) return Outcome::kNoRecords;
  }
}

// ---- a record ---------------------------------------------------------------------------------------------------------

void RecordParser::begin_record(uint64_t at) {
  if (!any_record_) arc_ = !is_warc_start(view(at, std::min(stream_.end(), at + 6)));
  any_record_ = true;
  record_.clear();
  record_.arc = arc_;
  record_at_ = at;
  block_at_ = block_end_ = UINT64_MAX;
  first_member_ = *member_of(at);
  searched_ = 0;
  starts_checked_ = first_member_.file_start + 1;
  to_member_end_ = too_large_ = false;
  phase_ = Phase::kHead;
}

bool RecordParser::find_limit(bool ended, Limit* limit) {
  *limit = {stream_.end(), ended, "truncated"};
  if (const Member* broken = next_break(record_at_)) {
    if (!broken->closed) {
      if (broken->stream_end >= block_end_) return true;  // the record itself is whole so far
      return false;
    }
    *limit = {broken->stream_end, true, broken->damage};
  }
  for (const Member& member : stream_.members()) {
    if (member.file_start < starts_checked_ || member.stream_start <= record_at_) continue;
    if (member.stream_start >= block_end_ || member.stream_start > limit->at || (member.closed && member.stream_end == member.stream_start)) continue;
    switch (opens_at(member.stream_start, limit->at, limit->hard)) {
      case Opens::kUndecided:
        return false;
      case Opens::kYes:
        *limit = {member.stream_start, true, "bad-length"};
        return true;
      case Opens::kNo:
        if (member.stream_start < limit->at) starts_checked_ = member.file_start + 1;
        break;
    }
  }
  return true;
}

RecordParser::Outcome RecordParser::head(bool ended) {
  Limit limit;
  if (!find_limit(ended, &limit)) return Outcome::kNeedMore;
  const std::string_view text = view(record_at_, limit.at);
  size_t end;
  if (arc_) {
    const size_t lf = text.find('\n');
    end = lf == std::string_view::npos ? lf : lf + 1;
  } else {
    end = find_head_end(text, searched_);
  }
  if (end != std::string_view::npos && end <= kMaxHead) return read_head(text.substr(0, end));
  searched_ = text.size();
  if (text.size() > kMaxHead) {
    enter_garbage(record_at_, "head-too-long");
    return Outcome::kProgress;
  }
  if (!limit.hard) return Outcome::kNeedMore;
  enter_garbage(record_at_, limit.code == std::string_view("bad-length") ? "truncated-head" : limit.code);
  if (garbage_code_ == std::string_view("truncated")) garbage_code_ = "truncated-head";
  return Outcome::kProgress;
}

RecordParser::Outcome RecordParser::read_head(std::string_view head) {
  int64_t length = 0;
  bool valid = true;
  if (arc_) {
    ArcLine line;
    parse_arc_line(head, &line);
    valid = line.length_valid;
    length = line.length;
  } else {
    record_.fields.clear();
    parse_fields(head.substr(std::min(head.size(), head.find('\n') + 1)), &record_.fields);
    if (const std::string_view* value = record_.fields.find("content-length")) valid = parse_decimal(*value, &length);
    else to_member_end_ = true;
    record_.fields.clear();
  }
  if (!valid) {
    record_.note(Note::kBadContentLength);
    length = 0;
  }
  block_at_ = record_at_ + head.size();
  block_end_ = to_member_end_ ? UINT64_MAX : block_at_ + uint64_t(length);
  if (to_member_end_) record_.note(Note::kNoContentLength);
  phase_ = Phase::kBlock;
  return Outcome::kProgress;
}

RecordParser::Outcome RecordParser::block(bool ended) {
  Limit limit;
  if (!find_limit(ended, &limit)) return Outcome::kNeedMore;
  if (to_member_end_) {
    const Member* member = member_of(block_at_ > record_at_ ? block_at_ - 1 : record_at_);
    if (member->closed) block_end_ = std::max(member->stream_end, block_at_);
  }
  if (!too_large_ && std::min(block_end_, to_member_end_ ? limit.at : UINT64_MAX) - block_at_ > max_block_bytes_) {
    too_large_ = true;
    held_.assign(view(record_at_, block_at_));
    held_head_ = held_.size();
    block_seen_ = block_at_;
  }
  if (limit.at >= block_end_) {
    at_ = block_end_;
    phase_ = Phase::kTail;
    if (too_large_) {
      const std::string_view more = view(block_seen_, block_end_);
      held_.append(more.substr(0, std::min<size_t>(more.size(), held_head_ + kHeldOfLarge - std::min<size_t>(held_.size(), held_head_ + kHeldOfLarge))));
      drop_to(block_end_);
    }
    return Outcome::kProgress;
  }
  if (limit.hard) return cut_block(limit);
  if (too_large_) {
    const std::string_view more = view(block_seen_, limit.at);
    const size_t room = held_head_ + kHeldOfLarge - std::min<size_t>(held_.size(), held_head_ + kHeldOfLarge);
    held_.append(more.substr(0, std::min(more.size(), room)));
    block_seen_ = limit.at;
    drop_to(limit.at);
  }
  return Outcome::kNeedMore;
}

// The block meets a hard end before its length is reached. A record that opens inside it shows the length to be wrong;
// else the block is cut.
RecordParser::Outcome RecordParser::cut_block(const Limit& limit) {
  const uint64_t embedded = too_large_ ? limit.at : find_embedded(block_at_, limit.at, limit.at);
  if (embedded < limit.at) close_record(embedded, "bad-length");
  else close_record(limit.at, limit.code);
  return Outcome::kProgress;
}

uint64_t RecordParser::find_embedded(uint64_t from, uint64_t to, uint64_t see) const {
  const std::string_view text = view(from, see);
  for (size_t at = 0; at < to - from;) {
    const std::string_view line = text.substr(at);
    if (arc_) {
      ArcLine parsed;
      const size_t lf = line.substr(0, kMaxLine).find('\n');
      if (lf != std::string_view::npos && may_open_record(line.substr(0, std::min<size_t>(lf, 64))) && parse_arc_line(line.substr(0, lf), &parsed)) return from + at;
    } else if (is_warc_start(line)) {
      const std::string_view more = line.substr(0, 4096);
      const size_t lf = more.find('\n');
      if (lf != std::string_view::npos && lf < 32 && (starts_nocase(more.substr(lf + 1), "warc-") || starts_nocase(more.substr(lf + 1), "content-"))) return from + at;
    }
    const size_t lf = line.find('\n');
    if (lf == std::string_view::npos) break;
    at += lf + 1;
  }
  return to;
}

RecordParser::Outcome RecordParser::tail(bool ended) {
  const Member* member = member_of(block_end_ > record_at_ ? block_end_ - 1 : record_at_);
  for (;;) {
    const bool member_done = member->closed || member->damage;
    if (member_done && at_ >= member->stream_end) {
      if (!member->closed) return Outcome::kNeedMore;  // its range is not known yet
      close_record(at_, member->damage);
      return Outcome::kProgress;
    }
    if (at_ == stream_.end()) {
      if (!ended) return Outcome::kNeedMore;
      close_record(at_, nullptr);
      return Outcome::kProgress;
    }
    const uint8_t byte = stream_.data()[at_ - stream_.position()];
    if ((byte == '\r' || byte == '\n') && at_ - block_end_ < kMaxPad) {
      ++at_;
      continue;
    }
    const uint64_t limit = member_done ? member->stream_end : stream_.end();
    const Opens opens = opens_at(at_, limit, ended || member_done);
    if (opens == Opens::kUndecided) return Outcome::kNeedMore;
    bool owns_member = false;
    if (opens == Opens::kNo) {
      // In a compressed member, what follows is waited for: its checksum speaks for the record too, and without another
      // record in it the member's range is this record's.
      const bool compressed = stream_.container() != Container::kPlain;
      if (compressed && !member->closed && !ended && (member->damage || stream_.end() - at_ < kMaxGarbageHeld)) return Outcome::kNeedMore;
      const uint64_t see = std::min(block_end_ + kLookahead, limit);
      if (see < block_end_ + kLookahead && !ended && !member_done) return Outcome::kNeedMore;
      const uint64_t embedded = too_large_ ? block_end_ : find_embedded(block_at_, block_end_, see);
      if (embedded < block_end_) {
        close_record(embedded, "bad-length");
        return Outcome::kProgress;
      }
      record_.note(Note::kBytesAfterRecord);
      owns_member = compressed && member->closed && find_embedded(at_, member->stream_end, member->stream_end) == member->stream_end;
    } else if (at_ == block_end_) {
      record_.note(Note::kNoEndOfRecord);
    }
    close_record(at_, owns_member ? member->damage : nullptr, owns_member);
    return Outcome::kProgress;
  }
}

void RecordParser::close_record(uint64_t record_end, const char* damage, bool owns_member) {
  const uint64_t block_to = std::min(block_end_, record_end);
  std::string_view head, block;
  if (too_large_) {
    head = std::string_view(held_).substr(0, held_head_);
    block = std::string_view(held_).substr(held_head_);
  } else {
    head = view(record_at_, block_at_);
    block = view(block_at_, block_to);
  }
  if (arc_) {
    parse_arc_line(head, &record_.arc_line);
  } else {
    const size_t lf = std::min(head.find('\n'), head.size());
    record_.version = trim(head.substr(5, lf > 5 ? lf - 5 : 0));
    parse_fields(head.substr(std::min(head.size(), lf + 1)), &record_.fields);
  }
  record_.block = block;
  record_.block_whole = !too_large_;
  record_.block_length = block_to - block_at_;
  record_.damage = damage;
  record_.stream_offset = record_at_;
  record_.stream_length = record_end - record_at_;
  if (stream_.container() == Container::kPlain) {
    record_.offset = record_at_;
    record_.length = int64_t(record_end - record_at_);
  } else {
    const Member* last = member_of(record_end > record_at_ ? record_end - 1 : record_at_);
    record_.offset = first_member_.file_start;
    if (first_member_.stream_start == record_at_ && last->closed && (last->stream_end == record_end || owns_member)) {
      record_.length = int64_t(last->file_end - first_member_.file_start);
      members_reported_ = std::max(members_reported_, last->file_end);
    } else {
      record_.note(Note::kSharedMember);
      if (damage && last->damage == damage) members_reported_ = std::max(members_reported_, last->file_end);
    }
  }
  events_.record(record_);
  at_ = record_end;
  phase_ = Phase::kStart;
  drop_to(at_);
}

}  // namespace refine
