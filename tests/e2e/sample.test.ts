// The embedded crawl: what its script builds is what is committed, and every record of it ends as its label says. The
// labels are part of the script (manifests/sample/build.mjs), written from what each page is, not from what came out.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { constants, gunzipSync } from 'node:zlib';
import { column, documentAt, packagePath, stringAt } from '../../native/index.js';
import { loadManifest } from '../../pipeline/manifest.js';
import { type RunSummary, runManifest } from '../../pipeline/runner.js';
import { collectStats } from '../../pipeline/stats.js';
import { readArrow } from '../../pipeline/store.js';
import { extract } from '../../stages/extract/extract.js';
import { localGate } from '../../stages/fetch/gate.js';
import { listInputs } from '../../stages/fetch/list-inputs.js';
import { openInput } from '../../stages/fetch/open-input.js';
import { type DamageInfo, readRecords } from '../../stages/fetch/warc-reader.js';

interface Label {
  readonly file: string;
  readonly record: number | null;
  readonly offset: number;
  readonly length: number;
  readonly type: string | null;
  readonly url: string | null;
  readonly id: string | null;
  /** `kept`, `step/reason`, `skip:<code>` or `damage:<code>`. */
  readonly expect: string;
  readonly why: string;
  /** Something the extracted text holds, in letters that a wrong charset would spoil. */
  readonly holds?: string;
}

const manifestPath = packagePath('manifests', 'sample.yaml');
const sample = (name: string) => packagePath('manifests', 'sample', name);
const labels: Label[] = readFileSync(sample('expected.jsonl'), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Label);
const fileNames = [...new Set(labels.map(({ file }) => file))];
const { signal } = new AbortController();
const env = { baseDir: packagePath('manifests'), seed: 1n, gate: localGate(), signal };
const inputs = () => listInputs({ kind: 'warc', paths: ['sample/*.warc.gz'] }, env);

const out = mkdtempSync(join(tmpdir(), 'refine-sample-'));
after(() => rmSync(out, { recursive: true, force: true }));

test('the committed files hold what their script builds, and are no larger than a megabyte', async () => {
  const { buildSample } = (await import(sample('build.mjs'))) as { buildSample(): Promise<{ files: { name: string; bytes: Buffer }[]; expected: Label[] }> };
  const { files, expected } = await buildSample();
  const strip = (label: Label) => ({ ...label, offset: 0, length: 0 });
  assert.deepEqual(JSON.parse(JSON.stringify(expected.map(strip))), labels.map(strip));
  let total = 0;
  for (const { name, bytes } of files) {
    const committed = readFileSync(sample(name));
    total += committed.length;
    for (const [at, label] of labels.entries()) {
      if (label.file !== name) continue;
      const built = expected[at]!;
      assert.deepEqual(plain(committed, label), plain(bytes, built), `${name} at ${label.offset}: ${label.url}`);
    }
  }
  assert.ok(total <= 1_000_000, `${total} bytes`);
});

/** What a member holds, as far as it can be inflated. A cut one may end a few bytes apart where zlib cuts its blocks otherwise. */
function plain(file: Buffer, { offset, length, expect }: Label): string {
  const member = file.subarray(offset, offset + length);
  if (member[0] !== 0x1f) return member.toString('latin1');
  if (expect === 'damage:bad-crc') return 'checksum';
  const bytes = gunzipSync(member, { finishFlush: constants.Z_SYNC_FLUSH });
  if (expect === 'damage:truncated-member' || expect === 'damage:bad-deflate') return bytes.subarray(0, 300).toString('latin1');
  return contentDecoded(bytes);
}

/** A brotli or gzip body inside depends on the library's version too: only its head is compared, the page is by its label. */
function contentDecoded(bytes: Buffer): string {
  const text = bytes.toString('latin1');
  if (!/\r\nContent-Encoding: (?:br|gzip|deflate)/i.test(text.slice(0, 2000))) return text;
  return text.slice(0, text.indexOf('\r\n\r\nHTTP/')).replace(/(?:WARC-(?:Payload|Block)-Digest|Content-Length): .*/g, '');
}

/** Outcome by file and record number, then damage by file. */
const outcomes = new Map<string, string>();
const damage: Record<string, DamageInfo[]> = {};
let summary: RunSummary | null = null;

