// Which jobs of a run folder may still be running: those that jobs.jsonl has as submitted and not as closed, and that their engine knows
// as alive. Worker processes of this machine, and another engine's jobs, begin only where none is: they would remove unfinished files of theirs.
import { RefineError } from '../../native/errors.js';
import type { Engine } from './engine.js';
import { JobsLog, type OpenLevel, openLevels } from './jobs-log.js';
import { KubernetesEngine } from './kubernetes/kubernetes-engine.js';
import { kubernetesSchema } from './kubernetes/options.js';
import type { ExecutorWritten } from './settings-schema.js';
import { SlurmEngine } from './slurm/engine.js';

type Of = Pick<OpenLevel, 'engine' | 'where'>;

/** An engine that can be asked from here; null for one that is not known. The block says how (kubectl's place); what jobs.jsonl says of where wins. */
async function openEngine({ engine, where }: Of, block: ExecutorWritten | undefined): Promise<Engine | null> {
  if (engine === 'slurm') return await SlurmEngine.open(0);
  if (engine !== 'kubernetes') return null;
  const { context, namespace } = where;
  const { context: _, namespace: __, ...rest } = block?.kubernetes ?? kubernetesSchema.parse({ image: 'none' }); // it is asked, and starts nothing
  return new KubernetesEngine({ ...rest, ...(context === undefined ? {} : { context }), ...(namespace === undefined ? {} : { namespace }) });
}

/** Whether the array was submitted to this very engine: the same cluster, too. */
export function isOf(open: Of, engine: Pick<Engine, 'name' | 'where'>): boolean {
  return keyOf(open) === keyOf({ engine: engine.name, where: engine.where ?? {} });
}

function keyOf({ engine, where }: Of): string {
  return JSON.stringify([engine, where.context ?? null, where.namespace ?? null]);
}

/** Ids of jobs of this engine that are alive. */
export async function liveJobs(folder: string, engine: Engine): Promise<readonly string[]> {
  const jobs: string[] = [];
  for (const open of openLevels(await new JobsLog(folder).records())) {
    if (!isOf(open, engine)) continue;
    const job = open.job ?? (await engine.find(open.name));
    if (job !== null) jobs.push(job);
  }
  return await aliveOf(engine, jobs);
}

/** Those of these jobs that wait or run. */
export async function aliveOf(engine: Engine, jobs: readonly string[]): Promise<readonly string[]> {
  const states = await engine.states(jobs);
  return jobs.filter((job) => [...(states.get(job)?.values() ?? [])].some(({ state }) => state === 'waiting' || state === 'running'));
}

/** Throws where jobs of an engine other than `own` may be alive in the folder. */
export async function refuseLiveJobs(folder: string, block?: ExecutorWritten, own?: Engine): Promise<void> {
  const open = openLevels(await new JobsLog(folder).records()).filter((level) => own === undefined || !isOf(level, own));
  for (const of of new Map(open.map((level) => [keyOf(level), level])).values()) {
    const { engine: name } = of;
    let alive: readonly string[];
    try {
      const engine = await openEngine(of, block);
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
        { place: folder },
      );
  }
}
