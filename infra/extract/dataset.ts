// All blocks of all pages as one matrix with labels, weights and folds: what models are trained on.
import { type Blocks, blocksOf } from './blocks.js';
import { type Place, placeOf, readFolds } from './folds.js';
import type { Matrix } from './gbdt-bins.js';
import { madePages } from './made.js';
import { type BlockWeight, labelBlocks, spread } from './labels.js';
import { crawlPages, goldenPages, loadPages, type Origin, type Page, readPage } from './pages.js';
import { addReading, lettersOf, type ReadPage, readPageLabels } from './reading.js';

export interface LabelRules {
  /** What a page of an origin counts beside one of another. */
  readonly corpusWeight: Readonly<Record<Origin, number>>;
  readonly blockWeight: BlockWeight;
  /** What a label of gold counts, by corpus, where one who read the page says the contrary; 1 where absent. */
  readonly contested: Readonly<Partial<Record<Origin, number>>>;
}

export interface PageRows {
  readonly page: Page;
  readonly group: string;
  readonly fold: number;
  readonly texts: readonly string[];
  readonly sizes: Uint32Array;
  /** Its blocks are the rows [begin, end) of the dataset. */
  readonly begin: number;
  readonly end: number;
}

/** Arrays on shared memory, so that threads train on them without a copy. */
export interface Dataset {
  readonly pages: readonly PageRows[];
  readonly matrix: Matrix;
  readonly labels: Uint8Array;
  readonly weights: Float64Array;
  readonly folds: Uint8Array;
}

export function sharedFloats(length: number): Float32Array {
  return new Float32Array(new SharedArrayBuffer(4 * length));
}

/** The pages with gold, then those of the crawl that were read, then the project's own golden ones. */
export function trainingPages(readings: ReadonlyMap<string, ReadPage>): Page[] {
  const gold = loadPages();
  const known = new Set(gold.map((page) => page.sha1));
  return [...gold, ...crawlPages().filter((page) => readings.has(page.sha1) && !known.has(page.sha1)), ...goldenPages()];
}

/** All that models learn from: trainingPages and the made pages. */
export function buildTraining(rules: LabelRules): { readonly dataset: Dataset; readonly readings: ReadonlyMap<string, ReadPage> } {
  const real = readPageLabels();
  const made = madePages();
  const readings = new Map([...real, ...made.readings]);
  return { dataset: buildDataset([...trainingPages(real), ...made.pages], rules, new Map([...readFolds(), ...made.places]), readings), readings };
}

export function buildDataset(
  pages: readonly Page[],
  rules: LabelRules,
  places: ReadonlyMap<string, Place> = readFolds(),
  readings: ReadonlyMap<string, ReadPage> = new Map(),
): Dataset {
  const rows: PageRows[] = [];
  const parts: { blocks: Blocks; label: Uint8Array; weight: Float64Array }[] = [];
  let begin = 0;
  for (const page of pages) {
    const blocks = blocksOf(readPage(page), page.url);
    const byGold = labelBlocks(blocks.texts, page.gold);
    const reading = readings.get(page.sha1);
    const labels = reading === undefined ? byGold : addReading(byGold, lettersOf(reading.runs, blocks.begins, blocks.sizes), rules.contested[page.corpus] ?? 1);
    parts.push({ blocks, label: labels.label, weight: spread(labels, blocks.sizes, rules.corpusWeight[page.corpus], rules.blockWeight) });
    rows.push({ page, ...placeOf(places, page), texts: blocks.texts, sizes: blocks.sizes, begin, end: begin + blocks.texts.length });
    begin += blocks.texts.length;
  }
  const features = parts[0]?.blocks.features.features ?? 0;
  const values = sharedFloats(begin * features);
  const labels = new Uint8Array(new SharedArrayBuffer(begin));
  const weights = new Float64Array(new SharedArrayBuffer(8 * begin));
  const folds = new Uint8Array(new SharedArrayBuffer(begin));
  let sum = 0;
  let used = 0;
  rows.forEach((row, i) => {
    const part = parts[i]!;
    values.set(part.blocks.features.values, row.begin * features);
    labels.set(part.label, row.begin);
    weights.set(part.weight, row.begin);
    folds.fill(row.fold, row.begin, row.end);
    for (const weight of part.weight) {
      sum += weight;
      if (weight > 0) used++;
    }
  });
  for (let row = 0; row < begin; row++) weights[row] = (weights[row]! * used) / sum; // a mean of 1: minHessian and l2 keep their meaning
  return { pages: rows, matrix: { rows: begin, features, values }, labels, weights, folds };
}
