// Any bytes as a model: refused, or loaded into a model that predicts any text without touching a byte outside.
#include "refine/fasttext.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view file(reinterpret_cast<const char*>(data), size);
  std::shared_ptr<const refine::FasttextModel> model;
  if (!refine::FasttextModel::load(file, &model).ok()) return 0;
  refine::FasttextModel::Scratch scratch;
  refine::FasttextModel::Prediction best[3];
  for (std::string_view text : {file.substr(0, 4096), file.substr(size / 2).substr(0, 4096), std::string_view("the quick </s> b\xC3\xA4r \xE4\xB8\xAD __label__a")}) {
    model->predict(text, 3, scratch, best);
    for (const auto& one : best)
      if (one.label >= int32_t(model->labels().size()) || one.label < -1) __builtin_trap();
  }
  return 0;
}
