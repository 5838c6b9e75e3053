// The Kubernetes objects of a run: an Indexed Job for an array of tasks, and the driver, a Job that is the run's parent.
// Invariant: everything in them comes from options, names are valid whatever the manifest is called, no secret's value is in them,
// and arguments are words of `command`, read by no shell. batch/v1 Job with backoffLimitPerIndex (Kubernetes 1.29 on by default).
import { RefineError } from '../../../native/errors.js';
import type { ArrayJob, Resources } from '../engine.js';
import { jobName, labelValue, shortDigest } from './names.js';
import type { KubernetesOptions } from './options.js';
import { STOPPED_CODES } from '../worker-exit.js';

export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly [key: string]: unknown };
  readonly [key: string]: unknown;
}

export const CONTAINER = 'refine';
export const RUN_LABEL = 'refine/run';
export const WORK = '/work';
const MANIFEST_FOLDER = '/etc/refine';
const PROFILE = 'refine-profile.yaml';
const MANIFEST_BYTES = 900_000;

/** Exit codes of `refine worker` that another try would only repeat: usage, and a program that is not there or cannot start. */
const HOPELESS = [2, 126, 127];
/** Of `refine run`: it tried everything it could. */
const RUN_FAILED = 1;

export function runLabel(runFolder: string): string {
  return shortDigest(runFolder);
}

export function arrayObject(job: ArrayJob, options: KubernetesOptions): KubernetesObject {
  const labels = labelsOf(options, job.runFolder, { 'refine/array': labelValue(job.name), 'app.kubernetes.io/component': 'worker' });
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: jobName(job.name), ...placed(options), labels },
    spec: {
      completionMode: 'Indexed',
      completions: job.elements,
      parallelism: Math.min(job.elements, options.parallelism),
      backoffLimitPerIndex: options['backoff-limit-per-index'],
      maxFailedIndexes: Math.min(job.elements, options['max-failed-indexes']),
      podReplacementPolicy: 'Failed', // never two pods of one index
      podFailurePolicy: failurePolicy('FailIndex', HOPELESS),
      ttlSecondsAfterFinished: seconds(options.ttl),
      template: podTemplate(options, labels, job.command, job.resources, { token: false, manifest: null }),
    },
  };
}

export interface Driver {
  /** The manifest's name. */
  readonly name: string;
  readonly runFolder: string;
  /** Arguments of `refine` after the manifest's path. */
  readonly arguments: readonly string[];
  /** The program: node and refine's entry in the image. */
  readonly program: readonly string[];
  readonly resources: Resources;
  /** Its text; null where it lies on a claim. */
  readonly manifest: string | null;
  /** Its path there, or its name in the ConfigMap. */
  readonly manifestPath: string;
  /** A profile's text, which travels beside it. */
  readonly profile?: string | null;
}

/** The driver's Job, preceded by the ConfigMap with the manifest where that travels in one. */
export function driverObjects(driver: Driver, options: KubernetesOptions): KubernetesObject[] {
  const name = jobName(driver.name, 'driver', driver.runFolder);
  const labels = labelsOf(options, driver.runFolder, { 'app.kubernetes.io/component': 'driver' });
  const { manifest } = driver;
  const profile = driver.profile ?? null;
  const files = { ...(manifest === null ? {} : { [driver.manifestPath]: manifest }), ...(profile === null ? {} : { [PROFILE]: profile }) };
  const carried = Object.keys(files).length > 0;
  const bytes = Object.values(files).reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if (bytes > MANIFEST_BYTES)
    throw new RefineError(
      'ERR_REFINE_MANIFEST',
      `${Object.keys(files).join(' and ')}: ${bytes} bytes, expected at most ${MANIFEST_BYTES}: they travel in a ConfigMap, which holds 1 MiB. Name inputs by patterns (in/*.warc.gz), or put the manifest on a claim and name it by executor.kubernetes.manifest-path.`,
      { place: 'executor.kubernetes' },
    );
  const path = manifest === null ? driver.manifestPath : `${MANIFEST_FOLDER}/${driver.manifestPath}`;
  const job: KubernetesObject = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, ...placed(options), labels },
    spec: {
      backoffLimit: 6, // a parent that died goes on where the ledger is
      podReplacementPolicy: 'Failed',
      podFailurePolicy: failurePolicy('FailJob', [RUN_FAILED, ...HOPELESS]),
      ttlSecondsAfterFinished: seconds(options.ttl),
      template: podTemplate(
        options,
        labels,
        [...driver.program, 'run', path, ...driver.arguments, ...(profile === null ? [] : ['--profile', `${MANIFEST_FOLDER}/${PROFILE}`])],
        driver.resources,
        {
          token: true,
          manifest: carried ? name : null,
        },
      ),
    },
  };
  if (!carried) return [job];
  return [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...placed(options), labels }, immutable: true, data: files }, job];
}

function failurePolicy(action: 'FailIndex' | 'FailJob', hopeless: readonly number[]): unknown {
  const onCodes = (then: string, values: readonly number[]): unknown => ({ action: then, onExitCodes: { containerName: CONTAINER, operator: 'In', values } });
  return {
    rules: [
      { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }, // preempted, evicted, node gone
      onCodes('Ignore', STOPPED_CODES),
      onCodes(action, hopeless),
    ],
  };
}

