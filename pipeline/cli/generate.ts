// `refine generate`: what a model writes after a prompt, to look at a model.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { RefineError } from '../../native/errors.js';
import type { Generated } from '../generate.js';
import { action, count, data, EXIT, interruptible, words } from './command.js';

interface Options {
  readonly model: string;
  readonly prompt?: string;
  readonly maxTokens: number;
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
  readonly seed: bigint;
  readonly dtype?: 'f32' | 'bf16' | 'int8';
  readonly runtime: 'fast' | 'reference';
  readonly json?: boolean;
}

const MAX_PROMPT_BYTES = 16 * 2 ** 20;
const STOPPED: Readonly<Record<Generated['stop'], string>> = {
  end: 'the model ended the text',
  length: 'stopped at --max-tokens',
  context: "stopped at the end of the model's context",
};

export function registerGenerate(program: Command): void {
  program
    .command('generate')
    .description('text that a model writes after a prompt, to look at a model')
    .argument('[prompt]', 'what the text begins with; - reads standard input', '')
    .requiredOption('--model <name|folder>', 'a model the package ships, or a HuggingFace folder')
    .option('--prompt <text>', 'the same, for a prompt that begins with a dash')
    .option('--max-tokens <n>', 'tokens to write at most', count('--max-tokens', 1), 256)
    .option('--temperature <x>', '0 takes the likeliest token each time; 1 draws as the model scores them', number('--temperature', 1e6), 0)
    .option('--top-k <n>', 'draw among the k likeliest; 0 for all', count('--top-k', 0), 0)
    .option('--top-p <x>', 'draw among the fewest likeliest that have this share together', number('--top-p', 1), 1)
    .addOption(new Option('--seed <n>', 'of the draws').argParser(seed).default(0n, '0'))
    .addOption(new Option('--dtype <name>', 'what weights are held as; the fast runtime alone').choices(['f32', 'bf16', 'int8']))
    .addOption(new Option('--runtime <name>', 'reference: the readable forward, slow, the oracle of the other').choices(['fast', 'reference']).default('fast'))
    .option('--json', 'one JSON object, for programs')
    .addHelpText('after', '\nPrints the prompt and what follows. The same options give the same text; draws need --temperature above 0.')
    .action(
      action(async (given: string, options: Options) => {
        const { signal, done } = interruptible();
        try {
          const begin = options.prompt ?? given;
          const prompt = begin === '-' ? await standardInput() : begin;
          const { model, maxTokens, temperature, topK, topP, seed, dtype, runtime } = options;
          const run = { runtime, ...(dtype === undefined ? {} : { dtype }) };
          const request = { model, baseDir: '.', prompt, maxTokens, temperature, topK, topP, seed, run };
          let begun = false;
          const write = async (piece: string): Promise<void> => {
            if (options.json === true) return;
            await data(begun ? piece : prompt + piece);
            begun = true;
          };
          const { generate } = await import('../generate.js');
          const started = process.hrtime.bigint();
          const made = await generate(request, write, signal);
          const seconds = Number(process.hrtime.bigint() - started) / 1e9;
          if (options.json === true) await data(`${JSON.stringify({ format: 1, model, prompt, ...made })}\n`);
          else {
            await data(begun ? '\n' : `${prompt}\n`);
            words(`${made.tokens.length} tokens in ${seconds.toFixed(1)} s, loading included; ${STOPPED[made.stop]}.`);
          }
          return EXIT.done;
        } finally {
          done();
        }
      }),
    );
}

async function standardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_PROMPT_BYTES)
      throw new RefineError('ERR_REFINE_INPUT', `holds more than ${MAX_PROMPT_BYTES} bytes, far beyond any context`, { place: 'standard input' });
    chunks.push(chunk);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks));
  } catch {
    throw new RefineError('ERR_REFINE_INPUT', 'is not UTF-8. Convert the prompt first', { place: 'standard input' });
  }
}

function number(name: string, most: number) {
  return (text: string): number => {
    const value = Number(text);
    if (!/^\d*\.?\d+$/.test(text) || !(value <= most)) throw new InvalidArgumentError(`${name} is a number from 0${most <= 1 ? ` to ${most}` : ' up'}.`);
    return value;
  };
}

function seed(text: string): bigint {
  if (!/^\d{1,20}$/.test(text) || BigInt(text) >= 2n ** 64n) throw new InvalidArgumentError('--seed is a whole number below 2^64.');
  return BigInt(text);
}
