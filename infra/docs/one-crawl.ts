// `node dist/infra/docs/one-crawl.js [--run RUN] [--prices FILE] > infra/docs/one-crawl.md`: what one whole crawl takes, and all crawls of
// 2013-2026, on 1,000 cores, reckoned from measured figures. Prints Markdown; every number is computed here or quoted with its source.
// one-crawl-figures.json holds what one WARC of real pages gave (`--run`: takes it anew from a finished run of manifests/cc-2023.yaml's steps).
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { packagePath } from '../../native/package-root.js';
import { phaseLimits, planBarrier } from '../../pipeline/barrier-plan.js';
import { parseManifest } from '../../pipeline/manifest.js';
import { MAP_TASK_MS, PARENT_TASK_BYTES, PARENT_TASK_MS } from '../../pipeline/plan-costs.js';
import { readRun } from '../../pipeline/run-folder.js';
import { type BarrierStep, segmentsOf } from '../../pipeline/segments.js';
import { costsOf, nameOf } from '../bench/dedupe-plan.js';
import type { ScaleFigure } from '../bench/dedupe-scale.js';

const FILES = 90_000;
const CRAWL_BYTES = 100e12;
const CRAWLS = 120;
const CORES = 1000;
const FIGURES = packagePath('infra', 'docs', 'one-crawl-figures.json');
/** README, Speed: pages of the same file a CPU second in one process, reading to token ids. */
const WHOLE_PATH = /\| whole path in one process, to token ids \| ([\d,]+) pages\/s/;
/** `spill:` of the runs that are planned here. */
const SPILL = 4 * 2 ** 40;
/** pipeline/storage/s3-write.ts. */
const PART_BYTES = 16 << 20;
/** An open and the reading of a file's few blocks: a local disk's, a shared one's. Assumed, not measured. */
const OPEN_MS = [0.1, 10] as const;

interface Figures {
  readonly pages: number;
  readonly gzipBytes: number;
  readonly unpackedBytes: number;
  /** By step: its share of the map tasks' time, documents in and out. */
  readonly steps: readonly { readonly step: string; readonly share: number; readonly in: number; readonly out: number }[];
  readonly reached: number;
  readonly kept: number;
  readonly tokens: number;
  /** Bytes and files of a map task by where they lie. */
  readonly outputs: Readonly<Record<'scratch' | 'text' | 'tokens' | 'features', { readonly bytes: number; readonly files: number }>>;
  readonly entryBytes: number;
}

async function figuresOf(folder: string): Promise<Figures> {
  const run = await readRun(folder);
  const done = run.entries.flatMap((entry) => (entry.state === 'done' ? [entry] : []));
  const maps = done.filter(({ kind }) => kind === 'map');
  const first = maps.filter(({ segment }) => segment === 0);
  const last = maps.filter(({ segment }) => segment === Math.max(...maps.map((map) => map.segment)));
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  const steps = first.concat(last).flatMap((entry) => entry.steps);
  const wall = sum(maps.map(({ wallMs }) => wallMs));
  const names = [...new Set(steps.map(({ step }) => step))];
  const outputs = maps.flatMap((entry) => entry.outputs);
  const below = (prefix: string) => {
    const found = outputs.filter(({ path }) => path.startsWith(prefix));
    return { bytes: sum(found.map(({ bytes }) => bytes)), files: found.length };
  };
  return {
    pages: sum(first.map(({ rowsIn }) => rowsIn)),
    gzipBytes: sum(first.map(({ source }) => source?.bytesRead ?? 0)),
    unpackedBytes: 206e6, // README, Speed: "real.warc.gz, 206 MB unpacked"
    steps: names.map((step) => {
      const own = steps.filter((one) => one.step === step);
      return { step, share: sum(own.map(({ wallMs }) => wallMs)) / wall, in: sum(own.map((one) => one.in)), out: sum(own.map((one) => one.out)) };
    }),
    reached: sum(first.map(({ rowsOut }) => rowsOut)),
    kept: sum(last.map(({ rowsOut }) => rowsOut)),
    tokens: sum(outputs.map(({ tokens }) => tokens ?? 0)),
    outputs: { scratch: below('scratch/'), text: below('text/'), tokens: below('tokens/'), features: below('features/') },
    entryBytes: Math.round(sum(done.map((entry) => JSON.stringify(entry).length)) / done.length),
  };
}

