// Reads a manifest: YAML -> values with positions -> options parsed by each stage's own schema -> checks over the whole.
// Invariant: every problem of the file is found in one go, each with line and column; what passes can run. DESIGN section 6.
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { basename, dirname, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type ErrorCode, RefineError } from '../native/errors.js';
import type { Source } from '../stages/contract/source.js';
import type { AnyStep, StageEnv } from '../stages/contract/stage.js';
import { parseAt, repairEntries, sentence, show } from './manifest-check.js';
import { checkFlow, type PlacedStep } from './manifest-flow.js';
import { asSchema, MANIFEST_KEYS, nameSchema, type Registry, SOURCE_KINDS, seedSchema, sinkSchema, sourceSchemas } from './manifest-schema.js';
import {
  type Entry,
  formatPlace,
  keyPlace,
  MAX_MANIFEST_BYTES,
  type Place,
  parseYaml,
  parseYamlValue,
  type Problem,
  type Tree,
  treeAt,
  valuePlace,
} from './manifest-source-map.js';
import { applySets } from './manifest-sets.js';
import { steps as shippedSteps } from './registry.js';
import { didYouMean, nearest } from './suggest.js';
import type { Manifest, Sink, Step } from './types.js';

export interface ManifestOptions {
  /** `--set` arguments as given: `step.option=value` or `path=value`. */
  readonly sets?: readonly string[];
  readonly registry?: Registry;
}

/** All that is wrong with one manifest; `format()` prints a line a problem, in the file's order. */
export class ManifestErrors extends RefineError {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const sorted = [...problems].sort((a, b) => (a.place.line ?? 1e9) - (b.place.line ?? 1e9) || (a.place.column ?? 0) - (b.place.column ?? 0));
    // A mistake on the command line alone is one of usage.
    const code: ErrorCode = sorted.every((problem) => problem.place.line === undefined && problem.place.name.startsWith('--'))
      ? 'ERR_REFINE_USAGE'
      : 'ERR_REFINE_MANIFEST';
    super(code, sorted.map((problem) => `${formatPlace(problem.place)}  ${problem.message}`).join('\n'));
    this.name = 'ManifestErrors';
    this.problems = sorted;
  }

  override format(): string {
    return this.problems.map((problem) => `${this.code} ${formatPlace(problem.place)}  ${problem.message}`).join('\n');
  }
}

/** Throws ManifestErrors with every problem, or RefineError where the file cannot be read. */
export async function loadManifest(path: string, options: ManifestOptions = {}): Promise<Manifest> {
  return parseManifest(readManifestText(path), { ...options, path });
}

function readManifestText(path: string): string {
  const fail = (message: string, cause?: unknown) => new RefineError('ERR_REFINE_MANIFEST', message, { place: path, cause });
  let bytes: Buffer;
  try {
    const found = statSync(path);
    if (found.isDirectory()) throw fail('is a folder, expected a manifest (a YAML file). Name the file in it.');
    if (found.size > MAX_MANIFEST_BYTES) throw fail(`has ${found.size} bytes, expected at most ${MAX_MANIFEST_BYTES}: this is no manifest. Name a YAML file.`);
    bytes = readFileSync(path);
  } catch (cause) {
    if (cause instanceof RefineError) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw fail('does not exist, expected a manifest. Check the path; manifests/sample.yaml is one to start from.', cause);
    throw fail(`cannot be read (${code}). Check its permissions.`, cause);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw fail('is not UTF-8 text, expected a manifest (a YAML file). Save it as UTF-8.', cause);
  }
}

export async function parseManifest(text: string, options: ManifestOptions & { readonly path: string }): Promise<Manifest> {
  const { path, registry = shippedSteps, sets = [] } = options;
  const { tree: given, problems: syntax } = parseYaml(text, path);
  const problems: Problem[] = [...syntax];
  if (given === null) throw new ManifestErrors(problems);
  if (given.kind !== 'map') {
    const found = given.kind === 'scalar' && given.value === null ? 'empty' : given.kind === 'list' ? 'a list' : show(given.value);
    throw new ManifestErrors([...problems, { place: given.place, message: `the manifest is ${found}; expected a mapping with ${MANIFEST_KEYS.join(', ')}.` }]);
  }
  const baseDir = dirname(resolve(path));
  const builder = new ManifestBuilder(registry, baseDir, problems);
  const found = await builder.build(applySets(given, sets, problems));
  if (problems.length > 0 || found === null) throw new ManifestErrors(problems);
  return { ...found, baseDir, text, path };
}

