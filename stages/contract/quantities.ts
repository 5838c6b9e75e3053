// Sizes and durations as people write them in manifests: `64MiB`, `1.5GB`, `30s`, `250ms`. A bare number is refused, since
// nobody can see its unit. Powers of two with an i (IEC 80000-13), powers of ten without.
// Apart from their schemas (units.ts), which load zod: commands read their options with these.

export const BYTES: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};
export const MILLISECONDS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 };

/** Null where the text is no number with one of the units, or not a whole count below 2^53. */
export function measured(text: string, units: Readonly<Record<string, number>>): number | null {
  const match = /^(\d+(?:\.\d+)?) ?([A-Za-z]+)$/.exec(text);
  const unit = match === null ? undefined : units[match[2]!];
  if (match === null || unit === undefined) return null;
  const value = Math.round(Number(match[1]) * unit);
  return Number.isSafeInteger(value) ? value : null;
}

/** Bytes of a size such as `64MiB`; null where the text is none. */
export const bytesOf = (text: string): number | null => measured(text, BYTES);

/** Milliseconds of a duration such as `30s`; null where the text is none. */
export const millisecondsOf = (text: string): number | null => measured(text, MILLISECONDS);
