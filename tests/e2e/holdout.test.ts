// sink.holdout: documents apart from training by the hash of their host, in shards and an index of their own; `refine check`
// proves that none of them has a near duplicate on the other side.
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { column, documentAt, packagePath } from '../../native/index.js';
import { HoldoutRule } from '../../pipeline/holdout.js';
import { Loader } from '../../pipeline/loader/loader.js';
import { loadManifest } from '../../pipeline/manifest.js';
import { runManifest } from '../../pipeline/runner.js';
import { collectStats } from '../../pipeline/stats.js';
import { readArrow } from '../../pipeline/store.js';
import { refine } from '../support/cli.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-holdout-'));
const whole = join(folder, 'whole');
const split = join(folder, 'split');
const manifest = packagePath('manifests', 'sample.yaml');
after(() => rmSync(folder, { recursive: true, force: true }));

before(async () => {
  await runManifest(await loadManifest(manifest), { out: whole, workers: 1 });
  await runManifest(await loadManifest(manifest, { sets: ['sink.holdout.fraction=0.3'] }), { out: split, workers: 2 });
});

interface Kept {
  readonly id: string;
  readonly host: string;
  readonly tokens: string;
}

/** Documents of text/ and tokens/, which must stand in the same order under the same names. */
async function documents(run: string, wanted: (name: string) => boolean): Promise<Kept[]> {
  const found: Kept[] = [];
  for (const name of readdirSync(join(run, 'tokens')).filter(wanted).sort()) {
    const text: { id: string; host: string }[] = [];
    for await (const batch of readArrow(join(run, 'text', name)))
      for (let row = 0; row < batch.rows; row++) text.push(documentAt(batch, row) as unknown as { id: string; host: string });
    let at = 0;
    for await (const batch of readArrow(join(run, 'tokens', name))) {
      const tokens = column(batch, 'tokens', 'list');
      for (let row = 0; row < batch.rows; row++, at++) {
        assert.equal(documentAt(batch, row).id, text[at]?.id, `${name} row ${at}`);
        found.push({ id: text[at]!.id, host: text[at]!.host, tokens: [...tokens.values.subarray(tokens.offsets[row], tokens.offsets[row + 1])].join(' ') });
      }
    }
    assert.equal(at, text.length);
  }
  return found;
}

const isHeldOut = (name: string) => name.startsWith('holdout-');

async function tokensLoaded(run: string, options: { split?: 'train' | 'holdout' } = {}): Promise<number[]> {
  const loader = await Loader.open(run, { seqLen: 64, batchSize: 4, packing: 'none', ...options });
  const ids: number[] = [];
  for await (const { inputIds, docIds } of loader.batches()) ids.push(...inputIds.filter((_, i) => docIds[i]! >= 0));
  await loader.close();
  return ids.sort((a, b) => a - b);
}

test('the two sides hold every kept document once, each host on one of them', async () => {
  const all = await documents(whole, () => true);
  const train = await documents(split, (name) => !isHeldOut(name));
  const heldOut = await documents(split, isHeldOut);
  assert.ok(heldOut.length > 3 && train.length > 3, `${train.length} and ${heldOut.length}`);
  const sorted = (list: readonly Kept[]) => list.map(({ id, tokens }) => `${id} ${tokens}`).sort();
  assert.deepEqual(sorted([...train, ...heldOut]), sorted(all));
  const hosts = new Set(train.map(({ host }) => host));
  assert.deepEqual(
    heldOut.filter(({ host }) => hosts.has(host)),
    [],
  );
  const rule = new HoldoutRule({ fraction: 0.3, by: 'host' });
  for (const { host } of train) assert.equal(rule.holds(host), false, host);
  for (const { host } of heldOut) assert.equal(rule.holds(host), true, host);
});

test('a greater fraction holds out all that a smaller one does, near its share of hosts', () => {
  const hosts = Array.from({ length: 20_000 }, (_, i) => `host${i}.example`);
  const held = [0.001, 0.1, 0.5].map((fraction) => {
    const rule = new HoldoutRule({ fraction, by: 'host' });
    return new Set(hosts.filter((host) => rule.holds(host)));
  });
  for (const host of held[0]!) assert.ok(held[1]!.has(host));
  for (const host of held[1]!) assert.ok(held[2]!.has(host));
  // Binomial: 20,000 x .1 = 2,000 with a deviation of 42; 10,000 with 71; five deviations. All of it is fixed by sha256.
  assert.ok(Math.abs(held[1]!.size - 2000) < 212, `${held[1]!.size}`);
  assert.ok(Math.abs(held[2]!.size - 10_000) < 354, `${held[2]!.size}`);
});

test('the loader gives the training documents, and the others only when asked', async () => {
  const ids = (list: readonly Kept[]) => list.flatMap(({ tokens }) => tokens.split(' ').map(Number)).sort((a, b) => a - b);
  assert.deepEqual(await tokensLoaded(split), ids(await documents(split, (name) => !isHeldOut(name))));
  assert.deepEqual(await tokensLoaded(split, { split: 'holdout' }), ids(await documents(split, isHeldOut)));
  await assert.rejects(tokensLoaded(whole, { split: 'holdout' }), /has no holdout\.arrow: its manifest says no sink\.holdout/);
});

