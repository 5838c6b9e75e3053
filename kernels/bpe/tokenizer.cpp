// Text to ids and back; see refine/bpe.h. Order of work, as in HuggingFace's tokenizer/mod.rs: added tokens that are not
// normalized, normaliser, added tokens that are, pre-tokenizer, merges.
#include "refine/bpe.h"

#include <algorithm>
#include <cmath>
#include <mutex>

#include "added_tokens.h"
#include "char_class.h"
#include "normalise.h"
#include "piece_encoder.h"
#include "refine/utf8.h"
#include "scanner.h"
#include "word_piece.h"

namespace refine::bpe {

namespace {
constexpr size_t kMaxSteps = 16;  // each lays a buffer of ends on the stack; published files have up to five

// What one encode call works in; kept from call to call, never shared by two at once.
struct Workspace {
  explicit Workspace(const PieceModel& model) : pieces(model) {}
  PieceEncoder pieces;
  MergeScratch scratch;
  std::vector<Split> splits, normal_splits;
  std::string valid, normal, other_normal, spaced, prefixed;
};
}  // namespace

struct Tokenizer::Parts {
  PieceModel model;
  std::vector<Scanner> program;      // null: a prefix
  std::string_view prefix;           // before a piece without one: a space or U+2581
  AddedTokenFinder raw, normalized;  // by whether they are looked for before or after the normaliser
  Normaliser normaliser;
  Metaspace metaspace;
  DecodeStart decode_start;
  std::string token_bytes;
  std::vector<uint32_t> token_offsets;
  std::vector<uint8_t> is_byte;      // by id: a token of characters that stands for one byte
  std::unique_ptr<const PieceIds> words;  // WordPiece; null: BPE
  bool leaves_out_spaces = false;    // pieces of white space are none
  mutable std::mutex mutex;
  mutable std::vector<std::unique_ptr<Workspace>> idle;
};

namespace {

struct Encoder {
  const Tokenizer::Parts& parts;
  Workspace& work;
  std::vector<uint32_t>& ids;
  const uint8_t* readable_end;  // of the buffer the pieces lie in
  PieceSink* sink = nullptr;    // takes the pieces instead of their ids
  size_t enough = SIZE_MAX;     // ids at which to stop

  // Step by step: the pieces of one are the texts of the next.
  void run(size_t step, const uint8_t* p, const uint8_t* end) {
    if (p == end) return;
    if (step == parts.program.size()) return pieces(p, &end, 1);
    const Scanner scan = parts.program[step];
    if (scan == nullptr) return run_prefixed(step, p, end);
    const uint8_t* ends[kScanEnds];
    const bool last = step + 1 == parts.program.size();
    while (p < end && ids.size() < enough) {
      const size_t count = scan(p, end, ends);
      if (last) pieces(p, ends, count), p = ends[count - 1];
      else for (size_t i = 0; i < count; p = ends[i++]) run(step + 1, p, ends[i]);
    }
  }

  void run_prefixed(size_t step, const uint8_t* p, const uint8_t* end) {
    if (is_left_out(p)) return;
    if (std::string_view(reinterpret_cast<const char*>(p), size_t(end - p)).starts_with(parts.prefix)) return run(step + 1, p, end);
    work.prefixed.assign(parts.prefix);
    work.prefixed.append(reinterpret_cast<const char*>(p), size_t(end - p));
    const auto start = reinterpret_cast<const uint8_t*>(work.prefixed.data());
    const auto before = readable_end;
    readable_end = start + work.prefixed.size();
    run(step + 1, start, readable_end);
    readable_end = before;
  }

  // A piece of white space, where those are none.
  bool is_left_out(const uint8_t* piece) const { return parts.leaves_out_spaces && (class_table()[next_code_point(piece)] & kSpace); }

