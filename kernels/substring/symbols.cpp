#include "symbols.h"

namespace refine::substring {

void append_varint(std::string& out, uint32_t value) {
  for (; value >= 128; value >>= 7) out.push_back(char(value | 128));
  out.push_back(char(value));
}

bool read_varint(const uint8_t*& at, const uint8_t* end, uint32_t* value) {
  uint64_t result = 0;
  for (unsigned shift = 0; shift < 35; shift += 7) {
    if (at == end) return false;
    const uint8_t byte = *at++;
    result |= uint64_t(byte & 127) << shift;
    if (byte & 128) continue;
    *value = uint32_t(result);
    return result <= UINT32_MAX;
  }
  return false;
}

bool token_lengths(const bpe::Tokenizer& tokenizer, const std::vector<uint32_t>& ids, std::string_view text, std::vector<uint32_t>& lengths) {
  lengths.resize(ids.size());
  size_t at = 0;
  for (size_t i = 0; i < ids.size(); ++i) {
    const size_t start = at;
    std::string_view token = tokenizer.token_bytes(ids[i]);
    if (text.compare(at, token.size(), token) == 0) {
      at += token.size();
      lengths[i] = uint32_t(token.size());
      continue;
    }
    for (bool first = i == 0; !token.empty(); first = false) {
      const bool mark = token.substr(0, 3) == "\xe2\x96\x81";
      const bool space = mark || token[0] == ' ';
      if (at < text.size() && (mark ? text[at] == ' ' : text[at] == token[0])) ++at;
      else if (!(first && space)) return false;
      token.remove_prefix(mark ? 3 : 1);
    }
    lengths[i] = uint32_t(at - start);
  }
  return at == text.size();
}

void pack_tokens(const std::vector<uint32_t>& ids, const std::vector<uint32_t>& lengths, std::string& out) {
  append_varint(out, uint32_t(ids.size()));
  for (size_t i = 0; i < ids.size(); ++i) {
    append_varint(out, ids[i]);
    append_varint(out, lengths[i]);
  }
}

bool unpack_tokens(std::string_view tail, std::vector<uint32_t>& ids, std::vector<uint32_t>& ends) {
  ids.clear();
  ends.clear();
  const auto* at = reinterpret_cast<const uint8_t*>(tail.data());
  const auto* end = at + tail.size();
  uint32_t count = 0;
  if (!read_varint(at, end, &count) || count > size_t(end - at) / 2) return false;
  ids.resize(count);
  ends.resize(count);
  uint64_t place = 0;
  for (uint32_t i = 0; i < count; ++i) {
    uint32_t length = 0;
    if (!read_varint(at, end, &ids[i]) || !read_varint(at, end, &length)) return false;
    place += length;
    if (place > INT32_MAX) return false;
    ends[i] = uint32_t(place);
  }
  return at == end;
}

void pack_ids(const uint32_t* ids, size_t count, std::string& out) {
  for (size_t i = 0; i < count; ++i) append_varint(out, ids[i]);
}

bool unpack_ids(std::string_view tail, std::vector<uint32_t>& ids) {
  ids.clear();
  const auto* at = reinterpret_cast<const uint8_t*>(tail.data());
  const auto* end = at + tail.size();
  while (at != end) {
    uint32_t id = 0;
    if (!read_varint(at, end, &id)) return false;
    ids.push_back(id);
  }
  return true;
}

}  // namespace refine::substring
