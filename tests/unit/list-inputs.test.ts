// Which files a source means. Expectations by hand from DESIGN section 1 ("order is defined"); the glob's against
// Node's own path.matchesGlob where this Node has one.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as nodePath from 'node:path';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { RefineError } from '../../native/errors.js';
import type { Source } from '../../stages/contract/source.js';
import { lotOf, selectPaths } from '../../stages/fetch/commoncrawl.js';
import { localGate } from '../../stages/fetch/gate.js';
import { expandBraces, expandGlob, segmentMatcher } from '../../stages/fetch/glob.js';
import { listInputs } from '../../stages/fetch/list-inputs.js';
import { startCrawlServer } from '../support/crawl-server.js';

const env = (baseDir: string, seed = 1n) => ({ baseDir, seed, gate: localGate({ minIntervalMs: 0 }), signal: new AbortController().signal });

/** A folder of small files, removed at the end; contents are their own names. */
async function withFiles(names: readonly string[], body: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'refine-list-'));
  try {
    for (const name of names) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), name);
    }
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const names = ['b.warc.gz', 'a.warc.gz', 'A.warc.gz', 'deep/er/c.warc.gz', 'deep/d.warc.gz', 'deep/readme.txt', '.hidden.warc.gz', 'deep/.dark/x.warc.gz'];

test('globs name files sorted by path bytes, hidden ones only when asked for', async () => {
  await withFiles(names, async (folder) => {
    const list = async (...paths: string[]) => (await listInputs({ kind: 'warc', paths }, env(folder))).map(({ path }) => path);
    assert.deepEqual(await list('*.warc.gz'), ['A.warc.gz', 'a.warc.gz', 'b.warc.gz']);
    assert.deepEqual(await list('**/*.warc.gz'), ['A.warc.gz', 'a.warc.gz', 'b.warc.gz', 'deep/d.warc.gz', 'deep/er/c.warc.gz']);
    assert.deepEqual(await list('**'), ['A.warc.gz', 'a.warc.gz', 'b.warc.gz', 'deep/d.warc.gz', 'deep/er/c.warc.gz', 'deep/readme.txt']);
    assert.deepEqual(await list('{b,a}.warc.gz', 'deep/?.warc.gz'), ['a.warc.gz', 'b.warc.gz', 'deep/d.warc.gz']);
    assert.deepEqual(await list('[!A-Z].warc.gz'), ['a.warc.gz', 'b.warc.gz']);
    assert.deepEqual(await list('.hid*'), ['.hidden.warc.gz']);
    assert.deepEqual(await list(join(folder, 'deep', '*.gz'), `file://${folder}/b.warc.gz`), ['b.warc.gz', 'deep/d.warc.gz']);
  });
});

test('a folder or file that a glob meets and that cannot be read is never passed over', async () => {
  await withFiles(['a/x.warc.gz', 'b/y.warc.gz'], async (folder) => {
    const loop = (path: string): void => symlinkSync(join(folder, path), join(folder, path));
    const list = (path: string) => listInputs({ kind: 'warc', paths: [path] }, env(folder));
    const listed = async (path: string) => (await list(path)).map((input) => [input.path, input.identity.split(':')[0]]);
    symlinkSync(join(folder, 'nowhere'), join(folder, 'a/gone.warc.gz'));
    loop('b/round.warc.gz');
    // They are inputs: their own tasks say what is wrong with them, and the others are read.
    assert.deepEqual(await listed('*/*.warc.gz'), [
      ['a/gone.warc.gz', 'unknown'],
      ['a/x.warc.gz', 'local'],
      ['b/round.warc.gz', 'unknown'],
      ['b/y.warc.gz', 'local'],
    ]);
    loop('c');
    await assert.rejects(list('*/*.warc.gz'), { code: 'ERR_REFINE_INPUT', place: join(folder, 'c'), message: /cannot be listed \(ELOOP\)/ });
    await assert.rejects(list('c/*.warc.gz'), { code: 'ERR_REFINE_INPUT', place: join(folder, 'c'), message: /cannot be listed \(ELOOP\)/ });
    loop('text');
    await assert.rejects(listInputs({ kind: 'run', path: folder }, env(folder)), { code: 'ERR_REFINE_INPUT', message: /cannot be listed \(ELOOP\)/ });
  });
});

