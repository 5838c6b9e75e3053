// A loser tree (Knuth, vol. 3, 5.4.1) whose nodes hold the first key word beside the run's number: a comparison touches a record only
// where first words are equal. Too many runs are first merged by the least data moved: the smallest ones, so many that
// every later merge is full (Knuth, 5.4.9, theorem K).
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <limits>

#include "block_writer.h"
#include "record_file.h"

namespace refine {
namespace {

using namespace spill;

constexpr size_t kMaxFanIn = 2048;               // beyond, reads become small and scattered
// Read at once from a run. What is read is touched soon and stays in the cache: many runs get small windows, and the system reads ahead.
constexpr size_t kLargestWindow = size_t(1) << 20, kLeastWindow = size_t(64) << 10, kAllWindows = size_t(16) << 20;

std::atomic<uint64_t> scratch_files{0};

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

// Orders records of one shape; first key words aside, where they were compared already.
struct RecordOrder {
  RecordShape shape;

  int compare(const RecordRef& x, const RecordRef& y, unsigned from_word) const {
    for (unsigned word = from_word; word < shape.key_words; ++word) {
      const uint64_t a = x.key(word), b = y.key(word);
      if (a != b) return a < b ? -1 : 1;
    }
    if (shape.value_bytes)
      if (const int order = std::memcmp(x.value(shape), y.value(shape), shape.value_bytes); order != 0) return order;
    if (!shape.tail) return 0;
    const uint32_t both = std::min(x.tail_bytes, y.tail_bytes);
    const int order = both ? std::memcmp(x.tail, y.tail, both) : 0;
    return order != 0 ? order : x.tail_bytes < y.tail_bytes ? -1 : x.tail_bytes > y.tail_bytes;
  }
};

class LoserTree {
 public:
  LoserTree(const RecordShape& shape, size_t runs) : order_{shape} { cursors_.reserve(runs); }

  void add(RunCursor cursor) { cursors_.push_back(std::move(cursor)); }
  size_t runs() const { return cursors_.size(); }

  bool start() {
    const size_t k = cursors_.size();
    done_.assign(k, 0);
    tree_.assign(std::max<size_t>(k, 1), {});
    std::vector<Node> winners(2 * k);
    for (size_t i = 0; i < k; ++i) {
      winners[k + i] = {0, i};
      if (!advance(winners[k + i])) return false;
    }
    for (size_t i = k; i-- > 1;) {
      const Node x = winners[2 * i], y = winners[2 * i + 1];
      const bool left = before(x, y);
      winners[i] = left ? x : y;
      tree_[i] = left ? y : x;
    }
    if (k > 0) winner_ = winners[1];
    return true;
  }
  bool empty() const { return cursors_.empty() || done_[winner_.run]; }
  RecordRef record() const { return cursors_[winner_.run].record(); }
  bool pop() {  // false on an error
    Node node = winner_;
    if (!advance(node)) return false;
    const size_t k = cursors_.size();
    for (size_t i = (k + node.run) / 2; i > 0; i /= 2) {
      Node& other = tree_[i];
      // Who wins cannot be guessed: swapped by masks, a branch would be wrong every other time.
      bool swap = other.key < node.key;
      if (other.key == node.key) [[unlikely]] swap = before_by_rest(uint32_t(other.run), uint32_t(node.run));
      const uint64_t mask = -uint64_t(swap), key = (other.key ^ node.key) & mask, run = (other.run ^ node.run) & mask;
      other.key ^= key, node.key ^= key;
      other.run ^= run, node.run ^= run;
    }
    winner_ = node;
    return true;
  }
  const Status& status() const { return status_; }
  const RecordOrder& order() const { return order_; }

 private:
  struct Node {
    uint64_t key = 0, run = 0;
  };

  bool advance(Node& node) {
    auto& cursor = cursors_[node.run];
    if (cursor.next()) [[likely]] {
      node.key = cursor.key();
      return true;
    }
    node.key = std::numeric_limits<uint64_t>::max();
    done_[node.run] = 1;
    if (!cursor.status().ok()) status_ = cursor.status();
    return status_.ok();
  }
  bool before(const Node& x, const Node& y) const { return x.key != y.key ? x.key < y.key : before_by_rest(uint32_t(x.run), uint32_t(y.run)); }
  __attribute__((noinline)) bool before_by_rest(uint32_t x, uint32_t y) const {
    if (done_[x] || done_[y]) return done_[x] != done_[y] ? done_[y] != 0 : x < y;
    const int order = order_.compare(cursors_[x].record(), cursors_[y].record(), 1);
    return order != 0 ? order < 0 : x < y;
  }

  RecordOrder order_;
  std::vector<RunCursor> cursors_;
  std::vector<uint8_t> done_;
  std::vector<Node> tree_;  // [1, runs): the loser of the match at this node
  Node winner_;
  Status status_;
};

}  // namespace

struct RecordMerge::State {
  RecordShape shape;
  RecordRange range;
  bool distinct = false;
  size_t memory = 0;
  std::string scratch;
  InputFiles files{kMaxOpenFiles};
  std::vector<size_t> made;  // scratch files, by number
  std::vector<RunSpan> runs;
  std::unique_ptr<LoserTree> tree;
  Status status;
  bool lent = false, has_last = false;
  std::vector<uint8_t> last, last_tail;
  uint64_t expected = 0, spilled = 0, passes = 0;

