// An option's lists as sets to look up: compiled files are mapped as they are, text is parsed and compiled. What a run's
// workers would each have to parse is compiled once, into the run's scratch folder, and mapped by all of them; a user's own
// folders are never written to. Format and look-up: kernels/text/url_set.cpp.
import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { mkdir, open, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { native, packagePath, RefineError, type UrlSetCounts, type UrlSetHandle } from '../../native/index.js';
import { lineChunks } from './lists.js';

/** The Public Suffix List as published (MPL-2.0, see NOTICE). */
export const PUBLIC_SUFFIX_LIST = packagePath('stages', 'url', 'public-suffix-list.dat.gz');
export const publicSuffixes = (): Uint8Array => gunzipSync(readFileSync(PUBLIC_SUFFIX_LIST));

const MAGIC = 'refurls\n';
/** Part of the name of what is compiled for a run: raise it when the same lines give other entries. */
const RULES_VERSION = 1;
/** Below that a worker parses text in the time it takes to look for a file. */
const SCRATCH_FROM_BYTES = 1 << 20;

export function isCompiled(path: string): boolean {
  const file = openSync(path, 'r');
  try {
    const head = Buffer.alloc(MAGIC.length);
    return readSync(file, head, 0, head.length, 0) === head.length && head.toString('latin1') === MAGIC;
  } finally {
    closeSync(file);
  }
}

/** The sets of one option: the text files' together, then each compiled file's. */
export async function openSets(files: readonly string[], scratch: string | undefined): Promise<UrlSetHandle[]> {
  const compiled = files.filter(isCompiled);
  const text = files.filter((file) => !compiled.includes(file));
  const sets = compiled.map(openCompiled);
  if (text.length > 0) sets.unshift(openPrepared(text, scratch) ?? (await compileFiles(text)));
  return sets;
}

export function openCompiled(path: string): UrlSetHandle {
  try {
    return native.urlSetOpen(path);
  } catch (cause) {
    throw new RefineError('ERR_REFINE_ASSET', (cause as Error).message, { place: path, cause });
  }
}

/** Parses and compiles; compiled files among them are taken over entry by entry. */
export async function compileFiles(files: readonly string[]): Promise<UrlSetHandle> {
  const list = native.urlListNew(publicSuffixes());
  for (const file of files) {
    if (isCompiled(file)) native.urlListAddSet(list, openCompiled(file));
    else for await (const lines of lineChunks(file)) native.urlListAdd(list, lines);
  }
  return await native.urlListCompile(list);
}

/** Compiles an option's text files for the workers of a run, unless they are few or done already. */
export async function prepareSets(files: readonly string[], scratch: string): Promise<void> {
  const text = files.filter((file) => !isCompiled(file));
  const path = scratchPath(text, scratch);
  if (path === null || existsSync(path)) return;
  await mkdir(dirname(path), { recursive: true });
  await writeWhole(path, native.urlSetBytes(await compileFiles(text)));
}

export async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const part = `${path}.part`;
  const file = await open(part, 'w');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(part, path);
}

/** Named by what the files are, as far as that is cheap to ask; null where compiling ahead does not pay. */
function scratchPath(text: readonly string[], scratch: string): string | null {
  const stats = text.map((file) => ({ file, ...pick(statSync(file, { bigint: true })) }));
  if (stats.reduce((sum, { size }) => sum + size, 0n) < SCRATCH_FROM_BYTES) return null;
  const name = createHash('sha256').update(JSON.stringify([RULES_VERSION, stats.map(({ file, size, mtime }) => [file, `${size}`, `${mtime}`])]));
  return join(scratch, 'url', `${name.digest('hex').slice(0, 20)}.urlset`);
}

const pick = ({ size, mtimeNs }: { size: bigint; mtimeNs: bigint }) => ({ size, mtime: mtimeNs });

function openPrepared(text: readonly string[], scratch: string | undefined): UrlSetHandle | null {
  const path = scratch === undefined ? null : scratchPath(text, scratch);
  return path !== null && existsSync(path) ? native.urlSetOpen(path) : null;
}

/** Bytes of each file that a warning looks at. */
const LOOK_BYTES = 8 << 20;

export type IgnoredLines = UrlSetCounts['ignored'];

/** Lines of the files that give no entry; of large text files only what their beginning says. */
export function ignoredLines(files: readonly string[]): IgnoredLines {
  const list = native.urlListNew(publicSuffixes());
  const counts: IgnoredLines[] = [];
  for (const file of files) {
    if (isCompiled(file)) counts.push(native.urlSetCounts(openCompiled(file)).ignored);
    else native.urlListAdd(list, firstLines(file));
  }
  counts.push(native.urlListCounts(list).ignored);
  const sum = (kind: keyof IgnoredLines): number => counts.reduce((total, one) => total + one[kind], 0);
  return { suffixes: sum('suffixes'), cosmetic: sum('cosmetic'), options: sum('options'), patterns: sum('patterns'), other: sum('other') };
}

/** "12 public suffixes, 3 cosmetic rules"; empty where there are none. */
export function ignoredInWords(ignored: IgnoredLines): string {
  const words: Readonly<Record<keyof IgnoredLines, string>> = {
    suffixes: 'public suffixes',
    cosmetic: 'cosmetic rules',
    options: 'rules with options',
    patterns: 'wildcards of a form not known here',
    other: 'neither host nor URL',
  };
  return (Object.keys(words) as (keyof IgnoredLines)[])
    .filter((kind) => ignored[kind] > 0)
    .map((kind) => `${ignored[kind].toLocaleString('en-US')} ${words[kind]}`)
    .join(', ');
}

function firstLines(path: string): Uint8Array {
  const file = openSync(path, 'r');
  try {
    const head = Buffer.alloc(Math.min(LOOK_BYTES, statSync(path).size));
    let bytes = head.subarray(0, readSync(file, head, 0, head.length, 0));
    if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
      if (statSync(path).size > head.length) return new Uint8Array(); // part of a gzip stream cannot be inflated at once
      try {
        bytes = gunzipSync(bytes, { maxOutputLength: 8 * LOOK_BYTES });
      } catch {
        return new Uint8Array(); // opening the step says what is wrong
      }
    }
    return bytes.subarray(0, bytes.lastIndexOf(0x0a) + 1 || bytes.length);
  } finally {
    closeSync(file);
  }
}
