// The WARC room's unit tests: digests against published vectors, decoders at buffer ends, records from hand-made bytes.
#include <string>

#include "../header_fields.h"
#include "../http.h"
#include "../record.h"
#include "../zstd.h"
#include "refine/content_coding.h"
#include "refine/digest.h"
#include "refine/warc.h"
#include "../../testing/check.h"

using namespace refine;

namespace {

std::string digest_of(DigestKind kind, std::string_view text) {
  Hasher hasher(kind);
  hasher.update(text);
  return hex(hasher.finish());
}

void digests() {
  for (const bool simd : {false, true}) {
    use_instruction_sets(simd);
    // RFC 1321, FIPS 180-4 and RFC 1952 examples
    CHECK_EQ(digest_of(DigestKind::kMd5, "message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
    CHECK_EQ(digest_of(DigestKind::kSha1, "abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
    CHECK_EQ(digest_of(DigestKind::kSha1, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"), "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
    CHECK_EQ(digest_of(DigestKind::kSha256, ""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK_EQ(digest_of(DigestKind::kSha256, "abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK_EQ(crc32(0, reinterpret_cast<const uint8_t*>("123456789"), 9), 0xCBF43926u);
  }
  CHECK_EQ(adler32(1, reinterpret_cast<const uint8_t*>("Wikipedia"), 9), 0x11E60398u);
  std::string bytes;
  for (int i = 0; i < 700; ++i) {
    bytes += char(i * 31 + (i >> 3));
    std::string found[2][4];
    for (const bool simd : {false, true}) {  // every size, and the pair of a text and its tail
      use_instruction_sets(simd);
      found[simd][0] = digest_of(DigestKind::kSha1, bytes) + digest_of(DigestKind::kSha256, bytes);
      found[simd][1] = std::to_string(crc32(7, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()));
      sha1_pair(bytes, std::string_view(bytes).substr(size_t(i) / 3), &found[simd][2], &found[simd][3]);
    }
    for (int k = 0; k < 4; ++k) CHECK(found[0][k] == found[1][k]);
    CHECK(hex(found[1][3]) == digest_of(DigestKind::kSha1, std::string_view(bytes).substr(size_t(i) / 3)));
  }
  CHECK_EQ(base32("foobar"), "MZXW6YTBOI");  // RFC 4648 section 10, unpadded
  DigestKind kind;
  std::string raw;
  CHECK(parse_digest("sha1:37GMKXKHHDJPSDB2B2EIEB3HBTLYO2CF", &kind, &raw) == DigestParse::kOk);
  CHECK_EQ(hex(raw), "dfccc55d4738d2f90c3a0e888207670cd7876845");
  CHECK(parse_digest("SHA-1: dfccc55d4738d2f90c3a0e888207670cd7876845", &kind, &raw) == DigestParse::kOk);
  CHECK(parse_digest("sha-256:abc", &kind, &raw) == DigestParse::kMalformed);
  CHECK(parse_digest("blake3:abc", &kind, &raw) == DigestParse::kUnknownAlgorithm);
}

void heads() {
  Fields fields;
  const std::string text = "A: 1\r\nB:\r\n\t2\n 3\nno colon\r\nC : x\r\r\n\r\nbody";
  CHECK_EQ(parse_fields(text, &fields), text.size() - 4);
  CHECK_EQ(fields.list.size(), 3u);
  CHECK_EQ(*fields.find("b"), "2 3");
  CHECK_EQ(*fields.find("c"), "x");
  CHECK(fields.bad_lines);
  CHECK_EQ(find_head_end("a\r\n\r\nb", 0), 5u);
  CHECK_EQ(find_head_end("a\n\nb", 0), 3u);
  CHECK_EQ(find_head_end("a\r\r\n\r\r\nb", 0), 7u);
  CHECK_EQ(find_head_end("a\r\nb", 0), std::string_view::npos);

  HttpHead head;
  parse_http_head("HTTP/1.1 200\nX: y\n\nbody", false, &head);
  CHECK(head.present && head.status == 200);
  CHECK_EQ(head.length, 19u);
  parse_http_head("SSH-2.0-OpenSSH_5.3p1 Debian-3ubuntu3\r\n", false, &head);
  CHECK(!head.present);

  std::string out;
  CHECK(decode_chunked("4;x=y\r\nWiki\r\n5\r\npedia\r\n0\r\nT: 1\r\n\r\n", 100, &out) == Chunking::kOk);
  CHECK_EQ(out, "Wikipedia");
  CHECK(decode_chunked("<html>\nhello", 100, &out) == Chunking::kNone);
  CHECK(decode_chunked("4\r\nWiki\r\n5\r\nped", 100, &out) == Chunking::kTruncated);
  CHECK_EQ(out, "Wikiped");
  CHECK(decode_chunked("4\r\nWiki\r\nzz\r\nrest", 100, &out) == Chunking::kBroken);
  CHECK_EQ(out, "Wikizz\r\nrest");
  CHECK(decode_chunked("ffffffffffffffff\r\nx", 100, &out) == Chunking::kNone);
  CHECK(sniffs_as_html(" \n<!DOCTYPE HTML>"));
  CHECK(sniffs_as_html("<!--"));
  CHECK(!sniffs_as_html("<article>"));
  CHECK(!sniffs_as_html("<b"));
  CHECK_EQ(media_type("Text/HTML ; charset=x"), "text/html");
}

void dates() {
  int64_t seconds = 0;
  CHECK(parse_date("2024-05-18T00:00:01Z", &seconds) && seconds == 1715990401);
  CHECK(parse_date("2024-05-18T02:00:01.123+02:00", &seconds) && seconds == 1715990401);
  CHECK(parse_date("20240518000001", &seconds) && seconds == 1715990401);
  CHECK(parse_date("2024-05", &seconds) && seconds == 1714521600);
  CHECK(parse_date("1969-12-31T23:59:59Z", &seconds) && seconds == -1);
  for (const char* bad : {"", "yesterday", "2024-13-01", "2024-05-18T00:61:00Z", "2024-05-18T00:00:00 GMT"}) CHECK(!parse_date(bad, &seconds));
}

struct Got {
  std::string text, error;
};

Got read_all(const std::string& file, size_t cut) {
  WarcOptions options;
  options.records = true;
  options.payloads = true;
  options.base_name = "f";
  WarcReader reader(options);
  Got got;
  const auto drain = [&] {
    for (const RecordInfo& record : reader.records())
      got.text += record.type + "@" + std::to_string(record.offset) + "+" + std::to_string(record.length) + (record.damage ? std::string("!") + record.damage : "") + "=" + record.payload + ";";
    reader.records().clear();
    for (const DamageEntry& entry : reader.damage()) got.text += std::string("#") + entry.code + "@" + std::to_string(entry.offset) + "+" + std::to_string(entry.length) + ";";
    reader.damage().clear();
  };
  for (size_t at = 0; at < file.size(); at += cut) {
    size_t consumed = 0;
    const std::string piece = file.substr(at, cut);
    Status status = reader.push(reinterpret_cast<const uint8_t*>(piece.data()), piece.size(), &consumed);
    if (!status.ok()) return {got.text, status.code};
    CHECK_EQ(consumed, piece.size());
  }
  while (!reader.done()) {
    Status status = reader.finish();
    drain();
    if (!status.ok()) return {got.text, status.code};
  }
  return got;
}

std::string record_of(const std::string& type, const std::string& block, int length_error = 0) {
  return "WARC/1.0\r\nWARC-Type: " + type + "\r\nContent-Length: " + std::to_string(int(block.size()) + length_error) + "\r\n\r\n" + block + "\r\n\r\n";
}

void records() {
  const std::string a = record_of("metadata", "one"), b = record_of("resource", "two");
  const std::string at_b = "resource@" + std::to_string(a.size()) + "+" + std::to_string(b.size()) + "=two;";
  for (const size_t cut : {size_t(1), size_t(7), size_t(1000)}) {
    CHECK_EQ(read_all(a + b, cut).text, "metadata@0+" + std::to_string(a.size()) + "=one;" + at_b);
    // A length that overruns the record: the next one is found inside the block.
    const std::string over = record_of("metadata", "one", 5);
    CHECK_EQ(read_all(over + b, cut).text, "metadata@0+" + std::to_string(over.size()) + "!bad-length=;" + at_b);
    // One that falls short: the record is kept, what it left is damage.
    const std::string shy = record_of("metadata", "one", -2);
    CHECK_EQ(read_all(shy + b, cut).text, "metadata@0+" + std::to_string(shy.size() - 6) + "=o;" + at_b + "#no-record@" + std::to_string(shy.size() - 6) + "+6;");
    // A file cut inside its last block.
    CHECK_EQ(read_all(a + b.substr(0, b.size() - 5), cut).text, "metadata@0+" + std::to_string(a.size()) + "=one;resource@" + std::to_string(a.size()) + "+" + std::to_string(b.size() - 5) + "!truncated=;");
    CHECK_EQ(read_all(a + "WARC/1.0\r\nWARC-Ty", cut).text, "metadata@0+" + std::to_string(a.size()) + "=one;#truncated-head@" + std::to_string(a.size()) + "+17;");
    CHECK_EQ(read_all("", cut).error, "ERR_REFINE_INPUT");
    CHECK_EQ(read_all(std::string(100, '\0'), cut).error, "ERR_REFINE_INPUT");
    CHECK_EQ(read_all(std::string("PK\x03\x04", 4) + "xxxxxxxx", cut).error, "ERR_REFINE_INPUT");
  }
  CHECK_EQ(read_all(std::string(70000, '\0') + a, 4096).error, "ERR_REFINE_INPUT");  // nothing in the first 64 KiB
}

void coders() {
  std::string out;
  // Fixed Huffman, `a` and a match at distance 1 (zlib gives nine bytes for these four).
  const std::string raw("\x4b\x84\x01\x00", 4);
  CHECK(decode_deflate(raw, 100, out) == DecodeResult::kOk);
  CHECK_EQ(out, "aaaaaaaaa");
  CHECK(decode_deflate(raw, 8, out) == DecodeResult::kTooLarge);
  CHECK(decode_deflate(std::string_view(raw).substr(0, 2), 100, out) == DecodeResult::kTruncated);
  CHECK(decode_deflate("\x07", 100, out) == DecodeResult::kBad);
  CHECK(decode_gzip("\x1f\x8b\x08", 100, out) == DecodeResult::kTruncated);
  // A raw block `hi` and an RLE block of five x, single segment of seven bytes (RFC 8878 by hand).
  const std::string frame("\x28\xb5\x2f\xfd\x20\x07\x10\x00\x00hi\x2b\x00\x00x", 15);
  CHECK(zstd::decode(frame, 100, out) == DecodeResult::kOk);
  CHECK_EQ(out, "hixxxxx");
  CHECK(zstd::decode(frame, 6, out) == DecodeResult::kTooLarge);
  for (size_t size = 0; size < frame.size(); ++size) CHECK(zstd::decode(std::string_view(frame).substr(0, size), 100, out) == (size == 0 ? DecodeResult::kOk : DecodeResult::kTruncated));
  zstd::XxHash64 hash;
  hash.update(reinterpret_cast<const uint8_t*>("a"), 1);
  CHECK_EQ(hash.finish(), 0xD24EC4F1A98C6E5Bull);  // the reference implementation's sanity value
}

}  // namespace

int main() {
  digests();
  heads();
  dates();
  records();
  coders();
  return refine::testing::report();
}
