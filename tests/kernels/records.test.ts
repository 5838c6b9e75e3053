// Record files through the addon: against sorts in JavaScript and a naive union-find, at memory caps that make many runs, passes and
// buckets; files damaged on purpose; calls out of order. Expectations come from the slow references below.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  components,
  EDGE_SHAPE,
  EVERYTHING,
  KEY_SHAPE,
  mergeRecords,
  partitionRange,
  partitionStart,
  type RecordRange,
  type RecordShape,
  type RecordTails,
  RecordWriter,
  recordFileInfo,
  starEdges,
} from '../../native/records.js';
import { randomFrom } from '../support/random.js';

const SMALL = 1 << 20;
let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'refine-records-'));
});
after(() => rmSync(folder, { recursive: true }));

interface Row {
  readonly key: readonly bigint[];
  readonly value: Uint8Array;
  readonly tail: Uint8Array;
}

function compare(x: Row, y: Row): number {
  for (let i = 0; i < x.key.length; i++) if (x.key[i] !== y.key[i]) return x.key[i]! < y.key[i]! ? -1 : 1;
  return Buffer.compare(x.value, y.value) || Buffer.compare(x.tail, y.tail);
}

/** One batch as the writer takes it. */
function batchOf(rows: readonly Row[], shape: RecordShape): [BigUint64Array, Uint8Array, RecordTails | null] {
  const keys = new BigUint64Array(rows.length * shape.keyWords);
  const values = new Uint8Array(rows.length * shape.valueBytes);
  const offsets = new Int32Array(rows.length + 1);
  rows.forEach((row, i) => {
    keys.set(row.key, i * shape.keyWords);
    values.set(row.value, i * shape.valueBytes);
    offsets[i + 1] = offsets[i]! + row.tail.length;
  });
  return [keys, values, shape.tail ? { bytes: Buffer.concat(rows.map((row) => row.tail)), offsets } : null];
}

async function write(
  name: string,
  shape: RecordShape,
  rows: readonly Row[],
  options: { memory?: number; batch?: number; distinct?: boolean } = {},
): Promise<string> {
  const path = join(folder, name);
  const writer = await RecordWriter.open(path, shape, options.memory ?? SMALL, { distinct: options.distinct ?? false });
  const step = options.batch ?? 1000;
  for (let i = 0; i < rows.length; i += step) await writer.add(...batchOf(rows.slice(i, i + step), shape));
  const info = await writer.finish();
  if (options.distinct !== true) assert.equal(info.records, rows.length);
  assert.deepEqual(await recordFileInfo(path, true), info);
  return path;
}

async function read(
  files: readonly string[],
  range: RecordRange = EVERYTHING,
  options: { memory?: number; rows?: number; distinct?: boolean } = {},
): Promise<Row[]> {
  const rows: Row[] = [];
  const shape = files.length === 0 ? KEY_SHAPE : (await recordFileInfo(files[0]!)).shape;
  for await (const batch of mergeRecords(files, range, options.memory ?? SMALL, { folder, ...options })) {
    assert.equal(batch.keys.length, batch.rows * shape.keyWords);
    assert.equal(batch.values.length, batch.rows * shape.valueBytes);
    assert.equal(batch.tails !== undefined, shape.tail);
    for (let i = 0; i < batch.rows; i++)
      rows.push({
        key: [...batch.keys.subarray(i * shape.keyWords, (i + 1) * shape.keyWords)],
        value: batch.values.slice(i * shape.valueBytes, (i + 1) * shape.valueBytes),
        tail: batch.tails === undefined ? new Uint8Array(0) : batch.tails.bytes.slice(batch.tails.offsets[i], batch.tails.offsets[i + 1]),
      });
  }
  return rows;
}

function randomRows(random: (n: number) => number, shape: RecordShape, n: number, words: number): Row[] {
  const bytes = (size: number) => Uint8Array.from({ length: size }, () => (random(2) === 0 ? random(256) : 255 * random(2)));
  return Array.from({ length: n }, () => ({
    key: Array.from({ length: shape.keyWords }, () => (BigInt(random(words)) << 32n) | BigInt(random(words))),
    value: bytes(shape.valueBytes),
    tail: bytes(shape.tail ? random(9) : 0),
  }));
}

