// One map task: one input through one segment. Reads the source (or the previous segment's documents, verdicts applied), sends
// batches through the stages, writes what the next segment needs or, in the last one, the final shards; then one ledger entry.
// Invariant: outputs depend on the task's identity alone; nothing is named finally unless everything was written.
import { join } from 'node:path';
import { type Batch, type Column, column, fixedColumn, stringAt, takeRows } from '../native/batch.js';
import type { FetchGate, Input, SourceCounts, SourceReader } from '../stages/contract/source.js';
import { type BarrierRun, type RankRequest, reasonsOf, type StageEnv, type StageRun } from '../stages/contract/stage.js';
import type { KeysWriter } from './barrier-keys.js';
import { addNotes } from './barrier-notes.js';
import { brokenStep, brokenStepError } from './broken-steps.js';
import { Decisions } from './decisions.js';
import { emptyBatch } from './empty-batch.js';
import type { StepFeatures } from './feature-columns.js';
import { alignFeatures, inRowOrder } from './feature-parts.js';
import { FinalShards, featurePart, mergeFeatures } from './final-shards.js';
import { Guard, NoneToBlame } from './guard.js';
import type { JournalWriter } from './journal.js';
import type { DoneEntry } from './ledger.js';
import { BarrierMaps } from './map-barriers.js';
import { BatchOutcomes, Counter, type DropCodes, withColumns, withoutColumns } from './outcomes.js';
import { type ArrowOutput, TaskOutputs } from './outputs.js';
import { rankKeys } from './rank-keys.js';
import { RankCursor, rankColumns } from './rank-task.js';
import { readExclusions } from './remove/exclusions.js';
import { withRemoved } from './remove/removed-counts.js';
import { RowHash, Sampler } from './samples.js';
import { scratchColumns } from './scratch-columns.js';
import type { BarrierStep, RankedStep, Segment, StageStep } from './segments.js';
import { Shadow, Shadowing } from './shadow.js';
import { readArrow } from './store.js';
import { entryBase, type MapSpec, rankRole, scratchPath, shardName } from './tasks.js';
import { CRASH_REASONS, type CrashedPage, type Sink, type Step, type StepCounts } from './types.js';

export type OpenInput = (input: Input, env: { gate: FetchGate; readShard?: (path: string) => AsyncIterable<Batch> }) => SourceReader;

export interface MapEnv {
  readonly runFolder: string;
  readonly seed: bigint;
  readonly sink: Sink;
  readonly segments: readonly Segment[];
  readonly codes: DropCodes;
  readonly features: ReadonlyMap<string, StepFeatures>;
  readonly openInput: OpenInput;
  readonly gate: FetchGate;
  readonly stageEnv: StageEnv;
  /** Open stages and barriers; the worker keeps them between tasks. */
  stage(step: StageStep): Promise<StageRun>;
  barrier(step: BarrierStep): Promise<BarrierRun>;
  progress(documents: number, bytes: number): void;
  readonly journal: JournalWriter;
}

/** How often a reader is asked for its bytes while no batch comes: a slow line is progress too. */
const POLL_MS = 1000;

/** Values waiting in memory to be ranked. */
const KEY_MEMORY_BYTES = 128 * 1024 * 1024;

export async function runMapTask(spec: MapSpec, env: MapEnv, signal: AbortSignal): Promise<DoneEntry> {
  const exclusions = spec.segment === env.segments.length - 1 ? await readExclusions(env.runFolder) : null;
  const outputs = new TaskOutputs(env.runFolder, exclusions);
  const barriers = new BarrierMaps(spec.number);
  try {
    const task = new MapTask(spec, env, outputs, barriers, signal);
    const entry = await task.run();
    return exclusions === null ? entry : withRemoved(entry, outputs.removed);
  } catch (error) {
    await outputs.abort();
    await barriers.abort();
    throw error;
  }
}

