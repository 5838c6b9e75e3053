// `npm run bench -- dedupe-scale [options]`: the real engine over planted documents that are made as they are read, at one or
// more sizes. Prints JSON: wall and CPU time, peak memory of parent and workers, bytes spilled, what was found against what was
// planted, and the exponent of CPU time in documents.
//   --documents 100000,1000000   sizes                       --step dedupe-minhash   the step
//   --preset refinedweb          its preset                  --with '{"keep":"first"}' more of its options
//   --workers 2                  worker processes            --memory 1GiB           what a worker may hold
//   --spill 20GiB                the manifest's `spill`      --mix near|spans|unique what is planted
//   --per-input 50000            documents an input          --out DIR               where runs go (and are removed at once)
//   --append FILE                adds the figures to a file of one JSON object a line, and fits over all of its like lines
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { LedgerEntry } from '../../pipeline/types.js';
import { size } from '../../stages/contract/units.js';
import { checkPlanted, checkSpans, type Geometry, type PlantedCheck } from './dedupe-scale-check.js';
import type { Job, JobResult } from './dedupe-scale-job.js';
import type { Figure } from './main.js';
import { type Mix, Planted } from './planted.js';
import { Watch } from './process-watch.js';

export interface Settings {
  readonly step: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly mix: Mix;
  readonly workers: number;
  readonly workerBytes: number;
  readonly perInput: number;
  readonly spill?: string;
  /** Where run folders are made. */
  readonly base: string;
}

/** Tasks of one kind: a map of a segment, a phase of a barrier. */
export interface TaskGroup {
  readonly tasks: string;
  readonly count: number;
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  readonly outputBytes: number;
}

export interface ScaleFigure {
  readonly documents: number;
  readonly step: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly mix: Mix;
  readonly spill?: string;
  readonly inputs: number;
  readonly workers: number;
  readonly wallSeconds: number;
  /** Parent and workers. */
  readonly cpuSeconds: number;
  readonly parentCpuSeconds: number;
  readonly parentPeakBytes: number;
  readonly workerPeakBytes: number;
  /** Most that lay in the run folder at one moment, and all that workers wrote. */
  readonly peakFolderBytes: number;
  readonly writtenBytes: number;
  readonly textBytes: number;
  readonly tasks: readonly TaskGroup[];
  readonly check: PlantedCheck;
}

export async function dedupeScale(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      documents: { type: 'string', default: '100000' },
      step: { type: 'string', default: 'dedupe-minhash' },
      preset: { type: 'string' },
      with: { type: 'string', default: '{}' },
      workers: { type: 'string', default: '2' },
      memory: { type: 'string', default: '1GiB' },
      spill: { type: 'string' },
      mix: { type: 'string', default: 'near' },
      'per-input': { type: 'string', default: '50000' },
      out: { type: 'string', default: tmpdir() },
      append: { type: 'string' },
    },
  });
  const options: Record<string, unknown> = { ...(JSON.parse(values.with) as object) };
  if (values.preset !== undefined) options.preset = values.preset;
  const settings: Settings = {
    step: values.step,
    options,
    mix: values.mix as Mix,
    workers: Number(values.workers),
    workerBytes: size().parse(values.memory),
    perInput: Number(values['per-input']),
    ...(values.spill === undefined ? {} : { spill: values.spill }),
    base: values.out,
  };
  const figures: ScaleFigure[] = [];
  for (const documents of values.documents.split(',').map(Number)) {
    console.error(`dedupe-scale: ${settings.step} ${JSON.stringify(options)} over ${documents.toLocaleString('en-US')} documents ...`);
    const figure = await measureScale(documents, settings);
    figures.push(figure);
    if (values.append !== undefined) appendFileSync(values.append, `${JSON.stringify(figure)}\n`);
  }
  const earlier =
    values.append === undefined || !existsSync(values.append) ? figures : readFigures(values.append).filter((figure) => alike(figure, figures[0]!));
  console.log(JSON.stringify({ figures: figures.map(brief), exponent: exponent(earlier) }, null, 1));
  if (figures.some(({ check }) => !check.ok)) process.exitCode = 1;
}

/** A section a line: on stdout a figure is to be read. */
function brief({ check, tasks, ...figure }: ScaleFigure): object {
  const sections = check.sections.map(
    ({ section, documents, dropped, expected, pValue, ok }) =>
      `${ok ? 'ok  ' : 'OFF '}${section}: ${dropped} of ${documents} dropped${expected === null ? '' : `, ${Math.round(expected * 10) / 10} expected`}${pValue === null ? '' : `, p ${pValue.toPrecision(2)}`}`,
  );
  const lines = tasks.map(
    (group) => `${group.tasks}: ${group.count} tasks, ${group.wallSeconds} s wall, ${group.cpuSeconds} s CPU, ${(group.outputBytes / 1e6).toFixed(1)} MB`,
  );
  return { ...figure, tasks: lines, check: { ...check, sections } };
}

function readFigures(path: string): ScaleFigure[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as ScaleFigure);
}

function alike(a: ScaleFigure, b: ScaleFigure): boolean {
  const key = ({ step, options, mix }: ScaleFigure): string => JSON.stringify([step, options, mix]);
  return key(a) === key(b);
}

/** The slope of log CPU time over log documents by least squares; null for one size. */
export function exponent(figures: readonly { readonly documents: number; readonly cpuSeconds: number }[]): number | null {
  const points = figures.map(({ documents, cpuSeconds }) => [Math.log(documents), Math.log(cpuSeconds)] as const);
  if (new Set(points.map(([x]) => x)).size < 2) return null;
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length;
  const slope = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return Math.round(slope * 1000) / 1000;
}