before(async () => {
  const manifest = await loadManifest(manifestPath);
  summary = await runManifest(manifest, { out, workers: 2 });
  const fates = new Map<string, string>();
  for (const number of fileNames.keys()) {
    for await (const batch of readArrow(join(out, 'features', `${String(number).padStart(6, '0')}.arrow`))) {
      for (let row = 0; row < batch.rows; row++) {
        const { warc_path, warc_offset, step, reason } = documentAt(batch, row);
        fates.set(`${warc_path}@${warc_offset}`, reason === null ? 'kept' : `${step}/${reason}`);
      }
    }
  }
  for (const input of await inputs()) {
    const file = input.path.slice('sample/'.length);
    damage[file] = [];
    const bytes = (async function* () {
      yield readFileSync(input.location);
    })();
    for await (const record of readRecords(bytes, { path: input.path, payloads: true, onDamage: (entry) => damage[file]!.push(entry) })) {
      const fate =
        record.damage !== null ? `damage:${record.damage}` : record.skip !== null ? `skip:${record.skip}` : fates.get(`${input.path}@${record.offset}`);
      outcomes.set(`${file}@${record.offset}`, fate ?? 'lost');
    }
    for (const { code, offset } of damage[file]) outcomes.set(`${file}@${offset}`, outcomes.get(`${file}@${offset}`) ?? `damage:${code}`);
  }
});

test('every record of the sample ends as its label says', () => {
  const wrong = labels
    .map((label) => ({ label, found: outcomes.get(`${label.file}@${label.offset}`) ?? 'absent' }))
    .filter(({ label, found }) => found !== label.expect)
    .map(({ label, found }) => `${label.file} ${label.record} ${label.url}: ${found}, expected ${label.expect} (${label.why})`);
  assert.deepEqual(wrong, []);
  const known = new Set(labels.map(({ file, offset }) => `${file}@${offset}`));
  assert.deepEqual(
    [...outcomes.keys()].filter((key) => !known.has(key)),
    [],
    'nothing came out that has no label',
  );
});

test('in = out + sum(drops) at every step of the sample, and nothing is lost between steps', () => {
  assert.ok(summary !== null);
  let arriving = summary.documents.in;
  for (const step of summary.steps) {
    assert.equal(step.in, arriving, step.step);
    assert.equal(step.in, step.out + Object.values(step.drops).reduce((sum, count) => sum + count, 0), step.step);
    arriving = step.out;
  }
  assert.equal(arriving, summary.documents.out);
  assert.equal(arriving, labels.filter(({ expect }) => expect === 'kept').length);
});

test('the statistics of the source are the labels counted', async () => {
  const source = (await collectStats(out)).source!;
  const expected: Record<'skip' | 'damage', Record<string, number>> = { skip: {}, damage: { 'no-record': 1 } }; // what a record of too small a Content-Length leaves behind
  for (const { expect } of labels) {
    const [kind, code] = expect.split(':') as ['skip' | 'damage', string | undefined];
    if (code !== undefined) expected[kind][code] = (expected[kind][code] ?? 0) + 1;
  }
  assert.deepEqual({ ...source.skips }, expected.skip);
  assert.deepEqual({ ...source.damage }, expected.damage);
  assert.equal(source.records, labels.filter(({ record }) => record !== null).length);
  assert.equal(source.records, source.documents + Object.values(source.skips).reduce((sum, count) => sum + count, 0));
  // By the pages of 2-trouble: says-chunked and bad-chunk; digest; says-gzip; crawler-cut; utf-8-coding; short-length, whose member goes on behind it (bytes, not another record: no shared-member).
  assert.deepEqual(
    { ...source.notes },
    { 'bad-chunking': 2, 'block-digest-mismatch': 1, 'bytes-after-record': 1, 'not-encoded': 1, truncated: 1, 'unknown-encoding': 1 },
  );
});

test('pages in old charsets come out in their own letters, however the charset was said', async () => {
  const wanted = new Map(labels.filter(({ holds }) => holds !== undefined).map((label) => [label.url, label]));
  const stage = await extract.open(extract.schema.parse({}), { seed: 1n, baseDir: '.', device: 'cpu' });
  const wrong: string[] = [];
  let seen = 0;
  for (const input of await inputs()) {
    for await (const batch of openInput(input, { gate: localGate() }).batches(signal)) {
      const { columns } = await stage.process(batch, signal);
      const texts = { rows: batch.rows, columns: columns! };
      for (let row = 0; row < batch.rows; row++) {
        const label = wanted.get(stringAt(column(batch, 'url', 'utf8'), row));
        if (label === undefined) continue;
        seen++;
        const text = stringAt(column(texts, 'text', 'utf8'), row) ?? '';
        if (!text.includes(label.holds!)) wrong.push(`${label.url} (${stringAt(column(texts, 'charset', 'utf8'), row)}): ${text.slice(0, 80)}`);
      }
    }
  }
  await stage.close();
  assert.equal(seen, wanted.size);
  assert.deepEqual(wrong, []);
});
