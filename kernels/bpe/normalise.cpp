// The steps of normalise.h.
#include "normalise.h"

#include <algorithm>
#include <cstring>

#include "bert_normalise.h"
#include "char_class.h"
#include "old_unicode.h"
#include "refine/unicode.h"

namespace refine::bpe {

namespace {

// NFC leaves code points below U+0300 alone, and those are all that bytes below 0xCC can spell.
bool may_change_in_nfc(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return uint8_t(c) >= 0xCC; });
}

std::string_view stripped(std::string_view text, uint8_t flags) {
  const auto begin = reinterpret_cast<const uint8_t*>(text.data());
  const uint8_t *p = begin, *end = begin + text.size();
  while ((flags & kStripLeft) && p < end) {
    const uint8_t* next = p;
    if (!(class_table()[next_code_point(next)] & kSpace)) break;
    p = next;
  }
  while ((flags & kStripRight) && end > p) {
    const uint8_t* last = end - 1;
    while (last > p && (*last & 0xC0) == 0x80) --last;
    const uint8_t* next = last;
    if (!(class_table()[next_code_point(next)] & kSpace)) break;
    end = last;
  }
  return text.substr(size_t(p - begin), size_t(end - p));
}

void append_space_runs(std::string_view text, std::string_view to, std::string& out) {
  for (size_t at = 0; at < text.size();) {
    const size_t run = std::min(text.find("  ", at), text.size());
    out.append(text, at, run - at);
    if (run == text.size()) return;
    out.append(to);
    at = std::min(text.find_first_not_of(' ', run), text.size());
  }
}

}  // namespace

void append_old_nfc(std::string_view text, std::string& out) { around_inert(text, out, append_nfc); }

void append_replaced(std::string_view text, std::string_view from, std::string_view to, std::string& out) {
  if (from.size() == 1) {  // a space, as good as always
    const char wanted = from[0];
    size_t room = out.size() + text.size() + size_t(std::count(text.begin(), text.end(), wanted)) * (to.size() - (to.empty() ? 0 : 1));
    size_t at = out.size();
    out.resize(room);
    for (size_t start = 0; start < text.size();) {
      const void* const found = std::memchr(text.data() + start, wanted, text.size() - start);
      const size_t stop = found ? size_t(static_cast<const char*>(found) - text.data()) : text.size();
      std::memcpy(out.data() + at, text.data() + start, stop - start);
      at += stop - start;
      if (found) {
        std::memcpy(out.data() + at, to.data(), to.size());
        at += to.size();
      }
      start = stop + 1;
    }
    out.resize(at);
    return;
  }
  size_t start = 0;
  for (size_t found; (found = text.find(from, start)) != std::string_view::npos; start = found + from.size()) {
    out.append(text, start, found - start);
    out.append(to);
  }
  out.append(text, start);
}

std::string_view with_metaspace(const Metaspace& metaspace, std::string_view text, bool at_start, std::string& buffer) {
  if (metaspace.scheme == Metaspace::kOff || text.empty()) return text;
  buffer.clear();
  const bool prepend = metaspace.scheme == Metaspace::kAlways || (metaspace.scheme == Metaspace::kFirst && at_start);
  if (prepend && text[0] != ' ' && !text.starts_with(metaspace.replacement)) buffer = metaspace.replacement;
  append_replaced(text, " ", metaspace.replacement, buffer);
  return buffer;
}

Status Normaliser::make(const std::vector<NormalStep>& steps, const std::vector<std::string>& kept, Normaliser& out) {
  for (const NormalStep& step : steps) {
    if (step.kind < NormalStep::kNfc || step.kind > NormalStep::kSpaceRuns) return Status::error("ERR_REFINE_ASSET", "tokenizer: normaliser step " + std::to_string(step.kind) + " is not known");
    if (step.kind == NormalStep::kReplace && step.from.empty()) return Status::error("ERR_REFINE_ASSET", "tokenizer: a normaliser replaces the empty string");
    if (step.kind == NormalStep::kPrecompiled)
      if (const Status status = PrecompiledNormaliser::make(step.from, out.maps_.emplace_back()); !status.ok()) return status;
    if (step.kind != NormalStep::kSentencePiece) continue;
    if (const Status status = SentencePieceNormaliser::make(step.from, step.flags, kept, out.pieces_.emplace_back()); !status.ok()) return status;
  }
  out.steps_ = steps;
  for (NormalStep& step : out.steps_)
    if (step.kind == NormalStep::kSentencePiece || step.kind == NormalStep::kPrecompiled) step.from.clear();  // the map lives in pieces_ or maps_
  return {};
}

std::string_view Normaliser::apply(std::string_view text, std::string& buffer, std::string& other) const {
  size_t piece = 0, map = 0;
  std::string *to = &buffer, *spare = &other;  // what a step reads lies in `spare` or is the text itself
  for (const NormalStep& step : steps_) {
    if (text.empty()) return text;
    // Text that surely is NFC stays: parts of such a text, between characters that the older Unicode does not know, are too.
    if (step.kind == NormalStep::kNfc && (!may_change_in_nfc(text) || is_nfc_quick(text))) continue;
    if (step.kind == NormalStep::kStrip) {
      text = stripped(text, step.flags);
      continue;
    }
    to->clear();
    switch (step.kind) {
      case NormalStep::kNfc: append_old_nfc(text, *to); break;
      case NormalStep::kPrepend: to->append(step.to).append(text); break;
      case NormalStep::kReplace: append_replaced(text, step.from, step.to, *to); break;
      case NormalStep::kSentencePiece: pieces_[piece++].append(text, *to); break;
      case NormalStep::kBert: append_bert(text, step.flags, *to); break;
      case NormalStep::kLowercase: append_rust_lower(text, *to); break;
      case NormalStep::kPrecompiled: maps_[map++].append(text, *to); break;
      case NormalStep::kSpaceRuns: append_space_runs(text, step.to, *to); break;
      case NormalStep::kStrip: break;
    }
    text = *to;
    std::swap(to, spare);
  }
  return text;
}

}  // namespace refine::bpe
