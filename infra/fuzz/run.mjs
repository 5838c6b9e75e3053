// Fuzzes the core's targets under AddressSanitizer and UndefinedBehaviorSanitizer and keeps the books: seeds in, corpus out,
// processor minutes added to infra/docs/fuzzing.json, from which infra/docs/fuzzing.md has its table of totals.
//   node infra/fuzz/run.mjs --minutes 5 [--target NAME]... [--corpus FOLDER] [--jobs 1] [--binaries FOLDER] [--keep-seeds] [--dry-run]
// Without --target, targets with the fewest minutes go first. libFuzzer where clang++ has it, else the home loop. Invariant: minutes
// are processor time of the target alone, never wall time; what crashes is kept beside the corpus and makes the exit code 1.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const BOOKS = join(root, 'infra', 'docs', 'fuzzing.json');
const PAGE = join(root, 'infra', 'docs', 'fuzzing.md');
/** Minimised seeds that are kept in the repository: small ones, and few. */
const MOST_SEEDS = 120;
const MOST_SEED_BYTES = 4096;
/** Wall time of one start of a target. */
const SLICE_SECONDS = 120;
/** An input that takes longer is a finding: one that never ended once passed for sixteen minutes of fuzzing. */
const SLOWEST_INPUT_SECONDS = 60;

export function targets() {
  return readdirSync(join(root, 'kernels'), { recursive: true })
    .map(String)
    .filter((name) => /tests[/\\]\w+_fuzz\.cpp$/.test(name))
    .map((name) => basename(name, '.cpp'))
    .sort();
}

export function readBooks() {
  return JSON.parse(readFileSync(BOOKS, 'utf8'));
}

/** Totals by target, those of nothing too; the goal is 20 minutes each. */
export function totals(books) {
  const sums = new Map(targets().map((name) => [name, { minutes: 0, executions: 0 }]));
  for (const { target, minutes, executions } of books.sessions) {
    const sum = sums.get(target) ?? { minutes: 0, executions: 0 };
    sums.set(target, { minutes: sum.minutes + minutes, executions: sum.executions + (executions ?? 0) });
  }
  return [...sums].map(([target, sum]) => ({ target, ...sum })).sort((a, b) => b.minutes - a.minutes || (a.target < b.target ? -1 : 1));
}

const BEGIN = '<!-- totals: made by infra/fuzz/run.mjs -->';
const END = '<!-- end of totals -->';

/** The page with its table of totals made anew. */
export function pageWith(books, page) {
  const rows = totals(books).map(
    ({ target, minutes, executions }) =>
      `| ${target} | ${minutes.toFixed(1)} | ${executions === 0 ? '' : executions.toLocaleString('en-US')} | ${minutes >= 20 ? 'yes' : ''} |`,
  );
  const table = [BEGIN, '| target | core-minutes in all | executions counted | 20 reached |', '| --- | --- | --- | --- |', ...rows, END].join('\n');
  return page.slice(0, page.indexOf(BEGIN)) + table + page.slice(page.indexOf(END) + END.length);
}

function has(program, args) {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0;
}

/** The folder with the targets, built where it is not there: the core under sanitizers, once. */
function build(names, jobs) {
  const folder = join(root, 'build', 'fuzz');
  const probe = join(mkdtempSync(join(tmpdir(), 'refine-fuzz-')), 'probe');
  const source = `${probe}.cpp`;
  writeFileSync(source, 'extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }');
  const libfuzzer = has('clang++', ['-fsanitize=fuzzer,address,undefined', source, '-o', probe]);
  rmSync(dirname(probe), { recursive: true });
  const configure = ['-S', root, '-B', folder, '-DREFINE_ADDON=OFF', '-DREFINE_TESTS=ON', '-DREFINE_SANITIZE=address,undefined'];
  if (libfuzzer) configure.push('-DREFINE_LIBFUZZER=ON', '-DCMAKE_CXX_COMPILER=clang++');
  for (const args of [configure, ['--build', folder, '-j', String(jobs), '--target', ...names]]) {
    const { status } = spawnSync('cmake', args, { stdio: ['ignore', 'ignore', 'inherit'] });
    if (status !== 0) throw new Error(`cmake ${args.join(' ')} ended with ${status}`);
  }
  return join(folder, 'kernels');
}

/** Adds a session to the books and makes the page's table anew; other processes of this script may be about the same. */
function record(session) {
  const lock = `${BOOKS}.lock`;
  for (const until = Date.now() + 60_000; ; ) {
    try {
      mkdirSync(lock);
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      if (Date.now() > until)
        throw new Error(`${lock} is there for a minute: if no other process of this script runs, remove it; not written: ${JSON.stringify(session)}`);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
    }
  }
  try {
    const books = readBooks();
    books.sessions.push(session);
    writeFileSync(`${BOOKS}.part`, `${JSON.stringify(books, null, 2)}\n`);
    renameSync(`${BOOKS}.part`, BOOKS); // whole for whoever reads beside this
    writeFileSync(PAGE, pageWith(books, readFileSync(PAGE, 'utf8')));
  } finally {
    rmdirSync(lock);
  }
}

function processorSeconds(run) {
  const started = childSeconds();
  const result = run();
  return { result, seconds: childSeconds() - started };
}

