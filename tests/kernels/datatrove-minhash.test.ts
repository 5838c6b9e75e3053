// datatrove 0.10's MinHash, byte for byte. Oracles: golden vectors of its own code (../shared/reference/peers.md 2.5) and the
// signatures of 1,562 real documents (shared data). tests/peers/datatrove-minhash.peers.ts runs it live.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import { datatroveCases, oraclePath } from '../support/datatrove.js';
import { needsShared } from '../support/shared.js';
import { native, type ShingleParams, type SketchParams, stringAt, utf8Column } from '../../native/index.js';

const WORDS: ShingleParams = { size: 5, normalise: 'datatrove', words: 'spacy-en', hash: 'xxh64' };
const GEOMETRY: SketchParams = { bands: 14, rows: 8, family: 'datatrove' };

const T1 = "Hello, World! It's 12,345.67 degrees — don't you think?\nCafé naïve: the year 2023 isn't over; you cannot gonna stop.";
const T2 = 'The quick brown fox jumps over the lazy dog.';
const T3 = 'one two three four';

async function signed(texts: readonly string[], hash: ShingleParams['hash'], family: SketchParams['family'] = 'datatrove') {
  const shingles = await native.shingles(utf8Column([...texts]), { ...WORDS, hash }, true);
  const minima = await native.sketchMinima(shingles, { ...GEOMETRY, family }, 0, 14);
  const rows = texts.map((_, row) => minima.slice(row * 112, row * 112 + 112));
  return { shingles, rows, sha256: rows.map((row) => createHash('sha256').update(new Uint8Array(row.buffer)).digest('hex')) };
}

test('the normal form of datatrove’s simplify_text', async () => {
  const form = await native.dedupeForm(utf8Column([T1, null, '']), 'datatrove');
  assert.equal(stringAt(form, 0), 'hello world it s 0 0 degrees don t you think cafe naive the year 0 isn t over you cannot gonna stop');
  assert.equal(stringAt(form, 1), null);
  assert.equal(stringAt(form, 2), '');
});

test('XXH64 signatures are datatrove’s golden vectors; four words have none', async () => {
  const { shingles, rows, sha256 } = await signed([T1, T2, T3], 'xxh64');
  assert.deepEqual(Array.from(shingles.offsets), [0, 21, 26, 26]);
  assert.deepEqual([shingles.values[0], shingles.values[1]], [14058299619092256513n, 766813461955161352n]);
  assert.deepEqual([shingles.values[21], shingles.values[22]], [7797000677988824208n, 4793414983259776074n]);
  assert.deepEqual(
    [...rows[0]!.slice(0, 8), rows[0]![111]],
    [
      ...[27965815350254011n, 91287774281633376n, 45045077899726326n, 276982672562119739n],
      ...[156687664432644735n, 54899827422373073n, 192730290386353160n, 307655029885654724n, 142703205024617305n],
    ],
  );
  assert.deepEqual(
    [...rows[1]!.slice(0, 8), rows[1]![111]],
    [
      ...[85330943174081874n, 663359892825767826n, 302227827184868053n, 34440879854629237n],
      ...[1270900061947546662n, 117899488208280896n, 922286648869847700n, 204404170303891102n, 3963570588256049n],
    ],
  );
  assert.ok(sha256[0]!.startsWith('409a739c264c6f5d') && sha256[1]!.startsWith('5fccf7ba60a836cb'));
  assert.ok(rows[2]!.every((value) => value === 2n ** 64n - 1n));
});

test('SHA-1 signatures, FineWeb’s, are datatrove’s golden vectors', async () => {
  const { shingles, rows, sha256 } = await signed([T1, T2], 'sha1-64');
  assert.deepEqual([shingles.values[0], shingles.values[1]], [10723700683776763530n, 8354812034975440326n]);
  assert.deepEqual(
    [...rows[0]!.slice(0, 8), rows[0]![111]],
    [
      ...[114369125675596571n, 7654743467443721n, 132876423863611887n, 256097185416423893n],
      ...[1861077677417789n, 155791487239165341n, 38870626909789250n, 79537770069348338n, 137416308461220987n],
    ],
  );
  assert.deepEqual([rows[1]![0], rows[1]![111]], [585594454516184072n, 800584869340422436n]);
  assert.ok(sha256[0]!.startsWith('1f6ec0cc5ded0fff') && sha256[1]!.startsWith('5111488576fd07f0'));
});

test('32-bit precision keeps the low halves of XXH32’s and SHA-1’s hashes', async () => {
  // The same definition in BigInt from the shingle hashes, whose oracles are hash-wasm's XXH32 and node's SHA-1.
  const p = 2n ** 61n - 1n;
  const permutations = await native.sketchMinima({ kind: 'list', values: BigUint64Array.of(0n, 1n), offsets: Int32Array.of(0, 1, 2) }, GEOMETRY, 0, 14);
  const words = ['the quick brown fox jumps', 'quick brown fox jumps over', 'brown fox jumps over the', 'fox jumps over the lazy', 'jumps over the lazy dog'];
  const sha = words.map((shingle) => BigInt(createHash('sha1').update(shingle).digest().readUInt32LE()));
  const { shingles, rows } = await signed([T2], 'sha1-32', 'datatrove-32');
  assert.deepEqual([...shingles.values], sha);
  for (let k = 0; k < 112; k++) {
    const b = permutations[k]!;
    const a = (permutations[112 + k]! - b + p) % p;
    const hashes = sha.map((x) => (((a * x + b) & (2n ** 64n - 1n)) % p) & 0xffffffffn);
    assert.equal(
      rows[0]![k],
      hashes.reduce((least, hash) => (hash < least ? hash : least)),
    );
  }
});

interface OracleCase {
  readonly text: string;
  readonly minhash_sha256?: string | null;
}

test('signatures of 1,562 real documents are datatrove’s, by words of our own', { skip: oraclePath === null && needsShared }, async (t) => {
  const cases = datatroveCases() as readonly unknown[] as readonly OracleCase[];
  const { shingles, sha256 } = await signed(
    cases.map(({ text }) => text),
    'xxh64',
  );
  const equal = cases.filter(({ minhash_sha256 }, row) => {
    const none = shingles.offsets[row] === shingles.offsets[row + 1];
    return none ? !minhash_sha256 : sha256[row] === minhash_sha256;
  }).length;
  t.diagnostic(`${equal} of ${cases.length} equal`);
  assert.equal(equal, cases.length);
});
