// The list of steps: each entry to its stage with parsed options. A step with mistakes is still named in the result, so that
// those after it are checked too.
import { basename, relative } from 'node:path';
import { RefineError } from '../native/errors.js';
import type { AnyStep, StageEnv } from '../stages/contract/stage.js';
import { parseAt, sentence, show } from './manifest-check.js';
import type { PlacedStep } from './manifest-flow.js';
import { asSchema, MANIFEST_KEYS } from './manifest-schema.js';
import { type Entry, type Place, type Problem, type Tree, valuePlace } from './manifest-source-map.js';
import { isPath, loadOwnStage } from './own-stage.js';
import type { StepSource } from './registry.js';
import { nearest } from '../stages/contract/suggest.js';

export interface ReadStep extends PlacedStep {
  /** The name or path as the manifest has it. */
  readonly written: string;
}

export class StepReader {
  constructor(
    private readonly registry: StepSource,
    private readonly baseDir: string,
    private readonly problems: Problem[],
  ) {}

  async read(tree: Tree, env: StageEnv): Promise<(ReadStep | null)[]> {
    if (tree.kind !== 'list' || tree.items.length === 0) {
      const found = tree.kind === 'map' ? 'a mapping' : tree.kind === 'list' || tree.value === null ? 'empty' : show(tree.value);
      this.problems.push({ place: tree.place, message: `steps is ${found}; expected a list with a step on each line, such as "- extract".` });
      return [null];
    }
    const steps: (ReadStep | null)[] = [];
    for (const item of tree.items) steps.push(await this.readStep(item, env));
    const seen = new Map<string, Place>();
    for (const step of steps) {
      if (step === null) continue;
      const first = seen.get(step.name);
      if (first === undefined) seen.set(step.name, step.place);
      else {
        const where = first.line === undefined ? '' : ` (first at line ${first.line})`;
        this.problems.push({
          place: step.place,
          message: `step "${step.name}" stands twice${where}. Give this one a name of its own: - ${step.written}: { as: ${step.name}-2 }`,
        });
      }
    }
    return steps;
  }

  private async readStep(item: Tree, env: StageEnv): Promise<ReadStep | null> {
    const entry = this.stepEntry(item);
    if (entry === null) return null;
    const { written, place, options } = entry;
    const stage = await this.findStage(written, place);
    if (stage === null) return null;
    const bare = options.kind === 'scalar' && options.value === null;
    if (!bare && options.kind !== 'map') {
      const found = options.kind === 'list' ? 'a list' : show(options.value);
      this.problems.push({
        place: options.place,
        message: `options of step "${written}" are ${found}; expected a mapping. Write - ${written}: { option: value }`,
      });
      return null;
    }
    const entries = new Map(options.kind === 'map' ? options.entries : []);
    const as = entries.get('as');
    entries.delete('as');
    const before = this.problems.length;
    const name = as === undefined ? stage.name : this.readAs(as, stage);
    const tree: Tree = { kind: 'map', place: bare ? place : options.place, entries };
    const parsed = parseAt(stage.schema, tree, name ?? stage.name, this.problems);
    if (name === null) return null;
    if (this.problems.length > before) return { name, stage, options: undefined, place, written };
    try {
      for (const problem of stage.check?.(parsed, env) ?? []) {
        this.problems.push({ place: valuePlace(tree, problem.path), message: `${[name, ...problem.path].join('.')}: ${sentence(problem.message)}` });
      }
    } catch (error) {
      if (!(error instanceof RefineError)) throw error;
      this.problems.push({ place, message: `step "${name}": ${error.place === undefined ? '' : `${this.relative(error.place)}: `}${sentence(error.message)}` });
    }
    return { name, stage, options: parsed, place, written };
  }

  private stepEntry(item: Tree): { written: string; place: Place; options: Tree } | null {
    if (item.kind === 'scalar' && typeof item.value === 'string') return { written: item.value, place: item.place, options: { ...item, value: null } };
    if (item.kind !== 'map') {
      const found = item.kind === 'list' ? 'a list' : item.value === null ? 'empty' : show(item.value);
      this.problems.push({
        place: item.place,
        message: `a step is ${found}; expected a step's name, or its name with options. Write - langid: { keep: [en] }`,
      });
      return null;
    }
    const keys = [...item.entries] as [string, Entry][];
    if (keys.length !== 1) {
      const [first, ...others] = keys;
      if (first === undefined) {
        this.problems.push({ place: item.place, message: "a step is an empty mapping; expected a step's name with options." });
        return null;
      }
      const steps = others.filter(([key]) => this.registry.names.includes(key));
      const next =
        steps.length > 0
          ? 'Begin a new line with "-" for it.'
          : `Options go one level deeper: - ${first[0]}: { ${others.map(([key]) => `${key}: ...`).join(', ')} }`;
      this.problems.push({
        place: others[0]![1].keyPlace,
        message: `a step is one key with options, but "${others[0]![0]}" stands beside "${first[0]}". ${next}`,
      });
      return null;
    }
    const [written, { keyPlace: place, tree: options }] = keys[0]!;
    return { written, place, options };
  }

  private readAs(entry: Entry, stage: AnyStep): string | null {
    const name = parseAt(asSchema, entry.tree, `${stage.name}.as`, this.problems);
    if (name === undefined) return null;
    if (name === stage.name || !(this.registry.names.includes(name) || (MANIFEST_KEYS as readonly string[]).includes(name))) return name;
    const what = this.registry.names.includes(name) ? 'the name of another step' : 'a key of manifests';
    this.problems.push({ place: entry.tree.place, message: `${stage.name}.as is "${name}", which is ${what}. Choose another, such as ${stage.name}-2.` });
    return null;
  }

  private async findStage(written: string, place: Place): Promise<AnyStep | null> {
    if (isPath(written)) {
      const own = await loadOwnStage(written, this.baseDir, this.registry.names);
      if (typeof own !== 'string') return own;
      this.problems.push({ place, message: `step "${written}" ${own}` });
      return null;
    }
    const stage = await this.registry.load(written);
    if (stage !== undefined) return stage;
    const path = /\.m?js$/.test(written) ? ` A stage of your own is spelled as a path: ./${written}` : '';
    const meant = nearest(written, this.registry.names);
    this.problems.push({
      place,
      message: `step "${written}" is unknown; expected ${this.registry.names.join(', ') || 'nothing'}.${path || (meant === null ? '' : ` Did you mean "${meant}"?`)}`,
    });
    return meant === null ? null : ((await this.registry.load(meant)) ?? null); // its options are checked in the same go
  }

  private relative(place: string): string {
    const path = relative(this.baseDir, place);
    return place.startsWith('/') && !path.startsWith('..') ? path : basename(place);
  }
}
