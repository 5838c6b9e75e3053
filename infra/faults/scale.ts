// Whether a run stays flat over gigabytes: node dist/infra/faults/scale.js make --warc FILE --copies 25 --out DIR
// writes copies that are other documents of the same lengths (infra/plan/copies.ts), all of them in one file, and one JSONL with a
// line of 100 MB; `... run --kind files|single|jsonl --in DIR [--workers 2] [--json FILE]` runs over them and prints, by tenths of
// the documents of the map phase, processor time a document and what each worker held resident. Exit 1 where ledger or shards miscount.
import {
  closeSync,
  copyFileSync,
  createReadStream,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { loadManifest } from '../../pipeline/manifest.js';
import { residentBytes } from '../../pipeline/platform.js';
import { readRun } from '../../pipeline/run-folder.js';
import { runManifest } from '../../pipeline/runner.js';
import { writeCopy } from '../plan/copies.js';
import { responsesOf } from './crawl.js';
import { CpuClock, workersOf } from './faults-run.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    warc: { type: 'string' },
    copies: { type: 'string', default: '25' },
    out: { type: 'string' },
    in: { type: 'string' },
    kind: { type: 'string' },
    workers: { type: 'string', default: '2' },
    gigabytes: { type: 'string', default: '5' },
    json: { type: 'string' },
  },
});

const LONG_LINE_BYTES = 100_000_000;
const WORDS =
  'the of and to in is that for it as was with be by on not he his but at are this have from or had an they which one you were all her she there would their we him been has when who will no more if out so up said what its about than into them can only other time new some could these two may first then do any like my now over such our man me even most made after also did many off before must well back through years much where your way down should because long each just state people those too mr how little good world make very year still see own work men day get here old life both between being under three never know same last another while us might great go come since against right came take used himself few house use during without again place around however small found thought went say part once general high upon school every'.split(
    ' ',
  );

async function make(): Promise<void> {
  const [warc, out, copies] = [values.warc!, values.out!, Number(values.copies)];
  mkdirSync(join(out, 'files'), { recursive: true });
  if (!existsSync(join(out, 'long.jsonl'))) jsonl(join(out, 'long.jsonl'), Number(values.gigabytes) * 1e9);
  const members = await responsesOf(warc);
  for (let copy = 0; copy < copies; copy++) {
    const path = join(out, 'files', `${String(copy).padStart(2, '0')}.warc.gz`);
    if (existsSync(path)) continue;
    if (copy === 0) copyFileSync(warc, path);
    else writeCopy(readFileSync(warc), members, copy, path);
    console.error(`${path}`);
  }
  if (!existsSync(join(out, 'single.warc.gz'))) await single(out);
}

async function single(out: string): Promise<void> {
  const file = openSync(join(out, 'single.warc.gz'), 'w');
  for (const name of readdirSync(join(out, 'files')).sort())
    for await (const chunk of createReadStream(join(out, 'files', name))) writeSync(file, chunk as Buffer);
  closeSync(file);
}

