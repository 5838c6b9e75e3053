// A barrier's two tasks after the maps: reduce (one partition's groups to edges) and resolve (all edges to verdicts by input).
// Invariant: neither sees a row that an earlier barrier dropped, and both see everything in a defined order.
import { join } from 'node:path';
import { type Batch, column, type FixedColumn, fixedColumn, stringAt } from '../native/batch.js';
import { RefineError } from '../native/errors.js';
import type { Edges, Verdicts } from '../stages/contract/keyed.js';
import { reasonsOf } from '../stages/contract/stage.js';
import { mergeGroups } from './barrier-merge.js';
import type { DoneEntry } from './ledger.js';
import { TaskOutputs } from './outputs.js';
import type { BarrierStep } from './segments.js';
import { readArrow } from './store.js';
import { barrierPath, entryBase, type ReduceSpec, type ResolveSpec, shardName } from './tasks.js';
import type { Shard } from './types.js';
import { DroppedRows, readVerdicts, verdictBatches } from './verdicts.js';

const EDGE_BATCH_ROWS = 8192;

export async function runReduceTask(spec: ReduceSpec, step: BarrierStep, runFolder: string, signal: AbortSignal): Promise<DoneEntry> {
  const started = performance.now();
  const { payloadBytes } = step.stage;
  const dropped = new DroppedRows();
  for (const { number, path } of spec.dropped) dropped.add(number, await readVerdicts(join(runFolder, path)));
  const sources = spec.keys.map(({ number, path }) => ({ number, path: join(runFolder, path) }));
  const outputs = new TaskOutputs(runFolder);
  let groups = 0;
  let entries = 0;
  let edges = 0;
  try {
    const output = await outputs.arrow(barrierPath(spec.step, spec.task, `edges-${spec.number}.arrow`));
    const held = new EdgeBuffer(payloadBytes);
    for await (const group of mergeGroups(sources, payloadBytes, spec.number, spec.partitions, dropped)) {
      if ((groups++ & 0xff) === 0) signal.throwIfAborted();
      entries += group.rows.length;
      const found = step.stage.reduce(step.options, group);
      if (found === null) continue;
      edges += found.left.length;
      held.add(found);
      if (held.rows >= EDGE_BATCH_ROWS) await output.add(held.take());
    }
    await output.add(held.take());
    return done(spec, await outputs.commit(), entries, edges, started);
  } catch (error) {
    await outputs.abort();
    throw error;
  }
}

export async function runResolveTask(spec: ResolveSpec, step: BarrierStep, runFolder: string, signal: AbortSignal): Promise<DoneEntry> {
  const started = performance.now();
  const outputs = new TaskOutputs(runFolder);
  try {
    const seen = { edges: 0 };
    const verdicts = await step.stage.resolve(
      step.options,
      readEdges(
        spec.edges.map((path) => join(runFolder, path)),
        step.stage.payloadBytes,
        seen,
        signal,
      ),
    );
    checkVerdicts(verdicts, step);
    const ids = await keptIds(verdicts, spec, runFolder);
    for (const { number, from, to } of byInput(verdicts.rows)) {
      const output = await outputs.arrow(barrierPath(spec.step, spec.task, `verdicts-${shardName(number)}.arrow`));
      const part = {
        rows: Uint32Array.from(verdicts.rows.subarray(from, to), (row) => Number(row & 0xffff_ffffn)),
        drops: verdicts.drops.subarray(from, to),
        kept: verdicts.kept.subarray(from, to),
        clusterSize: verdicts.clusterSize.subarray(from, to),
        keptId: Array.from({ length: to - from }, (_, i) => (verdicts.drops[from + i] === 0 ? null : (ids.get(verdicts.kept[from + i]!) ?? null))),
      };
      for (const batch of verdictBatches(part)) await output.add(batch);
    }
    return done(spec, await outputs.commit(), seen.edges, verdicts.rows.length, started);
  } catch (error) {
    await outputs.abort();
    throw error;
  }
}

/** The input number at the end of a verdict file's name. */
export function verdictNumber(path: string): number {
  return Number(/verdicts-(\d+)\.arrow$/.exec(path)![1]);
}

function done(spec: ReduceSpec | ResolveSpec, outputs: Shard[], rowsIn: number, rowsOut: number, started: number): DoneEntry {
  return {
    ...entryBase(spec),
    state: 'done',
    outputs,
    rowsIn,
    rowsOut,
    steps: [],
    wallMs: Math.round(performance.now() - started),
  };
}

/** Edges waiting to be a batch. Payload columns stand only where the barrier has payload. */
class EdgeBuffer {
  readonly #payloadBytes: number;
  #parts: Edges[] = [];
  rows = 0;

  constructor(payloadBytes: number) {
    this.#payloadBytes = payloadBytes;
  }