/** Tasks of a run's levels, by the very code that makes them; opens: files that partitions' tasks open, one an input and partition. */
async function tasksOf(
  inputs: number,
  documents: number,
): Promise<{ readonly maps: number; readonly phases: number; readonly opens: number; readonly levels: number }> {
  const path = packagePath('manifests', 'cc-2023.yaml');
  const { steps } = await parseManifest(readFileSync(path, 'utf8'), { path });
  const segments = segmentsOf(steps);
  let [phases, opens, levels] = [0, 0, segments.length];
  for (const step of segments.flatMap(({ barriers }) => barriers as readonly BarrierStep[])) {
    const totals = { inputs, documents };
    for (const { over, count, reads } of planBarrier(step, totals, phaseLimits(totals, SPILL), inputs).phases) {
      const tasks = over === 'inputs' ? inputs : over === 'run' ? 1 : count!;
      phases += tasks;
      levels++;
      if (over === 'partitions') opens += tasks * inputs * Math.max(1, reads.length);
    }
  }
  return { maps: inputs * segments.length + 1, phases, opens, levels: levels + 1 };
}

const words = (value: number): string => {
  if (value === 0) return '0';
  if (value >= 1e12) return `${(value / 1e12).toPrecision(3)} trillion`;
  if (value >= 1e9) return `${(value / 1e9).toPrecision(3)} billion`;
  if (value >= 1e6) return `${(value / 1e6).toPrecision(3)} million`;
  return value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(2);
};
const bytesText = (value: number): string => {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  const at = Math.min(units.length - 1, Math.floor(Math.log10(value) / 3));
  return `${(value / 1000 ** at).toPrecision(3)} ${units[at]}`;
};
const hours = (coreSeconds: number): string => words(coreSeconds / 3600);
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