/** Of all children that ended: the shell's `times` knows, Node does not; /proc has it in ticks (cutime, cstime). */
function childSeconds() {
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1].split(' ');
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

function fuzz(name, binaries, minutes, corpusRoot, keepSeeds) {
  const seeds = join(root, 'tests', 'fixtures', 'fuzz', name);
  const dictionary = `${seeds}.dict`;
  const corpus = join(corpusRoot, name);
  const crashes = join(corpusRoot, 'crashes', name);
  for (const folder of [corpus, crashes]) mkdirSync(folder, { recursive: true });
  const binary = join(binaries, name);
  const libfuzzer =
    spawnSync(binary, ['-help=1'], { encoding: 'utf8', env: { ...process.env } }).stdout?.includes('libFuzzer') === true ||
    has('grep', ['-q', 'libFuzzer', binary]);
  const given = existsSync(seeds) ? [seeds] : [];
  const args = (left) =>
    libfuzzer
      ? [
          `-max_total_time=${Math.min(SLICE_SECONDS, Math.ceil(left))}`,
          `-timeout=${SLOWEST_INPUT_SECONDS}`,
          '-print_final_stats=1',
          `-artifact_prefix=${crashes}/`,
          ...(existsSync(dictionary) ? [`-dict=${dictionary}`] : []),
          corpus,
          ...given,
        ]
      : [
          '--seconds',
          String(Math.min(SLICE_SECONDS, Math.ceil(left))),
          '--seed',
          String(Date.now() % 2 ** 31),
          ...given.flatMap((folder) => readdirSync(folder).map((file) => join(folder, file))),
        ];
  // In slices of wall time until the processor time is reached: on a machine that does other work the two differ.
  let seconds = 0;
  let executions = 0;
  let found = false;
  let said = '';
  while (seconds < minutes * 60 - 1 && !found) {
    const slice = processorSeconds(() => spawnSync(binary, args(minutes * 60 - seconds), { encoding: 'utf8', maxBuffer: 1 << 28 }));
    if (slice.result.error) throw new Error(`${binary} did not start: ${slice.result.error.message}`); // no finding, and no minutes
    said = `${slice.result.stdout}\n${slice.result.stderr}`;
    seconds += slice.seconds;
    executions += Number(/number_of_executed_units:\s*(\d+)/.exec(said)?.[1] ?? /(\d+) runs/.exec(said)?.[1] ?? 0);
    found = slice.result.status !== 0;
  }
  if (found) writeFileSync(join(crashes, `report-${process.pid}.txt`), said.slice(-100_000));
  if (libfuzzer && !found) {
    // Merge: the smallest set of inputs with the same coverage takes the corpus's place.
    const merged = `${corpus}.merged`;
    rmSync(merged, { recursive: true, force: true });
    mkdirSync(merged);
    if (spawnSync(binary, ['-merge=1', merged, corpus, ...given], { stdio: 'ignore' }).status === 0) {
      rmSync(corpus, { recursive: true });
      cpSync(merged, corpus, { recursive: true });
    }
    rmSync(merged, { recursive: true, force: true });
    if (keepSeeds) keep(corpus, seeds);
  }
  return {
    target: name,
    engine: `${libfuzzer ? 'libFuzzer' : 'home loop'}, ASan + UBSan`,
    minutes: Math.round(seconds / 6) / 10,
    executions,
    findings: found ? 'a crash, kept beside the corpus' : 'none',
  };
}

/** The smallest inputs of a merged corpus, as far as the repository takes them. */
function keep(corpus, seeds) {
  mkdirSync(seeds, { recursive: true });
  const room = MOST_SEEDS - readdirSync(seeds).length;
  const small = readdirSync(corpus)
    .map((name) => ({ name, bytes: statSync(join(corpus, name)).size }))
    .filter(({ bytes }) => bytes > 0 && bytes <= MOST_SEED_BYTES)
    .sort((a, b) => a.bytes - b.bytes || (a.name < b.name ? -1 : 1));
  for (const { name } of small.slice(0, Math.max(0, room))) cpSync(join(corpus, name), join(seeds, name.slice(0, 12)));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '5' },
      target: { type: 'string', multiple: true },
      corpus: { type: 'string', default: join(root, 'build', 'fuzz-corpus') },
      jobs: { type: 'string', default: '1' },
      binaries: { type: 'string' },
      'keep-seeds': { type: 'boolean', default: false },
      'dry-run': { type: 'boolean', default: false },
    },
  });
  const minutes = Number(values.minutes);
  if (!(minutes > 0)) throw new Error('--minutes is a number above 0');
  const unknown = (values.target ?? []).find((name) => !targets().includes(name));
  if (unknown !== undefined) throw new Error(`there is no target ${unknown}; there are ${targets().join(', ')}`);
  const order =
    values.target ??
    totals(readBooks())
      .reverse()
      .map(({ target }) => target);
  if (values['dry-run']) {
    for (const name of order) console.log(name);
  } else {
    const binaries = values.binaries ?? build(order, Number(values.jobs));
    let crashed = false;
    for (const name of order) {
      const session = fuzz(name, binaries, minutes, values.corpus, values['keep-seeds']);
      console.log(JSON.stringify(session));
      crashed ||= session.findings !== 'none';
      record(session); // after each: a session that is interrupted has counted
    }
    process.exitCode = crashed ? 1 : 0;
  }
}
