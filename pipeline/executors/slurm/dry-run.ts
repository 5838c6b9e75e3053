// What `refine submit --executor slurm` would ask of sbatch, without Slurm: the driver, and the jobs of every segment and barrier of the
// manifest with what they may use. One JSON object a line; counts of tasks are known only as the run goes.
import { join, resolve } from 'node:path';
import { segmentsOf } from '../../segments.js';
import type { Manifest } from '../../types.js';
import { driverJob } from '../chain.js';
import type { ArrayJob } from '../engine.js';
import { EXECUTOR_FOLDER, levelFolder } from '../level-folder.js';
import type { ExecutorWritten } from '../settings-schema.js';
import { refineCommand } from '../start.js';
import { sbatchArguments } from './commands.js';
import { slurmResources } from './resources.js';

export function slurmDryRun(manifest: Manifest, out: string, block: ExecutorWritten): readonly object[] {
  const folder = resolve(out);
  const script = join(folder, EXECUTOR_FOLDER, 'start.sh');
  const stopBefore = Math.ceil((block.slurm?.['stop-before'] ?? 60_000) / 1000);
  const words = (job: ArrayJob): readonly string[] => ['sbatch', ...sbatchArguments(job, script, { stopBefore })];
  const array = (level: string, steps: readonly string[]): object => ({
    level,
    steps,
    sbatch: words({
      name: level,
      runFolder: folder,
      folder: levelFolder(folder, level),
      command: [...refineCommand(), 'worker', folder, '--level', level],
      elements: 1,
      resources: slurmResources(block, steps),
    }),
  });
  return [
    { level: 'driver', sbatch: words(driverJob(folder, block, null)) },
    ...segmentsOf(manifest.steps).flatMap(({ index, stages, barriers }) => [
      array(
        `map-${index}`,
        [...stages, ...barriers].map(({ name }) => name),
      ),
      ...barriers.map(({ name }) => array(name, [name])),
    ]),
  ];
}
