// infra/fuzz/run.mjs over targets that are scripts, in a small tree of its own: processor minutes in slices, targets that do not start,
// crashes, and processes that write the books at the same time.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { packagePath } from '../../native/package-root.js';

const root = mkdtempSync(join(tmpdir(), 'refine-fuzz-run-'));
after(() => rmSync(root, { recursive: true }));
for (const folder of ['infra/fuzz', 'infra/docs', 'kernels/x/tests', 'binaries']) mkdirSync(join(root, folder), { recursive: true });
copyFileSync(packagePath('infra', 'fuzz', 'run.mjs'), join(root, 'infra', 'fuzz', 'run.mjs'));
for (const name of ['one_fuzz', 'two_fuzz']) writeFileSync(join(root, 'kernels', 'x', 'tests', `${name}.cpp`), '');
const BOOKS = join(root, 'infra', 'docs', 'fuzzing.json');
const EARLIER = { target: 'two_fuzz', engine: 'x', minutes: 3, executions: 5, findings: 'none' };

interface Session {
  readonly target: string;
  readonly minutes: number;
  readonly executions: number;
  readonly findings: string;
}
const sessions = () => (JSON.parse(readFileSync(BOOKS, 'utf8')) as { sessions: Session[] }).sessions;

/** Some 0.6 s of processor time. */
const BURN = `const used = () => process.cpuUsage().user + process.cpuUsage().system;
    for (let n = 0; used() < 600_000; ) for (const to = n + 1e6; n < to; ) n++;`;

/** New books with one session, and a target one_fuzz that is this program, whose arguments are `given`. */
function world(program: string, mode = 0o755): void {
  writeFileSync(BOOKS, JSON.stringify({ sessions: [EARLIER] }));
  writeFileSync(join(root, 'infra', 'docs', 'fuzzing.md'), '<!-- totals: made by infra/fuzz/run.mjs -->\n<!-- end of totals -->\n');
  rmSync(join(root, 'binaries', 'one_fuzz'), { force: true });
  writeFileSync(join(root, 'binaries', 'one_fuzz'), `#!${process.execPath}\nconst given = process.argv.slice(2);\n${program}`, { mode });
}

function run(minutes: string) {
  const args = ['--minutes', minutes, '--target', 'one_fuzz', '--binaries', join(root, 'binaries'), '--corpus', join(root, 'corpus')];
  const child = spawn(process.execPath, [join(root, 'infra', 'fuzz', 'run.mjs'), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += String(chunk)));
  const ended = new Promise<number | null>((done) => child.on('close', done));
  return { ended, said: () => said };
}

test('minutes are the target’s processor time: it is started again until they are reached, however long it sleeps', async () => {
  const log = join(root, 'starts.jsonl');
  writeFileSync(log, '');
  world(`
    if (given[0] === '-help=1') process.exit(0);
    ${BURN}
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 900);
    const { user, system } = process.cpuUsage();
    require('fs').appendFileSync(${JSON.stringify(log)}, JSON.stringify({ seconds: Number(given[1]), cpu: (user + system) / 1e6 }) + '\\n');
    console.log('7 runs');`);
  const { ended, said } = run('0.1'); // six seconds, of which the last may be missing
  assert.equal(await ended, 0, said());
  const starts = readFileSync(log, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { seconds: number; cpu: number });
  const used = starts.reduce((sum, { cpu }) => sum + cpu, 0);
  assert.ok(used > 3.5, `${used} s of processor time in ${starts.length} starts`);
  assert.ok(
    starts[0]!.seconds === 6 &&
      starts.length > 3 &&
      starts.every(({ seconds }, n) => n === 0 || seconds <= starts[n - 1]!.seconds) &&
      starts.at(-1)!.seconds < 4,
    `each start is given what is left: ${JSON.stringify(starts)}`,
  );
  const [, session] = sessions();
  assert.deepEqual(session, { target: 'one_fuzz', engine: 'home loop, ASan + UBSan', minutes: 0.1, executions: 7 * starts.length, findings: 'none' });
  assert.match(readFileSync(join(root, 'infra', 'docs', 'fuzzing.md'), 'utf8'), new RegExp(`\\| one_fuzz \\| 0\\.1 \\| ${7 * starts.length} \\|`));
});

test('a target that does not start is an error: no session, no finding, no minutes', async () => {
  world('', 0o644);
  const { ended, said } = run('0.1');
  assert.equal(await ended, 1);
  assert.match(said(), /one_fuzz did not start: .*EACCES/);
  assert.deepEqual(sessions(), [EARLIER]);
});

test('a target that fails is a crash, in the books and in the exit code', async () => {
  world("if (given[0] === '-help=1') process.exit(0); console.error('heap-use-after-free'); process.exit(1);");
  const { ended, said } = run('0.1');
  assert.equal(await ended, 1, said());
  assert.deepEqual(
    sessions().map(({ findings }) => findings),
    ['none', 'a crash, kept beside the corpus'],
  );
});

test('what another process wrote into the books meanwhile stays, and two do not write at once', async () => {
  const other = { ...EARLIER, executions: 99 };
  world(`
    if (given[0] === '-help=1') process.exit(0);
    const fs = require('fs');
    const books = JSON.parse(fs.readFileSync(${JSON.stringify(BOOKS)}, 'utf8'));
    if (books.sessions.length === 1) fs.writeFileSync(${JSON.stringify(BOOKS)}, JSON.stringify({ sessions: [...books.sessions, ${JSON.stringify(other)}] }));
    ${BURN}
    console.log('1 runs');`);
  mkdirSync(`${BOOKS}.lock`);
  const { ended, said } = run('0.02');
  while (!said().includes('one_fuzz')) await sleep(50);
  await sleep(500);
  assert.deepEqual(sessions(), [EARLIER, other], 'it waits for whoever writes');
  writeFileSync(BOOKS, JSON.stringify({ sessions: [...sessions(), EARLIER] }));
  rmdirSync(`${BOOKS}.lock`);
  assert.equal(await ended, 0, said());
  assert.deepEqual(
    sessions().map(({ target, executions }) => [target, executions]),
    [
      ['two_fuzz', 5],
      ['two_fuzz', 99],
      ['two_fuzz', 5],
      ['one_fuzz', 1],
    ],
  );
});
