// How well a classifier's predictions agree with labels: precision, recall and F1 by label at the first guess, and the area
// under the ROC curve of each label against all others (Mann-Whitney, ties by halves); the table of labels against guesses, and how
// far they agree beyond chance (Cohen 1960).
export interface LabelScores {
  readonly label: string;
  /** Held-out examples that carry the label. */
  readonly examples: number;
  /** null where nothing was guessed so, or none carries it. */
  readonly precision: number | null;
  readonly recall: number | null;
  readonly f1: number | null;
  readonly auc: number | null;
}

export interface Scores {
  readonly examples: number;
  /** The first guess is one of the example's labels. */
  readonly accuracy: number;
  /** Always guessing the most frequent label. */
  readonly baseline: number;
  readonly labels: readonly LabelScores[];
  /** confusion[i][j]: examples whose (first) label is labels[i] and whose guess is labels[j]. */
  readonly confusion: readonly (readonly number[])[];
  /** 1: all agree; 0: as many as by chance. null where one label is all there is. */
  readonly kappa: number | null;
  /** An earlier score against the labels: the area under the ROC curve, the score taken as one for the label. null where none was given. */
  readonly earlier: { readonly examples: number; readonly auc: Readonly<Record<string, number | null>> } | null;
}

/** `probs`: (examples, labels); `before`: an earlier score of examples that have one. */
export function scoresOf(
  names: readonly string[],
  truths: readonly (readonly string[])[],
  probs: Float32Array,
  before: readonly (number | undefined)[] = [],
): Scores {
  const width = names.length;
  const at = new Map(names.map((name, i) => [name, i]));
  const is = new Uint8Array(truths.length * width);
  truths.forEach((labels, row) => {
    for (const label of labels) if (at.has(label)) is[row * width + at.get(label)!] = 1;
  });
  const guesses = truths.map((_, row) => {
    let best = 0;
    for (let i = 1; i < width; i++) if (probs[row * width + i]! > probs[row * width + best]!) best = i;
    return best;
  });
  const right = guesses.filter((guess, row) => is[row * width + guess] === 1).length;
  const labels = names.map((label, i): LabelScores => {
    let examples = 0;
    let guessed = 0;
    let hit = 0;
    guesses.forEach((guess, row) => {
      const mine = is[row * width + i]!;
      examples += mine;
      if (guess === i) guessed++;
      if (guess === i && mine === 1) hit++;
    });
    const precision = guessed === 0 ? null : hit / guessed;
    const recall = examples === 0 ? null : hit / examples;
    const f1 = precision === null || recall === null ? null : precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall);
    return {
      label,
      examples,
      precision,
      recall,
      f1,
      auc: areaUnderCurve(
        truths.length,
        (row) => probs[row * width + i]!,
        (row) => is[row * width + i] === 1,
      ),
    };
  });
  const most = Math.max(0, ...labels.map(({ examples }) => examples));
  const share = (part: number): number => (truths.length === 0 ? 0 : part / truths.length);
  const confusion = names.map(() => names.map(() => 0));
  guesses.forEach((guess, row) => {
    const first = at.get(truths[row]![0] ?? '');
    if (first !== undefined) confusion[first]![guess]!++;
  });
  return {
    examples: truths.length,
    accuracy: share(right),
    baseline: share(most),
    labels,
    confusion,
    kappa: kappaOf(confusion),
    earlier: earlierScore(names, truths, before),
  };
}

function earlierScore(names: readonly string[], truths: readonly (readonly string[])[], before: readonly (number | undefined)[]): Scores['earlier'] {
  const rows = truths.map((_, row) => row).filter((row) => before[row] !== undefined);
  if (rows.length === 0) return null;
  const auc = (label: string): number | null =>
    areaUnderCurve(
      rows.length,
      (at) => before[rows[at]!]!,
      (at) => truths[rows[at]!]!.includes(label),
    );
  return { examples: rows.length, auc: Object.fromEntries(names.map((label) => [label, auc(label)])) };
}

/** (observed - chance) / (1 - chance), chance from the two sides' own shares of each label. */
export function kappaOf(confusion: readonly (readonly number[])[]): number | null {
  const total = confusion.flat().reduce((a, b) => a + b, 0);
  if (total === 0) return null;
  const observed = confusion.reduce((sum, row, i) => sum + row[i]!, 0) / total;
  const chance = confusion.reduce((sum, row, i) => {
    const guessed = confusion.reduce((all, other) => all + other[i]!, 0);
    return sum + (row.reduce((a, b) => a + b, 0) / total) * (guessed / total);
  }, 0);
  return chance === 1 ? null : (observed - chance) / (1 - chance);
}

/** P(a positive's score > a negative's) + P(equal) / 2; null without both kinds. */
export function areaUnderCurve(rows: number, score: (row: number) => number, positive: (row: number) => boolean): number | null {
  const order = Array.from({ length: rows }, (_, row) => row).sort((a, b) => score(a) - score(b));
  let positives = 0;
  let wins = 0; // in halves of a pair
  let below = 0; // negatives with a lower score
  for (let from = 0; from < rows; ) {
    let to = from;
    let ties = 0;
    while (to < rows && score(order[to]!) === score(order[from]!)) if (positive(order[to++]!)) ties++;
    const negatives = to - from - ties;
    wins += ties * (2 * below + negatives);
    positives += ties;
    below += negatives;
    from = to;
  }
  return positives === 0 || below === 0 ? null : wins / (2 * positives * below);
}
