// Payloads of an input by media type, streamed: what `refine export --payloads` writes out. Ranges that an index selected are read alone.
import { RefineError } from '../../native/index.js';
import type { Input } from '../contract/source.js';
import { type BytesEnv, inputBytes } from './input-bytes.js';
import { MemberStream } from './member-stream.js';
import { readRecords, type RecordInfo } from './warc-reader.js';

export interface Payload {
  /** The record; its offset is its place in the file. */
  readonly record: RecordInfo;
  readonly type: string;
  /** Content codings undone; null where the record is damaged or cut, or its payload too large or not to be decoded. */
  readonly bytes: Uint8Array | null;
}

export interface PayloadQuery {
  /** Lower case, without parameters; `image/*` means all of a kind. */
  readonly types: readonly string[];
  readonly maxPayloadBytes: number;
}

/** The payloads of responses with status 200 and of resources, in the order of the file. */
export async function* readPayloads(input: Input, query: PayloadQuery, env: BytesEnv, signal: AbortSignal): AsyncGenerator<Payload> {
  const { path, format, members } = input;
  if (format !== 'warc' && format !== 'wet') {
    throw new RefineError('ERR_REFINE_USAGE', `is read as ${format}, which has no payloads: only WARC files do. Export a run over WARC files`, { place: path });
  }
  const stream = members === undefined ? null : new MemberStream({ ...input, members }, env);
  const bytes = stream === null ? inputBytes(input, env, signal) : stream.bytes(signal);
  const wanted = matcher(query.types);
  for await (const record of readRecords(bytes, { path, payloads: true, maxPayloadBytes: query.maxPayloadBytes, signal })) {
    if (record.type !== 'response' && record.type !== 'resource') continue;
    if (record.httpStatus !== null && record.httpStatus !== 200) continue;
    const type = mediaType(record.contentType);
    if (!wanted(type)) continue;
    const member = stream?.memberAt(record.offset);
    if (member === null) continue; // inside a range that the index gave wrongly
    const placed = member === undefined ? record : { ...record, offset: member.offset };
    yield { record: placed, type, bytes: record.payload };
  }
}

export function mediaType(contentType: string): string {
  const type = (contentType.split(';')[0] ?? '').trim().toLowerCase();
  return type.includes('/') ? type : 'unknown';
}

export function matcher(types: readonly string[]): (type: string) => boolean {
  const whole = new Set(types.filter((type) => !type.endsWith('/*')));
  const kinds = types.filter((type) => type.endsWith('/*')).map((type) => type.slice(0, -1));
  return (type) => whole.has(type) || kinds.some((kind) => type.startsWith(kind));
}
