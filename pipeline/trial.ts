// Runs steps in this process, without a run folder: what `refine try` and the sample of `refine plan` use.
// Invariant: the same documents are dropped for the same reasons as in a run over the same inputs in the same order; barriers
// see all documents as one corpus, in memory, up to `maxTextBytes` of text.
import { type Batch, stringAt, takeRows } from '../native/batch.js';
import { RefineError } from '../native/errors.js';
import { type BarrierRun, readsOf, reasonsOf, type StageEnv, type StageRun, writesOf } from '../stages/contract/stage.js';
import { decideHere, editsOf, type HeldRows, type LocalDecision, type Verdict } from './barrier-local.js';
import { rankKeys } from './rank-keys.js';
import { rankColumns } from './rank-task.js';
import type { BarrierStep, RankedStep, StageStep } from './segments.js';
import { segmentsOf } from './segments.js';
import type { Step } from './types.js';
import { clusterColumns } from './verdicts.js';

/** Rows of one batch that are still in, or were decided together. */
export type Rows = HeldRows;

/** A document's fate. `reason` is null where kept. */
export interface Outcome {
  readonly input: number;
  readonly row: number;
  readonly batch: Batch;
  readonly at: number;
  readonly step: string | null;
  readonly reason: string | null;
  /** The document kept in its stead, where a barrier dropped it. */
  readonly keptId?: string | null;
}

const MAX_TEXT_BYTES = 1024 ** 3;

/** Counts of one step, for the funnel of a sample. */
export interface TrialCounts {
  in: number;
  out: number;
  cpuMs: number;
}

export class Trial {
  private readonly runs = new Map<Step, StageRun>();
  private readonly barriers = new Map<Step, BarrierRun>();
  readonly counts = new Map<string, TrialCounts>();
  /** Columns to print, in the order the steps write them; `text` first. */
  readonly columns: readonly string[];

  private constructor(
    readonly steps: readonly Step[],
    private readonly env: StageEnv,
  ) {
    this.columns = [...new Set(['text', ...steps.flatMap((step) => writesOf(step.stage, step.options, env))])];
    for (const step of steps) this.counts.set(step.name, { in: 0, out: 0, cpuMs: 0 });
  }

  static async open(steps: readonly Step[], env: StageEnv): Promise<Trial> {
    const trial = new Trial(steps, env);
    try {
      for (const step of steps) {
        if (step.stage.kind === 'stage') trial.runs.set(step, await step.stage.open(step.options, env));
        else trial.barriers.set(step, await step.stage.open(step.options, env));
      }
    } catch (error) {
      await trial.close();
      throw error;
    }
    return trial;
  }

  /** Every document's fate, by input and row; at once where no barrier waits for all. `use` says which stages a batch goes through first. */
  async *documents(batches: AsyncIterable<Rows>, use: (step: Step, input: number) => boolean, signal: AbortSignal): AsyncGenerator<Outcome> {
    const segments = segmentsOf(this.steps);
    const held: Rows[] = [];
    const decided: Outcome[] = [];
    let textBytes = 0;
    for await (const rows of batches) {
      const first = segments[0]!;
      const { kept, dropped } = await this.runStages(
        rows,
        first.stages.filter((step) => use(step, rows.input)),
        signal,
      );
      if (segments.length === 1) {
        yield* inOrder([...dropped, ...keptOutcomes(kept)]);
        continue;
      }
      const pruned = this.prune(first.ranked === null ? kept : await this.score(first.ranked, kept, signal));
      held.push(pruned);
      decided.push(...dropped.map((outcome) => ({ ...outcome, batch: this.prune({ ...kept, batch: outcome.batch }).batch })));
      textBytes += textBytesOf(rows.batch, pruned.batch);
      if (textBytes > MAX_TEXT_BYTES) {
        const barrier = (first.barriers[0] ?? first.ranked!.step).name;
        throw new RefineError(
          'ERR_REFINE_MEMORY',
          `the documents hold more than 1 GiB of text, which "${barrier}" must see at once. Give fewer files, or write a manifest: refine run has no such limit.`,
        );
      }
    }
    if (segments.length === 1) return;
    let now: Rows[] = held;
    for (const segment of segments) {
      if (segment.index > 0) {
        const next: Rows[] = [];
        for (const rows of now) {
          const { kept, dropped } = await this.runStages(rows, segment.stages, signal);
          next.push(segment.ranked === null ? kept : await this.score(segment.ranked, kept, signal));
          decided.push(...dropped);
        }
        now = next;
      }
      for (const barrier of segment.barriers) {
        const result = await this.runBarrier(barrier, now, signal);
        now = result.kept;
        decided.push(...result.dropped);
      }
      if (segment.ranked !== null) now = rank(segment.ranked, now);
    }
    for (const rows of now) decided.push(...keptOutcomes(rows));
    yield* inOrder(decided);
  }

