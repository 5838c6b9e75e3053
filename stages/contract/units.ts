// Sizes and durations (quantities.ts) as options of a manifest.
import { z } from 'zod';
import { BYTES, measured, MILLISECONDS } from './quantities.js';

function quantity(units: Readonly<Record<string, number>>, pattern: RegExp, example: string) {
  const expected = `a number with a unit (${Object.keys(units).join(', ')}), such as ${example}`;
  return z
    .string(expected)
    .regex(pattern, expected)
    .transform((text, context) => {
      const value = measured(text, units);
      if (value !== null) return value;
      context.addIssue({ code: 'custom', message: expected });
      return z.NEVER;
    });
}

/** An option in bytes. Parses to a number of bytes. */
export const size = () => quantity(BYTES, /^\d+(\.\d+)? ?([kKMGT]i?)?B$/, '64MiB');

/** An option in time. Parses to milliseconds. */
export const duration = () => quantity(MILLISECONDS, /^\d+(\.\d+)? ?(ms|s|m|min|h|d)$/, '30s');
