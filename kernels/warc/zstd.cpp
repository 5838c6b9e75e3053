#include "zstd.h"

#include <algorithm>

namespace refine::zstd {
namespace {

uint32_t le32(const uint8_t* p) { return uint32_t(p[0]) | uint32_t(p[1]) << 8 | uint32_t(p[2]) << 16 | uint32_t(p[3]) << 24; }
uint64_t le64(const uint8_t* p) { return le32(p) | uint64_t(le32(p + 4)) << 32; }
uint64_t rotl(uint64_t x, int n) { return x << n | x >> (64 - n); }

constexpr uint32_t kFrameMagic = 0xFD2FB528, kDictionaryMagic = 0xEC30A437, kSkippable = 0x184D2A50;

// Code tables of section 3.1.1.3.2.1.1 and the default distributions of section 3.1.1.3.2.2.
constexpr uint32_t kLiteralBase[36] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,   10,  11,  12,   13,   14,   15,   16,    18,
                                       20, 22, 24, 28, 32, 40, 48, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536};
constexpr uint8_t kLiteralBits[36] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
constexpr uint32_t kMatchBase[53] = {3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18,  19,  20,  21,   22,   23,   24,   25,    26,    27,   28, 29,
                                     30, 31, 32, 33, 34, 35, 37, 39, 41, 43, 47, 51, 59, 67, 83, 99,  131, 259, 515,  1027, 2051, 4099, 8195,  16387, 32771, 65539};
constexpr uint8_t kMatchBits[53] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  0,  0,  0,  0,  0, 0,
                                    0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
constexpr int16_t kLiteralDefault[36] = {4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1};
constexpr int16_t kMatchDefault[53] = {1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                                       1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1};
constexpr int16_t kOffsetDefault[29] = {1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1};
constexpr unsigned kMaxLiteralCode = 35, kMaxMatchCode = 52, kMaxOffsetCode = 31;
constexpr unsigned kLiteralLog = 9, kMatchLog = 9, kOffsetLog = 8;

constexpr uint64_t kP1 = 0x9E3779B185EBCA87, kP2 = 0xC2B2AE3D27D4EB4F, kP3 = 0x165667B19E3779F9, kP4 = 0x85EBCA77C2B2AE63, kP5 = 0x27D4EB2F165667C5;
uint64_t hash_round(uint64_t lane, uint64_t input) { return rotl(lane + input * kP2, 31) * kP1; }

}  // namespace

// ---- XXH64 with seed 0 (section 3.1.1: the content checksum is its low 32 bits) -----------------------------------------

void XxHash64::reset() {
  lanes_[0] = kP1 + kP2;
  lanes_[1] = kP2;
  lanes_[2] = 0;
  lanes_[3] = 0 - kP1;
  total_ = 0;
}

void XxHash64::update(const uint8_t* data, size_t size) {
  const auto stripe = [this](const uint8_t* p) {
    for (int i = 0; i < 4; ++i) lanes_[i] = hash_round(lanes_[i], le64(p + 8 * i));
  };
  if (size == 0) return;
  const size_t held = total_ & 31;
  total_ += size;
  if (held) {
    const size_t take = std::min(size, 32 - held);
    std::memcpy(block_ + held, data, take);
    data += take;
    size -= take;
    if (held + take < 32) return;
    stripe(block_);
  }
  for (; size >= 32; size -= 32, data += 32) stripe(data);
  if (size) std::memcpy(block_, data, size);
}

uint64_t XxHash64::finish() const {
  uint64_t h;
  if (total_ >= 32) {
    h = rotl(lanes_[0], 1) + rotl(lanes_[1], 7) + rotl(lanes_[2], 12) + rotl(lanes_[3], 18);
    for (const uint64_t lane : lanes_) h = (h ^ hash_round(0, lane)) * kP1 + kP4;
  } else {
    h = kP5;
  }
  h += total_;
  const uint8_t* p = block_;
  size_t left = total_ & 31;
  for (; left >= 8; left -= 8, p += 8) h = rotl(h ^ hash_round(0, le64(p)), 27) * kP1 + kP4;
  if (left >= 4) {
    h = rotl(h ^ uint64_t(le32(p)) * kP1, 23) * kP2 + kP3;
    p += 4;
    left -= 4;
  }
  for (; left > 0; --left, ++p) h = rotl(h ^ *p * kP5, 11) * kP1;
  h = (h ^ h >> 33) * kP2;
  h = (h ^ h >> 29) * kP3;
  return h ^ h >> 32;
}

