// N-grams that an earlier paragraph has; see paragraph_copies.h.
#include <algorithm>
#include <memory>

#include "mersenne61.h"
#include "refine/bloom.h"
#include "refine/dropped_rows.h"
#include "refine/paragraph_copies.h"

namespace refine {
namespace {

uint32_t big_endian(const uint8_t* p) { return uint32_t(p[0]) << 24 | uint32_t(p[1]) << 16 | uint32_t(p[2]) << 8 | p[3]; }

struct Entry {
  uint64_t row;
  uint32_t paragraph;
  uint64_t hash;
};

// A bucket's filters: its hashes go to one of `parts` by their bits, so that a filter has at most kPartBytes whatever the run's
// size; how many are held at once is memory's matter and changes no bit.
constexpr size_t kPartBytes = size_t(64) << 20;
constexpr uint64_t kAsked = 16384;  // absent keys a filter is asked for

struct Plan {
  uint64_t keys = 0;  // a part's share of the run's n-grams
  size_t blocks = 1;
  uint32_t parts = 1;
};

Plan plan_filters(uint64_t total_grams, double rate) {
  Plan plan;
  for (;; plan.parts *= 2) {
    plan.keys = total_grams / 256 / plan.parts + 1;
    plan.blocks = BloomFilter::blocks_for(plan.keys, rate);
    if (plan.blocks * 32 <= kPartBytes || plan.parts >= (1u << 16)) return plan;
  }
}

}  // namespace

Status held_grams(const std::vector<std::string>& files, const RecordRange& range, const DroppedFiles& dropped, const std::string& out, const std::string& scratch, size_t memory_bytes,
                  HeldCounts* counts) {
  DroppedRows gone;
  if (auto status = gone.open(dropped); !status.ok()) return status;
  RecordMerge merge;
  if (auto status = merge.open(files, kGramShape, range, memory_bytes / 2, scratch); !status.ok()) return status;
  RecordWriter held;
  if (auto status = held.open(out, kHeldShape, memory_bytes / 2); !status.ok()) return status;
  uint64_t hash = 0, owner_row = 0;
  uint32_t owner_paragraph = 0;
  bool any = false;
  RecordRef record;
  while (merge.next(&record)) {
    const uint64_t row = record.key(1);
    if (gone.has(row)) continue;
    ++counts->grams;
    const uint32_t paragraph = big_endian(record.value(kGramShape));
    if (!any || record.key(0) != hash) {
      any = true;
      hash = record.key(0);
      owner_row = row;
      owner_paragraph = paragraph;
      continue;
    }
    if (row == owner_row && paragraph == owner_paragraph) continue;
    ++counts->held;
    const uint64_t key[2] = {row, paragraph};
    if (auto status = held.add(key, nullptr); !status.ok()) return status;
  }
  if (!merge.status().ok()) return merge.status();
  return held.finish();
}

Status held_grams_bloom(const std::vector<std::string>& files, const RecordRange& range, const DroppedFiles& dropped, uint64_t total_grams, double rate, const std::string& out,
                        const std::string& scratch, size_t memory_bytes, HeldCounts* counts) {
  DroppedRows gone;
  if (auto status = gone.open(dropped); !status.ok()) return status;
  RecordWriter held;
  if (auto status = held.open(out, kHeldShape, memory_bytes / 4); !status.ok()) return status;
  const Plan plan = plan_filters(total_grams, rate);
  const uint32_t at_once = uint32_t(std::clamp<uint64_t>(memory_bytes / 2 / (plan.blocks * 32), 1, plan.parts));

  std::vector<Entry> entries;  // of whole paragraphs, read ahead so that blocks come while others are worked on
  std::vector<uint64_t> hashes;
  std::vector<uint8_t> found;
  for (uint32_t bucket = uint32_t(range.first >> 56); bucket <= uint32_t(range.last >> 56); ++bucket) {
    for (uint32_t from = 0; from < plan.parts; from += at_once) {
      const uint32_t to = std::min(plan.parts, from + at_once);
      std::vector<std::unique_ptr<BloomFilter>> filters;
      for (uint32_t part = from; part < to; ++part) filters.push_back(std::make_unique<BloomFilter>(plan.blocks));
      ++counts->filter_passes;
      counts->filter_bytes += uint64_t(to - from) * plan.blocks * 32;
      // The filter's own key: the bucket and the part are functions of the hash, so it is mixed anew.
      const auto key_of = [](uint64_t hash) { return mix64(hash + 0x9E3779B97F4A7C15ull); };
      const auto part_of = [&](uint64_t hash) { return uint32_t((hash >> 40) & 0xFFFF) & (plan.parts - 1); };

      const auto work = [&]() -> Status {
        for (const auto& entry : entries) filters[part_of(entry.hash) - from]->fetch(key_of(entry.hash));
        for (size_t at = 0; at < entries.size();) {  // a paragraph asks for all of its n-grams before it adds one
          size_t last = at;
          while (last < entries.size() && entries[last].row == entries[at].row && entries[last].paragraph == entries[at].paragraph) ++last;
          for (size_t i = at; i < last; ++i) {
            if (!filters[part_of(entries[i].hash) - from]->has(key_of(entries[i].hash))) continue;
            ++counts->held;
            const uint64_t key[2] = {entries[i].row, entries[i].paragraph};
            if (auto status = held.add(key, nullptr); !status.ok()) return status;
          }
          for (size_t i = at; i < last; ++i) filters[part_of(entries[i].hash) - from]->add(key_of(entries[i].hash));
          at = last;
        }
        entries.clear();
        return {};
      };

      RecordMerge merge;
      const RecordRange own{uint64_t(bucket) << 56, (uint64_t(bucket) << 56) | ((uint64_t(1) << 56) - 1)};
      if (auto status = merge.open(files, kGramListShape, own, memory_bytes / 4, scratch); !status.ok()) return status;
      RecordRef record;
      while (merge.next(&record)) {
        const uint64_t row = record.key(1);
        if (gone.has(row)) continue;
        if (record.tail_bytes % kGramEntryBytes != 0) return Status::error("ERR_REFINE_INTERNAL", "a record of n-grams has " + std::to_string(record.tail_bytes) + " bytes of them");
        for (uint32_t at = 0; at < record.tail_bytes; at += kGramEntryBytes) {
          Entry entry{row, 0, 0};
          std::memcpy(&entry.paragraph, record.tail + at, 4);
          std::memcpy(&entry.hash, record.tail + at + 4, 8);
          const uint32_t part = part_of(entry.hash);
          if (part < from || part >= to) continue;
          ++counts->grams;
          entries.push_back(entry);
        }
        if (entries.size() < 64) continue;
        if (auto status = work(); !status.ok()) return status;
      }
      if (!merge.status().ok()) return merge.status();
      if (auto status = work(); !status.ok()) return status;

      hashes.resize(kAsked);
      found.resize(kAsked);
      for (uint32_t part = from; part < to; ++part) {
        // Numbers in a row, mixed: of 2^64 hashes no n-gram of the run is among them but by a chance of n / 2^64.
        for (uint64_t i = 0; i < kAsked; ++i) hashes[i] = mix64(mix64((uint64_t(bucket) << 32 | part) + 1) + i);
        filters[part - from]->has_all(hashes.data(), kAsked, found.data());
        counts->asked += kAsked;
        for (const uint8_t one : found) counts->wrong += one;
        counts->expected_wrong += uint64_t(BloomFilter::expected_rate(plan.keys, plan.blocks) * double(kAsked) + 0.5);
      }
    }
  }
  return held.finish();
}

}  // namespace refine