/** Steps by name, as `refine try` takes them; `withJson` holds the options of the one step, or {step: options}. */
export async function parseSteps(
  names: readonly string[],
  withJson: string | undefined,
  options: { readonly baseDir: string; readonly registry?: Registry },
): Promise<Step[]> {
  const { baseDir, registry = shippedSteps } = options;
  const place: Place = { name: '--with' };
  const problems: Problem[] = [];
  const given = withJson === undefined ? new Map<string, Entry>() : optionsByStep(names, withJson, place);
  for (const [key, entry] of given) {
    if (!names.includes(key))
      problems.push({ place: entry.keyPlace, message: `"${key}" is none of the steps; expected ${names.join(', ')}.${didYouMean(key, names)}` });
  }
  const items = names.map((name): Tree => {
    const at: Place = given.has(name) ? place : { name: '--' };
    const word: Tree = { kind: 'scalar', place: at, value: null, source: '' };
    return { kind: 'map', place: at, entries: new Map([[name, { keyPlace: at, tree: given.get(name)?.tree ?? word }]]) };
  });
  const builder = new ManifestBuilder(registry, baseDir, problems);
  const steps = await builder.readSteps({ kind: 'list', place: { name: '--' }, items }, { seed: 0n, baseDir, device: 'cpu' });
  if (problems.length > 0) {
    const lines = problems.map((problem) => `${problem.place.name === '--' ? '' : `${problem.place.name}  `}${problem.message}`);
    throw new RefineError('ERR_REFINE_USAGE', lines.join('\n'));
  }
  return (steps as ReadStep[]).map(({ name, stage, options: parsed }) => ({ name, stage, options: parsed }));
}

function optionsByStep(names: readonly string[], withJson: string, place: Place): ReadonlyMap<string, Entry> {
  const fail = (message: string) => new RefineError('ERR_REFINE_USAGE', message, { place: place.name });
  try {
    JSON.parse(withJson);
  } catch (error) {
    throw fail(`is not JSON (${(error as Error).message}). Quote it for the shell: --with '{"keep": ["en"]}'.`);
  }
  const tree = parseYamlValue(withJson, place.name); // JSON is YAML; the tree keeps what was written
  if (tree.kind !== 'map') throw fail('is no JSON object; expected the options of the step, or {"step": {options}}.');
  const [only] = names;
  const nested = names.length > 1 || (tree.entries.size === 1 && tree.entries.get(only!)?.tree.kind === 'map');
  return nested ? tree.entries : new Map([[only!, { keyPlace: place, tree }]]);
}

type MapTree = Tree & { readonly kind: 'map' };
type Parts = Pick<Manifest, 'name' | 'seed' | 'source' | 'steps' | 'sink' | 'resolved'>;

class ManifestBuilder {
  constructor(
    private readonly registry: Registry,
    private readonly baseDir: string,
    private readonly problems: Problem[],
  ) {}

  async build(written: MapTree): Promise<Parts | null> {
    const tree = this.readKeys(written);
    const get = (key: string): Tree | undefined => tree.entries.get(key)?.tree;
    const name = this.required(tree, 'name', 'a word that names the run, such as name: my-corpus')
      ? parseAt(nameSchema, get('name')!, 'name', this.problems)
      : undefined;
    const seed = get('seed') === undefined ? 0n : parseAt(seedSchema, get('seed')!, 'seed', this.problems);
    const source = this.required(tree, 'source', `one of ${SOURCE_KINDS.join(', ')}`) ? this.readSource(get('source')!) : null;
    const env: StageEnv = { seed: seed ?? 0n, baseDir: this.baseDir, device: 'cpu' };
    const steps = this.required(tree, 'steps', 'a list of steps') ? await this.readSteps(get('steps')!, env) : [];
    const sink = this.readSink(get('sink'));
    const missing = get('steps') === undefined;
    if (!missing) {
      const sinkTree = get('sink');
      const placeOf = (key: string) => (sinkTree !== undefined && treeAt(sinkTree, [key]) !== undefined ? keyPlace(sinkTree, [key]) : null);
      const places = { tokens: placeOf('tokens'), text: placeOf('text'), steps: keyPlace(tree, ['steps']) };
      // A step that is itself unreadable would look like a missing column to those after it.
      if (steps.every((step) => step !== null)) this.problems.push(...checkFlow(steps as PlacedStep[], source?.kind ?? null, sink, places, this.registry));
    }
    if (this.problems.length > 0 || name === undefined || seed === undefined || source === null || sink === null) return null;
    const good = (steps as ReadStep[]).map(({ name, stage, options }): Step => ({ name, stage, options }));
    return { name, seed, source, steps: good, sink, resolved: resolvedOf(name, seed, source, steps as ReadStep[], sink) };
  }

