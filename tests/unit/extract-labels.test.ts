// Labels of blocks from gold, on written pages: what the gold says, and where it says nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { align } from '../../infra/extract/align.js';
import { labelBlocks, spread } from '../../infra/extract/labels.js';
import { wordsOf } from '../../infra/extract/measure.js';
import type { Gold } from '../../infra/extract/pages.js';

const gold = (given: Partial<Gold>): Gold => ({ id: 'a', url: null, sha1: '0', ...given });
/** M main text, C not, ? unknown: one letter a block. */
const letters = (texts: readonly string[], given: Partial<Gold>): string => {
  const { label, weight } = labelBlocks(texts, gold(given));
  return texts.map((_, block) => (weight[block] === 0 ? '?' : label[block] === 1 ? 'M' : 'C')).join('');
};

const story = [
  'The ferry returned to the island on Tuesday after four months in the yard.',
  'Repairs',
  'Engineers replaced both of its engines and most of the deck.',
  'Passengers can book again from Friday, the company said in a statement.',
];
const body = story.join('\n');

test('blocks of the gold text are main text, and the others are not', () => {
  const page = ['Home', 'News and weather from the coast every day', ...story, 'Share', 'More stories that you may like to read'];
  assert.equal(letters(page, { text: body }), 'CCMMMMCC');
});

test('a short block is main text only where the gold has it at that place', () => {
  const page = ['Repairs', story[0]!, 'Repairs', story[2]!, story[3]!, 'Repairs'];
  assert.equal(letters(page, { text: body }), 'CMMMMC');
});

test('two or three words that the gold has elsewhere are not judged', () => {
  const page = ['the company said', story[0]!, 'Read more now', ...story.slice(1)];
  assert.equal(letters(page, { text: body }), '?MCMMM');
});

test('a second copy of a paragraph is not judged, whichever stands in order', () => {
  assert.equal(letters([story[3]!, 'Latest news from all of the coast', ...story], { text: body }), '?CMMMM');
  assert.equal(letters([...story, story[0]!], { text: body }), 'MMMM?');
});

test('a block that is partly in the gold is not judged', () => {
  const mixed = `${story[2]} By our reporter.`;
  assert.equal(letters([story[0]!, story[1]!, mixed, story[3]!], { text: body })[2], 'M'); // more than half
  const mostly = `Advertisement: buy tickets for the winter season today at the best price of the year. ${story[2]!.slice(0, 55)}`;
  assert.equal(letters([story[0]!, story[1]!, mostly, story[3]!], { text: body })[2], '?');
});

test('a gold that the page does not have says nothing of it', () => {
  assert.equal(letters(['Home', 'An altogether different article about cats and dogs.'], { text: body }), '??');
});

test('a prefix says nothing of what comes after it', () => {
  const page = ['Home', 'News and weather from the coast every day', ...story, 'Share'];
  const prefix = story.slice(0, 2).join(' ');
  assert.equal(letters(page, { text: prefix, gold_kind: 'prefix of the article' }), 'CCM????');
  const inside = `${story[0]} ${story[2]!.slice(0, 45)}`; // ends in the middle of a block
  assert.equal(letters(['Home', story[0]!, story[2]!, story[3]!], { text: inside, gold_kind: 'prefix' }), 'CMM?');
});

test('wanted and unwanted snippets label the blocks that hold them, and no others', () => {
  const page = ['Home', 'Imprint and privacy', ...story];
  assert.equal(letters(page, { with: ['replaced both of its engines'], without: ['Imprint'] }), '?C??M?');
  assert.equal(letters(page, { with: ['after four months'], without: ['the island'] }), '????'.padEnd(6, '?')); // one block has both
});

test('a wanted snippet in several blocks is the one nearest to a certain one', () => {
  const page = ['Repairs at last', 'Weather', ...story.slice(0, 1), 'Repairs at last', story[2]!];
  assert.equal(letters(page, { with: ['Repairs at last', 'both of its engines'] }), '???MM');
  assert.equal(letters(page, { with: ['Repairs at last'] }), 'M??M?'); // nothing is certain: either may be
});

test('a wanted snippet that spans blocks labels all of them', () => {
  assert.equal(letters(['Home', ...story], { with: [`${story[2]} ${story[3]}`] }), '???MM');
});

test('scripts without spaces are aligned by characters', () => {
  const page = ['首页', '渡轮周二返回岛上', '更多新闻请看这里吧'];
  assert.equal(letters(page, { text: '渡轮周二返回岛上。' }), 'CMC');
});

test('the chain keeps the order of the gold', () => {
  const words = story.map(wordsOf);
  const { begins, covered } = align([words[3]!, words[0]!, words[2]!], words.flat());
  assert.deepEqual([...begins], [-1, 0, words[0]!.length + 1]);
  assert.ok(covered > 0.5 && covered < 1);
});

test('a page counts as much as another from fifteen labelled blocks on, and its blocks by the root of their size, short ones a little more', () => {
  const labels = { label: Uint8Array.of(1, 0, 1), weight: Float64Array.of(1, 0, 0.5) };
  const few = spread(labels, [70, 5, 6], 2, 'sqrt'); // 2 of 20 and a quarter: .35 of the page's weight, 10 : 3
  assert.ok(Math.abs(few[0]! - 7 / 13) < 1e-12 && few[1] === 0 && Math.abs(few[2]! - 2.1 / 13) < 1e-12, `${few}`);
  const sum = (n: number) =>
    spread({ label: new Uint8Array(n), weight: new Float64Array(n).fill(1) }, new Array<number>(n).fill(9), 2, 'sqrt').reduce((a, b) => a + b, 0);
  assert.ok(Math.abs(sum(15) - 2) < 1e-9 && Math.abs(sum(500) - 2) < 1e-9);
  assert.deepEqual([...spread({ label: labels.label, weight: new Float64Array(3) }, [1, 1, 1], 1, 'equal')], [0, 0, 0]);
});
