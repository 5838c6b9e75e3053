// An ONNX classifier through onnxruntime-node, one thread. The package is optional (infra/decisions/0007): absent, the error says
// how to install it. Invariant: every text goes alone, so that no padding and no neighbour moves its numbers.
// Tokens: our own tokenizer, which has HuggingFace's ids; a tokenizer that it refuses goes to @xenova/transformers.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BytesColumn, bytesAt, isValid, RefineError } from '../../native/index.js';
import type { EncoderOptions, LogitModel } from '../contract/encoder.js';
import type { EncoderConfig } from '../contract/encoder-config.js';
import { type EncoderInputs, InputMaker } from '../contract/encoder-tokens.js';

/** What is used of onnxruntime-node. */
interface OnnxTensor {
  readonly dims: readonly number[];
  readonly data: ArrayLike<number>;
  readonly type: string;
}
interface OnnxSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(feeds: Readonly<Record<string, OnnxTensor>>): Promise<Readonly<Record<string, OnnxTensor>>>;
  release?(): Promise<void>;
}
interface OnnxRuntime {
  readonly InferenceSession: { create(path: string, options: object): Promise<OnnxSession> };
  readonly Tensor: new (type: string, data: BigInt64Array, dims: readonly number[]) => OnnxTensor;
}

const RUNTIME = 'onnxruntime-node';
const XENOVA = '@xenova/transformers/src/tokenizers.js'; // its tokenizers alone, without its model runtime
/** The last release without an install script, which would fetch from outside npm. */
const INSTALL: Readonly<Record<string, string>> = { [RUNTIME]: `${RUNTIME}@1.17.0`, [XENOVA]: '@xenova/transformers@2.17.2' };
const KNOWN_INPUTS = ['input_ids', 'attention_mask', 'token_type_ids'];

export class OnnxEncoder implements LogitModel {
  private constructor(
    private readonly config: EncoderConfig,
    private readonly runtime: OnnxRuntime,
    private readonly session: OnnxSession,
    private readonly outputs: readonly string[],
    readonly inputs: (text: BytesColumn) => Promise<EncoderInputs>,
  ) {}

  static async open(config: EncoderConfig, options: EncoderOptions): Promise<OnnxEncoder> {
    if (config.onnx === null) return refuse(config.folder, 'has no model.onnx. Expected one there or in its folder onnx/');
    const runtime = await load<OnnxRuntime>(RUNTIME, 'runs ONNX models');
    const session = await openSession(runtime, config.onnx);
    if (session.inputNames.some((name) => !KNOWN_INPUTS.includes(name)) || !session.inputNames.includes('input_ids'))
      refuse(
        config.onnx,
        `has the inputs ${session.inputNames.join(', ')}; expected input_ids, attention_mask and perhaps token_type_ids. Export it for text classification`,
      );
    const outputs = config.several ? config.heads.map(({ name }) => name) : [session.outputNames.includes('logits') ? 'logits' : session.outputNames[0]!];
    const absent = outputs.filter((name) => !session.outputNames.includes(name));
    if (absent.length > 0)
      refuse(
        config.onnx,
        `has the outputs ${session.outputNames.join(', ')}, not ${absent.join(', ')}, which classifier_heads of config.json name. Name them alike`,
      );
    return new OnnxEncoder(config, runtime, session, outputs, await inputsOf(config, options));
  }

  async logits({ ids, offsets }: EncoderInputs, signal?: AbortSignal): Promise<readonly Float32Array[]> {
    const count = offsets.length - 1;
    const out = this.config.heads.map(({ labels }) => new Float32Array(count * labels.length));
    for (let input = 0; input < count; input++) {
      signal?.throwIfAborted();
      const result = await this.run(ids.subarray(offsets[input]!, offsets[input + 1]!));
      for (const [head, { labels }] of this.config.heads.entries()) {
        const { data, dims, type } = result[this.outputs[head]!]!;
        if (data.length !== labels.length || type !== 'float32')
          refuse(
            this.config.onnx!,
            `its output "${this.outputs[head]}" is ${type} [${dims.join(', ')}], config.json names ${labels.length} labels. Correct id2label, or export it for text classification`,
          );
        out[head]!.set(data as Float32Array, input * labels.length);
      }
    }
    return out;
  }

