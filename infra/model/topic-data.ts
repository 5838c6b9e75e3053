// Labelled texts for the fastText models `topic` and `format`, outside the repository:
//   node dist/infra/model/topic-data.js --out DIR --corpus DIR/train.jsonl --wordnet FILE... (corpus.js's text; WordNet's data.* files)
// topic: pages by the section their own URL names, WordNet's glosses by the domain they point to, speeches, manuals.
// format: pages by what one who read them called them, manuals, mails. `fold` is the workshop's for pages (by site), a hash of the package for the
// rest; whole folds are left out in turn to measure. English alone, but pages of topic, which are in what language they are.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { crawlPages, pageOptions, readPage } from '../extract/pages.js';
import { readFolds } from '../extract/folds.js';
import { bytesColumn, native, stringAt } from '../../native/index.js';
import { fraction } from './corpus-clean.js';
import { detectLanguages } from './language-detector.js';
import { pageStretches, type Stretch } from './quality-pages.js';
import { cutAt } from './quality-text.js';
import { topicOfUrl } from './url-topics.js';

export interface Labelled {
  readonly text: string;
  readonly label: string;
  readonly lang: string;
  /** page, gloss, manual, speech, mail. */
  readonly kind: string;
  readonly group: string;
  readonly fold: number;
}

const FOLDS = 5;
const LONGEST = 3000;
const SHORTEST = 200;

/** WordNet's domain words (the synset that a `;c` pointer names) and lexicographer files. */
const DOMAINS: Readonly<Record<string, readonly string[]>> = {
  sport: [
    'sport',
    'athletics',
    'football',
    'baseball',
    'tennis',
    'golf',
    'boxing',
    'basketball',
    'ice_hockey',
    'rugby',
    'cricket',
    'swimming',
    'skiing',
    'cycling',
    'soccer',
    'American_football',
    'track_and_field',
  ],
  politics: ['politics', 'government', 'law', 'jurisprudence', 'diplomacy', 'military', 'parliament'],
  business: [
    'commerce',
    'finance',
    'economics',
    'business',
    'accounting',
    'banking',
    'industry',
    'commercial_enterprise',
    'corporate_finance',
    'insurance',
    'stock_exchange',
  ],
  technology: ['computer_science', 'computing', 'electronics', 'computer', 'telecommunication', 'engineering', 'internet'],
  health: ['medicine', 'pathology', 'surgery', 'psychiatry', 'dentistry', 'pharmacology', 'anatomy', 'physiology', 'nursing', 'medical_science'],
  food: ['cooking', 'cookery', 'food', 'wine', 'cuisine'],
  entertainment: [
    'music',
    'film',
    'theater',
    'dance',
    'literature',
    'art',
    'painting',
    'cinema',
    'television',
    'photography',
    'fine_arts',
    'broadcasting',
    'show_business',
  ],
  science: [
    'physics',
    'chemistry',
    'biology',
    'astronomy',
    'geology',
    'mathematics',
    'botany',
    'zoology',
    'genetics',
    'ecology',
    'biochemistry',
    'geometry',
    'meteorology',
    'statistics',
    'linguistics',
    'physiology',
  ],
};
/** noun.food; noun.plant and noun.animal. */
const FILES: Readonly<Record<string, string>> = { '13': 'food', '20': 'science', '05': 'science' };
const FILE_SHARE: Readonly<Record<string, number>> = { '13': 1, '20': 0.08, '05': 0.08 };

function glosses(files: readonly string[]): Labelled[] {
  const lines = files.flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line.includes(' | ') && !line.startsWith(' ')),
  );
  const nouns = new Map<string, string>(); // offset -> first word
  for (const line of lines) if (line.split(' ', 3)[2] === 'n') nouns.set(line.slice(0, 8), line.split(' ', 5)[4]!);
  const topicOf = new Map(Object.entries(DOMAINS).flatMap(([topic, words]) => words.map((word) => [word, topic] as const)));
  const out: Labelled[] = [];
  for (const line of lines) {
    const [offset, file] = line.split(' ', 2) as [string, string];
    const pointer = /;c (\d{8}) n/.exec(line);
    let topic = pointer === null ? undefined : topicOf.get(nouns.get(pointer[1]!) ?? '');
    if (topic === undefined && FILES[file] !== undefined && fraction(offset, 'gloss') < FILE_SHARE[file]!) topic = FILES[file];
    if (topic === undefined) continue;
    const words = Array.from({ length: Number.parseInt(line.split(' ')[3]!, 16) }, (_, at) => line.split(' ')[4 + 2 * at]!.replace(/_/g, ' '));
    out.push({
      text: `${words.join(', ')}: ${line.slice(line.indexOf(' | ') + 3).trim()}`,
      label: topic,
      lang: 'en',
      kind: 'gloss',
      group: `gloss:${offset}`,
      fold: Number(offset) % FOLDS,
    });
  }
  return out;
}

