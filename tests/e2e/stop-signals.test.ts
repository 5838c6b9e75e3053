// A command that SIGINT or SIGTERM stops ends with 128 and the signal's number (130, 143), as a shell says of any program: by its own
// exit code where it heeds the signal, of the signal itself where it does not. All wait here for a server that never answers.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type RunningCli, startRefine } from '../support/cli.js';

const scratch = mkdtempSync(join(tmpdir(), 'refine-signals-'));
let server: Server;
let origin: string;
/** Called at the next request; no answer is given. */
let asked: () => void = () => undefined;

before(async () => {
  server = createServer(() => asked());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
  rmSync(scratch, { recursive: true, force: true });
});

const RUN = '{run}';
const STORED = '{stored}';
const MANIFEST = '{manifest}';
const COMMANDS: readonly (readonly string[])[] = [
  ['run', MANIFEST, '--out', '{out}', '--workers', '1'],
  ['plan', MANIFEST],
  ['try', 'extract', '-'], // what is piped into it does not end
  ['status', STORED, '--watch'],
  ['stats', RUN],
  ['report', RUN, '-o', '{out}.html'],
  ['check', RUN],
  ['inspect', RUN],
  ['sample', RUN, '-n', '1', '-o', '{out}.jsonl'],
  ['search', RUN, 'word'],
  ['export', RUN, '--format', 'jsonl', '-o', '{out}'],
  ['remove', STORED, '--list', '{list}', '--dry-run'],
  ['load', RUN, '--batch-size', '1', '--seq-len', '8'],
];

async function stopped(words: readonly string[], signal: NodeJS.Signals, number: number): Promise<{ readonly code: number; readonly stderr: string }> {
  const out = join(scratch, `${words[0]}-${number}`);
  const manifest = `${out}.yaml`;
  writeFileSync(manifest, `name: waits\nsource: { warc: ${origin}/crawl.warc.gz }\nsteps: [extract]\n`);
  const list = `${out}.list`;
  writeFileSync(list, 'https://a.test/\n');
  const values: Record<string, string> = { run: `${origin}/run`, stored: 's3://bucket/run', manifest, out, origin, list };
  const args = words.map((word) => word.replace(/\{(\w+)\}/g, (_, name: string) => values[name]!));
  const reached = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const running: RunningCli = startRefine(args, {
    stdin: 'pipe',
    env: { AWS_ENDPOINT_URL: origin, AWS_REGION: 'x-test-1', AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b', XDG_CACHE_HOME: join(scratch, 'cache') },
  });
  const early = await Promise.race([words[0] === 'try' ? sleep(1500) : reached, running.done]);
  assert.equal(early, undefined, `ended before it asked the server: ${early?.stderr}`);
  running.child.kill(signal);
  const { code, signal: by, stderr } = await running.done;
  if (by !== null) assert.equal(by, signal, stderr);
  return { code: code ?? 128 + number, stderr };
}

for (const words of COMMANDS) {
  test(`refine ${words[0]} ends with 130 at SIGINT, with 143 at SIGTERM`, { timeout: 60_000 }, async () => {
    for (const [signal, number] of [
      ['SIGINT', 2],
      ['SIGTERM', 15],
    ] as const) {
      const { code, stderr } = await stopped(words, signal, number);
      assert.equal(code, 128 + number, `${signal}: ${stderr}`);
      assert.doesNotMatch(stderr, /ERR_REFINE_INTERNAL/);
    }
  });
}
