// Batches through one segment's steps: the verdicts of the barriers before it, ranks, its stages in order; what is dropped is counted,
// sampled and coded under its step, and rows that rules dropped are followed where the sink wants all features.
// Invariant: documents leave in the order they came; what becomes of one depends on the task's identity alone, not on its batch.
import { join } from 'node:path';
import { type Batch, type Column, column, stringAt, takeRows } from '../native/batch.js';
import { reasonsOf, type StageRun } from '../stages/contract/stage.js';
import { addNotes } from './barrier-notes.js';
import { Decisions } from './decisions.js';
import { featurePart } from './final-shards.js';
import type { Guard } from './guard.js';
import type { MapEnv } from './map-env.js';
import { BatchOutcomes, Counter, withColumns, withoutColumns } from './outcomes.js';
import { RankCursor, rankColumns } from './rank-task.js';
import { RowHash, Sampler } from './samples.js';
import type { Segment } from './segments.js';
import { Shadow, type Shadowing } from './shadow.js';
import type { MapSpec } from './tasks.js';
import { CRASH_REASONS, type CrashedPage, type Step, type StepCounts } from './types.js';

/** What became of a batch. */
export interface Passed {
  /** Numbers of every document that arrived. */
  readonly features: Batch;
  /** Rows that a step dropped and that are followed further; null for none. */
  readonly shadow: Batch | null;
  /** Documents that are left; null where there are none and an earlier batch has shown the schema. */
  readonly batch: Batch | null;
}

export class MapSteps {
  readonly #spec: MapSpec;
  readonly #env: MapEnv;
  readonly #segment: Segment;
  readonly #guard: Guard;
  readonly #shadowing: Shadowing | null;
  readonly #signal: AbortSignal;
  /** What this segment's documents do after its stages: barriers' maps and scores. They count only documents that may not enter. */
  readonly #after: readonly Step[];
  readonly #decisions: readonly Decisions[];
  readonly #counters: Counter[];
  readonly #samplers: Sampler[];
  readonly #runs: StageRun[] = [];
  readonly #ranks: RankCursor[] = [];
  /** Documents that may not enter a step, as they left. */
  readonly left: (CrashedPage & { readonly id: string | null })[] = [];
  #reachedEnd = false;
  #rowsIn = 0;
  #rowsOut = 0;

