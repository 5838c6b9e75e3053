// In memory a record is whole words: key words, the value's bytes as big-endian words (so that comparing words compares bytes), and where
// the shape has a tail one word more that says where it lies and how long it is. Half of the memory holds records, half is scratch of the sort.
#include <algorithm>
#include <utility>

#include "block_writer.h"
#include "record_sort.h"

namespace refine {
namespace {

using namespace spill;

constexpr int kTailBits = 27;  // a tail's length; its place has the other 37 bits
static_assert(kMaxTailBytes < uint32_t(1) << kTailBits);
constexpr size_t kMaxWords = kMaxKeyWords + kMaxValueBytes / 8 + 1;

uint64_t value_word(const uint8_t* value, size_t bytes) {  // at most 8 bytes, zeros behind
  uint64_t word = 0;
  std::memcpy(&word, value, bytes);
  return __builtin_bswap64(word);
}

std::string shape_words(const RecordShape& shape) {
  return std::to_string(shape.key_words) + " key words, " + std::to_string(shape.value_bytes) + " bytes of value" + (shape.tail ? " and a tail" : "");
}

}  // namespace

struct RecordWriter::State {
  RecordShape shape;
  bool distinct = false, open = false;
  size_t words = 0, value_words = 0, capacity = 0, held = 0, tail_capacity = 0, tail_held = 0;
  SpillMemory records, scratch, tails;
  BlockWriter out;
  Status status;
  uint64_t last[kMaxWords];  // the record written last in this run, for distinct
  bool has_last = false;

  uint64_t* at(size_t record) { return reinterpret_cast<uint64_t*>(records.data()) + record * words; }
  std::string_view tail(uint64_t word) const { return {reinterpret_cast<const char*>(tails.data()) + (word >> kTailBits), size_t(word & ((uint64_t(1) << kTailBits) - 1))}; }

  void put(const uint64_t* key, const uint8_t* value, std::string_view tail_bytes) {
    uint64_t* to = at(held++);
    copy_fixed(reinterpret_cast<uint8_t*>(to), reinterpret_cast<const uint8_t*>(key), 8 * size_t(shape.key_words));
    to += shape.key_words;
    for (size_t left = shape.value_bytes; left > 0; ++to) {
      const size_t take = std::min<size_t>(left, 8);
      *to = value_word(value, take);
      value += take;
      left -= take;
    }
    if (!shape.tail) return;
    if (!tail_bytes.empty()) std::memcpy(tails.data() + tail_held, tail_bytes.data(), tail_bytes.size());
    *to = uint64_t(tail_held) << kTailBits | tail_bytes.size();
    tail_held += tail_bytes.size();
  }

  // True where the record equals the one written before it.
  bool repeats(const uint64_t* record) {
    const size_t compared = words - shape.tail;
    bool same = has_last;
    for (size_t i = compared; same && i-- > 0;) same = record[i] == last[i];  // the last word tells most apart
    if (same && shape.tail) same = tail(record[compared]) == tail(last[compared]);
    if (!same) copy_fixed(reinterpret_cast<uint8_t*>(last), reinterpret_cast<const uint8_t*>(record), 8 * words);
    has_last = true;
    return same;
  }

  template <size_t W>
  void emit(Words<W>* sorted, size_t n) {
    if (shape.value_bytes == 0 && !shape.tail) {
      size_t kept = n;
      if (distinct) {
        kept = 0;
        for (size_t i = 0; i < n; ++i)
          if (!repeats(sorted[i].at)) sorted[kept++] = sorted[i];
      }
      return out.append(reinterpret_cast<const uint8_t*>(sorted), kept);
    }
    for (size_t i = 0; i < n; ++i) {
      const uint64_t* record = sorted[i].at;
      if (distinct && repeats(record)) continue;
      uint8_t* to = out.slot();
      copy_fixed(to, reinterpret_cast<const uint8_t*>(record), 8 * size_t(shape.key_words));
      to += 8 * shape.key_words;
      record += shape.key_words;
      for (size_t left = shape.value_bytes; left > 0; ++record) {
        const size_t take = std::min<size_t>(left, 8);
        const uint64_t word = __builtin_bswap64(*record);
        std::memcpy(to, &word, take);
        to += take;
        left -= take;
      }
      if (!shape.tail) continue;
      const auto bytes = tail(*record);
      store(to, uint32_t(bytes.size()));
      out.append_tail(bytes);
    }
  }