  add(edges: Edges): void {
    this.#parts.push(edges);
    this.rows += edges.left.length;
  }

  take(): Batch {
    const rows = this.rows;
    const left = new BigUint64Array(rows);
    const right = new BigUint64Array(rows);
    const width = this.#payloadBytes;
    const payloads = { left: new Uint8Array(rows * width), right: new Uint8Array(rows * width) };
    let at = 0;
    for (const part of this.#parts) {
      left.set(part.left, at);
      right.set(part.right, at);
      payloads.left.set(part.leftPayload, at * width);
      payloads.right.set(part.rightPayload, at * width);
      at += part.left.length;
    }
    this.#parts = [];
    this.rows = 0;
    const wide = (values: Uint8Array): FixedColumn => ({ kind: 'fixed', values, width });
    const payload = width === 0 ? {} : { left_payload: wide(payloads.left), right_payload: wide(payloads.right) };
    return { rows, columns: { left: fixedColumn(left), right: fixedColumn(right), ...payload } };
  }
}

async function* readEdges(paths: readonly string[], payloadBytes: number, seen: { edges: number }, signal: AbortSignal): AsyncGenerator<Edges> {
  for (const path of paths) {
    for await (const batch of readArrow(path)) {
      signal.throwIfAborted();
      if (batch.rows === 0) continue;
      seen.edges += batch.rows;
      const values = (name: string): unknown => column(batch, name, 'fixed').values;
      yield {
        left: values('left') as BigUint64Array,
        right: values('right') as BigUint64Array,
        leftPayload: payloadBytes === 0 ? new Uint8Array() : (values('left_payload') as Uint8Array),
        rightPayload: payloadBytes === 0 ? new Uint8Array() : (values('right_payload') as Uint8Array),
      };
    }
  }
}

function checkVerdicts(verdicts: Verdicts, step: BarrierStep): void {
  const { rows, drops, kept, clusterSize } = verdicts;
  if (drops.length !== rows.length || kept.length !== rows.length || clusterSize.length !== rows.length) {
    throw new RefineError(
      'ERR_REFINE_INTERNAL',
      `step "${step.name}" resolved ${rows.length} rows with ${drops.length} drops, ${kept.length} kept and ${clusterSize.length} sizes`,
    );
  }
  const reasons = reasonsOf(step.stage, step.options).length;
  for (let i = 0; i < rows.length; i++) {
    if (i > 0 && rows[i]! <= rows[i - 1]!)
      throw new RefineError('ERR_REFINE_INTERNAL', `step "${step.name}" resolved row ${rows[i]} after row ${rows[i - 1]}: verdicts must ascend`);
    if (drops[i]! > reasons)
      throw new RefineError('ERR_REFINE_INTERNAL', `step "${step.name}" dropped row ${rows[i]} with code ${drops[i]}, it declares ${reasons} reasons`);
  }
}

function* byInput(rows: BigUint64Array): Generator<{ number: number; from: number; to: number }> {
  for (let from = 0; from < rows.length; ) {
    const number = Number(rows[from]! >> 32n);
    let to = from + 1;
    while (to < rows.length && Number(rows[to]! >> 32n) === number) to++;
    yield { number, from, to };
    from = to;
  }
}

/** Ids of the documents that stand for dropped ones, from the first feature parts, where record row is row. */
async function keptIds(verdicts: Verdicts, spec: ResolveSpec, runFolder: string): Promise<Map<bigint, string | null>> {
  const wanted = new Set<bigint>();
  for (let i = 0; i < verdicts.rows.length; i++) if (verdicts.drops[i] !== 0) wanted.add(verdicts.kept[i]!);
  const ascending = BigUint64Array.from(wanted).sort();
  const paths = new Map(spec.features.map(({ number, path }) => [number, path]));
  const ids = new Map<bigint, string | null>();
  for (const { number, from, to } of byInput(ascending)) {
    const path = paths.get(number);
    if (path === undefined) throw new RefineError('ERR_REFINE_INTERNAL', `step "${spec.step}" kept a document of input ${number}, which has no part in it`);
    let first = 0;
    let next = from;
    for await (const batch of readArrow(join(runFolder, path), ['id'])) {
      for (; next < to && Number(ascending[next]! & 0xffff_ffffn) < first + batch.rows; next++) {
        ids.set(ascending[next]!, stringAt(column(batch, 'id', 'utf8'), Number(ascending[next]! & 0xffff_ffffn) - first));
      }
      if (next === to) break;
      first += batch.rows;
    }
    if (next < to)
      throw new RefineError(
        'ERR_REFINE_INTERNAL',
        `step "${spec.step}" kept row ${ascending[next]! & 0xffff_ffffn} of input ${number}, which has fewer documents`,
      );
  }
  return ids;
}
