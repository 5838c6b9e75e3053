// HuggingFace's own tokenizers (npm @anush008/tokenizers) as oracle for tokenize.
// Its JavaScript surface lacks encode_special_tokens; with it, special tokens are searched for and passed over, so a file
// without its special added tokens gives the same ids wherever no other added token overlaps one (none does in ours).
import { Tokenizer } from '@anush008/tokenizers';

export interface Oracle {
  encode(texts: readonly string[]): Promise<number[][]>;
}

export function huggingFace(tokenizerJson: string, special: 'text' | 'parse'): Oracle {
  const file = JSON.parse(tokenizerJson) as { added_tokens: { special: boolean }[]; post_processor: unknown };
  file.post_processor = null; // the post-processor is not run: DESIGN section 6
  if (special === 'text') file.added_tokens = file.added_tokens.filter((token) => !token.special);
  const tokenizer = Tokenizer.fromString(JSON.stringify(file));
  return {
    async encode(texts) {
      const encodings = await tokenizer.encodeBatch([...texts], null);
      return encodings.map((encoding) => encoding.getIds());
    },
  };
}
