// Keys on disk and their merge, against sorting everything in memory.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fc } from '../support/properties.js';
import { KeysWriter, partitionStart } from '../../pipeline/barrier-keys.js';
import { KeyMerge, type KeySource } from '../../pipeline/barrier-merge.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-keys-'));
after(() => rmSync(folder, { recursive: true, force: true }));

interface Entry {
  readonly high: bigint;
  readonly low: bigint;
  readonly row: number;
}

/** Few distinct values at the places where 64-bit arithmetic and partition bounds go wrong. */
const half = fc.oneof(
  fc.constantFrom(0n, 1n, 0xffff_ffffn, 0x1_0000_0000n, (1n << 63n) - 1n, 1n << 63n, (1n << 64n) - 1n),
  fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
);
const entry = fc.record({ high: half, low: fc.constantFrom(0n, 1n, 1n << 63n, (1n << 64n) - 1n), row: fc.nat(40) });
const corpus = fc.array(fc.array(entry, { maxLength: 60 }), { minLength: 1, maxLength: 5 });

async function write(path: string, entries: readonly Entry[], payloadBytes: number, memory: number): Promise<void> {
  const writer = new KeysWriter(path, payloadBytes, memory);
  for (let from = 0; from < entries.length; from += 13) {
    const part = entries.slice(from, from + 13);
    const payload = Uint8Array.from(part.flatMap((one) => Array.from({ length: payloadBytes }, (_, k) => (one.row + k) & 255)));
    await writer.add(
      BigUint64Array.from(part.flatMap((one) => [one.high, one.low])),
      Uint32Array.from(part, (one) => one.row),
      payload,
    );
  }
  await writer.commit();
}

/** The groups of two or more equal keys of one partition: `input:row:payload`. */
async function* mergeGroups(
  sources: readonly KeySource[],
  payloadBytes: number,
  partition: number,
  partitions: number,
  readBytes?: number,
): AsyncGenerator<string[]> {
  const [start, end] = [partitionStart(partition, partitions), partitionStart(partition + 1, partitions)];
  const merge = await KeyMerge.open(sources, payloadBytes, start, end, readBytes);
  let key = '';
  let group: string[] = [];
  for (let head = merge.head; head !== null; head = merge.head) {
    const { block, at, number } = head;
    const now = `${block.keys[2 * at]} ${block.keys[2 * at + 1]}`;
    if (now !== key && group.length > 1) yield group;
    if (now !== key) group = [];
    key = now;
    group.push(`${number}:${block.rows[at]}:${Buffer.from(block.payload.slice(at * payloadBytes, (at + 1) * payloadBytes)).toString('hex')}`);
    await merge.advance();
  }
  if (group.length > 1) yield group;
}

test('groups over any partitions and memory limit are those of a sort in memory', async () => {
  let n = 0;
  await fc.assert(
    fc.asyncProperty(
      corpus,
      fc.constantFrom(1, 2, 3, 7, 64),
      fc.constantFrom(1, 100, 1000, 1 << 20),
      fc.constantFrom(0, 1, 5),
      async (inputs, partitions, memory, payloadBytes) => {
        const run = n++;
        const sources = [];
        for (const [i, entries] of inputs.entries()) {
          const source = { number: i * 3, path: join(folder, `${run}-${i}`) };
          await write(source.path, entries, payloadBytes, memory);
          sources.push(source);
        }
        const found: string[] = [];
        for (let partition = 0; partition < partitions; partition++) {
          for await (const group of mergeGroups(sources, payloadBytes, partition, partitions, 4096)) found.push(group.join(' '));
        }
        const groups = new Map<string, { high: bigint; low: bigint; rows: [number, number][] }>();
        inputs.forEach((entries, i) => {
          for (const { high, low, row } of entries) {
            const key = `${high} ${low}`;
            if (!groups.has(key)) groups.set(key, { high, low, rows: [] });
            groups.get(key)!.rows.push([i * 3, row]);
          }
        });
        const expected = [...groups.values()]
          .filter((group) => group.rows.length > 1)
          .sort((a, b) => (a.high < b.high ? -1 : a.high > b.high ? 1 : a.low < b.low ? -1 : 1))
          .map((group) =>
            group.rows
              .sort(([a, x], [b, y]) => a - b || x - y)
              .map(([number, row]) => `${number}:${row}:${Buffer.from(Array.from({ length: payloadBytes }, (_, k) => (row + k) & 255)).toString('hex')}`)
              .join(' '),
          );
        assert.deepEqual(found, expected);
      },
    ),
    { numRuns: 60 },
  );
});

test('100,000 random keys in three spilling files meet in the groups that a map finds', async () => {
  let state = 88172645463325252n;
  const next = (): bigint => {
    state ^= (state << 13n) & 0xffff_ffff_ffff_ffffn;
    state ^= state >> 7n;
    state ^= (state << 17n) & 0xffff_ffff_ffff_ffffn;
    return state;
  };
  const keys = Array.from({ length: 40_000 }, () => [next(), next()] as const);
  const expected = new Map<string, number>();
  const sources = [];
  for (let file = 0; file < 3; file++) {
    const entries = Array.from({ length: 33_333 }, (_, row) => {
      const [high, low] = keys[Number(next() % 40_000n)]!;
      expected.set(`${high}`, (expected.get(`${high}`) ?? 0) + 1);
      return { high, low, row };
    });
    const path = join(folder, `big-${file}`);
    await write(path, entries, 2, 200_000);
    sources.push({ number: file, path });
  }
  let groups = 0;
  let entries = 0;
  for (let partition = 0; partition < 5; partition++) {
    for await (const group of mergeGroups(sources, 2, partition, 5, 65_536)) {
      groups++;
      entries += group.length;
    }
  }
  const shared = [...expected.values()].filter((count) => count > 1);
  assert.equal(groups, shared.length);
  assert.equal(
    entries,
    shared.reduce((a, b) => a + b, 0),
  );
});

test('partitions cover all keys once, whatever their number', () => {
  for (const partitions of [1, 2, 3, 1000, 4096]) {
    assert.equal(partitionStart(0, partitions), 0n);
    assert.equal(partitionStart(partitions, partitions), 1n << 64n);
    for (let p = 0; p < partitions; p++) {
      const start = partitionStart(p, partitions);
      assert.equal((start * BigInt(partitions)) >> 64n, BigInt(p));
      if (p > 0) assert.equal(((start - 1n) * BigInt(partitions)) >> 64n, BigInt(p - 1));
    }
  }
});

test('a flipped bit, a cut file and a foreign file are ERR_REFINE_SHARD by name', async () => {
  const path = join(folder, 'damaged');
  await write(
    path,
    Array.from({ length: 3000 }, (_, row) => ({ high: BigInt(row) << 50n, low: 1n, row })),
    4,
    1 << 20,
  );
  const whole = readFileSync(path);
  const read = async (): Promise<void> => {
    for await (const _ of mergeGroups([{ number: 0, path }], 4, 0, 1));
  };
  await read();
  for (const at of [0, 30_000, whole.length - 40, whole.length - 16, whole.length - 1]) {
    const flipped = Buffer.from(whole);
    flipped[at]! ^= 1;
    writeFileSync(path, flipped);
    await assert.rejects(read(), { code: 'ERR_REFINE_SHARD', place: path }, `bit flipped at ${at}`);
  }
  for (const length of [0, 10, 30_000, whole.length - 1]) {
    writeFileSync(path, whole.subarray(0, length));
    await assert.rejects(read(), { code: 'ERR_REFINE_SHARD', place: path }, `cut at ${length}`);
  }
});
