// ModelWeights: conversions against IEEE 754's formulas, rows and transposes against index arithmetic, refusals of plans that
// do not fit their files.
#include "refine/model_weights.h"

#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>

#include "../../testing/check.h"

using namespace refine;

namespace {

std::string write_file(const std::string& name, const std::string& bytes) {
  const std::string path = std::string(std::getenv("TMPDIR") ? std::getenv("TMPDIR") : "/tmp") + "/refine-weights-test-" + name;
  std::FILE* file = std::fopen(path.c_str(), "wb");
  CHECK(file != nullptr);
  if (file) {
    CHECK_EQ(std::fwrite(bytes.data(), 1, bytes.size(), file), bytes.size());
    std::fclose(file);
  }
  return path;
}

template <class T>
std::string bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

void every_half_is_its_formula() {
  size_t wrong = 0;
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const double sign = bits & 0x8000u ? -1 : 1;
    const int exponent = int(bits >> 10 & 31u), fraction = int(bits & 1023u);
    const float found = f32_of_f16(uint16_t(bits));
    if (exponent == 31) wrong += fraction ? !std::isnan(found) : found != float(sign) * std::numeric_limits<float>::infinity();
    else {
      const double expected = exponent ? sign * std::ldexp(1 + fraction / 1024.0, exponent - 15) : sign * std::ldexp(fraction / 1024.0, -14);
      wrong += double(found) != expected || std::signbit(found) != std::signbit(expected);
    }
  }
  CHECK_EQ(wrong, size_t(0));
}

void bfloat16_goes_there_and_back() {
  size_t wrong = 0;
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const float value = f32_of_bf16(uint16_t(bits));
    if (std::isnan(value)) wrong += !std::isnan(f32_of_bf16(bf16_of_f32(value)));
    else wrong += bf16_of_f32(value) != bits;
  }
  CHECK_EQ(wrong, size_t(0));
  CHECK_EQ(bf16_of_f32(1.0f + 0x1p-8f), uint16_t(0x3f80));        // halfway: to even
  CHECK_EQ(bf16_of_f32(1.0f + 0x3p-8f), uint16_t(0x3f82));        // halfway: to even, upwards
  CHECK_EQ(bf16_of_f32(1.0f + 0x1.0002p-8f), uint16_t(0x3f81));   // a bit more than halfway
  CHECK_EQ(bf16_of_f32(3.4e38f), uint16_t(0x7f80));               // past the largest: infinity
}

// A file with a byte in front, so that nothing is aligned: 6 x 4 float32 (i), then 6 x 4 int8 (i - 12), then 6 and 4 scales.
struct Fixture {
  WeightsPlan plan;
  Fixture() {
    std::vector<float> numbers(24), by_row{1, 2, 3, 4, 5, 6}, by_column{10, 20, 30, 40};
    std::vector<int8_t> small(24);
    for (int i = 0; i < 24; ++i) numbers[size_t(i)] = float(i), small[size_t(i)] = int8_t(i - 12);
    plan.files = {write_file("numbers", "x" + bytes_of(numbers) + bytes_of(small) + bytes_of(by_row) + bytes_of(by_column))};
    plan.sources = {{0, 1, 96, WeightType::kF32, 6, 4, -1}, {0, 97, 24, WeightType::kI8, 6, 4, 2}, {0, 121, 24, WeightType::kF32, 6, 1, -1},
                    {0, 145, 16, WeightType::kF32, 4, 1, -1}, {0, 97, 24, WeightType::kI8, 6, 4, 3}};
  }
  ~Fixture() { std::remove(plan.files[0].c_str()); }
};

