// The page's part on readiness: what the proxy run found, with its limit, and nothing that breaks out of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readinessSection } from '../../pipeline/report/page-readiness.js';

const base = { ok: true, checks: ['ids'], findings: [] };
const limit = 'rank correlation .89 for 15 M, .73 for 1 M';
const curve = (run: string, seed: number) => ({
  run,
  seed,
  verdict: { kind: 'trained' },
  curve: [
    [1, 8.5, 1],
    [2, 7.25, 0.5],
  ] as [number, number, number][],
  bitsPerByte: { 'a/third.jsonl': 3.5 },
});

test('a proxy run stands on the page with its curve, verdict, rule and limit', () => {
  const against = { run: 'raw<b>', rule: 'the rule', verdict: 'undecided', mean: -0.002, margin: 0.0237 };
  const { text } = readinessSection({ ...base, proxy: { steps: 80, limit, runs: [curve('clean', 1), curve('raw<b>', 1)], against } });
  assert.match(text, /<strong>undecided<\/strong> \(−0\.0020 bits a byte, ± 0\.0237 over seeds; the rule\)/);
  assert.match(text, /<bdi>clean<\/bdi><\/th><td>1<\/td><td>8\.50<\/td><td>7\.25<\/td><td>0\.50<\/td><td>3\.500<\/td>/);
  assert.match(text, /Bits a byte, third\.jsonl/);
  assert.ok(text.includes(limit) && !text.includes('raw<b>'));
});

test('a gap between two models has its limit beside it, and a run that was asked for neither has no such words', () => {
  const { text } = readinessSection({ ...base, gap: { models: ['reference', 'small'], total: { gap: 0.25 }, limit } });
  assert.match(text, /<bdi>small<\/bdi> needs \+0\.2500 bits a byte beside <bdi>reference<\/bdi>/);
  assert.ok(text.includes(limit));
  assert.doesNotMatch(readinessSection(base).text, /decoders|bits a byte/);
});
