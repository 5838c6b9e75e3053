// From file bytes to record bytes: plain, gzip members or zstd frames, with the file range of every member.
// Invariant: the members' file ranges tile the file: a damaged member owns the bytes up to where the next one was found,
// and bytes between members are a damaged member of their own that holds nothing.
#pragma once
#include <cstdint>
#include <deque>
#include <memory>

#include "raw_buffer.h"
#include "refine/digest.h"
#include "refine/inflate.h"
#include "refine/views.h"
#include "zstd.h"

namespace refine {

enum class Container { kUnknown, kPlain, kGzip, kZstd };

struct Member {
  uint64_t file_start = 0, file_end = 0;      // file_end once closed
  uint64_t stream_start = 0, stream_end = 0;  // positions among the decoded bytes
  bool closed = false;
  const char* damage = nullptr;  // a code of damage when the member did not end well
  bool frame_only = false;       // a skippable zstd frame, such as the dictionary: no content by design
};

class ByteStream {
 public:
  enum class Fill { kProgress, kNeedInput, kEnd, kRefused };

  void feed(const uint8_t* data, size_t size);  // more of the file
  void finish() { finished_ = true; }           // no more will come
  Fill fill();                                  // decodes a piece
  size_t input_waiting() const { return in_.size(); }

  const uint8_t* data() const { return out_.data(); }
  size_t size() const { return out_.size(); }
  uint64_t position() const { return out_position_; }  // of data()
  uint64_t end() const { return out_position_ + out_.size(); }
  void consume(size_t n) {
    out_.consume(n);
    out_position_ += n;
  }

  Container container() const { return container_; }
  uint64_t file_position() const { return in_position_; }  // file bytes decoded so far
  const std::deque<Member>& members() const { return members_; }
  void forget_members_before(uint64_t position);  // all but the one that holds it
  const Status& refusal() const { return refusal_; }

 private:
  enum class Step { kStart, kBody, kTrailer, kSkip, kResync };
  Fill detect();
  Fill fill_plain();
  Fill fill_gzip();
  Fill fill_zstd();
  Fill start_zstd();
  Fill read_dictionary(size_t size);
  Fill resync();
  void open_member();
  void close_member(const char* damage);
  void damage_member(const char* damage);  // closes it for decoding and looks for the next one
  void take(size_t n) {
    in_.consume(n);
    in_position_ += n;
  }
  bool is_member_at(const uint8_t* data, size_t size, bool* undecided);

  static constexpr size_t kPiece = 128 * 1024;       // output a fill aims at
  static constexpr size_t kRetained = 1024 * 1024;   // input kept so that a resync may start inside a damaged member
  RawBuffer in_{kRetained}, out_{Inflater::kWindow};
  uint64_t in_position_ = 0, out_position_ = 0;
  bool finished_ = false;
  Container container_ = Container::kUnknown;
  Step step_ = Step::kStart;
  std::deque<Member> members_;
  std::unique_ptr<Inflater> inflater_ = std::make_unique<Inflater>();
  uint32_t crc_ = 0;
  uint64_t scan_ = 0;  // file position of the next candidate of a resync
  std::unique_ptr<zstd::FrameDecoder> zstd_;
  std::shared_ptr<const zstd::Dictionary> dictionary_;
  uint64_t skip_left_ = 0;  // of a skippable frame
  Status refusal_;
};

}  // namespace refine
