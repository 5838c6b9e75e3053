// REFINE_NETWORK=public against the ways around such guards that are published: names that resolve to private addresses, names that
// resolve otherwise the second time, redirects, IPv4 in other spellings and inside IPv6, metadata addresses.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Agent, request } from 'undici';
import { guardedConnector, type Lookup, networkRules } from '../../stages/fetch/network-guard.js';
import { refine } from '../support/cli.js';

const PUBLIC = networkRules({ REFINE_NETWORK: 'public' })!;
let server: Server;
let port = 0;
let asked = 0;
const paths: string[] = [];
before(async () => {
  server = createServer((incoming, answer) => {
    asked++;
    paths.push(String(incoming.url));
    if (incoming.url === '/away') return answer.writeHead(302, { location: `http://127.0.0.1:${port}/secret.warc` }).end();
    answer.end('WARC/1.0\r\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
after(() => server.close());

test('every special-purpose address is refused in every spelling that a URL allows, and public ones are not', () => {
  const spelt = (host: string): string => new URL(`http://${host}/`).hostname.replace(/^\[(.*)\]$/, '$1');
  const refused =
    '127.0.0.1 2130706433 0x7f000001 0177.0.0.1 127.1 0 0.0.0.0 10.1.2.3 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 168.63.129.16 100.100.100.200 192.0.0.192 224.0.0.1 255.255.255.255 [::1] [::] [::ffff:127.0.0.1] [::ffff:7f00:1] [::ffff:169.254.169.254] [0:0:0:0:0:ffff:a9fe:a9fe] [::127.0.0.1] [64:ff9b::7f00:1] [2002:7f00:1::] [fd00:ec2::254] [fe80::1] [fec0::1] [ff02::1] [2001:db8::1] [2001::1]';
  for (const host of refused.split(' ')) assert.notEqual(PUBLIC.refusal('x', spelt(host)), null, host);
  for (const host of '8.8.8.8 172.15.0.1 172.32.0.1 100.63.0.1 100.128.0.1 169.253.1.1 [2606:4700::1111] [2a00:1450:4001::1] [::ffff:8.8.8.8] 134744072'.split(
    ' ',
  ))
    assert.equal(PUBLIC.refusal('x', spelt(host)), null, host);
  assert.notEqual(PUBLIC.refusal('x', 'fe80::1%eth0'), null);
  assert.notEqual(PUBLIC.refusal('x', 'no address'), null);
});

test('what the operator allows passes: hosts with all under them, addresses, networks; with `listed` nothing else does', () => {
  const some = networkRules({ REFINE_NETWORK: 'public', REFINE_NETWORK_ALLOW: 'mirror.internal, 10.1.0.0/16 fd00::/8' })!;
  assert.equal(some.refusal('mirror.internal', '192.168.0.9'), null);
  assert.equal(some.refusal('a.mirror.internal', '192.168.0.9'), null);
  assert.notEqual(some.refusal('evilmirror.internal', '192.168.0.9'), null);
  assert.equal(some.refusal('x', '10.1.200.3'), null);
  assert.notEqual(some.refusal('x', '10.2.0.1'), null);
  assert.equal(some.refusal('x', 'fd12::1'), null);
  const listed = networkRules({ REFINE_NETWORK: 'listed', REFINE_NETWORK_ALLOW: 'data.commoncrawl.org' })!;
  assert.equal(listed.refusal('data.commoncrawl.org', '18.1.2.3'), null);
  assert.notEqual(listed.refusal('example.org', '18.1.2.3'), null);
  assert.equal(networkRules({}), null);
  assert.throws(() => networkRules({ REFINE_NETWORK: 'maybe' }), /expected any, public or listed/);
  assert.throws(() => networkRules({ REFINE_NETWORK: 'public', REFINE_NETWORK_ALLOW: '10.0.0.0/99' }), /10\.0\.0\.0\/99/);
});

/** A resolver that answers what it is told, one answer a call. */
function resolver(...answers: readonly (readonly string[])[]): { lookup: Lookup; calls: () => number } {
  let calls = 0;
  const lookup = ((_name: string, _options: unknown, done: (error: null, found: { address: string; family: number }[]) => void) => {
    const found = answers[Math.min(calls++, answers.length - 1)]!;
    done(
      null,
      found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  }) as unknown as Lookup;
  return { lookup, calls: () => calls };
}

async function get(url: string, lookup: Lookup, rules = PUBLIC): Promise<string> {
  const dispatcher = new Agent({ connect: guardedConnector(rules, { timeout: 2000 }, lookup) });
  try {
    return await (await request(url, { dispatcher })).body.text();
  } finally {
    await dispatcher.destroy();
  }
}

test('a name is resolved once and its addresses are judged before anything is sent: rebinding and mixed answers do not pass', async () => {
  asked = 0;
  await assert.rejects(get(`http://inside.test:${port}/`, resolver(['127.0.0.1']).lookup), /leads to 127\.0\.0\.1/);
  await assert.rejects(get(`http://mixed.test:${port}/`, resolver(['8.8.8.8', '127.0.0.1']).lookup), /leads to 127\.0\.0\.1/);
  await assert.rejects(get(`http://mapped.test:${port}/`, resolver(['::ffff:127.0.0.1']).lookup), /no address of the public internet/);
  await assert.rejects(get(`http://[::ffff:127.0.0.1]:${port}/`, resolver(['8.8.8.8']).lookup), /no address of the public internet/);
  await assert.rejects(get(`http://2130706433:${port}/`, resolver(['8.8.8.8']).lookup), /leads to 127\.0\.0\.1/);
  // Rebinding: public for whoever asks first, the machine itself afterwards. One question is asked for a connection, and it is the judged one.
  const allowed = networkRules({ REFINE_NETWORK: 'listed', REFINE_NETWORK_ALLOW: '127.0.0.1' })!;
  const rebinding = resolver(['127.0.0.1'], ['169.254.169.254']);
  assert.equal(await get(`http://rebind.test:${port}/`, rebinding.lookup, allowed), 'WARC/1.0\r\n');
  assert.equal(rebinding.calls(), 1);
  await assert.rejects(get(`http://rebind.test:${port}/`, resolver(['169.254.169.254'], ['127.0.0.1']).lookup, allowed), /REFINE_NETWORK/);
  assert.equal(asked, 1, 'a refused connection reached the server');
});

test('a run in a guarded deployment says which source is refused and why, at a redirect too, and asks the server nothing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'refine-guard-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const manifest = join(folder, 'm.yaml');
  for (const [url, allow, seen] of [
    [`http://127.0.0.1:${port}/page.warc`, '', []],
    [`http://localhost:${port}/page.warc`, '', []],
    [`http://localhost:${port}/away`, 'localhost', ['/away']], // allowed by name; what it redirects to is not
  ] as const) {
    paths.length = 0;
    writeFileSync(manifest, `name: guarded\nsource: { warc: ["${url}"] }\nsteps: [extract]\n`);
    const guarded = await refine(['run', manifest, '--out', mkdtempSync(join(folder, 'run-')), '--workers', '1'], {
      env: { REFINE_NETWORK: 'public', REFINE_NETWORK_ALLOW: allow },
    });
    assert.equal(guarded.code, 1);
    assert.match(guarded.stderr, /REFINE_NETWORK forbids/, url);
    assert.deepEqual([...new Set(paths)], seen);
  }
});
