// What a manifest's or profile's `executor.kubernetes` may hold. Secrets are named, never held: a value that is one has no place here.
import { z } from 'zod';
import { duration, size } from '../../../stages/contract/units.js';

const dnsName = z
  .string()
  .max(253)
  .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, 'lower-case letters, digits, "-" and "."');
const strings = z.record(z.string(), z.string());
const toleration = z.strictObject({
  key: z.string().optional().describe('Key of the taint; absent, with operator Exists: every taint.'),
  operator: z.enum(['Exists', 'Equal']).optional().describe('Whether the taint need only be there, or also have `value`; Kubernetes takes Equal where absent.'),
  value: z.string().optional().describe('Value of the taint, with operator Equal.'),
  effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']).optional().describe('Effect of the taint; absent: any.'),
});
const mountPath = z.string().regex(/^\/[^:]+$/, 'an absolute path');

const cpus = z.int().min(1).max(4096).describe('Cores of an element, and its worker processes unless `workers` says otherwise; default 1.');
const memory = size().describe('Memory of an element, such as 8GiB; default: 1.25 GiB a worker and 512 MiB.');
const time = duration().describe('An element that runs longer is ended and its missing tasks submitted again; absent: no limit.');

export const kubernetesSchema = z
  .strictObject({
    cpus: cpus.optional(),
    memory: memory.optional(),
    time: time.optional(),
    steps: z
      .record(
        z.string(),
        z.strictObject({
          cpus: cpus.optional(),
          memory: memory.optional(),
          time: time.optional(),
          gpus: z.int().min(0).max(64).optional().describe('GPUs of an element.'),
          'gpu-kind': z.string().min(1).optional().describe('Value of the node label `gpu.kind-label`, such as NVIDIA-H100-80GB-HBM3.'),
        }),
      )
      .optional()
      .describe('More, for elements that run a step: classify: { gpus: 1 }. An element that runs several takes the most of each.'),
    image: z
      .string()
      .min(1)
      .describe('The image that infra/docker/Containerfile builds, as your nodes pull it; a digest (name@sha256:...) makes runs repeatable.'),
    namespace: dnsName.optional().describe("Absent: the kubeconfig's."),
    context: z.string().min(1).optional().describe("A context of the kubeconfig; absent: the current one, or the pod's own service account."),
    'service-account': dnsName
      .default('refine')
      .describe('Of the driver job: may create, read and delete jobs and read pods (infra/kubernetes/rbac.yaml). Pods of arrays get no token.'),
    'image-pull-policy': z
      .enum(['Always', 'IfNotPresent', 'Never'])
      .optional()
      .describe("When a node pulls the image; absent: Kubernetes' own rule (Always for :latest, else IfNotPresent)."),
    'image-pull-secrets': z.array(dnsName).default([]).describe('Secrets with the credentials of the image registry, by name; default none.'),
    secrets: z.array(dnsName).default([]).describe('Secrets whose keys become environment variables (AWS_ACCESS_KEY_ID, ...), by name.'),
    'config-maps': z.array(dnsName).default([]).describe('ConfigMaps whose keys become environment variables, by name.'),
    env: strings.default({}).describe('Environment variables that are no secret.'),
    volume: z
      .strictObject({ claim: dnsName.describe('Name of the claim.'), mount: mountPath.default('/runs').describe('Where pods mount it; default /runs.') })
      .optional()
      .describe('A PersistentVolumeClaim that many nodes mount (ReadWriteMany), which holds the run folder.'),
    claims: z
      .array(
        z.strictObject({
          claim: dnsName.describe('Name of the claim.'),
          mount: mountPath.describe('Where pods mount it, an absolute path.'),
          'read-only': z.boolean().default(true).describe('Whether pods may only read it; default true.'),
        }),
      )
      .default([])
      .describe('Other claims: inputs, block lists, models.'),
    scratch: size().prefault('64GiB').describe('Bytes a pod may use of its node for its work folder and cache (emptyDir at /work).'),
    'node-selector': strings.default({}).describe('Labels that a node must have to run a pod; default none.'),
    tolerations: z.array(toleration).default([]).describe('Taints of nodes that pods put up with; default none.'),
    'priority-class': dnsName.optional().describe("PriorityClass of the pods; absent: the cluster's default."),
    gpu: z
      .strictObject({
        resource: z.string().default('nvidia.com/gpu').describe('The resource that a GPU is counted by.'),
        'node-selector': strings.default({}).describe('More labels that a node must have to run a pod that asks for GPUs; default none.'),
        'kind-label': z.string().default('nvidia.com/gpu.product').describe("The node label that a step's kind of GPU selects."),
        tolerations: z
          .array(toleration)
          .default([{ key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' }])
          .describe('More taints that pods which ask for GPUs put up with; default that of NVIDIA nodes (nvidia.com/gpu, NoSchedule).'),
      })
      .prefault({})
      .describe('For steps that ask for GPUs.'),
    labels: strings.default({}).describe("More labels of jobs and pods; refine's own win."),
    annotations: strings.default({}).describe('Annotations of jobs and pods.'),
    parallelism: z.int().min(1).max(10_000).default(1000).describe('Most pods that run at once, 1 to 10,000; default 1000.'),
    'backoff-limit-per-index': z
      .int()
      .min(0)
      .max(10)
      .default(1)
      .describe('Times Kubernetes itself tries a failed element again; refine submits what is missing again after that.'),
    'max-failed-indexes': z
      .int()
      .min(0)
      .max(10_000)
      .default(100)
      .describe('Failed elements at which the whole job is ended: the image or the volume is to blame then.'),
    ttl: duration().prefault('1h').describe('How long an ended job is kept, for its logs.'),
    grace: duration().prefault('2min').describe('What a pod gets between SIGTERM and SIGKILL: its tasks stop in it, what they did so far is lost.'),
    'run-as-user': z.int().min(1).default(1000).describe('User and group of the processes; never root.'),
    'manifest-path': mountPath
      .optional()
      .describe('Where the manifest lies on a claim. Absent: it travels in a ConfigMap, and paths in it must be absolute or URLs.'),
    poll: duration().optional().describe('The slowest pace at which ledger and kubectl are asked; default 15s.'),
    settle: duration().optional().describe("How long an element's last ledger entries may take to be seen elsewhere (NFS attribute caches); default 70s."),
    kubectl: z.string().min(1).default('kubectl').describe('The kubectl program: a name in PATH or a path; default kubectl.'),
  })
  .describe('Kubernetes: an Indexed Job for each level of tasks.');

export type KubernetesOptions = z.output<typeof kubernetesSchema>;