// ---- dictionaries (section 5) -------------------------------------------------------------------------------------------

bool Dictionary::parse(std::string_view bytes) {
  const uint8_t* data = reinterpret_cast<const uint8_t*>(bytes.data());
  if (bytes.size() < 8 || le32(data) != kDictionaryMagic) {  // content alone
    id = 0;
    content = bytes;
    return bytes.size() >= 8;
  }
  id = le32(data + 4);
  std::string padded(kPad, 0);
  padded.append(bytes).append(kPad, 0);
  const uint8_t* p = reinterpret_cast<const uint8_t*>(padded.data()) + kPad;
  size_t at = 8;
  const auto step = [&](size_t used) {
    at += used;
    return used > 0;
  };
  if (!step(entropy.literals.read(p + at, bytes.size() - at))) return false;
  if (!step(entropy.offsets.read(p + at, bytes.size() - at, kOffsetLog, kMaxOffsetCode))) return false;
  if (!step(entropy.match_lengths.read(p + at, bytes.size() - at, kMatchLog, kMaxMatchCode))) return false;
  if (!step(entropy.literal_lengths.read(p + at, bytes.size() - at, kLiteralLog, kMaxLiteralCode))) return false;
  if (bytes.size() - at < 12) return false;
  for (int i = 0; i < 3; ++i) entropy.repeats[i] = le32(p + at + 4 * size_t(i));
  content = bytes.substr(at + 12);
  for (const uint32_t repeat : entropy.repeats)
    if (repeat == 0 || repeat > content.size()) return false;
  return true;
}

// ---- frames (section 3.1.1) ---------------------------------------------------------------------------------------------

ptrdiff_t skippable_length(const uint8_t* data, size_t size, unsigned* kind) {
  if (size >= 4 && (le32(data) & 0xFFFFFFF0) != kSkippable) return -1;
  if (size < 8) return 0;
  *kind = data[0] & 15;
  return ptrdiff_t(8 + uint64_t(le32(data + 4)));
}

bool is_frame(const uint8_t* data, size_t size) { return size >= 4 && le32(data) == kFrameMagic; }

FrameDecoder::FrameDecoder() { literals_.reserve(kMaxBlock + 64); }

FrameDecoder::Begin FrameDecoder::begin(const uint8_t* data, size_t size, size_t* length) {
  if (size < 5) return Begin::kNeedInput;
  if (le32(data) != kFrameMagic) return Begin::kBad;
  const unsigned descriptor = data[4];
  if (descriptor & 8) return Begin::kBad;
  const bool single = descriptor & 32;
  static constexpr unsigned kIdBytes[4] = {0, 1, 2, 4};
  const unsigned id_bytes = kIdBytes[descriptor & 3], size_flag = descriptor >> 6;
  const unsigned size_bytes = size_flag == 0 ? (single ? 1 : 0) : 1u << size_flag;
  const size_t needed = 5 + (single ? 0 : 1) + id_bytes + size_bytes;
  if (size < needed) return Begin::kNeedInput;
  size_t at = 5;
  if (!single) {
    const unsigned exponent = data[at] >> 3, mantissa = data[at] & 7;
    const uint64_t base = uint64_t(1) << (10 + exponent);
    window_ = base + base / 8 * mantissa;
    ++at;
  }
  uint32_t id = 0;
  for (unsigned i = 0; i < id_bytes; ++i) id |= uint32_t(data[at + i]) << (8 * i);
  at += id_bytes;
  content_size_ = 0;
  for (unsigned i = 0; i < size_bytes; ++i) content_size_ |= uint64_t(data[at + i]) << (8 * i);
  if (size_bytes == 2) content_size_ += 256;
  at += size_bytes;
  has_content_size_ = size_bytes > 0;
  has_checksum_ = descriptor & 4;
  if (single) window_ = content_size_;
  *length = at;
  if (window_ > kMaxWindow) return Begin::kWindowTooLarge;
  if (id != 0 && (!dictionary_ || (dictionary_->id != 0 && dictionary_->id != id))) return Begin::kOtherDictionary;
  if (dictionary_) entropy_ = dictionary_->entropy;
  else entropy_ = Entropy();
  hash_.reset();
  produced_ = 0;
  last_seen_ = false;
  return Begin::kOk;
}

