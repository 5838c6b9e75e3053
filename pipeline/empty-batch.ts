// Schemas come from batches; an input without a document has one of this kind.
import { type Batch, type Column, fixedColumn, utf8Column } from '../native/batch.js';

/** The source's columns without a row, for an input that had no document. */
export function emptyBatch(): Batch {
  const text = (): Column => utf8Column([]);
  return {
    rows: 0,
    columns: {
      id: text(),
      url: text(),
      host: text(),
      warc_path: text(),
      date: { kind: 'fixed', values: new BigInt64Array(), width: 1, unit: 's' },
      warc_offset: fixedColumn(new BigInt64Array()),
      warc_length: fixedColumn(new BigInt64Array()),
      payload_digest: text(),
      http_status: fixedColumn(new Uint16Array()),
      content_type: text(),
      x_robots_tag: text(),
      html: { kind: 'binary', data: new Uint8Array(), offsets: new Int32Array(1) },
      text: text(),
      _row: fixedColumn(new Uint32Array()),
    },
  };
}
