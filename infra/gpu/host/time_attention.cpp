// Timing of attention's forward over packed documents of one length: operations are those of the unmasked pairs.
#include "../../../kernels/cuda/attention.h"
#include "workload.h"

namespace refine::cuda::timings {
namespace {

void time_attention(Suite& suite, const Line& line) {
  const int64_t length = line["length"], documents = line["documents"], tokens = length * documents;
  AttentionShape shape;
  shape.tokens = tokens;
  shape.heads = int32_t(line["heads"]), shape.kv_heads = int32_t(line["kv_heads"]), shape.head_dim = int32_t(line["dim"]);
  shape.causal = line["causal"] != 0;
  shape.scale = 1.0f / std::sqrt(float(shape.head_dim));
  const int64_t width = int64_t(shape.heads + 2 * shape.kv_heads) * shape.head_dim, out_width = int64_t(shape.heads) * shape.head_dim;
  std::vector<int32_t> offsets;
  for (int64_t d = 0; d <= documents; ++d) offsets.push_back(int32_t(d * length));
  const auto tiles = suite.upload(attention_tiles(offsets.data(), documents, shape.causal));
  const double bytes = 2.0 * double(tokens * (width + out_width));
  const double pairs = shape.causal ? double(length) * double(length + 1) / 2 : double(length) * double(length);
  const int sets = sets_of(line, bytes);
  std::vector<Buffer<bf16>> qkv, out;
  for (int set = 0; set < sets; ++set) qkv.push_back(filled<bf16>(suite, tokens * width)), out.push_back(suite.output<bf16>(size_t(tokens * out_width)));
  suite.time(line.id, bytes, 4.0 * pairs * double(documents) * double(out_width), [&](int i) {
    return attention(suite.context(), packed_attention<bf16>(qkv[size_t(i % sets)], out[size_t(i % sets)], tiles, int64_t(tiles.size()), shape), shape);
  });
}

}  // namespace
}  // namespace refine::cuda::timings

int main(int argc, char** argv) { return refine::cuda::timings::run_workloads(argc, argv, {{"attention", refine::cuda::timings::time_attention}}); }