FrameDecoder::Block FrameDecoder::block(const uint8_t*& in, const uint8_t* in_end, uint8_t*& out, uint64_t held) {
  if (last_seen_) {
    if (has_checksum_) {
      if (in_end - in < 4) return Block::kNeedInput;
      if (le32(in) != uint32_t(hash_.finish())) return Block::kError;
      in += 4;
    }
    return has_content_size_ && produced_ != content_size_ ? Block::kError : Block::kEnd;
  }
  if (in_end - in < 3) return Block::kNeedInput;
  const uint32_t header = uint32_t(in[0]) | uint32_t(in[1]) << 8 | uint32_t(in[2]) << 16;
  const unsigned type = (header >> 1) & 3;
  const size_t size = header >> 3;
  const size_t most = size_t(std::min<uint64_t>(kMaxBlock, std::max<uint64_t>(window_, 1)));
  if (type == 3 || size > most) return Block::kError;
  const size_t stored = type == 1 ? 1 : size;
  if (size_t(in_end - in) < 3 + stored) return Block::kNeedInput;
  const uint8_t* data = in + 3;
  uint8_t* const from = out;
  if (type == 0) {
    if (size) std::memcpy(out, data, size);
    out += size;
  } else if (type == 1) {
    std::memset(out, *data, size);
    out += size;
  } else if (!compressed(data, size, out, held)) {
    return Block::kError;
  }
  in += 3 + stored;
  produced_ += uint64_t(out - from);
  if (has_content_size_ && produced_ > content_size_) return Block::kError;
  if (has_checksum_) hash_.update(from, size_t(out - from));
  last_seen_ = header & 1;
  return Block::kProgress;
}

bool FrameDecoder::compressed(const uint8_t* data, size_t size, uint8_t*& out, uint64_t held) {
  padded_.assign(kPad, 0);
  padded_.append(reinterpret_cast<const char*>(data), size);
  padded_.append(kPad, 0);
  const uint8_t* p = reinterpret_cast<const uint8_t*>(padded_.data()) + kPad;
  const size_t used = literals(p, size);
  return used > 0 && sequences(p + used, size - used, out, held);
}

size_t FrameDecoder::literals(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const unsigned type = data[0] & 3, format = (data[0] >> 2) & 3;
  if (type < 2) {  // raw or one byte repeated
    const size_t head = !(format & 1) ? 1 : format == 1 ? 2 : 3;
    if (size < head) return 0;
    size_t count = head == 1 ? data[0] >> 3 : head == 2 ? size_t(data[0] >> 4 | data[1] << 4) : size_t(data[0] >> 4 | data[1] << 4 | data[2] << 12);
    if (count > kMaxBlock) return 0;
    if (type == 1) {
      if (size < head + 1) return 0;
      literals_.assign(count, char(data[head]));
      return head + 1;
    }
    if (size < head + count) return 0;
    literals_.assign(reinterpret_cast<const char*>(data) + head, count);
    return head + count;
  }
  static constexpr unsigned kHead[4] = {3, 3, 4, 5}, kBits[4] = {10, 10, 14, 18};
  const size_t head = kHead[format];
  if (size < head) return 0;
  const uint64_t fields = le64(data);  // the padding makes eight bytes readable
  const unsigned bits = kBits[format];
  const size_t count = size_t(fields >> 4) & ((size_t(1) << bits) - 1), stored = size_t(fields >> (4 + bits)) & ((size_t(1) << bits) - 1);
  if (count > kMaxBlock || stored > size - head) return 0;
  const uint8_t* at = data + head;
  size_t left = stored;
  if (type == 2) {
    const size_t tree = entropy_.literals.read(at, left);
    if (tree == 0) return 0;
    at += tree;
    left -= tree;
  } else if (!entropy_.literals.built) {
    return 0;
  }
  literals_.resize(count);
  uint8_t* to = reinterpret_cast<uint8_t*>(literals_.data());
  if (format == 0) return entropy_.literals.decode(at, left, to, count) ? head + stored : 0;
  if (left < 6) return 0;
  const size_t quarter = (count + 3) / 4;
  if (quarter * 3 > count) return 0;
  size_t sizes[4] = {size_t(at[0] | at[1] << 8), size_t(at[2] | at[3] << 8), size_t(at[4] | at[5] << 8), 0};
  if (sizes[0] + sizes[1] + sizes[2] > left - 6) return 0;
  sizes[3] = left - 6 - sizes[0] - sizes[1] - sizes[2];
  at += 6;
  for (int i = 0; i < 4; ++i) {
    if (!entropy_.literals.decode(at, sizes[i], to, i < 3 ? quarter : count - 3 * quarter)) return 0;
    at += sizes[i];
    to += quarter;
  }
  return head + stored;
}

