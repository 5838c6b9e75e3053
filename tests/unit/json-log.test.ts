// The log for machines: event names that stay, whole lines, no secrets. Names are those of infra/docs/observability.md.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { packagePath } from '../../native/package-root.js';
import { jsonLines, openJsonLog } from '../../pipeline/json-log.js';
import { withoutSecrets } from '../../pipeline/without-secrets.js';
import { someEvents } from '../support/run-events.js';

type Line = Readonly<Record<string, unknown>> & { readonly event: string };

function linesOf(events = someEvents()): Line[] {
  let text = '';
  let at = 0;
  const progress = jsonLines(
    (line) => (text += line),
    () => new Date(1000 * at++),
  );
  for (const event of events) progress(event);
  assert.ok(text.endsWith('\n'));
  return text
    .slice(0, -1)
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

test('each event is a line with its time, and the documentation names every event', async () => {
  const lines = linesOf([...someEvents(), { type: 'end', code: 'ERR_REFINE_TASKS_FAILED' }]);
  assert.deepEqual(
    lines.map(({ event }) => event),
    ['run-start', 'level-start', 'task-start', 'task-start', 'retry', 'task-start', 'task-done', 'task-failed', 'warning', 'run-end'],
  );
  const page = await readFile(packagePath('infra', 'docs', 'observability.md'), 'utf8');
  for (const { event } of lines) assert.ok(page.includes(`\`${event}\``), event);
  assert.equal(lines[0]!.time, '1970-01-01T00:00:01.000Z');
  assert.deepEqual(lines[6], {
    time: lines[6]!.time,
    event: 'task-done',
    task: 'a',
    kind: 'map',
    label: 'map 000000 a.warc.gz',
    level: 'map 1/2',
    rowsIn: 10,
    rowsOut: 6,
    bytes: 150,
    wallMs: 2000,
    cpuMs: 1500,
    peakBytes: 5,
  });
  assert.deepEqual([lines[5]!.attempt, lines[9]!.state, lines[9]!.code], [2, 'failed', 'ERR_REFINE_TASKS_FAILED']);
  assert.equal(linesOf([{ type: 'end' }])[0]!.state, 'finished');
  assert.equal(linesOf([{ type: 'end', code: 'ERR_REFINE_INTERRUPTED' }])[0]!.state, 'interrupted');
});

test('users, passwords and queries of URLs are not in the log; what names the file is', () => {
  const text = JSON.stringify(linesOf());
  assert.doesNotMatch(text, /secret|Signature|user/);
  assert.match(text, /https:\/\/host\/b\.warc\.gz/);
  assert.equal(withoutSecrets('s3://key:pw@bucket/a/b?versionId=1#x, then http://h/p'), 's3://bucket/a/b, then http://h/p');
  assert.equal(withoutSecrets('is 5 > 3? yes; a@b.c'), 'is 5 > 3? yes; a@b.c');
});

test('a log file is appended to, and a folder that is not there is said before the run begins', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'refine-log-'));
  try {
    const path = join(folder, 'log.jsonl');
    for (let i = 0; i < 2; i++) {
      const log = openJsonLog(path, () => new Date(0));
      log.progress({ type: 'warning', message: `w${i}` });
      log.close();
    }
    assert.equal(await readFile(path, 'utf8'), [0, 1].map((i) => `{"time":"1970-01-01T00:00:00.000Z","event":"warning","message":"w${i}"}\n`).join(''));
    assert.throws(() => openJsonLog(join(folder, 'no', 'log')), { code: 'ERR_REFINE_USAGE' });
  } finally {
    await rm(folder, { recursive: true });
  }
});
