// WARC reading in megabytes of uncompressed records per CPU second, digests off and on, next to npm warcio, and to PyPI
// warcio and fastwarc where a Python with them is found (REFINE_PYTHON, else .venv/bin/python). The shared real file where
// it is there, else the sample crawl.
import { spawnSync } from 'node:child_process';
import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { WARCParser } from 'warcio';
import { native, packagePath } from '../../native/index.js';
import { readRecords, readWarc } from '../../stages/fetch/warc-reader.js';
import { sharedPath } from '../../tests/support/shared.js';
import type { Figure } from './main.js';
import { measure } from './measure.js';

const REPEATS = 5;
const LIMIT = 2 ** 30;

function file(): { path: string; name: string } {
  const real = sharedPath('data', 'real.warc.gz');
  if (real !== null) return { path: real, name: 'real.warc.gz' };
  const sample = packagePath('manifests/sample/0-sites.warc.gz');
  if (!existsSync(sample)) throw new Error('neither ../shared/data/real.warc.gz nor manifests/sample/0-sites.warc.gz is there');
  return { path: sample, name: '0-sites.warc.gz' };
}

export async function figures(): Promise<readonly Figure[]> {
  const { path, name } = file();
  const compressed = readFileSync(path);
  const raw = native.decodeContent('gzip', compressed, LIMIT).bytes.length;
  const out: Figure[] = [];
  const add = async (what: string, repeats: number, work: () => Promise<unknown> | unknown) => {
    const { cpuSeconds, spread } = await measure(repeats, work);
    out.push({ bench: 'warc', what, unit: 'MB/s', value: raw / 1e6 / cpuSeconds, spread, note: `${name}, ${Math.round(raw / 1e6)} MB unpacked` });
  };

  for (const verifyDigests of [false, true]) {
    await add(`WARC to document batches, digests ${verifyDigests ? 'checked' : 'off'}`, REPEATS, async () => {
      const reader = readWarc(createReadStream(path, { highWaterMark: 1 << 18 }), { path: name, format: 'warc', verifyDigests });
      for await (const batch of reader.batches(new AbortController().signal)) void batch.rows;
    });
  }
  await add('WARC records with every header, digests checked', REPEATS, async () => {
    for await (const record of readRecords(createReadStream(path, { highWaterMark: 1 << 18 }), { path: name })) void record.offset;
  });
  const members: Uint8Array[] = [];
  for await (const { offset, length } of readRecords(createReadStream(path), { path: name }))
    if (length !== null) members.push(compressed.subarray(offset, offset + length));
  await add('gzip members one by one, ours', REPEATS, () => {
    for (const member of members) native.decodeContent('gzip', member, LIMIT);
  });
  await add("gzip members one by one, Node's zlib", REPEATS, () => {
    for (const member of members) gunzipSync(member);
  });
  await add('npm warcio, payloads read', 2, async () => {
    for await (const record of new WARCParser(createReadStream(path, { highWaterMark: 1 << 18 }))) await record.readFully(false);
  });
  out.push(...pythonPeers(path, name, raw));
  return out;
}

/** One JSON line a reader from peers/warc_peers.py; none where no such Python is found. */
function pythonPeers(path: string, name: string, raw: number): Figure[] {
  const python = process.env.REFINE_PYTHON ?? packagePath('.venv/bin/python');
  if (!existsSync(python)) return [];
  const run = spawnSync(python, [packagePath('infra/bench/peers/warc_peers.py'), path], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  return run.stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as { what: string; cpuSeconds: number })
    .map(({ what, cpuSeconds }) => ({
      bench: 'warc',
      what,
      unit: 'MB/s',
      value: raw / 1e6 / cpuSeconds,
      note: `${name}, ${Math.round(raw / 1e6)} MB unpacked`,
    }));
}
