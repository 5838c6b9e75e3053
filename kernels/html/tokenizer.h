// The HTML standard's tokenizer over a whole UTF-8 input whose line ends are LF already.
// Character tokens, comments and attribute values are spans of the input wherever no reference or NUL intervenes, so text
// is not copied here.
// Invariant: every byte is looked at a bounded number of times, and each look is counted; parse errors are not reported.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "names.h"

namespace refine::html {

// Of one element; more are read and forgotten. A page with so many has lost a quote, and every look-up walks the list.
constexpr size_t kMaxElementAttributes = 256;

struct TokenAttribute {
  uint32_t name;
  uint32_t begin, size;  // value: in the input, or from the input's length on in TagToken::values
};

struct TagToken {
  uint32_t name = 0;
  bool end = false, self_closing = false;
  std::vector<TokenAttribute> attributes;  // of a start tag
  std::string_view input;
  std::string values;  // those with references or NUL
  std::string_view value(const TokenAttribute& a) const {
    return a.begin < input.size() ? input.substr(a.begin, a.size) : std::string_view(values).substr(a.begin - input.size(), a.size);
  }
  const TokenAttribute* find(uint32_t attribute) const {
    for (const auto& a : attributes) if (a.name == attribute) return &a;
    return nullptr;
  }
};

struct DoctypeToken {
  std::string name, public_id, system_id;
  bool has_name = false, has_public = false, has_system = false, force_quirks = false;
};

class TokenSink {
 public:
  virtual ~TokenSink() = default;
  virtual void tag(TagToken& tag) = 0;
  virtual void characters(std::string_view text) = 0;  // without NUL, or one NUL alone (from data and CDATA states)
  virtual void comment(std::string_view text) = 0;
  virtual void doctype(const DoctypeToken& doctype) = 0;
  virtual void eof() = 0;
  virtual bool in_foreign_content() const { return false; }  // decides what <![CDATA[ is
  bool stopped = false;                                      // set by the sink: a limit was reached
};

enum class TokenizerState : uint8_t { kData, kRcdata, kRawtext, kScriptData, kPlaintext, kCdata };

class Tokenizer {
 public:
  Tokenizer(std::string_view input, NameTable& tags, NameTable& attributes, TokenSink& sink)
      : input_(input.data()), p_(input.data()), end_(input.data() + input.size()), tags_(tags), attributes_(attributes), sink_(sink) { tag_.input = input; }
  void set_state(TokenizerState state) { state_ = state; }
  void set_last_start_tag(uint32_t name) { last_start_tag_ = name; }
  void run();
  uint64_t reads() const { return reads_; }  // bytes looked at, each look counted

 private:
  // ---- tokenizer.cpp: data, tags and references ----
  void data();
  bool tag_open();
  bool read_tag(const char* name, bool end_tag);
  bool attributes_and_close(const char*& p);
  bool attribute_value(const char*& p, TokenAttribute& attribute);
  bool is_new(uint32_t attribute);
  void reference(const char*& p, bool in_attribute, std::string& out);
  // ---- tokenizer_raw.cpp: raw text, scripts, CDATA, comments, document types ----
  void raw(bool references);
  void script();
  void cdata();
  void emit_raw(const char* from, const char* to);
  bool appropriate_end_tag(const char* p);
  void comment();
  void bogus_comment(const char* from);
  void emit_comment(const char* from, const char* to);
  void doctype();

  const char* input_;
  const char* p_;
  const char* end_;
  NameTable& tags_;
  NameTable& attributes_;
  TokenSink& sink_;
  TokenizerState state_ = TokenizerState::kData;
  uint32_t last_start_tag_ = 0;
  TagToken tag_;
  std::string scratch_;
  std::vector<uint32_t> last_tag_with_;  // attribute name -> number of the last start tag that had it
  uint32_t tag_number_ = 0;
  uint64_t reads_ = 0;
};

void append_replacing_nul(std::string& out, const char* from, const char* to);
void append_lower(std::string& out, const char* from, const char* to);

// Longest named reference at p (after '&'): its length, 0 for none, and the one or two code points as UTF-8.
// `reads`, where given, grows by the comparisons made.
size_t match_entity(const char* p, const char* end, std::string_view* value, uint64_t* reads = nullptr);

}  // namespace refine::html
