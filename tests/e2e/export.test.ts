// `refine export`: each format holds every document of the run, in the run's order, with every column, and nothing else.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { decompress, init } from '@bokuweb/zstd-wasm';
import { parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { column, documentAt, packagePath } from '../../native/index.js';
import { faults } from '../../pipeline/atomic-file.js';
import { exportRun } from '../../pipeline/export/export.js';
import { EXPORT_FORMATS } from '../../pipeline/export/formats.js';
import { loadManifest } from '../../pipeline/manifest.js';
import { runManifest } from '../../pipeline/runner.js';
import { readArrow } from '../../pipeline/store.js';
import { refine } from '../support/cli.js';
import { readDs, readMds, readMegatron } from '../support/export-readers.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-export-'));
const run = join(folder, 'run');
after(() => rmSync(folder, { recursive: true, force: true }));

const documents: Record<string, unknown>[] = [];
const tokens: number[][] = [];

before(async () => {
  await runManifest(await loadManifest(packagePath('manifests', 'sample.yaml'), { sets: ['sink.holdout.fraction=0.3', 'extract.links=true'] }), {
    out: run,
    workers: 2,
  });
  for (const name of readdirSync(join(run, 'text')).sort()) {
    if (name.startsWith('holdout-')) continue;
    for await (const batch of readArrow(join(run, 'text', name))) for (let row = 0; row < batch.rows; row++) documents.push({ ...documentAt(batch, row) });
    for await (const batch of readArrow(join(run, 'tokens', name))) {
      const { values, offsets } = column(batch, 'tokens', 'list');
      for (let row = 0; row < batch.rows; row++) tokens.push([...values.subarray(offsets[row], offsets[row + 1])].map(Number));
    }
  }
  assert.ok(documents.length > 10);
});

async function exported(format: string, ...more: string[]): Promise<string> {
  const out = join(folder, [format, ...more].join('').replaceAll(/[^a-z0-9]/g, ''));
  const { code, stdout, stderr } = await refine(['export', run, '--format', format, '-o', out, '--json', ...more]);
  assert.equal(code, 0, stderr);
  const { files } = JSON.parse(stdout) as { files: { path: string; bytes: number; sha256: string }[] };
  assert.deepEqual([...files.map(({ path }) => path), 'export.json'].sort(), readdirSync(out).sort());
  for (const { path, bytes, sha256 } of files) {
    const found = readFileSync(join(out, path));
    assert.equal(found.length, bytes, path);
    assert.equal(createHash('sha256').update(found).digest('hex'), sha256, path);
  }
  return out;
}

const readers = { megatron: readMegatron, ds: readDs, mds: readMds };
for (const [format, read] of Object.entries(readers)) {
  test(`${format} holds every document's ids in order`, async () => {
    assert.deepEqual(read(await exported(format)), tokens);
  });
}

test('mds by length holds all ids end to end, cut at the length, the rest at the end', async () => {
  const samples = readMds(await exported('mds', '--seq-len', '100'));
  const all = tokens.flat();
  assert.deepEqual(samples.flat(), all);
  assert.deepEqual(
    samples.map((sample) => sample.length),
    Array.from({ length: Math.ceil(all.length / 100) }, (_, i) => Math.min(100, all.length - 100 * i)),
  );
});

/** As JSON lines say it: dates as text, floats to float32's shortest, 64-bit integers as numbers. */
function plain(document: Record<string, unknown>): Record<string, unknown> {
  const { date, ...rest } = document;
  return { ...rest, date: date === null ? null : new Date(Number(date) * 1000).toISOString().replace('.000Z', 'Z') };
}

const close = (a: unknown, b: unknown): boolean => (typeof a === 'number' || typeof a === 'bigint') && Math.fround(Number(a)) === Math.fround(Number(b));

function sameDocuments(found: readonly Record<string, unknown>[], expected: readonly Record<string, unknown>[]): void {
  assert.equal(found.length, expected.length);
  found.forEach((document, i) => {
    assert.deepEqual(Object.keys(document).sort(), Object.keys(expected[i]!).sort());
    for (const [name, value] of Object.entries(expected[i]!))
      if (!close(document[name], value)) assert.deepEqual(document[name], value, `document ${i}, ${name}`);
  });
}

test('jsonl and jsonl.zst hold every column of every document; floats always look like floats', async () => {
  await init();
  const out = await exported('jsonl');
  const lines = readdirSync(out)
    .filter((name) => name.endsWith('.jsonl'))
    .sort()
    .map((name) => readFileSync(join(out, name), 'utf8'));
  sameDocuments(
    lines.flatMap((text) => text.trimEnd().split('\n')).map((line) => JSON.parse(line)),
    documents.map(plain),
  );
  for (const line of lines[0]!.trimEnd().split('\n')) assert.match(line, /"duplicate_line_fraction":\d+\.\d+[,}]/);
  const packed = await exported('jsonl.zst');
  const names = readdirSync(packed)
    .filter((name) => name.endsWith('.zst'))
    .sort();
  assert.deepEqual(
    names.map((name) => Buffer.from(decompress(readFileSync(join(packed, name)))).toString('utf8')),
    lines,
  );
});

