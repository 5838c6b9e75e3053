// Which tables are data: a grid of short cells that a reader reads row by row. The others only place blocks side by side,
// and their cells are written as blocks; listings whose lines are rows are code.
// Invariant: decided from kept content alone; each position is looked at once however deep tables nest.
#pragma once
#include <vector>

#include "main_text.h"
#include "write_cues.h"

namespace refine::html {

enum class TableKind : uint8_t { kLayout, kData, kCode };

class TableKinds {
 public:
  TableKinds(const Outline& outline, const std::vector<uint8_t>& removed, const WriteCues& cues) : o_(outline), removed_(removed), cues_(cues) {}
  // Asked in document order.
  TableKind of(uint32_t table);

 private:
  struct Facts;
  void read(uint32_t table);
  const Outline& o_;
  const std::vector<uint8_t>& removed_;
  const WriteCues& cues_;
  uint32_t read_to_ = 0;
  struct Found { uint32_t at; TableKind kind; };
  std::vector<Found> found_;  // of the outermost table read last, in document order
  size_t next_ = 0;
};

}  // namespace refine::html
