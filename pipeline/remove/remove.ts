// Takes documents out of a finished run: a journal first, then every final file that holds one written anew, then the ledger, then
// a proof that nothing remains. Invariant: killed anywhere, the same call (or --resume) ends in the same bytes; until then every
// other command refuses the folder. Applying exclusions to a file twice changes nothing, which is all that a resume needs.
import { createHash } from 'node:crypto';
import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { RefineError } from '../../native/errors.js';
import { makeFolder, replaceFile } from '../atomic-file.js';
import { refuseLiveJobs } from '../executors/live-jobs.js';
import { writeIndex } from '../finalize.js';
import { removeParts } from '../leftovers.js';
import { type DoneEntry, Ledger } from '../ledger.js';
import { TaskOutputs } from '../outputs.js';
import { lockRunFolder } from '../parent-lock.js';
import { statIfThere } from '../read-if-there.js';
import { readLock, readPlan, readRun, type RunState } from '../run-folder.js';
import { ArrowFile, ArrowWriter } from '../store.js';
import { finalizeIdentity } from '../task-graph.js';
import type { Shard } from '../types.js';
import { EXCLUSIONS, Exclusions, JOURNAL, NOTHING, readExclusionFile, REMOVE_STEP } from './exclusions.js';
import { mendIndexes, requireIndexed } from './index-segments.js';
import { type Proof, proveRemoved } from './proof.js';
import { dropScratch, type RemovalPlace, removeDerived } from './removal-place.js';
import { type Counts, type Journal, readJournal, readRecords, readWindows, recordPath, type RemovalRecord, WINDOWS, writeJournal } from './removal-files.js';
import { withRemoved } from './removed-counts.js';
import type { RemovalRequest } from './request.js';
import { lastMaps, scanRun } from './scan.js';

export interface RemoveOptions {
  readonly dryRun?: boolean;
  /** Dedupe indexes that hold the run's documents. */
  readonly indexes?: readonly string[];
  /** Writes what the list named, in plain words, beside the record. */
  readonly plainList?: string;
  readonly signal: AbortSignal;
}

export interface RemovalAnswer {
  readonly run: string;
  readonly request: string | null;
  readonly dryRun: boolean;
  readonly counts: Counts;
  /** Files written anew; of a dry run: that would be. */
  readonly files: readonly string[];
  /** Derived files that were deleted. */
  readonly deleted: readonly string[];
  readonly indexes: readonly string[];
  readonly proof: Proof | null;
  /** Of a run in a store: whether it keeps what was replaced as older versions, which the proof does not see; null where it does not say. */
  readonly olderVersions?: boolean | null;
}

/** Derived from documents and made again by the commands that want them. */
const DERIVED = ['packing', 'check', 'search'];

/** `request` null resumes a removal that was interrupted. */
export async function removeFromRun(folder: string, request: RemovalRequest | null, options: RemoveOptions): Promise<RemovalAnswer> {
  if (options.dryRun === true) return await wouldRemove({ folder, named: folder }, request!, options.signal);
  await refuseLinks(folder);
  const held = await lockRunFolder(folder);
  try {
    await refuseLiveJobs(folder); // what they write would bring documents back
    return await removeHeld({ folder, named: folder }, request, options);
  } finally {
    await held.release();
  }
}

/** What removing would do; changes nothing. */
export async function wouldRemove(place: RemovalPlace, request: RemovalRequest, signal: AbortSignal): Promise<RemovalAnswer> {
  const scanned = await scanRun(await finishedRun(place), request, (await readExclusionFile(place.folder)) ?? NOTHING, signal);
  const files = scanned.files.map(({ path }) => path);
  return { run: place.named, request: request.digest, dryRun: true, counts: scanned.counts, files, deleted: [], indexes: [], proof: null };
}

