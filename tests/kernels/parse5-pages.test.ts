// Every real page gives the tree that npm parse5 gives: the shared pages and those of real.warc.gz, decoded by their own
// charset first. A quarter of them by default, all under REFINE_FULL=1. Pages on which parse5's older rules for <select>
// give another tree are listed by name, and shown to differ by nothing else.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { bytesAt, column, native, stringAt } from '../../native/index.js';
import { describeDifference, firstDifference, onlySelectDiffers, parse5Tree } from '../support/parse5-tree.js';
import { realPages } from '../support/real-pages.js';
import { needsShared, sharedPath } from '../support/shared.js';

const full = process.env.REFINE_FULL === '1';
const STEP = full ? 1 : 4;

const ourTree = (text: string) => native.htmlTree(Buffer.from(text), { scripting: false });

/** Page name, or the sha1 of a crawled page's bytes. */
const OLDER_SELECT: readonly string[] = [
  'trafilatura-eval/livenet.ch-sprache',
  'trafilatura-eval/travanto.de.ferienhaus-feinen',
  '7b6d74efda6e775a9a4b7ed92b6d67ae11496d26',
];

/** Names of pages whose trees differ by the rules for <select> alone; fails on any other difference. */
function selectPages(pages: Iterable<readonly [string, Uint8Array, string]>): {
  compared: number;
  differing: string[];
  expected: string[];
} {
  const expected: string[] = [];
  const differing: string[] = [];
  const unexplained: string[] = [];
  let compared = 0;
  for (const [name, bytes, contentType] of pages) {
    compared++;
    if (OLDER_SELECT.includes(name)) expected.push(name);
    const text = Buffer.from(native.decodeBytes(bytes, native.decideCharset(bytes, contentType).encoding)).toString('utf8');
    const difference = firstDifference(ourTree(text), parse5Tree(text));
    if (difference === null) continue;
    if (onlySelectDiffers(text, ourTree)) differing.push(name);
    else unexplained.push(describeDifference(name, difference));
  }
  assert.deepEqual(unexplained, []);
  return { compared, differing, expected };
}

function* sharedPages(folder: string): Generator<readonly [string, Uint8Array, string]> {
  let index = 0;
  for (const corpus of readdirSync(folder).sort()) {
    for (const file of readdirSync(`${folder}/${corpus}`).sort()) {
      if (!file.endsWith('.html.gz') || index++ % STEP !== 0) continue;
      yield [`${corpus}/${file.slice(0, -8)}`, gunzipSync(readFileSync(`${folder}/${corpus}/${file}`)), ''];
    }
  }
}

function* crawledPages(): Generator<readonly [string, Uint8Array, string]> {
  let index = 0;
  for (const batch of realPages(256)!) {
    for (let row = 0; row < batch.rows; row++) {
      if (index++ % STEP !== 0) continue;
      const html = bytesAt(column(batch, 'html', 'binary'), row);
      yield [createHash('sha1').update(html).digest('hex'), html, stringAt(column(batch, 'content_type', 'utf8'), row) ?? ''];
    }
  }
}

const pages = sharedPath('data', 'pages');
test('every shared page gives the tree that parse5 gives, but for <select> on the pages named', pages === null ? { skip: needsShared } : {}, () => {
  const { compared, differing, expected } = selectPages(sharedPages(pages!));
  assert.deepEqual(differing, expected);
  assert.equal(compared, full ? 1589 : 398);
});

test('every page of the crawl gives the tree that parse5 gives, but for <select> on the pages named', pages === null ? { skip: needsShared } : {}, () => {
  const { compared, differing, expected } = selectPages(crawledPages());
  assert.deepEqual(differing, expected);
  assert.equal(compared, full ? 2431 : 608);
});
