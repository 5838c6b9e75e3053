// Features cut into at most 255 bins each, for histograms. Bin b of a feature holds the values v with
// cuts[b-1] < v <= cuts[b]; NaN is below everything. A cut lies between two values that occur, so `v <= cut` decides the same
// on floats as `bin <= b` does on bins: that is what lets a tree be grown on bins and walked on floats.

/** Values in rows: feature f of row r is `values[r * features + f]`. */
export interface Matrix {
  readonly rows: number;
  readonly features: number;
  readonly values: Float32Array;
}

export interface Bins {
  readonly rows: number;
  readonly features: number;
  /** By feature: the bin of each row. */
  readonly columns: readonly Uint8Array[];
  /** By feature: ascending, one fewer than its bins. */
  readonly cuts: readonly Float32Array[];
}

/** The float32 to cut at between two neighbours low < high: low <= cut < high. */
function between(low: number, high: number): number {
  const middle = Math.fround(low + (high - low) / 2);
  return middle < high && middle >= low ? middle : low;
}

/** Cuts of one feature from its sorted values (NaN first): every distinct value its bin where they fit, else equal counts. */
function cutsOf(sorted: Float32Array, most: number): Float32Array {
  const cuts: number[] = [];
  let start = 0;
  while (start < sorted.length && Number.isNaN(sorted[start]!)) start++;
  if (start > 0 && start < sorted.length) cuts.push(-Infinity); // NaN alone at or below it
  let distinct = 0;
  for (let i = start; i < sorted.length; i++) if (i === start || sorted[i] !== sorted[i - 1]) distinct++;
  const room = most - cuts.length;
  const all = distinct <= room;
  let left = sorted.length - start; // values not yet in a finished bin
  let bins = room;
  let inBin = 0;
  for (let i = start; i < sorted.length - 1; i++) {
    inBin++;
    if (sorted[i] === sorted[i + 1]) continue;
    if (!all && inBin * bins < left) continue;
    if (bins <= 1) break;
    cuts.push(between(sorted[i]!, sorted[i + 1]!));
    left -= inBin;
    bins--;
    inBin = 0;
  }
  return Float32Array.from(cuts);
}

/** The bin of a value: how many cuts lie below it. */
export function binOf(cuts: Float32Array, value: number): number {
  let low = 0;
  let high = cuts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value > cuts[middle]!) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Rows that the cuts are made from: enough for 255 of them, and a third of the sorting that 300,000 rows take. */
const SAMPLE = 100_000;

export function binFeatures(matrix: Matrix, most = 255): Bins {
  const columns: Uint8Array[] = [];
  const cuts: Float32Array[] = [];
  const values = new Float32Array(matrix.rows);
  const step = Math.max(1, matrix.rows / SAMPLE);
  for (let f = 0; f < matrix.features; f++) {
    for (let row = 0, at = f; row < matrix.rows; row++, at += matrix.features) values[row] = matrix.values[at]!;
    const sorted = Float32Array.from({ length: Math.min(matrix.rows, SAMPLE) }, (_, i) => values[Math.floor(i * step)]!).sort(); // NaN last
    let missing = 0;
    while (missing < sorted.length && Number.isNaN(sorted[sorted.length - 1 - missing]!)) missing++;
    if (missing > 0) {
      sorted.copyWithin(missing, 0, sorted.length - missing);
      sorted.fill(Number.NaN, 0, missing);
    }
    const own = cutsOf(sorted, most);
    const column = new Uint8Array(matrix.rows);
    for (let row = 0; row < matrix.rows; row++) column[row] = binOf(own, values[row]!);
    cuts.push(own);
    columns.push(column);
  }
  return { rows: matrix.rows, features: matrix.features, columns, cuts };
}
