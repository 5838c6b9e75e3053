// s3:// as a source, against npm s3rver behind a proxy that misbehaves by a seed: patterns, identities, reads that go on where they broke.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { RefineError } from '../../native/errors.js';
import { listInputs, localGate } from '../../pipeline/inputs.js';
import { S3Store, s3Objects } from '../../pipeline/storage/s3-store.js';
import type { Source } from '../../stages/contract/source.js';
import { inputBytes } from '../../stages/fetch/input-bytes.js';
import { expandGlob } from '../../stages/fetch/glob.js';
import { literalPrefix, pathMatcher } from '../../stages/fetch/object-glob.js';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { randomFrom } from '../support/random.js';
import { type S3World, startS3 } from '../support/s3-world.js';

const quick = { baseDelayMs: 1, maxDelayMs: 4, bodyTimeoutMs: 300, headersTimeoutMs: 5000, idleTries: 30 };
const signal = new AbortController().signal;
const KEYS = [
  'in/a-1.jsonl',
  'in/a-2.jsonl',
  'in/b.jsonl',
  'in/sub/c.jsonl',
  'in/sub/deep/d.jsonl',
  'in/.hidden.jsonl',
  'other/a-1.jsonl',
  'in/sp ace+ü.jsonl',
];

let world: S3World;
let store: S3Store;
before(async () => {
  world = await startS3();
  store = await S3Store.at('s3://bucket', { limits: quick });
  for (const key of KEYS) await store.put(key, Buffer.from(`{"text":"${key}"}\n`));
});
after(() => world.close());

const list = (source: Source) => listInputs(source, { baseDir: '/', seed: 7n, gate: localGate(), signal });
const jsonl = (...paths: string[]): Source => ({ kind: 'jsonl', paths, textField: 'text' });

test('a pattern over keys means what the same pattern means over files of those names', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'refine-glob-'));
  try {
    for (const key of KEYS) {
      mkdirSync(dirname(join(folder, key)), { recursive: true });
      writeFileSync(join(folder, key), '');
    }
    for (const pattern of [
      'in/*.jsonl',
      'in/**/*.jsonl',
      '**/a-?.jsonl',
      'in/{a-1,b}.jsonl',
      'in/a-[!2].jsonl',
      '**/.hidden*',
      'in/sub/**',
      '*/*/c.jsonl',
      'in/sp*ü.jsonl',
    ]) {
      const files = (await expandGlob(pattern, folder)).map((path) => relative(folder, path));
      const inputs = await list(jsonl(`s3://bucket/${pattern}`));
      assert.deepEqual(
        inputs.map(({ path }) => path),
        files,
        pattern,
      );
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a pattern costs one listing of what stands before its first sign, and its cost is bounded by segments', () => {
  assert.equal(literalPrefix('crawl-data/CC-*/x'), 'crawl-data/CC-');
  const matches = pathMatcher(`${'**/'.repeat(30)}x`);
  assert.equal(matches(`${'a/'.repeat(500)}x`), true);
  assert.equal(matches(`${'a/'.repeat(500)}y`), false);
});

test('an object has the same path and the same identity whether it was listed or named, and its key is its path', async () => {
  const [listed] = await list(jsonl('s3://bucket/in/b.*'));
  const [named] = await list(jsonl('s3://bucket/in/b.jsonl'));
  assert.deepEqual(listed, named);
  assert.equal(named!.path, 'in/b.jsonl');
  assert.match(named!.identity, /^remote:\d+:"[0-9a-f]{32}"$/);
});

