// Entries of finished maps, by number, for tests of the ledger alone: no task made them.
import { digest } from '../../pipeline/identity.js';
import type { DoneEntry } from '../../pipeline/ledger.js';

export const task = (number: number): string => digest(['task', number]);

/** From `from` up to, and without, `to`. */
export const tasks = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, at) => task(from + at));

export const entry = (number: number, wallMs = number): DoneEntry => ({
  format: 1,
  task: task(number),
  kind: 'map',
  label: `map ${number} schöner.warc.gz`,
  segment: 0,
  number,
  state: 'done',
  outputs: [{ path: `text/${number}.arrow`, rows: 1, bytes: 2, sha256: 'ab' }],
  rowsIn: 3,
  rowsOut: 2,
  steps: [],
  wallMs,
});
