// Which jobs of a run folder may still be running: those that jobs.jsonl has as submitted and not as closed, and that their engine knows
// as alive. A run by worker processes of this machine begins only where none is: it would remove their unfinished files.
import { RefineError } from '../../native/errors.js';
import type { Engine } from './engine.js';
import { JobsLog, openLevels } from './jobs-log.js';
import { SlurmEngine } from './slurm/engine.js';

/** Engines that can be asked from here. */
export async function openEngine(name: string): Promise<Engine | null> {
  return name === 'slurm' ? await SlurmEngine.open(0) : null;
}

/** Ids of jobs of this engine that are alive. */
export async function liveJobs(folder: string, engine: Engine): Promise<readonly string[]> {
  const jobs: string[] = [];
  for (const open of openLevels(await new JobsLog(folder).records())) {
    if (open.engine !== engine.name) continue;
    const job = open.job ?? (await engine.find(open.name));
    if (job !== null) jobs.push(job);
  }
  const states = await engine.states(jobs);
  return jobs.filter((job) => [...(states.get(job)?.values() ?? [])].some(({ state }) => state === 'waiting' || state === 'running'));
}

export async function refuseLiveJobs(folder: string): Promise<void> {
  for (const name of new Set(openLevels(await new JobsLog(folder).records()).map(({ engine }) => engine))) {
    let alive: readonly string[];
    try {
      const engine = await openEngine(name);
      alive = engine === null ? [] : await liveJobs(folder, engine);
      if (engine === null) throw new RefineError('ERR_REFINE_ENGINE', `${name} cannot be asked from here.`);
    } catch (cause) {
      if (!(cause instanceof RefineError) || cause.code !== 'ERR_REFINE_ENGINE') throw cause;
      throw new RefineError(
        'ERR_REFINE_RUN_LOCKED',
        `jobs of ${name} were submitted for this folder and may still run; ${name} does not tell: ${cause.message} Go on with --executor ${name} where it does; if none of them runs any more, remove scratch/executor in the folder.`,
        { place: folder, cause },
      );
    }
    if (alive.length > 0)
      throw new RefineError(
        'ERR_REFINE_RUN_LOCKED',
        `jobs ${alive.slice(0, 5).join(', ')} of ${name} work in this run folder. Go on with --executor ${name}, which takes them over, or cancel them first.`,
        {
          place: folder,
        },
      );
  }
}