  async close(): Promise<void> {
    for (const run of [...this.runs.values(), ...this.barriers.values()]) await run.close();
  }

  private async runStages(rows: Rows, stages: readonly StageStep[], signal: AbortSignal): Promise<{ kept: Rows; dropped: Outcome[] }> {
    let now = rows;
    const dropped: Outcome[] = [];
    for (const step of stages) {
      const counts = this.counts.get(step.name)!;
      counts.in += now.batch.rows;
      if (now.batch.rows === 0) continue;
      const before = process.cpuUsage();
      const { columns = {}, drops } = await this.runs.get(step)!.process(now.batch, signal);
      const used = process.cpuUsage(before);
      counts.cpuMs += (used.user + used.system) / 1000;
      const batch: Batch = { rows: now.batch.rows, columns: { ...now.batch.columns, ...columns } };
      const reasons = reasonsOf(step.stage, step.options);
      const keep: number[] = [];
      for (let at = 0; at < batch.rows; at++) {
        const code = drops?.[at] ?? 0;
        if (code === 0) keep.push(at);
        else dropped.push({ input: now.input, row: now.rows[at]!, batch, at, step: step.name, reason: `${step.name}/${reasons[code - 1] ?? code}` });
      }
      counts.out += keep.length;
      const consumed = new Set(step.stage.consumes ?? []);
      const left = Object.fromEntries(Object.entries(batch.columns).filter(([name]) => !consumed.has(name)));
      const slim = { rows: batch.rows, columns: left };
      now =
        keep.length === batch.rows
          ? { ...now, batch: slim }
          : { input: now.input, rows: Uint32Array.from(keep, (at) => now.rows[at]!), batch: takeRows(slim, keep) };
    }
    return { kept: now, dropped };
  }

  /** With the columns that a step computes before the run is sorted for it. */
  private async score({ step }: RankedStep, rows: Rows, signal: AbortSignal): Promise<Rows> {
    const run = this.runs.get(step)!;
    if (run.score === undefined || rows.batch.rows === 0) return rows;
    const before = process.cpuUsage();
    const columns = await run.score(rows.batch, signal);
    const used = process.cpuUsage(before);
    this.counts.get(step.name)!.cpuMs += (used.user + used.system) / 1000;
    return { ...rows, batch: { rows: rows.batch.rows, columns: { ...rows.batch.columns, ...columns } } };
  }

  private async runBarrier(step: BarrierStep, held: readonly Rows[], signal: AbortSignal): Promise<{ kept: Rows[]; dropped: Outcome[] }> {
    const before = process.cpuUsage();
    const decision = await decideHere(step, this.barriers.get(step)!, held, this.env, signal);
    const counts = this.counts.get(step.name)!;
    const reasons = reasonsOf(step.stage, step.options);
    const ids = await this.idsOf(step, held, decision);
    const result = { kept: [] as Rows[], dropped: [] as Outcome[] };
    for (const rows of held) {
      counts.in += rows.batch.rows;
      const globals = Array.from(rows.rows, (row) => globalRow(rows.input, row));
      const verdicts = globals.map((row) => decision.verdicts.get(row));
      const batch = withVerdicts(rows.batch, globals, verdicts, step.stage.writes);
      const drop = (from: Rows, at: number, code: number, keptId: string | null): void => {
        result.dropped.push({
          input: from.input,
          row: from.rows[at]!,
          batch: from.batch,
          at,
          step: step.name,
          reason: `${step.name}/${reasons[code - 1] ?? code}`,
          keptId,
        });
      };
      const keep: number[] = [];
      verdicts.forEach((verdict, at) => {
        if (verdict === undefined || verdict.drop === 0) keep.push(at);
        else drop({ ...rows, batch }, at, verdict.drop, ids.get(verdict.kept) ?? null);
      });
      let kept: Rows = { input: rows.input, rows: Uint32Array.from(keep, (at) => rows.rows[at]!), batch: takeRows(batch, keep) };
      if (decision.edits !== null) {
        const edits = editsOf(
          decision.edits,
          keep.map((at) => globals[at]!),
        );
        const { columns = {}, drops } = await step.stage.apply!(step.options, kept.batch, edits);
        const edited = { ...kept, batch: { rows: kept.batch.rows, columns: { ...kept.batch.columns, ...columns } } };
        const left: number[] = [];
        for (let at = 0; at < edited.batch.rows; at++) {
          if ((drops?.[at] ?? 0) === 0) left.push(at);
          else drop(edited, at, drops![at]!, null);
        }
        kept = { input: rows.input, rows: Uint32Array.from(left, (at) => edited.rows[at]!), batch: takeRows(edited.batch, left) };
      }
      counts.out += kept.batch.rows;
      result.kept.push(kept);
    }
    const used = process.cpuUsage(before);
    counts.cpuMs += (used.user + used.system) / 1000;
    return result;
  }

