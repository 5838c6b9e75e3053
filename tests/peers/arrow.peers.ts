// pyarrow, the reference implementation of Arrow, reads what refine writes: every shard of a run, and the loader's stream.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { packagePath } from '../../native/package-root.js';
import { refine, refineBytes } from '../support/cli.js';

const python = process.env.REFINE_PYTHON ?? 'python3';
const ask = (...args: string[]) =>
  JSON.parse(execFileSync(python, [packagePath('tests', 'peers', 'read_run.py'), ...args], { encoding: 'utf8', maxBuffer: 1 << 28 }));

let folder: string;
let run: string;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'refine-peers-'));
  run = join(folder, 'run');
  const result = await refine(['run', packagePath('manifests', 'sample.yaml'), '--out', run, '--workers', '2']);
  assert.equal(result.code, 0, result.stderr);
});
after(() => rmSync(folder, { recursive: true, force: true }));

test('pyarrow opens and fully validates every shard, and counts the tokens that stats reports', async () => {
  const seen = ask(run) as Record<string, { rows: number; tokens?: number; contract?: { eos_id: number } }>;
  const stats = JSON.parse((await refine(['stats', run, '--json'])).stdout) as { tokens: number; documents: { out: number } };
  const shards = Object.entries(seen).filter(([path]) => path.startsWith('tokens/'));
  assert.ok(shards.length > 0);
  assert.equal(
    shards.reduce((sum, [, shard]) => sum + shard.tokens!, 0),
    stats.tokens,
  );
  assert.equal(
    shards.reduce((sum, [, shard]) => sum + shard.rows, 0),
    stats.documents.out,
  );
  for (const [path, shard] of shards) assert.equal(shard.contract!.eos_id, 11, path);
});

test('pyarrow reads the loader stream: each sample once over two ranks, states in the batch metadata', async () => {
  const samples: number[] = [];
  for (const rank of ['0', '1']) {
    const stream = join(folder, `rank-${rank}.arrows`);
    writeFileSync(stream, await refineBytes(['load', run, '--seq-len', '512', '--batch-size', '8', '--world-size', '2', '--rank', rank]));
    const seen = ask('--stream', stream) as { types: Record<string, string>; batches: { seq_len: number; samples: number[] }[]; states: { sample: number }[] };
    assert.equal(
      seen.types.input_ids,
      'fixed_size_list<item: int32 not null>[512]'.replace(' not null', seen.types.input_ids!.includes('not null') ? ' not null' : ''),
    );
    assert.ok(seen.batches.every((batch) => batch.seq_len === 512));
    assert.ok(seen.states.every((state) => Number.isInteger(state.sample)));
    samples.push(...seen.batches.flatMap((batch) => batch.samples));
  }
  assert.deepEqual(
    samples.sort((a, b) => a - b),
    samples.map((_, i) => i),
  );
});