  constructor(spec: MapSpec, env: MapEnv, guard: Guard, shadowing: Shadowing | null, signal: AbortSignal) {
    this.#spec = spec;
    this.#env = env;
    this.#guard = guard;
    this.#shadowing = shadowing;
    this.#signal = signal;
    this.#segment = env.segments[spec.segment]!;
    const before = spec.segment === 0 ? [] : env.segments[spec.segment - 1]!.barriers;
    this.#decisions = before.map((step, i) => new Decisions(step, env.runFolder, spec, spec.previous!.decided[i]!));
    this.#after = [...this.#segment.barriers, ...(this.#segment.ranked === null ? [] : [this.#segment.ranked.step])];
    const steps = [...before, ...this.#segment.stages, ...this.#after];
    this.#counters = steps.map((step) => new Counter(step.name, reasonsOf(step.stage, step.options)));
    const hash = new RowHash(env.seed, spec.input.path);
    this.#samplers = steps.map(() => new Sampler(env.sink.samplesPerReason, hash));
  }

  async open(): Promise<void> {
    for (const step of this.#segment.stages) this.#runs.push(await this.#env.stage(step));
    for (const { name, path, shift } of this.#spec.previous?.ranks ?? [])
      this.#ranks.push(await RankCursor.open(join(this.#env.runFolder, path), name, this.#spec.number, shift));
  }

  /** What the open stages want written beside the documents. */
  get metadata(): Record<string, string> {
    return Object.assign({}, ...this.#runs.map((run) => run.metadata ?? {})) as Record<string, string>;
  }

  /** Whether a batch has come through all steps, so that the schemas are known. */
  get reachedEnd(): boolean {
    return this.#reachedEnd;
  }

  get rows(): { readonly rowsIn: number; readonly rowsOut: number } {
    return { rowsIn: this.#rowsIn, rowsOut: this.#rowsOut };
  }

  counts(): StepCounts[] {
    const own = this.#counters.length - this.#after.length;
    return this.#counters.filter((counter, at) => at < own || counter.in > 0).map((counter) => counter.counts());
  }

  /** Drawn documents of each step that dropped some. */
  *samples(): Generator<{ readonly step: string; readonly batch: Batch }> {
    for (const [i, sampler] of this.#samplers.entries()) {
      const batch = sampler.batch();
      if (batch !== null) yield { step: this.#counters[i]!.step, batch };
    }
  }

  /** One batch from its arrival to what the outputs take. */
  async process(arrived: Batch): Promise<Passed> {
    this.#signal.throwIfAborted();
    this.#rowsIn += arrived.rows;
    const first = this.#spec.segment === 0;
    const outcomes = new BatchOutcomes(arrived.rows, !first);
    let batch = arrived;
    let positions = Uint32Array.from({ length: arrived.rows }, (_, i) => i);
    let step = 0;
    const shadow = new Shadow();

    const drop = (drops: Uint16Array | undefined, by: Step, keptIds: (string | null)[] | null, again = false): void => {
      const { name } = by;
      const reasons = reasonsOf(by.stage, by.options);
      const keep = this.#counters[step]!.count(batch.rows, drops, again);
      if (keep !== null) {
        for (let row = 0; row < batch.rows; row++) {
          if (drops![row] === 0) continue;
          outcomes.codes[positions[row]!] = this.#env.codes.code(name, drops![row]!);
          if (keptIds !== null) outcomes.keptIds![positions[row]!] = keptIds[row]!;
        }
        this.#samplers[step]!.add(batch, column(batch, '_row', 'fixed').values as Uint32Array, drops!, reasons, keptIds);
        if (this.#shadowing?.begins(by) === true) shadow.add(batch, positions, drops!);
        batch = takeRows(batch, keep);
        positions = Uint32Array.from(keep, (row) => positions[row]!);
      }
    };

    /** Documents that may not enter a step leave before it: in its counts, its samples and features under its name. */
    const bar = (by: Step, at: number): void => {
      const barred = this.#guard.barred(by.name, batch);
      if (barred === null) return;
      const rowIds = column(batch, '_row', 'fixed').values as Uint32Array;
      const drops = Uint16Array.from(barred, (reason) => (reason === undefined ? 0 : CRASH_REASONS.indexOf(reason) + 1));
      for (const [row, reason] of barred.entries()) {
        if (reason === undefined) continue;
        this.#counters[at]!.crash(reason);
        outcomes.codes[positions[row]!] = this.#env.codes.crash(by.name, reason);
        const { how } = this.#spec.crashed!.find((page) => page.step === by.name && page.row === rowIds[row])!;
        this.left.push({ step: by.name, row: rowIds[row]!, reason, how, id: stringAt(column(batch, 'id', 'utf8'), row) });
      }
      this.#samplers[at]!.addCrashed(batch, rowIds, drops, reasonsOf(by.stage, by.options).length);
      const keep = Uint32Array.from(drops.keys()).filter((row) => drops[row] === 0);
      batch = takeRows(batch, keep);
      positions = Uint32Array.from(keep, (row) => positions[row]!);
    };

    for (const decisions of this.#decisions) {
      const started = performance.now();
      const verdict = await decisions.verdicts(batch);
      batch = withColumns(batch, verdict.columns);
      shadow.addNulls(verdict.columns);
      if (decisions.step.stage.similarity === true) outcomes.addSimilarity(verdict.similarity, positions);
      drop(verdict.drops, decisions.step, verdict.keptIds);
      const edited = await decisions.edits(batch);
      if (edited !== null) {
        batch = withColumns(batch, edited.columns);
        shadow.addNulls(edited.columns, true);
        drop(edited.drops, decisions.step, new Array<null>(batch.rows).fill(null), true);
      }
      this.#counters[step++]!.wallMs += performance.now() - started;
    }
    let ranks: Record<string, Column> | null = null;
    if (this.#ranks.length > 0) {
      ranks = {};
      for (const cursor of this.#ranks) Object.assign(ranks, await cursor.columns(batch));
      batch = withColumns(batch, ranks);
    }
    if (ranks !== null) shadow.addNulls(ranks);
    for (const [i, stageStep] of this.#segment.stages.entries()) {
      const over = batch.rows === 0 && this.#reachedEnd; // nothing is left, and the schemas are known
      if (over && shadow.batch === null) break;
      bar(stageStep, step);
      const started = performance.now();
      await this.#follow(shadow, i, outcomes, ranks);
      if (over) {
        this.#counters[step++]!.wallMs += performance.now() - started;
        ranks = null;
        continue;
      }
      const { columns, drops, notes } = await this.#guard.call(stageStep.name, batch, (some) => this.#runs[i]!.process(some, this.#signal));
      if (notes !== undefined) addNotes(this.#counters[step]!.notes, notes);
      this.#counters[step]!.wallMs += performance.now() - started;
      if (columns !== undefined) {
        batch = withColumns(batch, columns);
      }
      const features = this.#env.features.get(stageStep.name);
      if (features !== undefined) outcomes.addFeatures(features, batch.columns, positions);
      if (ranks !== null) {
        batch = withoutColumns(
          batch,
          Object.keys(ranks).filter((name) => columns?.[name] === undefined),
        ); // for the step that asked alone
        ranks = null;
      }
      if (stageStep.stage.consumes !== undefined) batch = withoutColumns(batch, stageStep.stage.consumes);
      drop(drops, stageStep, null);
      step++;
    }
    for (const [i, after] of this.#after.entries()) bar(after, this.#counters.length - this.#after.length + i);
    const passed = { features: featurePart(arrived, outcomes, first), shadow: shadow.batch };
    if (batch.rows === 0 && this.#reachedEnd) return { ...passed, batch: null };
    this.#reachedEnd = true;
    this.#rowsOut += batch.rows;
    return { ...passed, batch };
  }

  /** Shadow rows through the segment's stage `i`, as far as a rule step comes. `ranks` are there for this stage alone. */
  async #follow(shadow: Shadow, i: number, outcomes: BatchOutcomes, ranks: Readonly<Record<string, Column>> | null): Promise<void> {
    if (shadow.batch === null) return;
    const step = this.#segment.stages[i]!;
    if (!this.#shadowing!.passes(step)) return shadow.end();
    const barred = this.#guard.barred(step.name, shadow.batch);
    if (barred !== null) shadow.remove(barred);
    const run: Pick<StageRun, 'process'> = {
      process: (batch, signal) => this.#guard.call(step.name, batch, (some) => this.#runs[i]!.process(some, signal), true),
    };
    await shadow.follow(step, run, this.#env.features.get(step.name), outcomes, Object.keys(ranks ?? {}), this.#signal);
  }

  /** A batch of documents that earlier segments dropped. */
  async followOnly(arrived: Batch): Promise<Omit<Passed, 'batch'>> {
    this.#signal.throwIfAborted();
    const outcomes = new BatchOutcomes(arrived.rows, true);
    const shadow = new Shadow(arrived);
    for (const decisions of this.#decisions) {
      shadow.addNulls(decisions.clusterModels());
      shadow.addNulls(await decisions.editModels(arrived), true);
    }
    const ranks: Record<string, Column> = {};
    for (const { name } of this.#spec.previous?.ranks ?? []) Object.assign(ranks, rankColumns(name, new Float64Array(), new Float64Array(), new Uint8Array()));
    shadow.addNulls(ranks);
    for (const i of this.#segment.stages.keys()) await this.#follow(shadow, i, outcomes, i === 0 ? ranks : null);
    return { features: featurePart(arrived, outcomes, false), shadow: shadow.batch };
  }
}
