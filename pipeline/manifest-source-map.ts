// YAML 1.2 text -> a tree of values that know where they were written, so that every later mistake can name line and column.
// Invariant: the tree holds at most MAX_NODES nodes, whatever aliases the text plays with; values are the core schema's
// (`no` and `on` are words, 0o17 is octal, integers are exact to any size). YAML 1.2.2 chapter 10.3.
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';

export const MAX_MANIFEST_BYTES = 1024 * 1024;
const MAX_NODES = 20_000;
const MAX_DEPTH = 64;

export type Path = readonly (string | number)[];
export type Value = string | number | bigint | boolean | null | readonly Value[] | { readonly [key: string]: Value };

/** `name` is the file, or the `--set` that wrote the value; line and column count from 1 and are absent for `--set`. */
export interface Place {
  readonly name: string;
  readonly line?: number;
  readonly column?: number;
}

export interface Problem {
  readonly place: Place;
  readonly message: string;
}

export type Tree =
  | { readonly kind: 'scalar'; readonly place: Place; readonly value: string | number | bigint | boolean | null; readonly source: string }
  | { readonly kind: 'list'; readonly place: Place; readonly items: readonly Tree[] }
  | { readonly kind: 'map'; readonly place: Place; readonly entries: ReadonlyMap<string, Entry> };
export type Entry = { readonly keyPlace: Place; readonly tree: Tree };

export function formatPlace(place: Place): string {
  return place.line === undefined ? place.name : `${place.name}:${place.line}:${place.column}`;
}

/** Errors of syntax that leave the tree unusable stop the reading (`tree` null); a duplicate key does not. */
export function parseYaml(text: string, name: string): { readonly tree: Tree | null; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const lines = new LineCounter();
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { name, line: Math.max(1, line), column: Math.max(1, col) };
  };
  let document: ReturnType<typeof parseDocument>;
  try {
    document = parseDocument(text, { version: '1.2', schema: 'core', intAsBigInt: true, prettyErrors: false, lineCounter: lines, merge: false });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { tree: null, problems: [{ place: { name, line: 1, column: 1 }, message: 'the YAML is nested too deeply to read. Write it flat.' }] };
  }
  for (const error of [...document.errors, ...document.warnings])
    problems.push({ place: placeAt(error.pos[0]), message: explainSyntax(error.code, error.message) });
  const { version, explicit } = document.directives?.yaml ?? {};
  if (explicit && version !== '1.2') {
    problems.push({ place: { name, line: 1, column: 1 }, message: `the %YAML directive asks for ${version}; manifests are YAML 1.2. Remove the directive.` });
  }
  if (document.errors.some((error) => error.code !== 'DUPLICATE_KEY')) return { tree: null, problems };
  const root = document.contents;
  if (root === null) return { tree: { kind: 'scalar', place: { name, line: 1, column: 1 }, value: null, source: '' }, problems };
  try {
    return { tree: new TreeBuilder(placeAt, problems).build(root, 0, false), problems };
  } catch (error) {
    if (!(error instanceof TooLarge)) throw error;
    return { tree: null, problems: [...problems, { place: error.place, message: error.message }] };
  }
}

/** One YAML value as `--set` gives it; the place of every part of it is the `--set` itself. Throws SyntaxError. */
export function parseYamlValue(text: string, name: string): Tree {
  const { tree, problems } = parseYaml(text, name);
  if (tree === null || problems.length > 0) throw new SyntaxError(problems[0]?.message ?? 'not a YAML value');
  return moved(tree, { name });
}

function moved(tree: Tree, place: Place): Tree {
  switch (tree.kind) {
    case 'scalar':
      return { ...tree, place };
    case 'list':
      return { kind: 'list', place, items: tree.items.map((item) => moved(item, place)) };
    case 'map':
      return { kind: 'map', place, entries: new Map([...tree.entries].map(([key, entry]) => [key, { keyPlace: place, tree: moved(entry.tree, place) }])) };
  }
}

class TooLarge extends Error {
  constructor(
    readonly place: Place,
    message: string,
  ) {
    super(message);
  }
}

class TreeBuilder {
  private nodes = 0;
  private readonly anchors = new Map<string, Node>();

  constructor(
    private readonly placeAt: (offset: number) => Place,
    private readonly problems: Problem[],
  ) {}

