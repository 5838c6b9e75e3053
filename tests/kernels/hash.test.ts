import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { type BytesColumn, bytesColumn, type ListColumn, native, type ShingleParams, type SketchParams, utf8Column } from '../../native/index.js';
import { randomFrom } from '../support/random.js';

const require = createRequire(import.meta.url);
const words = (over: Partial<ShingleParams> = {}): ShingleParams => ({ size: 5, normalise: 'default', words: 'white-space', hash: 'xxh64', ...over });
const affine = (bands = 14, rows = 8): SketchParams => ({ bands, rows, family: 'affine' });
const bytesOf = (random: (n: number) => number, size: number) => Uint8Array.from({ length: size }, () => random(256));

test('XXH64 of a one-word text equals hash-wasm at every length to 300 and at some large ones', async () => {
  const { xxhash64 } = createRequire(require.resolve('warcio'))('hash-wasm') as { xxhash64(data: Uint8Array, low: number, high: number): Promise<string> };
  const random = randomFrom(1);
  const sizes = [...Array.from({ length: 300 }, (_, i) => i + 1), 1023, 4096, 65_537];
  const texts = sizes.map((size) => bytesOf(random, size).map((byte) => (byte % 94) + 33)); // no white space
  const { values } = await native.shingles(bytesColumn('utf8', texts), words({ size: 1, normalise: 'none' }), true);
  for (const [i, word] of texts.entries()) assert.equal((values[i] as bigint).toString(16).padStart(16, '0'), await xxhash64(word, 0, 0));
});

test('shingles of the datatrove vectors hash as datatrove hashes them', async () => {
  // ../shared/reference/peers.md 2.5: datatrove 0.10, xxh64; its words of these texts are runs between single spaces
  const texts = [
    'hello world it s 0 0 degrees don t you think cafe naive the year 0 isn t over you can not gon na stop',
    'the quick brown fox jumps over the lazy dog',
  ];
  const { values, offsets } = await native.shingles(utf8Column(texts), words({ normalise: 'none' }), true);
  assert.deepEqual(Array.from(offsets), [0, 21, 26]);
  assert.deepEqual([values[0], values[1]], [14058299619092256513n, 766813461955161352n]);
  assert.deepEqual([values[21], values[22]], [7797000677988824208n, 4793414983259776074n]);
});

test('content hashes are MurmurHash3 x64 128 of the text, or of its normal form', async () => {
  const text = utf8Column(['', 'The quick brown fox jumps over the lazy dog', null, 'hello']);
  const hex = (values: BigUint64Array) => Array.from(values, (value) => value.toString(16).padStart(16, '0'));
  assert.deepEqual(hex(await native.contentHash(text, 'none')), [
    ...['0000000000000000', '0000000000000000'],
    ...['e34bbc7bbc071b6c', '7a433ca9c49a9347'], // the published vector
    ...['0000000000000000', '0000000000000000'], // null
    ...['cbd8a7b341bd9b02', '5b1e906a48ae1d19'],
  ]);
  const normal = await native.textTransform(text, 'default');
  assert.deepEqual((await native.contentHash(text, 'default')).slice(2), (await native.contentHash(normal, 'none')).slice(2));
});

test('a MinHash signature is the same bits on every instruction set, and equals the definition in BigInt', async () => {
  const random = randomFrom(2);
  const shingles = Array.from({ length: 40 }, (_, row) => Array.from({ length: row * 3 }, () => (BigInt(random(2 ** 32)) << 32n) | BigInt(random(2 ** 32))));
  const column: ListColumn = {
    kind: 'list',
    values: BigUint64Array.from(shingles.flat()),
    offsets: Int32Array.from([0, ...shingles.map((_, i) => shingles.slice(0, i + 1).flat().length)]),
  };
  const isas = native.hashIsas();
  assert.equal(isas[0], 'scalar');
  const shape = affine(3, 5);
  const scalar = await native.sketchMinima(column, shape, 0, 3, 'scalar');
  for (const isa of isas.slice(1)) assert.deepEqual(await native.sketchMinima(column, shape, 0, 3, isa), scalar, isa);
  assert.deepEqual(await native.sketchMinima(column, shape, 0, 3), scalar);

  // The documented family: draws from SplitMix64's output function at counters (2k) << 8 and (2k + 1) << 8.
  const mask = 2n ** 64n - 1n;
  const p = 2n ** 61n - 1n;
  const draw = (number: bigint) => {
    let z = (((number << 8n) + 1n) * 0x9e3779b97f4a7c15n) & mask;
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & mask;
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & mask;
    return (z ^ (z >> 31n)) >> 3n;
  };
  for (const [row, values] of shingles.entries()) {
    for (let k = 0; k < 15; k++) {
      let least = mask;
      for (const x of values) {
        const hash = (draw(2n * BigInt(k)) * x + draw(2n * BigInt(k) + 1n)) % p;
        if (hash < least) least = hash;
      }
      assert.equal(scalar[row * 15 + k], least);
    }
  }
});

