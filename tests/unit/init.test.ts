// What `refine init` writes: the real parser takes every combination of answers, and for English pages the steps are the recipe's own.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { packagePath } from '../../native/package-root.js';
import { answersFrom } from '../../pipeline/cli/init.js';
import { manifestText } from '../../pipeline/init/manifest-text.js';
import { type InitAnswers, type InitSource, RECIPES } from '../../pipeline/init/recipes.js';
import { parseManifest } from '../../pipeline/manifest.js';
import { writtenSchema } from '../../pipeline/manifest-schema.js';
import { loadSteps } from '../../pipeline/registry.js';

const steps = await loadSteps();
const places = { sample: 'sample/*.warc.gz', schema: './schema.json', blocked: ['lists/ut1'], curated: 'lists/curated.txt' };
const path = packagePath('manifests', 'made-by-init.yaml'); // never written: paths in the manifest start from its folder
const base: InitAnswers = { name: 'x', source: { kind: 'sample' }, languages: ['en'], recipe: 'refinedweb', tokenizer: 'falcon' };

test('every recipe with every source and choice of languages is a manifest that the parser takes, the same text every time', async () => {
  const sources: InitSource[] = [
    { kind: 'sample' },
    { kind: 'commoncrawl', crawl: 'CC-MAIN-2023-50', files: 3 },
    { kind: 'warc', paths: ['a b/*.warc.gz', "it's, [odd]: #1.warc.gz"] },
    { kind: 'jsonl', paths: ['data/*.jsonl'] },
  ];
  for (const recipe of RECIPES)
    for (const source of sources)
      for (const languages of [['en'], ['de', 'no'], []]) {
        const answers = { ...base, recipe, source, languages };
        const text = manifestText(answers, places, steps);
        const manifest = await parseManifest(text, { path });
        assert.equal(manifest.source.kind, source.kind === 'sample' ? 'warc' : source.kind);
        if (source.kind === 'warc') assert.deepEqual((parse(text) as { source: { warc: unknown } }).source.warc, source.paths);
        assert.equal(manifestText(answers, places, steps), text);
        for (const line of text.split('\n')) assert.ok(line.length <= 130, line);
      }
});

test('for English pages of CommonCrawl the steps are those of the manifest that ships under the recipe’s name', () => {
  for (const recipe of RECIPES.filter((name) => name !== 'minimal')) {
    const shipped = parse(readFileSync(packagePath('manifests', `${recipe}.yaml`), 'utf8')) as { steps: unknown[]; sink: unknown };
    const source: InitSource = { kind: 'commoncrawl', crawl: 'CC-MAIN-2023-50', files: 8 };
    const tokenizer = (shipped.steps.at(-1) as { tokenize: { tokenizer: string } }).tokenize.tokenizer;
    const written = parse(manifestText({ ...base, recipe, source, tokenizer, languages: recipe === 'ccnet' ? [] : ['en'] }, places, steps)) as typeof shipped;
    assert.deepEqual(written.steps, shipped.steps, recipe);
    assert.deepEqual(written.sink, shipped.sink, recipe);
  }
});

test('the comments above a step name every option of it that is no threshold, each with a default', () => {
  const text = manifestText(base, places, steps);
  const used = (parse(text) as { steps: (string | Record<string, unknown>)[] }).steps.map((step) => (typeof step === 'string' ? step : Object.keys(step)[0]!));
  for (const name of new Set(used)) {
    const properties = (writtenSchema(steps.get(name)!.schema).properties ?? {}) as Record<string, { description?: string }>;
    for (const [option, { description }] of Object.entries(properties))
      if (!/overrides the rule set's threshold/.test(description ?? '')) assert.match(text, new RegExp(`^ {4}# ${option} = \\S`, 'm'), `${name}.${option}`);
  }
  assert.match(text, /Thresholds, as refinedweb@paper has them: /);
});

test('the questions take what people type, ask again where it does not fit, and leave out what a flag has said', async () => {
  const said: string[] = [];
  const from = async (options: Parameters<typeof answersFrom>[0], typed: string[]) => {
    const asked: string[] = [];
    const answers = await answersFrom(
      options,
      async (question) => {
        asked.push(question);
        const next = typed.shift();
        if (next === undefined) throw new Error(`asked too often: ${question}`);
        return next;
      },
      (line) => said.push(line),
    );
    assert.deepEqual(typed, [], 'all answers were wanted');
    return { answers, asked };
  };
  assert.deepEqual((await from({}, ['', '', '', ''])).answers, { ...base, name: 'refinedweb' });
  const own = await from({}, ['WARC', 'a.warc.gz b.warc.gz', 'cc', 'xx!', 'de, fr', 'gpt2']);
  assert.deepEqual(own.answers, {
    name: 'ccnet',
    source: { kind: 'warc', paths: ['a.warc.gz', 'b.warc.gz'] },
    languages: ['de', 'fr'],
    recipe: 'ccnet',
    tokenizer: 'gpt2',
  });
  assert.match(said.join('\n'), /languages are codes such as en/);
  const flags = await from({ source: 'commoncrawl', recipe: 'fineweb', tokenizer: 'gpt2' }, ['all', '0', '2']);
  assert.equal(flags.asked.length, 3, 'languages, files, files again');
  assert.deepEqual(flags.answers.source, { kind: 'commoncrawl', crawl: 'CC-MAIN-2023-50', files: 2 });
});
