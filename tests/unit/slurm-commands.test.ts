// What Slurm's commands are given, word for word, and how their answers are read.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ArrayJob } from '../../pipeline/executors/engine.js';
import { executorSchema } from '../../pipeline/executors/settings-schema.js';
import {
  configNumber,
  indices,
  newestJob,
  parseSqueue,
  refusalOf,
  SCRIPT,
  sbatchArguments,
  submittedJob,
  timeText,
} from '../../pipeline/executors/slurm/commands.js';
import { slurmResources } from '../../pipeline/executors/slurm/resources.js';

const HOSTILE = `it's "a" $(touch pwned) \`touch pwned\` %a %j ;& | > x --wrap=touch pwned`;

function job(more: Partial<ArrayJob> = {}): ArrayJob {
  const resources = slurmResources(
    executorSchema.parse({ slurm: { cpus: 4, memory: '8GiB', time: '90m', partition: 'main', account: 'lab', gres: 'gpu:1', extra: ['--constraint=zen4'] } }),
    [],
  );
  return {
    name: 'refine-0a1b2c3d-0001-map-0',
    runFolder: '/runs/a',
    folder: '/runs/a/scratch/executor/0001-map-0',
    command: ['node', 'refine.mjs', 'worker', '/runs/a'],
    elements: 12,
    resources,
    ...more,
  };
}

test('sbatch gets every word as an argument of its own', () => {
  assert.deepEqual(sbatchArguments(job(), '/runs/a/scratch/executor/start.sh', { stopBefore: 60 }), [
    '--parsable',
    '--job-name=refine-0a1b2c3d-0001-map-0',
    '--array=0-11',
    '--nodes=1',
    '--ntasks=1',
    '--cpus-per-task=4',
    '--mem=8192M',
    '--time=01:30:00',
    '--signal=B:USR2@60',
    '--chdir=/',
    '--output=/runs/a/scratch/executor/0001-map-0/%a.log',
    '--open-mode=append',
    '--partition=main',
    '--account=lab',
    '--gres=gpu:1',
    '--requeue',
    '--constraint=zen4',
    '/runs/a/scratch/executor/start.sh',
    'node',
    'refine.mjs',
    'worker',
    '/runs/a',
  ]);
});

test('a driver is a job of its own that waits for others however they end', () => {
  const args = sbatchArguments(job({ single: true, elements: 1, after: ['7', '9'], name: 'refine-0a1b2c3d-driver' }), 's', { stopBefore: 60 });
  assert.ok(args.includes('--dependency=afterany:7:9'));
  assert.ok(args.includes('--output=/runs/a/scratch/executor/0001-map-0/refine-0a1b2c3d-driver.log'));
  assert.ok(!args.some((arg) => arg.startsWith('--array') || arg.startsWith('--signal')));
});

test('of several jobs of one name the newest is found, in whatever order squeue lists them', () => {
  assert.equal(newestJob('9\n107\n107\n23\n'), '107');
  assert.equal(newestJob(''), null);
  for (const cut of ['107', 'Last login\n', '9\nx\n']) assert.equal(newestJob(cut), undefined, cut);
});

