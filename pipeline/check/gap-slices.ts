// What each byte of a text is, for reports of where two models differ: URL, number, word, white space, punctuation.
// Every byte has exactly one kind, so sums over kinds are sums over the text. Categories are the core's Unicode tables, never ICU's.
import { native } from '../../native/index.js';

/** `word` is written in ASCII letters alone, `non-ascii-word` has another letter in it; `other` is control, private and ill-formed. */
export const TEXT_SLICES = ['url', 'number', 'word', 'non-ascii-word', 'white-space', 'punctuation', 'other'] as const;
export type TextSlice = (typeof TEXT_SLICES)[number];
const at = (slice: TextSlice): number => TEXT_SLICES.indexOf(slice);
const [URL, NUMBER, WORD, FOREIGN] = [at('url'), at('number'), at('word'), at('non-ascii-word')];
const [SPACE, PUNCTUATION, OTHER] = [at('white-space'), at('punctuation'), at('other')];

const REST = 0;
const LETTER = 1;
const MARK = 2;
const DIGIT = 3;
const SIGN = 4;
const BLANK = 5;
/** By General_Category as the core numbers it: Cn Cc Cf Co Cs, L x 5, M x 3, N x 3, P x 7, S x 4, Zl Zp Zs. */
const CLASS_OF_CATEGORY = [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 5, 5, 5] as const;
/** Runs of ASCII after a scheme or `www.`; a text's bytes are read as Latin-1, so positions are bytes. */
const URLS = /(?:\bhttps?:\/\/|\bftp:\/\/|\bwww\.)[!#-;=?-\u00ff]+/gi; // all but controls, white space, quotes and <>
/** At an address's end these belong to the sentence. */
const TRAILING = new Set('.,;:!?\'")]}');

let classes: Uint8Array | undefined;

/** One of the classes above for each code point. */
function classTable(): Uint8Array {
  if (classes !== undefined) return classes;
  const { category, flags } = native.unicodeTables();
  const table = new Uint8Array(category.length);
  for (let code = 0; code < table.length; code++) table[code] = (flags[code]! & 1) === 1 ? BLANK : CLASS_OF_CATEGORY[category[code]!]!;
  return (classes = table);
}

/** The kind of each byte, an index into TEXT_SLICES. */
export function textKinds(text: Uint8Array): Uint8Array {
  const table = classTable();
  const kinds = new Uint8Array(text.length).fill(OTHER);
  let at = 0;
  while (at < text.length) {
    const { code, size } = codePointAt(text, at);
    const kind = table[code]!;
    if (kind === LETTER || kind === DIGIT || kind === MARK) {
      const end = wordEnd(text, at, table);
      kinds.fill(end.kind, at, end.at);
      at = end.at;
      continue;
    }
    if (kind === SIGN) kinds.fill(PUNCTUATION, at, at + size);
    else if (kind === BLANK) kinds.fill(SPACE, at, at + size);
    at += size;
  }
  const latin = Buffer.from(text.buffer, text.byteOffset, text.byteLength).toString('latin1');
  for (const { index, 0: found } of latin.matchAll(URLS)) {
    let length = found.length;
    while (TRAILING.has(found[length - 1]!)) length--;
    kinds.fill(URL, index, index + length);
  }
  return kinds;
}

/** A run of letters, marks and digits; one "." or "," between digits and one apostrophe between letters belong to it. */
function wordEnd(text: Uint8Array, from: number, table: Uint8Array): { at: number; kind: number } {
  let at = from;
  let ascii = true;
  let digits = true;
  let last = REST;
  while (at < text.length) {
    const { code, size } = codePointAt(text, at);
    const kind = table[code]!;
    if (kind === LETTER || kind === DIGIT || kind === MARK) {
      if (kind !== DIGIT) digits = false;
      if (code >= 0x80) ascii = false;
      last = kind;
      at += size;
      continue;
    }
    if (at + size >= text.length) break;
    const next = table[codePointAt(text, at + size).code]!;
    const joins =
      (last === DIGIT && digits && next === DIGIT && (code === 0x2e || code === 0x2c)) ||
      (last === LETTER && next === LETTER && (code === 0x27 || code === 0x2019));
    if (!joins) break;
    at += size;
  }
  return { at, kind: digits ? NUMBER : ascii ? WORD : FOREIGN };
}

/** Ill-formed bytes are code point 0xfffd of one byte each. */
function codePointAt(text: Uint8Array, at: number): { code: number; size: number } {
  const first = text[at]!;
  if (first < 0x80) return { code: first, size: 1 };
  const size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 1;
  if (size === 1 || at + size > text.length) return { code: 0xfffd, size: 1 };
  let code = first & (0xff >> (size + 1));
  for (let i = 1; i < size; i++) {
    const byte = text[at + i]!;
    if (byte >> 6 !== 2) return { code: 0xfffd, size: 1 };
    code = (code << 6) | (byte & 0x3f);
  }
  return code > 0x10ffff ? { code: 0xfffd, size: 1 } : { code, size };
}
