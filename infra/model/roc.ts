// The area under the ROC curve: the chance that a text of the first kind scores above one of the second, ties half.

/** NaN where one side is empty. */
export function areaUnderCurve(above: readonly number[], below: readonly number[]): number {
  const all = [...above.map((score) => ({ score, side: 1 })), ...below.map((score) => ({ score, side: 0 }))].sort((a, b) => a.score - b.score);
  let ranks = 0;
  for (let from = 0; from < all.length; ) {
    let to = from;
    while (to < all.length && all[to]!.score === all[from]!.score) to++;
    for (let at = from; at < to; at++) if (all[at]!.side === 1) ranks += (from + to + 1) / 2;
    from = to;
  }
  return (ranks - (above.length * (above.length + 1)) / 2) / (above.length * below.length);
}
