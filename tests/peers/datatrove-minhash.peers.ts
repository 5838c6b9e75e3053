// datatrove's MinHash stage 1, run here, against ours: its signature files byte for byte on real documents and on random text
// of whatever its normal form looks at, by our words and by its own; and its files read back as our keys.
// tests/kernels/datatrove-minhash.test.ts holds the recorded signatures without Python.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { type ListColumn, native, packagePath, type ShingleParams, type SketchParams, utf8Column } from '../../native/index.js';
import { mergeRecords } from '../../native/records.js';
import { datatroveCases, oraclePath } from '../support/datatrove.js';
import { randomFrom } from '../support/random.js';
import { writeShingles } from '../support/signatures.js';

const WORDS: ShingleParams = { size: 5, normalise: 'datatrove', words: 'spacy-en', hash: 'xxh64' };
const CONFIGS = [
  ['xxhash-64', 'xxh64', 'datatrove'],
  ['xxhash-32', 'xxh32', 'datatrove-32'],
  ['sha1-64', 'sha1-64', 'datatrove'],
  ['sha1-32', 'sha1-32', 'datatrove-32'],
] as const;

async function inFolder(work: (dir: string) => Promise<void>) {
  const dir = await mkdtemp(join(tmpdir(), 'refine-datatrove-'));
  try {
    await work(dir);
  } finally {
    await rm(dir, { recursive: true });
  }
}

function run(dir: string, texts: readonly string[]): string[][] {
  const { status, stdout, stderr } = spawnSync(process.env.REFINE_PYTHON ?? 'python3', [packagePath('tests', 'peers', 'datatrove_minhash.py'), dir], {
    input: texts.map((text) => `${JSON.stringify(text)}\n`).join(''),
    encoding: 'utf8',
    maxBuffer: 1 << 30,
  });
  assert.equal(status, 0, stderr.slice(-2000));
  const words = stdout.trim().split('\n');
  assert.equal(words.length, texts.length);
  return words.map((line) => JSON.parse(line) as string[]);
}

const bucket = (band: number) => join(`bucket_${String(band).padStart(3, '0')}`, '00007.minhash.sig');

/** SHA-256 of the 112 little-endian hashes of each row, null where there is no shingle. */
async function signatureDigests(shingles: ListColumn, params: SketchParams): Promise<(string | null)[]> {
  const minima = await native.sketchMinima(shingles, params, 0, 14);
  return Array.from({ length: shingles.offsets.length - 1 }, (_, row) => {
    if (shingles.offsets[row] === shingles.offsets[row + 1]) return null;
    return createHash('sha256')
      .update(new Uint8Array(minima.buffer, row * 896, 896))
      .digest('hex');
  });
}

