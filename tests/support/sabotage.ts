// Token shards of a finished run spoilt as a fault upstream would: the shard is written anew with other documents, and ledger and
// index.arrow name its new digest, so that nothing but what it holds gives it away.
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Batch, column, documentAt, fixedColumn, utf8Column } from '../../native/index.js';
import { ArrowFile, readArrow, writeArrow } from '../../pipeline/store.js';
import type { Shard } from '../../pipeline/types.js';

export interface TokenDocument {
  readonly id: string;
  readonly url: string | null;
  readonly ids: readonly number[];
}

/** A copy of the run. */
export function copyRun(run: string, to: string): string {
  cpSync(run, to, { recursive: true });
  return to;
}

export async function readDocuments(run: string, shard: string): Promise<TokenDocument[]> {
  const documents: TokenDocument[] = [];
  for await (const batch of readArrow(join(run, shard))) {
    const tokens = column(batch, 'tokens', 'list');
    for (let row = 0; row < batch.rows; row++) {
      const { id, url } = documentAt(batch, row) as { id: string; url: string | null };
      documents.push({ id, url, ids: Array.from(tokens.values.subarray(tokens.offsets[row]!, tokens.offsets[row + 1]!) as Uint16Array) });
    }
  }
  return documents;
}

/** Replaces a token shard's documents, and what ledger and index say of it. `metadata` changes the schema's. */
export async function rewriteShard(
  run: string,
  shard: string,
  change: (documents: readonly TokenDocument[]) => readonly TokenDocument[],
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const path = join(run, shard);
  const file = await ArrowFile.open(path);
  const known = { ...file.metadata, ...metadata };
  const first = await file.readBatch(0);
  const wide = column(first, 'tokens', 'list').values instanceof Uint32Array;
  await file.close();
  const documents = change(await readDocuments(run, shard));
  const written = await writeArrow(path, [tokenBatch(documents, wide)], { columns: ['id', 'url', 'tokens', 'token_count'], metadata: known });
  const tokens = documents.reduce((sum, { ids }) => sum + ids.length, 0);
  patchLedger(run, shard, { path: shard, tokens, ...written });
  await rewriteIndex(run);
}

function tokenBatch(documents: readonly TokenDocument[], wide: boolean): Batch {
  const offsets = new Int32Array(documents.length + 1);
  documents.forEach(({ ids }, row) => {
    offsets[row + 1] = offsets[row]! + ids.length;
  });
  const values = wide ? new Uint32Array(offsets[documents.length]!) : new Uint16Array(offsets[documents.length]!);
  documents.forEach(({ ids }, row) => {
    values.set(ids, offsets[row]!);
  });
  return {
    rows: documents.length,
    columns: {
      id: utf8Column(documents.map(({ id }) => id)),
      url: utf8Column(documents.map(({ url }) => url)),
      tokens: { kind: 'list', values, offsets },
      token_count: fixedColumn(Uint32Array.from(documents, ({ ids }) => ids.length)),
    },
  };
}

function eachEntry(run: string, visit: (entry: { outputs?: Shard[] }) => void): void {
  for (const name of readdirSync(join(run, 'ledger'))) {
    const path = join(run, 'ledger', name);
    const entry = JSON.parse(readFileSync(path, 'utf8')) as { outputs?: Shard[] };
    visit(entry);
    writeFileSync(path, JSON.stringify(entry));
  }
}

function patchLedger(run: string, shard: string, found: Shard): void {
  eachEntry(run, (entry) => {
    const at = entry.outputs?.findIndex(({ path }) => path === shard) ?? -1;
    if (at >= 0) entry.outputs![at] = found;
  });
}

/** index.arrow as finalize writes it, of what the ledger says now. */
async function rewriteIndex(run: string): Promise<void> {
  const shards = new Map<string, Shard>();
  eachEntry(run, ({ outputs = [] }) => {
    for (const shard of outputs) shards.set(shard.path, shard);
  });
  const file = await ArrowFile.open(join(run, 'index.arrow'));
  const { metadata, columns } = file;
  const batch = await file.readBatch(0);
  await file.close();
  const paths = Array.from({ length: batch.rows }, (_, row) => String(documentAt(batch, row).path));
  const numbers = (of: (shard: Shard) => number) => fixedColumn(BigInt64Array.from(paths, (path) => BigInt(of(shards.get(path)!))));
  const known: Batch['columns'] = {
    path: utf8Column(paths),
    rows: numbers(({ rows }) => rows),
    tokens: numbers(({ tokens = 0 }) => tokens),
    bytes: numbers(({ bytes }) => bytes),
    sha256: utf8Column(paths.map((path) => shards.get(path)!.sha256)),
  };
  const written = await writeArrow(
    join(run, 'index.arrow'),
    [{ rows: paths.length, columns: Object.fromEntries(columns.map((name) => [name, known[name]!])) }],
    { columns, metadata },
  );
  patchLedger(run, 'index.arrow', { path: 'index.arrow', ...written });
}
