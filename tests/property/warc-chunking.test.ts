// Properties of the WARC reader and its decoders. Oracles: Node's zlib for inflate and digests, npm warcio as writer,
// the reader itself on the uncut bytes for cuts.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { brotliCompressSync, crc32 as zlibCrc32, deflateRawSync, deflateSync, gunzipSync, gzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import { fc } from '../support/properties.js';
import { WARCRecord, WARCSerializer } from 'warcio';
import { type BytesColumn, bytesAt, native, stringAt } from '../../native/index.js';
import { type DamageInfo, type RecordInfo, readRecords, readWarc } from '../../stages/fetch/warc-reader.js';
import { needsShared, sharedPath } from '../support/shared.js';

async function* pieces(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  let from = 0;
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    if (cut <= from || cut >= bytes.length) continue;
    yield bytes.subarray(from, cut);
    from = cut;
  }
  if (from < bytes.length) yield bytes.subarray(from);
}

async function recordsOf(bytes: Uint8Array, cuts: readonly number[] = []): Promise<{ records: RecordInfo[]; damage: DamageInfo[] }> {
  const records: RecordInfo[] = [];
  const damage: DamageInfo[] = [];
  for await (const record of readRecords(pieces(bytes, cuts), { path: 'a/b.warc.gz', payloads: true, onDamage: (entry) => damage.push(entry) }))
    records.push(record);
  return { records, damage };
}

interface Page {
  readonly url: string;
  readonly body: Uint8Array;
  readonly headers?: Record<string, string>;
  readonly status?: string;
}

async function warcOf(pages: readonly Page[], gzip: boolean): Promise<Uint8Array[]> {
  const members: Uint8Array[] = [];
  for (const page of pages) {
    const record = WARCRecord.create(
      {
        url: page.url,
        date: '2024-05-18T00:00:01Z',
        type: 'response',
        httpHeaders: { 'Content-Type': 'text/html', ...page.headers },
        statusline: page.status ?? 'HTTP/1.1 200 OK',
        warcHeaders: {},
      },
      (async function* () {
        yield page.body;
      })(),
    );
    members.push(await WARCSerializer.serialize(record, { gzip, digest: { algo: 'sha-1', prefix: 'sha1:', base32: true } } as never));
  }
  return members;
}

const html = (text: string) => new TextEncoder().encode(`<!DOCTYPE html><title>${text}</title><p>${text.repeat(20)}</p>`);
const concat = (parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts));
const chunked = (body: Uint8Array) => concat([new TextEncoder().encode(`${body.length.toString(16)}\r\n`), body, new TextEncoder().encode('\r\n0\r\n\r\n')]);

test('records that npm warcio writes come back with right digests, ranges and payloads, in every coding', async () => {
  const plain = html('Grüße');
  const codings: [string, (body: Uint8Array) => Uint8Array][] = [
    ['', (body) => body],
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['deflate', deflateSync],
    ['deflate', deflateRawSync],
    ['br', brotliCompressSync],
    ['gzip, gzip', (body) => gzipSync(gzipSync(body))],
    ['gzip, br', (body) => brotliCompressSync(gzipSync(body))],
    ['br, gzip', (body) => gzipSync(brotliCompressSync(body))],
  ];
  const pages = codings.flatMap(([coding, encode]) =>
    [false, true].map((isChunked): Page => {
      const body = new Uint8Array(encode(plain));
      return {
        url: `https://example.org/${encodeURIComponent(coding)}/${isChunked}`,
        body: isChunked ? chunked(body) : body,
        headers: { ...(coding === '' ? {} : { 'Content-Encoding': coding }), ...(isChunked ? { 'Transfer-Encoding': 'chunked' } : {}) },
      };
    }),
  );
  for (const gzip of [false, true]) {
    const members = await warcOf(pages, gzip);
    const { records, damage } = await recordsOf(concat(members));
    assert.deepEqual(damage, []);
    assert.equal(records.length, pages.length);
    let offset = 0;
    records.forEach((record, i) => {
      assert.deepEqual([record.url, record.offset, record.length], [pages[i]!.url, offset, members[i]!.length]);
      assert.deepEqual([record.blockDigest, record.payloadDigest, record.notes, record.damage, record.skip], ['ok', 'ok', [], null, null], record.url ?? '');
      assert.deepEqual(Buffer.from(record.payload!), Buffer.from(plain), record.url ?? '');
      offset += members[i]!.length;
    });
    const reader = readWarc(pieces(concat(members), []), { path: 'a/b.warc.gz', format: 'warc' });
    const seen: (string | null)[] = [];
    for await (const batch of reader.batches(new AbortController().signal)) {
      for (let row = 0; row < batch.rows; row++) {
        assert.deepEqual(Buffer.from(bytesAt(batch.columns.html as BytesColumn, row)), Buffer.from(plain));
        seen.push(stringAt(batch.columns.host as BytesColumn, row));
      }
    }
    assert.deepEqual(
      seen,
      pages.map(() => 'example.org'),
    );
    const sha256 = createHash('sha256').update(concat(members)).digest('hex');
    assert.deepEqual([reader.counts().sha256, reader.counts().documents], [sha256, pages.length]);
  }
});

