// What a proxy run learns and in which order: one key of (seed, document), so that runs which share documents share their place in line.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { bytesColumn, native } from '../../native/index.js';
import { type Drawn, proxySamples } from '../../pipeline/check/proxy-sample.js';
import { ProxyVocabulary } from '../../pipeline/check/proxy-vocabulary.js';
import { shippedTokenizer } from '../../pipeline/check/run-tokenizer.js';
import { documentKey, partKey } from '../../pipeline/document-key.js';
import { readRun } from '../../pipeline/run-folder.js';
import { madeRun } from '../support/readiness-runs.js';
import { copyRun, readDocuments, rewriteShard } from '../support/sabotage.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-proxy-sample-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const falcon = shippedTokenizer('falcon');
const signal = new AbortController().signal;
const draw = async (run: string, tokens: number, seeds = [1], damaged: readonly string[] = []): Promise<(readonly Drawn[])[]> =>
  proxySamples(await readRun(run), falcon, falcon, tokens, seeds, new Set(damaged), signal);
const tokensOf = (drawn: readonly Drawn[]): number => drawn.reduce((sum, { ids }) => sum + ids.length, 0);
let run = '';
before(async () => {
  run = await madeRun(join(folder, 'made'), { seed: 1, shards: 3, documents: 40 });
});

test('keys are spread evenly over 53 bits, whatever names and seeds have in common', () => {
  const buckets = new Uint32Array(64);
  const seen = new Set<number>();
  for (let seed = 1; seed <= 3; seed++)
    for (let i = 0; i < 20_000; i++) {
      const key = documentKey(seed, `s${i % 7}-d${i}`);
      assert.ok(Number.isSafeInteger(key) && key >= 0);
      seen.add(key);
      buckets[Math.floor(key / 2 ** 47)]!++;
    }
  assert.equal(seen.size, 60_000);
  const chi = buckets.reduce((sum, count) => sum + (count - 937.5) ** 2 / 937.5, 0);
  assert.ok(chi < 103, `chi squared ${chi} of 63 degrees: 1 in 1,000 passes 103`);
  const parts = new Set(Array.from({ length: 3000 }, (_, i) => partKey(documentKey(1, 'one'), i % 1000, Math.floor(i / 1000))));
  assert.equal(parts.size, 3000);
});

test('a sample has about the asked tokens, other documents for another seed, without EOS, and all where there are fewer', async () => {
  const [one, two] = await draw(run, 3000, [1, 2]);
  for (const drawn of [one!, two!]) {
    assert.ok(tokensOf(drawn) >= 2900 && tokensOf(drawn) < 6000, `${tokensOf(drawn)}`);
    assert.ok(drawn.every(({ ids }) => ids.length > 0 && !ids.includes(11)));
    assert.deepEqual(
      drawn.map(({ key }) => key),
      [...drawn].map(({ key }) => key).sort((a, b) => a - b),
    );
  }
  assert.notDeepEqual(one, two);
  const shards = (await readRun(run)).tokens;
  const [all] = await draw(run, 1e9);
  assert.equal(
    all!.length,
    shards.reduce((sum, { rows }) => sum + rows, 0),
  );
  const [fewer] = await draw(run, 1e9, [1], [shards[0]!.path]);
  assert.equal(fewer!.length, all!.length - shards[0]!.rows);
});

test('the order of shards and rows is no part of a sample, and what two runs share both draw', async () => {
  const turned = copyRun(run, join(folder, 'turned'));
  const paths = (await readRun(run)).tokens.map(({ path }) => path);
  const shards = await Promise.all(paths.map((path) => readDocuments(run, path)));
  for (const [at, path] of paths.entries()) {
    const documents = [...shards[(at + 1) % paths.length]!].reverse();
    await rewriteShard(turned, path, () => documents);
  }
  assert.deepEqual(await draw(turned, 3000, [1, 2, 3]), await draw(run, 3000, [1, 2, 3]));

  const half = copyRun(run, join(folder, 'half'));
  for (const [at, path] of paths.entries()) await rewriteShard(half, path, () => shards[at]!.filter((_, row) => row % 2 === 0));
  const [whole] = await draw(run, 3000);
  const [part] = await draw(half, 3000);
  const kept = new Set(shards.flatMap((documents) => documents.filter((_, row) => row % 2 === 0).map(({ id }) => documentKey(1, id))));
  const shared = whole!.filter(({ key }) => kept.has(key));
  assert.ok(shared.length > 3);
  assert.deepEqual(part!.slice(0, shared.length), shared, 'those of the lowest keys, in the same order');
});

test('ids that are no words of the proxy fall into bytes, and every text is spelled to its end', async () => {
  const { tokens } = falcon.file.definition;
  const { tokens: lists } = await native.bpeEncode(falcon.handle, bytesColumn('utf8', [new TextEncoder().encode('the river, déjà vu 東')]), {
    parseSpecial: false,
    eos: null,
    bos: null,
  });
  const ids = Array.from(lists.values as Uint16Array);
  const counts = new Uint32Array(falcon.contract.vocab_size);
  counts[ids[0]!] = 5;
  counts[ids[1]!] = 9;
  const vocabulary = new ProxyVocabulary(counts, tokens);
  const spelled = vocabulary.spell(ids);
  assert.equal(vocabulary.size, 259);
  assert.deepEqual(spelled.ids.slice(0, 3), [0, 258, 257], 'the start, then words by how often they stood in the samples');
  assert.equal(spelled.ends.at(-1), Buffer.byteLength('the river, déjà vu 東'));
  assert.equal(spelled.ids.length, spelled.ends.length);
  assert.deepEqual(
    Buffer.from(spelled.ids.slice(3).map((id) => id - 1)).toString(),
    'the river, déjà vu 東'.slice('the river'.length),
    'the rest byte for byte',
  );
  assert.deepEqual(vocabulary.spell([99_999_999]).ids, [0]);
});
