// Three crawls one after another, each deduplicated against an index of those before, held against one run over all of them;
// and what becomes of an index that is damaged, newer, of other keys, or written by two at once.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { documents, openRun } from '../../pipeline/library.js';
import { catalogueText, readCatalogue } from '../../stages/dedupe/index-catalogue.js';
import { type CliResult, promisedBytes, refine } from '../support/cli.js';
import { CRAWLS, type Crawl, type Page, threeCrawls, writeCrawls } from '../support/three-crawls.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-index-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const crawls = threeCrawls(2, 40);
const pages = new Map<string, Page>([...crawls.values()].flatMap((inputs) => [...inputs.values()].flat()).map((page) => [page.id, page]));
const [A, B, C] = CRAWLS;

type Steps = readonly string[];
const in_ = (name: string): string => join(folder, name);

async function run(name: string, of: readonly Crawl[], steps: Steps, args: readonly string[] = []): Promise<CliResult> {
  const paths = of.flatMap((crawl) => [...crawls.get(crawl)!.keys()]);
  writeFileSync(in_(`${name}.yaml`), `name: ${name}\nsource: { jsonl: ${JSON.stringify(paths)} }\nsteps:\n${steps.map((step) => `  - ${step}\n`).join('')}`);
  return refine(['run', in_(`${name}.yaml`), '--out', in_(name), '--workers', '1', ...args]);
}

async function done(name: string, of: readonly Crawl[], steps: Steps, args: readonly string[] = []): Promise<string[]> {
  const result = await run(name, of, steps, args);
  assert.equal(result.code, 0, result.stderr);
  return survivors(name);
}

async function survivors(name: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const document of documents(await openRun(in_(name)), ['id'])) ids.push(String(document.id));
  return ids.sort();
}

async function index(...args: readonly string[]): Promise<string> {
  const result = await refine(['index', ...args], { cwd: folder });
  assert.equal(result.code, 0, result.stderr);
  return result.stdout;
}

const BOTH = ['dedupe-url', 'dedupe-exact'];
const against = (name: string, steps: Steps = BOTH): string[] => steps.map((step) => `${step}: { against: ${name} }`);

let first: string[];
before(async () => {
  writeCrawls(folder, crawls);
  first = await done('a', [A], BOTH);
  assert.match(await index('build', 'a', '-o', 'chain'), /^chain: a, \d+ documents, \d+ bytes a document \(dedupe-exact 2\d, dedupe-url 2\d, ids \d+\)\n$/);
});

test('crawl after crawl against the index of those before keeps what one run over all of them keeps, and says what stands for what', async () => {
  const second = await done('b', [B], against('chain'));
  await index('add', 'chain', 'b');
  const third = await done('c', [C], against('chain'));
  const global = await done('all', [A, B, C], BOTH);
  assert.deepEqual([...first, ...second, ...third].sort(), global);
  assert.ok(second.length < 75 && third.length < 70, 'the crawls share pages');

  const stats = JSON.parse((await refine(['stats', in_('c'), '--json'])).stdout) as { steps: { step: string; drops: Record<string, number> }[] };
  const drops = Object.assign({}, ...stats.steps.map((step) => step.drops)) as Record<string, number>;
  assert.ok(drops['dedupe-url/in-index']! > 0 && drops['dedupe-exact/in-index']! > 0 && drops['dedupe-url/duplicate-url']! > 0, JSON.stringify(drops));

  const inspected = await refine(['inspect', in_('c'), '--reason', 'dedupe-exact/in-index', '--sample', '3']);
  const found = /id {2,}(\S+).*?\nduplicates {2,}(\S+) of run (\S+) in the index/s.exec(inspected.stdout);
  assert.ok(found !== null, inspected.stdout + inspected.stderr);
  const [, dropped, kept, name] = found;
  assert.ok(name === 'a' || name === 'b');
  assert.equal(pages.get(kept!)!.text, pages.get(dropped!)!.text);
  const cluster = await refine(['inspect', in_('c'), '--cluster', dropped!]);
  assert.match(cluster.stdout, new RegExp(`^${kept} of run ${name} in the index +kept\n.*${dropped} +dropped: dedupe-exact/in-index`, 's'), cluster.stderr);
});

