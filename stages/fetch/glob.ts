// Paths with * ** ? [a-z] [!a] {a,b}, matched by ourselves: Node 20 has no glob of its own, and one rule must hold on
// every version. As in a shell, * and ? do not pass a slash and do not match a leading dot; ** is any number of folders.
// Invariant: the result is a set of files, sorted by path bytes, whatever order the file system lists them in. What cannot be looked
// at is never passed over: a folder is an error, a file is in the set, and whoever reads it says what is wrong with it.
import { type Dirent, existsSync } from 'node:fs';
import { lstat, readdir, stat } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { RefineError } from '../../native/errors.js';

// {1,2}{1,2}... doubles with every group: ten groups are still a list that a person meant.
const MAX_BRACE_PATTERNS = 1024;

export function hasMagic(pattern: string): boolean {
  return /[*?[{]/.test(pattern);
}

/** `a{b,c}d` to `abd`, `acd`; groups nest. Braces without a comma or a partner stand for themselves. */
export function expandBraces(pattern: string): string[] {
  const out: string[] = [];
  const pending = [pattern];
  while (pending.length > 0) {
    const next = pending.pop()!;
    const group = firstGroup(next);
    if (group === null) out.push(next);
    else for (const choice of [...group.choices].reverse()) pending.push(next.slice(0, group.start) + choice + next.slice(group.end));
    if (out.length + pending.length > MAX_BRACE_PATTERNS) {
      throw new RefineError('ERR_REFINE_INPUT', `its braces stand for more than ${MAX_BRACE_PATTERNS} patterns. Use * or list the paths`, { place: pattern });
    }
  }
  return out;
}

function firstGroup(pattern: string): { start: number; end: number; choices: string[] } | null {
  for (let start = pattern.indexOf('{'); start >= 0; start = pattern.indexOf('{', start + 1)) {
    const choices: string[] = [];
    let depth = 0;
    let from = start + 1;
    for (let at = start; at < pattern.length; at++) {
      if (pattern[at] === '{') depth++;
      else if (pattern[at] === ',' && depth === 1) {
        choices.push(pattern.slice(from, at));
        from = at + 1;
      } else if (pattern[at] === '}' && --depth === 0) {
        if (choices.length === 0) break;
        choices.push(pattern.slice(from, at));
        return { start, end: at + 1, choices };
      }
    }
  }
  return null;
}

type Sign = 'any' | 'one' | { readonly accepts: (codePoint: number) => boolean };

/** One segment between slashes as a predicate on names. Cost: name x pattern at worst, no back-tracking beyond the last star. */
export function segmentMatcher(segment: string): (name: string) => boolean {
  const signs: Sign[] = [];
  for (let at = 0; at < segment.length; at++) {
    const sign = segment[at]!;
    const set = sign === '[' ? /^\[([!^]?)(\]?[^\]]*)\]/.exec(segment.slice(at)) : null;
    if (sign === '*') {
      if (signs.at(-1) !== 'any') signs.push('any');
    } else if (sign === '?') signs.push('one');
    else if (set !== null) {
      signs.push({ accepts: setMatcher(set[2]!, set[1] !== '', segment) });
      at += set[0].length - 1;
    } else {
      const wanted = segment.codePointAt(at)!;
      if (wanted > 0xffff) at++;
      signs.push({ accepts: (codePoint) => codePoint === wanted });
    }
  }
  const hidden = segment.startsWith('.');
  return (name) =>
    (hidden || !name.startsWith('.')) &&
    matches(
      signs,
      Array.from(name, (sign) => sign.codePointAt(0)!),
    );
}

function setMatcher(body: string, negated: boolean, segment: string): (codePoint: number) => boolean {
  const members = Array.from(body, (sign) => sign.codePointAt(0)!);
  const ranges: [number, number][] = [];
  for (let at = 0; at < members.length; at++) {
    const ranged = members[at + 1] === 0x2d && at + 2 < members.length;
    ranges.push([members[at]!, members[ranged ? at + 2 : at]!]);
    if (ranged) at += 2;
  }
  if (ranges.some(([from, to]) => from > to)) {
    throw new RefineError('ERR_REFINE_INPUT', 'is no pattern: a range in [...] runs backwards. Write it in ascending order', { place: segment });
  }
  return (codePoint) => ranges.some(([from, to]) => codePoint >= from && codePoint <= to) !== negated;
}

