// Packing of documents to batches: whole, once each, within the capacity, longest first, and the same whatever stands beside.
#include "../batches.h"

#include <random>

#include "../../testing/check.h"

using refine::cuda::pack_documents;

namespace {

void check_cover(const std::vector<int32_t>& lengths, int64_t capacity, size_t most) {
  const auto batches = pack_documents(lengths, capacity, most);
  std::vector<int> seen(lengths.size(), 0);
  int32_t last = INT32_MAX;
  for (const auto& batch : batches) {
    int64_t rows = 0;
    int32_t longest = 0;
    for (const uint32_t document : batch.documents) {
      ++seen[document];
      rows += lengths[document];
      longest = std::max(longest, lengths[document]);
      CHECK(lengths[document] <= last);  // the longest first, over all batches
      last = lengths[document];
    }
    CHECK(rows == batch.rows);
    CHECK(longest == batch.longest);
    CHECK(!batch.documents.empty() && batch.documents.size() <= most);
    CHECK(rows <= capacity || batch.documents.size() == 1);
  }
  for (size_t i = 0; i < lengths.size(); ++i) CHECK(seen[i] == (lengths[i] > 0 ? 1 : 0));
}

}  // namespace

int main() {
  CHECK(pack_documents({}, 64).empty());
  CHECK(pack_documents({0, 0}, 64).empty());
  CHECK(pack_documents({100}, 64).size() == 1);  // longer than a batch: alone
  const auto ties = pack_documents({3, 3, 3}, 6);
  CHECK(ties.size() == 2 && ties[0].documents[0] == 0 && ties[0].documents[1] == 1 && ties[1].documents[0] == 2);  // in their order
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<int32_t> lengths(random() % 60);
    for (auto& length : lengths) length = int32_t(random() % 5 == 0 ? 0 : random() % 90);
    check_cover(lengths, 1 + int64_t(random() % 128), 1 + random() % 9);
  }
  return refine::testing::report();
}