test('runs added in any order give the same index and the same run against it, byte for byte', async () => {
  await done('b-alone', [B], BOTH);
  await index('build', 'a', 'b-alone', '-o', 'forth', '--max-memory', '1MiB');
  await index('build', 'b-alone', '-o', 'back');
  await index('add', 'back', 'a');
  assert.deepEqual(readFileSync(in_('back/index.json')), readFileSync(in_('forth/index.json')));
  await done('c-forth', [C], against('forth'));
  await done('c-back', [C], against('back'));
  assert.deepEqual(promisedBytes(in_('c-back')), promisedBytes(in_('c-forth')));
  assert.match(await index('add', 'back', 'a', 'b-alone'), /a is in it already\n.*b-alone is in it already\n/);
  assert.match(await index('verify', 'back'), /^back: 6 files, [\d,]+ bytes, as its catalogue says\n$/);
  assert.match(await index('show', 'back'), /dedupe-exact {2}normalise default\n.*documents of 2 runs/s);
});

test('crawls in another order keep the same texts, each as the document of the crawl that came first', async () => {
  const exact = ['dedupe-exact'];
  const texts = (ids: readonly string[]): string[] => ids.map((id) => pages.get(id)!.text.toLowerCase()).sort();
  const last = await done('c-first', [C], exact);
  await index('build', 'c-first', '-o', 'reverse');
  const middle = await done('b-second', [B], against('reverse', exact));
  await index('add', 'reverse', 'b-second');
  const end = await done('a-third', [A], against('reverse', exact));
  const global = await done('all-exact', [A, B, C], exact);
  assert.deepEqual(texts([...last, ...middle, ...end]), texts(global));
  assert.notDeepEqual([...last, ...middle, ...end].sort(), global, 'the order of crawls decides whose document it is');
});

test('an index that grew redoes what reads it, and no map and no keys of the run', async () => {
  await index('build', 'a', '-o', 'growing');
  await done('d', [C], against('growing'));
  const held = ledger('d');
  await index('add', 'growing', 'b-alone');
  const refused = await run('d', [C], against('growing'));
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /ERR_REFINE_RUN_DIFFERS .*--update/);
  await done('d', [C], against('growing'), ['--update']);
  assert.deepEqual(await survivors('d'), await survivors('c-forth'));
  const now = ledger('d');
  const kinds = (of: ReadonlyMap<string, string>, label: RegExp): string[] => [...of].filter(([, one]) => label.test(one)).map(([task]) => task);
  const firstMaps = kinds(held, /^map \d+ [^(]*$/);
  assert.ok(firstMaps.length === 2 && firstMaps.every((task) => now.get(task) === held.get(task)), [...now.values()].join('\n'));
  assert.ok([...now.keys()].some((task) => !held.has(task)));
});

/** Label by task. */
function ledger(name: string): Map<string, string> {
  const plan = JSON.parse(readFileSync(in_(`${name}/ledger/plan.json`), 'utf8')) as { tasks: string[] };
  return new Map(plan.tasks.map((task) => [task, String((JSON.parse(readFileSync(in_(`${name}/ledger/${task}.json`), 'utf8')) as { label: string }).label)]));
}

test('scope: per-dump gives each crawl what a run over it alone gives, and parts do for their inputs', async () => {
  const alone = [await survivors('a'), await done('b-alone', [B], BOTH), await done('c-alone', [C], BOTH)];
  const dumps = await done('dumps', [A, B, C], ['dedupe-url: { scope: per-dump }', 'dedupe-exact: { scope: per-dump }']);
  assert.deepEqual(dumps, alone.flat().sort());
  const parts = await done('parts', [A, B, C], ['dedupe-exact: { scope: { parts: 2 } }']);
  const global = await survivors('all-exact');
  assert.ok(parts.length > global.length && global.every((id) => parts.includes(id)), 'a part is less than the whole');
});

test('two writers at once lose nothing, and what a killed one left is named and harmless', async () => {
  await index('build', 'a', '-o', 'shared');
  await Promise.all([index('add', 'shared', 'b-alone'), index('add', 'shared', 'c-alone')]);
  const names = readCatalogue(in_('shared')).segments.map((segment) => segment.name);
  assert.deepEqual(names.sort(), ['a', 'b-alone', 'c-alone']);
  mkdirSync(in_('shared/segments/0123456789abcdef.77-00.part'));
  const verified = await refine(['index', 'verify', in_('shared')]);
  assert.equal(verified.code, 0);
  assert.match(verified.stderr, /0123456789abcdef\.77-00\.part is in no catalogue: a writer that was killed left it/);
  writeFileSync(in_('shared/index.lock'), JSON.stringify({ format: 1, pid: 2 ** 22 + 5, host: 'elsewhere', start: null }));
  const renamed = await refine(['index', 'add', in_('shared'), in_('all')]);
  assert.equal(renamed.code, 1);
  assert.match(renamed.stderr, /ERR_REFINE_RUN_LOCKED .*on host elsewhere writes to this index.*delete .*index\.lock/);
  assert.equal(readCatalogue(in_('shared')).segments.length, 3);
});

