// The manifest's `executor:` block, and a profile file that holds the same: where tasks run and what jobs may use. No part of any
// task's identity nor of what the lock compares: the same run goes on elsewhere, with the same bytes.
// Invariant: words for an engine are one argument each, never split or read by a shell.
import { z } from 'zod';
import { duration, size } from '../../stages/contract/units.js';
import { EXECUTORS } from './engine-names.js';
import { kubernetesSchema } from './kubernetes/options.js';

export { EXECUTORS, type ExecutorName } from './engine-names.js';

const word = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.,:@+=-]*$/, 'a word of letters, digits and _ . , : @ + = -');
const cpus = z.int().min(1).max(4096).describe('Cores of a job, and its worker processes unless `workers` says otherwise; default 1.');
const memory = size().describe('Memory of a job, such as 8GiB; default: 1.25 GiB a worker and 512 MiB.');
const time = duration().describe(
  "Time limit of a job, such as 4h; absent: the partition's. A job that reaches it is stopped gently before; what is missing is submitted again.",
);
const partition = word.describe('Partition (or several, with commas).');
const gres = z
  .string()
  .regex(/^[a-z]+(:[A-Za-z0-9_.-]+)?(:\d+)?(,[a-z]+(:[A-Za-z0-9_.-]+)?(:\d+)?)*$/, 'generic resources as sbatch writes them, such as gpu:1 or gpu:h100:2')
  .describe('Generic resources of a job, such as gpu:1.');
const extra = z
  .array(z.string().regex(/^--[a-z]/, "sbatch's long options, such as --constraint=zen4"))
  .describe("More of sbatch's options, passed as they are.");

const ofJob = {
  cpus: cpus.optional(),
  memory: memory.optional(),
  time: time.optional(),
  partition: partition.optional(),
  gres: gres.optional(),
  extra: extra.optional(),
};

export const slurmSchema = z
  .strictObject({
    ...ofJob,
    account: word.optional().describe('Account that is charged.'),
    qos: word.optional().describe('Quality of service.'),
    'max-queued': z.int().min(1).optional().describe("Jobs of the run that are queued or running at once; absent: as many as Slurm's limits let in."),
    requeue: z.boolean().optional().describe('Whether Slurm itself requeues a job whose node failed or that was preempted; default true.'),
    'stop-before': duration().optional().describe('How long before its time limit a job is told to stop; default 60s.'),
    poll: duration().optional().describe('The slowest pace at which ledger and squeue are asked; default 15s.'),
    settle: duration().optional().describe("How long a job's last ledger entries may take to be seen elsewhere (NFS attribute caches); default 70s."),
    steps: z
      .record(z.string(), z.strictObject(ofJob))
      .optional()
      .describe('More, for jobs that run a step: classify: { gres: gpu:1, partition: gpu }. A job that runs several takes the most of each.'),
    driver: z
      .strictObject({
        memory: memory.optional(),
        time: time.optional(),
        partition: partition.optional(),
        extra: extra.optional(),
        stay: duration().optional().describe('How long the driver waits for jobs before the next driver does; default 10m.'),
      })
      .optional()
      .describe('The small job that computes the next level (refine submit): its own limits, and how long it stays.'),
  })
  .describe('Slurm: a job array for each level of tasks.');

export const executorSchema = z
  .strictObject({
    kind: z.enum(EXECUTORS).optional().describe('Where tasks run unless --executor says otherwise; default local.'),
    workers: z.int().min(1).max(4096).optional().describe('Worker processes: of this machine, or of each job.'),
    'tasks-per-element': z
      .int()
      .min(1)
      .optional()
      .describe('Tasks of one job; default: at least one a worker, and so many that a level has at most 1000 jobs.'),
    stall: duration().optional().describe('Ends a worker that makes no progress for so long, unless --stall says otherwise; default 10m.'),
    'gpu-kernels': z
      .enum(['hopper', 'ampere'])
      .optional()
      .describe(
        "With --device cuda from a machine without a GPU: which kernels the nodes' GPUs take (hopper: H100 and its kin; ampere: the others). A node of the other kind is refused.",
      ),
    slurm: slurmSchema.optional(),
    kubernetes: kubernetesSchema.optional(),
  })
  .describe('Where tasks run. No part of what results depend on.');

export type SlurmWritten = z.output<typeof slurmSchema>;
export type ExecutorWritten = z.output<typeof executorSchema>;
