// One map task: one input through one segment. Reads the source (or the previous segment's documents, verdicts applied), sends
// batches through the stages, writes what the next segment needs or, in the last one, the final shards; then one ledger entry.
// Invariant: outputs depend on the task's identity alone; nothing is named finally unless everything was written.
import { join } from 'node:path';
import { type Batch, fixedColumn, takeRows } from '../native/batch.js';
import type { SourceCounts } from '../stages/contract/source.js';
import { brokenStep, brokenStepError } from './broken-steps.js';
import { emptyBatch } from './empty-batch.js';
import { Guard, NoneToBlame } from './guard.js';
import type { DoneEntry } from './ledger.js';
import { BarrierMaps } from './map-barriers.js';
import type { MapEnv } from './map-env.js';
import { MapOutputs } from './map-outputs.js';
import { MapSteps } from './map-steps.js';
import { withColumns } from './outcomes.js';
import { TaskOutputs } from './outputs.js';
import { readExclusions } from './remove/exclusions.js';
import { withRemoved } from './remove/removed-counts.js';
import { Shadowing } from './shadow.js';
import { readArrow } from './store.js';
import { entryBase, type MapSpec } from './tasks.js';

/** How often a reader is asked for its bytes while no batch comes: a slow line is progress too. */
const POLL_MS = 1000;

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
  readonly #barriers: BarrierMaps;
  readonly #guard: Guard;
  readonly #steps: MapSteps;
  readonly #outputs: MapOutputs;
  readonly #signal: AbortSignal;

  constructor(spec: MapSpec, env: MapEnv, outputs: TaskOutputs, barriers: BarrierMaps, signal: AbortSignal) {
    this.#spec = spec;
    this.#env = env;
    this.#barriers = barriers;
    this.#signal = signal;
    const names = env.segments.flatMap((segment) => [...segment.stages, ...segment.barriers]).map(({ name }, at) => [name, at] as const);
    this.#guard = new Guard(env.journal, new Map(names), spec.crashed, spec.isolate);
    const shadowing = env.sink.features === 'all' ? new Shadowing(env.segments) : null;
    this.#steps = new MapSteps(spec, env, this.#guard, shadowing, signal);
    this.#outputs = new MapOutputs(spec, env, { outputs, barriers }, this.#guard, shadowing, signal);
  }

  async run(): Promise<DoneEntry> {
    const started = performance.now();
    const { journal } = this.#env;
    const segment = this.#env.segments[this.#spec.segment]!;
    journal.at('opening');
    await this.#steps.open();
    await this.#outputs.open(this.#steps.metadata);

    journal.at('reading');
    const source = this.#spec.previous === null ? await this.#readSource() : await this.#readDocuments(this.#spec.previous);
    if (this.#guard.searches) throw new NoneToBlame();
    const { left } = this.#steps;
    const counted = {
      ...this.#steps.rows,
      steps: [...this.#steps.counts(), ...this.#outputs.scoreCounts()],
      ...(left.length === 0 ? {} : { crashed: left }),
    };
    const broken = brokenStep(segment, [counted]);
    if (broken !== null) throw brokenStepError(broken, 1);
    journal.at('writing');
    const { shards, spilled } = await this.#outputs.commit(this.#steps);
    return {
      ...entryBase(this.#spec),
      state: 'done',
      outputs: shards,
      ...counted,
      ...(source === null ? {} : { source }),
      ...(segment.barriers.length === 0 ? {} : { totals: this.#barriers.totals, spillBytes: spilled.reduce((sum, { bytes }) => sum + bytes, 0) }),
      wallMs: Math.round(performance.now() - started),
    };
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
        if (arrived.rows > 0) await this.#pass(arrived);
        tell(batch.rows);
      }
    } finally {
      clearInterval(poll);
    }
    const counts = reader.counts();
    tell(0);
    if (!this.#steps.reachedEnd && !this.#guard.searches) await this.#pass(empty ?? emptyBatch()); // schemas come from batches: one without rows sets them
    return counts;
  }

  async #readDocuments(previous: NonNullable<MapSpec['previous']>): Promise<null> {
    let empty: Batch | undefined;
    for await (const batch of readArrow(join(this.#env.runFolder, previous.documents))) {
      empty ??= takeRows(batch, []);
      const arrived = this.#guard.arriving(batch);
      if (arrived.rows > 0) await this.#pass(arrived);
      this.#env.progress(batch.rows, 0);
    }
    if (!this.#steps.reachedEnd && !this.#guard.searches) await this.#pass(empty ?? emptyBatch());
    if (previous.shadow !== null) {
      for await (const batch of readArrow(join(this.#env.runFolder, previous.shadow))) {
        const arrived = this.#guard.arriving(batch);
        if (arrived.rows > 0) await this.#outputs.addFollowed(await this.#steps.followOnly(arrived));
      }
    }
    return null;
  }

  async #pass(arrived: Batch): Promise<void> {
    await this.#outputs.add(await this.#steps.process(arrived));
  }
}