export async function measureScale(documents: number, settings: Settings): Promise<ScaleFigure> {
  const out = mkdtempSync(join(settings.base, 'refine-scale-'));
  try {
    const edits = settings.step === 'dedupe-substring';
    const job: Job = {
      documents,
      mix: settings.mix,
      perInput: settings.perInput,
      steps: [{ [settings.step]: settings.options }, ...(edits ? [{ 'text-bytes': {} }] : [])],
      ...(settings.spill === undefined ? {} : { spill: settings.spill }),
      out,
      workers: settings.workers,
      workerBytes: settings.workerBytes,
    };
    const { result, watch } = await runJob(job);
    const children = watch.stop();
    const entries = readLedger(out);
    const planted = new Planted(documents, settings.mix);
    return {
      documents,
      step: settings.step,
      options: settings.options,
      mix: settings.mix,
      ...(settings.spill === undefined ? {} : { spill: settings.spill }),
      inputs: Math.ceil(documents / settings.perInput),
      workers: settings.workers,
      wallSeconds: round(result.wallSeconds),
      cpuSeconds: round(result.cpuSeconds + children.reduce((sum, child) => sum + child.cpuSeconds, 0)),
      parentCpuSeconds: round(result.cpuSeconds),
      parentPeakBytes: result.peakBytes,
      workerPeakBytes: Math.max(...children.map((child) => child.peakBytes), ...entries.map((entry) => entry.peakBytes ?? 0)),
      peakFolderBytes: watch.peakFolderBytes,
      writtenBytes: children.reduce((sum, child) => sum + child.writtenBytes, 0),
      textBytes: entries.reduce((sum, entry) => sum + (entry.source?.bytesRead ?? 0), 0),
      tasks: groupTasks(entries),
      check: edits ? await checkSpans(out, planted) : await checkPlanted(out, planted, geometryOf(settings)),
    };
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

const round = (value: number): number => Math.round(value * 100) / 100;

async function runJob(job: Job): Promise<{ result: JobResult; watch: Watch }> {
  const script = join(dirname(fileURLToPath(import.meta.url)), 'dedupe-scale-job.js');
  const child = spawn(process.execPath, [script, JSON.stringify(job)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const watch = new Watch(child.pid!, job.out);
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code !== 0) {
    watch.stop();
    throw new Error(`the run ended with ${String(code)}`);
  }
  return { result: JSON.parse(stdout) as JobResult, watch };
}

type Done = Extract<LedgerEntry, { state: 'done' }>;

function readLedger(out: string): Done[] {
  return readdirSync(join(out, 'ledger'))
    .filter((name) => name.endsWith('.json') && !name.startsWith('plan'))
    .map((name) => JSON.parse(readFileSync(join(out, 'ledger', name), 'utf8')) as LedgerEntry)
    .filter((entry): entry is Done => entry.state === 'done');
}

function groupTasks(entries: readonly Done[]): TaskGroup[] {
  const groups = new Map<string, { count: number; wallMs: number; cpuMs: number; outputBytes: number }>();
  for (const entry of entries) {
    const { kind, segment, step, phase } = entry as Done & { phase?: string };
    const name = [kind === 'map' ? `map ${segment}` : kind, step, phase].filter((part) => part !== undefined).join(' ');
    const group = groups.get(name) ?? { count: 0, wallMs: 0, cpuMs: 0, outputBytes: 0 };
    group.count++;
    group.wallMs += entry.wallMs;
    group.cpuMs += (entry as { cpuMs?: number }).cpuMs ?? 0;
    group.outputBytes += entry.outputs.reduce((sum, { bytes }) => sum + bytes, 0);
    groups.set(name, group);
  }
  return [...groups].map(([tasks, { count, wallMs, cpuMs, outputBytes }]) => ({
    tasks,
    count,
    wallSeconds: round(wallMs / 1000),
    cpuSeconds: round(cpuMs / 1000),
    outputBytes,
  }));
}

function geometryOf({ step, options }: Settings): Geometry | null {
  if (step !== 'dedupe-minhash') return null;
  const preset = options.preset === 'refinedweb' ? { bands: 450, rows: 20 } : { bands: 14, rows: 8 };
  return {
    bands: (options.bands as number | undefined) ?? preset.bands,
    rows: (options.rows as number | undefined) ?? preset.rows,
    minJaccard: options.verify === 'none' ? 0 : ((options['min-jaccard'] as number | undefined) ?? 0.8),
  };
}

/** A short run for `npm run bench` without a name. */
export async function figures(): Promise<readonly Figure[]> {
  const settings: Settings = { step: 'dedupe-minhash', options: {}, mix: 'near', workers: 2, workerBytes: 2 ** 30, perInput: 10_000, base: tmpdir() };
  const { documents, cpuSeconds, workerPeakBytes, check } = await measureScale(40_000, settings);
  return [
    {
      bench: 'dedupe-scale',
      what: 'dedupe-minhash 14 x 8, whole run over planted documents of 1 KB',
      unit: 'documents/s',
      value: documents / cpuSeconds,
      note: `${documents} documents; a worker at most ${Math.round(workerPeakBytes / 2 ** 20)} MiB; clusters ${check.ok ? 'as planted' : 'NOT as planted'}`,
    },
  ];
}