void rows_and_transposes_are_index_arithmetic() {
  Fixture fixture;
  auto& plan = fixture.plan;
  plan.tensors = {{"whole", 0, {{0, 6}}, false, 6, 4},          {"picked", 0, {{4, 2}, {1, 1}}, false, 3, 4}, {"turned", 0, {{1, 2}, {0, 1}}, true, 3, 6},
                  {"int8", 1, {{2, 3}}, false, 3, 4},           {"int8 turned", 4, {{1, 3}}, true, 3, 6},     {"vector", 2, {{4, 2}, {0, 1}}, false, 1, 3},
                  {"none", 0, {{3, 0}}, false, 0, 4}};
  std::shared_ptr<ModelWeights> weights;
  const auto status = ModelWeights::load(plan, &weights);
  CHECK_EQ(status.message, "");
  CHECK_EQ(weights->roles().size(), size_t(7));
  const auto at = [](size_t row, size_t column) { return float(row * 4 + column); };
  const auto picked = weights->read("picked");
  const size_t order[] = {4, 5, 1};
  for (size_t row = 0; row < 3; ++row)
    for (size_t column = 0; column < 4; ++column) CHECK_EQ(picked[row * 4 + column], at(order[row], column));
  const auto turned = weights->read("turned");
  const size_t columns[] = {1, 2, 0};
  for (size_t row = 0; row < 3; ++row)
    for (size_t column = 0; column < 6; ++column) CHECK_EQ(turned[row * 6 + column], at(column, columns[row]));
  const auto small = weights->read("int8");
  for (size_t row = 0; row < 3; ++row)
    for (size_t column = 0; column < 4; ++column) CHECK_EQ(small[row * 4 + column], (at(row + 2, column) - 12) * float(row + 3));
  const auto small_turned = weights->read("int8 turned");
  for (size_t row = 0; row < 3; ++row)
    for (size_t column = 0; column < 6; ++column) CHECK_EQ(small_turned[row * 6 + column], (at(column, row + 1) - 12) * 10 * float(row + 2));
  CHECK(weights->read("vector") == (std::vector<float>{5, 6, 1}));
  CHECK_EQ(weights->shape("vector").rows, uint64_t(1));
  CHECK(weights->read("none").empty());
  CHECK(weights->f32("none") != nullptr);
  CHECK(weights->f32("absent") == nullptr);
  CHECK(weights->f32("whole") == weights->f32("whole"));
  CHECK(std::memcmp(weights->f32("picked"), picked.data(), picked.size() * sizeof(float)) == 0);
  Int8Rows rows;
  CHECK(weights->int8("int8", &rows));
  CHECK_EQ(int(rows.data[0]), -4);
  CHECK(rows.scales == (std::vector<float>{3, 4, 5}));
  CHECK(!weights->int8("int8 turned", &rows));
  CHECK(!weights->int8("whole", &rows));
  const auto lookup = lookup_of(weights);
  CHECK_EQ(lookup("turned").cols, int64_t(6));
  CHECK(lookup("absent").data == nullptr);
}

// An empty source takes no bytes of the file, so its other side may be any number: 2^40 steps would not end.
void what_holds_no_numbers_is_read_at_once() {
  Fixture fixture;
  const uint64_t many = uint64_t(1) << 40;
  fixture.plan.sources = {{0, 0, 0, WeightType::kBf16, many, 0, -1}, {0, 0, 0, WeightType::kBf16, 0, many, -1}};
  fixture.plan.tensors = {{"turned", 0, {{0, 0}, {0, 0}}, true, 0, many}, {"rows", 1, {{0, 0}}, false, 0, many}};
  std::shared_ptr<ModelWeights> weights;
  CHECK_EQ(ModelWeights::load(fixture.plan, &weights).message, "");
  for (const char* role : {"turned", "rows"}) {
    CHECK(weights->f32(role) != nullptr);
    CHECK(weights->read(role).empty());
    CHECK_EQ(weights->shape(role).columns, many);
  }
  CHECK(weights->non_finite().empty());
}

