// Which step of a segment let no document through, from what its map tasks counted. Expectations by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brokenStep } from '../../pipeline/broken-steps.js';
import type { Segment } from '../../pipeline/segments.js';
import type { CrashedPage } from '../../pipeline/types.js';

const named = (...names: string[]) => names.map((name) => ({ name }));
const segment = { index: 0, stages: named('url', 'extract'), barriers: named('same-url', 'near-text'), ranked: null } as unknown as Segment;

/** `into`: documents that came to each stage, those that were lost there included. */
function entry(into: Record<string, number>, rowsOut: number, lost: Record<string, number> = {}) {
  const crashed = Object.entries(lost).flatMap(([step, n]) =>
    Array.from({ length: n }, (_, row): CrashedPage & { id: null } => ({ step, row, reason: 'crashed', how: `${step} ${row}`, id: null })),
  );
  const steps = Object.entries(into).map(([step, n]) => ({ step, in: n, out: n - (lost[step] ?? 0), drops: {}, wallMs: 0 }));
  return { rowsOut, steps, ...(crashed.length === 0 ? {} : { crashed }) };
}

test('a stage that lost every document that came to it, two at least, is broken; one that let one through or lost only one is not', () => {
  assert.deepEqual(brokenStep(segment, [entry({ url: 5, extract: 3 }, 0, { extract: 3 })]), { step: 'extract', documents: 3, how: 'extract 0' });
  assert.equal(brokenStep(segment, [entry({ url: 5, extract: 4 }, 1, { extract: 3 })]), null);
  assert.equal(brokenStep(segment, [entry({ url: 1, extract: 1 }, 0, { extract: 1 })]), null);
  assert.equal(brokenStep(segment, [entry({ url: 5, extract: 5 }, 0)]), null, 'dropped by rules');
  assert.equal(brokenStep(segment, []), null);
});

test('inputs are judged together: what came through in one of them clears the step for all', () => {
  const one = entry({ url: 1, extract: 1 }, 0, { extract: 1 });
  assert.deepEqual(brokenStep(segment, [one, one, entry({ url: 9 }, 0)]), { step: 'extract', documents: 2, how: 'extract 0' });
  assert.equal(brokenStep(segment, [one, one, entry({ url: 9, extract: 1 }, 0)]), null);
});

test("a barrier's map is judged by what entered it: documents left and those that a later barrier's map lost", () => {
  // Counts of a barrier's map hold only the documents that may not enter: `in` equals what was lost.
  assert.equal(brokenStep(segment, [entry({ url: 6, extract: 6, 'same-url': 2 }, 4, { 'same-url': 2 })]), null);
  assert.deepEqual(brokenStep(segment, [entry({ url: 2, extract: 2, 'same-url': 2 }, 0, { 'same-url': 2 })])?.step, 'same-url');
  const both = entry({ url: 5, extract: 5, 'same-url': 2, 'near-text': 3 }, 0, { 'same-url': 2, 'near-text': 3 });
  assert.deepEqual(brokenStep(segment, [both])?.step, 'near-text', 'three came through same-url');
});

test('a step that scores before ranks are made is judged like a barrier', () => {
  const ranked = { ...segment, barriers: [], ranked: { step: { name: 'quality' }, requests: [] } } as unknown as Segment;
  assert.deepEqual(brokenStep(ranked, [entry({ url: 2, extract: 2, quality: 2 }, 0, { quality: 2 })])?.step, 'quality');
  assert.equal(brokenStep(ranked, [entry({ url: 3, extract: 3, quality: 2 }, 1, { quality: 2 })]), null);
});
