// The measure of infra/extract/measure.ts is the shared tool's, to its last printed digit.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { addScore, noSums, scorePage, scoresOf } from '../../infra/extract/measure.js';
import { CORPORA, loadPages, pagesFolder } from '../../infra/extract/pages.js';
import { randomFrom } from '../../infra/extract/random.js';
import { needsShared, sharedPath } from '../support/shared.js';

const tool = sharedPath('tools', 'score-extraction.mjs');
const round = (x: number) => Math.round(x * 1e4) / 1e4;

for (const corpus of CORPORA) {
  test(`scores of damaged gold equal the tool's: ${corpus}`, { skip: tool === null && needsShared }, () => {
    const random = randomFrom(17);
    const sums = noSums();
    // Gold with parts cut out, doubled and mixed with words of its own: every count is then neither 0 nor all.
    const predicted = loadPages([corpus]).map(({ id, gold }) => {
      const lines = gold.text ? gold.text.split('\n') : [...(gold.with ?? []), ...(gold.without ?? [])];
      const text = lines.flatMap((line) => [[line], [], [line, line], [`${line} and more`], [line.slice(3)]][random(5)]!).join('\n');
      addScore(sums, scorePage(gold, text));
      return JSON.stringify({ id, text });
    });
    const folder = mkdtempSync(join(tmpdir(), 'refine-measure-'));
    try {
      writeFileSync(join(folder, 'predicted.jsonl'), predicted.join('\n'));
      const said = JSON.parse(
        execFileSync(process.execPath, [tool!, join(pagesFolder(), corpus, 'gold.jsonl'), join(folder, 'predicted.jsonl'), '--json'], { encoding: 'utf8' }),
      );
      const { text, prefix, snippets } = scoresOf(sums);
      if (text) assert.deepEqual([text.pages, round(text.precision), round(text.recall), round(text.f1)], [said.pages, said.precision, said.recall, said.f1]);
      if (prefix) assert.deepEqual({ pages: prefix.pages, recall: round(prefix.recall) }, said.prefix);
      if (snippets) assert.deepEqual(Object.fromEntries(Object.entries(snippets).map(([key, value]) => [key, round(value)])), said.snippets);
      assert.ok(text || prefix || snippets);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}