test('any chunking of the bytes gives the same records, damaged members included', async () => {
  const members = await warcOf(
    [1, 2, 3, 4].map((n) => ({ url: `https://example.org/${n}`, body: html(`page ${n}`) })),
    true,
  );
  const flipped = new Uint8Array(members[1]!);
  flipped[flipped.length >> 1]! ^= 0x10;
  const plain = (await warcOf([{ url: 'https://example.org/p', body: html('plain') }], false))[0]!;
  const files = [
    concat(members),
    concat([members[0]!, flipped, members[2]!]),
    concat([members[0]!, members[1]!.subarray(0, 150), members[2]!]),
    concat([members[0]!, new TextEncoder().encode('garbage between members'), members[1]!]),
    concat([members[0]!, members[1]!.subarray(0, members[1]!.length - 20)]),
    concat([plain, plain.subarray(0, plain.length - 30), plain]),
    new Uint8Array(gzipSync(concat([plain, plain, plain]))),
  ];
  for (const file of files) {
    const whole = await recordsOf(file);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(file.length), { maxLength: 40 }), async (cuts) => {
        assert.deepEqual(await recordsOf(file, cuts), whole);
      }),
      { numRuns: 12, seed: 7 },
    );
    assert.deepEqual(
      await recordsOf(
        file,
        Array.from({ length: file.length }, (_, i) => i),
      ),
      whole,
    ); // a byte at a time
  }
});

test('a damaged member costs its own record alone, and every byte of the file is accounted for', async () => {
  const members = await warcOf(
    [1, 2, 3].map((n) => ({ url: `https://example.org/${n}`, body: html(`page ${n}`) })),
    true,
  );
  for (let at = 0; at < members[1]!.length; at += 7) {
    const broken = new Uint8Array(members[1]!);
    broken[at]! ^= 0x55;
    const file = concat([members[0]!, broken, members[2]!]);
    const { records, damage } = await recordsOf(file);
    const good = records.filter((record) => record.damage === null).map((record) => record.url);
    assert.ok(good.includes('https://example.org/1') && good.includes('https://example.org/3'), `byte ${at}: ${good}`);
    const ranges = [...records.map((record) => [record.offset, record.length ?? 0]), ...damage.map((entry) => [entry.offset, entry.length])].sort(
      (a, b) => a[0]! - b[0]!,
    );
    let end = 0;
    for (const [offset, length] of ranges) {
      if (length === 0) continue;
      assert.equal(offset, end, `byte ${at}`);
      end = offset! + length!;
    }
    assert.equal(end, file.length, `byte ${at}`);
  }
});

test('inflate accepts, refuses and decodes what zlib does, on real and on mutated streams', () => {
  const random = fc.sample(fc.uint8Array({ minLength: 0, maxLength: 3000 }), { numRuns: 40, seed: 3 });
  const source = readFileSync(new URL(import.meta.url));
  const inputs = [...random, source, source.subarray(0, 1), new Uint8Array(0), new Uint8Array(70000).fill(9), ...[100, 5000].map((n) => source.subarray(0, n))];
  let refused = 0;
  let accepted = 0;
  let state = 12345;
  const next = (below: number) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state % below;
  };
  const outcome = (run: () => Uint8Array) => {
    try {
      return Buffer.from(run()).toString('base64');
    } catch {
      return null;
    }
  };
  const ours = (coding: 'gzip' | 'deflate', bytes: Uint8Array) => {
    const { result, bytes: out } = native.decodeContent(coding, bytes, 1 << 24);
    return result === 'ok' ? Buffer.from(out).toString('base64') : null;
  };
  for (const input of inputs) {
    for (const level of [1, 6, 9]) {
      for (const strategy of [0, 2, 4]) {
        const raw = deflateRawSync(input, { level, strategy });
        assert.equal(ours('deflate', raw), Buffer.from(input).toString('base64'));
        assert.equal(ours('gzip', gzipSync(input, { level, strategy })), Buffer.from(input).toString('base64'));
        for (let n = 0; n < 6; n++) {
          const bytes = new Uint8Array(raw);
          if (bytes.length > 0) bytes[next(Math.min(bytes.length, 200))] = next(256);
          if ((bytes[0]! & 15) === 8) continue; // may be taken for zlib's frame
          const theirs = outcome(() => inflateRawSync(bytes));
          assert.equal(ours('deflate', bytes), theirs);
          if (theirs === null) refused++;
          else accepted++;
        }
      }
    }
    assert.equal(
      ours('deflate', deflateSync(input)),
      outcome(() => inflateSync(deflateSync(input))),
    );
  }
  assert.ok(refused > 100 && accepted > 100, `${refused} refused, ${accepted} accepted`);
});