  void pieces(const uint8_t* p, const uint8_t* const* ends, size_t count) {
    if (sink) {
      for (size_t i = 0; i < count; p = ends[i++]) sink->piece({reinterpret_cast<const char*>(p), size_t(ends[i] - p)});
      return;
    }
    if (parts.words) {
      for (size_t i = 0; i < count && ids.size() < enough; p = ends[i++]) {
        if (!is_left_out(p)) parts.words->encode(p, ends[i], ids);
      }
      return;
    }
    if (parts.leaves_out_spaces) {
      for (size_t i = 0; i < count; p = ends[i++])
        if (!is_left_out(p)) work.pieces.encode(p, &ends[i], 1, readable_end, ids);
      return;
    }
    const CharacterBpe* const characters = parts.model.characters.get();
    if (!characters) return work.pieces.encode(p, ends, count, readable_end, ids);
    const uint8_t* cuts[kScanEnds];
    const uint8_t* start = p;
    size_t cut = 0;
    for (size_t i = 0; i < count; ++i) {
      while (p < ends[i]) {
        cuts[cut++] = p = characters->segment_end(p, ends[i]);
        if (cut < kScanEnds) continue;
        work.pieces.encode(start, cuts, cut, readable_end, ids);
        start = p;
        cut = 0;
      }
    }
    work.pieces.encode(start, cuts, cut, readable_end, ids);
  }

