// Signature files; see signature_files.h. Records sort outside memory: up to four hashes are key words, the rest and the index
// a tail, big-endian, since tails compare as bytes.
#include "refine/signature_files.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include "refine/mapped_file.h"
#include "refine/shingle_scan.h"

namespace refine {
namespace {

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

void put_big(std::vector<uint8_t>& out, uint64_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) out.push_back(uint8_t(value >> (8 * i)));
}
uint64_t get_big(const uint8_t* p, int bytes) {
  uint64_t value = 0;
  for (int i = 0; i < bytes; ++i) value = value << 8 | p[i];
  return value;
}
void put_little(std::vector<uint8_t>& out, uint64_t value, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) out.push_back(uint8_t(value >> (8 * i)));
}
uint64_t get_little(const uint8_t* p, size_t bytes) {
  uint64_t value = 0;
  for (size_t i = bytes; i-- > 0;) value = value << 8 | p[i];
  return value;
}
size_t hash_bytes(const SketchParams& params) { return params.family == SketchFamily::kDatatrove32 ? 4 : 8; }

Status disk_error(const std::string& path) { return Status::error("ERR_REFINE_DISK", path + ": " + std::strerror(errno) + ". Free space or name another folder, then run again."); }

// The sort's file, gone with its owner.
struct Scratch {
  std::string path;
  ~Scratch() { std::remove(path.c_str()); }
};

Status sort_records(const std::string& shingles, const DroppedFiles& dropped, const SketchParams& params, uint32_t band, const RecordShape& shape, const std::string& out, size_t memory_bytes) {
  ShingleScan scan;
  if (auto status = scan.open(shingles, dropped); !status.ok()) return status;
  RecordWriter writer;
  if (auto status = writer.open(out, shape, memory_bytes); !status.ok()) return status;
  BandHasher hasher(params);
  std::vector<uint64_t> minima(params.rows);
  std::vector<uint8_t> tail;
  while (scan.next()) {
    const auto& set = scan.shingles();
    hasher.minima(set.data(), set.size(), band, band + 1, minima.data());
    tail.clear();
    for (size_t i = shape.key_words; i < minima.size(); ++i) put_big(tail, minima[i], 8);
    put_big(tail, uint32_t(scan.row()), 4);
    if (auto status = writer.add(minima.data(), nullptr, {reinterpret_cast<const char*>(tail.data()), tail.size()}); !status.ok()) return status;
  }
  if (!scan.status().ok()) return scan.status();
  return writer.finish();
}

}  // namespace

Status write_signature_file(const std::string& shingles, const DroppedFiles& dropped, const SketchParams& params, uint32_t band, const std::string& out, size_t memory_bytes,
                            uint64_t* records) {
  *records = 0;
  const RecordShape shape{std::min(params.rows, kMaxKeyWords), 0, true};
  const Scratch scratch{out + ".sort"};
  if (auto status = sort_records(shingles, dropped, params, band, shape, scratch.path, memory_bytes); !status.ok()) return status;
  RecordMerge merge;
  if (auto status = merge.open({scratch.path}, shape, {}, memory_bytes); !status.ok()) return status;
  const std::unique_ptr<std::FILE, Close> file(std::fopen(out.c_str(), "wb"));
  if (!file) return disk_error(out);
  std::vector<uint8_t> bytes;
  const size_t width = hash_bytes(params);
  RecordRef record;
  for (bool more = true; more;) {
    more = merge.next(&record);
    if (more) {
      for (size_t i = 0; i < shape.key_words; ++i) put_little(bytes, record.key(i), width);
      const uint8_t* tail = record.tail;
      for (size_t i = shape.key_words; i < params.rows; ++i, tail += 8) put_little(bytes, get_big(tail, 8), width);
      put_little(bytes, get_big(tail, 4), 4);
      ++*records;
    }
    if (bytes.size() < size_t(1) << 16 && more) continue;
    if (std::fwrite(bytes.data(), 1, bytes.size(), file.get()) != bytes.size()) return disk_error(out);
    bytes.clear();
  }
  if (!merge.status().ok()) return merge.status();
  return std::fflush(file.get()) == 0 ? Status{} : disk_error(out);
}

Status read_signature_file(const std::string& path, const SketchParams& params, uint32_t band, uint64_t first_row, const std::string& out, size_t memory_bytes, SignatureCounts* counts) {
  *counts = {};
  MappedFile file;
  if (auto status = file.open(path); !status.ok()) return Status::error("ERR_REFINE_DISK", path + ": " + status.message);
  const auto bytes = file.bytes();
  const size_t width = hash_bytes(params), size = params.rows * width + 4;
  const auto fault = [&](const std::string& what) {
    return Status::error("ERR_REFINE_SIGNATURES", path + ": " + what + ". It is no signature file of " + std::to_string(params.rows) + " hashes of " + std::to_string(8 * width) +
                                                      " bits a bucket, or was damaged: name the geometry and precision it was made with, or make it again.");
  };
  if (bytes.size() % size != 0) return fault("has " + std::to_string(bytes.size()) + " bytes, no multiple of " + std::to_string(size));
  RecordWriter writer;
  if (auto status = writer.open(out, kKeyShape, memory_bytes); !status.ok()) return status;
  std::vector<uint64_t> minima(params.rows), before(params.rows, 0);
  for (size_t at = 0; at < bytes.size(); at += size) {
    const auto record = reinterpret_cast<const uint8_t*>(bytes.data()) + at;
    for (size_t i = 0; i < params.rows; ++i) minima[i] = get_little(record + i * width, width);
    if (minima < before) return fault("record " + std::to_string(at / size) + " is less than the one before it");
    if (minima[0] >= kMersenne61) return fault("record " + std::to_string(at / size) + " holds a hash that is not below 2^61-1");
    before = minima;
    const auto key = band_key(minima.data(), params.rows, band);
    const uint64_t index = get_little(record + params.rows * width, 4);
    const uint64_t words[3] = {key.high, key.low, first_row + index};
    if (auto status = writer.add(words, nullptr); !status.ok()) return status;
    ++counts->records;
    counts->documents = std::max(counts->documents, index + 1);
  }
  return writer.finish();
}

}  // namespace refine
