// Errors carry a stable code, and their message names the place, what was found, what was expected and the next move.

// The codes, with what each means, stand in error-catalogue.ts: a new code is a new entry there.
import type { ErrorCode } from './error-catalogue.js';
import { withoutSecrets } from './redact.js';

export type { ErrorCode };

/**
 * Messages are sentences. A single line that ends in a word gets its full stop; one that ends in a command or a URL does not,
 * for people copy those.
 */
function sentence(message: string): string {
  if (message.includes('\n') || !/[\p{L}\p{N})\]"'`’]$/u.test(message)) return message;
  return /(?:\bRun: .*|\bhttps?:\/\/\S+)$/.test(message) ? message : `${message}.`;
}

export class RefineError extends Error {
  readonly code: ErrorCode;
  /** `place` is a file, `file:line:column`, URL, step or task; it opens the printed line. */
  readonly place: string | undefined;

  constructor(code: ErrorCode, message: string, options: { readonly place?: string; readonly cause?: unknown } = {}) {
    super(sentence(withoutSecrets(message)), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'RefineError';
    this.code = code;
    this.place = options.place === undefined ? undefined : withoutSecrets(options.place);
  }

  /** The one line people read: `CODE place  message`. */
  format(): string {
    return this.place === undefined ? `${this.code} ${this.message}` : `${this.code} ${this.place}  ${this.message}`;
  }
}
