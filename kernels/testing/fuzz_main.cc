// The home fuzz loop: runs a libFuzzer-style target without libFuzzer, so any compiler with ASan and UBSan can fuzz.
//   NAME_fuzz [--seconds S] [--seed N] [FILE...]     FILEs are the seed corpus; without any, inputs grow from nothing.
// Mutations are seeded, so a crash repeats: the input that is being run is written to NAME_fuzz.last before each run of
// a new best candidate and on a crash the sanitizer's report follows it.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {
uint64_t state = 1;
uint64_t next_random() {  // SplitMix64
  uint64_t z = (state += 0x9E3779B97F4A7C15ull);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return z ^ (z >> 31);
}
size_t below(size_t n) { return n ? size_t(next_random() % n) : 0; }

void mutate(std::string& s, const std::vector<std::string>& corpus) {
  for (int edits = 1 + int(below(6)); edits > 0; --edits) {
    switch (below(8)) {
      case 0: if (!s.empty()) s[below(s.size())] = char(next_random()); break;
      case 1: s.insert(below(s.size() + 1), 1, char(next_random())); break;
      case 2: if (!s.empty()) s.erase(below(s.size()), 1 + below(16)); break;
      case 3: if (!s.empty()) { size_t a = below(s.size()); s.insert(below(s.size() + 1), s.substr(a, 1 + below(64))); } break;
      case 4: if (!s.empty()) s[below(s.size())] ^= char(1u << below(8)); break;
      case 5: if (!s.empty()) s.resize(below(s.size())); break;
      case 6: if (!corpus.empty()) { const auto& other = corpus[below(corpus.size())]; if (!other.empty()) { size_t a = below(other.size()); s.insert(below(s.size() + 1), other.substr(a, 1 + below(256))); } } break;
      default: { static const char* kTokens[] = {"\r\n", "<", ">", "</", "&", "\0\0", "0", "-1", "ffffffff", "4294967296", "\xff\xfe", "\x1f\x8b"}; s.insert(below(s.size() + 1), kTokens[below(12)]); }
    }
  }
  if (s.size() > (1u << 20)) s.resize(1u << 20);
}
}  // namespace

int main(int argc, char** argv) {
  double seconds = 10;
  std::vector<std::string> corpus;
  for (int i = 1; i < argc; ++i) {
    if (!std::strcmp(argv[i], "--seconds") && i + 1 < argc) seconds = std::atof(argv[++i]);
    else if (!std::strcmp(argv[i], "--seed") && i + 1 < argc) state = std::strtoull(argv[++i], nullptr, 10);
    else {
      std::ifstream in(argv[i], std::ios::binary);
      corpus.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    }
  }
  for (const auto& s : corpus) LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(s.data()), s.size());
  const std::string last = std::string(argv[0]) + ".last";
  const auto start = std::chrono::steady_clock::now();
  uint64_t runs = corpus.size();
  while (std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() < seconds) {
    std::string s = corpus.empty() ? std::string() : corpus[below(corpus.size())];
    mutate(s, corpus);
    { std::ofstream out(last, std::ios::binary | std::ios::trunc); out.write(s.data(), std::streamsize(s.size())); }
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(s.data()), s.size());
    ++runs;
  }
  std::remove(last.c_str());
  std::printf("%s: %llu runs, no finding\n", argv[0], static_cast<unsigned long long>(runs));
  return 0;
}
