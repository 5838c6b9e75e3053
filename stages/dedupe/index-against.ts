// `against: INDEX` of a dedupe step: the option, what fits it, the index's files for a phase, and the ids of its documents.
// Invariant: an index is opened as its catalogue says or not at all; nothing of it is compared that was made another way.
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { RefineError } from '../../native/errors.js';
import { mergeRecords } from '../../native/records.js';
import type { OptionProblem, StageEnv } from '../contract/stage.js';
import {
  CATALOGUE,
  type Catalogue,
  damagedFile,
  findDamage,
  firstRow,
  type IndexSegment,
  type KeySpace,
  readCatalogue,
  segmentFile,
} from './index-catalogue.js';
import { type Scope, scopeOption } from './index-scope.js';

export const againstOption = z
  .string()
  .min(1)
  .optional()
  .describe('a dedupe index of earlier runs (refine index build): documents that duplicate one of them are dropped, in-index; default: none');

/** The options that all steps with an index share. */
export const againstOptions = { scope: scopeOption, against: againstOption };

export interface AgainstOptions {
  readonly scope: Scope;
  readonly against?: string | undefined;
}

/** The reason of documents that duplicate an indexed one; its code follows the step's own reasons. */
export const IN_INDEX = 'in-index';

export function againstReasons(options: AgainstOptions): readonly string[] {
  return options.against === undefined ? [] : [IN_INDEX];
}

/** For `alsoReads`: what names a document's scope. */
export function scopeReads({ scope }: AgainstOptions): readonly string[] {
  return scope === 'global' ? [] : ['warc_path'];
}

export function indexFolder(options: AgainstOptions, env: StageEnv): string | null {
  return options.against === undefined ? null : resolve(env.baseDir, options.against);
}

/** For `Barrier.outside`: the catalogue names the digest of every file. */
export function againstFiles(options: AgainstOptions, env: StageEnv): readonly string[] {
  const folder = indexFolder(options, env);
  return folder === null ? [] : [join(folder, CATALOGUE)];
}

/** For `Barrier.inner`. */
export function withoutAgainst<Options extends AgainstOptions>(options: Options): Omit<Options, 'against'> {
  const { against: _, ...inner } = options;
  return inner;
}

/** For `check`: everything that can be seen without reading the index's files. */
export function againstProblems(stage: string, options: AgainstOptions, space: KeySpace, env: StageEnv, shingles = false): readonly OptionProblem[] {
  const folder = indexFolder(options, env);
  if (folder === null) return [];
  const problem = (message: string): OptionProblem => ({ path: ['against'], message });
  if (options.scope !== 'global') return [problem('goes with scope: global alone, for what is in an index is of no dump or part. Take out one of the two.')];
  try {
    const catalogue = readCatalogue(folder);
    const misfit = misfitOf(stage, catalogue, space);
    if (misfit !== null) return [problem(`${options.against} ${misfit}`)];
    if (shingles && !catalogue.shingles)
      return [
        problem(
          `${options.against} holds no shingle sets, so documents cannot be verified against it. Set verify: none, or build it with --keep shingles as well`,
        ),
      ];
    const damage = findDamage(folder, catalogue);
    return damage === null ? [] : [problem(damage.format())];
  } catch (error) {
    if (error instanceof RefineError) return [problem(error.format())];
    throw error;
  }
}

/** Why a catalogue's keys are not those of a step, with the next move; null where they are. */
export function misfitOf(stage: string, catalogue: Catalogue, space: KeySpace): string | null {
  const held = catalogue.keys[stage];
  const all = Object.keys(catalogue.keys);
  if (held === undefined) return `holds keys of ${all.join(', ') || 'no step'}, none of ${stage}. Build one with --keep ${stage.replace(/^dedupe-/, '')}`;
  for (const name of new Set([...Object.keys(held), ...Object.keys(space)])) {
    if (held[name] === space[name]) continue;
    const told = (value: string | number | undefined): string => (value === undefined ? 'nothing' : String(value));
    return name === 'form'
      ? `has keys of ${stage} as another version of refine makes them (form ${told(held.form)}, this one makes ${told(space.form)}). Build the index anew`
      : `was made with ${name} ${told(held[name])}, this step has ${told(space[name])}. Give the step the index's ${name}, or build an index with the step's`;
  }
  return null;
}

