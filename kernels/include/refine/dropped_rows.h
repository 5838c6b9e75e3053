// Rows that earlier barriers of a segment dropped, by their bits files.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "refine/components.h"  // DroppedFiles
#include "refine/mapped_file.h"

namespace refine {

// Bits by input number. Files stay mapped: their pages are the system's to keep or to drop.
class DroppedRows {
 public:
  Status open(const DroppedFiles& files) {
    for (const auto& [number, path] : files) {
      auto file = std::make_unique<MappedFile>();
      if (auto status = file->open(path); !status.ok()) return Status::error("ERR_REFINE_DISK", path + ": " + status.message);
      if (!file->bytes().empty()) files_[number] = std::move(file);
    }
    return {};
  }
  bool has(uint64_t row) {
    if (files_.empty() || row >> 63) return false;  // bit 63: an index's row
    const auto number = uint32_t(row >> 32), record = uint32_t(row);
    if (number != number_ || !known_) {
      const auto found = files_.find(number);
      bytes_ = found == files_.end() ? std::string_view{} : found->second->bytes();
      number_ = number;
      known_ = true;
    }
    return record / 8 < bytes_.size() && ((uint8_t(bytes_[record / 8]) >> (record % 8)) & 1);
  }

 private:
  std::unordered_map<uint32_t, std::unique_ptr<MappedFile>> files_;
  std::string_view bytes_;
  uint32_t number_ = 0;
  bool known_ = false;
};

}  // namespace refine
