// Documents as parquet, a file a text shard, a row group a batch, by hyparquet-writer with snappy: a column a column of the shard,
// its type kept (dictionary languages become strings, seconds become timestamps, lists of structs parquet's own LIST of groups).
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { SchemaElement } from 'hyparquet';
import { type Batch, type Column, isValid, valueAt } from '../../native/batch.js';
import { ArrowFile } from '../store.js';
import type { ExportFile, ExportFolder, FormatWriter } from './export.js';

/** A row group: readers hold one at a time. */
export const GROUP_ROWS = 8192;
const GROUP_BYTES = 64 * 2 ** 20;

export interface ParquetLimits {
  /** Rows of a row group; fewer where their text passes GROUP_BYTES or an eighth of a file. */
  readonly groupRows?: number;
  /** A file that has reached so many bytes ends with its row group, and `NAME-1.parquet` goes on. A row is never divided, however large. */
  readonly maxFileBytes?: number;
}

export function parquetWriter(files: ExportFolder, { groupRows = GROUP_ROWS, maxFileBytes = Number.POSITIVE_INFINITY }: ParquetLimits = {}): FormatWriter {
  const groupBytes = Math.min(GROUP_BYTES, maxFileBytes / 8); // a file passes its size by a group
  return {
    async shard(path, _shard, name) {
      const source = await ArrowFile.open(path);
      const columns: ParquetColumn[] = [];
      let documents = 0;
      let part = 0;
      let rows = 0;
      let bytes = 0;
      let open: OpenFile | null = null;
      const flush = async (last: boolean): Promise<void> => {
        open ??= await openFile(files, `${name}${part === 0 ? '' : `-${part}`}.parquet`, columns, metadataOf(source));
        if (rows > 0) open.parquet.write({ columnData: columns.map(({ name: column, values }) => ({ name: column, data: values })), rowGroupSize: rows });
        for (const column of columns) column.values = [];
        rows = 0;
        bytes = 0;
        const ends = last || open.writer.offset >= maxFileBytes;
        if (ends) open.parquet.finish();
        await open.file.write([open.writer.getBytes().slice()]);
        open.writer.index = 0; // what is on disk need not stay in memory
        if (!ends) return;
        await open.file.commit();
        open = null;
        part++;
      };
      try {
        for await (const batch of source.batches()) {
          if (columns.length === 0) columns.push(...source.columns.map((column) => columnOf(column, batch.columns[column]!)));
          const sizes = sizesOf(batch);
          for (let from = 0; from < batch.rows; ) {
            let to = from;
            while (to < batch.rows && rows + to - from < groupRows && bytes < groupBytes) bytes += sizes[to++]!;
            for (const column of columns) append(column, batch, from, to);
            rows += to - from;
            documents += to - from;
            from = to;
            if (rows >= groupRows || bytes >= groupBytes) await flush(false);
          }
        }
        if (open !== null || rows > 0 || part === 0) await flush(true);
      } finally {
        await source.close();
      }
      return { documents };
    },
    async end() {},
  };
}

interface OpenFile {
  readonly file: ExportFile;
  readonly writer: ByteWriter;
  readonly parquet: ParquetWriter;
}

async function openFile(files: ExportFolder, path: string, columns: readonly ParquetColumn[], kvMetadata: { key: string; value: string }[]): Promise<OpenFile> {
  const file = await files.create(path);
  const writer = new ByteWriter();
  const schema: SchemaElement[] = [{ name: 'schema', num_children: columns.length }, ...columns.flatMap((column) => column.schema)];
  return { file, writer, parquet: new ParquetWriter({ writer, schema, createdBy: 'refine', kvMetadata }) };
}

interface ParquetColumn {
  readonly name: string;
  readonly schema: readonly SchemaElement[];
  values: unknown[];
}

function metadataOf(source: ArrowFile): { key: string; value: string }[] {
  return Object.entries(source.metadata)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => ({ key, value }));
}

type Leaf = Pick<SchemaElement, 'type' | 'converted_type' | 'logical_type'>;

const UTF8: Leaf = { type: 'BYTE_ARRAY', converted_type: 'UTF8' };

function columnOf(name: string, column: Column): ParquetColumn {
  return { name, schema: schemaOf(name, column), values: [] };
}

function schemaOf(name: string, column: Column): SchemaElement[] {
  const optional = (leaf: Leaf): SchemaElement[] => [{ name, repetition_type: 'OPTIONAL', ...leaf }];
  const list = (...item: SchemaElement[]): SchemaElement[] => [
    { name, repetition_type: 'OPTIONAL', converted_type: 'LIST', num_children: 1 },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
    ...item,
  ];
  switch (column.kind) {
    case 'utf8':
    case 'dictionary':
      return optional(UTF8);
    case 'binary':
      return optional({ type: 'BYTE_ARRAY' });
    case 'fixed':
      return optional(numberLeaf(column.values, column.unit === 's'));
    case 'list':
      return list({ name: 'element', repetition_type: 'REQUIRED', ...numberLeaf(column.values, false) });
    case 'list-utf8':
      return list({ name: 'element', repetition_type: 'REQUIRED', ...UTF8 });
    case 'list-struct': {
      const fields = Object.keys(column.fields);
      return list(
        { name: 'element', repetition_type: 'REQUIRED', num_children: fields.length },
        ...fields.map((field): SchemaElement => ({ name: field, repetition_type: 'REQUIRED', ...UTF8 })),
      );
    }
  }
}

function numberLeaf(values: { readonly constructor: unknown }, seconds: boolean): Leaf {
  if (seconds) return { type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' };
  switch (values.constructor) {
    case Uint8Array:
      return { type: 'INT32', converted_type: 'UINT_8' };
    case Uint16Array:
      return { type: 'INT32', converted_type: 'UINT_16' };
    case Uint32Array:
      return { type: 'INT32', converted_type: 'UINT_32' };
    case Int32Array:
      return { type: 'INT32' };
    case Float32Array:
      return { type: 'FLOAT' };
    case Float64Array:
      return { type: 'DOUBLE' };
    case BigUint64Array:
      return { type: 'INT64', converted_type: 'UINT_64' };
    default:
      return { type: 'INT64' };
  }
}

function append({ name, values }: ParquetColumn, batch: Batch, from: number, to: number): void {
  const column = batch.columns[name]!;
  const seconds = column.kind === 'fixed' && column.unit === 's';
  for (let row = from; row < to; row++) {
    const value = isValid(column, row) ? valueAt(column, row) : null;
    if (value === null) values.push(null);
    else if (seconds) values.push(new Date(Number(value) * 1000));
    else values.push(value);
  }
}

/** Bytes of text in each row. */
function sizesOf(batch: Batch): Float64Array {
  const sizes = new Float64Array(batch.rows);
  for (const column of Object.values(batch.columns)) {
    if (column.kind !== 'utf8' && column.kind !== 'binary') continue;
    for (let row = 0; row < batch.rows; row++) sizes[row]! += column.offsets[row + 1]! - column.offsets[row]!;
  }
  return sizes;
}
