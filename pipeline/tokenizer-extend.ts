// `refine tokenizer extend`: more entries for a language that a tokenizer spells out, as Chinese-Falcon was made (65,024 to
// 90,046 entries). New merges are learnt on the ids that the old ones leave and stand after them; old ids stay.
// What holds for every text x, because no new merge makes an old token and each new token comes of one pair only:
//   undoing the new merges in the ids of x gives the old ids of x. So a text in which no new pair stands keeps its ids.
// A new embedding starts as the mean of those of the old ids that its token replaces (`embedding-init.json`).
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type BpeHandle, type BpeLearned, native, RefineError } from '../native/index.js';
import { loadTokenizer, readTokenizerJson, splitTokenizerJson, type TokenizerJson, withMerges } from './tokenizers.js';
import { asRefineError, type CorpusOptions, withCorpus } from './tokenizer-corpus.js';
import { encodeAll, type Fertility, fertility } from './tokenizer-fertility.js';
import type { HeldDocument } from './tokenizer-held-out.js';
import { type LearnRequest, type Learnt, learntOf, limits, openFile, tokenizerFileText } from './tokenizer-train.js';

export interface ExtendRequest extends CorpusOptions, LearnRequest {
  readonly base: string;
  /** New entries. */
  readonly entries: number;
}

export interface Extended {
  readonly file: string;
  readonly config: Readonly<Record<string, unknown>> | null;
  readonly embeddings: string;
  readonly learnt: Learnt & { readonly old_vocab_size: number; readonly kept_old: number };
  readonly fertility: readonly Fertility[];
}

export async function extendTokenizer(request: ExtendRequest, signal: AbortSignal, progress: (words: string) => void): Promise<Extended> {
  const { path, contract } = loadTokenizer(request.base, process.cwd());
  const text = tokenizerFileText(path);
  const file = withAddedInVocab(byteLevelFile(text, request.base));
  const read = readTokenizerJson(text, request.base);
  const base = openFile(file);
  if (base.vocabSize !== contract.vocab_size) throw new RefineError('ERR_REFINE_INTERNAL', 'the base was read with two sizes', { place: request.base });
  return withCorpus(request, base.handle, signal, progress, async (corpus) => {
    progress(`${corpus.documents} documents counted: ${corpus.pieces} pieces. Learning ${request.entries} entries after ${base.vocabSize}.`);
    const learned = await native
      .bpeLearn(base.handle, corpus.counters, {
        maxNew: request.entries,
        keepOld: true,
        matchAlone: read.definition.ignoreMerges,
        spelled: base.spelled,
        ...limits(request),
      })
      .catch((error: unknown) => {
        throw asRefineError(error);
      });
    const made = openFile(withMerges(file, base.vocabSize, learned.tokens, learned.merges));
    await proveUndoing(corpus.heldOut, base.handle, made.handle, learned, base.vocabSize);
    const configPath = join(dirname(path), 'tokenizer_config.json');
    return {
      file: made.text,
      config: existsSync(configPath) ? (JSON.parse(readFileSync(configPath, 'utf8')) as Record<string, unknown>) : null,
      embeddings: embeddingsText(contract.sha256, base.vocabSize, learned),
      learnt: {
        ...learntOf(corpus, learned, base.vocabSize + learned.tokens.offsets.length - 1),
        old_vocab_size: base.vocabSize,
        kept_old: learned.keptOld,
      },
      fertility: await fertility(corpus.heldOut, base.handle, made.handle),
    };
  });
}

function byteLevelFile(text: string, place: string): TokenizerJson {
  let file: TokenizerJson | null = null;
  try {
    file = splitTokenizerJson(text, place);
  } catch (cause) {
    if (cause instanceof RefineError) throw cause;
  }
  if (file === null || file.model.byte_fallback === true || !JSON.stringify(file.head.pre_tokenizer ?? null).includes('"ByteLevel"'))
    throw new RefineError(
      'ERR_REFINE_ASSET',
      'is no byte-level tokenizer.json, which is what can be extended. Choose one of the GPT-2, Falcon or LLaMA-3 kind',
      { place },
    );
  return file;
}

/**
 * Added tokens that stand after the model's entries get an entry each, at their ids: HuggingFace numbers those it does not find
 * in `vocab` anew, from the size of `vocab` on, which new entries change.
 */
function withAddedInVocab(file: TokenizerJson): TokenizerJson {
  const known = new Set(file.vocab.map(([token]) => token));
  const added = (file.head.added_tokens ?? []) as readonly { readonly id: number; readonly content: string }[];
  const missing = added.filter(({ content }) => !known.has(content)).map(({ content, id }) => [content, id] as const);
  return missing.length === 0 ? file : { ...file, vocab: [...file.vocab, ...missing].sort((a, b) => a[1] - b[1]) };
}

function embeddingsText(sha256: string, oldSize: number, learned: BpeLearned): string {
  const { values, offsets } = learned.parts;
  const rows = Array.from(
    { length: offsets.length - 1 },
    (_, row) => `    ${JSON.stringify(Array.from(values.subarray(offsets[row]!, offsets[row + 1]!) as Uint32Array))}`,
  );
  return `{
  "format": 1,
  "what": "row i of init: the old ids whose embeddings' mean starts that of id old_vocab_size + i",
  "old_sha256": "${sha256}",
  "old_vocab_size": ${oldSize},
  "vocab_size": ${oldSize + rows.length},
  "init": [
${rows.join(',\n')}
  ]
}
`;
}

/** The promise at the head of this file, on the documents at hand. */
async function proveUndoing(documents: readonly HeldDocument[], before: BpeHandle, after: BpeHandle, learned: BpeLearned, oldSize: number): Promise<void> {
  const texts = documents.map(({ text }) => text);
  const [old, made] = [await encodeAll(before, texts), await encodeAll(after, texts)];
  const { values: parts, offsets } = learned.parts;
  old.forEach((batch, index) => {
    const ids = made[index]!.values;
    let at = 0;
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i]!;
      if (id < oldSize) {
        if (batch.values[at++] !== id) throw broken();
        continue;
      }
      for (let part = offsets[id - oldSize]!; part < offsets[id - oldSize + 1]!; part++) if (batch.values[at++] !== parts[part]) throw broken();
    }
    if (at !== batch.values.length) throw broken();
  });
}

const broken = (): RefineError =>
  new RefineError(
    'ERR_REFINE_INTERNAL',
    'undoing the new merges of a held-out document does not give its old ids: the new tokenizer is not written. Report this',
  );
