// `refine export`: a finished run in other people's formats. A file follows the shard it is made of, so an export of a part of
// a run, or on another day, gives the same files. Invariant: nothing stands under its final name before it is whole; the last
// file written, export.json, names all of them with their sha256. An export that fails takes its files with it: they would keep
// the disk full and have the same command refused, and a part of an export is easily taken for the whole.
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { rm, rmdir, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { RefineError } from '../../native/errors.js';
import { AtomicFile, adoptFile, makeFolder, replaceFile, syncFolder } from '../atomic-file.js';
import { HOLDOUT_PREFIX } from '../final-shards.js';
import { type RunState, readRun } from '../run-folder.js';
import type { Shard } from '../types.js';
import { type ExportFormat, type SignatureHash, TOKEN_FORMATS } from './formats.js';

export interface ExportOptions {
  readonly format: ExportFormat;
  readonly out: string;
  readonly split: 'train' | 'holdout';
  /** mds: samples of so many tokens, documents end to end, what is left at the end of a run in a last short one; absent: a sample a document. */
  readonly seqLen?: number;
  /** minhash-sig: of shingles; absent: xxh64. */
  readonly hash?: SignatureHash;
  /** parquet: rows of a row group; absent: 8,192. */
  readonly groupRows?: number;
  /** parquet: a file goes on in another once it has so many bytes; absent: a file a text shard. */
  readonly maxFileBytes?: number;
  readonly signal: AbortSignal;
}

export interface ExportedFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface ExportResult {
  readonly format: ExportFormat;
  /** Of minhash-sig. */
  readonly hash?: SignatureHash;
  readonly documents: number;
  /** Of token formats. */
  readonly tokens?: number;
  readonly files: readonly ExportedFile[];
}

/** What a format's writer gets: shards one after another, in the run's order. */
export interface FormatWriter {
  /** `shard` is relative to the run; `name` its file name less .arrow. Returns its documents, and tokens where it has them. */
  shard(file: string, shard: Shard, name: string): Promise<{ readonly documents: number; readonly tokens?: number }>;
  end(): Promise<void>;
}

/** Where a writer's files come from: final names appear when they are committed. */
export class ExportFolder {
  readonly #out: string;
  readonly #open = new Set<AtomicFile>();
  readonly #scratch: string[] = [];
  readonly files: ExportedFile[] = [];

  constructor(out: string) {
    this.#out = out;
  }

  async create(path: string): Promise<ExportFile> {
    const file = await AtomicFile.create(join(this.#out, path));
    this.#open.add(file);
    return {
      write: (chunks) => file.write(chunks),
      commit: async () => {
        const { bytes, sha256 } = await file.commit();
        this.#open.delete(file);
        this.files.push({ path, bytes, sha256 });
      },
    };
  }

  async put(path: string, bytes: Uint8Array | string): Promise<void> {
    const file = await this.create(path);
    await file.write([typeof bytes === 'string' ? Buffer.from(bytes, 'utf8') : bytes]);
    await file.commit();
  }

  /** A folder for what a writer needs on the way; gone at the end, whatever it is. */
  async scratch(name: string): Promise<string> {
    const folder = join(this.#out, `${name}.${process.pid}-${randomBytes(4).toString('hex')}.part`);
    await makeFolder(folder);
    this.#scratch.push(folder);
    return folder;
  }

  /** Gives a whole file of a scratch folder its final name. */
  async adopt(part: string, path: string): Promise<void> {
    const target = join(this.#out, path);
    await makeFolder(dirname(target));
    const written = await adoptFile(part, target);
    await syncFolder(dirname(target));
    this.files.push({ path, ...written });
  }

  async abort(): Promise<void> {
    for (const file of this.#open) await file.abort();
    await this.close();
  }

  /** Aborts, and removes the files that stand under their names already, with folders that this leaves empty. */
  async discard(): Promise<void> {
    await this.abort();
    for (const { path } of this.files) await unlink(join(this.#out, path)).catch(() => undefined);
    const folders = new Set(this.files.map(({ path }) => dirname(path)));
    folders.delete('.');
    for (const folder of folders) await rmdir(join(this.#out, folder)).catch(() => undefined);
  }

  async close(): Promise<void> {
    for (const folder of this.#scratch) await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
}

export interface ExportFile {
  write(chunks: readonly Uint8Array[]): Promise<void>;
  commit(): Promise<void>;
}

export async function exportRun(folder: string, options: ExportOptions): Promise<ExportResult> {
  const { format, out, split, seqLen, hash, signal } = options;
  const run = await readRun(folder);
  if (!run.finished)
    throw new RefineError('ERR_REFINE_LEDGER', 'is not finished, so its shards are not all there. Run `refine run` to its end first', { place: folder });
  if (seqLen !== undefined && format !== 'mds')
    throw new RefineError('ERR_REFINE_USAGE', `goes with --format mds, not ${format}: its readers cut rows themselves. Leave it out`, { place: '--seq-len' });
  if (hash !== undefined && format !== 'minhash-sig')
    throw new RefineError('ERR_REFINE_USAGE', `goes with --format minhash-sig, not ${format}. Leave it out`, { place: '--hash' });
  if ((options.groupRows !== undefined || options.maxFileBytes !== undefined) && format !== 'parquet')
    throw new RefineError('ERR_REFINE_USAGE', `goes with --format parquet, not ${format}. Leave it out`, {
      place: options.groupRows === undefined ? '--max-file-size' : '--group-rows',
    });
  const shards = shardsOf(run, format, split);
  checkEmpty(out);
  await makeFolder(out);
  const files = new ExportFolder(out);
  let documents = 0;
  let tokens = 0;
  try {
    const writer = await openWriter(run, files, options);
    for (const shard of shards) {
      signal.throwIfAborted();
      const name = shard.path.slice(shard.path.indexOf('/') + 1).replace(/\.arrow$/, '');
      const counts = await writer.shard(join(run.folder, shard.path), shard, name);
      if (counts.documents !== shard.rows)
        throw new RefineError(
          'ERR_REFINE_SHARD',
          `holds ${counts.documents} documents, the ledger says ${shard.rows}. Delete it and run \`refine run\` again`,
          {
            place: shard.path,
          },
        );
      documents += counts.documents;
      tokens += counts.tokens ?? 0;
    }
    await writer.end();
    await files.close();
    const result: ExportResult = {
      format,
      ...(format === 'minhash-sig' ? { hash: hash ?? 'xxh64' } : {}),
      documents,
      ...(isTokenFormat(format) ? { tokens } : {}),
      files: files.files,
    };
    await replaceFile(join(out, 'export.json'), `${JSON.stringify({ refine: 'export/1', ...result }, null, 2)}\n`);
    return result;
  } catch (error) {
    await files.discard();
    throw error;
  }
}

async function openWriter(run: RunState, files: ExportFolder, options: ExportOptions): Promise<FormatWriter> {
  const { format, seqLen, hash, signal } = options;
  switch (format) {
    case 'parquet':
      return (await import('./parquet.js')).parquetWriter(files, options);
    case 'jsonl':
    case 'jsonl.zst':
      return await (await import('./jsonl.js')).jsonlWriter(files, format === 'jsonl.zst');
    case 'minhash-sig':
      return await (await import('./minhash-sig.js')).signatureWriter(files, hash ?? 'xxh64', signal);
    case 'megatron':
      return (await import('./megatron.js')).megatronWriter(files);
    case 'ds':
      return (await import('./ds.js')).dsWriter(files, String(run.lock.resolved.name ?? ''));
    case 'mds':
      return (await import('./mds.js')).mdsWriter(files, seqLen);
  }
}

function isTokenFormat(format: ExportFormat): boolean {
  return (TOKEN_FORMATS as readonly string[]).includes(format);
}

function shardsOf(run: RunState, format: ExportFormat, split: ExportOptions['split']): readonly Shard[] {
  const token = isTokenFormat(format);
  const all = token ? run.tokens : run.text;
  if (all.length === 0) {
    const missing = token ? 'has no token shards: its manifest has no step "tokenize"' : 'keeps no text: its manifest says sink.text.keep: false';
    throw new RefineError('ERR_REFINE_LEDGER', `${missing}. Run it with one, or choose a format of the other kind`, { place: run.folder });
  }
  const shards = all.filter(({ path }) => path.slice(path.indexOf('/') + 1).startsWith(HOLDOUT_PREFIX) === (split === 'holdout'));
  if (shards.length === 0)
    throw new RefineError('ERR_REFINE_LEDGER', `has nothing held out: its manifest says no sink.holdout. Leave out --split ${split}`, { place: run.folder });
  return shards;
}

/** An export never mixes with what lies there. */
export function checkEmpty(out: string): void {
  if (!existsSync(out)) return;
  let names: string[];
  try {
    names = readdirSync(out);
  } catch (cause) {
    throw new RefineError('ERR_REFINE_DISK', `cannot be listed (${(cause as NodeJS.ErrnoException).code}). Name a folder, or one that does not exist yet`, {
      place: out,
      cause,
    });
  }
  const left = names.filter((name) => !name.endsWith('.part'));
  if (left.length > 0)
    throw new RefineError('ERR_REFINE_USAGE', `holds files already (${left.length}), such as ${left[0]}. Name an empty folder, or remove it first`, {
      place: out,
    });
}
