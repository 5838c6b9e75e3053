// The HTML standard's tokenizer over a whole UTF-8 input whose line ends are LF already.
// Character tokens are spans of the input wherever no reference or NUL intervenes, so text is not copied here.
// Invariant: every byte is looked at a bounded number of times; parse errors are not reported.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "names.h"

namespace refine::html {

constexpr size_t kMaxAttributes = 256;  // of one tag; more are read and forgotten, as finding doubles is quadratic

struct TokenAttribute {
  uint32_t name;
  uint32_t begin, size;  // value, in Token::values
};

struct TagToken {
  uint32_t name = 0;
  bool end = false, self_closing = false;
  std::vector<TokenAttribute> attributes;
  std::string values;
  std::string_view value(const TokenAttribute& a) const { return std::string_view(values).substr(a.begin, a.size); }
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
  virtual void characters(std::string_view text) = 0;  // NUL passes through from data and CDATA states only
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
      : p_(input.data()), end_(input.data() + input.size()), tags_(tags), attributes_(attributes), sink_(sink) {}
  void set_state(TokenizerState state) { state_ = state; }
  void set_last_start_tag(uint32_t name) { last_start_tag_ = name; }
  void run();

 private:
  void data();
  void raw(bool references);
  void script();
  void cdata();
  void emit_raw(const char* from, const char* to);
  bool tag_open();
  bool read_tag(const char* name, bool end_tag);
  bool attributes_and_close(const char*& p);
  bool appropriate_end_tag(const char* p) const;
  void comment();
  void bogus_comment(const char* from);
  void doctype();
  bool reference(const char*& p, bool in_attribute, std::string& out);

  const char* p_;
  const char* end_;
  NameTable& tags_;
  NameTable& attributes_;
  TokenSink& sink_;
  TokenizerState state_ = TokenizerState::kData;
  uint32_t last_start_tag_ = 0;
  TagToken tag_;
  std::string scratch_;
};

// Longest named reference at p (after '&'): its length, 0 for none, and the one or two code points as UTF-8.
size_t match_entity(const char* p, const char* end, std::string_view* value);

}  // namespace refine::html
