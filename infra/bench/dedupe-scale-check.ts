// What a run did with planted documents, held against what was planted: every section's drops, and each dropped document's
// similarity to the one that is kept, by formula.
// Invariant: memory is 4 bytes a document; features/ is read once, in the order of documents.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type BytesColumn, column, isValid, valueAt } from '../../native/batch.js';
import { readArrow } from '../../pipeline/store.js';
import { binomialAtLeast, binomialPValue, foundProbability } from './binomial.js';
import { plantedTexts, spanBytes } from './planted-text.js';
import { type Planted, type Section, sharedPrefixJaccard } from './planted.js';

/** How candidates are found; null for steps of exact keys. */
export interface Geometry {
  readonly bands: number;
  readonly rows: number;
  /** 0: candidates are not verified. */
  readonly minJaccard: number;
}

export interface SectionResult {
  readonly section: string;
  readonly documents: number;
  readonly dropped: number;
  /** Null where the formula has no single figure (chains). */
  readonly expected: number | null;
  /** Two-sided for pairs; of as many misses for larger clusters; null where the count must be equal. */
  readonly pValue: number | null;
  readonly ok: boolean;
}

export interface PlantedCheck {
  readonly ok: boolean;
  readonly documents: number;
  readonly dropped: number;
  /** Dropped documents whose kept document is of another cluster, below the least similarity, or dropped itself: 0 of each. */
  readonly strangers: number;
  readonly tooUnlike: number;
  readonly keptIsDropped: number;
  readonly sections: readonly SectionResult[];
}

/** A right run fails one section in a hundred thousand. */
const LEAST_P = 1e-5;

export async function checkPlanted(out: string, planted: Planted, geometry: Geometry | null): Promise<PlantedCheck> {
  const kept = await readKept(out, planted.documents);
  const dropped = new Map<Section, number>(planted.sections.map((section) => [section, 0]));
  let strangers = 0;
  let tooUnlike = 0;
  let keptIsDropped = 0;
  const least = geometry === null ? 1 : geometry.minJaccard;
  kept.forEach((of, document) => {
    if (of === 0) return;
    const { section, cluster } = planted.place(document);
    dropped.set(section, dropped.get(section)! + 1);
    if (planted.place(of - 1).cluster !== cluster) strangers++;
    else if (planted.jaccard(document, of - 1) < least) tooUnlike++;
    if (kept[of - 1] !== 0) keptIsDropped++;
  });
  const sections = planted.sections.map((section) => judge(section, dropped.get(section)!, geometry));
  return {
    ok: strangers + tooUnlike + keptIsDropped === 0 && sections.every(({ ok }) => ok),
    documents: planted.documents,
    dropped: [...dropped.values()].reduce((a, b) => a + b, 0),
    strangers,
    tooUnlike,
    keptIsDropped,
    sections,
  };
}

/** For each document 0 where it stays, else the number of the document kept in its stead, plus one. */
async function readKept(out: string, documents: number): Promise<Uint32Array> {
  const kept = new Uint32Array(documents);
  let seen = 0;
  for (const name of readdirSync(join(out, 'features')).sort()) {
    for await (const batch of readArrow(join(out, 'features', name))) {
      const ids = column(batch, 'id', 'utf8') as BytesColumn;
      const keptIds = column(batch, 'kept_id', 'utf8') as BytesColumn;
      const reasons = column(batch, 'reason', 'dictionary');
      for (let row = 0; row < batch.rows; row++) {
        seen++;
        if (!isValid(reasons, row)) continue;
        const document = Number(valueAt(ids, row));
        if (!isValid(keptIds, row)) throw new Error(`document ${document} is dropped (${String(valueAt(reasons, row))}) without a kept one`);
        kept[document] = Number(valueAt(keptIds, row)) + 1;
      }
    }
  }
  if (seen !== documents) throw new Error(`features/ holds ${seen} rows, expected ${documents}`);
  return kept;
}

