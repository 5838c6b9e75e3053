// RUN/scratch/executor/jobs.jsonl: what was handed to an engine, one JSON object a line, appended and synced by the parent alone. A parent
// that comes after one that died learns from it which jobs may still be running, and takes them over.
// Invariant: a job is announced (`submitting`, with its unique name) before it is submitted, so none is ever unknown.
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { diskError, makeFolder } from '../atomic-file.js';
import { readIfThere } from '../read-if-there.js';
import { EXECUTOR_FOLDER } from './level-folder.js';

interface Submitting {
  readonly event: 'submitting';
  readonly engine: string;
  /** Engine.where. */
  readonly where?: Readonly<Record<string, string>>;
  /** The engine's name of the job. */
  readonly name: string;
  readonly level: string;
  /** For people: `map 1/2`. */
  readonly of: string;
  readonly elements: number;
  readonly tasks: number;
}

interface Submitted {
  readonly event: 'submitted';
  readonly engine: string;
  readonly where?: Readonly<Record<string, string>>;
  readonly job: string;
  readonly name: string;
  readonly level: string;
  readonly of: string;
  readonly elements: number;
  readonly tasks: number;
}

/** Nothing of the level runs any more, or ever did. */
interface Closed {
  readonly event: 'closed';
  readonly level: string;
  readonly job: string | null;
  readonly done: number;
  /** Tasks that failed for good, by identity. */
  readonly failed: readonly string[];
  /** Tasks that are tried again. */
  readonly again: number;
}

/** A person ended the level's job, and that was heard: whoever goes on with the run afterwards wants its tasks done. */
interface Cancelled {
  readonly event: 'cancelled';
  readonly level: string;
}

/** A run handed over (`refine submit`): a chain of driver jobs begins. */
interface Chain {
  readonly event: 'chain';
  readonly engine: string;
}

/** A driver's life: `submitted` (the first), `begin`, then `handed-over`, `stopped`, `finished` or `gave-up`; none of these where it died. */
interface Driver {
  readonly event: 'driver';
  readonly job: string;
  readonly state: 'submitted' | 'begin' | 'handed-over' | 'stopped' | 'finished' | 'gave-up';
  /** The driver that comes after it. */
  readonly next?: string;
}

export type JobRecord = { readonly at: string } & (Submitting | Submitted | Closed | Cancelled | Chain | Driver);
export type NewJobRecord = Submitting | Submitted | Closed | Cancelled | Chain | Driver;

export class JobsLog {
  readonly #path: string;

  constructor(runFolder: string) {
    this.#path = join(runFolder, EXECUTOR_FOLDER, 'jobs.jsonl');
  }

  async add(record: NewJobRecord): Promise<void> {
    try {
      await makeFolder(join(this.#path, '..'));
      const file = await open(this.#path, 'a+');
      try {
        // A parent that was killed may have left half a line.
        const { size } = await file.stat();
        const last = Buffer.alloc(1);
        if (size > 0) await file.read(last, 0, 1, size - 1);
        await file.appendFile(`${size > 0 && last[0] !== 10 ? '\n' : ''}${JSON.stringify({ at: new Date().toISOString(), ...record })}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
    } catch (cause) {
      throw diskError(cause, this.#path, 'note the job');
    }
  }

  async records(): Promise<readonly JobRecord[]> {
    const text = (await readIfThere(this.#path)) ?? '';
    const records: JobRecord[] = [];
    for (const line of text.split('\n')) {
      const record = line === '' ? null : recordOf(line);
      if (record !== null) records.push(record); // else half a line of a parent that was killed: what it announced was not submitted yet
    }
    return records;
  }
}

const FIELDS: Readonly<Record<JobRecord['event'], Readonly<Record<string, string>>>> = {
  submitting: { engine: 'string', name: 'string', level: 'string', elements: 'number' },
  submitted: { engine: 'string', name: 'string', level: 'string', elements: 'number', job: 'string' },
  closed: { level: 'string', failed: 'object' },
  cancelled: { level: 'string' },
  chain: { engine: 'string' },
  driver: { job: 'string', state: 'string' },
};

/** null where the line is no whole record: of a file system that filled a hole with zeros, or an editor. */
function recordOf(line: string): JobRecord | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const record = value as Readonly<Record<string, unknown>>;
  const event = record.event;
  const fields = typeof event === 'string' && Object.hasOwn(FIELDS, event) ? FIELDS[event as JobRecord['event']] : null;
  if (fields === null || !Object.entries(fields).every(([key, type]) => typeof record[key] === type)) return null;
  return event !== 'closed' || Array.isArray(record.failed) ? (record as unknown as JobRecord) : null;
}

/** An array that may still be running; `job` is null where the parent died between announcing and submitting. */
export interface OpenLevel {
  readonly engine: string;
  readonly where: Readonly<Record<string, string>>;
  readonly name: string;
  readonly job: string | null;
  readonly level: string;
  readonly elements: number;
  /** By a person, before now. */
  readonly cancelled: boolean;
}

export function openLevels(records: readonly JobRecord[]): readonly OpenLevel[] {
  const open = new Map<string, OpenLevel>();
  for (const record of records) {
    if (record.event === 'submitting' || record.event === 'submitted') {
      const { engine, where = {}, name, level, elements } = record;
      open.set(level, { engine, where, name, job: record.event === 'submitted' ? record.job : null, level, elements, cancelled: false });
    } else if (record.event === 'closed') open.delete(record.level);
    else if (record.event === 'cancelled' && open.has(record.level)) open.set(record.level, { ...open.get(record.level)!, cancelled: true });
  }
  return [...open.values()];
}

/** Tasks that failed for good since the run was last handed over: its drivers, one after another, do not try them again. */
export function failedInChain(records: readonly JobRecord[]): ReadonlySet<string> {
  const failed = new Set<string>();
  for (const record of records) {
    if (record.event === 'chain') failed.clear();
    else if (record.event === 'closed') for (const task of record.failed) failed.add(task);
  }
  return failed;
}

/** The driver job that is, or will be, at work; null where no chain goes on. */
export function nextDriver(records: readonly JobRecord[]): string | null {
  let next: string | null = null;
  for (const record of records) {
    if (record.event === 'chain') next = null; // one whose drivers a person ended by hand has said nothing
    if (record.event !== 'driver') continue;
    if (record.state === 'finished' || record.state === 'gave-up') next = null;
    else next = record.next ?? (record.state === 'submitted' ? record.job : next);
  }
  return next;
}

/** Drivers that may be at work: they began and have not said how they ended. */
export function begunDrivers(records: readonly JobRecord[]): readonly string[] {
  const begun = new Set<string>();
  for (const record of records) {
    if (record.event !== 'driver') continue;
    if (record.state === 'begin') begun.add(record.job);
    else begun.delete(record.job);
  }
  return [...begun];
}

/** Drivers that began and died, one after another, up to now. */
export function driverDeaths(records: readonly JobRecord[]): number {
  let deaths = 0;
  for (const record of records) {
    if (record.event === 'chain' || record.event === 'closed')
      deaths = 0; // jobs that ended meanwhile are progress
    else if (record.event === 'driver') deaths = record.state === 'begin' ? deaths + 1 : 0;
  }
  return deaths;
}
