// Are the ids of a shard what the declared tokenizer makes of a text? Sampled documents are decoded and encoded again: a BPE
// tokenizer gives back the same ids for ids that it made, and hardly ever for others (another tokenizer's, shifted ones, noise),
// whose words would merge otherwise. Needs no text beside the tokens. Where a shard fails, the reasons known are tried.
import { native, utf8Column } from '../../native/index.js';
import type { LoadedTokenizer } from '../tokenizers.js';
import { AGAIN, type Finding, MAX_ROWS, percent } from './finding.js';
import type { SampledDocument, SampledShard } from './token-scan.js';

/** Healthy shards of the shipped tokenizers: 1. At a true share of .99, 256 documents fall below .9 once in 10^17 shards. */
const LEAST_SHARE = 0.9;
/** A shard of fewer documents with a token says nothing for certain. */
const LEAST_DOCUMENTS = 8;
/** What a cut document's end is not compared by: its last word may go on. */
const CUT_TOKENS = 24;
const SHIFTS = [1, -1, 2, -2, 3, -3, 256, -256];

export interface Known {
  readonly name: string;
  readonly tokenizer: LoadedTokenizer;
}

export async function checkReadable(
  samples: readonly SampledShard[],
  declared: LoadedTokenizer,
  /** Opened where a shard fails. */
  others: () => readonly Known[],
  parseSpecial: boolean,
  signal: AbortSignal,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  let known: readonly Known[] | undefined;
  for (const { path, documents } of samples) {
    signal.throwIfAborted();
    const long = documents.filter(({ ids }) => ids.length > CUT_TOKENS / 4);
    const inside = long.filter(({ ids }) => ids.every((id) => id < declared.contract.vocab_size));
    const same = await sameAgain(inside, declared, parseSpecial);
    const share = (count: number): number => count / Math.max(1, long.length);
    const right = same.filter(Boolean).length;
    if (long.length < LEAST_DOCUMENTS || share(right) >= LEAST_SHARE) continue;
    const wrong = new Set(inside.filter((_, i) => same[i]));
    known ??= others();
    const found = await explain(long, declared, known, parseSpecial);
    findings.push({
      check: found.check,
      severity: 'error',
      shard: path,
      rows: long
        .filter((document) => !wrong.has(document))
        .slice(0, MAX_ROWS)
        .map(({ row }) => row),
      message: `${percent(1 - share(right))} of ${long.length} sampled documents are not what the run's tokenizer makes of their text${found.because}`,
      next: AGAIN,
    });
  }
  return findings;
}

async function explain(
  documents: readonly SampledDocument[],
  declared: LoadedTokenizer,
  others: readonly Known[],
  parseSpecial: boolean,
): Promise<{ readonly check: 'contract' | 'ids'; readonly because: string }> {
  const reads = async (tokenizer: LoadedTokenizer, shift: number): Promise<boolean> => {
    const moved = documents
      .map((document) => ({
        ...document,
        ids: withoutEnd(
          document.ids.map((id) => id - shift),
          tokenizer.contract.eos_id,
        ),
      }))
      .filter(({ ids }) => ids.every((id) => id < tokenizer.contract.vocab_size)); // below 0 wraps, and is as far outside
    const same = await sameAgain(moved, tokenizer, parseSpecial);
    return same.filter(Boolean).length >= LEAST_SHARE * documents.length;
  };
  for (const shift of SHIFTS) {
    if (await reads(declared, shift)) return { check: 'ids', because: `: its ids are shifted by ${shift > 0 ? '+' : ''}${shift}, and read as text without` };
  }
  for (const { name, tokenizer } of others) {
    if (await reads(tokenizer, 0)) return { check: 'contract', because: `: they are ids of ${name}` };
  }
  const text = documents.map(({ ids }) => native.bpeDecode(declared.handle, ids)).join('');
  const replaced = [...text].filter((letter) => letter === '\ufffd').length;
  return {
    check: 'contract',
    because: `, and of no tokenizer known here (${percent(replaced / Math.max(1, text.length))} of the letters are U+FFFD): "${excerpt(text)}"`,
  };
}

/** A shifted EOS was no EOS when the document was read. */
function withoutEnd(ids: Uint32Array, eos: number | null): Uint32Array {
  return ids.length > 0 && ids.at(-1) === eos ? ids.subarray(0, -1) : ids;
}

export function excerpt(text: string): string {
  const line = text
    .slice(0, 200)
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
}

/** A value a document. */
async function sameAgain(documents: readonly SampledDocument[], { handle }: LoadedTokenizer, parseSpecial: boolean): Promise<boolean[]> {
  const texts = utf8Column(documents.map(({ ids }) => native.bpeDecode(handle, ids)));
  const { tokens } = await native.bpeEncode(handle, texts, { parseSpecial, eos: null, bos: null });
  return documents.map(({ ids, cut }, row) => {
    const again = tokens.values.subarray(tokens.offsets[row]!, tokens.offsets[row + 1]!) as Uint16Array | Uint32Array;
    if (!cut && again.length !== ids.length) return false;
    const compared = cut ? ids.length - CUT_TOKENS : ids.length;
    for (let at = 0; at < compared; at++) if (again[at] !== ids[at]) return false;
    return true;
  });
}
