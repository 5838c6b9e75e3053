// Is anything of the held-out documents among those for training? All pairs of Jaccard similarity >= 0.8 over word 5-grams, as
// dedupe-minhash makes them, and equal texts that are too short to have one. The held-out side is held in parts of a bounded
// size; the training side is read once a part.
import { join } from 'node:path';
import { type Batch, column, type ListColumn, stringAt } from '../../native/batch.js';
import { native, type ShingleParams } from '../../native/index.js';
import { HOLDOUT_PREFIX } from '../final-shards.js';
import type { RunState } from '../run-folder.js';
import { readArrow } from '../store.js';
import { type Finding, MAX_PAIRS } from './finding.js';
import { type NearPair, NearPairFinder, shingleSet } from './near-pairs.js';

const LEAST_JACCARD = 0.8;
const PART_BYTES = 256 * 2 ** 20;
const SHINGLES: ShingleParams = { size: 5, normalise: 'default', words: 'white-space', hash: 'xxh64' };

interface Place {
  readonly shard: string;
  readonly row: number;
  readonly id: string;
}

export interface HoldoutCheck {
  readonly findings: readonly Finding[];
  /** Held-out documents compared, and training documents each was compared with; null where the run holds nothing out. */
  readonly compared: { readonly heldOut: number; readonly train: number } | null;
}

export async function checkHoldout(run: RunState, signal: AbortSignal): Promise<HoldoutCheck> {
  const isHeldOut = (path: string): boolean => path.startsWith(`text/${HOLDOUT_PREFIX}`);
  const heldOut = run.text.filter(({ path }) => isHeldOut(path)).map(({ path }) => path);
  const train = run.text.filter(({ path }) => !isHeldOut(path)).map(({ path }) => path);
  if (heldOut.length === 0) {
    const tokensOnly = run.tokens.some(({ path }) => path.startsWith(`tokens/${HOLDOUT_PREFIX}`));
    const finding: Finding = {
      check: 'holdout',
      severity: 'warning',
      shard: null,
      rows: [],
      message: 'documents are held out, but the run keeps no text, so nothing shows that no near duplicate of them is for training',
      next: 'Run the manifest with sink.text.keep: true',
    };
    return { findings: tokensOnly ? [finding] : [], compared: null };
  }
  const findings: Finding[] = [];
  const counts = { heldOut: 0, train: 0 };
  let part = new HeldOutPart();
  const flush = async (): Promise<void> => {
    counts.train = 0;
    for (const shard of train) {
      for await (const documents of shinglesOf(run.folder, shard, signal)) {
        counts.train++;
        for (const { place, jaccard } of part.near(documents)) {
          if (findings.length < MAX_PAIRS) findings.push(findingOf(place, documents.place, jaccard));
        }
      }
    }
    part = new HeldOutPart();
  };
  for (const shard of heldOut) {
    for await (const document of shinglesOf(run.folder, shard, signal)) {
      counts.heldOut++;
      part.add(document);
      if (part.bytes >= PART_BYTES) await flush();
    }
  }
  if (part.size > 0) await flush();
  return { findings, compared: counts };
}

interface Document {
  readonly place: Place;
  readonly set: Float64Array;
  /** Of a document without a shingle: its text's hash; else null. */
  readonly short: string | null;
}

class HeldOutPart {
  readonly #finder = new NearPairFinder(LEAST_JACCARD);
  readonly #places: Place[] = [];
  readonly #short = new Map<string, Place>();
  size = 0;

  get bytes(): number {
    return this.#finder.bytes + 200 * this.size;
  }

  add({ place, set, short }: Document): void {
    this.size++;
    if (short !== null) this.#short.set(short, place);
    else this.#places[this.#finder.add(set)] = place;
  }

  *near({ set, short }: Document): Generator<{ place: Place; jaccard: NearPair['jaccard'] }> {
    if (short !== null) {
      const place = this.#short.get(short);
      if (place !== undefined) yield { place, jaccard: 1 };
      return;
    }
    for (const { one, jaccard } of this.#finder.near(set, 0)) yield { place: this.#places[one]!, jaccard };
  }
}

async function* shinglesOf(folder: string, shard: string, signal: AbortSignal): AsyncGenerator<Document> {
  let first = 0;
  for await (const batch of readArrow(join(folder, shard), ['id', 'text'])) {
    signal.throwIfAborted();
    const text = column(batch, 'text', 'utf8');
    const shingles: ListColumn = await native.shingles(text, SHINGLES);
    const words = new Uint32Array(shingles.values.buffer, shingles.values.byteOffset, shingles.values.length * 2);
    const hashes = await native.contentHash(text, 'default');
    for (let row = 0; row < batch.rows; row++) {
      const set = shingleSet(shingles, words, row);
      yield { place: { shard, row: first + row, id: idOf(batch, row) }, set, short: set.length > 0 ? null : `${hashes[2 * row]} ${hashes[2 * row + 1]}` };
    }
    first += batch.rows;
  }
}

function idOf(batch: Batch, row: number): string {
  return stringAt(column(batch, 'id', 'utf8'), row) ?? '';
}

function findingOf(heldOut: Place, train: Place, jaccard: number): Finding {
  return {
    check: 'holdout',
    severity: 'error',
    shard: heldOut.shard,
    rows: [heldOut.row],
    message: `held-out document ${heldOut.id} is near ${train.id} (${train.shard} row ${train.row}), which is for training: Jaccard ${jaccard.toFixed(3)}`,
    next: 'Run dedupe-minhash and dedupe-exact before tokenize; what then remains is near by less than their threshold',
  };
}
