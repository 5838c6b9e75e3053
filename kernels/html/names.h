// Tag and attribute names as small integers. Known names have the fixed ids below; others are interned per document,
// so equal names are equal integers and an id >= kFirstUnknown is never a name the rules know.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace refine::html {

#define REFINE_HTML_TAGS(X) \
  X(a) X(abbr) X(acronym) X(address) X(applet) X(area) X(article) X(aside) X(audio) X(b) X(base) X(basefont) X(bdi) X(bdo) X(bgsound) X(big) \
  X(blink) X(blockquote) X(body) X(br) X(button) X(canvas) X(caption) X(center) X(cite) X(code) X(col) X(colgroup) X(data) X(datalist) X(dd) \
  X(del) X(details) X(dfn) X(dialog) X(dir) X(div) X(dl) X(dt) X(em) X(embed) X(fieldset) X(figcaption) X(figure) X(font) X(footer) X(form) \
  X(frame) X(frameset) X(h1) X(h2) X(h3) X(h4) X(h5) X(h6) X(head) X(header) X(hgroup) X(hr) X(html) X(i) X(iframe) X(image) X(img) X(input) \
  X(ins) X(kbd) X(keygen) X(label) X(legend) X(li) X(link) X(listing) X(main) X(map) X(mark) X(marquee) X(menu) X(menuitem) X(meta) X(meter) \
  X(nav) X(nobr) X(noembed) X(noframes) X(noscript) X(object) X(ol) X(optgroup) X(option) X(output) X(p) X(param) X(picture) X(plaintext) \
  X(pre) X(progress) X(q) X(rb) X(rp) X(rt) X(rtc) X(ruby) X(s) X(samp) X(script) X(search) X(section) X(select) X(slot) X(small) X(source) \
  X(span) X(strike) X(strong) X(style) X(sub) X(summary) X(sup) X(svg) X(table) X(tbody) X(td) X(textarea) X(tfoot) X(th) X(thead) X(time) \
  X(title) X(tr) X(track) X(tt) X(u) X(ul) X(var) X(video) X(wbr) X(xmp) X(math) X(mi) X(mo) X(mn) X(ms) X(mtext) X(malignmark) X(mglyph) \
  X(foreignobject) X(desc) X(amp) X(selectedcontent)

#define REFINE_HTML_ATTRIBUTES(X) \
  X(id) X(class_) X(href) X(rel) X(name) X(content) X(property) X(itemprop) X(itemtype) X(role) X(style) X(hidden) X(lang) X(datetime) \
  X(type) X(title) X(encoding) X(color) X(face) X(size) X(charset) X(src) X(alt) X(start) X(value) X(selected) X(disabled) X(multiple)

enum Tag : uint32_t {
  kNoTag = 0,
#define X(name) k_##name,
  REFINE_HTML_TAGS(X)
#undef X
  k_annotation_xml, k_template, kFirstUnknownTag
};
enum Attribute : uint32_t {
  kNoAttribute = 0,
#define X(name) kAttr_##name,
  REFINE_HTML_ATTRIBUTES(X)
#undef X
  kAttr_aria_hidden, kAttr_xml_lang, kFirstUnknownAttribute
};

// An open-addressed table from name to id; a name of up to 16 bytes is its own key. Ids below the fixed count come from the
// static table. A page names its own tags and attributes, so their hash is salted with the page (see names.cpp); ids are in
// order of first sight.
class NameTable {
 public:
  explicit NameTable(const NameTable* fixed = nullptr);
  void clear(std::string_view page);  // forgets the page's names; `page` salts the next ones and must outlive them
  // The id of the name in ASCII lower case, NUL as U+FFFD.
  uint32_t intern(std::string_view name);
  std::string_view name(uint32_t id) const;
  size_t size() const { return base_ + entries_.size(); }
  size_t bytes() const { return bytes_.capacity() + entries_.capacity() * sizeof(Entry) + slots_.capacity() * sizeof(uint32_t); }
  static const NameTable& tags();
  static const NameTable& attributes();

 private:
  struct Key { uint64_t low, high; };
  struct Entry { Key key; uint32_t begin, size; };
  uint32_t intern_lower(std::string_view name, Key key);
  uint32_t find(std::string_view name, Key key, uint64_t hash) const;
  uint64_t hash_of(Key key) const;
  Key key_of_long(std::string_view name) const;
  void place(uint32_t entry);
  const NameTable* fixed_;
  uint32_t base_;
  std::string_view page_;
  uint64_t salt_ = 0;
  std::string bytes_;
  std::vector<Entry> entries_;
  std::vector<uint32_t> slots_;  // entry index + 1
};

}  // namespace refine::html
