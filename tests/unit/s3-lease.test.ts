// One parent a run in a store: who holds it, who may take it over, whatever a listing shows.
import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, test } from 'node:test';
import type { RefineError } from '../../native/errors.js';
import { Lease, readHolderAt } from '../../pipeline/storage/lease.js';
import { S3Store } from '../../pipeline/storage/s3-store.js';
import { type S3World, startS3, tidyS3 } from '../support/s3-world.js';

const quick = { baseDelayMs: 1, maxDelayMs: 4, bodyTimeoutMs: 300, headersTimeoutMs: 3000 };
const folder = mkdtempSync(join(tmpdir(), 'refine-lease-'));
let world: S3World;
before(async () => {
  world = await startS3();
});
tidyS3(() => world, folder);

let prefixes = 0;
const newS3 = (more: object = {}): Promise<S3Store> => S3Store.at(`s3://bucket/p${prefixes++}`, { limits: quick, ...more });

test('a lease has one holder: one that beats refuses others, one that fell silent is taken over and finds out', async () => {
  const { signal } = new AbortController();
  const times = { beatMs: 60, patienceMs: 400, settleMs: 20 };
  const store = await newS3();
  const first = await Lease.acquire(store, { signal, times });
  await assert.rejects(Lease.acquire(store, { signal, times }), /works on this run/); // a living process of this host
  await first.release();
  // One of another host, as an object tells it.
  const foreign = (beat: number) => Buffer.from(JSON.stringify({ format: 1, owner: 'else', host: 'elsewhere', pid: 1, start: null, beat }));
  await store.put('lease/000002.json', foreign(0));
  let beat = 0;
  const beating = setInterval(() => void store.put('lease/000002.json', foreign(++beat)), 50);
  await assert.rejects(Lease.acquire(store, { signal, times }), /process 1 on host elsewhere works on this run/);
  clearInterval(beating);
  await new Promise((resolve) => setTimeout(resolve, 100));
  const notices: string[] = [];
  const second = await Lease.acquire(store, { signal, times, notice: (sentence) => notices.push(sentence) });
  assert.match(notices[0]!, /elsewhere held this run lately/);
  const lost = new Promise<RefineError>((resolve) => second.keep(resolve));
  await store.put('lease/000004.json', foreign(0)); // the next number is another's
  assert.equal((await lost).code, 'ERR_REFINE_RUN_LOCKED');
  await second.release();
});

test('a lease that a late listing does not show is found by its name: by who wants the run, and by who looks', async () => {
  const { signal } = new AbortController();
  const times = { beatMs: 60, patienceMs: 400, settleMs: 20 };
  const store = await newS3({ conditional: true });
  await (await Lease.acquire(store, { signal, times })).release();
  const second = await Lease.acquire(store, { signal, times });
  const listed: string[] = [];
  world.faults = { staleBy: 2 };
  for await (const { key } of store.list('lease/')) listed.push(key);
  assert.deepEqual(listed, ['lease/000001.json']);
  world.faults = { staleBy: 3 };
  await assert.rejects(Lease.acquire(store, { signal, times }), /works on this run/);
  assert.equal((await readHolderAt(store))?.pid, process.pid);
  world.faults = { staleBy: 1000 };
  assert.equal((await readHolderAt(store))?.pid, process.pid);
  world.faults = {};
  await second.release();
  assert.equal(await readHolderAt(store), null);
});

test('a listing that hides the last two leases, or all five: nobody takes a number again', async () => {
  const { signal } = new AbortController();
  const times = { beatMs: 60, patienceMs: 400, settleMs: 20 };
  const store = await newS3({ conditional: true });
  for (let number = 1; number < 5; number++) await (await Lease.acquire(store, { signal, times })).release();
  const held = await Lease.acquire(store, { signal, times });
  const listed = async (): Promise<readonly string[]> => {
    const keys: string[] = [];
    for await (const { key } of store.list('lease/')) keys.push(key.slice(-6, -5));
    return keys;
  };
  for (const hidden of ['4', '1']) {
    let staleBy = 1; // requests, of which each listing is one
    for (world.faults = { staleBy }; (await listed()).includes(hidden); world.faults = { staleBy }) staleBy += 3;
    world.faults = { staleBy: staleBy + 1 };
    await assert.rejects(Lease.acquire(store, { signal, times }), { code: 'ERR_REFINE_RUN_LOCKED' });
    assert.ok(!(await listed()).includes('5'));
    world.faults = { staleBy: 1000 };
    assert.equal((await readHolderAt(store))?.pid, process.pid);
  }
  world.faults = {};
  await held.release();
});

test('a lease that this version cannot read is watched, not taken for none', async () => {
  const { signal } = new AbortController();
  const times = { beatMs: 60, patienceMs: 400, settleMs: 20 };
  const store = await newS3();
  const later = (beat: number) => Buffer.from(JSON.stringify({ format: 2, holder: 'of a later version', beat }));
  await store.put('lease/000001.json', later(0));
  let beat = 0;
  const beating = setInterval(() => void store.put('lease/000001.json', later(++beat)), 50);
  await assert.rejects(Lease.acquire(store, { signal, times }), /a holder that this refine cannot read works on this run/);
  clearInterval(beating);
  await new Promise((resolve) => setTimeout(resolve, 100));
  const notices: string[] = [];
  await (await Lease.acquire(store, { signal, times, notice: (sentence) => notices.push(sentence) })).release();
  assert.match(notices[0]!, /cannot read held this run lately/);
});

test('of eight takers of a free lease one holds it, with and without If-None-Match', async () => {
  const { signal } = new AbortController();
  for (const enforce of [true, false]) {
    world.enforce = enforce;
    const address = `s3://bucket/lease${prefixes++}`;
    const takers = await Promise.allSettled(
      Array.from({ length: 8 }, async () =>
        Lease.acquire(await S3Store.at(address, { limits: quick, conditional: enforce }), { signal, times: { beatMs: 50, patienceMs: 300, settleMs: 300 } }),
      ),
    );
    const held = takers.filter((one) => one.status === 'fulfilled');
    assert.equal(held.length, 1, `enforce ${enforce}`);
    await (held[0] as PromiseFulfilledResult<Lease>).value.release();
  }
});
