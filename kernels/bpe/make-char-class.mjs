// Writes char_class.generated.cpp: what HuggingFace tokenizers takes for a letter, number, space, punctuation and word
// character, asked of the library itself for every code point. Its regex engine, its punctuation crate and Rust's own
// tables each follow another Unicode version, so no single edition of the UCD gives its ids; asking is exact.
//   node kernels/bpe/make-char-class.mjs   (npm @anush008/tokenizers, pinned in package-lock.json)
// It also prints how many code points differ from this Node's own Unicode tables.
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nfcNormalizer, nfdNormalizer, Tokenizer } from '@anush008/tokenizers';

const here = dirname(fileURLToPath(import.meta.url));
const LETTER = 1;
const NUMBER = 2;
const SPACE = 4;
const PUNCTUATION = 8;
const DIGIT = 16;
const WORD = 32;
const STRIP = 64;
const INERT = 128;

function tokenizer(preTokenizer, addedTokens = []) {
  return Tokenizer.fromString(
    JSON.stringify({
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: addedTokens,
      normalizer: null,
      pre_tokenizer: preTokenizer,
      post_processor: null,
      decoder: null,
      model: {
        type: 'BPE',
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: null,
        end_of_word_suffix: null,
        fuse_unk: false,
        vocab: { a: 0 },
        merges: [],
      },
    }),
  );
}
const regex = (pattern) => tokenizer({ type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false }).getPreTokenizer();
const added = (flags) =>
  tokenizer(null, [{ id: 1, content: 'zq', single_word: false, lstrip: false, rstrip: false, normalized: false, special: false, ...flags }]);

// Each class: a pre-tokenizer that isolates its members, and a neighbour that is not one.
const splits = [
  [LETTER, regex('\\p{L}'), '1', /\p{L}/u],
  [NUMBER, regex('\\p{N}'), 'a', /\p{N}/u],
  [SPACE, regex('\\s'), 'a', /\p{White_Space}/u],
  [PUNCTUATION, tokenizer({ type: 'Punctuation', behavior: 'Isolated' }).getPreTokenizer(), 'a', /[\p{P}$+<=>^`|~]/u],
  [DIGIT, tokenizer({ type: 'Digits', individual_digits: true }).getPreTokenizer(), 'a', /\p{N}/u],
];
const classes = new Uint8Array(0x110000);
const isScalar = (code) => code < 0xd800 || code > 0xdfff;
for (const [bit, splitter, neighbour, node] of splits) {
  let differ = 0;
  for (let code = 0; code < classes.length; code++) {
    if (!isScalar(code)) continue;
    const character = String.fromCodePoint(code);
    const member = splitter.preTokenizeString(neighbour + character + neighbour).length > 1;
    if (member) classes[code] |= bit;
    if (member !== node.test(character)) differ++;
  }
  console.log(`class ${bit}: ${differ} code points differ from Unicode ${process.versions.unicode}`);
}
// An added token with single_word is not found beside a word character; one with rstrip swallows the spaces after it.
const word = added({ single_word: true });
const strip = added({ rstrip: true });
for (let start = 0; start < classes.length; start += 4096) {
  const codes = Array.from({ length: 4096 }, (_, i) => start + i).filter(isScalar);
  const beside = await word.encodeBatch(codes.map((code) => `zq${String.fromCodePoint(code)}`));
  const before = await strip.encodeBatch(codes.map((code) => `zq${String.fromCodePoint(code)}`));
  codes.forEach((code, i) => {
    if (!beside[i].getIds().includes(1)) classes[code] |= WORD;
    if (before[i].getOffsets()[0][1] > 2) classes[code] |= STRIP;
  });
}

// Its normal forms are of an old Unicode too. Assigned characters never change theirs (stability policy), so the whole
// difference is characters it does not know: it takes them for starters that neither decompose nor compose.
const nfd = nfdNormalizer();
const nfc = nfcNormalizer();
const moves = (character, form) => form(`a\u0345${character}`) !== `a\u0345${character}`; // U+0345 has the highest class, 240
const theirs = (text) => nfd.normalizeString(text);
const node = (text) => text.normalize('NFD');
const inert = new Set();
for (let code = 0x80; code < classes.length; code++) {
  if (!isScalar(code)) continue;
  const character = String.fromCodePoint(code);
  const parts = node(character);
  if (moves(character, node) !== moves(character, theirs) || theirs(character) !== parts) inert.add(code);
  // A composition it does not know is of letters as new as itself; a known mark among its parts stays what it is.
  if (nfc.normalizeString(parts) !== parts.normalize('NFC')) for (const part of parts) if (!moves(part, theirs)) inert.add(part.codePointAt(0));
}
for (const code of inert) classes[code] |= INERT;
console.log(`${inert.size} characters whose normal forms it does not know:`, [...inert].map((code) => code.toString(16)).join(' '));

const rows = [];
let ranges = 0;
let last = -1;
for (let code = 0; code < classes.length; code++) {
  if (classes[code] === last || !isScalar(code)) continue;
  last = classes[code];
  rows.push(`{0x${code.toString(16)},${last}},`);
  ranges++;
}
const lines = [];
for (let i = 0; i < rows.length; i += 10) lines.push(`    ${rows.slice(i, i + 10).join('')}`);
writeFileSync(
  join(here, 'char_class.generated.cpp'),
  `// Generated by make-char-class.mjs from @anush008/tokenizers; do not edit. Each range runs to the next one's start.
#include "char_class.h"

namespace refine::bpe {
const ClassRange kClassRanges[] = {
${lines.join('\n')}
};
const size_t kClassRangeCount = ${ranges};
}  // namespace refine::bpe
`,
);
console.log(`${ranges} ranges`);
