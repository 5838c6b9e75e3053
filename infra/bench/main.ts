// `npm run bench -- [NAME...]`: runs the named benches (all by default), prints one JSON object on stdout and words on
// stderr. Figures are per second of process CPU time, so other work on the machine moves them little. Never fails on time.
//   --from FILE  takes the figures of an earlier run instead of measuring
//   dedupe-scale and dedupe-plan take options of its own where they stand first (dedupe-scale.ts, dedupe-plan.ts)
//   --table    prints the README's table (Markdown) made from the figures instead of JSON
import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';

/** One measured line: what, how fast, and on what. `spread` is (max - min) / median over the repeats. */
export interface Figure {
  readonly bench: string;
  readonly what: string;
  readonly unit: string;
  /** Null where it cannot be measured here; the note says why. */
  readonly value: number | null;
  readonly spread?: number;
  readonly note?: string;
  /** Of scores: the corpus and the tool, and how refine stands to it (difference, 95 % interval, sites). */
  readonly row?: string;
  readonly tool?: string;
  readonly precision?: number;
  readonly recall?: number;
  readonly accuracy?: number;
  readonly lengthRatio?: number;
  readonly refineLess?: number;
  readonly interval?: readonly number[];
  readonly groups?: number;
}

interface Bench {
  figures(): Promise<readonly Figure[]>;
  /** Its own table, where a line a figure would be hard to read. */
  table?(figures: readonly Figure[]): string;
}

const BENCHES: Readonly<Record<string, () => Promise<Bench>>> = {
  warc: () => import('./warc.js'),
  hash: () => import('./hash.js'),
  spill: () => import('./spill.js'),
  bloom: () => import('./bloom.js'),
  minhash: () => import('./minhash.js'),
  langid: () => import('./langid.js'),
  run: () => import('./run.js'),
  filters: () => import('./filters.js'),
  pii: () => import('./pii.js'),
  extract: () => import('./extract.js'),
  html: () => import('./html.js'),
  encoding: () => import('./encoding.js'),
  structure: () => import('./structure.js'),
  bpe: () => import('./bpe.js'),
  'bpe-train': () => import('./bpe-train.js'),
  metadata: () => import('./metadata.js'),
  url: () => import('./url.js'),
  ngram: () => import('./ngram.js'),
  perplexity: () => import('./perplexity.js'),
  encode: () => import('./encode.js'),
  deberta: () => import('./deberta.js'),
  model: () => import('./model.js'),
  loader: () => import('./loader.js'),
  'what-if': () => import('./what-if.js'),
  ledger: () => import('./ledger.js'),
  substring: () => import('./substring.js'),
  'dedupe-scale': () => import('./dedupe-scale.js'),
  'dedupe-real': () => import('./dedupe-real.js'),
};

async function main(args: readonly string[]): Promise<void> {
  if (args.includes('--help')) return console.error(`npm run bench -- [${Object.keys(BENCHES).join(' | ')}]... [--table] [--from FILE]; all without a name`);
  if (args[0] === 'dedupe-scale' && args.length > 1) return await (await import('./dedupe-scale.js')).dedupeScale(args.slice(1));
  if (args[0] === 'dedupe-plan') return (await import('./dedupe-plan.js')).dedupePlan(args.slice(1));
  const table = args.includes('--table');
  const from = args.includes('--from') ? args[args.indexOf('--from') + 1] : undefined;
  if (from !== undefined) {
    const kept = JSON.parse(readFileSync(from, 'utf8')) as { figures: Figure[]; machine: { cpu: string; cores: number; node: string } };
    console.log(table ? await tables(kept.figures, kept.machine) : JSON.stringify(kept, null, 1));
    return;
  }
  const wanted = args.filter((arg) => !arg.startsWith('--'));
  const unknown = [
    ...wanted.filter((name) => BENCHES[name] === undefined).map((name) => `no bench named ${name}`),
    ...args.filter((arg) => arg.startsWith('--') && arg !== '--table').map((arg) => `no option ${arg}`),
  ];
  if (unknown.length > 0) {
    console.error(`${unknown.join(', ')}. Usage: npm run bench -- [NAME...] [--table] [--from FILE]; names: ${Object.keys(BENCHES).join(', ')}`);
    process.exit(2);
  }
  const figures: Figure[] = [];
  for (const name of wanted.length > 0 ? wanted : Object.keys(BENCHES)) {
    console.error(`bench ${name} ...`);
    try {
      figures.push(...(await (await BENCHES[name]!()).figures()));
    } catch (error) {
      console.error(`bench ${name} could not run: ${(error as Error).message}`);
      process.exitCode = 1;
    }
  }
  const machine = {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
  };
  if (table) console.log(await tables(figures, machine));
  else console.log(JSON.stringify({ machine, figures }, null, 1));
}

async function tables(figures: readonly Figure[], machine: { cpu: string; cores: number; node: string }): Promise<string> {
  const names = [...new Set(figures.map((figure) => figure.bench))];
  const benches = await Promise.all(names.map(async (name) => [name, await BENCHES[name]?.()] as const));
  const own = benches.flatMap(([name, bench]) => (bench?.table === undefined ? [] : [`\n${bench.table(figures.filter((figure) => figure.bench === name))}`]));
  return [
    markdown(
      figures.filter((figure) => figure.tool === undefined),
      machine,
    ),
    ...own,
  ].join('\n');
}

function markdown(figures: readonly Figure[], machine: { cpu: string; cores: number; node: string }): string {
  const number = (value: number) => (value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(3));
  const rows = figures.map(
    (figure) =>
      `| ${figure.what} | ${figure.value === null ? '' : `${number(figure.value)} ${figure.unit}`} | ${figure.spread === undefined ? '' : `±${Math.round(figure.spread * 50)} %`} | ${figure.note ?? ''} |`,
  );
  return [
    `Per second of CPU time on one core of ${machine.cpu}, Node ${machine.node}.`,
    '',
    '| what | figure | spread | on |',
    '| --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

await main(process.argv.slice(2));