export interface OpenIndex {
  readonly catalogue: Catalogue;
  /** The files of a role, ascending by their documents' rows; segments without one give none. */
  files(role: string): string[];
}

/** The index for a phase; null where the step has none. The manifest was checked before, so what fails here has changed since. */
export function openAgainst(stage: string, options: AgainstOptions, space: KeySpace, env: StageEnv, roles: (role: string) => boolean): OpenIndex | null {
  const folder = indexFolder(options, env);
  if (folder === null) return null;
  const catalogue = readCatalogue(folder, env.outside?.[0]);
  const misfit = misfitOf(stage, catalogue, space);
  if (misfit !== null) throw new RefineError('ERR_REFINE_INDEX', misfit, { place: folder });
  const damage = findDamage(folder, catalogue, roles);
  if (damage !== null) throw damage;
  return {
    catalogue,
    files: (role) => catalogue.segments.filter((segment) => segment.files[role] !== undefined).map((segment) => segmentFile(folder, segment, role)),
  };
}

/** Damage that a native call found in a file of the index, told as damage of the index: a spill file's next move is another one. */
export async function readingIndex<T>(index: OpenIndex | null, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw index === null ? error : indexDamage(error, index);
  }
}

function indexDamage(error: unknown, { catalogue, files }: OpenIndex): unknown {
  const { code, message } = error as { code?: unknown; message?: string };
  if ((code !== 'ERR_REFINE_SPILL_DAMAGED' && code !== 'ERR_REFINE_SPILL_FORMAT') || message === undefined) return error;
  for (const segment of catalogue.segments)
    for (const role of Object.keys(segment.files))
      for (const path of files(role))
        if (message.includes(path) && path.includes(segment.content.slice(0, 16))) return damagedFile(path, finding(message, path), segment, error);
  return error;
}

/** What was found, without the path and without the move that a spill file asks for. */
function finding(message: string, path: string): string {
  const said = message.startsWith(`${path}: `) ? message.slice(path.length + 2) : message;
  const end = said.search(/\.(?:\s|$)/);
  return end === -1 ? said : said.slice(0, end);
}

const ID_MEMORY_BYTES = 8 * 1024 * 1024;

/** For `Barrier.outsideIds`: `index:NAME:ID` of rows of the index, which ascend. */
export async function againstIds(options: AgainstOptions, env: StageEnv, rows: BigUint64Array): Promise<(string | null)[]> {
  const folder = indexFolder(options, env);
  const ids = new Array<string | null>(rows.length).fill(null);
  if (folder === null) return ids;
  for (const segment of readCatalogue(folder).segments) {
    const first = firstRow(segment);
    const from = lowerBound(rows, first);
    const to = lowerBound(rows, first + (1n << 32n));
    if (to > from) await readIds(folder, segment, rows.subarray(from, to), ids, from);
  }
  return ids;
}

async function readIds(folder: string, segment: IndexSegment, rows: BigUint64Array, ids: (string | null)[], base: number): Promise<void> {
  const path = segmentFile(folder, segment, 'ids');
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let at = 0;
  try {
    for await (const { keys, tails } of mergeRecords([path], { lo: rows[0]!, hi: rows.at(-1)! + 1n }, ID_MEMORY_BYTES)) {
      for (let i = 0; i < keys.length && at < rows.length; i++) {
        if (keys[i] !== rows[at]) continue;
        ids[base + at] = `index:${segment.name}:${decoder.decode(tails!.bytes.subarray(tails!.offsets[i]!, tails!.offsets[i + 1]!))}`;
        at++;
      }
    }
  } catch (error) {
    const { code, message } = error as { code?: unknown; message: string };
    if (code === 'ERR_REFINE_SPILL_DAMAGED' || code === 'ERR_REFINE_SPILL_FORMAT') throw damagedFile(path, finding(message, path), segment, error);
    throw error;
  }
}

function lowerBound(rows: BigUint64Array, row: bigint): number {
  let from = 0;
  let to = rows.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (rows[middle]! < row) from = middle + 1;
    else to = middle;
  }
  return from;
}
