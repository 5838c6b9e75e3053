// Numbers by host; see host_table.h.
// Layout: header, width of each column (u64: 4 for float32, 5 for uint32, 8 for float64), index of the hosts (key_index.h),
// the columns one after another, each on a boundary of eight bytes. A column is as narrow as holds every value of it exactly.
#include "refine/host_table.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "key_index.h"
#include "refine/hash.h"

namespace refine {

namespace {

constexpr char kMagic[8] = {'r', 'e', 'f', 'h', 'o', 's', 't', '\n'};
constexpr uint64_t kVersion = 1, kMostColumns = 256;
enum Width : uint64_t { kFloat32 = 4, kUint32 = 5, kFloat64 = 8 };
constexpr uint32_t kNullCount = 0xFFFFFFFF;  // in a uint32 column

struct Header {
  char magic[8];
  uint64_t version, checksum;  // XXH64 of everything behind it
  uint64_t columns, columns_at, size;
};
constexpr size_t kCheckedFrom = 24;

constexpr uint64_t bytes_of(uint64_t width) { return width == kFloat64 ? 8 : 4; }
constexpr uint64_t padded(uint64_t bytes) { return (bytes + 7) & ~uint64_t(7); }

// `com.example.www`, and SURT's `com,example,www` (CommonCrawl's host index), the way people write it.
std::string reversed_labels(std::string_view written) {
  std::string host(written), out;
  for (char& c : host)
    if (c == ',') c = '.';
  while (host.ends_with('.')) host.pop_back();
  for (size_t end = host.size();;) {
    const size_t dot = host.rfind('.', end == 0 ? std::string_view::npos : end - 1);
    if (end == 0 || dot == std::string_view::npos) return out.append(host, 0, end);
    out.append(host, dot + 1, end - dot - 1).push_back('.');
    end = dot;
  }
}

Width width_of(const std::vector<double>& values) {
  bool uint32 = true, float32 = true;
  for (const double value : values) {
    if (std::isnan(value)) continue;
    uint32 = uint32 && value >= 0 && value < kNullCount && value == std::trunc(value) && !std::signbit(value);
    float32 = float32 && (std::isinf(value) || (std::fabs(value) <= std::numeric_limits<float>::max() && double(float(value)) == value));
  }
  return float32 ? kFloat32 : uint32 ? kUint32 : kFloat64;
}

}  // namespace

struct HostTableBuilder::State {
  KeyList hosts;
  std::vector<std::vector<double>> values;  // by column
  bool reversed = false;
  uint64_t lines = 0;
  std::vector<std::string_view> fields;
  std::vector<double> row;
  std::string unquoted;

