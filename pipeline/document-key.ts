// One 53-bit number of (seed, document): what a proxy run draws documents and orders windows by. Two FNV-1a lanes with unlike
// primes, mixed by murmur3's finaliser. Invariant: a document has the same key in every run that holds it, in any shard and row.

const GOLDEN = 0x9e37_79b9;

/** `name` is what tells documents apart: the column id. */
export function documentKey(seed: number, name: string): number {
  let a = finalised(0x811c_9dc5 ^ seed);
  let b = finalised(GOLDEN ^ seed);
  for (let at = 0; at < name.length; at++) {
    const unit = name.charCodeAt(at);
    a = Math.imul(a ^ unit, 0x0100_0193);
    b = Math.imul(b ^ unit, 0x85eb_ca6b);
  }
  return joined(finalised(a ^ finalised(b)), finalised(b ^ finalised(a ^ GOLDEN)));
}

/** The key of a document's part, such as a window in an epoch. */
export function partKey(key: number, part: number, round: number): number {
  const low = finalised((key >>> 0) ^ finalised(Math.imul(part + 1, GOLDEN) ^ round));
  const high = finalised(Math.floor(key / 2 ** 32) ^ low);
  return joined(high, finalised(low ^ Math.imul(high, GOLDEN)));
}

const joined = (high: number, low: number): number => high * 0x20_0000 + (low >>> 11);

function finalised(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85eb_ca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