  void plain(std::string_view text, bool at_start) {
    text = with_metaspace(parts.metaspace, text, at_start, work.spaced);
    const auto p = reinterpret_cast<const uint8_t*>(text.data());
    readable_end = p + text.size();
    run(0, p, readable_end);
  }
};

}  // namespace

namespace {

std::string_view prefix_of(const std::vector<SplitStep>& program) {
  return std::find(program.begin(), program.end(), SplitStep::kPrefixMetaspace) == program.end() ? " " : "\xE2\x96\x81";
}

}  // namespace

Tokenizer::Tokenizer() = default;
Tokenizer::~Tokenizer() = default;

Status Tokenizer::make(const Definition& definition, std::unique_ptr<Tokenizer>& out) {
  const size_t vocab = definition.tokens.rows;
  const auto bad = [](std::string message) { return Status::error("ERR_REFINE_ASSET", "tokenizer: " + std::move(message)); };
  for (size_t i = 0; i < 256; ++i)
    if (definition.byte_ids[i] >= vocab && definition.byte_ids[i] != kNoToken) return bad("byte " + std::to_string(i) + " has id " + std::to_string(definition.byte_ids[i]) + " outside the vocabulary");
  for (size_t i = 0; i < definition.merge_count * 3; ++i)
    if (definition.merges[i] >= vocab) return bad("merge " + std::to_string(i / 3) + " has id " + std::to_string(definition.merges[i]) + " outside the vocabulary");
  bool bytes_seen = false, prefix_seen = false;
  if (definition.program.size() > kMaxSteps) return bad("the pre-tokenizer has " + std::to_string(definition.program.size()) + " steps; at most " + std::to_string(kMaxSteps));
  for (const SplitStep step : definition.program) {
    const bool prefix = step == SplitStep::kPrefixSpace || step == SplitStep::kPrefixMetaspace;
    if (!scanner_of(step) && (!prefix || prefix_seen)) return bad("pre-tokenizer step " + std::to_string(int(step)) + (prefix ? " stands there twice" : " is not known"));
    prefix_seen |= prefix;
    const bool byte_step = step >= SplitStep::kByteDigitsContiguous;
    if (!byte_step && bytes_seen && step < SplitStep::kByteDigitsContiguous) return bad("a pre-tokenizer of characters follows one of bytes");
    bytes_seen |= step == SplitStep::kByteDigitsContiguous || step == SplitStep::kByteDigitsIndividual;
  }
  std::unique_ptr<Tokenizer> tokenizer(new Tokenizer());
  std::vector<AddedToken> raw, normalized;
  std::vector<std::string> contents;
  for (const AddedToken& token : definition.added) {
    if (token.id >= vocab) return bad("added token " + std::to_string(token.id) + " is outside the vocabulary");
    if (token.normalized) contents.push_back(token.content);
  }
  Normaliser normaliser;
  if (const Status status = Normaliser::make(definition.normaliser, contents, normaliser); !status.ok()) return status;
  // HuggingFace looks for the normal form of these tokens; SentencePiece for its pieces as they are.
  const bool as_they_are = std::any_of(definition.normaliser.begin(), definition.normaliser.end(), [](const NormalStep& step) { return step.kind == NormalStep::kSentencePiece; });
  for (AddedToken token : definition.added) {
    std::string buffer, other;
    if (token.normalized && !as_they_are) token.content = std::string(normaliser.apply(token.content, buffer, other));
    (token.normalized ? normalized : raw).push_back(std::move(token));
  }
  // HuggingFace builds each automaton from the special tokens first; equal contents keep the first.
  for (auto* list : {&raw, &normalized})
    std::stable_partition(list->begin(), list->end(), [](const AddedToken& token) { return token.special; });

  if (definition.word_piece && (definition.characters || definition.merge_count > 0 || definition.ignore_merges || definition.unk_id >= vocab))
    return bad("WordPiece has no merges and needs an unknown token of its vocabulary");
  const bool leaves_out_spaces = std::any_of(definition.program.begin(), definition.program.end(), [](const SplitStep step) { return step == SplitStep::kBertWords || step == SplitStep::kWhiteSpaceSplit; });
  if (leaves_out_spaces && !definition.word_piece && !definition.scores) return bad("a pre-tokenizer that leaves white space out is for WordPiece and Unigram");
  if (definition.scores && (definition.characters || definition.word_piece || definition.merge_count > 0 || definition.unk_id >= vocab))
    return bad("Unigram has no merges and needs an unknown token of its vocabulary");
  for (size_t id = 0; definition.scores && id < std::min(vocab, definition.pieces.rows); ++id)
    if (definition.pieces.valid(id) && !std::isfinite(definition.scores[id])) return bad("the score of token " + std::to_string(id) + " is not finite");
  if (definition.characters || definition.word_piece || definition.scores) {
    if (definition.pieces.rows != vocab) return bad("spells " + std::to_string(definition.pieces.rows) + " of " + std::to_string(vocab) + " tokens");
    if (definition.unk_id >= vocab && definition.unk_id != kNoToken) return bad("the unknown token is outside the vocabulary");
    if (definition.ignore_merges) return bad("ignore_merges is for BPE over bytes");
  }
  tokenizer->parts_.reset(new Parts{PieceModel(definition), scanners_of(definition.program), prefix_of(definition.program), AddedTokenFinder(std::move(raw)), AddedTokenFinder(std::move(normalized)),
                                    std::move(normaliser), definition.metaspace, definition.decode_start, {}, {0}, {}, {}, leaves_out_spaces, {}, {}});
  if (definition.word_piece) tokenizer->parts_->words = std::make_unique<const WordPiece>(definition);
  Parts& parts = *tokenizer->parts_;
  if (definition.characters || definition.scores) {
    parts.is_byte.resize(vocab);
    for (const uint32_t id : parts.model.byte_ids)
      if (id != kNoToken) parts.is_byte[id] = 1;
  }
  for (size_t id = 0; id < vocab; ++id) {
    const std::string_view bytes = definition.tokens.valid(id) ? definition.tokens[id] : std::string_view();
    parts.token_bytes.append(bytes);
    parts.token_offsets.push_back(uint32_t(parts.token_bytes.size()));
  }
  parts.idle.push_back(std::make_unique<Workspace>(parts.model));  // so that the first text need not wait for it
  out = std::move(tokenizer);
  return {};
}

namespace {

// A workspace for the time of one call.
struct Lease {
  const Tokenizer::Parts& parts;
  std::unique_ptr<Workspace> work;

