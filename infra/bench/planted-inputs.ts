// Planted documents as the inputs of a run: what stages/fetch is to real files (RunModules.inputs). Nothing is read or stored.
// An input's path says everything: planted/<mix>/<seed>/<documents>/<first>-<end>, so any worker makes its documents alone.
import type { Batch } from '../../native/batch.js';
import type { FetchGate, Input, Source, SourceReader } from '../../stages/contract/source.js';
import { type Mix, Planted } from './planted.js';
import { plantedBatch } from './planted-text.js';

const BATCH_ROWS = 256;

export function plantedPath(planted: Planted, from: number, to: number): string {
  const digits = (number: number): string => String(number).padStart(10, '0');
  return `planted/${planted.mix}/${planted.seed}/${planted.documents}/${digits(from)}-${digits(to)}`;
}

export function plantedPaths(planted: Planted, perInput: number): string[] {
  return Array.from({ length: Math.ceil(planted.documents / perInput) }, (_, i) =>
    plantedPath(planted, i * perInput, Math.min(planted.documents, (i + 1) * perInput)),
  );
}

export function localGate(): FetchGate {
  return { acquire: async () => () => undefined, pause: () => undefined };
}

export async function listInputs(source: Source): Promise<Input[]> {
  if (!('paths' in source)) throw new TypeError('planted inputs are listed by path');
  const inputs = source.paths.map((path): Input => {
    const [from, to] = path.split('/').at(-1)!.split('-').map(Number) as [number, number];
    return { path, location: path, format: 'jsonl', bytes: (to - from) * 1024, identity: `planted:1:${path}` };
  });
  return inputs.sort((a, b) => (a.path < b.path ? -1 : 1));
}

export function openInput(input: Input): SourceReader {
  const [, mix, seed, documents, range] = input.path.split('/') as [string, Mix, string, string, string];
  const planted = new Planted(Number(documents), mix, Number(seed));
  const [from, to] = range.split('-').map(Number) as [number, number];
  let made = 0;
  let bytesRead = 0;
  return {
    async *batches(signal): AsyncGenerator<Batch> {
      for (let at = from; at < to; at += BATCH_ROWS) {
        signal.throwIfAborted();
        const batch = plantedBatch(planted, input.path, at, Math.min(to, at + BATCH_ROWS), bytesRead);
        made += batch.rows;
        bytesRead += (batch.columns.text as { offsets: Int32Array }).offsets[batch.rows]!;
        yield batch;
      }
    },
    counts: () => ({ records: made, documents: made, skips: {}, damage: {}, notes: {}, bytesRead, sha256: made === to - from ? 'planted' : null }),
  };
}
