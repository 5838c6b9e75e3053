// From a manifest to a corpus without its strangest tenth: the step as a user runs it, its notices, what-if and lines.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { refine } from '../support/cli.js';
import { tinyDecoder } from '../support/tiny-decoder.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-perplexity-e2e-'));
after(() => rmSync(folder, { recursive: true, force: true }));
process.env.REFINE_CUDA_LIBRARY = join(folder, 'none.so'); // whatever this checkout has built
tinyDecoder(join(folder, 'tiny'), { languages: ['en'] });

const WORDS = 'river stone cloud lamp tree bread glass wind horse paper night salt copper field song'.split(' ');
const text = (seed: number): string =>
  Array.from({ length: 3 + (seed % 40) }, (_, at) => WORDS[(seed * 7 + at * (1 + (seed % 3))) % WORDS.length]).join(seed % 4 === 0 ? '\n' : ' ');
for (const input of ['a', 'b'])
  writeFileSync(
    join(folder, `${input}.jsonl`),
    Array.from({ length: 30 }, (_, at) => `${JSON.stringify({ id: `${input}${at}`, text: text(at + (input === 'a' ? 0 : 100)) })}\n`).join(''),
  );
const manifest = join(folder, 'm.yaml');
writeFileSync(
  manifest,
  'name: easy\nsource: { jsonl: ["a.jsonl", "b.jsonl"] }\nsteps:\n  - perplexity: { model: tiny, keep: { bits-per-byte: { band: { quantile: [0.1, 0.9] } } } }\n',
);

function textBytes(out: string): string[] {
  return readdirSync(join(out, 'text'))
    .sort()
    .map((name) => readFileSync(join(out, 'text', name)).toString('base64'));
}

test('a band of quantiles drops exact counts, the same from any number of workers, and the lock says where it was scored', async () => {
  for (const workers of ['1', '2']) {
    const run = await refine(['run', manifest, '--out', join(folder, `run-${workers}`), '--workers', workers, '--device', 'auto']);
    assert.equal(run.code, 0, run.stderr);
    assert.match(run.stderr, /^perplexity runs on the CPU \(\S+\): no GPU is used, no-library/);
    assert.match(run.stderr, /perplexity +60 -> +48 +bits-per-byte 6, bits-per-byte-low 6/);
  }
  assert.deepEqual(textBytes(join(folder, 'run-1')), textBytes(join(folder, 'run-2')));
  const lock = JSON.parse(readFileSync(join(folder, 'run-1', 'manifest.lock.json'), 'utf8')) as {
    device: string;
    isa: string;
    steps: { assets: { name: string }[] }[];
  };
  assert.equal(lock.device, 'cpu');
  assert.match(lock.isa, /^[a-z0-9-]+$/);
  assert.deepEqual(
    lock.steps[0]!.assets.map(({ name }) => name),
    ['README.md', 'config.json', 'model.safetensors', 'tokenizer.json.gz', 'tokenizer_config.json'].map((name) => `tiny/${name}`),
  );
});

test('what-if moves the band without scoring anew, and --device cuda says why it cannot be', async () => {
  const asked = await refine(['stats', join(folder, 'run-1'), '--json', '--what-if', 'perplexity.keep={bits-per-byte: {quantile: 0.5}}']);
  assert.equal((JSON.parse(asked.stdout) as { what_if: { out: number } }).what_if.out, 30, asked.stderr);
  const cuda = await refine(['run', manifest, '--out', join(folder, 'gpu'), '--device', 'cuda']);
  assert.equal(cuda.code, 1);
  assert.match(cuda.stderr, /^ERR_REFINE_DEVICE --device cuda {2}no-library: /);
});

test('inspect --bits shows bits per byte before each line', async () => {
  const seen = await refine(['inspect', join(folder, 'run-1'), '--doc', 'a4', '--bits', 'tiny'], { cwd: folder });
  assert.equal(seen.code, 0, seen.stderr);
  const lines = seen.stdout
    .slice(seen.stdout.indexOf('text:\n') + 6)
    .trimEnd()
    .split('\n');
  assert.equal(lines.length, text(4).split('\n').length);
  for (const line of lines) assert.match(line, /^ +\d+\.\d\d {2}[a-z]+$/);
  const alone = await refine(['inspect', join(folder, 'run-1'), '--bits']);
  assert.equal(alone.code, 2);
});
