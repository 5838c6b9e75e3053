// What a report marks in a dropped document, and which part of it is shown.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fc } from '../support/properties.js';
import { excerpt, marksFor, sharedMarks } from '../../pipeline/report/marks.js';

const marked = (metric: string, text: string, stopWords?: readonly string[]) =>
  marksFor(metric, text, stopWords).marks.map(({ from, to }) => text.slice(from, to));

test('second and later copies of lines are marked, the first is not', () => {
  const text = 'Home\nNews of the day\nHome\nSport\nHome';
  assert.deepEqual(
    marksFor('duplicate-line-fraction', text).marks.map(({ from }) => from),
    [21, 32],
  );
  assert.deepEqual(marked('duplicate-line-character-fraction@datatrove', text), ['Home', 'Home']);
});

test('a repeated paragraph is marked as one piece', () => {
  assert.deepEqual(marked('duplicate-paragraph-fraction', 'a b\nc d\n\nx\n\na b\nc d'), ['a b\nc d']);
});

test('the most frequent n-gram is marked wherever it stands, of equal ones the longest', () => {
  const text = 'buy cheap tickets now, buy cheap tickets here, of it and of it';
  assert.deepEqual(marked('top-2-gram-fraction', text), ['cheap tickets', 'cheap tickets']);
  assert.match(marksFor('top-2-gram-fraction', text).about!, /“cheap tickets”, 2 times/);
  assert.deepEqual(marked('top-3-gram-fraction', 'no words come twice'), []);
});

test('words covered by a repeated n-gram are marked as runs', () => {
  assert.deepEqual(marked('duplicate-5-gram-fraction', 'a b c d e f x a b c d e f'), ['a b c d e f', 'a b c d e f']);
});

test('metrics of lines and words mark what they count', () => {
  const text = '- one\n• two\nthree 4 ### ...\nCookie policy {x}';
  assert.deepEqual(marked('bullet-line-fraction', text), ['- one', '• two']);
  assert.deepEqual(marked('hash-word-ratio', text), ['###']);
  assert.deepEqual(marked('ellipsis-line-fraction', text), ['three 4 ### ...']);
  assert.deepEqual(marked('alphabetic-word-fraction', text), ['-', '•', '4 ### ...', '{x}'].slice(0, 3));
  assert.deepEqual(marked('curly-bracket', text), ['{', '}']);
  assert.deepEqual(marked('stop-word-count', 'The cat and the hat.', ['the', 'and']), ['The', 'and the']);
});

test('a metric that nobody here knows marks nothing', () => {
  assert.deepEqual(marksFor('score-quality', 'text'), { marks: [], about: null });
});

test('a near duplicate is marked where it says what the kept document says', () => {
  const text = 'Own words first. The same five words stand here and there.';
  assert.deepEqual(
    sharedMarks(text, 'Before: The same five words stand here and there. After.').marks.map(({ from, to }) => text.slice(from, to)),
    ['The same five words stand here and there.'],
  );
});

test('an excerpt and the numbers of characters it leaves out make up the text, in order, and no surrogate pair is cut', () => {
  const words = fc
    .array(fc.constantFrom('word', 'a', '\n', ' ', '😀', 'longerword', '\t', '。', 'x'.repeat(90)), { maxLength: 300 })
    .map((list) => list.join(' '));
  fc.assert(
    fc.property(
      words,
      fc.integer({ min: 1, max: 400 }),
      fc.constantFrom('top-2-gram', 'duplicate-5-gram', 'alphabetic', 'duplicate-line'),
      (text, most, metric) => {
        const { marks } = marksFor(metric, text);
        let at = 0;
        for (const piece of excerpt(text, marks, most)) {
          if ('skipped' in piece) {
            assert.ok(piece.skipped > 0);
            at += piece.skipped;
            continue;
          }
          assert.equal(text.slice(at, at + piece.text.length), piece.text);
          assert.ok(!/^[\udc00-\udfff]|[\ud800-\udbff]$/.test(piece.text));
          const covered = marks.some((mark) => mark.from <= at && at + piece.text.length <= mark.to);
          assert.equal(piece.marked, covered);
          at += piece.text.length;
        }
        assert.equal(at, text.length);
      },
    ),
    { numRuns: 300, seed: 5 },
  );
});

test('a text without words of its own, a long line and many marks stay within the size that was asked, but for a word', () => {
  for (const text of ['x'.repeat(60_000), '\n'.repeat(60_000), 'ha '.repeat(20_000), '😀\u200d'.repeat(20_000)]) {
    for (const metric of [
      'top-2-gram-fraction',
      'duplicate-10-gram-fraction',
      'duplicate-line-fraction',
      'mean-word-length',
      'terminal',
      'white-space',
      'e-mail',
    ]) {
      const shown = excerpt(text, marksFor(metric, text).marks, 500).reduce((sum, piece) => sum + ('skipped' in piece ? 0 : piece.text.length), 0);
      assert.ok(shown <= 700, `${metric}: ${shown}`);
    }
  }
});