  explicit State() = default;
  ~State() {
    tree.reset();
    for (const size_t file : made) files.remove(file);
  }

  // How many of the smallest runs can be read side by side.
  size_t fan_in() const {
    size_t bytes = 0, count = 0;
    for (const auto& run : runs) {
      bytes += run.largest + kFrameBytes + sizeof(RunCursor);
      if ((bytes > memory && count >= 2) || count == kMaxFanIn) break;
      ++count;
    }
    return count;
  }

  Status start_tree(size_t count) {
    tree = std::make_unique<LoserTree>(shape, count);
    const size_t runs_or_one = std::max<size_t>(count, 1), window = std::min(memory / runs_or_one, std::clamp(kAllWindows / runs_or_one, kLeastWindow, kLargestWindow));
    for (size_t i = 0; i < count; ++i) tree->add(RunCursor(Source(&files, runs[i].file), runs[i], shape, range, window));
    lent = has_last = false;
    return tree->start() ? Status{} : tree->status();
  }

  Status reduce() {
    for (bool first = true;; first = false) {
      // By size; what is equal keeps its order. The result does not depend on it, only the work.
      std::stable_sort(runs.begin(), runs.end(), [](const RunSpan& x, const RunSpan& y) { return x.end - x.begin < y.end - y.begin; });
      const size_t most = fan_in();
      if (runs.size() <= most) return {};
      const size_t count = first ? std::clamp<size_t>((runs.size() - 2) % (most - 1) + 2, 2, most) : most;
      if (auto done = start_tree(count); !done.ok()) return done;
      SortedRecordWriter out;
      const std::string path = scratch + "/merge-" + std::to_string(getpid()) + "-" + std::to_string(scratch_files++) + ".part";
      if (auto opened = out.open(path, shape, distinct); !opened.ok()) return opened;
      const size_t file = files.add(path);
      for (RecordRef record; next(&record);)
        if (auto added = out.add(record); !added.ok()) return added;
      if (!status.ok()) return status;
      tree.reset();
      RecordFileInfo info;
      if (auto finished = out.finish(&info); !finished.ok()) return finished;
      made.push_back(file);
      spilled += info.bytes;
      ++passes;
      runs.erase(runs.begin(), runs.begin() + ptrdiff_t(count));
      if (auto layout = read_layout(Source(&files, file), &shape, range, file, &runs, nullptr); !layout.ok()) return layout;
    }
  }

