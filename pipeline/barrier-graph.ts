// A barrier's tasks with identities, phase by phase: a phase's identities need the digests of what earlier phases wrote, not the
// files. Invariant: equal identities read equal bytes; a file is consumed when the last phase that reads it is done.
import type { PhaseLimits } from '../stages/contract/stage.js';
import { type BarrierPlan, phaseLimits, planBarrier, planShape } from './barrier-plan.js';
import { droppedNumber } from './gather.js';
import { digest, ENGINE_VERSION, type StepIdentity } from './identity.js';
import type { DoneEntry } from './ledger.js';
import { outsideCopy } from './outside.js';
import { FROM_FEATURES, FROM_MAP, ListFile } from './phase-lists.js';
import type { BarrierStep, Segment } from './segments.js';
import { type Need, type Node, output, withFile } from './task-nodes.js';
import { mapRole, phaseFolder, phasePath, scratchPath } from './tasks.js';
import type { Shard } from './types.js';

export interface BarrierRunSettings {
  readonly spillBytes: number;
  /** Inputs of the run, those that failed too. */
  readonly inputs: number;
  /** Tests: in place of the suggested count. */
  readonly partitions?: number;
}

/** What a barrier decided, once all its phases are done. */
export interface Decided {
  readonly step: string;
  /** The group of an input. */
  group(input: number): number;
  readonly verdicts: readonly { readonly node: Node; readonly shard: Shard }[] | null;
  readonly edits: readonly { readonly node: Node; readonly shard: Shard }[] | null;
  /** Bits of rows that this barrier or an earlier one of the segment dropped, by input. */
  readonly dropped: ReadonlyMap<number, { readonly node: Node; readonly shard: Shard }>;
}

export class BarrierGraph {
  readonly step: BarrierStep;
  readonly plan: BarrierPlan;
  readonly #segment: Segment;
  readonly #maps: readonly Node[];
  readonly #first: readonly Node[];
  readonly #before: Decided | null;
  readonly #entry: (node: Node) => DoneEntry;
  readonly #totals: Readonly<Record<string, number>>;
  readonly #limits: PhaseLimits;
  readonly #inputs: number;
  readonly #done = new Map<string, readonly Node[]>();
  /** What every task of the barrier depends on, without and with the files of other runs. */
  readonly #shared: unknown;
  readonly #sharedOutside: unknown;
  readonly #outside: readonly string[];

