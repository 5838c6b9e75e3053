// An encoder on refine's own runtime: a folder of config.json, safetensors and tokenizer as vectors and logits of texts.
// Invariant: a text's numbers depend on the text, the weights, dtype and instruction set alone, never on its batch.
import { type BytesColumn, type EncodeOptions, RefineError } from '../../native/index.js';
import { type EncoderInputs, InputMaker, type LoadEncoderTokenizer } from './encoder-tokens.js';
import { type EncoderConfig, readEncoderConfig } from './encoder-config.js';
import { type ModelPlace, openRunningModel, type RunningModel } from './model-runtime.js';
import { readModelFolder } from './weights/read-model-folder.js';

export const ENCODER_DTYPES = ['f32', 'bf16', 'int8'] as const;
export type EncoderDtype = (typeof ENCODER_DTYPES)[number];

export interface EncoderOptions {
  readonly loadTokenizer: LoadEncoderTokenizer;
  readonly dtype?: EncoderDtype | undefined;
  /** The step's StageEnv; the machine's CPU where absent. */
  readonly place?: ModelPlace | undefined;
  readonly runtime?: 'fast' | 'reference' | undefined;
  /** Tokens of one input; the model's own limit where absent. */
  readonly maxLength?: number | undefined;
  /** Inputs a text becomes at most: 1 where absent. */
  readonly windows?: number | undefined;
}

/** Logits (inputs, labels) by head. */
export interface LogitModel {
  logits(inputs: EncoderInputs, signal?: AbortSignal): Promise<readonly Float32Array[]>;
}

/** Tokens of one native call: bounds its memory, and how long an abort waits. */
const CALL_TOKENS = 8192;

export class NativeEncoder implements LogitModel {
  readonly channels: number;
  readonly #model: RunningModel;
  readonly #encode: EncodeOptions;
  readonly #inputs: InputMaker;

  private constructor(model: RunningModel, channels: number, encode: EncodeOptions, inputs: InputMaker) {
    this.#model = model;
    this.channels = channels;
    this.#encode = encode;
    this.#inputs = inputs;
  }

  /** `heads`: with the folder's classification heads; else for vectors alone. */
  static async open(folder: string, options: EncoderOptions, heads: boolean): Promise<NativeEncoder> {
    const said = readEncoderConfig(folder);
    const plan = await readModelFolder(folder);
    // A decoder with a head over the mean of its positions is as good; its vectors would be those of the last word seen.
    if (plan.config.causal && !(heads && said.input === 'mean' && plan.heads.length > 0))
      refuse(folder, 'is a decoder; expected an encoder such as BERT, MiniLM, RoBERTa or DeBERTa-v2');
    if (plan.tokenizer === null) return refuse(folder, 'has no tokenizer beside its weights. Put its tokenizer.json there');
    const limit = Math.min(said.maxLength, plan.config.context);
    const maxLength = options.maxLength ?? limit;
    if (maxLength > plan.config.context) refuse(folder, `reads ${plan.config.context} tokens at most, max-length is ${maxLength}. Lower it, or set windows`);
    const roles = new Set(plan.tensors.map((tensor) => tensor.role));
    const wanted = heads ? rolesOf(said) : [];
    for (const role of wanted)
      if (!roles.has(`${role}.weight`)) refuse(folder, `has no weights of the head "${role}" (${role}.weight). Expected a ...ForSequenceClassification folder`);
    const tokenizer = options.loadTokenizer(plan.tokenizer, folder);
    if (tokenizer.contract.vocab_size > plan.config.vocab)
      refuse(folder, `its tokenizer has ${tokenizer.contract.vocab_size} ids, its weights ${plan.config.vocab}. Put the model's own tokenizer there`);
    const model = await openRunningModel(plan, { dtype: options.dtype, runtime: options.runtime, callTokens: CALL_TOKENS }, options.place ?? {});
    const pooling = heads ? (roles.has('pooler.weight') ? 'pooler' : said.input) : (said.pooling ?? 'mean');
    const encode: EncodeOptions = { pooling, activation: said.activation, heads: wanted };
    return new NativeEncoder(model, plan.config.channels, encode, new InputMaker(tokenizer, maxLength, options.windows ?? 1, folder));
  }

  inputs(text: BytesColumn): Promise<EncoderInputs> {
    return this.#inputs.inputs(text);
  }

  async logits(inputs: EncoderInputs, signal?: AbortSignal): Promise<readonly Float32Array[]> {
    const parts: (readonly Float32Array[])[] = [];
    await this.#calls(inputs, signal, async (ids, offsets) => parts.push((await this.#model.encode(ids, offsets, this.#encode)).logits));
    return this.#encode.heads.map((_, head) => joined(parts.map((part) => part[head]!)));
  }

  /** (inputs, channels), as the model's pooling makes them. */
  async vectors(inputs: EncoderInputs, signal?: AbortSignal): Promise<Float32Array> {
    const parts: Float32Array[] = [];
    await this.#calls(inputs, signal, async (ids, offsets) => parts.push((await this.#model.encode(ids, offsets, this.#encode)).vectors));
    return joined(parts);
  }

  async #calls(
    { ids, offsets }: EncoderInputs,
    signal: AbortSignal | undefined,
    call: (ids: Uint32Array, offsets: Int32Array) => Promise<unknown>,
  ): Promise<void> {
    const count = offsets.length - 1;
    for (let from = 0; from < count; ) {
      signal?.throwIfAborted();
      let to = from + 1;
      while (to < count && offsets[to + 1]! - offsets[from]! <= this.#model.callTokens) to++;
      const begin = offsets[from]!;
      await call(
        ids.slice(begin, offsets[to]!),
        offsets.subarray(from, to + 1).map((at) => at - begin),
      );
      from = to;
    }
  }
}

function rolesOf({ heads, several }: EncoderConfig): string[] {
  return several ? heads.map(({ name }) => `heads.${name}`) : ['classifier'];
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function refuse(place: string, message: string): never {
  throw new RefineError('ERR_REFINE_ASSET', message, { place });
}
