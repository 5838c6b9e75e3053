// Documents of one cluster that memory does not hold, in a temporary file: written in order, read in order, gone with the object.
// Blocks carry their length and XXH3-64, so that a disk that lies is an error and not another set of survivors.
#pragma once
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "refine/views.h"

namespace refine {

struct ClusterDocument {
  uint64_t row = 0, host = 0, cluster = 0;  // cluster: the hash of its shingles
  uint32_t ordinal = 0;                     // within the cluster, in keep order
  uint32_t size = 0;
  const uint64_t* shingles = nullptr;
};

class DocumentSpool {
 public:
  explicit DocumentSpool(std::string path) : path_(std::move(path)) {}
  ~DocumentSpool() { close(); }
  DocumentSpool(const DocumentSpool&) = delete;
  DocumentSpool& operator=(const DocumentSpool&) = delete;

  Status add(const ClusterDocument& document);
  Status rewind();  // no more is added
  // The next document, good until the call after; *more false at the end.
  Status next(ClusterDocument* document, bool* more);
  uint64_t documents() const { return documents_; }
  uint64_t bytes() const { return bytes_; }

 private:
  Status flush();
  Status disk(const char* what) const;
  Status damaged(const std::string& found) const;
  void close();

  std::string path_;
  std::FILE* file_ = nullptr;
  std::vector<uint64_t> held_;
  size_t at_ = 0;
  uint64_t documents_ = 0, left_ = 0, bytes_ = 0, blocks_ = 0;
};

}  // namespace refine
