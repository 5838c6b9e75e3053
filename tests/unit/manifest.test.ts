// Manifests: every mistake with its place and fix, YAML's hazards, `--set`. Messages are reviewed goldens, positions counted by hand.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { packagePath } from '../../native/package-root.js';
import { loadManifest, ManifestErrors, parseManifest } from '../../pipeline/manifest.js';
import { formatPlace } from '../../pipeline/manifest-source-map.js';
import type { RefineError } from '../../native/errors.js';
import type { Manifest } from '../../pipeline/types.js';
import type { AnyStep } from '../../stages/contract/stage.js';
import { z } from 'zod';
import { fakeSteps } from '../support/fake-steps.js';

const GOOD = `name: small
seed: 7
source: { warc: [b.warc.gz, a.warc.gz] }
steps:
  - extract
  - langid: { keep: [en] }
  - dedupe-exact
  - tokenize
`;

/** Keeps half of the documents by their order over the run. */
const bestHalf: AnyStep = {
  kind: 'stage',
  name: 'best-half',
  version: 1,
  reasons: ['bad'],
  reads: [],
  writes: ['own'],
  schema: z.strictObject({ column: z.string().default('own') }),
  ranks: (options: { column: string }) => [{ name: 'half', column: options.column, scored: options.column === 'own' }],
  open: async () => ({ process: async () => ({}), close: async () => {} }),
};

const parse = (text: string, ...sets: string[]): Promise<Manifest> => {
  const registry = text.includes(bestHalf.name) ? new Map([...fakeSteps, [bestHalf.name, bestHalf]]) : fakeSteps;
  return parseManifest(text, { path: 'm.yaml', registry, sets });
};

async function problems(text: string, ...sets: string[]): Promise<string[]> {
  try {
    await parse(text, ...sets);
  } catch (error) {
    if (error instanceof ManifestErrors) return error.problems.map((problem) => `${formatPlace(problem.place)}  ${problem.message}`);
    throw error;
  }
  return [];
}

const withSteps = (...steps: string[]): string => `name: x\nsource: { warc: a.warc }\nsteps:\n${steps.map((step) => `  - ${step}\n`).join('')}`;

test('a typo in every line gives one error a typo, each with line, column and the likely fix', async () => {
  const path = 'tests/golden/manifest/typo-in-every-line.yaml';
  const text = readFileSync(packagePath(path), 'utf8');
  const expected = readFileSync(packagePath('tests/golden/manifest/typo-in-every-line.expected.txt'), 'utf8');
  await assert.rejects(parseManifest(text, { path, registry: fakeSteps }), (error: RefineError) => {
    assert.equal(`${error.format()}\n`, expected);
    return true;
  });
  const lines = new Set(
    expected
      .trim()
      .split('\n')
      .map((line) => Number(line.split(':')[1])),
  );
  assert.equal(lines.size, text.trim().split('\n').length, 'every line has its error');
});

test('a good manifest has its defaults filled, and resolves alike for files listed in reverse', async () => {
  const manifest = await parse(GOOD);
  assert.equal(manifest.seed, 7n);
  assert.deepEqual(manifest.sink, { tokens: { perShard: 100_000_000 }, text: { keep: true }, samplesPerReason: 20 });
  assert.deepEqual(
    manifest.steps.map((step) => step.name),
    ['extract', 'langid', 'dedupe-exact', 'tokenize'],
  );
  assert.deepEqual(manifest.steps[0]!.options, { mode: 'balanced', maxBytes: 16777216, timeoutMs: 30000, tables: true });
  const reversed = await parse(GOOD.replace('[b.warc.gz, a.warc.gz]', '[a.warc.gz, b.warc.gz]'));
  assert.deepEqual(reversed.resolved, manifest.resolved);
  assert.ok(!JSON.stringify(manifest.resolved).includes(process.cwd()), 'no machine path');
});

