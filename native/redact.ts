// Text that goes to people, logs and run folders without what may be secret in it: user names and passwords of URLs, and their
// queries, where presigned URLs carry signatures and tokens. Invariant: applied twice it changes nothing.

const USER = /\b([a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/?#@"'<>]{0,2000}@/gi;
const QUERY = /\b([a-z][a-z0-9+.-]{0,30}:\/\/[^\s?#"'<>]{1,4000}\?)(?!\.\.\.)[^\s"'<>#)\]},]+/gi;

/** `https://me:word@host/file?X-Amz-Signature=1` becomes `https://host/file?...`. */
export function withoutSecrets(text: string): string {
  return text.includes('://') ? text.replace(USER, '$1').replace(QUERY, '$1...') : text;
}

// C0 but tab and line feed, DEL, C1 (0x9b begins a sequence as ESC [ does), and marks that reorder what is shown (Trojan Source, 2021).
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it is about
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
/** What refine itself writes around words on a terminal: dim, bold, colours, and their end. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: sequences of ours
const OURS = /\u001b\[(?:\d{1,2})?m/y;

/** Words with control characters spelled out as `\u001b`, so that no page, file name or header writes on a terminal. `ours`: colours stay. */
export function visible(text: string, ours = false): string {
  return text.replace(UNSEEN, (one, at: number) => {
    if (ours && one === '\u001b') {
      OURS.lastIndex = at;
      if (OURS.test(text)) return one;
    }
    return `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
