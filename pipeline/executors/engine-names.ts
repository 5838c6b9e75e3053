// Where tasks can run, by name; apart from the schema of their settings, so that `--help` says the names without loading zod.
export const EXECUTORS = ['local', 'slurm', 'kubernetes'] as const;
export type ExecutorName = (typeof EXECUTORS)[number];