  bool next(RecordRef* record) {
    for (;;) {
      if (lent && !tree->pop()) [[unlikely]] {
        status = tree->status();
        lent = false;
        tree = std::make_unique<LoserTree>(shape, 0);  // nothing more to give
        tree->start();
        return false;
      }
      lent = false;
      if (tree->empty()) return false;
      *record = tree->record();
      lent = true;
      if (!distinct) return true;
      if (has_last && tree->order().compare(RecordRef{last.data(), last_tail.data(), uint32_t(last_tail.size())}, *record, 0) == 0) continue;
      has_last = true;
      last.assign(record->fixed, record->fixed + shape.fixed_bytes());
      if (shape.tail) last_tail.assign(record->tail, record->tail + record->tail_bytes);
      return true;
    }
  }
};

RecordMerge::RecordMerge() = default;
RecordMerge::~RecordMerge() = default;

Status RecordMerge::open(const std::vector<std::string>& paths, const RecordShape& shape, const RecordRange& range, size_t memory_bytes, const std::string& scratch, bool distinct) {
  state_ = std::make_unique<State>();
  auto& s = *state_;
  s.shape = shape;
  s.range = range;
  s.distinct = distinct;
  s.memory = std::max(memory_bytes, kLeastMemory) / 8 * 7;  // the rest: nodes, the writer of a pass
  s.memory -= std::min(s.memory / 2, size_t(3) << 19);
  s.scratch = !scratch.empty() ? scratch : paths.empty() ? "." : folder_of(paths[0]);
  for (const auto& path : paths) {
    const size_t file = s.files.add(path), before = s.runs.size();
    if (s.status = read_layout(Source(&s.files, file), &shape, range, file, &s.runs, nullptr); !s.status.ok()) return s.status;
    if (s.runs.size() == before) s.files.close(file);
  }
  for (const auto& run : s.runs) s.expected += run.records;
  if (s.status = s.reduce(); !s.status.ok()) return s.status;
  return s.status = s.start_tree(s.runs.size());
}

void RecordMerge::close() { state_.reset(); }
bool RecordMerge::next(RecordRef* record) { return state_ && state_->status.ok() && state_->next(record); }
const Status& RecordMerge::status() const { return state_->status; }
uint64_t RecordMerge::expected() const { return state_->expected; }
uint64_t RecordMerge::spilled() const { return state_->spilled; }
uint64_t RecordMerge::passes() const { return state_->passes; }

Status RecordMerge::next_batch(RecordBatch& out, size_t max_rows, size_t max_bytes) {
  if (!state_) return Status::error("ERR_REFINE_INTERNAL", "a merge was asked after it was closed");
  const auto& shape = state_->shape;
  out.keys.clear();
  out.values.clear();
  out.tails.clear();
  out.tail_offsets.assign(shape.tail ? 1 : 0, 0);
  out.rows = 0;
  RecordRef record;
  for (size_t bytes = 0; out.rows < max_rows && bytes < max_bytes && next(&record);) {
    const size_t at = out.keys.size();
    out.keys.resize(at + shape.key_words);
    std::memcpy(out.keys.data() + at, record.fixed, 8 * size_t(shape.key_words));
    const uint8_t* value = record.value(shape);
    out.values.insert(out.values.end(), value, value + shape.value_bytes);
    if (shape.tail) {
      out.tails.insert(out.tails.end(), record.tail, record.tail + record.tail_bytes);
      out.tail_offsets.push_back(int32_t(out.tails.size()));
    }
    bytes += shape.fixed_bytes() + record.tail_bytes;
    ++out.rows;
  }
  return state_->status;
}

// ---- scans and checks of whole files -------------------------------------------------------------------------------------------

struct RecordScan::State {
  RecordShape shape;
  InputFiles files{1};
  std::vector<std::string> paths;
  std::vector<RunSpan> runs;  // of the file at hand
  size_t file = 0, run = 0;
  std::unique_ptr<RunCursor> cursor;
  Status status;
  uint64_t expected = 0;
};

RecordScan::RecordScan() = default;
RecordScan::~RecordScan() = default;

Status RecordScan::open(const std::vector<std::string>& paths, const RecordShape& shape) {
  state_ = std::make_unique<State>();
  auto& s = *state_;
  s.shape = shape;
  for (const auto& path : paths) {
    RecordFileInfo info;
    const size_t file = s.files.add(path);
    if (s.status = read_layout(Source(&s.files, file), &shape, {}, file, nullptr, &info); !s.status.ok()) return s.status;
    s.expected += info.records;
  }
  return {};
}

bool RecordScan::next(RecordRef* record) {
  auto& s = *state_;
  for (;;) {
    if (!s.status.ok()) return false;
    if (s.cursor) {
      if (s.cursor->next()) {
        *record = s.cursor->record();
        return true;
      }
      s.status = s.cursor->status();
      s.cursor.reset();
    } else if (s.run < s.runs.size()) {
      const auto& run = s.runs[s.run++];
      s.cursor = std::make_unique<RunCursor>(Source(&s.files, run.file), run, s.shape, RecordRange{}, kLargestWindow);
    } else if (s.file < s.files.count()) {
      s.runs.clear();
      s.run = 0;
      s.status = read_layout(Source(&s.files, s.file), &s.shape, {}, s.file, &s.runs, nullptr);
      ++s.file;
    } else {
      return false;
    }
  }
}

const Status& RecordScan::status() const { return state_->status; }
uint64_t RecordScan::expected() const { return state_->expected; }

Status record_file_info(const std::string& path, RecordFileInfo* info) {
  InputFiles files(1);
  const size_t file = files.add(path);
  return read_layout(Source(&files, file), nullptr, {}, file, nullptr, info);
}

namespace {
Status verify(const Source& source, RecordFileInfo* info) {
  std::vector<RunSpan> runs;
  RecordFileInfo facts;
  if (auto status = read_layout(source, nullptr, {}, 0, &runs, &facts); !status.ok()) return status;
  const RecordOrder order{facts.shape};
  for (const auto& run : runs) {
    RunCursor cursor(source, run, facts.shape, {}, kLargestWindow);
    std::vector<uint8_t> last, last_tail;
    while (cursor.next()) {
      const auto record = cursor.record();
      if (!last.empty() && order.compare(RecordRef{last.data(), last_tail.data(), uint32_t(last_tail.size())}, record, 0) > 0) return damaged(source.path(), "a run is not in order");
      last.assign(record.fixed, record.fixed + facts.shape.fixed_bytes());
      last_tail.assign(record.tail, record.tail + record.tail_bytes);
    }
    if (!cursor.status().ok()) return cursor.status();
  }
  if (info) *info = facts;
  return {};
}
}  // namespace

Status verify_record_file(const std::string& path, RecordFileInfo* info) {
  InputFiles files(1);
  return verify(Source(&files, files.add(path)), info);
}

Status verify_record_bytes(std::string_view bytes, RecordFileInfo* info) { return verify(Source(bytes), info); }

uint64_t partition_start(uint64_t partition, uint64_t count) { return uint64_t(((static_cast<unsigned __int128>(partition) << 64) + count - 1) / count); }

RecordRange partition_range(uint64_t partition, uint64_t count) { return {partition_start(partition, count), partition_start(partition + 1, count) - 1}; }

}  // namespace refine