function matches(signs: readonly Sign[], name: readonly number[]): boolean {
  let sign = 0;
  let at = 0;
  let star = -1; // the latest star, and where the name goes on after what it has swallowed
  let resume = 0;
  while (at < name.length) {
    const wanted = signs[sign];
    if (wanted === 'any') {
      star = sign++;
      resume = at;
    } else if (wanted !== undefined && (wanted === 'one' || wanted.accepts(name[at]!))) {
      sign++;
      at++;
    } else if (star >= 0) {
      sign = star + 1;
      at = ++resume;
    } else return false;
  }
  while (signs[sign] === 'any') sign++;
  return sign === signs.length;
}

/** The files a pattern names, as absolute paths. Nothing matched is an error that names the folder and the nearest names. */
export async function expandGlob(pattern: string, baseDir: string): Promise<string[]> {
  const found = new Set<string>();
  for (const plain of expandBraces(pattern)) for (const path of await match(plain, baseDir)) found.add(path);
  if (found.size === 0) throw await nothingMatched(pattern, baseDir);
  return [...found].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

async function match(pattern: string, baseDir: string): Promise<string[]> {
  const segments = pattern.split('/').filter((segment) => segment !== '' && segment !== '.');
  let folders = [isAbsolute(pattern) ? '/' : baseDir];
  for (const [at, segment] of segments.entries()) {
    const last = at === segments.length - 1;
    const next = new Set<string>();
    for (const folder of folders) {
      if (segment === '**') {
        for (const below of await foldersBelow(folder)) next.add(below);
        if (last) for (const below of [...next]) for (const entry of await entries(below)) if (!entry.name.startsWith('.')) next.add(join(below, entry.name));
      } else if (!hasMagic(segment)) {
        if (await isThere(join(folder, segment))) next.add(join(folder, segment));
      } else {
        const matchesName = segmentMatcher(segment);
        for (const entry of await entries(folder)) {
          if (matchesName(entry.name) && (last || entry.isDirectory() || entry.isSymbolicLink())) next.add(join(folder, entry.name));
        }
      }
    }
    folders = [...next];
  }
  const files: string[] = [];
  for (const path of folders) {
    if (await mayBeFile(path)) files.push(resolve(path));
  }
  return files;
}

const isAbsent = (cause: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? '');

/** False for folders and devices; true for what cannot be looked at, and for a link that leads nowhere. */
async function mayBeFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return await isThere(path);
  }
}

/** Whether a folder has such a name, be it of a link that leads nowhere. */
async function isThere(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    (cause: unknown) => !isAbsent(cause),
  );
}

/** What a folder holds; nothing where there is no folder. */
export async function entries(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (cause) {
    if (isAbsent(cause)) return [];
    const { code } = cause as NodeJS.ErrnoException;
    throw new RefineError('ERR_REFINE_INPUT', `cannot be listed (${code}). Give this user leave to read it, or name paths that do not lead through it`, {
      place: folder,
      cause,
    });
  }
}

/** The folder and every folder below it, links not followed (a link may lead back up). */
async function foldersBelow(folder: string): Promise<string[]> {
  const out = [folder];
  for (let at = 0; at < out.length; at++) {
    for (const entry of await entries(out[at]!)) if (entry.isDirectory() && !entry.name.startsWith('.')) out.push(join(out[at]!, entry.name));
  }
  return out;
}

async function nothingMatched(pattern: string, baseDir: string): Promise<RefineError> {
  const [first] = expandBraces(pattern);
  const segments = first!.split('/').filter((segment) => segment !== '' && segment !== '.');
  let folder = isAbsolute(first!) ? '/' : baseDir;
  let at = 0;
  while (at < segments.length - 1 && !hasMagic(segments[at]!) && existsSync(join(folder, segments[at]!))) folder = join(folder, segments[at++]!);
  const shown = isAbsolute(first!) ? folder : segments.slice(0, at).join('/') || 'the manifest’s folder';
  return new RefineError('ERR_REFINE_INPUT', `matches no file. ${await nearest(folder, shown, segments[at] ?? '')}`, { place: pattern });
}

/** A sentence about a folder: what in it comes nearest to a name that is not there. */
export async function nearest(folder: string, shown: string, wanted: string): Promise<string> {
  const names = (await entries(folder).catch(() => [])).map((entry) => entry.name + (entry.isDirectory() ? '/' : ''));
  if (names.length === 0) return `There is nothing in ${shown}: check the path, which starts from the manifest’s folder`;
  const plain = wanted.replace(/[*?]/g, '');
  const ranked = names
    .slice(0, 10_000)
    .map((name) => ({ name, distance: editDistance(name, plain) }))
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1));
  const shownNames = ranked.slice(0, 3).map(({ name }) => name);
  return `Nearest in ${shown}: ${shownNames.join(', ')}${names.length > 3 ? ` (of ${names.length})` : ''}`;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}
