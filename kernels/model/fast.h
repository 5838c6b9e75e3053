// What the files of the fast forward share: a batch of documents laid out as rows, and its scratch.
#pragma once
#include <mutex>
#include <vector>

#include "attention.h"
#include "gemm_blocks.h"
#include "refine/model_fast.h"

namespace refine {

// The most rows that go through a block's linear layers together (fast_rows() are as many as fill tiles whole: 84 of 14, 96 of 32, 12, 6 or 4):
// few enough that the MLP's wide rows (96 x 1,536 floats) stay in 1 MB of L2 until they are read again.
inline constexpr int64_t kFastRows = 96;
inline int64_t fast_rows(const model::KernelSet& kernels, GemmKind kind) { return model::whole_tiles(kernels, kind, kFastRows); }
// Documents are packed up to so many rows, for the same reason; a longer document goes alone.
inline constexpr int64_t kFastBatchRows = 252;
inline constexpr int64_t kVocabularyBlock = 512;

struct FastModel::Batch {
  struct Document {
    int64_t row, length, past;
  };
  std::vector<Document> documents;
  int64_t rows = 0, longest = 0;  // longest: past included
  KeyValueCache* cache = nullptr;  // of the only document
  float* x = nullptr;              // (rows, C)
};

// Cosines and sines of positions, grown as longer documents come.
struct FastModel::TurnTable {
  int64_t positions = 0;
  std::vector<float> cosine, sine;  // (positions, rotary_dim / 2)
};
struct FastModel::Turns {
  std::mutex lock;
  std::shared_ptr<const TurnTable> table;
  std::shared_ptr<const TurnTable> upto(const ModelConfig& config, int64_t positions);
};

// The calling thread's; grown to what its largest batch needed.
struct FastModel::Scratch {
  model::AlignedBuffer x, qkv, part, wide, hidden, gate, logits, alibi;
  model::PackedRows rows;
  static Scratch& mine();
};

}  // namespace refine
