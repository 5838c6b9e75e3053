// Independent trainings side by side in threads. A task says which folds it may not see; what it returns depends on nothing else.
import { Worker } from 'node:worker_threads';
import type { BoostRules, Forest } from './gbdt.js';
import type { Matrix } from './gbdt-bins.js';

export interface TrainTask {
  readonly matrix: Matrix;
  readonly labels: Uint8Array;
  readonly weights: Float64Array;
  readonly folds: Uint8Array;
  /** Rows of these folds are left out. */
  readonly without: readonly number[];
  readonly rules: BoostRules;
}

/** The forests of the tasks, in their order. */
export async function trainAll(tasks: readonly TrainTask[], threads: number): Promise<Forest[]> {
  const forests: Forest[] = new Array(tasks.length);
  let next = 0;
  const run = async (): Promise<void> => {
    for (let at = next++; at < tasks.length; at = next++) forests[at] = await train(tasks[at]!);
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(threads, tasks.length)) }, run));
  return forests;
}

function train(task: TrainTask): Promise<Forest> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./pool-worker.js', import.meta.url), { workerData: task });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}
