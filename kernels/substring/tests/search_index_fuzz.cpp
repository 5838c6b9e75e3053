// Any bytes as a search index: opened or refused, asked, never read out of bounds.
#include <cstdint>
#include <string>
#include <vector>

#include "refine/text_search.h"
#include "refine/xxh3.h"

using namespace refine;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string file(reinterpret_cast<const char*>(data), size);
  if (size >= 112) {  // as a file whose directory has the checksum it says, so that what lies behind it is reached
    file.replace(size - 8, 8, "rfnsrch1");
    const size_t trailer = size - 112;
    const uint64_t blocks = uint8_t(file[trailer + 8]), parts = uint8_t(file[trailer + 16]), batches = uint8_t(file[trailer + 24]);
    const size_t directory = blocks * 24 + parts * 8 + (batches + 1) / 2 * 8;
    if (directory <= trailer) {
      file.replace(trailer + 32, 64, std::string(64, '\0'));
      for (size_t field = 8; field <= 24; field += 8) file.replace(trailer + field + 1, 7, std::string(7, '\0'));
      const uint64_t sum = xxh3_64(std::string_view(file).substr(trailer - directory, directory + 96));
      file.replace(size - 16, 8, reinterpret_cast<const char*>(&sum), 8);
    }
  }
  SearchIndex index;
  if (!index.open_bytes(file, "", "fuzz").ok()) return 0;
  std::vector<uint32_t> rows;
  for (size_t at = 0; at + 40 <= size && at < 4000; at += 10) (void)index.rows_of({reinterpret_cast<const char*>(data) + at, 40}, rows);
  return 0;
}
