// The JSON reader: values as written, damage tolerated, work counted by the tape it leaves.
#include "../json.h"

#include "../../testing/check.h"

using namespace refine::html;

static std::string dump(const Json& json, uint32_t at) {
  switch (json[at].type) {
    case JsonType::kString: return "'" + json.text(at, 1000) + "'";
    case JsonType::kObject: case JsonType::kArray: {
      const bool object = json[at].type == JsonType::kObject;
      std::string out = object ? "{" : "[";
      for (uint32_t child = at + 1; child < json[at].end; child = json[child].end) {
        if (out.size() > 1) out += ",";
        if (object) out += std::string(json.key(child)) + ":";
        out += dump(json, child);
      }
      return out + (object ? "}" : "]");
    }
    default: return std::string(json.raw(at));
  }
}
static std::string read(std::string_view source) {
  const Json json(source);
  std::string out;
  for (uint32_t at = 0; at < json.size(); at = json[at].end) out += (at ? " " : "") + dump(json, at);
  return out;
}

int main() {
  CHECK_EQ(read(R"({"a": 1, "b": [true, null, -2.5e3, "x"], "c": {}})"), "{a:1,b:[true,null,-2.5e3,'x'],c:{}}");
  CHECK_EQ(read(R"(["\u00e9\ud83d\ude00\n\/\"\\ \ud800 \uZZ"])"), "['\xC3\xA9\xF0\x9F\x98\x80\n/\"\\ \xEF\xBF\xBD uZZ']");
  CHECK_EQ(read(""), "");
  CHECK_EQ(read("  \n"), "");
  // What hides scripts from old browsers, and comments.
  CHECK_EQ(read("<!-- {\"a\":1} -->"), "{a:1}");
  CHECK_EQ(read("//<![CDATA[\n{\"a\":1}\n//]]>"), "{a:1}");
  CHECK_EQ(read("/* <![CDATA[ */ {\"a\": /* note */ 1} /* ]]> */"), "{a:1}");
  CHECK_EQ(read("{\"a\":1, // a note, with \"quotes\"\n\"b\":2}"), "{a:1,b:2}");
  CHECK_EQ(read("{\"u\":\"https://example.org/*x*/\"}"), "{u:'https://example.org/*x*/'}");
  // Damage.
  CHECK_EQ(read("{\"a\":\"one\ntwo\",\"b\":2,}"), "{a:'one\ntwo',b:2}");
  CHECK_EQ(read("{\"a\":\"he said \"no\" and left\",\"b\":2}"), "{a:'he said \"no\" and left',b:2}");
  CHECK_EQ(read("{\"a\":\"he said \"no\", and left\",\"b\":2}"), "{a:'he said \"no\", and left',b:2}");
  CHECK_EQ(read("{\"a\":\"x\"\n\"b\":\"y\"}"), "{a:'x',b:'y'}");
  CHECK_EQ(read("{\"a\":1}{\"b\":2}"), "{a:1} {b:2}");
  CHECK_EQ(read("{\"a\":[1,2"), "{a:[1,2]}");
  CHECK_EQ(read("{\"a\":\"cut"), "{a:'cut'}");
  CHECK_EQ(read("]}{\"a\":1}"), "{a:1}");
  CHECK_EQ(read("{a: 1, \"b\" : }"), "{a:1}");
  CHECK_EQ(read("{\"a\":1};"), "{a:1}");
  // Depth and number are bounded, and what is behind a deep part is still read.
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "[";
  CHECK_EQ(Json(deep).size(), kJsonDepth);
  std::string nested = "{\"x\":", after;
  for (int i = 0; i < 1000; ++i) { nested += "{\"y\":[\"a\",{\"b\":\"c\"},"; after += "]}"; }
  const std::string whole = nested + "1" + after + ",\"z\":\"end\"}";
  const Json json(whole);
  CHECK_EQ(json.text(json.member(0, "z"), 10), "end");
  std::string many = "[";
  for (int i = 0; i < 200'000; ++i) many += "1,";
  CHECK_EQ(Json(many).size(), kJsonValues);
  // A string is cut at a code point.
  const Json wide("[\"\xC3\xA9\xC3\xA9\"]");
  CHECK_EQ(wide.text(1, 3), "\xC3\xA9");
  const Json odd(R"(["a\€b"])");  // an escape that JSON does not know, before a code point of three bytes
  CHECK_EQ(odd.text(1, 10), "a€b");
  for (const size_t limit : {2, 3, 4}) CHECK_EQ(odd.text(1, limit), "a€");
  CHECK(wide.member(0, "a") == wide.size());
  return refine::testing::report();
}
