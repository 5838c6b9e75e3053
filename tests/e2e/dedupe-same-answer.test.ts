// The same survivors and the same bytes from every dedupe step, whatever the worker count, the order in which inputs are listed,
// kills at random moments and the number of partitions; with keep policies that do not look at order also however the documents
// are dealt to files. The oracle is the undisturbed run of one worker over planted documents (infra/bench/planted.ts).
// A few hundred documents and kills by default; REFINE_FULL=1 takes 4,000 documents and 20 kills a manifest.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { column, valueAt } from '../../native/batch.js';
import { loadManifest } from '../../pipeline/manifest.js';
import { runManifest } from '../../pipeline/runner.js';
import { readArrow } from '../../pipeline/store.js';
import { partFiles, promisedBytes, refine, startRefine } from '../support/cli.js';
import { type PlantedRow, plantedRows, writeRows } from '../support/planted-files.js';
import { randomFrom } from '../support/random.js';

const full = process.env.REFINE_FULL === '1';
const DOCUMENTS = full ? 4_000 : 500;
const FILES = full ? 9 : 5;
const KILLS = full ? 20 : 2;

interface Policy {
  readonly name: string;
  /** Survivors do not depend on which file a document lies in, nor where. */
  readonly orderFree: boolean;
  readonly steps: string;
}

/** Every step at once, one after another, as far as its policy allows. */
const POLICIES: readonly Policy[] = [
  {
    name: 'policies that look at order',
    orderFree: false,
    steps: `
  - dedupe-url
  - dedupe-exact
  - dedupe-minhash: { keep: first }
  - dedupe-line: { rules: ccnet }
  - dedupe-bff: { ngram: 8 }
  - dedupe-substring: { min-tokens: 20, tokenizer: falcon }
  - tokenize: { tokenizer: falcon }`,
  },
  {
    name: 'policies that are free of order',
    orderFree: true,
    steps: `
  - dedupe-minhash: { keep: newest }
  - dedupe-line: { rules: ccnet, max-copies: 0 }
  - dedupe-substring: { unit: bytes, min-bytes: 60, keep: none }
  - tokenize: { tokenizer: falcon }`,
  },
];

