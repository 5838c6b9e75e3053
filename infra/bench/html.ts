// Parsing and extraction of HTML: megabytes a CPU second and tree bytes a page byte on real pages (the golden ones where the
// shared data is absent), and time on 5 MiB pages made to be slow, whose work tests/kernels/html-work.test.ts counts.
// Target for those: 50 ms a megabyte plus 2 ms, parsing alone.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { bytesColumn, native, packageRoot } from '../../native/index.js';
import { HOSTILE_PAGES } from './hostile-pages.js';
import type { Figure } from './main.js';

const MiB = 1 << 20;
const options = { mode: 'balanced', maxBytes: 32 * MiB, maxDepth: 32_768, maxNodes: 2_000_000 } as const;

function realPages(): Uint8Array[] {
  for (const base of [process.env.REFINE_SHARED, join(dirname(packageRoot), 'shared'), join(dirname(dirname(packageRoot)), 'shared')]) {
    if (base === undefined) continue;
    const folder = join(base, 'data', 'pages');
    if (!existsSync(folder)) continue;
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.html.gz'))
      .sort()
      .map((name) => gunzipSync(readFileSync(join(folder, name))));
  }
  const golden = join(packageRoot, 'tests', 'golden', 'extract');
  return readdirSync(golden).map((trait) => readFileSync(join(golden, trait, 'page.html')));
}

async function cpuSeconds(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const used = process.cpuUsage(before);
  return (used.user + used.system) / 1e6;
}

function extract(pages: readonly Uint8Array[]): Promise<unknown> {
  const none = bytesColumn(
    'utf8',
    pages.map(() => null),
  );
  return native.extractPages({ url: none, html: bytesColumn('binary', pages), text: none, contentType: none }, options);
}

export interface HostileTime {
  readonly name: string;
  readonly outcome: string;
  readonly parseMsPerMB: number;
  readonly extractMsPerMB: number;
}

/** Each hostile page once; milliseconds of CPU a megabyte, with the 2 ms taken off. */
export async function hostileTimes(bytes = 5 * MiB): Promise<HostileTime[]> {
  const times: HostileTime[] = [];
  for (const [name, make] of Object.entries(HOSTILE_PAGES)) {
    const page = Buffer.from(make(bytes), 'latin1');
    let outcome = '';
    const parse = await cpuSeconds(() => {
      outcome = native.htmlWork(page).outcome;
    });
    const whole = await cpuSeconds(() => extract([page]));
    const perMB = (seconds: number) => Math.round((Math.max(0, seconds * 1e3 - 2) / (page.length / 1e6)) * 10) / 10;
    times.push({ name, outcome, parseMsPerMB: perMB(parse), extractMsPerMB: perMB(whole) });
  }
  return times;
}

export async function figures(): Promise<readonly Figure[]> {
  const pages = realPages().map((page) => native.decodeBytes(page, native.decideCharset(page, '').encoding));
  const bytes = pages.reduce((sum, page) => sum + page.length, 0);
  const runs: number[] = [];
  let treeBytes = 0;
  for (let run = 0; run < 3; run++) {
    treeBytes = 0;
    runs.push(
      await cpuSeconds(() => {
        for (const page of pages) treeBytes += native.htmlWork(page).treeBytes;
      }),
    );
  }
  const note = `${pages.length} pages, ${Math.round(bytes / 1e5) / 10} MB`;
  const hostile = await hostileTimes();
  for (const one of [...hostile].sort((a, b) => b.extractMsPerMB - a.extractMsPerMB).slice(0, 12)) {
    console.error(`  ${one.name}: parse ${one.parseMsPerMB}, extract ${one.extractMsPerMB} ms/MB (${one.outcome})`);
  }
  const worst = (key: 'parseMsPerMB' | 'extractMsPerMB') => hostile.reduce((most, one) => (one[key] > most[key] ? one : most));
  const parse = worst('parseMsPerMB');
  const whole = worst('extractMsPerMB');
  return [
    {
      bench: 'html',
      what: 'HTML to tree',
      unit: 'MB/CPU s',
      value: Math.round(bytes / 1e6 / Math.min(...runs)),
      spread: Math.round(((Math.max(...runs) - Math.min(...runs)) / Math.max(...runs)) * 100) / 100,
      note,
    },
    { bench: 'html', what: 'tree', unit: 'bytes a page byte', value: Math.round((treeBytes / bytes) * 100) / 100, note },
    { bench: 'html', what: 'slowest hostile page, parse', unit: 'ms/MB', value: parse.parseMsPerMB, note: parse.name },
    { bench: 'html', what: 'slowest hostile page, whole extraction', unit: 'ms/MB', value: whole.extractMsPerMB, note: whole.name },
  ];
}
