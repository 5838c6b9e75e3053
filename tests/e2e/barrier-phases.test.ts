// Barriers as phases of tasks: killed at every kind of phase, over any partitions and groups, with their files gone once they are
// read. Expectations: the undisturbed run, and a slow reference for texts that a barrier edits.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { documentAt, fixedColumn, utf8Column } from '../../native/batch.js';
import { Ledger } from '../../pipeline/ledger.js';
import { readRun } from '../../pipeline/run-folder.js';
import { summaryText } from '../../pipeline/run-summary.js';
import { runManifest } from '../../pipeline/runner.js';
import { collectStats } from '../../pipeline/stats.js';
import { readArrow } from '../../pipeline/store.js';
import { Trial } from '../../pipeline/trial.js';
import { randomFrom } from '../support/random.js';
import { wordSpans } from '../support/runner-barriers.js';
import { type Doc, finalBytes, leftovers, manifestOf, runOptions, type StepText, writeCorpus } from '../support/runner-world.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-phases-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const input = join(folder, 'in');
const parent = fileURLToPath(new URL('../support/runner-parent.js', import.meta.url));

/** Verdicts, then edits, then a barrier that sees the edited texts. */
const STEPS: readonly StepText[] = [
  'words',
  'same-url',
  'near-text',
  'cut-words',
  ['near-text', {}, 'near-again'],
  ['words', { 'min-words': 2 }, 'words-again'],
  'bytes',
];
const documents = stories(3, 40);
const paths = writeCorpus(input, documents);
const manifest = manifestOf(input, paths, STEPS);

/** Texts of long and short words; some share an URL, a beginning, an end or a long word with one before, some have spam. */
function stories(files: number, each: number): Map<string, Doc[]> {
  const random = randomFrom(21);
  const long = (): string => `word${1000 + random(2000)}`;
  const short = (): string => ['sea', 'sky', 'sun', 'fog', 'oak', 'elm', 'ice', 'ash'][random(8)]!;
  const all: Doc[] = [];
  return new Map(
    Array.from({ length: files }, (_, file) => {
      const docs = Array.from({ length: each }, (_, i): Doc => {
        const words = Array.from({ length: 2 + random(10) }, () => (random(3) === 0 ? short() : long()));
        const earlier = all.length === 0 ? null : all[random(all.length)]!;
        const other = earlier?.text.split(' ') ?? [];
        const kind = random(8);
        if (kind === 0) words.splice(0, 2, ...other.slice(0, 2));
        if (kind === 1) words.splice(-2, 2, ...other.slice(-2));
        if (kind === 2) words.splice(0, words.length, ...other.filter((word) => word.length >= 5).slice(1, -1), other[0] ?? 'none');
        if (random(20) === 0) words.push('spam');
        const url = kind === 3 && earlier !== null ? earlier.url : `http://h${random(5)}.example/${file}-${i}`;
        const doc = { id: `f${file}-${i}`, url, text: words.join(' ') };
        all.push(doc);
        return doc;
      });
      return [`in-0${file}.jsonl`, docs] as const;
    }),
  );
}
let expected: Record<string, string> = {};
const undisturbed = join(folder, 'undisturbed');

before(async () => {
  await runManifest(manifest, runOptions(undisturbed));
  expected = finalBytes(undisturbed);
});

async function rowsOf(path: string): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = [];
  for await (const batch of readArrow(path)) for (let row = 0; row < batch.rows; row++) rows.push(documentAt(batch, row));
  return rows;
}

const scratchOf = (out: string): string[] =>
  (readdirSync(join(out, 'scratch'), { recursive: true, withFileTypes: true }) as unknown as { name: string; parentPath: string; isFile(): boolean }[])
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(out.length + 1))
    .sort();

/** Not gone, and not a dead process that nobody waited for. */
function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** It kills its parent first, so the parent's end may be seen before its own. */
async function ends(pid: number): Promise<boolean> {
  for (let tries = 0; alive(pid) && tries < 200; tries++) await new Promise((resolve) => setTimeout(resolve, 50));
  return !alive(pid);
}

