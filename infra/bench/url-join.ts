// Tables by host and robots.txt of `url`: five million hosts with three columns compiled from TSV, loaded, looked
// up; a million hosts' robots.txt of the few forms that most have, and URLs judged by them.
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BytesColumn, native, utf8Column } from '../../native/index.js';
import type { StageEnv } from '../../stages/contract/stage.js';
import { url } from '../../stages/url/url.js';
import { randomFrom } from '../../tests/support/random.js';
import type { Figure } from './main.js';
import { measure } from './measure.js';

const HOSTS = Number(process.env.REFINE_BENCH_HOSTS ?? 5_000_000);
const ASKED = 200_000;
/** What most robots.txt say: nothing of ours, WordPress's, a few folders, no crawlers of models, nobody. */
const FORMS = [
  'User-agent: *\nDisallow:\nSitemap: https://x/sitemap.xml\n',
  'User-agent: *\nDisallow: /wp-admin/\nAllow: /wp-admin/admin-ajax.php\n',
  'User-agent: *\nDisallow: /search\nDisallow: /*?sort=\nDisallow: /cart$\nDisallow: /*.pdf$\n',
  'User-agent: GPTBot\nUser-agent: CCBot\nDisallow: /\n\nUser-agent: *\nCrawl-delay: 10\n',
  'User-agent: *\nDisallow: /\n',
];

const host = (i: number): string => `h${(Math.imul(i, 2654435761) >>> 0).toString(36)}${(i % 9973).toString(36)}z.${i % 3 === 0 ? 'de' : 'com'}`;

export async function figures(): Promise<readonly Figure[]> {
  const out: Figure[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'refine-bench-join-'));
  try {
    await hostTable(folder, out);
    await robots(folder, out);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return out;
}

const env = (folder: string): StageEnv => ({ seed: 0n, baseDir: folder, device: 'cpu', scratch: folder });

/** The file that `prepare` left with the suffix. */
function compiled(folder: string, suffix: string): string {
  return join(folder, 'url', readdirSync(join(folder, 'url')).find((name) => name.endsWith(suffix))!);
}

async function hostTable(folder: string, out: Figure[]): Promise<void> {
  const lines = ['host_rev\tharmonicc_pos\tharmonicc_val\tpr_val'];
  let bytes = 0;
  for (let i = 0; i < HOSTS; i++) {
    const name = host(i).split('.').reverse().join('.');
    bytes += name.length;
    lines.push(`${name}\t${i + 1}\t${24_993_276 - i}.5\t${1 / (i + 3)}`);
    if (lines.length >= 100_000 || i === HOSTS - 1) writeFileSync(join(folder, 'ranks.tsv'), `${lines.splice(0).join('\n')}\n`, { flag: 'a' });
  }
  const on = `${HOSTS.toLocaleString('en-US')} hosts of ${(bytes / HOSTS).toFixed(1)} bytes, 3 columns`;
  const add = (what: string, unit: string, value: number, spread?: number) =>
    out.push({ bench: 'url-join', what, unit, value, note: on, ...(spread === undefined ? {} : { spread }) });

  const options = url.schema.parse({ join: 'ranks.tsv' });
  const build = await measure(1, () => url.prepare!(options, env(folder)));
  add('compile a table by host from TSV', 's of CPU', build.cpuSeconds);
  const file = compiled(folder, '.hosts');
  add('compiled table by host', 'MB', statSync(file).size / 1e6);
  const load = await measure(3, () => native.hostTableOpen(file));
  add('load a compiled table by host', 's of CPU', load.cpuSeconds, load.spread);

  const run = await url.open(options, env(folder));
  const without = await url.open(url.schema.parse({}), env(folder));
  const random = randomFrom(1);
  const urls = utf8Column(Array.from({ length: ASKED }, () => `https://www.${host(random(2 * HOSTS))}/path/to/page.html?id=${random(1000)}`)); // half are absent
  const table = native.hostTableOpen(file);
  const found = await measure(5, () => native.hostTableFind(table, urls, null));
  add('join: URLs looked up, half of them absent', 'URLs/s', ASKED / found.cpuSeconds, found.spread);
  const signal = new AbortController().signal;
  const batches = cut(urls, 256);
  const whole = async (stage: typeof run) => {
    for (const batch of batches) await stage.process(batch, signal);
  };
  const both = await measure(3, () => whole(run));
  const bare = await measure(3, () => whole(without));
  add('step url with join, batches of 256', 'URLs/s', ASKED / both.cpuSeconds, both.spread);
  add('step url without it', 'URLs/s', ASKED / bare.cpuSeconds, bare.spread);
}

function cut(column: BytesColumn, rows: number) {
  return Array.from({ length: Math.ceil((column.offsets.length - 1) / rows) }, (_, at) => {
    const from = at * rows;
    const to = Math.min(from + rows, column.offsets.length - 1);
    const start = column.offsets[from]!;
    const url: BytesColumn = {
      kind: 'utf8',
      data: column.data.subarray(start, column.offsets[to]!),
      offsets: column.offsets.subarray(from, to + 1).map((offset) => offset - start),
    };
    return { rows: to - from, columns: { url } };
  });
}

async function robots(folder: string, out: Figure[]): Promise<void> {
  const hosts = Math.min(HOSTS, 1_000_000);
  const on = `${hosts.toLocaleString('en-US')} hosts, ${FORMS.length} forms of file and one in ten of its own`;
  const add = (what: string, unit: string, value: number, spread?: number) =>
    out.push({ bench: 'url-join', what, unit, value, note: on, ...(spread === undefined ? {} : { spread }) });
  const bodies = FORMS.map((text) => Buffer.from(text));
  let table: Uint8Array = new Uint8Array();
  const build = await measure(1, async () => {
    const list = native.robotsListNew(['GPTBot', 'CCBot']);
    for (let i = 0; i < hosts; i++) {
      const body = i % 10 === 9 ? Buffer.from(`User-agent: *\nDisallow: /private-${i}/\nDisallow: /*/edit\n`) : bodies[i % bodies.length]!;
      native.robotsListAdd(list, host(i), 200, '', body);
    }
    table = await native.robotsListCompile(list);
  });
  add('read and compile robots.txt', 'files/s', hosts / build.cpuSeconds);
  add('compiled robots.txt', 'MB', table.length / 1e6);
  const file = join(folder, 'compiled.robots');
  writeFileSync(file, table);
  const load = await measure(5, () => native.robotsTableOpen(file));
  add('load compiled robots.txt', 's of CPU', load.cpuSeconds, load.spread);
  const random = randomFrom(2);
  const urls = utf8Column(Array.from({ length: ASKED }, () => `https://${host(random(2 * hosts))}/path/to/page.html?id=${random(1000)}`));
  const opened = native.robotsTableOpen(file);
  const judged = await measure(5, () => native.robotsTableJudge(opened, urls));
  add('robots: URLs judged, half of unknown hosts', 'URLs/s', ASKED / judged.cpuSeconds, judged.spread);
}
