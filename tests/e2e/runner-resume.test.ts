// A run folder belongs to its lock file, its parent and its inputs; what is done stays done, what is gone is made again.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { processStart } from '../../pipeline/platform.js';
import { readRun } from '../../pipeline/run-folder.js';
import { runManifest } from '../../pipeline/runner.js';
import { ALL_STEPS, corpus, finalBytes, leftovers, manifestOf, runOptions, type StepText, writeCorpus } from '../support/runner-world.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-resume-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const input = join(folder, 'in');
const paths = writeCorpus(input, corpus(3, 40, 5));
const manifest = manifestOf(input, paths, ALL_STEPS);

test('a finished run does nothing again, also when its scratch is removed; what is lost is made again, byte for byte', async () => {
  const out = join(folder, 'again');
  const first = await runManifest(manifest, runOptions(out));
  const expected = finalBytes(out);
  assert.equal(first.tasks.reused, 0);
  const second = await runManifest(manifest, runOptions(out));
  assert.deepEqual(second.tasks, { ran: 0, reused: first.tasks.ran });
  assert.deepEqual({ ...second, tasks: 0, wallMs: 0 }, { ...first, tasks: 0, wallMs: 0 });

  truncateSync(join(out, 'tokens', '000001.arrow'), 100);
  const third = await runManifest(manifest, runOptions(out));
  assert.equal(third.tasks.ran, 1);
  assert.deepEqual(finalBytes(out), expected);

  rmSync(join(out, 'scratch'), { recursive: true });
  assert.equal((await runManifest(manifest, runOptions(out))).tasks.ran, 0);
  unlinkSync(join(out, 'text', '000002.arrow'));
  const fourth = await runManifest(manifest, runOptions(out));
  assert.ok(fourth.tasks.ran > 1, 'scratch had to be made again');
  assert.deepEqual(finalBytes(out), expected);
});

test('another manifest is refused with the first differing key; --update redoes only what changed', async () => {
  const out = join(folder, 'update');
  const before = await runManifest(manifest, runOptions(out));
  const steps: StepText[] = [...ALL_STEPS.slice(0, 3), ['words', { 'min-words': 6 }, 'words-again'], 'bytes'];
  const changed = manifestOf(input, paths, steps);
  await assert.rejects(runManifest(changed, runOptions(out)), {
    code: 'ERR_REFINE_RUN_DIFFERS',
    message: /words-again\.min-words is 4 there and 6 now\. Run into another folder with --out, or .* --update/,
  });
  const other = manifestOf(input, paths, ALL_STEPS.slice(0, 2));
  await assert.rejects(runManifest(other, runOptions(out)), { code: 'ERR_REFINE_RUN_DIFFERS', message: /steps\[2\] is near-text there and nothing now/ });

  const updated = await runManifest(changed, runOptions(out, { update: true }));
  assert.deepEqual(updated.tasks, { ran: 4, reused: before.tasks.ran - 4 }, 'three last maps and the index');
  await runManifest(changed, runOptions(join(folder, 'fresh')));
  assert.deepEqual(finalBytes(out), finalBytes(join(folder, 'fresh')));
  assert.equal((await readRun(out)).lock.updates, 1);

  const fewer = manifestOf(input, paths.slice(0, 2), steps);
  await assert.rejects(runManifest(fewer, runOptions(out)), { code: 'ERR_REFINE_RUN_DIFFERS', message: /paths/ });
  await runManifest(fewer, runOptions(out, { update: true }));
  await runManifest(fewer, runOptions(join(folder, 'fewer')));
  assert.deepEqual(finalBytes(out), finalBytes(join(folder, 'fewer')));
  assert.deepEqual(readdirSync(join(out, 'text')), ['000000.arrow', '000001.arrow']);
  const named = new Set((await readRun(out)).entries.map((entry) => `${entry.task}.json`));
  assert.deepEqual(new Set(readdirSync(join(out, 'ledger')).filter((name) => name !== 'plan.json')), named, 'the ledger forgets what no task names');
  await runManifest(manifest, runOptions(out, { update: true }));
  await runManifest(manifest, runOptions(join(folder, 'back')));
  assert.deepEqual(finalBytes(out), finalBytes(join(folder, 'back')));
});

