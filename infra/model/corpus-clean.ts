// From a document's text to what is trained on: lines of sentences, each once in the whole corpus. A line stays if it reads like
// running English (words, stop words, letters); a short one stays as the heading of a line that stays.

/** Bounds of reference/models.md section 7. */
const MIN_WORDS = 12;
const MIN_STOP_WORDS = 0.12;
const MIN_LETTERS = 0.85;
const HEADING_WORDS = 10;
/** A page of less is a menu or a stub. */
const MIN_DOCUMENT = 200;

const STOP_WORDS = new Set(
  `a about above after again all also am an and any are as at be because been before being below between both but by can could did do does doing down during each few for from further had has have having he her here him his how i if in into is it its just let like me more most must my no nor not now of off on once one only or other our out over own said same she should so some such than that the their them then there these they this those through to too under until up upon us use used very was we were what when where which while who whom why will with would you your`.split(
    ' ',
  ),
);

const LETTER = /[\p{L}\p{M}\s]/gu;

export function isSentences(line: string): boolean {
  const words = line.split(' ');
  if (words.length < MIN_WORDS) return false;
  let stops = 0;
  for (const word of words) if (STOP_WORDS.has(word.toLowerCase().replace(/[^a-z]/g, ''))) stops++;
  if (stops <= words.length * MIN_STOP_WORDS) return false;
  return (line.match(LETTER)?.length ?? 0) > line.length * MIN_LETTERS;
}

function isHeading(line: string): boolean {
  const words = line.split(' ').length;
  return words >= 2 && words <= HEADING_WORDS && (line.match(LETTER)?.length ?? 0) > line.length * 0.9;
}

/** Drops lines that stood in an earlier document; the order of documents is the order of sources and of file names. */
export class LineFilter {
  readonly #seen = new Set<string>();
  duplicates = 0;

  /** Null where too little is left. */
  clean(text: string): string | null {
    const kept: string[] = [];
    let heading: string | null = null;
    for (const raw of text.split(/[\r\n]+/)) {
      const line = raw.replace(/[\s\u00a0\u200b\ufeff]+/gu, ' ').trim();
      if (line === '') continue;
      if (!isSentences(line)) {
        heading = isHeading(line) ? line : null;
        continue;
      }
      const key = keyOf(line);
      if (this.#seen.has(key)) {
        this.duplicates++;
        heading = null;
        continue;
      }
      this.#seen.add(key);
      if (heading !== null) kept.push(heading);
      heading = null;
      kept.push(line);
    }
    const whole = kept.join('\n');
    return whole.length < MIN_DOCUMENT ? null : whole;
  }
}

/** Two 32-bit hashes (FNV-1a forwards, a multiplicative one) of the line's letters: 64 bits among a few million lines. */
function keyOf(line: string): string {
  let a = 0x811c9dc5;
  let b = 0x9e3779b9;
  for (let i = 0; i < line.length; i++) {
    const unit = line.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x01000193);
    b = Math.imul((b ^ unit) + (b << 7), 0x85ebca6b);
  }
  return String.fromCharCode(a & 0xffff, a >>> 16, b & 0xffff, b >>> 16);
}

/** A number in [0, 1) of a name: which side of a split a document is on, whether a weight's fraction takes it. */
export function fraction(name: string, seed: string): number {
  let hash = 0x811c9dc5;
  for (const unit of Buffer.from(`${seed}\0${name}`)) hash = Math.imul(hash ^ unit, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39);
  return ((hash ^ (hash >>> 15)) >>> 0) / 2 ** 32;
}
