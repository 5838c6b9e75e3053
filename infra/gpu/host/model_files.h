// The three files that models.py hands to model_host: a model's description as text (`name value ...` lines), its weights as raw numbers,
// and a shard of token ids. Everything is checked against the files' sizes before use.
//   description   `field NAME NUMBER`, `rotary NUMBER...`, `role NAME ROWS COLUMNS f32|bf16 OFFSET` into the weights file, or
//                 `role NAME ROWS COLUMNS random MILLIONTHS`: normal values of that deviation, by (seed, role, index)
//                 `role NAME ROWS COLUMNS ones`
//   shard         uint32 documents, uint32 offsets[documents + 1], uint32 ids[...]
#pragma once
#include <cstdint>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "../../../kernels/cuda/tests/suite_random.h"

namespace refine::cuda::host {

struct Role {
  int64_t rows = 0, columns = 0, offset = 0;
  std::string kind;
};

struct Model {
  std::map<std::string, double> fields;
  std::vector<float> rotary;
  std::map<std::string, Role> roles;
  std::vector<char> weights;
  uint64_t seed = 1;

  double field(const std::string& name, double otherwise) const { return fields.count(name) ? fields.at(name) : otherwise; }
  void read(const std::string& name, float* out) const;
};

inline std::vector<char> whole_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) throw std::runtime_error("cannot open " + path);
  std::vector<char> bytes(size_t(file.tellg()));
  file.seekg(0);
  file.read(bytes.data(), std::streamsize(bytes.size()));
  if (!file) throw std::runtime_error("cannot read " + path);
  return bytes;
}

inline Model read_model(const std::string& description, const std::string& weights) {
  Model model;
  if (!weights.empty()) model.weights = whole_file(weights);
  std::ifstream file(description);
  if (!file) throw std::runtime_error("cannot open " + description);
  for (std::string text; std::getline(file, text);) {
    std::istringstream words(text);
    std::string kind, name;
    words >> kind;
    if (kind == "field") {
      words >> name >> model.fields[name];
    } else if (kind == "rotary") {
      for (float value; words >> value;) model.rotary.push_back(value);
    } else if (kind == "role") {
      Role role;
      words >> name >> role.rows >> role.columns >> role.kind;
      if (role.kind != "ones") words >> role.offset;
      const int64_t each = role.kind == "f32" ? 4 : role.kind == "bf16" ? 2 : 0;
      if (!words || role.rows < 1 || role.columns < 1 || role.offset < 0 || role.offset + role.rows * role.columns * each > int64_t(each ? model.weights.size() : role.offset))
        throw std::runtime_error("role " + name + " does not lie inside the weights file");
      model.roles[name] = role;
    }
  }
  return model;
}

inline void Model::read(const std::string& name, float* out) const {
  const Role& role = roles.at(name);
  const size_t count = size_t(role.rows) * size_t(role.columns);
  const char* from = weights.data() + role.offset;
  if (role.kind == "ones") {
    std::fill(out, out + count, 1.0f);
  } else if (role.kind == "f32") {
    std::memcpy(out, from, count * 4);
  } else if (role.kind == "bf16") {
    for (size_t i = 0; i < count; ++i) {
      uint16_t bits;
      std::memcpy(&bits, from + 2 * i, 2);
      out[i] = testing::bf16_value(bits);
    }
  } else {
    uint64_t key = seed;
    for (const char c : name) key = testing::mix(key ^ uint64_t(static_cast<unsigned char>(c)));
    const float scale = float(role.offset) * 1e-6f / 37836.8f;
    const size_t threads = std::max<size_t>(1, std::min<size_t>(16, std::thread::hardware_concurrency()));
    std::vector<std::thread> workers;
    for (size_t t = 0; t < threads; ++t)
      workers.emplace_back([=] {
        for (size_t i = count * t / threads; i < count * (t + 1) / threads; ++i) {
          const uint64_t w = testing::mix(key + i);
          out[i] = float(int(w & 0xffff) + int((w >> 16) & 0xffff) + int((w >> 32) & 0xffff) + int(w >> 48) - 131070) * scale;
        }
      });
    for (auto& worker : workers) worker.join();
  }
}

struct Shard {
  std::vector<int32_t> offsets;
  std::vector<uint32_t> ids;
};

inline Shard read_shard(const std::string& path) {
  const auto bytes = whole_file(path);
  uint32_t documents = 0;
  if (bytes.size() < 8) throw std::runtime_error(path + " is no shard");
  std::memcpy(&documents, bytes.data(), 4);
  const size_t head = 4 + (size_t(documents) + 1) * 4;
  if (bytes.size() < head || bytes.size() % 4) throw std::runtime_error(path + " is cut");
  Shard shard;
  shard.offsets.resize(size_t(documents) + 1);
  std::memcpy(shard.offsets.data(), bytes.data() + 4, shard.offsets.size() * 4);
  shard.ids.resize((bytes.size() - head) / 4);
  if (!shard.ids.empty()) std::memcpy(shard.ids.data(), bytes.data() + head, shard.ids.size() * 4);
  int32_t last = 0;
  for (const int32_t offset : shard.offsets) {
    if (offset < last) throw std::runtime_error(path + ": its offsets fall");
    last = offset;
  }
  if (shard.offsets.front() != 0 || size_t(last) != shard.ids.size()) throw std::runtime_error(path + ": offsets and ids disagree");
  return shard;
}

}  // namespace refine::cuda::host
