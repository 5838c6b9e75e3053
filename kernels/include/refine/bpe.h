// Exact BPE over bytes or characters, WordPiece and Unigram: token ids equal HuggingFace tokenizers' for the same tokenizer.json, tiktoken's and
// SentencePiece's for theirs. Files are read and checked in TypeScript (stages/tokenize), which hands over flat arrays, a
// normaliser and a pre-tokenizer program.
// Invariant: encode is a pure function of (definition, text, special); caches only remember it.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "refine/views.h"

namespace refine::bpe {

// Pre-tokenizer steps in order; each splits every piece of the one before. The first group reads whole characters, the
// second bytes (what stands after ByteLevel in the file sees one character a byte), so none of the first may follow one
// of the second. TypeScript twin: PRE_TOKENIZER_STEPS in stages/tokenize/tokenizer-json.ts.
enum class SplitStep : uint8_t {
  kPunctuationContiguous = 1,
  kPunctuationIsolated = 2,
  kDigitsContiguous = 3,
  kDigitsIndividual = 4,
  kPrefixSpace = 5,    // ByteLevel's add_prefix_space
  kGpt2Words = 6,      // ByteLevel's use_regex
  kCl100k = 7,         // the words of cl100k and LLaMA-3
  kQwen2 = 8,          // the same with single numbers
  kQwen35 = 9,         // and with marks among the letters
  kO200k = 10,
  kTekken = 11,        // o200k without contractions, single numbers
  kDeepSeek = 12,      // DeepSeek-V3's three splits
  kMetaspace = 13,     // before each U+2581
  kBertWords = 14,     // white space is no piece, each punctuation character stands alone
  kWhiteSpaceSplit = 15,  // white space is no piece
  kByteDigitsContiguous = 16,
  kByteDigitsIndividual = 17,
  kDigitTriples = 18,  // Split("[0-9][0-9][0-9]", Isolated)
  kPrefixMetaspace = 19,  // Metaspace behind WhitespaceSplit: U+2581 before a piece without one
};

struct AddedToken {
  std::string content;
  uint32_t id = 0;
  bool special = false, single_word = false, lstrip = false, rstrip = false, normalized = false;
};

// One step of a normaliser; it sees the text between added tokens that are not normalized.
struct NormalStep {
  enum Kind : uint8_t {
    kNfc = 1,
    kPrepend = 2,        // `to` before a text that is not empty
    kReplace = 3,        // each `from` by `to`
    kSentencePiece = 4,  // `from`: the precompiled map of a .model (may be empty); flags: SentencePieceFlag
    kBert = 5,           // flags: BertFlag
    kLowercase = 6,
    kPrecompiled = 7,    // `from`: SentencePiece's map as HuggingFace applies it (precompiled.h)
    kStrip = 8,          // white space at the ends; flags: StripFlag
    kSpaceRuns = 9,      // each run of two or more U+0020 by `to`
  };
  Kind kind = kNfc;
  uint8_t flags = 0;
  std::string from, to;
};
enum BertFlag : uint8_t { kCleanText = 1, kHanSpaces = 2, kStripAccents = 4, kLowerCase = 8 };
enum StripFlag : uint8_t { kStripLeft = 1, kStripRight = 2 };
enum SentencePieceFlag : uint8_t { kAddDummyPrefix = 1, kRemoveExtraSpaces = 2, kEscapeSpaces = 4, kSpaceAsSuffix = 8 };

// The Metaspace pre-tokenizer less its split: spaces become `replacement`, one of which is put before a text without one.
struct Metaspace {
  enum Scheme : uint8_t { kOff = 0, kNever = 1, kAlways = 2, kFirst = 3 };  // kFirst: only at the start of the whole text
  Scheme scheme = kOff;
  std::string replacement;
};

enum class DecodeStart : uint8_t { kAll = 0, kLessOneSpace = 1, kMetaspace = 2 };  // as it is; less one leading space; U+2581 a space, in the first token nothing

struct Definition {
  BytesView tokens;                   // row = id: the bytes it decodes to; null where no token has the id
  const uint8_t* in_model = nullptr;  // (tokens.rows): 1 where the id is the model's and spelled in the byte alphabet
  const uint32_t* byte_ids = nullptr; // (256): the id of each single byte, 2^32 - 1 where there is none: it is dropped
  const uint32_t* merges = nullptr;   // (merge_count, 3): left, right, result; row = rank, later equal pairs win
  const uint32_t* merge_ranks = nullptr;  // (merge_count): in place of the row; equal ranks merge from the left. Or null
  size_t merge_count = 0;
  std::vector<AddedToken> added;
  std::vector<NormalStep> normaliser;
  Metaspace metaspace;
  std::vector<SplitStep> program;
  bool ignore_merges = false;         // a piece that is a token is that token, whatever the merges say
  // BPE over characters. A character without a token is the tokens of its bytes (byte_ids: all that UTF-8 uses, or none),
  // else unk_id, else nothing. No merge has a byte's token or unk_id.
  bool characters = false;
  bool fuse_unk = false;              // unknown characters side by side are one token
  uint32_t unk_id = UINT32_MAX;
  BytesView pieces;                   // row = id: how the normalised text spells it; null where it is no token of the model
  DecodeStart decode_start = DecodeStart::kAll;
  // WordPiece in place of BPE: `pieces`, `unk_id`, `decode_start` as above, no merges.
  bool word_piece = false;
  std::string word_piece_prefix;      // of tokens inside a word
  size_t word_piece_characters = 100; // a longer word is unk_id
  // Unigram in place of BPE: `pieces`, `byte_ids` (of unknown characters; those of a text all or none), `unk_id`, `decode_start` as
  // above, no merges.
  const double* scores = nullptr;     // (tokens.rows): finite, of each id that `pieces` spells; null: no Unigram
};

enum class Special { kText, kParse };  // whether added tokens with `special` are plain text or matched

// Takes the pieces of a text, in order. A piece may lie in a buffer that the next one overwrites.
struct PieceSink {
  virtual void piece(std::string_view bytes) = 0;

