// Exact search in texts: how often each of some strings stands in each document, overlaps counted; and an index of a shard's texts
// that names the rows that can hold a long string.
// The index samples grams of kSearchGram bytes by content: of every kSearchLeast consecutive bytes the smallest gram by a fixed hash
// order (winnowing: Schleimer, Wilkerson & Aiken 2003), so a string of kSearchLeast bytes and each of its occurrences share their
// samples. Invariant: no row with an occurrence is left out; what is found is compared byte by byte, so no hash decides.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "refine/mapped_file.h"
#include "refine/views.h"

namespace refine {

constexpr size_t kSearchGram = 12, kSearchLeast = 32;

struct StringMatch {
  uint32_t row = 0, string = 0;  // numbers in their columns
  uint32_t count = 0;
};

class StringSearch {
 public:
  explicit StringSearch(std::vector<std::string> strings);  // empty ones match nothing; equal ones both match
  // Appends a match for each row and string that it holds, ascending.
  void find(BytesView texts, std::vector<StringMatch>& out) const;
  const std::vector<std::string>& strings() const { return strings_; }

 private:
  std::vector<std::string> strings_;
  std::vector<uint32_t> short_;      // strings below 8 bytes
  std::vector<uint64_t> filter_;     // bits by the hash of a long string's first 8 bytes
  unsigned filter_shift_ = 64;
  std::vector<uint32_t> starts_;     // by hash: its strings stand at by_hash_[starts_[h]] .. [starts_[h + 1]]
  std::vector<uint32_t> by_hash_;
};

// Builds one shard's index. Memory: kEntries x 8 bytes; larger shards get several parts.
class SearchIndexWriter {
 public:
  static constexpr size_t kEntries = size_t(8) << 20;
  explicit SearchIndexWriter(size_t entries = kEntries) : most_(entries) {}
  void add(BytesView texts);  // a batch of the shard
  // `of`: what the index belongs to (the shard's sha256); asked again by open.
  Status write(const std::string& path, std::string_view of);  // once
  uint64_t rows() const { return rows_; }

 private:
  void end_part();
  size_t most_;
  uint64_t rows_ = 0;
  std::vector<uint64_t> entries_;  // hash << 32 | row
  std::string parts_;
  std::vector<uint64_t> directory_, part_blocks_;
  std::vector<uint32_t> batches_;
};

class SearchIndex {
 public:
  // ERR_REFINE_SHARD: damaged, or of other texts or another format; the message says what to do.
  Status open(const std::string& path, std::string_view of);
  // The same on bytes in memory (which must outlive it), for fuzzing.
  Status open_bytes(std::string_view file, std::string_view of, const std::string& name);
  // Appends the rows that can hold the string, ascending, distinct. Only for strings of kSearchLeast bytes and more.
  Status rows_of(std::string_view string, std::vector<uint32_t>& out) const;
  uint64_t rows() const { return rows_; }
  const std::vector<uint32_t>& batches() const { return batches_; }  // the first row of each, as they were added

 private:
  struct Part {
    uint64_t first_block, blocks;
  };
  Status block(uint64_t number, std::string_view* out) const;
  Status postings(const Part& part, uint32_t hash, std::vector<uint32_t>& out) const;
  MappedFile file_;
  std::string name_;
  std::string_view bytes_;
  const uint8_t* directory_ = nullptr;
  uint64_t rows_ = 0, blocks_ = 0;
  std::vector<Part> parts_;
  std::vector<uint32_t> batches_;
};

}  // namespace refine
