// mmap, as POSIX has it; see mapped_file.h.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "refine/mapped_file.h"

namespace refine {

MappedFile::~MappedFile() {
  if (size_ > 0) munmap(const_cast<char*>(data_), size_);
}

Status MappedFile::open(const std::string& path) {
  const auto failed = [](const char* what) { return Status::error("ERR_REFINE_ASSET", std::string(what) + ": " + std::strerror(errno)); };
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return failed("cannot be opened");
  struct stat info {};
  Status status;
  if (fstat(file, &info) != 0) {
    status = failed("cannot be read");
  } else if (!S_ISREG(info.st_mode)) {
    status = Status::error("ERR_REFINE_ASSET", "is no file");
  } else if (info.st_size > 0) {
    void* data = mmap(nullptr, size_t(info.st_size), PROT_READ, MAP_SHARED, file, 0);
    if (data == MAP_FAILED) status = failed("cannot be mapped");
    else data_ = static_cast<const char*>(data), size_ = size_t(info.st_size);
  }
  close(file);
  return status;
}

}  // namespace refine
