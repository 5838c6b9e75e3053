// Appends characters with white space folded: a space is written at once and no second one behind it, none stands at the start,
// and one left at the end is taken back by finish(). Bytes of ASCII go through a table without branches.
#pragma once
#include <array>
#include <cstdint>
#include <cstring>
#include <string>

namespace refine {

class FoldedWriter {
 public:
  // What a byte becomes: itself, another character, ' ', or 0 where the caller must look (every byte from 0x80 on among them).
  using Table = std::array<char, 256>;

  FoldedWriter(std::string& out, size_t expected) : out_(out), start_(out.size()), at_(start_) { out_.resize(start_ + expected + 64); }

  // Writes bytes up to the first one that the table has 0 for; gives where that is.
  const uint8_t* run(const uint8_t* p, const uint8_t* end, const Table& table) {
    ensure(size_t(end - p));
    char* at = out_.data() + at_;
    char last = last_;
    for (; p < end; ++p) {
      const char c = table[*p];
      if (c == 0) break;
      *at = c;
      at += (c != ' ') | (last != ' ');
      last = c;
    }
    at_ = size_t(at - out_.data());
    last_ = last;
    return p;
  }
  void space() {
    if (last_ == ' ') return;
    ensure(1);
    out_[at_++] = last_ = ' ';
  }
  void put(char32_t c) {  // a scalar value that is no white space
    ensure(4);
    char* to = out_.data() + at_;
    if (c < 0x80) {
      to[0] = char(c);
      at_ += 1;
    } else if (c < 0x800) {
      to[0] = char(0xC0 | (c >> 6));
      to[1] = char(0x80 | (c & 63));
      at_ += 2;
    } else if (c < 0x10000) {
      to[0] = char(0xE0 | (c >> 12));
      to[1] = char(0x80 | ((c >> 6) & 63));
      to[2] = char(0x80 | (c & 63));
      at_ += 3;
    } else {
      to[0] = char(0xF0 | (c >> 18));
      to[1] = char(0x80 | ((c >> 12) & 63));
      to[2] = char(0x80 | ((c >> 6) & 63));
      to[3] = char(0x80 | (c & 63));
      at_ += 4;
    }
    last_ = 'x';
  }
  void finish() { out_.resize(at_ - size_t(at_ > start_ && last_ == ' ')); }

 private:
  void ensure(size_t bytes) {  // and one more, which run() may touch
    if (out_.size() - at_ <= bytes) out_.resize((out_.size() + bytes) * 2);
  }
  std::string& out_;
  const size_t start_;
  size_t at_;
  char last_ = ' ';  // so that white space at the start writes none
};

}  // namespace refine
