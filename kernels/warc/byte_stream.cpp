#include "byte_stream.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "record_start.h"

namespace refine {
namespace {

bool starts(const uint8_t* data, size_t size, std::string_view magic) { return size >= magic.size() && std::memcmp(data, magic.data(), magic.size()) == 0; }

const char* unsupported_container(const uint8_t* data, size_t size) {
  using namespace std::string_view_literals;
  if (starts(data, size, "PK\x03\x04"sv) || starts(data, size, "PK\x05\x06"sv)) return "zip (a WACZ is one: unpack it and name the .warc.gz files in its archive/ folder)";
  if (starts(data, size, "BZh"sv)) return "bzip2 (unpack it with bunzip2)";
  if (starts(data, size, "\x04\x22\x4d\x18"sv)) return "lz4 (unpack it with unlz4)";
  if (starts(data, size, "\xfd" "7zXZ\0"sv)) return "xz (unpack it with unxz)";
  return nullptr;
}

}  // namespace

void ByteStream::feed(const uint8_t* data, size_t size) {
  in_.make_room(size);
  std::memcpy(in_.back(), data, size);
  in_.produced(size);
}

ByteStream::Fill ByteStream::fill() {
  switch (container_) {
    case Container::kUnknown: return detect();
    case Container::kPlain: return fill_plain();
    case Container::kGzip: return fill_gzip();
    case Container::kZstd: return fill_zstd();
  }
  return Fill::kEnd;
}

ByteStream::Fill ByteStream::detect() {
  if (in_.size() < 6 && !finished_) return Fill::kNeedInput;
  const uint8_t* data = in_.data();
  if (const char* name = unsupported_container(data, in_.size())) {
    refusal_ = Status::error("ERR_REFINE_INPUT", std::string("unsupported container: ") + name + " (expected gzip, zstd or none). Unpack the file first.");
    return Fill::kRefused;
  }
  unsigned kind = 0;
  if (starts(data, in_.size(), "\x1f\x8b")) container_ = Container::kGzip;
  else if (in_.size() >= 4 && (zstd::is_frame(data, in_.size()) || zstd::skippable_length(data, in_.size(), &kind) >= 0)) container_ = Container::kZstd;
  else container_ = Container::kPlain;
  return Fill::kProgress;
}

ByteStream::Fill ByteStream::fill_plain() {
  if (members_.empty()) open_member();
  if (in_.size() == 0) {
    if (!finished_) return Fill::kNeedInput;
    if (!members_.back().closed) close_member(nullptr);
    return Fill::kEnd;
  }
  const size_t size = in_.size() < kPiece ? in_.size() : kPiece;
  out_.make_room(size);
  std::memcpy(out_.back(), in_.data(), size);
  out_.produced(size);
  take(size);
  return Fill::kProgress;
}

void ByteStream::open_member() {
  Member member;
  member.file_start = in_position_;
  member.stream_start = end();
  members_.push_back(member);
}

void ByteStream::close_member(const char* damage) {
  Member& member = members_.back();
  member.file_end = in_position_;
  member.stream_end = end();
  member.damage = damage;
  member.closed = true;
  step_ = Step::kStart;
}

void ByteStream::damage_member(const char* damage) {
  Member& member = members_.back();
  member.damage = damage;
  member.stream_end = end();
  scan_ = member.file_start + 1;
  const uint64_t oldest = in_position_ - (in_.held_before() < kRetained ? in_.held_before() : kRetained);
  if (scan_ < oldest) scan_ = oldest;
  step_ = Step::kResync;
}

ByteStream::Fill ByteStream::fill_gzip() {
  if (step_ == Step::kResync) return resync();
  if (step_ == Step::kStart) {
    if (in_.size() == 0) return finished_ ? Fill::kEnd : Fill::kNeedInput;
    const ptrdiff_t header = gzip_header_length(in_.data(), in_.size());
    if (header == 0 && !finished_ && in_.size() < kRetained) return Fill::kNeedInput;
    open_member();
    if (header <= 0) {
      damage_member(header < 0 ? "between-members" : "truncated-member");
      return Fill::kProgress;
    }
    take(size_t(header));
    inflater_->reset();
    crc_ = 0;
    step_ = Step::kBody;
  }
  if (step_ == Step::kBody) {
    out_.make_room(kPiece);
    const uint8_t *in = in_.data(), *const from = in;
    uint8_t *out = out_.back(), *const to = out;
    const uint64_t made = end() - members_.back().stream_start;
    const size_t back = made < Inflater::kWindow ? size_t(made) : Inflater::kWindow;
    const InflateResult result = inflater_->run(in, in + in_.size(), out - back, out, out + kPiece);
    crc_ = crc32(crc_, to, size_t(out - to));
    out_.produced(size_t(out - to));
    take(size_t(in - from));
    switch (result) {
      case InflateResult::kNeedInput:
        if (out != to || in != from) return Fill::kProgress;
        if (!finished_) return Fill::kNeedInput;
        damage_member("truncated-member");
        return Fill::kProgress;
      case InflateResult::kNeedOutput:
        return Fill::kProgress;
      case InflateResult::kError:
        damage_member("bad-deflate");
        return Fill::kProgress;
      case InflateResult::kEnd:
        step_ = Step::kTrailer;
        break;
    }
  }
  if (in_.size() < 8) {
    if (!finished_) return Fill::kNeedInput;
    damage_member("truncated-member");
    return Fill::kProgress;
  }
  const uint8_t* t = in_.data();
  const auto word = [t](int i) { return uint32_t(t[i]) | uint32_t(t[i + 1]) << 8 | uint32_t(t[i + 2]) << 16 | uint32_t(t[i + 3]) << 24; };
  const bool right = word(0) == crc_ && word(4) == uint32_t(end() - members_.back().stream_start);
  if (!right) {
    damage_member("bad-crc");
    return Fill::kProgress;
  }
  take(8);
  close_member(nullptr);
  return Fill::kProgress;
}

// A damaged member ends where the next one starts: at gzip's magic, a sound header, and a body that inflates to what
// opens a record. The search starts one byte into the damaged member, for its damage may have swallowed the next.
ByteStream::Fill ByteStream::resync() {
  const size_t before = in_.held_before();
  const uint8_t* const oldest = in_.data() - before;
  const size_t held = before + in_.size();
  size_t at = size_t(scan_ - (in_position_ - before));
  for (;;) {
    const void* found = at < held ? std::memchr(oldest + at, container_ == Container::kZstd ? 0x28 : 0x1F, held - at) : nullptr;
    at = found ? size_t(static_cast<const uint8_t*>(found) - oldest) : held;
    if (at == held) break;
    bool undecided = false;
    const bool member = is_member_at(oldest + at, held - at, &undecided);
    if (member || undecided) {
      scan_ = in_position_ - before + at;
      if (undecided) {  // a candidate is at most a header and one block header long before it decides
        if (scan_ > in_position_) take(size_t(scan_ - in_position_));
        return Fill::kNeedInput;
      }
      const char* damage = members_.back().damage;
      const uint64_t stream_end = members_.back().stream_end;
      if (scan_ < in_position_) in_.unconsume(size_t(in_position_ - scan_));
      else in_.consume(size_t(scan_ - in_position_));
      in_position_ = scan_;
      close_member(damage);
      members_.back().stream_end = stream_end;
      return Fill::kProgress;
    }
    ++at;
  }
  take(in_.size());
  scan_ = in_position_;
  if (!finished_) return Fill::kNeedInput;
  close_member(members_.back().damage);
  return Fill::kProgress;
}

bool ByteStream::is_member_at(const uint8_t* data, size_t size, bool* undecided) {
  if (container_ == Container::kZstd) {
    size_t header = 0;
    const auto begun = size >= 4 && !zstd::is_frame(data, size) ? zstd::FrameDecoder::Begin::kBad : zstd_->begin(data, size, &header);
    if (begun == zstd::FrameDecoder::Begin::kNeedInput) *undecided = !finished_;
    if (begun != zstd::FrameDecoder::Begin::kOk) return false;
    std::string probe(zstd::kMaxBlock, 0);
    uint8_t* out = reinterpret_cast<uint8_t*>(probe.data());
    const uint8_t* in = data + header;
    const zstd::FrameDecoder::Block block = zstd_->block(in, data + size, out, 0);
    if (block == zstd::FrameDecoder::Block::kNeedInput) *undecided = !finished_;
    probe.resize(size_t(out - reinterpret_cast<uint8_t*>(probe.data())));
    return block == zstd::FrameDecoder::Block::kProgress && may_open_record(std::string_view(probe).substr(0, 48));
  }
  const ptrdiff_t header = gzip_header_length(data, size);
  if (header < 0) return false;
  if (header == 0) {
    *undecided = !finished_ && size < kRetained / 2;
    return false;
  }
  inflater_->reset();
  uint8_t probe[48];  // judged by its first bytes alone, so that cuts of the input do not matter
  uint8_t* out = probe;
  const uint8_t* in = data + header;
  const InflateResult result = inflater_->run(in, data + size, probe, out, probe + sizeof probe);
  const bool full = out == probe + sizeof probe;
  if (result == InflateResult::kError && !full) return false;
  if (result == InflateResult::kNeedInput && !full && !finished_) {
    *undecided = true;
    return false;
  }
  return may_open_record(std::string_view(reinterpret_cast<const char*>(probe), size_t(out - probe)));
}

// ---- zstd: one frame a member; a dictionary may stand in a skippable frame of kind 13 at the file's start -----------------
// (the .warc.zst draft of the IIPC and ArchiveTeam), itself compressed or not.

ByteStream::Fill ByteStream::read_dictionary(size_t size) {
  constexpr size_t kMaxDictionary = 16 << 20;
  if (size > kMaxDictionary) {
    refusal_ = Status::error("ERR_REFINE_INPUT", "the zstd dictionary has " + std::to_string(size) + " bytes, expected at most 16 MiB");
    return Fill::kRefused;
  }
  if (in_.size() < size) {
    if (!finished_) return Fill::kNeedInput;
    refusal_ = Status::error("ERR_REFINE_INPUT", "the file ends inside its zstd dictionary. Fetch it again");
    return Fill::kRefused;
  }
  std::string_view bytes(reinterpret_cast<const char*>(in_.data()) + 8, size - 8);
  std::string unpacked;
  auto dictionary = std::make_shared<zstd::Dictionary>();
  const bool sound = !zstd::is_frame(in_.data() + 8, size - 8) || zstd::decode(bytes, kMaxDictionary, unpacked) == DecodeResult::kOk;
  if (!sound || !dictionary->parse(unpacked.empty() ? bytes : std::string_view(unpacked))) {
    refusal_ = Status::error("ERR_REFINE_INPUT", "the zstd dictionary in the file's first frame is damaged. Fetch the file again");
    return Fill::kRefused;
  }
  dictionary_ = std::move(dictionary);
  return Fill::kProgress;
}

ByteStream::Fill ByteStream::start_zstd() {
  if (!zstd_) zstd_ = std::make_unique<zstd::FrameDecoder>();
  if (in_.size() == 0) return finished_ ? Fill::kEnd : Fill::kNeedInput;
  unsigned kind = 0;
  const ptrdiff_t skip = zstd::skippable_length(in_.data(), in_.size(), &kind);
  if (skip == 0 && !finished_) return Fill::kNeedInput;
  if (skip > 0) {
    if (kind == 13 && in_position_ == 0) {
      const Fill read = read_dictionary(size_t(skip));
      if (read != Fill::kProgress) return read;
      zstd_->set_dictionary(dictionary_);
    }
    open_member();
    members_.back().frame_only = true;
    skip_left_ = uint64_t(skip);
    step_ = Step::kSkip;
    return Fill::kProgress;
  }
  size_t header = 0;
  const auto begun = skip == 0 && in_.size() < 5 ? zstd::FrameDecoder::Begin::kNeedInput : zstd_->begin(in_.data(), in_.size(), &header);
  if (begun == zstd::FrameDecoder::Begin::kNeedInput && !finished_) return Fill::kNeedInput;
  open_member();
  switch (begun) {
    case zstd::FrameDecoder::Begin::kOk:
      take(header);
      out_.set_history(size_t(std::max<uint64_t>(Inflater::kWindow, zstd_->window())));
      step_ = Step::kBody;
      break;
    case zstd::FrameDecoder::Begin::kNeedInput:
      damage_member("truncated-member");
      break;
    case zstd::FrameDecoder::Begin::kBad:
      damage_member("between-members");
      break;
    case zstd::FrameDecoder::Begin::kWindowTooLarge:
      damage_member("zstd-window");
      break;
    case zstd::FrameDecoder::Begin::kOtherDictionary:
      damage_member("zstd-dictionary");
      break;
  }
  return Fill::kProgress;
}

ByteStream::Fill ByteStream::fill_zstd() {
  if (step_ == Step::kResync) return resync();
  if (step_ == Step::kStart) return start_zstd();
  if (step_ == Step::kSkip) {
    const size_t step = size_t(std::min<uint64_t>(skip_left_, in_.size()));
    take(step);
    skip_left_ -= step;
    if (skip_left_ == 0) close_member(nullptr);
    else if (step == 0 && !finished_) return Fill::kNeedInput;
    else if (step == 0) damage_member("truncated-member");
    return Fill::kProgress;
  }
  out_.make_room(zstd::kMaxBlock);
  const uint8_t *in = in_.data(), *const from = in;
  uint8_t *out = out_.back(), *const to = out;
  const uint64_t made = end() - members_.back().stream_start;
  const zstd::FrameDecoder::Block block = zstd_->block(in, in + in_.size(), out, std::min<uint64_t>(made, out_.size() + out_.held_before()));
  if (block != zstd::FrameDecoder::Block::kError) {
    out_.produced(size_t(out - to));
    take(size_t(in - from));
  }
  switch (block) {
    case zstd::FrameDecoder::Block::kProgress:
      break;
    case zstd::FrameDecoder::Block::kNeedInput:
      if (!finished_) return Fill::kNeedInput;
      damage_member("truncated-member");
      break;
    case zstd::FrameDecoder::Block::kError:
      damage_member("bad-zstd");
      break;
    case zstd::FrameDecoder::Block::kEnd:
      close_member(nullptr);
      break;
  }
  return Fill::kProgress;
}

void ByteStream::forget_members_before(uint64_t position) {
  while (members_.size() > 1 && members_.front().closed && members_.front().stream_end <= position && members_[1].stream_start <= position) members_.pop_front();
}

}  // namespace refine
