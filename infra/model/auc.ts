// Area under the ROC curve with an interval: the chance that a bad text scores above a good one, ties half (Mann and Whitney 1947), and
// a bootstrap over sites (Efron 1979), because texts of one site are alike.
import { randomFrom } from '../extract/random.js';

export interface Scored {
  /** Higher where the text is thought worse. */
  readonly score: number;
  readonly site: string;
}

export interface Area {
  readonly auc: number;
  /** 95 % of the resamples lie between. */
  readonly low: number;
  readonly high: number;
  readonly good: number;
  readonly bad: number;
  readonly sites: number;
}

/** The texts of both sides in order of score, good ones numbered first, so that resamples need no sorting. */
class Ordered {
  readonly #order: Int32Array;
  readonly #scores: Float64Array;
  readonly #goods: number;

  constructor(good: readonly number[], bad: readonly number[]) {
    this.#scores = Float64Array.from([...good, ...bad]);
    this.#goods = good.length;
    this.#order = Int32Array.from(this.#scores.keys()).sort((a, b) => this.#scores[a]! - this.#scores[b]! || a - b);
  }

  /** Each text counts as often as its weight says. */
  area(weights: Float64Array): number {
    const order = this.#order;
    const scores = this.#scores;
    let [goods, bads, wins] = [0, 0, 0];
    for (let from = 0; from < order.length; ) {
      let [tiedGood, tiedBad] = [0, 0];
      const score = scores[order[from]!]!;
      for (; from < order.length && scores[order[from]!] === score; from++) {
        const at = order[from]!;
        if (at < this.#goods) tiedGood += weights[at]!;
        else tiedBad += weights[at]!;
      }
      wins += tiedBad * (goods + tiedGood / 2);
      goods += tiedGood;
      bads += tiedBad;
    }
    return wins / (goods * bads);
  }
}

export const areaUnder = (good: readonly number[], bad: readonly number[]): number =>
  new Ordered(good, bad).area(new Float64Array(good.length + bad.length).fill(1));

export function area(good: readonly Scored[], bad: readonly Scored[], resamples = 1000, seed = 1): Area {
  const [a, b] = [good, bad].map((texts) => texts.map(({ score }) => score)) as [number[], number[]];
  const sites = [...new Set([...good, ...bad].map(({ site }) => site))].sort();
  const place = new Map(sites.map((site, at) => [site, at]));
  const of = Int32Array.from([...good, ...bad], ({ site }) => place.get(site)!);
  const ordered = new Ordered(a, b);
  const random = randomFrom(seed);
  const found: number[] = [];
  const weights = new Float64Array(of.length);
  for (let i = 0; i < resamples; i++) {
    const drawn = new Uint32Array(sites.length);
    for (let n = 0; n < sites.length; n++) drawn[random(sites.length)]!++;
    for (let at = 0; at < of.length; at++) weights[at] = drawn[of[at]!]!;
    const value = ordered.area(weights);
    if (Number.isFinite(value)) found.push(value);
  }
  found.sort((x, y) => x - y);
  const at = (share: number): number => found[Math.round(share * (found.length - 1))] ?? Number.NaN;
  return { auc: areaUnder(a, b), low: at(0.025), high: at(0.975), good: good.length, bad: bad.length, sites: sites.length };
}
