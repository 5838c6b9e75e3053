// A prepared run through its levels to the end: maps, the phases of each barrier, ranks, the next maps, the final task.
// Invariant: a level begins when the one before it is whole; an input that fails behind a barrier is left out and the barrier made again.
import { join } from 'node:path';
import type { Input, SourceReader } from '../stages/contract/source.js';
import type { StageEnv } from '../stages/contract/stage.js';
import type { Decided } from './barrier-graph.js';
import type { Executor, MakeExecutor } from './executors/executor.js';
import { LocalPool } from './executors/local/pool.js';
import { FailedInputs } from './failed-inputs.js';
import type { DoneEntry } from './ledger.js';
import { removeParts, removeScratch, removeSelections } from './leftovers.js';
import { type Check, Levels } from './levels.js';
import { LevelsAhead } from './levels-ahead.js';
import { defaultWorkers } from './platform.js';
import type { Progress } from './progress-events.js';
import { busy, type PreparedRun } from './run-prepare.js';
import type { FailedInput } from './run-summary.js';
import { segmentsOf } from './segments.js';
import type { GraphInput } from './task-graph.js';
import type { Node } from './task-nodes.js';
import type { MapSpec } from './tasks.js';

export class Run {
  readonly #of: PreparedRun;
  readonly #failed: FailedInputs;

  constructor(prepared: PreparedRun) {
    this.#of = prepared;
    this.#failed = new FailedInputs(prepared.options.out, prepared.ledger);
  }

  async toTheEnd(progress: Progress, signal: AbortSignal): Promise<{ failed: readonly FailedInput[]; ran: number; reused: number }> {
    const workers = this.#of.options.workers ?? defaultWorkers(this.#of.context.maxBytes);
    const { inputs, lock } = this.#of.locked;
    const sizes = inputs.map((input) => input.bytes);
    progress({
      type: 'start',
      folder: this.#of.storage?.address ?? this.#of.options.out,
      inputs: inputs.length,
      bytes: sizes.includes(null) ? null : sizes.reduce<number>((a, b) => a + b!, 0),
      workers,
      name: this.#of.manifest.name,
    });
    const levels = new Levels(this.#of.options.out, this.#of.ledger, this.#failed, {
      allowFailed: this.#of.options.allowFailed ?? 0,
      inputs: inputs.length,
      // After an update a final name may hold another task's bytes of the same size, so it is hashed.
      hashed: lock.updates > 0,
      ...(this.#of.options.compactAt === undefined ? {} : { compactAt: this.#of.options.compactAt }),
      ...(this.#of.storage === undefined ? {} : { storage: this.#of.storage }),
      prepare: () => this.#prepareSteps(),
      progress,
      signal,
    });
    const local: MakeExecutor = (context, gate, events) => new LocalPool(workers, context, gate, events);
    const executor = (this.#of.options.executor ?? local)(this.#of.context, this.#of.gate, levels.events);
    try {
      const firstMap = (number: number): MapSpec => this.#firstMap(number);
      await this.#failed.failChanged(this.#of.locked, firstMap);
      if (this.#of.options.verifyInputs === true) {
        const open = (input: Input): SourceReader => this.#of.inputs.openInput(input, { gate: this.#of.gate });
        const seen = await this.#failed.verify(this.#of.locked, firstMap, open, signal);
        this.#of.options.notice?.(seen);
      }
      // An input that fails after a barrier leaves a hole in what the barrier saw: it is left out and the barrier made again.
      while (!(await this.#pass(levels, executor))) levels.forgetPlan();
    } finally {
      await executor.close();
      await this.#of.gpu?.close();
    }
    await levels.writePlan(true);
    if (!(await busy(this.#of.options))) {
      await removeParts(this.#of.options.out); // of workers that were killed while this run went on
      await removeSelections(this.#of.options.out, inputs);
    }
    await levels.prune();
    if (levels.ran > 0 && this.#of.locked.lock.removals !== undefined) {
      await removeScratch(this.#of.options.out); // holds what the shards do not
      await this.#of.storage?.clean();
    }
    return { failed: this.#failed.all(), ran: levels.ran, reused: levels.reused };
  }

  /** One way through all levels; false where another input failed on the way. */
  async #pass(levels: Levels, executor: Executor): Promise<boolean> {
    const segments = segmentsOf(this.#of.manifest.steps);
    const numbered: GraphInput[] = this.#of.locked.inputs.map((input, number) => ({ number, input }));
    const live = numbered.filter(({ number }) => !this.#failed.has(number));
    const entry = (node: Node): DoneEntry => levels.entry(node);
    const complete = (name: string, nodes: readonly Node[], check: Check): Promise<boolean> => levels.complete(name, nodes, check, executor);

    const ahead = new LevelsAhead(segments, this.#of.locked.inputs.length, this.#of.manifest.spillBytes);
    levels.expected = ahead.levels;
    levels.ahead = (level) => ahead.after(level);
    const single = segments.length === 1;
    const first = this.#of.graph.firstMaps(live);
    const maps: Node[][] = [first];
    if (!(await complete(single ? 'map' : `map 1/${segments.length}`, first, single ? 'final' : 'none'))) return false;
    await levels.checkAllowed(); // inputs that changed failed before; the others were tried
    if (!(await levels.noneBroken(segments[0]!, first))) return false;
    for (const segment of segments.slice(0, -1)) {
      const before = maps[maps.length - 1]!;
      const decided: Decided[] = [];
      for (const step of segment.barriers) {
        const barrier = this.#of.graph.barrier(segment, step, before, first, decided.at(-1) ?? null, entry);
        const { phases } = barrier.plan;
        levels.expected = ahead.known(step, phases.length);
        for (const [index, phase] of phases.entries()) {
          const name = `${step.name} ${index + 1}/${phases.length} ${phase.name}`;
          if (!(await complete(name, barrier.nodes(index), 'none'))) return false;
          await levels.consume(barrier.consumedBy(index));
        }
        decided.push(barrier.decided());
      }
      const ranks = this.#of.graph.ranks(segment, before, entry);
      if (ranks.length > 0 && !(await complete(`${segment.ranked!.step.name} ranks`, ranks, 'none'))) return false;
      const next = segments[segment.index + 1]!;
      const final = next.index === segments.length - 1;
      const later = this.#of.graph.laterMaps(next, before, first, maps.slice(1), decided, ranks, entry);
      if (!(await complete(`map ${next.index + 1}/${segments.length}`, later, final ? 'final' : 'none'))) return false;
      if (!(await levels.noneBroken(next, later))) return false;
      maps.push(later);
    }
    return await complete('index and samples', [this.#of.graph.finalize(maps, entry)], 'final');
  }

  async #prepareSteps(): Promise<void> {
    const { seed, baseDir, device, isa, runFolder } = this.#of.context;
    const env: StageEnv = { seed, baseDir, device, ...(isa === null ? {} : { isa }), scratch: join(runFolder, 'scratch') };
    for (const { stage, options } of this.#of.manifest.steps) await stage.prepare?.(options, env);
  }

  #firstMap(number: number): MapSpec {
    return this.#of.graph.firstMaps([{ number, input: this.#of.locked.inputs[number]! }])[0]!.spec as MapSpec;
  }
}
