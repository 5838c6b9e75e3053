// A small run from JSON lines, and everything a user looks at it with: run, plan, stats, inspect, try. Counts are of the lines
// written here: three English documents (one twice), one French.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Stats } from '../../pipeline/stats.js';
import { refine } from '../support/cli.js';

const english = 'This is a plain English sentence about the weather in the north, which people like to read in the morning.';
const lines = [
  { id: 'a', url: 'https://example.org/a', text: english },
  { id: 'b', url: 'https://example.org/b', text: "Ceci est une phrase en français sur le temps qu'il fait dans le nord, que les gens aiment lire le matin." },
  { id: 'c', url: 'https://example.com/c', text: 'Another English sentence, this time about the sea and the ships that sail on it in the summer months.' },
];

let folder: string;
const manifest = (): string => join(folder, 'm.yaml');
const run = (): string => join(folder, 'out');
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'refine-look-'));
  await writeFile(join(folder, 'docs.jsonl'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  await writeFile(manifest(), 'name: look\nseed: 7\nsource: { jsonl: docs.jsonl }\nsteps:\n  - langid: { keep: [en] }\n  - tokenize\n');
});
after(() => rm(folder, { recursive: true, force: true }));

test('plan lists the input, samples it and touches nothing; run then makes shards and says what to type next', async () => {
  const plan = await refine(['plan', manifest(), '--out', run(), '--json']);
  assert.equal(plan.code, 0, plan.stderr);
  const planned = JSON.parse(plan.stdout) as { inputs: { path: string; state: string }[]; sample: { documents: number; kept: number }; finished: boolean };
  assert.deepEqual(
    planned.inputs.map(({ path, state }) => [path, state]),
    [['docs.jsonl', 'to do']],
  );
  assert.deepEqual([planned.sample.documents, planned.sample.kept, planned.finished], [3, 2, false]);
  assert.ok(!existsSync(run()));

  const result = await refine(['run', manifest(), '--out', run(), '--workers', '1']);
  assert.equal(result.code, 0, result.stderr);
  assert.equal(result.stdout, '');
  assert.match(result.stderr, /refine stats .*out/);
  assert.match(result.stderr, /refine load .*out --seq-len 2048 --batch-size 8/);

  const again = JSON.parse((await refine(['plan', manifest(), '--out', run(), '--json'])).stdout) as { finished: boolean; sample: unknown };
  assert.deepEqual([again.finished, again.sample], [true, null]);
  const other = JSON.parse((await refine(['plan', manifest(), '--out', run(), '--json', '--set', 'langid.min-prob=0.1'])).stdout) as { differs: string };
  assert.equal(other.differs, 'langid.min-prob');
});

test('stats adds up: in = out + drops at every step, records = documents + skips', async () => {
  const stats = JSON.parse((await refine(['stats', run(), '--json'])).stdout) as Stats;
  assert.deepEqual(stats.documents, { in: 3, out: 2 });
  assert.equal(stats.source!.records, 3);
  assert.deepEqual(stats.steps, [
    { step: 'langid', in: 3, out: 2, drops: { 'langid/wrong-language': 1 } },
    { step: 'tokenize', in: 2, out: 2, drops: {} },
  ]);
  assert.deepEqual(stats.langs, { en: 2 });
  assert.deepEqual(stats.hosts, {
    distinct: 2,
    entropy: 1,
    top: [
      { host: 'example.com', documents: 1 },
      { host: 'example.org', documents: 1 },
    ],
  });
  assert.equal(stats.lengths.bytes!.min, Math.min(lines[0]!.text.length, lines[2]!.text.length));
  assert.ok(stats.tokens! > 30 && stats.tokens === stats.lengths.tokens!.mean * 2);
  const text = await refine(['stats', run()]);
  assert.match(text.stdout, /langid\/wrong-language +-1\n/);
  const bare = JSON.parse((await refine(['stats', join(run(), 'text'), '--json'])).stdout) as Stats;
  assert.deepEqual([bare.documents.out, bare.langs, bare.tokens], [2, { en: 2 }, stats.tokens]);
});

test('stats refuses a ledger that does not add up', async () => {
  const copy = join(folder, 'copy');
  await cp(run(), copy, { recursive: true });
  for (const name of await readdir(join(copy, 'ledger'))) {
    const path = join(copy, 'ledger', name);
    await writeFile(path, (await readFile(path, 'utf8')).replace('"langid/wrong-language":1', '"langid/wrong-language":2'));
  }
  const result = await refine(['stats', copy]);
  assert.equal(result.code, 1);
  assert.match(result.stderr, /^ERR_REFINE_LEDGER .*copy {2}.*step "langid" took in 3 documents, but it let out 2 and dropped 2/);
});

test('inspect shows a kept and a dropped document, samples of a reason, and names what it does not find', async () => {
  const kept = (await refine(['inspect', run(), '--doc', 'a'])).stdout;
  assert.match(kept, /^fate +kept$/m);
  assert.ok(kept.includes(english));
  assert.match((await refine(['inspect', run(), '--doc', 'b'])).stdout, /^fate +dropped: langid\/wrong-language$[\s\S]*^ {2}Ceci est une phrase/m);
  const samples = (await refine(['inspect', run(), '--reason', 'langid/wrong-language', '--sample', '3'])).stdout;
  assert.match(samples, /^id +b$/m);
  assert.match((await refine(['inspect', run()])).stdout, /^langid\/wrong-language +1 sampled, such as b$/m);
  assert.match((await refine(['inspect', run(), '--cluster', 'c'])).stdout, /^c {2}kept {2}https:\/\/example\.com\/c$/m);
  const missing = await refine(['inspect', run(), '--doc', 'nobody']);
  assert.deepEqual([missing.code, /no document with id "nobody"/.test(missing.stderr)], [1, true]);
  const unknown = await refine(['inspect', run(), '--reason', 'langid/none']);
  assert.deepEqual([unknown.code, /it has langid\/wrong-language/.test(unknown.stderr)], [2, true]);
  assert.equal((await refine(['inspect', run(), '--doc', 'a', '--cluster', 'a'])).code, 2);
});

