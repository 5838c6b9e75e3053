// Repeated spans: every window of N symbols (tokens or bytes) of a document whose exact content stands at least twice in the
// run, overlaps counted (Lee et al. 2021; google-research/deduplicate-text-datasets: positions whose suffix shares N symbols
// with another suffix). The union of such windows is what is cut. infra/decisions/0010-substring-by-anchors.md has the proof.
//   anchor   of a window: its smallest gram of `gram` symbols by a fixed hash order, the leftmost of equals. A function of
//            the window's content alone, so equal windows have equal anchors at equal places.
//   stretch  the consecutive windows of a document that share one anchor occurrence; [start, start + windows - 1 + N) of it.
// Two windows can only be equal if their stretches' anchors are, so only stretches that share an anchor are ever compared:
// whole by a 128-bit fingerprint, then window by window with their content.
// Invariant: what is repeated does not depend on gram, partitions, memory or the order of work.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "refine/hash.h"
#include "refine/views.h"

namespace refine::substring {

constexpr uint32_t kSmallestSpan = 4, kLargestSpan = 1 << 16;

struct Params {
  uint32_t span = 50;      // N, in symbols
  uint32_t gram = 0;       // symbols of an anchor; 0: default_gram(span). Changes cost, never results
  bool bytes = false;      // symbols are bytes, else token ids
  bool keep_first = true;  // the first occurrence by (row, offset) of each window is not repeated; else every one is

  uint32_t symbol_bytes() const { return bytes ? 1 : 4; }
};

uint32_t default_gram(uint32_t span);
Status check_params(const Params& params);  // ERR_REFINE_INTERNAL

struct Range {  // of symbols of a document
  uint32_t start = 0, end = 0;
  bool operator==(const Range&) const = default;
};

struct Stretch {
  uint64_t anchor = 0;  // uniform over all 64 bits
  Hash128 content;
  uint32_t start = 0, windows = 0;
};

// Cuts a document into stretches. Of those with equal content in one document only the first is given; the others are
// repeats already, so their ranges are (with keep_first false, the first one's too). That bounds what "aaaa..." costs.
class StretchCutter {
 public:
  explicit StretchCutter(const Params& params);
  template <class Symbol>  // uint8_t or uint32_t, as params.bytes says
  void cut(const Symbol* symbols, size_t count);
  const std::vector<Stretch>& stretches() const { return stretches_; }
  const std::vector<Range>& repeated() const { return repeated_; }  // in no order, may overlap

 private:
  void add(const Stretch& stretch);

  Params params_;
  uint64_t leaving_;                  // kBase to the power of gram: weight of the symbol that leaves a gram's hash
  std::vector<uint64_t> byte_codes_;  // of params.bytes
  std::vector<uint64_t> ring_;        // codes of the gram's symbols
  std::vector<uint32_t> slots_;       // hash table of this document's contents: index into stretches_ + 1
  std::vector<uint8_t> again_;        // per stretch: its content was seen again
  std::vector<Stretch> stretches_;
  std::vector<Range> repeated_;
};

// Compares the windows of stretches that share an anchor: add() in ascending (row, start), then finish().
class WindowComparer {
 public:
  explicit WindowComparer(const Params& params) : params_(params) {}
  // `content`: the stretch's symbols, symbol_bytes() each; at least span of them.
  void add(uint64_t row, uint32_t start, std::string_view content);
  size_t members() const { return members_.size(); }
  // That finish() will have used at most: buffers that grew by doubling, 16 to 32 bytes of table and a mark a window.
  uint64_t bytes() const { return 2 * pool_.size() + pool_.size() / params_.symbol_bytes() + windows_ * 32 + 2 * members_.size() * sizeof(Member); }
  // Ranges covered by repeated windows, ascending by (row, start) of the member; then forgets the group.
  template <class Emit>
  void finish(Emit&& emit) {
    mark();
    for (const Member& member : members_) {
      const size_t windows = member.symbols - params_.span + 1;
      for (size_t window = 0; window < windows;) {
        if (!repeated_[member.first + window]) {
          ++window;
          continue;
        }
        size_t end = window + 1;
        while (end < windows && repeated_[member.first + end]) ++end;
        emit(member.row, Range{uint32_t(member.start + window), uint32_t(member.start + end - 1 + params_.span)});
        window = end;
      }
    }
    clear();
  }
  template <class Take>  // (row, start, content) of each member: for groups that outgrow memory
  void drain(Take&& take) {
    for (const Member& member : members_)
      take(member.row, member.start, std::string_view(pool_).substr(member.first * params_.symbol_bytes(), member.symbols * params_.symbol_bytes()));
    clear();
  }

 private:
  struct Member {
    uint64_t row;
    size_t first, symbols;  // in the pool
    uint32_t start;
  };
  void mark();
  void clear();

  Params params_;
  std::string pool_;  // the members' symbols back to back
  std::vector<Member> members_;
  uint64_t windows_ = 0;
  std::vector<uint8_t> repeated_;  // by pool symbol: the window that starts there
  std::vector<uint64_t> slots_;    // hash's high half << 32 | pool symbol + 1
};

// Sorts ranges and joins those that touch or overlap.
void join_ranges(std::vector<Range>& ranges);

}  // namespace refine::substring
