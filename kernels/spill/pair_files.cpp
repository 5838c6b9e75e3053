#include "pair_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "record_format.h"

namespace refine::spill {
namespace {
constexpr size_t kLeastPairs = 256, kMostPairs = size_t(1) << 16;
}

PairFiles::PairFiles(std::string prefix, size_t files, size_t memory)
    : prefix_(std::move(prefix)), pairs_(std::clamp(memory / sizeof(Pair) / std::max<size_t>(files, 1), kLeastPairs, kMostPairs)), buffers_(files), bytes_(files) {}

PairFiles::~PairFiles() {
  for (size_t file = 0; file < bytes_.size(); ++file) remove(file);
}

void PairFiles::remove(size_t file) {
  if (bytes_[file] > 0) unlink(path(file).c_str());
  bytes_[file] = 0;
}

// A piece: pairs u64, check u64, the pairs.
void PairFiles::flush(size_t file) {
  auto& buffer = buffers_[file];
  if (status_.ok()) {
    const size_t size = buffer.size() * sizeof(Pair);
    const uint64_t head[2] = {buffer.size(), block_check(reinterpret_cast<const uint8_t*>(buffer.data()), uint32_t(buffer.size()), uint32_t(size), bytes_[file])};
    const int descriptor = open(path(file).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | (bytes_[file] == 0 ? O_TRUNC : O_APPEND), 0666);
    if (descriptor < 0) {
      status_ = disk_error(path(file), "cannot be created", errno);
    } else {
      for (const auto& [bytes, count] : {std::pair<const void*, size_t>{head, sizeof head}, {buffer.data(), size}}) {
        const auto* p = static_cast<const char*>(bytes);
        for (size_t left = count; left > 0 && status_.ok();) {
          const ssize_t done = write(descriptor, p, left);
          if (done < 0 && errno == EINTR) continue;
          if (done <= 0) {
            status_ = disk_error(path(file), "cannot be written", done < 0 ? errno : ENOSPC);
            break;
          }
          p += done;
          left -= size_t(done);
        }
      }
      if (close(descriptor) != 0 && errno != EINTR && status_.ok()) status_ = disk_error(path(file), "cannot be closed", errno);
    }
    bytes_[file] += sizeof head + size;
    written_ += sizeof head + size;
    added_ += buffer.size();
  }
  buffer.clear();
}

Status PairFiles::read(InputFiles& files, uint64_t bytes, uint64_t* offset, std::vector<Pair>* piece) const {
  uint64_t head[2];
  if (auto status = files.read(0, *offset, head, sizeof head); !status.ok()) return status;
  if (head[0] == 0 || head[0] > pairs_ || sizeof head + head[0] * sizeof(Pair) > bytes - *offset) return damaged(files.path(0), "its piece at byte " + std::to_string(*offset) + " says " + std::to_string(head[0]) + " pairs");
  piece->resize(head[0]);
  const size_t size = head[0] * sizeof(Pair);
  if (auto status = files.read(0, *offset + sizeof head, piece->data(), size); !status.ok()) return status;
  if (block_check(reinterpret_cast<const uint8_t*>(piece->data()), uint32_t(head[0]), uint32_t(size), *offset) != head[1]) return damaged(files.path(0), "the check of its piece at byte " + std::to_string(*offset) + " does not hold");
  *offset += sizeof head + size;
  return {};
}

}  // namespace refine::spill
