// Checksums and digests that archives carry: CRC-32, Adler-32, MD5, SHA-1, SHA-256, and their spelling in headers.
// Invariant: the instruction-set paths and the scalar ones give the same bits.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace refine {

uint32_t crc32(uint32_t crc, const uint8_t* data, size_t size);  // RFC 1952; start with 0
uint32_t adler32(uint32_t adler, const uint8_t* data, size_t size);  // RFC 1950; start with 1

enum class DigestKind : uint8_t { kMd5, kSha1, kSha256 };
constexpr size_t digest_size(DigestKind kind) { return kind == DigestKind::kMd5 ? 16 : kind == DigestKind::kSha1 ? 20 : 32; }

class Hasher {
 public:
  explicit Hasher(DigestKind kind = DigestKind::kSha256);
  void update(const uint8_t* data, size_t size);
  void update(std::string_view bytes) { update(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()); }
  std::string finish();  // raw bytes; the hasher is spent
  DigestKind kind() const { return kind_; }

 private:
  DigestKind kind_;
  uint32_t state_[8];
  uint8_t block_[64];
  uint64_t total_ = 0;
};

// SHA-1 of both inputs. With SHA instructions the two run side by side, since one alone leaves half the unit idle:
// for a record whose block and payload are both digested.
void sha1_pair(std::string_view a, std::string_view b, std::string* digest_a, std::string* digest_b);

std::string hex(std::string_view bytes);
std::string base32(std::string_view bytes);  // RFC 4648, without padding where none is due (SHA-1)

// A header's value, `algorithm:value` with base32, hex or base64 value.
enum class DigestParse { kOk, kUnknownAlgorithm, kMalformed };
DigestParse parse_digest(std::string_view value, DigestKind* kind, std::string* raw);

// For tests: false leaves only the scalar paths.
void use_instruction_sets(bool on);

}  // namespace refine
