// What a page says of itself in JSON-LD: the types of its main entities and the facts metadata needs.
// Main entities are the top values of its scripts, the members of @graph and what mainEntity names; an author or publisher
// given as {"@id": ...} is looked up among them. Source: schema.org; JSON-LD 1.1 without contexts.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "tree.h"

namespace refine::html {

struct JsonLd {
  bool present = false;
  uint32_t types = 0;      // PageSigns::Type
  int rank = 0;            // of the entity the facts come from: 3 an article, recipe, question; 2 another thing; 1 a web page
  std::string headline, publisher, web_site, lang, url;
  std::string published, created;  // as written
  std::vector<std::string> authors, licenses;
  // The text of what the page is written for, where it says it whole: paragraphs of articleBody or text, a recipe's
  // ingredients and steps, a question with its answers.
  std::vector<std::string> body, ingredients, steps, answers;
};

constexpr size_t kMaxBody = 400'000;  // bytes of one text
constexpr size_t kMaxParts = 2000;    // paragraphs, ingredients, steps or answers

constexpr size_t kMaxAuthors = 20;

// `page_url` picks among several articles the one whose URL it is; it may be empty.
JsonLd read_json_ld(const Tree& tree, std::string_view page_url);
// The PageSigns::Type bit of a schema.org type by name or URL; 0 for one that says nothing about the page.
uint32_t schema_type_bit(std::string_view type);

}  // namespace refine::html
