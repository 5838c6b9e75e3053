// What a run would have kept with other thresholds, from features/ alone. Documents walk the steps once more: a step that is asked
// about decides again from stored columns, every other one as it did. What cannot be known is counted, never guessed:
// - a document that a looser threshold lets on has no columns of later steps (unless the run was made with `features: all`);
// - a barrier decides anew about documents whose cluster loses one before it, and about documents that come to it new.
// Invariant: in = out + sum(drops) at every step, and what one step lets out is what the next takes in and `unknown_after` it.
// With nothing asked the answer is what the ledger says.
import { CRASH_REASONS } from './types.js';
import { type Column, isValid, stringAt, valueAt } from '../native/batch.js';
import { RefineError } from '../native/errors.js';
import type { ExpressionColumns } from '../stages/contract/expression.js';
import { didYouMean } from '../stages/contract/suggest.js';
import { type FeatureBatch, MappedFeatures } from './mapped-features.js';
import type { RunState } from './run-folder.js';
import { type AskedStep, askedSteps } from './what-if-steps.js';

type Counts = Record<string, number>;

export interface WhatIfStep {
  readonly step: string;
  readonly in: number;
  readonly out: number;
  readonly drops: Readonly<Counts>;
}

/** `in = out + sum(drops) + sum(unknown_after)`. */
export interface WhatIf {
  readonly asked: readonly string[];
  readonly in: number;
  /** Documents that would be kept for certain. */
  readonly out: number;
  /** Documents that pass this step, and of which nothing is known then. */
  readonly unknown_after: Readonly<Counts>;
  readonly steps: readonly WhatIfStep[];
  /** Why something is not known, a sentence each. */
  readonly notes: readonly string[];
}

/** As in the run: there until the step that dropped it. */
const AS_RAN = 0;
/** Dropped earlier than in the run. */
const GONE = 1;
/** Not known from some step on. */
const UNKNOWN = 2;
/** There, past the step that dropped it in the run. */
const NEW = 3;

/** One batch in so many is decided again by the run's own options, which has to give what the run says. */
const CHECK_EVERY = 16;

export async function whatIf(run: RunState, asks: readonly string[]): Promise<WhatIf> {
  if (!run.finished)
    throw new RefineError('ERR_REFINE_USAGE', 'the run is not finished, so features/ is not whole. Run the same command again to go on, then ask.', {
      place: run.folder,
    });
  const steps = await askedSteps(run, asks);
  const all = (run.lock.resolved.sink as { features?: unknown } | undefined)?.features === 'all';
  const columns = steps.flatMap((step) => (step.changed === undefined ? [] : columnsOf(step)));
  const features = new MappedFeatures(run.folder, run.features, [...new Set(['step', 'reason', ...columns])]);
  return new Walk(steps, features, all).answer(asks);
}

/** What a changed step's decision looks at, by the labels of features/. */
function columnsOf({ decision, changed, options, labels }: AskedStep): string[] {
  return [...decision!.columns(changed), ...decision!.columns(options)].map((name) => labels.get(name) ?? name);
}

class Walk {
  /** By row: the step that dropped it in the run (steps.length: none), its drop code there, what is known of it now. */
  readonly #droppedAt: Uint8Array | Uint16Array;
  readonly #code: Uint16Array;
  readonly #state: Uint8Array;
  /** Of the documents that are as they ran: how many each step dropped, by code; the last entry: how many were kept. */
  readonly #asRan: readonly Float64Array[];
  readonly #firstRule: number;
  readonly #notes: string[] = [];
  /** Documents whose fate before the step at hand differs from the run's: gone, come new, or unknown. */
  #gone = 0;
  #new = 0;
  #unknown = 0;

  constructor(
    private readonly steps: readonly AskedStep[],
    private readonly features: MappedFeatures,
    private readonly all: boolean,
  ) {
    const { rows } = features;
    this.#droppedAt = new (steps.length < 255 ? Uint8Array : Uint16Array)(rows).fill(steps.length);
    this.#code = new Uint16Array(rows);
    this.#state = new Uint8Array(rows);
    this.#asRan = [...steps.map(({ reasons }) => new Float64Array(reasons.length + 1)), new Float64Array(1)];
    const first = steps.findIndex((step) => step.rules);
    this.#firstRule = first < 0 ? steps.length : first;
  }