test('a damaged, newer or unfit index is named with the next move, before the run where that can be seen', async () => {
  const copy = (name: string): string => {
    cpSync(in_('chain'), in_(name), { recursive: true });
    return in_(name);
  };
  const keyFiles = (name: string): string[] =>
    readdirSync(in_(name), { recursive: true })
      .map(String)
      .filter((path) => path.endsWith('dedupe-exact.records'))
      .map((path) => join(in_(name), path));
  const refused = async (name: string, steps: Steps, message: RegExp): Promise<void> => {
    const result = await run(`to-${name}`, [C], steps);
    assert.equal(result.code, 1, result.stdout);
    assert.match(result.stderr, message);
  };

  copy('short');
  truncateSync(keyFiles('short')[0]!, 900);
  await refused(
    'short',
    against('short'),
    /dedupe-exact\.against: ERR_REFINE_INDEX \S+dedupe-exact\.records {2}has 900 bytes, the catalogue says \d+: it was cut short/,
  );

  copy('flipped');
  const path = keyFiles('flipped')[0]!;
  const bytes = readFileSync(path);
  bytes[Math.floor(bytes.length / 3)]! ^= 16;
  writeFileSync(path, bytes);
  await refused(
    'flipped',
    against('flipped', ['dedupe-exact']),
    /ERR_REFINE_INDEX \S+dedupe-exact\.records:? +the block at byte \d+ .*Restore it from a copy, or build the index anew/,
  );
  const verified = await refine(['index', 'verify', in_('flipped')]);
  assert.equal(verified.code, 1);
  assert.match(verified.stderr, /ERR_REFINE_INDEX \S+dedupe-exact\.records {2}.*\n.*1 of its files is damaged/s);

  const newer = copy('newer');
  writeFileSync(join(newer, 'index.json'), catalogueText(readCatalogue(newer)).replace('"format": 1', '"format": 2'));
  await refused('newer', against('newer'), /has format 2, this refine reads and writes format 1\. Use the refine that wrote it/);

  await refused(
    'other',
    ['dedupe-exact: { against: chain, normalise: none }'],
    /dedupe-exact\.against: chain was made with normalise default, this step has none/,
  );
  await refused('scoped', ['dedupe-exact: { against: chain, scope: per-dump }'], /goes with scope: global alone/);
  await refused('absent', ['dedupe-exact: { against: nowhere }'], /nowhere {2}is no dedupe index: it has no index\.json/);
  await refused('lacking', ['dedupe-url: { against: reverse }'], /reverse holds keys of dedupe-exact, none of dedupe-url\. Build one with --keep url/);
  await refused('line', ['dedupe-line: { against: chain }'], /dedupe-line\.against/);
});

test('a run that cannot be indexed says what it lacks', async () => {
  const refused = async (args: readonly string[], code: number, message: RegExp): Promise<void> => {
    const result = await refine(['index', ...args], { cwd: folder });
    assert.equal(result.code, code, result.stdout);
    assert.match(result.stderr, message);
  };
  await refused(['build', 'nowhere', '-o', 'x'], 1, /nowhere {2}is no run folder/);
  await done('plain', [A], ['langid']);
  await refused(['build', 'plain', '-o', 'x'], 2, /has no dedupe step to say which keys .* --keep url,exact,minhash,shingles/);
  await done('textless', [A], ['dedupe-exact', 'tokenize'], ['--set', 'sink.text.keep=false']);
  await refused(['build', 'textless', '-o', 'x'], 1, /has no text\/: its manifest says sink\.text\.keep: false/);
  await done('later', [A], ['dedupe-exact', 'pii']);
  await refused(['build', 'later', '-o', 'x'], 1, /its step "pii" changed text after "dedupe-exact".*--final-text/);
  assert.match(await index('build', 'later', '-o', 'x', '--final-text'), /x: later, \d+ documents/);
  await refused(['build', 'a', '-o', 'x'], 2, /is an index already\. Add to it: refine index add/);
  await refused(['add', 'chain', 'b-alone', '--name', 'a'], 1, /holds another run named "a".*--name/);
  await refused(['add', 'chain', 'b-alone', '--name', 'a b'], 2, /--name/);
  await refused(['build', 'a', '-o', 'y', '--keep', 'shingles'], 2, /--keep shingles goes with minhash/);
  await refused(['build', 'a', '-o', 'y', '--keep', 'urls'], 2, /--keep holds "urls"/);
  assert.ok(statSync(in_('x/index.json')).isFile());
});