class MapTask {
  readonly #spec: MapSpec;
  readonly #env: MapEnv;
  readonly #outputs: TaskOutputs;
  readonly #signal: AbortSignal;
  readonly #segment: Segment;
  readonly #previousBarriers: readonly BarrierStep[];
  readonly #final: boolean;
  readonly #counters: Counter[];
  readonly #samplers: Sampler[];
  readonly #guard: Guard;
  /** What this segment's documents do after its stages: barriers' maps and scores. They count only documents that may not enter. */
  readonly #after: readonly Step[];
  readonly #left: (CrashedPage & { readonly id: string | null })[] = [];
  readonly #features: Batch[] = []; // of this segment; numeric columns only, some 100 bytes a document
  /** With `features: all`: parts of documents that earlier segments dropped, and where those of this one go on to. */
  readonly #shadowing: Shadowing | null;
  readonly #shadowFeatures: Batch[] = [];
  #shadows: ArrowOutput | undefined;
  readonly #runs: StageRun[] = [];
  readonly #barriers: BarrierMaps;
  readonly #decisions: readonly Decisions[];
  /** Which columns go on to the next segment; null for all. */
  readonly #goesOn: ((name: string) => boolean) | null;
  readonly #scores: { request: RankRequest; keys: KeysWriter }[] = [];
  /** The step whose values this task sorts, open to score; the one whose ranks it reads is the segment's first stage. */
  #scorer: StageRun | undefined;
  #scoreMs = 0;
  #ranks: RankCursor[] = [];
  #documents: ArrowOutput | undefined;
  #shards: FinalShards | undefined;
  #reachedEnd = false;
  #rowsIn = 0;
  #rowsOut = 0;

