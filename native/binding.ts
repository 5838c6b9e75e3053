// The map of the native surface: every function the addon exports, one interface a room, shapes and errors on the line
// they concern. Bindings check shapes and throw TypeError or RangeError at once; failed work rejects with a `code`.

import type { BytesColumn } from './batch.js';

export interface TextBinding {
  /** Each row's text in a normal form; `default` is the normalisation of DESIGN section 6. Nulls stay null. */
  textTransform(text: BytesColumn, form: 'lower' | 'nfd' | 'nfc' | 'default'): Promise<BytesColumn>;
  /** The core's Unicode tables, an entry a code point (0x110000): for tests and tools. Codes as in kernels/include/refine/unicode.h. */
  unicodeTables(): { version: string; category: Uint8Array; flags: Uint8Array; script: Uint8Array; combiningClass: Uint8Array };
}

export interface FasttextModel {
  /** Opaque; the model is freed with it. */
  readonly handle: object;
  /** Without `__label__`, in the model's order: what `labels` of a prediction index. */
  readonly labels: readonly string[];
  readonly dim: number;
}

export interface FasttextBinding {
  /** Reads a .bin or .ftz of a supervised model; throws ERR_REFINE_ASSET for anything else. */
  fasttextLoad(file: Uint8Array): FasttextModel;
  /** The k (1..1000) best labels of each row, best first, (rows, k); -1 where there is none: null, wordless, or nothing known. */
  fasttextPredict(model: FasttextModel, text: BytesColumn, k: number): Promise<{ labels: Int32Array; probs: Float32Array }>;
}

export interface NativeBinding extends TextBinding, FasttextBinding {}