/** Texts whose signatures by our words are not theirs, and by their words. */
async function compare(texts: readonly string[], t: { diagnostic(message: string): void }, recorded?: readonly (string | null | undefined)[]): Promise<void> {
  await inFolder(async (dir) => {
    const words = run(dir, texts);
    const all = words.flat();
    const offsets = Int32Array.from([0, ...words.map(({ length }) => length)]);
    for (let row = 1; row < offsets.length; row++) offsets[row]! += offsets[row - 1]!;
    const form = await native.dedupeForm(utf8Column([...texts]), 'datatrove');
    const { values, offsets: cuts } = await native.segmentText(form, 'spacy-en');
    const cut = Buffer.from(form.data.buffer, form.data.byteOffset, form.data.byteLength);
    const different = texts.filter((_, row) => {
      const ours: string[] = [];
      for (let at = cuts[row]!; at < cuts[row + 1]!; at += 2)
        ours.push(cut.subarray(form.offsets[row]! + Number(values[at]), form.offsets[row]! + Number(values[at + 1])).toString());
      return ours.join('\0') !== words[row]!.join('\0');
    });
    t.diagnostic(`our words are theirs in ${texts.length - different.length} of ${texts.length} texts`);
    assert.deepEqual(
      different.map((text) => text.slice(0, 200)),
      [],
    );
    for (const [folder, hash, family] of CONFIGS) {
      const shape: ShingleParams = { ...WORDS, hash };
      const params: SketchParams = { bands: 14, rows: 8, family };
      for (const given of [true, false]) {
        const shingles = given ? await native.shinglesOfWords(utf8Column(all), offsets, shape) : await native.shingles(utf8Column([...texts]), shape);
        if (given && folder === 'xxhash-64' && recorded !== undefined) assert.deepEqual(await signatureDigests(shingles, params), recorded);
        const file = join(dir, `shingles-${folder}-${given}`);
        await writeShingles(file, shingles, 3n);
        for (let band = 0; band < 14; band++) {
          const out = join(dir, 'ours.sig');
          await native.writeSignatureFile(file, [], params, band, out, 1 << 20);
          const theirs = await readFile(join(dir, folder, bucket(band)));
          assert.deepEqual(await readFile(out), theirs, `${folder} bucket ${band}, ${given ? 'their' : 'our'} words`);
        }
        const keys = async (path: string) => {
          const out: bigint[] = [];
          for await (const batch of mergeRecords([path], { lo: 0n, hi: 2n ** 64n }, 1 << 20)) out.push(...batch.keys);
          return out;
        };
        await native.readSignatureFile(join(dir, folder, bucket(5)), params, 5, 3n << 32n, join(dir, 'read'), 1 << 20);
        await native.bandKeys(file, [], params, 5, 6, join(dir, 'keys'), 1 << 20);
        assert.deepEqual(await keys(join(dir, 'read')), await keys(join(dir, 'keys')));
      }
    }
  });
}

test('signatures and signature files of the real documents are datatrove’s, byte for byte', { skip: oraclePath === null }, async (t) => {
  const cases = datatroveCases() as readonly unknown[] as readonly { text: string; minhash_sha256?: string | null }[];
  await compare(
    cases.map(({ text }) => text),
    t,
    cases.map(({ minhash_sha256 }) => minhash_sha256 ?? null),
  );
});

test('signature files of random text are datatrove’s, byte for byte', async (t) => {
  const random = randomFrom(2026);
  const pieces = [
    ..."abcABC 019.,'!-#$%&()*+/:;<=>?@[]^_`{|}~".split(''),
    ...[
      'é',
      'É',
      'İ',
      'Σ',
      'ς',
      'ß',
      'ǅ',
      'e\u0301',
      '\u0301',
      '\u0345',
      'ا',
      '١٢',
      '٫',
      '،',
      '१',
      '１',
      '２',
      '．',
      '。',
      '、',
      '《',
      '»',
      '´',
      '…',
      '—',
      '–',
      '’',
      '‘',
      '•',
      '™',
      '©',
      '€',
      '£',
      '¿',
    ],
    ...[
      '\n',
      '\t',
      '\u0085',
      '\u00a0',
      '\u2028',
      '\u3000',
      '\u200b',
      '\u00ad',
      '\u001c',
      '\u037e',
      '\u1fef',
      '\u2000',
      '😀',
      '한',
      '각',
      '中文',
      'ไทย',
      '𝟗',
      '\u0f71\u0f80',
      'ﬁ',
      '½',
      '²',
    ],
    ...[
      'cannot',
      'gonna',
      "don't",
      'isn',
      'cant',
      'id',
      'its',
      'km',
      '10km',
      'U.S.',
      'e.g.',
      'http://a.bc/d',
      'a@b.co',
      'C++',
      ':)',
      '12,345.67',
      '1.2.3',
      'the',
      'of',
      'Monday',
    ],
  ];
  const texts = Array.from({ length: 1500 }, () =>
    Array.from({ length: 5 + random(60) }, () => pieces[random(pieces.length)]! + (random(3) === 0 ? ' ' : '')).join(''),
  );
  await compare(texts, t);
});
