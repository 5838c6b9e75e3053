// The text of one block as it grows: white space collapses, what nobody sees is dropped, marks keep their spans.
// Kept are joiners (U+200C, U+200D: scripts spell with them) and the controls of direction (U+061C, U+200E, U+200F,
// U+202A..202E, U+2066..2069), which change the order that a reader sees. Dropped: soft hyphens, zero-width spaces and
// word joiners, byte order marks, invisible operators, deprecated format characters, annotation anchors, C0, C1.
// Every other space, U+00A0 and U+3000 included, is a plain space. Preformatted text keeps its spaces and tabs, U+3000 too.
#pragma once
#include "structure.h"

namespace refine::html {

class InlineText {
 public:
  std::string text;
  std::vector<Mark> marks;

  void put(std::string_view utf8);
  void put_preformatted(std::string_view utf8);
  void put_whole(std::string_view utf8, MarkKind kind, uint32_t data = 0);  // one mark over it
  void put_mark_only(MarkKind kind, uint32_t data);                         // a mark without text
  void space() { space_ = true; }
  void line_break();
  void open(MarkKind kind, uint32_t data = 0);
  void close(MarkKind kind);
  // Ends the marks that are open, and opens them again for the next block.
  void finish();
  void clear();
  bool empty() const { return text.empty(); }
  bool is_open(MarkKind kind) const { return opens_[size_t(kind)].depth > 0; }
  uint32_t begin_of(MarkKind kind) const { return opens_[size_t(kind)].begin; }  // kPending before its first letter
  static constexpr uint32_t kPending = 0xFFFFFFFF;

 private:
  void before_letters() {
    if (space_ && !text.empty() && text.back() != '\n') text.push_back(' ');
    space_ = false;
    if (pending_) start_marks();
  }
  void start_marks();
  void end(MarkKind kind);
  struct Opened { uint32_t depth = 0, begin = kPending, data = 0; } opens_[kOpenMarks];
  bool space_ = false, pending_ = false;
};

}  // namespace refine::html
