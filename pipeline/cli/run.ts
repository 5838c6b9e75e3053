// `refine run MANIFEST`: runs or resumes a manifest, then says where the shards are and what to type next.
import { join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { RefineError } from '../../native/errors.js';
import { millisecondsOf } from '../../stages/contract/quantities.js';
import type { AskedDevice } from '../device.js';
import { EXECUTORS, type ExecutorName } from '../executors/engine-names.js';
import type { RunPlace } from '../executors/start.js';
import { openJsonLog } from '../json-log.js';
import { RunMetrics } from '../metrics.js';
import { type Listen, parseListen, serveMetrics } from '../metrics-server.js';
import { type Progress, type ProgressEvent, tellAll } from '../progress-events.js';
import { isAddress } from '../storage/object-store.js';
import type { Manifest } from '../types.js';
import { action, collect, count, EXIT, interruptible, words } from './command.js';

interface Options {
  readonly out?: string;
  readonly work?: string;
  readonly set?: readonly string[];
  readonly workers?: number;
  readonly allowFailed: number;
  readonly stall?: number;
  readonly update?: boolean;
  readonly verifyInputs?: boolean;
  readonly device: AskedDevice;
  readonly metrics?: Listen;
  readonly logJson?: string;
  readonly executor?: ExecutorName;
  readonly profile?: string;
}

function listen(text: string): Listen {
  const parsed = parseListen(text);
  if (parsed === null) throw new InvalidArgumentError('expected HOST:PORT, such as 127.0.0.1:9464.');
  return parsed;
}

export function executor(text: string): ExecutorName {
  if (!(EXECUTORS as readonly string[]).includes(text)) throw new InvalidArgumentError(`expected ${EXECUTORS.join(', ')}.`);
  return text as ExecutorName;
}

export function device(text: string): AskedDevice {
  if (!(DEVICES as readonly string[]).includes(text)) throw new InvalidArgumentError('expected auto, cpu or cuda.');
  return text as AskedDevice;
}

const DEVICES: readonly AskedDevice[] = ['auto', 'cpu', 'cuda'];

/** `--device`, with its values known to completions. */
export function deviceOption(what: string, otherwise: AskedDevice = 'auto'): Option {
  return new Option('--device <device>', what).choices(DEVICES).argParser(device).default(otherwise);
}

export function stallTime(text: string): number {
  const milliseconds = millisecondsOf(text);
  if (milliseconds === null || milliseconds < 1000) throw new InvalidArgumentError('expected a time of at least 1s, such as 90s, 10m or 1h.');
  return milliseconds;
}

export function registerRun(program: Command): void {
  program
    .command('run')
    .description('runs a manifest, or resumes it: the same command goes on where it stopped')
    .argument('<manifest>', 'a manifest (YAML), such as manifests/sample.yaml')
    .option('--out <dir>', 'the run folder, or s3://BUCKET/PREFIX (default: runs/<name of the manifest>)')
    .option('--work <dir>', 'of a run on S3: the folder here that its tasks work in; on a cluster a shared one (default: below the cache folder)')
    .option('--set <step.option=value>', 'writes an option, or a path of the manifest, such as seed=7; may stand several times', collect)
    .option('--workers <n>', 'worker processes of at most 1 GiB each (default: one a core, as memory allows)', count('--workers', 1))
    .addOption(new Option('--executor <name>', "where tasks run (default: the manifest's executor.kind, or local)").choices(EXECUTORS).argParser(executor))
    .option('--profile <file>', 'an `executor:` block for this site, over that of the manifest')
    .addOption(deviceOption('where model steps compute: auto (a GPU where one is usable), cpu or cuda'))
    .option('--allow-failed <n>', 'goes on without at most so many inputs', count('--allow-failed', 0), 0)
    .option('--stall <time>', 'ends a worker that makes no progress for so long, such as 30m (default: 10m)', stallTime)
    .option('--update', 'brings a run folder of another manifest up to date: redoes only what changed')
    .option('--metrics <host:port>', 'answers a Prometheus at http://HOST:PORT/metrics while it runs, such as 127.0.0.1:9464', listen)
    .option('--log-json <file>', 'appends a JSON object a line for every event of the run; - for stdout')
    .option('--verify-inputs', 'reads local inputs that are done again and compares their sha256 with what was read then')
    .action(
      action(async (path: string, options: Options) => {
        const { loadManifest } = await import('../manifest.js');
        const { manifestWarnings } = await import('../manifest-warnings.js');
        const { runManifest } = await import('../runner.js');
        const { summaryText } = await import('../run-summary.js');
        const manifest = await loadManifest(path, { sets: options.set ?? [] });
        const warnings = manifestWarnings(manifest);
        for (const warning of warnings) words(warning);
        const told = await listeners(options);
        for (const message of warnings) told.progress({ type: 'warning', message });
        const { signal, done } = interruptible();
        try {
          const out = options.out ?? join('runs', manifest.name);
          const place = await placeOf(manifest, out, options, signal);
          const summary = await runManifest(manifest, {
            out,
            allowFailed: options.allowFailed,
            update: options.update ?? false,
            verifyInputs: options.verifyInputs ?? false,
            signal,
            progress: told.progress,
            notice: words,
            device: options.device,
            ...place,
            ...(options.stall === undefined ? {} : { stallMs: options.stall }),
            ...(options.work === undefined ? {} : { work: options.work }),
          });
          words(summaryText(summary).trimEnd());
          return EXIT.done;
        } finally {
          done();
          await told.close();
        }
      }),
    );
}

/** Who is told what the run does: people, and what was asked for beside them. */
async function listeners(options: Options): Promise<{ readonly progress: Progress; close(): Promise<void> }> {
  const { progressTo } = await import('../progress.js');
  const log = options.logJson === undefined ? null : openJsonLog(options.logJson);
  const metrics = options.metrics === undefined ? null : new RunMetrics();
  const server = metrics === null ? null : await serveMetrics(options.metrics!, () => metrics.text());
  if (server !== null) words(`metrics: ${server.address}`);
  return {
    progress: tellAll([
      progressTo(process.stderr),
      ...(log === null ? [] : [log.progress]),
      ...(metrics === null ? [] : [(event: ProgressEvent): void => metrics.take(event)]),
    ]),
    async close() {
      log?.close();
      await server?.close();
    },
  };
}

/** Jobs read and write the work folder of a run on S3 on their nodes; the one below this machine's cache folder is on none of them. */
export function needSharedWork(out: string, work: string | undefined): void {
  if (!isAddress(out) || work !== undefined) return;
  throw new RefineError(
    'ERR_REFINE_USAGE',
    'is missing: jobs of a cluster need a work folder that all nodes share. Add --work DIR; final shards and the ledger go to S3 from there.',
    { place: '--work' },
  );
}

/** Worker processes here, or the engine that --executor or the manifest names; what its jobs cannot do without is asked for before the engine is. */
async function placeOf(manifest: Manifest, out: string, options: Options, signal: AbortSignal): Promise<RunPlace> {
  const { readProfile, withProfile } = await import('../executors/settings.js');
  const { clusterPlace, executorOf, localPlace, openSlurm } = await import('../executors/start.js');
  const { FIRST_SILENCE_MS } = await import('../executors/patience.js');
  const block = withProfile(manifest.executor, options.profile === undefined ? undefined : readProfile(options.profile));
  const workers = options.workers ?? block.workers;
  const whole = workers === undefined ? block : { ...block, workers };
  const waiting = { notice: words, signal };
  const run = { block: whole, waiting };
  const executor = executorOf(options.executor, block);
  if (executor !== 'local') needSharedWork(out, options.work);
  switch (executor) {
    case 'local':
      return localPlace(whole);
    case 'slurm':
      return clusterPlace(manifest, await openSlurm(whole, { ...waiting, silenceMs: FIRST_SILENCE_MS }), run);
    case 'kubernetes': {
      const { openKubernetes } = await import('../executors/kubernetes/place.js');
      return clusterPlace(manifest, await openKubernetes(whole, { ...waiting, silenceMs: FIRST_SILENCE_MS }), run);
    }
  }
}
