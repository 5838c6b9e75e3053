// html5lib's forms of trees and tokens: what its test suites compare, and people read.
#include <algorithm>
#include <cstdio>

#include "tokenizer.h"
#include "tree.h"

namespace refine::html {
namespace {

// SVG keeps its own case (HTML standard, "adjust SVG attributes" and the tag table); the tree holds lower case.
const char* const kSvgTags[] = {"altGlyph", "altGlyphDef", "altGlyphItem", "animateColor", "animateMotion", "animateTransform", "clipPath", "feBlend", "feColorMatrix",
  "feComponentTransfer", "feComposite", "feConvolveMatrix", "feDiffuseLighting", "feDisplacementMap", "feDistantLight", "feDropShadow", "feFlood", "feFuncA", "feFuncB",
  "feFuncG", "feFuncR", "feGaussianBlur", "feImage", "feMerge", "feMergeNode", "feMorphology", "feOffset", "fePointLight", "feSpecularLighting", "feSpotLight", "feTile",
  "feTurbulence", "foreignObject", "glyphRef", "linearGradient", "radialGradient", "textPath"};
const char* const kSvgAttributes[] = {"attributeName", "attributeType", "baseFrequency", "baseProfile", "calcMode", "clipPathUnits", "diffuseConstant", "edgeMode", "filterUnits",
  "glyphRef", "gradientTransform", "gradientUnits", "kernelMatrix", "kernelUnitLength", "keyPoints", "keySplines", "keyTimes", "lengthAdjust", "limitingConeAngle", "markerHeight",
  "markerUnits", "markerWidth", "maskContentUnits", "maskUnits", "numOctaves", "pathLength", "patternContentUnits", "patternTransform", "patternUnits", "pointsAtX", "pointsAtY",
  "pointsAtZ", "preserveAlpha", "preserveAspectRatio", "primitiveUnits", "refX", "refY", "repeatCount", "repeatDur", "requiredExtensions", "requiredFeatures", "specularConstant",
  "specularExponent", "spreadMethod", "startOffset", "stdDeviation", "stitchTiles", "surfaceScale", "systemLanguage", "tableValues", "targetX", "targetY", "textLength", "viewBox",
  "viewTarget", "xChannelSelector", "yChannelSelector", "zoomAndPan"};
const char* const kNamespaced[] = {"xlink:actuate", "xlink:arcrole", "xlink:href", "xlink:role", "xlink:show", "xlink:title", "xlink:type", "xml:lang", "xml:space", "xmlns:xlink"};

template <size_t N>
std::string cased(std::string_view name, const char* const (&table)[N]) {
  for (const char* entry : table) {
    const std::string_view e = entry;
    if (e.size() == name.size() && std::equal(e.begin(), e.end(), name.begin(), [](char a, char b) { return (a >= 'A' && a <= 'Z' ? char(a + 32) : a) == b; })) return entry;
  }
  return std::string(name);
}

std::string attribute_name(std::string_view name, Namespace ns) {
  if (ns == Namespace::kHtml) return std::string(name);
  for (const char* entry : kNamespaced) {
    if (name == entry) {
      std::string out(name);
      out[out.find(':')] = ' ';
      return out;
    }
  }
  if (ns == Namespace::kMathml) return name == "definitionurl" ? "definitionURL" : std::string(name);
  return cased(name, kSvgAttributes);
}

void json_string(std::string& out, std::string_view s) {
  out.push_back('"');
  for (unsigned char c : s) {
    if (c == '"' || c == '\\') { out.push_back('\\'); out.push_back(char(c)); }
    else if (c < 0x20) { char buffer[8]; std::snprintf(buffer, sizeof buffer, "\\u%04x", c); out += buffer; }
    else out.push_back(char(c));
  }
  out.push_back('"');
}

class TokenDump final : public TokenSink {
 public:
  TokenDump(NameTable& tags, NameTable& attributes) : tags_(tags), attributes_(attributes) {}
  std::string out = "[";
  void tag(TagToken& t) override {
    flush();
    next();
    out += t.end ? "[\"EndTag\"," : "[\"StartTag\",";
    json_string(out, tags_.name(t.name));
    if (!t.end) {
      out += ",{";
      bool first = true;
      for (const auto& a : t.attributes) {
        if (!first) out += ',';
        first = false;
        json_string(out, attributes_.name(a.name));
        out += ':';
        json_string(out, t.value(a));
      }
      out += '}';
      if (t.self_closing) out += ",true";
    }
    out += ']';
  }
  void characters(std::string_view text) override { text_ += text; }
  void comment(std::string_view text) override {
    flush();
    next();
    out += "[\"Comment\",";
    json_string(out, text);
    out += ']';
  }
  void doctype(const DoctypeToken& d) override {
    flush();
    next();
    out += "[\"DOCTYPE\",";
    const auto maybe = [&](bool has, const std::string& s) { if (has) json_string(out, s); else out += "null"; out += ','; };
    maybe(d.has_name, d.name);
    maybe(d.has_public, d.public_id);
    maybe(d.has_system, d.system_id);
    out += d.force_quirks ? "false]" : "true]";
  }
  void eof() override { flush(); out += ']'; }

