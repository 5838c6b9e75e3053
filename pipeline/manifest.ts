// Reads a manifest: YAML -> values with positions -> options parsed by each stage's own schema -> checks over the whole.
// Invariant: every problem of the file is found in one go, each with line and column; what passes can run. DESIGN section 6.
import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type ErrorCode, RefineError } from '../native/errors.js';
import { withoutSecrets } from '../native/redact.js';
import type { DocumentSelection, Source } from '../stages/contract/source.js';
import type { StageEnv } from '../stages/contract/stage.js';
import { executorSchema } from './executors/settings-schema.js';
import { parseAt, repairEntries, show } from './manifest-check.js';
import { checkFlow, type PlacedStep } from './manifest-flow.js';
import { isaSchema, MANIFEST_KEYS, nameSchema, type Registry, SOURCE_KINDS, seedSchema, sinkSchema, sourceSchemas, spillSchema } from './manifest-schema.js';
import { formatPlace, keyPlace, MAX_MANIFEST_BYTES, type Place, parseYaml, type Problem, type Tree, treeAt } from './manifest-source-map.js';
import { applySets } from './manifest-sets.js';
import { type ReadStep, StepReader } from './manifest-steps.js';
import { shippedSteps, type StepSource, stepSource } from './registry.js';
import { didYouMean, nearest } from '../stages/contract/suggest.js';
import type { Manifest, Sink, Step } from './types.js';

export interface ManifestOptions {
  /** `--set` arguments as given: `step.option=value` or `path=value`. */
  readonly sets?: readonly string[];
  /** The steps that names stand for; absent: those that ship. */
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
    if (!found.isFile() && !found.isFIFO()) throw fail('is a device, expected a manifest (a YAML file). Name a file.');
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
  const { path, sets = [] } = options;
  const registry = options.registry === undefined ? shippedSteps : stepSource(options.registry);
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

/** What stands beside a source's kind. */
const SOURCE_KEYS = ['text-field', 'id-field', 'url-field', 'date-field', 'index', 'select', 'lineage'];

type MapTree = Tree & { readonly kind: 'map' };
type Parts = Pick<Manifest, 'name' | 'seed' | 'source' | 'steps' | 'sink' | 'spillBytes' | 'isa' | 'executor' | 'resolved'>;

class ManifestBuilder {
  constructor(
    private readonly registry: StepSource,
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
    const steps = this.required(tree, 'steps', 'a list of steps')
      ? await new StepReader(this.registry, this.baseDir, this.problems).read(get('steps')!, env)
      : [];
    const sink = this.readSink(get('sink'));
    const spillBytes = get('spill') === undefined ? spillSchema.parse(undefined) : parseAt(spillSchema, get('spill')!, 'spill', this.problems);
    const isa = get('isa') === undefined ? undefined : parseAt(isaSchema, get('isa')!, 'isa', this.problems);
    const executor = get('executor') === undefined ? undefined : parseAt(executorSchema, get('executor')!, 'executor', this.problems);
    if (executor !== undefined) this.checkExecutorSteps(get('executor')!, steps);
    const missing = get('steps') === undefined;
    if (!missing) {
      const sinkTree = get('sink');
      const placeOf = (key: string) => (sinkTree !== undefined && treeAt(sinkTree, [key]) !== undefined ? keyPlace(sinkTree, [key]) : null);
      const places = { tokens: placeOf('tokens'), text: placeOf('text'), steps: keyPlace(tree, ['steps']) };
      // A step that is itself unreadable would look like a missing column to those after it.
      if (steps.every((step) => step !== null))
        this.problems.push(...(await checkFlow(steps as PlacedStep[], source?.kind ?? null, sink, places, this.registry, env)));
    }
    if (this.problems.length > 0 || name === undefined || seed === undefined || source === null || sink === null || spillBytes === undefined) return null;
    const good = (steps as ReadStep[]).map(({ name, stage, options }): Step => ({ name, stage, options }));
    return {
      name,
      seed,
      source,
      steps: good,
      sink,
      spillBytes,
      ...(isa === undefined ? {} : { isa }),
      ...(executor === undefined ? {} : { executor }),
      resolved: resolvedOf(name, seed, source, steps as ReadStep[], sink, spillBytes),
    };
  }

  /** Jobs are given more by the names of steps. A profile serves many manifests, so there a name that is no step is none's mistake. */
  private checkExecutorSteps(tree: Tree, steps: readonly (ReadStep | null)[]): void {
    const names = steps.flatMap((step) => (step === null ? [] : [step.name]));
    for (const engine of ['slurm', 'kubernetes']) {
      const of = treeAt(tree, [engine, 'steps']);
      if (of?.kind !== 'map' || steps.includes(null)) continue;
      for (const [name, entry] of of.entries)
        if (!names.includes(name))
          this.problems.push({
            place: entry.keyPlace,
            message: `executor.${engine}.steps.${name} is no step of this manifest; expected ${names.join(', ')}.${didYouMean(name, names)}`,
          });
    }
  }

