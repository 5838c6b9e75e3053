// Paths in commands that are shown to be pasted.

/** A word as a shell takes it, for commands that people paste: in single quotes where it holds more than plain characters. */
export function pasteable(word: string): string {
  return /^[\p{L}\p{N}_.,:=/@%+-]+$/u.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
