// The 210 indexed files of the shared data: counts by type and status equal what warcio (Python) counted wherever it
// found the file clean; malformed.json says, file by file, what we do with the others and why.
import assert from 'node:assert/strict';
import { createReadStream, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { packagePath } from '../../../native/index.js';
import { type RecordInfo, readRecords } from '../../../stages/fetch/warc-reader.js';
import { needsShared, sharedPath } from '../../support/shared.js';

const root = sharedPath('data', 'warc');
const skip = root === null && needsShared;

interface IndexRow {
  readonly file: string;
  readonly container: string;
  readonly types: Record<string, number>;
  readonly statuses: Record<string, number>;
  readonly error: string;
}
interface Outcome {
  types: Record<string, number>;
  statuses: Record<string, number>;
  damage: Record<string, number>;
  error: string | null;
}
interface Malformed extends Outcome {
  readonly why: string;
}

/** `a=1;b=2`; names may hold line ends and tabs (folded headers). Statuses that are no number are none of ours. */
function counts(cell: string): Record<string, number> {
  const entries = cell
    .split(';')
    .filter((part) => part.trim() !== '')
    .map((part): [string, number] => [part.slice(0, part.lastIndexOf('=')).trim(), Number(part.slice(part.lastIndexOf('=') + 1))]);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function index(): IndexRow[] {
  const text = readFileSync(`${root}/index.tsv`, 'utf8');
  return text
    .trimEnd()
    .split(/\n(?=\S+\t\d+\t)/)
    .slice(1)
    .map((line) => {
      const cells = line.split('\t');
      if (cells[5]!.trim() === '') cells.splice(5, 2, cells[6]!); // the type is a folded header value that begins with a tab
      const statuses = counts(cells[6]!);
      for (const status of Object.keys(statuses)) if (!/^\d+$/.test(status)) delete statuses[status];
      return { file: cells[0]!, container: cells[2]!, types: counts(cells[5]!), statuses, error: cells[8]!.trim() };
    });
}

async function outcomeOf(file: string): Promise<Outcome> {
  const outcome: Outcome = { types: {}, statuses: {}, damage: {}, error: null };
  const add = (to: Record<string, number>, key: string) => {
    to[key] = (to[key] ?? 0) + 1;
  };
  try {
    const records = readRecords(createReadStream(`${root}/${file}`), { path: file, onDamage: (entry) => add(outcome.damage, entry.code) });
    for await (const record of records) {
      add(outcome.types, record.type?.trim() ?? 'None');
      if (record.httpStatus !== null && record.type?.trim().toLowerCase() !== 'request') add(outcome.statuses, String(record.httpStatus));
      if (record.damage !== null) add(outcome.damage, `record: ${record.damage}`);
    }
  } catch (error) {
    outcome.error = `${(error as { code: string }).code} ${(error as Error).message.split(' (')[0]}`;
  }
  const sorted = (of: Record<string, number>) => Object.fromEntries(Object.entries(of).sort(([a], [b]) => (a < b ? -1 : 1)));
  return { types: sorted(outcome.types), statuses: sorted(outcome.statuses), damage: sorted(outcome.damage), error: outcome.error };
}

const UNSUPPORTED = new Set(['zip', 'lz4', 'bzip2']);
/** warcio is wrong about one file it finds clean: it begins with an empty line, which makes it take an ARC for one WARC record. */
const WARCIO_IS_WRONG = 'netarchivesuite+netarchivesuite/integrity1.ARC';

test('files that warcio finds clean give its counts by record type and HTTP status', { skip }, async () => {
  const rows = index().filter((row) => !UNSUPPORTED.has(row.container) && row.error === '' && row.file !== WARCIO_IS_WRONG);
  assert.equal(rows.length, 157);
  for (const row of rows) {
    const { types, statuses, error } = await outcomeOf(row.file);
    assert.deepEqual({ types, statuses, error }, { types: row.types, statuses: row.statuses, error: null }, row.file);
  }
});

test('two files warcio fails on only for its brotli library give its counts too, bodies decoded', { skip }, async () => {
  const rows = index().filter((row) => row.error.includes('brotli'));
  assert.equal(rows.length, 2);
  let decoded = 0;
  for (const row of rows) {
    const { types, statuses } = await outcomeOf(row.file);
    assert.deepEqual({ types, statuses }, { types: row.types, statuses: row.statuses }, row.file);
    for await (const record of readRecords(createReadStream(`${root}/${row.file}`), { path: row.file, payloads: true })) {
      const coding = record.httpHeaders?.find(([name]) => name.toLowerCase() === 'content-encoding')?.[1];
      if (coding !== 'br' || record.type !== 'response') continue;
      assert.deepEqual([record.skip === 'bad-encoding', record.pending], [false, []], record.url ?? '');
      decoded++;
    }
  }
  assert.equal(decoded, 14);
});

test('malformed files are read as malformed.json says', { skip }, async () => {
  const expected = JSON.parse(readFileSync(packagePath('tests/golden/warc/malformed.json'), 'utf8')) as Record<string, Malformed>;
  const malformed = index().filter((row) => !UNSUPPORTED.has(row.container) && row.error !== '' && !row.error.includes('brotli'));
  assert.deepEqual(Object.keys(expected), [...malformed.map((row) => row.file), WARCIO_IS_WRONG].sort());
  for (const [file, { why, ...outcome }] of Object.entries(expected)) {
    assert.ok(why.length > 20, file);
    assert.deepEqual(await outcomeOf(file), outcome, file);
  }
});

test('zip, lz4 and bzip2 containers are refused as unsupported', { skip }, async () => {
  const rows = index().filter((row) => UNSUPPORTED.has(row.container));
  assert.equal(rows.length, 11);
  for (const row of rows) {
    const { error } = await outcomeOf(row.file); // what stands before the bracket
    assert.equal(error, `ERR_REFINE_INPUT unsupported container: ${row.container}`, row.file);
  }
});

test('zstd files, one with a compressed dictionary frame, give the records of their gzip originals', { skip }, async () => {
  const essence = async (file: string) => {
    const list: unknown[] = [];
    for await (const record of readRecords(createReadStream(`${root}/${file}`), { path: file, payloads: true })) {
      const { id, type, url, httpStatus, blockLength, payload } = record as RecordInfo;
      list.push([id, type, url, httpStatus, blockLength, Buffer.from(payload ?? []).toString('base64'), record.damage]);
    }
    return list;
  };
  const original = await essence('commoncrawl+ia-web-commons/IAH-urls-wget.warc.gz');
  assert.equal(original.length, 36);
  assert.deepEqual(await essence('derived-zstd/IAH-urls-wget.warc.zst'), original);
  assert.deepEqual(await essence('derived-zstd/IAH-urls-wget.dict.warc.zst'), original);
  assert.deepEqual(await essence('derived-zstd/whirlwind.warc.zst'), await essence('commoncrawl+whirlwind-python/whirlwind.warc.gz'));
});
