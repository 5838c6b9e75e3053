// Documents of a run for a proxy run: seeded, whole, from seeded shards where the run is large. Ids are of one tokenizer for all
// runs that are compared: another's are decoded and encoded again.
import { join } from 'node:path';
import { column, native, type ListColumn } from '../../native/index.js';
import { HOLDOUT_PREFIX } from '../final-shards.js';
import type { LoadedTokenizer } from '../registry.js';
import type { RunState } from '../run-folder.js';
import { RowHash } from '../samples.js';
import { readArrow } from '../store.js';
import { decodedTexts } from './run-texts.js';

/** Shards are read until they hold so many times the wanted tokens: documents of a few shards stand for the run. */
const SPARE = 8;
/** Of a document, so many tokens: one long document is no sample. */
const MOST_TOKENS = 8192;

export type SampledIds = readonly Uint32Array[];

/** About `tokens` tokens in documents of the run, less BOS and EOS, in seeded order; all there are where there are fewer. */
export async function proxySample(
  run: RunState,
  own: LoadedTokenizer,
  common: LoadedTokenizer,
  tokens: number,
  seed: string,
  damaged: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<SampledIds> {
  const shards = run.tokens
    .filter(({ path }) => !damaged.has(path) && !path.startsWith(`tokens/${HOLDOUT_PREFIX}`))
    .map((shard) => ({ shard, hash: rowHash(seed, shard.path) }))
    .sort((a, b) => a.hash.of(0xffff_ffff) - b.hash.of(0xffff_ffff));
  let held = 0;
  const chosen = shards.filter(({ shard }) => {
    const wanted = held < SPARE * tokens;
    if (wanted) held += shard.tokens ?? 0;
    return wanted;
  });
  const chance = Math.min(1, tokens / Math.max(1, held)) * 2 ** 53;
  const documents: { readonly hash: number; readonly ids: Uint32Array }[] = [];
  for (const { shard, hash } of chosen) {
    let first = 0;
    for await (const batch of readArrow(join(run.folder, shard.path), ['tokens'])) {
      signal.throwIfAborted();
      const rows = Array.from({ length: batch.rows }, (_, row) => row).filter((row) => hash.of(first + row) < chance);
      if (rows.length > 0) {
        const lists = own.contract.sha256 === common.contract.sha256 ? column(batch, 'tokens', 'list') : await encodedAgain(decodedTexts(batch, own), common);
        for (const row of rows) documents.push({ hash: hash.of(first + row), ids: documentIds(lists, row, common) });
      }
      first += batch.rows;
    }
  }
  return documents
    .filter(({ ids }) => ids.length > 0)
    .sort((a, b) => a.hash - b.hash)
    .map(({ ids }) => ids);
}

/** Another seed draws other documents. */
const rowHash = (seed: string, path: string): RowHash => new RowHash(0n, `proxy ${seed} ${path}`);

async function encodedAgain(texts: Parameters<typeof native.bpeEncode>[1], { handle }: LoadedTokenizer): Promise<ListColumn> {
  return (await native.bpeEncode(handle, texts, { parseSpecial: false, eos: null, bos: null })).tokens;
}

function documentIds({ values, offsets }: ListColumn, row: number, { contract }: LoadedTokenizer): Uint32Array {
  const ids = (values as Uint16Array).subarray(offsets[row]!, offsets[row + 1]!);
  const from = ids.length > 0 && ids[0] === contract.bos_id ? 1 : 0;
  const to = ids.length > from && ids.at(-1) === contract.eos_id ? ids.length - 1 : ids.length;
  return Uint32Array.from(ids.subarray(from, Math.min(to, from + MOST_TOKENS)));
}
