// From a manifest and its inputs to tasks with identities, level by level: maps of a segment, then reduce and resolve of each
// barrier that ends it, then the next segment's maps, at last the finalize task. A level's identities need the outputs of the
// level above (their sha256), not its files: scratch may be gone once a run is finished.
import type { Input } from '../stages/contract/source.js';
import { BarrierGraph, type Decided } from './barrier-graph.js';
import { HOLDOUT_PREFIX } from './final-shards.js';
import { digest, ENGINE_VERSION, type StepIdentity } from './identity.js';
import type { DoneEntry } from './ledger.js';
import { rankShift } from './rank-task.js';
import { scratchColumns } from './scratch-columns.js';
import type { BarrierStep, RankedStep, Segment } from './segments.js';
import { type Need, needOf, type Node, output } from './task-nodes.js';
import { mapRole, type RankSpec, rankRole, scratchPath, shardName } from './tasks.js';
import type { Manifest, Shard } from './types.js';

export interface GraphInput {
  readonly number: number;
  readonly input: Input;
}

export class TaskGraph {
  readonly #manifest: Manifest;
  readonly #segments: readonly Segment[];
  readonly #steps: ReadonlyMap<string, StepIdentity>;
  readonly #rankShift: number;
  readonly #inputs: number;
  readonly #partitions: number | undefined;

  constructor(manifest: Manifest, segments: readonly Segment[], steps: readonly StepIdentity[], inputs: readonly Input[], partitions?: number) {
    this.#manifest = manifest;
    this.#segments = segments;
    this.#steps = new Map(steps.map((step) => [step.step, step]));
    this.#rankShift = rankShift(inputs.length);
    this.#inputs = inputs.length;
    this.#partitions = partitions;
  }

