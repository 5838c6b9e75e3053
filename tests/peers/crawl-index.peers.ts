// Our index of WARC files against other people's: warcio's indexer (places, digests), cdxj-indexer (a CDXJ that source.warc reads), and
// pyarrow (the Parquet table and its statistics). Opt-in: npm run test:peers.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { type IndexedRecord, indexWarc, sortRecords } from '../../infra/crawl-index/records.js';
import { columnarFile } from '../../infra/crawl-index/write.js';
import { documentAt, packagePath } from '../../native/index.js';
import type { Source } from '../../stages/contract/source.js';
import { localGate } from '../../stages/fetch/gate.js';
import { listInputs } from '../../stages/fetch/list-inputs.js';
import { openInput } from '../../stages/fetch/open-input.js';
import { sharedPath } from '../support/shared.js';

const python = process.env.REFINE_PYTHON ?? 'python3';
const folder = mkdtempSync(join(tmpdir(), 'refine-index-peers-'));
after(() => rmSync(folder, { recursive: true }));
const real = sharedPath('data', 'real.warc.gz');
const warcs = [
  packagePath('manifests', 'sample', '0-sites.warc.gz'),
  packagePath('manifests', 'sample', '1-languages.warc.gz'),
  ...(real === null ? [] : [real]),
];

function ask<T>(tool: string, path: string): T | undefined {
  const answer = execFileSync(python, [packagePath('tests', 'peers', 'read_index.py'), tool, path], { encoding: 'utf8', maxBuffer: 1 << 28 });
  const { found, absent } = JSON.parse(answer) as { found: T; absent?: string };
  return absent === undefined ? found : undefined;
}

async function ours(path: string): Promise<IndexedRecord[]> {
  const records: IndexedRecord[] = [];
  for await (const record of indexWarc(createReadStream(path), basename(path))) records.push(record);
  return records;
}

for (const path of warcs) {
  test(`${basename(path)}: places, statuses and digests are those of warcio's indexer`, async (t) => {
    const theirs = ask<Record<string, string>[]>('warcio', path);
    if (theirs === undefined) return t.skip('warcio is not installed');
    const responses = theirs.filter((line) => line['warc-type'] === 'response');
    assert.deepEqual(
      (await ours(path)).map(({ offset, length, url, status, digest }) => [
        String(offset),
        String(length),
        url,
        String(status),
        digest === null ? undefined : `sha1:${digest}`,
      ]),
      responses.map((line) => [line.offset, line.length, line['warc-target-uri'], line['http:status'], line['warc-payload-digest']]),
    );
  });

  test(`${basename(path)}: by cdxj-indexer's CDXJ, source.warc reads what it reads of the whole file`, async (t) => {
    const lines = ask<string[]>('cdxj', path);
    if (lines === undefined) return t.skip('cdxj-indexer is not installed');
    writeFileSync(join(folder, 'theirs.cdxj'), `${lines.join('\n')}\n`);
    const documents = async (source: Source): Promise<string[]> => {
      const gate = localGate();
      const { signal } = new AbortController();
      const out: string[] = [];
      for (const input of await listInputs(source, { baseDir: dirname(path), seed: 1n, gate, signal })) {
        const reader = openInput(input, { gate });
        for await (const batch of reader.batches(signal)) {
          for (let row = 0; row < batch.rows; row++) {
            const { id, warc_offset, warc_length, payload_digest } = documentAt(batch, row);
            out.push([id, warc_offset, warc_length, payload_digest].map(String).join(' '));
          }
        }
        assert.deepEqual(reader.counts().damage, {});
      }
      return out;
    };
    const whole = await documents({ kind: 'warc', paths: [path] });
    assert.deepEqual(await documents({ kind: 'warc', paths: [path], index: [join(folder, 'theirs.cdxj')] }), whole);
  });
}

test('pyarrow reads the table as it was written, with statistics that bound every row group', async (t) => {
  const records = sortRecords(await ours(warcs[1]!));
  writeFileSync(join(folder, 'table.parquet'), columnarFile(records, 20));
  const found = ask<{ rows: Record<string, unknown>[]; groups: [number, number, number][] }>('pyarrow', join(folder, 'table.parquet'));
  if (found === undefined) return t.skip('pyarrow is not installed');
  assert.deepEqual(
    found.rows.map((row) => [
      row.url_surtkey,
      row.url_host_name,
      row.fetch_status,
      row.warc_filename,
      row.warc_record_offset,
      row.warc_record_length,
      row.content_digest,
    ]),
    records.map(({ surt, host, status, filename, offset, length, digest }) => [surt, host, status, filename, offset, length, digest]),
  );
  for (const [number, [rows, least, most]] of found.groups.entries()) {
    const statuses = records.slice(number * 20, number * 20 + rows).map(({ status }) => status);
    assert.deepEqual([least, most], [Math.min(...statuses), Math.max(...statuses)]);
  }
});