/** Documents of 2 to 40 KB of drawn words, and in the middle one line of 100 MB. */
function jsonl(path: string, bytes: number): void {
  const file = openSync(path, 'w');
  let state = 1;
  const next = (n: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  let pool = '';
  while (pool.length < 4_000_000) pool += `${WORDS[next(WORDS.length)]}${next(12) === 0 ? '. ' : ' '}`;
  let written = 0;
  let long = false;
  for (let line = 0; written < bytes; line++) {
    if (!long && written > bytes / 2) {
      long = true;
      written += writeSync(file, `{"id":"long","text":"${pool.repeat(Math.ceil(LONG_LINE_BYTES / pool.length)).slice(0, LONG_LINE_BYTES)}"}\n`);
    }
    const from = next(pool.length - 40_000);
    written += writeSync(
      file,
      `{"id":"d${line}","url":"http://h${next(1000)}.example/${line}","text":"${line} ${pool.slice(from, from + 2000 + next(38_000))}"}\n`,
    );
  }
  closeSync(file);
}

interface Look {
  readonly phase: string;
  readonly documents: number;
  readonly cpuMs: number;
  readonly wallMs: number;
  readonly resident: readonly number[];
}

async function run(): Promise<void> {
  const [kind, folder, workers] = [values.kind!, resolve(values.in!), Number(values.workers)];
  const source = {
    files: `{ warc: ['${folder}/files/*.warc.gz'] }`,
    single: `{ warc: ['${folder}/single.warc.gz'] }`,
    jsonl: `{ jsonl: ['${folder}/long.jsonl'] }`,
  }[kind]!;
  const steps =
    kind === 'jsonl'
      ? '  - quality: { rules: gopher@paper }\n  - dedupe-exact\n'
      : '  - extract\n  - langid\n  - quality: { rules: gopher@paper }\n  - dedupe-exact\n  - tokenize\n';
  const manifest = join(folder, `${kind}.yaml`);
  writeFileSync(manifest, `name: scale\nseed: 1\nsource: ${source}\nsteps:\n${steps}sink: { text: { keep: true } }\n`);
  const out = join(folder, `run-${kind}`);
  rmSync(out, { recursive: true, force: true });
  const looks: Look[] = [];
  const started = performance.now();
  const cpu = new CpuClock(process.pid);
  let documents = 0;
  let phase = '';
  const look = (): void => {
    const resident = workersOf(process.pid).map((pid) => residentBytes(pid) ?? 0);
    looks.push({ phase, documents, cpuMs: cpu.ms(), wallMs: performance.now() - started, resident });
  };
  const timer = setInterval(look, 250);
  const summary = await runManifest(await loadManifest(manifest), {
    out,
    workers,
    progress: (event) => {
      if (event.type === 'phase') {
        look();
        phase = event.name;
        documents = 0;
      }
      if (event.type === 'work') documents += event.documents;
    },
  });
  clearInterval(timer);
  const state = await readRun(out);
  const maps = state.entries.filter((entry) => entry.kind === 'map' && entry.state === 'done');
  const inputs = kind === 'files' ? readdirSync(join(folder, 'files')).length : 1;
  const source0 = maps.map((entry) => (entry.state === 'done' ? entry.source : undefined)).filter((one) => one !== undefined);
  const skipped = source0.reduce<Record<string, number>>((sum, { skips }) => {
    for (const [name, n] of Object.entries(skips)) sum[name] = (sum[name] ?? 0) + n;
    return sum;
  }, {});
  const mib = (bytes: number): number => Math.round(bytes / 2 ** 20);
  const report = {
    kind,
    inputs,
    bytes: inputBytes(folder, kind),
    records: source0.reduce((sum, one) => sum + one.records, 0),
    documents: summary.documents,
    skipped,
    mapEntries: maps.length,
    textShards: state.text.length,
    tokenShards: state.tokens.length,
    wallSeconds: Math.round(summary.wallMs / 1000),
    tenths: tenths(
      looks.filter((one) => one.phase.startsWith('map 1')),
      mib,
    ),
    peakMib: mib(Math.max(...looks.flatMap((one) => one.resident))),
  };
  console.log(JSON.stringify(report));
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 1)}\n`);
  rmSync(out, { recursive: true, force: true });
  const shards = state.text.length === inputs && (kind === 'jsonl' || state.tokens.length === inputs);
  process.exitCode = maps.length === 2 * inputs && shards ? 0 : 1;
}

function inputBytes(folder: string, kind: string): number {
  const paths =
    kind === 'files'
      ? readdirSync(join(folder, 'files')).map((name) => join(folder, 'files', name))
      : [join(folder, kind === 'single' ? 'single.warc.gz' : 'long.jsonl')];
  return paths.reduce((sum, path) => sum + statSync(path).size, 0);
}

/** By tenths of the documents: processor microseconds a document, and the most that a worker held resident. */
function tenths(looks: readonly Look[], mib: (bytes: number) => number): { documents: number; cpuMicros: number; residentMib: number }[] {
  const last = looks.at(-1)!.documents;
  const rows: { documents: number; cpuMicros: number; residentMib: number }[] = [];
  for (let tenth = 0; tenth < 10; tenth++) {
    const [from, to] = [(last * tenth) / 10, (last * (tenth + 1)) / 10];
    const inside = looks.filter((one) => one.documents >= from && one.documents <= to);
    const [first, end] = [inside[0], inside.at(-1)];
    if (first === undefined || end === undefined) continue;
    const documents = end.documents - first.documents;
    rows.push({
      documents,
      cpuMicros: Math.round((1000 * (end.cpuMs - first.cpuMs)) / Math.max(1, documents)),
      residentMib: mib(Math.max(...inside.flatMap((one) => one.resident))),
    });
  }
  return rows;
}

if (positionals[0] === 'make') await make();
else await run();
