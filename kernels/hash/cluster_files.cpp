#include "refine/cluster_files.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "refine/xxh3.h"

namespace refine {
namespace {

uint64_t word_of(const uint8_t* bytes) {
  uint64_t value;
  std::memcpy(&value, bytes, 8);
  return value;
}

Status damaged(const std::string& what) { return Status::error("ERR_REFINE_INTERNAL", what); }

// Tails lie at any alignment; shingles are read as words.
bool read_shingles(const RecordRef& record, std::vector<uint64_t>& out) {
  if (record.tail_bytes % sizeof(uint64_t)) return false;
  out.resize(record.tail_bytes / sizeof(uint64_t));
  if (!out.empty()) std::memcpy(out.data(), record.tail, record.tail_bytes);
  return true;
}

}  // namespace

uint64_t shingle_set_name(const uint64_t* shingles, size_t count) { return xxh3_64({reinterpret_cast<const char*>(shingles), count * sizeof(uint64_t)}); }

Status cluster_members(const std::string& shingles, const std::vector<std::string>& components, const RecordRange& rows, bool with_shingles, const std::string& out, size_t memory_bytes,
                       MemberCounts* counts) {
  RecordMerge documents, clusters;
  if (auto status = documents.open({shingles}, kShingleShape, rows, memory_bytes / 4); !status.ok()) return status;
  if (auto status = clusters.open(components, {1, 8, false}, rows, memory_bytes / 4); !status.ok()) return status;
  RecordWriter writer;
  if (auto status = writer.open(out, kMemberShape, memory_bytes / 2); !status.ok()) return status;
  RecordRef document, cluster;
  bool clustered = clusters.next(&cluster);
  while (documents.next(&document)) {
    ++counts->documents;
    const uint64_t row = document.key(0);
    if (clustered && cluster.key(0) < row) return damaged("row " + std::to_string(cluster.key(0)) + " has a component and no shingles");
    if (!clustered || cluster.key(0) != row) continue;
    const uint64_t component = word_of(cluster.value({1, 8, false}));
    const uint8_t* value = document.value(kShingleShape);
    const uint64_t key[4] = {mix_component(component), component, word_of(value), row};
    const std::string_view tail{reinterpret_cast<const char*>(document.tail), document.tail_bytes};
    const uint64_t about[2] = {word_of(value + 16), xxh3_64(tail)};
    if (auto status = writer.add(key, about, with_shingles ? tail : std::string_view{}); !status.ok()) return status;
    ++counts->members;
    clustered = clusters.next(&cluster);
  }
  if (!documents.status().ok()) return documents.status();
  if (!clusters.status().ok()) return clusters.status();
  if (clustered) return damaged("row " + std::to_string(cluster.key(0)) + " has a component and no shingles");
  RecordFileInfo info;
  auto status = writer.finish(&info);
  counts->bytes = info.bytes;
  return status;
}

Status sum_hosts(const std::vector<std::string>& files, uint64_t least, const std::string& out, const std::string& folder, size_t memory_bytes, uint64_t* hosts) {
  RecordMerge merge;
  if (auto status = merge.open(files, kHostShape, {}, memory_bytes, folder); !status.ok()) return status;
  SortedRecordWriter writer;
  if (auto status = writer.open(out, kHostShape); !status.ok()) return status;
  RecordRef record;
  uint64_t host = 0, documents = 0;
  auto end_host = [&]() -> Status {
    if (documents < least || documents == 0) return {};
    ++*hosts;
    return writer.add(&host, &documents);
  };
  while (merge.next(&record)) {
    if (record.key(0) != host) {
      if (auto status = end_host(); !status.ok()) return status;
      host = record.key(0);
      documents = 0;
    }
    documents += word_of(record.value(kHostShape));
  }
  if (!merge.status().ok()) return merge.status();
  if (auto status = end_host(); !status.ok()) return status;
  return writer.finish();
}

namespace {

// Counts a cluster's documents by host, as the finder gives them: the kept one, then the others by (host, row).
class AlarmWatch {
 public:
  AlarmWatch(const ClusterAlarm& alarm, SurvivorFileCounts* counts) : alarm_(alarm), counts_(counts) {}

  Status load(const std::vector<std::string>& files) {
    RecordScan scan;
    if (auto status = scan.open(files, kHostShape); !status.ok()) return status;
    RecordRef record;
    while (scan.next(&record)) documents_[record.key(0)] += word_of(record.value(kHostShape));
    return scan.status();
  }

