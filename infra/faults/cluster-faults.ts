// A campaign of faults against cluster jobs: `refine run --executor slurm` on the fake Slurm of the tests (two nodes, jobs as processes
// here), whose elements are killed, preempted, lost and ended at their limits, whose answers fail, and whose parents are killed, all at
// instants drawn by a seed. Invariant that is tested: the same command again ends in the bytes of a run by worker processes here.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { refine, startRefine } from '../../tests/support/cli.js';
import { FakeSlurm, type SlurmAnswer, type SlurmMishap } from '../../tests/support/fake-slurm.js';
import { type CampaignResult, differences, promised, random } from './faults-run.js';

/** Weights. */
const MISHAPS: Readonly<Record<Exclude<SlurmMishap, 'strange'>, number>> = {
  'node-fail': 6,
  preempt: 5,
  segfault: 5,
  'out-of-memory': 4,
  lost: 2,
  late: 2,
  timeout: 1,
  warned: 1,
};
const ANSWERS: readonly SlurmAnswer[] = ['silent', 'garbled', 'cut', 'lost-answer'];
/** Mishaps that end no job. */
const HARMLESS: ReadonlySet<SlurmMishap> = new Set(['late', 'strange']);
/** Ends of a disturbed command that are no fault of refine: a parent that was killed; a task that was killed too often, or timed out. */
const MEANT = /^(SIGKILL|ERR_REFINE_TASKS_FAILED)$/;
/** Tries of a round whose parent is to be killed; the one after them is left to its end, or a busy machine would never end a round. */
const PARENTS_KILLED = 4;
/** When a parent is killed, on average. */
const PARENT_MS = 10_000;
const BLOCK = `executor:
  kind: slurm
  tasks-per-element: 2
  slurm: { cpus: 1, memory: 900MiB, time: 10m, stop-before: 4s, poll: 300ms, settle: 1s }
`;

export interface ClusterCampaignOptions {
  readonly manifest: string;
  /** A folder of its own, of a short name: a socket lies in it. */
  readonly work: string;
  /** Jobs and parents to be ended, at least; and one of each. */
  readonly kills: number;
  readonly seed: number;
  /** Of the elements that begin, the share that something happens to. */
  readonly share: number;
  /** PARENTS_KILLED and PARENT_MS where absent. */
  readonly parentsKilled?: number;
  readonly parentMs?: number;
  readonly say?: (line: string) => void;
}

export async function clusterCampaign(options: ClusterCampaignOptions): Promise<CampaignResult> {
  const { manifest, work, kills, seed, share, say, parentsKilled = PARENTS_KILLED, parentMs = PARENT_MS } = options;
  const started = performance.now();
  const draw = random(seed);
  const byKind: Record<string, number> = {};
  const ends: Record<string, number> = {};
  const wrong: string[] = [];
  const count = (kind: string): void => {
    byKind[kind] = (byKind[kind] ?? 0) + 1;
  };
  mkdirSync(work, { recursive: true });
  const profile = join(work, 'profile.yaml');
  writeFileSync(profile, BLOCK);
  const calm = join(work, 'calm');
  const first = await refine(['run', manifest, '--out', calm, '--workers', '2']);
  if (first.code !== 0) throw new Error(`the undisturbed run ended with ${first.code ?? first.signal}: ${first.stderr}`);
  const expected = promised(calm);
  const undisturbedSeconds = (performance.now() - started) / 1000;
  rmSync(calm, { recursive: true });

  const noted = (answer: SlurmAnswer): SlurmAnswer => {
    count(`answer: ${answer}`);
    return answer;
  };
  const slurm = await FakeSlurm.start(join(work, 's'), {
    mishap: (_, __, restarts) => (restarts > 2 || draw() > share ? undefined : drawn(draw())),
    harmAfterMs: () => -Math.log(1 - draw()) * 1500,
    answer: () => (draw() < 0.03 ? noted(ANSWERS[Math.floor(draw() * ANSWERS.length)]!) : undefined),
  });
  let parents = 0;
  const elements = (): number => slurm.happened.filter((mishap) => !HARMLESS.has(mishap)).length;
  const killed = (): number => parents + elements();
  let [rounds, restarts] = [0, 0];
  try {
    for (; (killed() < kills || parents === 0 || elements() === 0) && wrong.length === 0; rounds++) {
      const out = join(work, `round-${rounds}`);
      for (let tries = 0; ; tries++) {
        if (tries > 100) throw new Error(`${out}: 100 tries and no end`);
        if (tries > 0) restarts++;
        const parent = startRefine(['run', manifest, '--out', out, '--profile', profile], { env: slurm.env });
        const over = new AbortController();
        const killer = tries >= parentsKilled ? null : killLater(parent.child, -Math.log(1 - draw()) * parentMs, over.signal);
        const { code, signal, stderr } = await parent.done;
        over.abort();
        if ((await killer) === true) {
          parents++;
          count('parent SIGKILL');
        }
        if (code === 0) break;
        const end = signal ?? /^(ERR_REFINE_[A-Z_]+)/m.exec(stderr)?.[1] ?? `exit ${code}`;
        ends[end] = (ends[end] ?? 0) + 1;
        if (!MEANT.test(end)) wrong.push(`ended with ${end}: ${stderr.slice(-2000)}`);
        if (wrong.length > 0) break;
      }
      if (wrong.length > 0) break; // there may be no folder
      wrong.push(...differences(expected, promised(out)).map((one) => `round ${rounds}: ${one}`));
      for (const name of readdirSync(out, { recursive: true }) as string[])
        if (name.endsWith('.part') || name.includes('run.lock')) wrong.push(`round ${rounds}: ${name} was left behind`);
      rmSync(out, { recursive: true, force: true });
      const kinds = tally(slurm.happened).map(([mishap, times]) => `${times} ${mishap}`);
      say?.(
        `round ${rounds + 1}: ${killed()} kills so far (${parents} parents; jobs: ${kinds.join(', ')}), ${restarts} restarts, ${((performance.now() - started) / 1000).toFixed(0)} s`,
      );
    }
  } finally {
    await slurm.stop();
  }
  for (const [mishap, times] of tally(slurm.happened)) byKind[`job ${mishap}`] = times;
  const seconds = (performance.now() - started) / 1000;
  return { kills: killed(), byKind, rounds, restarts, ends, files: expected.size, undisturbedSeconds, seconds, wrong };
}

function drawn(at: number): SlurmMishap {
  const all = Object.entries(MISHAPS) as [SlurmMishap, number][];
  let left = at * all.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [mishap, weight] of all) if ((left -= weight) < 0) return mishap;
  return 'node-fail';
}

function tally(happened: readonly SlurmMishap[]): [SlurmMishap, number][] {
  const times = new Map<SlurmMishap, number>();
  for (const mishap of happened) times.set(mishap, (times.get(mishap) ?? 0) + 1);
  return [...times].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Whether it was there to be killed. */
async function killLater(child: { kill(signal: NodeJS.Signals): boolean }, ms: number, over: AbortSignal): Promise<boolean> {
  try {
    await sleep(ms, undefined, { signal: over });
  } catch {
    return false; // it ended first
  }
  return child.kill('SIGKILL');
}
