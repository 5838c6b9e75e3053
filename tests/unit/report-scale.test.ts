// The cells of a report's distributions, their numbers, and markup that cannot be broken out of.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fc } from '../support/properties.js';
import { parseFragment } from 'parse5';
import { html } from '../../pipeline/report/markup.js';
import { after, byteSize, cellOf, edgesOf, percent, short } from '../../pipeline/report/scale.js';
import { Sketch } from '../../pipeline/report/sketch.js';

const values = fc.oneof(
  fc.array(fc.float({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 200 }).map((list) => Float32Array.from(list)),
  fc.array(fc.float({ min: -1000, max: 1000, noNaN: true }), { minLength: 1, maxLength: 200 }).map((list) => Float32Array.from(list)),
  fc.array(fc.integer({ min: 0, max: 200_000 }), { minLength: 1, maxLength: 200 }).map((list) => Uint32Array.from(list)),
);

test('a sketch has the exact ends and quantiles within 0.8 %', () => {
  fc.assert(
    fc.property(values, fc.double({ min: 0.01, max: 0.99, noNaN: true }), (column, q) => {
      const sketch = new Sketch(column);
      for (const value of column) sketch.add(value);
      const sorted = [...column].sort((a, b) => a - b);
      assert.equal(sketch.min, sorted[0]! + 0);
      assert.equal(sketch.max, sorted.at(-1)! + 0);
      const exact = sorted[Math.ceil(q * sorted.length) - 1]!;
      assert.ok(Math.abs(sketch.quantile(q) - exact) <= Math.abs(exact) * 0.008 + (sketch.kind === 'whole' ? 1 : 1e-37), `${sketch.quantile(q)} for ${exact}`);
    }),
    { numRuns: 300, seed: 1 },
  );
});

test('edges ascend, thresholds lie on them, and the documents between edges are those that comparing finds', () => {
  const cuts = fc.oneof(
    fc.constant([]),
    fc.double({ min: 0, max: 1, noNaN: true }).map((threshold) => [{ op: 'max' as const, threshold: Number(threshold.toFixed(3)) }]),
    fc.double({ min: 0, max: 1, noNaN: true }).map((threshold) => [{ op: 'min' as const, threshold: Number(threshold.toFixed(3)) }]),
    fc.constant([
      { op: 'min' as const, threshold: 50 },
      { op: 'max' as const, threshold: 100_000 },
    ]),
  );
  fc.assert(
    fc.property(values, cuts, (column, limits) => {
      const sketch = new Sketch(column);
      for (const value of column) sketch.add(value);
      const { edges, firstUpper } = edgesOf(sketch, limits);
      const at = Float64Array.from(edges, (edge) => edge.at);
      for (let i = 1; i < at.length; i++) assert.ok(at[i - 1]! < at[i]!, `${at[i - 1]} < ${at[i]}`);
      assert.ok(edges.length >= 2 && edges.length < 140, String(edges.length));
      const counts = new Array<number>(edges.length - 1).fill(0);
      for (const value of column) counts[cellOf(at, value)]!++;
      const before = (edge: number) => counts.slice(0, edge).reduce((a, b) => a + b, 0);
      for (const { op, threshold } of limits) {
        const edge = edges.findIndex(({ label }, i) => label === threshold && i >= firstUpper === (op === 'max'));
        if (edge < 0) {
          assert.ok(threshold > 4 * sketch.max && threshold > 1, `no edge at ${op} ${threshold}`);
          continue;
        }
        const single = column instanceof Float32Array ? Math.fround(threshold) : threshold;
        const passes = [...column].filter((value) => (op === 'max' ? value <= single : value >= single)).length;
        assert.equal(op === 'max' ? before(edge) : column.length - before(edge), passes);
      }
    }),
    { numRuns: 500, seed: 2 },
  );
});

test('the value after another is the next of its kind', () => {
  assert.equal(after(0.5, 'float32'), 0.5 + 2 ** -24);
  assert.equal(after(-0.5, 'float32'), -0.5 + 2 ** -25);
  assert.equal(after(0, 'float32'), 2 ** -149);
  assert.equal(after(1, 'float64'), 1 + 2 ** -52);
  assert.equal(after(7, 'whole'), 8);
});

test('numbers read as people write them', () => {
  assert.deepEqual([0, 0.153, 0.00001234, 12.3456, 1234.5, -3, 1e12].map(short), ['0', '0.153', '1.23e−5', '12.35', '1,235', '−3', '1.00e12']);
  assert.deepEqual(
    [percent(1, 3), percent(1, 100_000), percent(999_999, 1_000_000), percent(0, 5), percent(5, 5), percent(0, 0)],
    ['33.3 %', '< 0.01 %', '> 99.9 %', '0 %', '100 %', '–'],
  );
  assert.deepEqual([byteSize(999), byteSize(45_953_733), byteSize(2e12)], ['999 bytes', '46.0 MB', '2.0 TB']);
});

test('whatever string is put into markup comes out as that text and nothing else', () => {
  const nasty = fc.array(
    fc.oneof(
      fc.constantFrom('<', '>', '&', '"', "'", '`', '</div>', '<script>', '&lt;', '&#60;', '${', '-->', ']]>', '\n', 'text'),
      fc.string({ unit: 'grapheme' }),
    ),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(nasty, (parts) => {
      const text = parts.join('');
      const { childNodes } = parseFragment(html`<p title="${text}">${text}</p>`.text);
      assert.equal(childNodes.length, 1);
      const [node] = childNodes as unknown as { attrs: { name: string; value: string }[]; childNodes: { nodeName: string; value: string }[] }[];
      assert.equal(node!.attrs.length, 1);
      assert.ok(node!.childNodes.every((child) => child.nodeName === '#text'));
      const shown = node!.childNodes.map((child) => child.value).join('');
      assert.equal(node!.attrs[0]!.value, shown);
      assert.equal(
        shown.replace(/⟦U\+([0-9A-F]+)⟧/g, (_, code: string) => String.fromCodePoint(Number.parseInt(code, 16))),
        text,
      );
    }),
    { numRuns: 500, seed: 3 },
  );
});
