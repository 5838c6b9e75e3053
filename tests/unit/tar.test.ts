// Archives of the system's tar in its three formats, and damaged ones. Expectation: the files that were put in.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { readTar } from '../../pipeline/tar.js';
import { randomFrom } from '../support/random.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-tar-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));
const noTar = spawnSync('tar', ['--version']).status !== 0 && 'needs tar';

const long = `${'a-folder-with-a-long-name/'.repeat(3)}${'x'.repeat(90)}.txt`;
const files: Readonly<Record<string, Buffer>> = {
  empty: Buffer.alloc(0),
  'small.txt': Buffer.from('one\ntwo\n'),
  block: Buffer.alloc(512, 'b'),
  'past-a-block': Buffer.alloc(513, 'c'),
  'folder/ünïcode': Buffer.from('ü'),
  [long]: Buffer.alloc(70_000, 'd'),
};

function archive(...options: string[]): Buffer {
  for (const [path, bytes] of Object.entries(files)) {
    mkdirSync(join(folder, 'in', dirname(path)), { recursive: true });
    writeFileSync(join(folder, 'in', path), bytes);
  }
  try {
    symlinkSync('/etc/passwd', join(folder, 'in', 'link'));
  } catch {
    // it is there
  }
  return execFileSync('tar', ['-C', join(folder, 'in'), ...options, '-cf', '-', '.'], { maxBuffer: 1 << 24 });
}

async function* cut(bytes: Uint8Array, size: () => number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + size());
    yield bytes.subarray(at, end);
    at = end;
  }
}

async function unpack(source: AsyncIterable<Uint8Array>, skip = false): Promise<Record<string, Buffer | string>> {
  const found: Record<string, Buffer | string> = {};
  for await (const { path, kind, bytes, content } of readTar(source)) {
    const parts: Uint8Array[] = [];
    if (!skip) for await (const part of content) parts.push(part);
    if (kind === 'file' && !skip) assert.equal(Buffer.concat(parts).length, bytes);
    found[path.replace(/^\.\//, '')] = kind === 'file' ? Buffer.concat(parts) : kind;
  }
  return found;
}

for (const format of ['ustar', 'gnu', 'pax']) {
  test(`an archive in ${format} form gives the files that were put in, however its bytes are cut`, { skip: noTar }, async () => {
    const bytes = archive(`--format=${format}`);
    const random = randomFrom(3);
    for (const size of [() => bytes.length, () => 1 + random(2000), () => 512]) {
      const found = await unpack(cut(bytes, size));
      for (const [path, content] of Object.entries(files)) assert.deepEqual(found[path], content, path);
      assert.equal(found.link, 'other');
      assert.equal(found['folder/'], 'folder');
    }
    const names = Object.keys(
      await unpack(
        cut(bytes, () => 4096),
        true,
      ),
    );
    for (const path of Object.keys(files)) assert.ok(names.includes(path), path);
  });
}

test('what is no archive, cut short or damaged says so', { skip: noTar }, async () => {
  const bytes = archive('--format=gnu');
  await assert.rejects(unpack(cut(Buffer.alloc(2048, 'text '), () => 100)), /no tar archive/);
  await assert.rejects(unpack(cut(bytes.subarray(0, bytes.length - 40_000), () => 1000)), /cut short/);
  const flipped = Buffer.from(bytes);
  flipped[3]! ^= 1; // in the first name
  await assert.rejects(unpack(cut(flipped, () => 1000)), /checksum/);
  assert.deepEqual(await unpack(cut(Buffer.alloc(0), () => 1)), {});
});
