// `refine remove` on a run at s3://: the store ends with the bytes that removing in a folder leaves, whatever the store does, wherever
// the removal dies and whichever machine ends it; until then everything else refuses the run.
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { registerRemove } from '../../pipeline/cli/remove.js';
import { registerStats } from '../../pipeline/cli/stats.js';
import { removeFromRun } from '../../pipeline/remove/remove.js';
import { parseRequest, type RemovalRequest } from '../../pipeline/remove/request.js';
import { removeFromStore } from '../../pipeline/remove/stored-run.js';
import { Lease } from '../../pipeline/storage/lease.js';
import { readCopy } from '../../pipeline/storage/read-run.js';
import { S3Store } from '../../pipeline/storage/s3-store.js';
import { promisedBytes, refine, startRefine } from '../support/cli.js';
import { type S3World, startS3, tidyS3 } from '../support/s3-world.js';
import { call, folderFiles, hurry, makeRun, putRun, STORE_TIMES, storedFiles } from '../support/stored-runs.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-s3-remove-'));
const signal = new AbortController().signal;
const LIST = 'b.example\npage-3\npage-41\n';
const request: RemovalRequest = parseRequest(LIST, 'list');
const list = join(folder, 'list.txt');
let run: string;
let manifest: string;
let world: S3World;
/** What a removal in a folder leaves, but for scratch, which it deletes. */
let expected: Record<string, string> = {};

before(async () => {
  world = await startS3();
  hurry();
  writeFileSync(list, LIST);
  ({ run, manifest } = await makeRun(join(folder, 'made')));
  const here = join(folder, 'here');
  cpSync(run, here, { recursive: true });
  const { proof } = await removeFromRun(here, request, { signal });
  assert.equal(proof?.ok, true);
  expected = folderFiles(here);
});
tidyS3(() => world, folder);

let works = 0;
const newWork = (): string => join(folder, `work-${works++}`);
const remove = (address: string, work: string, asked: RemovalRequest | null = request) =>
  removeFromStore(address, asked, { signal, work, storage: STORE_TIMES });