test('seeds keep all 64 bits, and one above is refused', async () => {
  const seedOf = async (seed: string) => (await parse(GOOD.replace('seed: 7', `seed: ${seed}`))).seed;
  assert.equal(await seedOf('18446744073709551615'), 0xffff_ffff_ffff_ffffn);
  assert.equal(await seedOf('9007199254740993'), 9007199254740993n);
  assert.equal(await seedOf('9007199254740992'), 9007199254740992n);
  assert.equal(await seedOf('0x10'), 16n);
  assert.match((await problems(GOOD.replace('seed: 7', 'seed: 18446744073709551616')))[0]!, /^m\.yaml:2:7 {2}seed is 18446744073709551616; expected/);
  assert.match((await problems(GOOD.replace('seed: 7', 'seed: 1.5')))[0]!, /^m\.yaml:2:7 {2}seed is 1\.5; expected/);
});

test('the country code no is a word, as YAML 1.2 has it, and a directive for 1.1 is refused', async () => {
  const text = GOOD.replace('[en]', '[no]');
  assert.deepEqual((await parse(text)).steps[1]!.options, { keep: ['no'], 'min-prob': 0 });
  assert.match((await problems(`%YAML 1.1\n---\n${text}`))[0]!, /asks for 1\.1; manifests are YAML 1\.2/);
});

test('a tab, a duplicate key, a second document and an unclosed bracket are told with their place', async () => {
  assert.match((await problems('name: x\nsource:\n\twarc: a\n')).join('\n'), /^m\.yaml:3:1 {2}a tab indents this line/);
  assert.deepEqual(await problems(`${GOOD}name: again\n`), ['m.yaml:9:1  this key stands twice in one mapping. Keep one of them.']);
  assert.match((await problems(`${GOOD}---\nname: y\n`))[0]!, /^m\.yaml:9:1 {2}a second YAML document begins here/);
  assert.match((await problems('name: x\nsteps: [extract\n'))[0]!, /^m\.yaml:\d+:\d+ {2}not YAML 1\.2: /);
});

test('anchors serve, and a bomb of them is refused after counting, not after filling memory', async () => {
  const shared = 'name: x\nsource: { warc: a }\nsteps:\n  - extract\n  - langid: { keep: &k [en] }\n  - langid: { as: second, keep: *k }\n';
  assert.deepEqual((await parse(shared)).steps[2]!.options, { keep: ['en'], 'min-prob': 0 });
  let bomb = 'a: &a [x, x, x, x, x, x, x, x, x]\n';
  for (const [before, name] of ['ab', 'bc', 'cd', 'de', 'ef', 'fg', 'gh', 'hi'].map((pair) => [...pair]))
    bomb += `${name}: &${name} [${Array(9).fill(`*${before}`).join(', ')}]\n`;
  assert.match((await problems(bomb)).at(-1)!, /more than 20000 values once its aliases are filled in/);
  assert.match((await problems('a: &a [*a]\n')).at(-1)!, /m\.yaml:1:\d+ {2}/);
  assert.match((await problems(`name: ${'['.repeat(5000)}${']'.repeat(5000)}`)).at(-1)!, /nested/);
});

test('a key __proto__ is an unknown key like any other', async () => {
  assert.match((await problems(`${GOOD}__proto__: { polluted: true }\n`))[0]!, /^m\.yaml:9:1 {2}"__proto__" is unknown/);
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
});

test('an empty file, a list, and a file without steps are each one plain problem', async () => {
  assert.deepEqual(await problems(''), ['m.yaml:1:1  the manifest is empty; expected a mapping with name, seed, source, steps, sink, spill, isa, executor.']);
  assert.deepEqual(await problems('- a\n'), [
    'm.yaml:1:1  the manifest is a list; expected a mapping with name, seed, source, steps, sink, spill, isa, executor.',
  ]);
  assert.deepEqual(await problems('name: x\nsource: { warc: a }\n'), ['m.yaml:1:1  steps is missing; expected a list of steps. Add it.']);
  assert.deepEqual(await problems('name: x\nsource: { warc: a }\nsteps: []\n'), [
    'm.yaml:3:8  steps is empty; expected a list with a step on each line, such as "- extract".',
  ]);
});

