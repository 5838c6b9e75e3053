// `refine export --format minhash-sig`: datatrove's stage-1 folder, byte for byte as put together here from the signatures that
// tests/kernels/datatrove-minhash.test.ts holds against datatrove's golden vectors.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { column, native, stringAt, utf8Column } from '../../native/index.js';
import { readArrow } from '../../pipeline/store.js';
import { refine } from '../support/cli.js';
import { randomFrom } from '../support/random.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-signatures-'));
const run = join(folder, 'run');
after(() => rmSync(folder, { recursive: true, force: true }));

/** The kept texts of each shard, in its order. */
const shards: string[][] = [];

before(async () => {
  const random = randomFrom(6);
  const words = (count: number) => Array.from({ length: count }, () => `w${String.fromCharCode(97 + random(26), 97 + random(4))}`).join(' ');
  for (const name of ['a', 'b']) {
    // Every fourth is too short for a signature, the first among them; one pair differs only in what the normal form drops.
    const texts = Array.from({ length: 40 }, (_, i) => (i % 4 === 0 ? `${name} short ${words(2)}` : words(5 + random(60))));
    texts.push(`${texts[1]} !`);
    writeFileSync(join(folder, `${name}.jsonl`), texts.map((text, i) => `${JSON.stringify({ id: `${name}-${i}`, text })}\n`).join(''));
  }
  writeFileSync(join(folder, 'run.yaml'), 'name: x\nsource: { jsonl: ["a.jsonl", "b.jsonl"] }\nsteps:\n  - dedupe-exact\n');
  const made = await refine(['run', join(folder, 'run.yaml'), '--out', run, '--workers', '1']);
  assert.equal(made.code, 0, made.stderr);
  for (const name of readdirSync(join(run, 'text')).sort()) {
    const texts: string[] = [];
    for await (const batch of readArrow(join(run, 'text', name)))
      for (let row = 0; row < batch.rows; row++) texts.push(stringAt(column(batch, 'text', 'utf8'), row)!);
    shards.push(texts);
  }
  assert.equal(shards.length, 2);
});

/** Each bucket's records, struct '<8QI' or '<8II', sorted as datatrove sorts them: by hashes, then index. */
async function expected(texts: readonly string[], hash: 'xxh64' | 'sha1-32'): Promise<{ readonly buckets: Buffer[]; readonly records: number }> {
  const wide = hash === 'xxh64';
  const shingles = await native.shingles(utf8Column([...texts]), { size: 5, normalise: 'datatrove', words: 'spacy-en', hash });
  const minima = await native.sketchMinima(shingles, { bands: 14, rows: 8, family: wide ? 'datatrove' : 'datatrove-32' }, 0, 14);
  const signed = texts.map((_, row) => row).filter((row) => shingles.offsets[row + 1]! > shingles.offsets[row]!);
  const buckets = Array.from({ length: 14 }, (_, bucket) => {
    const records = signed.map((row) => [...minima.slice(row * 112 + bucket * 8, row * 112 + bucket * 8 + 8), BigInt(row)]);
    records.sort((a, b) => {
      const at = a.findIndex((value, i) => value !== b[i]);
      return a[at]! < b[at]! ? -1 : 1;
    });
    return Buffer.concat(
      records.map((record) => {
        const bytes = Buffer.alloc(8 * (wide ? 8 : 4) + 4);
        record.forEach((value, i) => {
          if (wide && i < 8) bytes.writeBigUInt64LE(value, 8 * i);
          else bytes.writeUInt32LE(Number(value), i * (wide ? 8 : 4));
        });
        return bytes;
      }),
    );
  });
  return { buckets, records: signed.length };
}

for (const [hash, ...args] of [['xxh64'], ['sha1-32', '--hash', 'sha1-32']] as const) {
  test(`${hash}: a rank a shard, fourteen buckets, sorted records; short documents have none and count in the index`, async () => {
    const out = join(folder, hash);
    const { code, stdout, stderr } = await refine(['export', run, '--format', 'minhash-sig', '-o', out, '--json', ...args]);
    assert.equal(code, 0, stderr);
    const result = JSON.parse(stdout) as { hash: string; documents: number; files: { path: string }[] };
    assert.equal(result.hash, hash);
    assert.equal(result.documents, shards.flat().length);
    assert.equal(result.files.length, 28);
    assert.deepEqual(readdirSync(out).sort(), [...Array.from({ length: 14 }, (_, b) => `bucket_${String(b).padStart(3, '0')}`), 'export.json']);
    for (const [rank, texts] of shards.entries()) {
      const { buckets, records } = await expected(texts, hash);
      assert.ok(records > 20 && records < texts.length - 5);
      for (const [bucket, bytes] of buckets.entries()) {
        const found = readFileSync(join(out, `bucket_${String(bucket).padStart(3, '0')}`, `0000${rank}.minhash.sig`));
        assert.ok(found.equals(bytes), `bucket ${bucket}, rank ${rank}`);
      }
    }
  });
}

test('a hash is for signatures alone', async () => {
  const out = join(folder, 'none');
  const { code, stderr } = await refine(['export', run, '--format', 'jsonl', '--hash', 'xxh32', '-o', out]);
  assert.equal(code, 2);
  assert.match(stderr, /--hash {2}goes with --format minhash-sig, not jsonl/);
  assert.ok(!existsSync(out));
});
