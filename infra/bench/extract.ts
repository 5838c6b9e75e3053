// Extraction: pages and megabytes a CPU second (charset, parse, main text, metadata; one thread), and scores against gold
// text. Real pages where the shared data folder is at hand, else the project's own golden pages.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { bytesColumn, native, packageRoot, stringAt } from '../../native/index.js';
import type { Figure } from './main.js';

export interface ExtractScore {
  readonly pages: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

export interface ExtractBench {
  readonly corpus: 'shared' | 'golden';
  readonly pages: number;
  readonly bytes: number;
  readonly pagesPerCpuSecond: number;
  readonly MBPerCpuSecond: number;
  readonly runs: readonly number[];
  /** By corpus; `pooled` is the page-weighted mean over the corpora with full gold text. */
  readonly scores: Readonly<Record<string, ExtractScore>>;
}

const options = { mode: 'balanced', maxBytes: 32 * 1024 * 1024, maxDepth: 32_768, maxNodes: 2_000_000 } as const;

function shared(): string | null {
  for (const base of [process.env.REFINE_SHARED, join(dirname(packageRoot), 'shared'), join(dirname(dirname(packageRoot)), 'shared')]) {
    if (base !== undefined && existsSync(join(base, 'data', 'pages'))) return base;
  }
  return null;
}

async function texts(pages: readonly Buffer[]): Promise<{ texts: (string | null)[]; cpuSeconds: number }> {
  const none = bytesColumn(
    'utf8',
    pages.map(() => null),
  );
  const html = bytesColumn('binary', pages);
  const before = process.cpuUsage();
  const found = await native.extractPages({ url: none, html, text: none, contentType: none }, options);
  const used = process.cpuUsage(before);
  return { texts: pages.map((_, row) => stringAt(found.text, row)), cpuSeconds: (used.user + used.system) / 1e6 };
}

function score(tool: string, gold: string, ids: readonly string[], found: readonly (string | null)[]): ExtractScore {
  const folder = mkdtempSync(join(tmpdir(), 'refine-bench-'));
  try {
    const predicted = join(folder, 'predicted.jsonl');
    writeFileSync(predicted, ids.map((id, row) => JSON.stringify({ id, text: found[row] ?? '' })).join('\n'));
    const out = JSON.parse(execFileSync(process.execPath, [tool, gold, predicted, '--json'], { encoding: 'utf8' })) as ExtractScore & {
      snippets?: ExtractScore;
    };
    const from = out.pages > 0 ? out : (out.snippets ?? out);
    return { pages: out.pages > 0 ? out.pages : ids.length, precision: from.precision, recall: from.recall, f1: from.f1 };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export async function benchExtract(): Promise<ExtractBench> {
  const base = shared();
  const all: Buffer[] = [];
  const scores: Record<string, ExtractScore> = {};
  if (base === null) {
    const golden = join(packageRoot, 'tests', 'golden', 'extract');
    for (const trait of readdirSync(golden).sort()) all.push(readFileSync(join(golden, trait, 'page.html')));
  } else {
    for (const corpus of ['readability', 'newspaper', 'trafilatura-eval']) {
      const folder = join(base, 'data', 'pages', corpus);
      const gold = join(folder, 'gold.jsonl');
      const ids = readFileSync(gold, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => (JSON.parse(line) as { id: string }).id);
      const pages = ids.map((id) => gunzipSync(readFileSync(join(folder, `${id}.html.gz`))));
      all.push(...pages);
      scores[corpus] = score(join(base, 'tools', 'score-extraction.mjs'), gold, ids, (await texts(pages)).texts);
    }
    const full = [scores.readability!, scores.newspaper!];
    const pagesWithGold = full.reduce((sum, s) => sum + s.pages, 0);
    const mean = (key: 'precision' | 'recall' | 'f1') => Math.round((full.reduce((sum, s) => sum + s[key] * s.pages, 0) / pagesWithGold) * 1e4) / 1e4;
    scores.pooled = { pages: pagesWithGold, precision: mean('precision'), recall: mean('recall'), f1: mean('f1') };
  }
  const bytes = all.reduce((sum, page) => sum + page.length, 0);
  const runs: number[] = [];
  for (let run = 0; run < 3; run++) runs.push((await texts(all)).cpuSeconds);
  const best = Math.min(...runs);
  return {
    corpus: base === null ? 'golden' : 'shared',
    pages: all.length,
    bytes,
    pagesPerCpuSecond: Math.round(all.length / best),
    MBPerCpuSecond: Math.round((bytes / 1e6 / best) * 10) / 10,
    runs: runs.map((seconds) => Math.round(all.length / seconds)),
    scores,
  };
}

/** For `npm run bench`. */
export async function figures(): Promise<readonly Figure[]> {
  const found = await benchExtract();
  const spread = Math.round(((Math.max(...found.runs) - Math.min(...found.runs)) / Math.max(...found.runs)) * 100) / 100;
  const note = `${found.pages} pages, ${Math.round(found.bytes / 1e5) / 10} MB`;
  return [
    { bench: 'extract', what: 'HTML to main text', unit: 'pages/CPU s', value: found.pagesPerCpuSecond, spread, note },
    { bench: 'extract', what: 'HTML to main text', unit: 'MB/CPU s', value: found.MBPerCpuSecond, spread, note },
    ...Object.entries(found.scores).map(([corpus, score]) => ({
      bench: 'extract',
      what: `F1, ${corpus}`,
      unit: 'F1',
      value: score.f1,
      note: `${score.pages} pages`,
    })),
  ];
}
