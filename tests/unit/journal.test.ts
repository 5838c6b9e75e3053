// What a dead worker leaves of where it was.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { JournalReader } from '../../pipeline/journal.js';

test('the last place stands in the journal whatever kills the process, and a damaged record says nothing', () => {
  const journal = JournalReader.open()!;
  assert.deepEqual(journal.position(), { at: 'none' });
  const code = (rest: string): string =>
    `const { JournalWriter } = await import(${JSON.stringify(new URL('../../pipeline/journal.js', import.meta.url).href)}); const w = new JournalWriter(3); ${rest}`;
  const run = (rest: string) => spawnSync(process.execPath, ['--input-type=module', '-e', code(rest)], { stdio: ['ignore', 'ignore', 'ignore', journal.fd] });
  assert.equal(run("w.at('reading'); w.step(4, 256, 4294967295, true); process.kill(process.pid, 'SIGKILL'); for (;;);").signal, 'SIGKILL');
  assert.deepEqual(journal.position(), { at: 'step', step: 4, first: 256, last: 4294967295, shadow: true });
  assert.notEqual(run("w.at('writing'); process.abort();").status, 0);
  assert.deepEqual(journal.position(), { at: 'writing' });
  run("(await import('node:fs')).writeSync(3, Buffer.from([9]), 0, 1, 0);");
  assert.deepEqual(journal.position(), { at: 'none' });
  journal.close();
});