test('a pattern that matches nothing says how many it looked at; an object that is not there fails in its own task', async () => {
  await assert.rejects(list(jsonl('s3://bucket/in/*.warc.gz')), /matches no object: looked at 7 .* s3:\/\/bucket\/in\//);
  const [gone] = await list(jsonl('s3://bucket/in/nothing.jsonl'));
  assert.match(gone!.identity, /^unknown:/);
  await assert.rejects(list(jsonl('s3://bucket/in/')), /names a bucket or a folder/);
  await assert.rejects(list(jsonl('s3://bucket')), /names a bucket or a folder/);
});

test('commoncrawl.base may be a bucket: the paths are those of the list', async () => {
  const paths = ['crawl-data/CC-X/segments/1/warc/a.warc.gz', 'crawl-data/CC-X/segments/1/warc/b.warc.gz'];
  await store.put('crawl-data/CC-X/warc.paths.gz', gzipSync(`${paths.join('\n')}\n`));
  for (const path of paths) await store.put(path, Buffer.from(path));
  const inputs = await list({ kind: 'commoncrawl', crawls: ['CC-X'], select: { files: 2 }, base: 's3://bucket' });
  assert.deepEqual(
    inputs.map(({ path, location }) => [path, location]),
    paths.map((path) => [path, `s3://bucket/${path}`]),
  );
  await assert.rejects(list({ kind: 'commoncrawl', crawls: ['CC-NO'], select: { files: 2 }, base: 's3://bucket' }), /the crawl "CC-NO" is not there/);
});

test('resets, stalls, short bodies and refusals leave the bytes as they are, and what arrived is not asked for twice', async () => {
  const random = randomFrom(5);
  const bytes = Buffer.from(Uint8Array.from({ length: 400_000 }, () => random(256)));
  await store.put('big.warc.gz', bytes);
  const [input] = await list({ kind: 'warc', paths: ['s3://bucket/big.warc.gz'] });
  for (const seed of [1, 2, 3]) {
    world.faults = { seed, slowDown: 0.2, internal: 0.1, reset: 0.1, cutBody: 0.5, shortBody: 0.1, stall: 0.1 };
    const from = world.log.length;
    const parts: Uint8Array[] = [];
    for await (const part of inputBytes(input!, { gate: localGate(), objects: s3Objects(quick) }, signal)) parts.push(part);
    assert.deepEqual(Buffer.concat(parts), bytes);
    const starts = world.log
      .slice(from)
      .filter(({ fault }) => !/Slow|Internal|reset/.test(fault))
      .map(({ range }) => Number(/bytes=(\d+)-/.exec(range!)![1]));
    assert.deepEqual(
      starts,
      [...starts].sort((a, b) => a - b),
    );
  }
  world.faults = {};
});

test('an object that is replaced in the middle of a read fails by name, and no byte of the new one is given', async () => {
  await store.put('changing', Buffer.alloc(300_000, 'old '));
  const [input] = await list({ kind: 'warc', paths: ['s3://bucket/changing'] });
  world.faults = { seed: 1, cutBody: 1 };
  const got: Uint8Array[] = [];
  await assert.rejects(
    async () => {
      for await (const part of inputBytes(input!, { gate: localGate(), objects: s3Objects(quick) }, signal)) {
        got.push(part);
        if (got.length > 1) continue;
        world.faults = {};
        await store.put('changing', Buffer.alloc(300_000, 'new '));
      }
    },
    (error) => error instanceof RefineError && error.code === 'ERR_REFINE_INPUT_CHANGED' && error.place === 's3://bucket/changing',
  );
  assert.ok(
    Buffer.concat(got)
      .toString()
      .split(' ')
      .every((word) => 'old'.startsWith(word)),
  );
});

test('a wrong ETag is another version: the read fails by name instead of trusting the bytes', async () => {
  const [input] = await list({ kind: 'warc', paths: ['s3://bucket/big.warc.gz'] });
  world.faults = { seed: 1, wrongEtag: 1 };
  const read = async () => {
    for await (const _ of inputBytes(input!, { gate: localGate(), objects: s3Objects(quick) }, signal));
  };
  await assert.rejects(read, /ERR_REFINE_INPUT_CHANGED|the object changed in its store/);
  world.faults = {};
});
