// Labelled texts for `quality` (main text against boilerplate, spam and machine text), outside the repository:
//   node dist/infra/model/quality-data.js --out DIR --downloads DIR [--generated FILE.jsonl]
// Writes DIR/train.jsonl and DIR/test.jsonl (sites, mails, templates that training does not have), {text, label, kind, lang, group} a line; prints the counts. `--downloads` is corpus.js's folder with the SpamAssassin package;
// `--generated` are samples of a decoder ({text}). The same inputs give the same bytes.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { randomFrom } from '../extract/random.js';
import { fraction } from './corpus-clean.js';
import { detectLanguages } from './language-detector.js';
import { Chain, shuffleWords, TEMPLATE_LANGUAGES, templateText, wordsWithLines } from './machine-text.js';
import { pageStretches, type Stretch, UNSEEN } from './quality-pages.js';
import { cutAt, cutLines, drawLength, type Example, matchLengths, type Random } from './quality-text.js';
import { readSpam, unpackSpam } from './spam-mails.js';

/** Machine texts of each kind and language for every hundred texts of main. */
const MACHINE_SHARE = 12;
const LEAST_FOR_A_CHAIN = 40;
const CUTS_PER_MAIL = 6;

function pageExamples(stretches: readonly Stretch[], random: Random): Example[] {
  return stretches.flatMap(({ kind, lang, group, lines }) =>
    cutLines(lines, random).map((text) => ({ text, label: kind === 'main' ? ('main' as const) : ('other' as const), kind, lang, group })),
  );
}

function machineExamples(main: readonly Example[], side: 0 | 1, random: Random): Example[] {
  const out: Example[] = [];
  const byLanguage = new Map<string, Example[]>();
  for (const example of main) byLanguage.set(example.lang, [...(byLanguage.get(example.lang) ?? []), example]);
  for (const lang of [...byLanguage.keys()].sort()) {
    const texts = byLanguage.get(lang)!;
    if (texts.length < LEAST_FOR_A_CHAIN) continue;
    const count = Math.ceil((texts.length * MACHINE_SHARE) / 100);
    const put = (kind: string, at: number, text: string): void => {
      if (text.length > 0) out.push({ text, label: 'other', kind, lang, group: `${kind}-${side}-${at}` });
    };
    for (const between of [' ', ''] as const) {
      for (const order of [1, 2, 3]) {
        const chain = new Chain(order, between);
        for (const { text } of texts) chain.learn(between === ' ' ? wordsWithLines(text) : [...text]);
        const kind = between === ' ' ? `words-${order}` : `letters-${order}`;
        for (let at = 0; at < count; at++) {
          const length = drawLength(random);
          put(kind, at, cutAt(chain.write(length + 20, random), length));
        }
      }
    }
    for (let at = 0; at < count; at++) put('shuffled', at, shuffleWords(texts[random(texts.length)]!.text, random));
    if (!TEMPLATE_LANGUAGES.includes(lang)) continue;
    for (let at = 0; at < count; at++) {
      const length = drawLength(random);
      put('template', at, cutAt(templateText(lang, length + 20, side, random), length));
    }
  }
  return out;
}

/** spam-1 teaches, spam-2 tests: other months, other campaigns. */
async function spamExamples(folder: string, group: 'spam-1' | 'spam-2', random: Random): Promise<Example[]> {
  const out: Example[] = [];
  const seen = new Set<string>();
  for await (const { file, lines } of readSpam(folder, group)) {
    for (const cut of cutLines(lines, random).slice(0, CUTS_PER_MAIL)) {
      const key = cut.slice(0, 80);
      if (seen.has(key)) continue;
      seen.add(key);
      out.push({ text: cut, label: 'other', kind: 'spam', lang: '', group: file });
    }
  }
  const langs = await detectLanguages(out.map(({ text }) => text));
  return out.map((example, at) => ({ ...example, lang: langs[at]! }));
}

function generatedExamples(file: string, side: 0 | 1, random: Random): Example[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as { text: string }).text)
    .filter((text) => fraction(text, 'generated') < 0.25 === (side === 1))
    .flatMap((text, at) =>
      cutLines(text.split('\n'), random).map((cut) => ({ text: cut, label: 'other' as const, kind: 'decoder', lang: 'en', group: `decoder-${side}-${at}` })),
    );
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { out: { type: 'string' }, downloads: { type: 'string' }, generated: { type: 'string' } } });
  if (values.out === undefined || values.downloads === undefined) throw new Error('--out DIR --downloads DIR');
  mkdirSync(values.out, { recursive: true });
  const stretches = await pageStretches(join(values.out, 'stretches.jsonl'));
  const mails = mkdtempSync(join(tmpdir(), 'refine-spam-'));
  try {
    unpackSpam(values.downloads, mails);
    for (const side of [0, 1] as const) {
      const random = randomFrom(20_261_122 + side);
      const pages = pageExamples(
        stretches.filter(({ fold }) => (fold === UNSEEN) === (side === 1)),
        random,
      );
      const main = pages.filter(({ label }) => label === 'main');
      const machine = machineExamples(main, side, random);
      const spam = await spamExamples(mails, side === 0 ? 'spam-1' : 'spam-2', random);
      const generated = values.generated === undefined ? [] : generatedExamples(values.generated, side, random);
      const examples = matchLengths([...pages, ...machine, ...spam, ...generated], random);
      write(join(values.out, side === 0 ? 'train.jsonl' : 'test.jsonl'), examples);
      const counts: Record<string, number> = {};
      for (const { kind, lang } of examples) for (const key of [kind, `lang ${lang}`]) counts[key] = (counts[key] ?? 0) + 1;
      process.stdout.write(
        `${side === 0 ? 'train' : 'test'} ${examples.length} ${JSON.stringify(Object.fromEntries(Object.entries(counts).sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))))}\n`,
      );
    }
  } finally {
    rmSync(mails, { recursive: true, force: true });
  }
}

function write(file: string, examples: readonly Example[]): void {
  writeFileSync(file, examples.map((example) => `${JSON.stringify(example)}\n`).join(''));
}

await main();
