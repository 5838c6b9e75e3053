// Small WARC files in CommonCrawl's layout for tests: members of ../shared/data/real.warc.gz where it is there, else of
// the embedded crawl. Five crawls of two files, the names cc-2023.yaml asks for.
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { packagePath } from '../../native/package-root.js';
import type { CrawlFile } from './crawl-server.js';
import { sharedPath } from './shared.js';

export const CRAWLS = ['CC-MAIN-2023-06', 'CC-MAIN-2023-14', 'CC-MAIN-2023-23', 'CC-MAIN-2023-40', 'CC-MAIN-2023-50'];
const FILES_PER_CRAWL = 2;

/** gzip members of responses, `count` of them, in file order. */
function members(count: number): Uint8Array[] {
  const real = sharedPath('data', 'real.warc.gz');
  const index = sharedPath('data', 'real.index.tsv');
  if (real === null || index === null) {
    const labels = readFileSync(packagePath('manifests', 'sample', 'expected.jsonl'), 'utf8')
      .trimEnd()
      .split('\n');
    const file = readFileSync(packagePath('manifests', 'sample', '0-sites.warc.gz'));
    return labels
      .map((line) => JSON.parse(line) as { file: string; type: string; offset: number; length: number })
      .filter(({ file: name, type }) => name.startsWith('0-') && type === 'response')
      .slice(0, count)
      .map(({ offset, length }) => file.subarray(offset, offset + length));
  }
  const rows = readFileSync(index, 'utf8')
    .split('\n')
    .slice(1, count + 1);
  const file = openSync(real, 'r');
  const out = rows.map((row) => {
    const [offset, length] = row.split('\t').map(Number) as [number, number];
    const bytes = new Uint8Array(length);
    readSync(file, bytes, 0, length, offset);
    return bytes;
  });
  closeSync(file);
  return out;
}

/** Ten files; `count` pages over all of them. */
export function crawlFiles(count = 100): CrawlFile[] {
  const pages = members(count);
  const total = CRAWLS.length * FILES_PER_CRAWL;
  return Array.from({ length: total }, (_, n) => {
    const crawl = CRAWLS[Math.floor(n / FILES_PER_CRAWL)]!;
    const own = pages.filter((_page, at) => at % total === n);
    return { path: `crawl-data/${crawl}/segments/167490994.${n}/warc/${crawl}-${String(n).padStart(5, '0')}.warc.gz`, bytes: Buffer.concat(own) };
  });
}