function podTemplate(
  options: KubernetesOptions,
  labels: Readonly<Record<string, string>>,
  command: readonly string[],
  resources: Resources,
  pod: { readonly token: boolean; readonly manifest: string | null },
): unknown {
  const { gpu } = options;
  const user = options['run-as-user'];
  const onGpu = resources.gpus > 0;
  const selector = {
    ...options['node-selector'],
    ...(onGpu ? gpu['node-selector'] : {}),
    ...(onGpu && resources.gpuKind !== undefined ? { [gpu['kind-label']]: resources.gpuKind } : {}),
  };
  const tolerations = [...options.tolerations, ...(onGpu ? gpu.tolerations : [])];
  const claims = [...(options.volume === undefined ? [] : [{ ...options.volume, 'read-only': false }]), ...options.claims];
  const amounts = {
    cpu: String(resources.cpus),
    memory: `${Math.ceil(resources.memoryBytes / 2 ** 20)}Mi`,
    ...(onGpu ? { [gpu.resource]: String(resources.gpus) } : {}),
  };
  return {
    metadata: { labels, ...(Object.keys(options.annotations).length === 0 ? {} : { annotations: options.annotations }) },
    spec: {
      restartPolicy: 'Never', // a failed pod is told apart by its exit code, a restarted one is not
      ...(pod.token ? { serviceAccountName: options['service-account'] } : { automountServiceAccountToken: false }),
      enableServiceLinks: false,
      terminationGracePeriodSeconds: seconds(options.grace),
      ...(resources.timeMs === undefined ? {} : { activeDeadlineSeconds: seconds(resources.timeMs) }),
      ...(options['priority-class'] === undefined ? {} : { priorityClassName: options['priority-class'] }),
      ...(options['image-pull-secrets'].length === 0 ? {} : { imagePullSecrets: options['image-pull-secrets'].map((name) => ({ name })) }),
      ...(Object.keys(selector).length === 0 ? {} : { nodeSelector: selector }),
      ...(tolerations.length === 0 ? {} : { tolerations }),
      securityContext: {
        runAsNonRoot: true,
        runAsUser: user,
        runAsGroup: user,
        fsGroup: user,
        fsGroupChangePolicy: 'OnRootMismatch', // a claim with a million files is not walked at every start
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: [
        {
          name: CONTAINER,
          image: options.image,
          ...(options['image-pull-policy'] === undefined ? {} : { imagePullPolicy: options['image-pull-policy'] }),
          command: command.map(literal),
          workingDir: WORK,
          env: Object.entries({ HOME: WORK, REFINE_CACHE: `${WORK}/cache`, ...options.env }).map(([name, value]) => ({ name, value: literal(value) })),
          ...sources(options),
          resources: { requests: amounts, limits: amounts },
          securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
          volumeMounts: [
            { name: 'work', mountPath: WORK },
            { name: 'tmp', mountPath: '/tmp' },
            ...claims.map((claim, at) => ({ name: `claim-${at}`, mountPath: claim.mount, ...(claim['read-only'] ? { readOnly: true } : {}) })),
            ...(pod.manifest === null ? [] : [{ name: 'manifest', mountPath: MANIFEST_FOLDER, readOnly: true }]),
          ],
        },
      ],
      volumes: [
        { name: 'work', emptyDir: { sizeLimit: `${Math.ceil(options.scratch / 2 ** 20)}Mi` } },
        { name: 'tmp', emptyDir: {} },
        ...claims.map(({ claim, 'read-only': readOnly }, at) => ({
          name: `claim-${at}`,
          persistentVolumeClaim: { claimName: claim, ...(readOnly ? { readOnly: true } : {}) },
        })),
        ...(pod.manifest === null ? [] : [{ name: 'manifest', configMap: { name: pod.manifest } }]),
      ],
    },
  };
}

function sources(options: KubernetesOptions): { envFrom?: unknown[] } {
  const envFrom = [...options['config-maps'].map((name) => ({ configMapRef: { name } })), ...options.secrets.map((name) => ({ secretRef: { name } }))];
  return envFrom.length === 0 ? {} : { envFrom };
}

function labelsOf(options: KubernetesOptions, runFolder: string, own: Readonly<Record<string, string>>): Record<string, string> {
  return { ...options.labels, 'app.kubernetes.io/name': 'refine', 'app.kubernetes.io/managed-by': 'refine', [RUN_LABEL]: runLabel(runFolder), ...own };
}

function placed({ namespace, annotations }: KubernetesOptions): object {
  return { ...(namespace === undefined ? {} : { namespace }), ...(Object.keys(annotations).length === 0 ? {} : { annotations }) };
}

/** Kubernetes expands $(NAME) in words and makes $$ a $. */
function literal(word: string): string {
  return word.replaceAll('$', '$$$$');
}

/** At least one: Kubernetes takes 0 as at once. */
function seconds(milliseconds: number): number {
  return Math.max(1, Math.ceil(milliseconds / 1000));
}
