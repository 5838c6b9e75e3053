// Interned names: see names.h.
#include "names.h"

#include <cstring>

#include "refine/salted_hash.h"

namespace refine::html {

namespace {

constexpr uint64_t kOnes = 0x0101010101010101ull;
constexpr uint64_t kHighs = 0x8080808080808080ull;

uint64_t lower_ascii(uint64_t x) {  // eight bytes at once
  const uint64_t low = x & ~kHighs;
  const uint64_t upper = (low + (0x80 - 'A') * kOnes) & ~(low + (0x7F - 'Z') * kOnes) & ~x & kHighs;
  return x | upper >> 2;
}

// Four lanes, as one chain of multiplications would take a tenth of the parser's time.
uint64_t hash_page(std::string_view page) {
  const size_t part = page.size() / 32 * 8;
  uint64_t lanes[4] = {1, 2, 3, 4};
  const auto fold = [](uint64_t x) {
    const auto product = static_cast<unsigned __int128>(x) * 0x9E3779B97F4A7C15ull;
    return uint64_t(product) ^ uint64_t(product >> 64);
  };
  for (size_t at = 0; at < part; at += 8) {
    for (size_t lane = 0; lane < 4; ++lane) {
      uint64_t chunk;
      std::memcpy(&chunk, page.data() + lane * part + at, 8);
      lanes[lane] = fold(lanes[lane] ^ chunk) + 0xD6E8FEB86659FD93ull;
    }
  }
  return hash_bytes(page.substr(4 * part), fold(lanes[0]) ^ fold(lanes[1] + 1) ^ fold(lanes[2] + 2) ^ fold(lanes[3] + 3));
}

}  // namespace

NameTable::NameTable(const NameTable* fixed) : fixed_(fixed), base_(fixed ? uint32_t(fixed->entries_.size()) : 0) { slots_.assign(fixed ? 16 : 1024, 0); }

void NameTable::clear(std::string_view page) {
  page_ = page;
  if (entries_.empty()) return;
  entries_.clear();
  bytes_.clear();
  slots_.assign(16, 0);
}

// Unsalted in the fixed tables: nobody adds to them. The multiplier is salted, see salted_hash.h.
uint64_t NameTable::hash_of(Key key) const {
  const uint64_t factor = fixed_ ? mix64(salt_ + 0x9E3779B97F4A7C15ull) | 1 : 0x9E3779B97F4A7C15ull;
  const auto product = static_cast<unsigned __int128>(key.low ^ (key.high * 0xD6E8FEB86659FD93ull + salt_)) * factor;
  return uint64_t(product) ^ uint64_t(product >> 64);
}

NameTable::Key NameTable::key_of_long(std::string_view name) const { return {hash_bytes(name, salt_), hash_bytes(name, ~salt_)}; }

uint32_t NameTable::find(std::string_view name, Key key, uint64_t hash) const {
  const size_t mask = slots_.size() - 1;
  for (size_t i = hash & mask; slots_[i] != 0; i = (i + 1) & mask) {
    const Entry& e = entries_[slots_[i] - 1];
    if (e.key.low != key.low || e.key.high != key.high || e.size != name.size()) continue;
    if (e.size <= 16 || std::string_view(bytes_).substr(e.begin, e.size) == name) return slots_[i];
  }
  return 0;
}

void NameTable::place(uint32_t entry) {
  const size_t mask = slots_.size() - 1;
  size_t i = hash_of(entries_[entry].key) & mask;
  while (slots_[i] != 0) i = (i + 1) & mask;
  slots_[i] = entry + 1;
}

uint32_t NameTable::intern(std::string_view name) {
  if (name.size() <= 16) {
    char bytes[16] = {};
    std::memcpy(bytes, name.data(), name.size());
    Key key;
    std::memcpy(&key, bytes, 16);
    key.low = lower_ascii(key.low);
    key.high = lower_ascii(key.high);
    if (std::memchr(name.data(), 0, name.size()) == nullptr) {
      if (fixed_) if (const uint32_t found = fixed_->find(name, key, fixed_->hash_of(key))) return found - 1;
      return intern_lower(name, key);
    }
  }
  std::string lowered;
  for (const char c : name) {
    if (c == 0) lowered += "\xEF\xBF\xBD";
    else lowered.push_back(c >= 'A' && c <= 'Z' ? char(c + 32) : c);
  }
  if (lowered.size() <= 16) return intern(lowered);
  if (fixed_) {
    const Key key = fixed_->key_of_long(lowered);
    if (const uint32_t found = fixed_->find(lowered, key, fixed_->hash_of(key))) return found - 1;
    if (entries_.empty()) salt_ = hash_page(page_);
  }
  return intern_lower(lowered, key_of_long(lowered));
}

// `name` may be in any case where the key, in lower case, says it all.
uint32_t NameTable::intern_lower(std::string_view name, Key key) {
  if (fixed_ && entries_.empty()) salt_ = hash_page(page_);
  if (const uint32_t found = find(name, key, hash_of(key))) return base_ + found - 1;
  entries_.push_back({key, uint32_t(bytes_.size()), uint32_t(name.size())});
  if (name.size() <= 16) bytes_.append(reinterpret_cast<const char*>(&key), name.size());
  else bytes_.append(name);
  if (entries_.size() * 2 <= slots_.size()) {
    place(uint32_t(entries_.size() - 1));
  } else {
    slots_.assign(slots_.size() * 2, 0);
    for (uint32_t entry = 0; entry < entries_.size(); ++entry) place(entry);
  }
  return base_ + uint32_t(entries_.size()) - 1;
}

std::string_view NameTable::name(uint32_t id) const {
  if (id < base_) return fixed_->name(id);
  const Entry& e = entries_[id - base_];
  return std::string_view(bytes_).substr(e.begin, e.size);
}

const NameTable& NameTable::tags() {
  static const NameTable table = [] {
    NameTable t;
    t.intern("");  // kNoTag
#define X(name) t.intern(#name);
    REFINE_HTML_TAGS(X)
#undef X
    t.intern("annotation-xml");
    t.intern("template");
    return t;
  }();
  return table;
}

const NameTable& NameTable::attributes() {
  static const NameTable table = [] {
    NameTable t;
    t.intern("");
#define X(name) t.intern(std::string_view(#name) == "class_" ? std::string_view("class") : std::string_view(#name));
    REFINE_HTML_ATTRIBUTES(X)
#undef X
    t.intern("aria-hidden");
    t.intern("xml:lang");
    return t;
  }();
  return table;
}

}  // namespace refine::html
