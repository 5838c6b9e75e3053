// Secrets planted where a real deployment has them (environment, user name and query of a URL, headers of credentials), then looked
// for in everything a run leaves and says: lock, ledger, manifest, shards, progress, report, stats, standard output and errors.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { refine } from '../support/cli.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-secrets-'));
const SECRET = 'pl4nted-Secret';
const env = {
  AWS_ACCESS_KEY_ID: `AKIA${SECRET}`,
  AWS_SECRET_ACCESS_KEY: `${SECRET}-key`,
  AWS_SESSION_TOKEN: `${SECRET}-token`,
  HF_TOKEN: `${SECRET}-hf`,
  NPM_TOKEN: `${SECRET}-npm`,
};
const body = Array.from(
  { length: 20 },
  (_, n) => `${JSON.stringify({ id: `d${n}`, url: `https://example.org/${n}`, text: `Document ${n} says something.` })}\n`,
).join('');
let server: Server;
let port = 0;
const said: string[] = [];

before(async () => {
  server = createServer((asked, answer) => {
    if (asked.url?.startsWith('/refused') === true) return answer.writeHead(403).end(`<Error><Code>Denied</Code></Error>`);
    if (asked.url?.startsWith('/cut') === true) return asked.socket.destroy();
    answer.writeHead(200, { 'content-length': Buffer.byteLength(body), etag: '"1"' });
    answer.end(asked.method === 'HEAD' ? undefined : body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
after(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function say(args: readonly string[]): Promise<number | null> {
  const { code, stdout, stderr } = await refine(args, { env });
  said.push(stdout, stderr);
  return code;
}

test('a secret in the environment or in a URL is in no file, no report, no log and no error of a run', async () => {
  const url = (path: string): string => `http://me:${SECRET}@127.0.0.1:${port}/${path}?X-Amz-Signature=${SECRET}&X-Amz-Credential=${SECRET}`;
  const run = join(folder, 'run');
  const good = join(folder, 'good.yaml');
  writeFileSync(good, `name: secrets\n# from ${url('in.jsonl')}\nsource: { jsonl: ["${url('in.jsonl')}"] }\nsteps: [dedupe-exact, tokenize]\n`);
  assert.equal(await say(['run', good, '--out', run, '--workers', '1', '--log-json', join(folder, 'log.jsonl')]), 0, said.join(''));
  assert.equal(await say(['status', run, '--json']), 0);
  // A new signature opens the same file: the run is the same run.
  writeFileSync(good, readFileSync(good, 'utf8').replaceAll(`=${SECRET}`, `=${SECRET}2`));
  assert.equal(await say(['run', good, '--out', run, '--workers', '1']), 0, said.join(''));
  for (const args of [
    ['stats', run, '--json'],
    ['report', run, '-o', join(folder, 'report.html'), '--card', join(folder, 'card.md')],
    ['inspect', run],
    ['doctor'],
    ['plan', good],
  ])
    await say(args);
  const bad = join(folder, 'bad.yaml');
  writeFileSync(bad, `name: bad\nsource: { jsonl: ["${url('missing.txt')}.gone", "${url('in.jsonl')}", "${url('in.jsonl')}"] }\nsteps: [nonsense]\n`);
  assert.equal(await say(['validate', bad]), 1);
  writeFileSync(bad, `name: bad\nsource: { warc: ["${url('in.warc')}"] }\nsteps: [extract]\n`);
  assert.equal(await say(['run', bad, '--out', join(folder, 'failed'), '--workers', '1']), 1, said.join(''));
  for (const [index, text] of said.entries()) assert.equal(text.includes(SECRET), false, `said ${index}: ${text}`);
  for (const entry of readdirSync(folder, { recursive: true }).map(String)) {
    const path = join(folder, entry);
    if (path === good || path === bad || !statSync(path).isFile()) continue;
    assert.equal(readFileSync(path).includes(SECRET), false, entry);
  }
});
