// What `refine submit --executor slurm` would ask of sbatch, without Slurm: the driver, and an array for every level of the run with what
// it may use. One JSON object a line; `unknown` where a number of tasks is not to be had before the run. Inputs are listed, nothing is made.
import { join, resolve } from 'node:path';
import { localGate } from '../../../stages/fetch/gate.js';
import { listInputs } from '../../../stages/fetch/list-inputs.js';
import type { Manifest } from '../../types.js';
import { driverJob } from '../chain.js';
import { tasksPerElement } from '../cluster-batches.js';
import type { ArrayJob } from '../engine.js';
import { EXECUTOR_FOLDER, levelFolder } from '../level-folder.js';
import { levelsForeseen } from '../levels-foreseen.js';
import type { ExecutorWritten } from '../settings-schema.js';
import { refineCommand } from '../start.js';
import { sbatchArguments } from './commands.js';
import { slurmResources } from './resources.js';

export async function slurmDryRun(manifest: Manifest, out: string, block: ExecutorWritten, signal: AbortSignal): Promise<readonly object[]> {
  const folder = resolve(out);
  const inputs = await listInputs(manifest.source, { baseDir: manifest.baseDir, seed: manifest.seed, gate: localGate(), signal });
  const script = join(folder, EXECUTOR_FOLDER, 'start.sh');
  const stopBefore = Math.ceil((block.slurm?.['stop-before'] ?? 60_000) / 1000);
  const words = (job: ArrayJob): readonly string[] => ['sbatch', ...sbatchArguments(job, script, { stopBefore })];
  return [
    { level: 'driver', sbatch: words(driverJob(folder, block, null)) },
    ...levelsForeseen(manifest, Math.max(1, inputs.length)).map(({ level, of, steps, tasks, unknown }) => {
      const resources = slurmResources(block, steps);
      const elements = Math.ceil(tasks / tasksPerElement(block['tasks-per-element'], block.workers ?? resources.cpus, tasks));
      const command = [...refineCommand(), 'worker', folder, '--level', level];
      return {
        level,
        of,
        steps,
        tasks,
        ...(unknown === undefined ? {} : { unknown }),
        sbatch: words({ name: level, runFolder: folder, folder: levelFolder(folder, level), command, elements, resources }),
      };
    }),
  ];
}
