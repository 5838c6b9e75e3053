// List files: which ones an option's path names, and their lines in whole-line chunks. Plain or gzip, files or folders.
import { createReadStream, existsSync, readdirSync, statSync } from 'node:fs';
import { basename, isAbsolute, join, resolve } from 'node:path';
import { createGunzip } from 'node:zlib';
import { RefineError } from '../../native/index.js';

/** What a folder offers as lists: UT1's `domains` and `urls`, plain and compiled lists; never its licence or its regular expressions. */
const LIST_FILE = /^(?:(?:domains|urls)(?:\..*)?|.*\.(?:txt|list|hosts|urlset))(?:\.gz)?$/i;
const NO_LIST = /^(?:\.|readme|licen[cs]e|copying|notice)|\.part$/i; // .part: a download that was killed

export const locate = (path: string, baseDir: string): string => (isAbsolute(path) ? path : resolve(baseDir, path));

/** The files under `path` (absolute), sorted by bytes of their path; null where nothing stands there. */
export function listFiles(path: string): readonly string[] | null {
  if (!existsSync(path)) return null;
  if (!statSync(path).isDirectory()) return [path];
  const files: string[] = [];
  const walk = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const inside = join(folder, entry.name);
      if (NO_LIST.test(entry.name)) continue;
      const kind = entry.isSymbolicLink() ? statSync(inside) : entry;
      if (kind.isDirectory() && !entry.isSymbolicLink())
        walk(inside); // a link to a folder could lead back here
      else if (kind.isFile() && LIST_FILE.test(entry.name)) files.push(inside);
    }
  };
  walk(path);
  return files.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

const NEWLINE = 0x0a;
const MAX_LINE_BYTES = 1 << 20;

/** The file's bytes in chunks that end with a line; gzip by its magic, not its name. */
export async function* lineChunks(path: string, maxLineBytes = MAX_LINE_BYTES): AsyncGenerator<Uint8Array> {
  const raw = createReadStream(path, { highWaterMark: 1 << 20 });
  try {
    let rest: Buffer = Buffer.alloc(0);
    for await (const chunk of await inflated(raw)) {
      const bytes = rest.length === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk as Buffer]);
      const end = bytes.lastIndexOf(NEWLINE) + 1;
      if (end > 0) yield bytes.subarray(0, end);
      rest = bytes.subarray(end);
      if (rest.length > maxLineBytes) throw new Error(`a line is longer than ${maxLineBytes} bytes`);
    }
    if (rest.length > 0) yield rest;
  } catch (cause) {
    throw new RefineError('ERR_REFINE_ASSET', `cannot be read as a list: ${(cause as Error).message}. Lists are text, one entry a line, plain or gzip.`, {
      place: basename(path),
      cause,
    });
  } finally {
    raw.destroy();
  }
}

async function inflated(raw: ReturnType<typeof createReadStream>): Promise<AsyncIterable<unknown>> {
  const magic = await new Promise<Buffer | null>((done, fail) => {
    raw.once('error', fail);
    raw.once('readable', () => done(raw.read(2) as Buffer | null));
  });
  if (magic === null) return raw;
  raw.unshift(magic);
  if (magic[0] !== 0x1f || magic[1] !== 0x8b) return raw;
  const gunzip = createGunzip();
  raw.once('error', (error) => gunzip.destroy(error));
  return raw.pipe(gunzip);
}
