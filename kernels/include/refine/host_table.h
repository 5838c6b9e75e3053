// A table of numbers by host (CommonCrawl's ranks, say): millions of rows in one piece of bytes, read from a file or mapped.
// Invariant: a value comes back as the double that was added; NaN is null, and so is every column of an absent host.
// 5 million hosts of 18 bytes with three columns take some 100 MB of names and 4 or 8 bytes a value (see host_table.cpp).
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "refine/url.h"
#include "refine/views.h"

namespace refine {

// Where the fields of a text table stand, counted from 0.
struct HostFields {
  char separator = '\t';  // with `,` a field may stand in double quotes, which are doubled inside
  size_t host = 0;
  std::vector<size_t> values;
};

class HostTableBuilder {
 public:
  // `reversed`: hosts are written `com.example.www`.
  HostTableBuilder(size_t columns, bool reversed);
  ~HostTableBuilder();
  // `values`: one pointer a column, each to hosts.rows numbers. Rows without a host are left out.
  void add(const BytesView& hosts, const std::vector<const double*>& values);
  // Whole lines; an empty field (or NA, null, NaN) is null. ERR_REFINE_ASSET names the line that has too few fields or no number.
  Status add_lines(std::string_view lines, const HostFields& fields);
  size_t columns() const;
  uint64_t rows() const;
  // Of a host's rows the first counts. The builder is empty then.
  Status build(std::string& out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class HostTable {
 public:
  HostTable();
  ~HostTable();
  // Looks at `bytes` in place: they outlive the table. ERR_REFINE_ASSET for what is no table compiled by this version.
  Status open(std::string_view bytes);
  size_t columns() const;
  uint64_t hosts() const;
  // Writes a value a column for `host` (in the normal form of url.h), or for it without `www.` where it is absent.
  bool find(std::string_view host, double* values) const;
  // For its registrable domain, or the nearest above it: tables by domain differ in which suffixes of companies they take for
  // public ones (CommonCrawl's has googleapis.com, which the Public Suffix List calls a suffix).
  bool find_domain(std::string_view host, const PublicSuffixes& suffixes, double* values) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace refine