test('the order in which a manifest lists files does not matter', async () => {
  await withFiles(names, async (folder) => {
    const forwards = await listInputs({ kind: 'warc', paths: ['a.warc.gz', 'deep/*.gz', 'b.warc.gz'] }, env(folder));
    const backwards = await listInputs({ kind: 'warc', paths: ['b.warc.gz', 'deep/*.gz', './a.warc.gz'] }, env(folder));
    assert.deepEqual(forwards, backwards);
  });
});

test('an identity names the content: moved it stays, changed it does not', async () => {
  const big = Buffer.alloc((2 << 20) + 5, 'x');
  await withFiles(['f', 'sub/f'], async (folder) => {
    const identity = async (baseDir: string) => (await listInputs({ kind: 'warc', paths: ['f'] }, env(baseDir)))[0]!.identity;
    writeFileSync(join(folder, 'f'), big);
    writeFileSync(join(folder, 'sub', 'f'), big);
    const expected = createHash('sha256')
      .update(big.subarray(0, 1 << 20))
      .update(big.subarray(-(1 << 20)))
      .digest('hex');
    assert.equal(await identity(folder), `local:${big.length}:${expected}`);
    assert.equal(await identity(join(folder, 'sub')), await identity(folder));
    big[big.length - 1] = 0;
    writeFileSync(join(folder, 'f'), big);
    assert.notEqual(await identity(folder), await identity(join(folder, 'sub')));
  });
});

test('a link that leads nowhere is refused as a link, with what it names', async () => {
  await withFiles(names, async (folder) => {
    symlinkSync('gone/x.warc.gz', join(folder, 'link.warc.gz'));
    await assert.rejects(listInputs({ kind: 'warc', paths: ['link.warc.gz'] }, env(folder)), {
      code: 'ERR_REFINE_INPUT',
      place: 'link.warc.gz',
      message: /^is a link to gone\/x\.warc\.gz, which leads to no file\. Mend the link/,
    });
  });
});

