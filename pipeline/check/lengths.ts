// How long documents are, and what each packing of the loader makes of them: places of rows without a token, documents cut.
// Best fit is computed in windows of pieces as pipeline/loader/best-fit.ts does it, without writing a plan.
import { native } from '../../native/index.js';
import { type Finding, percent, Rows } from './finding.js';

/** Documents of fewer tokens teach little more than their beginning; half a shard of them is a broken filter. */
const SHORT_TOKENS = 16;
const WARN_SHORT = 0.5;
const LEAST_ROWS = 64;
/** Pieces packed at once; more gain less than 0.1 % (best-fit.ts). */
const WINDOW_PIECES = 65_536;
/** A cell a length up to 4,096, then 256 a doubling: quantiles are exact below and to 0.4 % above. */
const EXACT = 4096;
const CELLS = EXACT + 256 * 52;

export interface PackingWaste {
  readonly samples: number;
  /** Share of places without a token. */
  readonly padding: number;
  /** Documents that lie in more than one sample; null for concat, which cuts wherever a row ends. */
  readonly cut: number | null;
}

export interface LengthFigures {
  readonly seqLen: number;
  readonly documents: number;
  readonly tokens: number;
  readonly longest: number;
  /** Tokens at these shares of documents, EOS counted. */
  readonly quantiles: Readonly<Record<'0.01' | '0.1' | '0.5' | '0.9' | '0.99', number>>;
  readonly packings: Readonly<Record<'concat' | 'best-fit' | 'none', PackingWaste>>;
}

export class Lengths {
  readonly #seqLen: number;
  readonly #cells = new Float64Array(CELLS);
  readonly #findings: Finding[] = [];
  #pieces = new Uint32Array(WINDOW_PIECES);
  #held = 0;
  #documents = 0;
  #tokens = 0;
  #longest = 0;
  #cut = 0;
  #rows = 0;
  #bestFit = 0;
  #shard = { path: '', documents: 0, short: new Rows(), miscounted: new Rows() };

  constructor(seqLen: number) {
    this.#seqLen = seqLen;
  }

  beginShard(path: string): void {
    this.#endShard();
    this.#shard = { path, documents: 0, short: new Rows(), miscounted: new Rows() };
  }

  /** `loaded` is false for shards of sink.holdout, which no packing holds. */
  async add(offsets: Int32Array, counts: ArrayLike<number> | null, first: number, loaded: boolean): Promise<void> {
    for (let row = 0; row + 1 < offsets.length; row++) {
      const length = offsets[row + 1]! - offsets[row]!;
      this.#shard.documents++;
      if (length < SHORT_TOKENS) this.#shard.short.add(first + row);
      if (counts !== null && counts[row] !== length) this.#shard.miscounted.add(first + row);
      if (!loaded) continue;
      this.#documents++;
      this.#tokens += length;
      this.#longest = Math.max(this.#longest, length);
      this.#cells[cellOf(length)]!++;
      const rows = Math.ceil(length / this.#seqLen);
      this.#rows += rows;
      if (rows > 1) this.#cut++;
      this.#bestFit += Math.floor(length / this.#seqLen); // whole rows of a long document
      const rest = length % this.#seqLen;
      if (rest === 0) continue;
      this.#pieces[this.#held++] = rest;
      if (this.#held === WINDOW_PIECES) await this.#pack();
    }
  }

  async #pack(): Promise<void> {
    if (this.#held === 0) return;
    const { offsets } = await native.bestFit(this.#pieces.slice(0, this.#held), this.#seqLen);
    this.#bestFit += offsets.length - 1;
    this.#held = 0;
  }

  #endShard(): void {
    const { path, documents, short, miscounted } = this.#shard;
    if (miscounted.count > 0)
      this.#findings.push({
        check: 'lengths',
        severity: 'error',
        shard: path,
        rows: miscounted.first,
        message: `token_count of ${miscounted.count} documents is not the number of their tokens`,
        next: 'Delete the shard and run `refine run` again: it writes it anew',
      });
    if (documents >= LEAST_ROWS && short.count > WARN_SHORT * documents)
      this.#findings.push({
        check: 'lengths',
        severity: 'warning',
        shard: path,
        rows: short.first,
        message: `${short.count} of its ${documents} documents have fewer than ${SHORT_TOKENS} tokens`,
        next: 'Drop short documents before tokenize, such as with quality: { rules: gopher@paper }',
      });
  }

  async finish(): Promise<{ readonly findings: readonly Finding[]; readonly figures: LengthFigures }> {
    this.#endShard();
    await this.#pack();
    const waste = (samples: number, cut: number | null): PackingWaste => ({
      samples,
      padding: samples === 0 ? 0 : 1 - this.#tokens / (samples * this.#seqLen),
      cut,
    });
    const figures: LengthFigures = {
      seqLen: this.#seqLen,
      documents: this.#documents,
      tokens: this.#tokens,
      longest: this.#longest,
      quantiles: {
        '0.01': this.#quantile(0.01),
        '0.1': this.#quantile(0.1),
        '0.5': this.#quantile(0.5),
        '0.9': this.#quantile(0.9),
        '0.99': this.#quantile(0.99),
      },
      packings: {
        concat: waste(Math.ceil(this.#tokens / this.#seqLen), null),
        'best-fit': waste(this.#bestFit, this.#cut),
        none: waste(this.#rows, this.#cut),
      },
    };
    return { findings: this.#findings, figures };
  }

  #quantile(share: number): number {
    const wanted = share * this.#documents;
    let seen = 0;
    for (let cell = 0; cell < CELLS; cell++) {
      seen += this.#cells[cell]!;
      if (seen > 0 && seen >= wanted) return lengthOf(cell);
    }
    return 0;
  }
}

function cellOf(length: number): number {
  if (length < EXACT) return length;
  const doublings = Math.floor(Math.log2(length / EXACT));
  return Math.min(CELLS - 1, EXACT + 256 * doublings + Math.floor(256 * (length / (EXACT * 2 ** doublings) - 1)));
}

function lengthOf(cell: number): number {
  if (cell < EXACT) return cell;
  const doublings = Math.floor((cell - EXACT) / 256);
  return Math.round(EXACT * 2 ** doublings * (1 + ((cell - EXACT) % 256) / 256));
}

export function describeLengths({ quantiles, packings, seqLen, longest }: LengthFigures): string {
  const part = (name: keyof LengthFigures['packings']): string => `${name} ${percent(packings[name].padding)}`;
  return `tokens a document: median ${quantiles['0.5']}, 1 % to 99 % ${quantiles['0.01']} to ${quantiles['0.99']}, longest ${longest}; padding at ${seqLen}: ${part('concat')}, ${part('best-fit')}, ${part('none')}`;
}
