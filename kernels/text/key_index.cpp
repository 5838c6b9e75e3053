// Keys to numbers; see key_index.h.
#include "key_index.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "refine/salted_hash.h"

namespace refine {

static_assert(std::endian::native == std::endian::little, "compiled tables are read in place");

namespace {

constexpr uint64_t kKeysPerBucket = 8, kMostBytes = 0xFFFFFFFF;
constexpr size_t kHeader = 32;

template <class T>
T load(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}
template <class T>
void append(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

// The high bits of the hash, so that an order by hash is an order by bucket.
uint64_t bucket_of(uint64_t hash, uint64_t buckets) { return uint64_t((static_cast<unsigned __int128>(hash) * buckets) >> 64); }

size_t record_bytes(std::string_view key) { return key.size() + (key.size() < 255 ? 1 : 5); }

}  // namespace

bool KeyIndex::open(std::string_view bytes) {
  if (bytes.size() < kHeader) return false;
  buckets_ = load<uint64_t>(bytes.data());
  size_ = load<uint64_t>(bytes.data() + 8);
  salt_ = load<uint64_t>(bytes.data() + 16);
  const uint64_t records = load<uint64_t>(bytes.data() + 24);
  if (buckets_ == 0 || buckets_ > kMostBytes || size_ > kMostBytes || records > kMostBytes) return false;
  const uint64_t records_at = kHeader + (buckets_ + 1) * 8;
  if (records_at + records > bytes.size()) return false;
  buckets_at_ = bytes.data() + kHeader;
  records_ = bytes.substr(records_at, records);
  bytes_ = records_at + records;
  return true;
}

uint32_t KeyIndex::find(std::string_view key) const {
  if (size_ == 0) return kNone;
  const char* bucket = buckets_at_ + 8 * bucket_of(hash_bytes(key, salt_), buckets_);
  size_t at = load<uint32_t>(bucket);
  const size_t end = load<uint32_t>(bucket + 8);
  if (end > records_.size()) return kNone;
  for (uint32_t number = load<uint32_t>(bucket + 4); at < end; ++number) {
    size_t size = uint8_t(records_[at++]);
    if (size == 255) {
      if (end - at < 4) return kNone;
      size = load<uint32_t>(records_.data() + at);
      at += 4;
    }
    if (size > end - at) return kNone;
    if (size == key.size() && std::memcmp(records_.data() + at, key.data(), size) == 0) return number < size_ ? number : kNone;
    at += size;
  }
  return kNone;
}

void KeyList::add(std::string_view key) {
  starts_.push_back(blob_.size());
  blob_.append(key);
}

std::string_view KeyList::operator[](size_t entry) const {
  const size_t end = entry + 1 < starts_.size() ? starts_[entry + 1] : blob_.size();
  return std::string_view(blob_).substr(starts_[entry], end - starts_[entry]);
}

namespace {

struct Hashed {
  uint64_t hash;
  uint32_t entry;
};

void sort_by_hash(const KeyList& keys, std::vector<Hashed>& entries) {
  std::sort(entries.begin(), entries.end(), [&](const Hashed& a, const Hashed& b) {
    if (a.hash != b.hash) return a.hash < b.hash;
    const auto left = keys[a.entry], right = keys[b.entry];
    return left != right ? left < right : a.entry < b.entry;
  });
}

}  // namespace

std::vector<uint32_t> KeyList::sorted() const {
  std::vector<Hashed> hashed(size());
  for (uint32_t i = 0; i < hashed.size(); ++i) hashed[i] = {hash_bytes((*this)[i], 0), i};
  sort_by_hash(*this, hashed);
  std::vector<uint32_t> entries(hashed.size());
  for (size_t i = 0; i < entries.size(); ++i) entries[i] = hashed[i].entry;
  return entries;
}

Status KeyList::build(std::vector<uint32_t>& entries, std::string& out) const {
  uint64_t salt = 0, bytes = 0;
  for (const uint32_t entry : entries) {
    salt += mix64(hash_bytes((*this)[entry], 0));  // a sum: whatever the order
    bytes += record_bytes((*this)[entry]);
  }
  if (bytes > kMostBytes || entries.size() >= KeyIndex::kNone)
    return Status::error("ERR_REFINE_ASSET", "has " + std::to_string(bytes >> 20) + " MiB of host names, expected at most 4096. Split it, or leave out hosts that are not needed");
  std::vector<Hashed> hashed(entries.size());
  for (size_t i = 0; i < entries.size(); ++i) hashed[i] = {hash_bytes((*this)[entries[i]], salt), entries[i]};
  sort_by_hash(*this, hashed);
  const uint64_t buckets = std::max<uint64_t>(1, entries.size() / kKeysPerBucket);
  out.reserve(out.size() + kHeader + (buckets + 1) * 8 + bytes);
  for (const uint64_t value : {buckets, uint64_t(entries.size()), salt, bytes}) append(out, value);
  uint64_t bucket = 0;
  uint32_t at = 0;
  const auto begin_bucket = [&](size_t number) {
    append(out, at);
    append(out, uint32_t(number));
    ++bucket;
  };
  for (size_t i = 0; i < hashed.size(); ++i) {
    while (bucket <= bucket_of(hashed[i].hash, buckets)) begin_bucket(i);
    at += uint32_t(record_bytes((*this)[hashed[i].entry]));
  }
  while (bucket <= buckets) begin_bucket(hashed.size());
  for (size_t i = 0; i < hashed.size(); ++i) {
    entries[i] = hashed[i].entry;
    const auto key = (*this)[entries[i]];
    if (key.size() < 255) {
      out.push_back(char(key.size()));
    } else {
      out.push_back(char(255));
      append(out, uint32_t(key.size()));
    }
    out.append(key);
  }
  return {};
}

}  // namespace refine
