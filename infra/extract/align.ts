// Where a page's blocks stand in its gold text: blocks share runs of words with it, and the longest chain of such matches that
// keeps the gold's order says which of several places, and which of several copies, is meant.

export interface Alignment {
  /** Share of each block's word runs that the gold has anywhere; 0 for blocks with fewer words than a run. */
  readonly shares: Float64Array;
  /** Word of the gold at which each chained block begins; -1 where it is not in the chain. */
  readonly begins: Int32Array;
  /** Share of the gold's words that the chain covers. */
  readonly covered: number;
}

const RUN = 4;
const NEAR_ENOUGH = 0.5; // share of a block's runs at one place from which it may stand there
const PLACES = 4; // best places of a block that the chain may choose from
const OPEN_RUNS = 2; // runs that a block must share with a gold that ends inside it
const COMMON = 30; // a run that the gold has more often says nothing of a place

interface Candidate {
  readonly block: number;
  readonly begin: number;
  readonly end: number;
  readonly worth: number;
}

/** `open`: the gold stops early, so a block may run on past its end, or hold all of it. */
export function align(blocks: readonly (readonly string[])[], gold: readonly string[], open = false): Alignment {
  const places = new Map<string, number[]>();
  for (let i = 0; i + RUN <= gold.length; i++) {
    const run = gold.slice(i, i + RUN).join(' ');
    const list = places.get(run);
    if (list === undefined) places.set(run, [i]);
    else list.push(i);
  }
  const shares = new Float64Array(blocks.length);
  const candidates: Candidate[] = [];
  blocks.forEach((words, block) => {
    const runs = words.length - RUN + 1;
    if (runs < 1) return;
    let found = 0;
    const votes = new Map<number, number>();
    for (let i = 0; i < runs; i++) {
      const at = places.get(words.slice(i, i + RUN).join(' '));
      if (at === undefined) continue;
      found++;
      if (at.length <= COMMON) for (const place of at) votes.set(place - i, (votes.get(place - i) ?? 0) + 1);
    }
    shares[block] = found / runs;
    const best = [...votes].sort(([placeA, a], [placeB, b]) => b - a || placeA - placeB).slice(0, PLACES);
    if (open && best.length > 0) {
      const [begin, count] = best[0]!;
      const inside = Math.min(begin + words.length, gold.length) - Math.max(begin, 0) - RUN + 1; // runs that the gold could have
      if (begin + words.length > gold.length && inside >= OPEN_RUNS) shares[block] = Math.max(shares[block]!, count / inside);
    }
    if (shares[block]! < NEAR_ENOUGH) return;
    for (const [begin, count] of best) candidates.push({ block, begin: Math.max(0, begin), end: Math.min(gold.length, begin + words.length), worth: count });
  });
  const begins = new Int32Array(blocks.length).fill(-1);
  let covered = 0;
  for (const match of bestChain(candidates)) {
    begins[match.block] = match.begin;
    covered += match.end - match.begin;
  }
  return { shares, begins, covered: gold.length > 0 ? Math.min(1, covered / gold.length) : 0 };
}

const SLACK = 3; // words by which neighbours in the chain may overlap: a match may begin with a run the block before ends with
const BACK = 400; // candidates a match is compared with: bounds the work on pages of thousands of blocks

/** The candidates of greatest worth that grow in block and in place. Ties: the earlier candidate. */
function bestChain(candidates: readonly Candidate[]): Candidate[] {
  const worth = new Float64Array(candidates.length);
  const before = new Int32Array(candidates.length).fill(-1);
  let best = -1;
  for (let i = 0; i < candidates.length; i++) {
    const here = candidates[i]!;
    for (let j = i - 1; j >= 0 && j >= i - BACK; j--) {
      const earlier = candidates[j]!;
      if (earlier.block < here.block && earlier.end <= here.begin + SLACK && worth[j]! > worth[i]!) {
        worth[i] = worth[j]!;
        before[i] = j;
      }
    }
    worth[i] = worth[i]! + here.worth;
    if (best < 0 || worth[i]! > worth[best]!) best = i;
  }
  const chain: Candidate[] = [];
  for (let i = best; i >= 0; i = before[i]!) chain.unshift(candidates[i]!);
  return chain;
}
