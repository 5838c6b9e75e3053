// Which paragraphs and documents are mostly n-grams that stood before: three steps over record files.
//   held    n-grams of a range of hashes -> one record for each n-gram that an earlier paragraph has, exact or by Bloom filters
//   cut     those, joined with the paragraphs of a range of rows -> spans to cut, and documents to drop
// The first paragraph by (path, offset, position) that has an n-gram owns it, whatever becomes of that paragraph; repetitions
// inside the owning paragraph are its own. So the answer is a function of the set of documents, where DCLM's is one of the order in
// which threads met them. With Bloom filters n-grams come in (path, offset) order to the filter of their hash's first byte, so that
// answer too depends on neither workers, partitions nor memory.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "refine/components.h"
#include "refine/records.h"

namespace refine {

constexpr RecordShape kGramShape{2, 4, false};       // exact: hash, row; the paragraph's number, big-endian so that bytes order it
constexpr RecordShape kGramListShape{2, 0, true};    // bloom: hash's first byte << 56, row; (paragraph u32, hash u64) in the order of the text
constexpr RecordShape kParagraphShape{2, 12, false}; // row, paragraph; start, end, n-grams (u32)
constexpr RecordShape kHeldShape{2, 0, false};       // row, paragraph: one n-gram that stood before
constexpr RecordShape kVerdictShape{1, 24, false};   // row; see stages/contract/barrier.ts
constexpr size_t kGramEntryBytes = 12;

struct HeldCounts {
  uint64_t grams = 0, held = 0;  // read; that stood before
  uint64_t filter_bytes = 0, filter_passes = 0;
  uint64_t asked = 0, wrong = 0;  // n-grams known to be absent that full filters were asked for; answered wrongly
  uint64_t expected_wrong = 0;    // of `asked`, by the law of split blocks at the count the filters were made for
};

Status held_grams(const std::vector<std::string>& files, const RecordRange& range, const DroppedFiles& dropped, const std::string& out, const std::string& scratch, size_t memory_bytes,
                  HeldCounts* counts);
// total_grams: n-grams of the whole run, rate: wrong answers wanted. The range must begin and end with a first byte.
Status held_grams_bloom(const std::vector<std::string>& files, const RecordRange& range, const DroppedFiles& dropped, uint64_t total_grams, double rate, const std::string& out,
                        const std::string& scratch, size_t memory_bytes, HeldCounts* counts);

struct ParagraphThresholds {
  double paragraph = 0.8, document = 0.8;  // held / n-grams above it: cut, drop
};
struct ParagraphCounts {
  uint64_t paragraphs = 0, cut = 0, documents = 0, dropped = 0;
};
// `edits`: row, start, end of each paragraph to cut, of documents that stay; `verdicts`: documents to drop, with drop code 1.
Status cut_paragraphs(const std::vector<std::string>& paragraphs, const std::vector<std::string>& held, const RecordRange& rows, const ParagraphThresholds& thresholds,
                      const std::string& edits, const std::string& verdicts, const std::string& scratch, size_t memory_bytes, ParagraphCounts* counts);

}  // namespace refine