test('records written in any order and batch size come back as a sort in memory orders them, whole or range by range', async () => {
  const random = randomFrom(1);
  for (let round = 0; round < 24; round++) {
    const shape: RecordShape = { keyWords: 1 + random(4), valueBytes: [0, 8, 24, 5, 64][random(5)]!, tail: random(2) === 1 };
    const words = [2, 50, 2 ** 32][random(3)]!;
    const all: Row[] = [];
    const files: string[] = [];
    for (let f = 0; f < random(4); f++) {
      const rows = randomRows(random, shape, [0, 1, 17, 3000][random(4)]!, words);
      files.push(await write(`any-${f}`, shape, rows, { batch: 1 + random(4000) }));
      all.push(...rows);
    }
    all.sort(compare);
    assert.deepEqual(await read(files, EVERYTHING, { rows: 1 + random(5000) }), all);
    const count = 1 + random(5);
    const parts: Row[] = [];
    for (let p = 0; p < count; p++) parts.push(...(await read(files, partitionRange(p, count))));
    assert.deepEqual(parts, all);
    const [lo, hi] = [BigInt(random(words)) << 32n, BigInt(random(words)) << 32n];
    assert.deepEqual(
      await read(files, { lo, hi }),
      all.filter((row) => row.key[0]! >= lo && row.key[0]! < hi),
    );
  }
});

test('a file does not depend on batch sizes, and its runs do not show in a merge', async () => {
  const random = randomFrom(2);
  const shape: RecordShape = { keyWords: 2, valueBytes: 3, tail: true };
  const rows = randomRows(random, shape, 40_000, 2 ** 32);
  const once = await write('once', shape, rows, { batch: 40_000 });
  const often = await write('often', shape, rows, { batch: 77 });
  const roomy = await write('roomy', shape, rows, { memory: 64 << 20 });
  assert.ok(readFileSync(once).equals(readFileSync(often)));
  const [small, large] = [await recordFileInfo(once), await recordFileInfo(roomy)];
  assert.ok(small.runs > 3 && large.runs === 1, `${small.runs} and ${large.runs} runs`);
  assert.deepEqual(await read([once]), await read([roomy]));
});

test('equal records become one where a merge is asked for distinct ones', async () => {
  const random = randomFrom(3);
  const rows = randomRows(random, EDGE_SHAPE, 5000, 20);
  const files = [await write('distinct-0', EDGE_SHAPE, rows, { distinct: true }), await write('distinct-1', EDGE_SHAPE, rows.slice(0, 100))];
  const expected = [...rows].sort(compare).filter((row, i, sorted) => i === 0 || compare(sorted[i - 1]!, row) !== 0);
  assert.ok(expected.length < 5000);
  assert.deepEqual(await read(files, EVERYTHING, { distinct: true }), expected);
  assert.equal((await recordFileInfo(files[0]!)).records, expected.length);
});

test('hundreds of files merge in a memory that holds a few dozen blocks; no scratch file is left, even where the reader stops early', async () => {
  const random = randomFrom(4);
  const rows = randomRows(random, KEY_SHAPE, 60_000, 2 ** 32);
  const files: string[] = [];
  for (let f = 0; f < 300; f++) files.push(await write(`many-${f}`, KEY_SHAPE, rows.slice(f * 200, (f + 1) * 200)));
  assert.deepEqual(await read(files), [...rows].sort(compare));
  for await (const batch of mergeRecords(files, EVERYTHING, SMALL, { folder })) if (batch.rows > 0) break;
  for (const file of files) rmSync(file);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.includes('merge-')),
    [],
  );
});

test('partitions cover every first word once', () => {
  assert.equal(partitionStart(0, 7), 0n);
  assert.equal(partitionStart(7, 7), 1n << 64n);
  assert.equal(partitionStart(1, 2), 1n << 63n);
  assert.equal(partitionStart(1, 3), ((1n << 64n) + 2n) / 3n);
});

/** Smallest row of each row's component. */
function naiveComponents(edges: readonly (readonly [bigint, bigint])[]): Map<bigint, bigint> {
  const parent = new Map<bigint, bigint>();
  const root = (x: bigint) => {
    while (parent.get(x) !== x) {
      parent.set(x, parent.get(parent.get(x)!)!);
      x = parent.get(x)!;
    }
    return x;
  };
  for (const [x, y] of edges) for (const end of [x, y]) if (!parent.has(end)) parent.set(end, end);
  for (const [x, y] of edges) {
    const [a, b] = [root(x), root(y)];
    if (a !== b) parent.set(a > b ? a : b, a < b ? a : b);
  }
  for (const row of parent.keys()) parent.set(row, root(row));
  return parent;
}