  /** The id of every document that a verdict names as the one kept. */
  private async idsOf(step: BarrierStep, held: readonly Rows[], { verdicts }: LocalDecision): Promise<Map<bigint, string | null>> {
    const wanted = new Set([...verdicts.values()].filter(({ drop }) => drop !== 0).map(({ kept }) => kept));
    const ids = new Map<bigint, string | null>();
    const outside = BigUint64Array.from([...wanted].filter((row) => row >> 63n === 1n)).sort();
    if (outside.length > 0) {
      const names = await step.stage.outsideIds!(step.options, this.env, outside);
      outside.forEach((row, i) => {
        ids.set(row, names[i] ?? null);
      });
    }
    for (const rows of held) {
      const column = rows.batch.columns.id;
      if (column?.kind !== 'utf8') continue;
      rows.rows.forEach((row, at) => {
        const name = globalRow(rows.input, row);
        if (wanted.has(name)) ids.set(name, stringAt(column, at));
      });
    }
    return ids;
  }

  /** Without what nobody reads or prints any more: pages wait for the barrier as text alone. */
  private prune(rows: Rows): Rows {
    const wanted = new Set([
      'id',
      'url',
      'host',
      'date',
      'warc_path',
      'warc_offset',
      ...this.columns,
      ...this.steps.flatMap((step) => readsOf(step.stage, step.options, this.env)),
    ]);
    wanted.delete('html');
    const columns = Object.fromEntries(Object.entries(rows.batch.columns).filter(([name]) => wanted.has(name) || name.startsWith('_')));
    return { ...rows, batch: { rows: rows.batch.rows, columns } };
  }
}

/** Every document's rank among all that are left, as columns of its batch. */
function rank({ requests }: RankedStep, held: readonly Rows[]): Rows[] {
  const columns = held.map(({ batch }) => ({ ...batch.columns }));
  for (const request of requests) {
    const entries = held.flatMap(({ batch }, number) => {
      if (batch.rows === 0) return [];
      const { keys, rows } = rankKeys(
        batch,
        request,
        Array.from({ length: batch.rows }, (_, at) => at),
      );
      return Array.from(rows, (at, i) => ({ high: keys[2 * i]!, low: keys[2 * i + 1]!, number, at }));
    });
    // `held` is in the order of (input, row), so ties end on it
    entries.sort((a, b) => compare(a.high, b.high) || compare(a.low, b.low) || a.number - b.number || a.at - b.at);
    const made = held.map(({ batch }) => ({
      rank: new Float64Array(batch.rows),
      documents: new Float64Array(batch.rows),
      validity: new Uint8Array((batch.rows + 7) >> 3),
    }));
    for (let from = 0; from < entries.length; ) {
      let to = from + 1;
      while (to < entries.length && (request.by === undefined || entries[to]!.high === entries[from]!.high)) to++;
      for (let i = from; i < to; i++) {
        const { number, at } = entries[i]!;
        made[number]!.rank[at] = (i - from) / (to - from);
        made[number]!.documents[at] = to - from;
        made[number]!.validity[at >> 3]! |= 1 << (at & 7);
      }
      from = to;
    }
    for (const [number, { rank: of, documents, validity }] of made.entries())
      Object.assign(columns[number]!, rankColumns(request.name, of, documents, validity));
  }
  return held.map((rows, number) => ({ ...rows, batch: { rows: rows.batch.rows, columns: columns[number]! } }));
}

function globalRow(input: number, row: number): bigint {
  return (BigInt(input) << 32n) | BigInt(row);
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The columns a barrier writes; a document without a verdict is a cluster of its own. */
function withVerdicts(batch: Batch, rows: readonly bigint[], verdicts: readonly (Verdict | undefined)[], writes: readonly string[]): Batch {
  const cluster = BigUint64Array.from(verdicts, (verdict, at) => verdict?.cluster ?? rows[at]!);
  const size = Uint32Array.from(verdicts, (verdict) => verdict?.clusterSize ?? 1);
  return { rows: batch.rows, columns: { ...batch.columns, ...clusterColumns(writes, cluster, size) } };
}

function keptOutcomes(rows: Rows): Outcome[] {
  return Array.from(rows.rows, (row, at) => ({ input: rows.input, row, batch: rows.batch, at, step: null, reason: null }));
}

function inOrder(outcomes: Outcome[]): Outcome[] {
  return outcomes.sort((a, b) => a.input - b.input || a.row - b.row);
}

function textBytesOf(...batches: readonly Batch[]): number {
  return Math.max(...batches.map((batch) => (batch.columns.text?.kind === 'utf8' ? batch.columns.text.data.length : 0)));
}
