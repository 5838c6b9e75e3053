// Normal forms of dedupe against their sources' passes, written one after another as those do (in JavaScript's own Unicode, on
// characters whose properties are older than both). datatrove's is tests/kernels/datatrove-minhash.test.ts and its peers test.
import assert from 'node:assert/strict';
import test from 'node:test';
import { type DedupeForm, native, stringAt, utf8Column } from '../../native/index.js';
import { randomFrom } from '../support/random.js';

const PIECES = [
  ...Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)),
  ...[
    'é',
    'É',
    'İ',
    'Σ',
    'ΑΣ',
    'ß',
    'Ǆ',
    'a\u0301\u0323',
    '\u0301',
    '한글',
    '中',
    'Ж',
    '１',
    '２',
    '٣',
    '߀',
    '²',
    '½',
    'Ⅷ',
    '😀',
    '\u0085',
    '\u00a0',
    '\u2028',
    '\u3000',
    '\u200b',
    '\ufeff',
  ],
  ...[
    '«',
    '»',
    '´',
    '–',
    '—',
    '’',
    '‘',
    '“',
    '”',
    '„',
    '…',
    '∶',
    '━',
    '►',
    '、',
    '。',
    '〈',
    '〉',
    '《',
    '》',
    '「',
    '」',
    '【',
    '】',
    '！',
    '％',
    '（',
    '）',
    '，',
    '．',
    '：',
    '；',
    '？',
    '～',
    '•',
    '¿',
    '\n',
    '\n',
    '\n',
  ],
];
const random = randomFrom(77);
const TEXTS = Array.from({ length: 3000 }, () => Array.from({ length: random(30) }, () => PIECES[random(PIECES.length)]).join(''));

const SPACE = '[\\u0009-\\u000d\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const strip = (text: string) => text.replace(new RegExp(`^${SPACE}+|${SPACE}+$`, 'g'), '');
const CCNET = /[，。、„”“«»１」「《》´∶：？！（）；–—．～’…━〈〉【】％►\p{Cc}]/gu;

const REFERENCES: Readonly<Partial<Record<DedupeForm, (text: string) => string>>> = {
  none: (text) => text,
  // string.punctuation goes, lower case, strip, \s+ to a space, NFD
  redpajama: (text) =>
    strip(text.replace(/[!-/:-@[-`{-~]/g, '').toLowerCase())
      .replace(new RegExp(`${SPACE}+`, 'g'), ' ')
      .normalize('NFD'),
  // normalize_for_dedup of each line: strip, lower case, \d to 0, punctuation and controls go
  ccnet: (text) =>
    text
      .split('\n')
      .map((line) =>
        strip(line)
          .toLowerCase()
          .replace(/\p{Nd}/gu, '0')
          .replace(CCNET, ''),
      )
      .join('\n'),
  c4: (text) =>
    text
      .split('\n')
      .map((line) => strip(line).toLowerCase())
      .join('\n'),
};

for (const [form, reference] of Object.entries(REFERENCES) as [DedupeForm, (text: string) => string][]) {
  test(`${form}: equal to its source's passes on random text`, async () => {
    const made = await native.dedupeForm(utf8Column(TEXTS), form);
    TEXTS.forEach((text, row) => {
      assert.equal(stringAt(made, row), reference(text), JSON.stringify(text));
    });
  });
}

test('default is the same as the content hash sees, and each form is refused by a wrong name', async () => {
  const made = await native.dedupeForm(utf8Column(TEXTS), 'default');
  const twin = await native.textTransform(utf8Column(TEXTS), 'default');
  assert.deepEqual(made.data, twin.data);
  assert.throws(() => native.dedupeForm(utf8Column(['']), 'dclm' as never), /'dclm', must be one of: none, default, datatrove/);
});
