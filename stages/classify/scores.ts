// From logits to scores: probabilities of classes, or the number itself of a regression; and which column says what.
// Invariant: a text's score is the mean over its windows, weighted by their tokens, in their order.
import { type Column, type DictionaryColumn, fixedColumn, validityOf } from '../../native/index.js';
import type { EncoderInputs } from '../contract/encoder-tokens.js';
import type { ModelHead } from '../contract/weights/plan.js';

export interface ScoredHead extends ModelHead {
  /** `score_<step>`, and of several heads `score_<step>_<head>`. */
  readonly score: string;
  /** The column of the best label; null where the score is one label's, or a number. */
  readonly label: string | null;
  /** The label whose probability is the score; -1 where it is the best label's, or a number. */
  readonly at: number;
}

/** `label`: of the head that decides; null: of two labels the second, of more the best. */
export function scoredHeads(heads: readonly ModelHead[], name: string, deciding: string | null, label: string | null): readonly ScoredHead[] {
  return heads.map((head) => {
    const suffix = heads.length > 1 ? `_${head.name}` : '';
    const asked = label !== null && (deciding === null || deciding === head.name) ? head.labels.indexOf(label) : -1;
    const at = head.kind === 'regression' && head.labels.length === 1 ? -1 : asked >= 0 ? asked : head.labels.length === 2 ? 1 : -1;
    const best = at < 0 && head.labels.length > 1;
    return { ...head, score: `score_${name}${suffix}`, label: best ? `label_${name}${suffix}` : null, at };
  });
}

/** (rows, labels) of one head, NaN for rows without input. */
export function probabilities(head: ModelHead, logits: Float32Array, inputs: EncoderInputs, rows: number): Float64Array {
  const labels = head.labels.length;
  const sums = new Float64Array(rows * labels);
  const weights = new Float64Array(rows);
  const one = new Float64Array(labels);
  for (let input = 0; input < inputs.rows.length; input++) {
    activate(head.kind, logits.subarray(input * labels, (input + 1) * labels), one);
    const row = inputs.rows[input]!;
    const weight = inputs.weights[input]!;
    weights[row]! += weight;
    for (let label = 0; label < labels; label++) sums[row * labels + label]! += weight * one[label]!;
  }
  return sums.map((sum, i) => sum / weights[Math.floor(i / labels)]!);
}

function activate(kind: ModelHead['kind'], logits: Float32Array, out: Float64Array): void {
  if (kind === 'regression') {
    out.set(logits);
  } else if (kind === 'multi-label') {
    for (let i = 0; i < out.length; i++) out[i] = 1 / (1 + Math.exp(-logits[i]!));
  } else {
    const highest = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    let total = 0;
    for (let i = 0; i < out.length; i++) {
      out[i] = Math.exp(logits[i]! - highest);
      total += out[i]!;
    }
    for (let i = 0; i < out.length; i++) out[i]! /= total;
  }
}

/** The columns of one head over a batch; `of[i]` is the batch's row of the i-th scored row. */
export function columnsOf(head: ScoredHead, values: Float64Array, of: readonly number[], rows: number): Record<string, Column> {
  const labels = head.labels.length;
  const scores = new Float32Array(rows);
  const best = new Uint16Array(rows);
  const scored = new Array<boolean>(rows).fill(false);
  const sorted = [...new Set(head.labels)].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  of.forEach((row, i) => {
    const part = values.subarray(i * labels, (i + 1) * labels);
    if (Number.isNaN(part[0]!)) return;
    let top = 0;
    for (let label = 1; label < labels; label++) if (part[label]! > part[top]!) top = label;
    scored[row] = true;
    scores[row] = part[head.at >= 0 ? head.at : top]!;
    best[row] = sorted.indexOf(head.labels[top]!);
  });
  const validity = validityOf(scored);
  const columns: Record<string, Column> = { [head.score]: fixedColumn(scores, validity) };
  if (head.label !== null) columns[head.label] = { kind: 'dictionary', indices: best, labels: sorted, validity } satisfies DictionaryColumn;
  return columns;
}
