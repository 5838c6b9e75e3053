// Result columns at the end of their 32-bit offsets (views.h), with a lower limit standing in for 2 GiB.
#include "../../testing/check.h"
#include "refine/extract.h"
#include "refine/views.h"

using namespace refine;

static void bytes_past_the_limit_are_left_out_and_marked() {
  BytesColumn column;
  column.limit = 10;
  column.append("0123456789");
  CHECK(!column.overflowed);
  column.append("");
  column.append_null();
  CHECK(!column.overflowed);
  column.append("x");
  CHECK(column.overflowed);
  column.append(std::string(100, 'y'));
  CHECK_EQ(column.data, std::string("0123456789"));
  CHECK_EQ(column.rows(), size_t(5));
  for (size_t row = 0; row < column.rows(); ++row) CHECK(column.offsets[row] <= column.offsets[row + 1]);
}

static void values_past_the_limit_are_left_out_and_marked() {
  ListColumn<uint64_t> column;
  column.limit = 3;
  column.values = {1, 2, 3};
  column.end_row();
  CHECK(!column.overflowed);
  column.values.push_back(4);
  column.end_row();
  CHECK(column.overflowed);
  CHECK_EQ(column.values.size(), size_t(3));
  CHECK_EQ(column.offsets.back(), 3);
}

static void a_page_above_one_gibibyte_is_too_large_whatever_the_options() {
  ExtractOptions options;
  options.max_bytes = UINT32_MAX;
  ExtractedPage page;
  extract_page({"never read", kMaxPageBytes + 1}, "", "", options, page);
  CHECK(page.outcome == ExtractOutcome::kTooLarge);
}

int main() {
  bytes_past_the_limit_are_left_out_and_marked();
  values_past_the_limit_are_left_out_and_marked();
  a_page_above_one_gibibyte_is_too_large_whatever_the_options();
  return refine::testing::report();
}
