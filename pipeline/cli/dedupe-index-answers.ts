// What `refine index` does: makes an index of runs, adds to it, shows and verifies it.
import { resolve } from 'node:path';
import { RefineError } from '../../native/errors.js';
import type { StageEnv } from '../../stages/contract/stage.js';
import { type AddOptions, createIndex } from '../dedupe-index.js';
import { defaultKeeps, openIndexRun, signaturesStep, stepsOfIndex, stepsToKeep } from '../dedupe-index-run.js';
import { addRun, keysOf } from '../dedupe-index-segment.js';
import { addSignatures } from '../dedupe-index-signatures.js';
import { damageError, verifyIndex } from '../dedupe-index-verify.js';
import { type Catalogue, type IndexSegment, readCatalogue } from '../index-files.js';
import { readRun, type RunState } from '../run-folder.js';
import { number } from '../stats-text.js';
import { data, EXIT, interruptible, words } from './command.js';
import type { AddFlags, BuildFlags } from './dedupe-index.js';

export async function buildIndex(folders: readonly string[], flags: BuildFlags): Promise<number> {
  const runs = await readRuns(folders, flags);
  if (runs.length === 0) {
    await createIndex(resolve(flags.out), keysOf([await signaturesStep(flags.with)], env()), false);
    return add(resolve(flags.out), flags.out, runs, flags);
  }
  const keeps = flags.keep ?? defaultKeeps(runs[0]!);
  const steps = await stepsToKeep(runs[0]!, keeps, flags.with);
  for (const run of runs) await openIndexRun(run, steps, env(), flags.finalText === true); // before anything is made
  await createIndex(resolve(flags.out), keysOf(steps, env()), keeps.includes('shingles'));
  return add(resolve(flags.out), flags.out, runs, flags);
}

export async function addToIndex(index: string, folders: readonly string[], flags: AddFlags): Promise<number> {
  return add(resolve(index), index, await readRuns(folders, flags), flags);
}

export async function showIndex(index: string, json: boolean): Promise<number> {
  const catalogue = readCatalogue(resolve(index));
  await data(json ? `${JSON.stringify(summary(catalogue))}\n` : `${shown(catalogue).join('\n')}\n`);
  return EXIT.done;
}

export async function checkIndex(index: string): Promise<number> {
  const { signal, done } = interruptible();
  try {
    const verified = await verifyIndex(resolve(index), signal);
    for (const { path, found } of verified.damage) words(`ERR_REFINE_INDEX ${path}  ${found}`);
    for (const path of verified.leftovers) words(`${path} is in no catalogue: a writer that was killed left it, or one is at work. Delete it if none is.`);
    const error = damageError(index, verified);
    if (error !== null) throw error;
    await data(`${index}: ${number(verified.files)} files, ${number(verified.bytes)} bytes, as its catalogue says\n`);
    return EXIT.done;
  } finally {
    done();
  }
}

const env = (): StageEnv => ({ seed: 0n, baseDir: process.cwd(), device: 'cpu' });

async function readRuns(folders: readonly string[], flags: AddFlags): Promise<RunState[]> {
  const all = [...folders, ...(flags.signatures ?? [])];
  if (all.length === 0) throw new RefineError('ERR_REFINE_USAGE', 'expected a run folder, or --signatures FOLDER.');
  if (flags.name !== undefined && all.length > 1) throw new RefineError('ERR_REFINE_USAGE', '--name names one run, and here are several. Add them one by one.');
  const runs: RunState[] = [];
  for (const folder of folders) runs.push(await readRun(folder));
  return runs;
}

async function add(index: string, called: string, runs: readonly RunState[], flags: AddFlags): Promise<number> {
  const { signal, done } = interruptible();
  try {
    const enter = async (name: string, write: (options: AddOptions) => Promise<IndexSegment | null>): Promise<void> => {
      let said = 0;
      const progress = (documents: number): void => {
        if (documents - said >= 1_000_000) words(`${name}: ${number((said = documents))} documents`);
      };
      const segment = await write({ memoryBytes: flags.maxMemory, signal, progress, ...(flags.name === undefined ? {} : { name: flags.name }) });
      await data(segment === null ? `${called}: ${flags.name ?? name} is in it already\n` : `${called}: ${segmentLine(segment)}\n`);
    };
    for (const run of runs) {
      const { keys } = readCatalogue(index);
      const steps = await stepsOfIndex(run, keys, flags.with);
      const opened = await openIndexRun(run, steps, env(), flags.finalText === true);
      await enter(opened.name, (options) => addRun(index, opened, steps, env(), options));
    }
    for (const folder of flags.signatures ?? [])
      await enter(folder, async (options) => addSignatures(index, folder, await signaturesStep(flags.with), env(), options));
    return EXIT.done;
  } finally {
    done();
  }
}

/** What a file is of, for people: the bands of dedupe-minhash are one thing. */
function kindOf(role: string): string {
  return role.startsWith('bands-') ? 'bands' : role;
}

function bytesByKind(segments: readonly IndexSegment[]): Map<string, number> {
  const bytes = new Map<string, number>();
  for (const segment of segments)
    for (const [role, file] of Object.entries(segment.files)) bytes.set(kindOf(role), (bytes.get(kindOf(role)) ?? 0) + file.bytes);
  return new Map([...bytes].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function perDocument(segments: readonly IndexSegment[]): string {
  const documents = segments.reduce((sum, segment) => sum + segment.documents, 0);
  const bytes = bytesByKind(segments);
  const each = (of: number): string => number(Math.round(of / Math.max(1, documents)));
  const parts = [...bytes].map(([kind, of]) => `${kind} ${each(of)}`);
  const all = [...bytes.values()].reduce((sum, of) => sum + of, 0);
  return `${each(all)} bytes a document (${parts.join(', ')})`;
}

function segmentLine(segment: IndexSegment): string {
  return `${segment.name}, ${number(segment.documents)} documents, ${perDocument([segment])}`;
}

function shown(catalogue: Catalogue): string[] {
  const keys = Object.entries(catalogue.keys).map(
    ([stage, space]) =>
      `${stage}  ${Object.entries(space)
        .filter(([name]) => name !== 'form')
        .map(([name, value]) => `${name} ${value}`)
        .join(', ')}`,
  );
  const { documents, bytes } = summary(catalogue);
  const total = `${number(documents)} documents of ${catalogue.segments.length} runs, ${number(bytes)} bytes, ${perDocument(catalogue.segments)}`;
  return [
    ...keys,
    ...(catalogue.keys['dedupe-minhash'] === undefined || catalogue.shingles ? [] : ['no shingle sets: verify: none only']),
    ...catalogue.segments.map(segmentLine),
    total,
  ];
}

interface Summary {
  readonly keys: Catalogue['keys'];
  readonly shingles: boolean;
  readonly documents: number;
  readonly bytes: number;
  readonly runs: readonly { readonly name: string; readonly documents: number; readonly bytes: Readonly<Record<string, number>> }[];
}

function summary({ keys, shingles, segments }: Catalogue): Summary {
  const runs = segments.map((segment) => ({ name: segment.name, documents: segment.documents, bytes: Object.fromEntries(bytesByKind([segment])) }));
  const bytes = [...bytesByKind(segments).values()].reduce((sum, of) => sum + of, 0);
  return { keys, shingles, documents: segments.reduce((sum, segment) => sum + segment.documents, 0), bytes, runs };
}
