// BASE32 (RFC 4648, without padding), as WARC digests are written.

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** The bytes as hex; null where a character is no digit. */
export function decodeBase32(text: string): string | null {
  let bits = 0;
  let held = 0;
  let out = '';
  for (const character of text.toUpperCase()) {
    const digit = DIGITS.indexOf(character);
    if (digit < 0) return null;
    bits = (bits << 5) | digit;
    held += 5;
    if (held >= 8) {
      out += ((bits >> (held - 8)) & 0xff).toString(16).padStart(2, '0');
      held -= 8;
      bits &= (1 << held) - 1;
    }
  }
  return out;
}