/** Half of them, and all where REFINE_FULL says so: each is some five processes. */
const PHASES = [
  'words-map',
  'groups',
  'decide',
  'gather-edits',
  ...(process.env.REFINE_FULL === undefined ? [] : ['fresh', 'clusters', 'kept-ids', 'gather', 'repeats']),
];

for (const phase of PHASES) {
  test(`the whole run killed while "${phase}" puts its files in place: the resumed one ends with the same bytes and keeps what was done`, async () => {
    const out = join(folder, `kill-${phase}`);
    const note = join(folder, `kill-${phase}.note`);
    const match = phase === 'words-map' ? 'near-text\\.keys$' : `/${phase}/`;
    const run = (fault: object | null): Promise<number | null> => {
      const env = { ...process.env, ...(fault === null ? {} : { REFINE_TEST_FAULT: JSON.stringify(fault) }) };
      const child = spawn(process.execPath, [parent, JSON.stringify({ folder: input, paths, steps: STEPS, out })], { env, stdio: 'ignore' });
      return new Promise((resolve) => child.on('close', resolve));
    };
    assert.equal(await run({ moment: 'after-rename', at: 1, note, match, whom: 'parent' }), null, 'it was killed');
    assert.ok(await ends(Number(readFileSync(note, 'utf8'))), 'the worker that killed its parent is gone too');
    const before = await new Ledger(out).tasks();
    const summary = await runManifest(manifest, runOptions(out));
    assert.deepEqual(finalBytes(out), expected);
    assert.deepEqual(leftovers(out), []);
    assert.equal(summary.tasks.reused, before.size, 'what the ledger had was not done again');
    assert.deepEqual(
      scratchOf(out).map((path) => path.replace(/[0-9a-f]{20}/, '')),
      scratchOf(undisturbed).map((path) => path.replace(/[0-9a-f]{20}/, '')),
    );
  });
}

test('bytes are the same for 1 and 4 workers, 1 and 7 partitions and inputs in reverse', async () => {
  const variants = { one: { workers: 1, partitions: 1 }, four: { workers: 4, partitions: 7 } };
  for (const [name, options] of Object.entries(variants)) {
    await runManifest(manifestOf(input, [...paths].reverse(), STEPS), runOptions(join(folder, name), options));
    assert.deepEqual(finalBytes(join(folder, name)), expected, name);
  }
});

test('texts lose every long word that an earlier kept text has, and what the edits drop is counted under the barrier', async () => {
  const out = join(folder, 'edits');
  const summary = await runManifest(manifestOf(input, paths, ['words', 'same-url', 'cut-words', 'bytes']), runOptions(out));
  const urls = new Set<string>();
  const words = new Set<string>();
  const kept: (readonly [string, string, number])[] = [];
  let gone = 0;
  for (const doc of [...documents.values()].flat() as Doc[]) {
    if (doc.text.split(/\s+/).filter((word) => word !== '').length < 3 || doc.text.includes('spam') || urls.has(doc.url)) continue;
    urls.add(doc.url);
    let text = doc.text;
    let bytes = 0;
    for (const { word, start, end } of wordSpans(doc.text).reverse()) {
      // the first of a text's own repetitions stays, so look at what stands before
      if (!words.has(word) && wordSpans(doc.text).find((one) => one.word === word)!.start === start) continue;
      text = text.slice(0, start) + text.slice(end); // the corpus is ASCII
      bytes += end - start;
    }
    for (const { word } of wordSpans(doc.text)) words.add(word);
    if (bytes > 0 && text.trim() === '') gone++;
    else kept.push([doc.id, text, bytes]);
  }
  const text = (await Promise.all(readdirSync(join(out, 'text')).map((name) => rowsOf(join(out, 'text', name))))).flat();
  assert.deepEqual(
    text.map((row) => [row.id, row.text, row.cut_bytes]),
    kept,
  );
  const counted = summary.steps.find(({ step }) => step === 'cut-words')!;
  assert.ok(gone > 0, 'the corpus has texts of which nothing is left');
  assert.deepEqual(counted.drops, { 'cut-words/nothing-left': gone });
  assert.equal(counted.in, counted.out + gone);
  assert.equal((await rowsOf(join(out, 'samples', 'cut-words.arrow'))).length, Math.min(5, gone));
});

