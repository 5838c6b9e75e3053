// Loss per position: -ln softmax(logits)[next id], in nats; see refine/model_reference.h.
#include <algorithm>
#include <limits>

#include "refine/fixed_math.h"
#include "refine/model_reference.h"

namespace refine {

Status ReferenceModel::losses(const uint32_t* ids, int64_t length, float* out) const {
  if (length <= 0) return {};
  if (ids[length - 1] >= uint32_t(config_.vocab))  // the last id is predicted and never read: hidden() does not see it
    return Status::error("ERR_REFINE_INPUT", "token " + std::to_string(ids[length - 1]) + " at position " + std::to_string(length - 1) + "; the model's vocabulary has " + std::to_string(config_.vocab));
  std::vector<float> rows(size_t((length - 1) * config_.channels)), scores(size_t(config_.vocab));
  if (auto status = hidden(ids, length - 1, nullptr, nullptr, rows.data()); !status.ok()) return status;
  out[0] = std::numeric_limits<float>::quiet_NaN();
  for (int64_t t = 1; t < length; ++t) {
    logits(rows.data() + (t - 1) * config_.channels, scores.data());
    const double highest = double(*std::max_element(scores.begin(), scores.end()));
    double total = 0;
    for (const float score : scores) total += fixed_exp(double(score) - highest);
    out[t] = float(highest + fixed_log(total) - double(scores[ids[t]]));
  }
  return {};
}

}  // namespace refine