  /** The manifest with mistyped keys reported and put right. */
  private readKeys(tree: MapTree): MapTree {
    const known: readonly string[] = MANIFEST_KEYS;
    const problem = (key: string, place: Place, meant: string | null): Problem => {
      const hint = this.registry.has(key) ? ` "${key}" is a step: it goes into the list under steps.` : meant === null ? '' : ` Did you mean "${meant}"?`;
      return { place, message: `${show(key)} is unknown in a manifest; expected ${known.join(', ')}.${hint}` };
    };
    const entries = repairEntries(tree.entries, known, problem, this.problems);
    for (const [key, entry] of entries) if (!known.includes(key)) this.problems.push(problem(key, entry.keyPlace, nearest(key, known)));
    return { ...tree, entries };
  }

  private required(tree: MapTree, key: string, expected: string): boolean {
    if (tree.entries.has(key)) return true;
    this.problems.push({ place: tree.place, message: `${key} is missing; expected ${expected}. Add it.` });
    return false;
  }

  private readSource(given: Tree): Source | null {
    if (given.kind !== 'map') {
      const found = given.kind === 'list' ? 'a list' : given.value === null ? 'empty' : show(given.value);
      this.problems.push({
        place: given.place,
        message: `source is ${found}; expected one of ${SOURCE_KINDS.map((kind) => `${kind}: ...`).join(', ')}. Write source: { warc: [FILE...] }.`,
      });
      return null;
    }
    const problem = (key: string, place: Place, meant: string | null): Problem => ({
      place,
      message: `source.${key} is unknown; expected ${SOURCE_KINDS.join(', ')}.${meant === null ? '' : ` Did you mean "${meant}"?`}`,
    });
    const tree: MapTree = { ...given, entries: repairEntries(given.entries, [...SOURCE_KINDS, 'text-field'], problem, this.problems) };
    const kinds = SOURCE_KINDS.filter((kind) => tree.entries.has(kind));
    for (const kind of kinds.slice(1)) {
      this.problems.push({
        place: keyPlace(tree, [kind]),
        message: `source.${kind} does not go with source.${kinds[0]}: a run has one source. Keep one of them.`,
      });
    }
    const kind = kinds[0];
    if (kind === undefined) {
      for (const [key, entry] of tree.entries) this.problems.push(problem(key, entry.keyPlace, null));
      if (tree.entries.size === 0)
        this.problems.push({ place: tree.place, message: `source is empty; expected one of ${SOURCE_KINDS.join(', ')}. Write source: { warc: [FILE...] }.` });
    }
    if (kind === undefined || kinds.length > 1) return null;
    switch (kind) {
      case 'commoncrawl': {
        const parsed = parseAt(sourceSchemas.commoncrawl, tree, 'source', this.problems)?.commoncrawl;
        return parsed === undefined ? null : { kind, crawls: parsed.crawls, select: parsed.select, base: parsed.base };
      }
      case 'warc': {
        const parsed = parseAt(sourceSchemas.warc, tree, 'source', this.problems);
        return parsed === undefined ? null : { kind, paths: parsed.warc };
      }
      case 'wet': {
        const parsed = parseAt(sourceSchemas.wet, tree, 'source', this.problems);
        return parsed === undefined ? null : { kind, paths: parsed.wet };
      }
      case 'jsonl': {
        const parsed = parseAt(sourceSchemas.jsonl, tree, 'source', this.problems);
        return parsed === undefined ? null : { kind, paths: parsed.jsonl, textField: parsed['text-field'] };
      }
      case 'run': {
        const parsed = parseAt(sourceSchemas.run, tree, 'source', this.problems);
        return parsed === undefined ? null : { kind, path: parsed.run };
      }
    }
  }

  private readSink(tree: Tree | undefined): Sink | null {
    const empty: Tree = { kind: 'map', place: tree?.place ?? { name: '' }, entries: new Map() };
    const parsed = parseAt(sinkSchema, tree === undefined || (tree.kind === 'scalar' && tree.value === null) ? empty : tree, 'sink', this.problems);
    if (parsed === undefined) return null;
    return { tokens: { perShard: parsed.tokens['per-shard'] }, text: { keep: parsed.text.keep }, samplesPerReason: parsed['samples-per-reason'] };
  }

