// Shards: Arrow IPC files (file format) written batch by batch, read batch by batch.
// Invariant: bytes depend on the batches and the metadata alone, and a file stands under its name only when it is whole and
// synced. Memory is one batch, whatever the file's size. Arrow columnar format 1.4, IPC file format.
import { open } from 'node:fs/promises';
import type { AsyncRecordBatchFileReader, RecordBatch } from 'apache-arrow';
import type { Batch } from '../native/batch.js';
import { RefineError } from '../native/errors.js';
import { arrow } from './arrow.js';
import { BatchEncoder, decodeBatch } from './arrow-columns.js';
import { AtomicFile, diskError } from './atomic-file.js';

export interface ArrowOptions {
  /** The columns to write, in this order; all of the first batch's where absent. */
  readonly columns?: readonly string[];
  /** Schema metadata; written sorted by key. */
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface WrittenShard {
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
}

/** The library's file writer, its bytes kept as chunks that are taken after each batch instead of queued without bound. */
class ChunkWriter extends arrow.RecordBatchFileWriter {
  chunks: Uint8Array[] = [];

  protected override _write(chunk: ArrayBufferView): this {
    if (this._started && chunk.byteLength > 0) {
      this.chunks.push(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
      this._position += chunk.byteLength;
    }
    return this;
  }

  take(): Uint8Array[] {
    const taken = this.chunks;
    this.chunks = [];
    return taken;
  }
}

/** One shard being written. Its first batch sets the schema; batches without rows are left out unless they are all there is. */
export class ArrowWriter {
  readonly #file: AtomicFile;
  readonly #options: ArrowOptions;
  #writer: ChunkWriter | undefined;
  #encoder: BatchEncoder | undefined;
  #empty: Batch | undefined;
  #rows = 0;

  private constructor(file: AtomicFile, options: ArrowOptions) {
    this.#file = file;
    this.#options = options;
  }

  static async create(path: string, options: ArrowOptions = {}): Promise<ArrowWriter> {
    return new ArrowWriter(await AtomicFile.create(path), options);
  }

  get rows(): number {
    return this.#rows;
  }

  async write(batch: Batch): Promise<void> {
    if (batch.rows === 0) {
      this.#empty ??= batch;
      return;
    }
    await this.#append(batch);
  }

  async #append(batch: Batch): Promise<void> {
    this.#encoder ??= new BatchEncoder(batch, this.#options.columns ?? Object.keys(batch.columns), this.#options.metadata ?? {});
    this.#writer ??= new ChunkWriter({ autoDestroy: false });
    this.#writer.write(this.#encoder.encode(batch));
    this.#rows += batch.rows;
    await this.#file.write(this.#writer.take());
  }

  async commit(): Promise<WrittenShard> {
    if (this.#writer === undefined) await this.#append(this.#empty ?? { rows: 0, columns: {} });
    this.#writer!.close();
    await this.#file.write(this.#writer!.take());
    return { rows: this.#rows, ...(await this.#file.commit()) };
  }

  async abort(): Promise<void> {
    await this.#file.abort();
  }
}

export async function writeArrow(path: string, batches: AsyncIterable<Batch> | Iterable<Batch>, options: ArrowOptions = {}): Promise<WrittenShard> {
  const writer = await ArrowWriter.create(path, options);
  try {
    for await (const batch of batches) await writer.write(batch);
    return await writer.commit();
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

/** An open shard with random access to its record batches. */
export class ArrowFile {
  readonly path: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly columns: readonly string[];
  readonly fields: readonly { readonly name: string; readonly type: string }[];
  /** Record batches in the file. */
  readonly batchCount: number;
  readonly #reader: AsyncRecordBatchFileReader;
  readonly #labels = new Map<string, readonly string[]>();

  private constructor(path: string, reader: AsyncRecordBatchFileReader) {
    this.path = path;
    this.#reader = reader;
    this.metadata = Object.fromEntries(reader.schema.metadata);
    this.columns = reader.schema.fields.map((field) => field.name);
    this.fields = reader.schema.fields.map((field) => ({ name: field.name, type: String(field.type) }));
    this.batchCount = reader.numRecordBatches;
  }

  static async open(path: string): Promise<ArrowFile> {
    const handle = await open(path, 'r').catch((cause) => {
      throw diskError(cause, path, 'open the shard');
    });
    try {
      const { size } = await handle.stat();
      const head = new Uint8Array(6);
      const tail = new Uint8Array(10);
      if (size >= 24) {
        await handle.read(head, 0, 6, 0);
        await handle.read(tail, 0, 10, size - 10);
      }
      const footerBytes = new DataView(tail.buffer).getInt32(0, true);
      if (size < 24 || !isMagic(head) || !isMagic(tail.subarray(4)) || footerBytes <= 0 || footerBytes > size - 20) {
        throw damaged(path, `its ${size} bytes are not a whole Arrow file`);
      }
      const reader = (await arrow.RecordBatchReader.from(handle)) as AsyncRecordBatchFileReader;
      await reader.open({ autoDestroy: false }).catch((cause: Error) => {
        throw damaged(path, `its footer or dictionaries cannot be read (${cause.message})`, cause);
      });
      return new ArrowFile(path, reader);
    } catch (error) {
      await handle.close().catch(() => undefined);
      throw error;
    }
  }

  /** Record batch `index`; only `columns` where given. Its buffers are its own. */
  async readBatch(index: number, columns?: readonly string[]): Promise<Batch> {
    let batch: RecordBatch | null;
    try {
      batch = await this.#reader.readRecordBatch(index);
    } catch (cause) {
      throw damaged(this.path, `record batch ${index} cannot be read (${(cause as Error).message})`, cause);
    }
    if (batch === null) throw damaged(this.path, `record batch ${index} of ${this.batchCount} is not there`);
    try {
      return decodeBatch(batch, columns, this.#labels);
    } catch (error) {
      if (error instanceof RefineError) throw new RefineError(error.code, error.message, { place: this.path, cause: error });
      throw error;
    }
  }

  async *batches(columns?: readonly string[]): AsyncGenerator<Batch> {
    for (let index = 0; index < this.batchCount; index++) yield await this.readBatch(index, columns);
  }

  async close(): Promise<void> {
    await this.#reader.cancel();
  }
}

/** All batches of a shard, one in memory at a time; only `columns` where given. */
export async function* readArrow(path: string, columns?: readonly string[]): AsyncGenerator<Batch> {
  const file = await ArrowFile.open(path);
  try {
    yield* file.batches(columns);
  } finally {
    await file.close();
  }
}

/** A shard's columns with their Arrow types as the library spells them, from its footer alone. */
export async function shardFields(path: string): Promise<readonly { readonly name: string; readonly type: string }[]> {
  const file = await ArrowFile.open(path);
  try {
    return file.fields;
  } finally {
    await file.close();
  }
}

function isMagic(bytes: Uint8Array): boolean {
  return Buffer.from(bytes).toString('latin1') === 'ARROW1';
}

function damaged(path: string, found: string, cause?: unknown): RefineError {
  return new RefineError('ERR_REFINE_SHARD', `${found}. Delete the file and run the same command again: only its task is redone.`, { place: path, cause });
}
