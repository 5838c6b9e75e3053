// A document's tokens cut into windows of a model's context, and windows packed into calls of bounded size. infra/docs/perplexity.md.
// A document is its start token and its own tokens; window k begins at k * floor(context / 2), and a token is scored in the first window
// that holds it. Invariants: every token but the start is scored exactly once, with all its predecessors as context while they fit and
// with half a context at least; neither windows nor packing depend on other documents.

/** Tokens [begin, end) of a document, its start token at 0; those of [from, end) are scored here. */
export interface LossWindow {
  readonly begin: number;
  readonly end: number;
  readonly from: number;
}

/** `length` counts the start token; a document without tokens has no window. */
export function lossWindows(length: number, context: number): LossWindow[] {
  if (context < 2) throw new RangeError(`a context of ${context} predicts nothing`);
  const windows: LossWindow[] = [];
  const stride = context >> 1;
  for (let begin = 0, from = 1; from < length; begin += stride) {
    const end = Math.min(begin + context, length);
    windows.push({ begin, end, from });
    from = end;
  }
  return windows;
}

/** A window of the document at `row`. */
export interface RowWindow extends LossWindow {
  readonly row: number;
}

/**
 * Groups of windows of at most `maxTokens` tokens in all (or one longer window), the longest windows first, so that windows of a call
 * are of like length. Which call a window is in changes no loss.
 */
export function packWindows(windows: readonly RowWindow[], maxTokens: number): RowWindow[][] {
  const length = ({ begin, end }: LossWindow): number => end - begin;
  const sorted = windows.map((window, at) => ({ window, at })).sort((a, b) => length(b.window) - length(a.window) || a.at - b.at);
  const groups: RowWindow[][] = [];
  let tokens = Number.POSITIVE_INFINITY;
  for (const { window } of sorted) {
    if (tokens + length(window) > maxTokens) {
      groups.push([]);
      tokens = 0;
    }
    groups.at(-1)!.push(window);
    tokens += length(window);
  }
  return groups;
}