  /** null stands for a step that could not be read; its problems are told. */
  async readSteps(tree: Tree, env: StageEnv): Promise<(ReadStep | null)[]> {
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
      const steps = others.filter(([key]) => this.registry.has(key));
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
    if (name === stage.name || !(this.registry.has(name) || (MANIFEST_KEYS as readonly string[]).includes(name))) return name;
    const what = this.registry.has(name) ? 'the name of another step' : 'a key of manifests';
    this.problems.push({ place: entry.tree.place, message: `${stage.name}.as is "${name}", which is ${what}. Choose another, such as ${stage.name}-2.` });
    return null;
  }

  private async findStage(written: string, place: Place): Promise<AnyStep | null> {
    if (/^\.{0,2}\//.test(written)) return this.loadStage(written, place);
    const stage = this.registry.get(written);
    if (stage !== undefined) return stage;
    const path = /\.m?js$/.test(written) ? ` A stage of your own is spelled as a path: ./${written}` : '';
    const meant = nearest(written, this.registry.keys());
    this.problems.push({
      place,
      message: `step "${written}" is unknown; expected ${[...this.registry.keys()].join(', ') || 'nothing'}.${path || (meant === null ? '' : ` Did you mean "${meant}"?`)}`,
    });
    return meant === null ? null : this.registry.get(meant)!; // its options are checked in the same go
  }

  private async loadStage(written: string, place: Place): Promise<AnyStep | null> {
    const path = resolve(this.baseDir, written);
    const fail = (message: string): null => {
      this.problems.push({ place, message: `step "${written}" ${message}` });
      return null;
    };
    let exported: Record<string, unknown>;
    try {
      exported = (await import(pathToFileURL(path).href)) as Record<string, unknown>;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'ERR_MODULE_NOT_FOUND' && message.includes(path)) return fail("does not exist. Write its path from the manifest's folder.");
      return fail(`does not load: ${message.split('\n')[0]!.replaceAll(this.baseDir, '.')}`);
    }
    const stages = Object.entries(exported).filter(([, value]) => isStep(value));
    if (stages.length !== 1)
      return fail(
        `exports ${stages.length === 0 ? 'no Stage' : `${stages.length} of them`} (found: ${Object.keys(exported).join(', ') || 'nothing'}); expected one object with kind, name, version, reads, writes, reasons and schema.`,
      );
    const stage = stages[0]![1] as AnyStep;
    if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(stage.name) || this.registry.has(stage.name) || (MANIFEST_KEYS as readonly string[]).includes(stage.name)) {
      return fail(`names itself "${stage.name}", which is no free name in lower case with "-". Rename it.`);
    }
    // The module's bytes belong to the identity of its tasks, as a model's do.
    return Object.create(stage, {
      assets: { value: (options: unknown, env: StageEnv) => [path, ...(stage.assets?.(options, env) ?? [])] },
      module: { value: { path: written, sha256: createHash('sha256').update(readFileSync(path)).digest('hex') } },
    }) as AnyStep;
  }

  private relative(place: string): string {
    const path = relative(this.baseDir, place);
    return place.startsWith('/') && !path.startsWith('..') ? path : basename(place);
  }
}

interface ReadStep extends PlacedStep {
  /** The name or path as the manifest has it. */
  readonly written: string;
}

function isStep(value: unknown): value is AnyStep {
  if (typeof value !== 'object' || value === null) return false;
  const step = value as Partial<AnyStep> & Record<string, unknown>;
  const words = (list: unknown) => Array.isArray(list) && list.every((word) => typeof word === 'string');
  const shape = typeof step.name === 'string' && Number.isInteger(step.version) && words(step.reads) && words(step.writes) && words(step.reasons);
  const schema = typeof (step.schema as { safeParse?: unknown } | undefined)?.safeParse === 'function';
  if (!shape || !schema) return false;
  return step.kind === 'stage' ? typeof step.open === 'function' : step.kind === 'barrier' && typeof step.openMap === 'function';
}

/** Defaults filled, paths as written: what the lock file records and identities hash. Listing order of files is no difference. */
function resolvedOf(name: string, seed: bigint, source: Source, steps: readonly ReadStep[], sink: Sink): Record<string, unknown> {
  return {
    format: 1,
    name,
    seed: String(seed),
    source: 'paths' in source ? { ...source, paths: [...new Set(source.paths)].sort() } : source,
    steps: steps.map((step) => ({
      name: step.name,
      stage: step.stage.name,
      version: step.stage.version,
      ...('module' in step.stage ? { module: step.stage.module } : {}),
      options: jsonOf(step.options),
    })),
    sink,
  };
}

function jsonOf(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value ?? {}, (_, part) =>
      typeof part === 'bigint' ? String(part) : part instanceof Set ? [...part] : part instanceof Map ? Object.fromEntries(part) : part,
    ),
  );
}
