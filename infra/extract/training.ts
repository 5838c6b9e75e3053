// From a dataset to models: one per fold, trained on the other four, and one on all pages, which ships.
import { native } from '../../native/index.js';
import type { Dataset, PageRows } from './dataset.js';
import { type BoostRules, type Forest, predict } from './gbdt.js';
import { logLoss } from './logistic.js';
import { encodeModel } from './model-file.js';
import { trainAll } from './pool.js';
import { treeRules } from './settings.js';

export interface FoldModels {
  /** By fold: the model that did not see it. */
  readonly models: readonly Uint32Array[];
  /** Log odds of every row by the model that did not see its page. */
  readonly scores: Float32Array;
  /** Log loss of the labelled rows by those. */
  readonly loss: number;
}

const task = (dataset: Dataset, without: readonly number[], rules: BoostRules) => ({
  matrix: dataset.matrix,
  labels: dataset.labels,
  weights: dataset.weights,
  folds: dataset.folds,
  without,
  rules,
});

const wordsOf = (forest: Forest): Uint32Array => encodeModel([{ forest, featureNames: native.blockFeatureNames() }]);

function scorePage(dataset: Dataset, page: PageRows, forest: Forest): Float32Array {
  const { features, values } = dataset.matrix;
  return predict(forest, { rows: page.end - page.begin, features, values: values.subarray(page.begin * features, page.end * features) });
}

export async function trainFolds(dataset: Dataset, folds: number, threads: number, rules = treeRules): Promise<FoldModels> {
  const forests = await trainAll(
    Array.from({ length: folds }, (_, fold) => task(dataset, [fold], rules)),
    threads,
  );
  const scores = new Float32Array(dataset.matrix.rows);
  for (const page of dataset.pages) scores.set(scorePage(dataset, page, forests[page.fold]!), page.begin);
  return { models: forests.map(wordsOf), scores, loss: logLoss(scores, dataset.labels, dataset.weights) };
}

export async function trainWhole(dataset: Dataset, rules = treeRules): Promise<Uint32Array> {
  const [forest] = await trainAll([task(dataset, [], rules)], 1);
  return wordsOf(forest!);
}
