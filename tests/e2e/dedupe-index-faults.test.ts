// What becomes of an index that is damaged, newer, of other keys, or written by two at once, and of runs that cannot be indexed.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { catalogueText, readCatalogue } from '../../stages/dedupe/index-catalogue.js';
import { refine } from '../support/cli.js';
import { IndexRuns, type Steps } from '../support/index-runs.js';
import { CRAWLS } from '../support/three-crawls.js';

const runs = new IndexRuns(2, 40);
const { folder } = runs;
const [A, B, C] = CRAWLS;
const in_ = runs.in.bind(runs);
const done = runs.done.bind(runs);
const index = runs.index.bind(runs);

const BOTH = ['dedupe-url', 'dedupe-exact'];
const against = (name: string, steps: Steps = BOTH): string[] => steps.map((step) => `${step}: { against: ${name} }`);

before(async () => {
  await done('a', [A], BOTH);
  await done('b', [B], ['dedupe-exact']);
  await index('build', 'a', '-o', 'chain');
});

test('two writers at once lose nothing, and what a killed one left is named and harmless', async () => {
  await index('build', 'a', '-o', 'shared');
  await Promise.all([index('add', 'shared', 'b'), index('add', 'shared', 'b', '--name', 'again'), index('add', 'shared', 'a')]);
  const names = readCatalogue(in_('shared')).segments.map((segment) => segment.name);
  assert.equal(names.length, 2, names.join());
  await done('c', [C], BOTH);
  await done('d', [B, C], BOTH);
  await Promise.all([index('add', 'shared', 'c'), index('add', 'shared', 'd')]);
  assert.equal(readCatalogue(in_('shared')).segments.length, 4);
  mkdirSync(in_('shared/segments/0123456789abcdef.77-00.part'));
  const verified = await refine(['index', 'verify', in_('shared')]);
  assert.equal(verified.code, 0);
  assert.match(verified.stderr, /0123456789abcdef\.77-00\.part is in no catalogue: a writer that was killed left it/);
  await done('e', [A, C], ['dedupe-exact']);
  writeFileSync(in_('shared/index.lock'), JSON.stringify({ format: 1, pid: 2 ** 22 + 5, host: 'elsewhere', start: null }));
  const renamed = await refine(['index', 'add', in_('shared'), in_('e')]);
  assert.equal(renamed.code, 1);
  assert.match(renamed.stderr, /ERR_REFINE_RUN_LOCKED .*on host elsewhere writes to this index.*delete .*index\.lock/);
  assert.equal(readCatalogue(in_('shared')).segments.length, 4);
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
  const refused = (name: string, steps: Steps, message: RegExp): Promise<void> => runs.refused(`to-${name}`, [C], steps, message);

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
  await index('build', 'b', '-o', 'reverse');
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
  assert.equal((await runs.run('textless', [A], ['dedupe-exact', 'tokenize'], ['--set', 'sink.text.keep=false'])).code, 0);
  await refused(['build', 'textless', '-o', 'x'], 1, /has no text\/: its manifest says sink\.text\.keep: false/);
  await done('later', [A], ['dedupe-exact', 'pii']);
  await refused(['build', 'later', '-o', 'x'], 1, /its step "pii" changed text after "dedupe-exact".*--final-text/);
  assert.match(await index('build', 'later', '-o', 'x', '--final-text'), /x: later, \d+ documents/);
  await refused(['build', 'a', '-o', 'x'], 2, /is an index already\. Add to it: refine index add/);
  await refused(['add', 'chain', 'b', '--name', 'a'], 1, /holds another run named "a".*--name/);
  await refused(['add', 'chain', 'b', '--name', 'a b'], 2, /--name/);
  await refused(['build', 'a', '-o', 'y', '--keep', 'shingles'], 2, /--keep shingles goes with minhash/);
  await refused(['build', 'a', '-o', 'y', '--keep', 'urls'], 2, /--keep holds "urls"/);
  assert.ok(statSync(in_('x/index.json')).isFile());
});
