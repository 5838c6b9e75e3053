// The phases that the engine appends to a barrier's own: verdicts of however many tasks, in any order, become one file a group of
// inputs, ascending by row, each with the id of the document that stays; rows dropped become bits for the segment's next barrier.
//   decide    (a group)  verdicts in row order -> `decided`, and a record [kept row, row] for each drop -> `wanted`
//   kept-ids  (a group)  ids of the documents that others want, from their inputs' first feature parts -> `ids` [row]
//   gather    (a group)  decided and ids side by side -> `verdicts`; bits by input -> `dropped-NNNNNN`
//   edits     (a group)  spans in row order, checked -> `edits`
// Invariant: memory is that of the merges, whatever the number of documents; a row has one verdict, or none and stays.
import { readFile, writeFile } from 'node:fs/promises';
import { mergeRecords, RecordWriter } from '../native/records.js';
import { EDIT_SHAPE, VERDICT_SHAPE } from '../stages/contract/barrier.js';
import { type NumberedFile, type PhaseTask, reasonsOf } from '../stages/contract/stage.js';
import { IdCursor, IdReader, TailBuilder } from './gather-ids.js';
import type { InputGroups } from './input-groups.js';
import { type BarrierStep, stepMistake } from './segments.js';
import { type AnyPhase, FROM_FEATURES } from './phase-lists.js';
import { shardName } from './tasks.js';

/** Key [kept row, row]. */
const WANTED_SHAPE = { keyWords: 2, valueBytes: 0, tail: false } as const;
/** Key [row]; the tail is empty where the kept document has no id, else a byte 1 and the id's UTF-8. */
const ID_SHAPE = { keyWords: 1, valueBytes: 0, tail: true } as const;
/** As VERDICT_SHAPE, with the kept document's id as in ID_SHAPE. */
export const GATHERED_SHAPE = { ...VERDICT_SHAPE, tail: true } as const;

/** Where a verdict's parts stand in its value. */
export const VERDICT_AT = { kept: 0, cluster: 8, clusterSize: 16, drop: 20, similarity: 22 } as const;

const OUTSIDE = 1n << 63n;

export function gatherPhases(
  step: BarrierStep,
  last: AnyPhase,
  groups: InputGroups,
  what: { readonly decides: boolean; readonly edits: boolean },
): readonly AnyPhase[] {
  const over = { over: 'partitions', count: groups.count } as const;
  const all = (from: string, role: string) => ({ from, role, match: 'all' }) as const;
  const phases: AnyPhase[] = [];
  if (what.decides) {
    phases.push({
      name: 'decide',
      ...over,
      reads: [all(last.name, 'verdicts')],
      writes: ['decided', 'wanted'],
      run: (_, task, signal) => decide(step, last, groups, task, signal),
    });
    phases.push({
      name: 'kept-ids',
      ...over,
      reads: [all('decide', 'wanted'), all(FROM_FEATURES, 'features')],
      writes: ['ids'],
      run: (_, task, signal) => keptIds(step, groups, task, signal),
    });
    phases.push({
      name: 'gather',
      ...over,
      reads: [{ from: 'decide', role: 'decided', match: 'own' }, all('kept-ids', 'ids')],
      writes: ['verdicts'],
      run: (_, task, signal) => gather(step, groups, task, signal),
    });
  }
  if (what.edits) {
    phases.push({
      name: 'gather-edits',
      ...over,
      reads: [all(last.name, 'edits')],
      writes: ['edits'],
      run: (_, task, signal) => gatherEdits(step, last, groups, task, signal),
    });
  }
  return phases;
}

interface Counts {
  rowsIn: number;
  rowsOut: number;
}

/** The rows of a task's group; the last group's range is open, so that a row of no input is found. */
function rangeOf(groups: InputGroups, task: PhaseTask): { lo: bigint; hi: bigint } {
  const { lo, hi } = groups.rows(task.number);
  return { lo, hi: task.number === groups.count - 1 ? 1n << 64n : hi };
}

