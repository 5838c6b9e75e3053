// A Bloom filter's file; see bloom.h. Each MiB has its checksum, so damage is named by its place and found before it is used.
#include <fcntl.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <cstring>
#include <vector>

#include "refine/bloom.h"
#include "refine/xxh3.h"

namespace refine {
namespace {
static_assert(std::endian::native == std::endian::little, "words are written as they lie in memory");
constexpr char kMagic[7] = {'R', 'F', 'B', 'L', 'O', 'O', 'M'};  // then the format as one byte
constexpr uint8_t kFormat = 1;
constexpr size_t kHeader = 24, kChunk = size_t(1) << 20;

Status disk(const char* what) { return Status::error("ERR_REFINE_DISK", std::string(what) + ": " + std::strerror(errno)); }
Status damaged(const std::string& what) {
  return Status::error("ERR_REFINE_BLOOM_DAMAGED", what + "; the file changed after it was written: delete it and make it again");
}

struct File {
  int at = -1;
  ~File() {
    if (at >= 0) close(at);
  }
};

bool write_all(int file, const void* data, size_t size) {
  for (size_t done = 0; done < size;) {
    const ssize_t n = ::write(file, static_cast<const char*>(data) + done, size - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    done += size_t(n);
  }
  return true;
}

// Bytes read; less than `size` at the end of the file, -1 for an error.
ssize_t read_all(int file, void* data, size_t size) {
  size_t done = 0;
  while (done < size) {
    const ssize_t n = ::read(file, static_cast<char*>(data) + done, size - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -1;
    if (n == 0) break;
    done += size_t(n);
  }
  return ssize_t(done);
}

uint64_t hash_of(const void* data, size_t size) { return xxh3_64({static_cast<const char*>(data), size}); }
}  // namespace

Status BloomFilter::save(const std::string& path) const {
  File file{open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)};
  if (file.at < 0) return disk("a Bloom filter's file cannot be made");
  char header[kHeader];
  const uint64_t blocks = blocks_;
  std::memcpy(header, kMagic, 7);
  header[7] = char(kFormat);
  std::memcpy(header + 8, &blocks, 8);
  const uint64_t sum = hash_of(header, 16);
  std::memcpy(header + 16, &sum, 8);
  if (!write_all(file.at, header, kHeader)) return disk("a Bloom filter's file cannot be written");
  for (size_t at = 0; at < bytes(); at += kChunk) {
    const char* chunk = reinterpret_cast<const char*>(words()) + at;
    const size_t size = bytes() - at < kChunk ? bytes() - at : kChunk;
    const uint64_t chunk_sum = hash_of(chunk, size);
    if (!write_all(file.at, chunk, size) || !write_all(file.at, &chunk_sum, 8)) return disk("a Bloom filter's file cannot be written");
  }
  if (fsync(file.at) != 0) return disk("a Bloom filter's file cannot be synced");
  return {};
}

Status BloomFilter::load(const std::string& path, std::unique_ptr<BloomFilter>& out) {
  File file{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.at < 0) return disk("a Bloom filter's file cannot be opened");
  char header[kHeader];
  ssize_t got = read_all(file.at, header, kHeader);
  if (got < 0) return disk("a Bloom filter's file cannot be read");
  if (got < 8 || std::memcmp(header, kMagic, 7) != 0) return Status::error("ERR_REFINE_BLOOM_FORMAT", "not a Bloom filter's file: it does not begin with RFBLOOM");
  if (uint8_t(header[7]) > kFormat)
    return Status::error("ERR_REFINE_BLOOM_FORMAT", "the Bloom filter's format is " + std::to_string(uint8_t(header[7])) + ", this version reads up to " +
                                                        std::to_string(kFormat) + "; update refine, or make the filter again");
  if (size_t(got) < kHeader) return damaged("the Bloom filter's file ends after " + std::to_string(got) + " bytes, its header has " + std::to_string(kHeader));
  uint64_t blocks, sum;
  std::memcpy(&blocks, header + 8, 8);
  std::memcpy(&sum, header + 16, 8);
  if (sum != hash_of(header, 16) || uint8_t(header[7]) != kFormat || blocks == 0 || blocks > kMaxBlocks)
    return damaged("the header of the Bloom filter's file has a wrong checksum");
  // The length says whether the blocks are there, before memory for them is asked for.
  const uint64_t chunks = (blocks * 32 + kChunk - 1) / kChunk, expected = kHeader + blocks * 32 + chunks * 8;
  const off_t size = lseek(file.at, 0, SEEK_END);
  if (size < 0 || lseek(file.at, kHeader, SEEK_SET) < 0) return disk("a Bloom filter's file cannot be read");
  if (uint64_t(size) != expected) return damaged("the Bloom filter's file has " + std::to_string(size) + " bytes, expected " + std::to_string(expected));
  auto filter = std::make_unique<BloomFilter>(size_t(blocks));
  for (size_t at = 0; at < filter->bytes(); at += kChunk) {
    char* chunk = reinterpret_cast<char*>(filter->words_.get()) + at;
    const size_t n = filter->bytes() - at < kChunk ? filter->bytes() - at : kChunk;
    got = read_all(file.at, chunk, n);
    const ssize_t tail = got < 0 ? -1 : read_all(file.at, &sum, 8);
    if (got < 0 || tail < 0) return disk("a Bloom filter's file cannot be read");
    if (size_t(got) != n || tail != 8 || sum != hash_of(chunk, n)) return damaged("MiB " + std::to_string(at / kChunk) + " of the Bloom filter's file has a wrong checksum");
  }
  out = std::move(filter);
  return {};
}

}  // namespace refine