/** Spans shorter than this many words are below the step's least length, from this many on they are above it. */
const SHORT_SPAN_WORDS = 12;
const LONG_SPAN_WORDS = 50;
/** A neighbouring word or two may be equal by chance, and an end is moved to the border of a character, a token or a word. */
const SPAN_SLACK_BYTES = 24;

/**
 * dedupe-substring, keeping the first: what each document lost in bytes, from the `text_bytes` that followed the step. `dropped`
 * counts documents that lost anything; `tooUnlike` those that lost another amount than the planted span.
 */
export async function checkSpans(out: string, planted: Planted): Promise<PlantedCheck> {
  const lost = new Map<Section, number>(planted.sections.map((section) => [section, 0]));
  let tooUnlike = 0;
  let seen = 0;
  for (const name of readdirSync(join(out, 'features')).sort()) {
    for await (const batch of readArrow(join(out, 'features', name))) {
      const first = Number(valueAt(column(batch, 'id', 'utf8'), 0));
      const texts = plantedTexts(planted, first, first + batch.rows);
      const left = column(batch, 'text_bytes', 'fixed');
      for (let row = 0; row < batch.rows; row++) {
        seen++;
        const bytes = texts.offsets[row + 1]! - texts.offsets[row]!;
        const gone = bytes - (isValid(left, row) ? Number(left.values[row]) : 0);
        if (gone === 0) continue;
        const { section, cluster } = planted.place(first + row);
        lost.set(section, lost.get(section)! + 1);
        const planned = section.kind === 'span' ? spanBytes(planted, cluster, section.words) : bytes;
        if (Math.abs(gone - planned) > SPAN_SLACK_BYTES) tooUnlike++;
      }
    }
  }
  if (seen !== planted.documents) throw new Error(`features/ holds ${seen} rows, expected ${planted.documents}`);
  const sections = planted.sections.map((section): SectionResult => {
    const found = lost.get(section)!;
    const most = section.documents - section.documents / section.size;
    const between = section.kind === 'span' && section.words > SHORT_SPAN_WORDS && section.words < LONG_SPAN_WORDS;
    const none = section.kind === 'unique' || (section.kind === 'span' && section.words <= SHORT_SPAN_WORDS);
    const expected = between ? null : none ? 0 : most;
    return {
      section: section.name,
      documents: section.documents,
      dropped: found,
      expected,
      pValue: null,
      ok: expected === null ? found <= most : found === expected,
    };
  });
  const dropped = [...lost.values()].reduce((a, b) => a + b, 0);
  return { ok: tooUnlike === 0 && sections.every(({ ok }) => ok), documents: seen, dropped, strangers: 0, tooUnlike, keptIsDropped: 0, sections };
}

function judge(section: Section, dropped: number, geometry: Geometry | null): SectionResult {
  const clusters = section.documents / section.size;
  const most = section.documents - clusters;
  const result = (expected: number | null, pValue: number | null, ok: boolean): SectionResult => ({
    section: section.name,
    documents: section.documents,
    dropped,
    expected,
    pValue,
    ok,
  });
  const exactly = (expected: number): SectionResult => result(expected, null, dropped === expected);
  switch (section.kind) {
    case 'unique':
    case 'span':
      return exactly(0);
    case 'exact':
      return exactly(most);
    case 'chain':
      return geometry === null ? exactly(0) : result(null, null, dropped > 0 && dropped < most);
    case 'near':
    case 'template': {
      const jaccard = sharedPrefixJaccard(section.words);
      if (geometry === null || jaccard < geometry.minJaccard) return exactly(0);
      const found = foundProbability(jaccard, geometry.bands, geometry.rows);
      if (section.size === 2) {
        const pValue = binomialPValue(dropped, clusters, found);
        return result(clusters * found, pValue, pValue > LEAST_P);
      }
      // A member stays beyond the first only if no other member finds it: no likelier than not being found by one of them.
      const pValue = binomialAtLeast(most - dropped, most, 1 - found);
      return result(most, pValue, dropped <= most && pValue > LEAST_P);
    }
  }
}