test('parquet holds every column of every document, with its type', async () => {
  const out = await exported('parquet');
  const found: Record<string, unknown>[] = [];
  for (const name of readdirSync(out).sort()) {
    if (!name.endsWith('.parquet')) continue;
    const bytes = readFileSync(join(out, name));
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
    const { schema } = await parquetMetadataAsync(file);
    assert.equal(schema.find((element) => element.name === 'date')!.converted_type, 'TIMESTAMP_MILLIS');
    assert.equal(schema.find((element) => element.name === 'word_count')!.converted_type, 'UINT_32');
    found.push(...((await parquetReadObjects({ file })) as Record<string, unknown>[]));
  }
  const withText = (document: Record<string, unknown>) => ({
    ...document,
    date: document.date instanceof Date ? document.date.toISOString().replace('.000Z', 'Z') : null,
  });
  sameDocuments(found.map(withText), documents.map(plain));
});

test('the same run gives the same bytes', async () => {
  for (const format of ['parquet', 'jsonl.zst', 'mds']) {
    const [one, two] = [join(folder, `${format}-1`), join(folder, `${format}-2`)];
    for (const out of [one, two]) assert.equal((await refine(['export', run, '--format', format, '-o', out])).code, 0);
    for (const name of readdirSync(one)) assert.ok(readFileSync(join(one, name)).equals(readFileSync(join(two, name))), name);
  }
});

test('the held-out side is exported only by name', async () => {
  const held = readMegatron(await exported('megatron', '--split', 'holdout'));
  assert.ok(held.length > 0);
  const train = new Set(tokens.map(String));
  assert.deepEqual(
    held.filter((ids) => train.has(String(ids))),
    [],
  );
});

test('refused: a folder with files in it, a length where readers cut rows, no run, an unknown format', async () => {
  const full = join(folder, 'full');
  const used = join(folder, 'used');
  mkdirSync(used);
  writeFileSync(join(used, 'notes.txt'), 'mine');
  const again = await refine(['export', run, '--format', 'ds', '-o', used]);
  assert.equal(again.code, 2);
  assert.match(again.stderr, /used {2}holds files already \(1\), such as notes\.txt\. Name an empty folder, or remove it first/);
  const length = await refine(['export', run, '--format', 'megatron', '--seq-len', '8', '-o', full]);
  assert.equal(length.code, 2);
  assert.match(length.stderr, /--seq-len {2}goes with --format mds, not megatron/);
  const none = await refine(['export', folder, '--format', 'ds', '-o', full]);
  assert.equal(none.code, 1);
  assert.match(none.stderr, /is no run folder/);
  assert.equal((await refine(['export', run, '--format', 'csv', '-o', full])).code, 2);
  assert.ok(!existsSync(full));
});

test('a shard that was cut is refused, and no file of it keeps its name', async () => {
  const shard = join(run, 'text', '000000.arrow');
  const bytes = readFileSync(shard);
  const out = join(folder, 'cut');
  try {
    writeFileSync(shard, bytes.subarray(0, bytes.length - 100));
    const { code, stderr } = await refine(['export', run, '--format', 'jsonl', '-o', out]);
    assert.equal(code, 1);
    assert.match(stderr, /ERR_REFINE_SHARD .*000000\.arrow/);
    assert.deepEqual(readdirSync(out), []);
  } finally {
    writeFileSync(shard, bytes);
  }
});

test('a disk that fills up leaves nothing of the export, and the same command then makes the whole', async () => {
  for (const format of EXPORT_FORMATS) {
    const out = join(folder, `full-${format}`);
    const options = { format, out, split: 'train' as const, signal: new AbortController().signal };
    const noRoom = (path: string): void => {
      if (path.endsWith('export.json')) throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
    };
    const before = faults.inject;
    faults.inject = noRoom;
    try {
      await assert.rejects(exportRun(run, options), { code: 'ERR_REFINE_DISK', message: /Free space .* and run the same command again/ }, format);
    } finally {
      faults.inject = before;
    }
    assert.deepEqual(readdirSync(out), [], format);
    const { files } = await exportRun(run, options);
    assert.ok(files.length > 0, format);
  }
});

test('an export that is interrupted leaves nothing of it', async () => {
  const out = join(folder, 'interrupted');
  const controller = new AbortController();
  faults.inject = (): void => controller.abort(new Error('interrupted'));
  try {
    await assert.rejects(exportRun(run, { format: 'ds', out, split: 'train', signal: controller.signal }), /interrupted/);
  } finally {
    faults.inject = undefined;
  }
  assert.deepEqual(readdirSync(out), []);
});
