// One pass over the token shards: contract, ids inside the vocabulary, EOS and BOS, empty documents, lengths, equal sequences;
// and a seeded sample of documents a shard, which later checks read as text. Memory: a batch, the sample, tables of bounded size.
import { join } from 'node:path';
import { column, stringAt } from '../../native/index.js';
import { HOLDOUT_PREFIX } from '../final-shards.js';
import type { RunState } from '../run-folder.js';
import { RowHash } from '../samples.js';
import { ArrowFile } from '../store.js';
import type { Shard } from '../types.js';
import { type DuplicateFigures, Duplicates } from './duplicates.js';
import { AGAIN, type CheckName, type Finding, percent, Rows } from './finding.js';
import { type LengthFigures, Lengths } from './lengths.js';
import type { Contract } from './run-tokenizer.js';

/** Documents of a shard that are read as text: as many as all shards together may hold in memory (256 MiB), at most SAMPLED. */
const SAMPLED = 256;
const SAMPLED_IN_ALL = 65_536;
/** Of more shards, so many are sampled, evenly. */
const SAMPLED_SHARDS = 4096;
/** Of a long one, so many tokens. */
export const SAMPLED_TOKENS = 1024;
/** Of a shard's documents: above it a fault of single rows is the shard's. */
const EMPTY_ERROR = 0.01;

export interface SampledDocument {
  readonly row: number;
  readonly id: string;
  /** Less BOS and EOS; the first SAMPLED_TOKENS. */
  readonly ids: Uint32Array;
  readonly cut: boolean;
}

export interface SampledShard {
  readonly path: string;
  /** By row. */
  readonly documents: readonly SampledDocument[];
}

export interface Scan {
  readonly findings: readonly Finding[];
  /** Of the first shard that has one. */
  readonly contract: Contract | null;
  readonly samples: readonly SampledShard[];
  readonly lengths: LengthFigures;
  readonly duplicates: DuplicateFigures;
}

export interface ScanOptions {
  readonly seqLen: number;
  readonly eos: boolean;
  readonly bos: boolean;
  /** The BOS that is expected, where it is not the contract's own. */
  readonly bosId: number | null;
  /** Shards that are not to be read. */
  readonly damaged: ReadonlySet<string>;
}

export async function scanTokens(run: RunState, options: ScanOptions, signal: AbortSignal, progress: (words: string) => void): Promise<Scan> {
  const shards = run.tokens.filter(({ path }) => !options.damaged.has(path));
  const findings: Finding[] = [];
  const samples: SampledShard[] = [];
  const seed = BigInt(String(run.lock.resolved.seed ?? 0));
  const lengths = new Lengths(options.seqLen);
  const loaded = shards.filter(({ path }) => !isHeldOut(path));
  const duplicates = new Duplicates(
    loaded.reduce((sum, { rows }) => sum + rows, 0),
    loaded.reduce((sum, { tokens = 0 }) => sum + tokens, 0),
  );
  let contractText: string | undefined;
  const each = Math.min(SAMPLED, Math.floor(SAMPLED_IN_ALL / Math.min(SAMPLED_SHARDS, Math.max(1, shards.length))));
  for (const [number, shard] of shards.entries()) {
    progress(`tokens: shard ${number + 1} of ${shards.length}`);
    const file = await ArrowFile.open(join(run.folder, shard.path));
    try {
      const found = file.metadata['refine.contract'];
      contractText ??= found;
      if (found === undefined || found !== contractText) {
        const message = found === undefined ? 'has no "refine.contract" in its metadata' : `its contract is ${found}, the first shard's is ${contractText}`;
        findings.push({ check: 'contract', severity: 'error', shard: shard.path, rows: [], message, next: AGAIN });
        continue;
      }
      const contract = JSON.parse(found) as Contract;
      lengths.beginShard(shard.path);
      const rows = new ShardRows(shard, contract, options, new Sample(new RowHash(seed, shard.path), isSampled(number, shards.length) ? each : 0));
      if (!isHeldOut(shard.path)) duplicates.beginShard(shard.path);
      for await (const batch of file.batches(['id', 'tokens', 'token_count'])) {
        signal.throwIfAborted();
        const { values, offsets } = column(batch, 'tokens', 'list');
        const ids = values as Uint16Array | Uint32Array;
        const first = rows.rows;
        const { starts, ends } = rows.add(ids, offsets, (row) => stringAt(column(batch, 'id', 'utf8'), row) ?? '');
        const counts = batch.columns.token_count?.kind === 'fixed' ? (batch.columns.token_count.values as Uint32Array) : null;
        await lengths.add(offsets, counts, first, !isHeldOut(shard.path));
        if (!isHeldOut(shard.path)) await duplicates.add(ids, offsets, ends, starts, first);
      }
      findings.push(...rows.findings());
      if (isSampled(number, shards.length)) samples.push({ path: shard.path, documents: rows.sample.documents() });
    } finally {
      await file.close();
    }
  }
  const measured = await lengths.finish();
  return {
    findings: [...findings, ...measured.findings, ...duplicates.findings()],
    contract: contractText === undefined ? null : (JSON.parse(contractText) as Contract),
    samples,
    lengths: measured.figures,
    duplicates: duplicates.figures(),
  };
}

