// A small crawl with its indexes as CommonCrawl lays them out, from the embedded crawl's records (our own pages): two WARC files of one
// crawl, the Parquet table in two parts with small row groups, CDX files with cluster.idx. Languages are made up by host.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { type IndexedRecord, indexWarc, sortRecords } from '../../infra/crawl-index/records.js';
import { cdxjLine, columnarFile, zipNum } from '../../infra/crawl-index/write.js';
import { packagePath } from '../../native/package-root.js';
import type { CrawlFile } from './crawl-server.js';

export const CRAWL = 'CC-MAIN-2023-50';

export interface IndexedCrawl {
  readonly files: readonly CrawlFile[];
  readonly warcs: readonly CrawlFile[];
  readonly records: readonly IndexedRecord[];
  readonly cdxj: string;
}

/** deu for every third host, by its letters: the index's word, not the pages'. */
export function languagesOf(url: string): string {
  const sum = [...new URL(url).hostname].reduce((all, letter) => all + letter.charCodeAt(0), 0);
  return ['deu', 'eng,deu', 'fra', 'eng'][sum % 4]!;
}

export async function indexedCrawl(): Promise<IndexedCrawl> {
  const warcs = ['0-sites', '1-languages'].map((name, n) => ({
    path: `crawl-data/${CRAWL}/segments/1700000000000.${n}/warc/${CRAWL}-0000${n}.warc.gz`,
    bytes: new Uint8Array(readFileSync(packagePath('manifests', 'sample', `${name}.warc.gz`))),
  }));
  const found: IndexedRecord[] = [];
  for (const { path, bytes } of warcs) {
    async function* whole(): AsyncGenerator<Uint8Array> {
      yield bytes;
    }
    for await (const record of indexWarc(whole(), path, { languagesOf })) found.push(record);
  }
  const records = sortRecords(found);
  const half = records.length >> 1;
  const halves = [records.slice(0, half), records.slice(half)];
  const table = halves.map((some, n) => ({
    path: `cc-index/table/cc-main/warc/crawl=${CRAWL}/subset=warc/part-0000${n}.gz.parquet`,
    bytes: columnarFile(some, 20),
  }));
  const cdx = halves.map((some, n) => ({ name: `cdx-0000${n}.gz`, ...zipNum(some, `cdx-0000${n}.gz`, 10) }));
  const folder = `cc-index/collections/${CRAWL}/indexes`;
  const list = (paths: readonly string[]) => gzipSync(paths.map((path) => `${path}\n`).join(''));
  return {
    warcs,
    records,
    cdxj: records.map(cdxjLine).join(''),
    files: [
      ...warcs,
      ...table,
      ...cdx.map(({ name, blocks }) => ({ path: `${folder}/${name}`, bytes: blocks })),
      { path: `${folder}/cluster.idx`, bytes: Buffer.from(cdx.map(({ cluster }) => cluster).join('')) },
      {
        path: `crawl-data/${CRAWL}/cc-index-table.paths.gz`,
        bytes: list([...table.map(({ path }) => path), `cc-index/table/cc-main/warc/crawl=${CRAWL}/subset=robotstxt/part-00000.parquet`]),
      },
      { path: `crawl-data/${CRAWL}/cc-index.paths.gz`, bytes: list([...cdx.map(({ name }) => `${folder}/${name}`), `${folder}/cluster.idx`]) },
    ],
  };
}
