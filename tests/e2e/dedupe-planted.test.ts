// The real engine over a corpus whose duplicates are known by formula (infra/bench/planted.ts): every dropped document is as like
// the one kept in its stead as the manifest asks, and as many pairs of each similarity are found as 1 - (1 - s^r)^b says.
// 10,000 documents by default; REFINE_FULL=1 takes 100,000.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { measureScale, type ScaleFigure } from '../../infra/bench/dedupe-scale.js';
import type { Mix } from '../../infra/bench/planted.js';

const documents = process.env.REFINE_FULL === '1' ? 100_000 : 10_000;
const base = mkdtempSync(join(tmpdir(), 'refine-planted-'));
after(() => rmSync(base, { recursive: true, force: true }));

async function run(step: string, options: Readonly<Record<string, unknown>>, mix: Mix = 'near', spill?: string): Promise<ScaleFigure> {
  const figure = await measureScale(documents, {
    step,
    options,
    mix,
    workers: 2,
    workerBytes: 2 ** 30,
    perInput: documents / 5,
    base,
    ...(spill === undefined ? {} : { spill }),
  });
  const { sections, ...counts } = figure.check;
  assert.deepEqual(
    sections.filter(({ ok }) => !ok),
    [],
    'sections off',
  );
  assert.ok(figure.check.ok, JSON.stringify(counts));
  return figure;
}

test('dedupe-exact keeps one of each planted copy and drops nothing else', async () => {
  await run('dedupe-exact', {});
});

test('dedupe-minhash 14 x 8 finds what the formula says, and drops no document that is less like the kept one than min-jaccard', async () => {
  await run('dedupe-minhash', { preset: 'fineweb' });
});

test('dedupe-minhash 14 x 8 without verification finds pairs of every similarity as often as the formula says', async () => {
  await run('dedupe-minhash', { preset: 'fineweb', verify: 'none' });
});

test('dedupe-minhash 450 x 20 in several rounds finds what the formula says', async () => {
  await run('dedupe-minhash', { preset: 'refinedweb' }, 'near', `${documents * 3}kB`);
});

test('dedupe-substring takes planted spans from all but the first document that has them, and nothing else', async () => {
  await run('dedupe-substring', {}, 'spans');
});
