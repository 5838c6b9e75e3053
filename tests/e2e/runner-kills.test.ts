// Whatever is killed at whatever instant, the same command again gives the same bytes.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runManifest } from '../../pipeline/runner.js';
import { ALL_STEPS, corpus, finalBytes, leftovers, manifestOf, runOptions, type StepText, writeCorpus } from '../support/runner-world.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-kills-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const input = join(folder, 'in');
const parent = fileURLToPath(new URL('../support/runner-parent.js', import.meta.url));
let paths: string[] = [];
let expected: Record<string, string> = {};

before(async () => {
  paths = writeCorpus(input, corpus(3, 40, 11));
  await runManifest(manifestOf(input, paths, ALL_STEPS), runOptions(join(folder, 'undisturbed')));
  expected = finalBytes(join(folder, 'undisturbed'));
});

/** Runs the parent process; killed after `killAfterMs`, or sent `signal` once its tasks are under way, unless it ended before. */
function run(
  out: string,
  options: { steps?: readonly StepText[]; killAfterMs?: number; signal?: NodeJS.Signals; fault?: object; run?: object } = {},
): Promise<{ code: number | null; text: string }> {
  const job = { folder: input, paths, steps: options.steps ?? ALL_STEPS, out, options: options.run };
  const env = { ...process.env, ...(options.fault === undefined ? {} : { REFINE_TEST_FAULT: JSON.stringify(options.fault) }) };
  const child = spawn(process.execPath, [parent, JSON.stringify(job)], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  child.stdout.on('data', (chunk) => (text += chunk));
  child.stderr.on('data', (chunk) => (text += chunk));
  const { killAfterMs, signal } = options;
  const timer = killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  const begun = (): boolean => existsSync(join(out, 'ledger', 'plan.json'));
  const watch = setInterval(() => {
    if (signal === undefined || !begun()) return;
    clearInterval(watch);
    child.kill(signal);
  }, 20);
  return new Promise((resolve) =>
    child.on('close', (code) => {
      clearTimeout(timer);
      clearInterval(watch);
      resolve({ code, text });
    }),
  );
}

/** Nothing that stands under a final name differs from the undisturbed run's. */
function assertNoHalfFiles(out: string): void {
  for (const [path, sha256] of Object.entries(finalBytes(out))) if (!path.endsWith('.part')) assert.equal(sha256, expected[path], path);
}

test('the parent killed at 8 instants of a run: the resumed run ends with the same bytes', async () => {
  const out = join(folder, 'parent');
  let killed = 0;
  for (let i = 0; i < 8; i++) {
    const { code } = await run(out, { killAfterMs: 250 + ((i * 397) % 700) });
    if (code === null) killed++;
    assertNoHalfFiles(out);
  }
  assert.ok(killed >= 2, `${killed} of 8 kills came in time`);
  const { code, text } = await run(out);
  assert.equal(code, 0, text);
  assert.deepEqual(finalBytes(out), expected);
  assert.deepEqual(leftovers(out), []);
});

for (const moment of ['write', 'before-rename', 'after-rename'] as const) {
  test(`a worker killed at the moment "${moment}" of one of its files: its task is tried again, and the bytes are the same`, async () => {
    for (const at of [4, 11]) {
      const out = join(folder, `${moment}-${at}`);
      const note = join(folder, `${moment}-${at}.note`);
      const { code, text } = await run(out, { fault: { moment, at, note } });
      if (code === null) assertNoHalfFiles(out); // the parent writes files too, and it was the one to die
      assert.ok(existsSync(note), `nobody was killed\n${text}`);
      const again = await run(out);
      assert.equal(again.code, 0, again.text);
      assert.deepEqual(finalBytes(out), expected);
      assert.deepEqual(leftovers(out), []);
    }
  });
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`${signal} stops the run cleanly with 130, and it goes on later`, async () => {
    const out = join(folder, signal);
    const steps: StepText[] = [['trouble', { 'sleep-ms': 40 }], ...ALL_STEPS];
    const { code, text } = await run(out, { steps, signal });
    assert.equal(code, 130, text);
    assert.match(text, /ERR_REFINE_INTERRUPTED .*Run the same command again to go on/);
    assert.deepEqual(leftovers(out), []);
    const again = await run(out, { steps: [['trouble', { 'sleep-ms': 40 }], ...ALL_STEPS] });
    assert.equal(again.code, 0, again.text);
    assert.deepEqual(tokenShards(out), tokenShards(join(folder, 'undisturbed')));
  });
}

function tokenShards(out: string): (string | undefined)[] {
  const files = finalBytes(out);
  return readdirSync(join(out, 'tokens')).map((name) => files[`tokens/${name}`]);
}