test('a path that is not there names the folder and what comes nearest', async () => {
  await withFiles(names, async (folder) => {
    const refused = (paths: string[], pattern: RegExp) =>
      assert.rejects(listInputs({ kind: 'warc', paths }, env(folder)), (error: RefineError) => {
        assert.ok(error instanceof RefineError);
        assert.match(error.format(), pattern);
        return true;
      });
    await refused(['c.warc.gz'], /^ERR_REFINE_INPUT c\.warc\.gz {2}does not exist, expected a file\. Nearest in the manifest’s folder: A\.warc\.gz/);
    await refused(['deep/e.warc.gz'], /Nearest in deep: d\.warc\.gz/);
    await refused(['deap/*.warc.gz'], /^ERR_REFINE_INPUT deap\/\*\.warc\.gz {2}matches no file\. Nearest in the manifest’s folder: deep\//);
    await refused(['deep/*.wark.gz'], /matches no file\. Nearest in deep: d\.warc\.gz/);
    await refused(['a.warc.gz', '[a].warc.gz'], /^ERR_REFINE_MANIFEST a\.warc\.gz {2}two inputs have this path: \[a\]\.warc\.gz and a\.warc\.gz/);
    await refused(['http://a/x.warc.gz', 'http://b/x.warc.gz?y'], /two inputs have this path: http:\/\/a\/x\.warc\.gz and http:\/\/b\/x\.warc\.gz\?\.\.\./);
    await refused(['s3://commoncrawl/x'], /s3:\/\/ is not read.*https:\/\/data\.commoncrawl\.org/);
    await refused(['ftp://host/x'], /scheme "ftp:" is not read/);
    await refused(['{1,2}'.repeat(11)], /more than 1024 patterns/);
    await refused(['[b-a]*'], /runs backwards/);
    await refused([], /names no file/);
  });
});

test('a directory and a remote file that is gone are inputs whose tasks will fail, not the end of the list', async () => {
  const server = await startCrawlServer([]);
  await withFiles(names, async (folder) => {
    const inputs = await listInputs({ kind: 'warc', paths: ['a.warc.gz', 'deep', `${server.base}/gone.warc.gz`] }, env(folder));
    assert.deepEqual(
      inputs.map(({ path, bytes, identity }) => [path, bytes, identity.split(':')[0]]),
      [
        ['a.warc.gz', 9, 'local'],
        ['deep', null, 'unknown'],
        ['gone.warc.gz', null, 'unknown'],
      ],
    );
  });
  await server.close();
});

test('our glob agrees with Node’s own on random patterns', {
  skip: typeof (nodePath as { matchesGlob?: unknown }).matchesGlob !== 'function' && 'needs path.matchesGlob (Node 22)',
}, () => {
  const { matchesGlob } = nodePath as unknown as { matchesGlob: (path: string, pattern: string) => boolean };
  for (const pattern of ['a*', '*', '*.gz', '?b', '[ab]c', '[!a]*', 'a.b', 'a[b-d]e*f', '*a*b', '[]a]', '[!]a]', 'a[', '**b']) {
    for (const name of ['a', 'ab', 'a.b', 'acb', 'bc', 'cc', 'x.gz', 'ace1f', ']', 'a[', 'xaxb'])
      assert.equal(segmentMatcher(pattern)(name), matchesGlob(name, pattern), `${pattern} ${name}`);
  }
});

test('braces nest and stand for themselves without a comma', () => {
  assert.deepEqual(expandBraces('a{b,c{d,e}}f'), ['abf', 'acdf', 'acef']);
  assert.deepEqual(expandBraces('{x}{1,2'), ['{x}{1,2']);
  assert.deepEqual(expandBraces('{x}{1,2}'), ['{x}1', '{x}2']);
});

test('a pattern of many stars costs no more than its names', async () => {
  await withFiles([`${'a'.repeat(200)}b`], async (folder) => {
    await assert.rejects(expandGlob(`${'*a'.repeat(40)}*c`, folder), /matches no file/);
    assert.deepEqual(await expandGlob(`${'*'.repeat(2000)}b`, folder), [join(folder, `${'a'.repeat(200)}b`)]);
  });
});

const crawlPath = (crawl: string, n: number) => `crawl-data/${crawl}/segments/${n % 3}/warc/${crawl}-${String(n).padStart(5, '0')}.warc.gz`;

test('the selection is a function of seed and path alone', () => {
  const paths = Array.from({ length: 500 }, (_, n) => crawlPath('CC-MAIN-2023-06', n));
  const eight = selectPaths(paths, { files: 8 }, 2023n);
  assert.deepEqual(selectPaths([...paths].reverse(), { files: 8 }, 2023n), eight);
  assert.deepEqual(selectPaths(paths, { files: 20 }, 2023n).slice(0, 8), eight, 'a larger selection holds the smaller one');
  assert.notDeepEqual(selectPaths(paths, { files: 8 }, 2024n), eight);
  // Slow reference: the definition in the header of commoncrawl.ts, with the hash as hex.
  const lots = paths.map((path) => [createHash('sha256').update(`2023 ${path}`).digest('hex'), path] as const).sort((a, b) => (a[0] < b[0] ? -1 : 1));
  assert.deepEqual(
    eight,
    lots.slice(0, 8).map(([, path]) => path),
  );
  const tenth = selectPaths(paths, { fraction: 0.1 }, 2023n);
  assert.deepEqual(
    tenth,
    lots.filter(([hex]) => Number.parseInt(hex.slice(0, 8), 16) < 0.1 * 2 ** 32).map(([, path]) => path),
  );
  assert.ok(tenth.length > 30 && tenth.length < 70, `${tenth.length} of 500 is near a tenth`);
  assert.equal(selectPaths(paths, { fraction: 1 }, 2023n).length, 500);
  assert.equal(lotOf(1n, 'x'), createHash('sha256').update('1 x').digest().readBigUInt64BE());
});

test('CommonCrawl is listed, selected over all crawls, and named below its base wherever that lies', async () => {
  const crawls = ['CC-MAIN-2023-06', 'CC-MAIN-2023-14'];
  const files = crawls.flatMap((crawl) => Array.from({ length: 10 }, (_, n) => ({ path: crawlPath(crawl, n), bytes: Buffer.from(`file ${crawl} ${n}`) })));
  const server = await startCrawlServer(files);
  const source = (base: string, more: Partial<Extract<Source, { kind: 'commoncrawl' }>> = {}): Source => ({
    kind: 'commoncrawl',
    crawls,
    select: { files: 6 },
    base,
    ...more,
  });
  const inputs = await listInputs(source(`${server.base}/`), env('/nowhere'));
  assert.equal(inputs.length, 6);
  assert.deepEqual(
    inputs.map(({ path }) => path),
    inputs.map(({ path }) => path).sort(),
  );
  const { path, location, bytes, identity, format } = inputs[0]!;
  const file = files.find((candidate) => candidate.path === path)!;
  assert.equal(location, `${server.base}/${path}`);
  assert.equal(bytes, file.bytes.length);
  assert.equal(format, 'warc');
  assert.equal(identity, `remote:${bytes}:"${createHash('md5').update(file.bytes).digest('hex')}"`);
  assert.deepEqual(await listInputs(source(server.base, { crawls: [...crawls].reverse() }), env('/nowhere')), inputs);

  await assert.rejects(listInputs(source(server.base, { crawls: ['CC-MAIN-1999-01'] }), env('/x')), /the crawl "CC-MAIN-1999-01" is not there.*Check the name/);
  await assert.rejects(listInputs(source(server.base, { select: { fraction: 1e-9 } }), env('/x')), /selects none of 20 files/);
  await server.close();

  await withFiles([], async (folder) => {
    for (const { path, bytes } of files) {
      mkdirSync(dirname(join(folder, 'mirror', path)), { recursive: true });
      writeFileSync(join(folder, 'mirror', path), bytes);
    }
    for (const crawl of crawls) {
      const list = files.filter(({ path }) => path.includes(crawl)).map(({ path }) => `${path}\n`);
      writeFileSync(join(folder, 'mirror', 'crawl-data', crawl, 'warc.paths.gz'), gzipSync(list.join('')));
    }
    const mirrored = await listInputs(source('mirror'), env(folder));
    assert.deepEqual(
      mirrored.map((input) => input.path),
      inputs.map((input) => input.path),
    );
    writeFileSync(join(folder, 'mirror', 'crawl-data', crawls[0]!, 'warc.paths.gz'), gzipSync('crawl-data/../../etc/passwd\n'));
    await assert.rejects(listInputs(source('mirror'), env(folder)), /warc\.paths\.gz:1|expected a relative path/);
  });
});

test('another run is read by its text shards, named by their sha256', async () => {
  await withFiles(['run/text/000001.arrow', 'run/text/000000.arrow', 'run/text/000002.arrow.part', 'empty/text/x'], async (folder) => {
    const inputs = await listInputs({ kind: 'run', path: 'run' }, env(folder));
    assert.deepEqual(
      inputs.map(({ path, format, identity }) => [path, format, identity]),
      ['run/text/000000.arrow', 'run/text/000001.arrow'].map((name) => [name.slice(4), 'shard', `shard:${createHash('sha256').update(name).digest('hex')}`]),
    );
    await assert.rejects(listInputs({ kind: 'run', path: 'empty' }, env(folder)), /has no shard in text\/, expected the folder of a finished run/);
    await assert.rejects(listInputs({ kind: 'run', path: 'nothing' }, env(folder)), /does not exist, expected the folder of a finished run/);
  });
});
