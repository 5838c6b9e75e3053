// Whole records of a range that begins and ends anywhere. The expectation is how the file was put together.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { fc } from '../support/properties.js';
import { readRange, wholeRecords } from '../../stages/fetch/byte-range.js';
import { localGate } from '../../stages/fetch/gate.js';

const record = (i: number): Buffer => {
  const body = `page ${i} `.repeat(1 + (i % 37)) + '\u001f\u008b\u0008'.repeat(i % 3); // what looks like a member's head inside one
  const bytes = Buffer.from(body, 'latin1');
  return Buffer.concat([Buffer.from(`WARC/1.0\r\nWARC-Type: response\r\nContent-Length: ${bytes.length}\r\n\r\n`), bytes, Buffer.from('\r\n\r\n')]);
};
const records = Array.from({ length: 60 }, (_, i) => record(i));

function boundaries(parts: readonly Buffer[]): Set<number> {
  let at = 0;
  return new Set([0, ...parts.map((part) => (at += part.length))]);
}

for (const [name, parts] of [
  ['gzip members', records.map((one) => gzipSync(one))],
  ['plain records', records],
] as const) {
  test(`a cut of ${name} begins and ends at records, wherever the range lies`, () => {
    const file = Buffer.concat(parts as readonly Buffer[]);
    const known = boundaries(parts as readonly Buffer[]);
    fc.assert(
      fc.property(fc.nat(file.length - 1), fc.nat(file.length), (start, length) => {
        const range = file.subarray(start, start + length);
        const cut = wholeRecords(range, 'warc');
        const inside = [...known].filter((at) => at >= start && at < start + length);
        if (cut === null) {
          // Of members the last may be too short to say what it holds. Of plain records exactly those are seen whose head stands in the range.
          if (name === 'gzip members') return assert.ok(inside.length <= 2, `${inside.length} records begin in it`);
          const seen = inside.filter((at) => at >= start + 4 && at + 7 <= start + length && at < file.length);
          return assert.ok(seen.length < 2, `${seen.length} heads of records stand in it`);
        }
        const from = start + (cut.byteOffset - range.byteOffset);
        assert.ok(known.has(from) && known.has(from + cut.length));
      }),
      { numRuns: 300 },
    );
  });
}

test('JSON lines are cut behind newlines; one gzip stream over many records gives null', () => {
  const lines = Buffer.from('{"a":1}\n{"a":2}\n{"a":3}\n{"a":4}');
  assert.equal(Buffer.from(wholeRecords(lines.subarray(3), 'jsonl')!).toString(), '{"a":2}\n{"a":3}\n');
  assert.equal(wholeRecords(gzipSync(lines), 'jsonl'), null);
  const stream = gzipSync(Buffer.concat(records));
  assert.equal(wholeRecords(stream.subarray(100), 'warc'), null);
});

test('a range of a file is its bytes, shorter at the end, and an absent file an error that names it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'refine-range-'));
  try {
    const path = join(folder, 'x');
    await writeFile(path, '0123456789');
    const env = { gate: localGate(), signal: new AbortController().signal };
    assert.equal(Buffer.from(await readRange(path, 3, 4, env)).toString(), '3456');
    assert.equal(Buffer.from(await readRange(path, 8, 4, env)).toString(), '89');
    await assert.rejects(readRange(join(folder, 'y'), 0, 1, env), { code: 'ERR_REFINE_INPUT', place: join(folder, 'y') });
  } finally {
    await rm(folder, { recursive: true });
  }
});