  /** The manifest with mistyped keys reported and put right. */
  private readKeys(tree: MapTree): MapTree {
    const known: readonly string[] = MANIFEST_KEYS;
    const problem = (key: string, place: Place, meant: string | null): Problem => {
      const hint = this.registry.names.includes(key)
        ? ` "${key}" is a step: it goes into the list under steps.`
        : meant === null
          ? ''
          : ` Did you mean "${meant}"?`;
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
    const tree: MapTree = { ...given, entries: repairEntries(given.entries, [...SOURCE_KINDS, ...SOURCE_KEYS], problem, this.problems) };
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
        return parsed === undefined ? null : this.indexed({ kind, paths: parsed.warc }, parsed, tree);
      }
      case 'wet': {
        const parsed = parseAt(sourceSchemas.wet, tree, 'source', this.problems);
        return parsed === undefined ? null : this.indexed({ kind, paths: parsed.wet }, parsed, tree);
      }
      case 'jsonl': {
        const parsed = parseAt(sourceSchemas.jsonl, tree, 'source', this.problems);
        if (parsed === undefined) return null;
        return { kind, paths: parsed.jsonl, textField: parsed['text-field'], ...(parsed.lineage === 'fields' ? { lineage: 'fields' as const } : {}) };
      }
      case 'parquet': {
        const parsed = parseAt(sourceSchemas.parquet, tree, 'source', this.problems);
        if (parsed === undefined) return null;
        const named = (key: 'id-field' | 'url-field' | 'date-field', usual: string) => ({ column: parsed[key] ?? usual, required: parsed[key] !== undefined });
        const text = { column: parsed['text-field'], required: true };
        return {
          kind,
          paths: parsed.parquet,
          fields: { text, id: named('id-field', 'id'), url: named('url-field', 'url'), date: named('date-field', 'date') },
        };
      }
      case 'run': {
        const parsed = parseAt(sourceSchemas.run, tree, 'source', this.problems);
        return parsed === undefined ? null : { kind, path: parsed.run };
      }
    }
  }

  private indexed(
    source: { readonly kind: 'warc' | 'wet'; readonly paths: readonly string[] },
    { index, select }: { readonly index?: string[] | undefined; readonly select?: DocumentSelection | undefined },
    tree: MapTree,
  ): Source | null {
    if (index === undefined && select !== undefined) {
      const message = `source.select needs source.index: it chooses by what an index says. Add index: FILE (CDXJ, CDX or Parquet), or leave select out.`;
      this.problems.push({ place: keyPlace(tree, ['select']), message });
      return null;
    }
    return { ...source, ...(index === undefined ? {} : { index }), ...(select === undefined ? {} : { select }) };
  }

  private readSink(tree: Tree | undefined): Sink | null {
    const empty: Tree = { kind: 'map', place: tree?.place ?? { name: '' }, entries: new Map() };
    const parsed = parseAt(sinkSchema, tree === undefined || (tree.kind === 'scalar' && tree.value === null) ? empty : tree, 'sink', this.problems);
    if (parsed === undefined) return null;
    return {
      tokens: { perShard: parsed.tokens['per-shard'] },
      text: { keep: parsed.text.keep },
      samplesPerReason: parsed['samples-per-reason'],
      ...(parsed.features === 'all' ? { features: 'all' as const } : {}),
      ...(parsed.holdout === undefined ? {} : { holdout: parsed.holdout }),
    };
  }
}

/** Defaults filled, paths as written: what the lock file records and identities hash. Listing order of files is no difference. */
function resolvedOf(name: string, seed: bigint, source: Source, steps: readonly ReadStep[], sink: Sink, spillBytes: number): Record<string, unknown> {
  return {
    format: 1,
    name,
    seed: String(seed),
    source: openly('paths' in source ? { ...source, paths: [...new Set(source.paths)].sort() } : source),
    steps: steps.map((step) => ({
      name: step.name,
      stage: step.stage.name,
      version: step.stage.version,
      ...('module' in step.stage ? { module: step.stage.module } : {}),
      options: jsonOf(step.options),
    })),
    sink,
    ...(steps.some(({ stage }) => stage.kind === 'barrier') ? { spill: spillBytes } : {}),
  };
}

function jsonOf(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value ?? {}, (_, part) =>
      typeof part === 'bigint' ? String(part) : part instanceof Set ? [...part] : part instanceof Map ? Object.fromEntries(part) : part,
    ),
  );
}

/** Without what may be secret in its URLs: signatures and passwords change, the files they open do not. */
function openly(source: Source): unknown {
  return JSON.parse(JSON.stringify(source), (_, value: unknown) => (typeof value === 'string' ? withoutSecrets(value) : value));
}
