// Three crawls of generated pages that share URLs, texts and near duplicates, with the truth of who is whose.
// Near duplicates of one cluster are at Jaccard .96 and more on word 5-grams, texts of two clusters share no 5-gram, so at 14 x 8 a
// pair is missed with probability 1e-7 and being near duplicates is transitive.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Page {
  readonly id: string;
  readonly url: string;
  readonly text: string;
  /** Of the near duplicates. */
  readonly cluster: number;
}

export const CRAWLS = ['CC-MAIN-2023-06', 'CC-MAIN-2023-14', 'CC-MAIN-2023-23'] as const;
export type Crawl = (typeof CRAWLS)[number];

const WORDS = 'river stone cloud lamp tree bread glass wind horse paper night salt copper field song garden'.split(' ');

/** `files` files of `each` pages in every crawl. No randomness but the seed's. */
export function threeCrawls(files: number, each: number, seed = 5): Map<Crawl, Map<string, Page[]>> {
  let state = seed;
  const next = (n: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  const all = CRAWLS.length * files * each;
  const textOf = (cluster: number): string[] =>
    Array.from({ length: 400 }, (_, at) => `${WORDS[(cluster * 7 + at * (1 + (cluster % 5))) % WORDS.length]}${cluster}x${at}`);
  const crawls = new Map<Crawl, Map<string, Page[]>>();
  for (const [number, crawl] of CRAWLS.entries()) {
    const inputs = new Map<string, Page[]>();
    for (let file = 0; file < files; file++) {
      const pages: Page[] = [];
      for (let i = 0; i < each; i++) {
        const cluster = next(Math.floor(all * 0.6));
        const words = textOf(cluster);
        const changed = next(4); // 0: the text as it is; else one word at one of three places
        if (changed > 0) words[changed * 100] = `other${cluster}y${changed}`;
        const longer = next(3) === 0 ? [`tail${cluster}`, `end${next(3)}`] : [];
        const id = `${number}-${file}-${i}`;
        pages.push({ id, url: `http://h${next(7)}.example/${next(Math.floor(all / 4))}`, text: [...words, ...longer].join(' '), cluster });
      }
      inputs.set(`${crawl}/part-${file}.jsonl`, pages);
    }
    crawls.set(crawl, inputs);
  }
  return crawls;
}

export function writeCrawls(folder: string, crawls: ReadonlyMap<Crawl, ReadonlyMap<string, readonly Page[]>>): void {
  for (const [crawl, inputs] of crawls) {
    mkdirSync(join(folder, crawl), { recursive: true });
    for (const [path, pages] of inputs) writeFileSync(join(folder, path), pages.map(({ id, url, text }) => `${JSON.stringify({ id, url, text })}\n`).join(''));
  }
}
