// The training data of shipped models: what is kept of packages and pages, and that neither length nor rare words leak into a classifier.
import assert from 'node:assert/strict';
import { deflateSync } from 'node:zlib';
import { test } from 'node:test';
import { LineFilter } from '../../infra/model/corpus-clean.js';
import { dictionaryText, mailText, podText, rStrings, swordBooks, wordnetText } from '../../infra/model/corpus-formats.js';
import { Chain, shuffleWords, templateText, wordsWithLines } from '../../infra/model/machine-text.js';
import { garble } from '../../infra/model/ocr-confusions.js';
import { cutLines, type Example, matchLengths, SHORTEST, withoutRareWords } from '../../infra/model/quality-text.js';
import { areaUnderCurve } from '../../infra/model/roc.js';
import { topicOfUrl } from '../../infra/model/url-topics.js';
import { randomFrom } from '../../infra/extract/random.js';

const SENTENCE = 'The keeper of the lighthouse had been told that the boat would come before the end of the week.';
const OTHER = 'It did not come, and so he wrote to his sister that he would have to stay there for the winter.';
const THIRD = 'She was the only one who answered his letters, and she did that with more care than he knew.';

test('a line of sentences is kept once, with the heading before it; menus and code are dropped', () => {
  const filter = new LineFilter();
  assert.equal(
    filter.clean(`Home | About | Contact | Login | Map\n${SENTENCE}\nfor (int i = 0; i < n; ++i) { sum += a[i]; }\nThe second day\n${OTHER}\n${THIRD}`),
    `${SENTENCE}\nThe second day\n${OTHER}\n${THIRD}`,
  );
  assert.equal(filter.clean(`${SENTENCE}\n${OTHER}\n${THIRD}`), null);
  assert.equal(filter.duplicates, 3);
});

test('a mail gives what its writer wrote, without headers, quotations, attributions and signature', () => {
  const mail = 'From: a@b.example\nContent-Type: text/plain\n\nOn Mon, 2 Sep 2002, X wrote:\n> an old line\n\nThe new\nline.\n\n-- \nX, somewhere\n';
  assert.equal(mailText(mail).trim(), 'The new line.');
  const html =
    'Content-Type: multipart/alternative; boundary="=_b"\n\n--=_b\nContent-Type: text/html\n\n<p>no</p>\n--=_b\nContent-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\ncaf=E9 au=\n lait\n--=_b--\n';
  assert.equal(mailText(html).trim(), 'café au lait');
});

test('POD, dictionaries and glosses give running text', () => {
  assert.equal(
    podText('=head1 NAME\n\nUse C<print> or L<say|perlfunc/say>, if C<< a >> E<gt> b.\n\n    my $code;\n\n=cut\n\nnot pod'),
    'NAME\nUse print or say, if a > b.',
  );
  assert.deepEqual(dictionaryText('hack\n\n   1. A quick {job}\n   that works.\nhacker\n   One who hacks.\n'), [
    '1. A quick job that works.',
    'One who hacks.',
  ]);
  assert.deepEqual(wordnetText('  1 licence\n00001740 03 n 02 entity 0 thing_of_use 1 001 ~ 00001930 n 0000 | that which is; "an entity"  \n'), [
    'entity, thing of use: that which is; "an entity"',
  ]);
});

test('SWORD modules and saved R strings are read from their own formats', () => {
  const block = deflateSync(Buffer.from('<chapter osisID="A.1"/>In the <w lemma="x">beginning</w><note>a note</note> &amp; after.'));
  const index = Buffer.alloc(12);
  index.writeUInt32LE(3, 0);
  index.writeUInt32LE(block.length, 4);
  assert.deepEqual(swordBooks(Buffer.concat([Buffer.from('xyz'), block]), index), ['\nIn the beginning & after.']);
  const strings = Array.from({ length: 150 }, (_, at) => {
    const text = Buffer.from(`line ${at}`);
    const head = Buffer.alloc(8);
    head.writeUInt32BE(0x00040009, 0);
    head.writeInt32BE(text.length, 4);
    return Buffer.concat([head, text]);
  });
  const object = Buffer.concat([Buffer.from('X\n\0\0\0\x03', 'latin1'), Buffer.alloc(2), ...strings]);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(object.length);
  assert.deepEqual(rStrings(Buffer.concat([size, deflateSync(object), Buffer.alloc(8)])), [Array.from({ length: 150 }, (_, at) => `line ${at}`).join('\n')]);
});

