// A disk that refuses: the error names path, finding and next move, nothing half-written stands under a final name, and the
// same command goes on once there is room.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runManifest } from '../../pipeline/runner.js';
import { ALL_STEPS, corpus, finalBytes, leftovers, manifestOf, runOptions, writeCorpus } from '../support/runner-world.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-disk-'));
const mounted: string[] = [];
after(() => {
  for (const path of mounted) spawnSync('umount', [path]);
  rmSync(folder, { recursive: true, force: true });
});
const input = join(folder, 'in');
const paths = writeCorpus(input, corpus(3, 200, 5));
const manifest = manifestOf(input, paths, ALL_STEPS);

test('ENOSPC in the middle of a run (injected) is ERR_REFINE_DISK; later the same command ends with the same bytes', async () => {
  await runManifest(manifest, runOptions(join(folder, 'roomy')));
  for (const at of [3, 9, 15]) {
    const out = join(folder, `full-${at}`);
    process.env.REFINE_TEST_FAULT = JSON.stringify({ moment: 'write', at, code: 'ENOSPC', note: join(folder, 'never') });
    try {
      await assert.rejects(runManifest(manifest, runOptions(out)), (error: { code: string; place: string; message: string }) => {
        assert.equal(error.code, 'ERR_REFINE_DISK');
        assert.ok(error.place.startsWith(out), error.place);
        assert.match(error.message, /ENOSPC, the disk is full\. Free space .* run the same command again: finished tasks are kept/);
        return true;
      });
    } finally {
      delete process.env.REFINE_TEST_FAULT;
    }
    assert.deepEqual(leftovers(out), []);
    const expected = finalBytes(join(folder, 'roomy'));
    for (const [path, sha256] of Object.entries(finalBytes(out))) assert.equal(sha256, expected[path], path);
    await runManifest(manifest, runOptions(out));
    assert.deepEqual(finalBytes(out), expected);
  }
});

test('a full tmpfs is ERR_REFINE_DISK, and a larger one lets the run end', async (t) => {
  const out = join(folder, 'tmpfs');
  mkdirSync(out);
  const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', out]);
  if (mount.status !== 0) return t.skip('mounting a tmpfs needs root');
  mounted.push(out);
  await assert.rejects(runManifest(manifest, runOptions(out)), { code: 'ERR_REFINE_DISK', message: /ENOSPC|No space left on device/ });
  assert.deepEqual(leftovers(out), []);
  execFileSync('mount', ['-o', 'remount,size=64m', out]);
  await runManifest(manifest, runOptions(out));
  await runManifest(manifest, runOptions(join(folder, 'beside')));
  assert.deepEqual(finalBytes(out), finalBytes(join(folder, 'beside')));
});

test('a read-only output folder is refused at once', async (t) => {
  const out = join(folder, 'read-only');
  mkdirSync(out);
  if (process.getuid?.() === 0) {
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', out]).status !== 0) return t.skip('root writes anywhere, and mounting is not permitted here');
    mounted.push(out);
    await assert.rejects(runManifest(manifest, runOptions(out)), {
      code: 'ERR_REFINE_DISK',
      message: /EROFS, the file system is read-only\. Mount it writable or choose another folder with --out/,
    });
  } else {
    chmodSync(out, 0o555);
    await assert.rejects(runManifest(manifest, runOptions(out)), { code: 'ERR_REFINE_DISK', message: /EACCES, permission denied\. .*--out/ });
  }
  assert.deepEqual(readdirSync(out), []);
});

test('a file in the place of the run folder is refused', async () => {
  writeFileSync(join(folder, 'file'), '');
  await assert.rejects(runManifest(manifest, runOptions(join(folder, 'file'))), { code: 'ERR_REFINE_DISK', message: /(ENOTDIR|EEXIST)/ });
});