const folder = mkdtempSync(join(tmpdir(), 'refine-same-answer-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const rows = plantedRows(DOCUMENTS, 4);
const files = writeRows(join(folder, 'in'), 'part', rows, FILES);

function manifest(name: string, paths: readonly string[], steps: string): string {
  const path = join(folder, `${name}.yaml`);
  const listed = paths.map((file) => `in/${basename(file)}`).join(', ');
  writeFileSync(path, `name: same-answer\nseed: 7\nsource:\n  jsonl: [${listed}]\nsteps:${steps}\nsink:\n  samples-per-reason: 5\n`);
  return path;
}

async function run(path: string, out: string, workers: number): Promise<void> {
  const { code, stderr } = await refine(['run', path, '--out', out, '--workers', String(workers)]);
  assert.equal(code, 0, stderr);
}

function shuffled<T>(list: readonly T[], seed: number): T[] {
  const random = randomFrom(seed);
  const out = [...list];
  for (let i = out.length - 1; i > 0; i--) {
    const j = random(i + 1);
    [out[i], out[j]] = [out[j]!, out[i]!];
  }
  return out;
}

/** `id text` of every document in text/, sorted. */
async function survivors(out: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of readdirSync(join(out, 'text')))
    for await (const batch of readArrow(join(out, 'text', name)))
      for (let row = 0; row < batch.rows; row++)
        found.push(`${String(valueAt(column(batch, 'id', 'utf8'), row))} ${String(valueAt(column(batch, 'text', 'utf8'), row))}`);
  return found.sort();
}

function childrenOf(pid: number): number[] {
  try {
    return execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' })
      .split('\n')
      .map((line) => Number(line.trim()))
      .filter((child) => child > 0);
  } catch {
    return [];
  }
}

for (const [at, policy] of POLICIES.entries()) {
  describe(policy.name, () => {
    const path = () => manifest(`policy-${at}`, files, policy.steps);
    const one = join(folder, `one-${at}`);
    let expected: Record<string, string>;
    let wallMs = 0;

    before(async () => {
      const started = performance.now();
      await run(path(), one, 1);
      wallMs = performance.now() - started;
      expected = promisedBytes(one);
      assert.ok(Object.keys(expected).filter((name) => name.startsWith('tokens/')).length > 0);
      const { stdout } = await refine(['stats', one, '--json']);
      const { steps } = JSON.parse(stdout) as { steps: { step: string; in: number; out: number }[] };
      for (const { step, in: before, out } of steps) {
        const edits = ['dedupe-line', 'dedupe-bff', 'dedupe-substring'].includes(step);
        if (step !== 'tokenize' && !edits) assert.ok(out < before && out > before / 2, `${step} kept ${out} of ${before}`);
      }
      const texts = new Set(rows.map(({ text }) => text));
      const edited = (await survivors(one)).filter((line) => !texts.has(line.slice(line.indexOf(' ') + 1)));
      assert.ok(edited.length > DOCUMENTS / 40, `${edited.length} texts were edited`);
    });

    const same = async (name: string, work: (out: string) => Promise<void>): Promise<void> => {
      const out = join(folder, name);
      await work(out);
      assert.deepEqual(promisedBytes(out), expected);
      assert.deepEqual(partFiles(out), []);
      rmSync(out, { recursive: true });
    };

    // Of the second policy the reduced share is what the first one cannot show.
    const shared = full || !policy.orderFree;
    for (const workers of full ? [2, 4] : shared ? [4] : [])
      test(`${workers} workers write the bytes that one worker writes`, async () => {
        await same(`workers-${at}-${workers}`, (out) => run(path(), out, workers));
      });

    if (shared)
      test('inputs listed in reverse or shuffled give the same bytes', async () => {
        await same(`reversed-${at}`, (out) => run(manifest(`reversed-${at}`, [...files].reverse(), policy.steps), out, 2));
        if (full) await same(`shuffled-${at}`, (out) => run(manifest(`shuffled-${at}`, shuffled(files, 3), policy.steps), out, 2));
      });

    if (shared)
      test('another number of partitions gives the same bytes', async () => {
        for (const partitions of full ? [2, 7, 64] : [7])
          await same(`partitions-${at}-${partitions}`, async (out) => {
            await runManifest(await loadManifest(path()), { out, workers: 2, partitions });
          });
      });

    if (shared)
      test(`${KILLS} SIGKILLs of workers and of the parent at random moments, each resumed with the same command, give the same bytes`, async () => {
        const random = randomFrom(2023 + at);
        await same(`killed-${at}`, async (out) => {
          let kills = 0;
          let finished = false;
          for (let round = 0; round < KILLS * 6 && kills < KILLS; round++) {
            const running = startRefine(['run', path(), '--out', out, '--workers', '2']);
            let killed = false;
            const timer = setTimeout(
              () => {
                if (running.child.exitCode !== null) return;
                const workers = round % 2 === 0 ? childrenOf(running.child.pid!) : [];
                const victim = workers[random(Math.max(1, workers.length))] ?? running.child.pid!;
                try {
                  killed = process.kill(victim, 'SIGKILL');
                } catch {
                  // it ended between the look and the kill: no kill, and none is counted
                }
              },
              150 + random(Math.ceil(wallMs)),
            );
            const result = await running.done;
            clearTimeout(timer);
            if (killed) kills++;
            if (result.code !== 0) continue;
            assert.deepEqual(promisedBytes(out), expected);
            finished = kills >= KILLS;
            if (!finished) rmSync(out, { recursive: true, force: true }); // it ended under fire: begin again
          }
          assert.ok(kills >= KILLS, `only ${kills} kills hit a living process`);
          if (!finished) await run(path(), out, 2);
        });
      });

    if (policy.orderFree)
      test('documents dealt to other files in other orders: the same documents survive with the same texts', async () => {
        const whole = await survivors(one);
        const dealt: [string, PlantedRow[]][] = [
          ['backwards', [...rows].reverse()],
          ['at-random', shuffled(rows, 11)],
        ];
        for (const [name, order] of full ? dealt : dealt.slice(1)) {
          const paths = writeRows(join(folder, 'in'), name, order, FILES + 2);
          const out = join(folder, `dealt-${at}-${name}`);
          await run(manifest(`dealt-${at}-${name}`, paths, policy.steps), out, 2);
          assert.deepEqual(await survivors(out), whole);
        }
      });
  });
}
