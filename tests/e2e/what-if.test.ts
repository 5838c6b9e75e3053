// What-if against the truth: what `refine stats --what-if` says of a run is compared with really running the changed manifest.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isValid, valueAt } from '../../native/index.js';
import { readArrow } from '../../pipeline/store.js';
import { parseManifest } from '../../pipeline/manifest.js';
import { readRun } from '../../pipeline/run-folder.js';
import { runManifest } from '../../pipeline/runner.js';
import { ledgerStats } from '../../pipeline/stats.js';
import { type WhatIf, whatIf } from '../../pipeline/what-if.js';
import { promisedBytes, refine } from '../support/cli.js';

const WORDS =
  'the of and that with have be to people house river work letter morning water small green window because always never wrote street about before after garden'.split(
    ' ',
  );
let seed = 7;
const next = (n: number): number => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return Math.floor((seed / 2 ** 32) * n);
};
const GERMAN = 'der die und das nicht haus fluss wasser immer strasse garten morgen klein fenster weil'.split(' ');
const sentence = (german = false): string =>
  Array.from({ length: 4 + next(14) }, () => (german && next(3) > 0 ? GERMAN[next(GERMAN.length)]! : WORDS[next(WORDS.length)]!)).join(' ');

/** Documents of all sorts: repeated lines, bullets, ellipses, short ones, numbers, copies of other documents. */
function documents(count: number): string[] {
  const made: string[] = [];
  for (let i = 0; i < count; i++) {
    if (i > 10 && next(5) === 0) {
      made.push(made[next(i)]!);
      continue;
    }
    const german = next(2) * next(8);
    const lines = Array.from({ length: 3 + next(20) }, () => sentence(german > next(10)));
    const again = next(2) * next(6);
    for (let k = 0; k < again; k++) lines.push(lines[next(lines.length)]!);
    const odd = next(4);
    const shown = lines.map((line, at) =>
      odd === 1 && at % (2 + next(3)) === 0
        ? `- ${line}`
        : odd === 2 && next(3) === 0
          ? `${line}...`
          : odd === 3 && next(3) === 0
            ? line.replace(/\w+/g, () => String(next(999)))
            : line,
    );
    made.push(`${shown.join('\n')}\n`);
  }
  return made;
}

