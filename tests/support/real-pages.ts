// The pages of the shared real.warc.gz as a batch of documents, cut by its index and Node's zlib: no reader of ours.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { type Batch, bytesColumn, fixedColumn, utf8Column } from '../../native/index.js';
import { sharedPath } from './shared.js';

/** Batches of at most `rows` pages with url, html, text (null), content_type and date; null where the shared data is absent. */
export function realPages(rows = 256): Batch[] | null {
  const warc = sharedPath('data', 'real.warc.gz');
  const index = sharedPath('data', 'real.index.tsv');
  if (warc === null || index === null) return null;
  const file = readFileSync(warc);
  const [head, ...lines] = readFileSync(index, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'));
  const at = (name: string) => head!.indexOf(name);
  const pages = lines.map((fields) => {
    const offset = Number(fields[at('offset')]);
    const record = gunzipSync(file.subarray(offset, offset + Number(fields[at('length')])));
    const http = record.indexOf('\r\n\r\n') + 4;
    const body = record.indexOf('\r\n\r\n', http) + 4;
    const contentType = /^content-type: *(.*)\r$/im.exec(record.toString('latin1', http, body))?.[1] ?? null;
    const contentLength = Number(/^content-length: *(\d+)\r$/im.exec(record.toString('latin1', 0, http))![1]);
    return { url: fields[at('url')]!, contentType, html: record.subarray(body, http + contentLength) };
  });
  const batches: Batch[] = [];
  for (let from = 0; from < pages.length; from += rows) {
    const part = pages.slice(from, from + rows);
    batches.push({
      rows: part.length,
      columns: {
        url: utf8Column(part.map((page) => page.url)),
        html: bytesColumn(
          'binary',
          part.map((page) => page.html),
        ),
        text: utf8Column(part.map(() => null)),
        content_type: utf8Column(part.map((page) => page.contentType)),
        date: { ...fixedColumn(new BigInt64Array(part.length)), unit: 's' },
      },
    });
  }
  return batches;
}
