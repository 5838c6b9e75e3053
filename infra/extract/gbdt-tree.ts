// Grows one regression tree on bins: leaf by leaf, always the leaf whose split gains most (LightGBM's order; Ke et al. 2017).
// Invariant: the rows of a leaf stay in ascending order, so sums are taken in one order whatever the splits before.
import type { Bins } from './gbdt-bins.js';
import { bestSplit, countRows, type Histogram, type Layout, newHistogram, packColumns, type Split, type SplitRules, subtract } from './gbdt-histogram.js';

/** Inner node i: `value <= cut[i]` or NaN goes to left[i], else right[i]. A child c >= 0 is an inner node, c < 0 the leaf ~c. */
export interface Tree {
  readonly feature: Uint16Array;
  readonly cut: Float32Array;
  readonly left: Int16Array;
  readonly right: Int16Array;
  readonly leaf: Float32Array;
}

export interface TreeRules extends SplitRules {
  readonly leaves: number;
  /** Splits from the root to a leaf at most: shallow trees are walked without branches (kernels/html/block_model.cpp). */
  readonly maxDepth: number;
  readonly minGain: number;
  readonly learningRate: number;
}

interface Leaf {
  rows: Uint32Array;
  gradient: number;
  hessian: number;
  split: Split;
  histogram: Histogram | null;
  /** Whose child it is: the inner node, and on which side. */
  readonly parent: number;
  readonly onLeft: boolean;
  readonly depth: number;
}

/** Histograms are the size of the features, so they are kept and used again. */
export class TreeGrower {
  private readonly spare: Histogram[] = [];
  private readonly leafGradient: Float64Array;
  private readonly leafHessian: Float64Array;
  private words: { readonly chosen: Uint32Array; readonly packed: readonly Uint32Array[] } | null = null;

  constructor(
    private readonly bins: Bins,
    private readonly layout: Layout,
    private readonly rules: TreeRules,
  ) {
    this.leafGradient = new Float64Array(bins.rows);
    this.leafHessian = new Float64Array(bins.rows);
  }

  /** A tree on `rows` (ascending) and the features `chosen`. */
  grow(rows: Uint32Array, chosen: Uint32Array, gradient: Float64Array, hessian: Float64Array): Tree {
    const { rules } = this;
    if (this.words === null || !sameNumbers(this.words.chosen, chosen)) this.words = { chosen, packed: packColumns(this.bins, chosen) };
    const feature: number[] = [];
    const cut: number[] = [];
    const left: number[] = [];
    const right: number[] = [];
    const leaves: Leaf[] = [this.newLeaf(rows, gradient, hessian, -1, true, 0)];
    const root = leaves[0]!;
    root.histogram = this.take();
    this.count(root, chosen, gradient, hessian);
    this.search(root, chosen);
    while (leaves.length < rules.leaves) {
      let at = 0;
      for (let i = 1; i < leaves.length; i++) if (leaves[i]!.split.gain > leaves[at]!.split.gain) at = i;
      const leaf = leaves[at]!;
      if (leaf.split.feature < 0 || leaf.split.gain <= rules.minGain) break;
      const node = feature.length;
      feature.push(leaf.split.feature);
      cut.push(this.bins.cuts[leaf.split.feature]![leaf.split.bin]!);
      if (leaf.parent >= 0) (leaf.onLeft ? left : right)[leaf.parent] = node;
      const [lower, upper] = this.partition(leaf);
      const a = this.newLeaf(lower, gradient, hessian, node, true, leaf.depth + 1);
      const b = this.newLeaf(upper, gradient, hessian, node, false, leaf.depth + 1);
      left.push(~at);
      right.push(~leaves.length);
      leaves[at] = a;
      leaves.push(b);
      if (leaves.length >= rules.leaves) {
        this.give(leaf);
        break;
      }
      const [small, large] = lower.length <= upper.length ? [a, b] : [b, a];
      small.histogram = this.take();
      this.count(small, chosen, gradient, hessian);
      large.histogram = leaf.histogram;
      subtract(this.layout, chosen, large.histogram!, small.histogram);
      this.search(a, chosen);
      this.search(b, chosen);
    }
    for (const leaf of leaves) this.give(leaf);
    const values = leaves.map((leaf) => (-rules.learningRate * leaf.gradient) / (leaf.hessian + rules.l2));
    return {
      feature: Uint16Array.from(feature),
      cut: Float32Array.from(cut),
      left: Int16Array.from(left),
      right: Int16Array.from(right),
      leaf: Float32Array.from(values),
    };
  }

  private newLeaf(rows: Uint32Array, gradient: Float64Array, hessian: Float64Array, parent: number, onLeft: boolean, depth: number): Leaf {
    let g = 0;
    let h = 0;
    for (let i = 0; i < rows.length; i++) {
      g += gradient[rows[i]!]!;
      h += hessian[rows[i]!]!;
    }
    return { rows, gradient: g, hessian: h, split: { gain: 0, feature: -1, bin: -1 }, histogram: null, parent, onLeft, depth };
  }

  private count(leaf: Leaf, chosen: Uint32Array, gradient: Float64Array, hessian: Float64Array): void {
    const { rows } = leaf;
    for (let i = 0; i < rows.length; i++) {
      this.leafGradient[i] = gradient[rows[i]!]!;
      this.leafHessian[i] = hessian[rows[i]!]!;
    }
    countRows(this.words!.packed, this.layout, chosen, rows, this.leafGradient, this.leafHessian, leaf.histogram!);
  }

  private search(leaf: Leaf, chosen: Uint32Array): void {
    if (leaf.depth >= this.rules.maxDepth) return; // stays a leaf
    leaf.split = bestSplit(this.layout, chosen, leaf.histogram!, leaf.gradient, leaf.hessian, leaf.rows.length, this.rules);
  }

  private partition(leaf: Leaf): [Uint32Array, Uint32Array] {
    const column = this.bins.columns[leaf.split.feature]!;
    const { bin } = leaf.split;
    const { rows } = leaf;
    let n = 0;
    for (let i = 0; i < rows.length; i++) if (column[rows[i]!]! <= bin) n++;
    const lower = new Uint32Array(n);
    const upper = new Uint32Array(rows.length - n);
    let a = 0;
    let b = 0;
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      if (column[row]! <= bin) lower[a++] = row;
      else upper[b++] = row;
    }
    return [lower, upper];
  }

  private take(): Histogram {
    return this.spare.pop() ?? newHistogram(this.layout);
  }

  private give(leaf: Leaf): void {
    if (leaf.histogram !== null) this.spare.push(leaf.histogram);
    leaf.histogram = null;
  }
}

const sameNumbers = (a: Uint32Array, b: Uint32Array): boolean => a.length === b.length && a.every((value, i) => value === b[i]);

/** The leaf value of a row of floats. */
export function walk(tree: Tree, values: Float32Array, offset: number): number {
  if (tree.feature.length === 0) return tree.leaf[0]!;
  let node = 0;
  while (node >= 0) node = values[offset + tree.feature[node]!]! > tree.cut[node]! ? tree.right[node]! : tree.left[node]!;
  return tree.leaf[~node]!;
}
