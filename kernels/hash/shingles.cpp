// Shingles of texts and tokens; see shingles.h. Words end up one space apart in one buffer, so a shingle is a slice of it:
// from a word's start to the end of the (N-1)th word after it.
#include "refine/shingles.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "refine/digest.h"
#include "refine/hash.h"

namespace refine {
namespace {

static_assert(std::endian::native == std::endian::little, "token shingles hash ids as they lie in memory");

uint64_t hash_of(ShingleHash hash, std::string_view bytes) {
  switch (hash) {
    case ShingleHash::kXxh64: return xxh64(bytes);
    case ShingleHash::kXxh32: return xxh32(bytes);
    case ShingleHash::kSha1_64:
    case ShingleHash::kSha1_32: break;
  }
  Hasher hasher(DigestKind::kSha1);
  hasher.update(bytes);
  const std::string digest = hasher.finish();
  uint64_t first = 0;
  std::memcpy(&first, digest.data(), hash == ShingleHash::kSha1_64 ? 8 : 4);
  return first;
}

}  // namespace

void Shingler::joined_words(std::vector<uint64_t>& out) {
  out.clear();
  if (words_.empty()) return;
  const size_t size = params_.size, total = words_.size();
  starts_.assign(size, 0);
  size_t slot = 0, count = 0, start = 0;
  while (start <= total) {
    const auto space = static_cast<const char*>(std::memchr(words_.data() + start, ' ', total - start));
    const size_t end = space ? size_t(space - words_.data()) : total;
    starts_[slot] = start;
    slot = slot + 1 == size ? 0 : slot + 1;  // now the oldest
    if (++count >= size) out.push_back(hash_of(params_.hash, {words_.data() + starts_[slot], end - starts_[slot]}));
    start = end + 1;
  }
}

void Shingler::text(std::string_view text, std::vector<uint64_t>& out) {
  form_.clear();
  const bool folded = params_.words == WordMethod::kWhiteSpace && (params_.form == DedupeForm::kDefault);
  append_dedupe_form(params_.form, text, form_);
  words_.clear();
  if (folded) {  // its words stand one space apart already
    words_.swap(form_);
  } else {
    split_words(form_, params_.words, [&](size_t from, size_t to) {
      if (!words_.empty()) words_ += ' ';
      words_.append(form_, from, to - from);
    });
  }
  joined_words(out);
}

void Shingler::words(std::string_view bytes, const int32_t* ends, size_t count, std::vector<uint64_t>& out) {
  // A given word may hold a space, so slices are found by the words' own ends.
  out.clear();
  words_.clear();
  const size_t size = params_.size;
  starts_.assign(size, 0);
  for (size_t word = 0, from = 0; word < count; ++word) {
    if (word > 0) words_ += ' ';
    starts_[word % size] = words_.size();
    words_.append(bytes.substr(from, size_t(ends[word]) - from));
    from = size_t(ends[word]);
    if (word + 1 >= size) out.push_back(hash_of(params_.hash, std::string_view(words_).substr(starts_[(word + 1) % size])));
  }
}

template <class Id>
void Shingler::token_shingles(const Id* ids, size_t count, std::vector<uint64_t>& out) {
  out.clear();
  const size_t size = params_.size;
  if (count < size) return;
  const uint32_t* wide;
  if constexpr (sizeof(Id) == sizeof(uint32_t)) {
    wide = ids;
  } else {
    ids_.assign(ids, ids + count);
    wide = ids_.data();
  }
  out.reserve(count - size + 1);
  for (size_t i = 0; i + size <= count; ++i) out.push_back(hash_of(params_.hash, {reinterpret_cast<const char*>(wide + i), size * sizeof(uint32_t)}));
}
template void Shingler::token_shingles(const uint32_t*, size_t, std::vector<uint64_t>&);
template void Shingler::token_shingles(const uint16_t*, size_t, std::vector<uint64_t>&);

// Hashes spread evenly, so the leading bits name a bucket of about one; what is left is nearly sorted.
void sort_distinct(std::vector<uint64_t>& hashes, std::vector<uint64_t>& scratch) {
  const size_t n = hashes.size();
  if (n >= 64 && n < UINT32_MAX) {
    uint64_t all = 0;
    for (const uint64_t hash : hashes) all |= hash;  // 32-bit hashes have their bits further down
    const int bits = std::min(16, int(std::bit_width(n)) - 1), shift = std::max(0, int(std::bit_width(all)) - bits);
    thread_local std::vector<uint32_t> places;
    places.assign((size_t(1) << bits) + 1, 0);
    for (const uint64_t hash : hashes) ++places[size_t(hash >> shift) + 1];
    uint32_t most = 0;
    for (size_t i = 1; i < places.size(); ++i) {
      most = std::max(most, places[i]);
      places[i] += places[i - 1];
    }
    if (most <= 64) {  // else somebody chose the hashes: insertion would be quadratic
      scratch.resize(n);
      for (const uint64_t hash : hashes) scratch[places[size_t(hash >> shift)]++] = hash;
      for (size_t i = 1; i < n; ++i) {
        const uint64_t hash = scratch[i];
        size_t at = i;
        for (; at > 0 && scratch[at - 1] > hash; --at) scratch[at] = scratch[at - 1];
        scratch[at] = hash;
      }
      hashes.swap(scratch);
      hashes.erase(std::unique(hashes.begin(), hashes.end()), hashes.end());
      return;
    }
  }
  std::sort(hashes.begin(), hashes.end());
  hashes.erase(std::unique(hashes.begin(), hashes.end()), hashes.end());
}

}  // namespace refine
