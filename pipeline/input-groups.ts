// Inputs in groups of neighbours, so that what a barrier decided can be gathered with a bounded number of files: every gathering
// task reads all files of the phase before it for its group's rows. Few inputs are groups of one, many some 100 to a group.
// Invariant: a pure function of the number of inputs. A global row is input number << 32 | record row.
import type { RecordRange } from '../native/records.js';

const SINGLE_GROUPS = 64;

export class InputGroups {
  readonly inputs: number;
  /** Inputs a group, and groups. */
  readonly size: number;
  readonly count: number;

  constructor(inputs: number) {
    this.inputs = inputs;
    const wanted = inputs <= SINGLE_GROUPS ? inputs : Math.max(SINGLE_GROUPS, Math.ceil(Math.sqrt(inputs)));
    this.size = Math.max(1, Math.ceil(inputs / Math.max(1, wanted)));
    this.count = Math.max(1, Math.ceil(inputs / this.size));
  }

  of(input: number): number {
    return Math.floor(input / this.size);
  }

  /** [first, end) input numbers of a group. */
  inputsOf(group: number): { readonly first: number; readonly end: number } {
    return { first: group * this.size, end: Math.min(this.inputs, (group + 1) * this.size) };
  }

  /** The global rows of a group. */
  rows(group: number): RecordRange {
    const { first, end } = this.inputsOf(group);
    return { lo: BigInt(first) << 32n, hi: BigInt(end) << 32n };
  }
}

/** The global rows of one input. */
export function inputRows(input: number): RecordRange {
  return { lo: BigInt(input) << 32n, hi: BigInt(input + 1) << 32n };
}
