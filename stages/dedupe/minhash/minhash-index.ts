// dedupe-minhash against an index of earlier runs: what the index keeps of a run, and the phase that brings its entries to the
// candidate clusters. Invariant: an entry comes first in its cluster and stays; a document goes for it by the same rule as for another.
import { rename } from 'node:fs/promises';
import { native, type SketchParams } from '../../../native/index.js';
import type { Indexing, IndexLimits, Phase, PhaseTask } from '../../contract/barrier.js';
import type { StageEnv } from '../../contract/stage.js';
import { type OpenIndex, openAgainst, readingIndex } from '../index-against.js';
import { bandRole, firstRow, type KeySpace } from '../index-catalogue.js';
import { type DedupeMinhashOptions, planOf } from './minhash-options.js';

export const NAME = 'dedupe-minhash';

/** The digest of a tokenizer's files; null for shingles of words. */
export type TokenizerDigest = (options: DedupeMinhashOptions, env: StageEnv) => string | null;

export type MinhashSpace = (options: DedupeMinhashOptions, env: StageEnv) => KeySpace;

/** What band keys and shingles depend on. */
export function minhashSpace(tokenizer: TokenizerDigest): MinhashSpace {
  return (options, env) => {
    const { unit, shingles, sketch } = planOf(options);
    const digest = tokenizer(options, env);
    const cut = unit === 'words' ? { normalise: shingles.normalise, words: shingles.words } : { 'tokenizer-sha256': digest ?? '' };
    const { bands, rows, family } = sketch;
    return { form: 1, shingle: `${unit}-${shingles.size}`, ...cut, hash: shingles.hash, bands, rows, family };
  };
}

/** Files of band keys that an index has at most for one run; a file holds whole groups of bands that are made together. */
const MOST_BAND_FILES = 32;

function bandsPerFile(sketch: SketchParams): number {
  const group = native.sketchGroupBands(sketch);
  return group * Math.ceil(Math.ceil(sketch.bands / MOST_BAND_FILES) / group);
}

/** The files of band keys of an index: each holds bands from .. to - 1. */
export function bandFiles(sketch: SketchParams): { readonly role: string; readonly from: number; readonly to: number }[] {
  const each = bandsPerFile(sketch);
  const files: { role: string; from: number; to: number }[] = [];
  for (let from = 0; from < sketch.bands; from += each) files.push({ role: bandRole(from), from, to: Math.min(sketch.bands, from + each) });
  return files;
}

/** Roles of the files that hold bands from .. to - 1, and perhaps others, which meet no key of such a round. */
function bandRoles(sketch: SketchParams, from: number, to: number): string[] {
  return bandFiles(sketch).flatMap((file) => (file.from < to && from < file.to ? [file.role] : []));
}

export function minhashIndexing(space: MinhashSpace): Indexing<DedupeMinhashOptions> {
  return {
    options: ['preset', 'shingle', 'normalise', 'words', 'tokenizer', 'hash', 'bands', 'rows', 'family'],
    space,
    async build(options, from, to, limits: IndexLimits) {
      const { sketch } = planOf(options);
      const roles: string[] = [];
      for (const file of bandFiles(sketch)) {
        await native.bandKeys(from('shingles'), [], sketch, file.from, file.to, to(file.role), limits.memoryBytes);
        roles.push(file.role);
      }
      if (limits.shingles) {
        await rename(from('shingles'), to('shingles'));
        roles.push('shingles');
      }
      return roles;
    },
  };
}

/** The index's keys for a round of bands; null where the step has no index. */
export function openBands(
  options: DedupeMinhashOptions,
  space: MinhashSpace,
  env: StageEnv,
  from: number,
  to: number,
): { index: OpenIndex; files: string[] } | null {
  const roles = bandRoles(planOf(options).sketch, from, to);
  const index = openAgainst(NAME, options, space(options, env), env, (role) => roles.includes(role));
  return index === null ? null : { index, files: roles.flatMap((role) => index.files(role)) };
}

/** Entries of the index in candidate clusters, as their members. */
export function outsideMembersPhase(space: MinhashSpace, from: string): Phase<DedupeMinhashOptions> {
  return {
    name: 'outside-members',
    over: 'run',
    reads: [{ from, role: 'components', match: 'all' }],
    writes: ['members'],
    outside: true,
    async run(options, task: PhaseTask) {
      const index = openAgainst(NAME, options, space(options, task.env), task.env, (role) => role === 'shingles')!;
      const { segments, shingles } = index.catalogue;
      const files = shingles ? index.files('shingles') : segments.map(() => '');
      const components = task.files(from, 'components').map(({ path }) => path);
      const { members } = await readingIndex(index, () =>
        native.outsideMembers(
          files,
          BigUint64Array.from(segments, firstRow),
          components,
          planOf(options).verify !== 'none',
          task.path('members'),
          task.memoryBytes,
        ),
      );
      return { rowsIn: members, rowsOut: members, notes: { index_candidates: members } };
    },
  };
}