test('statistics count both sides and say which is held out', async () => {
  const [one, two] = [await collectStats(whole), await collectStats(split)];
  const heldOut = await documents(split, isHeldOut);
  assert.equal(two.tokens, one.tokens);
  assert.deepEqual(two.documents, one.documents);
  assert.deepEqual(two.holdout, { documents: heldOut.length, tokens: heldOut.reduce((sum, { tokens }) => sum + tokens.split(' ').length, 0) });
  assert.equal(one.holdout, undefined);
});

test('refine check passes a good run and writes what it found', async () => {
  const { code, stdout } = await refine(['check', split, '--json']);
  assert.equal(code, 0, stdout);
  const result = JSON.parse(stdout);
  assert.equal(result.ok, true);
  assert.deepEqual(result.findings, []);
  const heldOut = await documents(split, isHeldOut);
  assert.deepEqual(result.heldOut, { heldOut: heldOut.length, train: (await documents(split, (name) => !isHeldOut(name))).length });
  assert.deepEqual(JSON.parse(readFileSync(join(split, 'check', 'check.json'), 'utf8')), result);
});

test('refine check names a changed shard', async () => {
  const spoiled = join(folder, 'spoiled');
  cpSync(split, spoiled, { recursive: true });
  const shard = join(spoiled, 'tokens', readdirSync(join(spoiled, 'tokens'))[0]!);
  const bytes = readFileSync(shard);
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(shard, bytes);
  const { code, stdout } = await refine(['check', spoiled]);
  assert.equal(code, 1);
  assert.match(stdout, /^ERROR {3}shard-digest tokens\/.*: sha256 is .*, the ledger says .*Delete the shard and run `refine run` again/m);
  assert.match(stdout, /NOT fit to train on/);
});

test('refine check finds near duplicates across the split: all of them, and no others', async () => {
  // Documents of 200 words from a small generator; Some are copies with 1 to 7 words changed,
  // five shingles each: Jaccard .95 to .70.
  let state = 7;
  const next = (n: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  const words = () => Array.from({ length: 200 }, () => `w${next(5000)}`);
  const rule = new HoldoutRule({ fraction: 0.4, by: 'id' });
  const lines: { id: string; words: string[] }[] = [];
  for (let i = 0; i < 60; i++) {
    const original = words();
    lines.push({ id: `a${i}`, words: original });
    if (i % 3 === 0) lines.push({ id: `b${i}`, words: original.map((word, at) => (at % 24 === 7 && at < 24 * (1 + ((i / 3) % 7)) ? `x${i}` : word)) });
  }
  lines.push({ id: 'short-1', words: ['two', 'words'] }, { id: 'short-2', words: ['Two', 'words!'] });
  const input = join(folder, 'near.jsonl');
  writeFileSync(input, lines.map(({ id, words: text }) => JSON.stringify({ id, text: text.join(' ') })).join('\n'));
  const near = join(folder, 'near.yaml');
  writeFileSync(near, 'name: near\nsource: { jsonl: near.jsonl }\nsteps: [tokenize]\nsink: { holdout: { fraction: 0.4, by: id } }\n');
  const out = join(folder, 'near');
  await runManifest(await loadManifest(near), { out, workers: 1 });
  const shingles = (text: readonly string[]) =>
    new Set(
      text.slice(4).map((_, i) =>
        text
          .slice(i, i + 5)
          .join(' ')
          .toLowerCase(),
      ),
    );
  const expected: string[] = [];
  for (const a of lines) {
    for (const b of lines) {
      if (!rule.holds(a.id) || rule.holds(b.id)) continue;
      const [x, y] = [shingles(a.words), shingles(b.words)];
      const common = [...x].filter((shingle) => y.has(shingle)).length;
      if (x.size > 0 && common / (x.size + y.size - common) >= 0.8) expected.push(`${a.id} ${b.id}`);
    }
  }
  if (rule.holds('short-1') !== rule.holds('short-2')) expected.push(rule.holds('short-1') ? 'short-1 short-2' : 'short-2 short-1');
  assert.ok(expected.length > 3, `${expected.length}`);
  const { code, stdout } = await refine(['check', out, '--json']);
  assert.equal(code, 1);
  const findings = JSON.parse(stdout).findings as { check: string; message: string }[];
  const found = findings.filter(({ check }) => check === 'holdout').map(({ message }) => /document (\S+) is near (\S+) /.exec(message)!.slice(1).join(' '));
  assert.deepEqual(found.sort(), expected.sort());
});

test('a holdout of more than half, or of nothing, is refused with its line', async () => {
  for (const value of ['0', '0.6', 'x']) {
    await assert.rejects(loadManifest(manifest, { sets: [`sink.holdout.fraction=${value}`] }), /sink\.holdout\.fraction/);
  }
  assert.ok(!existsSync(join(whole, 'holdout.arrow')));
});