  private async run(ids: Uint32Array): Promise<Readonly<Record<string, OnnxTensor>>> {
    const { Tensor } = this.runtime;
    const values: Readonly<Record<string, BigInt64Array>> = {
      input_ids: BigInt64Array.from(ids as unknown as readonly number[], BigInt),
      attention_mask: new BigInt64Array(ids.length).fill(1n),
      token_type_ids: new BigInt64Array(ids.length),
    };
    const feeds = this.session.inputNames.map((name) => [name, new Tensor('int64', values[name]!, [1, ids.length])] as const);
    try {
      return await this.session.run(Object.fromEntries(feeds));
    } catch (cause) {
      return refuse(this.config.onnx!, `fails on an input of ${ids.length} tokens: ${short(cause)}. Lower max-length, or export it again`, cause);
    }
  }

  async close(): Promise<void> {
    await this.session.release?.();
  }
}

async function openSession(runtime: OnnxRuntime, path: string): Promise<OnnxSession> {
  try {
    return await runtime.InferenceSession.create(path, { executionProviders: ['cpu'], intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 });
  } catch (cause) {
    return refuse(path, `is no ONNX model that onnxruntime loads: ${short(cause)}. Export it again, at opset 14 to 17`, cause);
  }
}

async function load<T>(name: string, does: string): Promise<T> {
  try {
    const module = (await import(name)) as { default?: T } & T;
    return module.default ?? module;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    return refuse(name, `is not installed; it ${does}. Run in the checkout: npm install --no-save ${INSTALL[name]}`, cause);
  }
}

async function inputsOf(config: EncoderConfig, options: EncoderOptions): Promise<(text: BytesColumn) => Promise<EncoderInputs>> {
  const { folder } = config;
  const maxLength = options.maxLength ?? config.maxLength;
  let tokenizer: ReturnType<EncoderOptions['loadTokenizer']>;
  try {
    tokenizer = options.loadTokenizer(folder, folder);
  } catch (error) {
    if (!(error instanceof RefineError)) throw error;
    return xenovaInputs(folder, maxLength, options.windows ?? 1, error);
  }
  const maker = new InputMaker(tokenizer, maxLength, options.windows ?? 1, folder);
  return (text) => maker.inputs(text);
}

type Xenova = { readonly PreTrainedTokenizer: new (file: object, config: object) => { encode(text: string): (number | undefined)[] } };

async function xenovaInputs(folder: string, maxLength: number, windows: number, refusal: RefineError): Promise<(text: BytesColumn) => Promise<EncoderInputs>> {
  const path = join(folder, 'tokenizer.json');
  if (!existsSync(path)) throw refusal;
  const { PreTrainedTokenizer } = await load<Xenova>(XENOVA, `reads tokenizers that refine does not (${refusal.message.slice(0, 200)})`);
  if (windows > 1) refuse(folder, `windows need a tokenizer that refine reads (${refusal.message.slice(0, 200)}). Set classify.windows to 1`);
  const encode = xenovaEncoder(path, PreTrainedTokenizer);
  const around = encode('').length;
  const decoder = new TextDecoder();
  return async (text) => {
    const parts: number[][] = [];
    const rows: number[] = [];
    for (let row = 0; row < text.offsets.length - 1; row++) {
      const ids = isValid(text, row) ? encode(decoder.decode(bytesAt(text, row))) : [];
      if (ids.length <= around) continue;
      // truncated as transformers does: the first tokens, and the one that stands behind a text
      const behind = Math.min(1, around);
      parts.push(ids.length <= maxLength ? ids : [...ids.slice(0, maxLength - behind), ...ids.slice(ids.length - behind)]);
      rows.push(row);
    }
    const offsets = new Int32Array(parts.length + 1);
    for (const [i, part] of parts.entries()) offsets[i + 1] = offsets[i]! + part.length;
    return { ids: Uint32Array.from(parts.flat()), offsets, rows: Uint32Array.from(rows), weights: Uint32Array.from(parts, ({ length }) => length) };
  };
}

function xenovaEncoder(path: string, Tokenizer: Xenova['PreTrainedTokenizer']): (text: string) => number[] {
  let tokenizer: InstanceType<Xenova['PreTrainedTokenizer']>;
  try {
    tokenizer = new Tokenizer(JSON.parse(readFileSync(path, 'utf8')) as object, {});
  } catch (cause) {
    return refuse(path, `is no tokenizer that refine or @xenova/transformers reads: ${short(cause)}`, cause);
  }
  return (text) =>
    tokenizer
      .encode(text)
      .map((id) => id ?? refuse(path, 'has no unknown token for a text that its vocabulary cannot spell. Name it in model.unk_token or unk_id'));
}

const short = (cause: unknown): string => (cause as Error).message.slice(0, 300);

function refuse(place: string, message: string, cause?: unknown): never {
  throw new RefineError('ERR_REFINE_ASSET', message, cause === undefined ? { place } : { place, cause });
}