  bool add_host(std::string_view written) {
    const auto host = reversed ? normalize_host(reversed_labels(written)) : split_url(written).host;
    if (host.empty()) return false;
    hosts.add(host);
    return true;
  }
};

HostTableBuilder::HostTableBuilder(size_t columns, bool reversed) : state_(std::make_unique<State>()) {
  state_->values.resize(columns);
  state_->reversed = reversed;
}
HostTableBuilder::~HostTableBuilder() = default;

size_t HostTableBuilder::columns() const { return state_->values.size(); }
uint64_t HostTableBuilder::rows() const { return state_->hosts.size(); }

void HostTableBuilder::add(const BytesView& hosts, const std::vector<const double*>& values) {
  auto& state = *state_;
  for (size_t row = 0; row < hosts.rows; ++row) {
    if (!hosts.valid(row) || !state.add_host(hosts[row])) continue;
    for (size_t i = 0; i < state.values.size(); ++i) state.values[i].push_back(values[i][row]);
  }
}

Status HostTableBuilder::add_lines(std::string_view lines, const HostFields& wanted) {
  auto& state = *state_;
  const auto refuse = [&](const std::string& what) { return Status::error("ERR_REFINE_ASSET", "row " + std::to_string(state.lines) + " " + what); };
  for (size_t at = 0; at < lines.size();) {
    const size_t end = std::min(lines.find('\n', at), lines.size());
    auto line = lines.substr(at, end - at);
    at = end + 1;
    ++state.lines;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    state.fields.clear();
    state.unquoted.clear();
    state.unquoted.reserve(line.size());  // views into it stay
    for (size_t from = 0;;) {
      if (wanted.separator == ',' && from < line.size() && line[from] == '"') {
        const size_t start = state.unquoted.size();
        size_t i = from + 1;
        for (; i < line.size() && (line[i] != '"' || (i + 1 < line.size() && line[i + 1] == '"')); ++i) {
          if (line[i] == '"') ++i;
          state.unquoted.push_back(line[i]);
        }
        state.fields.push_back(std::string_view(state.unquoted).substr(start));
        from = std::min(line.find(',', i), line.size());
      } else {
        const size_t to = std::min(line.find(wanted.separator, from), line.size());
        state.fields.push_back(line.substr(from, to - from));
        from = to;
      }
      if (from == line.size()) break;
      ++from;
    }
    if (wanted.host >= state.fields.size()) return refuse("has " + std::to_string(state.fields.size()) + " fields, the host is number " + std::to_string(wanted.host + 1));
    state.row.clear();
    for (size_t i = 0; i < state.values.size(); ++i) {
      if (wanted.values[i] >= state.fields.size()) return refuse("has " + std::to_string(state.fields.size()) + " fields, expected " + std::to_string(wanted.values[i] + 1));
      const auto field = state.fields[wanted.values[i]];
      double value = std::numeric_limits<double>::quiet_NaN();
      if (!field.empty() && field != "NA" && field != "null" && field != "NaN" && field != "nan" && field != "\\N") {
        const auto start = field.data() + (field[0] == '+' ? 1 : 0);
        const auto [stop, error] = std::from_chars(start, field.data() + field.size(), value);
        if (error != std::errc() || stop != field.data() + field.size()) return refuse("has \"" + std::string(field.substr(0, 40)) + "\" where a number is expected (field " + std::to_string(wanted.values[i] + 1) + ")");
      }
      state.row.push_back(value);
    }
    if (!state.add_host(state.fields[wanted.host])) continue;
    for (size_t i = 0; i < state.values.size(); ++i) state.values[i].push_back(state.row[i]);
  }
  return {};
}

Status HostTableBuilder::build(std::string& out) {
  auto& state = *state_;
  std::vector<uint32_t> entries;
  for (const uint32_t entry : state.hosts.sorted())
    if (entries.empty() || state.hosts[entries.back()] != state.hosts[entry]) entries.push_back(entry);
  Header header{};
  std::memcpy(header.magic, kMagic, sizeof(kMagic));
  header.version = kVersion;
  header.columns = state.values.size();
  out.assign(sizeof(header), '\0');
  for (const auto& values : state.values) {
    const uint64_t width = width_of(values);
    out.append(reinterpret_cast<const char*>(&width), 8);
  }
  if (auto status = state.hosts.build(entries, out); !status.ok()) return status;
  state.hosts = {};
  out.resize(padded(out.size()));
  header.columns_at = out.size();
  for (auto& values : state.values) {
    const auto width = width_of(values);
    const auto append = [&](auto value) { out.append(reinterpret_cast<const char*>(&value), sizeof(value)); };
    out.reserve(out.size() + entries.size() * bytes_of(width) + 8);
    for (const uint32_t entry : entries) {
      const double value = values[entry];
      if (width == kFloat64) append(value);
      else if (width == kFloat32) append(float(value));
      else append(std::isnan(value) ? kNullCount : uint32_t(value));
    }
    out.resize(padded(out.size()));
    std::vector<double>().swap(values);
  }
  header.size = out.size();
  std::memcpy(out.data(), &header, sizeof(header));
  header.checksum = xxh64(std::string_view(out).substr(kCheckedFrom));
  std::memcpy(out.data(), &header, sizeof(header));
  return {};
}

struct HostTable::State {
  struct Column {
    uint64_t width;
    const char* values;
  };
  KeyIndex hosts;
  std::vector<Column> columns;
};

HostTable::HostTable() : state_(std::make_unique<State>()) {}
HostTable::~HostTable() = default;

Status HostTable::open(std::string_view bytes) {
  const auto refuse = [](const char* why) { return Status::error("ERR_REFINE_ASSET", std::string("is no compiled table of hosts: ") + why + ". Remove it: it is made again from the table"); };
  Header header;
  if (bytes.size() < sizeof(header) || std::memcmp(bytes.data(), kMagic, sizeof(kMagic)) != 0) return refuse("it does not begin as one");
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (header.version != kVersion) return refuse("it is of another version");
  if (header.size != bytes.size()) return refuse("it is cut short or has bytes behind its end");
  if (xxh64(bytes.substr(kCheckedFrom)) != header.checksum) return refuse("its checksum differs");
  auto& state = *state_;
  const uint64_t index_at = sizeof(header) + header.columns * 8;
  if (header.columns > kMostColumns || index_at > bytes.size() || !state.hosts.open(bytes.substr(index_at)) || header.columns_at != padded(index_at + state.hosts.bytes()))
    return refuse("its parts do not fit");
  state.columns.clear();
  uint64_t at = header.columns_at;
  for (uint64_t i = 0; i < header.columns; ++i) {
    uint64_t width;
    std::memcpy(&width, bytes.data() + sizeof(header) + 8 * i, 8);
    if (width != kFloat32 && width != kUint32 && width != kFloat64) return refuse("its parts do not fit");
    const uint64_t size = padded(state.hosts.size() * bytes_of(width));
    if (at + size > bytes.size()) return refuse("its parts do not fit");
    state.columns.push_back({width, bytes.data() + at});
    at += size;
  }
  return {};
}

size_t HostTable::columns() const { return state_->columns.size(); }
uint64_t HostTable::hosts() const { return state_->hosts.size(); }

bool HostTable::find(std::string_view host, double* values) const {
  const auto& state = *state_;
  uint32_t number = state.hosts.find(host);
  if (number == KeyIndex::kNone && host.starts_with("www.")) number = state.hosts.find(host.substr(4));
  if (number == KeyIndex::kNone) return false;
  for (const auto& [width, column] : state.columns) {
    if (width == kFloat64) {
      std::memcpy(values, column + 8 * size_t(number), 8);
    } else if (width == kFloat32) {
      float value;
      std::memcpy(&value, column + 4 * size_t(number), 4);
      *values = value;
    } else {
      uint32_t value;
      std::memcpy(&value, column + 4 * size_t(number), 4);
      *values = value == kNullCount ? std::numeric_limits<double>::quiet_NaN() : value;
    }
    ++values;
  }
  return true;
}

bool HostTable::find_domain(std::string_view host, const PublicSuffixes& suffixes, double* values) const {
  auto domain = suffixes.registrable(host);
  if (domain.empty()) domain = host;
  for (;;) {
    if (find(domain, values)) return true;
    const size_t dot = domain.find('.');
    if (dot == std::string_view::npos || domain.find('.', dot + 1) == std::string_view::npos || is_ip_address(domain)) return false;
    domain.remove_prefix(dot + 1);
  }
}

}  // namespace refine
