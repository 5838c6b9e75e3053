// A corpus of any size with a planted duplicate structure: which documents are copies of which, and how alike, follows from a
// document's number by formula, so nothing is stored and any share of the corpus can be made anywhere.
// Invariant: (documents, seed, mix) decide everything. Numbers are places of a layout, shuffled by an affine permutation, so the
// members of a cluster lie in different inputs. Jaccard similarities are of word 5-grams as sets, which are distinct but by chance.

/** Words of a document; its bytes vary about 1,020. */
export const WORDS = 170;
/** Words of a shingle, here and in the presets of dedupe-minhash. */
export const SHINGLE = 5;
const SHINGLES = WORDS - SHINGLE + 1;

export type Mix = 'near' | 'spans' | 'unique';

export type Kind = 'unique' | 'exact' | 'near' | 'chain' | 'template' | 'span';

/** A stretch of the layout: `documents` in clusters of `size`. */
export interface Section {
  readonly name: string;
  readonly kind: Kind;
  readonly start: number;
  readonly documents: number;
  readonly size: number;
  /** near, template: words that all members share; chain: words by which each member is ahead of the one before; span: words of the span. */
  readonly words: number;
}

export interface Place {
  readonly section: Section;
  /** Number of the cluster among all clusters of the corpus: its first member's place in the layout. */
  readonly cluster: number;
  readonly member: number;
}

/** The Jaccard similarity of two documents whose first `shared` words are equal and whose other words are not. */
export function sharedPrefixJaccard(shared: number): number {
  const common = Math.max(0, shared - SHINGLE + 1);
  return common / (2 * SHINGLES - common);
}

/** The fewest words to share for at least this similarity. */
function wordsFor(jaccard: number): number {
  const common = Math.ceil((2 * SHINGLES * jaccard) / (1 + jaccard) - 1e-9);
  return common + SHINGLE - 1;
}

/** Jaccard similarities of the pairs. */
export const CELLS = [0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95];
export const SPAN_WORDS = [6, 12, 25, 50, 100];
export const CHAIN_SIZE = 12;
/** Neighbours in a chain are at .81, the next at .66. */
export const CHAIN_AHEAD = 17;

/** Documents in clusters of 2, 4, 8, ...: as many documents in each class as 1 / sqrt(size) says, so clusters of a size s fall as s^-1.5. */
function powerLaw(name: string, kind: Kind, documents: number, largest: number, words: number): Omit<Section, 'start'>[] {
  const sizes: number[] = [];
  for (let size = kind === 'near' ? 4 : 2; size <= largest; size *= 2) sizes.push(size);
  const whole = sizes.reduce((sum, size) => sum + size ** -0.5, 0);
  return sizes.map((size) => ({
    name: `${name} ${size}`,
    kind,
    documents: Math.floor((documents * size ** -0.5) / whole / size) * size,
    size,
    words,
  }));
}

function sectionsOf(documents: number, mix: Mix): Omit<Section, 'start'>[] {
  const share = (part: number): number => Math.floor(documents * part);
  const largest = Math.max(2, documents / 200);
  switch (mix) {
    case 'unique':
      return [];
    case 'near':
      return [
        ...powerLaw('exact', 'exact', share(0.1), largest, WORDS),
        ...CELLS.map((cell) => ({
          name: `pairs at ${cell}`,
          kind: 'near' as const,
          documents: share(0.012) & ~1,
          size: 2,
          words: wordsFor(cell),
        })),
        ...powerLaw('clusters at 0.9', 'near', share(0.06), largest, wordsFor(0.9)),
        { name: `chains of ${CHAIN_SIZE}`, kind: 'chain', documents: Math.floor(share(0.02) / CHAIN_SIZE) * CHAIN_SIZE, size: CHAIN_SIZE, words: CHAIN_AHEAD },
        { name: 'template', kind: 'template', documents: share(0.01), size: Math.max(1, share(0.01)), words: wordsFor(0.5) },
      ];
    case 'spans':
      return [
        ...powerLaw('exact', 'exact', share(0.04), largest, WORDS),
        ...SPAN_WORDS.flatMap((words) =>
          [2, 8, 64].map((size) => ({
            name: `spans of ${words} words in ${size}`,
            kind: 'span' as const,
            documents: Math.floor(share(0.012) / size) * size,
            size,
            words,
          })),
        ),
      ];
  }
}

/** a x b mod n without rounding, for n below 2^32: b is taken in two halves of 16 bits. */
function multiplyModulo(a: number, b: number, n: number): number {
  const high = Math.floor(b / 65536);
  return (((((a * high) % n) * 65536) % n) + ((a * (b % 65536)) % n)) % n;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

export class Planted {
  readonly documents: number;
  readonly seed: number;
  readonly mix: Mix;
  /** In layout order; the last one holds the documents that are like no other. */
  readonly sections: readonly Section[];
  readonly #stride: number;
  readonly #shift: number;

  constructor(documents: number, mix: Mix = 'near', seed = 1) {
    if (!Number.isSafeInteger(documents) || documents < 1 || documents >= 2 ** 32) throw new RangeError(`${documents} documents: expected 1 to 4,294,967,295`);
    this.documents = documents;
    this.mix = mix;
    this.seed = seed;
    const sections: Section[] = [];
    let start = 0;
    for (const section of sectionsOf(documents, mix)) {
      if (section.documents === 0) continue;
      sections.push({ ...section, start });
      start += section.documents;
    }
    sections.push({ name: 'unique', kind: 'unique', start, documents: documents - start, size: 1, words: 0 });
    this.sections = sections;
    let stride = Math.max(1, Math.floor(documents * 0.6180339887498949)); // golden section: neighbours of the layout lie far apart
    while (greatestCommonDivisor(stride, documents) !== 1) stride++;
    this.#stride = stride % documents || 1;
    this.#shift = Math.imul(seed, 0x9e3779b1) >>> 0;
  }

  place(document: number): Place {
    const at = (multiplyModulo(this.#stride, document, this.documents) + this.#shift) % this.documents;
    let low = 0;
    let high = this.sections.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.sections[middle]!.start <= at) low = middle;
      else high = middle - 1;
    }
    const section = this.sections[low]!;
    const member = (at - section.start) % section.size;
    return { section, cluster: at - member, member };
  }

  /** The expected Jaccard similarity of two different documents. */
  jaccard(left: number, right: number): number {
    const a = this.place(left);
    const b = this.place(right);
    if (a.cluster !== b.cluster) return 0;
    switch (a.section.kind) {
      case 'unique':
        return 0;
      case 'exact':
        return 1;
      case 'near':
      case 'template':
        return sharedPrefixJaccard(a.section.words);
      case 'chain':
        return sharedPrefixJaccard(WORDS - a.section.words * Math.abs(a.member - b.member));
      case 'span': {
        const common = Math.max(0, a.section.words - SHINGLE + 1);
        return common / (2 * SHINGLES - common);
      }
    }
  }
}
