// What a summary warns of: rules that never decided on 10,000 documents or more, steps that let nothing through.
import assert from 'node:assert/strict';
import test from 'node:test';
import { funnelWarnings } from '../../pipeline/funnel-warnings.js';
import { loadSteps } from '../../pipeline/registry.js';
import { statsText } from '../../pipeline/stats-text.js';

const registry = await loadSteps();
const env = { seed: 0n, baseDir: '.', device: 'cpu' } as const;
const step = (stage: string, options: unknown, name = stage) => ({ name, stage: registry.get(stage), options: registry.get(stage)!.schema.parse(options) });
const LANGID = step('langid', { keep: ['en'], 'min-prob': 0.65 });
const RULES = step('rules', { drop: { dense: 'lang_prob > 2', long: 'lang_prob < 1' } });
const counts = (name: string, rowsIn: number, drops: Record<string, number>) => ({
  step: name,
  in: rowsIn,
  out: rowsIn - Object.values(drops).reduce((a, b) => a + b, 0),
  drops,
});

test('a rule that never fired on 10,000 documents is named, on 9,999 it is not', () => {
  assert.deepEqual(funnelWarnings([counts('rules', 10_000, { 'rules/long': 7 })], [RULES], env), [
    'rules: of 10,000 documents none was dropped for dense. Is the threshold meant so?',
  ]);
  assert.deepEqual(funnelWarnings([counts('rules', 9_999, { 'rules/long': 7 })], [RULES], env), []);
  assert.deepEqual(funnelWarnings([counts('langid', 1_234_567, { 'langid/wrong-language': 7 })], [LANGID], env), [
    'langid: of 1,234,567 documents none was dropped for unsure-language. Is the threshold meant so?',
  ]);
  assert.deepEqual(funnelWarnings([counts('langid', 1_234_567, {})], [step('langid', {})], env), [], 'a step without a threshold has no rule');
  assert.deepEqual(funnelWarnings([counts('other', 20_000, {})], [{ name: 'other', stage: undefined, options: {} }], env), []);
});

test('a step that dropped everything is named with its first reason', () => {
  assert.deepEqual(
    funnelWarnings([counts('langid', 30, { 'langid/unsure-language': 10, 'langid/wrong-language': 20 }), counts('rules', 0, {})], [LANGID, RULES], env),
    ['langid dropped all 30 documents that came to it, 20 as langid/wrong-language.'],
  );
});

test('stats shows them below the funnel', () => {
  const none = {
    documents: { in: 0, out: 0 },
    tokens: null,
    shards: 0,
    bytes: { text: 0, tokens: 0 },
    langs: {},
    hosts: { distinct: 0, entropy: 0, top: [] },
    lengths: {},
  };
  assert.match(statsText({ ...none, steps: [], warnings: ['x dropped all 3 documents that came to it.'] }), /warnings\n {2}x dropped all 3/);
});