const isHeldOut = (path: string): boolean => path.startsWith(`tokens/${HOLDOUT_PREFIX}`);

const isSampled = (number: number, shards: number): boolean =>
  shards <= SAMPLED_SHARDS || Math.floor((number * SAMPLED_SHARDS) / shards) !== Math.floor(((number - 1) * SAMPLED_SHARDS) / shards);

/** What single rows of a shard get wrong. */
class ShardRows {
  readonly sample: Sample;
  readonly #shard: Shard;
  readonly #contract: Contract;
  readonly #options: ScanOptions;
  readonly #outside = new Rows();
  readonly #endless = new Rows();
  readonly #inside = new Rows();
  readonly #beginless = new Rows();
  readonly #empty = new Rows();
  #greatest = 0;
  rows = 0;

  constructor(shard: Shard, contract: Contract, options: ScanOptions, sample: Sample) {
    this.#shard = shard;
    this.#contract = contract;
    this.#options = options;
    this.sample = sample;
  }

  /** Where each row's own tokens begin and end: after BOS, before EOS. */
  add(ids: Uint16Array | Uint32Array, offsets: Int32Array, idOf: (row: number) => string): { starts: Int32Array; ends: Int32Array } {
    const { vocab_size: vocab, eos_id: eos } = this.#contract;
    const bos = this.#options.bosId ?? this.#contract.bos_id;
    const rows = offsets.length - 1;
    const starts = offsets.slice(0, rows);
    const ends = offsets.slice(1);
    for (let row = 0; row < rows; row++) {
      const at = this.rows++;
      let [from, to] = [offsets[row]!, offsets[row + 1]!];
      if (eos !== null && to > from && ids[to - 1] === eos) to--;
      else if (this.#options.eos) this.#endless.add(at);
      if (this.#options.bos) {
        if (bos === null || offsets[row + 1] === from || ids[from] !== bos) this.#beginless.add(at);
        else from = Math.min(from + 1, to);
      }
      let most = 0;
      let hasEos = false;
      for (let i = from; i < to; i++) {
        const id = ids[i]!;
        if (id > most) most = id;
        if (id === eos) hasEos = true;
      }
      this.#greatest = Math.max(this.#greatest, most);
      if (most >= vocab) this.#outside.add(at);
      if (hasEos && this.#options.eos) this.#inside.add(at);
      if (to === from) this.#empty.add(at);
      starts[row] = from;
      ends[row] = to;
      if (this.sample.wants(at)) {
        const cut = Math.min(to, from + SAMPLED_TOKENS);
        this.sample.add({ row: at, id: idOf(row), ids: Uint32Array.from(ids.subarray(from, cut)), cut: cut < to });
      }
    }
    return { starts, ends };
  }

  findings(): Finding[] {
    const { vocab_size: vocab, eos_id: eos } = this.#contract;
    const bos = this.#options.bosId ?? this.#contract.bos_id;
    const of = (check: CheckName, severity: Finding['severity'], { count, first }: Rows, message: string, next: string): Finding[] =>
      count === 0 ? [] : [{ check, severity, shard: this.#shard.path, rows: first, message: `${count} of ${this.rows} documents ${message}`, next }];
    const empty = this.#empty.count > EMPTY_ERROR * this.rows ? 'error' : 'warning';
    return [
      ...of('ids', 'error', this.#outside, `hold ids up to ${this.#greatest}, the vocabulary ends before ${vocab}`, AGAIN),
      ...of('eos', 'error', this.#endless, `do not end with EOS (id ${eos}), which tokenize was to write`, AGAIN),
      ...of(
        'eos',
        'warning',
        this.#inside,
        `hold EOS (id ${eos}) before their end, so a model sees them as several`,
        'Write tokenize: { special: text }, so that its name in a text is text',
      ),
      ...of(
        'contract',
        'error',
        this.#beginless,
        `do not begin with BOS (${bos === null ? 'the contract names none' : `id ${bos}`}), which is expected`,
        AGAIN,
      ),
      ...of(
        'empty',
        empty,
        this.#empty,
        `have no token (${percent(this.#empty.count / Math.max(1, this.rows))})`,
        'Drop short documents before tokenize, such as with quality: { rules: gopher@paper }',
      ),
    ];
  }
}

/** The rows with the lowest hash of (seed, shard, row). */
class Sample {
  readonly #hash: RowHash;
  readonly #most: number;
  #held: { readonly hash: number; readonly document: SampledDocument }[] = [];
  #bound: number;

  constructor(hash: RowHash, most: number) {
    this.#hash = hash;
    this.#most = most;
    this.#bound = most === 0 ? 0 : Number.POSITIVE_INFINITY;
  }

  wants(row: number): boolean {
    return this.#hash.of(row) < this.#bound;
  }

  add(document: SampledDocument): void {
    this.#held.push({ hash: this.#hash.of(document.row), document });
    if (this.#held.length < 2 * this.#most) return;
    this.#cut();
    this.#bound = this.#held.at(-1)!.hash;
  }

  #cut(): void {
    this.#held = this.#held.sort((a, b) => a.hash - b.hash || a.document.row - b.document.row).slice(0, this.#most);
  }

  documents(): SampledDocument[] {
    this.#cut();
    return this.#held.map(({ document }) => document).sort((a, b) => a.row - b.row);
  }
}
