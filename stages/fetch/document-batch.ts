// Documents that come without a WARC around them (JSON lines, single files) as batches with the columns of a source.
// Invariant: every column that stages/contract/source.ts lists is there, null where such an input has no value for it.
import { type Batch, bytesColumn, type FixedColumn, utf8Column, validityOf } from '../../native/index.js';

export interface PlainDocument {
  readonly id: string;
  readonly url: string | null;
  readonly host: string | null;
  /** Seconds since 1970. */
  readonly date: number | null;
  readonly offset: number;
  readonly length: number;
  readonly text?: Uint8Array;
  readonly html?: Uint8Array;
  readonly contentType?: string;
  /** Where the document came from, where that is not this file. */
  readonly record?: SourceRecord;
}

/** A WARC record that a line speaks of. */
export interface SourceRecord {
  readonly path: string;
  readonly offset: number;
  readonly length: number | null;
  readonly digest: string | null;
  readonly status: number | null;
  readonly contentType: string | null;
}

// As the WARC reader cuts: small enough that a worker holds a few, large enough to pay for a native call.
const MAX_ROWS = 256;
const MAX_BYTES = 16 << 20;
/** Names up to here are not counted, which is all but those of hostile files. */
const LONG_NAME = 8192;

export class BatchBuilder {
  private documents: PlainDocument[] = [];
  private bytes = 0;

  constructor(private readonly path: string) {}

  get rows(): number {
    return this.documents.length;
  }

  get full(): boolean {
    return this.documents.length >= MAX_ROWS || this.bytes >= MAX_BYTES;
  }

  add(document: PlainDocument): void {
    this.documents.push(document);
    const names = document.id.length + (document.url?.length ?? 0);
    this.bytes += (document.text?.length ?? 0) + (document.html?.length ?? 0) + (names > LONG_NAME ? names : 0);
  }

  take(): Batch {
    const documents = this.documents;
    this.documents = [];
    this.bytes = 0;
    return {
      rows: documents.length,
      columns: {
        id: utf8Column(documents.map(({ id }) => id)),
        url: utf8Column(documents.map(({ url }) => url)),
        host: utf8Column(documents.map(({ host }) => host)),
        warc_path: utf8Column(documents.map(({ record }) => record?.path ?? this.path)),
        date: { ...int64(documents.map(({ date }) => date)), unit: 's' },
        warc_offset: int64(documents.map(({ record, offset }) => record?.offset ?? offset)),
        warc_length: int64(documents.map(({ record, length }) => (record === undefined ? length : record.length))),
        payload_digest: utf8Column(documents.map(({ record }) => record?.digest)),
        http_status: {
          kind: 'fixed',
          values: Uint16Array.from(documents, ({ record }) => record?.status ?? 0),
          width: 1,
          validity: validityOf(documents.map(({ record }) => record !== undefined && record.status !== null)),
        },
        content_type: utf8Column(documents.map(({ record, contentType }) => contentType ?? record?.contentType)),
        x_robots_tag: utf8Column(documents.map(() => null)),
        html: bytesColumn(
          'binary',
          documents.map(({ html }) => html ?? null),
        ),
        text: bytesColumn(
          'utf8',
          documents.map(({ text }) => text ?? null),
        ),
      },
    };
  }
}

function int64(values: readonly (number | null)[]): FixedColumn {
  const column = BigInt64Array.from(values, (value) => BigInt(value ?? 0));
  if (!values.includes(null)) return { kind: 'fixed', values: column, width: 1 };
  return { kind: 'fixed', values: column, width: 1, validity: validityOf(values.map((value) => value !== null)) };
}

/** A plain file's name in ids: less one .gz or .zst, then less one of .html .htm .txt .jsonl .warc (DESIGN section 6). */
export function baseName(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return name.replace(/\.(?:gz|zst)$/, '').replace(/\.(?:html|htm|txt|jsonl|warc)$/, '');
}

export function hostOf(url: string | null): string | null {
  if (url === null || !URL.canParse(url)) return null;
  return new URL(url).hostname || null;
}

/** RFC 3339 times only: what Date.parse makes of anything else differs between engines. */
export function secondsOf(value: unknown): number | null {
  if (typeof value !== 'string') return null;
  const time = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}:\d{2})(?:\.\d+)?(Z|[+-]\d{2}:\d{2})?)?$/.exec(value);
  if (time === null) return null;
  const ms = Date.parse(`${time[1]}T${time[2] ?? '00:00:00'}${time[3] ?? 'Z'}`);
  return Number.isNaN(ms) ? null : Math.floor(ms / 1000);
}