interface Prices {
  readonly name: string;
  readonly currency: string;
  readonly 'core-hour': Readonly<Record<string, number>>;
  readonly 'storage-gb-month': number;
  readonly 'scratch-gb-month': number;
  readonly 'egress-gb': number;
  readonly 'requests-per-1000': { readonly get: number; readonly put: number };
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { run: { type: 'string' }, prices: { type: 'string', default: packagePath('infra', 'prices', 'example.yaml') } } });
  if (values.run !== undefined) writeFileSync(FIGURES, `${JSON.stringify(await figuresOf(values.run), null, 2)}\n`);
  const f = JSON.parse(readFileSync(FIGURES, 'utf8')) as Figures;
  const prices = parse(readFileSync(values.prices, 'utf8')) as Prices;
  const rate = Number(WHOLE_PATH.exec(readFileSync(packagePath('README.md'), 'utf8'))![1]!.replaceAll(',', ''));
  const scale = readFileSync(packagePath('infra', 'docs', 'dedupe-scale.jsonl'), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as ScaleFigure);
  const minhash = costsOf(scale.filter((figure) => nameOf(figure) === 'dedupe-minhash 14 x 8'));

  const times = CRAWL_BYTES / f.gzipBytes; // files like the measured one
  const pages = f.pages * times;
  const documents = f.reached * times;
  const gzipRate = (rate * f.gzipBytes) / f.pages;
  const mapSeconds = CRAWL_BYTES / gzipRate + FILES * 2 * (MAP_TASK_MS / 1000);
  const measured = f.steps.reduce((sum, { share }) => sum + share, 0);
  const textBytes = (f.outputs.text.bytes / f.kept) * documents;
  const made = textBytes / documents / 1019; // of the documents that dedupe-scale made
  const dedupe = (documents * (minhash.text * made + minhash.documents)) / 1e6;
  const serial = (documents * minhash.serial) / 1e6;
  const equal = (documents * 2 * 37) / 1e6;
  const grown = 1 + minhash.textBytes * (made - 1);
  const spill = documents * minhash.peak * grown;
  const written = documents * minhash.written * grown;
  const finalBytes = (f.outputs.text.bytes + f.outputs.tokens.bytes + f.outputs.features.bytes) * times;
  const finalObjects = FILES * 3 + 12;
  const mapFiles = (f.outputs.scratch.files + 3) * FILES;
  const whole = await tasksOf(FILES, documents);
  const tasks = whole.maps + whole.phases;
  const parent = (tasks * PARENT_TASK_MS) / 1000;
  const stepRows = f.steps.map(({ step, share, in: rowsIn, out }) => [
    step,
    `${words(rowsIn * times)} -> ${words(out * times)}`,
    hours((mapSeconds * share) / Math.max(1, measured)),
    words((mapSeconds * share) / Math.max(1, measured) / CORES / 60),
  ]);
  const rest = Math.max(0, 1 - measured) / Math.max(1, measured);
  const coreSeconds = mapSeconds + dedupe + equal + serial + parent;
  const wall = (mapSeconds + dedupe + equal) / CORES + serial + parent;
  const splits = await Promise.all(
    [1, 4, 9].map(async (runs) => {
      const each = await tasksOf(FILES / runs, documents / runs);
      return [
        String(runs),
        words(FILES / runs),
        words((each.maps + each.phases) * runs),
        words(each.opens * runs),
        OPEN_MS.map((ms) => words((each.opens * runs * ms) / 3.6e6 / CORES)).join(' / '),
        words(((each.maps + each.phases) * PARENT_TASK_MS * runs) / 3.6e6),
      ];
    }),
  );
  const puts = finalObjects + tasks + finalBytes / PART_BYTES;
  const money = (kind: 'on-demand' | 'spot'): string => Math.round((coreSeconds / 3600) * prices['core-hour'][kind]!).toLocaleString('en-US');
  const gb = (value: number): number => value / 1e9;
  const dollars = (value: number): string => `${Math.round(value).toLocaleString('en-US')} ${prices.currency}`;
  const survivors = f.kept * times;
  const indexBytes = survivors * 14 * 24;

  console.log(`# One whole crawl, and all of 2013-2026

Generated by \`node dist/infra/docs/one-crawl.js > infra/docs/one-crawl.md\`; change the script, not this text.

What a crawl of ${FILES.toLocaleString('en-US')} WARC files and ${bytesText(CRAWL_BYTES)} (gzip) takes with the steps of \`manifests/cc-2023.yaml\`, on ${CORES.toLocaleString('en-US')} cores. **It is a
plan, not a measurement**: measured were one core, one file of real pages, and deduplications of up to ten million documents.

## From what

| figure | value | source |
| --- | --- | --- |
| pages a CPU second, one core of AMD EPYC (Zen 4), WARC to token ids | ${rate} | README, Speed: \`whole path in one process\` |
| the file: pages, bytes of gzip, unpacked | ${words(f.pages)}, ${bytesText(f.gzipBytes)}, ${bytesText(f.unpackedBytes)} | real.warc.gz of the shared data; README, Speed |
| documents that reach deduplication, and that are kept | ${f.reached}, ${f.kept} of ${words(f.pages)} | one-crawl-figures.json: a run of the manifest's steps over that file, lists absent |
| final bytes of that file: text, tokens, features | ${bytesText(f.outputs.text.bytes)}, ${bytesText(f.outputs.tokens.bytes)}, ${bytesText(f.outputs.features.bytes)} | the same |
| share of the map tasks' time by step | below | the same, wall time of the steps in one worker |
| MinHash 14 x 8: CPU a document of 1,019 bytes | ${(minhash.text + minhash.documents).toFixed(1)} µs, of one process ${minhash.serial.toFixed(2)} µs | infra/docs/dedupe-scale.jsonl, 1 to 10 million documents (dedupe-planning.md) |
| dedupe-url, dedupe-exact: CPU a document each | 37 µs | dedupe-planning.md: 11 CPU seconds for 300,000, reading and writing included |
| the parent, a task: CPU, memory | ${PARENT_TASK_MS} ms, ${words(PARENT_TASK_BYTES)} bytes | pipeline/plan-costs.ts (dedupe-planning.md) |
| a crawl as CommonCrawl describes it | 2.64 billion pages, 394 TiB unpacked (433 TB) | CommonCrawl's announcement of CC-MAIN-2024-51 |
| prices | ${prices.name} | infra/prices/example.yaml, **an example, no offer** |

By gzip bytes the crawl is ${words(times)} files like the measured one: ${words(pages)} pages and ${bytesText(f.unpackedBytes * times)} unpacked. CommonCrawl's pages are larger and
fewer (164 kB unpacked against ${bytesText(f.unpackedBytes / f.pages)}): bytes agree within ${Math.abs(Math.round((f.unpackedBytes * times) / 4.33e12 - 100))} %, so time by bytes stands, and counts of documents here are
up to twice too high.

## Time

${table(
  ['step', 'documents', 'core hours', `minutes on ${CORES} cores`],
  [
    ['reading, inflating, digests, writing (what no step has)', words(pages), hours(mapSeconds * rest), words((mapSeconds * rest) / CORES / 60)],
    ...stepRows,
    ['dedupe-url and dedupe-exact, their phases', words(documents), hours(equal), words(equal / CORES / 60)],
    ['dedupe-minhash, its phases', words(documents), hours(dedupe), words(dedupe / CORES / 60)],
    ['components, hosts (one process)', words(documents), hours(serial), words(serial / 60)],
    [`the parent: ${words(tasks)} tasks (one process)`, '', hours(parent), words(parent / 60)],
    ['**sum**', '', `**${hours(coreSeconds)}**`, `**${words(wall / 60)}**`],
  ],
)}

A step's row under its own name is its part of the map tasks. \`perplexity: { model: reference-small }\` in int8 on CPUs would add ${hours((survivors * (f.tokens / f.kept)) / 500 / 110.8)} core hours
(110.8 documents of 500 tokens a second, README), more than all the rest: that step is for GPUs, or for the documents that all others leave.

## What lies where

${table(
  ['what', 'bytes', 'objects'],
  [
    ['read from the crawl', bytesText(CRAWL_BYTES), words(FILES)],
    ['final: text, tokens, features', bytesText(finalBytes), words(finalObjects)],
    ['scratch between map and last map: documents, features, samples, keys', bytesText(f.outputs.scratch.bytes * times), words(mapFiles)],
    ['most that lies in scratch at once during dedupe-minhash', bytesText(spill), `${words(whole.phases)} tasks' files in all`],
    ['written over the whole deduplication', bytesText(written), ''],
    [`ledger, loose: a block of 4 KiB each`, bytesText(tasks * 4096), words(tasks)],
    [`ledger, compacted (ledger/ledger.arrow): ${f.entryBytes} bytes an entry`, bytesText(tasks * f.entryBytes), '1'],
    ["the parent's memory for its tasks", bytesText(tasks * PARENT_TASK_BYTES), ''],
  ],
)}

