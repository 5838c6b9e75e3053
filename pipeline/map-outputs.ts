// What one map task writes: documents and keys for the next segment and its barriers, or the final shards; features, samples, and
// rows that are followed. Scores of a step that ranks are made here, on what is written.
// Invariant: nothing has its final name before `commit`, and then everything was written.
import { join } from 'node:path';
import { type Batch, column, takeRows } from '../native/batch.js';
import type { RankRequest, StageRun } from '../stages/contract/stage.js';
import type { KeysWriter } from './barrier-keys.js';
import { alignFeatures, inRowOrder } from './feature-parts.js';
import { FinalShards, mergeFeatures } from './final-shards.js';
import type { Guard } from './guard.js';
import type { BarrierMaps } from './map-barriers.js';
import type { MapEnv } from './map-env.js';
import type { MapSteps, Passed } from './map-steps.js';
import { withColumns } from './outcomes.js';
import type { ArrowOutput, TaskOutputs } from './outputs.js';
import { rankKeys } from './rank-keys.js';
import { scratchColumns } from './scratch-columns.js';
import type { Segment } from './segments.js';
import type { Shadowing } from './shadow.js';
import { readArrow } from './store.js';
import { type MapSpec, rankRole, scratchPath, shardName } from './tasks.js';
import type { Shard, StepCounts } from './types.js';

/** Values waiting in memory to be ranked. */
const KEY_MEMORY_BYTES = 128 * 1024 * 1024;

export class MapOutputs {
  readonly #spec: MapSpec;
  readonly #env: MapEnv;
  readonly #outputs: TaskOutputs;
  readonly #barriers: BarrierMaps;
  readonly #guard: Guard;
  readonly #shadowing: Shadowing | null;
  readonly #signal: AbortSignal;
  readonly #segment: Segment;
  readonly #final: boolean;
  /** Which columns go on to the next segment; null for all. */
  readonly #goesOn: ((name: string) => boolean) | null;
  readonly #features: Batch[] = []; // of this segment; numeric columns only, some 100 bytes a document
  /** With `features: all`: parts of documents that earlier segments dropped, and where those of this one go on to. */
  readonly #shadowFeatures: Batch[] = [];
  #shadows: ArrowOutput | undefined;
  readonly #scores: { request: RankRequest; keys: KeysWriter }[] = [];
  /** The step whose values this task sorts, open to score; the one whose ranks it reads is the segment's first stage. */
  #scorer: StageRun | undefined;
  #scoreMs = 0;
  #documents: ArrowOutput | undefined;
  #shards: FinalShards | undefined;

  constructor(
    spec: MapSpec,
    env: MapEnv,
    files: { readonly outputs: TaskOutputs; readonly barriers: BarrierMaps },
    guard: Guard,
    shadowing: Shadowing | null,
    signal: AbortSignal,
  ) {
    this.#spec = spec;
    this.#env = env;
    this.#outputs = files.outputs;
    this.#barriers = files.barriers;
    this.#guard = guard;
    this.#shadowing = shadowing;
    this.#signal = signal;
    this.#segment = env.segments[spec.segment]!;
    this.#final = spec.segment === env.segments.length - 1;
    this.#goesOn = this.#final ? null : scratchColumns(env.segments, spec.segment, env.sink, env.stageEnv);
  }

  /** `metadata`: of the documents' files. */
  async open(metadata: Record<string, string>): Promise<void> {
    await this.#barriers.open(this.#spec, this.#segment, this.#env.runFolder, (step) => this.#env.barrier(step));
    const { ranked } = this.#segment;
    if (ranked !== null) {
      this.#scorer = await this.#env.stage(ranked.step);
      for (const request of ranked.requests) {
        const path = scratchPath(this.#segment.index, this.#spec.task, rankRole(ranked.step.name, request.name));
        this.#scores.push({ request, keys: this.#outputs.keys(path, 0, Math.floor(KEY_MEMORY_BYTES / ranked.requests.length)) });
      }
    }
    if (this.#final) this.#shards = new FinalShards(this.#outputs, this.#spec.number, this.#env.sink, metadata);
    else this.#documents = await this.#outputs.arrow(scratchPath(this.#segment.index, this.#spec.task, 'arrow'), { metadata });
    if (this.#shadowing?.outlives(this.#segment.index) === true)
      this.#shadows = await this.#outputs.arrow(scratchPath(this.#segment.index, this.#spec.task, 'shadow.arrow'), { metadata });
  }

  async add({ features, shadow, batch }: Passed): Promise<void> {
    this.#features.push(features);
    if (shadow !== null) await this.#shadows?.add(await this.#scoredShadow(shadow));
    if (batch !== null) await this.#emit(batch);
  }

  /** Of documents that earlier segments dropped. */
  async addFollowed({ features, shadow }: Omit<Passed, 'batch'>): Promise<void> {
    this.#shadowFeatures.push(features);
    if (shadow !== null) await this.#shadows?.add(await this.#scoredShadow(shadow));
  }

  /** Writes what waited for the last batch, then gives every file its name. `spilled`: those of the shards that barriers take. */
  async commit(steps: MapSteps): Promise<{ readonly shards: Shard[]; readonly spilled: Shard[] }> {
    await this.#writeFeatures(steps.left.length > 0);
    await this.#writeSamples(steps.samples());
    const spilled = await this.#barriers.commit();
    return { shards: [...(await this.#outputs.commit()), ...spilled], spilled };
  }

  /** Scoring takes time before the step takes documents in. */
  scoreCounts(): StepCounts[] {
    const { ranked } = this.#segment;
    return ranked === null ? [] : [{ step: ranked.step.name, in: 0, out: 0, drops: {}, wallMs: Math.round(this.#scoreMs) }];
  }

  /** Documents that came through all steps, to the shards or to the next segment and its barriers. */
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

  async #writeFeatures(crashed: boolean): Promise<void> {
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
    const crashes = crashed || this.#spec.previous?.crashed === true;
    for await (const batch of mergeFeatures(base!, later, this.#env.codes, crashes)) await output.add(batch);
  }

  async #writeSamples(samples: Iterable<{ readonly step: string; readonly batch: Batch }>): Promise<void> {
    for (const { step, batch } of samples) {
      const output = await this.#outputs.arrow(scratchPath(this.#segment.index, this.#spec.task, `samples-${step}.arrow`));
      await output.add(batch);
    }
  }
}
