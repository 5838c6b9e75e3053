// MinHash, content hashes and clusters.
import { native, utf8Column } from '../../native/index.js';
import { randomFrom } from '../../tests/support/random.js';
import type { Figure } from './main.js';
import { measure } from './measure.js';
import { benchTexts } from './texts.js';

const DOCUMENTS = 2000;
const BYTES = 5000;
const REPEATS = 5;

export async function figures(): Promise<readonly Figure[]> {
  const out: Figure[] = [];
  const add = async (what: string, unit: string, count: number, note: string, work: () => Promise<unknown> | unknown) => {
    const { cpuSeconds, spread } = await measure(REPEATS, work);
    out.push({ bench: 'hash', what, unit, value: count / cpuSeconds, spread, note });
  };
  const text = utf8Column(benchTexts(DOCUMENTS, BYTES, 1));
  const params = { bands: 14, rows: 8, words: 5, normalise: 'default' as const };
  const on = `${DOCUMENTS} texts of ${BYTES / 1000} KB`;
  for (const isa of native.hashIsas()) await add(`MinHash 14 x 8 band keys, ${isa}`, 'documents/s', DOCUMENTS, on, () => native.minhashKeys(text, params, isa));
  const shingles = await native.shingleHashes(text, params);
  for (const isa of native.hashIsas())
    await add(`MinHash signatures alone, ${isa}`, 'hashes/s', (shingles.values.length * 112) as number, '112 hashes a shingle', () =>
      native.minhashSign(shingles, params, isa),
    );
  await add('normalise, word 5-grams, XXH64', 'documents/s', DOCUMENTS, on, () => native.shingleHashes(text, params));
  await add('content hash of the normalised text', 'documents/s', DOCUMENTS, on, () => native.contentHash(text, 'default'));
  await add('content hash of the bytes (MurmurHash3 x64 128)', 'MB/s', text.data.length / 1e6, on, () => native.contentHash(text, 'none'));

  const random = randomFrom(3);
  const edges = 1_000_000;
  const ends = () => BigUint64Array.from({ length: edges }, () => BigInt(random(700_000)));
  const [left, right] = [ends(), ends()];
  await add('clusters of duplicate edges', 'edges/s', edges, `${edges} random edges over 700,000 rows`, () => native.clusterEdges(left, right));

  return out;
}