void a_plan_that_does_not_fit_is_refused() {
  const auto refuses = [](const char* words, void (*change)(WeightsPlan&)) {
    Fixture fixture;
    fixture.plan.tensors = {{"a", 0, {{0, 6}}, false, 6, 4}, {"b", 1, {{0, 6}}, false, 6, 4}};
    change(fixture.plan);
    std::shared_ptr<ModelWeights> weights;
    const auto status = ModelWeights::load(fixture.plan, &weights);
    if (status.code != "ERR_REFINE_WEIGHTS" || status.message.find(words) == std::string::npos) std::fprintf(stderr, "wanted \"%s\", got \"%s\"\n", words, status.message.c_str());
    CHECK(status.code == "ERR_REFINE_WEIGHTS" && status.message.find(words) != std::string::npos);
    CHECK(weights == nullptr);
  };
  refuses("names file 3 of 1", [](WeightsPlan& plan) { plan.sources[0].file = 3; });
  refuses("do not agree", [](WeightsPlan& plan) { plan.sources[0].rows = 7; });
  refuses("do not agree", [](WeightsPlan& plan) { plan.sources[0].rows = uint64_t(1) << 62, plan.sources[0].columns = 16, plan.sources[0].bytes = 0; });  // wraps to 0
  refuses("the file has", [](WeightsPlan& plan) { plan.sources[0].begin = 100; });
  refuses("the file has", [](WeightsPlan& plan) { plan.sources[0].begin = UINT64_MAX - 8; });
  refuses("int8 without scales", [](WeightsPlan& plan) { plan.sources[1].scales = -1; });
  refuses("has scales and is not int8", [](WeightsPlan& plan) { plan.sources[0].scales = 2; });
  refuses("no tensor source", [](WeightsPlan& plan) { plan.sources[1].scales = 9; });
  refuses("has scales of 4 rows", [](WeightsPlan& plan) { plan.sources[1].scales = 3; });
  refuses("names tensor source 9 of 5", [](WeightsPlan& plan) { plan.tensors[0].source = 9; });
  refuses("takes rows 5 + 2 of 6", [](WeightsPlan& plan) { plan.tensors[0].rows = {{5, 2}}; });
  refuses("takes rows 7 + 0 of 6", [](WeightsPlan& plan) { plan.tensors[0].rows = {{7, 0}}; });
  refuses("takes rows 0 + 6 of 4", [](WeightsPlan& plan) { plan.tensors[0].transpose = true; });
  refuses("comes to 6 rows of 4; expected (6, 5)", [](WeightsPlan& plan) { plan.tensors[0].shape_columns = 5; });
  refuses("stands there twice", [](WeightsPlan& plan) { plan.tensors[1].role = "a"; });
  Fixture fixture;
  fixture.plan.files = {"/no/such/file"};
  std::shared_ptr<ModelWeights> weights;
  CHECK_EQ(ModelWeights::load(fixture.plan, &weights).code, "ERR_REFINE_ASSET");
  fixture.plan.files = {write_file("numbers", "")};
}

void numbers_from_memory_and_numbers_that_are_none() {
  ModelWeights weights;
  weights.put("a", 2, 2, {1, 2, 3, 4});
  weights.put("b", 1, 3, {1, std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()});
  CHECK(weights.has("a"));
  CHECK_EQ(weights.f32("a")[3], 4.0f);
  const auto found = weights.non_finite();
  CHECK_EQ(found.size(), size_t(1));
  CHECK(found[0].role == "b" && found[0].count == 2 && found[0].first == 1);
  weights.put("b", 1, 1, {7});
  CHECK(weights.read("b") == std::vector<float>{7});
  CHECK_EQ(weights.roles().size(), size_t(2));
  CHECK_EQ(weights.bytes(), uint64_t(20));
}

}  // namespace

int main() {
  every_half_is_its_formula();
  bfloat16_goes_there_and_back();
  rows_and_transposes_are_index_arithmetic();
  what_holds_no_numbers_is_read_at_once();
  a_plan_that_does_not_fit_is_refused();
  numbers_from_memory_and_numbers_that_are_none();
  return refine::testing::report();
}
