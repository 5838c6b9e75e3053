// The real ClusterExecutor over a simulated cluster with failures of every kind. Oracles: the set of poisoned tasks is a formula, every other
// task must be done, no schedule ends before work / cores or before its longest task, and none of a scheduler that never leaves a core
// idle beside a waiting element ends after Graham's bound with what failures cost added (boundWithFailures).
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ClusterExecutor } from '../../pipeline/executors/cluster.js';
import type { ClusterWorld } from '../../pipeline/executors/cluster-world.js';
import type { WorkerContext } from '../../pipeline/tasks.js';
import { durationOf, isPoison, SimulatedCluster, specOf, type World } from '../support/cluster-simulation.js';

const FULL = process.env.REFINE_FULL === '1';
const MINUTE = 60_000;
const HARSH: World = {
  seed: 7,
  nodes: 20,
  coresPerNode: 10,
  taskMs: MINUTE,
  poison: 0.0005,
  stragglers: 0.002,
  nodeFailureMs: 24 * 60 * MINUTE,
  preemptionMs: 3 * MINUTE,
  repairMs: 30 * MINUTE,
};

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const heap = (): number => {
  collectGarbage();
  return process.memoryUsage().heapUsed;
};

interface Outcome {
  readonly history: string;
  readonly makespan: number;
  /** No schedule is shorter: the work over the cores, or the longest task. */
  readonly bound: number;
  /** What list scheduling promises without failures (Graham 1966): the work over the cores and the longest element. */
  readonly promise: number;
  /**
   * The same argument with failures. While the task that ends last waits in the queue every core that is up is busy, so its waits are at most
   * (all work, once, + what was lost + what was down) / cores; the rest of its time are runs that ended without it, the two polls in which
   * the parent sees each of these (ended, and still without an entry), and its last run.
   */
  readonly boundWithFailures: number;
  readonly cluster: SimulatedCluster;
  readonly failed: readonly number[];
  /** The parent's, for specs and what the executor holds of them, once all that fits is submitted. */
  readonly heapBytes: number;
}

async function simulate(world: World, tasks: number, settings: { readonly chunk?: number; readonly pollMs: number }): Promise<Outcome> {
  const cluster = new SimulatedCluster(world);
  const before = heap();
  let heapBytes = 0;
  const specs = Array.from({ length: tasks }, (_, number) => specOf(number));
  const ends = new Uint8Array(tasks);
  const history = createHash('sha256');
  const end = (number: number, how: string): void => {
    ends[number]!++;
    history.update(`${cluster.now} ${number} ${how}\n`);
  };
  const executorWorld: ClusterWorld = {
    engine: cluster,
    settings: {
      ...(settings.chunk === undefined ? {} : { tasksPerElement: settings.chunk }),
      maxQueued: Number.POSITIVE_INFINITY,
      pollMs: settings.pollMs,
      settleMs: MINUTE,
      graceMs: 1000,
      resources: () => ({ cpus: 1, memoryBytes: 1, gpus: 0, extra: [] }),
      workers: () => 1,
    },
    stepsOf: () => ({ steps: [], gpu: false }),
    refine: ['refine'],
    notice: () => undefined,
  };
  const events = {
    progress: () => undefined,
    done: ({ number }: { readonly number: number }) => end(number, 'done'),
    failed: ({ spec, code }: { readonly spec: { readonly number: number }; readonly code: string }) => end(spec.number, code),
    retry: () => undefined,
  };
  const { outside } = cluster;
  const sleep = async (milliseconds: number): Promise<void> => {
    if (heapBytes === 0) heapBytes = heap() - before;
    await outside.sleep(milliseconds);
  };
  const executor = new ClusterExecutor(executorWorld, { runFolder: '/run' } as WorkerContext, events, { ...outside, sleep });
  const failures = await executor.run(specs, new AbortController().signal);
  await executor.close();
  assert.ok(
    ends.every((times) => times === 1),
    'every task ended once',
  );
  let [work, longest, element, longestElement] = [0, 0, 0, 0];
  const chunk = settings.chunk ?? 1;
  for (let number = 0; number < tasks; number++) {
    const duration = durationOf(world, number);
    work += duration;
    longest = Math.max(longest, duration);
    element = (number % chunk === 0 ? 0 : element) + duration;
    longestElement = Math.max(longestElement, element);
  }
  const share = work / (world.nodes * world.coresPerNode);
  const bound = Math.max(share, longest);
  const promise = share + longestElement;
  const notice = 2 * settings.pollMs;
  const boundWithFailures = promise + (cluster.wastedMs + cluster.downMs) / (world.nodes * world.coresPerNode) + cluster.longestInterruption(notice);
  const failed = failures.map(({ spec }) => spec.number);
  return { history: history.digest('hex'), makespan: cluster.lastDone, bound, promise, boundWithFailures, cluster, failed, heapBytes };
}