bool FrameDecoder::sequences(const uint8_t* data, size_t size, uint8_t*& out_ref, uint64_t held) {
  uint8_t* out = out_ref;
  uint8_t* const out_end = out + std::min<uint64_t>(kMaxBlock, std::max<uint64_t>(window_, 1));
  const uint8_t* literal = reinterpret_cast<const uint8_t*>(literals_.data());
  const uint8_t* const literal_end = literal + literals_.size();
  const auto rest = [&] {
    const size_t count = size_t(literal_end - literal);
    if (count > size_t(out_end - out)) return false;
    if (count) std::memcpy(out, literal, count);
    out_ref = out + count;
    return true;
  };
  if (size == 0) return false;
  size_t at = 1;
  uint32_t count = data[0];
  if (count == 0) return size == 1 && rest();
  if (count >= 128) {
    if (count == 255) {
      if (size < 3) return false;
      count = (uint32_t(data[1]) | uint32_t(data[2]) << 8) + 0x7F00;
      at = 3;
    } else {
      if (size < 2) return false;
      count = (count - 128) << 8 | data[1];
      at = 2;
    }
  }
  if (at >= size) return false;
  const unsigned modes = data[at++];
  if (modes & 3) return false;
  const auto table = [&](unsigned mode, FseTable& into, unsigned max_log, unsigned max_symbol, const int16_t* defaults, unsigned default_symbols, unsigned default_log) {
    switch (mode) {
      case 0:
        return into.build(defaults, default_symbols, default_log);
      case 1:
        if (at >= size || data[at] > max_symbol) return false;
        into.build_single(data[at++]);
        return true;
      case 2: {
        const size_t used = into.read(data + at, size - at, max_log, max_symbol);
        at += used;
        return used > 0;
      }
      default:
        return into.built;
    }
  };
  if (!table(modes >> 6, entropy_.literal_lengths, kLiteralLog, kMaxLiteralCode, kLiteralDefault, 36, 6)) return false;
  if (!table((modes >> 4) & 3, entropy_.offsets, kOffsetLog, kMaxOffsetCode, kOffsetDefault, 29, 5)) return false;
  if (!table((modes >> 2) & 3, entropy_.match_lengths, kMatchLog, kMaxMatchCode, kMatchDefault, 53, 6)) return false;

  BackwardBits bits;
  if (!bits.open(data + at, size - at)) return false;
  const FseTable &ll = entropy_.literal_lengths, &of = entropy_.offsets, &ml = entropy_.match_lengths;
  uint32_t ll_state = uint32_t(bits.take(ll.log)), of_state = uint32_t(bits.take(of.log)), ml_state = uint32_t(bits.take(ml.log));
  if (bits.left() < 0) return false;
  uint32_t* const repeats = entropy_.repeats;
  const std::string_view prefix = dictionary_ ? std::string_view(dictionary_->content) : std::string_view();
  const uint8_t* const block_start = out;

  for (uint32_t i = 0; i < count; ++i) {
    const unsigned of_code = of.entries[of_state].symbol, ll_code = ll.entries[ll_state].symbol, ml_code = ml.entries[ml_state].symbol;
    const uint64_t offset_value = (uint64_t(1) << of_code) + bits.take(of_code);
    const size_t match_length = kMatchBase[ml_code] + size_t(bits.take(kMatchBits[ml_code]));
    const size_t literal_length = kLiteralBase[ll_code] + size_t(bits.take(kLiteralBits[ll_code]));
    uint64_t offset;
    if (offset_value > 3) {
      offset = offset_value - 3;
      repeats[2] = repeats[1];
      repeats[1] = repeats[0];
      repeats[0] = uint32_t(offset);
    } else {
      const unsigned index = unsigned(offset_value) - 1 + (literal_length == 0);
      if (index == 0) {
        offset = repeats[0];
      } else {
        offset = index < 3 ? repeats[index] : uint64_t(repeats[0]) - 1;
        if (offset == 0 || index > 3) return false;
        if (index > 1) repeats[2] = repeats[1];
        repeats[1] = repeats[0];
        repeats[0] = uint32_t(offset);
      }
    }
    if (i + 1 < count) {
      ll_state = ll.entries[ll_state].base + uint32_t(bits.take(ll.entries[ll_state].bits));
      ml_state = ml.entries[ml_state].base + uint32_t(bits.take(ml.entries[ml_state].bits));
      of_state = of.entries[of_state].base + uint32_t(bits.take(of.entries[of_state].bits));
    }
    if (bits.left() < 0) return false;

    if (literal_length > size_t(literal_end - literal) || literal_length + match_length > size_t(out_end - out)) return false;
    std::memcpy(out, literal, literal_length);
    out += literal_length;
    literal += literal_length;
    const uint64_t frame_bytes = produced_ + uint64_t(out - block_start);
    const uint64_t here = held + uint64_t(out - block_start);
    size_t left = match_length;
    if (offset > frame_bytes) {  // begins in the dictionary
      const uint64_t into = offset - frame_bytes;
      if (into > prefix.size() || here != frame_bytes) return false;  // a dictionary is out of reach once the window has moved on
      const size_t take = size_t(std::min<uint64_t>(into, left));
      std::memcpy(out, prefix.data() + (prefix.size() - into), take);
      out += take;
      left -= take;
    } else if (offset > here) {
      return false;  // behind the window
    }
    const uint8_t* from = out - offset;
    if (offset >= left) {
      std::memcpy(out, from, left);
      out += left;
    } else {
      for (; left > 0; --left) *out++ = *from++;
    }
  }
  return bits.left() == 0 && rest();
}

