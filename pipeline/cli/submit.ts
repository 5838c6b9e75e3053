// `refine submit MANIFEST`: hands a run to a cluster engine and returns; no process of it stays on this machine.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { RefineError } from '../../native/errors.js';
import type { AskedDevice } from '../device.js';
import { EXECUTORS, type ExecutorName } from '../executors/engine-names.js';
import type { ExecutorWritten } from '../executors/settings-schema.js';
import type { Manifest } from '../types.js';
import { action, collect, count, data, EXIT, words } from './command.js';
import { isAddress } from '../storage/object-store.js';
import { deviceOption, executor, needSharedWork } from './run.js';

interface Options {
  readonly executor?: ExecutorName;
  readonly profile?: string;
  readonly out?: string;
  readonly work?: string;
  readonly set?: readonly string[];
  readonly allowFailed: number;
  readonly update?: boolean;
  readonly device: AskedDevice;
  readonly cancel?: boolean;
  readonly dryRun?: boolean;
}

export function registerSubmit(program: Command): void {
  program
    .command('submit')
    .description('hands a run to a cluster engine and returns; the same command goes on where it stopped')
    .argument('<manifest>', 'a manifest (YAML)')
    .addOption(new Option('--executor <name>', "where tasks run (default: the manifest's executor.kind)").choices(EXECUTORS.slice(1)).argParser(executor))
    .option('--profile <file>', 'an `executor:` block for this site, over that of the manifest')
    .option('--out <dir>', 'the run folder, on a file system that all nodes share, or s3://BUCKET/PREFIX (default: runs/<name of the manifest>)')
    .option('--work <dir>', 'of a run on S3: the folder that its jobs work in, on a file system that all nodes share')
    .option('--set <step.option=value>', 'writes an option, or a path of the manifest, such as seed=7; may stand several times', collect)
    .addOption(deviceOption('where model steps compute: auto (a GPU where one is usable), cpu or cuda'))
    .option('--allow-failed <n>', 'goes on without at most so many inputs', count('--allow-failed', 0), 0)
    .option('--update', 'brings a run folder of another manifest up to date: redoes only what changed')
    .option('--dry-run', 'prints what would be submitted, level by level, and makes nothing: JSON lines (Slurm), YAML (Kubernetes)')
    .option('--cancel', 'ends the submitted run: its driver and its jobs; what is done stays')
    .action(
      action(async (path: string, options: Options) => {
        const { loadManifest } = await import('../manifest.js');
        const { manifestWarnings } = await import('../manifest-warnings.js');
        const { readProfile, withProfile } = await import('../executors/settings.js');
        const { executorOf } = await import('../executors/start.js');
        const sets = options.set ?? [];
        const manifest = await loadManifest(path, { sets });
        const block = withProfile(manifest.executor, options.profile === undefined ? undefined : readProfile(options.profile));
        const kind = executorOf(options.executor, block);
        const out = options.out ?? join('runs', manifest.name);
        if (kind === 'kubernetes') return await toKubernetes(manifest, block, options);
        if (kind !== 'slurm')
          throw new RefineError(
            'ERR_REFINE_USAGE',
            `is ${kind}, expected an engine that a run can be handed to: slurm or kubernetes. Add --executor slurm, or use refine run.`,
            { place: '--executor' },
          );
        const { cancelRun, submitRun } = await import('../executors/chain.js');
        needSharedWork(out, options.work);
        const folder = isAddress(out) ? options.work! : out;
        if (options.dryRun === true) {
          const { slurmDryRun } = await import('../executors/slurm/dry-run.js');
          for (const job of await slurmDryRun(manifest, folder, block, new AbortController().signal)) await data(`${JSON.stringify(job)}\n`);
          return EXIT.done;
        }
        if (options.cancel === true) {
          const jobs = await cancelRun(folder, block);
          words(jobs.length === 0 ? 'no job of this run is alive' : `cancelled jobs ${jobs.join(', ')}; what is done stays`);
          return EXIT.done;
        }
        for (const warning of manifestWarnings(manifest)) words(warning);
        const job = await submitRun(manifest, {
          out: folder,
          ...(isAddress(out) ? { address: out } : {}),
          sets,
          block,
          allowFailed: options.allowFailed,
          update: options.update ?? false,
          device: options.device,
        });
        await data(`${job}\n`);
        words(`job ${job} of ${kind} drives the run in ${out}; look with: refine status ${folder}`);
        return EXIT.done;
      }),
    );
}

async function toKubernetes(manifest: Manifest, block: ExecutorWritten, options: Options): Promise<number> {
  const shared = `${block.kubernetes?.volume?.mount ?? '/runs'}/${manifest.name}`;
  const address = options.out !== undefined && isAddress(options.out) ? options.out : undefined;
  const out = address === undefined ? (options.out ?? shared) : (options.work ?? shared);
  if (options.cancel === true) {
    const { RUN_LABEL, runLabel } = await import('../executors/kubernetes/job.js');
    const namespace = block.kubernetes?.namespace === undefined ? '' : ` -n ${block.kubernetes.namespace}`;
    const command = `kubectl delete job${namespace} -l '${RUN_LABEL}=${runLabel(out)}'`;
    throw new RefineError('ERR_REFINE_USAGE', `is not for Kubernetes. This run's Jobs end with: ${command}`, { place: '--cancel' });
  }
  const { manifestWarnings } = await import('../manifest-warnings.js');
  const { dryRun, submitDriver } = await import('../executors/kubernetes/submit.js');
  const submission = {
    block,
    out,
    ...(address === undefined ? {} : { address }),
    words: [
      ...(options.set ?? []).flatMap((set) => ['--set', set]),
      ...(options.device === 'auto' ? [] : ['--device', options.device]),
      ...(options.allowFailed === 0 ? [] : ['--allow-failed', String(options.allowFailed)]),
      ...(options.update === true ? ['--update'] : []),
    ],
    profile: options.profile === undefined ? null : readFileSync(options.profile, 'utf8'),
  };
  if (options.dryRun === true) {
    await data(await dryRun(manifest, submission, new AbortController().signal));
    return EXIT.done;
  }
  for (const warning of manifestWarnings(manifest)) words(warning);
  const job = await submitDriver(manifest, submission);
  await data(`${job}\n`);
  words(`job ${job} drives the run in ${submission.out}; look with: kubectl logs -f job/${job}`);
  return EXIT.done;
}