async function decide(step: BarrierStep, last: AnyPhase, groups: InputGroups, task: PhaseTask, signal: AbortSignal): Promise<Counts> {
  const reasons = reasonsOf(step.stage, step.options).length;
  const { hi } = groups.rows(groups.count - 1);
  const paths = task.files(last.name, 'verdicts').map(({ path }) => path);
  const memory = Math.floor(task.memoryBytes / 4);
  const decided = await RecordWriter.open(task.path('decided'), VERDICT_SHAPE, memory);
  const wanted = await RecordWriter.open(task.path('wanted'), WANTED_SHAPE, memory);
  let rows = 0;
  let drops = 0;
  let before = -1n;
  for await (const batch of mergeRecords(paths, rangeOf(groups, task), 2 * memory, { folder: await task.folder() })) {
    signal.throwIfAborted();
    const view = new DataView(batch.values.buffer, batch.values.byteOffset, batch.values.byteLength);
    const pairs = new BigUint64Array(2 * batch.rows);
    let count = 0;
    for (let i = 0; i < batch.rows; i++) {
      const row = batch.keys[i]!;
      const at = i * VERDICT_SHAPE.valueBytes;
      const drop = view.getUint16(at + VERDICT_AT.drop, true);
      if (row <= before) throw stepMistake(step, `decided twice about row ${row}`);
      if (row >= hi) throw stepMistake(step, `decided about row ${row}, which is of no input`);
      if (drop > reasons) throw stepMistake(step, `dropped row ${row} with code ${drop}, it declares ${reasons} reasons`);
      before = row;
      if (drop === 0) continue;
      pairs[2 * count] = view.getBigUint64(at + VERDICT_AT.kept, true);
      pairs[2 * count + 1] = row;
      count++;
    }
    await decided.add(batch.keys, batch.values);
    if (count > 0) await wanted.add(pairs.subarray(0, 2 * count), new Uint8Array());
    rows += batch.rows;
    drops += count;
  }
  await decided.finish();
  await wanted.finish();
  return { rowsIn: rows, rowsOut: drops };
}

/** Ids of the documents of the task's inputs that stand for others; record row is row of the first feature part. */
async function keptIds(step: BarrierStep, groups: InputGroups, task: PhaseTask, signal: AbortSignal): Promise<Counts> {
  const paths = task.files('decide', 'wanted').map(({ path }) => path);
  const features = new Map(task.files(FROM_FEATURES, 'features').map(({ number, path }) => [number, path]));
  const out = await RecordWriter.open(task.path('ids'), ID_SHAPE, Math.floor(task.memoryBytes / 4));
  const ids = new IdReader(features, step);
  let count = 0;
  for await (const { keys, rows } of mergeRecords(paths, groups.rows(task.number), Math.floor(task.memoryBytes / 2), { folder: await task.folder() })) {
    signal.throwIfAborted();
    const named = new BigUint64Array(rows);
    const tails = new TailBuilder(rows);
    for (let i = 0; i < rows; i++) {
      named[i] = keys[2 * i + 1]!;
      const kept = keys[2 * i]!;
      if (ids.row !== kept) {
        const moved = ids.to(kept);
        if (moved !== undefined) await moved;
      }
      tails.add(ids.id);
    }
    await out.add(named, new Uint8Array(), tails.take());
    count += rows;
  }
  await ids.close();
  await out.finish();
  return { rowsIn: count, rowsOut: count };
}

async function gather(step: BarrierStep, groups: InputGroups, task: PhaseTask, signal: AbortSignal): Promise<Counts> {
  const quarter = Math.floor(task.memoryBytes / 4);
  const range = groups.rows(task.number);
  const ids = new IdCursor(
    mergeRecords(
      task.files('kept-ids', 'ids').map(({ path }) => path),
      range,
      quarter,
      { folder: await task.folder() },
    ),
  );
  const out = await RecordWriter.open(task.path('verdicts'), GATHERED_SHAPE, quarter);
  const bits = new DroppedBits(groups, task);
  await bits.open();
  let rows = 0;
  let drops = 0;
  for await (const { keys, values, rows: count } of mergeRecords(
    task.files('decide', 'decided').map(({ path }) => path),
    range,
    quarter,
  )) {
    signal.throwIfAborted();
    const view = new DataView(values.buffer, values.byteOffset, values.byteLength);
    const outside = await outsideIds(step, task, view, count);
    const tails = new TailBuilder(count);
    for (let i = 0; i < count; i++) {
      if (view.getUint16(i * VERDICT_SHAPE.valueBytes + VERDICT_AT.drop, true) === 0) {
        tails.add(null);
        continue;
      }
      drops++;
      bits.add(keys[i]!);
      const kept = view.getBigUint64(i * VERDICT_SHAPE.valueBytes + VERDICT_AT.kept, true);
      if (kept >= OUTSIDE) {
        tails.add(outside.get(kept) ?? null);
        continue;
      }
      const more = ids.to(keys[i]!);
      if (more !== undefined) await more;
      tails.addBytes(ids.bytes);
    }
    await out.add(keys, values, tails.take());
    rows += count;
  }
  await bits.write();
  await out.finish();
  return { rowsIn: rows, rowsOut: drops };
}

