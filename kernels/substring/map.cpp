// The map of dedupe-substring: a document's symbols, its stretches, and what repeats inside it.
#include <cstring>

#include "refine/substring_run.h"
#include "symbols.h"

namespace refine::substring {

struct MapWriter::State {
  Params params;
  const bpe::Tokenizer* tokenizer;
  StretchCutter cutter;
  RecordWriter stretches;
  SortedRecordWriter symbols, repeated;  // rows ascend, so nothing is to be sorted but a document's own ranges
  MapCounts counts;
  std::vector<uint32_t> ids, lengths;
  std::vector<Range> ranges;
  std::string packed;

  State(const Params& given, const bpe::Tokenizer* with) : params(given), tokenizer(with), cutter(given) {}
  Status add(std::string_view text, uint64_t row);
};

MapWriter::MapWriter() = default;
MapWriter::~MapWriter() = default;

Status MapWriter::open(const Params& params, const bpe::Tokenizer* tokenizer, const Paths& paths, size_t memory_bytes) {
  if (Status status = check_params(params); !status.ok()) return status;
  if (params.bytes == (tokenizer != nullptr)) return Status::error("ERR_REFINE_INTERNAL", "substring: token units need a tokenizer, bytes none");
  state_ = std::make_unique<State>(params, tokenizer);
  if (Status status = state_->stretches.open(paths.stretches, kStretchShape, memory_bytes); !status.ok()) return status;
  if (Status status = state_->symbols.open(paths.symbols, kSymbolsShape); !status.ok()) return status;
  return state_->repeated.open(paths.repeated, kRepeatedShape);
}

Status MapWriter::add(BytesView texts, const uint64_t* rows) {
  for (size_t row = 0; row < texts.rows; ++row) {
    ++state_->counts.documents;
    if (!texts.valid(row)) continue;
    if (Status status = state_->add(texts[row], rows[row]); !status.ok()) return status;
  }
  return {};
}

Status MapWriter::State::add(std::string_view text, uint64_t row) {
  counts.bytes += text.size();
  if (text.size() < params.span && params.bytes) return {};  // no window, so nobody asks for its symbols
  std::string_view tail = text;
  if (params.bytes) {
    counts.symbols += text.size();
  } else {
    ids.clear();
    tokenizer->encode(text, bpe::Special::kText, ids);
    counts.symbols += ids.size();
    if (ids.size() < params.span) return {};
    if (!token_lengths(*tokenizer, ids, text, lengths)) {
      ++counts.unspelled;
      return {};
    }
    packed.clear();
    pack_tokens(ids, lengths, packed);
    tail = packed;
  }
  if (tail.size() > kMaxTailBytes) {
    ++counts.too_large;
    return {};
  }
  if (Status status = symbols.add(&row, nullptr, tail); !status.ok()) return status;
  if (params.bytes) cutter.cut(reinterpret_cast<const uint8_t*>(text.data()), text.size());
  else cutter.cut(ids.data(), ids.size());
  counts.stretches += cutter.stretches().size();
  for (const Stretch& stretch : cutter.stretches()) {
    const uint64_t key[4] = {stretch.anchor, stretch.content.high, stretch.content.low, row};
    const uint32_t value[2] = {stretch.start, stretch.windows};
    if (Status status = stretches.add(key, value); !status.ok()) return status;
  }
  ranges = cutter.repeated();
  join_ranges(ranges);
  for (const Range& range : ranges) {
    const uint64_t key[2] = {row, uint64_t(range.start) << 32 | range.end};
    if (Status status = repeated.add(key, nullptr); !status.ok()) return status;
  }
  return {};
}

Status MapWriter::finish(MapCounts* counts) {
  if (Status status = state_->stretches.finish(); !status.ok()) return status;
  if (Status status = state_->symbols.finish(); !status.ok()) return status;
  if (Status status = state_->repeated.finish(); !status.ok()) return status;
  *counts = state_->counts;
  return {};
}

void MapWriter::abort() {
  if (!state_) return;
  state_->stretches.abort();
  state_->symbols.abort();
  state_->repeated.abort();
}

}  // namespace refine::substring
