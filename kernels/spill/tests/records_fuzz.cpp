// Any bytes as a record file: refused by name or read within their bounds. Inputs that begin with 'V' are taken as instructions instead:
// a small valid file is made, bytes of it are changed, and its checks are set right, so that the fuzzer passes them.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "../record_format.h"

using namespace refine;
using namespace refine::spill;

namespace {

struct Bytes {
  std::string all;
  void put(const void* p, size_t n) { all.append(static_cast<const char*>(p), n); }
  template <class T>
  void number(T value) { put(&value, sizeof value); }
};

// Blocks, index and trailer of one run of records whose keys count up.
std::string small_file(unsigned key_words, unsigned value_bytes, bool tail, unsigned blocks, unsigned records) {
  Bytes file;
  file.all.assign(kHeaderBytes, '\0');
  std::memcpy(file.all.data(), kHeaderMagic, 7);
  file.all[7] = kFormat, file.all[8] = char(key_words), file.all[9] = char(value_bytes), file.all[10] = tail;
  std::vector<BlockEntry> index;
  uint64_t key = 0;
  for (unsigned b = 0; b < blocks; ++b) {
    Bytes payload;
    const uint64_t first = key;
    for (unsigned r = 0; r < records; ++r, ++key) {
      for (unsigned word = 0; word < key_words; ++word) payload.number(key);
      payload.all.append(value_bytes, char(r));
      if (tail) payload.number(uint32_t(r % 5));
    }
    if (tail)
      for (unsigned r = 0; r < records; ++r) payload.all.append(r % 5, 't');
    index.push_back({file.all.size(), first, key - 1, records, uint32_t(payload.all.size())});
    file.number(records);
    file.number(uint32_t(payload.all.size()));
    file.number(uint64_t(0));
    file.all += payload.all;
  }
  const uint64_t index_offset = file.all.size();
  file.put(index.data(), index.size() * sizeof(BlockEntry));
  if (blocks) file.number(uint64_t(0));
  const uint64_t words[6] = {index_offset, blocks, blocks ? 1u : 0u, uint64_t(blocks) * records, 0, 0};
  file.put(words, sizeof words);
  file.number(uint64_t(0));
  file.put(kTrailerMagic, 7);
  file.all.push_back(char(kFormat));
  return file.all;
}

// Sets every check as the (perhaps changed) fields around it ask, as far as they lie within the bytes.
void set_checks(std::string& file) {
  auto* p = reinterpret_cast<uint8_t*>(file.data());
  const size_t size = file.size();
  if (size < kHeaderBytes + kTrailerBytes) return;
  store(p + 24, check_of(p, 24));
  for (uint64_t at = kHeaderBytes; at + kFrameBytes <= size - kTrailerBytes;) {
    const uint32_t records = load<uint32_t>(p + at), bytes = load<uint32_t>(p + at + 4);
    if (bytes > size - kTrailerBytes - at - kFrameBytes) break;
    if (at >= load<uint64_t>(p + size - kTrailerBytes)) break;
    store(p + at + 8, block_check(p + at + kFrameBytes, records, bytes, at));
    at += kFrameBytes + bytes;
  }
  auto* trailer = p + size - kTrailerBytes;
  const uint64_t index_at = load<uint64_t>(trailer);
  if (index_at <= size - kTrailerBytes) store(trailer + 32, check_of(p + index_at, size - kTrailerBytes - index_at));
  store(trailer + 48, check_of(trailer, 48));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string file(reinterpret_cast<const char*>(data), size);
  if (size >= 6 && data[0] == 'V') {
    const unsigned shape = data[1];
    file = small_file(1 + shape % 4, (shape >> 2) % 16 * 4, shape & 0x80, data[2] % 8, 1 + data[3] % 40);
    for (size_t i = 4; i + 3 <= size; i += 3) {
      const size_t from_end = data[i] & 1;  // the index lies there
      const size_t at = (size_t(data[i] >> 1) << 8 | data[i + 1]) % file.size();
      file[from_end ? file.size() - 1 - at : at] = char(data[i + 2]);
    }
    set_checks(file);
  }
  RecordFileInfo info;
  const auto status = verify_record_bytes(file, &info);
  if (!status.ok() && status.code != "ERR_REFINE_SPILL_DAMAGED" && status.code != "ERR_REFINE_SPILL_FORMAT") std::abort();
  if (status.ok() && info.bytes != file.size()) std::abort();
  return 0;
}
