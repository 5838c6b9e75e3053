// The index file, little-endian:
//   parts      blocks of about 4 KiB: groups by ascending hash: varint (hash less the one before it in the block; the first whole),
//              varint rows, varint each row (the first whole, then less the one before)
//   directory  a block: offset u64, bytes u32, first hash u32, XXH3-64 of the block
//              a part: blocks u64
//              a batch: its first row u32, zeros to a whole 8 bytes after the last
//   trailer    rows u64, blocks u64, parts u64, batches u64, `of` (64 bytes, zeros after it), XXH3-64 of directory and trailer so far, magic
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iterator>

#include "refine/text_search.h"
#include "refine/xxh3.h"
#include "rolling.h"
#include "symbols.h"

namespace refine {
namespace {

constexpr char kMagic[8] = {'r', 'f', 'n', 's', 'r', 'c', 'h', '1'};
constexpr size_t kBlockBytes = 4096, kBlockEntry = 24, kOfBytes = 64, kTrailer = 32 + kOfBytes + 8 + 8;

template <class T>
T load(const uint8_t* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}
template <class T>
void store(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

// Calls visit(hash) for each sample of a text, in order.
template <class Visit>
void samples(std::string_view text, Visit&& visit) {
  if (text.size() < kSearchLeast) return;
  constexpr size_t width = kSearchLeast - kSearchGram + 1;
  static_assert(kSearchGram == 12);
  substring::SlidingMinimum smallest(width);
  size_t last = SIZE_MAX;
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  for (size_t at = 0; at + kSearchGram <= text.size(); ++at) {
    const uint64_t gram = load<uint64_t>(bytes + at) * 0xbf58476d1ce4e5b9ull + load<uint32_t>(bytes + at + 8) * 0x94d049bb133111ebull;
    const auto& value = smallest.push(substring::mix(gram), at);
    if (at + 1 < width || value.at == last) continue;
    last = value.at;
    visit(uint32_t(substring::mix(value.order ^ 0x2545f4914f6cdd1dull) >> 32));
  }
}

}  // namespace

void SearchIndexWriter::add(BytesView texts) {
  batches_.push_back(uint32_t(rows_));
  for (size_t row = 0; row < texts.rows; ++row, ++rows_) {
    if (!texts.valid(row)) continue;
    samples(texts[row], [&](uint32_t hash) { entries_.push_back(uint64_t(hash) << 32 | uint32_t(rows_)); });
    if (entries_.size() >= most_) end_part();
  }
}

void SearchIndexWriter::end_part() {
  if (entries_.empty()) return;
  std::sort(entries_.begin(), entries_.end());
  entries_.erase(std::unique(entries_.begin(), entries_.end()), entries_.end());
  uint64_t blocks = 0;
  for (size_t i = 0; i < entries_.size();) {
    std::string block;
    const uint32_t first = uint32_t(entries_[i] >> 32);
    uint32_t before = 0;
    while (i < entries_.size() && block.size() < kBlockBytes) {
      const uint32_t hash = uint32_t(entries_[i] >> 32);
      size_t end = i;
      while (end < entries_.size() && entries_[end] >> 32 == hash) ++end;
      substring::append_varint(block, hash - before);
      substring::append_varint(block, uint32_t(end - i));
      for (uint32_t row = 0; i < end; ++i) {
        substring::append_varint(block, uint32_t(entries_[i]) - row);
        row = uint32_t(entries_[i]);
      }
      before = hash;
    }
    directory_.push_back(parts_.size());
    directory_.push_back(uint64_t(first) << 32 | uint32_t(block.size()));
    directory_.push_back(xxh3_64(block));
    parts_ += block;
    ++blocks;
  }
  part_blocks_.push_back(blocks);
  entries_.clear();
}

Status SearchIndexWriter::write(const std::string& path, std::string_view of) {
  if (rows_ > UINT32_MAX) return Status::error("ERR_REFINE_INTERNAL", "a shard of " + std::to_string(rows_) + " rows");
  end_part();
  std::string directory(reinterpret_cast<const char*>(directory_.data()), directory_.size() * 8);
  for (const uint64_t blocks : part_blocks_) store(directory, blocks);
  for (const uint32_t first : batches_) store(directory, first);
  if (batches_.size() & 1) store(directory, uint32_t(0));
  store(directory, rows_);
  store(directory, uint64_t(directory_.size() / 3));
  store(directory, uint64_t(part_blocks_.size()));
  store(directory, uint64_t(batches_.size()));
  directory.append(of.substr(0, kOfBytes));
  directory.append(kOfBytes - std::min(of.size(), kOfBytes), '\0');
  store(directory, xxh3_64(directory));
  directory.append(kMagic, sizeof kMagic);
  std::FILE* file = std::fopen(path.c_str(), "wb");
  const bool written = file && std::fwrite(parts_.data(), 1, parts_.size(), file) == parts_.size() && std::fwrite(directory.data(), 1, directory.size(), file) == directory.size();
  const bool closed = file && std::fclose(file) == 0;
  if (!written || !closed) return Status::error("ERR_REFINE_DISK", path + ": " + std::strerror(errno));
  return {};
}

Status SearchIndex::open(const std::string& path, std::string_view of) {
  if (Status status = file_.open(path, MappedFile::Mode::kPrivate); !status.ok()) return status;
  return open_bytes(file_.bytes(), of, path);
}

Status SearchIndex::open_bytes(std::string_view file, std::string_view of, const std::string& name) {
  name_ = name;
  bytes_ = file;
  parts_.clear();
  const auto wrong = [&](const char* what) { return Status::error("ERR_REFINE_SHARD", name + "  " + what + ". Delete it and build it again with: refine search RUN --index"); };
  if (file.size() < kTrailer || std::memcmp(file.data() + file.size() - 8, kMagic, 7) != 0) return wrong("is no search index, or was cut short");
  if (file.back() != kMagic[7]) return wrong("is a search index of another format than this refine's");
  const auto* trailer = reinterpret_cast<const uint8_t*>(file.data()) + file.size() - kTrailer;
  rows_ = load<uint64_t>(trailer);
  blocks_ = load<uint64_t>(trailer + 8);
  const uint64_t parts = load<uint64_t>(trailer + 16), batches = load<uint64_t>(trailer + 24);
  const uint64_t body = file.size() - kTrailer;
  if (blocks_ > body / kBlockEntry || parts > (body - blocks_ * kBlockEntry) / 8 || batches > (body - blocks_ * kBlockEntry - parts * 8) / 4 ||
      (batches + 1) / 2 * 8 > body - blocks_ * kBlockEntry - parts * 8)
    return wrong("is damaged: its trailer counts more blocks than it has");
  const uint64_t directory = body - blocks_ * kBlockEntry - parts * 8 - (batches + 1) / 2 * 8;
  directory_ = reinterpret_cast<const uint8_t*>(file.data()) + directory;
  const std::string_view checked = file.substr(directory, file.size() - 16 - directory);
  if (xxh3_64(checked) != load<uint64_t>(trailer + kTrailer - 16)) return wrong("is damaged: its directory has another checksum than it says");
  std::string expected(of.substr(0, kOfBytes));
  expected.resize(kOfBytes, '\0');
  if (std::memcmp(trailer + 32, expected.data(), kOfBytes) != 0) return wrong("belongs to other texts than the shard's");
  uint64_t first = 0;
  for (uint64_t part = 0; part < parts; ++part) {
    const uint64_t count = load<uint64_t>(directory_ + blocks_ * kBlockEntry + part * 8);
    if (count > blocks_ - first) return wrong("is damaged: its parts have more blocks than the directory");
    parts_.push_back({first, count});
    first += count;
  }
  batches_.resize(batches);
  if (batches) std::memcpy(batches_.data(), directory_ + blocks_ * kBlockEntry + parts * 8, batches * 4);
  bytes_ = file.substr(0, directory);
  return {};
}

Status SearchIndex::block(uint64_t number, std::string_view* out) const {
  const uint8_t* entry = directory_ + number * kBlockEntry;
  const uint64_t offset = load<uint64_t>(entry);
  const uint32_t size = load<uint32_t>(entry + 8);
  const auto damaged = [&] { return Status::error("ERR_REFINE_SHARD", name_ + "  block " + std::to_string(number) + " is damaged. Delete the file and build it again with: refine search RUN --index"); };
  if (offset > bytes_.size() || size > bytes_.size() - offset) return damaged();
  *out = bytes_.substr(offset, size);
  if (xxh3_64(*out) != load<uint64_t>(entry + 16)) return damaged();
  return {};
}

Status SearchIndex::postings(const Part& part, uint32_t hash, std::vector<uint32_t>& out) const {
  uint64_t low = part.first_block, high = part.first_block + part.blocks;  // the last block whose first hash is not above
  while (high - low > 1) {
    const uint64_t middle = low + (high - low) / 2;
    (load<uint32_t>(directory_ + middle * kBlockEntry + 12) <= hash ? low : high) = middle;
  }
  if (part.blocks == 0) return {};
  std::string_view bytes;
  if (Status status = block(low, &bytes); !status.ok()) return status;
  const auto* at = reinterpret_cast<const uint8_t*>(bytes.data());
  const auto* end = at + bytes.size();
  const auto damaged = [&] { return Status::error("ERR_REFINE_SHARD", name_ + "  block " + std::to_string(low) + " holds no postings. Delete the file and build it again with: refine search RUN --index"); };
  uint64_t current = 0;
  while (at != end) {
    uint32_t step = 0, rows = 0;
    if (!substring::read_varint(at, end, &step) || !substring::read_varint(at, end, &rows) || rows > size_t(end - at)) return damaged();
    current += step;
    if (current > hash) return {};
    uint64_t row = 0;
    for (uint32_t i = 0; i < rows; ++i) {
      uint32_t more = 0;
      if (!substring::read_varint(at, end, &more)) return damaged();
      row += more;
      if (row >= rows_) return damaged();
      if (current == hash) out.push_back(uint32_t(row));
    }
    if (current == hash) return {};
  }
  return {};
}

Status SearchIndex::rows_of(std::string_view string, std::vector<uint32_t>& out) const {
  std::vector<uint32_t> hashes;
  samples(string, [&](uint32_t hash) { hashes.push_back(hash); });
  std::sort(hashes.begin(), hashes.end());
  hashes.erase(std::unique(hashes.begin(), hashes.end()), hashes.end());
  std::vector<uint32_t> rows, more, both;
  for (const Part& part : parts_) {
    rows.clear();
    for (size_t i = 0; i < hashes.size(); ++i) {
      more.clear();
      if (Status status = postings(part, hashes[i], more); !status.ok()) return status;
      if (i == 0) {
        rows.swap(more);
      } else {
        both.clear();
        std::set_intersection(rows.begin(), rows.end(), more.begin(), more.end(), std::back_inserter(both));
        rows.swap(both);
      }
      if (rows.empty()) break;
    }
    out.insert(out.end(), rows.begin(), rows.end());
  }
  return {};
}

}  // namespace refine
