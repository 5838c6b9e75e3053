// Repetition within a document: copies of lines, paragraphs and n-grams, and thresholds on their shares. Metrics: native.measure
// by the definitions of stages/contract/metrics.ts. Rule sets: rules/*.json; infra/docs/definitions.md says how they differ.
import { METRICS } from '../contract/metrics.js';
import { ruleStage } from '../contract/rule-stage.js';

/** A drop code is a place here: new metrics go to the end. */
export const REPETITION_METRICS: readonly string[] = [
  'duplicate_line_fraction',
  'duplicate_paragraph_fraction',
  'duplicate_line_character_fraction',
  'duplicate_paragraph_character_fraction',
  ...[2, 3, 4].map((n) => `top_${n}_gram_fraction`),
  ...[5, 6, 7, 8, 9, 10].map((n) => `duplicate_${n}_gram_fraction`),
];

export const repetition = ruleStage({
  name: 'repetition',
  about: 'Drops documents that repeat lines, paragraphs or phrases, by published thresholds.',
  version: 1,
  metrics: REPETITION_METRICS.flatMap((name) => METRICS.filter((metric) => metric.name === name)),
  folder: 'stages/repetition/rules',
  defaultSet: 'gopher@paper',
});
