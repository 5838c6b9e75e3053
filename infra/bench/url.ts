// Lists of five million hosts: compiling, loading, looking up; URLs judged and made canonical, beside Node's own URL.
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packagePath, native, stringAt, utf8Column } from '../../native/index.js';
import { compileUrlLists } from '../../stages/url/compile.js';
import { openCompiled, publicSuffixes } from '../../stages/url/sets.js';
import { randomFrom } from '../../tests/support/random.js';
import { realReferences } from '../../tests/support/url-corpus.js';
import type { Figure } from './main.js';
import { measure } from './measure.js';
import { figures as joinFigures } from './url-join.js';

const HOSTS = Number(process.env.REFINE_BENCH_HOSTS ?? 5_000_000);
const ASKED = 1_000_000;
const ENDINGS = ['.com', '.com', '.com', '.net', '.org', '.de', '.co.uk', '.ru', '.info', '.blogspot.com'];

/** Names as block lists have them, 18 bytes on average: number `i` always gives the same one. */
function host(i: number): string {
  const random = randomFrom(i);
  let name = '';
  for (let letters = 6 + random(11); letters > 0; letters--) name += 'etaoinshrdlucmfwypvbgkqjxz0123456789-'[Math.min(random(37), random(37))];
  return `h${name}${i % 7}${ENDINGS[random(ENDINGS.length)]}`;
}

export async function figures(): Promise<readonly Figure[]> {
  const out: Figure[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'refine-bench-url-'));
  try {
    await lists(folder, out);
    await keys(out);
    out.push(...(await joinFigures()));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return out;
}

async function lists(folder: string, out: Figure[]): Promise<void> {
  const text = join(folder, 'domains.txt');
  const lines: string[] = [];
  let bytes = 0;
  for (let i = 0; i < HOSTS; i++) {
    const name = host(i);
    bytes += name.length;
    lines.push(name);
    if (lines.length === 100_000 || i === HOSTS - 1) writeFileSync(text, `${lines.splice(0).join('\n')}\n`, { flag: 'a' });
  }
  const on = `${HOSTS.toLocaleString('en-US')} hosts of ${(bytes / HOSTS).toFixed(1)} bytes`;
  const add = (what: string, unit: string, value: number, note = on, spread?: number) =>
    out.push({ bench: 'url', what, unit, value, note, ...(spread === undefined ? {} : { spread }) });

  const compiled = join(folder, 'lists.urlset');
  const build = await measure(1, () => compileUrlLists([text], compiled));
  add('compile a list', 's of CPU', build.cpuSeconds);
  add('compiled list', 'MB', statSync(compiled).size / 1e6);
  const load = await measure(5, () => openCompiled(compiled));
  add('load a compiled list', 's of CPU', load.cpuSeconds, `${on}, mapped, checksum checked`, load.spread);

  const set = openCompiled(compiled);
  const random = randomFrom(1);
  const cases: readonly (readonly [what: string, host: () => string])[] = [
    ['host on the list', () => host(random(HOSTS))],
    ['host below one on the list (a.b.c.HOST)', () => `a.b.c.${host(random(HOSTS))}`],
    ['host not on the list', () => host(HOSTS + random(1 << 30))],
    ['host not on the list, five labels (a.b.c.HOST)', () => `a.b.c.${host(HOSTS + random(1 << 30))}`],
  ];
  for (const [what, make] of cases) {
    const hosts = utf8Column(Array.from({ length: ASKED }, make));
    const { cpuSeconds, spread } = await measure(5, () => native.urlSetHasHosts(set, hosts));
    add(`look up a ${what}`, 'ns', (cpuSeconds / ASKED) * 1e9, `${on}, random order`, spread);
  }

  const filter = native.urlFilterNew(publicSuffixes());
  native.urlFilterUse(filter, 'lists', set);
  const words = ['strict', 'hard', 'soft'] as const;
  for (const kind of words) native.urlFilterWords(filter, kind, Buffer.from(Array.from({ length: 100 }, () => host(random(1 << 30)).slice(1, 8)).join('\n')));
  const curated = native.urlListNew(publicSuffixes());
  native.urlListAdd(curated, readFileSync(packagePath('manifests', 'lists', 'curated.txt')));
  native.urlFilterUse(filter, 'exclude', await native.urlListCompile(curated));
  const urls = utf8Column(pageUrls());
  const judged = await measure(5, () => native.urlFilterJudge(filter, urls, 2));
  add('judge a URL by all lists and word scores', 'URLs/s', pageUrls().length / judged.cpuSeconds, `${on}, 300 words, real URLs`, judged.spread);
}

let pages: string[] | undefined;
/** Real absolute URLs where the shared data is there, made ones elsewhere. */
function pageUrls(): string[] {
  pages ??= (realReferences() ?? Array.from({ length: 300_000 }, (_, i) => ({ base: null, href: `https://www.${host(i)}/path/to/page-${i}.html?id=${i}` })))
    .map(({ href }) => href)
    .filter((href) => /^https?:/.test(href))
    .slice(0, 200_000);
  return pages;
}

async function keys(out: Figure[]): Promise<void> {
  const written = pageUrls();
  const urls = utf8Column(written);
  const on = `${written.length.toLocaleString('en-US')} real URLs, ${Math.round(urls.data.length / written.length)} bytes each`;
  const add = async (what: string, work: () => Promise<unknown>, note = on) => {
    const { cpuSeconds, spread } = await measure(5, work);
    out.push({ bench: 'url', what, unit: 'URLs/s', value: written.length / cpuSeconds, spread, note });
  };
  await add('keys of dedupe-url', () => native.urlKeys(urls));
  await add("the same by Node's URL, as before", async () => {
    const texts = written.map((_, row) => {
      const text = stringAt(urls, row)!;
      try {
        const url = new URL(text);
        url.hash = '';
        return url.href;
      } catch {
        return text;
      }
    });
    await native.contentHash(utf8Column(texts), 'none');
  });
  await add('canonical URLs', () => native.canonicalUrls(urls, 'drop'));
  const links = realReferences();
  if (links !== null) {
    const some = links.slice(-200_000);
    const [bases, hrefs] = [utf8Column(some.map(({ base }) => base)), utf8Column(some.map(({ href }) => href))];
    await add('links resolved against their page', () => native.resolveUrls(bases, hrefs), `${some.length.toLocaleString('en-US')} links of real pages`);
  }
}