// ---- whole buffers ------------------------------------------------------------------------------------------------------

DecodeResult decode(std::string_view body, size_t limit, std::string& out, std::shared_ptr<const Dictionary> dictionary) {
  out.clear();
  const uint8_t *in = reinterpret_cast<const uint8_t*>(body.data()), *const end = in + body.size();
  FrameDecoder decoder;
  decoder.set_dictionary(std::move(dictionary));
  for (bool first = true; in < end; first = false) {
    unsigned kind = 0;
    const ptrdiff_t skip = skippable_length(in, size_t(end - in), &kind);
    if (skip > 0) {
      if (skip > end - in) return DecodeResult::kTruncated;
      in += skip;
      continue;
    }
    size_t header = 0;
    switch (decoder.begin(in, size_t(end - in), &header)) {
      case FrameDecoder::Begin::kOk:
        break;
      case FrameDecoder::Begin::kNeedInput:
        return DecodeResult::kTruncated;
      case FrameDecoder::Begin::kWindowTooLarge:
      case FrameDecoder::Begin::kOtherDictionary:
        return DecodeResult::kBad;
      case FrameDecoder::Begin::kBad:
        return first ? DecodeResult::kBad : DecodeResult::kOk;  // bytes behind the last frame
    }
    in += header;
    const size_t start = out.size();
    for (bool more = true; more;) {
      const size_t made = out.size();
      if (made > limit) {
        out.resize(limit);
        return DecodeResult::kTooLarge;
      }
      out.resize(made + kMaxBlock);
      uint8_t* at = reinterpret_cast<uint8_t*>(out.data()) + made;
      const FrameDecoder::Block result = decoder.block(in, end, at, made - start);
      out.resize(size_t(at - reinterpret_cast<uint8_t*>(out.data())));
      if (result == FrameDecoder::Block::kNeedInput) return DecodeResult::kTruncated;
      if (result == FrameDecoder::Block::kError) return DecodeResult::kBad;
      more = result == FrameDecoder::Block::kProgress;
    }
  }
  return out.size() > limit ? DecodeResult::kTooLarge : DecodeResult::kOk;
}

}  // namespace refine::zstd
