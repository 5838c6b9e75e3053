// A model small enough to write by hand, so that its prediction has a closed form; and files that must be refused.
#include <cmath>
#include <cstring>
#include <string>

#include "../../testing/check.h"
#include "refine/fasttext.h"

using refine::FasttextModel;

namespace {
struct Writer {
  std::string bytes;
  template <class T>
  Writer& put(T value) {
    bytes.append(reinterpret_cast<const char*>(&value), sizeof(T));
    return *this;
  }
  Writer& word(const char* text, int64_t count, int8_t type) {
    bytes.append(text).push_back('\0');
    return put(count).put(type);
  }
  Writer& matrix(int64_t rows, int64_t cols, std::initializer_list<float> values) {
    put(rows).put(cols);
    for (float v : values) put(v);
    return *this;
  }
};

// dim 1, words "up" (+1) and "down" (-1), labels yes and no, rows of the output 2 and -2.
std::string tiny(int32_t loss, int32_t dim = 1, int32_t labels = 2, int64_t count = 3) {
  Writer w;
  w.put(int32_t(793712314)).put(int32_t(12));
  for (int32_t arg : {dim, 5, 1, 1, 5, 1, loss, 3, 0, 0, 0, 100}) w.put(arg);
  w.put(1e-4);
  w.put(int32_t(2 + labels)).put(int32_t(2)).put(labels).put(int64_t(9)).put(int64_t(-1));
  w.word("up", 4, 0).word("down", 4, 0).word("__label__yes", count, 1).word("__label__no", 2, 1);
  w.put(uint8_t(0)).matrix(2, 1, {1.0f, -1.0f}).put(uint8_t(0)).matrix(2, 1, {2.0f, -2.0f});
  return w.bytes;
}

float yes(const std::string& file, const char* text) {
  std::shared_ptr<const FasttextModel> model;
  CHECK(FasttextModel::load(file, &model).ok());
  if (!model) return -1;
  FasttextModel::Scratch scratch;
  FasttextModel::Prediction best[2];
  model->predict(text, 2, scratch, best);
  for (const auto& one : best)
    if (one.label >= 0 && model->labels()[size_t(one.label)] == "yes") return one.prob;
  return -1;
}
bool near(double a, double b) { return std::fabs(a - b) < 2e-5; }
bool refused(const std::string& file) {
  std::shared_ptr<const FasttextModel> model;
  return !FasttextModel::load(file, &model).ok() && !model;
}
}  // namespace

int main() {
  const double softmax = 1 / (1 + std::exp(-4.0));  // exp(2) / (exp(2) + exp(-2))
  CHECK(near(yes(tiny(3), "up"), softmax));
  CHECK(near(yes(tiny(3), "down down"), 1 - softmax));
  CHECK(near(yes(tiny(3), "up down other"), 0.5));
  // Two leaves: the root's children are no (rarer, left) and yes (right), so P(yes) = sigmoid(2 x).
  CHECK(near(yes(tiny(1), "up"), 1 / (1 + std::exp(-2.0))));
  CHECK(near(yes(tiny(1), "\tup\n\nup </s> down"), 1 / (1 + std::exp(-2.0))));
  CHECK(near(yes(tiny(4), "up"), 1 / (1 + std::exp(-2.0))));

  const std::string whole = tiny(3);
  for (size_t size = 0; size < whole.size(); ++size) CHECK(refused(whole.substr(0, size)));
  CHECK(refused(tiny(9)));
  CHECK(refused(tiny(3, 0)));
  CHECK(refused(tiny(3, 2)));
  CHECK(refused(tiny(3, 1, 0)));
  CHECK(refused(tiny(3, 1, INT32_MAX - 2)));
  CHECK(refused(tiny(1, 1, 2, INT64_MAX)));
  CHECK(refused(tiny(1, 1, 2, -1)));
  std::string poisoned = whole;
  const float nan = std::nanf("");
  std::memcpy(poisoned.data() + poisoned.size() - 4, &nan, 4);
  CHECK(refused(poisoned));
  return refine::testing::report();
}
