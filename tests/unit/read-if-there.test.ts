// A file that is there and cannot be read is never taken for one that is absent. What cannot be read here is a folder in a file's
// place and a symbolic link to itself: both refuse root too, unlike a missing right.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { removeScratch } from '../../pipeline/leftovers.js';
import { missingOutput } from '../../pipeline/ledger.js';
import { lockRunFolder } from '../../pipeline/parent-lock.js';
import { listIfThere, readIfThere, statIfThere } from '../../pipeline/read-if-there.js';
import { readExclusionFile, refuseHalfRemoved } from '../../pipeline/remove/exclusions.js';
import { readJournal, readRecords } from '../../pipeline/remove/removal-files.js';
import { readLock } from '../../pipeline/run-folder.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-there-'));
after(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;
/** A folder with a link to itself at `path`. */
function loopAt(path: string): string {
  const at = join(folder, String(++count));
  mkdirSync(join(at, path, '..'), { recursive: true });
  symlinkSync(join(at, path), join(at, path));
  return at;
}
const refused = (path: string) => (error: Error & { code?: string; place?: string }) => {
  assert.equal(error.code, 'ERR_REFINE_DISK');
  assert.equal(error.place, path);
  assert.match(error.message, /is there and cannot be read: (ELOOP|EISDIR)/);
  return true;
};

test('absent is null, also below a file; what stands there is read, listed, looked at', async () => {
  const file = join(folder, 'file');
  assert.deepEqual([await readIfThere(file), await listIfThere(file), await statIfThere(file)], [null, null, null]);
  writeFileSync(file, 'words');
  const below = join(file, 'below');
  assert.deepEqual([await readIfThere(below), await listIfThere(below), await statIfThere(below)], [null, null, null]);
  assert.deepEqual([await readIfThere(file), (await statIfThere(file))?.size], ['words', 5]);
  assert.ok((await listIfThere(folder))!.some(({ name }) => name === 'file'));
});

test('what is there and cannot be read is an error with its path', async () => {
  await assert.rejects(readIfThere(folder), refused(folder));
  const at = join(loopAt('x'), 'x');
  await assert.rejects(readIfThere(at), refused(at));
  await assert.rejects(listIfThere(at), refused(at));
  await assert.rejects(statIfThere(at), refused(at));
  assert.equal((await statIfThere(at, { link: true }))?.isSymbolicLink(), true);
});

test('no reader of a run folder takes an unreadable file for none: lock file, exclusions, journal and records of removals, outputs', async () => {
  for (const [path, read] of [
    ['manifest.lock.json', readLock],
    ['removals/exclusions.json', readExclusionFile],
    ['removals/journal.json', readJournal],
    ['removals/journal.json', refuseHalfRemoved],
    ['removals/000001.json', readRecords],
    ['text/000000.arrow', (at: string) => missingOutput(at, [{ path: 'text/000000.arrow', rows: 0, bytes: 1, sha256: '' }], false)],
  ] as const) {
    const at = loopAt(path);
    await assert.rejects(read(at), refused(join(at, path)), path);
  }
  const records = loopAt('removals');
  await assert.rejects(readRecords(records), refused(join(records, 'removals')));
});

test("a lock that cannot be read is nobody's to take over", async () => {
  const at = loopAt('run.lock');
  await assert.rejects(lockRunFolder(at), refused(join(at, 'run.lock')));
});

test('scratch goes whole, but for the list of jobs that a cluster engine was given', async () => {
  const at = join(folder, 'scratch-world');
  assert.equal(await removeScratch(at), false);
  mkdirSync(join(at, 'scratch', 'map-0'), { recursive: true });
  writeFileSync(join(at, 'scratch', 'map-0', 'a.arrow'), 'documents');
  assert.equal(await removeScratch(at), true);
  assert.equal(existsSync(join(at, 'scratch')), false);
  mkdirSync(join(at, 'scratch', 'executor', 'level'), { recursive: true });
  mkdirSync(join(at, 'scratch', 'map-0'));
  writeFileSync(join(at, 'scratch', 'executor', 'jobs.jsonl'), '{}\n');
  writeFileSync(join(at, 'scratch', 'executor', 'level', 'tasks'), '');
  assert.equal(await removeScratch(at), true);
  assert.deepEqual([readdirSync(join(at, 'scratch')), readdirSync(join(at, 'scratch', 'executor'))], [['executor'], ['jobs.jsonl']]);
  assert.equal(await removeScratch(at), false);
});
