// Repetition within a document: Gopher's metrics (Rae et al. 2021, table A1) and thresholds on them.
// Metrics: kernels/text/text_features.cpp. Rule sets: rules/*.json.
import { native } from '../../native/index.js';
import type { Metric } from '../contract/rules.js';
import { ruleStage } from '../contract/rule-stage.js';

const fraction = (name: string, about: string): Metric => ({ name, kind: 'fraction', about });

export const REPETITION_METRICS: readonly Metric[] = [
  fraction('duplicate_line_fraction', 'Lines that are a second or later copy, of all lines.'),
  fraction('duplicate_paragraph_fraction', 'Paragraphs that are a second or later copy, of all paragraphs.'),
  fraction('duplicate_line_character_fraction', 'Characters of such lines, of the text.'),
  fraction('duplicate_paragraph_character_fraction', 'Characters of such paragraphs, of the text.'),
  // A ratio: occurrences of one n-gram may overlap ("ha ha ha").
  ...[2, 3, 4].map(
    (n): Metric => ({
      name: `top_${n}_gram_fraction`,
      kind: 'ratio',
      about: `Characters of the most frequent ${n}-gram times its count, of all words' characters.`,
    }),
  ),
  ...[5, 6, 7, 8, 9, 10].map((n) =>
    fraction(`duplicate_${n}_gram_fraction`, `Characters of words inside any ${n}-gram that occurs more than once, of all words' characters.`),
  ),
];

export const repetition = ruleStage({
  name: 'repetition',
  version: 1,
  metrics: REPETITION_METRICS,
  folder: 'stages/repetition/rules',
  defaultSet: 'gopher@paper',
  measure: (text) => native.repetitionFeatures(text),
});