test('an input that changed, vanished or was never there fails its task by name, and --update takes the new one', async () => {
  const here = join(folder, 'changing');
  writeCorpus(here, corpus(3, 20, 9));
  const out = join(folder, 'changed');
  const steady = manifestOf(here, paths, ALL_STEPS);
  await runManifest(steady, runOptions(out));
  appendFileSync(join(here, 'in-01.jsonl'), `${JSON.stringify({ id: 'new', url: '', text: 'one two three four five' })}\n`);
  await assert.rejects(runManifest(steady, runOptions(out)), {
    code: 'ERR_REFINE_TASKS_FAILED',
    message: /ERR_REFINE_INPUT_CHANGED map 000001 in-01\.jsonl {2}changed since the run began: found local:\d+:.*--update/s,
  });
  const updated = await runManifest(steady, runOptions(out, { update: true }));
  assert.equal(updated.documents.in, 61);

  const gone = manifestOf(here, [...paths, 'in-03.jsonl'], ALL_STEPS);
  await assert.rejects(runManifest(gone, runOptions(join(folder, 'gone'))), {
    code: 'ERR_REFINE_TASKS_FAILED',
    message: /ERR_REFINE_INPUT map 000003 in-03\.jsonl {2}is gone/,
  });
  assert.deepEqual(finalBytes(join(folder, 'gone')), {});
  const state = await readRun(join(folder, 'gone'));
  assert.equal(state.entries.filter((entry) => entry.state === 'done').length, 3);

  const half = manifestOf(here, paths, [['trouble', { 'sleep-ms': 20 }], ...ALL_STEPS]);
  const vanishing = runManifest(
    half,
    runOptions(join(folder, 'half'), { workers: 1, progress: (event) => event.type === 'task' && rmSync(join(here, 'in-02.jsonl'), { force: true }) }),
  );
  await assert.rejects(vanishing, { code: 'ERR_REFINE_TASKS_FAILED', message: /1 task failed.*ERR_REFINE_INPUT map 000002 in-02\.jsonl {2}is gone/s });
});

test('--verify-inputs finds a file that was touched where its identity does not look', async () => {
  const here = join(folder, 'verify');
  writeCorpus(here, corpus(1, 20, 9));
  const out = join(folder, 'verified');
  const one = manifestOf(here, ['in-00.jsonl'], ALL_STEPS);
  await runManifest(one, runOptions(out));
  assert.equal((await runManifest(one, runOptions(out, { verifyInputs: true }))).tasks.ran, 0);
  const entry = (await readRun(out)).entries[0]!;
  const path = join(out, 'ledger', `${entry.task}.json`);
  writeFileSync(path, readFileSync(path, 'utf8').replace(/("bytesRead":\d+,"sha256":)"[0-9a-f]{64}"/, `$1"${'0'.repeat(64)}"`)); // as if another file had been read
  await assert.rejects(runManifest(one, runOptions(out, { verifyInputs: true })), {
    code: 'ERR_REFINE_TASKS_FAILED',
    message: /ERR_REFINE_INPUT_CHANGED .*changed since it was read/s,
  });
});

test('a second live parent is refused by pid and host; the lock of a dead one is taken over', async (t) => {
  const out = join(folder, 'locked');
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  t.after(() => child.kill('SIGKILL'));
  await new Promise((resolve) => child.once('spawn', resolve));
  await runManifest(manifest, runOptions(out));
  const lock = join(out, 'run.lock');
  const holder = { format: 1, pid: child.pid!, host: hostname(), start: processStart(child.pid!) };
  const refused = { code: 'ERR_REFINE_RUN_LOCKED', message: new RegExp(`process ${child.pid} on host .* works in this run folder`) };
  writeFileSync(lock, JSON.stringify(holder));
  await assert.rejects(runManifest(manifest, runOptions(out)), refused);
  assert.equal(readFileSync(lock, 'utf8'), JSON.stringify(holder), 'the refused parent leaves the lock alone');
  writeFileSync(lock, JSON.stringify({ ...holder, host: 'elsewhere.example' }));
  await assert.rejects(runManifest(manifest, runOptions(out)), { code: 'ERR_REFINE_RUN_LOCKED', message: /on host elsewhere\.example .*delete/ });
  writeFileSync(lock, JSON.stringify({ ...holder, start: 'another boot:1' }));
  if (holder.start !== null) await runManifest(manifest, runOptions(out)); // the number was given to another process
  writeFileSync(lock, JSON.stringify(holder));
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('exit', resolve));
  await runManifest(manifest, runOptions(out));
  assert.ok(!existsSync(lock));
  writeFileSync(lock, '{"format":1,"pi'); // cut short by a crash of the machine
  await runManifest(manifest, runOptions(out));
  assert.deepEqual(leftovers(out), []);
});

