// Damaged pages give the tree that npm parse5 gives: 100,000 under REFINE_FULL=1, a share of them by default.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { native } from '../../native/index.js';
import { packageRoot } from '../../native/package-root.js';
import { mutantFrom } from '../support/mutant-pages.js';
import { describeDifference, endTableScopeAtTemplates, firstDifference, onlyEndOfRowsDiffers, onlySelectDiffers, parse5Tree } from '../support/parse5-tree.js';
import { needsShared, sharedPath } from '../support/shared.js';

const full = process.env.REFINE_FULL === '1';
const ourTree = (text: string) => native.htmlTree(Buffer.from(text), { scripting: false });

endTableScopeAtTemplates();

/** Compares mutants [from, to): the share that a known departure of parse5 explains; any other difference fails. */
function shareExplained(pages: readonly string[], from: number, to: number): number {
  let explained = 0;
  for (let number = from; number < to; number++) {
    const text = mutantFrom(pages, number);
    const difference = firstDifference(ourTree(text), parse5Tree(text));
    if (difference === null) continue;
    if (onlySelectDiffers(text, ourTree) || onlyEndOfRowsDiffers(text, ourTree)) explained++;
    else assert.fail(describeDifference(`mutant ${number}: ${JSON.stringify(text)}`, difference));
  }
  return explained / (to - from);
}

test("mutants of the golden pages give the tree that parse5 gives, but where its rules are not the standard's", () => {
  const folder = `${packageRoot}/tests/golden/extract`;
  const pages = readdirSync(folder)
    .sort()
    .map((trait) => readFileSync(`${folder}/${trait}/page.html`, 'utf8'));
  assert.ok(pages.length >= 10);
  assert.ok(shareExplained(pages, 0, full ? 30_000 : 10_000) < 0.02);
});

const folder = sharedPath('data', 'pages');
test("mutants of real pages give the tree that parse5 gives, but where its rules are not the standard's", folder === null ? { skip: needsShared } : {}, () => {
  const pages: string[] = [];
  for (const corpus of readdirSync(folder!).sort()) {
    const files = readdirSync(`${folder}/${corpus}`).filter((name) => name.endsWith('.html.gz'));
    for (let i = 0; i < files.length; i += 11) {
      const bytes = gunzipSync(readFileSync(`${folder}/${corpus}/${files[i]}`));
      if (bytes.length > 0) pages.push(Buffer.from(native.decodeBytes(bytes, native.decideCharset(bytes, '').encoding)).toString('utf8'));
    }
  }
  const mutants = full ? 70_000 : 15_000;
  assert.ok(shareExplained(pages, 1_000_000, 1_000_000 + mutants) < 0.001);
});
