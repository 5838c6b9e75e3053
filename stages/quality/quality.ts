// Does a document read like prose? Gopher's metrics (Rae et al. 2021, appendix A.1.1) and thresholds on them.
// Metrics: kernels/text/text_features.cpp. Rule sets: rules/*.json. The stop-word rule is an English one: a run that keeps
// other languages gives their words (`stop-words: [der, die, ...]`) or switches it off (`stop-word-count: off`).
import { z } from 'zod';
import { native } from '../../native/index.js';
import type { Metric } from '../contract/rules.js';
import { ruleStage } from '../contract/rule-stage.js';

export const QUALITY_METRICS: readonly Metric[] = [
  { name: 'word_count', kind: 'count', about: 'Words: runs without white space.' },
  { name: 'mean_word_length', kind: 'length', about: 'Characters a word.' },
  { name: 'hash_word_ratio', kind: 'ratio', about: 'Number signs (#) a word.' },
  { name: 'ellipsis_word_ratio', kind: 'ratio', about: 'Ellipses (... or its one character) a word.' },
  { name: 'bullet_line_fraction', kind: 'fraction', about: 'Lines that start with a bullet (U+2022 or -).' },
  { name: 'ellipsis_line_fraction', kind: 'fraction', about: 'Lines that end with an ellipsis.' },
  { name: 'alphabetic_word_fraction', kind: 'fraction', about: 'Words with at least one letter.' },
  { name: 'stop_word_count', kind: 'count', about: 'Distinct stop words in the text.' },
];

/** Gopher's eight (Rae et al. 2021, A.1.1). */
export const GOPHER_STOP_WORDS: readonly string[] = ['the', 'be', 'to', 'of', 'and', 'that', 'have', 'with'];

export const quality = ruleStage({
  name: 'quality',
  version: 1,
  metrics: QUALITY_METRICS,
  folder: 'stages/quality/rules',
  defaultSet: 'gopher@paper',
  extra: {
    'stop-words': z
      .array(z.string().min(1))
      .min(1)
      .max(10_000)
      .default([...GOPHER_STOP_WORDS])
      .describe("The words that stop-word-count counts, without case; default Gopher's eight English ones."),
  },
  measure: (text, options) => native.qualityFeatures(text, options['stop-words'] as readonly string[]),
});
