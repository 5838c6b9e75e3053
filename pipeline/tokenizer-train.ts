// `refine tokenizer train`: byte-level BPE from text, token for token what HuggingFace's BpeTrainer makes of the same pieces.
// Source: HuggingFace tokenizers, models/bpe/trainer.rs; the merges are learnt in kernels/bpe/train_merges.cpp.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { type BpeHandle, type BpeLearned, native, RefineError } from '../native/index.js';
import {
  alphabetTokenizer,
  isSpelled,
  loadTokenizer,
  NAMED_PRE_TOKENIZERS,
  readTokenizerJson,
  splitTokenizerJson,
  type TokenizerJson,
  tokenizerJsonText,
  withMerges,
} from './tokenizers.js';
import { AVOID, type Avoid } from './tokenizer-choices.js';
import { asRefineError, type Corpus, type CorpusOptions, withCorpus } from './tokenizer-corpus.js';
import { type Fertility, fertility } from './tokenizer-fertility.js';

export interface LearnRequest {
  readonly minFrequency: number;
  readonly minPieceCount: number;
  readonly maxTokenLength: number | null;
  readonly avoid: readonly Avoid[];
}

export interface TrainRequest extends CorpusOptions, LearnRequest {
  /** Entries in all, special tokens and alphabet included. */
  readonly vocabSize: number;
  /** A name, or a tokenizer whose pre-tokenizer and normaliser are taken. */
  readonly preTokenizer: string;
  readonly specials: readonly string[];
  /** All 256 bytes, or those that stand in the text. */
  readonly alphabet: 'all' | 'seen';
  /** The tokenizer to compare with. */
  readonly compare: string;
}

/** What a command learnt, for `report.json` and the screen. */
export interface Learnt {
  readonly documents: number;
  readonly bytes: number;
  readonly pieces: number;
  readonly distinct_pieces: number;
  readonly left_out_pieces: number;
  readonly held_out_documents: number;
  readonly merges: number;
  readonly vocab_size: number;
  /** How often the last pair that was joined stood in the text. */
  readonly last_count: number;
  /** Pairs that options kept from being joined. */
  readonly avoided: number;
}

export function learntOf(corpus: Corpus, learned: BpeLearned, vocabSize: number): Learnt {
  return {
    documents: corpus.documents,
    bytes: corpus.bytes,
    pieces: corpus.pieces,
    distinct_pieces: learned.pieces,
    left_out_pieces: learned.leftOut,
    held_out_documents: corpus.heldOut.length,
    merges: learned.merges.length / 3,
    vocab_size: vocabSize,
    last_count: learned.lastCount,
    avoided: learned.avoided,
  };
}

export interface Trained {
  readonly file: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly learnt: Learnt;
  readonly fertility: readonly Fertility[];
}

export function openFile(file: TokenizerJson): { handle: BpeHandle; spelled: Uint8Array; vocabSize: number; text: string } {
  const text = tokenizerJsonText(file);
  const read = readTokenizerJson(text, 'the new tokenizer.json');
  const spelled = new Uint8Array(read.vocabSize);
  for (const [token, id] of file.vocab) if (isSpelled(token)) spelled[id] = 1;
  return { handle: native.bpeOpen(read.definition), spelled, vocabSize: read.vocabSize, text };
}

/** The bytes of a tokenizer.json, unpacked. */
export function tokenizerFileText(path: string): string {
  const bytes = readFileSync(path);
  return new TextDecoder().decode(bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes);
}

export const avoidBits = (kinds: readonly Avoid[]): number => kinds.reduce((bits, kind) => bits | AVOID[kind], 0);

function preTokenizer(name: string): { normalizer: TokenizerJson['head'][string]; pre_tokenizer: TokenizerJson['head'][string] } {
  const known = NAMED_PRE_TOKENIZERS[name];
  if (known !== undefined) return { normalizer: null, pre_tokenizer: known };
  let path: string;
  try {
    ({ path } = loadTokenizer(name, process.cwd()));
  } catch (cause) {
    if (!(cause instanceof RefineError)) throw cause;
    const names = Object.keys(NAMED_PRE_TOKENIZERS).join(', ');
    throw new RefineError('ERR_REFINE_ASSET', `${cause.message} A pre-tokenizer is one of ${names}, or that of a tokenizer.json`, {
      place: `--pre-tokenizer ${name}`,
      cause,
    });
  }
  const { head } = splitTokenizerJson(tokenizerFileText(path), name);
  return { normalizer: head.normalizer ?? null, pre_tokenizer: head.pre_tokenizer ?? null };
}

export async function trainTokenizer(request: TrainRequest, signal: AbortSignal, progress: (words: string) => void): Promise<Trained> {
  const { normalizer, pre_tokenizer } = preTokenizer(request.preTokenizer);
  const compared = loadTokenizer(request.compare, process.cwd());
  const every = new Uint8Array(256).fill(1);
  const pieces = openFile(alphabetTokenizer(normalizer, pre_tokenizer, [], every));
  return withCorpus(request, pieces.handle, signal, progress, async (corpus) => {
    const start = alphabetTokenizer(normalizer, pre_tokenizer, request.specials, request.alphabet === 'all' ? every : corpus.bytesSeen);
    const room = request.vocabSize - start.vocab.length;
    if (room < 0)
      throw new RefineError(
        'ERR_REFINE_USAGE',
        `--vocab-size ${request.vocabSize} is less than the ${start.vocab.length} special tokens and bytes it begins with. Raise it`,
      );
    progress(`${corpus.documents} documents counted: ${corpus.pieces} pieces. Learning up to ${room} merges.`);
    const base = openFile(start);
    const learned = await native.bpeLearn(base.handle, corpus.counters, { maxNew: room, spelled: base.spelled, ...limits(request) }).catch((error: unknown) => {
      throw asRefineError(error);
    });
    const made = openFile(withMerges(start, base.vocabSize, learned.tokens, learned.merges));
    const end = request.specials.find((token) => ['<|endoftext|>', '<|end_of_text|>', '</s>', '<eos>'].includes(token)) ?? request.specials[0];
    return {
      file: made.text,
      config: { tokenizer_class: 'PreTrainedTokenizerFast', ...(end === undefined ? {} : { eos_token: end }), add_prefix_space: false },
      learnt: learntOf(corpus, learned, made.vocabSize),
      fertility: await fertility(corpus.heldOut, compared.handle, made.handle),
    };
  });
}

export function limits(request: LearnRequest & CorpusOptions) {
  return {
    minFrequency: request.minFrequency,
    minPieceCount: request.minPieceCount,
    maxBytes: request.maxMemory,
    avoid: avoidBits(request.avoid),
    ...(request.maxTokenLength === null ? {} : { maxTokenLength: request.maxTokenLength }),
  };
}