test('try prints a line a document in input order, and a file that cannot be read is a line of its own', async () => {
  await writeFile(join(folder, 'page.html'), `<html><body><article><p>${english} ${english}</p><p>${english}</p></article></body></html>`);
  await writeFile(join(folder, 'bytes.txt'), Buffer.concat([Buffer.from(english), Buffer.from([0xff, 0x0a])]));
  const result = await refine(['try', 'langid', '--with', '{"keep": ["en"]}', 'page.html', 'absent.html', 'docs.jsonl', 'bytes.txt', '.'], { cwd: folder });
  assert.equal(result.code, 0, result.stderr);
  const printed = result.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(
    printed.map(({ id, kept, reason }) => [id, kept, reason]),
    [
      ['page', true, null],
      ['absent', false, 'source/not-found'],
      ['a', true, null],
      ['b', false, 'langid/wrong-language'],
      ['c', true, null],
      ['bytes', true, null],
      ['.', false, 'source/is-folder'],
    ],
  );
  assert.match(result.stderr, /"langid" reads text and the input has HTML: running extract first/);
  assert.equal(printed[5]!.text, `${english}\ufffd\n`, 'a .txt is its bytes, with U+FFFD for what is no UTF-8');
  assert.equal(printed[2]!.lang, 'en');
  assert.deepEqual(Object.keys(printed[2]!).slice(0, 5), ['id', 'url', 'kept', 'reason', 'text']);
});

test('try with an unknown step, unknown option or broken JSON is usage', async () => {
  for (const [args, message] of [
    [['langdi', 'docs.jsonl'], /step "langdi" is unknown.*Did you mean "langid"\?/],
    [['langid', '--with', '{"kep": []}', 'docs.jsonl'], /langid\.kep is unknown.*Did you mean "keep"\?/],
    [['langid', '--with', '{"keep"', 'docs.jsonl'], /--with {2}is not JSON/],
    [['langid,tokenize', '--with', '{"lines": {}}', 'docs.jsonl'], /"lines" is none of the steps/],
  ] as const) {
    const result = await refine(['try', ...args], { cwd: folder });
    assert.equal(result.code, 2, args.join(' '));
    assert.match(result.stderr, message);
  }
});

test('a stage of your own, named by its path, runs in the workers and in try', async () => {
  const zod = JSON.stringify(import.meta.resolve('zod'));
  await writeFile(
    join(folder, 'short.js'),
    `import { z } from ${zod};
export const short = {
  kind: 'stage', name: 'short', version: 1, reads: ['text'], writes: [], reasons: ['too-short'], schema: z.strictObject({ least: z.int().default(1) }),
  open: async ({ least }) => ({
    process: async ({ rows, columns: { text } }) => ({ drops: Uint16Array.from({ length: rows }, (_, row) => (text.offsets[row + 1] - text.offsets[row] < least ? 1 : 0)) }),
    close: async () => {},
  }),
};\n`,
  );
  const least = Buffer.byteLength(lines[1]!.text);
  await writeFile(join(folder, 'own.yaml'), `name: own\nsource: { jsonl: docs.jsonl }\nsteps:\n  - ./short.js: { least: ${least} }\n`);
  const kept = lines.filter((line) => Buffer.byteLength(line.text) >= least).length;
  const result = await refine(['run', join(folder, 'own.yaml'), '--out', join(folder, 'own'), '--workers', '1']);
  assert.equal(result.code, 0, result.stderr);
  const stats = JSON.parse((await refine(['stats', join(folder, 'own'), '--json'])).stdout) as Stats;
  assert.deepEqual(stats.steps, [{ step: 'short', in: 3, out: kept, drops: { 'short/too-short': 3 - kept } }]);
  const tried = await refine(['try', './short.js', '--with', `{"least": ${least}}`, 'docs.jsonl'], { cwd: folder });
  assert.equal(tried.stdout.split('"kept":true').length - 1, kept);
});

test('a finished run that lost an entry of its ledger is no smaller run: stats refuses, the same command makes the entry anew', async () => {
  const copy = join(folder, 'copy');
  await cp(run(), copy, { recursive: true });
  const entry = (await readdir(join(copy, 'ledger'))).filter((name) => /^[0-9a-f]{64}\.json$/.test(name)).sort()[0]!;
  await rm(join(copy, 'ledger', entry));
  for (const command of [['stats'], ['report', '-o', join(folder, 'page.html')], ['export', '--format', 'jsonl', '-o', join(folder, 'rows')], ['clean']]) {
    const result = await refine([...command, copy]);
    assert.equal(result.code, 1, `${command[0]} ${result.stderr}`);
    assert.match(result.stderr, /ERR_REFINE_LEDGER .*lacks 1 of the \d+ entries of this finished run/);
  }
  assert.equal((await refine(['run', manifest(), '--out', copy])).code, 0);
  assert.equal((await refine(['stats', copy, '--json'])).stdout, (await refine(['stats', run(), '--json'])).stdout);
});
