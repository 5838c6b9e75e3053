// The vocabulary of a proxy run: the ids that stand most often in the samples, and all bytes, into which every other id falls.
// So a small head serves any tokenizer, every text can be spelled, and bits per byte mean the same for both runs compared.
//   0  stands before each document      1 .. 256  bytes 0 .. 255      257 ..  the most frequent ids, by count, ties by id
import { bytesAt, type BytesColumn } from '../../native/index.js';

export const PROXY_VOCAB = 8192;
const FIRST_BYTE = 1;
const FIRST_WORD = FIRST_BYTE + 256;

export class ProxyVocabulary {
  readonly size: number;
  readonly #tokens: BytesColumn;
  /** Proxy id of each id of the tokenizer; 0 where it falls into bytes. */
  readonly #words: Uint32Array;

  /** `counts` by id; `tokens`: the bytes of each id (TokenizerFile's definition.tokens). */
  constructor(counts: ArrayLike<number>, tokens: BytesColumn, most = PROXY_VOCAB) {
    const ids = Array.from({ length: Math.min(counts.length, tokens.offsets.length - 1) }, (_, id) => id).filter(
      (id) => counts[id]! > 0 && bytesAt(tokens, id).length > 1,
    );
    ids.sort((a, b) => counts[b]! - counts[a]! || a - b);
    this.#tokens = tokens;
    this.#words = new Uint32Array(tokens.offsets.length - 1);
    const words = ids.slice(0, most - FIRST_WORD);
    words.forEach((id, at) => {
      this.#words[id] = FIRST_WORD + at;
    });
    this.size = FIRST_WORD + words.length;
  }

  /** A document as the proxy model reads it, its start token first; `ends`: the byte of the text where each token ends (0 for the first). */
  spell(ids: ArrayLike<number>): { readonly ids: number[]; readonly ends: number[] } {
    const spelled = [0];
    const ends = [0];
    let end = 0;
    for (let at = 0; at < ids.length; at++) {
      const id = ids[at]!;
      if (id >= this.#words.length) continue; // outside the vocabulary: the check ids has said so
      const bytes = bytesAt(this.#tokens, id);
      const word = this.#words[id]!;
      if (word > 0) {
        spelled.push(word);
        ends.push((end += bytes.length));
      } else
        for (const byte of bytes) {
          spelled.push(FIRST_BYTE + byte);
          ends.push(++end);
        }
    }
    return { ids: spelled, ends };
  }
}