function shuffle<T>(random: (n: number) => number, items: T[]): T[] {
  for (let i = items.length - 1; i > 0; i--) {
    const j = random(i + 1);
    [items[i], items[j]] = [items[j]!, items[i]!];
  }
  return items;
}

const edgeRows = (edges: readonly (readonly [bigint, bigint])[]): Row[] => edges.map((key) => ({ key, value: new Uint8Array(0), tail: new Uint8Array(0) }));

test('components equal a naive union-find: random edges, a chain of 100,000 in random order, stars, cliques', async () => {
  const random = randomFrom(5);
  const row = (i: number) => (BigInt(i % 7) << 32n) | BigInt(Math.floor(i / 7));
  const order = shuffle(
    random,
    Array.from({ length: 100_000 }, (_, i) => row(i)),
  );
  const clique = (from: number, size: number) =>
    Array.from({ length: size }, (_, i) => Array.from({ length: i }, (_, j) => [order[from + i]!, order[from + j]!] as [bigint, bigint])).flat();
  const shapes: Record<string, [bigint, bigint][]> = {
    none: [],
    loop: [[5n, 5n]],
    random: Array.from({ length: 20_000 }, () => [row(random(30_000)), row(random(30_000))]),
    chain: order.slice(1).map((x, i) => [order[i]!, x]),
    star: order.slice(0, 30_000).map((x) => [order[99_999]!, x]),
    cliques: Array.from({ length: 40 }, (_, i) => clique(i * 30, 30)).flat(),
  };
  for (const [name, edges] of Object.entries(shapes)) {
    const shuffled = shuffle(random, [...edges]);
    const half = shuffled.length >> 1;
    const files = [await write('edges-0', EDGE_SHAPE, edgeRows(shuffled.slice(0, half))), await write('edges-1', EDGE_SHAPE, edgeRows(shuffled.slice(half)))];
    const out = join(folder, 'components');
    const counts = await components(files, out, folder, SMALL);
    const found = new Map((await read([out])).map(({ key, value }) => [key[0]!, Buffer.from(value).readBigUInt64LE()]));
    const expected = name === 'loop' ? new Map([[5n, 5n]]) : naiveComponents(edges);
    assert.equal(found.size, expected.size, name);
    for (const [x, smallest] of expected) assert.equal(found.get(x), smallest, name);
    assert.equal(counts.components, new Set(expected.values()).size, name);
    // What a round found, given as it is, joins the next round's edges.
    if (edges.length === 0) continue;
    await components([files[0]!], join(folder, 'half'), folder, SMALL);
    await components([join(folder, 'half'), files[1]!], join(folder, 'both'), folder, SMALL);
    assert.ok(readFileSync(out).equals(readFileSync(join(folder, 'both'))), `${name} in two rounds`);
  }
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.includes('components-')),
    [],
  );
});

test('groups of equal keys hang on their smallest row that was not dropped, or on the smallest row of an index', async () => {
  const key = (high: bigint, row: bigint): Row => ({ key: [high, 9n, row], value: new Uint8Array(0), tail: new Uint8Array(0) });
  const outside = (1n << 63n) | 4n;
  const files = [
    await write('keys-0', KEY_SHAPE, [key(1n, 0n), key(1n, 3n), key(1n, 11n), key(2n, 4n), key(3n, 8n), key(3n, 8n)]),
    await write('keys-1', KEY_SHAPE, [key(1n, (1n << 32n) | 2n), key(4n, (1n << 32n) | 5n)]),
  ];
  const index = [await write('index', KEY_SHAPE, [key(4n, outside), key(4n, outside | 8n), key(5n, outside)])];
  writeFileSync(join(folder, 'dropped'), Uint8Array.of(0b0000_0001, 0b0000_1000)); // rows 0 and 11 of input 0
  const out = join(folder, 'stars');
  const dropped = [{ number: 0, path: join(folder, 'dropped') }];
  const edges = async () => (await read([out])).map((row) => row.key);
  assert.deepEqual(await starEdges(files, EVERYTHING, [], out, SMALL), { entries: 7, groups: 1, edges: 3, largestGroup: 4 });
  assert.deepEqual(await edges(), [
    [0n, 3n],
    [0n, 11n],
    [0n, (1n << 32n) | 2n],
  ]);
  assert.deepEqual(await starEdges(files, EVERYTHING, dropped, out, SMALL, index), { entries: 5, groups: 2, edges: 3, largestGroup: 2 });
  assert.deepEqual(await edges(), [
    [3n, (1n << 32n) | 2n],
    [outside, (1n << 32n) | 5n],
    [outside, outside | 8n],
  ]);
});