 private:
  void next() { if (out.size() > 1) out += ','; }
  void flush() {
    if (text_.empty()) return;
    next();
    out += "[\"Character\",";
    json_string(out, text_);
    out += ']';
    text_.clear();
  }
  std::string text_;
  NameTable& tags_;
  NameTable& attributes_;
};

}  // namespace

std::string dump_tree(const Tree& tree, uint32_t root) {
  std::string out;
  size_t depth = 0;
  const auto line = [&](size_t d) {
    out += "| ";
    out.append(2 * d, ' ');
  };
  bool open_text = false;
  for (uint32_t node = tree.nodes[root].first; node != kNone;) {
    const Node& n = tree.nodes[node];
    if (open_text && !(n.type == NodeType::kText && n.continues)) { out += "\"\n"; open_text = false; }
    switch (n.type) {
      case NodeType::kDoctype: {
        const Doctype& d = tree.doctypes[n.name];
        line(depth);
        out += "<!DOCTYPE " + d.name;
        if (d.has_ids && !(d.public_id.empty() && d.system_id.empty())) out += " \"" + d.public_id + "\" \"" + d.system_id + "\"";
        out += ">\n";
        break;
      }
      case NodeType::kElement: {
        line(depth);
        const auto name = tree.tag_names.name(n.name);
        out += n.ns == Namespace::kSvg ? "<svg " : n.ns == Namespace::kMathml ? "<math " : "<";
        if (n.ns == Namespace::kSvg) out += cased(name, kSvgTags);
        else out += name;
        out += ">\n";
        std::vector<std::pair<std::string, std::string_view>> attributes;
        for (uint32_t i = 0; i < n.size; ++i) {
          const auto& a = tree.attributes[n.begin + i];
          attributes.emplace_back(attribute_name(tree.attribute_names.name(a.name), n.ns), tree.span(a.begin, a.size));
        }
        std::sort(attributes.begin(), attributes.end());
        for (const auto& [key, value] : attributes) {
          line(depth + 1);
          out += key + "=\"" + std::string(value) + "\"\n";
        }
        break;
      }
      case NodeType::kText:
        if (!open_text) { line(depth); out += '"'; }
        open_text = true;
        out += tree.text_of(node);
        break;
      case NodeType::kComment:
        line(depth);
        out += "<!-- " + std::string(tree.text_of(node)) + " -->\n";
        break;
      case NodeType::kContent: line(depth); out += "content\n"; break;
      default: break;
    }
    if (n.first != kNone) { node = n.first; ++depth; continue; }
    while (node != root && tree.nodes[node].next == kNone) { node = tree.nodes[node].parent; --depth; }
    if (node == root) break;
    node = tree.nodes[node].next;
  }
  if (open_text) out += "\"\n";
  return out;
}

std::string dump_tokens(std::string_view input, std::string_view state, std::string_view last_start_tag) {
  NameTable tags(&NameTable::tags()), attributes(&NameTable::attributes());
  TokenDump sink(tags, attributes);
  Tokenizer tokenizer(input, tags, attributes, sink);
  if (state == "PLAINTEXT state") tokenizer.set_state(TokenizerState::kPlaintext);
  else if (state == "RCDATA state") tokenizer.set_state(TokenizerState::kRcdata);
  else if (state == "RAWTEXT state") tokenizer.set_state(TokenizerState::kRawtext);
  else if (state == "Script data state") tokenizer.set_state(TokenizerState::kScriptData);
  else if (state == "CDATA section state") tokenizer.set_state(TokenizerState::kCdata);
  if (!last_start_tag.empty()) tokenizer.set_last_start_tag(tags.intern(last_start_tag));
  tokenizer.run();
  return sink.out;
}

}  // namespace refine::html