test('the store holds what a removal in a folder leaves, byte for byte, through refusals, resets, cut bodies and late listings', async () => {
  const address = 's3://bucket/faults';
  await putRun(run, address, false); // as a copy by another tool, without digests
  const dry = await removeFromStore(address, request, { signal, dryRun: true });
  const before = await storedFiles(address);
  world.faults = { seed: 4, slowDown: 0.05, internal: 0.03, reset: 0.03, lostAnswer: 0.05, cutBody: 0.05, shortBody: 0.03, stall: 0.02, staleBy: 30 };
  const answer = await remove(address, newWork());
  world.faults = {};
  assert.deepEqual(answer.proof?.remains, []);
  assert.ok(answer.counts.documents > 5 && answer.counts.samples > 0);
  assert.deepEqual([dry.counts, dry.files], [answer.counts, answer.files]);
  const after = await storedFiles(address);
  assert.deepEqual(after, expected);
  const rewritten = Object.keys(after).filter((key) => /^(?:text|tokens|features|samples)\//.test(key) && after[key] !== before[key]);
  assert.deepEqual(rewritten.sort(), [...answer.files].sort());
  assert.ok(world.log.filter(({ fault }) => fault !== '').length > 10);
});

test('killed at any change of the store, all else refuses the run, and the same call ends it: there, or on a machine that has nothing', async () => {
  const writes = ({ method }: { method?: string | undefined }): boolean => method === 'PUT' || method === 'DELETE';
  const counted = 's3://bucket/counted';
  await putRun(run, counted);
  const from = world.log.length;
  await remove(counted, newWork());
  const isOurs = (path: string): boolean => !/\/(?:lease|\.probe)/.test(path);
  const events = world.log.slice(from).filter((one) => writes(one) && isOurs(one.path)).length;
  assert.ok(events > 20, `${events} changes of the store`);
  const stride = process.env.REFINE_FULL === '1' ? 1 : Math.ceil(events / 4);
  for (let at = 1; at <= events; at += stride) {
    const address = `s3://bucket/killed-${at}`;
    const work = newWork();
    await putRun(run, address);
    let seen = 0;
    // From the moment of its death on nothing of it arrives.
    world.faults = {
      answer: ({ method, url }) =>
        writes({ method }) && isOurs(url!) && ++seen >= at ? { status: 403, body: '<Error><Code>AccessDenied</Code></Error>' } : null,
    };
    await assert.rejects(remove(address, work), /AccessDenied/, `change ${at} of ${events}`);
    world.faults = {};
    const began = (await (await S3Store.at(address)).head('removals/journal.json')) !== null;
    if (began) {
      const refused = await call(registerStats, ['stats', address]);
      assert.match(refused.stderr, new RegExp(`ERR_REFINE_LEDGER ${address} .*Run: refine remove ${address} --resume`));
      const other = parseRequest('c.example', 'list');
      await assert.rejects(remove(address, newWork(), other), /another removal was interrupted/);
    }
    const answer = await remove(address, at % 2 === 0 ? work : newWork(), began && at % 3 === 0 ? null : request);
    assert.deepEqual(answer.proof?.remains, [], `change ${at}`);
    assert.deepEqual(await storedFiles(address), expected, `change ${at}`);
  }
});

test('a process that is killed leaves its lease, and a run refuses until the removal is ended', async () => {
  const address = 's3://bucket/process';
  const work = newWork();
  await putRun(run, address);
  let puts = 0;
  const child = startRefine(['remove', address, '--list', list, '--work', work]);
  world.faults = {
    answer: ({ method, url }) => {
      if (method === 'PUT' && /\/(?:text|tokens|features|samples)\//.test(url!) && ++puts === 3) child.child.kill('SIGKILL');
      return null;
    },
  };
  const dead = await child.done;
  world.faults = {};
  assert.equal(dead.signal, 'SIGKILL', dead.stderr);
  const refused = await refine(['run', manifest, '--out', address, '--work', newWork()]);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /ERR_REFINE_LEDGER s3:\/\/bucket\/process .*refine remove s3:\/\/bucket\/process --resume/);
  const resumed = await call(registerRemove, ['remove', address, '--resume', '--work', work]);
  assert.equal(resumed.code, 0, resumed.stderr);
  assert.match(resumed.stdout, /nothing that was removed remains/);
  assert.deepEqual(await storedFiles(address), expected);
});

test('the same manifest brings nothing back, not even by a work folder of before, and a task that must be redone leaves the documents out', async () => {
  const address = 's3://bucket/again';
  const old = newWork();
  // A run of its own, so that its work folder holds everything as it was.
  const made = await refine(['run', manifest, '--out', address, '--work', old, '--workers', '2']);
  assert.equal(made.code, 0, made.stderr);
  assert.deepEqual(promisedBytes(old), promisedBytes(run));
  assert.equal((await remove(address, newWork())).proof?.ok, true);
  const promised = (files: Record<string, string>): Record<string, string> =>
    Object.fromEntries(Object.entries(files).filter(([key]) => /^(?:text|tokens|features|samples)\/|^index\.arrow$/.test(key)));
  const removed = promised(await storedFiles(address));
  assert.deepEqual(removed, promised(expected));
  const store = await S3Store.at(address);
  await store.delete('text/000001.arrow');
  const again = await refine(['run', manifest, '--out', address, '--work', old, '--workers', '2']);
  assert.equal(again.code, 0, again.stderr);
  assert.deepEqual(promised(await storedFiles(address)), removed);
  const names = Object.keys(await storedFiles(address));
  assert.deepEqual(
    names.filter((name) => name.startsWith('scratch/')),
    [],
    'scratch holds what the shards do not',
  );
  const verified = await call(registerRemove, ['remove', address, '--verify', '--work', newWork(), '--json']);
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);
});

