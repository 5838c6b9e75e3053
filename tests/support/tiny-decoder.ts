// A decoder of a few thousand random weights over GPT-2's tokenizer, as a model folder: what tests of steps score with.
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packagePath } from '../../native/index.js';
import { randomModelFolder } from './model-folder.js';

const C = 16;
const V = 50257;

/** `context` positions; the card states `languages` where there are some. */
export function tinyDecoder(
  folder: string,
  options: { readonly context?: number; readonly languages?: readonly string[]; readonly seed?: number } = {},
): string {
  const { context = 64, languages, seed = 1 } = options;
  const config = {
    model_type: 'gpt2',
    vocab_size: V,
    n_positions: context,
    n_embd: C,
    n_layer: 1,
    n_head: 2,
    bos_token_id: V - 1,
    eos_token_id: V - 1,
    tie_word_embeddings: true,
  };
  const layer = [
    ['ln_1.weight', [C]],
    ['ln_1.bias', [C]],
    ['attn.c_attn.weight', [C, 3 * C]],
    ['attn.c_attn.bias', [3 * C]],
    ['attn.c_proj.weight', [C, C]],
    ['attn.c_proj.bias', [C]],
    ['ln_2.weight', [C]],
    ['ln_2.bias', [C]],
    ['mlp.c_fc.weight', [C, 4 * C]],
    ['mlp.c_fc.bias', [4 * C]],
    ['mlp.c_proj.weight', [4 * C, C]],
    ['mlp.c_proj.bias', [C]],
  ] as const;
  randomModelFolder(
    folder,
    config,
    [
      ['wte.weight', [V, C]],
      ['wpe.weight', [context, C]],
      ...layer.map(([name, shape]) => [`h.0.${name}`, shape] as const),
      ['ln_f.weight', [C]],
      ['ln_f.bias', [C]],
    ],
    seed,
  );
  const tokenizer = packagePath('stages', 'tokenize', 'tokenizers', 'gpt2');
  for (const name of ['tokenizer.json.gz', 'tokenizer_config.json']) copyFileSync(join(tokenizer, name), join(folder, name));
  if (languages !== undefined)
    writeFileSync(join(folder, 'README.md'), `---\nlanguage:\n${languages.map((tag) => `- ${tag}\n`).join('')}license: cc0-1.0\n---\n# tiny\n`);
  return folder;
}