 protected:
  ~PieceSink() = default;
};

class Tokenizer {
 public:
  // Copies what it needs; the definition's buffers may go afterwards.
  static Status make(const Definition& definition, std::unique_ptr<Tokenizer>& out);
  ~Tokenizer();

  // Appends the ids of one text; ill-formed UTF-8 counts as U+FFFD (utf8.h). Safe to call from several threads.
  // May stop where `enough` ids are appended (there may be more): for callers that take the first of them.
  void encode(std::string_view text, Special special, std::vector<uint32_t>& ids, size_t enough = SIZE_MAX) const;
  // The bytes of the ids, ill-formed parts replaced; ids that name no token add nothing.
  std::string decode(const uint32_t* ids, size_t count) const;
  size_t vocab_size() const;
  // The most that the tables of remembered pieces may come to: the vocabulary's own, and one a thread that has called.
  size_t table_bytes() const;

  // What training needs (train_*.h), from the scanners that encode uses, so that both see the same pieces.
  // The pieces that merges would work on: normalised, then pre-tokenized; added tokens are not looked for, as HuggingFace's
  // trainer does not either. Safe to call from several threads.
  void pieces(std::string_view text, PieceSink& sink) const;
  // Appends the ids of one such piece. `merges_only`: by the merges alone, whatever ignore_merges says.
  void encode_piece(std::string_view piece, std::vector<uint32_t>& ids, bool merges_only = false) const;
  // The bytes an id spells; empty where there is none.
  std::string_view token_bytes(uint32_t id) const;

  struct Parts;

 private:
  Tokenizer();
  std::unique_ptr<Parts> parts_;
};

}  // namespace refine::bpe
