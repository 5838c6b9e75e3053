// Sketches: documents a second from text to band keys for the geometries people use, each part of it, the families by length, and
// the affine hashes beside the machine's rate of multiplications. rensa and datatrove (REFINE_PYTHON with both installed) in the
// same run.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BytesColumn, type ListColumn, native, packagePath, type ShingleParams, type SketchParams, utf8Column } from '../../native/index.js';
import { wordsFrom } from '../../tests/support/jaccard-pairs.js';
import type { Figure } from './main.js';
import { measure } from './measure.js';
import { benchTexts } from './texts.js';

const DOCUMENTS = 1000;
const BYTES = 5000;
const REPEATS = 7;
const DEFAULT: ShingleParams = { size: 5, normalise: 'default', words: 'white-space', hash: 'xxh64' };
const DATATROVE: ShingleParams = { size: 5, normalise: 'datatrove', words: 'spacy-en', hash: 'xxh64' };
const LENGTHS = [50, 100, 200, 500, 1000, 2000, 5000, 20_000];

const sketches: readonly (readonly [string, ShingleParams, SketchParams])[] = [
  ['MinHash 14 x 8, affine (the default)', DEFAULT, { bands: 14, rows: 8, family: 'affine' }],
  ['MinHash 14 x 8, dart', DEFAULT, { bands: 14, rows: 8, family: 'dart' }],
  ['MinHash 450 x 20, dart (the default)', DEFAULT, { bands: 450, rows: 20, family: 'dart' }],
  ['MinHash 450 x 20, affine', DEFAULT, { bands: 450, rows: 20, family: 'affine' }],
  ['MinHash 14 x 8, mode datatrove', DATATROVE, { bands: 14, rows: 8, family: 'datatrove' }],
];

/** One list of `size` random hashes a row. */
function randomSets(rows: number, size: number): ListColumn {
  const values = new BigUint64Array(rows * size);
  const word = wordsFrom(size);
  const halves = new Uint32Array(values.buffer);
  for (let i = 0; i < halves.length; i++) halves[i] = word();
  return { kind: 'list', values, offsets: Int32Array.from({ length: rows + 1 }, (_, row) => row * size) };
}

function peers(texts: readonly string[]): Figure[] {
  const python = process.env.REFINE_PYTHON;
  const figure = (what: string, value: number | null, note: string): Figure => ({ bench: 'minhash', what, unit: 'documents/s', value, note });
  if (python === undefined) return [figure('rensa, datatrove', null, 'REFINE_PYTHON names no Python that has them')];
  const folder = mkdtempSync(join(tmpdir(), 'refine-minhash-'));
  try {
    const file = join(folder, 'texts.jsonl');
    writeFileSync(file, texts.map((text) => `${JSON.stringify(text)}\n`).join(''));
    const { status, stdout, stderr } = spawnSync(python, [packagePath('infra', 'bench', 'minhash_peers.py'), file, join(folder, 'sigs')], {
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    });
    if (status !== 0) return [figure('rensa, datatrove', null, `the script failed: ${stderr.trim().split('\n').at(-1)}`)];
    const line = stdout.trim().split('\n').at(-1)!;
    return Object.entries(JSON.parse(line) as Record<string, number>).map(([what, value]) => figure(what, value, 'the peer, in the same run'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export async function figures(): Promise<readonly Figure[]> {
  const out: Figure[] = [];
  const add = async (what: string, unit: string, count: number, note: string, work: () => Promise<unknown> | unknown) => {
    const { cpuSeconds, spread } = await measure(REPEATS, work);
    out.push({ bench: 'minhash', what, unit, value: count / cpuSeconds, spread, note });
    return count / cpuSeconds;
  };
  const texts = benchTexts(DOCUMENTS, BYTES, 1);
  const text: BytesColumn = utf8Column(texts);
  const on = `${DOCUMENTS} texts of ${BYTES / 1000} KB, normalisation and shingles included`;
  for (const [what, shingle, sketch] of sketches)
    await add(what, 'documents/s', DOCUMENTS, on, async () => native.bandKeysOf(await native.shingles(text, shingle), sketch, 0, sketch.bands));

  await add('normalise: default', 'documents/s', DOCUMENTS, 'part of the above', () => native.dedupeForm(text, 'default'));
  await add('normalise: datatrove', 'documents/s', DOCUMENTS, 'part of the above', () => native.dedupeForm(text, 'datatrove'));
  await add('normalise, word 5-grams, XXH64', 'documents/s', DOCUMENTS, 'part of the above', () => native.shingles(text, DEFAULT, true));
  await add('normalise, word 5-grams, XXH64, sorted and distinct', 'documents/s', DOCUMENTS, 'part of the above', () => native.shingles(text, DEFAULT));

  const sets = randomSets(64, 800);
  for (const isa of native.hashIsas()) {
    const products = native.multiplyProducts(isa, 0) + native.multiplyProducts(isa, 1);
    const rounds = Math.floor(2e9 / products);
    const bound = await measure(REPEATS, () => native.multiplyProducts(isa, rounds));
    const rate = (products * rounds) / bound.cpuSeconds / 4;
    out.push({
      bench: 'minhash',
      what: `bound: multiplications / 4, ${isa}`,
      unit: 'hashes/s',
      value: rate,
      spread: bound.spread,
      note: 'four 32-bit products a hash',
    });
    const params: SketchParams = { bands: 45, rows: 20, family: 'affine' };
    const count = 64 * 800 * 900;
    const made = await add(`affine hashes, ${isa}`, 'hashes/s', count, 'signatures of 900 hashes of 800 shingles', () =>
      native.sketchMinima(sets, params, 0, 45, isa),
    );
    out.push({ bench: 'minhash', what: `affine hashes, share of the bound, ${isa}`, unit: '%', value: (100 * made) / rate });
  }

  for (const [bands, rows] of [
    [14, 8],
    [450, 20],
  ] as const)
    for (const words of LENGTHS)
      for (const family of ['affine', 'dart'] as const) {
        const count = Math.max(1, Math.floor(2e7 / (bands * rows * words)));
        const documents = randomSets(count, words - 4);
        await add(`${bands} x ${rows} minima, ${family}, ${words} words`, 'documents/s', count, 'shingles ready', () =>
          native.sketchMinima(documents, { bands, rows, family }, 0, bands),
        );
      }
  out.push(...peers(texts));
  return out;
}
