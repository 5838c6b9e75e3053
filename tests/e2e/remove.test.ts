// `refine remove` against a filter written down here, against a run that never had the documents, against kills at every write, and
// against what people do to a run afterwards: run it again, lose a shard, count it, load it, index it.
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { faults } from '../../pipeline/atomic-file.js';
import { ledgerStats } from '../../pipeline/stats.js';
import { proveRemoved } from '../../pipeline/remove/proof.js';
import { removeFromRun } from '../../pipeline/remove/remove.js';
import { parseRequest } from '../../pipeline/remove/request.js';
import { readRun } from '../../pipeline/run-folder.js';
import { readArrow } from '../../pipeline/store.js';
import { documentAt } from '../../native/batch.js';
import { partFiles, promisedBytes, refine } from '../support/cli.js';
import { randomFrom } from '../support/random.js';

const folder = mkdtempSync(join(tmpdir(), 'refine-remove-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const signal = new AbortController().signal;
const run = join(folder, 'run');

interface Page {
  readonly id: string;
  readonly url: string;
  readonly text: string;
}
const HOSTS = ['a.example', 'www.a.example', 'b.example', 'bad-a.example', 'c.example', 'xn--bcher-kva.example'];
const WORDS = 'tide harbour lantern rope copper winter garden mill road stone letter wheel bridge river song baker market morning paper cloud'.split(' ');
const pages: Page[][] = [];

function makePages(): void {
  const draw = randomFrom(11);
  let before = '';
  for (let file = 0; file < 3; file++) {
    const some: Page[] = [];
    for (let i = 0; i < 40; i++) {
      const n = file * 40 + i;
      const words = Array.from({ length: 60 + draw(60) }, () => WORDS[draw(WORDS.length)]!);
      const text = n % 7 === 3 ? before : n % 11 === 5 ? 'Too short.' : `Page ${n}. ${words.join(' ')}.`;
      before = text;
      some.push({ id: `page-${n}`, url: `https://${HOSTS[draw(HOSTS.length)]}/p/${n}?q=${n % 5}`, text });
    }
    pages.push(some);
  }
}

function writeInputs(into: string, without: (page: Page) => boolean = () => false): void {
  for (const [i, some] of pages.entries())
    writeFileSync(
      join(into, `in-${i}.jsonl`),
      some
        .filter((page) => !without(page))
        .map((page) => `${JSON.stringify(page)}\n`)
        .join(''),
    );
}

const MANIFEST = (name: string, steps: readonly string[]): string =>
  `name: ${name}\nseed: 5\nsource: { jsonl: [in-*.jsonl] }\nsteps:\n${steps.map((step) => `  - ${step}\n`).join('')}sink:\n  tokens: { per-shard: 1500 }\n  samples-per-reason: 6\n  holdout: { fraction: 0.2, by: url }\n`;
const RULES = "rules: { drop: { too-short: 'len(text) < 40' } }";
const STEPS = [RULES, 'dedupe-exact', 'dedupe-minhash', 'tokenize'];

function ran(result: { code: number | null; stderr: string }): void {
  assert.equal(result.code, 0, result.stderr);
}

function copyOf(name: string): string {
  const to = join(folder, name);
  rmSync(to, { recursive: true, force: true });
  cpSync(run, to, { recursive: true });
  return to;
}

/** Every row of the final files, by part and file. */
async function rowsOf(of: string): Promise<Map<string, Record<string, unknown>[]>> {
  const all = new Map<string, Record<string, unknown>[]>();
  for (const part of ['text', 'tokens', 'features', 'samples']) {
    for (const name of readdirSync(join(of, part)).sort()) {
      const rows: Record<string, unknown>[] = [];
      for await (const batch of readArrow(join(of, part, name)))
        for (let row = 0; row < batch.rows; row++)
          rows.push(JSON.parse(JSON.stringify(documentAt(batch, row), (_, v) => (typeof v === 'bigint' ? String(v) : v))));
      all.set(`${part}/${name}`, rows);
    }
  }
  return all;
}

function filesBelow(path: string): string[] {
  if (!existsSync(path)) return [];
  return readdirSync(path, { recursive: true })
    .map(String)
    .filter((name) => statSync(join(path, name)).isFile());
}

/** All files but those that hold wall times. */
function bytesOf(of: string): Record<string, string> {
  const out: Record<string, string> = {};
  for (const entry of readdirSync(of, { recursive: true }).map(String).sort()) {
    const path = join(of, entry);
    if (!statSync(path).isFile() || entry.startsWith('ledger/') || entry.endsWith('progress.json')) continue; // wall times
    out[entry] = readFileSync(path).toString('base64');
  }
  return out;
}

before(async () => {
  makePages();
  writeInputs(folder);
  writeFileSync(join(folder, 'm.yaml'), MANIFEST('kept', STEPS));
  ran(await refine(['run', join(folder, 'm.yaml'), '--out', run, '--workers', '2']));
});

test('what is left is what a plain filter leaves, for any list: ids, URLs in other spellings, hosts with all under them', async () => {
  const whole = await rowsOf(run);
  const draw = randomFrom(3);
  const all = pages.flat();
  for (let round = 0; round < (process.env.REFINE_FULL === '1' ? 20 : 4); round++) {
    const lines: string[] = [];
    const ids = new Set<string>();
    const urls = new Set<string>();
    const hosts = new Set<string>();
    for (let i = 0; i < 1 + draw(8); i++) {
      const page = all[draw(all.length)]!;
      const kind = draw(round % 2 === 0 ? 2 : 3);
      if (kind === 0) {
        ids.add(page.id);
        lines.push(draw(2) === 0 ? page.id : `id: ${page.id}`);
      } else if (kind === 1) {
        urls.add(page.url);
        lines.push(draw(2) === 0 ? `${page.url.replace('https://', 'HTTPS://')}#part` : page.url.replace('/p/', '/x/../p/'));
      } else {
        const host = new URL(page.url).host;
        hosts.add(host);
        lines.push(host.startsWith('xn--') ? 'bücher.example' : draw(2) === 0 ? `${host.toUpperCase()}.` : `host:${host}`);
      }
    }
    const named = (id: unknown, url: unknown): boolean => {
      const host = new URL(String(url)).host;
      return ids.has(String(id)) || urls.has(String(url)) || [...hosts].some((one) => host === one || host.endsWith(`.${one}`));
    };
    const gone = new Set(all.filter((page) => named(page.id, page.url)).map((page) => page.id));
    const out = copyOf('brute');
    const answer = await removeFromRun(out, parseRequest(`# takedown\n\n${lines.join('\n')}\n`, 'list.txt'), { signal });
    assert.deepEqual(answer.proof?.remains, []);
    const left = await rowsOf(out);
    const fewer = new Map<string, number>();
    for (const rows of [...whole].filter(([path]) => path.startsWith('features/')).map(([, some]) => some))
      for (const row of rows)
        if (row.step === 'dedupe-minhash' && gone.has(String(row.id))) fewer.set(String(row.kept_id), (fewer.get(String(row.kept_id)) ?? 0) + 1);
    for (const [path, rows] of whole) {
      const expected = rows
        .filter((row) => !named(row.id, row.url))
        .map((row) => ({
          ...row,
          ...(row.kept_id === undefined ? {} : { kept_id: gone.has(String(row.kept_id)) ? null : row.kept_id }),
          ...(path.startsWith('text/') && fewer.has(String(row.id)) ? { cluster_size: Number(row.cluster_size) - fewer.get(String(row.id))! } : {}),
        }));
      assert.deepEqual(left.get(path), expected, `${path}, ${lines.join(' ')}`);
    }
    assert.equal(
      answer.counts.documents,
      [...whole].filter(([path]) => path.startsWith('text/')).reduce((sum, [, rows]) => sum + rows.filter((row) => named(row.id, row.url)).length, 0),
    );
  }
});

test('only shards that hold a named document are written anew, and stats, check and load take the run as it is', async () => {
  const out = copyOf('few');
  const victim = [...(await rowsOf(run))].find(([path, rows]) => /^text\/\d/.test(path) && rows.length > 0)![1][0]!;
  const list = join(folder, 'few.txt');
  writeFileSync(list, `${victim.url}\n`);
  const untouched = bytesOf(out);
  const asked = await refine(['remove', out, '--list', list, '--dry-run', '--json']);
  ran(asked);
  assert.deepEqual(bytesOf(out), untouched);
  const done = await refine(['remove', out, '--list', list, '--json']);
  ran(done);
  const [wanted, answer] = [asked, done].map(({ stdout }) => JSON.parse(stdout) as { counts: object; files: string[] });
  assert.deepEqual([answer!.counts, answer!.files], [wanted!.counts, wanted!.files]);
  const now = bytesOf(out);
  const changed = Object.keys(untouched).filter((path) => /^(text|tokens|features|samples)\//.test(path) && now[path] !== untouched[path]);
  assert.deepEqual(changed.sort(), [...answer!.files].sort());
  assert.equal(changed.filter((path) => path.startsWith('tokens/')).length, 1);
  assert.equal(existsSync(join(out, 'scratch')), false);
  assert.equal(JSON.stringify(now).includes(String(victim.url)), false);

  const stats = await refine(['stats', out, '--json']);
  ran(stats);
  const { steps, documents } = JSON.parse(stats.stdout) as { steps: { step: string; drops: object }[]; documents: { out: number } };
  assert.deepEqual(steps.at(-1), { step: 'remove', in: documents.out + 1, out: documents.out, drops: { 'remove/request': 1 } });
  ran(await refine(['load', out, '--seq-len', '64', '--batch-size', '4']));
  const checked = await refine(['check', out, '--model', 'none', '--json']);
  const { findings } = JSON.parse(checked.stdout) as { findings: { check: string; message: string }[] };
  assert.deepEqual(
    findings.filter(({ check }) => check === 'shard-digest' || check === 'ids'),
    [],
    checked.stderr,
  );
  ran(await refine(['export', out, '--format', 'jsonl', '-o', join(folder, 'exported')]));
  ran(await refine(['report', out, '-o', join(folder, 'few.html')]));
});

test('the same manifest brings nothing back: nothing runs again, and a task that must gives the bytes that removing gave', async () => {
  const out = copyOf('again');
  const list = join(folder, 'again.txt');
  writeFileSync(list, 'a.example\npage-7\npage-50\n');
  ran(await refine(['remove', out, '--list', list]));
  const removed = promisedBytes(out);
  const again = await refine(['run', join(folder, 'm.yaml'), '--out', out, '--workers', '2']);
  ran(again);
  assert.deepEqual(promisedBytes(out), removed);
  assert.deepEqual(
    filesBelow(join(out, 'scratch')).filter((name) => name !== 'progress.json'),
    [],
    'a run that had nothing to do made scratch',
  );
  unlinkSync(join(out, 'text/000001.arrow'));
  unlinkSync(join(out, 'tokens/000002.arrow'));
  rmSync(join(out, 'samples'), { recursive: true });
  ran(await refine(['run', join(folder, 'm.yaml'), '--out', out, '--workers', '2']));
  assert.deepEqual(promisedBytes(out), removed);
  const verified = await refine(['remove', out, '--verify', '--json']);
  assert.equal(verified.code, 0, verified.stdout);
  const stats = await ledgerStats(await readRun(out));
  assert.equal(stats.steps!.at(-1)!.step, 'remove');
  // And without the list of removals nothing of the folder is done again.
  unlinkSync(join(out, 'removals/exclusions.json'));
  const refused = await refine(['run', join(folder, 'm.yaml'), '--out', out]);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /ERR_REFINE_LEDGER .*would bring documents back/);
});

test('where no barrier stands between, the shards are those of a run that never had the documents', async () => {
  const [withAll, without] = [join(folder, 'all'), join(folder, 'none')];
  const steps = [RULES, 'tokenize'];
  writeFileSync(join(folder, 'all.yaml'), MANIFEST('same', steps));
  ran(await refine(['run', join(folder, 'all.yaml'), '--out', withAll, '--workers', '2']));
  await removeFromRun(withAll, parseRequest('b.example\npage-3\n', 'list'), { signal });
  const other = mkdtempSync(join(folder, 'other-'));
  writeInputs(other, (page) => page.id === 'page-3' || new URL(page.url).host === 'b.example');
  writeFileSync(join(other, 'm.yaml'), MANIFEST('same', steps));
  ran(await refine(['run', join(other, 'm.yaml'), '--out', without, '--workers', '2']));
  const flat = async (of: string) => {
    const parts = new Map<string, unknown[]>();
    for (const [path, rows] of await rowsOf(of)) {
      const part = /^(text|tokens)\/(holdout-)?\d{6}/.exec(path)?.[0]; // splits of token shards stay where they were
      if (part === undefined) continue;
      const own = rows.map(({ warc_offset: _o, warc_length: _l, ...row }) => row);
      parts.set(part, [...(parts.get(part) ?? []), ...own]);
    }
    const byId = (rows: unknown[]) => rows.map((row) => row as { id: string }).sort((a, b) => (a.id < b.id ? -1 : 1)); // `000000-1` sorts before `000000`
    return Object.fromEntries([...parts].filter(([, rows]) => rows.length > 0).map(([part, rows]) => [part, byId(rows)]));
  };
  assert.deepEqual(await flat(withAll), await flat(without));
});

test('killed at any write, the folder is refused by all else and a resume ends in the same bytes', async () => {
  const request = parseRequest('a.example\npage-12\npage-33\npage-90\n', 'list');
  const whole = copyOf('whole');
  let events = 0;
  faults.inject = () => void events++;
  try {
    await removeFromRun(whole, request, { signal });
    const expected = { ...bytesOf(whole), plan: readFileSync(join(whole, 'ledger/plan.json'), 'utf8') };
    assert.ok(events > 30, `${events} places to die`);
    const stride = process.env.REFINE_FULL === '1' ? 1 : Math.ceil(events / 8);
    for (let at = 1; at <= events; at += stride) {
      const out = copyOf('killed');
      let seen = 0;
      faults.inject = () => {
        if (++seen === at) throw new Error('killed here');
      };
      await assert.rejects(removeFromRun(out, request, { signal }), /killed here/, `event ${at} of ${events}`);
      faults.inject = undefined;
      if (existsSync(join(out, 'removals/journal.json'))) {
        await assert.rejects(readRun(out), /a removal was interrupted/);
        await assert.rejects(removeFromRun(out, parseRequest('c.example', 'list'), { signal }), /another removal was interrupted/);
        await removeFromRun(out, at % 2 === 0 ? null : request, { signal });
      } else await removeFromRun(out, request, { signal });
      assert.deepEqual(partFiles(out), []);
      assert.deepEqual({ ...bytesOf(out), plan: readFileSync(join(out, 'ledger/plan.json'), 'utf8') }, expected, `event ${at}`);
    }
  } finally {
    faults.inject = undefined;
  }
});

test('a second list adds to the first; the record holds digests and no word of the list unless that is asked', async () => {
  const out = copyOf('twice');
  await removeFromRun(out, parseRequest('page-7\n', 'list'), { signal });
  const second = await removeFromRun(out, parseRequest('https://nowhere.example/\nc.example\n', 'list'), { signal, plainList: 'c.example\n' });
  assert.equal(second.proof!.ok, true, JSON.stringify(second.proof));
  const both = copyOf('both');
  await removeFromRun(both, parseRequest('c.example\npage-7\nhttps://nowhere.example/\n', 'list'), { signal });
  assert.deepEqual(promisedBytes(out), promisedBytes(both));
  const names = readdirSync(join(out, 'removals')).sort();
  assert.deepEqual(names, ['000001.json', '000002.json', '000002.list.txt', 'exclusions.json', 'windows.json']);
  for (const name of names.filter((one) => !one.endsWith('.txt')))
    assert.doesNotMatch(readFileSync(join(out, 'removals', name), 'utf8'), /page-7|c\.example|nowhere/);
});

test('the proof finds what someone put back: a shard, a scratch folder, a report, a link, words and tokens without a name', async () => {
  const list = 'b.example\n';
  const cases: readonly [string, (out: string) => void, RegExp][] = [
    ['a shard as it was', (out) => cpSync(join(run, 'text/000000.arrow'), join(out, 'text/000000.arrow')), /is not what the ledger says/],
    ['features as they were', (out) => cpSync(join(run, 'features/000002.arrow'), join(out, 'features/copy.arrow')), /URL or host that was removed/],
    ['scratch', (out) => cpSync(join(run, 'scratch'), join(out, 'scratch'), { recursive: true }), /is scratch/],
    [
      'a page that names a URL',
      (out) => writeFileSync(join(out, 'report.html'), `<a href="${pages.flat().find(({ url }) => url.includes('//b.example'))!.url}">`),
      /holds a URL or host/,
    ],
    ['a note of an id', (out) => writeFileSync(join(out, 'note.json'), JSON.stringify({ id: removedId })), /holds an id/],
    ['a link', (out) => symlinkSync(join(run, 'text'), join(out, 'old')), /is a link/],
    ['a text alone', (out) => writeFileSync(join(out, 'old.txt'), `so: ${removedText}`), /passage of a removed text/],
  ];
  const kept = [...(await rowsOf(run))].filter(([path]) => path.startsWith('text/')).flatMap(([, rows]) => rows);
  const victim = kept.find((row) => String(row.url).includes('//b.example'))!;
  const [removedId, removedText] = [String(victim.id), String(victim.text)];
  const clean = copyOf('clean');
  assert.equal((await removeFromRun(clean, parseRequest(list, 'list'), { signal })).proof!.ok, true);
  for (const [name, spoil, expected] of cases) {
    const out = join(folder, 'spoilt');
    rmSync(out, { recursive: true, force: true });
    cpSync(clean, out, { recursive: true });
    spoil(out);
    const proof = await proveRemoved(await readRun(out), [], signal);
    assert.equal(proof.ok, false, name);
    assert.match(proof.remains.map(({ what }) => what).join('\n'), expected, name);
    assert.doesNotMatch(JSON.stringify(proof.remains), /b\.example/, 'a finding never says the word itself');
  }
  // A copy that no list names stays, and is told by its id.
  const copied = kept.find((row) => row.id !== victim.id)!;
  const other = copyOf('alike');
  const answer = await removeFromRun(other, parseRequest(`${copied.id}\n`, 'list'), { signal });
  assert.equal(answer.proof!.ok, true);
});

test('a dedupe index made of the run is mended: the same bytes as one built from what is left', async () => {
  const out = copyOf('indexed');
  const [index, fresh] = [join(folder, 'index'), join(folder, 'fresh')];
  ran(await refine(['index', 'build', out, '-o', index]));
  const list = join(folder, 'indexed.txt');
  writeFileSync(list, 'a.example\n');
  ran(await refine(['remove', out, '--list', list, '--index', index]));
  ran(await refine(['index', 'build', out, '-o', fresh]));
  assert.deepEqual(bytesOf(index), bytesOf(fresh));
  const wrong = await refine(['remove', out, '--list', list, '--index', join(folder, 'nothing-here')]);
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /ERR_REFINE_INDEX/);
});

test('links in place of shards, unfinished runs and lists that name nothing are refused with the next move', async () => {
  const linked = copyOf('linked');
  rmSync(join(linked, 'text'), { recursive: true });
  symlinkSync(join(run, 'text'), join(linked, 'text'));
  await assert.rejects(removeFromRun(linked, parseRequest('a.example', 'list'), { signal }), /symbolic link, so what it points to would stay/);
  assert.throws(() => parseRequest('# nothing\n', 'list.txt'), /names nothing to remove/);
  assert.throws(() => parseRequest('https://[bad/\n', 'list.txt'), /list\.txt:1|is no URL/);
  const usage = await refine(['remove', run]);
  assert.equal(usage.code, 2);
});