  answer(asked: readonly string[]): WhatIf {
    this.#readFates();
    const steps: WhatIfStep[] = [];
    const unknownAfter: Counts = {};
    for (const [at, step] of this.steps.entries()) {
      const unknown = this.#unknown;
      const taken = this.#take(at, step);
      steps.push(taken);
      const before = this.steps[at - 1]?.name;
      if (this.#unknown > unknown && before !== undefined) unknownAfter[before] = (unknownAfter[before] ?? 0) + this.#unknown - unknown;
    }
    return { asked, in: this.features.rows, out: steps.at(-1)?.out ?? this.features.rows, unknown_after: unknownAfter, steps, notes: this.#notes };
  }

  #readFates(): void {
    const stepNumbers = new Map(this.steps.map(({ name }, at) => [name, at]));
    for (const { from, rows, columns } of this.features.batches(['step', 'reason'])) {
      const { step, reason } = columns;
      if (step?.kind !== 'dictionary' || reason?.kind !== 'dictionary') throw damaged();
      const at = step.labels.map((label) => stepNumbers.get(label) ?? -1);
      const codes = this.steps.map(({ reasons }) => reason.labels.map((label) => reasons.indexOf(label) + 1));
      let kept = 0;
      for (let row = 0; row < rows; row++) {
        if (!isValid(step, row)) {
          kept++;
          continue;
        }
        const number = at[step.indices[row]!]!;
        const code = codes[number]?.[reason.indices[row]!] ?? 0;
        if (code === 0) throw damaged();
        this.#droppedAt[from + row] = number;
        this.#code[from + row] = code;
        this.#asRan[number]![code]!++;
      }
      this.#asRan[this.steps.length]![0]! += kept;
    }
  }

  /** One step over all documents that come to it. */
  #take(at: number, step: AskedStep): WhatIfStep {
    const changed = step.changed !== undefined;
    const reordered = !changed && step.ranks.length > 0 && this.#gone + this.#new + this.#unknown > 0;
    const decides = changed || ((this.#new > 0 || reordered) && step.decision !== null && (this.all || reordered));
    const broken = step.kind === 'barrier' ? this.#brokenClusters(at) : null;
    if (step.kind === 'barrier') this.#noteBarrier(step, broken);
    const ranks = step.ranks.length > 0 && (changed || reordered) ? this.#ranksAnew(at, step) : null;
    const lost = ranks === 'unknown'; // orders over the run that cannot be made again
    const counts = new Float64Array(step.reasonsNow.length + 1);
    let taken = 0;
    if (!decides && !lost && this.#new === 0 && (broken === null || broken.size === 0)) {
      for (let later = at; later <= this.steps.length; later++) for (const count of this.#asRan[later]!) taken += count;
      for (const [code, count] of this.#asRan[at]!.entries()) counts[code] = count;
      return funnelStep(step, taken, counts);
    }
    const batches = decides && !lost ? this.#decided(at, step, changed, ranks) : this.#plain();
    const mayDrop = step.reasons.length > CRASH_REASONS.length;
    const own = step.reasons.length - CRASH_REASONS.length;
    const [states, droppedAts, codesRan, asRan] = [this.#state, this.#droppedAt, this.#code, this.#asRan];
    for (const { from, rows, codes } of batches) {
      for (let row = from; row < from + rows; row++) {
        const state = states[row]!;
        const droppedAt = droppedAts[row]!;
        if (state === AS_RAN ? droppedAt < at : state !== NEW) continue;
        const reached = droppedAt >= at;
        const ran = droppedAt === at ? codesRan[row]! : 0;
        let code = ran;
        if (ran > own)
          code = ran + step.reasonsNow.length - step.reasons.length; // never entered the step
        else if (lost || broken?.has(row) === true) code = -1;
        else if (codes !== null && (changed || reordered || !reached)) code = reached || this.#recorded(droppedAt, step) ? codes[row - from]! : -1;
        else if (!reached && mayDrop) code = -1;
        if (code >= 0) {
          taken++;
          counts[code]!++;
        }
        const now = code < 0 ? UNKNOWN : code > 0 ? (reached ? (droppedAt > at ? GONE : AS_RAN) : GONE) : droppedAt <= at ? NEW : AS_RAN;
        if (now === state) continue;
        states[row] = now;
        if (state === AS_RAN) asRan[droppedAt]![codesRan[row]!]!--;
        else this.#new--;
        if (now === UNKNOWN) this.#unknown++;
        else if (now === NEW) this.#new++;
        else if (state === AS_RAN) this.#gone++;
      }
    }
    counts[0] = 0;
    return funnelStep(step, taken, counts);
  }

  /** Whether a document comes to the step. */
  #there(row: number, at: number): boolean {
    return this.#state[row] === NEW || (this.#state[row] === AS_RAN && this.#droppedAt[row]! >= at);
  }

  /** Whether a document that an earlier step dropped has the step's columns. */
  #recorded(droppedAt: number, step: AskedStep): boolean {
    return this.all && step.rules && droppedAt >= this.#firstRule;
  }

  *#plain(): Generator<{ from: number; rows: number; codes: null }> {
    yield { from: 0, rows: this.features.rows, codes: null };
  }

  /** The step's drop codes with the options asked for. Checked on the way: with its own options the step gives what the run says. */
  *#decided(at: number, step: AskedStep, changed: boolean, ranks: Ranks | null): Generator<{ from: number; rows: number; codes: Uint16Array }> {
    const decision = step.decision!;
    const options = changed ? step.changed : step.options;
    const [wanted, own] = [decision.columns(options), decision.columns(step.options)];
    const labelOf = (name: string): string => step.labels.get(name) ?? name;
    const known = this.features.names;
    for (const name of wanted) {
      if (ranks?.has(name) === true || known.has(labelOf(name))) continue;
      throw new RefineError(
        'ERR_REFINE_USAGE',
        `step "${step.name}" would decide by column "${name}", which features/ of this run does not hold: the run did not need it.${didYouMean(name, known) || ' Change the manifest and run again.'}`,
        { place: '--what-if' },
      );
    }
    const labels = [...new Set([...wanted, ...own].map(labelOf))];
    let number = 0;
    for (const batch of this.features.batches(labels)) {
      const named = (names: readonly string[]): ExpressionColumns =>
        Object.fromEntries(
          names.flatMap((name): [string, Column][] => (batch.columns[labelOf(name)] === undefined ? [] : [[name, batch.columns[labelOf(name)]!]])),
        );
      const complete = (names: readonly string[]): boolean => names.every((name) => ranks?.has(name) === true || batch.columns[labelOf(name)] !== undefined);
      if (!complete(wanted)) {
        this.#expectNone(batch, at, step); // a shard none of whose documents came so far has not the columns
        yield { from: batch.from, rows: batch.rows, codes: new Uint16Array(batch.rows) };
        continue;
      }
      if (number++ % CHECK_EVERY === 0 && complete(own)) this.#checkOwn(batch, at, step, decision.drops(step.options, named(own), batch.rows));
      yield { from: batch.from, rows: batch.rows, codes: decision.drops(options, { ...named(wanted), ...ranksIn(ranks, batch) }, batch.rows) };
    }
  }

  #checkOwn({ from, rows }: FeatureBatch, at: number, step: AskedStep, codes: Uint16Array): void {
    for (let row = 0; row < rows; row++) {
      const droppedAt = this.#droppedAt[from + row]!;
      if (droppedAt === at && this.#code[from + row]! > step.reasons.length - CRASH_REASONS.length) continue; // decided nothing
      if (droppedAt >= at && codes[row] !== (droppedAt === at ? this.#code[from + row] : 0)) {
        throw new RefineError(
          'ERR_REFINE_INTERNAL',
          `features/ does not tell what step "${step.name}" decided about row ${from + row}: ${step.reasons[codes[row]! - 1] ?? 'kept'} from its columns, ${droppedAt === at ? step.reasons[this.#code[from + row]! - 1] : 'kept'} in the run. Please report it.`,
        );
      }
    }
  }

  #expectNone({ from, rows }: FeatureBatch, at: number, step: AskedStep): void {
    for (let row = from; row < from + rows; row++)
      if (this.#there(row, at) && (this.#droppedAt[row]! >= at || this.#recorded(this.#droppedAt[row]!, step))) throw damaged();
  }

  /** Documents that a barrier dropped and that may stay: one of their cluster, which is named by the document it kept, is gone before. */
  #brokenClusters(at: number): Set<number> | null {
    if (this.#gone + this.#unknown === 0) return null;
    const lost = new Set<string>();
    for (const { from, rows, columns } of this.features.batches(['id', 'kept_id'])) {
      for (let row = 0; row < rows; row++) {
        if (this.#state[from + row] === AS_RAN || this.#droppedAt[from + row]! < at) continue;
        const id = textAt(this.#droppedAt[from + row] === at ? columns.kept_id : columns.id, row);
        if (id !== null) lost.add(id);
      }
    }
    const broken = new Set<number>();
    if (lost.size === 0) return broken;
    for (const { from, rows, columns } of this.features.batches(['kept_id'])) {
      for (let row = 0; row < rows; row++) {
        if (this.#state[from + row] !== AS_RAN || this.#droppedAt[from + row] !== at) continue;
        const id = textAt(columns.kept_id, row);
        if (id === null || lost.has(id)) broken.add(from + row);
      }
    }
    return broken;
  }

  #noteBarrier(step: AskedStep, broken: ReadonlySet<number> | null): void {
    if (broken !== null && broken.size > 0)
      this.#notes.push(
        `${step.name}: ${count(broken.size, 'document')} that it dropped stood in a cluster that loses another document before it, and may stay.`,
      );
    if (this.#new + this.#unknown > 0)
      this.#notes.push(
        `${step.name}: documents may come to it that it never saw: what they duplicate is not known, nor which kept document they would stand for.`,
      );
  }

  /** The step's ranks among the documents that come to it now; null where the run's own hold, unknown where nobody can tell. */
  #ranksAnew(at: number, step: AskedStep): Ranks | null | 'unknown' {
    const known = this.features.names;
    const ordered = step.ranks.every(({ name }) => known.has(step.labels.get(name) ?? name));
    if (ordered && this.#gone + this.#new + this.#unknown === 0) return null;
    const ranks: Ranks = new Map();
    const labels = step.ranks.flatMap(({ column, by }) => [column, ...(by === undefined ? [] : [by])]).map((name) => step.labels.get(name) ?? name);
    const decidedBy = step.decision?.columns(step.changed ?? step.options) ?? [];
    const tells =
      step.ranks.every(({ name }) => decidedBy.includes(name)) && this.#unknown === 0 && labels.every((label) => known.has(label)) && this.#allRecorded(step);
    if (!tells) {
      this.#notes.push(`${step.name}: decides by ranks over the documents that come to it, and these are not all known.`);
      return 'unknown';
    }
    for (const { name, column, by } of step.ranks) {
      const values = new Float64Array(this.features.rows).fill(Number.NaN);
      const groups = new Map<string | null, number[]>();
      const [valueLabel, groupLabel] = [step.labels.get(column) ?? column, by === undefined ? null : (step.labels.get(by) ?? by)];
      for (const batch of this.features.batches(groupLabel === null ? [valueLabel] : [valueLabel, groupLabel])) {
        const [numbers, words] = [batch.columns[valueLabel], groupLabel === null ? undefined : batch.columns[groupLabel]];
        if (numbers?.kind !== 'fixed') continue;
        for (let row = 0; row < batch.rows; row++) {
          if (!this.#there(batch.from + row, at) || !isValid(numbers, row)) continue;
          const value = Number(numbers.values[row]!);
          if (Number.isNaN(value)) continue;
          values[batch.from + row] = value;
          const group = words === undefined ? '' : (valueAt(words, row) as string | null);
          const held = groups.get(group);
          if (held === undefined) groups.set(group, [batch.from + row]);
          else held.push(batch.from + row);
        }
      }
      const rank = new Float64Array(this.features.rows).fill(Number.NaN);
      const documents = new Float64Array(this.features.rows).fill(Number.NaN);
      for (const held of groups.values()) {
        held.sort((a, b) => values[a]! - values[b]! || a - b);
        for (const [position, row] of held.entries()) {
          rank[row] = position / held.length;
          documents[row] = held.length;
        }
      }
      ranks.set(name, rank).set(`${name}_documents`, documents);
    }
    return ranks;
  }

  #allRecorded(step: AskedStep): boolean {
    for (let row = 0; row < this.features.rows; row++) if (this.#state[row] === NEW && !this.#recorded(this.#droppedAt[row]!, step)) return false;
    return true;
  }
}

function funnelStep(step: AskedStep, taken: number, counts: Float64Array): WhatIfStep {
  const drops = [...counts.entries()]
    .filter(([code, count]) => code > 0 && count > 0)
    .map(([code, count]) => [`${step.name}/${step.reasonsNow[code - 1]}`, count] as const);
  drops.sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  return { step: step.name, in: taken, out: taken - drops.reduce((sum, [, count]) => sum + count, 0), drops: Object.fromEntries(drops) };
}

/** By column, a value for every row of the run; NaN where it has none. */
type Ranks = Map<string, Float64Array>;

function ranksIn(ranks: Ranks | null, { from, rows }: FeatureBatch): Record<string, Column> {
  if (ranks === null) return {};
  return Object.fromEntries([...ranks].map(([name, values]) => [name, nullable(values.subarray(from, from + rows))]));
}

function nullable(values: Float64Array): Column {
  const validity = new Uint8Array((values.length + 7) >> 3);
  for (let row = 0; row < values.length; row++) if (!Number.isNaN(values[row])) validity[row >> 3]! |= 1 << (row & 7);
  return { kind: 'fixed', values, width: 1, validity };
}

function textAt(column: Column | undefined, row: number): string | null {
  return column?.kind === 'utf8' ? stringAt(column, row) : null;
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}

function damaged(): RefineError {
  return new RefineError('ERR_REFINE_SHARD', 'features/ does not fit the lock file of its run. Run the same command again into another --out.');
}