const STEPS = `  - langid: { keep: [en], min-prob: 0.6 }
  - repetition
  - quality
  - rules: { mark: { lengthy: word_count > 150 }, drop: { dense: mean_word_length > 4.62 unless word_count > 170, marked: lengthy == 1 and lang_prob < 0.6 } }
  - lines
`;
let folder: string;
let runs = 0;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'refine-what-if-'));
  const texts = documents(600);
  for (const part of [0, 1])
    writeFileSync(
      join(folder, `in-${part}.jsonl`),
      texts.flatMap((text, i) => (i % 2 === part ? [`${JSON.stringify({ id: `d${i}`, url: `https://h${i % 7}.example/${i}`, text })}\n`] : [])).join(''),
    );
});
after(() => rm(folder, { recursive: true, force: true }));

type Made = { readonly out: string; readonly run: Awaited<ReturnType<typeof readRun>> };
const done = new Map<string, Promise<Made>>();
const made = (steps: string, sets: readonly string[] = [], sink = ''): Promise<Made> => {
  const key = JSON.stringify([steps, sets, sink]);
  const known = done.get(key) ?? make(steps, sets, sink);
  done.set(key, known);
  return known;
};
/** Each comparison is a run of its own: the first ones, all with REFINE_FULL=1. */
const some = <T>(asks: readonly T[], most = 2): readonly T[] => (process.env.REFINE_FULL === '1' ? asks : asks.slice(0, most));

async function make(steps: string, sets: readonly string[], sink: string): Promise<Made> {
  const manifest = await parseManifest(`name: x\nseed: 3\nsource: { jsonl: [in-0.jsonl, in-1.jsonl] }\nsteps:\n${steps}${sink}`, {
    path: join(folder, 'm.yaml'),
    sets,
  });
  const out = join(folder, `run-${runs++}`);
  await runManifest(manifest, { out, workers: 1 });
  return { out, run: await readRun(out) };
}
const truth = async (run: Awaited<ReturnType<typeof readRun>>) => {
  const { documents, steps } = await ledgerStats(run);
  return { ...documents, steps: steps! };
};
const told = ({ in: rowsIn, out, steps }: WhatIf) => ({ in: rowsIn, out, steps });
const unknowns = (found: WhatIf): number => Object.values(found.unknown_after).reduce((sum, n) => sum + n, 0);

/** in = out + drops at every step; what one lets out the next takes in, or it is unknown after it. */
function assertAddsUp(found: WhatIf): void {
  let before = found.in;
  for (const step of found.steps) {
    assert.equal(step.in, before, step.step);
    assert.equal(step.in, step.out + Object.values(step.drops).reduce((sum, n) => sum + n, 0), step.step);
    before = step.out - (found.unknown_after[step.step] ?? 0);
  }
}

test('with what the run had, what-if is what the run did; tighter thresholds are exact, step by step and reason by reason', async () => {
  const { run } = await made(STEPS);
  const ran = await truth(run);
  assert.ok(
    ran.steps.every((step) => Object.keys(step.drops).length > 0),
    `every step drops something: ${JSON.stringify(ran.steps)}`,
  );
  assert.deepEqual(told(await whatIf(run, ['langid.min-prob=0.6', 'repetition.duplicate-line-fraction=0.3'])), ran);
  for (const asks of some([
    ['repetition.duplicate-line-fraction=0.1'],
    ['langid.min-prob=0.7', 'quality.word-count={min: 70}'],
    ['rules.drop.dense=mean_word_length > 4.5', 'quality.alphabetic-word-fraction=0.9'],
    ['rules.drop.more="the" != lang or word_count < 100', 'lines.removed-word-fraction=0.01'],
  ])) {
    const found = await whatIf(run, asks);
    assertAddsUp(found);
    assert.deepEqual(found.unknown_after, {});
    assert.deepEqual(
      told(found),
      await truth(
        (
          await made(
            STEPS,
            asks.map((ask) => ask.replace('"the" != lang', '(lang) != "the"')),
          )
        ).run,
      ),
      asks.join(' '),
    );
  }
});

test('looser thresholds: documents let on have no later columns and are counted after the step that let them on', async () => {
  const { run } = await made(STEPS);
  for (const asks of some([
    ['quality.alphabetic-word-fraction=0.3'],
    ['langid.min-prob=0', 'quality.word-count={min: 70}'],
    ['quality.word-count={min: 20}', 'rules.drop.dense=1 > 2'],
  ])) {
    const found = await whatIf(run, asks);
    assertAddsUp(found);
    assert.ok(unknowns(found) > 0, `${asks.join(' ')}: ${JSON.stringify(await truth(run))}`);
    const really = (await truth((await made(STEPS, asks)).run)).out;
    assert.ok(
      found.out <= really && really <= found.out + unknowns(found),
      `${asks.join(' ')}: ${found.out} <= ${really} <= ${found.out} + ${unknowns(found)}`,
    );
  }
  const last = await whatIf(run, ['lines.removed-word-fraction=0.9']);
  assert.deepEqual(last.unknown_after, {}, 'no step after it can be unknown');
  assert.deepEqual(told(last), await truth((await made(STEPS, ['lines.removed-word-fraction=0.9'])).run));
});

test('a barrier after the change: documents whose cluster loses one are counted, all others are told', async () => {
  const steps = `${STEPS}  - dedupe-exact\n  - quality: { as: quality-last, word-count: { min: 60 } }\n`;
  const { run } = await made(steps);
  assert.ok((await truth(run)).steps[5]!.drops['dedupe-exact/duplicate'] ?? Object.keys((await truth(run)).steps[5]!.drops).length > 0);
  for (const asks of some([
    ['langid.min-prob=0.55'],
    ['quality.word-count={min: 90}'],
    ['quality-last.word-count={min: 90}'],
    ['rules.drop.some=lang_prob < 0.58 and word_count > 100'],
  ])) {
    const found = await whatIf(run, asks);
    assertAddsUp(found);
    const really = (await truth((await made(steps, asks)).run)).out;
    assert.ok(
      found.out <= really && really <= found.out + unknowns(found),
      `${asks.join(' ')}: ${found.out} <= ${really} <= ${found.out} + ${unknowns(found)}`,
    );
    if (asks[0]!.startsWith('quality-last')) assert.deepEqual([found.out, found.unknown_after, found.notes], [really, {}, []]);
  }
});

test('ranks over the run are made again among the documents that still come to the step', async () => {
  const steps = `  - langid: { keep: [en], min-prob: 0.6 }\n  - quality\n  - rules: { drop: { longest: rank(word_count) >= 0.9, unsure: "quantile(lang_prob, 10) == 0" } }\n`;
  const { run } = await made(steps);
  for (const asks of some([
    ['quality.word-count={min: 80}'],
    ['rules.drop.longest=rank(word_count) >= 0.7'],
    ['langid.min-prob=0.6', 'rules.drop.short=rank(mean_word_length) < 0.2'],
  ])) {
    const found = await whatIf(run, asks);
    assertAddsUp(found);
    assert.deepEqual(told(found), await truth((await made(steps, asks)).run), asks.join(' '));
  }
  const looser = await whatIf(run, ['quality.word-count={min: 20}']);
  assertAddsUp(looser);
  assert.match(looser.notes.join(), /rules: decides by ranks over the documents that come to it, and these are not all known\./);
});

test('what cannot be asked is refused with what can, and --json gains what_if', async () => {
  const { run, out } = await made(`${STEPS}  - dedupe-exact\n`);
  const refused = async (ask: string): Promise<string> => {
    try {
      await whatIf(run, [ask]);
    } catch (error) {
      return (error as Error).message;
    }
    return 'answered';
  };
  assert.match(
    await refused('repetion.duplicate-line-fraction=0.1'),
    /names "repetion", which is no step of this run; expected langid, repetition, quality, rules, lines\. Did you mean "repetition"\?/,
  );
  assert.match(
    await refused('quality.stop-words=[der]'),
    /quality\.stop-words changes more than decisions|quality has no option "stop-words" that moves decisions/,
  );
  assert.match(
    await refused('quality.rules=c4'),
    /quality\.rules changes more than decisions: what the step writes would be another; expected one of .* Change the manifest and run again\./,
  );
  assert.match(await refused('quality.word-counts={min: 2}'), /quality has no option "word-counts" that moves decisions; .* Did you mean "word-count"\?/);
  assert.match(await refused('repetition.duplicate-line-fraction=25'), /25 is impossible for duplicate-line-fraction, which is a fraction from 0 to 1/);
  assert.match(await refused('dedupe-exact.keep=first'), /step "dedupe-exact" does not decide by numbers that features\/ holds/);
  assert.match(await refused('rules.drop.dense=word_count >'), /rules\.drop\.dense: column 13: found the end/);
  assert.match(await refused('rules.drop.dense=wordcount > 5'), /step "rules" would decide by column "wordcount", which features\/ of this run does not hold/);
  assert.match(await refused('quality'), /has no "="/);
  const json = await refine(['stats', out, '--json', '--what-if', 'langid.min-prob=0.9', '--what-if', 'quality.word-count={min: 60}']);
  assert.equal(json.code, 0, json.stderr);
  const { what_if: found, steps } = JSON.parse(json.stdout) as { what_if: WhatIf; steps: unknown[] };
  assert.deepEqual([found.asked, steps.length], [['langid.min-prob=0.9', 'quality.word-count={min: 60}'], 6]);
  assertAddsUp(found);
  const text = await refine(['stats', out, '--what-if', 'langid.min-prob=0.9']);
  assert.match(text.stdout, /^what if {3}langid\.min-prob=0\.9\n {2}step +kept +would keep/);
  const wrong = await refine(['stats', out, '--what-if', 'langid.min-prob=9']);
  assert.deepEqual([wrong.code, wrong.stdout], [2, '']);
});

test('with features: all, looser thresholds are told exactly, and text and samples are as without', async () => {
  const steps = `${STEPS}  - quality: { as: quality-last, word-count: { min: 60 } }\n`;
  const { out: plain, run: ran } = await made(steps);
  const { out, run } = await made(steps, [], 'sink: { features: all }\n');
  const bytes = (run: string) => Object.fromEntries(Object.entries(promisedBytes(run)).filter(([name]) => !name.startsWith('features/')));
  assert.deepEqual(bytes(out), bytes(plain));
  assert.deepEqual(await truth(run), await truth(ran));
  for (const asks of some([
    ['repetition.duplicate-5-gram-fraction=0.9'],
    ['langid.min-prob=0', 'quality.word-count={min: 70}', 'rules.drop.dense=1 > 2'],
    ['langid.keep=[en, de]', 'lines.removed-word-fraction=0.01'],
  ])) {
    const found = await whatIf(run, asks);
    assertAddsUp(found);
    assert.deepEqual([told(found), found.unknown_after], [await truth((await made(steps, asks)).run), {}], asks.join(' '));
  }
});

test('features: all follows documents past barriers and orders over the run', async () => {
  const steps = `  - langid: { keep: [en], min-prob: 0.6 }\n  - repetition\n  - dedupe-exact\n  - quality\n  - rules: { drop: { longest: rank(word_count) >= 0.9 } }\n  - lines\n`;
  const { out: plain, run: ran } = await made(steps);
  const { out, run } = await made(steps, [], 'sink: { features: all }\n');
  const bytes = (run: string) => Object.fromEntries(Object.entries(promisedBytes(run)).filter(([name]) => !name.startsWith('features/')));
  assert.deepEqual([bytes(out), await truth(run)], [bytes(plain), await truth(ran)]);
  let dropped = 0;
  for (const shard of run.features) {
    for await (const { rows, columns } of readArrow(join(out, shard.path))) {
      for (let row = 0; row < rows; row++) {
        if (isValid(columns.step!, row)) dropped++;
        for (const name of ['lang', 'duplicate_line_fraction', 'word_count', 'removed_word_fraction']) {
          assert.ok(isValid(columns[name]!, row) || name === 'removed_word_fraction', `${name} of row ${row}, which ${valueAt(columns.step!, row)} dropped`);
        }
        assert.ok(isValid(columns.step!, row) || isValid(columns.word_count_rank!, row));
      }
    }
  }
  assert.equal(dropped, (await truth(run)).in - (await truth(run)).out);
  const found = await whatIf(run, ['lines.removed-word-fraction=0.9']);
  assert.deepEqual([told(found), found.unknown_after], [await truth((await made(steps, ['lines.removed-word-fraction=0.9'])).run), {}]);
});
