// A run folder in a store, its work folder and its copies here: what is there and cannot be read is an error with its path, never
// taken for what is absent. What cannot be read is a symbolic link to itself or a folder in a file's place: both refuse root too.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { before, test } from 'node:test';
import { BuildLock } from '../../pipeline/loader/build-lock.js';
import { localRun } from '../../pipeline/loader/shard-files.js';
import { ShardCache } from '../../pipeline/loader/shard-cache.js';
import { FileStore } from '../../pipeline/storage/file-store.js';
import { localCopy, readCopy, sendBack } from '../../pipeline/storage/read-run.js';
import { RunStorage, workFolderOf } from '../../pipeline/storage/run-storage.js';
import { S3Store } from '../../pipeline/storage/s3-store.js';
import { forgetBeforeRemoval } from '../../pipeline/storage/stored-removals.js';
import { type S3World, startS3, tidyS3 } from '../support/s3-world.js';
import { hurry } from '../support/stored-runs.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-stored-there-'));
let world: S3World;
before(async () => {
  world = await startS3();
  hurry();
});
tidyS3(() => world, folder);

let count = 0;
const newFolder = (): string => {
  const at = join(folder, String(++count));
  mkdirSync(at);
  return at;
};
/** A folder with a link to itself at `path`. */
function loopAt(path: string): string {
  const at = newFolder();
  mkdirSync(dirname(join(at, path)), { recursive: true });
  symlinkSync(join(at, path), join(at, path));
  return at;
}
const refused = (path: string) => (error: Error & { code?: string; place?: string }) => {
  assert.deepEqual([error.code, error.place], ['ERR_REFINE_DISK', path]);
  assert.match(error.message, /is there and cannot be read: ELOOP/);
  return true;
};
const storageOf = (work: string, address = `s3://bucket/unread${count}`): Promise<RunStorage> => RunStorage.open({ address, conditional: true }, work);

test('a work folder whose mark or lock file cannot be read is not taken over', async () => {
  for (const name of ['storage.json', 'manifest.lock.json']) {
    const at = loopAt(name);
    await assert.rejects((await storageOf(at)).claim(), refused(join(at, name)));
    assert.equal(existsSync(join(at, 'storage.json')), false);
  }
  const at = loopAt('storage.json');
  await assert.rejects(workFolderOf(at), refused(join(at, 'storage.json')));
});

test('a lock file of before a removal that cannot be read does not keep what was removed', async () => {
  const at = loopAt('manifest.lock.json');
  await assert.rejects(forgetBeforeRemoval(Buffer.from('{"removals":"x"}'), at), refused(join(at, 'manifest.lock.json')));
});

test('what a parent or a command puts into the store is put, or it is an error', async () => {
  const at = loopAt('ledger/plan.json');
  await assert.rejects((await storageOf(at)).publishFiles(['manifest.lock.json', 'ledger/plan.json']), refused(join(at, 'ledger/plan.json')));
  const copy = loopAt('check/check.json');
  await assert.rejects(sendBack('s3://bucket/unread', copy, ['none.json', 'check/check.json']), refused(join(copy, 'check/check.json')));
  const bytes = Buffer.from([0x23, 0x20, 0xff, 0x00, 0xfe]); // a manifest's comment need not be UTF-8
  const whole = newFolder();
  writeFileSync(join(whole, 'manifest.yaml'), bytes);
  const storage = await storageOf(whole);
  await storage.publishFiles(['none', 'manifest.yaml']);
  const put = newFolder();
  for await (const part of storage.store.get('manifest.yaml')) writeFileSync(join(put, 'a'), part, { flag: 'a' });
  assert.deepEqual(readFileSync(join(put, 'a')), bytes);
});

test('a ledger folder that cannot be listed is not taken for an empty one', async () => {
  const at = loopAt('ledger');
  await assert.rejects((await storageOf(at)).pull(), refused(join(at, 'ledger')));
});

test('a folder as a store tells what it cannot read from what it does not have', async () => {
  const at = loopAt('a/b');
  const store = new FileStore(at);
  assert.equal(await store.head('a/c'), null);
  await assert.rejects(store.head('a/b'), refused(join(at, 'a/b')));
  const list = async (of: FileStore): Promise<unknown[]> => {
    const found: unknown[] = [];
    for await (const one of of.list('')) found.push(one);
    return found;
  };
  assert.deepEqual(await list(new FileStore(join(at, 'none'))), []);
  const loop = join(loopAt('x'), 'x');
  await assert.rejects(list(new FileStore(loop)), refused(loop));
});

test('a failure that was noted again, at the same size, is brought again; a finished entry of the same size is not', async () => {
  const address = 's3://bucket/noted';
  const store = await S3Store.at(address);
  const task = 'a'.repeat(64);
  const other = 'b'.repeat(64);
  const put = (name: string, text: unknown): Promise<unknown> => store.put(name, Buffer.from(`${JSON.stringify(text)}\n`));
  await put('manifest.lock.json', { format: 1 });
  await put('ledger/plan.json', { format: 1, finished: false, tasks: [other], failed: [task] });
  const failed = (attempts: number) => ({ format: 1, task, kind: 'map', label: 'x', state: 'failed', code: 'ERR_REFINE_INPUT', message: 'x', attempts });
  await put(`ledger/${task}.failed.json`, failed(3));
  await put(`ledger/${other}.json`, { format: 1, task: other, kind: 'map', label: 'y', state: 'done', outputs: [] });
  const look = async () => JSON.parse(readFileSync(join(await localCopy(address, []), `ledger/${task}.failed.json`), 'utf8')) as { attempts: number };
  try {
    assert.equal((await look()).attempts, 3);
    await put(`ledger/${task}.failed.json`, failed(6));
    const from = world.log.length;
    assert.equal((await look()).attempts, 6);
    const asked = world.log.slice(from).map(({ path }) => path);
    assert.ok(asked.some((path) => path.includes('.failed.json')));
    assert.equal(asked.filter((path) => path.includes(`${other}.json`)).length, 0);
  } finally {
    rmSync(readCopy(address), { recursive: true, force: true });
  }
});

test('a run here whose index cannot be read is not said to be unfinished', async () => {
  for (const [split, name] of [
    ['train', 'index.arrow'],
    ['holdout', 'holdout.arrow'],
  ] as const) {
    const at = loopAt(name);
    await assert.rejects(localRun(at, 'stamp', split), refused(join(at, name)));
  }
});

test('a claim or a lock that nobody holds and that cannot be removed ends the wait with an error', { timeout: 60_000 }, async () => {
  const at = newFolder();
  const cache = await ShardCache.open(at, 1 << 20);
  const shard = { sha256: 'c'.repeat(64), bytes: 1 };
  mkdirSync(cache.shardPath(shard, 'claim'));
  await assert.rejects(cache.claim(shard), { code: 'ERR_REFINE_DISK', place: cache.shardPath(shard, 'claim') });
  await cache.close();
  const lock = join(at, 'a.building');
  mkdirSync(lock);
  await assert.rejects(
    BuildLock.take(lock, async () => false, { staleMs: 200 }),
    { code: 'ERR_REFINE_DISK', place: lock },
  );
});
