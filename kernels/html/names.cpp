// Interned names: see names.h.
#include "names.h"

#include "refine/salted_hash.h"

namespace refine::html {

// The fixed tables hash by FNV-1a, which is quickest on short names and cannot be crowded: nobody adds to them.
uint64_t NameTable::hash_of(std::string_view name) const {
  if (fixed_) return hash_bytes(name, salt_);
  uint32_t h = 2166136261u;
  for (unsigned char c : name) h = (h ^ c) * 16777619u;
  return h;
}

NameTable::NameTable(const NameTable* fixed) : fixed_(fixed), base_(fixed ? uint32_t(fixed->entries_.size()) : 0) { slots_.assign(fixed ? 16 : 1024, 0); }

uint32_t NameTable::find(std::string_view name, uint64_t hash) const {
  const size_t mask = slots_.size() - 1;
  for (size_t i = hash & mask; slots_[i] != 0; i = (i + 1) & mask) {
    const Entry& e = entries_[slots_[i] - 1];
    if (e.hash == hash && std::string_view(bytes_).substr(e.begin, e.size) == name) return slots_[i];
  }
  return 0;
}

void NameTable::grow() {
  slots_.assign(slots_.size() * 2, 0);
  const size_t mask = slots_.size() - 1;
  for (uint32_t index = 0; index < entries_.size(); ++index) {
    size_t i = entries_[index].hash & mask;
    while (slots_[i] != 0) i = (i + 1) & mask;
    slots_[i] = index + 1;
  }
}

uint32_t NameTable::intern(std::string_view name) {
  if (fixed_) {
    if (const uint32_t found = fixed_->find(name, fixed_->hash_of(name))) return found - 1;
  }
  const uint64_t hash = hash_of(name);
  if (const uint32_t found = find(name, hash)) return base_ + found - 1;
  entries_.push_back({uint32_t(bytes_.size()), uint32_t(name.size()), hash});
  bytes_.append(name);
  if (entries_.size() * 2 > slots_.size()) grow();
  else {
    const size_t mask = slots_.size() - 1;
    size_t i = hash & mask;
    while (slots_[i] != 0) i = (i + 1) & mask;
    slots_[i] = uint32_t(entries_.size());
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
