// dedupe-substring over record files (records.h), one call a task:
//   map       texts of an input      -> stretches [anchor, content high, content low, row] {start u32, windows u32};
//                                       symbols [row] + tail: what contents() and edits() need of the document;
//                                       repeated [row, start << 32 | end]: what repeats inside one document
//   match     a range of anchors     -> repeated: stretches whose whole content stands elsewhere;
//                                       wanted [row, start << 32 | windows] {anchor u64}: unlike stretches under one anchor
//   contents  an input               -> contents [anchor, row, start] + tail: the symbols of its wanted stretches
//   compare   a range of anchors     -> repeated: by window, content against content
//   edits     an input               -> [row, start byte, end byte], joined, ascending
// Equality: stretches by 128 bits (MurmurHash3) of content under equal anchors, windows by their symbols; windows of a group that
// outgrows a quarter of a task's memory by 128 bits as well. n contents collide by chance with a probability below n^2 / 2^129.
// Invariant: the edits depend on texts, params and dropped rows alone, not on ranges, memory or tasks.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "refine/bpe.h"
#include "refine/dropped_rows.h"
#include "refine/records.h"
#include "refine/substring.h"

namespace refine::substring {

constexpr RecordShape kStretchShape{4, 8, false}, kSymbolsShape{1, 0, true}, kRepeatedShape{2, 0, false}, kWantedShape{2, 8, false}, kContentShape{3, 0, true},
    kEditShape{3, 0, false};

struct MapCounts {
  uint64_t documents = 0, bytes = 0, symbols = 0, stretches = 0;
  // Documents left whole: of which no text is equal to the bytes of its tokens (a normaliser, an unknown character), or too large to store.
  uint64_t unspelled = 0, too_large = 0;
};

class MapWriter {
 public:
  struct Paths {
    std::string stretches, symbols, repeated;
  };
  MapWriter();
  ~MapWriter();
  // tokenizer: nullptr where params.bytes. Must outlive the writer.
  Status open(const Params& params, const bpe::Tokenizer* tokenizer, const Paths& paths, size_t memory_bytes);
  Status add(BytesView texts, const uint64_t* rows);  // global rows, ascending over all calls
  Status finish(MapCounts* counts);
  void abort();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

struct Work {  // what a task may use
  size_t memory_bytes = size_t(256) << 20;
  std::string scratch;  // a folder
};

struct MatchCounts {
  uint64_t stretches = 0, again = 0, wanted = 0;
};
Status match(const Params& params, const std::vector<std::string>& stretches, const RecordRange& anchors, const DroppedFiles& dropped, const std::string& repeated,
             const std::string& wanted, const Work& work, MatchCounts* counts);

Status contents(const Params& params, uint32_t input, const std::string& symbols, const std::vector<std::string>& wanted, const std::string& out, const Work& work,
                uint64_t* written);

struct CompareCounts {
  uint64_t stretches = 0, groups = 0, large_groups = 0, largest_group = 0;
};
Status compare(const Params& params, const std::vector<std::string>& contents, const RecordRange& anchors, const std::string& repeated, const Work& work,
               CompareCounts* counts);

struct EditCounts {
  uint64_t documents = 0, spans = 0, symbols = 0, bytes = 0;
};
Status edits(const Params& params, uint32_t input, const std::string& symbols, const std::vector<std::string>& repeated, const DroppedFiles& dropped, const std::string& out,
             const Work& work, EditCounts* counts);

}  // namespace refine::substring