  void see(const ClusterVerdict& one) {
    if (one.cluster != name_ || one.kept != kept_) {
      end_cluster();
      name_ = one.cluster;
      kept_ = one.kept;
      size_ = one.cluster_size;
      if (!one.dropped) {  // counted with its host's run, which comes later
        kept_host_ = one.host;
        return;
      }
    }
    if (one.host != host_) end_host();
    host_ = one.host;
    ++in_host_;
  }
  void end_cluster() {
    end_host();
    kept_host_ = 0;
    if (size_ > counts_->largest || (size_ == counts_->largest && size_ > 0 && name_ < counts_->largest_name)) {
      counts_->largest = size_;
      counts_->largest_name = name_;
    }
    const bool of_run = size_ >= alarm_.least && double(size_) > alarm_.run_share * double(alarm_.documents);
    if (of_run || host_alarm_) ++counts_->alarms;
    size_ = 0;
    host_alarm_ = false;
  }

 private:
  void end_host() {
    if (in_host_ && host_ == kept_host_) ++in_host_;
    if (in_host_ >= alarm_.least) {
      const auto known = documents_.find(host_);
      if (host_ && known != documents_.end()) {
        const uint64_t millionths = in_host_ * 1000000 / known->second;
        if (millionths > counts_->host_share_millionths) {
          counts_->host_share_millionths = millionths;
          counts_->host_documents = in_host_;
        }
        if (double(in_host_) > alarm_.host_share * double(known->second)) host_alarm_ = true;
      }
    }
    in_host_ = 0;
    host_ = 0;
  }

  const ClusterAlarm alarm_;
  SurvivorFileCounts* counts_;
  std::unordered_map<uint64_t, uint64_t> documents_;  // of hosts with at least alarm_.least of them
  uint64_t name_ = 0, kept_ = 0, kept_host_ = 0, host_ = 0, in_host_ = 0, size_ = 0;
  bool host_alarm_ = false;
};

}  // namespace

Status cluster_verdicts(const std::vector<std::string>& members, const RecordRange& range, const SurvivorParams& params, const ClusterAlarm& alarm, const std::vector<std::string>& hosts, const std::string& out,
                        SurvivorFileCounts* counts) {
  AlarmWatch watch(alarm, counts);
  if (auto status = watch.load(hosts); !status.ok()) return status;
  RecordMerge merge;
  if (auto status = merge.open(members, kMemberShape, range, params.memory_bytes / 4, params.folder); !status.ok()) return status;
  RecordWriter writer;
  if (auto status = writer.open(out, kVerdictShape, params.memory_bytes / 8); !status.ok()) return status;
  SurvivorParams finding = params;
  finding.memory_bytes = params.memory_bytes / 2;
  SurvivorFinder finder(finding);
  const auto sink = [&](const ClusterVerdict& one) {
    watch.see(one);
    const bool outside = one.dropped && (one.kept & kOutsideRow);
    ++(one.dropped ? counts->dropped : counts->kept);
    counts->outside += outside;
    const uint16_t drop = one.dropped ? (outside ? 2 : 1) : 0;
    uint8_t value[24];
    std::memcpy(value, &one.kept, 8);
    std::memcpy(value + 8, &one.cluster, 8);
    std::memcpy(value + 16, &one.cluster_size, 4);
    std::memcpy(value + 20, &drop, 2);
    std::memcpy(value + 22, &one.similarity, 2);
    return writer.add(&one.row, value);
  };
  RecordRef record;
  std::vector<uint64_t> shingles;
  uint64_t component = 0;
  bool any = false;
  while (merge.next(&record)) {
    if (any && record.key(1) != component)
      if (auto status = finder.finish(sink); !status.ok()) return status;
    any = true;
    component = record.key(1);
    if (!read_shingles(record, shingles)) return damaged("a cluster's member has a tail of " + std::to_string(record.tail_bytes) + " bytes");
    const uint8_t* value = record.value(kMemberShape);
    if (auto status = finder.add(record.key(3), word_of(value), word_of(value + 8), shingles.data(), shingles.size()); !status.ok()) return status;
  }
  if (!merge.status().ok()) return merge.status();
  if (any)
    if (auto status = finder.finish(sink); !status.ok()) return status;
  watch.end_cluster();
  counts->found = finder.counts();
  return writer.finish();
}

}  // namespace refine