  explicit Lease(const Tokenizer::Parts& of) : parts(of) {
    std::lock_guard lock(parts.mutex);
    if (parts.idle.empty()) {
      work = std::make_unique<Workspace>(parts.model);
    } else {
      work = std::move(parts.idle.back());
      parts.idle.pop_back();
    }
  }
  ~Lease() {
    std::lock_guard lock(parts.mutex);
    parts.idle.push_back(std::move(work));
  }
};

}  // namespace

void Tokenizer::encode(std::string_view text, Special special, std::vector<uint32_t>& ids, size_t enough) const {
  const Parts& parts = *parts_;
  const Lease lease(parts);
  Workspace* const work = lease.work.get();
  enough = enough > SIZE_MAX - ids.size() ? SIZE_MAX : enough + ids.size();
  Encoder encoder{parts, *work, ids, nullptr, nullptr, enough};
  if (!is_valid_utf8(text)) {
    work->valid = to_valid_utf8(text);
    text = work->valid;
  }
  work->splits.clear();
  if (parts.raw.matches_nothing(special)) work->splits.push_back({text, Split::kPlain});
  else parts.raw.split(text, special, work->splits);
  for (const Split& outer : work->splits) {
    if (ids.size() >= enough) return;
    if (outer.id != Split::kPlain) {
      ids.push_back(outer.id);
      continue;
    }
    const std::string_view normal = parts.normaliser.apply(outer.text, work->normal, work->other_normal);
    const bool at_start = outer.text.data() == text.data();
    if (parts.normalized.matches_nothing(special)) {
      encoder.plain(normal, at_start);
      continue;
    }
    work->normal_splits.clear();
    parts.normalized.split(normal, special, work->normal_splits);
    for (const Split& inner : work->normal_splits) {
      if (inner.id != Split::kPlain) ids.push_back(inner.id);
      else encoder.plain(inner.text, at_start && inner.text.data() == normal.data());
    }
  }
}

void Tokenizer::pieces(std::string_view text, PieceSink& sink) const {
  const Lease lease(*parts_);
  std::vector<uint32_t> none;
  Encoder encoder{*parts_, *lease.work, none, nullptr, &sink};
  if (!is_valid_utf8(text)) {
    lease.work->valid = to_valid_utf8(text);
    text = lease.work->valid;
  }
  encoder.plain(parts_->normaliser.apply(text, lease.work->normal, lease.work->other_normal), true);
}

void Tokenizer::encode_piece(std::string_view piece, std::vector<uint32_t>& ids, bool merges_only) const {
  const Lease lease(*parts_);
  const auto p = reinterpret_cast<const uint8_t*>(piece.data());
  if (merges_only) return parts_->model.merge(p, piece.size(), lease.work->scratch, ids);
  const uint8_t* const end = p + piece.size();
  if (p < end) Encoder{*parts_, *lease.work, ids, end}.pieces(p, &end, 1);
}

std::string_view Tokenizer::token_bytes(uint32_t id) const {
  if (id >= vocab_size()) return {};
  const uint32_t start = parts_->token_offsets[id];
  return std::string_view(parts_->token_bytes).substr(start, parts_->token_offsets[id + 1] - start);
}

std::string Tokenizer::decode(const uint32_t* ids, size_t count) const {
  const Parts& parts = *parts_;
  std::string text, run;  // run: tokens of single bytes side by side; where they are no UTF-8 each is one U+FFFD
  const auto end_run = [&] {
    if (run.empty()) return;
    if (is_valid_utf8(run)) text.append(run);
    else for (size_t i = 0; i < run.size(); ++i) text.append("\xEF\xBF\xBD");
    run.clear();
  };
  bool first = true;
  for (size_t i = 0; i < count; ++i) {
    if (ids[i] >= vocab_size()) continue;
    std::string_view bytes = token_bytes(ids[i]);
    if (!parts.is_byte.empty() && parts.is_byte[ids[i]]) {
      run.append(bytes);
    } else {
      end_run();
      if (parts.decode_start == DecodeStart::kMetaspace) append_replaced(bytes, "\xE2\x96\x81", first ? "" : " ", text);
      else text.append(bytes);
    }
    first = false;
  }
  end_run();
  if (parts.decode_start == DecodeStart::kLessOneSpace && text.starts_with(' ')) text.erase(0, 1);
  return parts.is_byte.empty() ? to_valid_utf8(text) : text;
}

size_t Tokenizer::table_bytes() const {
  std::lock_guard lock(parts_->mutex);
  size_t bytes = parts_->model.table_bytes();
  for (const auto& work : parts_->idle) bytes += work->pieces.most_bytes();
  return bytes;
}

size_t Tokenizer::vocab_size() const { return parts_->token_offsets.size() - 1; }

}  // namespace refine::bpe
