// A growing byte buffer that never clears what it allocates, read from the front and written at the back.
// Invariant: [begin, end) is unread; up to `history` bytes before begin stay for a decoder's window.
#pragma once
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

namespace refine {

class RawBuffer {
 public:
  explicit RawBuffer(size_t history) : history_(history) {}
  ~RawBuffer() { std::free(bytes_); }
  RawBuffer(const RawBuffer&) = delete;
  RawBuffer& operator=(const RawBuffer&) = delete;

  const uint8_t* data() const { return bytes_ + begin_; }
  size_t size() const { return end_ - begin_; }
  const uint8_t* base() const { return bytes_; }  // the oldest byte still held
  size_t held_before() const { return begin_; }
  uint8_t* back() { return bytes_ + end_; }
  void set_history(size_t history) { history_ = history; }
  size_t room() const { return capacity_ - end_; }
  void consume(size_t n) { begin_ += n; }
  void unconsume(size_t n) { begin_ -= n; }  // n <= held_before()
  void produced(size_t n) { end_ += n; }

  void make_room(size_t wanted) {
    if (capacity_ - end_ >= wanted) return;
    const size_t drop = begin_ > history_ ? begin_ - history_ : 0;
    if (drop > 0 && drop >= (end_ - drop) && capacity_ - (end_ - drop) >= wanted) {  // moves no more than it frees
      std::memmove(bytes_, bytes_ + drop, end_ - drop);
      begin_ -= drop;
      end_ -= drop;
      return;
    }
    size_t capacity = capacity_ ? capacity_ : 65536;
    while (capacity - (end_ - drop) < wanted || capacity < 2 * (end_ - drop)) capacity *= 2;
    uint8_t* bytes = static_cast<uint8_t*>(std::malloc(capacity));
    if (!bytes) throw std::bad_alloc();
    if (end_ > drop) std::memcpy(bytes, bytes_ + drop, end_ - drop);
    std::free(bytes_);
    bytes_ = bytes;
    capacity_ = capacity;
    begin_ -= drop;
    end_ -= drop;
  }

 private:
  size_t history_;
  uint8_t* bytes_ = nullptr;
  size_t capacity_ = 0, begin_ = 0, end_ = 0;
};

}  // namespace refine