/** By who holds the run. */
export async function removeHeld(place: RemovalPlace, request: RemovalRequest | null, options: RemoveOptions): Promise<RemovalAnswer> {
  const journal = await begin(place, request, options);
  if (options.plainList !== undefined) {
    const path = recordPath(journal.number).replace(/json$/, 'list.txt');
    await replaceFile(join(place.folder, path), options.plainList);
    await place.twin?.changed(path);
  }
  return await carryOut(place, journal, options.signal);
}

async function finishedRun({ folder, named }: RemovalPlace): Promise<RunState> {
  const run = await readRun(folder, { removing: true });
  if (!run.finished)
    throw new RefineError('ERR_REFINE_LEDGER', 'is not finished: what it keeps is not known yet. Run the same command again to finish it, then remove.', {
      place: named,
    });
  if (run.lock.steps.some(({ step }) => step === REMOVE_STEP))
    throw new RefineError('ERR_REFINE_LEDGER', `has a step named "${REMOVE_STEP}", by which the ledger counts removed documents. Name it otherwise with as:.`, {
      place: named,
    });
  return run;
}

/** A link would be replaced, and what it points to would stay. */
async function refuseLinks(folder: string): Promise<void> {
  for (const name of ['text', 'tokens', 'features', 'samples', 'removals', 'ledger', 'index.arrow', 'holdout.arrow', 'scratch', ...DERIVED]) {
    const path = join(folder, name);
    const found = await statIfThere(path, { link: true });
    if (found?.isSymbolicLink() === true)
      throw new RefineError('ERR_REFINE_INPUT', 'is a symbolic link, so what it points to would stay. Put the folder itself there.', { place: path });
  }
}

async function begin(place: RemovalPlace, request: RemovalRequest | null, options: RemoveOptions): Promise<Journal> {
  const { folder, named, twin } = place;
  const before = await readJournal(folder);
  const other = (): RefineError =>
    new RefineError('ERR_REFINE_LEDGER', `another removal was interrupted here. End it first: refine remove ${named} --resume`, { place: named });
  if (before !== null) {
    if (request !== null && request.digest !== before.request) throw other();
    await twin?.fetch(before);
    return before;
  }
  if (request === null) throw new RefineError('ERR_REFINE_USAGE', 'has no removal that was interrupted. Leave --resume out and give --list.', { place: named });
  const run = await finishedRun(place);
  requireIndexed(options.indexes ?? [], contentOf(run), named);
  await twin?.fetch(null);
  const scanned = await scanRun(run, request, (await readExclusionFile(folder)) ?? NOTHING, options.signal);
  const journal: Journal = {
    format: 1,
    number: ((await readRecords(folder)).at(-1)?.number ?? 0) + 1,
    request: request.digest,
    ...scanned,
    indexes: options.indexes ?? [],
    content: contentOf(run),
  };
  await makeFolder(join(folder, 'removals'));
  await writeJournal(folder, journal);
  if ((await twin?.begin()) === false) {
    await unlink(join(folder, JOURNAL));
    throw other();
  }
  return journal;
}

/** What a dedupe index knows the run's documents by. */
export function contentOf(run: RunState): string {
  return createHash('sha256')
    .update(run.text.map((shard) => `${shard.sha256}\n`).join(''))
    .digest('hex');
}

