// `refine submit --executor kubernetes`: the driver's Job, which is the run's parent inside the cluster, and for `--dry-run` the Indexed
// Job that it would make first, as YAML. Nothing of the run folder is touched here: it lies on a claim that this machine need not mount.
import { basename } from 'node:path';
import { localGate } from '../../../stages/fetch/gate.js';
import { listInputs } from '../../../stages/fetch/list-inputs.js';
import type { Manifest } from '../../types.js';
import type { ExecutorWritten } from '../settings-schema.js';
import { stepsOf } from '../start.js';
import type { TaskSpec } from '../../tasks.js';
import { arrayObject, driverObjects, type KubernetesObject } from './job.js';
import { KubernetesEngine, yamlOf } from './kubernetes-engine.js';
import { kubernetesOptions, kubernetesResources } from './place.js';

export interface KubernetesSubmission {
  readonly block: ExecutorWritten;
  /** In the cluster: below the claim's mount. */
  readonly out: string;
  /** Further words of `refine run`. */
  readonly words: readonly string[];
  /** The profile's text; null where none was given. */
  readonly profile: string | null;
}

/** Of the image: infra/docker/Containerfile. */
const PROGRAM = ['refine'];
const ELEMENTS_WANTED = 1000;
const DRIVER = { cpus: 1, memoryBytes: 4 * 2 ** 30, gpus: 0, extra: [] } as const;

export function driverOf(manifest: Manifest, { block, out, words, profile }: KubernetesSubmission): KubernetesObject[] {
  const options = kubernetesOptions(block);
  const given = options['manifest-path'];
  return driverObjects(
    {
      name: manifest.name,
      runFolder: out,
      arguments: ['--executor', 'kubernetes', '--out', out, ...words],
      program: PROGRAM,
      resources: DRIVER,
      manifest: given === undefined ? manifest.text : null,
      manifestPath: given ?? basename(manifest.path).replace(/[^A-Za-z0-9._-]/g, '-'),
      profile,
    },
    options,
  );
}

/** What would be made: the driver, and the array of the first level over all inputs. */
export async function dryRun(manifest: Manifest, submission: KubernetesSubmission, signal: AbortSignal): Promise<string> {
  const { block, out } = submission;
  const inputs = await listInputs(manifest.source, { baseDir: manifest.baseDir, seed: manifest.seed, gate: localGate(), signal });
  const { steps } = stepsOf(manifest)({ kind: 'map', segment: 0 } as TaskSpec);
  const resources = kubernetesResources(block, steps);
  const chunk = block['tasks-per-element'] ?? Math.max(block.workers ?? resources.cpus, Math.ceil(inputs.length / ELEMENTS_WANTED));
  const level = '0001-map-0';
  const array = arrayObject(
    {
      name: `refine-dry-run-${level}`,
      runFolder: out,
      folder: `${out}/scratch/executor/${level}`,
      command: [...PROGRAM, 'worker', out, '--level', level],
      elements: Math.max(1, Math.ceil(inputs.length / chunk)),
      resources,
    },
    kubernetesOptions(block),
  );
  return yamlOf([...driverOf(manifest, submission), array]);
}

/** The driver's name. */
export async function submitDriver(manifest: Manifest, submission: KubernetesSubmission): Promise<string> {
  const objects = driverOf(manifest, submission);
  await new KubernetesEngine(kubernetesOptions(submission.block)).create(objects);
  return objects.at(-1)!.metadata.name;
}
