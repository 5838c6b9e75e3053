// Text that a model writes after a prompt: to look at a model, not to serve one. The same model, prompt, options and seed give
// the same text; what may differ by instruction set are draws so close that rounding decides.
import { type BpeHandle, type ModelOptions, native, RefineError, type SampleOptions, utf8Column } from '../native/index.js';
import { modelError } from '../stages/contract/weights/model-error.js';
import type { ModelPlan } from '../stages/contract/weights/plan.js';
import { readModelFolder } from '../stages/contract/weights/read-model-folder.js';
import { resolveModel } from '../stages/contract/weights/shipped.js';
import { loadTokenizer } from './tokenizers.js';

export interface GenerateRequest extends SampleOptions {
  readonly model: string;
  readonly baseDir: string;
  readonly prompt: string;
  readonly maxTokens: number;
  readonly run?: ModelOptions;
}

/** `end`: the model ended the text; `length`: as many tokens as asked; `context`: no position is left. */
export type StopReason = 'end' | 'length' | 'context';

export interface Generated {
  readonly text: string;
  /** Of the prompt, with the token that begins a text. */
  readonly promptTokens: number;
  /** Written ones; the one that ended the text is not among them. */
  readonly tokens: readonly number[];
  readonly stop: StopReason;
}

/** Calls `write` with each piece of the text as soon as its characters are whole. */
export async function generate(request: GenerateRequest, write: (piece: string) => Promise<void>, signal?: AbortSignal): Promise<Generated> {
  const folder = resolveModel(request.model, request.baseDir);
  const plan = await readModelFolder(folder);
  const place = request.model;
  if (!plan.config.causal)
    throw new RefineError('ERR_REFINE_INPUT', `is an encoder (${plan.modelType}): it reads texts and writes none. Name a decoder`, { place });
  if (plan.tokenizer === null)
    throw new RefineError('ERR_REFINE_ASSET', 'the folder has no tokenizer. Put its tokenizer.json or tokenizer.model beside config.json', { place });
  const tokenizer = loadTokenizer(plan.tokenizer, '.');
  const ends = new Set([plan.special.eos, plan.special.bos, tokenizer.contract.eos_id].filter((id) => id !== null));
  const prompt = await promptIds(request.prompt, plan, tokenizer.handle, tokenizer.contract.bos_id ?? tokenizer.contract.eos_id, place);
  const text = new TextOfTokens(
    tokenizer.handle,
    [...prompt].filter((id) => !ends.has(id)),
  );
  const written: number[] = [];
  let whole = '';
  const say = async (piece: string): Promise<void> => {
    whole += piece;
    if (piece !== '') await write(piece);
  };
  const next = nextTokens(plan, request);
  let stop: StopReason = 'length';
  let read = prompt;
  while (written.length < request.maxTokens) {
    signal?.throwIfAborted();
    if (prompt.length + written.length >= plan.config.context) {
      stop = 'context';
      break;
    }
    const token = await next(read);
    if (ends.has(token)) {
      stop = 'end';
      break;
    }
    written.push(token);
    read = Uint32Array.of(token);
    await say(text.push(token));
  }
  await say(text.rest());
  return { text: whole, promptTokens: prompt.length, tokens: written, stop };
}

/** A model that reads tokens and names the one after them. */
function nextTokens(plan: ModelPlan, request: GenerateRequest): (ids: Uint32Array) => Promise<number> {
  const { model: place, temperature, topK, topP, seed } = request;
  try {
    const generation = native.modelGenerate(native.modelLoad(plan, request.run), { temperature, topK, topP, seed });
    return async (ids) => {
      try {
        return await native.modelNext(generation, ids);
      } catch (error) {
        throw modelError(error, place);
      }
    };
  } catch (error) {
    throw modelError(error, place);
  }
}

/** The prompt's ids after the token that begins a text: the model's BOS, or the EOS of the text before it. */
async function promptIds(text: string, plan: ModelPlan, tokenizer: BpeHandle, fallback: number | null, place: string): Promise<Uint32Array> {
  const start = plan.special.bos ?? plan.special.eos ?? fallback;
  const encoded = await native.bpeEncode(tokenizer, utf8Column([text]), { parseSpecial: false, eos: null, bos: start });
  const ids = Uint32Array.from(encoded.tokens.values as Uint16Array | Uint32Array);
  if (ids.length === 0)
    throw new RefineError('ERR_REFINE_INPUT', 'the prompt is empty, and the model has no token that begins a text. Give a prompt', { place });
  const { context, vocab } = plan.config;
  if (ids.length >= context)
    throw new RefineError(
      'ERR_REFINE_INPUT',
      `the prompt has ${ids.length} tokens with the one that begins a text; the model reads ${context}, so at most ${context - 1} may stand before the first it writes. Shorten the prompt`,
      { place },
    );
  const outside = ids.find((id) => id >= vocab);
  if (outside !== undefined)
    throw new RefineError('ERR_REFINE_ASSET', `the tokenizer gives id ${outside}, the model has ${vocab} entries. The tokenizer belongs to another model`, {
      place,
    });
  return ids;
}

/** Tokens before a piece that its decoding begins with: decoders look one token back, a character has four bytes at most. */
const WINDOW = 8;
/** Tokens after which a U+FFFD at the end is what the model wrote, and no half character. */
const LONGEST_CHARACTER = 4;

/**
 * Tokens to text, piece by piece. A piece is what a decoding has beyond that of the tokens said before, both begun at the same earlier
 * token, so that spaces come out as in the whole text. While the end may be half a character it is held back.
 */
export class TextOfTokens {
  readonly #tokenizer: BpeHandle;
  readonly #ids: number[];
  #from = 0;
  #said: number;

  constructor(tokenizer: BpeHandle, before: readonly number[]) {
    this.#tokenizer = tokenizer;
    this.#ids = before.slice(-WINDOW);
    this.#said = this.#ids.length;
  }

  push(token: number): string {
    this.#ids.push(token);
    const piece = this.#piece();
    return piece.endsWith('\uFFFD') && this.#ids.length - this.#said < LONGEST_CHARACTER ? '' : this.#take(piece);
  }

  rest(): string {
    return this.#take(this.#piece());
  }

  #piece(): string {
    const before = this.#decode(this.#said);
    const after = this.#decode(this.#ids.length);
    let shared = 0; // all of `before`, but where it ends in half a character that is whole now
    while (shared < before.length && before[shared] === after[shared]) shared++;
    return after.slice(shared);
  }

  #take(piece: string): string {
    this.#said = this.#ids.length;
    this.#from = Math.max(0, this.#said - WINDOW);
    return piece;
  }

  #decode(to: number): string {
    return native.bpeDecode(this.#tokenizer, Uint32Array.from(this.#ids.slice(this.#from, to)));
  }
}