test('files are removed once their last reader is done, a resume does not miss them, and a lost final file brings back only what it needs', async () => {
  const out = join(folder, 'consumed');
  const here = join(folder, 'consumed-in');
  const mine = manifestOf(here, writeCorpus(here, documents), STEPS);
  let meanwhile: string[] = [];
  await runManifest(
    mine,
    runOptions(out, {
      progress: (event) => {
        if (event.type === 'phase' && /^near-text .* decide$/.test(event.name)) meanwhile = scratchOf(out);
      },
    }),
  );
  assert.ok(
    meanwhile.some((path) => path.includes('/clusters/')),
    'what the phase reads is there',
  );
  assert.deepEqual(
    meanwhile.filter((path) => /near-text\.keys$|near-text\/(fresh\/.*keys|groups\/.*edges)$/.test(path)),
    [],
    'what was read is gone at once',
  );
  const roles = new Set(scratchOf(out).map((path) => path.replace(/^scratch\//, '').replace(/[0-9a-f]{20}\.|-\d{6}/g, '')));
  for (const consumed of [
    'map-0/near-text.keys',
    'near-text/fresh/keys',
    'near-text/groups/edges',
    'near-text/clusters/verdicts',
    'near-text/decide/decided',
    'near-text/kept-ids/ids',
  ])
    assert.ok(!roles.has(consumed), `${consumed} is gone`);
  for (const kept of ['near-text/groups/evidence', 'near-text/gather/verdicts', 'cut-words/gather-edits/edits', 'map-0/arrow'])
    assert.ok(roles.has(kept), `${kept} is there`);
  assert.ok(![...roles].some((role) => role.endsWith('files.json')), 'the lists are gone');
  assert.equal((await runManifest(mine, runOptions(out))).tasks.ran, 0);
  unlinkSync(join(out, 'text', '000001.arrow'));
  assert.equal((await runManifest(mine, runOptions(out))).tasks.ran, 1);
  assert.deepEqual(finalBytes(out), expected);

  for (const path of scratchOf(out).filter((one) => one.endsWith('.verdicts') || one.endsWith('.edits'))) unlinkSync(join(out, path));
  unlinkSync(join(out, 'text', '000001.arrow'));
  const before = scratchOf(out);
  for (const path of paths) unlinkSync(join(here, path)); // what the barriers' maps wrote comes from the documents, not from the source
  const again = await runManifest(mine, runOptions(out));
  assert.ok(again.tasks.ran > 10, `${again.tasks.ran} tasks: the barrier was made again`);
  assert.deepEqual(finalBytes(out), expected);
  assert.equal((await runManifest(mine, runOptions(out))).tasks.ran, 0);
  assert.deepEqual(
    scratchOf(out)
      .filter((path) => !before.includes(path))
      .map((path) => path.replace(/.*\./, ''))
      .filter((role) => role !== 'verdicts' && role !== 'edits'),
    [],
    'and is gone again',
  );
});

test('another option of a barrier with --update gives what a fresh run gives; another spill does too, and drops the same documents', async () => {
  const out = join(folder, 'update');
  await runManifest(manifest, runOptions(out));
  const steps = STEPS.map((step): StepText => (step === 'near-text' ? ['near-text', { keep: 'last' }] : step));
  await runManifest(manifestOf(input, paths, steps), runOptions(out, { update: true }));
  await runManifest(manifestOf(input, paths, steps), runOptions(join(folder, 'fresh')));
  assert.deepEqual(finalBytes(out), finalBytes(join(folder, 'fresh')));
  assert.notDeepEqual(finalBytes(out), expected);
  await runManifest({ ...manifest, spillBytes: 1 }, runOptions(join(folder, 'spill')));
  assert.deepEqual(finalBytes(join(folder, 'spill')), expected);
});

test('an input that fails after the barriers is left out, and they decide again without it', async () => {
  const trouble = (id: string): StepText[] => [...STEPS.slice(0, 4), ['trouble', { 'refuse-at': id }], ...STEPS.slice(4)];
  const survivor = (await rowsOf(join(undisturbed, 'text', '000001.arrow')))[0]!.id as string;
  const out = join(folder, 'failed');
  const summary = await runManifest(manifestOf(input, paths, trouble(survivor)), runOptions(out, { allowFailed: 1 }));
  assert.deepEqual(
    summary.failed.map((one) => one.input),
    ['in-01.jsonl'],
  );
  const less = [paths[0]!, paths[2]!];
  await runManifest(manifestOf(input, less, trouble('nobody')), runOptions(join(folder, 'without')));
  const textOf = async (run: string): Promise<unknown[]> =>
    (await Promise.all(readdirSync(join(run, 'text')).map((name) => rowsOf(join(run, 'text', name)))))
      .flat()
      .map(({ id, text, cluster_size }) => [id, text, cluster_size]);
  assert.deepEqual(await textOf(out), await textOf(join(folder, 'without')));
});

test('features: all leaves the final documents as they are and measures those that barriers dropped', async () => {
  const out = join(folder, 'all');
  await runManifest(manifestOf(input, paths, STEPS, { features: 'all' }), runOptions(out));
  const of = (files: Record<string, string>): object => Object.fromEntries(Object.entries(files).filter(([name]) => !name.startsWith('features/')));
  assert.deepEqual(of(finalBytes(out)), of(expected));
  const rows = await rowsOf(join(out, 'features', '000002.arrow'));
  for (const barrier of ['same-url', 'near-text', 'cut-words', 'near-again']) {
    const dropped = rows.filter((row) => row.step === barrier);
    assert.ok(dropped.length > 0, barrier);
    for (const row of dropped) assert.notEqual(row['word_count.2'], null, `${row.id} was measured`);
  }
});

test('features/ tell how like the kept document a dropped one is, where the barrier says so', async () => {
  for (const row of await rowsOf(join(undisturbed, 'features', '000001.arrow'))) {
    if (row.step === 'near-text') assert.equal(Math.round(1000 * (row.similarity as number)), 750);
    else if (row.step !== 'near-again') assert.equal(row.similarity, null);
  }
});

test('what phases note is summed, shown by the summary and by stats, and the ledger knows what a barrier wrote', async () => {
  const summary = await runManifest(manifest, runOptions(undisturbed));
  const entries = (await readRun(undisturbed)).entries.flatMap((entry) => (entry.state === 'done' ? [entry] : []));
  const fresh = entries.filter(({ step, phase }) => step === 'same-url' && phase === 'fresh');
  assert.equal(fresh.length, 3);
  const keys = fresh.map(({ notes }) => notes!.keys!);
  const clusters = entries.find(({ step, phase }) => step === 'same-url' && phase === 'clusters')!.notes!.clusters!;
  const sentence = `same-url: ${keys.reduce((a, b) => a + b)} keys, at most ${Math.max(...keys)} of one input, ${clusters} clusters`;
  assert.ok(summary.notices.includes(sentence), summary.notices.join('\n'));
  assert.ok(summaryText(summary).includes(`${sentence}\n`));
  assert.deepEqual((await collectStats(undisturbed)).barriers!['same-url'], { keys: keys.reduce((a, b) => a + b), max_keys: Math.max(...keys), clusters });
  for (const entry of entries.filter(({ kind }) => kind === 'phase'))
    assert.equal(
      entry.spillBytes,
      entry.outputs.reduce((sum, { bytes }) => sum + bytes, 0),
    );
  assert.ok(entries.filter(({ kind, segment }) => kind === 'map' && segment === 0).every(({ spillBytes, cpuMs }) => spillBytes! > 0 && cpuMs! >= 0));
});

test('more inputs than groups, some empty: each document finds its verdict and the id of the one that stays', async () => {
  const many = new Map<string, Doc[]>();
  for (let file = 0; file < 70; file++) {
    const docs = Array.from({ length: file % 4 }, (_, i) => ({
      id: `d${file}-${i}`,
      url: `http://u/${(file * 7 + i) % 60}`,
      text: `text number ${file} ${i}`,
    }));
    many.set(`in-${String(file).padStart(3, '0')}.jsonl`, docs);
  }
  const here = join(folder, 'many');
  const names = writeCorpus(here, many);
  const out = join(folder, 'many-out');
  await runManifest(manifestOf(here, names, ['same-url'], { samplesPerReason: 0 }), runOptions(out, { workers: 2 }));
  const first = new Map<string, string>();
  const wanted = [...many.values()].flatMap((docs) =>
    docs.map(({ id, url }) => {
      const kept = first.get(url) ?? null;
      if (kept === null) first.set(url, id);
      return [id, kept === null ? null : 'same-url', kept];
    }),
  );
  const found: unknown[] = [];
  for (const name of readdirSync(join(out, 'features')).sort())
    found.push(...(await rowsOf(join(out, 'features', name))).map((row) => [row.id, row.step, row.kept_id]));
  assert.deepEqual(found, wanted);
});

test('documents that no output keeps are handed on without their texts, unless a barrier edits them', async () => {
  const columns = async (steps: readonly StepText[], sink: object): Promise<string[]> => {
    const out = mkdtempSync(join(folder, 'columns-'));
    await runManifest(manifestOf(input, paths, steps, sink), runOptions(out));
    const path = scratchOf(out).find((one) => /map-0\/[0-9a-f]{20}\.arrow$/.test(one))!;
    for await (const batch of readArrow(join(out, path))) return Object.keys(batch.columns);
    return [];
  };
  const none = { text: { keep: false }, samplesPerReason: 0 };
  assert.ok(!(await columns(['same-url'], none)).includes('text'));
  assert.ok((await columns(['same-url', 'cut-words'], none)).includes('text'));
  assert.ok((await columns(['same-url', 'bytes'], none)).includes('text'));
  assert.ok((await columns(['same-url'], { text: { keep: false } })).includes('text'), 'samples show texts');
});

test('refine try decides and edits as a run does', async () => {
  const env = { seed: 7n, baseDir: folder, device: 'cpu' as const };
  const steps = manifest.steps.slice(0, -1);
  const trial = await Trial.open(steps, env);
  async function* source() {
    for (const [input, docs] of [...documents.values()].entries()) {
      const columns = { id: utf8Column(docs.map(({ id }) => id)), url: utf8Column(docs.map(({ url }) => url)), text: utf8Column(docs.map(({ text }) => text)) };
      const rows = Uint32Array.from(docs.keys());
      yield { input, rows, batch: { rows: docs.length, columns: { ...columns, _row: fixedColumn(rows) } } };
    }
  }
  const told: unknown[] = [];
  for await (const { batch, at, reason, keptId } of trial.documents(source(), () => true, new AbortController().signal)) {
    const row = documentAt(batch, at);
    told.push([row.id, reason, keptId ?? null, reason === null ? row.text : null]);
  }
  await trial.close();
  const ran: unknown[] = [];
  for (const name of readdirSync(join(undisturbed, 'features')).sort()) {
    const texts = new Map((await rowsOf(join(undisturbed, 'text', name))).map((row) => [row.id, row.text]));
    for (const row of await rowsOf(join(undisturbed, 'features', name)))
      ran.push([row.id, row.step === null ? null : `${row.step}/${row.reason}`, row.kept_id, texts.get(row.id) ?? null]);
  }
  assert.deepEqual(told, ran);
});
