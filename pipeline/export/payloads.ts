// `refine export RUN --payloads TYPE`: what the run's inputs hold beside pages (PDFs, images, feeds), read from them again and written
// out as files, with a manifest.jsonl that says where each came from, so that its text can come back by `source.jsonl`.
// Invariant: file names are made of record ids but lead nowhere else; the same run gives the same names and bytes.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { RefineError } from '../../native/errors.js';
import type { Input, Source } from '../../stages/contract/source.js';
import { matcher, type Payload } from '../../stages/fetch/payloads.js';
import { makeFolder, replaceFile } from '../atomic-file.js';
import { listInputs, localGate, readPayloads } from '../inputs.js';
import { readRun, type RunState } from '../run-folder.js';
import { checkEmpty, ExportFolder } from './export.js';

export interface PayloadExportOptions {
  /** Media types; `image/*` means all of a kind. */
  readonly types: readonly string[];
  readonly out: string;
  /** The folder that relative paths of the manifest start from. */
  readonly baseDir: string;
  readonly maxPayloadBytes?: number;
  readonly signal: AbortSignal;
}

export interface PayloadExport {
  readonly types: readonly string[];
  /** Records of these types; `written` of them have a file. */
  readonly records: number;
  readonly written: number;
  readonly bytes: number;
  readonly truncated: number;
  /** Inputs that were read; the ledger says of others that they hold none. */
  readonly inputs: number;
}

/** CommonCrawl cuts at 1 MiB, later 5 MiB; own crawls hold books. */
const MAX_PAYLOAD_BYTES = 256 << 20;

