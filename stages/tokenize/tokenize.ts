// tokenize: text to token ids, one end-of-document token after each. Ids equal HuggingFace tokenizers' for the same file, and
// tiktoken's and SentencePiece's for theirs.
import { z } from 'zod';
import { column, fixedColumn, native, RefineError } from '../../native/index.js';
import type { OptionProblem, Stage } from '../contract/stage.js';
import { loadTokenizer, TOKENIZER_KINDS, tokenizerFiles } from './load-tokenizer.js';
import { PATTERN_NAMES } from './pre-tokenizers.js';

const edge = (what: string, fallback: boolean) =>
  z
    .union([z.boolean(), z.string().min(1)])
    .default(fallback)
    .describe(
      `put the ${what} token at every document's ${what === 'end' ? 'end' : 'start'}: true (the one the tokenizer names), false, or a token by its text`,
    );

const schema = z.strictObject({
  tokenizer: z.string().min(1).default('falcon').describe(`${TOKENIZER_KINDS}; the names are tokenizers the package ships`),
  pattern: z
    .enum(PATTERN_NAMES)
    .optional()
    .describe('the words of a .tiktoken file that is not a published one, which holds no pattern; LLaMA-3 has that of cl100k'),
  special: z
    .enum(['text', 'parse'])
    .default('text')
    .describe('special added tokens found inside documents: plain text (HuggingFace: encode_special_tokens), or parsed (HuggingFace: plain encode)'),
  eos: edge('end', true),
  bos: edge('begin', false),
});
export type TokenizeOptions = z.infer<typeof schema>;

const named = (value: boolean | string): string | undefined => (typeof value === 'string' ? value : undefined);

export const tokenize: Stage<TokenizeOptions> = {
  kind: 'stage',
  name: 'tokenize',
  version: 1,
  reads: ['text'],
  writes: ['tokens', 'token_count'],
  reasons: [],
  schema: schema.describe('Turns the text into token ids.'),

  check(options, env): readonly OptionProblem[] {
    if (tokenizerFiles(options.tokenizer, env.baseDir) !== null) return [];
    return [
      {
        path: ['tokenizer'],
        message: `no tokenizer at "${options.tokenizer}". Expected one of ${TOKENIZER_KINDS}`,
      },
    ];
  },
  assets: (options, env) => tokenizerFiles(options.tokenizer, env.baseDir) ?? [],

  async open(options, env) {
    const eosName = named(options.eos);
    const bosName = named(options.bos);
    const { handle, contract } = loadTokenizer(options.tokenizer, env.baseDir, {
      ...(eosName === undefined ? {} : { eos: eosName }),
      ...(bosName === undefined ? {} : { bos: bosName }),
      ...(options.pattern === undefined ? {} : { pattern: options.pattern }),
    });
    for (const [option, wanted, id] of [
      ['eos', options.eos, contract.eos_id],
      ['bos', options.bos, contract.bos_id],
    ] as const) {
      if (wanted !== false && id === null) {
        throw new RefineError('ERR_REFINE_ASSET', `names no token for "${option}". Set tokenize.${option} to false or to the token's text`, {
          place: options.tokenizer,
        });
      }
    }
    const edges = {
      parseSpecial: options.special === 'parse',
      eos: options.eos === false ? null : contract.eos_id,
      bos: options.bos === false ? null : contract.bos_id,
    };
    return {
      metadata: { 'refine.contract': JSON.stringify(contract) },
      async process(batch) {
        const { tokens, counts } = await native.bpeEncode(handle, column(batch, 'text', 'utf8'), edges);
        return { columns: { tokens, token_count: fixedColumn(counts) } };
      },
      async close() {}, // the handle goes with its last reference
    };
  },
};