* **Network.** ${CORES} cores read ${bytesText(gzipRate * CORES)}/s of gzip (${words((gzipRate * CORES * 8) / 1e9)} Gbit/s) while they map, ${bytesText(gzipRate)}/s a core. A machine of 64 cores with 10 Gbit/s
  carries ${words(10e9 / 8 / gzipRate)} cores' reading: give map tasks machines of few cores, or of more network, in the region where the crawl lies.
* **Requests.** One GET an input (${words(FILES / (mapSeconds / CORES))}/s), besides retries; ${words(puts)} PUTs (final objects, ledger entries, parts of ${PART_BYTES >> 20} MiB), ${words(puts / wall)}/s on average. S3 takes
  5,500 GET and 3,500 PUT a second a prefix; data.commoncrawl.org takes far fewer connections: read s3://commoncrawl there.
* **Shared storage** carries the deduplication's ${bytesText(written)} once and about as much read, in ${words((dedupe + equal) / CORES / 60)} minutes of CPU: ${bytesText((2 * written * CORES) / (dedupe + equal))}/s. No file
  system does that; 20 GB/s make it ${words((2 * written) / 20e9 / 3600)} hours, and they, not cores, are the deduplication's time.

## Bottlenecks, and how many runs

A partition's task opens a file of every input. With ${FILES.toLocaleString('en-US')} inputs in one run that is the wall, so a crawl is split into runs of some ten to
twenty thousand inputs, one after another, each \`against:\` the index of those before (infra/docs/dedupe-index.md), or \`scope: per-dump\` within each:

${table(['runs', 'inputs each', 'tasks in all', 'opens in all', `hours of opening on ${CORES} cores, at ${OPEN_MS[0]} ms (local) / ${OPEN_MS[1]} ms (shared) each`, 'hours of the parent'], splits)}

1. Opens, as the table says: fewer inputs a run, or fewer partitions (\`spill:\` of ${bytesText(SPILL)} is planned here, rounds would multiply them).
2. Shared storage during the deduplication (above).
3. The parent: ${PARENT_TASK_MS} ms a task in one process, ${words(parent / 60)} minutes of one large run, spread over it, and ${bytesText(tasks * PARENT_TASK_BYTES)} for its tasks, more than Node's default heap: another
   reason for several runs. (One run of all inputs also needs more tasks than several: its bands come in rounds.)
4. Network while mapping.
5. \`components\` and \`hosts\`: one process, ${words(serial / 60)} minutes.

Scheduling itself is not among them: the simulation of a million tasks on a thousand cores with failures ends near its bound (infra/docs/scheduler-simulation.md).

## Money, by an example table

Prices are **examples** (infra/prices/example.yaml says so itself); \`refine plan --prices YOURS\` reckons with yours.

${table(
  ['what', 'amount', 'cost'],
  [
    ['cores, on demand', `${hours(coreSeconds)} core hours`, `${money('on-demand')} ${prices.currency}`],
    ['cores, spot (a task that is taken is done again)', `${hours(coreSeconds)} core hours`, `${money('spot')} ${prices.currency}`],
    [
      'scratch, for two days',
      bytesText(spill + f.outputs.scratch.bytes * times),
      dollars(gb(spill + f.outputs.scratch.bytes * times) * prices['scratch-gb-month'] * (2 / 30)),
    ],
    ['final shards, a month', bytesText(finalBytes), dollars(gb(finalBytes) * prices['storage-gb-month'])],
    [
      'PUT and GET requests',
      `${words(puts)}, ${words(FILES)}`,
      dollars((puts / 1000) * prices['requests-per-1000'].put + (FILES / 1000) * prices['requests-per-1000'].get),
    ],
    ['reading from another region or out of the cloud', bytesText(CRAWL_BYTES), dollars(gb(CRAWL_BYTES) * prices['egress-gb'])],
  ],
)}

The last line is the one to avoid: work where the data lie.

## All of 2013-2026

Some ${CRAWLS} crawls, taken as ${bytesText(CRAWL_BYTES)} each (earlier ones are smaller, so this is an upper bound), ${bytesText(CRAWL_BYTES * CRAWLS)}:

${table(
  ['', 'a crawl', `${CRAWLS} crawls`],
  [
    ['core hours', hours(coreSeconds), hours(coreSeconds * CRAWLS)],
    [`on ${CORES} cores, CPU alone`, `${words(wall / 3600)} hours`, `${words((wall * CRAWLS) / 86400)} days`],
    [
      'with 20 GB/s of shared storage for the deduplication',
      `${words((mapSeconds / CORES + serial + parent + (2 * written) / 20e9) / 3600)} hours`,
      `${words(((mapSeconds / CORES + serial + parent + (2 * written) / 20e9) * CRAWLS) / 86400)} days`,
    ],
    ['documents kept (each crawl by itself)', words(survivors), words(survivors * CRAWLS)],
    ['tokens', words(f.tokens * times), words(f.tokens * times * CRAWLS)],
    ['final bytes', bytesText(finalBytes), bytesText(finalBytes * CRAWLS)],
    ['ledger entries', words(tasks), words(tasks * CRAWLS)],
    [
      'cores, on demand (example price)',
      `${money('on-demand')} ${prices.currency}`,
      dollars((coreSeconds / 3600) * prices['core-hour']['on-demand']! * CRAWLS),
    ],
  ],
)}

A crawl deduplicated against all earlier ones reads their index, ${bytesText(indexBytes)} a crawl of survivors (24 bytes a band, 14 bands): ${bytesText((indexBytes * CRAWLS * (CRAWLS - 1)) / 2)} read over all of
them, ${words((indexBytes * CRAWLS * (CRAWLS - 1)) / 2 / 20e9 / 86400)} days at 20 GB/s, if nothing were dropped against them. FineWeb deduplicated each crawl by itself (\`scope: per-dump\`), which costs none of that.

## What this does not say

English alone is kept (\`langid: { keep: [en] }\`), lists were absent, and the measured pages were chosen by people: of raw CommonCrawl fewer documents
survive, so text, tokens and deduplication come out smaller. Nothing here was run on more than two cores, on shared storage or against S3 itself.`);
}

await main();
