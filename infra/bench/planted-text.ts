// The text of a planted document: 170 words of 3 or 7 letters, drawn by hash from streams that clusters share (planted.ts).
// Invariant: a word is a function of (stream, position) alone, so any document is made without another, at several hundred MB/s.
// Words are whole 32-bit units with the space or newline behind them, which is what makes writing them cheap.
import { bytesAt, type Batch, type BytesColumn, fixedColumn, utf8Column, validityOf } from '../../native/batch.js';
import { type Planted, type Place, WORDS } from './planted.js';

const CONSONANTS = 'bcdfghjklmnpqrstvwxz';
const VOWELS = 'aeiou';
/** A space is 0x20, a newline 0x0a: the last byte of a word's last unit (little-endian). */
const TO_NEWLINE = (0x20 ^ 0x0a) << 24;

/** 2,000 words of three letters and 65,536 of seven, as little-endian units. */
const SHORT = new Uint32Array(2000);
const LONG = new Uint32Array(2 * 65536);
{
  const letter = (list: string, at: number): number => list.charCodeAt(at % list.length);
  for (let i = 0; i < SHORT.length; i++)
    SHORT[i] = letter(CONSONANTS, i) | (letter(VOWELS, Math.floor(i / 20)) << 8) | (letter(CONSONANTS, Math.floor(i / 100)) << 16) | (0x20 << 24);
  for (let i = 0; i < 65536; i++) {
    let of = (i * 7_654_321) % 20_000_000; // 20^4 x 5^3 words of the form CVCVCVC; the factor has no divisor in common with their number
    const letters: number[] = [];
    for (let at = 0; at < 7; at++) {
      const list = at % 2 === 0 ? CONSONANTS : VOWELS;
      letters.push(letter(list, of));
      of = Math.floor(of / list.length);
    }
    LONG[2 * i] = letters[0]! | (letters[1]! << 8) | (letters[2]! << 16) | (letters[3]! << 24);
    LONG[2 * i + 1] = letters[4]! | (letters[5]! << 8) | (letters[6]! << 16) | (0x20 << 24);
  }
}

function mix(value: number): number {
  let z = value | 0;
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return z ^ (z >>> 16);
}

const OWN = 1;
const SHARED = 2;

/** Writes words of streams into 32-bit units. */
class Writer {
  readonly units: Uint32Array;
  at = 0;

  constructor(documents: number) {
    this.units = new Uint32Array(documents * WORDS * 2);
  }

  /** Words [from, from + count) of the stream `kind` of cluster or document `of`. */
  words(seed: number, kind: number, of: number, from: number, count: number): void {
    const { units } = this;
    const low = mix(of ^ Math.imul(seed, 0x9e3779b1)) ^ kind;
    const high = mix(Math.imul(of, 0x85ebca6b) + Math.imul(seed, 0xc2b2ae35) + kind);
    let { at } = this;
    for (let position = from; position < from + count; position++) {
      let h = Math.imul(Math.imul(position, 0x9e3779b1) ^ low, 0x85ebca6b);
      h = Math.imul(h ^ (h >>> 15) ^ high, 0xc2b2ae35);
      h ^= h >>> 16;
      if (h < 0) units[at++] = SHORT[((h >>> 8) & 0x7fff) % 2000]!;
      else {
        const word = (h >>> 8) & 0xffff;
        units[at++] = LONG[2 * word]!;
        units[at++] = LONG[2 * word + 1]!;
      }
      if ((position & 15) === 15) units[at - 1]! ^= TO_NEWLINE;
    }
    this.at = at;
  }
}

