// Gradient-boosted trees for a yes-or-no label: Friedman 2001 with Newton leaves, histograms and leaf-wise trees as LightGBM
// has them. Invariant: the same matrix, labels, weights and parameters give the same bytes, on every machine: fixed order of
// sums, own exp, seeded draws.
import { type Bins, binFeatures, type Matrix } from './gbdt-bins.js';
import { layoutOf } from './gbdt-histogram.js';
import { type Tree, TreeGrower, walk } from './gbdt-tree.js';
import { logistic, logLoss } from './logistic.js';
import { choose, randomFrom } from './random.js';

export interface BoostRules {
  readonly trees: number;
  readonly leaves: number;
  readonly maxDepth: number;
  readonly learningRate: number;
  readonly minRows: number;
  readonly minHessian: number;
  readonly l2: number;
  readonly minGain: number;
  /** Share of the features each tree may use. */
  readonly featureShare: number;
  /** Share of the rows each tree is grown on. */
  readonly rowShare: number;
  readonly maxBins: number;
  readonly seed: number;
}

export const defaultRules: BoostRules = {
  trees: 200,
  leaves: 31,
  maxDepth: 64,
  learningRate: 0.1,
  minRows: 20,
  minHessian: 1e-3,
  l2: 1,
  minGain: 0,
  featureShare: 1,
  rowShare: 1,
  maxBins: 255,
  seed: 1,
};

export interface Forest {
  readonly features: number;
  /** Log odds before the first tree. */
  readonly bias: number;
  readonly trees: readonly Tree[];
}

/** Rows the trainer does not see, for early stopping: the trees after the best log loss are cut off. */
export interface HeldOut {
  readonly matrix: Matrix;
  readonly labels: ArrayLike<number>;
  readonly weights: ArrayLike<number>;
  /** Trees without a better loss before it stops. */
  readonly patience: number;
}

/** `labels` are 0 or 1; rows of weight 0 are as if absent. */
export function boost(matrix: Matrix, labels: ArrayLike<number>, weights: ArrayLike<number>, rules: BoostRules, heldOut?: HeldOut): Forest {
  const kept: number[] = [];
  for (let row = 0; row < matrix.rows; row++) if (weights[row]! > 0) kept.push(row);
  if (kept.length === 0) throw new RangeError('boost: no row has a weight above 0');
  const data = kept.length === matrix.rows ? matrix : rowsOf(matrix, kept);
  const label = Float64Array.from(kept, (row) => labels[row]!);
  const weight = Float64Array.from(kept, (row) => weights[row]!);
  return boostBins(binFeatures(data, rules.maxBins), data, label, weight, rules, heldOut);
}

function boostBins(bins: Bins, data: Matrix, label: Float64Array, weight: Float64Array, rules: BoostRules, heldOut?: HeldOut): Forest {
  let positive = 0;
  let total = 0;
  for (let row = 0; row < data.rows; row++) {
    positive += weight[row]! * label[row]!;
    total += weight[row]!;
  }
  const share = Math.min(Math.max(positive / total, 1e-6), 1 - 1e-6);
  const bias = Math.fround(Math.log(share / (1 - share)));
  const scores = new Float64Array(data.rows).fill(bias);
  const gradient = new Float64Array(data.rows);
  const hessian = new Float64Array(data.rows);
  const grower = new TreeGrower(bins, layoutOf(bins), rules);
  const random = randomFrom(rules.seed);
  const everyRow = Uint32Array.from({ length: data.rows }, (_, row) => row);
  const trees: Tree[] = [];
  const watch = heldOut === undefined ? null : new Watch(heldOut, bias);
  for (let round = 0; round < rules.trees; round++) {
    for (let row = 0; row < data.rows; row++) {
      const p = logistic(scores[row]!);
      gradient[row] = weight[row]! * (p - label[row]!);
      hessian[row] = weight[row]! * p * (1 - p);
    }
    const rows = rules.rowShare >= 1 ? everyRow : choose(data.rows, Math.max(1, Math.round(data.rows * rules.rowShare)), random);
    const chosen = choose(bins.features, Math.max(1, Math.round(bins.features * rules.featureShare)), random);
    const tree = grower.grow(rows, chosen, gradient, hessian);
    if (tree.feature.length === 0 && rules.featureShare >= 1 && rules.rowShare >= 1) break; // nothing more to split
    for (let row = 0, at = 0; row < data.rows; row++, at += data.features) scores[row] = scores[row]! + walk(tree, data.values, at);
    trees.push(tree);
    if (watch?.enough(tree) === true) break;
  }
  return { features: data.features, bias, trees: watch === null ? trees : trees.slice(0, watch.best) };
}

class Watch {
  best = 0;
  private lowest: number;
  private readonly scores: Float64Array;
  private seen = 0;

  constructor(
    private readonly heldOut: HeldOut,
    bias: number,
  ) {
    this.scores = new Float64Array(heldOut.matrix.rows).fill(bias);
    this.lowest = logLoss(this.scores, heldOut.labels, heldOut.weights);
  }

  enough(tree: Tree): boolean {
    const { matrix, labels, weights, patience } = this.heldOut;
    for (let row = 0, at = 0; row < matrix.rows; row++, at += matrix.features) this.scores[row] = this.scores[row]! + walk(tree, matrix.values, at);
    const loss = logLoss(this.scores, labels, weights);
    this.seen++;
    if (loss < this.lowest) {
      this.lowest = loss;
      this.best = this.seen;
    }
    return this.seen - this.best >= patience;
  }
}

export function rowsOf(matrix: Matrix, rows: readonly number[]): Matrix {
  const values = new Float32Array(rows.length * matrix.features);
  rows.forEach((row, i) => {
    values.set(matrix.values.subarray(row * matrix.features, (row + 1) * matrix.features), i * matrix.features);
  });
  return { rows: rows.length, features: matrix.features, values };
}

/** Log odds of each row, summed in float32 from the bias on in the order of the trees, as the core does. */
export function predict(forest: Forest, matrix: Matrix): Float32Array {
  const out = new Float32Array(matrix.rows).fill(forest.bias);
  for (const tree of forest.trees)
    for (let row = 0, at = 0; row < matrix.rows; row++, at += matrix.features) out[row] = out[row]! + walk(tree, matrix.values, at);
  return out;
}
