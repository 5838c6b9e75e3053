// `refine submit --executor kubernetes`: the driver's Job, which is the run's parent inside the cluster, and for `--dry-run` the Indexed
// Jobs that it would make, level by level, as YAML. Nothing of the run folder is touched here: it lies on a claim that this machine need not mount.
import { basename } from 'node:path';
import { localGate } from '../../../stages/fetch/gate.js';
import { listInputs } from '../../../stages/fetch/list-inputs.js';
import type { Manifest } from '../../types.js';
import { tasksPerElement } from '../cluster-batches.js';
import { levelsForeseen } from '../levels-foreseen.js';
import type { ExecutorWritten } from '../settings-schema.js';
import { arrayObject, driverObjects, type KubernetesObject } from './job.js';
import { KubernetesEngine, yamlOf } from './kubernetes-engine.js';
import { kubernetesOptions, kubernetesResources } from './place.js';

export interface KubernetesSubmission {
  readonly block: ExecutorWritten;
  /** In the cluster: below the claim's mount. */
  readonly out: string;
  /** Where the run lies, s3://BUCKET/PREFIX, if `out` is its work folder. */
  readonly address?: string;
  /** Further words of `refine run`. */
  readonly words: readonly string[];
  /** The profile's text; null where none was given. */
  readonly profile: string | null;
}

/** Of the image: infra/docker/Containerfile. */
const PROGRAM = ['refine'];
const DRIVER = { cpus: 1, memoryBytes: 4 * 2 ** 30, gpus: 0, extra: [] } as const;

export function driverOf(manifest: Manifest, { block, out, address, words, profile }: KubernetesSubmission): KubernetesObject[] {
  const options = kubernetesOptions(block);
  const given = options['manifest-path'];
  return driverObjects(
    {
      name: manifest.name,
      runFolder: out,
      arguments: ['--executor', 'kubernetes', '--out', ...(address === undefined ? [out] : [address, '--work', out]), ...words],
      program: PROGRAM,
      resources: DRIVER,
      manifest: given === undefined ? manifest.text : null,
      manifestPath: given ?? basename(manifest.path).replace(/[^A-Za-z0-9._-]/g, '-'),
      profile,
    },
    options,
  );
}

/** What would be made: the driver, and an array for every level of the run, with a comment on each. */
export async function dryRun(manifest: Manifest, submission: KubernetesSubmission, signal: AbortSignal): Promise<string> {
  const { block, out } = submission;
  const inputs = await listInputs(manifest.source, { baseDir: manifest.baseDir, seed: manifest.seed, gate: localGate(), signal });
  const documents = [yamlOf(driverOf(manifest, submission))];
  for (const { level, of, steps, tasks, unknown } of levelsForeseen(manifest, Math.max(1, inputs.length))) {
    const resources = kubernetesResources(block, steps);
    const array = arrayObject(
      {
        name: `refine-dry-run-${level}`,
        runFolder: out,
        folder: `${out}/scratch/executor/${level}`,
        command: [...PROGRAM, 'worker', out, '--level', level],
        elements: Math.ceil(tasks / tasksPerElement(block['tasks-per-element'], block.workers ?? resources.cpus, tasks)),
        resources,
      },
      kubernetesOptions(block),
    );
    const count = unknown === undefined ? `${tasks} ${tasks === 1 ? 'task' : 'tasks'}` : `${tasks} or more tasks, ${unknown}`;
    documents.push(`# ${level}: ${of}, ${count}\n${yamlOf([array])}`);
  }
  return documents.join('---\n');
}

/** The driver's name. */
export async function submitDriver(manifest: Manifest, submission: KubernetesSubmission): Promise<string> {
  const objects = driverOf(manifest, submission);
  await new KubernetesEngine(kubernetesOptions(submission.block)).create(objects);
  return objects.at(-1)!.metadata.name;
}