test('a step that reads a column before it is written is told which step to add or move', async () => {
  assert.deepEqual(await problems(withSteps('langid', 'extract')), [
    'm.yaml:4:5  step "langid" reads column "text", which no earlier step writes (they write: url, html). Move "extract" before it.',
  ]);
  assert.deepEqual(await problems(withSteps('extract', 'quality')), [
    'm.yaml:5:5  step "quality" reads column "lang", which no earlier step writes (they write: url, text, title). Add "langid" before it.',
  ]);
  assert.deepEqual(await problems(withSteps('extract', 'extract: { as: again }')), [
    'm.yaml:5:5  step "again" reads column "html", which does not go past "extract". Put "again" before "extract".',
  ]);
  assert.deepEqual(await problems('name: x\nsource: { jsonl: a.jsonl }\nsteps:\n  - dedupe-exact\n  - tokenize\n'), []);
  assert.deepEqual(await problems('name: x\nsource: { run: runs/a }\nsteps: [quality]\n'), []);
  assert.match((await problems('name: x\nsource: { run: runs/a }\nsteps: [extract]\n'))[0]!, /"html", which does not go past a run folder/);
});

test('a barrier after tokenize, tokens that nobody writes, and a run that would write nothing are refused', async () => {
  assert.match(
    (await problems(withSteps('extract', 'tokenize', 'dedupe-exact')))[0]!,
    /^m\.yaml:6:5 {2}step "dedupe-exact" needs every document, so it cannot follow "tokenize"/,
  );
  assert.match(
    (await problems(`${withSteps('extract')}sink: { tokens: { per-shard: 10 } }\n`))[0]!,
    /^m\.yaml:5:9 {2}sink\.tokens is set, but no step writes tokens/,
  );
  assert.match(
    (await problems(`${withSteps('extract')}sink: { text: { keep: false } }\n`))[0]!,
    /^m\.yaml:5:9 {2}sink\.text\.keep is false and no step writes tokens/,
  );
});

test('a step that orders the run needs the column it ranks before it, no tokens, and ends what stays in the map phase', async () => {
  assert.deepEqual(await problems(withSteps('extract', 'best-half', 'tokenize')), []);
  assert.deepEqual(await problems(withSteps('extract', 'langid', 'best-half: { column: lang_prob }')), []);
  assert.deepEqual(await problems(withSteps('extract', 'best-half: { column: lang_prob }')), [
    'm.yaml:5:5  step "best-half" reads column "lang_prob", which no earlier step writes (they write: url, text, title). Add "langid" before it.',
  ]);
  assert.match((await problems(withSteps('extract', 'tokenize', 'best-half')))[0]!, /step "best-half" needs every document, so it cannot follow "tokenize"/);
  assert.match((await problems(withSteps('best-half', 'extract')))[0]!, /step "extract" reads column "html", which does not go past "best-half"/);
});

test('a step used twice needs a name of its own, which --set then addresses', async () => {
  assert.deepEqual(await problems(withSteps('extract', 'langid', 'langid')), [
    'm.yaml:6:5  step "langid" stands twice (first at line 5). Give this one a name of its own: - langid: { as: langid-2 }',
  ]);
  const manifest = await parse(withSteps('extract', 'langid', 'langid: { as: strict }'), 'strict.min-prob=0.9', 'langid.keep=[de]');
  assert.deepEqual(manifest.steps.map((step) => [step.name, step.options]).slice(1), [
    ['langid', { keep: ['de'], 'min-prob': 0 }],
    ['strict', { keep: [], 'min-prob': 0.9 }],
  ]);
  assert.match((await problems(withSteps('extract: { as: langid }')))[0]!, /^m\.yaml:4:20 {2}extract\.as is "langid", which is the name of another step/);
});

test('options beside a step instead of below it are explained', async () => {
  assert.deepEqual(await problems('name: x\nsource: { warc: a }\nsteps:\n  - extract:\n    mode: all\n'), [
    'm.yaml:5:5  a step is one key with options, but "mode" stands beside "extract". Options go one level deeper: - extract: { mode: ... }',
  ]);
});

test('--set writes options and paths of the manifest, in the order given', async () => {
  const manifest = await parse(GOOD, 'seed=8', 'langid.min-prob=0.5', 'sink.tokens.per-shard=1000', 'extract.max-size=1KiB', 'source.warc=[c.warc]', 'seed=9');
  assert.equal(manifest.seed, 9n);
  assert.deepEqual(manifest.steps[1]!.options, { keep: ['en'], 'min-prob': 0.5 });
  assert.equal(manifest.sink.tokens.perShard, 1000);
  assert.equal((manifest.steps[0]!.options as { maxBytes: number }).maxBytes, 1024);
  assert.deepEqual(manifest.source, { kind: 'warc', paths: ['c.warc'] });
});

