// Stretches of all inputs, sorted by (anchor, content, row): equal contents are repeats at once, one member of each content of an
// anchor that has several goes on to be compared by window. A group is streamed, whatever its size.
#include <cstring>

#include "refine/substring_run.h"

namespace refine::substring {

namespace {

struct Place {
  uint64_t row = 0;
  uint32_t start = 0, windows = 0;
};

struct Matcher {
  const Params& params;
  RecordWriter repeated, wanted;
  MatchCounts counts;
  uint64_t anchor = 0, high = 0, low = 0;
  bool open = false;            // a member of (anchor, high, low) was seen
  Place first;                  // of this content
  bool first_repeated = false;  // its range is written
  bool first_wanted = false;

  explicit Matcher(const Params& given) : params(given) {}

  Status repeat(const Place& place) {
    ++counts.again;
    const uint64_t key[2] = {place.row, uint64_t(place.start) << 32 | (place.start + place.windows - 1 + params.span)};
    return repeated.add(key, nullptr);
  }
  Status want(const Place& place) {
    ++counts.wanted;
    const uint64_t key[2] = {place.row, uint64_t(place.start) << 32 | place.windows};
    return wanted.add(key, &anchor);
  }
  Status add(const RecordRef& record, const Place& place) {
    ++counts.stretches;
    const bool same_anchor = open && record.key(0) == anchor;
    if (same_anchor && record.key(1) == high && record.key(2) == low) {
      if (!params.keep_first && !first_repeated) {
        if (Status status = repeat(first); !status.ok()) return status;
        first_repeated = true;
      }
      return repeat(place);
    }
    if (same_anchor) {
      if (!first_wanted)
        if (Status status = want(first); !status.ok()) return status;
    }
    anchor = record.key(0);
    high = record.key(1);
    low = record.key(2);
    open = true;
    first = place;
    first_repeated = false;
    first_wanted = same_anchor;
    return same_anchor ? want(place) : Status{};
  }
};

}  // namespace

Status match(const Params& params, const std::vector<std::string>& stretches, const RecordRange& anchors, const DroppedFiles& dropped, const std::string& repeated,
             const std::string& wanted, const Work& work, MatchCounts* counts) {
  if (Status status = check_params(params); !status.ok()) return status;
  DroppedRows gone;
  if (Status status = gone.open(dropped); !status.ok()) return status;
  Matcher matcher(params);
  if (Status status = matcher.repeated.open(repeated, kRepeatedShape, work.memory_bytes / 4); !status.ok()) return status;
  if (Status status = matcher.wanted.open(wanted, kWantedShape, work.memory_bytes / 4); !status.ok()) return status;
  RecordMerge merge;
  if (Status status = merge.open(stretches, kStretchShape, anchors, work.memory_bytes / 2, work.scratch); !status.ok()) return status;
  RecordRef record;
  while (merge.next(&record)) {
    Place place;
    place.row = record.key(3);
    if (gone.has(place.row)) continue;
    std::memcpy(&place.start, record.value(kStretchShape), 4);
    std::memcpy(&place.windows, record.value(kStretchShape) + 4, 4);
    if (Status status = matcher.add(record, place); !status.ok()) return status;
  }
  if (!merge.status().ok()) return merge.status();
  if (Status status = matcher.repeated.finish(); !status.ok()) return status;
  if (Status status = matcher.wanted.finish(); !status.ok()) return status;
  *counts = matcher.counts;
  return {};
}

}  // namespace refine::substring