  template <size_t W>
  void spill_words() {
    auto emit_sorted = [this](Words<W>* sorted, size_t n) { emit(sorted, n); };
    auto by_tail = [this](Words<W>* equal, size_t n) {
      if (!shape.tail) return;
      std::sort(equal, equal + n, [this](const Words<W>& x, const Words<W>& y) { return tail(x.at[W - 1]) < tail(y.at[W - 1]); });
    };
    RecordSort<W, decltype(emit_sorted), decltype(by_tail)> sort(W - shape.tail, emit_sorted, by_tail);
    sort.run(reinterpret_cast<Words<W>*>(records.data()), reinterpret_cast<Words<W>*>(scratch.data()), held);
  }

  template <size_t... W>
  void spill_any(std::index_sequence<W...>) {
    ((words == W + 1 ? spill_words<W + 1>() : void()), ...);
  }

  Status spill() {
    if (held == 0) return {};
    out.begin_run();
    has_last = false;
    spill_any(std::make_index_sequence<kMaxWords>());
    held = tail_held = 0;
    return status = out.status();
  }

  // Makes room for one record more; a tail that no memory was set aside for gets its own.
  Status room(uint64_t tail_bytes) {
    if (held == capacity || tail_bytes > tail_capacity - tail_held)
      if (auto spilled = spill(); !spilled.ok()) return spilled;
    if (tail_bytes > tail_capacity) {
      if (!tails.allocate(tail_bytes)) return status = Status::error("ERR_REFINE_MEMORY", out_path + ": a record's tail of " + std::to_string(tail_bytes) + " bytes finds no memory");
      tail_capacity = tails.size();
    }
    return {};
  }
  std::string out_path;
};

RecordWriter::RecordWriter() = default;
RecordWriter::~RecordWriter() { abort(); }

Status RecordWriter::open(const std::string& path, const RecordShape& shape, size_t memory_bytes, bool distinct) {
  abort();
  if (!shape.valid()) return Status::error("ERR_REFINE_INTERNAL", path + ": no record has " + shape_words(shape));
  state_ = std::make_unique<State>();
  auto& s = *state_;
  s.shape = shape;
  s.distinct = distinct;
  s.out_path = path;
  s.value_words = (shape.value_bytes + 7) / 8;
  s.words = shape.key_words + s.value_words + shape.tail;
  // The writer's own buffer takes 1.2 MiB beside; where tails are, they get two thirds, as they are moved once only.
  size_t memory = std::max(memory_bytes, kLeastMemory);
  memory -= std::min(memory / 2, size_t(3) << 19);
  if (shape.tail) s.tail_capacity = memory / 3 * 2, memory -= s.tail_capacity;
  s.capacity = std::max<size_t>(memory / (2 * 8 * s.words), 16);
  const size_t bytes = s.capacity * 8 * s.words;
  if (!s.records.allocate(bytes) || !s.scratch.allocate(bytes) || !s.tails.allocate(s.tail_capacity))
    return s.status = Status::error("ERR_REFINE_MEMORY", path + ": " + std::to_string(2 * bytes + s.tail_capacity) + " bytes to sort in were refused; lower the memory of a worker");
  s.open = true;
  return s.status = s.out.open(path, shape);
}

bool RecordWriter::fits(size_t rows, uint64_t tail_bytes) const {
  return state_ && state_->status.ok() && rows <= state_->capacity - state_->held && tail_bytes <= state_->tail_capacity - state_->tail_held;
}

Status RecordWriter::add(const uint64_t* key, const void* value, std::string_view tail) {
  auto& s = *state_;
  if (!s.status.ok()) return s.status;
  if (tail.size() > kMaxTailBytes)
    return s.status = Status::error("ERR_REFINE_MEMORY", s.out_path + ": a record's tail has " + std::to_string(tail.size()) + " bytes, at most " + std::to_string(kMaxTailBytes) + " can be stored");
  if (s.held == s.capacity || tail.size() > s.tail_capacity - s.tail_held)
    if (auto status = s.room(tail.size()); !status.ok()) return status;
  s.put(key, static_cast<const uint8_t*>(value), tail);
  return {};
}

Status RecordWriter::add_many(size_t rows, const uint64_t* keys, const uint8_t* values, const uint8_t* tails, const int32_t* tail_offsets) {
  const auto& shape = state_->shape;
  for (size_t row = 0; row < rows; ++row) {
    std::string_view tail;
    if (tail_offsets) tail = {reinterpret_cast<const char*>(tails) + tail_offsets[row], size_t(tail_offsets[row + 1] - tail_offsets[row])};
    if (auto status = add(keys, values, tail); !status.ok()) return status;
    keys += shape.key_words;
    values += shape.value_bytes;
  }
  return state_->status;
}

Status RecordWriter::finish(RecordFileInfo* info) {
  if (!state_ || !state_->open) return Status::error("ERR_REFINE_INTERNAL", "a record writer was finished that is not open");
  auto& s = *state_;
  if (s.status.ok()) s.spill();
  s.records.release();
  s.scratch.release();
  s.tails.release();
  if (s.status.ok()) s.status = s.out.finish(info);
  else s.out.discard();
  auto status = s.status;
  state_.reset();
  return status;
}

void RecordWriter::abort() {
  if (!state_) return;
  state_->out.discard();
  state_.reset();
}

// ---- records that ascend already ---------------------------------------------------------------------------------------------

struct SortedRecordWriter::State {
  RecordShape shape;
  bool distinct = false, has_last = false;
  std::string path;
  BlockWriter out;
  std::vector<uint8_t> last, last_tail;
};

SortedRecordWriter::SortedRecordWriter() = default;
SortedRecordWriter::~SortedRecordWriter() { abort(); }

Status SortedRecordWriter::open(const std::string& path, const RecordShape& shape, bool distinct) {
  abort();
  if (!shape.valid()) return Status::error("ERR_REFINE_INTERNAL", path + ": no record has " + shape_words(shape));
  state_ = std::make_unique<State>();
  state_->shape = shape;
  state_->distinct = distinct;
  state_->path = path;
  state_->last.resize(shape.fixed_bytes());
  if (auto status = state_->out.open(path, shape); !status.ok()) return status;
  state_->out.begin_run();
  return {};
}

Status SortedRecordWriter::add(const RecordRef& record) {
  auto& s = *state_;
  const size_t fixed = s.shape.fixed_bytes();
  if (s.has_last) {
    int order = 0;
    for (unsigned i = 0; order == 0 && i < s.shape.key_words; ++i) {
      const uint64_t before = load<uint64_t>(s.last.data() + 8 * i), now = record.key(i);
      order = before < now ? -1 : before > now;
    }
    if (order == 0 && s.shape.value_bytes > 0) order = std::memcmp(s.last.data() + 8 * s.shape.key_words, record.value(s.shape), s.shape.value_bytes);
    if (order == 0 && s.shape.tail) {
      const std::string_view before(reinterpret_cast<const char*>(s.last_tail.data()), s.last_tail.size()), now(reinterpret_cast<const char*>(record.tail), record.tail_bytes);
      order = before < now ? -1 : before > now;
    }
    if (order > 0) return Status::error("ERR_REFINE_INTERNAL", s.path + ": a record came before its place in a file that is written in order");
    if (order == 0 && s.distinct) return {};
  }
  s.has_last = true;
  copy_fixed(s.last.data(), record.fixed, fixed);
  uint8_t* to = s.out.slot();
  copy_fixed(to, record.fixed, fixed);
  if (s.shape.tail) {
    s.last_tail.assign(record.tail, record.tail + record.tail_bytes);
    store(to + fixed, record.tail_bytes);
    s.out.append_tail({reinterpret_cast<const char*>(record.tail), record.tail_bytes});
  }
  return s.out.status();
}

Status SortedRecordWriter::add(const uint64_t* key, const void* value, std::string_view tail) {
  uint8_t fixed[8 * kMaxKeyWords + kMaxValueBytes];
  auto& shape = state_->shape;
  copy_fixed(fixed, reinterpret_cast<const uint8_t*>(key), 8 * size_t(shape.key_words));
  copy_fixed(fixed + 8 * shape.key_words, static_cast<const uint8_t*>(value), shape.value_bytes);
  if (tail.size() > kMaxTailBytes) return Status::error("ERR_REFINE_MEMORY", state_->path + ": a record's tail has " + std::to_string(tail.size()) + " bytes, at most " + std::to_string(kMaxTailBytes) + " can be stored");
  return add(RecordRef{fixed, reinterpret_cast<const uint8_t*>(tail.data()), uint32_t(tail.size())});
}

Status SortedRecordWriter::finish(RecordFileInfo* info) {
  auto status = state_->out.finish(info);
  state_.reset();
  return status;
}

void SortedRecordWriter::abort() {
  if (!state_) return;
  state_->out.discard();
  state_.reset();
}

}  // namespace refine