test('the proof reads the store itself: what someone put back there is found, also where a listing does not show it', async () => {
  const address = 's3://bucket/spoilt';
  await putRun(run, address);
  const work = newWork();
  await remove(address, work);
  const store = await S3Store.at(address);
  const verify = async (more: readonly string[] = []) => await call(registerRemove, ['remove', address, '--verify', '--work', work, ...more]);
  assert.equal((await verify()).code, 0);
  await store.putFile('text/000000.arrow', join(run, 'text/000000.arrow')); // its bytes of before
  world.faults = { staleBy: 1000 };
  const found = await verify();
  world.faults = {};
  assert.equal(found.code, 1);
  assert.match(found.stdout, /text\/000000\.arrow {2}(?:is not what the ledger says|row with)/);
  rmSync(join(work, 'text/000000.arrow'));
  await store.putFile('text/000000.arrow', join(folder, 'here/text/000000.arrow'));
  await store.put('notes/copy.json', Buffer.from(JSON.stringify({ id: 'page-41' })));
  const note = await verify();
  assert.equal(note.code, 1);
  assert.match(note.stdout, /notes\/copy\.json {2}holds an id that was removed/);
  await store.delete('notes/copy.json');
  rmSync(join(work, 'notes'), { recursive: true });
  await store.delete('tokens/000000.arrow');
  const gone = await verify();
  assert.match(gone.stderr, /ERR_REFINE_SHARD s3:\/\/bucket\/spoilt\/tokens\/000000\.arrow {2}is not there/);
});

test('copies that commands read on this machine go with the documents; a key that leads out of the folder is refused', async () => {
  const address = 's3://bucket/copies';
  await putRun(run, address);
  assert.equal((await call(registerStats, ['stats', address])).code, 0);
  assert.ok(existsSync(join(readCopy(address), 'text')));
  const answer = await remove(address, newWork());
  assert.equal(answer.proof?.ok, true);
  assert.equal(existsSync(readCopy(address)), false);
  // s3rver keeps keys as paths and would resolve this one itself, so the listing is answered for it.
  const work = newWork();
  mkdirSync(work);
  world.faults = {
    answer: ({ url }) => {
      const query = new URL(url!, 'http://x').searchParams;
      if (query.get('list-type') !== '2' || query.get('prefix') !== 'copies/') return null;
      const body =
        '<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>copies/a/../../../out</Key><Size>1</Size></Contents></ListBucketResult>';
      return { status: 200, headers: { 'content-type': 'application/xml' }, body };
    },
  };
  const refused = await call(registerRemove, ['remove', address, '--verify', '--work', work]);
  assert.match(refused.stderr, /ERR_REFINE_STORE .*is no path of a run/);
});

test('one removal at a time, no web address, no unfinished run; each refusal with the next move', async () => {
  const address = 's3://bucket/refused';
  await putRun(run, address);
  const store = await S3Store.at(address);
  const lease = await Lease.acquire(store, { signal, times: STORE_TIMES.lease });
  await assert.rejects(remove(address, newWork()), /ERR_REFINE_RUN_LOCKED|works on this run/);
  await lease.release();
  const web = await call(registerRemove, ['remove', 'https://host.example/run?key=secret', '--list', list]);
  assert.equal(web.code, 2);
  assert.match(web.stderr, /ERR_REFINE_USAGE https:\/\/host\.example\/run .*read only/);
  const local = await call(registerRemove, ['remove', run, '--list', list, '--work', newWork()]);
  assert.equal(local.code, 2);
  await assert.rejects(remove(address, newWork(), null), /has no removal that was interrupted/);
  const plan = JSON.parse(readFileSync(join(run, 'ledger/plan.json'), 'utf8')) as object;
  await store.put('ledger/plan.json', Buffer.from(JSON.stringify({ ...plan, finished: false })));
  await assert.rejects(remove(address, newWork()), /is not finished: what it keeps is not known yet/);
});
