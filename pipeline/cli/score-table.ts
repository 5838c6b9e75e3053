// A classifier's scores on examples it never saw, as `refine train-classifier` prints them.
import type { Scores } from '../classifier-scores.js';
import { number } from '../stats-text.js';

/** `full`: before quantisation. */
export function scoreTable(scores: Scores, full: Scores | null): string {
  const digits = (value: number | null): string => (value === null ? '-' : value.toFixed(3)).padStart(9);
  const width = Math.max(5, ...scores.labels.map(({ label }) => label.length));
  const lines = [
    `on ${number(scores.examples)} examples it never saw: accuracy ${digits(scores.accuracy).trim()} (always the most frequent label: ${digits(scores.baseline).trim()})${
      full === null ? '' : `, before quantisation ${digits(full.accuracy).trim()}`
    }`,
    `${'label'.padEnd(width)} ${'examples'.padStart(9)} ${'precision'.padStart(9)} ${'recall'.padStart(9)} ${'F1'.padStart(9)} ${'AUC'.padStart(9)}`,
    ...scores.labels.map(
      ({ label, examples: n, precision, recall, f1, auc }) =>
        `${label.padEnd(width)} ${number(n).padStart(9)} ${digits(precision)} ${digits(recall)} ${digits(f1)} ${digits(auc)}`,
    ),
    ...agreement(scores),
  ];
  return `${lines.join('\n')}\n`;
}

/** Labels against guesses, while the table fits a screen; agreement beyond chance; an earlier score. */
function agreement({ labels, confusion, kappa, earlier }: Scores): string[] {
  const width = Math.max(9, ...labels.map(({ label }) => label.length));
  const cell = (text: string): string => text.padStart(width);
  const table =
    labels.length > 12
      ? []
      : [
          `${'is \\ guess'.padEnd(width)} ${labels.map(({ label }) => cell(label)).join(' ')}`,
          ...labels.map(({ label }, i) => `${label.padEnd(width)} ${confusion[i]!.map((n) => cell(number(n))).join(' ')}`),
        ];
  const lines = [...table, `agreement beyond chance (Cohen's kappa): ${kappa === null ? '-' : kappa.toFixed(3)}`];
  if (earlier === null) return lines;
  const auc = Object.entries(earlier.auc).map(([label, value]) => `${label} ${value === null ? '-' : value.toFixed(3)}`);
  return [...lines, `the earlier score on ${number(earlier.examples)} of them: AUC ${auc.join(', ')}`];
}