function writeDocument(writer: Writer, planted: Planted, document: number, place: Place): void {
  const { seed } = planted;
  const { section, cluster, member } = place;
  switch (section.kind) {
    case 'unique':
      writer.words(seed, OWN, document, 0, WORDS);
      break;
    case 'exact':
      writer.words(seed, SHARED, cluster, 0, WORDS);
      break;
    case 'near':
    case 'template':
      writer.words(seed, SHARED, cluster, 0, section.words);
      writer.words(seed, OWN, document, section.words, WORDS - section.words);
      break;
    case 'chain':
      writer.words(seed, SHARED, cluster, member * section.words, WORDS);
      break;
    case 'span': {
      const before = spanStart(planted, document, section.words);
      writer.words(seed, OWN, document, 0, before);
      writer.words(seed, SHARED, cluster, 0, section.words);
      writer.words(seed, OWN, document, before + section.words, WORDS - section.words - before);
      break;
    }
  }
}

/** Words of the document before its planted span: never none, so that a span has neighbours that differ. */
export function spanStart(planted: Planted, document: number, words: number): number {
  return 1 + ((mix(document ^ planted.seed) >>> 0) % (WORDS - words - 2));
}

/** Texts of documents [from, to), as one column. */
export function plantedTexts(planted: Planted, from: number, to: number): BytesColumn {
  const writer = new Writer(to - from);
  const ends = new Uint32Array(to - from);
  for (let document = from; document < to; document++) {
    writeDocument(writer, planted, document, planted.place(document));
    ends[document - from] = writer.at * 4;
  }
  // a text ends with its last letter: what follows it (a space) is cut, and texts move up by as many bytes
  const bytes = new Uint8Array(writer.units.buffer, 0, writer.at * 4);
  const offsets = new Int32Array(to - from + 1);
  let start = 0;
  ends.forEach((end, row) => {
    const at = offsets[row]!;
    if (row > 0) bytes.copyWithin(at, start, end - 1);
    offsets[row + 1] = at + end - 1 - start;
    start = end;
  });
  return { kind: 'utf8', data: bytes.subarray(0, offsets[to - from]!), offsets };
}

/** Bytes of a cluster's span of so many words, without the space before it. */
export function spanBytes(planted: Planted, cluster: number, words: number): number {
  const writer = new Writer(1);
  writer.words(planted.seed, SHARED, cluster, 0, words);
  return writer.at * 4;
}

export function plantedText(planted: Planted, document: number): string {
  return new TextDecoder().decode(bytesAt(plantedTexts(planted, document, document + 1), 0));
}

/** 2023-01-01, and a document a second: dates are distinct, so `newest` has no ties. */
const FIRST_DATE = 1_672_531_200n;

/** Documents [from, to) with the columns of a source; `id` is the document's number. */
export function plantedBatch(planted: Planted, path: string, from: number, to: number, offset: number): Batch {
  const rows = to - from;
  const text = plantedTexts(planted, from, to);
  const numbers = Array.from({ length: rows }, (_, row) => from + row);
  const none = { validity: validityOf(numbers.map(() => false)) };
  const noText = { kind: 'utf8' as const, data: new Uint8Array(), offsets: new Int32Array(rows + 1), ...none };
  return {
    rows,
    columns: {
      id: utf8Column(numbers.map(String)),
      url: utf8Column(numbers.map((number) => `https://h${number % 997}.example/${number}`)),
      host: utf8Column(numbers.map((number) => `h${number % 997}.example`)),
      warc_path: utf8Column(numbers.map(() => path)),
      date: { ...fixedColumn(BigInt64Array.from(numbers, (number) => FIRST_DATE + BigInt(number))), unit: 's' },
      warc_offset: fixedColumn(BigInt64Array.from(numbers, (_, row) => BigInt(offset + text.offsets[row]!))),
      warc_length: fixedColumn(BigInt64Array.from(numbers, (_, row) => BigInt(text.offsets[row + 1]! - text.offsets[row]!))),
      payload_digest: noText,
      http_status: { kind: 'fixed', values: new Uint16Array(rows), width: 1, ...none },
      content_type: noText,
      x_robots_tag: noText,
      html: { kind: 'binary', data: new Uint8Array(), offsets: new Int32Array(rows + 1), ...none },
      text,
    },
  };
}
