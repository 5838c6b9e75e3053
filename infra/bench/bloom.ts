// Bloom filters, of a size that caches hold and of one that they do not, with npm bloom-filters in the same run.
import { createRequire } from 'node:module';
import { native } from '../../native/index.js';
import { randomFrom } from '../../tests/support/random.js';
import type { Figure } from './main.js';
import { measure } from './measure.js';

const RATE = 0.01;
const REPEATS = 7;

interface PeerFilter {
  add(key: string): void;
  has(key: string): boolean;
}

function drawKeys(count: number): BigUint64Array {
  const random = randomFrom(3);
  const keys = new BigUint64Array(count);
  const halves = new Uint32Array(keys.buffer);
  for (let i = 0; i < halves.length; i++) halves[i] = random(2 ** 32);
  return keys;
}

export async function figures(): Promise<readonly Figure[]> {
  const out: Figure[] = [];
  const add = async (what: string, unit: string, count: number, note: string, work: () => unknown) => {
    const { cpuSeconds, spread } = await measure(REPEATS, work);
    out.push({ bench: 'bloom', what, unit, value: count / cpuSeconds, spread, note });
  };
  const keys = drawKeys(8_000_000);
  const few = keys.subarray(0, 1_000_000);
  const small = native.bloomCreate(few.length, RATE);
  await add('Bloom filter inserts, 1 %', 'keys/s', few.length, `split-block, 64-bit hashes, ${megabytes(small.bytes)} (cached)`, () =>
    native.bloomAdd(small.filter, few),
  );
  const large = native.bloomCreate(100_000_000, RATE);
  native.bloomAdd(large.filter, keys); // its pages are granted now
  for (const isa of native.hashIsas().filter((name) => name !== 'avx512')) {
    const on = `${megabytes(large.bytes)}: a cache miss a key`;
    await add(`Bloom filter inserts, for 100 million keys, ${isa}`, 'keys/s', keys.length, on, () => native.bloomAdd(large.filter, keys, isa));
    await add(`Bloom filter questions, for 100 million keys, ${isa}`, 'keys/s', keys.length, on, () => native.bloomHas(large.filter, keys, isa));
  }

  const half = native.bloomCreate(4_000_000, RATE);
  native.bloomAdd(half.filter, keys.subarray(0, 4_000_000));
  const wrong = native.bloomHas(half.filter, keys.subarray(4_000_000)).reduce((sum, found) => sum + found, 0) / 4_000_000;
  out.push({
    bench: 'bloom',
    what: 'Bloom filter, wrong answers at 1 %',
    unit: '%',
    value: 100 * wrong,
    note: `4 million absent keys; the formula says ${(100 * half.expectedRate).toFixed(4)}`,
  });

  const { BloomFilter } = createRequire(import.meta.url)('bloom-filters') as { BloomFilter: { create(n: number, rate: number): PeerFilter } };
  const names = Array.from(keys.subarray(0, 20_000), String);
  let peer = BloomFilter.create(10_000, RATE);
  await add('npm bloom-filters inserts, 1 %', 'keys/s', 10_000, 'the peer, in the same run', () => {
    peer = BloomFilter.create(10_000, RATE);
    for (const key of names.slice(0, 10_000)) peer.add(key);
  });
  const theirs = names.slice(10_000).filter((key) => peer.has(key)).length / 10_000;
  out.push({ bench: 'bloom', what: 'npm bloom-filters, wrong answers at 1 %', unit: '%', value: 100 * theirs, note: '10,000 absent keys' });
  return out;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toPrecision(3)} MB`;
}
