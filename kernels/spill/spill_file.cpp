#include "spill_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace refine::spill {

Status disk_error(const std::string& path, const char* what, int error) {
  std::string next = " Run the same command again once that is mended: finished tasks stay done.";
  if (error == ENOSPC || error == EDQUOT || error == EFBIG) next = " Make room there (or lower the step's spill:), then run the same command again: finished tasks stay done.";
  if (error == ENOENT) next = " A file that a finished task wrote is gone, or its folder is: run the same command again, which makes what is missing.";
  if (error == EMFILE || error == ENFILE) next = " Too many files are open: raise the limit (ulimit -n) and run the same command again.";
  return Status::error("ERR_REFINE_DISK", path + ": " + what + ": " + std::strerror(error) + "." + next);
}

Status damaged(const std::string& path, const std::string& found_and_expected) {
  return Status::error("ERR_REFINE_SPILL_DAMAGED",
                       path + ": " + found_and_expected + ". The file changed after it was written, or its disk is failing: delete it and run the same command again, which makes it anew.");
}

bool SpillMemory::allocate(size_t bytes) {
  release();
  if (bytes == 0) return true;
  constexpr size_t kHuge = size_t(2) << 20;
  bytes = (bytes + kHuge - 1) / kHuge * kHuge;
  void* data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) return false;
#ifdef MADV_HUGEPAGE
  madvise(data, bytes, MADV_HUGEPAGE);
#endif
  data_ = static_cast<uint8_t*>(data);
  size_ = bytes;
  return true;
}

void SpillMemory::release() {
  if (data_) munmap(data_, size_);
  data_ = nullptr;
  size_ = 0;
}

Status OutputFile::open(const std::string& path) {
  discard();
  path_ = path;
  written_ = 0;
  file_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  return file_ < 0 ? disk_error(path, "cannot be created", errno) : Status{};
}

Status OutputFile::write(const void* bytes, size_t size) {
  for (const auto* p = static_cast<const char*>(bytes); size > 0;) {
    const ssize_t done = ::write(file_, p, std::min(size, size_t(1) << 30));
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return disk_error(path_, "cannot be written", errno);
    if (done == 0) return disk_error(path_, "cannot be written", ENOSPC);
    p += done;
    size -= size_t(done);
    written_ += uint64_t(done);
  }
  return {};
}

Status OutputFile::close() {
  if (file_ < 0) return {};
  const int result = ::close(file_);
  file_ = -1;
  // EINTR leaves the descriptor closed on Linux; nothing was lost that write had taken.
  if (result == 0 || errno == EINTR) return {};
  const auto status = disk_error(path_, "cannot be closed", errno);
  unlink(path_.c_str());
  return status;
}

void OutputFile::discard() {
  if (file_ < 0) return;
  ::close(file_);
  file_ = -1;
  unlink(path_.c_str());
}

InputFiles::~InputFiles() {
  for (auto& slot : slots_)
    if (slot.file >= 0) ::close(slot.file);
}

size_t InputFiles::add(std::string path) {
  slots_.push_back({std::move(path), -1, {}});
  return slots_.size() - 1;
}

Status InputFiles::descriptor(size_t file, int* out) {
  auto& slot = slots_[file];
  if (slot.file >= 0) {
    used_.splice(used_.begin(), used_, slot.used);
  } else {
    if (used_.size() >= max_open_) close(used_.back());
    slot.file = ::open(slot.path.c_str(), O_RDONLY | O_CLOEXEC);
    if (slot.file < 0) return disk_error(slot.path, "cannot be opened", errno);
    used_.push_front(file);
    slot.used = used_.begin();
  }
  *out = slot.file;
  return {};
}

Status InputFiles::size(size_t file, uint64_t* bytes) {
  int descriptor_of;
  if (auto status = descriptor(file, &descriptor_of); !status.ok()) return status;
  struct stat facts;
  if (fstat(descriptor_of, &facts) != 0) return disk_error(path(file), "cannot be read", errno);
  if (!S_ISREG(facts.st_mode)) return damaged(path(file), "it is no regular file");
  *bytes = uint64_t(facts.st_size);
  return {};
}

Status InputFiles::read(size_t file, uint64_t offset, void* bytes, size_t size) {
  int descriptor_of;
  if (auto status = descriptor(file, &descriptor_of); !status.ok()) return status;
  for (auto* p = static_cast<char*>(bytes); size > 0;) {
    const ssize_t got = pread(descriptor_of, p, std::min(size, size_t(1) << 30), off_t(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return disk_error(path(file), "cannot be read", errno);
    if (got == 0) return damaged(path(file), "it ends at byte " + std::to_string(offset) + ", expected " + std::to_string(size) + " more");
    p += got;
    offset += uint64_t(got);
    size -= size_t(got);
  }
  return {};
}

void InputFiles::will_need([[maybe_unused]] size_t file, [[maybe_unused]] uint64_t offset, [[maybe_unused]] uint64_t size) {
#ifdef POSIX_FADV_WILLNEED
  if (slots_[file].file >= 0) posix_fadvise(slots_[file].file, off_t(offset), off_t(size), POSIX_FADV_WILLNEED);
#endif
}

void InputFiles::close(size_t file) {
  auto& slot = slots_[file];
  if (slot.file < 0) return;
  ::close(slot.file);
  slot.file = -1;
  used_.erase(slot.used);
}

void InputFiles::remove(size_t file) {
  close(file);
  unlink(path(file).c_str());
}

}  // namespace refine::spill