  constructor(spec: MapSpec, env: MapEnv, outputs: TaskOutputs, barriers: BarrierMaps, signal: AbortSignal) {
    this.#spec = spec;
    this.#env = env;
    this.#outputs = outputs;
    this.#barriers = barriers;
    this.#signal = signal;
    this.#segment = env.segments[spec.segment]!;
    this.#previousBarriers = spec.segment === 0 ? [] : env.segments[spec.segment - 1]!.barriers;
    this.#decisions = this.#previousBarriers.map((step, i) => new Decisions(step, env.runFolder, spec, spec.previous!.decided[i]!));
    this.#final = spec.segment === env.segments.length - 1;
    this.#goesOn = this.#final ? null : scratchColumns(env.segments, spec.segment, env.sink, env.stageEnv);
    this.#shadowing = env.sink.features === 'all' ? new Shadowing(env.segments) : null;
    this.#after = [...this.#segment.barriers, ...(this.#segment.ranked === null ? [] : [this.#segment.ranked.step])];
    const names = env.segments.flatMap((segment) => [...segment.stages, ...segment.barriers]).map(({ name }, at) => [name, at] as const);
    this.#guard = new Guard(env.journal, new Map(names), spec.crashed, spec.isolate);
    const steps = [...this.#previousBarriers, ...this.#segment.stages, ...this.#after];
    this.#counters = steps.map((step) => new Counter(step.name, reasonsOf(step.stage, step.options)));
    const hash = new RowHash(env.seed, spec.input.path);
    this.#samplers = steps.map(() => new Sampler(env.sink.samplesPerReason, hash));
  }

  async run(): Promise<DoneEntry> {
    const started = performance.now();
    const { journal } = this.#env;
    journal.at('opening');
    for (const step of this.#segment.stages) this.#runs.push(await this.#env.stage(step));
    await this.#barriers.open(this.#spec, this.#segment, this.#env.runFolder, (step) => this.#env.barrier(step));
    const { ranked } = this.#segment;
    if (ranked !== null) {
      this.#scorer = await this.#env.stage(ranked.step);
      for (const request of ranked.requests) {
        const path = scratchPath(this.#segment.index, this.#spec.task, rankRole(ranked.step.name, request.name));
        this.#scores.push({ request, keys: this.#outputs.keys(path, 0, Math.floor(KEY_MEMORY_BYTES / ranked.requests.length)) });
      }
    }
    for (const { name, path, shift } of this.#spec.previous?.ranks ?? [])
      this.#ranks.push(await RankCursor.open(join(this.#env.runFolder, path), name, this.#spec.number, shift));
    const metadata = Object.assign({}, ...this.#runs.map((run) => run.metadata ?? {})) as Record<string, string>;
    if (this.#final) this.#shards = new FinalShards(this.#outputs, this.#spec.number, this.#env.sink, metadata);
    else this.#documents = await this.#outputs.arrow(scratchPath(this.#segment.index, this.#spec.task, 'arrow'), { metadata });
    if (this.#shadowing?.outlives(this.#segment.index) === true)
      this.#shadows = await this.#outputs.arrow(scratchPath(this.#segment.index, this.#spec.task, 'shadow.arrow'), { metadata });

    journal.at('reading');
    const source = this.#spec.previous === null ? await this.#readSource() : await this.#readDocuments(this.#spec.previous);
    if (this.#guard.searches) throw new NoneToBlame();
    const counted = {
      rowsIn: this.#rowsIn,
      rowsOut: this.#rowsOut,
      steps: [...this.#stepCounts(), ...this.#scoreCounts(ranked)],
      ...(this.#left.length === 0 ? {} : { crashed: this.#left }),
    };
    const broken = brokenStep(this.#segment, [counted]);
    if (broken !== null) throw brokenStepError(broken, 1);
    journal.at('writing');
    await this.#writeFeatures();
    await this.#writeSamples();
    const spilled = await this.#barriers.commit();
    const shards = [...(await this.#outputs.commit()), ...spilled];
    return {
      ...entryBase(this.#spec),
      state: 'done',
      outputs: shards,
      ...counted,
      ...(source === null ? {} : { source }),
      ...(this.#segment.barriers.length === 0 ? {} : { totals: this.#barriers.totals, spillBytes: spilled.reduce((sum, { bytes }) => sum + bytes, 0) }),
      wallMs: Math.round(performance.now() - started),
    };
  }

  #stepCounts(): StepCounts[] {
    const own = this.#counters.length - this.#after.length;
    return this.#counters.filter((counter, at) => at < own || counter.in > 0).map((counter) => counter.counts());
  }

  /** Scoring takes time before the step takes documents in. */
  #scoreCounts(ranked: RankedStep | null): StepCounts[] {
    return ranked === null ? [] : [{ step: ranked.step.name, in: 0, out: 0, drops: {}, wallMs: Math.round(this.#scoreMs) }];
  }

  async #readSource(): Promise<SourceCounts> {
    const reader = this.#env.openInput(this.#spec.input, { gate: this.#env.gate, readShard: readArrow });
    let empty: Batch | undefined;
    let bytes = 0;
    let row = 0;
    const tell = (documents: number): void => {
      const read = reader.counts().bytesRead;
      if (documents > 0 || read > bytes) this.#env.progress(documents, read - bytes);
      bytes = read;
    };
    const poll = setInterval(() => tell(0), POLL_MS);
    poll.unref();
    try {
      for await (const batch of reader.batches(this.#signal)) {
        const from = row;
        const rowIds = Uint32Array.from({ length: batch.rows }, (_, i) => from + i);
        row += batch.rows;
        const arrived = this.#guard.arriving(withColumns(batch, { _row: fixedColumn(rowIds) }));
        empty ??= takeRows(arrived, []);
        if (arrived.rows > 0) await this.#process(arrived);
        tell(batch.rows);
      }
    } finally {
      clearInterval(poll);
    }
    const counts = reader.counts();
    tell(0);
    if (!this.#reachedEnd && !this.#guard.searches) await this.#process(empty ?? emptyBatch()); // schemas come from batches: one without rows sets them
    return counts;
  }

  async #readDocuments(previous: NonNullable<MapSpec['previous']>): Promise<null> {
    let empty: Batch | undefined;
    for await (const batch of readArrow(join(this.#env.runFolder, previous.documents))) {
      empty ??= takeRows(batch, []);
      const arrived = this.#guard.arriving(batch);
      if (arrived.rows > 0) await this.#process(arrived);
      this.#env.progress(batch.rows, 0);
    }
    if (!this.#reachedEnd && !this.#guard.searches) await this.#process(empty ?? emptyBatch());
    if (previous.shadow !== null) {
      for await (const batch of readArrow(join(this.#env.runFolder, previous.shadow))) {
        const arrived = this.#guard.arriving(batch);
        if (arrived.rows > 0) await this.#followOnly(arrived);
      }
    }
    return null;
  }

  /** One batch from its arrival to the outputs. */
  async #process(arrived: Batch): Promise<void> {
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
        this.#left.push({ step: by.name, row: rowIds[row]!, reason, how, id: stringAt(column(batch, 'id', 'utf8'), row) });
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
    this.#features.push(featurePart(arrived, outcomes, first));
    if (shadow.batch !== null) await this.#shadows?.add(await this.#scoredShadow(shadow.batch));
    if (batch.rows === 0 && this.#reachedEnd) return;
    this.#reachedEnd = true;
    this.#rowsOut += batch.rows;
    await this.#emit(batch);
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
  async #followOnly(arrived: Batch): Promise<void> {
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
    this.#shadowFeatures.push(featurePart(arrived, outcomes, false));
    if (shadow.batch !== null) await this.#shadows?.add(await this.#scoredShadow(shadow.batch));
  }

  async #emit(batch: Batch): Promise<void> {
    if (this.#final) {
      await this.#shards!.add(batch);
      return;
    }
    const rowIds = column(batch, '_row', 'fixed').values as Uint32Array;
    await this.#barriers.add(batch, this.#signal, this.#guard);
    await this.#documents!.add(this.#goingOn(await this.#score(batch, rowIds)));
    await this.#shadows?.add(await this.#scoredShadow(takeRows(batch, []))); // the schema, where nothing was dropped
  }

  /** The batch with the columns of the next segment's first step, where that step scores before ranks are made. */
  async #scored(batch: Batch, shadow = false): Promise<Batch> {
    const scorer = this.#scorer;
    if (scorer?.score === undefined) return batch;
    const { name } = this.#segment.ranked!.step;
    return withColumns(batch, await this.#guard.call(name, batch, (some) => scorer.score!(some, this.#signal), shadow));
  }

  async #scoredShadow(batch: Batch): Promise<Batch> {
    const barred = this.#scorer?.score === undefined ? null : this.#guard.barred(this.#segment.ranked!.step.name, batch);
    const rows =
      barred === null
        ? batch
        : takeRows(
            batch,
            Uint32Array.from(barred.keys()).filter((at) => barred[at] === undefined),
          );
    return this.#goingOn(await this.#scored(rows, true));
  }

  #goingOn(batch: Batch): Batch {
    const goesOn = this.#goesOn;
    if (goesOn === null) return batch;
    return { rows: batch.rows, columns: Object.fromEntries(Object.entries(batch.columns).filter(([name]) => goesOn(name))) };
  }

  /** The batch with the columns that the next segment's first step scores; their values go to the key files. */
  async #score(batch: Batch, rowIds: Uint32Array): Promise<Batch> {
    if (this.#scorer === undefined) return batch;
    const started = performance.now();
    const scored = await this.#scored(batch);
    this.#scoreMs += performance.now() - started;
    for (const { request, keys } of this.#scores) {
      const { keys: values, rows } = rankKeys(scored, request, rowIds);
      await keys.add(values, rows, new Uint8Array());
    }
    return scored;
  }

  async #writeFeatures(): Promise<void> {
    // every batch has every column: those that stopped early have nulls where the steps' columns would be
    const parts = inRowOrder(alignFeatures([...this.#features, ...this.#shadowFeatures]), this.#shadowFeatures.length > 0);
    if (!this.#final) {
      const output = await this.#outputs.arrow(scratchPath(this.#segment.index, this.#spec.task, 'features.arrow'));
      for (const part of parts) await output.add(part);
      return;
    }
    const output = await this.#outputs.arrow(`features/${shardName(this.#spec.number)}.arrow`);
    const earlier = (this.#spec.previous?.features ?? []).map((path) => readArrow(join(this.#env.runFolder, path)));
    const [base, ...later] = [...earlier, parts];
    const crashes = this.#left.length > 0 || this.#spec.previous?.crashed === true;
    for await (const batch of mergeFeatures(base!, later, this.#env.codes, crashes)) await output.add(batch);
  }

  async #writeSamples(): Promise<void> {
    for (const [i, sampler] of this.#samplers.entries()) {
      const batch = sampler.batch();
      if (batch === null) continue;
      const output = await this.#outputs.arrow(scratchPath(this.#segment.index, this.#spec.task, `samples-${this.#counters[i]!.step}.arrow`));
      await output.add(batch);
    }
  }
}