async function carryOut(place: RemovalPlace, journal: Journal, signal: AbortSignal): Promise<RemovalAnswer> {
  const { folder, named, twin } = place;
  await removeParts(folder); // of a removal that was killed
  const run = await finishedRun(place);
  await recordInLock(place, journal);
  const exclusions = new Exclusions(journal.exclusions);
  const rewritten = new Map<string, Shard>();
  for (const { path } of journal.files) {
    signal.throwIfAborted();
    const shard = await rewrite(folder, path, exclusions);
    await twin?.changed(path, shard);
    rewritten.set(path, shard);
  }
  await rewriteLedger(place, run, journal, rewritten);
  const deleted: string[] = (await dropScratch(place)) ? ['scratch/'] : [];
  for (const name of DERIVED) if (await removeDerived(place, name)) deleted.push(`${name}/`);
  const after = await readRun(folder, { removing: true });
  await mendIndexes(journal, after, contentOf(after), signal);
  const record: RemovalRecord = {
    format: 1,
    number: journal.number,
    request: journal.request,
    counts: journal.counts,
    files: journal.files.map(({ path, sha256 }) => ({ path, before: sha256, after: rewritten.get(path)!.sha256 })),
  };
  await replaceFile(join(folder, recordPath(journal.number)), `${JSON.stringify(record, null, 1)}\n`);
  await twin?.changed(recordPath(journal.number));
  await unlink(join(folder, JOURNAL));
  await twin?.changed(JOURNAL);
  const olderVersions = await twin?.keepsVersions();
  const proof = await proveHere(place, journal.indexes, signal);
  const files = journal.files.map(({ path }) => path);
  const { request, counts, indexes } = journal;
  return { run: named, request, dryRun: false, counts, files, deleted, indexes, proof, ...(olderVersions === undefined ? {} : { olderVersions }) };
}

/** The proof over what the store gives back where there is one. */
export async function proveHere({ folder, twin }: RemovalPlace, indexes: readonly string[], signal: AbortSignal): Promise<Proof> {
  await twin?.readBack();
  return await proveRemoved(await readRun(folder, { removing: true }), indexes, signal);
}

/** The exclusions, then the lock that names them: what is done again from here on leaves the documents out. */
async function recordInLock({ folder, twin }: RemovalPlace, journal: Journal): Promise<void> {
  const written = await replaceFile(join(folder, EXCLUSIONS), `${JSON.stringify(journal.exclusions)}\n`);
  const windows = await readWindows(folder);
  const known = new Set(windows.text.concat(windows.tokens).map((one) => one.join()));
  const fresh = (lists: readonly (readonly string[])[]): (readonly string[])[] => lists.filter((one) => one.length > 0 && !known.has(one.join()));
  const merged = { format: 1, text: [...windows.text, ...fresh(journal.windows.text)], tokens: [...windows.tokens, ...fresh(journal.windows.tokens)] };
  await replaceFile(join(folder, WINDOWS), `${JSON.stringify(merged)}\n`);
  await twin?.changed(EXCLUSIONS);
  await twin?.changed(WINDOWS);
  const lock = (await readLock(folder))!;
  if (lock.removals !== written.sha256)
    await replaceFile(join(folder, 'manifest.lock.json'), `${JSON.stringify({ ...lock, removals: written.sha256 }, null, 1)}\n`);
  await twin?.changed('manifest.lock.json');
}

/** One final file without what the exclusions name, record batch by record batch, as a task that is done again writes it. */
async function rewrite(folder: string, path: string, exclusions: Exclusions): Promise<Shard> {
  const file = await ArrowFile.open(join(folder, path));
  try {
    const writer = await ArrowWriter.create(join(folder, path), { columns: file.columns, metadata: file.metadata });
    try {
      let tokens = 0;
      for await (const batch of file.batches()) {
        const applied = exclusions.apply(batch);
        const counts = applied.batch.columns.token_count;
        if (path.startsWith('tokens/') && counts?.kind === 'fixed') for (const count of counts.values) tokens += Number(count);
        await writer.write(applied.batch);
      }
      return { path, ...(await writer.commit()), ...(path.startsWith('tokens/') ? { tokens } : {}) };
    } catch (error) {
      await writer.abort();
      throw error;
    }
  } finally {
    await file.close();
  }
}

