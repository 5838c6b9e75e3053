// A reader of JSON as pages embed it: a flat tape of values over the source's bytes, nothing copied until asked for.
// Invariant: one pass, work linear in the bytes, no recursion; any bytes give a tape whose subtrees nest. Damage is
// tolerated where what is meant is plain: comments, CDATA marks, raw line breaks and bare quotes inside strings, missing or
// trailing commas, a cut end. Source: RFC 8259; the damage is what real pages have.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace refine::html {

enum class JsonType : uint8_t { kNull, kBoolean, kNumber, kString, kObject, kArray };

struct JsonValue {
  JsonType type = JsonType::kNull;
  bool escaped = false;              // the string holds backslashes
  bool key_escaped = false;
  uint32_t key = 0, key_size = 0;    // span of the member's name; 0 bytes in arrays
  uint32_t begin = 0, size = 0;      // span: a string's inside, a number's or literal's digits
  uint32_t end = 0;                  // index one past the subtree: the next sibling where the parent has one
};

constexpr uint32_t kJsonDepth = 64;       // what lies deeper is skipped
constexpr uint32_t kJsonValues = 50'000;  // of one document; what follows is left unread

class Json {
 public:
  // Several values one after another are all read, as siblings from 0.
  explicit Json(std::string_view source);

  const std::vector<JsonValue>& values() const { return values_; }
  uint32_t size() const { return uint32_t(values_.size()); }
  const JsonValue& operator[](uint32_t at) const { return values_[at]; }
  std::string_view key(uint32_t at) const { return source_.substr(values_[at].key, values_[at].key_size); }
  // Bytes as they stand, escapes included.
  std::string_view raw(uint32_t at) const { return source_.substr(values_[at].begin, values_[at].size); }
  // A string's or number's text, escapes undone, at most `limit` bytes and a code point.
  std::string text(uint32_t at, size_t limit) const;
  // The first member of that name of an object; size() where there is none, or `at` is no object.
  uint32_t member(uint32_t at, std::string_view name) const;
  bool is(uint32_t at, JsonType type) const { return at < size() && values_[at].type == type; }

 private:
  std::string_view source_;
  std::vector<JsonValue> values_;
};

}  // namespace refine::html