test('a --set that cannot be read, or names nothing, is a mistake of usage; so is a value that does not fit', async () => {
  for (const set of ['seed', '=1', 'langid..x=1', 'langid.keep=[en', 'langid=1', 'steps.0=extract']) {
    await assert.rejects(parse(GOOD, set), (error: RefineError) => error.code === 'ERR_REFINE_USAGE' && error.format().includes(`--set ${set}`), set);
  }
  await assert.rejects(parse(GOOD, 'langdi.keep=[en]'), (error: RefineError) => {
    assert.equal(error.code, 'ERR_REFINE_USAGE');
    assert.match(error.format(), /--set langdi\.keep=\[en\] {2}names "langdi".*Did you mean "langid"\?$/);
    return true;
  });
  assert.deepEqual(await problems(GOOD, 'langid.min-prob=2'), ['--set langid.min-prob=2  langid.min-prob is 2; expected at most 1.']);
});

test('a stage of your own is loaded from its path, and its bytes belong to what identifies the run', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'refine-manifest-'));
  try {
    const zod = JSON.stringify(import.meta.resolve('zod'));
    const code = `import { z } from ${zod};
export const shout = { kind: 'stage', name: 'shout', version: 1, reads: ['text'], writes: ['text'], reasons: [],
  schema: z.strictObject({ loud: z.boolean().default(true) }), open: async () => ({ process: async () => ({}), close: async () => {} }) };\n`;
    await writeFile(join(folder, 'shout.js'), code);
    await writeFile(join(folder, 'none.js'), 'export const nothing = 1;\n');
    const path = join(folder, 'm.yaml');
    await writeFile(path, 'name: x\nsource: { jsonl: a.jsonl }\nsteps:\n  - ./shout.js: { loud: false }\n');
    const manifest = await loadManifest(path, { registry: fakeSteps });
    assert.equal(manifest.steps[0]!.name, 'shout');
    assert.deepEqual(manifest.steps[0]!.options, { loud: false });
    const env = { seed: 0n, baseDir: folder, device: 'cpu' } as const;
    assert.deepEqual(manifest.steps[0]!.stage.assets!({}, env), [join(folder, 'shout.js')]);
    assert.ok(!JSON.stringify(manifest.resolved).includes(folder));
    await writeFile(path, 'name: x\nsource: { jsonl: a.jsonl }\nsteps:\n  - ./none.js\n  - ./absent.js\n  - ./shout.js: { lod: false }\n');
    await assert.rejects(loadManifest(path, { registry: fakeSteps }), (error: RefineError) => {
      const lines = error
        .format()
        .split('\n')
        .map((line) => line.slice(line.indexOf('m.yaml')));
      assert.match(lines[0]!, /^m\.yaml:4:5 {2}step "\.\/none\.js" exports no Stage \(found: nothing\)/);
      assert.match(lines[1]!, /^m\.yaml:5:5 {2}step "\.\/absent\.js" does not exist/);
      assert.match(lines[2]!, /^m\.yaml:6:19 {2}shout\.lod is unknown; expected loud\. Did you mean "loud"\?/);
      return true;
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a manifest that is absent, a folder, binary or huge is refused by name with the next move', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'refine-manifest-'));
  try {
    const file = join(folder, 'm.yaml');
    await writeFile(file, new Uint8Array([0xff, 0xfe, 0x00]));
    for (const [path, message] of [
      [join(folder, 'absent.yaml'), /does not exist/],
      [folder, /is a folder/],
      [file, /is not UTF-8/],
    ] as const) {
      await assert.rejects(
        loadManifest(path, { registry: fakeSteps }),
        (error: RefineError) => error.code === 'ERR_REFINE_MANIFEST' && error.place === path && message.test(error.message),
      );
    }
    await writeFile(file, ' '.repeat(1024 * 1024 + 1));
    await assert.rejects(loadManifest(file, { registry: fakeSteps }), /this is no manifest/);
  } finally {
    await rm(folder, { recursive: true });
  }
});
