// A file's bytes, mapped read-only: workers of one machine share its pages. The file must not be cut while it is mapped;
// writers replace files by renaming.
#pragma once
#include <string>
#include <string_view>

#include "refine/views.h"

namespace refine {

class MappedFile {
 public:
  MappedFile() = default;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();
  Status open(const std::string& path);  // ERR_REFINE_ASSET with the system's words
  std::string_view bytes() const { return {data_, size_}; }

 private:
  const char* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace refine
