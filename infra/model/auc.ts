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

/** `weights` of the texts, good ones first; 1 where absent. */
export function areaUnder(good: readonly number[], bad: readonly number[], weights?: Float64Array): number {
  const all = [...good, ...bad];
  const order = all.map((_, at) => at).sort((a, b) => all[a]! - all[b]!);
  const weight = (at: number): number => weights?.[at] ?? 1;
  let below = 0;
  let wins = 0;
  let [goods, bads] = [0, 0];
  for (let from = 0; from < order.length; ) {
    let to = from;
    let [tiedGood, tiedBad] = [0, 0];
    for (; to < order.length && all[order[to]!] === all[order[from]!]; to++) {
      if (order[to]! < good.length) tiedGood += weight(order[to]!);
      else tiedBad += weight(order[to]!);
    }
    wins += tiedBad * (below + tiedGood / 2);
    below += tiedGood;
    goods += tiedGood;
    bads += tiedBad;
    from = to;
  }
  return wins / (goods * bads);
}

export function area(good: readonly Scored[], bad: readonly Scored[], resamples = 1000, seed = 1): Area {
  const [a, b] = [good, bad].map((texts) => texts.map(({ score }) => score)) as [number[], number[]];
  if (resamples === 0) return { auc: areaUnder(a, b), low: Number.NaN, high: Number.NaN, good: good.length, bad: bad.length, sites: 0 };
  const sites = [...new Set([...good, ...bad].map(({ site }) => site))].sort();
  const place = new Map(sites.map((site, at) => [site, at]));
  const of = Int32Array.from([...good, ...bad], ({ site }) => place.get(site)!);
  const random = randomFrom(seed);
  const found: number[] = [];
  const weights = new Float64Array(of.length);
  for (let i = 0; i < resamples; i++) {
    const drawn = new Uint32Array(sites.length);
    for (let n = 0; n < sites.length; n++) drawn[random(sites.length)]!++;
    of.forEach((site, at) => {
      weights[at] = drawn[site]!;
    });
    const value = areaUnder(a, b, weights);
    if (Number.isFinite(value)) found.push(value);
  }
  found.sort((x, y) => x - y);
  const at = (share: number): number => found[Math.round(share * (found.length - 1))] ?? Number.NaN;
  return { auc: areaUnder(a, b), low: at(0.025), high: at(0.975), good: good.length, bad: bad.length, sites: sites.length };
}