test('digests and CRC-32 equal those of Node at every size around a block', () => {
  const bytes = new Uint8Array(400).map((_, i) => (i * 37) ^ (i >> 2));
  for (let size = 0; size <= bytes.length; size++) {
    const part = bytes.subarray(0, size);
    for (const kind of ['md5', 'sha1', 'sha256'] as const) assert.equal(native.digest(kind, part), createHash(kind).update(part).digest('hex'));
    if (typeof zlibCrc32 === 'function') assert.equal(Number.parseInt(native.digest('crc32', part), 16), zlibCrc32(part));
  }
  assert.equal(native.digest('crc32', new TextEncoder().encode('123456789')), 'cbf43926');
});

test('bombs end at the payload limit, and batches at their budget', async () => {
  const zeros = new Uint8Array(8 << 20);
  const bomb = gzipSync(gzipSync(zeros));
  const pages = [
    { url: 'https://example.org/gzip', body: new Uint8Array(bomb), headers: { 'Content-Encoding': 'gzip, gzip' } },
    { url: 'https://example.org/br', body: new Uint8Array(brotliCompressSync(zeros)), headers: { 'Content-Encoding': 'br' } },
    { url: 'https://example.org/stored', body: zeros },
    ...[1, 2, 3, 4].map((n) => ({ url: `https://example.org/${n}`, body: html('x'.repeat(20000)) })),
  ];
  const file = concat(await warcOf(pages, true));
  const reader = readWarc(pieces(file, []), { path: 'x.warc.gz', format: 'warc', maxPayloadBytes: 1 << 20, maxBatchBytes: 600_000 });
  const rows: number[] = [];
  for await (const batch of reader.batches(new AbortController().signal)) rows.push(batch.rows);
  assert.deepEqual(rows, [2, 2]);
  assert.deepEqual(reader.counts().skips, { 'too-large': 3 });
  assert.equal(reader.counts().records, 7);
});

test('a file without a record is refused by name', async () => {
  const cases: [Uint8Array, RegExp][] = [
    [new Uint8Array(0), /an empty file/],
    [new Uint8Array(1 << 20), /zeros/],
    [new Uint8Array([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0]), /a PNG image/],
    [new TextEncoder().encode('<html><body>503</body></html>'), /HTML \(an error page/],
    [new Uint8Array(gzipSync('hello')), /gzip that holds no record/],
    [new TextEncoder().encode('PK\u0003\u0004xxxxxxxxxx'), /unsupported container: zip/],
  ];
  for (const [bytes, pattern] of cases) {
    await assert.rejects(recordsOf(bytes), (error: { code?: string; place?: string; message: string }) => {
      assert.deepEqual([error.code, error.place], ['ERR_REFINE_INPUT', 'a/b.warc.gz']);
      return pattern.test(error.message);
    });
  }
});

const real = sharedPath('data', 'real.warc.gz');
test('a record fetched alone by its offset and length is the same record', { skip: real === null && needsShared }, async () => {
  const file = readFileSync(real!).subarray(0, 1 << 20);
  const { records } = await recordsOf(file);
  const whole = records.filter((record) => record.damage === null && record.length !== null);
  assert.ok(whole.length > 50);
  for (const record of whole.slice(0, 60)) {
    const alone = await recordsOf(file.subarray(record.offset, record.offset + record.length!));
    assert.deepEqual(alone.records[0]!.id, record.id);
    assert.deepEqual(Buffer.from(alone.records[0]!.payload!), Buffer.from(record.payload!));
    assert.equal(gunzipSync(file.subarray(record.offset, record.offset + record.length!)).length, record.streamLength);
  }
});
