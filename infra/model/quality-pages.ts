// Stretches of the development pages for `quality`: main text as gold and readers have it, and what they discard (navigation, footers,
// readers' comments, teasers and the rest), cut from the same pages by the same rule. A page's fold is the workshop's (infra/extract/folds.tsv),
// so the sites of fold UNSEEN are never learnt from.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { placeOf, readFolds } from '../extract/folds.js';
import { labelBlocks } from '../extract/labels.js';
import { pageOptions, readPage } from '../extract/pages.js';
import { trainingPages } from '../extract/dataset.js';
import { addReading, lettersOf, readPageLabels } from '../extract/reading.js';
import { detectLanguages } from './language-detector.js';
import { native, stringAt } from '../../native/index.js';

export const UNSEEN = 4;

export type Kind = 'main' | 'navigation' | 'footer' | 'comments' | 'boilerplate';

export interface Stretch {
  readonly kind: Kind;
  readonly lang: string;
  /** Its site: what may not stand on both sides. */
  readonly group: string;
  readonly fold: number;
  readonly url: string | null;
  /** As one who read the page calls it; null where nobody did. */
  readonly type: string | null;
  /** Blocks in the page's order, a line each. */
  readonly lines: readonly string[];
}

const NAVIGATION = /\b(?:nav|menu|breadcrumbs?|header|topbar|navbar|tabs?)\b/i;
const FOOTER = /\b(?:footer|foot|copyright|legal|imprint|impressum)\b/i;
/** Blocks that gold gave main text to with this weight are sure enough. */
const SURE = 0.9;

/** The stretches in `cache`, made and written there where it does not exist (40 CPU seconds). It holds pages: never in the repository. */
export async function pageStretches(cache: string): Promise<Stretch[]> {
  if (!existsSync(cache)) writeFileSync(cache, (await readStretches()).map((stretch) => `${JSON.stringify(stretch)}\n`).join(''));
  return readFileSync(cache, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Stretch);
}

/** One stretch a kind and page: all blocks of that kind in their order. */
async function readStretches(): Promise<Stretch[]> {
  const places = readFolds();
  const readings = readPageLabels();
  const stretches: Omit<Stretch, 'lang'>[] = [];
  const pages: { readonly text: string; readonly stretches: number }[] = [];
  for (const page of trainingPages(readings)) {
    if (page.corpus === 'golden') continue;
    const place = placeOf(places, page);
    const html = readPage(page);
    const blocks = native.inspectBlocks(html, '', page.url ?? '', pageOptions);
    const texts = Array.from({ length: blocks.chars.length }, (_, row) => stringAt(blocks.text, row) ?? '');
    const byGold = labelBlocks(texts, page.gold);
    const reading = readings.get(page.sha1);
    const letters = reading === undefined ? null : lettersOf(reading.runs, blocks.charBegin, blocks.chars);
    const { label, weight } = letters === null ? byGold : addReading(byGold, letters);
    const found = new Map<Kind, string[]>();
    texts.forEach((raw, block) => {
      const text = raw.replace(/\s+/g, ' ').trim();
      if (text === '' || weight[block] === 0) return;
      // A reader's word where there is one: gold by snippets alone knows little of what surrounds them.
      const contradicted = letters !== null && letters[block] !== '?' && (letters[block] === 'M') !== (label[block] === 1);
      if (contradicted) return;
      let kind: Kind = 'main';
      if (label[block] === 0) {
        const where = stringAt(blocks.path, block) ?? '';
        kind = letters?.[block] === 'C' ? 'comments' : FOOTER.test(where) ? 'footer' : NAVIGATION.test(where) ? 'navigation' : 'boilerplate';
      } else if (weight[block]! < SURE) return;
      const lines = found.get(kind);
      if (lines === undefined) found.set(kind, [text]);
      else lines.push(text);
    });
    pages.push({ text: (found.get('main') ?? [...found.values()].flat()).join(' '), stretches: found.size });
    for (const [kind, lines] of found) stretches.push({ kind, group: place.group, fold: place.fold, url: page.url, type: reading?.type ?? null, lines });
  }
  const langs = await detectLanguages(pages.map(({ text }) => text));
  const langOf = pages.flatMap((page, at) => Array<string>(page.stretches).fill(langs[at]!));
  return stretches.map((stretch, at) => ({ ...stretch, lang: langOf[at]! }));
}
