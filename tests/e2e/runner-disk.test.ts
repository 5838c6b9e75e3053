// A disk that refuses: the error names path, finding and next move, nothing half-written stands under a final name, and the
// same command goes on once there is room.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { packagePath } from '../../native/package-root.js';
import { faults } from '../../pipeline/atomic-file.js';
import { runManifest } from '../../pipeline/runner.js';
import { injectFault } from '../support/runner-inputs.js';
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
        assert.match(error.message, /ENOSPC, the disk is full\. Free space .* run the same command again: finished tasks of a run are kept/);
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

// Every kind of file a run writes, and every moment of writing one. By default each kind once; REFINE_FULL=1 all of both.
const KINDS: readonly (readonly [kind: string, match: string])[] = [
  ['ledger entry', 'ledger/[0-9a-f]{64}\\.json$'],
  ['list of the plan', 'ledger/plan\\.json$'],
  ['lock file', 'manifest\\.lock\\.json$'],
  ['spill of a barrier', 'scratch/map-0/.*(same-url|near-text)'],
  ['file of a phase', 'scratch/near-text/'],
  ['scratch document', 'scratch/map-0/[0-9a-f]+\\.arrow$'],
  ['text shard', 'text/'],
  ['token shard', 'tokens/'],
  ['features', 'features/'],
  ['sample', 'samples/'],
  ['index', 'index\\.arrow$'],
];
const MOMENTS = ['write', 'before-rename', 'after-rename'] as const;

test('a disk that is full from any kind of file on, at any moment of writing it: ERR_REFINE_DISK, nothing half-written, and with room the same bytes', async () => {
  const whole = join(folder, 'roomy-kinds');
  const few = manifestOf(input, paths.slice(0, 2), ALL_STEPS);
  await runManifest(few, runOptions(whole));
  const expected = finalBytes(whole);
  const all = KINDS.flatMap(([kind, match]) => MOMENTS.map((moment) => ({ kind, match, moment })));
  const chosen = process.env.REFINE_FULL === '1' ? all : all.filter((_, at) => at % 7 === 3);
  for (const { kind, match, moment } of chosen) {
    const out = join(folder, `${kind}-${moment}`.replaceAll(' ', '-'));
    process.env.REFINE_TEST_FAULT = JSON.stringify({ moment, at: 1, match, code: 'ENOSPC', note: join(folder, 'never') });
    injectFault(); // lock and plan are the parent's to write
    let error: { code?: string; place?: string } | null = null;
    try {
      await runManifest(few, runOptions(out));
    } catch (cause) {
      error = cause as { code?: string; place?: string };
    } finally {
      delete process.env.REFINE_TEST_FAULT;
      faults.inject = undefined;
    }
    // Files written once and linked, and those that native code writes and the engine adopts, do not pass every moment.
    const passes = error !== null;
    if (moment === 'before-rename') assert.ok(passes, `${kind}: nothing was refused`);
    if (passes) {
      assert.equal(error!.code, 'ERR_REFINE_DISK', `${kind} ${moment}: ${String(error)}`);
      assert.deepEqual(leftovers(out), [], `${kind} ${moment}`);
      for (const [path, sha256] of Object.entries(finalBytes(out))) assert.equal(sha256, expected[path], `${kind} ${moment}: ${path}`);
    }
    await runManifest(few, runOptions(out));
    assert.deepEqual(finalBytes(out), expected, `${kind} ${moment}`);
    assert.deepEqual(leftovers(out), []);
  }
});

test('a limit on the size of files (ulimit -f) is ERR_REFINE_DISK too, where native code meets it as well', () => {
  const rows = join(folder, 'rows.jsonl');
  const lines = [...corpus(1, 3000, 9).values()][0]!.map((row, i) => JSON.stringify({ ...row, text: `${i} ${row.text.repeat(3)} ${i * i}` }));
  writeFileSync(rows, `${lines.join('\n')}\n`);
  const yaml = join(folder, 'limit.yaml');
  writeFileSync(yaml, 'name: limit\nsource: { jsonl: [rows.jsonl] }\nsteps:\n  - dedupe-minhash\nsink: { text: { keep: true } }\n');
  const run = (out: string, blocks: string) =>
    spawnSync(
      'bash',
      [
        '-c',
        `ulimit -f ${blocks} && exec "$0" "$@"`,
        process.execPath,
        packagePath('pipeline', 'cli', 'refine.mjs'),
        'run',
        yaml,
        '--out',
        out,
        '--workers',
        '1',
      ],
      { encoding: 'utf8' },
    );
  const [small, large] = [join(folder, 'limit-small'), join(folder, 'limit-large')];
  const refused = run(small, '100');
  assert.equal(refused.status, 1, refused.stderr);
  assert.match(refused.stderr, /ERR_REFINE_DISK .*(EFBIG|File too large)/);
  assert.deepEqual(leftovers(small), []);
  const again = run(small, 'unlimited');
  assert.equal(again.status, 0, again.stderr);
  assert.equal(run(large, 'unlimited').status, 0);
  assert.deepEqual(finalBytes(small), finalBytes(large));
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
