// A run as Prometheus metrics: counters and gauges from its events, as text of the exposition format 0.0.4. Invariant: series are
// bounded by the manifest and the number of workers, never by inputs, hosts or documents; what passes the bound is one series "other".
import { hostname } from 'node:os';
import type { DoneEntry } from './ledger.js';
import type { ProgressEvent } from './progress-events.js';
import { Tally } from './progress-tally.js';

type Labels = Readonly<Record<string, string>>;

const MAX_SERIES = 1000;
const MAX_LEVELS = 64;
const OTHER = 'other';

/** Sums by labels. */
class Counter {
  readonly #values = new Map<string, { labels: Labels; value: number }>();

  add(labels: Labels, by = 1): void {
    let key = JSON.stringify(labels);
    let of = labels;
    if (!this.#values.has(key) && this.#values.size >= MAX_SERIES) {
      of = Object.fromEntries(Object.keys(labels).map((name) => [name, OTHER]));
      key = JSON.stringify(of);
    }
    const held = this.#values.get(key);
    if (held === undefined) this.#values.set(key, { labels: of, value: by });
    else held.value += by;
  }

  *[Symbol.iterator](): Iterator<readonly [Labels, number]> {
    for (const { labels, value } of this.#values.values()) yield [labels, value];
  }
}

export class RunMetrics {
  readonly #tally: Tally;
  readonly #now: () => number;
  #startedAt = 0;
  #name = '';
  #state: 'running' | 'finished' | 'failed' = 'running';
  /** Tasks that a worker has now: by task, its worker. */
  readonly #running = new Set<string>();
  readonly #resident = new Map<number, number>();
  readonly #drops = new Counter();
  readonly #skips = new Counter();
  readonly #damage = new Counter();
  readonly #done = new Counter();
  readonly #failed = new Counter();
  readonly #cpu = new Counter();
  readonly #wall = new Counter();
  /** By level's name, in order: what earlier runs and this one did of it. */
  readonly #levels = new Map<string, { tasks: number; before: number; done: number; failed: number }>();
  #read = 0;
  #kept = 0;
  #tokens = 0;
  #written = 0;
  #processedDocuments = 0;
  #processedBytes = 0;
  #warnings = 0;

  constructor(now: () => number = Date.now) {
    this.#now = now;
    this.#tally = new Tally(now);
  }

