// A page that no worker survives: found by isolation, dropped under its step's name, counted and sampled, and the run goes on.
// Oracle: the run in which the same pages are dropped for an ordinary reason keeps the same documents, byte for byte.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { column, stringAt } from '../../native/batch.js';
import { readRun } from '../../pipeline/run-folder.js';
import { runManifest, type RunOptions } from '../../pipeline/runner.js';
import { collectStats } from '../../pipeline/stats.js';
import { readArrow } from '../../pipeline/store.js';
import { ALL_STEPS, corpus, finalBytes, leftovers, manifestOf, runOptions, writeCorpus } from '../support/runner-world.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-poison-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const input = join(folder, 'in');
const [FIRST, SECOND] = ['f0-12', 'f1-33'];
let paths: string[] = [];
let expected: Record<string, string> = {};

before(async () => {
  paths = writeCorpus(input, corpus(2, 60, 11));
  await runManifest(manifestOf(input, paths, [['trouble', { 'drop-at': [FIRST, SECOND] }], ...ALL_STEPS]), runOptions(join(folder, 'dropped')));
  expected = kept(join(folder, 'dropped'));
});

/** What holds documents: samples and features name the reason. */
function kept(out: string): Record<string, string> {
  return Object.fromEntries(Object.entries(finalBytes(out)).filter(([path]) => /^(text|tokens|index)/.test(path)));
}

/** Two pages at once, one in each input: what ends the worker, the reason, and what the ledger says was seen. */
interface Case {
  readonly name: string;
  readonly options: Record<string, unknown>;
  readonly first: readonly [reason: string, how: RegExp];
  readonly second: readonly [reason: string, how: RegExp];
  readonly run?: Partial<RunOptions>;
}
const CASES: readonly Case[] = [
  {
    name: 'one aborts its process, one throws',
    options: { 'abort-at': FIRST, 'throw-at': SECOND },
    first: ['crashed', /signal SIGABRT/],
    second: ['crashed', /^Error: a stage went wrong$/],
  },
  {
    name: 'one never returns, one needs more memory than a worker has',
    options: { 'hang-at': FIRST, hang: 'loop', 'hoard-at': SECOND },
    first: ['stalled', /made no progress for \d+ s/],
    second: ['out-of-memory', /used \d+ MiB, a worker may use 300 MiB/],
    run: { stallMs: 2500, workerBytes: 300 << 20 },
  },
  ...(process.env.REFINE_FULL !== '1'
    ? []
    : [
        {
          name: 'one waits for ever without holding its thread, one is killed as the kernel kills',
          options: { 'hang-at': FIRST, hang: 'wait', 'crash-at': SECOND },
          first: ['stalled', /made no progress for \d+ s/] as const,
          second: ['crashed', /signal SIGKILL/] as const,
          run: { stallMs: 2500 },
        },
      ]),
];

for (const { name, options, first, second, run } of CASES)
  test(`two pages end their worker (${name}): they are dropped by reason, and the rest is as if a rule had dropped them`, async () => {
    const out = join(folder, name.replaceAll(/[^a-z]+/g, '-'));
    const manifest = manifestOf(input, paths, [['trouble', options], ...ALL_STEPS]);
    const summary = await runManifest(manifest, runOptions(out, run));
    const drops: Record<string, number> = {};
    for (const [reason] of [first, second]) drops[`trouble/${reason}`] = (drops[`trouble/${reason}`] ?? 0) + 1;
    assert.deepEqual(summary.steps[0]!.drops, drops);
    assert.match(summary.notices.join('\n'), /ended (its|their) worker and (was|were) dropped as trouble\//);
    assert.deepEqual(kept(out), expected);
    assert.deepEqual(leftovers(out), []);

    const stats = await collectStats(out); // refuses where an equation does not hold
    assert.deepEqual(stats.steps![0], { step: 'trouble', in: 120, out: 118, drops });
    const noted = (await readRun(out)).entries.flatMap((entry) => (entry.state === 'done' ? (entry.crashed ?? []) : []));
    noted.sort((a, b) => a.row - b.row);
    assert.deepEqual(
      noted.map((page) => [page.step, page.row, page.id, page.reason]),
      [
        ['trouble', 12, FIRST, first[0]],
        ['trouble', 33, SECOND, second[0]],
      ],
    );
    assert.match(noted[0]!.how, first[1]);
    assert.match(noted[1]!.how, second[1]);
    const sampled = await ids(join(out, 'samples', 'trouble.arrow'));
    assert.deepEqual(sampled.sort(), [
      [FIRST, first[0]],
      [SECOND, second[0]],
    ]);
    assert.deepEqual((await ids(join(out, 'features', '000000.arrow')))[12], [FIRST, first[0]]);
    assert.deepEqual((await ids(join(out, 'features', '000001.arrow')))[33], [SECOND, second[0]]);
    const again = await runManifest(manifest, runOptions(out, run));
    assert.equal(again.tasks.ran, 0, 'a finished run looks for nothing again');
  });

test("a page that ends its worker in a barrier's map, and one in a step after barriers, are dropped under those steps", async () => {
  // Both are kept where nothing is the matter with them.
  const out = join(folder, 'late');
  const late = [...ALL_STEPS.slice(0, 3), ['trouble', { 'abort-at': FIRST }] as const, ...ALL_STEPS.slice(3)];
  process.env.REFINE_TEST_POISON = SECOND;
  try {
    await runManifest(manifestOf(input, paths, late), runOptions(out));
  } finally {
    delete process.env.REFINE_TEST_POISON;
  }
  const plain = [
    ['trouble', { 'drop-at': [SECOND] }, 'early'] as const,
    ...ALL_STEPS.slice(0, 3),
    ['trouble', { 'drop-at': [FIRST] }] as const,
    ...ALL_STEPS.slice(3),
  ];
  const oracle = join(folder, 'late-dropped');
  await runManifest(manifestOf(input, paths, plain), runOptions(oracle));
  assert.deepEqual(kept(out), kept(oracle));
  const { steps } = await collectStats(out);
  const drops = Object.fromEntries(steps!.map((step) => [step.step, step.drops]));
  assert.equal(drops['same-url']!['same-url/crashed'], 1);
  assert.deepEqual(drops.trouble, { 'trouble/crashed': 1 });
  assert.deepEqual((await ids(join(out, 'features', '000001.arrow')))[33], [SECOND, 'crashed']);
  assert.ok((await ids(join(out, 'samples', 'same-url.arrow'))).some(([id, reason]) => id === SECOND && reason === 'crashed'));
});

async function ids(path: string): Promise<(string | null)[][]> {
  const rows: (string | null)[][] = [];
  for await (const batch of readArrow(path)) {
    const reasons = batch.columns.reason!;
    for (let row = 0; row < batch.rows; row++) {
      const valid = reasons.validity === undefined || ((reasons.validity[row >> 3]! >> (row & 7)) & 1) === 1;
      const reason = reasons.kind === 'dictionary' ? (valid ? reasons.labels[reasons.indices[row]!]! : null) : stringAt(column(batch, 'reason', 'utf8'), row);
      rows.push([stringAt(column(batch, 'id', 'utf8'), row), reason]);
    }
  }
  return rows;
}
