// Runs of eight shards in three languages for `refine check`, made by the product from texts that look written: sentences of the
// made pages' packs, spliced where two share a word, so that no two documents are alike and languages stay what they are.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { de } from '../../infra/extract/made-pages/texts/de.js';
import { en } from '../../infra/extract/made-pages/texts/en.js';
import { es } from '../../infra/extract/made-pages/texts/es.js';
import { fr } from '../../infra/extract/made-pages/texts/fr.js';
import { loadManifest } from '../../pipeline/manifest.js';
import { runManifest } from '../../pipeline/runner.js';
import { randomFrom } from './random.js';

const PACKS = { de, en, es, fr };
export type TextLanguage = keyof typeof PACKS;

const NAMES = ['Anna', 'Omar', 'Li', 'Petra', 'Joe', 'Marta', 'Ravi', 'Ines', 'Tomas', 'Zoe'];

export class Writer {
  readonly #random: (below: number) => number;
  readonly #sentences: readonly (readonly string[])[];
  /** Sentences by a word in them that is not the last: (sentence, place). */
  readonly #places = new Map<string, [number, number][]>();

  constructor(language: TextLanguage, seed: number) {
    this.#random = randomFrom(seed);
    const pack = PACKS[language];
    const lines = ['talk', 'news', 'docs', 'product', 'review', 'comment', 'legal', 'company'] as const;
    this.#sentences = lines.flatMap((name) => pack[name]).map((line) => line.split(' '));
    this.#sentences.forEach((words, sentence) => {
      words.slice(0, -1).forEach((word, place) => {
        const known = this.#places.get(word);
        if (known === undefined) this.#places.set(word, [[sentence, place]]);
        else known.push([sentence, place]);
      });
    });
  }

  sentence(): string {
    const words = [...this.#sentences[this.#random(this.#sentences.length)]!];
    for (let splices = this.#random(4); splices > 0; splices--) {
      const at = 1 + this.#random(Math.max(1, words.length - 2));
      const others = this.#places.get(words[at] ?? '') ?? [];
      if (others.length < 2) continue;
      const [sentence, place] = others[this.#random(others.length)]!;
      words.splice(at, words.length, ...this.#sentences[sentence]!.slice(place));
    }
    return words.map((word) => word.replace('{n}', String(2 + this.#random(200))).replace(/\{\w+\}/, NAMES[this.#random(NAMES.length)]!)).join(' ');
  }

  /** 4 to 60 sentences, short ones more often: as skewed as pages. */
  document(): string {
    const sentences = 4 + Math.floor(4 ** ((this.#random(1000) / 1000) * 2.8));
    const paragraphs: string[] = [];
    for (let left = sentences; left > 0; ) {
      const length = Math.min(left, 2 + this.#random(4));
      paragraphs.push(Array.from({ length }, () => this.sentence()).join(' '));
      left -= length;
    }
    return paragraphs.join('\n');
  }
}

export interface MadeRunOptions {
  readonly seed: number;
  readonly shards?: number;
  /** Documents a shard. */
  readonly documents?: number;
  readonly keepText?: boolean;
  readonly tokenize?: string;
}

/** Of a shard's documents: English, German, Spanish. */
const SHARES: readonly (readonly [TextLanguage, number])[] = [
  ['en', 60],
  ['de', 25],
  ['es', 15],
];

/** `folder`/run: a finished run. Texts depend on the seed alone. */
export async function madeRun(folder: string, { seed, shards = 8, documents = 160, keepText = false, tokenize = '{}' }: MadeRunOptions): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const random = randomFrom(seed * 31 + 7);
  const writers = new Map(SHARES.map(([language], at) => [language, new Writer(language, seed * 101 + at)]));
  for (let shard = 0; shard < shards; shard++) {
    const lines = Array.from({ length: documents }, (_, i) => {
      let draw = random(100);
      const [language] = SHARES.find(([, share]) => (draw -= share) < 0)!;
      const host = `site${Math.floor(40 ** (random(1000) / 1000))}.example`;
      return JSON.stringify({ id: `s${shard}-d${i}`, url: `https://${host}/${shard}/${i}`, text: writers.get(language)!.document() });
    });
    writeFileSync(join(folder, `${shard}.jsonl`), lines.join('\n'));
  }
  const manifest = join(folder, 'run.yaml');
  writeFileSync(
    manifest,
    `name: made\nseed: ${seed}\nsource: { jsonl: "*.jsonl" }\nsteps: [langid, dedupe-exact, dedupe-minhash, tokenize: ${tokenize}]\nsink: { text: { keep: ${keepText} } }\n`,
  );
  const out = join(folder, 'run');
  await runManifest(await loadManifest(manifest), { out, workers: 2 });
  return out;
}