test('every task ends once: the poisoned ones as failed by name, all others as done, whatever the cluster does', async () => {
  const tasks = 20_000;
  const { failed, cluster, makespan, bound, boundWithFailures } = await simulate(HARSH, tasks, { chunk: 10, pollMs: MINUTE });
  assert.deepEqual(
    failed,
    Array.from({ length: tasks }, (_, number) => number).filter((number) => isPoison(HARSH, number)),
  );
  assert.ok(failed.length > 3 && cluster.lost > 20, `${failed.length} poisoned, ${cluster.lost} elements taken: the world was not harsh`);
  assert.ok(makespan >= bound && makespan <= boundWithFailures, `${makespan}, expected ${bound} to ${boundWithFailures}`);
});

test('equal settings give equal histories', async () => {
  const one = await simulate(HARSH, 5000, { chunk: 7, pollMs: MINUTE });
  const two = await simulate(HARSH, 5000, { chunk: 7, pollMs: MINUTE });
  assert.equal(one.history, two.history);
  assert.notEqual((await simulate({ ...HARSH, seed: 8 }, 5000, { chunk: 7, pollMs: MINUTE })).history, one.history);
});

test('without failures the makespan is within an element of the bound', async () => {
  const calm: World = { ...HARSH, poison: 0, stragglers: 0, nodeFailureMs: Number.POSITIVE_INFINITY, preemptionMs: Number.POSITIVE_INFINITY };
  const { makespan, promise, cluster } = await simulate(calm, 20_000, { chunk: 10, pollMs: MINUTE });
  assert.equal(cluster.begun, 2000, 'no element twice');
  assert.equal(cluster.wastedMs, 0);
  assert.ok(makespan <= promise, `${makespan} against ${promise}`);
});

test('a ledger that takes half a minute to list is listed for 2 % of the time, and nothing waits for it', async () => {
  const calm: World = { ...HARSH, poison: 0, nodeFailureMs: Number.POSITIVE_INFINITY, preemptionMs: Number.POSITIVE_INFINITY };
  const quick = await simulate(calm, 10_000, { chunk: 10, pollMs: MINUTE / 4 });
  const slow = await simulate({ ...calm, listingMs: MINUTE / 2 }, 10_000, { chunk: 10, pollMs: MINUTE / 4 });
  const spent = (slow.cluster.listings * MINUTE) / 2;
  // One when the level begins, one at the first look.
  assert.ok(spent <= MINUTE + 0.02 * slow.cluster.now, `${slow.cluster.listings} listings in ${slow.cluster.now / MINUTE} minutes`);
  assert.ok(slow.makespan <= quick.makespan + MINUTE / 2, `${slow.makespan} against ${quick.makespan}`);
});

test(
  FULL ? 'a million tasks on a thousand cores with failures' : 'a hundred thousand tasks on a thousand cores with failures (REFINE_FULL=1: a million)',
  async (t) => {
    const tasks = FULL ? 1_000_000 : 100_000;
    const world: World = { ...HARSH, nodes: 100, poison: 0.00002, nodeFailureMs: 7 * 24 * 60 * MINUTE, preemptionMs: 2 * MINUTE };
    const { makespan, bound, boundWithFailures, heapBytes, cluster, failed } = await simulate(world, tasks, {
      chunk: FULL ? 25 : 10,
      pollMs: FULL ? 20 * MINUTE : 2 * MINUTE,
    });
    t.diagnostic(
      `${tasks} tasks: makespan ${(makespan / bound).toFixed(3)} of the least and ${(makespan / boundWithFailures).toFixed(3)} of the most, ${failed.length} failed, ${cluster.begun} elements, ${cluster.lost} taken, ` +
        `${((cluster.wastedMs / (bound * 1000)) * 100).toFixed(2)} % of the work lost, ${Math.round(heapBytes / tasks)} bytes of heap a task`,
    );
    assert.equal(failed.length, Array.from({ length: tasks }, (_, number) => number).filter((number) => isPoison(world, number)).length);
    assert.ok(makespan <= boundWithFailures, `${makespan} against ${boundWithFailures}`);
    assert.ok(heapBytes / tasks < 4000, `${heapBytes / tasks} bytes a task`);
  },
);
