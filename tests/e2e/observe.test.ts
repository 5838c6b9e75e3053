// A run watched: the JSON log adds up with the run's own counts, the metrics endpoint is told and ends with the run, status says
// finished; a run that fails says so by the same means. Inputs are four lines written here.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { RunStatus } from '../../pipeline/status.js';
import { refine } from '../support/cli.js';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'refine-observe-'));
  const text = 'This is a plain English sentence about the weather in the north, which people like to read in the morning.';
  const secret = 'the-text-that-no-log-may-hold';
  const lines = [0, 1, 2, 3].map((i) => JSON.stringify({ id: `d${i}`, url: `https://example.org/${i % 3}`, text: `${text} ${secret} ${i}` }));
  await writeFile(join(folder, 'docs.jsonl'), `${lines.join('\n')}\n`);
  await writeFile(join(folder, 'm.yaml'), 'name: watched\nsource: { jsonl: docs.jsonl }\nsteps:\n  - langid\n  - dedupe-url\n  - tokenize\n');
});
after(() => rm(folder, { recursive: true, force: true }));

test('log, metrics address and status of a run agree with what it did', async () => {
  const [out, log] = [join(folder, 'out'), join(folder, 'log.jsonl')];
  const result = await refine(['run', join(folder, 'm.yaml'), '--out', out, '--workers', '1', '--metrics', '127.0.0.1:0', '--log-json', log]);
  assert.equal(result.code, 0, result.stderr);
  assert.match(result.stderr, /metrics: http:\/\/127\.0\.0\.1:\d+\/metrics/);
  const text = readFileSync(log, 'utf8');
  assert.doesNotMatch(text, /no-log-may-hold/);
  const events = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { event: string; level?: string; number?: number; of?: number; rowsIn?: number; rowsOut?: number; kind?: string });
  assert.equal(events[0]!.event, 'run-start');
  assert.equal(events.at(-1)!.event, 'run-end');
  const count = (event: string): number => events.filter((one) => one.event === event).length;
  assert.equal(count('task-start'), count('task-done'));
  assert.deepEqual([count('task-failed'), count('retry')], [0, 0]);
  const levels = events.filter(({ event }) => event === 'level-start');
  assert.deepEqual(
    levels.map(({ number, of }) => [number, of]),
    levels.map((_, i) => [i + 1, levels.length]),
  );
  const maps = events.filter(({ event, kind }) => event === 'task-done' && kind === 'map');
  assert.deepEqual(
    maps.map(({ rowsIn, rowsOut }) => [rowsIn, rowsOut]),
    [
      [4, 4],
      [4, 3],
    ],
  );
  assert.ok(!existsSync(join(out, 'scratch', 'progress.json')));

  const status = await refine(['status', out, '--json']);
  assert.equal(status.code, 0);
  const told = JSON.parse(status.stdout) as RunStatus;
  assert.deepEqual([told.state, told.name, told.tasks.done, told.tasks.known], ['finished', 'watched', count('task-done'), count('task-done')]);
});

test('a run whose input is no JSON fails, and status says why and what next, with exit code 1', async () => {
  await writeFile(join(folder, 'bad.jsonl'), 'no json here\n');
  const out = join(folder, 'bad');
  const result = await refine(['run', join(folder, 'm.yaml'), '--set', 'source.jsonl=bad.jsonl', '--out', out, '--workers', '1', '--log-json', '-']);
  assert.equal(result.code, 1, result.stderr);
  const last = JSON.parse(result.stdout.trim().split('\n').at(-1)!) as { event: string; state: string; code: string };
  assert.deepEqual([last.event, last.state, last.code], ['run-end', 'failed', 'ERR_REFINE_TASKS_FAILED']);
  const status = await refine(['status', out]);
  assert.equal(status.code, 1, status.stdout);
  assert.match(status.stdout, /failed, it ended with ERR_REFINE_TASKS_FAILED/);
  assert.match(status.stdout, /1 x ERR_REFINE_INPUT {2}map \* bad\.jsonl/);
  assert.match(status.stdout, /next: /);
  assert.equal((await refine(['status', join(folder, 'nothing')])).code, 1);
});