/** Ids of kept documents of other runs, for one batch of verdicts. */
async function outsideIds(step: BarrierStep, task: PhaseTask, view: DataView, count: number): Promise<ReadonlyMap<bigint, string | null>> {
  const wanted = new Set<bigint>();
  for (let i = 0; i < count; i++) {
    const at = i * VERDICT_SHAPE.valueBytes;
    if (view.getUint16(at + VERDICT_AT.drop, true) === 0 || view.getUint8(at + VERDICT_AT.kept + 7) < 0x80) continue;
    wanted.add(view.getBigUint64(at + VERDICT_AT.kept, true));
  }
  if (wanted.size === 0) return new Map();
  if (step.stage.outsideIds === undefined) throw stepMistake(step, `kept ${wanted.size} documents of other runs and cannot name them`);
  const rows = BigUint64Array.from(wanted).sort();
  const ids = await step.stage.outsideIds(step.options, task.env, rows);
  return new Map(Array.from(rows, (row, i) => [row, ids[i] ?? null]));
}

/** Rows dropped by this barrier or an earlier one of the segment, an input at a time: one bit a row up to the last dropped one. */
class DroppedBits {
  readonly #task: PhaseTask;
  readonly #before: readonly NumberedFile[];
  readonly #bits = new Map<number, Uint8Array>();

  constructor(groups: InputGroups, task: PhaseTask) {
    const { first, end } = groups.inputsOf(task.number);
    this.#task = task;
    this.#before = task.dropped().filter(({ number }) => number >= first && number < end);
  }

  async open(): Promise<void> {
    for (const { number, path } of this.#before) this.#bits.set(number, await readFile(path));
  }

  add(row: bigint): void {
    const input = Number(row >> 32n);
    const record = Number(row & 0xffff_ffffn);
    let bits = this.#bits.get(input) ?? new Uint8Array();
    if (record >>> 3 >= bits.length) {
      const larger = new Uint8Array(Math.max((record >>> 3) + 1, Math.min(2 * bits.length, 2 ** 29)));
      larger.set(bits);
      bits = larger;
      this.#bits.set(input, bits);
    }
    bits[record >>> 3]! |= 1 << (record & 7);
  }

  async write(): Promise<void> {
    for (const [number, bits] of [...this.#bits].sort((a, b) => a[0] - b[0])) {
      let end = bits.length;
      while (end > 0 && bits[end - 1] === 0) end--;
      if (end > 0) await writeFile(this.#task.path(`${DROPPED}${shardName(number)}`), bits.subarray(0, end));
    }
  }
}

const DROPPED = 'dropped-';

/** The input number of a role `dropped-NNNNNN`; null for another role. */
export function droppedNumber(role: string): number | null {
  return role.startsWith(DROPPED) ? Number(role.slice(DROPPED.length)) : null;
}

async function gatherEdits(step: BarrierStep, last: AnyPhase, groups: InputGroups, task: PhaseTask, signal: AbortSignal): Promise<Counts> {
  const { hi } = groups.rows(groups.count - 1);
  const paths = task.files(last.name, 'edits').map(({ path }) => path);
  const out = await RecordWriter.open(task.path('edits'), EDIT_SHAPE, Math.floor(task.memoryBytes / 4));
  let edits = 0;
  let rows = 0;
  let row = -1n;
  let end = 0n;
  for await (const { keys, rows: count } of mergeRecords(paths, rangeOf(groups, task), Math.floor(task.memoryBytes / 2), { folder: await task.folder() })) {
    signal.throwIfAborted();
    for (let i = 0; i < count; i++) {
      if (keys[3 * i] !== row) {
        row = keys[3 * i]!;
        end = 0n;
        rows++;
        if (row >= hi) throw stepMistake(step, `edits row ${row}, which is of no input`);
      }
      if (keys[3 * i + 1]! < end || keys[3 * i + 2]! <= keys[3 * i + 1]!)
        throw stepMistake(step, `edits bytes ${keys[3 * i + 1]} to ${keys[3 * i + 2]} of row ${row} after byte ${end}: spans ascend and do not overlap`);
      end = keys[3 * i + 2]!;
    }
    await out.add(keys, new Uint8Array());
    edits += count;
  }
  await out.finish();
  return { rowsIn: edits, rowsOut: rows };
}