/** Pairs of shingle sets with Jaccard similarity exactly common / (common + 2 x own), as one list column: rows 2i and 2i + 1. */
function pairsOf(count: number, common: number, own: number, seed: number): ListColumn {
  const random = randomFrom(seed);
  const shingle = () => (BigInt(random(2 ** 32)) << 32n) | BigInt(random(2 ** 32));
  const size = common + own;
  const values = new BigUint64Array(2 * count * size);
  for (let pair = 0; pair < count; pair++) {
    for (let i = 0; i < common; i++) values[2 * pair * size + i] = values[(2 * pair + 1) * size + i] = shingle();
    for (let i = common; i < size; i++) {
      values[2 * pair * size + i] = shingle();
      values[(2 * pair + 1) * size + i] = shingle();
    }
  }
  return { kind: 'list', values, offsets: Int32Array.from({ length: 2 * count + 1 }, (_, row) => row * size) };
}

/** common, own and the similarity they give. */
const similarities = [
  [30, 35, 0.3],
  [50, 25, 0.5],
  [70, 15, 0.7],
  [80, 10, 0.8],
  [90, 5, 0.9],
] as const;

test('the share of equal minima estimates Jaccard similarity without bias, within 3 sigma', async () => {
  const pairs = 1500;
  for (const [common, own, s] of similarities) {
    const hashes = 112;
    const signatures = await native.sketchMinima(pairsOf(pairs, common, own, 100 + common), affine(), 0, 14);
    let equal = 0;
    for (let pair = 0; pair < pairs; pair++)
      for (let k = 0; k < hashes; k++) if (signatures[2 * pair * hashes + k] === signatures[(2 * pair + 1) * hashes + k]) equal++;
    const n = pairs * hashes;
    const sigma = Math.sqrt((s * (1 - s)) / n);
    assert.ok(Math.abs(equal / n - s) <= 3 * sigma, `s ${s}: estimate ${equal / n}, sigma ${sigma}`);
  }
});

test('LSH recall follows 1-(1-s^8)^14 within 3 sigma on pairs of known Jaccard', async () => {
  const pairs = 3000;
  for (const [common, own, s] of similarities) {
    const signatures = await native.sketchMinima(pairsOf(pairs, common, own, 200 + common), affine(), 0, 14);
    let found = 0;
    for (let pair = 0; pair < pairs; pair++) {
      for (let band = 0; band < 14; band++) {
        const at = 2 * pair * 112 + band * 8;
        let same = true;
        for (let i = 0; i < 8 && same; i++) same = signatures[at + i] === signatures[at + 112 + i];
        if (same) {
          found++;
          break;
        }
      }
    }
    const expected = 1 - (1 - s ** 8) ** 14;
    const sigma = Math.sqrt((expected * (1 - expected)) / pairs);
    assert.ok(Math.abs(found / pairs - expected) <= 3 * sigma, `s ${s}: recall ${found / pairs}, formula ${expected}, sigma ${sigma}`);
  }
});

test('band keys meet exactly where bands of signatures are equal', async () => {
  const random = randomFrom(8);
  const texts = Array.from({ length: 120 }, () => Array.from({ length: 30 }, (_, i) => `w${random(6) === 0 ? random(4) : i}`).join(' '));
  const shape = affine(30, 2);
  const shingles = await native.shingles(utf8Column(texts), words());
  const { keys, rows } = await native.bandKeysOf(shingles, shape, 0, 30);
  const signatures = await native.sketchMinima(shingles, shape, 0, 30);
  assert.deepEqual(
    Array.from(rows),
    texts.flatMap((_, row) => new Array(30).fill(row)),
  );
  const names = new Map<string, string>();
  rows.forEach((row, entry) => {
    const band = `${entry % 30}: ${signatures.slice(row * 60 + (entry % 30) * 2, row * 60 + (entry % 30) * 2 + 2)}`;
    const key = `${keys[2 * entry]},${keys[2 * entry + 1]}`;
    assert.equal(names.get(band) ?? key, key);
    names.set(band, key);
  });
  assert.ok(names.size < rows.length && names.size > 100);
  assert.equal(new Set(names.values()).size, names.size);
});

test('a row gives the same keys alone and in a batch', async () => {
  const texts = ['a b c d e f', null, 'short', 'Ä ö, ü! one two three', ''];
  const keysOf = async (rows: (string | null)[]) => (await native.bandKeysOf(await native.shingles(utf8Column(rows), words()), affine(), 0, 14)).keys;
  const keys: bigint[] = [];
  for (const text of texts) keys.push(...(await keysOf([text])));
  assert.deepEqual(Array.from(await keysOf(texts)), keys);
  assert.equal(keys.length, 2 * 2 * 14);
});

/**
 * The variance of one block's false-positive rate, (set bits / 32) multiplied over its 8 words, with k ~ Poisson(keys / blocks)
 * keys in it: two random bits of a word are one (1/32) or two; E[(set/32)^2] = 1 - 2q + q/32 + (31/32)(30/32)^k, q = (31/32)^k.
 */
