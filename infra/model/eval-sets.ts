// What a decoder's loss must tell apart, on English pages that no decoder of ours learnt from: `node dist/infra/model/eval-sets.js --out DIR`.
// Writes DIR/{shuffled,garbled,discarded}.jsonl, {label: good | bad, kind, group, text} a line. A page gives at most one text to a set, so texts are unpaired:
// shuffled   120 words of main text, in order (good) or shuffled (bad)
// garbled    the same, with 8 % of the letters misread (ocr-confusions.ts)
// discarded  at least 50 words of main text (good), or of what gold and readers discard (bad), the same lengths on both sides
// Pages are ../shared/data/pages and the crawl's that were read (infra/extract); they stay outside the repository.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { randomFrom } from '../extract/random.js';
import { isSentences } from './corpus-clean.js';
import { shuffleWords } from './machine-text.js';
import { garble } from './ocr-confusions.js';
import { pageStretches, type Stretch } from './quality-pages.js';
import { type Random, shuffled } from './quality-text.js';

const SEED = 20_261_123;
const WORDS = 120;
const GARBLED = 0.08;
const LEAST_WORDS = 50;
const MOST_WORDS = 400;

interface Case {
  readonly label: 'good' | 'bad';
  readonly kind: string;
  readonly group: string;
  readonly text: string;
}

const wordsIn = (text: string): number => text.split(/\s+/).length;

function firstWords(text: string, count: number): string {
  return text
    .split(/(\s+)/)
    .slice(0, 2 * count - 1)
    .join('');
}

/** Half of the pages give their text as it is, the other half the changed one. */
function halves(pages: readonly Stretch[], kind: string, change: (text: string) => string): Case[] {
  return pages.map(({ lines, group }, at) => {
    const text = firstWords(lines.join('\n'), WORDS);
    return at % 2 === 0 ? { label: 'good', kind: 'main', group, text } : { label: 'bad', kind, group, text: change(text) };
  });
}

/** Discarded texts, each beside a main text of another page cut to its number of words. */
function discarded(main: readonly Stretch[], others: readonly Stretch[]): Case[] {
  const cases: Case[] = [];
  const pool = main.map((stretch) => ({ stretch, text: stretch.lines.join('\n') })).map((entry) => ({ ...entry, words: wordsIn(entry.text) }));
  const used = new Set<number>();
  for (const { kind, group, lines } of others) {
    const text = firstWords(lines.join('\n'), MOST_WORDS);
    const words = wordsIn(text);
    if (words < LEAST_WORDS) continue;
    const partner = pool.findIndex((entry, at) => !used.has(at) && entry.words >= words && entry.stretch.group !== group);
    if (partner < 0) continue;
    used.add(partner);
    cases.push(
      { label: 'bad', kind, group, text },
      { label: 'good', kind: 'main', group: pool[partner]!.stretch.group, text: firstWords(pool[partner]!.text, words) },
    );
  }
  return cases;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { out: { type: 'string' } } });
  if (values.out === undefined) throw new Error('--out DIR (outside the repository)');
  mkdirSync(values.out, { recursive: true });
  const random: Random = randomFrom(SEED);
  const english = shuffled(
    (await pageStretches(join(values.out, 'stretches.jsonl'))).filter(({ lang }) => lang === 'en'),
    random,
  );
  const good = english.filter(({ kind }) => kind === 'main');
  const whole = good.map((stretch) => ({ ...stretch, lines: stretch.lines.filter(isSentences) })).filter(({ lines }) => wordsIn(lines.join('\n')) >= WORDS);
  const sets = {
    shuffled: halves(whole, 'shuffled', (text) => shuffleWords(text, random)),
    garbled: halves(whole, 'garbled', (text) => garble(text, GARBLED, random)),
    discarded: discarded(
      good,
      english.filter(({ kind }) => kind !== 'main'),
    ),
  };
  for (const [name, cases] of Object.entries(sets)) {
    writeFileSync(join(values.out, `${name}.jsonl`), cases.map((one) => `${JSON.stringify(one)}\n`).join(''));
    process.stdout.write(`${name}: ${cases.filter(({ label }) => label === 'good').length} good, ${cases.filter(({ label }) => label === 'bad').length} bad\n`);
  }
}

await main();