test('a file cut short, a flipped byte, a newer format, an absent file: each by its code, its name and the next move', async () => {
  const random = randomFrom(6);
  const path = await write(
    'whole',
    { keyWords: 2, valueBytes: 8, tail: false },
    randomRows(random, { keyWords: 2, valueBytes: 8, tail: false }, 5000, 2 ** 32),
  );
  const whole = readFileSync(path);
  const damaged = join(folder, 'damaged');
  const refused = async (bytes: Uint8Array, code: string, message: RegExp) => {
    writeFileSync(damaged, bytes);
    await assert.rejects(read([damaged]), (error: Error & { code?: string }) => {
      assert.equal(error.code, code);
      assert.match(error.message, message);
      assert.ok(error.message.startsWith(damaged));
      return true;
    });
  };
  await refused(whole.subarray(0, 70_000), 'ERR_REFINE_SPILL_DAMAGED', /cut short.*delete it and run the same command again/);
  await refused(whole.subarray(0, 10), 'ERR_REFINE_SPILL_DAMAGED', /has 10 bytes/);
  const flipped = Buffer.from(whole);
  flipped[50_000]! ^= 4;
  await refused(flipped, 'ERR_REFINE_SPILL_DAMAGED', /the block at byte \d+ has the check \d+, written was \d+/);
  const newer = Buffer.from(whole);
  newer[7] = 2;
  await refused(newer, 'ERR_REFINE_SPILL_FORMAT', /its format is 2, this refine reads up to 1.*newer refine/);
  await assert.rejects(read([join(folder, 'absent')]), { code: 'ERR_REFINE_DISK', message: /absent: cannot be opened: No such file/ });
  await assert.rejects(RecordWriter.open(join(folder, 'no', 'folder'), KEY_SHAPE, SMALL), { code: 'ERR_REFINE_DISK' });
  await assert.rejects(read([path, await write('other-shape', KEY_SHAPE, [])]), {
    code: 'ERR_REFINE_SPILL_DAMAGED',
    message: /3 key words.*expected 2 key words/,
  });
});

test('arrays that do not fit the shape and calls out of order are refused at once', async () => {
  await assert.rejects(RecordWriter.open(join(folder, 'shape'), { keyWords: 5, valueBytes: 0, tail: false }, SMALL), RangeError);
  const shape: RecordShape = { keyWords: 2, valueBytes: 4, tail: true };
  const writer = await RecordWriter.open(join(folder, 'order'), shape, SMALL);
  const tails = { bytes: new Uint8Array(3), offsets: Int32Array.of(0, 3) };
  await assert.rejects(writer.add(new BigUint64Array(3), new Uint8Array(4), tails), RangeError);
  await assert.rejects(writer.add(new BigUint64Array(2), new Uint8Array(3), tails), RangeError);
  await assert.rejects(writer.add(new BigUint64Array(2), new Uint8Array(4)), TypeError);
  await assert.rejects(writer.add(new BigUint64Array(2), new Uint8Array(4), { bytes: new Uint8Array(2), offsets: Int32Array.of(0, 3) }), RangeError);
  const large = writer.add(new BigUint64Array(400_000), new Uint8Array(800_000), { bytes: new Uint8Array(0), offsets: new Int32Array(200_001) });
  await assert.rejects(writer.add(new BigUint64Array(2), new Uint8Array(4), tails), { code: 'ERR_REFINE_INTERNAL' });
  await large;
  await writer.abort();
  await assert.rejects(writer.finish(), { code: 'ERR_REFINE_INTERNAL' });
  assert.ok(!readdirSync(folder).includes('order'));
  assert.deepEqual(await read([]), []);
});
