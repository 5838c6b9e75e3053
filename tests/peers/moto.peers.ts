// PyPI's moto, the S3 server that people test against: it knows If-None-Match, versions of a bucket and pages of a listing, which npm's
// s3rver does not. Each promise here is kept by the server alone: no proxy of ours stands between.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parseRequest } from '../../pipeline/remove/request.js';
import { removeFromStore } from '../../pipeline/remove/stored-run.js';
import { Lease } from '../../pipeline/storage/lease.js';
import { readObject } from '../../pipeline/storage/object-store.js';
import { forgetClient } from '../../pipeline/storage/s3-client.js';
import { S3Store } from '../../pipeline/storage/s3-store.js';
import { CreateBucketCommand, PutBucketVersioningCommand, S3Client } from '@aws-sdk/client-s3';
import { makeRun, putRun, STORE_TIMES } from '../support/stored-runs.js';

const WRITERS = 20;
const folder = mkdtempSync(join(tmpdir(), 'refine-moto-'));
let server: ChildProcess;
let endpoint = '';

async function makeBucket(name: string, versions = false): Promise<void> {
  const client = new S3Client({ endpoint, forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: name }));
  if (versions) await client.send(new PutBucketVersioningCommand({ Bucket: name, VersioningConfiguration: { Status: 'Enabled' } }));
  client.destroy();
}

before(async () => {
  server = spawn(process.env.REFINE_PYTHON ?? 'python3', ['-m', 'moto.server', '-H', '127.0.0.1', '-p', '0'], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  endpoint = await new Promise((resolve, reject) => {
    server.stderr!.on('data', (chunk) => {
      said = `${said}${chunk}`.slice(-10_000); // a line for each request follows
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0];
      if (found !== undefined) resolve(found);
    });
    server.on('error', reject).on('exit', () => reject(new Error(`moto ended: ${said}`)));
  });
  const none = join(folder, 'none');
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: 'peers',
    AWS_SECRET_ACCESS_KEY: 'peers',
    AWS_REGION: 'us-east-1',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_ENDPOINT_URL: endpoint,
    AWS_CONFIG_FILE: none,
    AWS_SHARED_CREDENTIALS_FILE: none,
  });
  forgetClient();
  await makeBucket('bucket');
});
after(async () => {
  forgetClient();
  server.kill('SIGKILL');
  if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
  rmSync(folder, { recursive: true, force: true });
});

test('of twenty writers of one name one has written, nineteen find it, and all read its bytes', async () => {
  for (let round = 0; round < 3; round++) {
    const stores = await Promise.all(Array.from({ length: WRITERS }, () => S3Store.at(`s3://bucket/race-${round}`)));
    assert.equal(await stores[0]!.conditional(), true, 'moto enforces If-None-Match');
    const said = await Promise.all(stores.map((store, i) => store.put('one', Buffer.from(`writer ${i}`), { ifNoneMatch: true })));
    assert.deepEqual([said.length, said.filter((one) => one === 'written').length], [WRITERS, 1]);
    const read = await Promise.all(stores.map(async (store) => (await readObject(store, 'one', 100))!.toString()));
    assert.equal(new Set(read).size, 1);
  }
});

test('of ten parents that reach for a run one holds it, and the next only once that let go', async () => {
  const store = await S3Store.at('s3://bucket/lease');
  const settings = { signal: new AbortController().signal, times: STORE_TIMES.lease };
  const ends = await Promise.allSettled(Array.from({ length: 10 }, () => Lease.acquire(store, settings)));
  const held = ends.filter((end) => end.status === 'fulfilled');
  assert.equal(held.length, 1);
  for (const end of ends) if (end.status === 'rejected') assert.match(String(end.reason), /works on this run/);
  await (held[0] as PromiseFulfilledResult<Lease>).value.release();
  await (await Lease.acquire(store, settings)).release();
});

test('a listing of two and a half pages has every key once, in order', async () => {
  const store = await S3Store.at('s3://bucket/many');
  const keys = Array.from({ length: 2500 }, (_, i) => `k/${String(i).padStart(5, '0')}`);
  for (let at = 0; at < keys.length; at += 50) await Promise.all(keys.slice(at, at + 50).map((key) => store.put(key, Buffer.from('x'))));
  const listed: string[] = [];
  for await (const { key } of store.list('k/')) listed.push(key);
  assert.deepEqual(listed, keys);
});

test('a removal says where the bucket keeps older versions, which hold what was removed', async () => {
  const { run } = await makeRun(join(folder, 'made'));
  await makeBucket('versioned', true);
  for (const [name, versions] of [
    ['bucket', false],
    ['versioned', true],
  ] as const) {
    const address = `s3://${name}/run`;
    await putRun(run, address);
    const answer = await removeFromStore(address, parseRequest('b.example', 'list'), {
      signal: new AbortController().signal,
      work: join(folder, `work-${name}`),
      storage: STORE_TIMES,
    });
    assert.deepEqual([answer.proof?.ok, answer.olderVersions], [true, versions]);
  }
});
