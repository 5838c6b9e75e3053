// The three shapes of an index: CommonCrawl's Parquet table (columns and types as its schema has them), CDXJ, and ZipNum (CDXJ in gzip
// members of some lines, with cluster.idx).
import { gzipSync } from 'node:zlib';
import type { BasicType, ColumnSource } from 'hyparquet-writer';
import { parquetWriteBuffer } from 'hyparquet-writer';
import type { IndexedRecord } from './records.js';

/** Sorted records as one file of the table. */
export function columnarFile(records: readonly IndexedRecord[], rowGroupSize: number): Uint8Array {
  const column = (name: string, type: BasicType, of: (record: IndexedRecord) => unknown): ColumnSource => ({ name, type, data: records.map(of) as never });
  const tld = (host: string): string => host.slice(host.lastIndexOf('.') + 1);
  const columnData = [
    column('url_surtkey', 'STRING', ({ surt }) => surt),
    column('url', 'STRING', ({ url }) => url),
    column('url_host_name', 'STRING', ({ host }) => host),
    column('url_host_tld', 'STRING', ({ host }) => tld(host)),
    column('url_protocol', 'STRING', ({ url }) => url.slice(0, url.indexOf(':'))),
    column('fetch_status', 'INT32', ({ status }) => status),
    column('content_digest', 'STRING', ({ digest }) => digest),
    column('content_mime_type', 'STRING', ({ mime }) => mime),
    column('content_mime_detected', 'STRING', ({ mime }) => mime),
    column('content_languages', 'STRING', ({ languages }) => languages),
    column('content_truncated', 'STRING', ({ truncated }) => truncated),
    column('warc_filename', 'STRING', ({ filename }) => filename),
    column('warc_record_offset', 'INT32', ({ offset }) => offset),
    column('warc_record_length', 'INT32', ({ length }) => length),
    column('warc_segment', 'STRING', ({ filename }) => /segments\/([\d.]+)\//.exec(filename)?.[1] ?? null),
  ];
  return new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize }));
}

export function cdxjLine(record: IndexedRecord): string {
  const { surt, timestamp, url, mime, status, digest, length, offset, filename, languages, truncated } = record;
  const fields = {
    url,
    mime,
    'mime-detected': mime,
    status: String(status),
    ...(digest === null ? {} : { digest }),
    length: String(length),
    offset: String(offset),
    filename,
    ...(languages === null ? {} : { languages }),
    ...(truncated === null ? {} : { truncated }),
  };
  return `${surt} ${timestamp} ${JSON.stringify(fields)}\n`;
}

/** `name`: of the file of blocks, as cluster.idx calls it. */
export function zipNum(records: readonly IndexedRecord[], name: string, linesPerBlock: number): { readonly blocks: Uint8Array; readonly cluster: string } {
  const blocks: Uint8Array[] = [];
  let offset = 0;
  let cluster = '';
  for (let at = 0; at < records.length; at += linesPerBlock) {
    const some = records.slice(at, at + linesPerBlock);
    const block = gzipSync(some.map(cdxjLine).join(''));
    cluster += `${some[0]!.surt} ${some[0]!.timestamp}\t${name}\t${offset}\t${block.length}\t${blocks.length + 1}\n`;
    blocks.push(block);
    offset += block.length;
  }
  return { blocks: Buffer.concat(blocks), cluster };
}
