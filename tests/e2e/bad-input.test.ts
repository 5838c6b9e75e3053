// Bad inputs and bad places: each gives one error that names place, found, expected and the next move, the exit code says
// so, and nothing half-written stands under a final name.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { packagePath } from '../../native/package-root.js';
import { partFiles, promisedBytes, refine } from '../support/cli.js';

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'refine-bad-'));
});
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

function manifest(source: string): string {
  const path = join(folder, 'manifest.yaml');
  writeFileSync(path, `name: bad\nseed: 1\nsource:\n  warc: [${source}]\nsteps:\n  - extract\n  - dedupe-exact\n  - tokenize\n`);
  return path;
}
const sample = () =>
  packagePath(
    'manifests',
    'sample',
    readdirSync(packagePath('manifests', 'sample'))
      .filter((name) => name.endsWith('.warc.gz'))
      .sort()[0]!,
  );

async function refused(name: string, source: string, expected: RegExp): Promise<void> {
  const out = join(folder, `out-${name}`);
  const result = await refine(['run', manifest(source), '--out', out, '--workers', '1']);
  assert.equal(result.code, 1, `${name}: exit ${result.code}\n${result.stderr}`);
  assert.match(result.stderr, expected, name);
  assert.ok(result.stderr.includes(source), `${name}: the message names the input\n${result.stderr}`);
  assert.deepEqual(promisedBytes(out), {}, `${name}: nothing stands under a final name`);
}

test('an empty file is a failed task that says so', async () => {
  writeFileSync(join(folder, 'empty.warc.gz'), '');
  await refused('empty', 'empty.warc.gz', /ERR_REFINE_INPUT.*empty/s);
});

test('a directory is refused as an input', async () => {
  mkdirSync(join(folder, 'folder.warc.gz'));
  await refused('directory', 'folder.warc.gz', /ERR_REFINE_INPUT.*(directory|folder)/is);
});

test('a PNG named .warc.gz is refused by its magic', async () => {
  writeFileSync(join(folder, 'picture.warc.gz'), Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), Buffer.alloc(5000, 7)]));
  await refused('png', 'picture.warc.gz', /ERR_REFINE_INPUT.*PNG/s);
});

test('a 10 GB sparse file is refused after its first 64 KiB', async () => {
  writeFileSync(join(folder, 'sparse.warc.gz'), '');
  truncateSync(join(folder, 'sparse.warc.gz'), 10 * 2 ** 30);
  await refused('sparse', 'sparse.warc.gz', /ERR_REFINE_INPUT.*zero/is);
});

test('a missing input is named before anything runs', async () => {
  const out = join(folder, 'out-missing');
  const result = await refine(['run', manifest('nowhere.warc.gz'), '--out', out]);
  assert.equal(result.code, 1);
  assert.match(result.stderr, /ERR_REFINE_INPUT.*nowhere\.warc\.gz/s);
});

test('an input that vanishes half-way fails its task by name; the others are tried, and nothing final is made', async () => {
  const { createReadStream, statSync } = await import('node:fs');
  let requests = 0;
  const size = statSync(sample()).size;
  const server = createServer((request, response) => {
    const headers = { 'content-length': size, etag: '"a"', 'accept-ranges': 'bytes' };
    if (request.method === 'HEAD') {
      response.writeHead(200, headers).end();
      return;
    }
    requests++;
    if (requests === 1) {
      response.writeHead(200, headers);
      createReadStream(sample(), { end: Math.floor(size / 3) })
        .on('data', (chunk) => response.write(chunk))
        .on('end', () => response.destroy());
      return;
    }
    response.writeHead(404).end('gone');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await refused('vanished', `http://127.0.0.1:${(server.address() as AddressInfo).port}/vanishing.warc.gz`, /ERR_REFINE_FETCH.*404/s);
  } finally {
    server.close();
  }
});

test('a read-only output folder is named', { skip: process.platform === 'win32' }, async () => {
  const parent = join(folder, 'read-only');
  mkdirSync(parent);
  copyFileSync(sample(), join(folder, 'sample.warc.gz'));
  let place = join(parent, 'run');
  if (process.getuid?.() === 0)
    place = '/proc/refine-run'; // root writes through permissions; procfs refuses everyone
  else chmodSync(parent, 0o555);
  const result = await refine(['run', manifest('sample.warc.gz'), '--out', place, '--workers', '1']);
  assert.equal(result.code, 1);
  assert.match(result.stderr, /ERR_REFINE_DISK/);
  assert.ok(result.stderr.includes(place), result.stderr);
});

const tmpfs = process.platform === 'linux' && process.getuid?.() === 0;
test('a full disk fails with its name, leaves nothing half-written, and the run resumes when there is room', {
  skip: tmpfs ? false : 'needs root to mount a small tmpfs',
}, async (t) => {
  const disk = join(folder, 'disk');
  mkdirSync(disk);
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=72k', 'tmpfs', disk]).status !== 0) return t.skip('this sandbox does not let root mount a tmpfs');
  try {
    copyFileSync(sample(), join(folder, 'sample.warc.gz'));
    const path = manifest('sample.warc.gz');
    const out = join(disk, 'run');
    const result = await refine(['run', path, '--out', out, '--workers', '1']);
    assert.equal(result.code, 1);
    assert.match(result.stderr, /ERR_REFINE_DISK.*(space|full)/is);
    assert.deepEqual(
      partFiles(out).filter((name) => !name.startsWith('scratch')),
      [],
    );
    execFileSync('mount', ['-o', 'remount,size=64m', disk]);
    const again = await refine(['run', path, '--out', out, '--workers', '1']);
    assert.equal(again.code, 0, again.stderr);
    const elsewhere = join(folder, 'roomy');
    assert.equal((await refine(['run', path, '--out', elsewhere, '--workers', '1'])).code, 0);
    assert.deepEqual(promisedBytes(out), promisedBytes(elsewhere));
  } finally {
    spawnSync('umount', [disk]);
  }
});