export async function exportPayloads(folder: string, options: PayloadExportOptions): Promise<PayloadExport> {
  const { out, signal } = options;
  const types = [...new Set(options.types.map((type) => type.trim().toLowerCase()))].sort();
  for (const type of types) {
    if (!/^[a-z0-9!#$&^_.+-]+\/([a-z0-9!#$&^_.+-]+|\*)$/.test(type)) {
      throw new RefineError(
        'ERR_REFINE_USAGE',
        `found "${type}", expected a media type such as application/pdf or image/*. refine stats lists those of the run`,
        {
          place: '--payloads',
        },
      );
    }
  }
  const run = await readRun(folder);
  const inputs = await inputsOf(run, options, types);
  checkEmpty(out);
  await makeFolder(out);
  const files = new ExportFolder(out);
  const gate = localGate();
  const totals = { records: 0, written: 0, bytes: 0, truncated: 0 };
  try {
    const manifest = await files.create('manifest.jsonl');
    for (const { number, input } of inputs) {
      const names = new Set<string>();
      const query = { types, maxPayloadBytes: options.maxPayloadBytes ?? MAX_PAYLOAD_BYTES };
      for await (const payload of readPayloads(input, query, { gate }, signal)) {
        signal.throwIfAborted();
        const { bytes } = payload;
        const file = bytes === null ? null : `${String(number).padStart(6, '0')}/${fileName(payload, names)}`;
        if (bytes !== null && file !== null) {
          await files.put(file, bytes);
          totals.written++;
          totals.bytes += bytes.length;
        }
        const line = lineageOf(input.path, payload, file);
        totals.records++;
        if (line.truncated !== null) totals.truncated++;
        await manifest.write([Buffer.from(`${JSON.stringify(line)}\n`, 'utf8')]);
      }
    }
    await manifest.commit();
    await files.close();
  } catch (error) {
    await files.abort();
    throw error;
  }
  const result: PayloadExport = { types, ...totals, inputs: inputs.length };
  await replaceFile(join(out, 'export.json'), `${JSON.stringify({ refine: 'payloads/1', ...result }, null, 2)}\n`);
  return result;
}

/** The run's inputs that hold such payloads, as they were when it ran, with their numbers. */
async function inputsOf(run: RunState, options: PayloadExportOptions, types: readonly string[]): Promise<{ readonly number: number; readonly input: Input }[]> {
  const resolved = run.lock.resolved as { readonly source: Source; readonly seed: string };
  const wanted = matcher(types);
  // What the ledger knows: inputs whose payloads were counted and hold none of these need not be read again.
  const without = new Set<string>();
  for (const entry of run.entries) {
    if (entry.state !== 'done' || entry.source === undefined || entry.input === undefined) continue;
    const counted = Object.keys(entry.source.payloads ?? {});
    const documents = types.some((type) => /^(text|application)\/(html|xhtml\+xml|plain|\*)$/.test(type)) && entry.source.documents > 0;
    if (!documents && !counted.some((type) => wanted(type) || type === 'other')) without.add(entry.input);
  }
  const { signal } = options;
  const listed = await listInputs(resolved.source, {
    baseDir: options.baseDir,
    seed: BigInt(resolved.seed),
    gate: localGate(),
    signal,
    selectionDir: join(run.folder, 'selection'),
  }).catch((cause: unknown) => {
    if (!(cause instanceof RefineError)) throw cause;
    const next = 'Name the manifest of the run, where its paths start from: --manifest FILE';
    throw new RefineError(cause.code, `the inputs of the run are not found: ${cause.message} ${next}`, {
      ...(cause.place === undefined ? {} : { place: cause.place }),
      cause,
    });
  });
  const locked = new Map(run.lock.inputs.map(({ path, identity }, number) => [path, { identity, number }]));
  return listed.flatMap((input) => {
    const held = locked.get(input.path);
    if (held === undefined) return [];
    if (!held.identity.startsWith('unknown:') && held.identity !== input.identity) {
      const message = `is not what the run read: found ${input.identity}, expected ${held.identity}. Restore the file, name the right --manifest, or bring the run up to date with --update`;
      throw new RefineError('ERR_REFINE_INPUT_CHANGED', message, { place: input.path });
    }
    return without.has(input.path) ? [] : [{ number: held.number, input }];
  });
}

interface Lineage {
  /** Below the export's folder; null where the payload could not be written. */
  readonly file: string | null;
  readonly bytes: number | null;
  readonly sha256: string | null;
  readonly id: string;
  readonly url: string | null;
  readonly date: string | null;
  readonly warc_path: string;
  readonly warc_offset: number;
  readonly warc_length: number | null;
  readonly content_type: string;
  readonly http_status: number | null;
  readonly payload_digest: string | null;
  /** Whether the digest is that of what was read. */
  readonly digest: string;
  /** WARC-Truncated: `length`, `time`, ...; null where the payload is whole. */
  readonly truncated: string | null;
  /** Why there is no file. */
  readonly problem: string | null;
}

function lineageOf(path: string, { record, bytes }: Payload, file: string | null): Lineage {
  const header = (name: string): string | null => record.headers.find(([key]) => key.toLowerCase() === name)?.[1]?.trim() ?? null;
  const date = header('warc-date');
  return {
    file,
    bytes: bytes?.length ?? null,
    sha256: bytes === null ? null : createHash('sha256').update(bytes).digest('hex'),
    id: record.id,
    url: record.url,
    date: date !== null && /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/.test(date) ? date : null,
    warc_path: path,
    warc_offset: record.offset,
    warc_length: record.length,
    content_type: record.contentType,
    http_status: record.httpStatus,
    payload_digest: header('warc-payload-digest'),
    digest: record.payloadDigest,
    truncated: header('warc-truncated'),
    problem: bytes !== null ? null : (record.damage ?? record.skip ?? 'not-decoded'),
  };
}

const SUFFIXES: Readonly<Record<string, string>> = {
  'application/pdf': 'pdf',
  'application/epub+zip': 'epub',
  'application/json': 'json',
  'application/msword': 'doc',
  'application/rss+xml': 'rss',
  'application/atom+xml': 'atom',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation': 'pptx',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'xlsx',
  'application/xml': 'xml',
  'text/xml': 'xml',
  'text/html': 'html',
  'application/xhtml+xml': 'xhtml',
  'text/plain': 'txt',
  'text/css': 'css',
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'image/gif': 'gif',
  'image/svg+xml': 'svg',
  'image/webp': 'webp',
};

/** The record's id in characters that are only a name on every system, once an input. */
export function fileName(
  { record, type }: Pick<Payload, 'type'> & { readonly record: { readonly id: string; readonly offset: number } },
  taken: Set<string>,
): string {
  let base = record.id
    .replace(/^urn:uuid:/i, '')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[.-]+/, '')
    .slice(0, 100)
    .replace(/[.-]+$/, '');
  if (base === '' || /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(base)) base = `record-${base}`;
  const suffix = SUFFIXES[type] ?? 'bin';
  // Compared without case: two ids that differ by it alone are one file on some systems.
  let name = `${base}.${suffix}`;
  for (let n = 0; taken.has(name.toLowerCase()); n++) name = `${base}-${record.offset}${n === 0 ? '' : `-${n}`}.${suffix}`;
  taken.add(name.toLowerCase());
  return name;
}
