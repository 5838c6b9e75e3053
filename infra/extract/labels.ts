// Labels of a page's blocks from its gold: 1 main text, 0 not, and a weight, which is 0 where the gold does not say.
// A text gold says it of nearly every block; a prefix only up to where it ends; snippets of the few blocks that hold them.
import { align } from './align.js';
import { squash, wordsOf } from './measure.js';
import { type Gold, isPrefix } from './pages.js';

export interface Labels {
  readonly label: Uint8Array;
  readonly weight: Float64Array;
}

const SURE = 0.5; // share of a block's word runs in the gold from which it is main text
const DOUBT = 0.2; // below it is not; between the two the gold does not say
const TRUSTED = 0.3; // share of the gold's words that the page's blocks must cover, or the gold is of another page
const LOOSE = 0.5; // weight of a label that rests on the place of a very short text

export function labelBlocks(texts: readonly string[], gold: Gold): Labels {
  if (gold.text) return labelByText(texts, gold.text, isPrefix(gold));
  return labelBySnippets(texts, gold.with ?? [], gold.without ?? []);
}

const holds = (words: readonly string[], wanted: readonly string[], from: number, to: number): number => {
  for (let i = from; i + wanted.length <= to; i++) {
    let k = 0;
    while (k < wanted.length && words[i + k] === wanted[k]) k++;
    if (k === wanted.length) return i;
  }
  return -1;
};

function labelByText(texts: readonly string[], goldText: string, prefix: boolean): Labels {
  const label = new Uint8Array(texts.length);
  const weight = new Float64Array(texts.length);
  const words = texts.map(wordsOf);
  const gold = wordsOf(goldText);
  const { shares, begins, covered } = align(words, gold, prefix);
  const trusted = prefix ? begins.some((begin) => begin >= 0) : covered >= TRUSTED;
  if (!trusted) return { label, weight };
  const taken = new Uint8Array(gold.length); // words of the gold that a chained block covers
  let last = -1;
  begins.forEach((begin, block) => {
    if (begin < 0) return;
    taken.fill(1, begin, Math.min(gold.length, begin + words[block]!.length));
    last = block;
  });
  // The gold's words between the chained blocks around a place, which short blocks there may be.
  const following = new Int32Array(texts.length);
  for (let block = texts.length - 1, next = gold.length; block >= 0; block--) {
    following[block] = next;
    if (begins[block]! >= 0) next = begins[block]!;
  }
  let reached = 0;
  for (let block = 0; block < texts.length; block++) {
    const own = words[block]!;
    if (begins[block]! >= 0) {
      label[block] = 1;
      weight[block] = 1;
      reached = Math.min(gold.length, begins[block]! + own.length);
      continue;
    }
    if (prefix && block > last) continue;
    if (own.length === 0) continue;
    if (shares[block]! >= SURE) {
      // In the gold, but out of order: a copy of what the chain has, or text that the gold has elsewhere.
      const at = holds(gold, own.slice(0, 4), 0, gold.length);
      if (at >= 0 && taken[at] === 1) continue;
      label[block] = 1;
      weight[block] = LOOSE;
      continue;
    }
    if (own.length < 4) {
      const at = holds(gold, own, reached, following[block]!);
      if (at >= 0) {
        label[block] = 1;
        weight[block] = own.length === 1 ? LOOSE : 1;
        reached = at + own.length;
      } else if (own.length === 1) weight[block] = 1;
      else weight[block] = holds(gold, own, 0, gold.length) >= 0 ? 0 : 1;
      continue;
    }
    if (shares[block]! < DOUBT) weight[block] = 1;
  }
  return { label, weight };
}

const LONG = 20; // characters from which a block inside a snippet is no accident

/** Blocks that hold a snippet; where none does, those that lie in it. */
function holders(squashed: readonly string[], wanted: string): number[] {
  const all = [...squashed.keys()];
  const whole = all.filter((block) => squashed[block]!.includes(wanted));
  return whole.length > 0 ? whole : all.filter((block) => squashed[block]!.length >= LONG && wanted.includes(squashed[block]!));
}

function labelBySnippets(texts: readonly string[], wanted: readonly string[], unwanted: readonly string[]): Labels {
  const label = new Uint8Array(texts.length);
  const weight = new Float64Array(texts.length);
  const squashed = texts.map(squash);
  const several: number[][] = [];
  for (const snippet of wanted) {
    const found = holders(squashed, squash(snippet));
    if (found.length > 1 && squashed[found[0]!]!.includes(squash(snippet))) several.push(found);
    else for (const block of found) label[block] = weight[block] = 1;
  }
  // A snippet that stands in several blocks is wanted once: in the one nearest to what is certain, if anything is.
  const certain = [...label.keys()].filter((block) => label[block] === 1);
  for (const found of several) {
    if (found.some((block) => certain.includes(block))) continue;
    const distance = (block: number) => Math.min(...certain.map((other) => Math.abs(other - block)));
    for (const block of certain.length > 0 ? [found.reduce((a, b) => (distance(b) < distance(a) ? b : a))] : found) {
      label[block] = 1;
      weight[block] = LOOSE;
    }
  }
  for (const snippet of unwanted) {
    for (const block of holders(squashed, squash(snippet))) {
      weight[block] = label[block] === 1 ? 0 : 1; // wanted and unwanted: the block is mixed
      label[block] = 0;
    }
  }
  return { label, weight };
}

/** How much a block counts beside others of its page. */
export type BlockWeight = 'sqrt' | 'linear' | 'equal';

const SHORT = 30; // code points added to every block's: a date line wrongly kept is seen, however short
const MANY = 20; // labelled blocks from which a page counts in full
const FEW = 0.25; // of a page with hardly any

/** Weights of one page scaled to a sum of `pageWeight`, less where few of its blocks are labelled; none stay at zero. */
export function spread(labels: Labels, sizes: ArrayLike<number>, pageWeight: number, by: BlockWeight): Float64Array {
  const out = new Float64Array(labels.weight.length);
  let sum = 0;
  let labelled = 0;
  for (let block = 0; block < out.length; block++) {
    const size = by === 'equal' ? 1 : by === 'sqrt' ? Math.sqrt(SHORT + sizes[block]!) : 1 + sizes[block]!;
    out[block] = labels.weight[block]! * size;
    sum += out[block]!;
    if (out[block]! > 0) labelled++;
  }
  const whole = pageWeight * Math.min(1, FEW + labelled / MANY);
  if (sum > 0) for (let block = 0; block < out.length; block++) out[block] = (out[block]! * whole) / sum;
  return out;
}