  constructor(
    segment: Segment,
    step: BarrierStep,
    identity: StepIdentity,
    maps: readonly Node[],
    first: readonly Node[],
    before: Decided | null,
    settings: BarrierRunSettings,
    entry: (node: Node) => DoneEntry,
  ) {
    this.step = step;
    this.#segment = segment;
    this.#maps = maps;
    this.#first = first;
    this.#before = before;
    this.#entry = entry;
    this.#inputs = settings.inputs;
    this.#totals = totalsOf(step.name, maps, entry);
    this.#limits = phaseLimits(this.#totals, settings.spillBytes, settings.partitions);
    this.plan = planBarrier(step, this.#totals, this.#limits, settings.inputs);
    const { outside, ...own } = identity;
    const of = { engine: ENGINE_VERSION, kind: 'phase', totals: this.#totals, limits: this.#limits, plan: planShape(this.plan), inputs: settings.inputs };
    this.#shared = { ...of, step: { ...own, options: step.stage.inner?.(step.options) ?? own.options } };
    this.#sharedOutside = { ...of, step: own, outside };
    this.#outside = (outside ?? []).map(outsideCopy);
  }

  /** The tasks of phase `index`; those of all earlier ones are done. */
  nodes(index: number): readonly Node[] {
    const phase = this.plan.phases[index]!;
    const { name, over } = phase;
    const reads = phase.reads.map(({ from, role, match }) => ({ from, role, match, files: this.#files(from, role) }));
    const own = over === 'inputs';
    const dropped = [...(this.#before?.dropped ?? [])].map(([number, { node, shard }]) => ({ number, node, shard }));
    const lists = new ListFile(
      {
        inputs: this.#maps.map(({ spec }) => spec.number),
        reads: reads.map(({ from, role, files }) => ({ from, role, files: files.map(({ number, shard }) => ({ number, path: shard.path })) })),
        dropped: dropped.map(({ number, shard }) => ({ number, path: shard.path })),
      },
      phaseFolder(this.step.name, name),
    );
    const all = reads
      .filter(({ match }) => match === 'all')
      .map(({ from, role, files }) => [from, role, files.map(({ number, shard }) => [number, shard.sha256])]);
    const bits = own ? null : dropped.map(({ number, shard }) => [number, shard.sha256]);
    const inputs = this.#maps.map(({ spec }) => spec.number);
    const shared = digest([phase.outside === true ? this.#sharedOutside : this.#shared, name, own ? null : inputs, all, bits]);
    const sharedNeeds = needsOf([...reads.filter(({ match }) => match === 'all').flatMap(({ files }) => files), ...(own ? [] : dropped)]);
    const ownReads = reads.filter(({ match }) => match === 'own').map(({ files }) => new Map(files.map((file) => [file.number, file])));
    const ownBits = new Map(own ? dropped.map((file) => [file.number, file]) : []);
    const numbers = over === 'inputs' ? this.#maps.map(({ spec }) => spec.number) : Array.from({ length: over === 'run' ? 1 : phase.count! }, (_, i) => i);
    const nodes = numbers.map((number, position): Node => {
      const files = [...ownReads.map((byNumber) => byNumber.get(number)), ownBits.get(number)].filter((file) => file !== undefined);
      const task = digest([
        shared,
        number,
        ...ownReads.map((byNumber) => byNumber.get(number)?.shard.sha256 ?? null),
        ownBits.get(number)?.shard.sha256 ?? null,
      ]);
      const readBytes = files.reduce((sum, { shard }) => sum + shard.bytes, 0);
      return {
        spec: {
          kind: 'phase',
          task,
          label: `${this.step.name} ${name} ${position + 1}/${numbers.length}`,
          segment: this.#segment.index,
          number,
          step: this.step.name,
          phase: name,
          totals: this.#totals,
          limits: this.#limits,
          inputs: this.#inputs,
          lists: lists.path,
          ...(phase.outside === true ? { outside: this.#outside } : {}),
        },
        needs: files.length === 0 ? sharedNeeds : [...sharedNeeds, ...needsOf(files)],
        sharedNeeds,
        lists,
        readBytes: readBytes + Math.round(sharedNeeds.reduce((sum, { bytes }) => sum + bytes, 0) / numbers.length),
      };
    });
    this.#done.set(name, nodes);
    return nodes;
  }

  /** Files that no later phase reads once phase `index` is done; paths below the run folder. */
  consumedBy(index: number): string[] {
    const paths: string[] = [];
    for (const { from, role } of new Map(this.plan.phases[index]!.reads.map((read) => [`${read.from}/${read.role}`, read])).values()) {
      if (from === FROM_FEATURES || this.plan.lastReader.get(`${from}/${role}`) !== index) continue;
      paths.push(...this.#files(from, role).map(({ shard }) => shard.path));
    }
    return paths;
  }

  decided(): Decided {
    const of = (phase: string, role: string) =>
      this.#done.get(phase)!.map((node) => ({ node, shard: output(this.#entry(node), phasePath(this.step.name, phase, node.spec.task, role)) }));
    const dropped = new Map(this.plan.decides ? [] : (this.#before?.dropped ?? []));
    for (const node of this.plan.decides ? this.#done.get('gather')! : []) {
      const prefix = phasePath(this.step.name, 'gather', node.spec.task, '');
      for (const shard of this.#entry(node).outputs) {
        const number = droppedNumber(shard.path.slice(prefix.length));
        if (number !== null) dropped.set(number, { node, shard });
      }
    }
    return {
      step: this.step.name,
      group: (input) => this.plan.groups.of(input),
      verdicts: this.plan.decides ? of('gather', 'verdicts') : null,
      edits: this.plan.edits ? of('gather-edits', 'edits') : null,
      dropped,
    };
  }

  /** The files of a role, ascending by the number of the task that wrote them. */
  #files(from: string, role: string): { number: number; node: Node; shard: Shard }[] {
    const nodes = from === FROM_MAP ? this.#maps : from === FROM_FEATURES ? this.#first : this.#done.get(from)!;
    return nodes.map((node) => ({ number: node.spec.number, node, shard: output(this.#entry(node), this.#path(from, role, node)) }));
  }

  #path(from: string, role: string, { spec }: Node): string {
    if (from === FROM_MAP) return scratchPath(this.#segment.index, spec.task, mapRole(this.step.name, role));
    if (from === FROM_FEATURES) return scratchPath(0, spec.task, 'features.arrow');
    return phasePath(this.step.name, from, spec.task, role);
  }
}

/** Files grouped by the task that wrote them. */
function needsOf(files: readonly { readonly node: Node; readonly shard: Shard }[]): Need[] {
  const byNode = new Map<Node, Need>();
  for (const { node, shard } of files) byNode.set(node, withFile(byNode.get(node), node, shard));
  return [...byNode.values()];
}

/** Sums over the inputs of what the barrier's maps counted. */
function totalsOf(step: string, maps: readonly Node[], entry: (node: Node) => DoneEntry): Record<string, number> {
  const totals: Record<string, number> = { inputs: maps.length, documents: 0 };
  for (const node of maps) {
    const { rowsOut, totals: counted } = entry(node);
    totals.documents! += rowsOut;
    for (const [name, value] of Object.entries(counted?.[step] ?? {}))
      if (name !== 'inputs' && name !== 'documents') totals[name] = (totals[name] ?? 0) + value;
  }
  return totals;
}
