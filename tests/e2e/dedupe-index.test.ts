// Three crawls one after another, each deduplicated against an index of those before, held against one run over all of them;
// and within scopes.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { promisedBytes, refine } from '../support/cli.js';
import { IndexRuns, type Steps } from '../support/index-runs.js';
import { CRAWLS } from '../support/three-crawls.js';

const runs = new IndexRuns(2, 40);
const { pages } = runs;
const [A, B, C] = CRAWLS;
const in_ = runs.in.bind(runs);
const done = runs.done.bind(runs);
const index = runs.index.bind(runs);
const survivors = runs.survivors.bind(runs);

const BOTH = ['dedupe-url', 'dedupe-exact'];
const against = (name: string, steps: Steps = BOTH): string[] => steps.map((step) => `${step}: { against: ${name} }`);

let first: string[];
before(async () => {
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
  const refused = await runs.run('d', [C], against('growing'));
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /ERR_REFINE_RUN_DIFFERS .*--update/);
  await done('d', [C], against('growing'), ['--update']);
  assert.deepEqual(await survivors('d'), await survivors('c-forth'));
  const now = ledger('d');
  const kinds = (of: ReadonlyMap<string, string>, label: RegExp): string[] => [...of].filter(([, one]) => label.test(one)).map(([task]) => task);
  const firstMaps = kinds(held, /^map \d+ [^(]*$/);
  assert.ok(firstMaps.length === 2 && firstMaps.every((task) => now.get(task) === held.get(task)), [...now.values()].join('\n'));
  assert.ok([...now.keys()].some((task) => !held.has(task)));
  assert.equal(readdirSync(in_('d/outside')).length, 2); // the catalogue as it was for each plan: tasks read these copies
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
