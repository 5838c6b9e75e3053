// The map of the native surface: every function the addon exports, one interface a room, shapes and errors on the line
// they concern. Bindings check shapes and throw TypeError or RangeError at once; failed work rejects with a `code`.

import type { BytesColumn } from './batch.js';

export interface TextBinding {
  /** Each row's text in a normal form; `default` is the normalisation of DESIGN section 6. Nulls stay null. */
  textTransform(text: BytesColumn, form: 'lower' | 'nfd' | 'nfc' | 'default'): Promise<BytesColumn>;
  /** The core's Unicode tables, an entry a code point (0x110000): for tests and tools. Codes as in kernels/include/refine/unicode.h. */
  unicodeTables(): { version: string; category: Uint8Array; flags: Uint8Array; script: Uint8Array; combiningClass: Uint8Array };
}

export interface NativeBinding extends TextBinding {}