/** Main text, as the step extracts it, of crawled pages that are no development page. */
async function crawlTexts(known: ReadonlySet<string>): Promise<Labelled[]> {
  const places = readFolds();
  const pages = crawlPages().filter(({ url, sha1 }) => url !== null && !known.has(url) && places.has(sha1) && topicOfUrl(url) !== null);
  const none = bytesColumn(
    'utf8',
    pages.map(() => null),
  );
  const html = bytesColumn(
    'binary',
    pages.map((page) => Buffer.from(readPage(page))),
  );
  const { text } = await native.extractPages({ url: none, html, text: none, contentType: none }, pageOptions);
  return pages.map(({ url, sha1 }, row) => ({
    text: stringAt(text, row) ?? '',
    label: topicOfUrl(url!)!,
    lang: '',
    kind: 'page',
    group: places.get(sha1)!.group,
    fold: places.get(sha1)!.fold,
  }));
}

interface Line {
  readonly source: string;
  readonly name: string;
  readonly text: string;
}

/** Each document of the corpus once, though training meets it more often. */
function corpusDocuments(file: string): Line[] {
  const seen = new Set<string>();
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line)
    .filter(({ source, name }) => !seen.has(`${source}/${name}`) && seen.add(`${source}/${name}`));
}

const FORMATS: Readonly<Record<string, string>> = {
  article: 'article',
  recipe: 'recipe',
  service: 'commerce',
  product: 'commerce',
  home: 'commerce',
  contact: 'commerce',
};

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options: { out: { type: 'string' }, corpus: { type: 'string' } }, allowPositionals: true });
  if (values.out === undefined || values.corpus === undefined) throw new Error('--out DIR --corpus train.jsonl WORDNET-FILE...');
  mkdirSync(values.out, { recursive: true });
  const stretches = await pageStretches(join(values.out, 'stretches.jsonl'));
  const corpus = corpusDocuments(values.corpus);
  const some = (sources: RegExp, each: number, kind: string, label: string): Labelled[] => {
    const found = corpus.filter(({ source, text }) => sources.test(source) && text.length >= SHORTEST);
    const share = each / Math.max(1, found.length);
    return found
      .filter(({ source, name }) => fraction(`${source}/${name}`, 'sample') < share)
      .map(({ source, text }) => ({ text: cutAt(text, LONGEST), label, lang: 'en', kind, group: source, fold: Math.floor(fraction(source, 'fold') * FOLDS) }));
  };
  const text = ({ lines }: Stretch) => cutAt(lines.join('\n'), LONGEST);

  const main = stretches.filter(({ kind, lines }) => kind === 'main' && lines.join('\n').length >= SHORTEST);
  const pages = main.flatMap((stretch): Labelled[] => {
    const label = stretch.type === 'recipe' ? 'food' : stretch.url === null ? null : topicOfUrl(stretch.url);
    return label === null ? [] : [{ text: text(stretch), label, lang: stretch.lang, kind: 'page', group: stretch.group, fold: stretch.fold }];
  });
  const crawled = (await crawlTexts(new Set(stretches.map(({ url }) => url ?? ''))))
    .filter((page) => page.text.length >= SHORTEST)
    .map((page) => ({ ...page, text: cutAt(page.text, LONGEST) }));
  const langs = await detectLanguages(crawled.map((page) => page.text));
  write(join(values.out, 'topic.jsonl'), [
    ...pages,
    ...crawled.map((page, at) => ({ ...page, lang: langs[at]! })),
    ...glosses(positionals),
    ...some(/sotu/, 80, 'speech', 'politics'),
    ...some(/python3|perl|postgres|nodejs|django|sqlite|rust-doc|racket|descriptions/, 200, 'manual', 'technology'),
  ]);

  const english = stretches.filter(({ lang, lines }) => lang === 'en' && lines.join('\n').length >= SHORTEST);
  const formats = english.flatMap((stretch): Labelled[] => {
    const label = stretch.kind === 'comments' ? 'discussion' : stretch.kind === 'main' ? (FORMATS[stretch.type ?? ''] ?? null) : 'boilerplate';
    return label === null ? [] : [{ text: text(stretch), label, lang: 'en', kind: 'page', group: stretch.group, fold: stretch.fold }];
  });
  write(join(values.out, 'format.jsonl'), [
    ...formats,
    ...some(/spam-assassin/, 250, 'mail', 'discussion'),
    ...some(/python3|perl|postgres|nodejs|django|sqlite|rust-doc|racket|sqlalchemy|abs-guide|apache|boost|sklearn/, 600, 'manual', 'documentation'),
  ]);
}

function write(file: string, examples: readonly Labelled[]): void {
  writeFileSync(file, examples.map((example) => `${JSON.stringify(example)}\n`).join(''));
  const counts: Record<string, number> = {};
  for (const { label, kind } of examples) counts[`${label}/${kind}`] = (counts[`${label}/${kind}`] ?? 0) + 1;
  process.stdout.write(`${file.split('/').at(-1)} ${examples.length} ${JSON.stringify(counts)}\n`);
}

await main();
