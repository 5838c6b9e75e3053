// The model as 32-bit words, one layout for the compiled-in array (kernels/html/block_model.inc) and for the bytes that tests
// and training hand to extractPages: what the core reads of one it reads of the other.
//   0 magic "RBM1", 1 stages; then each stage:
//   features, hash of their names (low, high), bias (float32), trees, nodes, leaves,
//   the root node of each tree,
//   each node: feature | left << 16, right (low 16 bits), cut (float32): `value <= cut` or NaN goes left. A child c >= 0 is a
//   node of the stage, c < 0 (16 bits, two's complement) the leaf ~c of the stage,
//   each leaf: log odds (float32).
// A tree without a split is a node whose cut is +infinity and whose children are its one leaf.
import type { Forest } from './gbdt.js';
import type { Tree } from './gbdt-tree.js';

const MAGIC = 0x314d4252;
const MOST = 32_767;

export interface ModelStage {
  readonly forest: Forest;
  readonly featureNames: readonly string[];
}

/** FNV-1a, 64 bits, of the names with a line feed after each: the core refuses a model for other features. */
export function hashOfNames(names: readonly string[]): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(names.map((name) => `${name}\n`).join(''))) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash;
}

const floats = new Float32Array(1);
const bits = new Uint32Array(floats.buffer);
const floatBits = (value: number): number => {
  floats[0] = value;
  return bits[0]!;
};
const bitsFloat = (word: number): number => {
  bits[0] = word;
  return floats[0]!;
};

const stump = (tree: Tree): Tree =>
  tree.feature.length > 0
    ? tree
    : { feature: Uint16Array.of(0), cut: Float32Array.of(Infinity), left: Int16Array.of(-1), right: Int16Array.of(-1), leaf: tree.leaf };

export function encodeModel(stages: readonly ModelStage[]): Uint32Array {
  const words: number[] = [MAGIC, stages.length];
  for (const { forest, featureNames } of stages) {
    if (featureNames.length !== forest.features) throw new RangeError(`encodeModel: ${forest.features} features and ${featureNames.length} names`);
    const trees = forest.trees.map(stump);
    const nodes = trees.reduce((sum, tree) => sum + tree.feature.length, 0);
    const leaves = trees.reduce((sum, tree) => sum + tree.leaf.length, 0);
    if (nodes > MOST || leaves > MOST)
      throw new RangeError(`encodeModel: ${nodes} nodes and ${leaves} leaves, at most ${MOST} of each. Use fewer or smaller trees.`);
    const hash = hashOfNames(featureNames);
    words.push(forest.features, Number(hash & 0xffffffffn), Number(hash >> 32n), floatBits(forest.bias), trees.length, nodes, leaves);
    let node = 0;
    for (const tree of trees) {
      words.push(node);
      node += tree.feature.length;
    }
    let firstNode = 0;
    let firstLeaf = 0;
    const values: number[] = [];
    for (const tree of trees) {
      const child = (c: number) => (c >= 0 ? firstNode + c : ~(firstLeaf + ~c)) & 0xffff;
      for (let i = 0; i < tree.feature.length; i++)
        words.push((tree.feature[i]! | (child(tree.left[i]!) << 16)) >>> 0, child(tree.right[i]!), floatBits(tree.cut[i]!));
      for (const leaf of tree.leaf) values.push(floatBits(leaf));
      firstNode += tree.feature.length;
      firstLeaf += tree.leaf.length;
    }
    words.push(...values);
  }
  return Uint32Array.from(words);
}

/** The stages of a model, for tests: trees as encodeModel wrote them, and the hash of the names. */
export function decodeModel(words: Uint32Array): { readonly forest: Forest; readonly hash: bigint }[] {
  if (words[0] !== MAGIC) throw new RangeError('decodeModel: no model');
  const short = (word: number) => (word << 16) >> 16;
  let at = 2;
  return Array.from({ length: words[1]! }, () => {
    const [features, low, high, bias, count, nodes, leaves] = words.subarray(at, at + 7) as unknown as [number, number, number, number, number, number, number];
    const roots = [...words.subarray(at + 7, at + 7 + count), nodes];
    const body = at + 7 + count;
    at = body + 3 * nodes + leaves;
    let firstLeaf = 0;
    const trees = roots.slice(0, -1).map((root, t) => {
      const size = roots[t + 1]! - root;
      const node = (i: number, k: number) => words[body + 3 * (root + i) + k]!;
      const leaf = Float32Array.from({ length: size === 1 && bitsFloat(node(0, 2)) === Infinity ? 1 : size + 1 }, (_, i) =>
        bitsFloat(words[body + 3 * nodes + firstLeaf + i]!),
      );
      const child = (word: number) => (short(word) >= 0 ? short(word) - root : ~(~short(word) - firstLeaf));
      const range = Array.from({ length: size }, (_, i) => i);
      const tree: Tree = {
        feature: Uint16Array.from(range, (i) => node(i, 0) & 0xffff),
        cut: Float32Array.from(range, (i) => bitsFloat(node(i, 2))),
        left: Int16Array.from(range, (i) => child(node(i, 0) >>> 16)),
        right: Int16Array.from(range, (i) => child(node(i, 1))),
        leaf,
      };
      firstLeaf += leaf.length;
      return tree;
    });
    return { forest: { features, bias: bitsFloat(bias), trees }, hash: (BigInt(high) << 32n) | BigInt(low) };
  });
}

/** Little-endian bytes, as extractPages takes them. */
export function modelBytes(words: Uint32Array): Uint8Array {
  const bytes = new Uint8Array(words.length * 4);
  const view = new DataView(bytes.buffer);
  words.forEach((word, i) => {
    view.setUint32(4 * i, word, true);
  });
  return bytes;
}

/** The text of kernels/html/block_model.inc: the words, to be included between braces. */
export function modelInc(words: Uint32Array, about: string): string {
  const lines = [`// Generated by node dist/infra/extract/train.js; not to be edited. ${about}`, '// Layout: infra/extract/model-file.ts.'];
  for (let i = 0; i < words.length; i += 14) lines.push(`${[...words.subarray(i, i + 14)].map((word) => `0x${word.toString(16)}`).join(',')},`);
  return `${lines.join('\n')}\n`;
}