function blockVariance(keys: number, blocks: number): number {
  const mean = keys / blocks;
  let poisson = Math.exp(-mean);
  let first = 0;
  let second = 0;
  for (let k = 0; k < 400; k++) {
    const q = (31 / 32) ** k;
    first += poisson * (1 - q) ** 8;
    second += poisson * (1 - 2 * q + q / 32 + (31 / 32) * (30 / 32) ** k) ** 8;
    poisson *= mean / (k + 1);
  }
  return second - first * first;
}

test('a Bloom filter has no false negative, and its false positives follow the formula within 3 sigma; npm bloom-filters beside it', async () => {
  const { BloomFilter } = require('bloom-filters') as {
    BloomFilter: { create(n: number, rate: number): { add(key: string): void; has(key: string): boolean } };
  };
  const random = randomFrom(21);
  const hashes = (count: number) => BigUint64Array.from({ length: count }, () => (BigInt(random(2 ** 32)) << 32n) | BigInt(random(2 ** 32)));
  const keys = 20_000;
  for (const rate of [0.05, 0.01, 0.001]) {
    const { filter, bytes, expectedRate } = native.bloomCreate(keys, rate);
    assert.ok(expectedRate <= rate && expectedRate > rate * 0.9);
    const present = hashes(keys);
    native.bloomAdd(filter, present);
    assert.ok(native.bloomHas(filter, present).every((found) => found === 1));
    const absent = 400_000;
    const wrong = native.bloomHas(filter, hashes(absent)).reduce((sum, found) => sum + found, 0) / absent;
    // Two sources of chance: the questions, and the filter, which is itself one draw of bytes / 32 blocks.
    const sigma = Math.sqrt((expectedRate * (1 - expectedRate)) / absent + blockVariance(keys, bytes / 32) / (bytes / 32));
    assert.ok(Math.abs(wrong - expectedRate) <= 3 * sigma, `rate ${wrong}, formula ${expectedRate}, sigma ${sigma}`);
    // The price of one cache line a question: at most twice the bits of the classic filter at these rates.
    const classic = (-keys * Math.log(rate)) / Math.LN2 ** 2;
    assert.ok(bytes * 8 < 2 * classic);
    if (rate === 0.01) {
      const reference = BloomFilter.create(2000, rate);
      const ours = native.bloomCreate(2000, rate).filter;
      const some = present.subarray(0, 2000);
      for (const key of some) reference.add(String(key));
      native.bloomAdd(ours, some);
      for (const key of some) assert.ok(reference.has(String(key)));
      assert.ok(native.bloomHas(ours, some).every((found) => found === 1));
      const strangers = hashes(4000);
      const theirs = Array.from(strangers).filter((key) => reference.has(String(key))).length / 4000;
      const mine = native.bloomHas(ours, strangers).reduce((sum, found) => sum + found, 0) / 4000;
      const slack = 3 * Math.sqrt((rate * (1 - rate)) / 4000) + 0.002;
      assert.ok(Math.abs(theirs - mine) <= 2 * slack, `bloom-filters ${theirs}, ours ${mine}`);
    }
  }
});

test('every instruction set sets the same bits of a Bloom filter and gives the same answers', () => {
  const random = randomFrom(22);
  const hashes = (count: number) => BigUint64Array.from({ length: count }, () => (BigInt(random(2 ** 32)) << 32n) | BigInt(random(2 ** 32)));
  const [present, absent] = [hashes(5001), hashes(20_000)];
  const answers = native.hashIsas().map((isa) => {
    const { filter } = native.bloomCreate(present.length, 0.2);
    native.bloomAdd(filter, present, isa);
    return native.hashIsas().map((asking) => Buffer.from(native.bloomHas(filter, absent, asking)).toString('hex'));
  });
  assert.equal(new Set(answers.flat()).size, 1);
  assert.match(answers[0]![0]!, /01/);
});

test('wrong arguments are refused at once, by name', () => {
  const text: BytesColumn = utf8Column(['a']);
  const none: ListColumn = { kind: 'list', values: new BigUint64Array(0), offsets: new Int32Array(1) };
  assert.throws(() => native.bandKeysOf(none, affine(0), 0, 1), /bands must be a whole number/);
  assert.throws(() => native.bandKeysOf(none, affine(4000, 4000), 0, 1), /exceeds 65536/);
  assert.throws(() => native.contentHash(text, 'lower' as never), /normalise must be/);
  assert.throws(() => native.bloomAdd({}, new BigUint64Array(1)), /must come from bloomCreate/);
  assert.throws(
    () => native.sketchMinima({ kind: 'list', values: new BigUint64Array(1), offsets: Int32Array.of(0, 2) }, affine(), 0, 14),
    /offsets end past the data/,
  );
});

test('a result that no memory holds is an error in JavaScript, not the end of the process', () => {
  // 2^28 rows of 2^16 hashes want 2^47 bytes; the zeros of the offsets are pages that are never written.
  const shingles = { kind: 'list', values: new BigUint64Array(0), offsets: new Int32Array(2 ** 28 + 1) } as const;
  assert.throws(() => native.sketchMinima(shingles, affine(256, 256), 0, 256), /bad_alloc|length_error|vector/);
});
