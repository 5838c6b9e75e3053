// Band keys of a shingles file: what rounds give together is what the bands give in memory, whatever the rounds.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { native, type SketchParams, utf8Column } from '../../native/index.js';
import { mergeRecords, RecordWriter } from '../../native/records.js';

const ALL = { lo: 0n, hi: 2n ** 64n };
const SHAPE = { keyWords: 1, valueBytes: 24, tail: true } as const;
const INDEXED = 1n << 63n;
/** Input 3 holds rows 0..4, one row is an index's. */
const ROWS = [0n, 1n, 2n, 3n, 4n].map((row) => (3n << 32n) | row).concat(INDEXED | 7n);
const TEXTS = ['a b c d e f g', 'a b c d e f g', 'one two three four five six seven eight', 'a b c d e f g', 'x y z u v w', 'a b c d e f g'];
const SCOPES = [0n, 0n, 0n, 99n, 99n, 0n];

async function folder(work: (dir: string) => Promise<void>) {
  const dir = await mkdtemp(join(tmpdir(), 'refine-band-keys-'));
  try {
    await work(dir);
  } finally {
    await rm(dir, { recursive: true });
  }
}

async function shinglesFile(path: string) {
  const { values, offsets } = await native.shingles(utf8Column(TEXTS), { size: 5, normalise: 'default', words: 'white-space', hash: 'xxh64' });
  const writer = await RecordWriter.open(path, SHAPE, 1 << 20);
  const value = new Uint8Array(TEXTS.length * 24);
  SCOPES.forEach((scope, row) => {
    new DataView(value.buffer).setBigUint64(row * 24 + 8, scope, true);
  });
  const bytes = new Uint8Array((values as BigUint64Array).buffer);
  await writer.add(BigUint64Array.from(ROWS), value, { bytes, offsets: offsets.map((at) => at * 8) });
  await writer.finish();
  return { kind: 'list', values, offsets } as const;
}

async function entries(paths: readonly string[]): Promise<string[]> {
  const out: string[] = [];
  for await (const { rows, keys } of mergeRecords(paths, ALL, 1 << 20))
    for (let row = 0; row < rows; row++) out.push(keys.slice(3 * row, 3 * row + 3).join(' '));
  return out.sort();
}

for (const family of ['affine', 'dart', 'datatrove'] as const) {
  test(`${family}: rounds of any size give the keys of each band once, scopes apart, dropped rows left out and an index's rows kept`, () =>
    folder(async (dir) => {
      const shingles = await shinglesFile(join(dir, 'shingles'));
      const params: SketchParams = { bands: 90, rows: 20, family };
      await writeFile(join(dir, 'dropped'), Uint8Array.of(0b00100)); // row 2 of input 3
      const dropped = [{ number: 3, path: join(dir, 'dropped') }];
      const round = async (from: number, to: number) => {
        const path = join(dir, `keys-${from}-${to}`);
        const counts = await native.bandKeys(join(dir, 'shingles'), dropped, params, from, to, path, 1 << 20);
        assert.deepEqual([counts.documents, counts.entries], [5, 5 * (to - from)]);
        return path;
      };
      const whole = await entries([await round(0, 90)]);
      const parts = await Promise.all([round(0, 1), round(1, 44), round(44, 46), round(46, 90)]);
      assert.deepEqual(await entries(parts), whole);

      const { keys, rows } = await native.bandKeysOf(shingles, params, 0, 90);
      const unscoped = new Set(whole);
      let same = 0;
      rows.forEach((row, entry) => {
        const found = unscoped.has(`${keys[2 * entry]} ${keys[2 * entry + 1]} ${ROWS[row]}`);
        assert.equal(found, row !== 2 && SCOPES[row] === 0n);
        same += Number(found);
      });
      assert.equal(same, 3 * 90);
      const groups = new Map<string, Set<string>>();
      for (const entry of whole) {
        const [high, low, row] = entry.split(' ') as [string, string, string];
        groups.set(`${high} ${low}`, (groups.get(`${high} ${low}`) ?? new Set()).add(row));
      }
      const sizes = [...groups.values()].map(({ size }) => size).sort((a, b) => a - b);
      assert.deepEqual([sizes.length, sizes[0], sizes.at(-1)], [270, 1, 3]); // equal texts meet within a scope only
    }));
}

test('a file of another shape is refused by name', () =>
  folder(async (dir) => {
    const path = join(dir, 'keys');
    const writer = await RecordWriter.open(path, { keyWords: 2, valueBytes: 0, tail: false }, 1 << 20);
    await writer.finish();
    const params: SketchParams = { bands: 2, rows: 2, family: 'affine' };
    await assert.rejects(native.bandKeys(path, [], params, 0, 2, join(dir, 'out'), 1 << 20), (error: Error & { code?: string }) => {
      return error.code === 'ERR_REFINE_SPILL_FORMAT' && error.message.includes(path) && error.message.includes('2 key words');
    });
    assert.throws(() => native.bandKeys(path, [], params, 1, 3, path, 1), /bandTo must be a whole number in 1..2/);
  }));
