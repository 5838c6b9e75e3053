// A step that is broken, told from pages that are bad: where every document that came to a step ended its worker or threw, dropping
// them all as `crashed` would end in an empty corpus and exit 0, so their inputs fail by name. A map task judges its own input, and
// the runner all inputs of a level together, since files that hold one document each would otherwise never be judged.
// Invariant: one document alone is never enough, and a step that let any document through is not broken.
import { RefineError } from '../native/errors.js';
import type { DoneEntry } from './ledger.js';
import type { Segment } from './segments.js';

/** Documents that must have ended their worker, with none that came through, before a step is called broken. */
const FEWEST = 2;

export interface BrokenStep {
  readonly step: string;
  /** All that came to it. */
  readonly documents: number;
  /** What was seen of the first. */
  readonly how: string;
}

/** What a map task counted of its documents. */
type Counted = Pick<DoneEntry, 'rowsOut' | 'steps' | 'crashed'>;

/** The first step of a segment that let no document of these tasks through; null where each let one. All entries are of the segment. */
export function brokenStep(segment: Segment, entries: readonly Counted[]): BrokenStep | null {
  const seen = new Map<string, { documents: number; readonly how: string }>();
  for (const entry of entries) {
    for (const { step, how } of entry.crashed ?? []) {
      const held = seen.get(step);
      if (held === undefined) seen.set(step, { documents: 1, how });
      else held.documents++;
    }
  }
  const after = namesAfter(segment);
  for (const step of [...segment.stages.map(({ name }) => name), ...after]) {
    const crashed = seen.get(step);
    if (crashed === undefined || crashed.documents < FEWEST) continue;
    if (entries.every((entry) => cameThrough(entry, step, after) === 0)) return { step, ...crashed };
  }
  return null;
}

/** Steps that see what the segment's stages left: maps of barriers, then the scores of a step with ranks. */
function namesAfter({ barriers, ranked }: Segment): string[] {
  return [...barriers.map(({ name }) => name), ...(ranked === null ? [] : [ranked.step.name])];
}

/** Documents that entered a step and were not lost in it. What comes after the stages counts only documents that may not enter. */
function cameThrough(entry: Counted, step: string, after: readonly string[]): number {
  const lostIn = (names: readonly string[]): number => entry.crashed?.filter((page) => names.includes(page.step)).length ?? 0;
  const at = after.indexOf(step);
  if (at >= 0) return entry.rowsOut + lostIn(after.slice(at + 1));
  return (entry.steps.find((counts) => counts.step === step)?.in ?? 0) - lostIn([step]);
}

/** `inputs`: how many the documents stand in. */
export function brokenStepError({ step, documents, how }: BrokenStep, inputs: number): RefineError {
  const where = inputs === 1 ? '' : ` in ${inputs} inputs`;
  return new RefineError(
    'ERR_REFINE_BROKEN_STEP',
    `each of the ${documents} documents that came to step "${step}"${where} ended its worker or threw when it was alone in it (${how}): the step is broken or cannot run here, and not the pages. ${MOVE}`,
  );
}

/** Said of every step that is called broken. */
export const MOVE = 'See where with `refine try` on the input and mend the step, or go on without the input by --allow-failed.';