  build(node: Node, depth: number, inAlias: boolean): Tree {
    const place = this.placeAt(node.range?.[0] ?? 0);
    if (++this.nodes > MAX_NODES)
      throw new TooLarge(place, `the manifest has more than ${MAX_NODES} values once its aliases are filled in. Write it without aliases.`);
    if (depth > MAX_DEPTH) throw new TooLarge(place, `the manifest is nested deeper than ${MAX_DEPTH} levels. Write it flat.`);
    if (isAlias(node)) {
      const target = this.anchors.get(node.source);
      if (target === undefined) throw new TooLarge(place, `alias "*${node.source}" names no anchor that stands before it. Write the value out.`);
      const tree = this.build(target, depth + 1, true);
      return { ...tree, place };
    }
    if (!inAlias && 'anchor' in node && typeof node.anchor === 'string') this.anchors.set(node.anchor, node);
    if (isMap(node)) {
      const entries = new Map<string, Entry>();
      for (const pair of node.items) {
        const keyNode = pair.key as Node;
        const keyPlace = this.placeAt(keyNode.range?.[0] ?? 0);
        if (!isScalar(keyNode)) {
          this.problems.push({ place: keyPlace, message: 'a key is a list or a mapping, expected a word. Write `key: value`.' });
          continue;
        }
        const key = typeof keyNode.value === 'string' ? keyNode.value : (keyNode.source ?? String(keyNode.value));
        const valueNode = pair.value as Node | null;
        const tree: Tree = valueNode === null ? { kind: 'scalar', place: keyPlace, value: null, source: '' } : this.build(valueNode, depth + 1, inAlias);
        if (!entries.has(key)) entries.set(key, { keyPlace, tree });
      }
      return { kind: 'map', place, entries };
    }
    if (isSeq(node)) return { kind: 'list', place, items: node.items.map((item) => this.build(item as Node, depth + 1, inAlias)) };
    if (!isScalar(node)) throw new TooLarge(place, 'a value of a kind that manifests do not have.');
    return { kind: 'scalar', place, value: exact(node.value), source: node.source ?? String(node.value) };
  }
}

/** Integers arrive as bigint: the safe ones become numbers, only a seed may be larger. */
function exact(value: unknown): string | number | bigint | boolean | null {
  if (typeof value === 'bigint') return BigInt.asIntN(54, value) === value ? Number(value) : value;
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  return String(value);
}

function explainSyntax(code: string, message: string): string {
  switch (code) {
    case 'TAB_AS_INDENT':
      return 'a tab indents this line; YAML indents with spaces. Replace the tab by spaces.';
    case 'DUPLICATE_KEY':
      return 'this key stands twice in one mapping. Keep one of them.';
    case 'MULTIPLE_DOCS':
      return 'a second YAML document begins here (`---`); a manifest is one. Remove it.';
    case 'TAG_RESOLVE_FAILED':
      return `${message}. Write the plain value.`;
    default:
      if (message.includes('call stack')) return 'the YAML is nested too deeply to read. Write it flat.';
      return `not YAML 1.2: ${message.replace(/\s+/g, ' ').replace(/\.$/, '')}.`;
  }
}

/** The plain value. Mappings have no prototype, so a key `__proto__` is a key. */
export function plainValue(tree: Tree): Value {
  switch (tree.kind) {
    case 'scalar':
      return tree.value;
    case 'list':
      return tree.items.map(plainValue);
    case 'map': {
      const value: Record<string, Value> = Object.create(null);
      for (const [key, entry] of tree.entries) value[key] = plainValue(entry.tree);
      return value;
    }
  }
}

export function treeAt(tree: Tree, path: Path): Tree | undefined {
  let at: Tree | undefined = tree;
  for (const key of path) {
    if (at?.kind === 'map') at = at.entries.get(String(key))?.tree;
    else if (at?.kind === 'list') at = at.items[Number(key)];
    else return undefined;
  }
  return at;
}

/** Where the value at `path` stands, or the nearest thing around it that was written. */
export function valuePlace(tree: Tree, path: Path): Place {
  for (let length = path.length; length > 0; length--) {
    const found = treeAt(tree, path.slice(0, length));
    if (found !== undefined) return found.place;
  }
  return tree.place;
}

/** Where the key that `path` ends with stands. */
export function keyPlace(tree: Tree, path: Path): Place {
  const parent = treeAt(tree, path.slice(0, -1));
  const entry = parent?.kind === 'map' ? parent.entries.get(String(path.at(-1))) : undefined;
  return entry?.keyPlace ?? valuePlace(tree, path);
}

/** A copy of the tree with the value at `path` replaced; mappings on the way are made where they are missing. */
export function withValue(tree: Tree | undefined, path: Path, value: Tree): Tree {
  if (path.length === 0) return value;
  const [head, ...rest] = path;
  if (tree?.kind === 'list') {
    const items = tree.items.map((item, index) => (index === Number(head) ? withValue(item, rest, value) : item));
    return { ...tree, items };
  }
  const entries = new Map(tree?.kind === 'map' ? tree.entries : []);
  const before = entries.get(String(head));
  entries.set(String(head), { keyPlace: value.place, tree: withValue(before?.tree, rest, value) });
  return { kind: 'map', place: tree?.kind === 'map' ? tree.place : value.place, entries };
}
