// Labelled texts for the fastText model `adult`, outside the repository: `node dist/infra/model/adult-data.js --out DIR --downloads PACKAGES`.
// No collection of adult pages has a licence that lets a model be learnt and shipped, so the label is weak: SpamAssassin's spam with two and more
// words of the list of bad words (stages/lines/bad-words/en) against spam and page text with none. Each mail teaches twice, with the list's words and without
// them, so that a model learns what stands around them; `kind` tells the two apart, and only the second says whether it knows more than the list.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { packagePath } from '../../native/index.js';
import { fraction } from './corpus-clean.js';
import { pageStretches } from './quality-pages.js';
import { cutAt } from './quality-text.js';
import { readSpam, unpackSpam } from './spam-mails.js';

const FOLDS = 5;
const LONGEST = 3000;
const SHORTEST = 100;
const LEAST_WORDS = 2;
/** Share of words in common from which two mails are one campaign. */
const SAME = 0.4;

const wordsOf = (text: string): Set<string> => new Set(text.toLowerCase().match(/[a-z]+/g) ?? []);

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { out: { type: 'string' }, downloads: { type: 'string' } } });
  if (values.out === undefined || values.downloads === undefined) throw new Error('--out DIR --downloads PACKAGES');
  mkdirSync(values.out, { recursive: true });
  const list = new Set(
    readFileSync(packagePath('stages', 'lines', 'bad-words', 'en'), 'utf8')
      .split('\n')
      .map((word) => word.trim().toLowerCase())
      .filter((word) => /^[a-z]+$/.test(word)),
  );
  const masked = (text: string): string => text.replace(/[A-Za-z]+/g, (word) => (list.has(word.toLowerCase()) ? '' : word)).replace(/ {2,}/g, ' ');
  const rows: { text: string; label: string; lang: string; kind: string; group: string; fold: number }[] = [];
  const campaigns: { readonly words: ReadonlySet<string>; readonly group: string }[] = [];
  const mails = mkdtempSync(join(tmpdir(), 'refine-spam-'));
  try {
    unpackSpam(values.downloads, mails);
    for (const part of ['spam-1', 'spam-2'] as const) {
      for await (const { file, lines } of readSpam(mails, part)) {
        const text = cutAt(lines.join('\n'), LONGEST);
        if (text.length < SHORTEST) continue;
        const words = wordsOf(text);
        const hits = [...words].filter((word) => list.has(word)).length;
        if (hits > 0 && hits < LEAST_WORDS) continue; // one such word says nothing
        let group = file;
        if (hits > 0) {
          const earlier = campaigns.find((one) => [...words].filter((word) => one.words.has(word)).length >= SAME * Math.max(words.size, one.words.size));
          group = earlier?.group ?? file;
          campaigns.push({ words, group });
        }
        const row = { label: hits > 0 ? 'adult' : 'other', lang: 'en', group, fold: Math.floor(fraction(group, 'fold') * FOLDS) };
        rows.push({ text: masked(text), kind: 'masked', ...row });
        if (hits > 0) rows.push({ text, kind: 'listed', ...row });
      }
    }
  } finally {
    rmSync(mails, { recursive: true, force: true });
  }
  for (const { kind, lang, lines, group, fold } of await pageStretches(join(values.out, 'stretches.jsonl'))) {
    const text = cutAt(lines.join('\n'), LONGEST);
    if (lang !== 'en' || text.length < SHORTEST || (kind !== 'main' && kind !== 'comments')) continue;
    if ([...wordsOf(text)].filter((word) => list.has(word)).length >= LEAST_WORDS) continue; // read by nobody for this
    rows.push({ text: masked(text), label: 'other', lang, kind: 'page', group, fold });
  }
  writeFileSync(join(values.out, 'adult.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const count = (label: string, kind: string) => rows.filter((row) => row.label === label && row.kind === kind).length;
  process.stdout.write(
    `adult ${count('adult', 'listed')} mails of ${new Set(campaigns.map(({ group }) => group)).size} campaigns; other ${count('other', 'masked')} mails, ${count('other', 'page')} pages\n`,
  );
}

await main();