test('a run folder of any name is one argument, has no part in a pattern, and the script that starts it reads no word of it', () => {
  const folder = `/runs/${HOSTILE}`;
  const command = [process.execPath, '-e', 'console.log(JSON.stringify(process.argv.slice(1)))', folder, '--level', HOSTILE];
  const args = sbatchArguments(job({ folder, command }), `${folder}/start.sh`, { stopBefore: 0 });
  assert.equal(args.filter((arg) => arg.includes(HOSTILE)).length, 3); // the script, and two words of the command
  assert.ok(args.includes(`--output=${folder.replaceAll('%', '%%')}/%a.log`)); // sbatch reads patterns in the whole path
  assert.throws(() => sbatchArguments(job({ folder: '/runs/back\\slash' }), 's', { stopBefore: 0 }), /has a backslash/);
  const dir = mkdtempSync(join(tmpdir(), 'refine-slurm-'));
  try {
    writeFileSync(join(dir, 'start.sh'), SCRIPT);
    const said = execFileSync('/bin/sh', [join(dir, 'start.sh'), ...command], { cwd: dir, encoding: 'utf8' });
    assert.deepEqual(JSON.parse(said), [folder, '--level', HOSTILE]);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

test('words of a manifest that would be another option or a second word are refused', () => {
  for (const slurm of [
    { partition: '--wrap=x' },
    { partition: 'a b' },
    { account: '$(x)' },
    { gres: 'gpu:1 --wrap' },
    { extra: ['-J x'] },
    { extra: ['script.sh'] },
  ])
    assert.equal(executorSchema.safeParse({ slurm }).success, false, JSON.stringify(slurm));
});

test('a job that runs several steps takes the most of each; partitions must agree', () => {
  const block = executorSchema.parse({
    slurm: {
      cpus: 2,
      time: '1h',
      steps: {
        classify: { gres: 'gpu:1', partition: 'gpu', time: '2h' },
        perplexity: { gres: 'gpu:2,scratch:1', memory: '64GiB', extra: ['--exclusive'] },
        url: { partition: 'main' },
      },
    },
  });
  const { cpus, memoryBytes, timeMs, gpus, extra } = slurmResources(block, ['extract', 'classify', 'perplexity']);
  assert.deepEqual({ cpus, memoryBytes, timeMs, gpus }, { cpus: 2, memoryBytes: 64 * 1024 ** 3, timeMs: 7_200_000, gpus: 2 });
  assert.deepEqual(extra, ['--partition=gpu', '--gres=gpu:2,scratch:1', '--requeue', '--exclusive']);
  assert.deepEqual(slurmResources(block, []).extra, ['--requeue']);
  assert.throws(() => slurmResources(block, ['classify', 'url']), /classify wants gpu, url wants main/);
});

test('memory is asked for by workers where nothing says more', () => {
  assert.equal(slurmResources({ workers: 4 }, []).memoryBytes, 4 * 1.25 * 1024 ** 3 + 512 * 1024 ** 2);
});

test('time limits are days and clock; Slurm counts no less than a minute', () => {
  assert.equal(timeText(1000), '00:01:00');
  assert.equal(timeText(4 * 3_600_000), '04:00:00');
  assert.equal(timeText(49 * 3_600_000 + 61_500), '2-01:01:02');
});

test('squeue: elements that ended, run and wait, ranges unfolded, exit codes told apart', () => {
  const states = parseSqueue(
    [
      '6|1-4:3,7%1|PENDING|0||JobArrayTaskLimit|',
      '6|0|RUNNING|0|n1|None|',
      '6|2|FAILED|1792|n2|NonZeroExitCode|',
      '6|3|FAILED|31744|n2|NonZeroExitCode|', // 124: told that its time is nearly over
      '6|5|FAILED|36608|n2|NonZeroExitCode|', // 143: told to stop
      '6|6|FAILED|11|n2|RaisedSignal:11(Segmentation_fault)|',
      '8|N/A|NODE_FAIL|0|n1|None|',
      '9|0|OUT_OF_MEMORY|9|n1|OutOfMemory|',
      '9|1|TIMEOUT|15|n1|TimeLimit|',
      '9|2|CANCELLED|15|n1|None|',
      '9|3|COMPLETED|0|n1|None|',
      '9|4|REQUEUE_HOLD|0||launch_failed_requeued_held|',
      '',
    ].join('\n'),
  )!;
  assert.deepEqual(
    [...states.get('6')!].sort(([a], [b]) => a - b).map(([index, { state, reason }]) => [index, state, reason]),
    [
      [0, 'running', undefined],
      [1, 'waiting', 'JobArrayTaskLimit'],
      [2, 'failed', 'exit code 7'],
      [3, 'time', 'exit code 124'],
      [4, 'waiting', 'JobArrayTaskLimit'],
      [5, 'taken', 'exit code 143'],
      [6, 'failed', 'signal 11'],
      [7, 'waiting', 'JobArrayTaskLimit'],
    ],
  );
  assert.deepEqual(states.get('8')!.get(0), { state: 'taken', reason: 'NODE_FAIL', node: 'n1' });
  assert.deepEqual(
    [...states.get('9')!.values()].map(({ state }) => state),
    ['memory', 'time', 'cancelled', 'done', 'waiting'],
  );
  assert.equal(states.get('7'), undefined);
});

test("ranges of a pending array's elements", () => {
  assert.deepEqual(indices('[0-2,5%2]'), [0, 1, 2, 5]);
  assert.deepEqual(indices('3'), [3]);
  assert.deepEqual(indices('0-6:3'), [0, 3, 6]);
});

test('sbatch: its answer, and whether a refusal is for ever', () => {
  assert.equal(submittedJob('123\n'), '123');
  assert.equal(submittedJob('123;cluster\n'), '123');
  assert.equal(submittedJob('*** maintenance on Tuesday ***\n123\n'), '123');
  for (const cut of ['', '1', '12;clu', 'Submitted batch job\n', 'Submitted batch job 123\n']) assert.equal(submittedJob(cut), null, cut);
  assert.equal(
    refusalOf(
      'sbatch: error: AssocMaxSubmitJobLimit\nsbatch: error: Batch job submission failed: Job violates accounting/QOS policy (job submit limit, the user size and/or time limits)',
    ),
    'full',
  );
  assert.equal(refusalOf('sbatch: error: Slurm temporarily unable to accept job, sleeping and retrying'), 'full');
  assert.equal(refusalOf('sbatch: error: Batch job submission failed: Socket timed out on send/recv operation'), 'silent');
  assert.equal(refusalOf('sbatch: error: Batch job submission failed: Invalid account or account/partition combination specified'), 'refused');
  assert.equal(configNumber('MaxArraySize            = 1001\nMaxJobCount             = 10000\n', 'MaxArraySize'), 1001);
  assert.equal(configNumber('', 'MaxArraySize'), null);
  assert.equal(configNumber('MaxArraySize            = 10', 'MaxArraySize'), null, 'cut: it may go on');
});