/** Entries of the last maps and of the final task, as those tasks would write them now; then the plan. */
async function rewriteLedger({ named, twin }: RemovalPlace, run: RunState, journal: Journal, rewritten: ReadonlyMap<string, Shard>): Promise<void> {
  const ledger = new Ledger(run.folder, twin?.ledger);
  const renewed = (shards: readonly Shard[]): Shard[] => shards.map((shard) => rewritten.get(shard.path) ?? shard);
  const entries = new Map<string, DoneEntry>();
  for (const entry of lastMaps(run)) {
    const { in: before, out } = journal.tasks[entry.task]!;
    const next = withRemoved(
      { ...entry, outputs: renewed(entry.outputs), rowsOut: before, steps: entry.steps.filter(({ step }) => step !== REMOVE_STEP) },
      before - out,
    );
    entries.set(entry.task, next);
    await ledger.replace(next);
  }
  const exclusions = new Exclusions(journal.exclusions);
  for (const one of run.entries) {
    // Pages that no worker survived are noted by their ids.
    const entry = entries.get(one.task) ?? one;
    if (entry.state !== 'done' || entry.crashed === undefined) continue;
    const gone = ({ id }: { id: string | null }): boolean => id !== null && (exclusions.wasRemoved(id) || exclusions.matchesId(id));
    if (!entry.crashed.some(gone)) continue;
    const next = { ...entry, crashed: entry.crashed.map((page) => (gone(page) ? { ...page, id: null } : page)) };
    entries.set(entry.task, next);
    await ledger.replace(next);
  }
  const final = run.entries.find((entry): entry is DoneEntry => entry.state === 'done' && entry.kind === 'finalize');
  if (final === undefined)
    throw new RefineError('ERR_REFINE_LEDGER', 'has no final task though it is finished. Run the same command again, then remove.', { place: named });
  const last = lastMaps(run).map((entry) => entries.get(entry.task)!);
  const tokens = last.flatMap((entry) => entry.outputs.filter((shard) => shard.path.startsWith('tokens/')));
  const { resolved } = run.lock;
  const seed = BigInt(String(resolved.seed));
  const samples = sampleParts(run);
  const task = finalizeIdentity(seed, (resolved.sink as { samplesPerReason: number }).samplesPerReason, tokens, samples);
  const outputs = new TaskOutputs(run.folder);
  const env = { runFolder: run.folder, seed };
  const held = tokens.filter((shard) => shard.path.startsWith('tokens/holdout-'));
  const train = tokens.filter((shard) => !held.includes(shard));
  const listed = (shards: readonly Shard[]) => shards.map((shard) => ({ ...shard, tokens: shard.tokens ?? 0 }));
  if (train.length > 0) await writeIndex('index.arrow', listed(train), env, outputs);
  if (held.length > 0) await writeIndex('holdout.arrow', listed(held), env, outputs);
  const indexes = await outputs.commit();
  for (const index of indexes) await twin?.changed(index.path, index);
  const rest = renewed(final.outputs.filter(({ path }) => !indexes.some((index) => index.path === path)));
  const rowsOut = rest.reduce((sum, shard) => sum + shard.rows, 0);
  await ledger.replace({ ...final, task, outputs: [...indexes, ...rest], rowsOut });
  const plan = (await readPlan(run.folder))!;
  const tasks = plan.tasks.map((one) => (one === final.task ? task : one));
  await replaceFile(join(run.folder, 'ledger', 'plan.json'), `${JSON.stringify({ ...plan, tasks })}\n`);
  await twin?.changed('ledger/plan.json');
  if (task !== final.task) await ledger.forget(final.task);
  await ledger.settle();
}

/** What the final task was named by: the sample parts of every map, in the order of the manifest's steps. */
function sampleParts(run: RunState): { step: string; shards: Shard[] }[] {
  const parts = new Map<string, Shard[]>();
  for (const entry of run.entries) {
    if (entry.state !== 'done' || entry.kind !== 'map') continue;
    for (const shard of entry.outputs) {
      const step = /\.samples-(.+)\.arrow$/.exec(shard.path)?.[1];
      if (step === undefined) continue;
      const held = parts.get(step);
      if (held === undefined) parts.set(step, [shard]);
      else held.push(shard);
    }
  }
  return run.lock.steps.filter(({ step }) => parts.has(step)).map(({ step }) => ({ step, shards: parts.get(step)! }));
}