test('of many parents that find the same stale lock, one runs at a time', async () => {
  const { lockRunFolder } = await import('../../pipeline/parent-lock.js');
  const out = mkdtempSync(join(folder, 'race-'));
  for (let round = 0; round < 20; round++) {
    writeFileSync(join(out, 'run.lock'), JSON.stringify({ format: 1, pid: 2 ** 22 - 1 - round, host: hostname(), start: 'gone' }));
    const settled = await Promise.allSettled(Array.from({ length: 8 }, () => lockRunFolder(out)));
    const held = settled.filter((result) => result.status === 'fulfilled');
    assert.equal(held.length, 1, `round ${round}`);
    for (const result of settled) if (result.status === 'rejected') assert.equal((result.reason as { code: string }).code, 'ERR_REFINE_RUN_LOCKED');
    await held[0]!.value.release();
    assert.deepEqual(readdirSync(out), []);
  }
});

test('the ticket of a taker that died is removed by the next parent, that of a living one is not', async () => {
  const { lockRunFolder } = await import('../../pipeline/parent-lock.js');
  const out = mkdtempSync(join(folder, 'tickets-'));
  const [dead, living] = ['run.lock.00112233445566aa', 'run.lock.00112233445566bb'];
  writeFileSync(join(out, dead), JSON.stringify({ format: 1, pid: 2 ** 22 - 1, host: hostname(), start: 'gone' }));
  writeFileSync(join(out, living), JSON.stringify({ format: 1, pid: process.pid, host: hostname(), start: null }));
  const lock = await lockRunFolder(out);
  assert.deepEqual(readdirSync(out).sort(), ['run.lock', living]);
  await lock.release();
});

test('a lock of another host is refused while its holder counts, and taken over by one once it does not', async () => {
  const { lockRunFolder } = await import('../../pipeline/parent-lock.js');
  const out = mkdtempSync(join(folder, 'lease-'));
  const path = join(out, 'run.lock');
  const beat = '00112233aabbccdd';
  writeFileSync(path, JSON.stringify({ format: 1, pid: 1, host: 'elsewhere.example', start: 'another:1', beat }));
  let count = 0;
  const counting = setInterval(() => writeFileSync(`${path}.beat-${beat}`, String(++count)), 100);
  const told: string[] = [];
  const settings = { leaseMs: 3000, beatMs: 100, notice: (sentence: string) => told.push(sentence) };
  await assert.rejects(lockRunFolder(out, settings), {
    code: 'ERR_REFINE_RUN_LOCKED',
    message: /process 1 on host elsewhere\.example works in this run folder/,
  });
  assert.match(told[0]!, /process 1 on host elsewhere\.example .*watching for up to 3 s/);
  clearInterval(counting);
  const settled = await Promise.allSettled(Array.from({ length: 4 }, () => lockRunFolder(out, { ...settings, leaseMs: 1000 })));
  const held = settled.filter((result) => result.status === 'fulfilled');
  assert.equal(held.length, 1);
  await held[0]!.value.release();
  assert.deepEqual(readdirSync(out), []);
});

test('a holder that was away too long finds its lock taken over and stops; the run that goes on has the same bytes', async () => {
  const out = join(folder, 'away');
  const slow = manifestOf(input, paths, [['trouble', { 'sleep-ms': 30 }], ...ALL_STEPS]);
  const lock = join(out, 'run.lock');
  const first = runManifest(slow, runOptions(out, { lock: { beatMs: 50 } }));
  first.catch(() => undefined);
  while (!existsSync(join(out, 'ledger', 'plan.json'))) await new Promise((resolve) => setTimeout(resolve, 10));
  writeFileSync(`${lock}.other`, JSON.stringify({ format: 1, pid: 4, host: 'elsewhere.example', start: 'another:4' }));
  renameSync(`${lock}.other`, lock); // what another host does that saw no count for a minute
  await assert.rejects(first, {
    code: 'ERR_REFINE_RUN_LOCKED',
    message: /was taken over by process 4 on host elsewhere\.example .*it stops here, finished tasks are kept/,
  });
  unlinkSync(lock);
  await runManifest(slow, runOptions(out));
  assert.deepEqual(leftovers(out), []);
  await runManifest(slow, runOptions(join(folder, 'not-away')));
  assert.deepEqual(finalBytes(out), finalBytes(join(folder, 'not-away')));
});

test('a ledger or lock of a newer format is refused with the next move', async () => {
  const out = join(folder, 'newer');
  await runManifest(manifest, runOptions(out));
  const lock = join(out, 'manifest.lock.json');
  writeFileSync(lock, readFileSync(lock, 'utf8').replace('"format": 1', '"format": 2'));
  await assert.rejects(runManifest(manifest, runOptions(out)), { code: 'ERR_REFINE_LEDGER', message: /has format 2, this refine reads format 1/ });
});
