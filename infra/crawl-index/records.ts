// Index rows of WARC files, as CommonCrawl's indexes have them: a row a response, sorted by SURT. For tests, and for crawls of one's
// own that no index came with.
import { readRecords } from '../../stages/fetch/warc-reader.js';

export interface IndexedRecord {
  readonly surt: string;
  /** YYYYMMDDhhmmss. */
  readonly timestamp: string;
  readonly url: string;
  readonly host: string;
  readonly status: number;
  readonly mime: string;
  readonly languages: string | null;
  readonly truncated: string | null;
  /** BASE32, without `sha1:`. */
  readonly digest: string | null;
  readonly filename: string;
  readonly offset: number;
  readonly length: number;
}

export interface IndexOptions {
  /** As CommonCrawl writes it: up to three of ISO 639-3, the main one first. */
  readonly languagesOf?: (url: string) => string | null;
}

/** The responses of one file that stand in members (or as records) of their own. `filename` is what the index calls it. */
export async function* indexWarc(bytes: AsyncIterable<Uint8Array>, filename: string, options: IndexOptions = {}): AsyncGenerator<IndexedRecord> {
  for await (const record of readRecords(bytes, { path: filename })) {
    if (record.type !== 'response' || record.url === null || record.length === null || record.httpStatus === null || record.damage !== null) continue;
    if (!URL.canParse(record.url)) continue;
    const header = (name: string): string | null => record.headers.find(([key]) => key.toLowerCase() === name)?.[1] ?? null;
    const digest = header('warc-payload-digest');
    yield {
      surt: surtOf(record.url),
      timestamp: (header('warc-date') ?? '').replace(/\.\d+/, '').replace(/\D/g, '').padEnd(14, '0').slice(0, 14),
      url: record.url,
      host: new URL(record.url).hostname,
      status: record.httpStatus,
      mime: (record.contentType.split(';')[0] ?? '').trim().toLowerCase() || 'unk',
      languages: options.languagesOf?.(record.url) ?? null,
      truncated: header('warc-truncated'),
      digest: digest === null ? null : digest.replace(/^sha1:/, ''),
      filename,
      offset: record.offset,
      length: record.length,
    };
  }
}

export function sortRecords(records: readonly IndexedRecord[]): IndexedRecord[] {
  const key = (record: IndexedRecord) => `${record.surt} ${record.timestamp}`;
  return [...records].sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : a.offset - b.offset));
}

/** Host backwards without `www.`, then path and query in lower case. */
export function surtOf(url: string): string {
  const { hostname, port, pathname, search } = new URL(url);
  const host = hostname
    .replace(/^www\d*\./, '')
    .split('.')
    .reverse()
    .join(',');
  return `${host}${port === '' ? '' : `:${port}`})${pathname.toLowerCase()}${search.toLowerCase()}`;
}
