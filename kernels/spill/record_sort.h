// Sorts records of W words in memory and hands them out in order, leaf by leaf, without a pass of its own for the result.
// MSD radix: a range is split by the highest bits in which its records differ at all, so keys with common beginnings (rows of few
// inputs, say) cost no empty passes; ranges of a few records are finished by insertion. Work: at most one pass over a range for each
// 8 bits of the words compared, whatever the keys are. Stack: at most one frame of 2 KiB a pass.
// Records equal in all compared words go to `ties` (which orders them by what the words do not hold).
#pragma once
#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace refine::spill {

template <size_t W>
struct Words {
  uint64_t at[W];
};

// emit(Words<W>* records, size_t n): called in ascending order of records. ties(Words<W>*, n): reorders records equal in the words compared.
template <size_t W, class Emit, class Ties>
class RecordSort {
 public:
  RecordSort(size_t compared, Emit& emit, Ties& ties) : compared_(compared), emit_(emit), ties_(ties) {}

  // `scratch` has room for n records too; the contents of both are lost.
  void run(Words<W>* records, Words<W>* scratch, size_t n) {
    if (n == 0) return;
    if (n <= kFew) finish(records, n, 0);
    else split<kRootBits>(records, scratch, n, 0);
  }

 private:
  using Record = Words<W>;
  static constexpr size_t kFew = 24;
  static constexpr int kRootBits = 10, kBits = 8;

  bool less(const Record& x, const Record& y, size_t word) const {
    for (; word < compared_; ++word)
      if (x.at[word] != y.at[word]) return x.at[word] < y.at[word];
    return false;
  }

  // Words before `word` are equal in all n records.
  void finish(Record* records, size_t n, size_t word) {
    bool equal = false;
    if (word < compared_) {
      for (size_t i = 1; i < n; ++i) {
        if (!less(records[i], records[i - 1], word)) continue;
        const Record record = records[i];
        size_t j = i;
        do records[j] = records[j - 1], --j;
        while (j > 0 && less(record, records[j - 1], word));
        records[j] = record;
      }
      for (size_t i = 1; i < n; ++i) equal |= !less(records[i - 1], records[i], word);
    } else {
      equal = n > 1;
    }
    if (equal) {
      for (size_t from = 0, i = 1; i <= n; ++i) {
        if (i < n && !less(records[i - 1], records[i], word)) continue;
        if (i - from > 1) ties_(records + from, i - from);
        from = i;
      }
    }
    emit_(records, n);
  }

  template <int kMaxBits>
  void split(Record* from, Record* to, size_t n, size_t word) {
    uint64_t differ = 0;
    for (; word < compared_; ++word) {
      const uint64_t first = from[0].at[word];
      for (size_t i = 1; i < n; ++i) differ |= from[i].at[word] ^ first;
      if (differ != 0) break;
    }
    if (word == compared_) return finish(from, n, word);
    // About 8 records a bucket: fewer buckets leave insertion too much, more are empty.
    const int top = std::bit_width(differ), wanted = std::clamp(int(std::bit_width(n >> 3)), 2, kMaxBits), bits = std::min(top, wanted);
    const int shift = top - bits;
    const uint64_t mask = (uint64_t(1) << bits) - 1;
    std::array<size_t, (size_t(1) << kMaxBits) + 1> ends;
    std::fill_n(ends.begin(), (size_t(1) << bits) + 1, 0);
    for (size_t i = 0; i < n; ++i) ++ends[((from[i].at[word] >> shift) & mask) + 1];
    for (size_t b = 1; b <= mask; ++b) ends[b] += ends[b - 1];
    for (size_t i = 0; i < n; ++i) to[ends[(from[i].at[word] >> shift) & mask]++] = from[i];
    // ends[b] is now where bucket b ends.
    for (size_t b = 0, begin = 0; b <= mask; begin = ends[b++]) {
      const size_t size = ends[b] - begin;
      if (size == 0) continue;
      if (size <= kFew) finish(to + begin, size, word);
      else split<kBits>(to + begin, from + begin, size, word);
    }
  }

  const size_t compared_;
  Emit& emit_;
  Ties& ties_;
};

}  // namespace refine::spill
