// Does a document read like prose? Thresholds on counts of its words, lines and sentences. Metrics: native.measure by the
// definitions of stages/contract/metrics.ts. Rule sets: rules/*.json. Stop words are English where neither the rule set nor
// `stop-words` says otherwise: a run that keeps other languages gives theirs, or switches the rule off (`stop-word-count: off`).
import { z } from 'zod';
import { METRICS } from '../contract/metrics.js';
import { ruleStage } from '../contract/rule-stage.js';

/** Gopher's eight (Rae et al. 2021, A.1.1). */
export const GOPHER_STOP_WORDS: readonly string[] = ['the', 'be', 'to', 'of', 'and', 'that', 'have', 'with'];

/** Gopher's metrics first: a drop code is a place in this order. The step may use every metric of the catalogue. */
const FIRST: readonly string[] = [
  'word_count',
  'mean_word_length',
  'hash_word_ratio',
  'ellipsis_word_ratio',
  'bullet_line_fraction',
  'ellipsis_line_fraction',
  'alphabetic_word_fraction',
  'stop_word_count',
];

const words = z.array(z.string().min(1)).min(1).max(10_000);

export const quality = ruleStage({
  name: 'quality',
  about: 'Drops documents that do not look like running text, by published thresholds on counts of words, symbols and lines.',
  version: 1,
  metrics: [...FIRST.flatMap((name) => METRICS.filter((metric) => metric.name === name)), ...METRICS.filter((metric) => !FIRST.includes(metric.name))],
  folder: 'stages/quality/rules',
  defaultSet: 'gopher@paper',
  extra: {
    'stop-words': z
      .union([words, z.record(z.string(), words)])
      .optional()
      .describe("The words that stop-word-count counts: a list, or a list for each `lang`. The rule set's own where absent; Gopher's are eight English ones."),
    'bad-words': words.optional().describe('The words that bad-word-count counts, in lower case; it is 0 without them. The step `lines` has published lists.'),
  },
});