  /** What every map task of a segment shares. */
  #segmentIdentity(segment: Segment): unknown {
    const { seed, sink } = this.#manifest;
    const final = segment.index === this.#segments.length - 1;
    return {
      engine: ENGINE_VERSION,
      kind: 'map',
      seed,
      device: 'cpu', // of steps that give the same bytes everywhere; a neural step's identity has its own
      stages: segment.stages.map((step) => this.#steps.get(step.name)),
      barriers: segment.barriers.map((step) => this.#mapped(step)),
      ...(segment.ranked === null ? {} : { ranked: this.#scoring(segment.ranked) }),
      samplesPerReason: sink.samplesPerReason,
      ...(sink.features === 'all' ? { features: 'all' } : {}),
      sink: final ? { text: sink.text.keep, perShard: sink.tokens.perShard, ...(sink.holdout === undefined ? {} : { holdout: sink.holdout }) } : null,
    };
  }

  /** What a barrier's map depends on: not the files of other runs. */
  #mapped(step: BarrierStep): unknown {
    const { outside: _, ...own } = this.#steps.get(step.name)!;
    return { ...own, options: step.stage.inner?.(step.options) ?? own.options };
  }

  /** What the values to be ranked depend on: where the step scores nothing itself, on no option but the columns' names. */
  #scoring({ step, requests }: RankedStep): unknown {
    const columns = requests.map(({ name, column, by }) => ({ name, column, by }));
    const own = requests.some(({ scored }) => scored === true);
    if (!own) return { columns };
    const { stage, version, options, assets, on } = this.#steps.get(step.name)!;
    return { columns, stage, version, options: step.stage.scoring === undefined ? options : step.stage.scoring(step.options), assets, on };
  }

  /** Maps of the first segment. */
  firstMaps(inputs: readonly GraphInput[]): Node[] {
    const segment = this.#segments[0]!;
    const shared = this.#segmentIdentity(segment);
    const numbered = this.#segments.length === 1 || segment.barriers.length > 0; // final shards are named by it, global rows have it
    return inputs.map(({ number, input }) => {
      const { path, format, identity, textField, fields, lineage } = input;
      const task = digest([shared, { path, format, identity, textField, fields, lineage }, numbered ? number : null]);
      const spec = { kind: 'map', task, label: `map ${shardName(number)} ${path}`, segment: 0, number, input, previous: null } as const;
      return { spec, needs: [], ...this.#again(segment, task) };
    });
  }

  /** Where a map's documents have every column: what its barriers' files begin with. */
  #again(segment: Segment, task: string): Pick<Node, 'again'> {
    const { seed, baseDir, sink } = this.#manifest;
    const whole = segment.barriers.length > 0 && scratchColumns(this.#segments, segment.index, sink, { seed, baseDir, device: 'cpu' }) === null;
    return whole ? { again: new Map(segment.barriers.map(({ name }) => [scratchPath(segment.index, task, mapRole(name, '')), name])) } : {};
  }

  /** Maps of a later segment: one for each map of the segment before. `decided` by that segment's barriers, `ranks` its rank tasks. */
  laterMaps(
    segment: Segment,
    previous: readonly Node[],
    first: readonly Node[],
    middle: readonly (readonly Node[])[],
    decided: readonly Decided[],
    ranks: readonly Node[],
    entry: (node: Node) => DoneEntry,
  ): Node[] {
    const shared = this.#segmentIdentity(segment);
    const final = segment.index === this.#segments.length - 1;
    const barriers = this.#segments[segment.index - 1]!.barriers.map((step) => this.#steps.get(step.name));
    const ordered = ranks.map((node) => ({ name: (node.spec as RankSpec).request.name, shift: this.#rankShift, node, shard: entry(node).outputs[0]! }));
    return previous.map((before, i) => {
      if (before.spec.kind !== 'map') throw new TypeError('a map follows a map');
      const { number, input } = before.spec;
      const documents = output(entry(before), scratchPath(before.spec.segment, before.spec.task, 'arrow'));
      const chain = [first[i]!, ...middle.map((level) => level[i]!)];
      const features = chain.map((node) => output(entry(node), scratchPath(node.spec.segment, node.spec.task, 'features.arrow')));
      const verdicts = decided.map((one) => one.verdicts?.[one.group(number)] ?? null);
      const edits = decided.map((one) => one.edits?.[one.group(number)] ?? null);
      const shadowPath = scratchPath(before.spec.segment, before.spec.task, 'shadow.arrow');
      const shadow = entry(before).outputs.find(({ path }) => path === shadowPath) ?? null;
      const upstream = {
        documents: documents.sha256,
        ...(shadow === null ? {} : { shadow: shadow.sha256 }),
        features: final ? features.map((shard) => shard.sha256) : null,
        verdicts: verdicts.map((file) => file?.shard.sha256 ?? null),
        edits: edits.map((file) => file?.shard.sha256 ?? null),
        ...(edits.some((file) => file !== null) ? { barriers } : {}),
        ...(ordered.length === 0 ? {} : { ranks: ordered.map(({ name, shard }) => [name, shard.sha256]) }),
      };
      const task = digest([shared, { path: input.path, number }, upstream]);
      const previousFiles = {
        documents: documents.path,
        shadow: shadow?.path ?? null,
        features: features.map((shard) => shard.path),
        decided: verdicts.map((file, at) => ({ verdicts: file?.shard.path ?? null, edits: edits[at]?.shard.path ?? null })),
        ranks: ordered.map(({ name, shift, shard }) => ({ name, path: shard.path, shift })),
        ...(chain.some((node) => entry(node).crashed !== undefined) ? { crashed: true as const } : {}),
      };
      const label = `map ${shardName(number)} ${input.path} (segment ${segment.index + 1})`;
      return {
        spec: { kind: 'map', task, label, segment: segment.index, number, input, previous: previousFiles },
        needs: [
          needOf(before, shadow === null ? [documents] : [documents, shadow]),
          ...chain.map((node, at) => needOf(node, [features[at]!])),
          ...[...verdicts, ...edits, ...ordered].flatMap((file) => (file === null ? [] : [needOf(file.node, [file.shard])])),
        ],
        ...this.#again(segment, task),
      };
    });
  }

  /** The phases of a segment's barrier. `before`: what the barrier before it in the segment decided. */
  barrier(
    segment: Segment,
    step: BarrierStep,
    maps: readonly Node[],
    first: readonly Node[],
    before: Decided | null,
    entry: (node: Node) => DoneEntry,
  ): BarrierGraph {
    const settings = {
      spillBytes: this.#manifest.spillBytes,
      inputs: this.#inputs,
      ...(this.#partitions === undefined ? {} : { partitions: this.#partitions }),
    };
    return new BarrierGraph(segment, step, this.#steps.get(step.name)!, maps, first, before, settings, entry);
  }

  /** One task for each order that the next segment's first step needs. */
  ranks(segment: Segment, maps: readonly Node[], entry: (node: Node) => DoneEntry): Node[] {
    if (segment.ranked === null) return [];
    const { step, requests } = segment.ranked;
    return requests.map((request, number) => {
      const role = rankRole(step.name, request.name);
      const keys = maps.map((node) => ({ number: node.spec.number, node, shard: output(entry(node), scratchPath(segment.index, node.spec.task, role)) }));
      const task = digest({
        engine: ENGINE_VERSION,
        kind: 'rank',
        step: step.name,
        request,
        shift: this.#rankShift,
        keys: keys.map(({ number: input, shard }) => [input, shard.sha256]),
      });
      return {
        spec: {
          kind: 'rank',
          task,
          label: `rank ${step.name} by ${request.column}`,
          segment: segment.index,
          number,
          step: step.name,
          request,
          keys: keys.map(({ number: input, shard }) => ({ number: input, path: shard.path })),
          shift: this.#rankShift,
        },
        needs: keys.map(({ node, shard }) => needOf(node, [shard])),
      };
    });
  }

  /** `levels`: the maps of every segment. */
  finalize(levels: readonly (readonly Node[])[], entry: (node: Node) => DoneEntry): Node {
    const last = levels[levels.length - 1]!;
    const tokens = last.flatMap((node) => entry(node).outputs.filter((shard) => shard.path.startsWith('tokens/')));
    const parts = new Map<string, Shard[]>();
    const needs: Need[] = [];
    // Of the token shards only the first of either kind is opened, for its contract.
    const held = (shard: Shard): boolean => shard.path.startsWith(`tokens/${HOLDOUT_PREFIX}`);
    const contracts = new Set([tokens.find((shard) => !held(shard))?.path, tokens.find(held)?.path]);
    for (const level of levels) {
      for (const node of level) {
        const read: Shard[] = [];
        for (const shard of entry(node).outputs) {
          if (contracts.has(shard.path)) read.push(shard);
          const step = /\.samples-(.+)\.arrow$/.exec(shard.path)?.[1];
          if (step === undefined) continue;
          read.push(shard);
          const before = parts.get(step);
          if (before === undefined) parts.set(step, [shard]);
          else before.push(shard);
        }
        if (read.length > 0) needs.push(needOf(node, read));
      }
    }
    const samples = this.#manifest.steps.filter((step) => parts.has(step.name)).map((step) => ({ step: step.name, shards: parts.get(step.name)! }));
    const { seed, sink } = this.#manifest;
    const task = finalizeIdentity(seed, sink.samplesPerReason, tokens, samples);
    return {
      spec: {
        kind: 'finalize',
        task,
        label: 'finalize',
        segment: levels.length - 1,
        number: 0,
        tokens: tokens.map(({ path, rows, bytes, sha256, tokens: count }) => ({ path, rows, tokens: count ?? 0, bytes, sha256 })),
        samples: samples.map(({ step, shards }) => ({ step, paths: shards.map((shard) => shard.path) })),
      },
      needs,
    };
  }
}

/** Of the final task. `refine remove` names it anew when it has rewritten token shards. */
export function finalizeIdentity(
  seed: bigint,
  samplesPerReason: number,
  tokens: readonly Shard[],
  samples: readonly { readonly step: string; readonly shards: readonly Shard[] }[],
): string {
  return digest({
    engine: ENGINE_VERSION,
    kind: 'finalize',
    seed,
    samplesPerReason,
    tokens: tokens.map((shard) => [shard.path, shard.sha256]),
    samples: samples.map(({ step, shards }) => [step, shards.map((shard) => shard.sha256)]),
  });
}