  take(event: ProgressEvent): void {
    this.#tally.take(event);
    switch (event.type) {
      case 'start':
        this.#startedAt = this.#now();
        this.#name = event.name ?? '';
        break;
      case 'phase':
        this.#running.clear();
        this.#levels.delete(event.name);
        this.#levels.set(event.name, { tasks: event.tasks, before: event.done, done: 0, failed: 0 });
        if (this.#levels.size > MAX_LEVELS) this.#levels.delete([...this.#levels.keys()][0]!);
        break;
      case 'work':
        this.#processedDocuments += event.documents;
        this.#processedBytes += event.bytes;
        break;
      case 'begin':
        this.#running.add(event.task);
        break;
      case 'task': {
        if (event.task !== undefined) this.#running.delete(event.task);
        const level = [...this.#levels.values()].at(-1);
        if (event.state === 'failed') {
          this.#failed.add({ code: event.code ?? OTHER });
          if (level !== undefined) level.failed++;
        } else if (event.state === 'done') {
          if (level !== undefined) level.done++;
          this.#done.add({ kind: event.kind ?? OTHER });
          if (event.entry !== undefined) this.#take(event.entry);
        }
        break;
      }
      case 'resident':
        this.#resident.set(event.worker, event.bytes);
        break;
      case 'warning':
        this.#warnings++;
        break;
      case 'end':
        this.#running.clear();
        this.#state = event.code === undefined ? 'finished' : 'failed';
        break;
    }
  }

  #take(entry: DoneEntry): void {
    this.#cpu.add({ kind: entry.kind }, (entry.cpuMs ?? 0) / 1000);
    this.#wall.add({ kind: entry.kind }, entry.wallMs / 1000);
    for (const { path, bytes, tokens } of entry.outputs) {
      this.#written += bytes;
      if (path.startsWith('tokens/')) this.#tokens += tokens ?? 0;
    }
    if (entry.kind !== 'map') return;
    if (entry.segment === 0) this.#read += entry.rowsIn;
    if (entry.outputs.some(({ path }) => path.startsWith('features/'))) this.#kept += entry.rowsOut; // only final maps write these
    for (const { step, drops } of entry.steps)
      for (const [reason, count] of Object.entries(drops)) this.#drops.add({ step, reason: reason.slice(step.length + 1) }, count);
    for (const [reason, count] of Object.entries(entry.source?.skips ?? {})) this.#skips.add({ reason }, count);
    for (const [code, count] of Object.entries(entry.source?.damage ?? {})) this.#damage.add({ code }, count);
  }

  /** What a scrape gets. */
  text(): string {
    const out = new Exposition();
    const { level, workers, inputs, inputBytes, retries } = this.#tally;
    const waiting = level === null ? 0 : Math.max(0, level.tasks - level.doneBefore - level.done - level.failed - this.#running.size);
    out.gauge('refine_run_info', 'The run: its name and the host of its parent.', [[{ name: this.#name, host: hostname() }, 1]]);
    out.gauge(
      'refine_run_state',
      'Which state the run is in: 1 for the one it is in.',
      ['running', 'finished', 'failed'].map((state) => [{ state }, state === this.#state ? 1 : 0]),
    );
    out.gauge('refine_run_start_time_seconds', 'When the run (or this resume of it) began, in seconds since 1970.', [[{}, this.#startedAt / 1000]]);
    out.gauge('refine_inputs', 'Files that the source names.', [[{}, inputs]]);
    if (inputBytes !== null) out.gauge('refine_input_bytes', 'Bytes of those files.', [[{}, inputBytes]]);
    out.gauge('refine_workers', 'Worker processes that this run may have.', [[{}, workers]]);
    out.gauge('refine_level', 'The level of tasks that is worked on, from 1.', [[{}, level?.level ?? 0]]);
    out.gauge('refine_levels', 'Levels of the run, as far as is known.', [[{}, level?.levels ?? 0]]);
    const states: [Labels, number][] = [];
    for (const [name, of] of this.#levels) {
      const now = name === level?.name;
      const running = now ? this.#running.size : 0;
      states.push(
        [{ level: name, state: 'done' }, of.before + of.done],
        [{ level: name, state: 'failed' }, of.failed],
        [{ level: name, state: 'running' }, running],
        [{ level: name, state: 'waiting' }, now ? waiting : 0],
      );
    }
    out.gauge('refine_level_tasks', `Tasks of the last ${MAX_LEVELS} levels by state; done counts those of earlier runs too.`, states);
    out.gauge('refine_queue_tasks', 'Tasks of the level that no worker has yet.', [[{}, waiting]]);
    out.counter('refine_tasks_done_total', 'Tasks that this process saw done.', this.#done);
    out.counter('refine_tasks_failed_total', 'Tasks that failed for good, by error code.', this.#failed);
    out.counter('refine_task_retries_total', 'Tries that were lost: a worker died or passed its memory.', [[{}, retries]]);
    out.counter('refine_task_cpu_seconds_total', 'Processor time of tasks that are done.', this.#cpu);
    out.counter('refine_task_wall_seconds_total', 'Wall time of tasks that are done.', this.#wall);
    out.counter('refine_documents_read_total', 'Documents of inputs that are read to their end.', [[{}, this.#read]]);
    out.counter('refine_documents_kept_total', 'Documents in final shards.', [[{}, this.#kept]]);
    out.counter('refine_documents_dropped_total', 'Documents dropped, by step and reason.', this.#drops);
    out.counter('refine_records_skipped_total', 'Records that are no document, by reason.', this.#skips);
    out.counter('refine_damage_total', 'Byte ranges of inputs that hold no record, by code.', this.#damage);
    out.counter('refine_tokens_total', 'Tokens in final shards.', [[{}, this.#tokens]]);
    out.counter('refine_written_bytes_total', 'Bytes of files that tasks wrote.', [[{}, this.#written]]);
    out.counter('refine_processed_documents_total', 'Documents that went through workers in any level, lost tries too: for rates.', [
      [{}, this.#processedDocuments],
    ]);
    out.counter('refine_processed_bytes_total', 'Bytes that workers read in any level, lost tries too: for rates.', [[{}, this.#processedBytes]]);
    out.counter('refine_warnings_total', 'Warnings told to people.', [[{}, this.#warnings]]);
    out.gauge(
      'refine_worker_resident_bytes',
      'Memory that a worker process holds; 0 where it ended.',
      [...this.#resident].sort(([a], [b]) => a - b).map(([worker, bytes]) => [{ worker: String(worker) }, bytes]),
    );
    out.gauge('refine_parent_resident_bytes', 'Memory that the parent process holds.', [[{}, process.memoryUsage.rss()]]);
    return out.text();
  }
}

type Series = Iterable<readonly [Labels, number]>;

/** The text format: infra/docs/observability.md names its page. */
export class Exposition {
  #lines: string[] = [];

  gauge(name: string, help: string, series: Series): void {
    this.#family(name, help, 'gauge', series);
  }

  counter(name: string, help: string, series: Series): void {
    this.#family(name, help, 'counter', series);
  }

  text(): string {
    return `${this.#lines.join('\n')}\n`;
  }

  #family(name: string, help: string, type: string, series: Series): void {
    this.#lines.push(`# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`, `# TYPE ${name} ${type}`);
    for (const [labels, value] of series) {
      const pairs = Object.entries(labels).map(([label, of]) => `${label}="${escaped(of)}"`);
      this.#lines.push(`${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${numeral(value)}`);
    }
  }
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function numeral(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  return String(value);
}
