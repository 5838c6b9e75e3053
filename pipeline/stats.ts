// What a run did: the funnel from the ledger, and what its kept documents look like from the columns of text/ and index.arrow.
// Invariant: in = out + sum(drops) at every step, records = documents + sum(skips), and what one step lets out is what the next
// takes in. A run folder where that does not hold is damaged, and the numbers are refused instead of shown.
import { readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { RefineError } from '../native/errors.js';
import type { PayloadCounts } from '../native/warc.js';
import { HOLDOUT_PREFIX } from './final-shards.js';
import { barrierNotes, lockedNotices, type Notes } from './barrier-notes.js';
import { lockedWarnings } from './funnel-warnings.js';
import { REMOVE_STEP } from './remove/exclusions.js';
import { readLock, readRun, type RunState } from './run-folder.js';
import { type HostStats, type KeptVisitor, type LangTokens, type LengthStats, readKept, sum, sumColumn } from './stats-kept.js';
import type { LedgerEntry, RankedColumn } from './types.js';

type Counts = Record<string, number>;

export interface StepStats {
  readonly step: string;
  in: number;
  out: number;
  readonly drops: Counts;
}

/** The shape of `refine stats --json` (DESIGN section 6); what a run does not have is absent. */
export interface Stats {
  readonly name?: string;
  readonly finished?: boolean;
  readonly source?: {
    readonly files: number;
    readonly records: number;
    readonly documents: number;
    readonly skips: Counts;
    readonly damage: Counts;
    readonly notes: Counts;
    readonly bytes: number;
    /** What records hold that are no documents for it, by media type: PDFs, images, feeds. */
    readonly payloads?: Readonly<Record<string, PayloadCounts>>;
  };
  readonly failed?: readonly { readonly input: string; readonly code: string; readonly message: string }[];
  readonly documents: { readonly in: number; readonly out: number };
  readonly steps?: readonly StepStats[];
  /** Of a finished run: rules that never decided on 10,000 documents or more, steps that let nothing through. */
  readonly warnings?: readonly string[];
  /** What barriers noted while they decided, and what they have to tell of it. */
  readonly barriers?: Readonly<Record<string, Notes>>;
  readonly notices?: readonly string[];
  readonly tokens: number | null;
  /** Of `tokens`, what sink.holdout keeps out of training. */
  readonly holdout?: { readonly documents: number; readonly tokens: number };
  readonly shards: number;
  readonly bytes: { readonly text: number; readonly tokens: number };
  readonly langs: Counts;
  /** What kept documents of a language need: bytes of UTF-8, tokens with EOS. Absent without text, tokens or languages. */
  readonly fertility?: Readonly<Record<string, LangTokens>>;
  readonly hosts: HostStats;
  readonly lengths: LengthStats;
  /** Orders over the run that steps asked for, and the values at their thresholds. */
  readonly ranks?: readonly ({ readonly step: string } & RankedColumn)[];
  /** Documents dropped by each barrier, and what stands for them. */
  readonly duplicates?: { readonly dropped: Counts; readonly clusters: number; readonly largest: number };
}

export async function collectStats(path: string, visitor?: KeptVisitor): Promise<Stats> {
  if ((await readLock(path)) !== null) return statsOfRun(await readRun(path), visitor);
  const shards = bareShards(path);
  const kept = await readKept(
    shards.map((shard) => shard.path),
    visitor,
  );
  return {
    documents: { in: kept.documents, out: kept.documents },
    tokens: kept.tokens,
    shards: shards.length,
    bytes: { text: kept.textBytes, tokens: 0 },
    langs: kept.langs,
    ...(kept.fertility === undefined ? {} : { fertility: kept.fertility }),
    hosts: kept.hosts,
    lengths: kept.lengths,
  };
}

async function statsOfRun(run: RunState, visitor?: KeptVisitor): Promise<Stats> {
  const ledger = await ledgerStats(run);
  const text = run.text.map((shard) => join(run.folder, shard.path));
  const kept = await readKept(text.length > 0 ? text : run.tokens.map((shard) => join(run.folder, shard.path)), visitor);
  const heldOut = run.tokens.filter((shard) => shard.path.startsWith(`tokens/${HOLDOUT_PREFIX}`));
  const holdout = { documents: sum(heldOut.map((shard) => shard.rows)), tokens: sum(heldOut.map((shard) => shard.tokens ?? 0)) };
  const indexed = run.index === null ? null : (await sumColumn(join(run.folder, run.index.path), 'tokens')) + holdout.tokens;
  const { out } = ledger.documents;
  if (run.finished && text.length > 0 && kept.documents !== out)
    throw unequal(run.folder, `text/ holds ${kept.documents} documents`, `the last step let out ${out}`);
  const barriers = ledger.steps!.filter(
    (step) => step.step.startsWith('dedupe') || run.lock.steps.some((one) => one.step === step.step && one.stage.startsWith('dedupe')),
  );
  const ranks = run.entries.flatMap((entry) => (entry.state === 'done' && entry.ranks !== undefined ? [{ step: entry.step!, ...entry.ranks }] : []));
  return {
    ...ledger,
    tokens: indexed ?? kept.tokens,
    ...(heldOut.length === 0 ? {} : { holdout }),
    langs: kept.langs,
    ...(kept.fertility === undefined ? {} : { fertility: kept.fertility }),
    hosts: kept.hosts,
    lengths: kept.lengths,
    ...(ranks.length === 0 ? {} : { ranks }),
    ...(barriers.length === 0
      ? {}
      : {
          duplicates: {
            dropped: Object.fromEntries(barriers.map((step) => [step.step, sum(Object.values(step.drops))])),
            clusters: kept.clusters,
            largest: kept.largestCluster,
          },
        }),
  };
}

/** What the ledger alone tells: no shard is opened. */
export type LedgerStats = Pick<
  Stats,
  'name' | 'finished' | 'source' | 'failed' | 'documents' | 'steps' | 'warnings' | 'barriers' | 'notices' | 'tokens' | 'shards' | 'bytes'
>;

export async function ledgerStats(run: RunState): Promise<LedgerStats> {
  const { source, steps, failed } = funnelOf(run);
  const warnings = run.finished ? await lockedWarnings(steps, run.lock) : [];
  const barriers = barrierNotes(run.entries);
  const notices = await lockedNotices(barriers, run.lock);
  return {
    name: String(run.lock.resolved.name ?? basename(run.folder)),
    finished: run.finished,
    source,
    failed,
    documents: { in: source.documents, out: steps.at(-1)?.out ?? source.documents },
    steps,
    ...(warnings.length === 0 ? {} : { warnings }),
    ...(Object.keys(barriers).length === 0 ? {} : { barriers }),
    ...(notices.length === 0 ? {} : { notices }),
    tokens: run.tokens.length === 0 ? null : sum(run.tokens.map((shard) => shard.tokens ?? 0)),
    shards: run.tokens.length > 0 ? run.tokens.length : run.text.length,
    bytes: { text: sum(run.text.map((shard) => shard.bytes)), tokens: sum(run.tokens.map((shard) => shard.bytes)) },
  };
}

interface Funnel {
  readonly source: NonNullable<Stats['source']>;
  readonly steps: readonly StepStats[];
  readonly failed: NonNullable<Stats['failed']>;
}

/** Sums the ledger's entries and checks every equation of the funnel. */
export function funnelOf(run: Pick<RunState, 'folder' | 'entries' | 'finished'> & { readonly lock: Pick<RunState['lock'], 'steps'> }): Funnel {
  const steps = new Map<string, StepStats>(run.lock.steps.map(({ step }) => [step, { step, in: 0, out: 0, drops: {} }]));
  const source = { files: 0, records: 0, documents: 0, skips: {} as Counts, damage: {} as Counts, notes: {} as Counts, bytes: 0 };
  const payloads: Record<string, Writable<PayloadCounts>> = Object.create(null);
  const failed: { input: string; code: string; message: string }[] = [];
  for (const entry of run.entries) {
    if (entry.state === 'failed') {
      failed.push({ input: entry.input ?? entry.label, code: entry.code, message: entry.message });
      continue;
    }
    addSource(source, entry, run.folder);
    if (entry.source?.payloads !== undefined) addPayloads(payloads, entry.source.payloads);
    for (const counts of entry.steps) {
      const dropped = sum(Object.values(counts.drops));
      if (counts.in !== counts.out + dropped)
        throw unequal(run.folder, `${entry.label}: step "${counts.step}" took in ${counts.in} documents`, `it let out ${counts.out} and dropped ${dropped}`);
      if (counts.step === REMOVE_STEP && !steps.has(REMOVE_STEP)) steps.set(REMOVE_STEP, { step: REMOVE_STEP, in: 0, out: 0, drops: {} });
      const total = steps.get(counts.step);
      if (total === undefined) throw unequal(run.folder, `${entry.label} counts step "${counts.step}"`, 'the lock file has no such step');
      total.in += counts.in;
      total.out += counts.out;
      add(total.drops, counts.drops);
    }
  }
  if (run.finished) {
    let before = source.documents;
    for (const step of steps.values()) {
      if (step.in !== before && failed.length === 0)
        throw unequal(run.folder, `step "${step.step}" took in ${step.in} documents`, `the one before it let out ${before}`);
      before = step.out;
    }
  }
  const sorted = [...steps.values()].map((step) => ({ ...step, drops: ordered(step.drops) }));
  return {
    source: {
      ...source,
      skips: ordered(source.skips),
      damage: ordered(source.damage),
      notes: ordered(source.notes),
      ...(Object.keys(payloads).length === 0 ? {} : { payloads: byRecords(payloads) }),
    },
    steps: sorted,
    failed,
  };
}

function addSource(
  total: { files: number; records: number; documents: number; skips: Counts; damage: Counts; notes: Counts; bytes: number },
  entry: LedgerEntry,
  folder: string,
): void {
  if (entry.state !== 'done' || entry.source === undefined) return;
  const { records, documents, skips, damage, notes, bytesRead } = entry.source;
  const skipped = sum(Object.values(skips));
  if (records !== documents + skipped) throw unequal(folder, `${entry.label}: ${records} records`, `${documents} documents and ${skipped} skips`);
  total.files++;
  total.records += records;
  total.documents += documents;
  total.bytes += bytesRead;
  add(total.skips, skips);
  add(total.damage, damage);
  add(total.notes, notes);
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

function addPayloads(into: Record<string, Writable<PayloadCounts>>, payloads: Readonly<Record<string, PayloadCounts>>): void {
  for (const [type, { records, bytes, truncated }] of Object.entries(payloads)) {
    const total = (into[type] ??= { records: 0, bytes: 0, truncated: 0 });
    total.records += records;
    total.bytes += bytes;
    total.truncated += truncated;
  }
}

function byRecords(payloads: Readonly<Record<string, PayloadCounts>>): Record<string, PayloadCounts> {
  return Object.fromEntries(Object.entries(payloads).sort((a, b) => b[1].records - a[1].records || (a[0] < b[0] ? -1 : 1)));
}

function unequal(folder: string, found: string, but: string): RefineError {
  return new RefineError(
    'ERR_REFINE_LEDGER',
    `${found}, but ${but}: the ledger does not add up. Run the same command again into another --out and report it.`,
    { place: folder },
  );
}

/** A folder of Arrow files (or one with text/ in it), or one file, that no lock file speaks of. */
function bareShards(path: string): { readonly path: string }[] {
  const fail = (message: string) => new RefineError('ERR_REFINE_INPUT', message, { place: path });
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw fail('does not exist, expected a run folder, a folder of .arrow shards, or a shard. Check the path.');
  if (found.isFile()) return [{ path }];
  const list = (folder: string): { path: string }[] =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.arrow'))
      .sort()
      .map((name) => ({ path: join(folder, name) }));
  const here = list(path);
  const shards = here.length > 0 || !statSync(join(path, 'text'), { throwIfNoEntry: false })?.isDirectory() ? here : list(join(path, 'text'));
  if (shards.length === 0) throw fail('holds neither manifest.lock.json nor .arrow files, expected a run folder or shards. Name the --out of a run.');
  return shards;
}

function add(into: Counts, counts: Readonly<Counts>): void {
  for (const [key, count] of Object.entries(counts)) into[key] = (into[key] ?? 0) + count;
}

/** Largest first, ties by name: the same order whatever finished first. */
function ordered(counts: Counts): Counts {
  return Object.fromEntries(Object.entries(counts).sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)));
}