test('garbled text has the asked share of letters misread, and nothing else changed', () => {
  const text = 'abcdefghijklmnopqrstuvwxyz '.repeat(2000);
  const changed = garble('e '.repeat(50_000), 0.08, randomFrom(1));
  const share = [...changed].filter((letter) => letter !== 'e' && letter !== ' ').length / 50_000;
  assert.ok(Math.abs(share - 0.08) < 0.005, String(share));
  assert.equal(garble(text, 0.08, randomFrom(2)).split(' ').length, text.split(' ').length);
  assert.equal(garble('Ж 123 äß', 1, randomFrom(3)), 'Ж 123 äß');
});

test('with lengths matched, length alone tells main text from the rest no better than chance', () => {
  const random = randomFrom(5);
  const examples: Example[] = [];
  const put = (label: 'main' | 'other', kind: string, length: number): void => {
    examples.push({ text: 'x'.repeat(length), label, kind, lang: 'en', group: String(examples.length) });
  };
  for (let at = 0; at < 4000; at++) {
    put('main', 'main', SHORTEST + random(1800));
    put('other', at % 3 === 0 ? 'spam' : 'menu', SHORTEST + Math.floor(random(1800) ** 2 / 1800));
  }
  const area = (list: readonly Example[]) =>
    areaUnderCurve(
      list.filter(({ label }) => label === 'main').map(({ text }) => text.length),
      list.filter(({ label }) => label === 'other').map(({ text }) => text.length),
    );
  assert.ok(area(examples) > 0.6);
  const matched = matchLengths(examples, randomFrom(6));
  assert.ok(Math.abs(area(matched) - 0.5) < 0.03, String(area(matched)));
});

test('a word of few sites stays below the count from which a model takes words', () => {
  const example = (text: string, group: string): Example => ({ text, label: 'main', kind: 'main', lang: 'en', group });
  const examples = [
    ...Array.from({ length: 30 }, () => example('Zanzibrand the', 'one.example')),
    ...['a', 'b', 'c', 'd', 'e'].map((site) => example('the end', site)),
  ];
  const words = withoutRareWords(examples, 5, 20).flatMap(({ text }) => text.split(/\s+/));
  assert.equal(words.filter((word) => word === 'Zanzibrand').length, 19);
  assert.equal(words.filter((word) => word === 'the').length, 35);
});

test('texts are cut to lengths that are drawn, from whole lines, none too short', () => {
  const texts = cutLines(
    Array.from({ length: 300 }, (_, at) => `line ${at} of some words`),
    randomFrom(9),
  );
  assert.ok(texts.length > 3);
  for (const text of texts) assert.ok(text.length >= SHORTEST / 2 && text.length <= 2000);
});

test('a chain of order n writes only runs of n + 1 words that it read; the halves of a template bank share no sentence', () => {
  const read = wordsWithLines('a b c a b d a c b a b c d b a c');
  const chain = new Chain(2, ' ');
  chain.learn(read);
  const written = chain.write(200, randomFrom(4)).split(' ');
  const runs = new Set(read.slice(2).map((word, at) => `${read[at]} ${read[at + 1]} ${word}`));
  const known = written.slice(2).filter((word, at) => runs.has(`${written[at]} ${written[at + 1]} ${word}`)).length;
  assert.ok(known > written.length * 0.8); // but where it began anew
  assert.deepEqual(shuffleWords('one two three', randomFrom(1)).split(' ').sort(), ['one', 'three', 'two']);
  const openings = (side: 0 | 1) => new Set(Array.from({ length: 200 }, (_, at) => templateText('de', 300, side, randomFrom(at)).slice(0, 12)));
  const other = openings(1);
  assert.deepEqual(
    [...openings(0)].filter((opening) => other.has(opening)),
    [],
  );
});

test('the area under the curve is the share of pairs in order, ties half', () => {
  const random = randomFrom(8);
  const above = Array.from({ length: 40 }, () => random(10) + 1);
  const below = Array.from({ length: 50 }, () => random(10));
  let sum = 0;
  for (const a of above) for (const b of below) sum += a > b ? 1 : a === b ? 0.5 : 0;
  assert.ok(Math.abs(areaUnderCurve(above, below) - sum / 2000) < 1e-12);
});

test('a page has a topic where its address names one section, not two', () => {
  assert.equal(topicOfUrl('https://news.example/sport/2020/a-match.html'), 'sport');
  assert.equal(topicOfUrl('https://politik.example.de/inland/x'), 'politics');
  assert.equal(topicOfUrl('https://news.example/business/technology/x'), null);
  assert.equal(topicOfUrl('https://news.example/sport'), null);
});
